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

struct maker {
	const struct spl *spl;
	const struct group_table *table;
	const struct symtab *symbols;
	struct spl_result *out;
	const uint64_t *changed; /* bits of group rows; NULL: nobody asks */
	struct slice *scratch;	 /* values of an aggregate */
	uint32_t nscratch;
};

/* A group row that counts. */
struct member {
	int64_t bucket;
	uint32_t row;
};

static bool
is_missing(sym_t s)
{
	return s == SYM_ABSENT || s == SYM_NULL;
}

/* By-field `by` of a group row as the search sees it; false: missing. */
static bool
text_of(const struct maker *m, uint32_t row, unsigned by, struct slice *out)
{
	sym_t s = group_key(m->table, row)[by];

	if (!is_missing(s)) {
		*out = symtab_text(m->symbols, s);
		return true;
	}
	*out = slice_of(m->spl->fill[by]);
	return m->spl->fill[by] != NULL;
}

static int
by_bucket_and_key(const void *pa, const void *pb, void *arg)
{
	const struct member *a = pa, *b = pb;
	const struct maker *m = arg;

	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	for (unsigned k = 0; k < m->spl->nby; k++) {
		struct slice x, y;
		int c;

		if (group_key(m->table, a->row)[k] == group_key(m->table, b->row)[k])
			continue;
		(void)text_of(m, a->row, k, &x);
		(void)text_of(m, b->row, k, &y);
		c = slice_cmp(x, y);
		if (c != 0)
			return c;
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

/* The group rows that count: of a wanted bucket, with all by-fields. */
static struct member *
collect(const struct maker *m, const int64_t *wanted, size_t nwanted, uint32_t *n)
{
	uint32_t count = group_count(m->table);
	struct member *v = xcalloc((size_t)count + 1, sizeof(*v));

	*n = 0;
	for (uint32_t i = 0; i < count; i++) {
		int64_t bucket = group_bucket(m->table, i);
		struct slice text;
		bool whole = true;

		if (!wants(wanted, nwanted, bucket))
			continue;
		for (unsigned k = 0; k < m->spl->nby && whole; k++)
			whole = text_of(m, i, k, &text);
		if (whole)
			v[(*n)++] = (struct member){ bucket, i };
	}
	if (*n > 1)
		qsort_r(v, *n, sizeof(*v), by_bucket_and_key, (void *)(uintptr_t)m);
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
compare_texts(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* The distinct values of a by-field over some group rows, in m->scratch, by bytes; returns how
 * many. */
static uint32_t
distinct(struct maker *m, const struct member *v, uint32_t n, unsigned by)
{
	uint32_t found = 0, left = 0;

	if (n > m->nscratch) {
		m->nscratch = n;
		m->scratch = xreallocarray(m->scratch, n, sizeof(*m->scratch));
	}
	for (uint32_t i = 0; i < n; i++)
		if (text_of(m, v[i].row, by, &m->scratch[found]))
			found++;
	if (found > 1)
		qsort(m->scratch, found, sizeof(*m->scratch), compare_texts);
	for (uint32_t i = 0; i < found; i++)
		if (left == 0 || !slice_eq(m->scratch[left - 1], m->scratch[i]))
			m->scratch[left++] = m->scratch[i];
	return left;
}

static struct spl_cell
values_cell(struct maker *m, uint32_t n)
{
	struct spl_cell c = { .kind = n == 0 ? SPL_MISSING : n == 1 ? SPL_TEXT : SPL_LIST };
	struct slice *item;
	struct buf all = { 0 };

	if (n == 0)
		return c;
	if (n == 1) {
		c.text = keep_text(m, m->scratch[0]);
		return c;
	}
	item = arena_alloc(&m->out->arena, n * sizeof(*item));
	for (uint32_t i = 0; i < n; i++) {
		item[i] = keep_text(m, m->scratch[i]);
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

/* As numbers when all are, else by bytes; the values are in m->scratch. */
static struct spl_cell
extreme_cell(struct maker *m, uint32_t n, bool max)
{
	const struct slice *best = &m->scratch[0];

	if (n == 0)
		return (struct spl_cell){ 0 };
	for (uint32_t i = 1; i < n; i++) {
		int c = spl_compare(m->scratch[i], *best);

		if (max ? c > 0 : c < 0)
			best = &m->scratch[i];
	}
	return (struct spl_cell){ .kind = SPL_TEXT, .text = keep_text(m, *best) };
}

/* The value of the first or the last event that has one; of several at once, the first by bytes. */
static struct spl_cell
edge_cell(struct maker *m, const struct member *v, uint32_t n, unsigned by, bool latest)
{
	struct slice text, best = { NULL, 0 };
	int64_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct group_row *r = group_row(m->table, v[i].row);
		int64_t t = latest ? r->last : r->first;

		if (!text_of(m, v[i].row, by, &text))
			continue;
		if (best.p == NULL || (latest ? t > at : t < at) ||
		    (t == at && slice_cmp(text, best) < 0)) {
			best = text;
			at = t;
		}
	}
	if (best.p == NULL)
		return (struct spl_cell){ 0 };
	return (struct spl_cell){ .kind = SPL_TEXT, .text = keep_text(m, best) };
}

static uint64_t
count_of(const struct maker *m, const struct member *v, uint32_t n, unsigned by)
{
	uint64_t count = 0;
	struct slice text;

	for (uint32_t i = 0; i < n; i++)
		if (text_of(m, v[i].row, by, &text))
			count += group_row(m->table, v[i].row)->count;
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
	case SPL_VALUES: return values_cell(m, distinct(m, v, n, by));
	case SPL_MIN:
	case SPL_MAX: return extreme_cell(m, distinct(m, v, n, by), a->kind == SPL_MAX);
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
		struct slice text;

		if (slot->kind == SPL_SLOT_BY && text_of(m, v[0].row, slot->index, &text))
			c = (struct spl_cell){ .kind = SPL_TEXT, .text = keep_text(m, text) };
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
		for (end = i + 1;
		     end < n && by_bucket_and_key(&v[i], &v[end], (void *)(uintptr_t)m) == 0; end++)
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
	free(m.scratch);
}

void
spl_result_release(struct spl_result *r)
{
	free(r->row);
	arena_release(&r->arena);
	*r = (struct spl_result){ 0 };
}
