/*
 * Order of the rows of a group table. What rows are compared by is put into two integers a row
 * first, so that texts are looked at only where those are equal; then a merge sort, which is as
 * fast on bad input as on good.
 */
#include "query/group_table.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "query/number.h"
#include "base/banned.h"

#define MINUTE	     (60 * NSEC_PER_SEC)
#define RATE_MINUTES 5
#define RUN	     8 /* rows sorted by insertion before merging */

struct entry {
	uint64_t primary; /* smaller sorts first: the direction is in it */
	uint64_t tie;	  /* 8 bytes of the first by-field */
	uint32_t row;
};

struct sorter {
	const struct group_table *table;
	const struct symtab *symbols;
	int by; /* equal primaries are compared by this by-field in full; -1: none */
	bool descending;
	bool levels; /* that field is the priority */
};

double
group_rate(const struct group_row *r, int64_t now)
{
	const int64_t minute = now / MINUTE - (now % MINUTE < 0);
	uint64_t sum = 0;

	for (int64_t back = 1; back <= RATE_MINUTES; back++) {
		int64_t slot = r->minute - (minute - back);

		if (slot >= 0 && slot < GROUP_MINUTES)
			sum += r->per_minute[slot];
	}
	return (double)sum / RATE_MINUTES;
}

/* What a by-field sorts by. */

/* Order of what is no value: <NA>, empty, null, absent. */
static uint64_t
missing_key(sym_t s)
{
	return (uint64_t)3 << 62 | (SYM_NA - s);
}

/* 62 bits of a text from byte `skip`. */
static uint64_t
text_key(struct slice s, size_t skip)
{
	uint64_t key = 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (skip + i < s.len ? (unsigned char)s.p[skip + i] : 0);
	return key;
}

static struct slice
key_text(const struct sorter *s, uint32_t row, unsigned by)
{
	return symtab_text(s->symbols, group_hot(s->table, row)->key[by]);
}

/* Length of the prefix that the texts of a by-field share: what tells them apart begins there.
 * Missing values aside if asked. */
static size_t
common_prefix(
    const struct sorter *s, const uint32_t *order, uint32_t n, unsigned by, bool skip_missing)
{
	struct slice first = { NULL, 0 };
	size_t len = SIZE_MAX;

	for (uint32_t i = 0; i < n && len > 0; i++) {
		struct slice text = key_text(s, order[i], by);
		size_t same = 0;

		if (skip_missing && group_is_missing(group_hot(s->table, order[i])->key[by]))
			continue;
		if (len == SIZE_MAX) {
			first = text;
			len = text.len;
			continue;
		}
		while (same < len && same < text.len && text.p[same] == first.p[same])
			same++;
		len = same;
	}
	return len == SIZE_MAX ? 0 : len;
}

/* Classes in the top two bits: 0 numbers, 1 texts, 3 missing; the direction does not move the
 * classes. */
static uint64_t
by_key(const struct sorter *s, uint32_t row, size_t prefix)
{
	const uint64_t low = ((uint64_t)1 << 62) - 1;
	const sym_t symbol = group_hot(s->table, row)->key[s->by];
	const struct slice text = symtab_text(s->symbols, symbol);
	enum priority level = PRIORITY_UNKNOWN;
	struct number number;
	uint64_t key;

	if (group_is_missing(symbol))
		return missing_key(symbol);
	if (s->levels) {
		(void)priority_parse(text, &level);
		return s->descending ? low - (uint64_t)level : (uint64_t)level;
	}
	if (number_parse(text, &number)) {
		key = number_key(&number);
		return s->descending ? low - key : key;
	}
	key = text_key(text, prefix) >> 2;
	return (uint64_t)1 << 62 | (s->descending ? low - key : key);
}

/* Equal primaries of a by-field: the whole of it. */
static int
by_cmp(const struct sorter *s, uint32_t a, uint32_t b)
{
	struct slice x = key_text(s, a, (unsigned)s->by), y = key_text(s, b, (unsigned)s->by);
	struct number p, q;
	int c;

	if (group_hot(s->table, a)->key[s->by] == group_hot(s->table, b)->key[s->by])
		return 0;
	if (number_parse(x, &p) && number_parse(y, &q))
		c = number_cmp(&p, &q);
	else
		c = s->levels ? 0 : slice_cmp(x, y);
	return s->descending ? -c : c;
}

/* The by-fields in byte order; absent, null and empty, whose texts are the same, by their fixed
 * numbers. */
static int
tie_cmp(const struct sorter *s, uint32_t a, uint32_t b)
{
	const sym_t *x = group_hot(s->table, a)->key, *y = group_hot(s->table, b)->key;

	for (unsigned k = 0; k < s->table->spec.nby; k++) {
		int c;

		if (x[k] == y[k])
			continue;
		c = slice_cmp(symtab_text(s->symbols, x[k]), symtab_text(s->symbols, y[k]));
		return c != 0 ? c : x[k] < y[k] ? -1 : 1;
	}
	if (s->table->words > s->table->spec.nby) {
		int32_t p = (int32_t)x[s->table->spec.nby], q = (int32_t)y[s->table->spec.nby];

		return (p > q) - (p < q);
	}
	return 0;
}

static bool
before(const struct sorter *s, const struct entry *a, const struct entry *b)
{
	int c = 0;

	if (a->primary != b->primary)
		return a->primary < b->primary;
	if (s->by >= 0)
		c = by_cmp(s, a->row, b->row);
	if (c == 0 && a->tie != b->tie)
		return a->tie < b->tie;
	if (c == 0)
		c = tie_cmp(s, a->row, b->row);
	return c < 0;
}

static void
insertion(const struct sorter *s, struct entry *e, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct entry x = e[i];
		uint32_t j = i;

		for (; j > 0 && before(s, &x, &e[j - 1]); j--)
			e[j] = e[j - 1];
		e[j] = x;
	}
}

static void
merge(const struct sorter *s, const struct entry *a, uint32_t na, const struct entry *b,
    uint32_t nb, struct entry *out)
{
	uint32_t i = 0, j = 0, k = 0;

	while (i < na && j < nb)
		out[k++] = before(s, &b[j], &a[i]) ? b[j++] : a[i++];
	memcpy(out + k, a + i, (na - i) * sizeof(*out));
	memcpy(out + k + (na - i), b + j, (nb - j) * sizeof(*out));
}

/* Bottom up; returns which of the two arrays has the result. */
static const struct entry *
merge_sort(const struct sorter *s, struct entry *e, struct entry *spare, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += RUN)
		insertion(s, e + i, n - i < RUN ? n - i : RUN);
	for (uint64_t width = RUN; width < n; width *= 2) {
		struct entry *swap = e;

		for (uint64_t i = 0; i < n; i += width * 2) {
			uint32_t at = (uint32_t)i, left = n - at;
			uint32_t na = left < width ? left : (uint32_t)width;
			uint32_t nb = left - na < width ? left - na : (uint32_t)width;

			merge(s, e + at, na, e + at + na, nb, spare + at);
		}
		e = spare;
		spare = swap;
	}
	return e;
}

static uint64_t
signed_key(int64_t v)
{
	return (uint64_t)v ^ (uint64_t)1 << 63;
}

/* Greater values have greater keys. */
static uint64_t
value_key(const struct group_table *t, uint32_t i, enum group_sort key, int64_t now)
{
	const struct group_row *r;

	switch (key) {
	case GROUP_SORT_FIRST: return signed_key(group_hot(t, i)->first);
	case GROUP_SORT_LAST: return signed_key(group_hot(t, i)->last);
	case GROUP_SORT_PRIORITY: return group_hot(t, i)->bits.priority;
	case GROUP_SORT_RATE:
		r = group_row(t, i);
		return (uint64_t)(group_rate(r, now) * RATE_MINUTES + 0.5);
	case GROUP_SORT_COUNT: return hot_count(group_hot(t, i));
	default: break;
	}
	if (key >= GROUP_SORT_DISTINCT && key < GROUP_SORT_DISTINCT + t->spec.ndistinct)
		return group_cold(t, i)->distinct[key - GROUP_SORT_DISTINCT].n;
	return 0;
}

static struct sorter
make_sorter(
    const struct group_table *t, const struct symtab *symbols, enum group_sort key, bool descending)
{
	struct sorter s = { .table = t, .symbols = symbols, .by = -1, .descending = descending };

	if (key >= GROUP_SORT_BY && key < GROUP_SORT_BY + t->spec.nby) {
		s.by = (int)(key - GROUP_SORT_BY);
		s.levels = t->spec.by[s.by] == FIELD_PRIORITY;
	}
	return s;
}

void
group_sort(const struct group_table *t, const struct symtab *symbols, uint32_t *order, uint32_t n,
    enum group_sort key, bool descending, int64_t now)
{
	const struct sorter s = make_sorter(t, symbols, key, descending);
	struct entry *entries, *spare;
	const struct entry *sorted;
	size_t prefix = 0, tie_prefix = 0;

	if (n < 2)
		return;
	entries = xreallocarray(NULL, n, sizeof(*entries));
	spare = xreallocarray(NULL, n, sizeof(*spare));
	if (s.by >= 0)
		prefix = common_prefix(&s, order, n, (unsigned)s.by, true);
	if (t->spec.nby > 0)
		tie_prefix = common_prefix(&s, order, n, 0, false);
	for (uint32_t i = 0; i < n; i++) {
		struct entry *e = &entries[i];

		e->row = order[i];
		e->tie = t->spec.nby == 0 ? 0 : text_key(key_text(&s, e->row, 0), tie_prefix);
		if (s.by >= 0)
			e->primary = by_key(&s, e->row, prefix);
		else
			e->primary = descending ? ~value_key(t, e->row, key, now)
						: value_key(t, e->row, key, now);
	}
	sorted = merge_sort(&s, entries, spare, n);
	for (uint32_t i = 0; i < n; i++)
		order[i] = sorted[i].row;
	free(entries);
	free(spare);
}
