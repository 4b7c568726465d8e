/*
 * Rows into answers: those of a new block, at once, for every open query; those that were there
 * before, oldest first, in slices. Oldest first so that an answer is the same whether its query was
 * there from the start or not.
 */
#include "model/livepriv.h"

#include "base/banned.h"

/* ns: a step that takes longer is halved next time; one that takes less than STEP_SHORT, doubled */
#define STEP_LONG  4000000
#define STEP_SHORT 1000000

/* Drops the rows outside of the query's time range from the selection. */
static void
select_time(const struct query *q, const struct rows *rows, uint64_t *selected)
{
	int64_t since = q->since, until = q->until == TIME_NONE ? INT64_MAX : q->until;
	bool open_end = q->until == TIME_NONE;

	for (uint32_t w = 0; w < bit_words(rows->n); w++) {
		uint64_t bits = selected[w];

		for (uint64_t left = bits; left != 0; left &= left - 1) {
			unsigned b = (unsigned)__builtin_ctzll(left);
			int64_t t = rows->time[w * 64 + b];

			if (t < since || (t >= until && !open_end))
				bits &= ~((uint64_t)1 << b);
		}
		selected[w] = bits;
	}
}

static void
count_row(struct live *l, const struct rows *rows, uint32_t i)
{
	int64_t t = rows->time[i];

	l->by_priority[rows->priority[i]]++;
	l->first = t < l->first ? t : l->first;
	l->last = t > l->last ? t : l->last;
	if (l->query.kind == QUERY_HISTOGRAM)
		histogram_add(&l->histogram, t, rows->priority[i]);
}

/* The totals that every kind keeps; returns how many rows matched. */
static uint64_t
count_rows(
    struct live *l, const struct rows *rows, const uint64_t *selected, const struct segment *s)
{
	uint64_t matched = 0;

	if (selected == NULL && s != NULL && l->query.kind != QUERY_HISTOGRAM) {
		for (unsigned p = 0; p < PRIORITY_COUNT; p++)
			l->by_priority[p] += s->by_priority[p];
		l->first = s->min_time < l->first ? s->min_time : l->first;
		l->last = s->max_time > l->last ? s->max_time : l->last;
		return s->n;
	}
	if (selected == NULL) {
		for (uint32_t i = 0; i < rows->n; i++)
			count_row(l, rows, i);
		return rows->n;
	}
	for (uint32_t w = 0; w < bit_words(rows->n); w++) {
		matched += (unsigned)__builtin_popcountll(selected[w]);
		for (uint64_t left = selected[w]; left != 0; left &= left - 1)
			count_row(l, rows, w * 64 + (uint32_t)__builtin_ctzll(left));
	}
	return matched;
}

void
live_add(struct live *l, const struct rows *rows, uint64_t number, const struct segment *s)
{
	struct model *m = l->model;
	uint64_t *selected = NULL, matched;

	if (!l->all) {
		selected = m->selected;
		filter_eval(l->filter, rows, selected);
		if (l->query.since != TIME_NONE || l->query.until != TIME_NONE)
			select_time(&l->query, rows, selected);
	}
	matched = count_rows(l, rows, selected, s);
	if (matched == 0)
		return;
	l->matched += matched;
	l->version++;
	if (l->query.kind == QUERY_GROUPS)
		group_add(l->table, rows, selected, 0, rows->n);
	else if (l->query.kind == QUERY_EVENTS)
		event_list_add(&l->events, m, selected, rows->n, number);
}

void
lives_add(struct model *m, uint64_t number)
{
	for (unsigned i = 0; i < m->nlive; i++)
		if (m->live[i]->users > 0)
			live_add(m->live[i], &m->rows, number, NULL);
}

/* Nothing of the segment lies in the query's time range. */
static bool
is_outside(const struct live *l, const struct segment *s)
{
	return (l->query.since != TIME_NONE && s->max_time < l->query.since) ||
	       (l->query.until != TIME_NONE && s->min_time >= l->query.until);
}

/* One step of the scan: from the start of the first gap to the end of the step, the segment or the
 * gap. */
static void
scan_step(struct model *m, struct live *l)
{
	struct gap *g = &l->gap[0];
	const struct segment *s = model_segment(m, g->from);
	uint64_t first = s != NULL ? s->first : m->open.first;
	uint64_t end = s != NULL ? s->first + s->n : model_next(m);
	uint32_t row = (uint32_t)(g->from - first), n;
	int64_t began = clock_mono();

	if (end > g->to)
		end = g->to;
	n = (uint32_t)(end - g->from);
	if (n > l->step)
		n = l->step;
	if (s == NULL || !is_outside(l, s)) {
		if (s != NULL)
			segment_rows(s, row, n, m->symbols, &m->rows);
		else
			open_rows(&m->open, row, n, m->symbols, m->priority_dict, &m->rows);
		live_add(l, &m->rows, g->from, s != NULL && n == s->n ? s : NULL);
		if (row == 0 && (l->fields | l->tests) != 0)
			l->unreadable += slots_unreadable(m, g->from);
	}
	l->done += n;
	l->version++;
	g->from += n;
	if (g->from == g->to)
		memmove(l->gap, l->gap + 1, --l->ngaps * sizeof(l->gap[0]));
	began = clock_mono() - began;
	if (began > STEP_LONG && l->step > LIVE_STEP_MIN)
		l->step /= 2;
	else if (began < STEP_SHORT && n == l->step && l->step < SEGMENT_ROWS)
		l->step *= 2;
}

static bool
is_ready(const struct model *m, const struct live *l)
{
	return slots_ready(m, l->gap[0].from, l->fields, l->tests);
}

/* One step for each query that can go on without decoding; returns whether there was any. */
static bool
scan_ready(struct model *m, int64_t deadline)
{
	bool any = false;

	for (unsigned i = 0; i < m->nlive; i++) {
		struct live *l = m->live[i];

		if (l->users == 0 || l->ngaps == 0 || !is_ready(m, l))
			continue;
		scan_step(m, l);
		any = true;
		if (clock_mono() >= deadline)
			break;
	}
	return any;
}

static struct live *
first_waiting(const struct model *m)
{
	for (unsigned i = 0; i < m->nlive; i++)
		if (m->live[i]->users > 0 && m->live[i]->ngaps > 0)
			return m->live[i];
	return NULL;
}

bool
live_work(struct model *m, int64_t budget_ns)
{
	int64_t deadline = clock_mono() + budget_ns;
	struct live *l;

	while ((l = first_waiting(m)) != NULL) {
		/* quick ones first; one segment is filled at a time, for the query that came first
		 */
		if (!scan_ready(m, deadline))
			backfill_work(m, l->gap[0].from, deadline);
		if (clock_mono() >= deadline)
			break;
	}
	return first_waiting(m) != NULL;
}
