/*
 * Segments: runs of SEGMENT_ROWS events as columns. The open one is plain arrays that grow; when
 * full it is sealed: each column becomes a dictionary and codes of 0, 1 or 2 bytes, numbers become
 * a base and differences. Private to the model.
 */
#ifndef FALCOTOP_MODEL_SEGMENT_H
#define FALCOTOP_MODEL_SEGMENT_H

#include "model/store.h"
#include "query/rows.h"
#include "query/schema.h"

/*
 * Rows of a segment. Fewer make the open one and its sealing fit the cache, and take less memory
 * that is not compressed yet; more make better dictionaries.
 */
#ifndef SEGMENT_ROWS
#define SEGMENT_ROWS 16384
#endif
_Static_assert(SEGMENT_ROWS <= ROWS_MAX && SEGMENT_ROWS % 64 == 0, "a segment is one view");

/* base + p[i], p of 0, 1, 2, 4 or 8 bytes. */
struct packed {
	const void *p;
	uint64_t base;
	uint8_t width;
};

/* From row on, until the next run: which source, and when the bytes came. */
struct run {
	uint32_t row;
	uint16_t origin;
	int64_t arrival;
};

/* Every symbol a column holds, to be marked and renumbered: its dictionary, or its codes when they
 * are symbols. */
struct symbol_run {
	sym_t *p;
	uint32_t n;
};

struct segment {
	uint64_t first; /* event number of row 0 */
	uint32_t n;
	int64_t min_time, max_time;
	uint64_t by_priority[PRIORITY_COUNT];
	const int64_t *time;
	const uint8_t *priority;
	const uint16_t *flags;
	const uint32_t *tests;
	struct packed offset, length;
	struct packed line; /* less the row number: nearly constant */
	const struct run *run;
	uint32_t nruns;
	struct column col[COLUMNS_MAX];
	struct symbol_run symbols[COLUMNS_MAX];
	/* which slots of the schema are filled, 0: not; a slot is right only when this is the
	 * schema's generation */
	uint32_t field_gen[SCHEMA_FIELDS], test_gen[SCHEMA_TESTS];
	uint32_t unreadable; /* rows that could not be decoded again when a slot was filled later */
	struct store_span span;
	/* what was filled later, on the heap */
	void *field_mem[SCHEMA_FIELDS];
	size_t field_size[SCHEMA_FIELDS];
	uint32_t *test_mem;
	size_t extra_memory;
};

/* The segment being filled. Memory is kept for the next one. */
struct open_segment {
	uint64_t first;
	uint32_t n;
	int64_t min_time, max_time;
	uint64_t by_priority[PRIORITY_COUNT];
	char *memory; /* of all the arrays; touched as columns come up */
	int64_t *time;
	uint64_t *offset;
	uint32_t *tests, *length, *line;
	uint16_t *flags;
	uint8_t *priority;
	sym_t *col[COLUMNS_MAX]; /* NULL until first seen */
	uint64_t present[2];	 /* columns seen in this segment */
	struct run *run;
	uint32_t nruns, run_cap;
	/* slots: generation, and how many of the first rows lack them */
	uint32_t field_gen[SCHEMA_FIELDS], test_gen[SCHEMA_TESTS];
	uint32_t field_todo[SCHEMA_FIELDS], test_todo[SCHEMA_TESTS];
	uint32_t unreadable;
	unsigned ncols; /* that have memory */
};

/* Room for sealing, used again. */
struct seal_scratch {
	uint16_t *place; /* by symbol: where it may stand in the dictionary being built */
	uint32_t nplace;
	sym_t *dict;
	uint16_t *code;
	uint64_t *number;
};

void open_init(struct open_segment *o);
void open_release(struct open_segment *o);
/* Empty, with `first` as its first number; keeps memory and the generations of slots. */
void open_restart(struct open_segment *o, uint64_t first);
/* The column, made when not seen in this segment: all rows so far absent. */
sym_t *open_column(struct open_segment *o, unsigned c);
static inline bool
open_has(const struct open_segment *o, unsigned c)
{
	return o->present[c >> 6] >> (c & 63) & 1;
}
void open_add_run(struct open_segment *o, uint16_t origin, int64_t arrival);
size_t open_memory(const struct open_segment *o);

/* The full open segment in its lasting form. symbols: how many numbers are in use. */
struct segment *segment_seal(const struct open_segment *o, struct store *store,
    struct seal_scratch *scratch, uint32_t symbols, const sym_t *priority_dict);
void segment_free(struct segment *s, struct store *store);
/* Puts a column of n symbols, filled later, in the place of slot `slot`. */
void segment_set_field(struct segment *s, struct seal_scratch *scratch, uint32_t symbols,
    unsigned slot, const sym_t *column);
/* Puts the bits of `mask` in the place of what the rows have. */
void segment_set_tests(struct segment *s, uint32_t mask, const uint32_t *tests);
void seal_scratch_release(struct seal_scratch *scratch);
size_t seal_scratch_memory(const struct seal_scratch *scratch);

/* Views: rows [from, from + n) lent to the query layer. */
void segment_rows(const struct segment *s, uint32_t from, uint32_t n, const struct symtab *symbols,
    struct rows *out);
void open_rows(const struct open_segment *o, uint32_t from, uint32_t n,
    const struct symtab *symbols, const sym_t *priority_dict, struct rows *out);

/* The run that holds a row. */
const struct run *run_find(const struct run *run, uint32_t n, uint32_t row);

static inline uint64_t
packed_get(const struct packed *p, uint32_t i)
{
	switch (p->width) {
	case 0: return p->base;
	case 1: return p->base + ((const uint8_t *)p->p)[i];
	case 2: return p->base + ((const uint16_t *)p->p)[i];
	case 4: return p->base + ((const uint32_t *)p->p)[i];
	default: return p->base + ((const uint64_t *)p->p)[i];
	}
}

#endif
