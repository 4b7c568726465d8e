/*
 * The rows of a group table: found by their keys in an open-addressing table, kept in chunks,
 * capped. Adding events is group_add.c.
 */
#include "query/group_table.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define FIRST_SLOTS 256
#define FAST_SLOTS  (1u << 18)
#define VIEWS	    8

/* What group_row() lends out, in turn. */
struct group_views {
	struct group_row row[VIEWS];
	unsigned turn;
};

struct group_table *
group_new(const struct group_spec *spec, uint32_t max_rows)
{
	struct group_table *t = xcalloc(1, sizeof(*t));

	t->spec = *spec;
	t->max_rows = max_rows == 0 || max_rows > GROUP_ROWS_MAX ? GROUP_ROWS_MAX : max_rows;
	t->words = spec->nby + (spec->bucket > 0);
	t->stride = (offsetof(struct hot, key) + t->words * sizeof(sym_t) + 7) & ~(size_t)7;
	t->mask = FIRST_SLOTS - 1;
	t->slot = array_new(FIRST_SLOTS * sizeof(*t->slot));
	t->views = xcalloc(1, sizeof(*t->views));
	t->seed = hash_seed();
	return t;
}

static size_t
slot_bytes(uint32_t mask)
{
	return ((size_t)mask + 1) * sizeof(struct group_slot);
}

static void
free_rows(struct group_table *t)
{
	chunks_release(&t->hot);
	chunks_release(&t->cold);
	t->n = 0;
}

void
group_free(struct group_table *t)
{
	if (t == NULL)
		return;
	free_rows(t);
	values_clear(&t->values);
	array_free(t->slot, slot_bytes(t->mask));
	free(t->views);
	free(t->cell);
	free(t->met);
	free(t->seen);
	free(t);
}

void
group_clear(struct group_table *t)
{
	free_rows(t);
	values_clear(&t->values);
	array_free(t->slot, slot_bytes(t->mask));
	t->mask = FIRST_SLOTS - 1;
	t->slot = array_new(FIRST_SLOTS * sizeof(*t->slot));
	t->overflow = 0;
	t->version++;
}

static uint32_t
new_row(struct group_table *t, const sym_t *key)
{
	uint32_t i = t->n;
	struct hot *h;

	if (i / GROUP_CHUNK == t->hot.n) {
		chunks_add(&t->hot, GROUP_CHUNK * t->stride);
		if (group_has_cold(t))
			chunks_add(&t->cold, GROUP_CHUNK * group_cold_size(t));
	}
	h = group_hot(t, i);
	h->count = 0;
	h->first = INT64_MAX;
	h->last = INT64_MIN;
	h->priority = h->hostile = 0;
	for (unsigned k = 0; k < t->words; k++)
		h->key[k] = key[k];
	if (group_has_cold(t)) {
		struct cold *c = group_cold(t, i);

		*c = (struct cold){ .minute = INT32_MIN };
		for (unsigned k = 0; k < t->spec.ndistinct; k++) {
			c->distinct[k].n = 0;
			c->distinct[k].head = GROUP_NONE;
		}
	}
	t->n++;
	return i;
}

/* Two keys a step; odd ones out are paired with 0. */
static uint32_t
hash_step(uint64_t *h, sym_t a, sym_t b)
{
	*h = hash_mix(*h, (uint64_t)b << 32 | a);
	return (uint32_t)(*h >> 32) ^ (uint32_t)*h;
}

static uint32_t
key_tag(const struct group_table *t, const sym_t *key)
{
	uint64_t h = t->seed;
	uint32_t tag = 0;

	for (unsigned k = 0; k < t->words; k += 2)
		tag = hash_step(&h, key[k], k + 1 < t->words ? key[k + 1] : 0);
	return tag;
}

static void
place(struct group_slot *slot, uint32_t mask, uint32_t tag, uint32_t at)
{
	uint32_t i = tag & mask;

	while (slot[i].at != 0)
		i = (i + 1) & mask;
	slot[i] = (struct group_slot){ tag, at };
}

static void
grow_slots(struct group_table *t)
{
	/* by four while that is cheap: every move is a cache miss a row */
	uint32_t mask = t->mask < FAST_SLOTS ? t->mask * 4 + 3 : t->mask * 2 + 1;
	struct group_slot *slot = array_new(slot_bytes(mask));

	for (uint32_t i = 0; i <= t->mask; i++)
		if (t->slot[i].at != 0)
			place(slot, mask, t->slot[i].tag, t->slot[i].at);
	array_free(t->slot, slot_bytes(t->mask));
	t->slot = slot;
	t->mask = mask;
}

static uint32_t
insert(struct group_table *t, const sym_t *key, uint32_t tag)
{
	if (t->n * 2 > t->mask)
		grow_slots(t);
	place(t->slot, t->mask, tag, t->n + 1);
	return new_row(t, key);
}

/* The row of key j of a batch, GROUP_NONE when there is none. */
static inline uint32_t
find_one(const struct group_table *t, const struct group_keys *keys, uint32_t j, uint32_t tag)
{
	for (uint32_t i = tag & t->mask; t->slot[i].at != 0; i = (i + 1) & t->mask) {
		const sym_t *key;
		unsigned k = 0;

		if (t->slot[i].tag != tag)
			continue;
		key = group_hot(t, t->slot[i].at - 1)->key;
		while (k < t->words && key[k] == keys->symbol[k][j])
			k++;
		if (k == t->words)
			return t->slot[i].at - 1;
	}
	return GROUP_NONE;
}

/* A key that was not found: its new row, or the other one when there is no room. */
static uint32_t
add_one(struct group_table *t, const struct group_keys *keys, uint32_t j, uint32_t tag,
    bool *overflowed)
{
	struct group_keys other = { .n = 1 };
	sym_t key[GROUP_WORDS];
	uint32_t row;

	for (unsigned k = 0; k < t->words; k++)
		key[k] = keys->symbol[k][j];
	*overflowed = t->n >= t->max_rows;
	if (!*overflowed)
		return insert(t, key, tag);
	for (unsigned k = 0; k < GROUP_WORDS; k++)
		other.symbol[k][0] = key[k] = SYM_OTHER;
	tag = key_tag(t, key);
	row = find_one(t, &other, 0, tag);
	return row != GROUP_NONE ? row : insert(t, key, tag);
}

static void
batch_tags(const struct group_table *t, const struct group_keys *keys, uint32_t tag[GROUP_BATCH])
{
	static const sym_t zero[GROUP_BATCH];
	const unsigned words = t->words;
	uint64_t h[GROUP_BATCH];

	for (uint32_t j = 0; j < keys->n; j++) {
		h[j] = t->seed;
		tag[j] = 0;
	}
	for (unsigned k = 0; k < words; k += 2) {
		const sym_t *a = keys->symbol[k], *b = k + 1 < words ? keys->symbol[k + 1] : zero;

		for (uint32_t j = 0; j < keys->n; j++)
			tag[j] = hash_step(&h[j], a[j], b[j]);
	}
}

/* First all slots, then all rows are asked for, so that a batch waits for memory about twice and
 * not twice a key. */
uint64_t
group_find(struct group_table *t, const struct group_keys *keys, uint32_t row[GROUP_BATCH])
{
	uint32_t tag[GROUP_BATCH];
	uint64_t overflowed = 0;

	batch_tags(t, keys, tag);
	for (uint32_t j = 0; j < keys->n; j++)
		__builtin_prefetch(&t->slot[tag[j] & t->mask]);
	for (uint32_t j = 0; j < keys->n; j++) {
		const struct group_slot *s = &t->slot[tag[j] & t->mask];

		if (s->at != 0) {
			const char *h = (const char *)group_hot(t, s->at - 1);

			__builtin_prefetch(h, 1);
			__builtin_prefetch(h + t->stride - 1, 1);
		}
	}
	for (uint32_t j = 0; j < keys->n; j++) {
		bool over = false;

		row[j] = find_one(t, keys, j, tag[j]);
		if (row[j] == GROUP_NONE)
			row[j] = add_one(t, keys, j, tag[j], &over);
		overflowed |= (uint64_t)over << j;
	}
	return overflowed;
}

uint32_t
group_count(const struct group_table *t)
{
	return t->n;
}

uint64_t
group_version(const struct group_table *t)
{
	return t->version;
}

const struct group_row *
group_row(const struct group_table *t, uint32_t i)
{
	struct group_row *r = &t->views->row[t->views->turn++ % VIEWS];
	const struct hot *h = group_hot(t, i);

	*r = (struct group_row){ .count = h->count,
		.first = h->first,
		.last = h->last,
		.priority = h->priority,
		.hostile = h->hostile };
	if (group_has_cold(t)) {
		const struct cold *c = group_cold(t, i);

		memcpy(r->per_minute, c->per_minute, sizeof(r->per_minute));
		for (unsigned k = 0; k < t->spec.ndistinct; k++)
			r->distinct[k] = c->distinct[k].n;
		r->minute = c->minute == INT32_MIN ? 0 : c->minute;
	}
	return r;
}

const sym_t *
group_key(const struct group_table *t, uint32_t i)
{
	return group_hot(t, i)->key;
}

/* The "(other)" row has all words the same; a real row would need symbols of that name, and a
 * bucket in 1970. */
static bool
is_other(const struct group_table *t, uint32_t i)
{
	const sym_t *key = group_key(t, i);

	for (unsigned k = 0; k < t->words; k++)
		if (key[k] != SYM_OTHER)
			return false;
	return t->words > 1;
}

int64_t
group_bucket(const struct group_table *t, uint32_t i)
{
	if (t->spec.bucket <= 0 || is_other(t, i))
		return INT64_MIN;
	return (int32_t)group_key(t, i)[t->spec.nby] * t->spec.bucket;
}

uint64_t
group_identity(const struct group_table *t, uint32_t i, const struct symtab *symbols)
{
	const sym_t *key = group_key(t, i);
	uint64_t h = hash_mix(t->seed, t->spec.nby);

	/* absent, null and empty have one text: their fixed numbers tell them apart */
	for (unsigned k = 0; k < t->spec.nby; k++)
		h = hash_mix(h, key[k] <= SYM_EMPTY ? key[k] : symtab_hash(symbols, key[k]));
	if (t->words > t->spec.nby)
		h = hash_mix(h, key[t->spec.nby]);
	return h == 0 ? 1 : h;
}

uint64_t
group_overflow(const struct group_table *t)
{
	return t->overflow;
}

size_t
group_memory(const struct group_table *t)
{
	return sizeof(*t) + sizeof(*t->views) + chunks_memory(&t->hot) + chunks_memory(&t->cold) +
	       slot_bytes(t->mask) + t->ncells * (sizeof(*t->cell) + sizeof(*t->met)) +
	       t->nseen * sizeof(*t->seen) + values_memory(&t->values);
}

void
group_mark(const struct group_table *t, uint64_t *used)
{
	for (uint32_t i = 0; i < t->n; i++)
		for (unsigned k = 0; k < t->spec.nby; k++)
			bit_set(used, group_hot(t, i)->key[k]);
	for (uint32_t i = 0; i < t->values.n; i++)
		bit_set(used, values_at(&t->values, i)->symbol);
}

void
group_renumber(struct group_table *t, const sym_t *map)
{
	memset(t->slot, 0, slot_bytes(t->mask));
	for (uint32_t i = 0; i < t->n; i++) {
		struct hot *h = group_hot(t, i);

		for (unsigned k = 0; k < t->spec.nby; k++)
			h->key[k] = map[h->key[k]];
		place(t->slot, t->mask, key_tag(t, h->key), i + 1);
	}
	values_renumber(t, map);
	t->version++;
}
