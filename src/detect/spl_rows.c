/*
 * Groups of the index to rows of the search. Group rows are sorted by bucket and by-fields as the
 * search sees them; those that come out equal (fillnull makes some so, and the query groups finer
 * than the search) are one row.
 */
#include "detect/spl_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define COMBINATIONS_MAX 1024	    /* of elements of the lists of one event */
#define MEMBERS_MAX	 (1u << 23) /* group rows with the elements taken */

struct maker {
	const struct spl *spl;
	const struct group_table *table;
	const struct symtab *symbols;
	struct spl_result *out;
	const uint64_t *changed; /* bits of group rows; NULL: nobody asks */
	struct spl_ranking ranking;
	uint32_t *scratch; /* ranks of an aggregate's values */
	uint32_t nscratch;
};

/* A group row that counts. */
struct member {
	int64_t bucket;
	uint32_t row;	/* of the table */
	uint32_t place; /* in the ranking */
	uint32_t pick;	/* which elements of its by-fields that are lists */
};

static bool
is_missing(sym_t s)
{
	return s == SYM_ABSENT || s == SYM_NULL;
}

/* The ranks of a value as the search sees it: none when it is missing, several of a list. */
static const uint32_t *
ranks_of(const struct maker *m, uint32_t place, unsigned by, uint32_t *n)
{
	const uint32_t *rank = &m->ranking.rank[(size_t)place * m->ranking.fields + by];
	const struct spl_list *list = m->ranking.list[by];

	*n = list != NULL ? list[*rank].n : *rank != SPL_RANK_NONE;
	return list != NULL ? list[*rank].rank : rank;
}

/* The rank of a by-field. */
static uint32_t
rank_of(const struct maker *m, const struct member *v, unsigned by)
{
	const uint32_t *rank;
	uint32_t n, pick = v->pick;

	if (m->ranking.list[by] == NULL)
		return m->ranking.rank[(size_t)v->place * m->ranking.fields + by];
	for (unsigned k = 0; k < by; k++) {
		if (m->ranking.list[k] == NULL)
			continue;
		ranks_of(m, v->place, k, &n);
		pick /= n;
	}
	rank = ranks_of(m, v->place, by, &n);
	return rank[pick % n];
}

static struct slice
text_of(const struct maker *m, uint32_t rank, unsigned by)
{
	return m->ranking.text[by][rank];
}

static int
by_bucket_and_key(const void *pa, const void *pb, void *arg)
{
	const struct member *a = pa, *b = pb;
	const struct maker *m = arg;

	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	for (unsigned k = 0; k < m->spl->nby; k++) {
		uint32_t x = rank_of(m, a, k), y = rank_of(m, b, k);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static int
compare_i64(const void *pa, const void *pb)
{
	const int64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static bool
wants(const int64_t *wanted, size_t n, int64_t bucket)
{
	return wanted == NULL || bsearch(&bucket, wanted, n, sizeof(*wanted), compare_i64) != NULL;
}

static bool
has_by_fields(const struct maker *m, uint32_t row)
{
	const sym_t *key = group_key(m->table, row);

	for (unsigned k = 0; k < m->spl->nby; k++)
		if (is_missing(key[k]) && m->spl->fill[k] == NULL)
			return false;
	return true;
}

/* How many rows of the search a group row goes into: one for each way to take an element of each
 * by-field that is a list. */
static uint32_t
combinations(const struct maker *m, uint32_t place)
{
	uint32_t all = 1, n;

	for (unsigned k = 0; k < m->spl->nby; k++) {
		if (m->ranking.list[k] == NULL)
			continue;
		ranks_of(m, place, k, &n);
		all =
		    n < COMBINATIONS_MAX && all * n < COMBINATIONS_MAX ? all * n : COMBINATIONS_MAX;
	}
	return all;
}

/* The group rows that count: of a wanted bucket, with all by-fields; in order. */
static struct member *
collect(struct maker *m, const int64_t *wanted, size_t nwanted, uint32_t *n)
{
	uint32_t count = group_count(m->table), rows = 0;
	uint32_t *row = xcalloc((size_t)count + 1, sizeof(*row));
	size_t all = 0;
	struct member *v;

	for (uint32_t i = 0; i < count; i++)
		if (wants(wanted, nwanted, group_bucket(m->table, i)) && has_by_fields(m, i))
			row[rows++] = i;
	spl_rank(m->spl, m->table, m->symbols, row, rows, &m->out->arena, &m->ranking);
	for (uint32_t i = 0; i < rows; i++)
		all += combinations(m, i);
	all = all < MEMBERS_MAX ? all : MEMBERS_MAX;
	v = xcalloc(all + 1, sizeof(*v));
	*n = 0;
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t ways = combinations(m, i);

		for (uint32_t k = 0; k < ways && *n < all; k++)
			v[(*n)++] = (struct member){ group_bucket(m->table, row[i]), row[i], i, k };
	}
	if (*n > 1)
		qsort_r(v, *n, sizeof(*v), by_bucket_and_key, m);
	free(row);
	return v;
}

static struct slice
keep_text(struct maker *m, struct slice s)
{
	return arena_copy(&m->out->arena, s);
}

static struct spl_cell
number_cell(struct maker *m, uint64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, n);

	return (struct spl_cell){ .kind = SPL_NUMBER,
		.text = keep_text(m, (struct slice){ text, (size_t)len }) };
}

/* Seconds since 1970, with as many digits of the fraction as there are. */
static struct spl_cell
time_cell(struct maker *m, int64_t t)
{
	int64_t seconds = t / NSEC_PER_SEC, rest = t % NSEC_PER_SEC;
	char text[48];
	int len;

	len = snprintf(text, sizeof(text), "%s%" PRId64 ".%09" PRId64, t < 0 ? "-" : "",
	    seconds < 0 ? -seconds : seconds, rest < 0 ? -rest : rest);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	return (struct spl_cell){ .kind = SPL_TIME,
		.text = keep_text(m, (struct slice){ text, (size_t)len }) };
}

static int
compare_ranks(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* Ranks of the distinct values of a by-field over some group rows, in m->scratch, ascending;
 * returns how many. */
static uint32_t
distinct(struct maker *m, const struct member *v, uint32_t n, unsigned by)
{
	uint32_t found = 0, left = 0, ranks;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *rank = ranks_of(m, v[i].place, by, &ranks);

		if (found + ranks > m->nscratch) {
			m->nscratch = (found + ranks) * 2;
			m->scratch = xreallocarray(m->scratch, m->nscratch, sizeof(*m->scratch));
		}
		for (uint32_t k = 0; k < ranks; k++)
			m->scratch[found++] = rank[k];
	}
	if (found > 1)
		qsort(m->scratch, found, sizeof(*m->scratch), compare_ranks);
	for (uint32_t i = 0; i < found; i++)
		if (left == 0 || m->scratch[left - 1] != m->scratch[i])
			m->scratch[left++] = m->scratch[i];
	return left;
}

static struct spl_cell
text_cell(struct slice text)
{
	return (struct spl_cell){ .kind = SPL_TEXT, .text = text };
}

static struct spl_cell
values_cell(struct maker *m, uint32_t n, unsigned by)
{
	struct spl_cell c = { .kind = SPL_LIST };
	struct slice *item;
	struct buf all = { 0 };

	if (n == 0)
		return (struct spl_cell){ 0 };
	if (n == 1)
		return text_cell(text_of(m, m->scratch[0], by));
	item = arena_alloc(&m->out->arena, n * sizeof(*item));
	for (uint32_t i = 0; i < n; i++) {
		item[i] = text_of(m, m->scratch[i], by);
		if (i > 0)
			buf_addc(&all, '\n');
		buf_add(&all, item[i].p, item[i].len);
	}
	c.text = keep_text(m, buf_slice(&all));
	c.item = item;
	c.nitem = n;
	buf_release(&all);
	return c;
}

/* As numbers when both are, else by bytes; the values are in m->scratch. */
static struct spl_cell
extreme_cell(struct maker *m, uint32_t n, unsigned by, bool max)
{
	struct slice best;

	if (n == 0)
		return (struct spl_cell){ 0 };
	best = text_of(m, m->scratch[0], by);
	for (uint32_t i = 1; i < n; i++) {
		struct slice text = text_of(m, m->scratch[i], by);
		int c = spl_compare(text, best);

		if (max ? c > 0 : c < 0)
			best = text;
	}
	return text_cell(best);
}

/* The value of the first or the last event that has one; of several at once, the first by bytes. */
static struct spl_cell
edge_cell(struct maker *m, const struct member *v, uint32_t n, unsigned by, bool latest)
{
	uint32_t best = SPL_RANK_NONE;
	int64_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct group_row *r = group_row(m->table, v[i].row);
		uint32_t ranks, rank;
		const uint32_t *first = ranks_of(m, v[i].place, by, &ranks);
		int64_t t = latest ? r->last : r->first;

		if (ranks == 0)
			continue;
		rank = *first;
		if (best == SPL_RANK_NONE || (latest ? t > at : t < at) ||
		    (t == at && rank < best)) {
			best = rank;
			at = t;
		}
	}
	return best == SPL_RANK_NONE ? (struct spl_cell){ 0 } : text_cell(text_of(m, best, by));
}

static uint64_t
count_of(const struct maker *m, const struct member *v, uint32_t n, unsigned by)
{
	uint64_t count = 0;
	uint32_t ranks;

	for (uint32_t i = 0; i < n; i++) {
		ranks_of(m, v[i].place, by, &ranks);
		if (ranks > 0)
			count += group_row(m->table, v[i].row)->count;
	}
	return count;
}

static struct spl_cell
aggregate_cell(struct maker *m, const struct spl_aggregate *a, const struct spl_work *w,
    const struct member *v, uint32_t n)
{
	unsigned by = (unsigned)a->by;

	if (a->kind == SPL_COUNT)
		return number_cell(m, w->count);
	if (a->by < 0)
		return time_cell(
		    m, a->kind == SPL_MIN || a->kind == SPL_EARLIEST ? w->first : w->last);
	switch (a->kind) {
	case SPL_COUNT_OF: return number_cell(m, count_of(m, v, n, by));
	case SPL_DC: return number_cell(m, distinct(m, v, n, by));
	case SPL_VALUES: return values_cell(m, distinct(m, v, n, by), by);
	case SPL_MIN:
	case SPL_MAX: return extreme_cell(m, distinct(m, v, n, by), by, a->kind == SPL_MAX);
	default: return edge_cell(m, v, n, by, a->kind == SPL_LATEST);
	}
}

/* One row of the search from n group rows. */
static struct spl_work
make_row(struct maker *m, const struct member *v, uint32_t n)
{
	const struct spl *s = m->spl;
	struct spl_work w = { .first = INT64_MAX, .last = INT64_MIN, .bucket = v[0].bucket };

	w.slot = arena_alloc(&m->out->arena, s->nslot * sizeof(*w.slot));
	for (uint32_t i = 0; i < n; i++) {
		const struct group_row *r = group_row(m->table, v[i].row);

		w.count += r->count;
		w.first = r->first < w.first ? r->first : w.first;
		w.last = r->last > w.last ? r->last : w.last;
		w.priority = r->priority > w.priority ? r->priority : w.priority;
		w.hostile |= r->hostile;
		w.changed |= m->changed != NULL && bit_get(m->changed, v[i].row);
	}
	for (unsigned i = 0; i < s->nslot; i++) {
		const struct spl_slot *slot = &s->slot[i];
		struct spl_cell c = { 0 };

		if (slot->kind == SPL_SLOT_BY)
			c = text_cell(text_of(m, rank_of(m, &v[0], slot->index), slot->index));
		else if (slot->kind == SPL_SLOT_AGGREGATE)
			c = aggregate_cell(m, &s->aggregate[slot->index], &w, v, n);
		w.slot[i] = c;
	}
	return w;
}

static void
put_row(struct maker *m, const struct spl_work *w)
{
	const struct spl *s = m->spl;
	struct spl_row *r = &m->out->row[m->out->nrows++];

	*r = (struct spl_row){ .count = w->count,
		.first = w->first,
		.last = w->last,
		.bucket = w->bucket,
		.priority = w->priority,
		.hostile = w->hostile,
		.changed = w->changed };
	r->cell = arena_alloc(&m->out->arena, s->ncolumn * sizeof(*r->cell));
	for (unsigned i = 0; i < s->ncolumn; i++)
		r->cell[i] = w->slot[s->column[i].slot];
}

/* The rows of one bucket: v[0..n). */
static void
make_bucket(struct maker *m, const struct member *v, uint32_t n)
{
	struct spl_work *rows = xcalloc(n, sizeof(*rows));
	uint32_t made = 0, end;

	for (uint32_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && by_bucket_and_key(&v[i], &v[end], m) == 0; end++)
			;
		rows[made++] = make_row(m, v + i, end - i);
	}
	made = spl_run_steps(m->spl, rows, made, &m->out->arena);
	m->out->row =
	    xreallocarray(m->out->row, (size_t)m->out->nrows + made + 1, sizeof(*m->out->row));
	for (uint32_t i = 0; i < made; i++)
		put_row(m, &rows[i]);
	free(rows);
}

/* `stats count` without BY has a row even of nothing. */
static bool
is_total(const struct spl *s, const struct group_table *t)
{
	return s->nby == 0 && group_count(t) == 0;
}

static void
make_empty_total(struct maker *m)
{
	const struct spl *s = m->spl;
	struct spl_work w = { .first = TIME_NONE, .last = TIME_NONE, .bucket = TIME_NONE };

	w.slot = arena_alloc(&m->out->arena, s->nslot * sizeof(*w.slot));
	for (unsigned i = 0; i < s->nslot; i++) {
		const struct spl_slot *slot = &s->slot[i];
		bool number =
		    slot->kind == SPL_SLOT_AGGREGATE && s->aggregate[slot->index].kind <= SPL_DC;

		w.slot[i] = number ? number_cell(m, 0) : (struct spl_cell){ 0 };
	}
	if (spl_run_steps(s, &w, 1, &m->out->arena) == 0)
		return;
	m->out->row = xcalloc(1, sizeof(*m->out->row));
	put_row(m, &w);
}

void
spl_rows(const struct spl *s, const struct group_table *t, const struct symtab *symbols,
    const int64_t *wanted, size_t nwanted, struct spl_result *out)
{
	spl_rows_changed(s, t, symbols, wanted, nwanted, NULL, out);
}

void
spl_rows_changed(const struct spl *s, const struct group_table *t, const struct symtab *symbols,
    const int64_t *wanted, size_t nwanted, const uint64_t *changed, struct spl_result *out)
{
	struct maker m = {
		.spl = s, .table = t, .symbols = symbols, .out = out, .changed = changed
	};
	struct member *v;
	uint32_t n, end;

	*out = (struct spl_result){ .ncolumns = s->ncolumn };
	out->column = arena_alloc(&out->arena, (s->ncolumn + 1) * sizeof(*out->column));
	for (unsigned i = 0; i < s->ncolumn; i++)
		out->column[i] = arena_copy(&out->arena, s->column[i].name);
	if (is_total(s, t) && wanted == NULL) {
		make_empty_total(&m);
		return;
	}
	v = collect(&m, wanted, nwanted, &n);
	for (uint32_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && v[end].bucket == v[i].bucket; end++)
			;
		make_bucket(&m, v + i, end - i);
	}
	free(v);
	free(m.ranking.rank);
	free(m.scratch);
}

void
spl_result_release(struct spl_result *r)
{
	free(r->row);
	arena_release(&r->arena);
	*r = (struct spl_result){ 0 };
}
