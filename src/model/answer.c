/* What a live query answers: totals, rows in order, events, buckets. Nothing here changes what was
 * counted. */
#include "model/livepriv.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define MINUTE (60 * NSEC_PER_SEC)

void
live_progress(const struct live *l, uint64_t *done, uint64_t *total)
{
	*done = *total = l->done;
	for (unsigned i = 0; i < l->ngaps; i++)
		*total += l->gap[i].to - l->gap[i].from;
}

uint64_t
live_version(const struct live *l)
{
	return l->version;
}

uint64_t
live_matched(const struct live *l)
{
	return l->matched;
}

const uint64_t *
live_by_priority(const struct live *l)
{
	return l->by_priority;
}

bool
live_span(const struct live *l, int64_t *first, int64_t *last)
{
	if (l->matched == 0)
		return false;
	*first = l->first;
	*last = l->last;
	return true;
}

uint64_t
live_unreadable(const struct live *l)
{
	return l->unreadable;
}

uint64_t
live_missed(const struct live *l)
{
	return l->missed;
}

unsigned
live_by_field(const struct live *l, unsigned i)
{
	return i < l->query.nby ? l->by[i] : FIELD_NONE;
}

const struct group_table *
live_groups(const struct live *l)
{
	return l->table;
}

/* Rows that are not in the order yet go to its end. */
static void
add_rows(struct live *l, uint32_t n)
{
	if (n > l->order_cap) {
		l->order_cap = n + n / 2;
		l->order = xreallocarray(l->order, l->order_cap, sizeof(*l->order));
	}
	for (; l->norder < n; l->norder++)
		l->order[l->norder] = l->norder;
}

const uint32_t *
live_order(
    struct live *l, enum group_sort key, bool descending, int64_t now, bool hold, uint32_t *n)
{
	const struct group_table *t = l->table;
	bool same = l->norder > 0 && key == l->order_key && descending == l->order_descending;
	int64_t minute = now / MINUTE;

	*n = group_count(t);
	if (*n < l->norder)
		l->norder = 0;
	if (same && hold) {
		if (*n > l->norder)
			l->order_version = UINT64_MAX;
		add_rows(l, *n);
		return l->order;
	}
	if (same && l->order_version == group_version(t) &&
	    (key != GROUP_SORT_RATE || minute == l->order_minute))
		return l->order;
	add_rows(l, *n);
	group_sort(t, l->model->symbols, l->order, *n, key, descending, now);
	l->order_key = key;
	l->order_descending = descending;
	l->order_version = group_version(t);
	l->order_minute = minute;
	return l->order;
}

/* The same field, whichever of its names is used. */
static bool
is_named(const char *asked, const char *name)
{
	enum field_id id = field_by_name(slice_of(name));

	return strcmp(asked, name) == 0 ||
	       (id != FIELD_NONE && field_by_name(slice_of(asked)) == id);
}

bool
live_sort_key(const struct live *l, const char *name, enum group_sort *out)
{
	static const struct {
		const char *name;
		enum group_sort key;
	} fixed[] = {
		{ "count", GROUP_SORT_COUNT },
		{ "first", GROUP_SORT_FIRST },
		{ "last", GROUP_SORT_LAST },
		{ "priority", GROUP_SORT_PRIORITY },
		{ "rate", GROUP_SORT_RATE },
		{ "trend", GROUP_SORT_RATE },
	};

	for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(fixed[i].name, name) == 0) {
			*out = fixed[i].key;
			return true;
		}
	}
	for (unsigned i = 0; i < l->query.nby; i++) {
		if (is_named(l->query.by[i], name)) {
			*out = (enum group_sort)(GROUP_SORT_BY + i);
			return true;
		}
	}
	for (unsigned i = 0; i < l->query.ndistinct; i++) {
		if (is_named(l->query.distinct[i], name)) {
			*out = (enum group_sort)(GROUP_SORT_DISTINCT + i);
			return true;
		}
	}
	return false;
}

uint64_t
live_event_count(struct live *l)
{
	return l->events.n - l->events.head;
}

uint64_t
live_event_at(struct live *l, uint64_t i)
{
	event_list_sort(&l->events, l->model);
	return event_list_at(&l->events, i);
}

bool
live_event_find(struct live *l, uint64_t number, uint64_t *i)
{
	event_list_sort(&l->events, l->model);
	return event_list_find(&l->events, l->model, number, i);
}

static sym_t
text_cell(struct slice text, struct buf *out)
{
	if (text.p == NULL)
		return SYM_ABSENT;
	buf_add(out, text.p, text.len);
	if (text.len == 0)
		return SYM_EMPTY;
	return slice_eq(text, SLICE("<NA>")) ? SYM_NA : SYM_FIRST;
}

/* A cell that only the raw bytes have. */
static sym_t
decoded_cell(struct model *m, uint64_t number, const char *name, struct buf *out)
{
	enum field_id id = field_by_name(slice_of(name));
	const struct falco_event *ev;
	struct model_event e;

	if (!model_event(m, number, &e))
		return SYM_ABSENT;
	if (id == FIELD_TIME) {
		time_print(out, e.time, TIME_ISO_NANO, false);
		return SYM_FIRST;
	}
	ev = again_names(m, &e, &name, 1);
	if (ev == NULL)
		return SYM_ABSENT;
	if (id == FIELD_OUTPUT)
		return text_cell(ev->output, out);
	if (id == FIELD_RAW)
		return text_cell(ev->raw, out);
	if (!(ev->extra_present & 1))
		return SYM_ABSENT;
	if (ev->extra[0].kind == VALUE_NULL)
		return SYM_NULL;
	return text_cell(ev->extra[0].text, out);
}

sym_t
live_cell(struct live *l, uint64_t number, unsigned i, struct buf *out)
{
	struct model *m = l->model;
	struct slice text;
	sym_t s;

	if (i >= l->query.nby)
		return SYM_ABSENT;
	if (l->by[i] == FIELD_NONE)
		return decoded_cell(m, number, l->query.by[i], out);
	s = model_field(m, number, l->by[i]);
	text = symtab_text(m->symbols, s);
	buf_add(out, text.p, text.len);
	return s == SYM_OTHER || s > SYM_FIRST ? SYM_FIRST : s;
}

void
live_histogram(
    const struct live *l, int64_t from, int64_t to, struct histogram_bucket *out, unsigned n)
{
	histogram_read(&l->histogram, from, to, out, n);
}
