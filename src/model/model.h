/*
 * The event index: columns of symbols in segments of 64 Ki rows, live queries over them, one owner
 * thread. Every function here is called from that thread only. Nothing here knows of sources,
 * screens or reports.
 */
#ifndef FALCOTOP_MODEL_MODEL_H
#define FALCOTOP_MODEL_MODEL_H

#include "model/block.h"
#include "model/rawstore.h"
#include "query/query.h"

struct model;

struct model_options {
	size_t memory;	      /* budget in bytes: segments, symbols and live tables together */
	struct rawstore *raw; /* borrowed */
	uint32_t max_rows;    /* of a group table; 0 = GROUP_ROWS_MAX */
};

struct model *model_new(const struct model_options *o);
void model_free(struct model *m);
struct schema *model_schema(struct model *m);
/* The symbols of the index. Do not keep: model_apply() may put a smaller table in its place. */
const struct symtab *model_symbols(const struct model *m);

/* Adds the events of a block and brings every live query up to date. Event times must be resolved
 * (no TIME_NONE). */
void model_apply(struct model *m, const struct block *b);

struct model_stats {
	uint64_t events;   /* ever applied */
	uint64_t retained; /* in the index now */
	uint64_t evicted;  /* left the index for want of memory: still in totals of queries that saw
			      them */
	int64_t index_from;  /* event time of the oldest retained event (TIME_NONE: empty) */
	int64_t first, last; /* event time of the first and last event ever */
	uint64_t by_priority[PRIORITY_COUNT];
	size_t memory, budget;
	uint64_t symbols, symbols_overflow;
	uint64_t version; /* changes when anything was added or evicted */
	uint64_t
	    unreadable; /* rows that a query needed to decode again and whose raw bytes were gone */
	uint64_t compactions; /* times that the symbols were renumbered */
};
void model_stats(const struct model *m, struct model_stats *out);

/* --- one event
 * ------------------------------------------------------------------------------------------------
 */

/* A retained event by number: the order of arrival, from 0, never reused. */
struct model_event {
	uint64_t number;
	int64_t time, arrival;
	enum priority priority;
	uint16_t flags;
	uint16_t origin;
	uint64_t offset;
	uint32_t length, line;
};
/* False when it has left the index. */
bool model_event(const struct model *m, uint64_t number, struct model_event *out);
/* Symbol of a field of a retained event (catalogue, priority, message, origin, a filled slot); else
 * SYM_ABSENT. */
sym_t model_field(const struct model *m, uint64_t number, unsigned field);
/* Its raw bytes into out; false when gone. */
bool model_raw(const struct model *m, const struct model_event *e, struct buf *out);
/*
 * The event decoded again from its raw bytes, with the output_fields keys names[0..n) in extra[] (n
 * <= EVENT_EXTRAS; "output", "raw" and "uuid" give those). NULL when it left the index or its bytes
 * are gone. Valid until the next call of a model or live function.
 */
const struct falco_event *model_decode(
    struct model *m, uint64_t number, const char *const *names, unsigned n);

#endif
