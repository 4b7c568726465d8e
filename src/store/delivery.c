/* What waits for the next commit: risk events, names seen for the first time, mutes. Bounded; no
 * lock of its own. */
#include "store/write.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

void
delivery_init(struct delivery *d, uint32_t events_max)
{
	memset(d, 0, sizeof(*d));
	pending_init(&d->events, events_max);
}

void
delivery_release(struct delivery *d)
{
	pending_release(&d->events);
	free(d->seen);
	free(d->mute);
	arena_release(&d->mute_text);
	memset(d, 0, sizeof(*d));
}

void
delivery_clear(struct delivery *d)
{
	pending_clear(&d->events);
	d->nseen = 0;
	d->nmutes = 0;
	arena_reset(&d->mute_text);
}

bool
delivery_empty(const struct delivery *d)
{
	return d->events.n == 0 && d->nseen == 0 && d->nmutes == 0;
}

bool
delivery_seen(struct delivery *d, uint32_t kind, const uint64_t hash[2])
{
	if (d->nseen == DELIVERY_SEEN_MAX)
		return false;
	if (d->nseen == d->seen_room) {
		d->seen_room = d->seen_room == 0 ? 256 : d->seen_room * 2;
		d->seen = xreallocarray(d->seen, d->seen_room, sizeof(*d->seen));
	}
	d->seen[d->nseen++] = (struct seen_key){ .hash = { hash[0], hash[1] }, .kind = kind };
	return true;
}

static struct slice
keep(struct delivery *d, struct slice s)
{
	if (s.len > HISTORY_TEXT_MAX)
		s.len = HISTORY_TEXT_MAX;
	return arena_copy(&d->mute_text, s);
}

bool
delivery_mute(struct delivery *d, const struct history_mute *m)
{
	struct history_mute *to;

	if (d->nmutes == DELIVERY_MUTES_MAX)
		return false;
	if (d->nmutes == d->mutes_room) {
		d->mutes_room = d->mutes_room == 0 ? 16 : d->mutes_room * 2;
		d->mute = xreallocarray(d->mute, d->mutes_room, sizeof(*d->mute));
	}
	to = &d->mute[d->nmutes++];
	*to = *m;
	to->expression = keep(d, m->expression);
	to->reason = keep(d, m->reason);
	to->owner = keep(d, m->owner);
	to->detail = keep(d, m->detail);
	return true;
}
