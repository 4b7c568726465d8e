/*
 * What entries of the risk book are found by: risk objects, pairs of an object and a search, hours
 * with the oldest at hand. Each is counted by its entries and goes with the last one. The entries
 * themselves are kept in book.c.
 */
#include "detect/book_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define OBJECT_MAX 512 /* bytes of an object's name or type */
#define HASH_CHARS 17  /* "~" and 16 hexadecimal digits */

/* --- objects and pairs */

struct object_key {
	const struct texts *texts;
	struct slice name, type;
};

static bool
same_object(const void *arg, uint32_t number, const void *key)
{
	const struct book *b = arg;
	const struct object_key *k = key;

	return slice_eq(texts_get(&b->texts, b->object[number].name), k->name) &&
	       slice_eq(texts_get(&b->texts, b->object[number].type), k->type);
}

static uint64_t
hash_slice(struct slice s, uint64_t seed)
{
	return hash_bytes(s.len == 0 ? "" : s.p, s.len, seed);
}

static uint64_t
hash_object(struct slice name, struct slice type)
{
	return hash_slice(name, hash_slice(type, hash_seed()));
}

/* A long name is cut and told apart by a hash of the whole. */
static struct slice
short_name(struct slice s, char room[OBJECT_MAX + 1])
{
	if (s.len <= OBJECT_MAX)
		return s;
	memcpy(room, s.p, OBJECT_MAX - HASH_CHARS);
	snprintf(room + OBJECT_MAX - HASH_CHARS, HASH_CHARS + 1, "~%016llx",
	    (unsigned long long)hash_bytes(s.p, s.len, 0));
	return (struct slice){ room, OBJECT_MAX };
}

uint32_t
book_find_object(const struct book *b, struct slice object, struct slice type)
{
	char names[2][OBJECT_MAX + 1];
	struct object_key k = { &b->texts, short_name(object, names[0]),
		short_name(type, names[1]) };

	return lookup_find(&b->objects, hash_object(k.name, k.type), same_object, b, &k);
}

uint32_t
book_take_object(struct book *b, struct slice object, struct slice type)
{
	char names[2][OBJECT_MAX + 1];
	struct slice name = short_name(object, names[0]), kind = short_name(type, names[1]);
	uint32_t i = book_find_object(b, object, type);
	struct book_object *o;

	if (i != LOOKUP_NONE)
		return i;
	if (b->free_object != NOWHERE) {
		i = b->free_object;
		b->free_object = b->object[i].head;
	} else {
		if (b->nobjects == b->object_room) {
			b->object_room = b->object_room == 0 ? 64 : 2 * b->object_room;
			b->object = xreallocarray(b->object, b->object_room, sizeof(*b->object));
		}
		i = b->nobjects++;
	}
	o = &b->object[i];
	*o = (struct book_object){ .name = texts_take(&b->texts, name),
		.type = texts_take(&b->texts, kind),
		.head = NOWHERE,
		.hash = hash_object(name, kind) };
	lookup_add(&b->objects, o->hash, i);
	b->status.objects++;
	return i;
}

void
book_drop_object(struct book *b, uint32_t i)
{
	struct book_object *o = &b->object[i];

	if (--o->events > 0)
		return;
	lookup_remove(&b->objects, o->hash, i);
	texts_drop(&b->texts, o->name);
	texts_drop(&b->texts, o->type);
	o->head = b->free_object;
	b->free_object = i;
	b->status.objects--;
}

static uint64_t
hash_pair(uint32_t object, uint32_t search)
{
	return hash_mix((uint64_t)object << 32 | search, hash_seed());
}

static bool
same_pair(const void *arg, uint32_t number, const void *key)
{
	const struct book_pair *p = &((const struct book *)arg)->pair[number], *k = key;

	return p->object == k->object && p->search == k->search;
}

/* The pair of an object and a search whose text the caller holds: one hold per pair is kept. */
uint32_t
book_take_pair(struct book *b, uint32_t object, uint32_t search)
{
	struct book_pair k = { .object = object, .search = search };
	uint64_t hash = hash_pair(object, search);
	uint32_t i = lookup_find(&b->pairs, hash, same_pair, b, &k);

	if (i != LOOKUP_NONE) {
		texts_drop(&b->texts, search);
		b->pair[i].events++;
		return i;
	}
	if (b->free_pair != NOWHERE) {
		i = b->free_pair;
		b->free_pair = b->pair[i].object;
	} else {
		if (b->npairs == b->pair_room) {
			b->pair_room = b->pair_room == 0 ? 64 : 2 * b->pair_room;
			b->pair = xreallocarray(b->pair, b->pair_room, sizeof(*b->pair));
		}
		i = b->npairs++;
	}
	b->pair[i] = (struct book_pair){ .object = object, .search = search, .events = 1 };
	lookup_add(&b->pairs, hash, i);
	return i;
}

void
book_drop_pair(struct book *b, uint32_t i)
{
	struct book_pair *p = &b->pair[i];

	if (--p->events > 0)
		return;
	lookup_remove(&b->pairs, hash_pair(p->object, p->search), i);
	texts_drop(&b->texts, p->search);
	p->object = b->free_pair;
	b->free_pair = i;
}

/* --- hours: a heap, so that the oldest is at hand; an hour goes when its last entry is evicted */

static bool
same_hour(const void *arg, uint32_t number, const void *key)
{
	return ((const struct book *)arg)->hour[number].hour == *(const int64_t *)key;
}

static void
heap_swap(struct book *b, uint32_t i, uint32_t j)
{
	uint32_t t = b->heap[i];

	b->heap[i] = b->heap[j];
	b->heap[j] = t;
}

int64_t
book_heap_hour(const struct book *b, uint32_t i)
{
	return b->hour[b->heap[i]].hour;
}

uint32_t
book_take_hour(struct book *b, int64_t hour)
{
	uint64_t hash = hash_mix((uint64_t)hour, hash_seed());
	uint32_t i = lookup_find(&b->hours, hash, same_hour, b, &hour), at;

	if (i != LOOKUP_NONE)
		return i;
	if (b->free_hour != NOWHERE) {
		i = b->free_hour;
		b->free_hour = b->hour[i].next_free;
	} else {
		if (b->nhours == b->hour_room) {
			b->hour_room = b->hour_room == 0 ? 64 : 2 * b->hour_room;
			b->hour = xreallocarray(b->hour, b->hour_room, sizeof(*b->hour));
			b->heap = xreallocarray(b->heap, b->hour_room, sizeof(*b->heap));
		}
		i = b->nhours++;
	}
	b->hour[i] = (struct book_hour){ hour, NOWHERE, NOWHERE, NOWHERE };
	lookup_add(&b->hours, hash, i);
	at = b->nheap++;
	b->heap[at] = i;
	for (; at > 0 && book_heap_hour(b, at) < book_heap_hour(b, (at - 1) / 2); at = (at - 1) / 2)
		heap_swap(b, at, (at - 1) / 2);
	return i;
}

void
book_drop_oldest_hour(struct book *b)
{
	uint32_t i = b->heap[0], at = 0;

	lookup_remove(&b->hours, hash_mix((uint64_t)b->hour[i].hour, hash_seed()), i);
	b->hour[i].next_free = b->free_hour;
	b->free_hour = i;
	b->heap[0] = b->heap[--b->nheap];
	while (2 * at + 1 < b->nheap) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < b->nheap && book_heap_hour(b, child + 1) < book_heap_hour(b, child))
			child++;
		if (book_heap_hour(b, at) <= book_heap_hour(b, child))
			break;
		heap_swap(b, at, child);
		at = child;
	}
}
