/*
 * The values of some group rows as ranks: numbers that order and compare as the texts do, where a
 * missing value is its fill. Sorting and telling apart hundreds of thousands of rows then looks at
 * no text, and each text is copied once. A field of lists has a list of ranks for each value.
 */
#include "detect/spl_private.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "decode/json.h"
#include "base/banned.h"

#define FIRST_SLOTS 64

/* Symbols of one field in order of appearance. */
struct seen {
	sym_t *symbol;
	uint32_t n, cap;
	uint32_t *slot; /* index + 1 */
	uint32_t mask;
};

struct text {
	struct slice text;
	uint32_t index; /* which rank it is for */
};

struct texts {
	struct text *v;
	uint32_t n, cap;
};

static uint32_t
start_of(sym_t s, uint32_t mask)
{
	return (uint32_t)hash_mix(s, 1) & mask;
}

static void
put(struct seen *t, uint32_t index)
{
	uint32_t i = start_of(t->symbol[index], t->mask);

	while (t->slot[i] != 0)
		i = (i + 1) & t->mask;
	t->slot[i] = index + 1;
}

static void
grow(struct seen *t)
{
	free(t->slot);
	t->mask = t->mask == 0 ? FIRST_SLOTS - 1 : t->mask * 2 + 1;
	t->slot = xcalloc((size_t)t->mask + 1, sizeof(*t->slot));
	for (uint32_t i = 0; i < t->n; i++)
		put(t, i);
}

static uint32_t
index_of(struct seen *t, sym_t s)
{
	for (uint32_t i = start_of(s, t->mask); t->slot[i] != 0; i = (i + 1) & t->mask)
		if (t->symbol[t->slot[i] - 1] == s)
			return t->slot[i] - 1;
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 32 : t->cap * 2;
		t->symbol = xreallocarray(t->symbol, t->cap, sizeof(*t->symbol));
	}
	t->symbol[t->n] = s;
	put(t, t->n++);
	if (t->n * 2 > t->mask)
		grow(t);
	return t->n - 1;
}

static int
compare(const void *pa, const void *pb)
{
	const struct text *a = pa, *b = pb;

	return slice_cmp(a->text, b->text);
}

static void
add_text(struct texts *t, struct slice text, uint32_t index)
{
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 64 : t->cap * 2;
		t->v = xreallocarray(t->v, t->cap, sizeof(*t->v));
	}
	t->v[t->n++] = (struct text){ text, index };
}

/* Numbers the texts by their order, frees them; ranks[index] of each. Returns them by rank. */
static struct slice *
rank_texts(struct texts *t, uint32_t *ranks, struct arena *arena)
{
	struct slice *out = arena_alloc(arena, ((size_t)t->n + 1) * sizeof(*out));
	uint32_t n = 0;

	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), compare);
	for (uint32_t i = 0; i < t->n; i++) {
		if (i == 0 || !slice_eq(t->v[i - 1].text, t->v[i].text))
			out[n++] = arena_copy(arena, t->v[i].text);
		ranks[t->v[i].index] = n - 1;
	}
	free(t->v);
	return out;
}

static bool
is_missing(sym_t s)
{
	return s == SYM_ABSENT || s == SYM_NULL;
}

/* Ranks of the symbols of one field, by their index; *texts: by rank. */
static uint32_t *
rank_symbols(const struct seen *t, const struct symtab *symbols, const char *fill,
    struct arena *arena, struct slice **texts)
{
	uint32_t *rank = xcalloc((size_t)t->n + 1, sizeof(*rank));
	struct texts all = { 0 };

	for (uint32_t i = 0; i < t->n; i++) {
		rank[i] = SPL_RANK_NONE;
		if (!is_missing(t->symbol[i]))
			add_text(&all, symtab_text(symbols, t->symbol[i]), i);
		else if (fill != NULL)
			add_text(&all, slice_of(fill), i);
	}
	*texts = rank_texts(&all, rank, arena);
	return rank;
}

/* --- fields whose value is a list ------------------------------------------------------------- */

/* (a,b): how Falco writes a list in its output. */
static void
split_falco(struct texts *t, struct slice s, uint32_t *index)
{
	const char *p = s.p + 1, *end = s.p + s.len - 1, *q;

	for (;; p = q + 1) {
		q = memchr(p, ',', (size_t)(end - p));
		if (q == NULL)
			q = end;
		add_text(t, (struct slice){ p, (size_t)(q - p) }, (*index)++);
		if (q == end)
			return;
	}
}

/* The elements of one value, from *index on: of a JSON array, of (a,b), else the value. */
static void
split(struct texts *t, struct json *j, struct slice s, struct arena *arena, uint32_t *index)
{
	struct json_scan scan;
	struct json_walk w;

	if (s.len > 1 && s.p[0] == '[' && json_parse(j, s, &scan) == JSON_OK && scan.end == s.len) {
		for (w = json_walk(j, 0); json_next(&w);) {
			struct slice e = json_value(j, w.value, arena).text;

			if (json_kind(j, w.value) != VALUE_NULL)
				add_text(t, e, (*index)++);
		}
	} else if (s.len > 2 && s.p[0] == '(' && s.p[s.len - 1] == ')') {
		split_falco(t, s, index);
	} else {
		add_text(t, s, (*index)++);
	}
}

static int
compare_ranks(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static void
sort_list(struct spl_list *l)
{
	uint32_t left = 0;

	if (l->n > 1)
		qsort(l->rank, l->n, sizeof(*l->rank), compare_ranks);
	for (uint32_t i = 0; i < l->n; i++)
		if (left == 0 || l->rank[left - 1] != l->rank[i])
			l->rank[left++] = l->rank[i];
	l->n = left;
}

/* The lists of the symbols of one field. An empty list is a missing value, as in Splunk. */
static struct spl_list *
rank_lists(const struct seen *t, const struct symtab *symbols, const char *fill,
    struct arena *arena, struct slice **texts)
{
	struct spl_list *list = arena_alloc(arena, ((size_t)t->n + 1) * sizeof(*list));
	struct json *j = json_new();
	struct texts all = { 0 };
	uint32_t *rank, index = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t before = index;

		if (!is_missing(t->symbol[i]))
			split(&all, j, symtab_text(symbols, t->symbol[i]), arena, &index);
		if (index == before && fill != NULL)
			add_text(&all, slice_of(fill), index++);
		list[i].n = index - before;
	}
	rank = arena_alloc(arena, ((size_t)index + 1) * sizeof(*rank));
	*texts = rank_texts(&all, rank, arena);
	for (uint32_t i = 0; i < t->n; i++) {
		list[i].rank = rank;
		rank += list[i].n;
		sort_list(&list[i]);
	}
	json_free(j);
	return list;
}

static void
rank_field(const struct spl *s, const struct symtab *symbols, unsigned k, const struct seen *seen,
    uint32_t n, struct arena *arena, struct spl_ranking *out)
{
	uint32_t *rank;

	if (s->list[k]) {
		out->list[k] = rank_lists(seen, symbols, s->fill[k], arena, &out->text[k]);
		return;
	}
	rank = rank_symbols(seen, symbols, s->fill[k], arena, &out->text[k]);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t *r = &out->rank[(size_t)i * s->nquery + k];

		*r = rank[*r];
	}
	free(rank);
}

void
spl_rank(const struct spl *s, const struct group_table *t, const struct symtab *symbols,
    const uint32_t *row, uint32_t n, struct arena *arena, struct spl_ranking *out)
{
	*out = (struct spl_ranking){ .fields = s->nquery };
	out->rank = xcalloc((size_t)n * s->nquery + 1, sizeof(*out->rank));
	for (unsigned k = 0; k < s->nquery; k++) {
		struct seen seen = { 0 };

		grow(&seen);
		for (uint32_t i = 0; i < n; i++)
			out->rank[(size_t)i * s->nquery + k] =
			    index_of(&seen, group_key(t, row[i])[k]);
		rank_field(s, symbols, k, &seen, n, arena, out);
		free(seen.symbol);
		free(seen.slot);
	}
}
