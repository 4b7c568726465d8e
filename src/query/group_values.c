/*
 * The distinct values of all rows of a group table: one set keyed by row, field and symbol, and a
 * list through it for each row and field.
 */
#include "query/group_table.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define FIRST_SLOTS 1024

static uint32_t
value_tag(const struct group_table *t, uint32_t row, unsigned which, sym_t symbol)
{
	uint64_t h = hash_mix(t->seed + which, (uint64_t)row << 32 | symbol);

	return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

static void
place(struct values *v, uint32_t tag, uint32_t at)
{
	uint32_t i = tag & v->mask;

	while (v->slot[i].at != 0)
		i = (i + 1) & v->mask;
	v->slot[i] = (struct group_slot){ tag, at };
}

/* Makes room for one more value in the slots and the chunks. */
static void
grow(struct values *v)
{
	struct group_slot *old = v->slot;
	uint32_t old_mask = v->mask;

	if (v->n / GROUP_CHUNK == v->entries.n)
		chunks_add(&v->entries, GROUP_CHUNK * sizeof(struct group_value));
	if (old != NULL && v->n * 2 <= old_mask)
		return;
	v->mask = old == NULL ? FIRST_SLOTS - 1 : old_mask * 2 + 1;
	v->slot = array_new(v->entries.pool, ((size_t)v->mask + 1) * sizeof(*v->slot));
	for (uint32_t i = 0; old != NULL && i <= old_mask; i++)
		if (old[i].at != 0)
			place(v, old[i].tag, old[i].at);
	if (old != NULL)
		array_free(v->entries.pool, old, ((size_t)old_mask + 1) * sizeof(*old));
}

static bool
known(const struct values *v, uint32_t tag, uint32_t row, unsigned which, sym_t symbol)
{
	for (uint32_t i = tag & v->mask; v->slot[i].at != 0; i = (i + 1) & v->mask) {
		const struct group_value *e;

		if (v->slot[i].tag != tag)
			continue;
		e = values_at(v, v->slot[i].at - 1);
		if (e->symbol == symbol && e->row == row && e->which == which)
			return true;
	}
	return false;
}

static void
add_value(struct group_table *t, uint32_t tag, uint32_t row, unsigned which, sym_t symbol)
{
	struct values *v = &t->values;
	struct cold *c = group_cold(t, row);

	if (known(v, tag, row, which, symbol))
		return;
	if (v->n >= GROUP_VALUES_MAX) {
		v->overflow++;
		return;
	}
	grow(v);
	*values_at(v, v->n) = (struct group_value){ row, symbol, c->distinct[which].head, which };
	c->distinct[which].head = v->n;
	c->distinct[which].n++;
	place(v, tag, ++v->n);
}

void
values_add(
    struct group_table *t, unsigned which, const uint32_t *row, const sym_t *symbol, uint32_t n)
{
	struct values *v = &t->values;
	uint32_t tag[GROUP_BATCH];

	if (v->slot == NULL)
		grow(v);
	for (uint32_t j = 0; j < n; j++) {
		tag[j] = value_tag(t, row[j], which, symbol[j]);
		__builtin_prefetch(&v->slot[tag[j] & v->mask]);
	}
	for (uint32_t j = 0; j < n; j++) {
		const struct group_slot *s = &v->slot[tag[j] & v->mask];

		if (s->at != 0)
			__builtin_prefetch(values_at(v, s->at - 1));
	}
	for (uint32_t j = 0; j < n; j++)
		if (!group_is_missing(symbol[j]))
			add_value(t, tag[j], row[j], which, symbol[j]);
}

void
values_clear(struct values *v)
{
	chunks_release(&v->entries);
	if (v->slot != NULL)
		array_free(v->entries.pool, v->slot, ((size_t)v->mask + 1) * sizeof(*v->slot));
	*v = (struct values){ .entries.pool = v->entries.pool };
}

void
values_renumber(struct group_table *t, const sym_t *map)
{
	struct values *v = &t->values;

	if (v->slot == NULL)
		return;
	memset(v->slot, 0, ((size_t)v->mask + 1) * sizeof(*v->slot));
	for (uint32_t i = 0; i < v->n; i++) {
		struct group_value *e = values_at(v, i);

		e->symbol = map[e->symbol];
		place(v, value_tag(t, e->row, e->which, e->symbol), i + 1);
	}
}

size_t
values_memory(const struct values *v)
{
	size_t slots = v->slot == NULL ? 0 : ((size_t)v->mask + 1) * sizeof(*v->slot);

	return slots + chunks_memory(&v->entries);
}

uint64_t
group_values_overflow(const struct group_table *t)
{
	return t->values.overflow;
}

/* Keeps the first max by bytes while walking the list: no copy of it, whatever its length. */
uint32_t
group_values(const struct group_table *t, uint32_t i, unsigned which, const struct symtab *symbols,
    sym_t *out, uint32_t max)
{
	uint32_t n = 0;

	if (which >= t->spec.ndistinct || max == 0)
		return 0;
	for (uint32_t e = group_cold(t, i)->distinct[which].head; e != GROUP_NONE;
	     e = values_at(&t->values, e)->next) {
		const sym_t symbol = values_at(&t->values, e)->symbol;
		const struct slice text = symtab_text(symbols, symbol);
		uint32_t lo = 0, hi = n;

		if (n == max && slice_cmp(text, symtab_text(symbols, out[n - 1])) >= 0)
			continue;
		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;

			if (slice_cmp(symtab_text(symbols, out[mid]), text) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (n < max)
			n++;
		memmove(out + lo + 1, out + lo, (n - 1 - lo) * sizeof(*out));
		out[lo] = symbol;
	}
	return n;
}
