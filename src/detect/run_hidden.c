/*
 * Which risk events mutes hide: for each detection a second query of the events that are hidden
 * gives the same rows; a row all of whose events are hidden is flagged. Without a mute there is
 * none of this. What a flag means for sums is the book's.
 */
#include "detect/run_private.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "base/banned.h"

struct hidden_note {
	uint64_t id[2], count;
};

static bool
same_id(const void *arg, uint32_t number, const void *key)
{
	const struct run_hidden *h = arg;

	return memcmp(h->note[number].id, key, sizeof(h->note[number].id)) == 0;
}

static uint64_t
hash_id(const uint64_t id[2])
{
	return hash_mix(id[0] ^ hash_seed(), id[1]);
}

void
run_hidden_note(struct run_hidden *h, const struct risk_event *e)
{
	uint64_t hash = hash_id(e->id);
	uint32_t i = lookup_find(&h->index, hash, same_id, h, e->id);

	if (i == LOOKUP_NONE) {
		if (h->n == h->room) {
			h->room = h->room == 0 ? 64 : 2 * h->room;
			h->note = xreallocarray(h->note, h->room, sizeof(*h->note));
		}
		i = h->n++;
		h->note[i] = (struct hidden_note){ .id = { e->id[0], e->id[1] } };
		lookup_add(&h->index, hash, i);
	}
	h->note[i].count = e->count;
}

bool
run_hidden_all(const struct run_hidden *h, const struct risk_event *e)
{
	uint32_t i;

	if (h->n == 0)
		return false;
	i = lookup_find(&h->index, hash_id(e->id), same_id, h, e->id);
	return i != LOOKUP_NONE && h->note[i].count >= e->count;
}

void
run_hidden_clear(struct run_hidden *h)
{
	free(h->term);
	free(h->note);
	lookup_release(&h->index);
	*h = (struct run_hidden){ 0 };
}
