/*
 * The recent-hash set: a ring in order of arrival and an open-addressed table of the same hashes.
 * Fixed memory. Not here: where hashes come from; they are seeded, so collisions cannot be chosen.
 */
#include "pipeline/recent.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

struct recent {
	uint32_t keep, mask; /* mask: of the table, twice as large as the ring */
	uint64_t added;
	uint64_t *ring;
	uint64_t *table; /* 0: empty */
};

struct recent *
recent_new(uint32_t keep)
{
	struct recent *r = xcalloc(1, sizeof(*r));

	r->keep = keep;
	r->mask = keep * 2 - 1;
	r->ring = xcalloc(keep, sizeof(*r->ring));
	r->table = xcalloc((size_t)keep * 2, sizeof(*r->table));
	return r;
}

void
recent_free(struct recent *r)
{
	if (r == NULL)
		return;
	free(r->ring);
	free(r->table);
	free(r);
}

/* Where the hash is, or the empty place where it belongs. */
static uint32_t
find(const struct recent *r, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & r->mask;

	while (r->table[i] != 0 && r->table[i] != hash)
		i = (i + 1) & r->mask;
	return i;
}

/* Linear probing without tombstones: what follows moves up into the hole. */
static void
forget(struct recent *r, uint64_t hash)
{
	uint32_t hole = find(r, hash);
	uint32_t i = hole;

	if (r->table[hole] == 0)
		return;
	for (;;) {
		i = (i + 1) & r->mask;
		if (r->table[i] == 0)
			break;
		if (((i - (uint32_t)r->table[i]) & r->mask) >= ((i - hole) & r->mask)) {
			r->table[hole] = r->table[i];
			hole = i;
		}
	}
	r->table[hole] = 0;
}

bool
recent_seen(struct recent *r, uint64_t hash)
{
	uint32_t at;
	uint64_t *slot;

	if (hash == 0)
		hash = 1;
	at = find(r, hash);
	if (r->table[at] == hash)
		return true;
	slot = &r->ring[r->added++ & (r->keep - 1)];
	if (*slot != 0) {
		forget(r, *slot);
		at = find(r, hash);
	}
	*slot = hash;
	r->table[at] = hash;
	return false;
}
