/* What the files of the model share: the model and what its parts offer each other. Private to the layer. */
#ifndef FALCOTOP_MODEL_INTERNAL_H
#define FALCOTOP_MODEL_INTERNAL_H

#include "base/clock.h"
#include "decode/decode.h"
#include "model/live.h"
#include "model/segment.h"

/* Local to global symbols of one decode worker; 0: not mapped yet (SYM_ABSENT maps to itself). */
struct remap {
	const struct symtab *table;
	uint32_t generation;
	sym_t *map;
	uint32_t size;
};

/* Filling slots of one segment by decoding its rows again: a piece at a time into columns of its
 * own. */
struct backfill {
	bool active;
	uint64_t first; /* of the segment */
	uint32_t n, done;
	uint32_t fields, tests; /* slots being filled */
	uint32_t field_gen[SCHEMA_FIELDS], test_gen[SCHEMA_TESTS];
	uint32_t unreadable;
	sym_t *column[SCHEMA_FIELDS]; /* SEGMENT_ROWS each, kept */
	uint32_t *bits;
};

/* Decoding raw bytes again. */
struct again {
	struct decoder *decoder;
	uint64_t wants;	   /* version of the schema view whose names it looks for; 0: others */
	struct buf raw;	   /* one record */
	struct buf window; /* a run of records of one origin */
	bool window_valid;
	uint16_t window_origin;
	uint64_t window_offset;
	struct buf text;
	struct falco_event event;
};

struct model {
	size_t budget;
	uint32_t max_rows;
	struct rawstore *raw;
	struct symtab *symbols;
	struct schema *schema;
	const struct schema_view *view;	  /* the schema as it is now */
	uint32_t fields_used, tests_used; /* slots in use, bits */
	uint32_t time_slots;		  /* of fields_used: those named "time" */

	struct store store;
	struct segment **segment; /* oldest first, all of SEGMENT_ROWS rows, numbers without gaps */
	uint32_t nsegments, segments_cap;
	struct open_segment open;
	struct seal_scratch scratch;
	struct remap *remap; /* by worker */
	unsigned nremaps;
	sym_t priority_dict[PRIORITY_COUNT];
	sym_t *origin; /* by origin: the symbol of its name, SYM_ABSENT: not asked yet */
	uint32_t norigins;

	struct backfill backfill;
	struct again again;
	struct group_pool *pool; /* of the tables of live queries */
	struct live **live;
	unsigned nlive, live_cap;
	uint64_t live_clock; /* order of closing */
	struct rows rows;    /* a view, for whoever needs one at the moment */
	uint64_t selected[SEGMENT_ROWS / 64];

	uint64_t version, evicted, evicted_when_compacted;
	uint64_t by_priority[PRIORITY_COUNT];
	int64_t first, last;
	uint64_t overflow, compactions, unreadable;
	unsigned blocks; /* since the budget was looked at */
};

#define REMAPS_MAX 1024

/* Number of the oldest retained event, and of the next one to come. */
static inline uint64_t
model_first(const struct model *m)
{
	return m->nsegments > 0 ? m->segment[0]->first : m->open.first;
}

static inline uint64_t
model_next(const struct model *m)
{
	return m->open.first + m->open.n;
}

/* The sealed segment of a retained number; NULL: it is in the open one. */
static inline struct segment *
model_segment(const struct model *m, uint64_t number)
{
	if (number >= m->open.first)
		return NULL;
	return m->segment[(number - m->segment[0]->first) / SEGMENT_ROWS];
}

/* Time of a retained event. */
static inline int64_t
model_time(const struct model *m, uint64_t number)
{
	const struct segment *s = model_segment(m, number);

	return s == NULL ? m->open.time[number - m->open.first] : s->time[number - s->first];
}

/* --- remap.c */
struct remap *remap_begin(struct model *m, const struct block *b);
/* n symbols of the block's column in, global ones out. */
void remap_column(struct model *m, struct remap *r, const sym_t *in, sym_t *out, uint32_t n);
void remap_reset(struct model *m);
void remap_release(struct model *m);
size_t remap_memory(const struct model *m);

/* --- budget.c */
size_t model_memory(const struct model *m);
/* Lets the oldest segments go, and renumbers the symbols, until the budget is kept. */
void model_keep_budget(struct model *m);
/* Bytes kept ready for the table of a question to come. */
size_t model_reserve(const struct model *m);
struct symtab *model_new_symbols(const struct model *m);

/* --- backfill.c */
/* Looks at the schema: which slots are in use. Before rows are added and after slots were taken or
 * dropped. */
void slots_sync(struct model *m);
/* True when the slots are filled in the segment that holds `number`. */
bool slots_ready(const struct model *m, uint64_t number, uint32_t fields, uint32_t tests);
/* Rows that slots of the segment lack for good. */
uint32_t slots_unreadable(const struct model *m, uint64_t number);
/* Works on the segment that holds `number` until the deadline (clock_mono). True when it is ready.
 */
bool backfill_work(struct model *m, uint64_t number, int64_t deadline);
/* The last n rows of the open segment, at once: their block was decoded before the slots were
 * taken. */
void backfill_last(struct model *m, uint32_t n, uint32_t fields, uint32_t tests);
/* The last n rows of slots named "time". */
void backfill_time(struct model *m, uint32_t n);
void backfill_cancel(struct model *m);
void backfill_release(struct model *m);
size_t backfill_memory(const struct model *m);

/* --- again.c */
/* Reads ahead: the records of [number, end) as far as they stand together. */
void again_window(struct model *m, uint64_t number, uint64_t end);
/* Decodes a record; wants: the names of the schema's slots. NULL when its bytes are gone or hold no
 * event. */
const struct falco_event *again_slots(struct model *m, const struct model_event *e);
const struct falco_event *again_names(
    struct model *m, const struct model_event *e, const char *const *names, unsigned n);
void again_release(struct model *m);

/* --- live.c, scan.c */
/* Rows m->rows, the first of which has this number, go to every open query. */
void lives_add(struct model *m, uint64_t number);
/* The oldest segment is about to go. */
void lives_evict(struct model *m, const struct segment *s);
/* Drops the query that was closed first; false when all are open. */
bool lives_drop_closed(struct model *m);
void lives_mark(const struct model *m, uint64_t *used);
void lives_renumber(struct model *m, const sym_t *map);
size_t lives_memory(const struct model *m);
void lives_release(struct model *m);

#endif
