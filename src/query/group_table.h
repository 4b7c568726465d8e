/*
 * Inside of a group table. Private to the layer: group.c keeps the rows, group_add.c adds events,
 * group_values.c the distinct values, group_sort.c sorts.
 *
 * A row is two records in chunks that never move: a hot one that every event touches, with the
 * keys, and a cold one with minutes and distinct values. When the spec asks for distinct values,
 * every row has a cold record, of its own number. When it asks for minutes alone, most rows of a
 * large table do with a number: see `minutes`.
 */
#ifndef FALCOTOP_QUERY_GROUP_TABLE_H
#define FALCOTOP_QUERY_GROUP_TABLE_H

#include "base/clock.h"
#include "query/chunks.h"
#include "query/group.h"

#define GROUP_CHUNK 1024 /* rows */
#define GROUP_BATCH 64	 /* rows of events looked up at once, so that their cache misses overlap */
#define GROUP_NONE  UINT32_MAX
#define GROUP_WORDS (GROUP_BY_MAX + 1) /* of a key: by-fields and the bucket */

#define GROUP_RECENT_MAX ((1u << 21) - 1)

/* Loaded and stored as a whole, always: the processor cannot forward a store of a part to a load of
 * the whole. */
struct hot_bits {
	uint32_t count_high : 5;
	uint32_t priority : 4;
	uint32_t hostile : 1;
	/* 0: of the 15 minutes before `last` only its own has events, `minutes` of them;
	 * 1: `minutes` is the number of the cold record */
	uint32_t has_cold : 1;
	uint32_t minutes : 21;
};

/* 32 bytes with two keys: rows that are looked up at random cost one cache line each. */
struct hot {
	uint32_t count_low;
	struct hot_bits bits;
	int64_t first, last;
	sym_t key[]; /* nby, then the number of the bucket when there are buckets */
};

_Static_assert(sizeof(struct hot) == 24 && PRIORITY_COUNT <= 16, "fields fill 64 bits");
_Static_assert(GROUP_ROWS_MAX < GROUP_RECENT_MAX, "numbers of cold records fit `minutes`");

static inline uint64_t
hot_count(const struct hot *h)
{
	return (uint64_t)h->bits.count_high << 32 | h->count_low;
}

struct cold {
	int32_t minute; /* INT32_MIN: no event yet */
	uint32_t per_minute[GROUP_MINUTES];
	struct {
		uint32_t n;
		uint32_t head; /* newest value, GROUP_NONE: none */
	} distinct[];	       /* ndistinct */
};

struct group_slot {
	uint32_t tag; /* of the hash */
	uint32_t at;  /* row or value, + 1; 0: free */
};

/* A distinct value of a row, in the list of that row. */
struct group_value {
	uint32_t row;
	sym_t symbol;
	uint32_t next;
	uint32_t which;
};

struct values {
	struct group_slot *slot;
	uint32_t mask; /* slots - 1 */
	struct chunks entries;
	uint32_t n;
	uint64_t overflow;
};

/* Where the events of one group_add() meet before the rows are looked up: one a combination of
 * codes. */
struct cell {
	uint32_t count; /* 0: not met */
	uint32_t row;
	uint32_t cold; /* where its minutes are counted event by event, GROUP_NONE: they are already
			*/
	int64_t first, last;
	uint8_t priority, hostile;
};

struct group_views;

struct group_table {
	struct group_spec spec;
	uint32_t max_rows, n;
	size_t stride;	/* of a hot record */
	unsigned words; /* of a key */
	struct chunks hot, cold;
	uint32_t ncold;
	uint32_t other; /* the "(other)" row, GROUP_NONE: not made yet */
	/* by hash: number of the row + 1, and above that bits of the hash; 0: free */
	uint32_t *slot;
	uint32_t mask;
	struct group_pool *pool;
	uint64_t seed, overflow, version;
	struct values values;
	struct group_views *views;
	/* of group_add() */
	const struct column *axis[GROUP_BY_MAX]; /* by-columns that tell cells apart */
	unsigned naxes;
	struct cell *cell;
	uint32_t ncells;
	uint32_t *met;
	uint64_t *seen;
	uint32_t nseen; /* words */
};

static inline struct hot *
group_hot(const struct group_table *t, uint32_t i)
{
	return (struct hot *)(void *)(t->hot.chunk[i / GROUP_CHUNK] +
				      (size_t)(i % GROUP_CHUNK) * t->stride);
}

/* Every row has a cold record, of its number. */
static inline bool
group_all_cold(const struct group_table *t)
{
	return t->spec.ndistinct > 0;
}

/* Rows get cold records when they need them. */
static inline bool
group_some_cold(const struct group_table *t)
{
	return t->spec.minutes && t->spec.ndistinct == 0;
}

static inline size_t
group_cold_size(const struct group_table *t)
{
	return sizeof(struct cold) + t->spec.ndistinct * sizeof(((struct cold *)0)->distinct[0]);
}

static inline struct cold *
group_cold(const struct group_table *t, uint32_t i)
{
	return (struct cold *)(void *)(t->cold.chunk[i / GROUP_CHUNK] +
				       (size_t)(i % GROUP_CHUNK) * group_cold_size(t));
}

static inline bool
group_is_missing(sym_t s)
{
	return s <= SYM_NA;
}

/* Keys of a batch, by field so that gathering them is a loop over one column. */
struct group_keys {
	uint32_t n;
	uint32_t tag[GROUP_BATCH]; /* hashes */
	sym_t symbol[GROUP_WORDS][GROUP_BATCH];
};

/* Number of the bucket of a time, as a word of a key. */
static inline sym_t
group_bucket_word(const struct group_table *t, int64_t time)
{
	const int64_t width = t->spec.bucket;

	return (sym_t)(int32_t)(time / width - (time % width < 0));
}

static inline int32_t
group_minute(int64_t time)
{
	const int64_t width = 60 * NSEC_PER_SEC;

	return (int32_t)(time / width - (time % width < 0));
}

/*
 * Looking up a batch takes three steps, with work in between if there is some: the hashes, and
 * their slots are asked for; the rows that stand there are asked for; the rows of the keys, made
 * where they are new. So a batch waits for memory about twice and not twice a key. Bit j of the
 * result: key j had no room and went to the other row.
 */
void group_hash(const struct group_table *t, struct group_keys *keys);
void group_fetch(const struct group_table *t, const struct group_keys *keys);
/* next: keys to be fetched meanwhile, NULL: none */
uint64_t group_find(struct group_table *t, const struct group_keys *keys,
    const struct group_keys *next, uint32_t row[GROUP_BATCH]);
/* A cold record for a row that has none. */
struct cold *group_cool(struct group_table *t, struct hot *h);

/* Adds n values to rows; missing ones are skipped. */
void values_add(
    struct group_table *t, unsigned which, const uint32_t *row, const sym_t *symbol, uint32_t n);
void values_clear(struct values *v);
void values_renumber(struct group_table *t, const sym_t *map);
size_t values_memory(const struct values *v);

static inline struct group_value *
values_at(const struct values *v, uint32_t i)
{
	return &((struct group_value *)(void *)v->entries.chunk[i / GROUP_CHUNK])[i % GROUP_CHUNK];
}

#endif
