/*
 * The hash tables of the risk book: a number for a hash, linear probing, removal by moving back
 * what follows. What the numbers stand for, and whether two are the same, only the caller knows.
 */
#include "detect/lookup.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define SLOTS_MIN 64

struct lookup_slot {
	uint64_t hash;
	uint32_t number; /* + 1; 0: empty */
};

uint32_t
lookup_find(
    const struct lookup *l, uint64_t hash, lookup_same *same, const void *arg, const void *key)
{
	if (l->mask == 0)
		return LOOKUP_NONE;
	for (uint32_t i = (uint32_t)hash & l->mask; l->slot[i].number != 0; i = (i + 1) & l->mask)
		if (l->slot[i].hash == hash && same(arg, l->slot[i].number - 1, key))
			return l->slot[i].number - 1;
	return LOOKUP_NONE;
}

static void
put(struct lookup *l, struct lookup_slot s)
{
	uint32_t i = (uint32_t)s.hash & l->mask;

	while (l->slot[i].number != 0)
		i = (i + 1) & l->mask;
	l->slot[i] = s;
}

static void
grow(struct lookup *l)
{
	struct lookup_slot *old = l->slot;
	uint32_t n = l->mask == 0 ? 0 : l->mask + 1;

	l->mask = n == 0 ? SLOTS_MIN - 1 : 2 * n - 1;
	l->slot = xcalloc((size_t)l->mask + 1, sizeof(*l->slot));
	for (uint32_t i = 0; i < n; i++)
		if (old[i].number != 0)
			put(l, old[i]);
	free(old);
}

void
lookup_add(struct lookup *l, uint64_t hash, uint32_t number)
{
	if (l->mask == 0 || l->n >= (l->mask + 1) / 2)
		grow(l);
	put(l, (struct lookup_slot){ hash, number + 1 });
	l->n++;
}

void
lookup_remove(struct lookup *l, uint64_t hash, uint32_t number)
{
	uint32_t hole = (uint32_t)hash & l->mask, i;

	while (l->slot[hole].number != number + 1)
		hole = (hole + 1) & l->mask;
	for (i = (hole + 1) & l->mask; l->slot[i].number != 0; i = (i + 1) & l->mask) {
		uint32_t home = (uint32_t)l->slot[i].hash & l->mask;

		/* stays when its home lies between the hole and itself */
		if (((i - home) & l->mask) < ((i - hole) & l->mask))
			continue;
		l->slot[hole] = l->slot[i];
		hole = i;
	}
	l->slot[hole] = (struct lookup_slot){ 0 };
	l->n--;
}

void
lookup_release(struct lookup *l)
{
	free(l->slot);
	*l = (struct lookup){ 0 };
}
