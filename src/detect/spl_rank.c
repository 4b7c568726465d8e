/*
 * The values of some group rows as ranks: numbers that order and compare as the texts do, where a
 * missing value is its fill. Sorting and telling apart hundreds of thousands of rows then looks at
 * no text, and each text is copied once.
 */
#include "detect/spl_private.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
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
	uint32_t index;
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

/* Ranks of the symbols of one field, by their index; *texts: by rank. */
static uint32_t *
rank_symbols(const struct seen *t, const struct symtab *symbols, const char *fill,
    struct arena *arena, struct slice **texts)
{
	struct text *v = xcalloc((size_t)t->n + 1, sizeof(*v));
	uint32_t *rank = xcalloc((size_t)t->n + 1, sizeof(*rank)), n = 0, ranks = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		sym_t s = t->symbol[i];
		bool missing = s == SYM_ABSENT || s == SYM_NULL;

		rank[i] = SPL_RANK_NONE;
		if (!missing || fill != NULL)
			v[n++] =
			    (struct text){ missing ? slice_of(fill) : symtab_text(symbols, s), i };
	}
	if (n > 1)
		qsort(v, n, sizeof(*v), compare);
	*texts = arena_alloc(arena, ((size_t)n + 1) * sizeof(**texts));
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || !slice_eq(v[i - 1].text, v[i].text))
			(*texts)[ranks++] = arena_copy(arena, v[i].text);
		rank[v[i].index] = ranks - 1;
	}
	free(v);
	return rank;
}

void
spl_rank(const struct spl *s, const struct group_table *t, const struct symtab *symbols,
    const uint32_t *row, uint32_t n, struct arena *arena, struct spl_ranking *out)
{
	*out = (struct spl_ranking){ .fields = s->nquery };
	out->rank = xcalloc((size_t)n * s->nquery + 1, sizeof(*out->rank));
	for (unsigned k = 0; k < s->nquery; k++) {
		struct seen seen = { 0 };
		uint32_t *rank;

		grow(&seen);
		for (uint32_t i = 0; i < n; i++)
			out->rank[(size_t)i * s->nquery + k] =
			    index_of(&seen, group_key(t, row[i])[k]);
		rank = rank_symbols(&seen, symbols, s->fill[k], arena, &out->text[k]);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t *r = &out->rank[(size_t)i * s->nquery + k];

			*r = rank[*r];
		}
		free(rank);
		free(seen.symbol);
		free(seen.slot);
	}
}
