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
#define MOST_SLOTS  (1u << 21)
#define ROW_BITS    21 /* of a slot */
#define ROW_MASK    ((1u << ROW_BITS) - 1)
#define VIEWS	    8

_Static_assert(GROUP_ROWS_MAX + 2 <= ROW_MASK, "a row's number fits a slot");
_Static_assert(GROUP_ROWS_MAX < MOST_SLOTS / 3 * 2, "slots stay free");

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
	t->slot = array_new(NULL, FIRST_SLOTS * sizeof(*t->slot));
	t->other = GROUP_NONE;
	t->views = xcalloc(1, sizeof(*t->views));
	t->seed = hash_seed();
	return t;
}

void
group_use_pool(struct group_table *t, struct group_pool *pool)
{
	t->pool = t->hot.pool = t->cold.pool = t->values.entries.pool = pool;
}

static size_t
slot_bytes(uint32_t mask)
{
	return ((size_t)mask + 1) * sizeof(uint32_t);
}

static void
free_rows(struct group_table *t)
{
	chunks_release(&t->hot);
	chunks_release(&t->cold);
	t->n = t->ncold = 0;
	t->other = GROUP_NONE;
}

void
group_free(struct group_table *t)
{
	if (t == NULL)
		return;
	free_rows(t);
	values_clear(&t->values);
	array_free(t->pool, t->slot, slot_bytes(t->mask));
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
	array_free(t->pool, t->slot, slot_bytes(t->mask));
	t->mask = FIRST_SLOTS - 1;
	t->slot = array_new(t->pool, FIRST_SLOTS * sizeof(*t->slot));
	t->overflow = 0;
	t->version++;
}

static struct cold *
new_cold(struct group_table *t)
{
	uint32_t i = t->ncold++;
	struct cold *c;

	if (i / GROUP_CHUNK == t->cold.n)
		chunks_add(&t->cold, GROUP_CHUNK * group_cold_size(t));
	c = group_cold(t, i);
	*c = (struct cold){ .minute = INT32_MIN };
	for (unsigned k = 0; k < t->spec.ndistinct; k++) {
		c->distinct[k].n = 0;
		c->distinct[k].head = GROUP_NONE;
	}
	return c;
}

struct cold *
group_cool(struct group_table *t, struct hot *h)
{
	uint32_t i = t->ncold;
	struct cold *c = new_cold(t);

	if (hot_count(h) > 0) {
		c->minute = group_minute(h->last);
		c->per_minute[0] = h->bits.minutes;
	}
	h->bits.has_cold = 1;
	h->bits.minutes = i & GROUP_RECENT_MAX;
	return c;
}

static uint32_t
new_row(struct group_table *t, const sym_t *key)
{
	uint32_t i = t->n++;
	struct hot *h;

	if (i / GROUP_CHUNK == t->hot.n)
		chunks_add(&t->hot, GROUP_CHUNK * t->stride);
	h = group_hot(t, i);
	*h = (struct hot){ .first = INT64_MAX, .last = INT64_MIN };
	for (unsigned k = 0; k < t->words; k++)
		h->key[k] = key[k];
	if (group_all_cold(t))
		new_cold(t);
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
place(uint32_t *slot, uint32_t mask, uint32_t tag, uint32_t row)
{
	uint32_t i = tag & mask;

	while (slot[i] != 0)
		i = (i + 1) & mask;
	slot[i] = (tag & ~ROW_MASK) | (row + 1);
}

static void
place_all(struct group_table *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		place(t->slot, t->mask, key_tag(t, group_hot(t, i)->key), i);
}

/* By four: it costs a cache miss a row. */
static void
grow_slots(struct group_table *t)
{
	const uint32_t most = MOST_SLOTS - 1;

	array_free(t->pool, t->slot, slot_bytes(t->mask));
	t->mask = t->mask > most / 4 ? most : t->mask * 4 + 3;
	t->slot = array_new(t->pool, slot_bytes(t->mask));
	place_all(t);
}

static uint32_t
insert(struct group_table *t, const sym_t *key, uint32_t tag)
{
	/* two thirds full */
	if (t->n >= (t->mask + 1) / 3 * 2)
		grow_slots(t);
	place(t->slot, t->mask, tag, t->n);
	return new_row(t, key);
}

static inline bool
has_key(const struct group_table *t, uint32_t row, const struct group_keys *keys, uint32_t j)
{
	const sym_t *key = group_hot(t, row)->key;

	if (t->words == 2)
		return key[0] == keys->symbol[0][j] && key[1] == keys->symbol[1][j];
	for (unsigned k = 0; k < t->words; k++)
		if (key[k] != keys->symbol[k][j])
			return false;
	return true;
}

/* The row of key j of a batch, GROUP_NONE when there is none. */
static inline uint32_t
find_one(const struct group_table *t, const struct group_keys *keys, uint32_t j)
{
	const uint32_t tag = keys->tag[j], *slot = t->slot;

	for (uint32_t i = tag & t->mask; slot[i] != 0; i = (i + 1) & t->mask) {
		const uint32_t row = (slot[i] & ROW_MASK) - 1;

		if (((slot[i] ^ tag) & ~ROW_MASK) == 0 && has_key(t, row, keys, j))
			return row;
	}
	return GROUP_NONE;
}

/* The row for all that found no room: one with these keys may be there by chance. */
static uint32_t
other_row(struct group_table *t)
{
	struct group_keys keys = { .n = 1 };
	sym_t key[GROUP_WORDS];

	if (t->other != GROUP_NONE)
		return t->other;
	for (unsigned k = 0; k < GROUP_WORDS; k++)
		keys.symbol[k][0] = key[k] = SYM_OTHER;
	keys.tag[0] = key_tag(t, key);
	t->other = find_one(t, &keys, 0);
	if (t->other == GROUP_NONE)
		t->other = insert(t, key, keys.tag[0]);
	return t->other;
}

/* The row of a key that was not found. */
static uint32_t
add_one(struct group_table *t, const struct group_keys *keys, uint32_t j)
{
	sym_t key[GROUP_WORDS];

	for (unsigned k = 0; k < t->words; k++)
		key[k] = keys->symbol[k][j];
	return insert(t, key, keys->tag[j]);
}

static void
batch_tags(const struct group_table *t, struct group_keys *keys)
{
	static const sym_t zero[GROUP_BATCH];
	const unsigned words = t->words;
	uint64_t h[GROUP_BATCH];

	for (uint32_t j = 0; j < keys->n; j++) {
		h[j] = t->seed;
		keys->tag[j] = 0;
	}
	for (unsigned k = 0; k < words; k += 2) {
		const sym_t *a = keys->symbol[k], *b = k + 1 < words ? keys->symbol[k + 1] : zero;

		for (uint32_t j = 0; j < keys->n; j++)
			keys->tag[j] = hash_step(&h[j], a[j], b[j]);
	}
}

void
group_hash(const struct group_table *t, struct group_keys *keys)
{
	batch_tags(t, keys);
	for (uint32_t j = 0; j < keys->n; j++)
		__builtin_prefetch(&t->slot[keys->tag[j] & t->mask]);
}

static inline void
fetch_one(const struct group_table *t, uint32_t tag)
{
	uint32_t i = tag & t->mask;
	const char *h;

	while (t->slot[i] != 0 && ((t->slot[i] ^ tag) & ~ROW_MASK) != 0)
		i = (i + 1) & t->mask;
	if (t->slot[i] == 0)
		return;
	h = (const char *)group_hot(t, (t->slot[i] & ROW_MASK) - 1);
	__builtin_prefetch(h, 1);
	if (t->stride != 32)
		__builtin_prefetch(h + t->stride - 1, 1);
}

void
group_fetch(const struct group_table *t, const struct group_keys *keys)
{
	for (uint32_t j = 0; j < keys->n; j++)
		fetch_one(t, keys->tag[j]);
}

uint64_t
group_find(struct group_table *t, const struct group_keys *keys, const struct group_keys *next,
    uint32_t row[GROUP_BATCH])
{
	const uint32_t ahead = next != NULL ? next->n : 0;
	uint64_t overflowed = 0;

	for (uint32_t j = 0; j < keys->n; j++) {
		if (j < ahead)
			fetch_one(t, next->tag[j]);
		row[j] = find_one(t, keys, j);
		if (row[j] != GROUP_NONE)
			continue;
		if (t->n < t->max_rows) {
			row[j] = add_one(t, keys, j);
		} else {
			row[j] = other_row(t);
			overflowed |= (uint64_t)1 << j;
		}
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

	*r = (struct group_row){ .count = hot_count(h),
		.first = h->first,
		.last = h->last,
		.priority = h->bits.priority,
		.hostile = h->bits.hostile };
	if (group_some_cold(t) && !h->bits.has_cold) {
		r->minute = group_minute(h->last);
		r->per_minute[0] = h->bits.minutes;
	} else if (t->spec.minutes || group_all_cold(t)) {
		const struct cold *c = group_cold(t, group_all_cold(t) ? i : h->bits.minutes);

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
	}
	place_all(t);
	values_renumber(t, map);
	t->version++;
}
