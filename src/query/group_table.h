/*
 * Inside of a group table. Private to the layer: group.c keeps the rows, group_add.c adds events,
 * group_values.c the distinct values, group_sort.c sorts.
 *
 * A row is two records in chunks that never move: a hot one that every event touches, with the
 * keys, and a cold one that is there only when the spec asks for minutes or distinct values.
 */
#ifndef FALCOTOP_QUERY_GROUP_TABLE_H
#define FALCOTOP_QUERY_GROUP_TABLE_H

#include "query/chunks.h"
#include "query/group.h"

#define GROUP_CHUNK 1024 /* rows */
#define GROUP_BATCH 64	 /* rows of events looked up at once, so that their cache misses overlap */
#define GROUP_NONE  UINT32_MAX
#define GROUP_WORDS (GROUP_BY_MAX + 1) /* of a key: by-fields and the bucket */

/* 32 bytes with two keys: rows that are looked up at random cost one cache line each. */
struct hot {
	uint64_t count : 56;
	uint64_t priority : 7;
	uint64_t hostile : 1;
	int64_t first, last;
	sym_t key[]; /* nby, then the number of the bucket when there are buckets */
};

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
	struct group_slot *slot;
	uint32_t mask;
	uint64_t seed, overflow, version;
	struct values values;
	struct group_views *views;
	/* of group_add() */
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

static inline bool
group_has_cold(const struct group_table *t)
{
	return t->spec.minutes || t->spec.ndistinct > 0;
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
	sym_t symbol[GROUP_WORDS][GROUP_BATCH];
};

/* Number of the bucket of a time, as a word of a key. */
static inline sym_t
group_bucket_word(const struct group_table *t, int64_t time)
{
	const int64_t width = t->spec.bucket;

	return (sym_t)(int32_t)(time / width - (time % width < 0));
}

/* Rows of the keys, made where they are new. Bit j of the result: key j had no room and went to the
 * other row. */
uint64_t group_find(
    struct group_table *t, const struct group_keys *keys, uint32_t row[GROUP_BATCH]);

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
