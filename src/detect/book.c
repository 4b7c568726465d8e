/*
 * Keeps the risk book: entries by id, by object and by hour, each found in constant time; the
 * oldest leave when it is full. Sums and ledgers are made in book_sum.c and book_ledger.c, nothing
 * is shown here, and nothing is kept on disk.
 */
#include "detect/book.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "detect/book_private.h"
#include "base/banned.h"

const struct book_options book_options_default = {
	.medium = 100, .high = 250, .critical = 500, .tactics = 3, .sources = 4
};

struct book *
book_new(const struct book_options *o)
{
	struct book *b = xcalloc(1, sizeof(*b));

	b->options = o == NULL ? book_options_default : *o;
	if (b->options.events_max == 0 || b->options.events_max > BOOK_EVENTS_MAX)
		b->options.events_max = BOOK_EVENTS_MAX;
	if (b->options.texts_max == 0)
		b->options.texts_max = BOOK_TEXTS_MAX;
	b->free_place = b->free_object = b->free_pair = b->free_hour = NOWHERE;
	b->summed_at = TIME_NONE;
	return b;
}

static void
release(struct book *b)
{
	texts_release(&b->texts);
	free(b->hot);
	free(b->cold);
	free(b->object);
	free(b->pair);
	free(b->hour);
	free(b->heap);
	free(b->touched);
	free(b->touched_pair);
	lookup_release(&b->ids);
	lookup_release(&b->objects);
	lookup_release(&b->pairs);
	lookup_release(&b->hours);
}

void
book_free(struct book *b)
{
	if (b == NULL)
		return;
	release(b);
	free(b);
}

void
book_clear(struct book *b)
{
	struct book *empty = book_new(&b->options);

	empty->factors = b->factors;
	empty->status = b->status;
	empty->status.events = empty->status.objects = 0;
	empty->status.version++;
	release(b);
	*b = *empty;
	free(empty);
}

void
book_set_options(struct book *b, const struct book_options *o)
{
	struct book_options old = b->options;

	b->options = *o;
	b->options.events_max = old.events_max;
	b->options.texts_max = old.texts_max;
	b->status.version++;
}

const struct book_options *
book_get_options(const struct book *b)
{
	return &b->options;
}

void
book_status(const struct book *b, struct book_status *out)
{
	*out = b->status;
	out->bytes = b->texts.bytes + b->room * (sizeof(*b->hot) + sizeof(*b->cold)) +
		     b->object_room * sizeof(*b->object) + b->pair_room * sizeof(*b->pair) +
		     b->hour_room * sizeof(*b->hour);
}

/* --- entries */

static bool
same_id(const void *arg, uint32_t number, const void *key)
{
	return memcmp(((const struct book *)arg)->cold[number].id, key, 2 * sizeof(uint64_t)) == 0;
}

static uint64_t
hash_id(const uint64_t id[2])
{
	return hash_mix(id[0] ^ hash_seed(), id[1]);
}

static void
unlink_entry(struct book *b, uint32_t i)
{
	struct book_cold *c = &b->cold[i];
	struct book_object *o = &b->object[b->hot[i].object];

	if (c->object_prev != NOWHERE)
		b->cold[c->object_prev].object_next = c->object_next;
	else
		o->head = c->object_next;
	if (c->object_next != NOWHERE)
		b->cold[c->object_next].object_prev = c->object_prev;
}

static void
evict_oldest(struct book *b)
{
	struct book_hour *h = &b->hour[b->heap[0]];
	uint32_t i = h->head, object = b->hot[i].object;
	struct book_cold *c = &b->cold[i];

	h->head = c->hour_next;
	if (h->head == NOWHERE)
		book_drop_oldest_hour(b);
	lookup_remove(&b->ids, hash_id(c->id), i);
	unlink_entry(b, i);
	texts_drop(&b->texts, c->message);
	texts_drop(&b->texts, c->row);
	texts_drop(&b->texts, c->stories);
	texts_drop(&b->texts, c->techniques);
	texts_drop(&b->texts, c->tactics);
	book_drop_pair(b, b->hot[i].pair);
	book_drop_object(b, object);
	b->hot[i].pair = NOWHERE;
	c->hour_next = b->free_place;
	b->free_place = i;
	b->status.events--;
	b->status.evicted++;
}

static uint32_t
take_place(struct book *b)
{
	uint32_t i = b->free_place;

	if (i != NOWHERE) {
		b->free_place = b->cold[i].hour_next;
		return i;
	}
	if (b->places == b->room) {
		b->room = b->room == 0 ? 256 : 2 * b->room;
		b->hot = xreallocarray(b->hot, b->room, sizeof(*b->hot));
		b->cold = xreallocarray(b->cold, b->room, sizeof(*b->cold));
	}
	return b->places++;
}

/* Bit of a tactic id; 0 for what is none, or one too many. */
static uint64_t
tactic_bit(struct book *b, struct slice id)
{
	if (id.len != 6 || memcmp(id.p, "TA", 2) != 0)
		return 0;
	for (size_t i = 2; i < 6; i++)
		if (id.p[i] < '0' || id.p[i] > '9')
			return 0;
	for (unsigned i = 0; i < b->ntactics; i++)
		if (memcmp(b->tactic[i], id.p, 6) == 0)
			return (uint64_t)1 << i;
	if (b->ntactics == BOOK_TACTICS) {
		b->status.tactics_lost++;
		return 0;
	}
	memcpy(b->tactic[b->ntactics], id.p, 6);
	return (uint64_t)1 << b->ntactics++;
}

static uint64_t
tactic_bits(struct book *b, struct slice list)
{
	uint64_t bits = 0;
	size_t start = 0;

	for (size_t i = 0; i <= list.len; i++) {
		if (i < list.len && list.p[i] != ' ')
			continue;
		bits |= tactic_bit(b, (struct slice){ list.p + start, i - start });
		start = i + 1;
	}
	return bits;
}

/* At most BOOK_TEXT_MAX bytes, not ending inside a UTF-8 sequence. */
static uint32_t
take_text(struct book *b, struct slice s)
{
	if (s.len > BOOK_TEXT_MAX) {
		s.len = BOOK_TEXT_MAX;
		while (s.len > BOOK_TEXT_MAX - 4 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	return texts_take(&b->texts, s);
}

static int32_t
thousandths(double score)
{
	return (int32_t)llround(score * SCORE_UNIT);
}

static enum book_added
grow(struct book *b, uint32_t i, const struct risk_event *e)
{
	struct book_hot *h = &b->hot[i];
	struct book_cold *c = &b->cold[i];
	struct book_hot old = *h;
	uint64_t count = c->count;

	if (e->count > c->count)
		c->count = e->count;
	if (e->first < h->first)
		h->first = e->first;
	if (e->last > h->last)
		h->last = e->last;
	h->muted = e->muted;
	if (c->count == count && h->first == old.first && h->last == old.last &&
	    h->muted == old.muted)
		return BOOK_SAME;
	b->status.version++;
	return BOOK_GREW;
}

static void
link_entry(struct book *b, uint32_t i, uint32_t object)
{
	struct book_object *o = &b->object[object];
	struct book_cold *c = &b->cold[i];
	uint32_t hour = book_take_hour(b, c->hour);
	struct book_hour *h = &b->hour[hour];

	c->object_prev = NOWHERE;
	c->object_next = o->head;
	if (o->head != NOWHERE)
		b->cold[o->head].object_prev = i;
	o->head = i;
	o->events++;
	c->hour_next = NOWHERE;
	if (h->head == NOWHERE)
		h->head = i;
	else
		b->cold[h->tail].hour_next = i;
	h->tail = i;
}

static void
insert(struct book *b, const struct risk_event *e)
{
	uint32_t object = book_take_object(b, e->object, e->object_type), i = take_place(b);
	struct risk_event base = *e;

	b->hot[i] = (struct book_hot){
		.first = e->first,
		.last = e->last < e->first ? e->first : e->last,
		.tactics = tactic_bits(b, e->tactics),
		.score = thousandths(risk_factors_score(b->factors, &base)),
		.pair = book_take_pair(b, object, take_text(b, e->search)),
		.object = object,
		.muted = e->muted,
	};
	b->cold[i] = (struct book_cold){
		.id = { e->id[0], e->id[1] },
		.hour = e->hour,
		.count = e->count,
		.base = thousandths(risk_factors_score(NULL, &base)),
		.message = take_text(b, e->message),
		.row = take_text(b, e->row),
		.stories = take_text(b, e->stories),
		.techniques = take_text(b, e->techniques),
		.tactics = take_text(b, e->tactics),
	};
	lookup_add(&b->ids, hash_id(e->id), i);
	link_entry(b, i, object);
	b->status.events++;
	b->status.version++;
}

static bool
is_full(const struct book *b)
{
	return b->status.events >= b->options.events_max ||
	       (b->texts.bytes > b->options.texts_max && b->status.events > 0);
}

enum book_added
book_add(struct book *b, const struct risk_event *e, int64_t now)
{
	uint32_t i = lookup_find(&b->ids, hash_id(e->id), same_id, b, e->id);

	if (i != LOOKUP_NONE)
		return grow(b, i, e);
	if (e->first == TIME_NONE || e->object.len == 0) {
		b->status.refused++;
		return BOOK_LEFT;
	}
	if (now != TIME_NONE && book_before(e->first, BOOK_DAY) > now) {
		b->status.ahead++;
		return BOOK_LEFT;
	}
	while (is_full(b)) {
		if (e->hour < book_heap_hour(b, 0)) {
			b->status.evicted++;
			return BOOK_LEFT;
		}
		evict_oldest(b);
	}
	insert(b, e);
	return BOOK_NEW;
}

void
book_set_factors(struct book *b, const struct risk_factors *f)
{
	b->factors = f;
	for (uint32_t i = 0; i < b->places; i++) {
		const struct book_cold *c = &b->cold[i];
		const struct book_pair *p;
		struct risk_event e;

		if (b->hot[i].pair == NOWHERE)
			continue;
		p = &b->pair[b->hot[i].pair];
		e = (struct risk_event){
			.score = (double)c->base / SCORE_UNIT,
			.object = texts_get(&b->texts, b->object[p->object].name),
			.object_type = texts_get(&b->texts, b->object[p->object].type),
			.search = texts_get(&b->texts, p->search),
			.message = texts_get(&b->texts, c->message),
			.stories = texts_get(&b->texts, c->stories),
			.techniques = texts_get(&b->texts, c->techniques),
			.tactics = texts_get(&b->texts, c->tactics),
			.row = texts_get(&b->texts, c->row),
		};
		b->hot[i].score = thousandths(risk_factors_score(f, &e));
	}
	b->status.version++;
}
