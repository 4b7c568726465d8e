/*
 * Live queries: compiled, kept up to date as blocks arrive, shared by equal questions, remembered
 * for a while when nobody looks. A new question scans the index in slices (live_work) so that
 * ingest does not stall.
 */
#ifndef FALCOTOP_MODEL_LIVE_H
#define FALCOTOP_MODEL_LIVE_H

#include "model/model.h"

struct live;

/*
 * The live query for q: an existing one that asks the same, or a new one that has yet to scan what
 * is retained. NULL and *err on a bad filter, an unknown field or a full schema. Balance with
 * live_close(); closed ones are kept for reuse (at most 16), not kept up to date: opened again they
 * scan what they missed.
 */
struct live *live_open(struct model *m, const struct query *q, struct filter_error *err);
void live_close(struct model *m, struct live *l);
/* Scans on for about budget_ns on behalf of every open query; true while some still has rows to
 * scan. */
bool live_work(struct model *m, int64_t budget_ns);
/* Rows scanned and rows to scan: equal when the answer is complete. */
void live_progress(const struct live *l, uint64_t *done, uint64_t *total);
uint64_t live_version(const struct live *l); /* changes when the answer does */
uint64_t live_matched(const struct live *l); /* events that passed the filter */
/* Of every kind: matched events by priority (PRIORITY_COUNT numbers), and the event time of the
 * first and last one (false when none). */
const uint64_t *live_by_priority(const struct live *l);
bool live_span(const struct live *l, int64_t *first, int64_t *last);
/* Events whose raw bytes were gone when the filter or a by-field needed them: they count as without
 * the field. */
uint64_t live_unreadable(const struct live *l);
/* Events that had left the index before the query could look at them: it was opened too late. */
uint64_t live_missed(const struct live *l);
/*
 * Field number of by-field i: of a column or a slot. QUERY_EVENTS takes no slots for its by-fields:
 * there it is FIELD_NONE for one that only the raw bytes have (time, output, raw, keys outside the
 * catalogue): see live_cell().
 */
unsigned live_by_field(const struct live *l, unsigned i);
/*
 * QUERY_EVENTS: text of by-field i of an event, from its column or by decoding its raw bytes;
 * appends to out. Returns SYM_ABSENT, SYM_NULL, SYM_EMPTY or SYM_NA when it is one of those, else
 * SYM_FIRST.
 */
sym_t live_cell(struct live *l, uint64_t number, unsigned i, struct buf *out);

/* --- QUERY_GROUPS */
const struct group_table *live_groups(const struct live *l);
/*
 * The rows in order: *n row numbers, valid until the next call or model_apply(). hold: keep the
 * order of the last call with the same key and put new rows last.
 */
const uint32_t *live_order(
    struct live *l, enum group_sort key, bool descending, int64_t now, bool hold, uint32_t *n);
/* enum group_sort of a column by name (count first last priority rate, a by- or distinct-field as
 * asked for); false when unknown. */
bool live_sort_key(const struct live *l, const char *name, enum group_sort *out);

/* --- QUERY_EVENTS: event numbers in time order (ties: arrival), those still retained. */
uint64_t live_event_count(struct live *l);
uint64_t live_event_at(struct live *l, uint64_t i);
/* Position of an event number; false when it is not in the answer. */
bool live_event_find(struct live *l, uint64_t number, uint64_t *i);

/* --- QUERY_HISTOGRAM */
struct histogram_bucket {
	uint64_t count[PRIORITY_COUNT];
};
/* Fills n buckets over [from, to). Resolution: a second for short spans, coarser as the recording
 * grows (see histogram.c). */
void live_histogram(
    const struct live *l, int64_t from, int64_t to, struct histogram_bucket *out, unsigned n);

#endif
