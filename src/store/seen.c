/*
 * The set of names seen: a ring of keys in the order they came and an open table over it. Once
 * full, each new name takes the place of the oldest. What is written to the file, and when, is the
 * history's affair.
 */
#include "store/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define ROOM_FIRST 1024

void
seen_init(struct seen *s, uint32_t max)
{
	memset(s, 0, sizeof(*s));
	s->max = max;
}

void
seen_release(struct seen *s)
{
	free(s->key);
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

static uint32_t
home_of(const struct seen *s, uint32_t kind, const uint64_t hash[2])
{
	return (uint32_t)hash_mix(hash[0] ^ hash_seed(), hash[1] + kind) & (s->nslots - 1);
}

static uint32_t
slot_of(const struct seen *s, uint32_t kind, const uint64_t hash[2])
{
	uint32_t i = home_of(s, kind, hash);

	for (; s->slot[i] != 0; i = (i + 1) & (s->nslots - 1)) {
		const struct seen_key *k = &s->key[s->slot[i] - 1];

		if (k->hash[0] == hash[0] && k->hash[1] == hash[1] && k->kind == kind)
			break;
	}
	return i;
}

struct seen_key *
seen_find(const struct seen *s, uint32_t kind, const uint64_t hash[2])
{
	uint32_t at = s->nslots == 0 ? 0 : s->slot[slot_of(s, kind, hash)];

	return at == 0 ? NULL : &s->key[at - 1];
}

static void
grow(struct seen *s)
{
	s->room = s->room == 0 ? ROOM_FIRST : s->room * 2;
	if (s->room > s->max)
		s->room = s->max;
	s->key = xreallocarray(s->key, s->room, sizeof(*s->key));
	free(s->slot);
	if (s->nslots == 0)
		s->nslots = 2 * ROOM_FIRST;
	while (s->nslots < 2 * s->room)
		s->nslots *= 2;
	s->slot = xcalloc(s->nslots, sizeof(*s->slot));
	for (uint32_t i = 0; i < s->n; i++)
		s->slot[slot_of(s, s->key[i].kind, s->key[i].hash)] = i + 1;
}

/* Takes the key at ring position `at` out of the table; what stood behind it moves up. */
static void
forget(struct seen *s, uint32_t at)
{
	uint32_t mask = s->nslots - 1;
	uint32_t hole = slot_of(s, s->key[at].kind, s->key[at].hash);

	for (uint32_t i = (hole + 1) & mask; s->slot[i] != 0; i = (i + 1) & mask) {
		const struct seen_key *k = &s->key[s->slot[i] - 1];
		uint32_t home = home_of(s, k->kind, k->hash);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		s->slot[hole] = s->slot[i];
		hole = i;
	}
	s->slot[hole] = 0;
}

void
seen_add(struct seen *s, uint32_t kind, const uint64_t hash[2], bool before)
{
	uint32_t at = s->n;

	if (s->max == 0 || seen_find(s, kind, hash) != NULL)
		return;
	if (s->n == s->room && s->n < s->max)
		grow(s);
	if (s->n == s->max) {
		at = s->head;
		s->head = (s->head + 1) % s->max;
		forget(s, at);
	} else {
		s->n++;
	}
	s->key[at] =
	    (struct seen_key){ .hash = { hash[0], hash[1] }, .kind = kind, .before = before };
	s->slot[slot_of(s, kind, hash)] = at + 1;
}
