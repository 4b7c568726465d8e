/*
 * A panel of a snapshot: the order of an answer, the window of it that is on screen, and the cells
 * of the rows in it as text. Not here: searching (snap_find.c), one event in full (snap_event.c).
 */
#include "pipeline/snap.h"

#include <stdio.h>

#include "base/banned.h"

#define BUCKETS_MAX 4096

bool
snap_order(struct snap *s, struct live *l, const struct panel_request *r, bool hold,
    struct snap_order *out)
{
	enum group_sort key = GROUP_SORT_COUNT;
	uint32_t n = 0;

	memset(out, 0, sizeof(*out));
	out->live = l;
	if (r->query.kind == QUERY_EVENTS) {
		out->total = live_event_count(l);
		out->reverse = r->descending;
		return true;
	}
	if (r->query.kind != QUERY_GROUPS)
		return true;
	if (r->sort[0] != '\0' && !live_sort_key(l, r->sort, &key))
		return false;
	out->row = live_order(l, key, r->descending || r->sort[0] == '\0', s->now, hold, &n);
	out->total = n;
	return true;
}

uint64_t
snap_at(const struct snap_order *o, uint64_t position)
{
	if (o->row != NULL)
		return o->row[position];
	return live_event_at(o->live, o->reverse ? o->total - 1 - position : position);
}

/* Looks where the anchor was before it looks everywhere: identities are hashes over texts. */
static uint64_t
find_group(struct snap *s, struct ask_panel *p, const struct snap_order *o, uint64_t identity)
{
	const struct symtab *symbols = model_symbols(s->model);
	const struct group_table *t = live_groups(p->live);

	if (p->anchor_row >= group_count(t) ||
	    group_identity(t, p->anchor_row, symbols) != identity) {
		uint32_t row = 0;

		while (row < group_count(t) && group_identity(t, row, symbols) != identity)
			row++;
		p->anchor_row = row;
	}
	for (uint64_t i = 0; i < o->total; i++)
		if (o->row[i] == p->anchor_row)
			return i;
	return UINT64_MAX;
}

static uint64_t
find_anchor(
    struct snap *s, struct ask_panel *p, const struct panel_request *r, const struct snap_order *o)
{
	uint64_t at;

	if (r->query.kind == QUERY_GROUPS)
		return r->anchor == 0 ? UINT64_MAX : find_group(s, p, o, r->anchor);
	if (r->query.kind != QUERY_EVENTS || r->anchor == UINT64_MAX ||
	    !live_event_find(p->live, r->anchor, &at))
		return UINT64_MAX;
	return o->reverse ? o->total - 1 - at : at;
}

/* The first row of the window. */
static uint64_t
window(const struct panel_request *r, const struct snap_panel *out)
{
	uint64_t from = r->from;

	if (r->follow_anchor && out->anchor_at != UINT64_MAX && r->rows > 0) {
		if (out->anchor_at < from)
			from = out->anchor_at;
		else if (out->anchor_at - from >= r->rows)
			from = out->anchor_at - r->rows + 1;
	}
	if (from >= out->total)
		from = out->total > r->rows ? out->total - r->rows : 0;
	return from;
}

static sym_t
symbol_class(sym_t symbol)
{
	return symbol < SYM_FIRST ? symbol : SYM_FIRST;
}

static struct slice
distinct_values(struct snap *s, const struct group_table *t, uint32_t row, unsigned which)
{
	const struct symtab *symbols = model_symbols(s->model);
	sym_t value[SNAP_VALUES];
	uint32_t n;

	if (group_row(t, row)->distinct[which] > SNAP_VALUES)
		return (struct slice){ NULL, 0 };
	n = group_values(t, row, which, symbols, value, SNAP_VALUES);
	buf_clear(&s->scratch);
	for (uint32_t i = 0; i < n && i < SNAP_VALUES; i++) {
		struct slice text = symtab_text(symbols, value[i]);

		if (i > 0)
			buf_addc(&s->scratch, ',');
		buf_add(&s->scratch, text.p, text.len);
	}
	return arena_copy(&s->out->arena, buf_slice(&s->scratch));
}

static void
group_cells(
    struct snap *s, const struct live *l, const struct query *q, uint32_t row, struct snap_row *to)
{
	const struct group_table *t = live_groups(l);
	const struct symtab *symbols = model_symbols(s->model);
	const sym_t *key = group_key(t, row);

	to->identity = group_identity(t, row, symbols);
	to->group = *group_row(t, row);
	to->rate = group_rate(&to->group, s->now);
	for (unsigned i = 0; i < q->nby; i++) {
		to->cell[i] = arena_copy(&s->out->arena, symtab_text(symbols, key[i]));
		to->symbol[i] = symbol_class(key[i]);
	}
	for (unsigned i = 0; i < q->ndistinct; i++)
		to->values[i] = distinct_values(s, t, row, i);
}

/* The output text, or what the index has of it when the raw bytes are gone. */
static void
output_cell(struct snap *s, uint64_t number, struct slice *cell, sym_t *symbol)
{
	const struct falco_event *ev = model_decode(s->model, number, NULL, 0);
	struct slice text = { NULL, 0 };
	sym_t message;

	*symbol = SYM_FIRST;
	if (ev != NULL && ev->output.p != NULL) {
		text = ev->output;
	} else {
		message = model_field(s->model, number, FIELD_MESSAGE);
		text = symtab_text(model_symbols(s->model), message);
		*symbol = symbol_class(message);
	}
	*cell = arena_copy(&s->out->arena, text);
}

static void
event_cells(struct snap *s, struct live *l, const struct panel_request *r, uint64_t number,
    struct snap_row *to)
{
	to->identity = number;
	if (!model_event(s->model, number, &to->event))
		to->event.number = number;
	for (unsigned i = 0; i < r->query.nby; i++) {
		buf_clear(&s->scratch);
		to->symbol[i] = symbol_class(live_cell(l, number, i, &s->scratch));
		to->cell[i] = arena_copy(&s->out->arena, buf_slice(&s->scratch));
	}
	if (r->want_output)
		output_cell(s, number, &to->cell[r->query.nby], &to->symbol[r->query.nby]);
}

static void
rows(struct snap *s, struct live *l, const struct panel_request *r, const struct snap_order *o,
    struct snap_panel *out)
{
	struct arena *a = &s->out->arena;
	struct risk_columns columns;
	unsigned ncell = r->query.nby + 1;
	uint64_t left = out->total - out->from;

	out->nrows = left < r->rows ? (unsigned)left : r->rows;
	if (out->nrows == 0)
		return;
	risk_columns(&r->query, &columns);
	out->row = arena_alloc(a, out->nrows * sizeof(*out->row));
	memset(out->row, 0, out->nrows * sizeof(*out->row));
	for (unsigned i = 0; i < out->nrows; i++) {
		struct snap_row *to = &out->row[i];
		uint64_t at = snap_at(o, out->from + i);

		to->cell = arena_alloc(a, ncell * sizeof(*to->cell));
		to->symbol = arena_alloc(a, ncell * sizeof(*to->symbol));
		memset(to->cell, 0, ncell * sizeof(*to->cell));
		memset(to->symbol, 0, ncell * sizeof(*to->symbol));
		if (r->query.kind != QUERY_GROUPS) {
			event_cells(s, l, r, at, to);
			continue;
		}
		group_cells(s, l, &r->query, (uint32_t)at, to);
		if (s->risk != NULL)
			risk_row(s->risk, &columns, to);
	}
}

static void
histogram(
    struct snap *s, const struct live *l, const struct panel_request *r, struct snap_panel *out)
{
	unsigned n = r->buckets < BUCKETS_MAX ? r->buckets : BUCKETS_MAX;

	out->span_from = r->span_from != TIME_NONE ? r->span_from : out->first;
	out->span_to = r->span_to != TIME_NONE ? r->span_to : out->last;
	if (out->span_to != TIME_NONE && r->span_to == TIME_NONE && out->span_to < INT64_MAX)
		out->span_to++;
	if (n == 0 || out->span_from == TIME_NONE || out->span_to <= out->span_from)
		return;
	out->bucket = arena_alloc(&s->out->arena, n * sizeof(*out->bucket));
	memset(out->bucket, 0, n * sizeof(*out->bucket));
	live_histogram(l, out->span_from, out->span_to, out->bucket, n);
	out->nbuckets = n;
}

static void
totals(const struct ask_panel *p, const struct snap_order *o, struct snap_panel *out)
{
	struct live *l = p->live;

	out->total = o->total;
	out->matched = live_matched(l);
	out->missed = live_missed(l);
	live_progress(l, &out->done, &out->to_scan);
	if (p->find.active) /* a search that goes on is part of the progress */
		out->to_scan += p->find.left != UINT64_MAX ? p->find.left : 1;
	out->found_at = p->find.found;
	if (!live_span(l, &out->first, &out->last))
		out->first = out->last = TIME_NONE;
	memcpy(out->by_priority, live_by_priority(l), sizeof(out->by_priority));
}

/* The rows of a detection's search: all of them, in its own order. */
static void
search_rows(struct snap *s, const struct ask_panel *p, struct snap_panel *out)
{
	out->result = arena_alloc(&s->out->arena, sizeof(*out->result));
	memset(out->result, 0, sizeof(*out->result));
	spl_rows(
	    p->detection->spl, live_groups(p->live), model_symbols(s->model), NULL, 0, out->result);
	out->total = out->result->nrows;
}

void
snap_panel(
    struct snap *s, struct ask_panel *p, const struct panel_request *r, struct snap_panel *out)
{
	struct snap_order order;

	memset(out, 0, sizeof(*out));
	out->used = r->used;
	out->anchor_at = out->found_at = UINT64_MAX;
	out->first = out->last = out->span_from = out->span_to = TIME_NONE;
	if (!r->used)
		return;
	out->bad_query = p->bad;
	out->error = p->error;
	if (p->bad)
		return;
	if (!snap_order(s, p->live, r, r->hold, &order)) {
		out->bad_query = true;
		snprintf(out->error.message, sizeof(out->error.message),
		    "no column \"%.100s\" to sort by", r->sort);
		return;
	}
	totals(p, &order, out);
	if (r->query.kind == QUERY_GROUPS)
		out->overflow = group_overflow(live_groups(p->live));
	if (p->detection != NULL) {
		search_rows(s, p, out);
		return;
	}
	if (r->query.kind == QUERY_HISTOGRAM) {
		histogram(s, p->live, r, out);
		return;
	}
	out->anchor_at = find_anchor(s, p, r, &order);
	out->from = window(r, out);
	rows(s, p->live, r, &order, out);
}
