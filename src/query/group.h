/*
 * Group-by and aggregates, incremental: rows go in as they arrive (or segment by segment), rows of
 * the table come out. count, first, last, highest priority, events in each of the last 15 minutes,
 * and up to GROUP_DISTINCT distinct counts (with their values) a group.
 */
#ifndef FALCOTOP_QUERY_GROUP_H
#define FALCOTOP_QUERY_GROUP_H

#include "query/rows.h"

#define GROUP_BY_MAX   16
#define GROUP_DISTINCT 8
#define GROUP_MINUTES  15
#define GROUP_ROWS_MAX (1u << 20) /* then one more row whose keys are all SYM_OTHER */
#define GROUP_VALUES_MAX                                                                           \
	(1u << 22) /* distinct values of all rows together: then distinct counts grow no more */

#define GROUP_COUNT_MAX (((uint64_t)1 << 37) - 1)

struct group_spec {
	unsigned nby; /* 0: one row, the total */
	uint16_t by[GROUP_BY_MAX];
	unsigned ndistinct;
	uint16_t distinct[GROUP_DISTINCT];
	bool minutes;	/* keep the 15-minute counts */
	int64_t bucket; /* ns of event time, at least a second: rows of different buckets are
			   different rows; 0: none */
};

struct group_row {
	uint64_t count;	     /* stands still at GROUP_COUNT_MAX */
	int64_t first, last; /* event time, ns */
	uint8_t priority;    /* highest seen */
	uint8_t hostile;     /* some event of the row has EVENT_ODD */
	/* zero unless the spec asked for minutes; an event older than the 15 minutes is in the
	 * count and not here */
	int32_t minute;			    /* minutes since 1970 of the newest slot below */
	uint32_t per_minute[GROUP_MINUTES]; /* [0] is `minute`, [1] the one before, … */
	/* values seen; absent, null, empty and <NA> are none */
	uint32_t distinct[GROUP_DISTINCT];
};

struct group_table;
struct group_pool;

/* Memory that tables leave is kept for the next ones, up to `most` bytes; the pool outlives them.
 */
struct group_pool *group_pool_new(size_t most);
/* Adds a block of new memory that was touched, unless there are `want` bytes already. Called now
 * and then it makes a store for the first large table: else that one waits longer for new memory
 * than for all the rest. */
void group_pool_warm(struct group_pool *pool, size_t want);
/* Gives memory back that is above `keep` bytes; returns whether there was any. */
bool group_pool_trim(struct group_pool *pool, size_t keep);
void group_pool_free(struct group_pool *pool);
size_t group_pool_memory(const struct group_pool *pool);

/* max_rows 0: GROUP_ROWS_MAX, which is also the most. */
struct group_table *group_new(const struct group_spec *spec, uint32_t max_rows);
/* From now on memory comes from the pool and goes there. */
void group_use_pool(struct group_table *t, struct group_pool *pool);
void group_free(struct group_table *t);
void group_clear(struct group_table *t);

/* Adds the rows of [from, to) whose bit is set in `selected` (NULL: all of them). */
void group_add(struct group_table *t, const struct rows *rows, const uint64_t *selected,
    uint32_t from, uint32_t to);

uint32_t group_count(const struct group_table *t);
uint64_t group_version(const struct group_table *t); /* changes when any row does */
/* Put together for the caller: good until the eighth next call. Copy it to keep it. */
const struct group_row *group_row(const struct group_table *t, uint32_t i);
/* nby symbols; stays where it is until group_clear() or group_renumber(). */
const sym_t *group_key(const struct group_table *t, uint32_t i);
/* Start of the row's time bucket, ns since 1970; INT64_MIN without buckets and for the "(other)"
 * row.
 */
int64_t group_bucket(const struct group_table *t, uint32_t i);
/* A number for the row's key texts (and bucket) that stays the same over re-scans and renumbering:
 * what a cursor sticks to. */
uint64_t group_identity(const struct group_table *t, uint32_t i, const struct symtab *symbols);
/* The first max of the distinct values seen, sorted by bytes; returns how many. */
uint32_t group_values(const struct group_table *t, uint32_t i, unsigned which,
    const struct symtab *symbols, sym_t *out, uint32_t max);
/* Rows that went to the "(other)" row for want of room. */
uint64_t group_overflow(const struct group_table *t);
/* Values not counted because of GROUP_VALUES_MAX: when not 0, distinct counts are lower bounds. */
uint64_t group_values_overflow(const struct group_table *t);
size_t group_memory(const struct group_table *t);
/* Symbols were renumbered: map[old] is the new number (SYM_ABSENT where dropped: cannot happen to
 * one marked). */
void group_mark(const struct group_table *t, uint64_t *used);
void group_renumber(struct group_table *t, const sym_t *map);

enum group_sort {
	GROUP_SORT_COUNT,
	GROUP_SORT_FIRST,
	GROUP_SORT_LAST,
	GROUP_SORT_PRIORITY,
	GROUP_SORT_RATE,
	GROUP_SORT_BY,					   /* + index of a by-field */
	GROUP_SORT_DISTINCT = GROUP_SORT_BY + GROUP_BY_MAX /* + index of a distinct field */
};

/* Events a minute over the last 5 whole minutes before now (ns). 0 without minutes. */
double group_rate(const struct group_row *r, int64_t now);

/*
 * Sorts the n row numbers in order[]. By a by-field: numbers by value, then texts by bytes, in the
 * direction asked for (the field "priority" by level); then, whatever the direction, <NA>, empty,
 * null and absent. Ties: by-fields in byte order, ascending whatever the direction, where absent,
 * null and empty are "" (and come in this order). No two rows are equal in that, so the order is
 * total and depends on texts (and buckets) alone, never on symbol numbers or the order of arrival.
 */
void group_sort(const struct group_table *t, const struct symtab *symbols, uint32_t *order,
    uint32_t n, enum group_sort key, bool descending, int64_t now);

#endif
