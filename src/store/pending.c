/* Risk events on their way to the file, and the merging of several about one id. */
#include "store/pending.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "store/history.h"

#include "base/banned.h"

#define ROOM_FIRST 256
#define TEXT_MAX   ((size_t)32 << 20) /* bytes of text waiting */
/* Times further away than this are moved here, so that sums with spans do not overflow. */
#define TIME_LOW  (INT64_MIN / 2)
#define TIME_HIGH (INT64_MAX - HISTORY_DAY)

void
pending_init(struct pending *p, uint32_t max)
{
	memset(p, 0, sizeof(*p));
	p->max = max;
}

void
pending_release(struct pending *p)
{
	free(p->v);
	free(p->slot);
	arena_release(&p->text);
	memset(p, 0, sizeof(*p));
}

void
pending_clear(struct pending *p)
{
	p->n = 0;
	if (p->slot != NULL)
		memset(p->slot, 0, p->nslots * sizeof(*p->slot));
	arena_reset(&p->text);
}

/* The slot of an id: where it is or would be. */
static uint32_t *
slot_of(const struct pending *p, const uint64_t id[2])
{
	uint32_t mask = p->nslots - 1;
	uint32_t i = (uint32_t)hash_mix(id[0] ^ hash_seed(), id[1]) & mask;

	while (p->slot[i] != 0) {
		const struct risk_event *e = &p->v[p->slot[i] - 1];

		if (e->id[0] == id[0] && e->id[1] == id[1])
			break;
		i = (i + 1) & mask;
	}
	return &p->slot[i];
}

struct risk_event *
pending_find(const struct pending *p, const uint64_t id[2])
{
	uint32_t at = p->nslots == 0 ? 0 : *slot_of(p, id);

	return at == 0 ? NULL : &p->v[at - 1];
}

static void
grow(struct pending *p)
{
	p->room = p->room == 0 ? ROOM_FIRST : p->room * 2;
	if (p->room > p->max)
		p->room = p->max;
	p->v = xreallocarray(p->v, p->room, sizeof(*p->v));
	if (p->nslots >= 2 * p->room)
		return;
	free(p->slot);
	if (p->nslots == 0)
		p->nslots = 2 * ROOM_FIRST;
	while (p->nslots < 2 * p->room)
		p->nslots *= 2;
	p->slot = xcalloc(p->nslots, sizeof(*p->slot));
	for (uint32_t i = 0; i < p->n; i++)
		*slot_of(p, p->v[i].id) = i + 1;
}

/* At most HISTORY_TEXT_MAX bytes, not ending inside a UTF-8 sequence. */
static struct slice
cut(struct slice s)
{
	if (s.len <= HISTORY_TEXT_MAX)
		return s;
	s.len = HISTORY_TEXT_MAX;
	while (s.len > HISTORY_TEXT_MAX - 4 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

static void
copy(struct pending *p, struct risk_event *to, const struct risk_event *e)
{
	struct slice *const text[] = { &to->object, &to->object_type, &to->search, &to->message,
		&to->stories, &to->techniques, &to->tactics, &to->row };
	int64_t within;

	*to = *e;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		*text[i] = arena_copy(&p->text, cut(*text[i]));
	to->first = to->first < TIME_LOW ? TIME_LOW : to->first > TIME_HIGH ? TIME_HIGH : to->first;
	if (to->last < to->first)
		to->last = to->first;
	within = to->first % HISTORY_HOUR;
	to->hour = to->first - (within < 0 ? within + HISTORY_HOUR : within);
}

static void
merge(struct risk_event *to, const struct risk_event *e)
{
	if (e->count > to->count)
		to->count = e->count;
	/* The hour is part of what the id stands for. */
	if (e->first < to->first)
		to->first = e->first > to->hour ? e->first : to->hour;
	if (e->last > to->last)
		to->last = e->last;
	to->muted = e->muted;
}

enum pending_result
pending_add(struct pending *p, const struct risk_event *e)
{
	struct risk_event *old = pending_find(p, e->id);

	if (old != NULL) {
		merge(old, e);
		return PENDING_MERGED;
	}
	if (p->n == p->max || p->text.used > TEXT_MAX)
		return PENDING_NO_ROOM;
	if (p->n == p->room)
		grow(p);
	copy(p, &p->v[p->n], e);
	*slot_of(p, e->id) = p->n + 1;
	p->n++;
	return PENDING_ADDED;
}
