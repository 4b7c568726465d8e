/*
 * Live queries: compiling a question, sharing and remembering answers. A closed one stands still
 * and keeps its answer; when it is opened again it scans what it missed, unless some of that has
 * left the index: then it is forgotten, for its totals would be neither those of the index nor
 * those of everything. Rows get in by scan.c, answers out by answer.c.
 */
#include "model/livepriv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

static bool
needs_bytes(enum field_id id)
{
	return id == FIELD_TIME || id == FIELD_OUTPUT || id == FIELD_RAW;
}

/* The field of a name, with a slot when it has no column. */
static bool
take_field(struct model *m, const char *name, unsigned *out, struct filter_error *err)
{
	enum field_id id = field_by_name(slice_of(name));

	if (id != FIELD_NONE && !needs_bytes(id)) {
		*out = id;
		return true;
	}
	if (id != FIELD_NONE)
		name = field_info(id)->name;
	if (name[0] == '\0') {
		snprintf(err->message, sizeof(err->message), "a field name is missing");
		return false;
	}
	*out = schema_take_field(m->schema, slice_of(name));
	if (*out != FIELD_NONE)
		return true;
	snprintf(
	    err->message, sizeof(err->message), "too many fields outside the catalogue are in use");
	return false;
}

static void
drop_fields(struct model *m, struct live *l)
{
	for (unsigned i = 0; i < l->query.nby; i++)
		if (l->by[i] >= FIELD_DYNAMIC && l->by[i] != FIELD_NONE)
			schema_drop_field(m->schema, l->by[i]);
	for (unsigned i = 0; i < l->query.ndistinct; i++)
		if (l->distinct[i] >= FIELD_DYNAMIC && l->distinct[i] != FIELD_NONE)
			schema_drop_field(m->schema, l->distinct[i]);
}

static uint32_t
slot_bit(unsigned field)
{
	return field >= FIELD_DYNAMIC && field != FIELD_NONE
		   ? (uint32_t)1 << (field - FIELD_DYNAMIC)
		   : 0;
}

/* Fields of the query; events show theirs by decoding, so they take no slots. */
static bool
take_fields(struct model *m, struct live *l, struct filter_error *err)
{
	for (unsigned i = 0; i < l->query.nby; i++) {
		if (l->query.kind == QUERY_EVENTS) {
			enum field_id id = field_by_name(slice_of(l->query.by[i]));

			l->by[i] = id == FIELD_NONE || needs_bytes(id) ? FIELD_NONE : id;
		} else if (!take_field(m, l->query.by[i], &l->by[i], err)) {
			return false;
		}
		l->fields |= slot_bit(l->by[i]);
	}
	for (unsigned i = 0; i < l->query.ndistinct && l->query.kind == QUERY_GROUPS; i++) {
		if (!take_field(m, l->query.distinct[i], &l->distinct[i], err))
			return false;
		l->fields |= slot_bit(l->distinct[i]);
	}
	return true;
}

static void
make_table(struct model *m, struct live *l)
{
	struct group_spec spec = { .nby = l->query.nby, .ndistinct = l->query.ndistinct };

	spec.minutes = l->query.bucket == 0;
	spec.bucket = l->query.bucket;
	for (unsigned i = 0; i < spec.nby; i++)
		spec.by[i] = (uint16_t)l->by[i];
	for (unsigned i = 0; i < spec.ndistinct; i++)
		spec.distinct[i] = (uint16_t)l->distinct[i];
	l->table = group_new(&spec, m->max_rows);
	group_use_pool(l->table, m->pool);
}

static void
live_free(struct model *m, struct live *l)
{
	if (l->filter != NULL)
		filter_unbind(l->filter, m->schema);
	filter_free(l->filter);
	drop_fields(m, l);
	group_free(l->table);
	event_list_release(&l->events);
	histogram_release(&l->histogram);
	free(l->order);
	query_release(&l->query);
	free(l);
}

/* The query with its slots, or NULL when there are not enough. Takes over f in any case. */
static struct live *
compile(struct model *m, const struct query *q, struct filter *f, struct filter_error *err)
{
	struct live *l = xcalloc(1, sizeof(*l));

	l->model = m;
	query_copy(&l->query, q);
	for (unsigned i = 0; i < GROUP_BY_MAX; i++)
		l->by[i] = FIELD_NONE;
	for (unsigned i = 0; i < GROUP_DISTINCT; i++)
		l->distinct[i] = FIELD_NONE;
	if (!filter_bind(f, m->schema, err)) {
		filter_free(f);
		live_free(m, l);
		return NULL;
	}
	l->filter = f;
	if (!take_fields(m, l, err)) {
		live_free(m, l);
		return NULL;
	}
	l->fields |= filter_field_slots(f);
	l->tests = filter_test_slots(f);
	l->all = filter_is_all(f) && q->since == TIME_NONE && q->until == TIME_NONE;
	if (q->kind == QUERY_GROUPS)
		make_table(m, l);
	return l;
}

void
live_restart(struct live *l)
{
	struct model *m = l->model;

	if (l->table != NULL)
		group_clear(l->table);
	event_list_clear(&l->events);
	histogram_clear(&l->histogram);
	memset(l->by_priority, 0, sizeof(l->by_priority));
	l->first = INT64_MAX;
	l->last = INT64_MIN;
	l->done = l->matched = l->unreadable = 0;
	l->norder = 0;
	l->order_version = UINT64_MAX;
	l->step = SEGMENT_ROWS;
	l->missed = model_first(m);
	l->events.base = model_first(m);
	l->ngaps = 0;
	if (model_first(m) < model_next(m))
		l->gap[l->ngaps++] = (struct gap){ model_first(m), model_next(m) };
	l->version++;
}

/* Opened again: what came in meanwhile is to be scanned too. */
static void
resume(struct live *l)
{
	uint64_t next = model_next(l->model);

	if (l->paused == next)
		return;
	if (l->ngaps > 0 && l->gap[l->ngaps - 1].to == l->paused)
		l->gap[l->ngaps - 1].to = next;
	else if (l->ngaps < LIVE_GAPS)
		l->gap[l->ngaps++] = (struct gap){ l->paused, next };
	else
		live_restart(l);
}

static struct live *
find_equal(struct model *m, const struct query *q)
{
	for (unsigned i = 0; i < m->nlive; i++)
		if (query_equal(&m->live[i]->query, q))
			return m->live[i];
	return NULL;
}

static void
remember(struct model *m, struct live *l)
{
	if (m->nlive == m->live_cap) {
		m->live_cap = m->live_cap == 0 ? 32 : m->live_cap * 2;
		m->live = xreallocarray(m->live, m->live_cap, sizeof(struct live *));
	}
	m->live[m->nlive++] = l;
}

struct live *
live_open(struct model *m, const struct query *q, struct filter_error *err)
{
	struct live *l = find_equal(m, q);
	struct filter *f;

	if (l != NULL) {
		if (l->users++ == 0)
			resume(l);
		return l;
	}
	do { /* slots that only closed queries hold are there for the taking */
		memset(err, 0, sizeof(*err));
		f = filter_parse(q->filter != NULL ? q->filter : "", err);
		if (f == NULL)
			return NULL;
		l = compile(m, q, f, err);
	} while (l == NULL && lives_drop_closed(m));
	if (l == NULL)
		return NULL;
	slots_sync(m);
	l->users = 1;
	live_restart(l);
	remember(m, l);
	return l;
}

static void
forget(struct model *m, unsigned i)
{
	live_free(m, m->live[i]);
	m->nlive--;
	memmove(m->live + i, m->live + i + 1, (m->nlive - i) * sizeof(struct live *));
}

bool
lives_drop_closed(struct model *m)
{
	unsigned oldest = m->nlive;

	for (unsigned i = 0; i < m->nlive; i++)
		if (m->live[i]->users == 0 &&
		    (oldest == m->nlive || m->live[i]->closed < m->live[oldest]->closed))
			oldest = i;
	if (oldest == m->nlive)
		return false;
	forget(m, oldest);
	return true;
}

/* Too many closed queries, or tables of theirs that are so large that the memory serves better for
 * the next one. The one closed last stays: it is the likeliest to be opened again. */
static bool
too_many_closed(const struct model *m)
{
	unsigned closed = 0;
	size_t bytes = 0;

	for (unsigned i = 0; i < m->nlive; i++) {
		const struct live *l = m->live[i];

		closed += l->users == 0;
		if (l->users == 0 && l->closed != m->live_clock && l->table != NULL)
			bytes += group_memory(l->table);
	}
	return closed > LIVE_CLOSED_MAX || (closed > 1 && bytes > LIVE_CLOSED_BYTES);
}

void
live_close(struct model *m, struct live *l)
{
	if (l == NULL || --l->users > 0)
		return;
	l->closed = ++m->live_clock;
	l->paused = model_next(m);
	while (too_many_closed(m) && lives_drop_closed(m))
		;
}

/* Rows that leave before they were scanned are not in the answer. */
static void
clip_gaps(struct live *l, uint64_t first)
{
	while (l->ngaps > 0 && l->gap[0].to <= first) {
		l->missed += l->gap[0].to - l->gap[0].from;
		memmove(l->gap, l->gap + 1, --l->ngaps * sizeof(l->gap[0]));
	}
	if (l->ngaps > 0 && l->gap[0].from < first) {
		l->missed += first - l->gap[0].from;
		l->gap[0].from = first;
	}
}

void
lives_evict(struct model *m, const struct segment *s)
{
	uint64_t first = s->first + s->n;

	for (unsigned i = m->nlive; i-- > 0;) {
		struct live *l = m->live[i];
		bool misses = l->paused < first || (l->ngaps > 0 && l->gap[0].from < first);

		if (l->users == 0 && misses) {
			forget(m, i);
			continue;
		}
		clip_gaps(l, first);
		if (l->query.kind == QUERY_EVENTS) {
			event_list_evict(&l->events, m, s);
			l->version++;
		}
	}
}

void
lives_mark(const struct model *m, uint64_t *used)
{
	for (unsigned i = 0; i < m->nlive; i++)
		if (m->live[i]->table != NULL)
			group_mark(m->live[i]->table, used);
}

void
lives_renumber(struct model *m, const sym_t *map)
{
	for (unsigned i = 0; i < m->nlive; i++) {
		if (m->live[i]->table != NULL)
			group_renumber(m->live[i]->table, map);
		filter_forget(m->live[i]->filter);
	}
}

size_t
lives_memory(const struct model *m)
{
	size_t n = 0;

	for (unsigned i = 0; i < m->nlive; i++) {
		const struct live *l = m->live[i];

		n += sizeof(*l) + l->order_cap * sizeof(*l->order);
		n += l->events.cap * sizeof(*l->events.v);
		n += l->histogram.size * sizeof(*l->histogram.slot);
		n += l->table != NULL ? group_memory(l->table) : 0;
	}
	return n;
}

void
lives_release(struct model *m)
{
	for (unsigned i = 0; i < m->nlive; i++)
		live_free(m, m->live[i]);
	free(m->live);
	m->nlive = 0;
}
