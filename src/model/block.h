/*
 * A block: the decoded events of one batch as columns of the decoding worker's own symbols. A
 * worker fills it, the model applies it; recycled with its batch.
 */
#ifndef FALCOTOP_MODEL_BLOCK_H
#define FALCOTOP_MODEL_BLOCK_H

#include "query/rows.h"
#include "query/schema.h"

/*
 * Values met before, with their symbols: most come again and again, and this table stays in the
 * near caches where all the symbols of a worker do not. Belongs to one symbol table: clear it when
 * the worker starts a new one.
 */
struct block_cache;

struct block_cache *block_cache_new(void);
void block_cache_clear(struct block_cache *c);
void block_cache_free(struct block_cache *c);

struct block {
	uint32_t n, cap;
	uint16_t origin; /* of the raw store (model/rawstore.h): which source */
	int64_t arrival; /* wall clock when the bytes came in, ns */
	int64_t *time;
	uint8_t *priority;
	uint16_t *flags;
	uint32_t *tests;
	uint64_t *offset; /* of the record's bytes in its origin */
	uint32_t *length;
	uint32_t *line;	     /* 1-based line number in the origin */
	uint64_t present[2]; /* bit c: column c (column_index) was seen in this block */
	/* cap entries each, allocated when first seen; SYM_ABSENT where an event lacks the field */
	sym_t *col[COLUMNS_MAX];
	struct block_cache
	    *cache; /* the worker's, borrowed; NULL: values are looked up in the table */
	/*
	 * The worker's table. Symbols in [new_from, new_to) came up in this block for the first
	 * time, in order of appearance; no symbol of the block is new_to or above. The table must
	 * live until the block was applied.
	 */
	const struct symtab *symbols;
	unsigned worker;
	uint32_t
	    generation; /* of the worker's table: a new one starts when the old got too large */
	sym_t new_from, new_to;
	const struct schema_view
	    *schema; /* what extras and tests mean here; a reference; NULL: none */
};

void block_init(struct block *b);
/* Empties and keeps the memory; drops the schema reference. */
void block_clear(struct block *b);
void block_release(struct block *b);
/*
 * Adds one event, interning its values in `symbols`; returns its row. Columns: the catalogue,
 * message, and extras by slot; origin and priority are the model's to make. tests: bits from
 * schema_run_tests().
 */
uint32_t block_add(struct block *b, struct symtab *symbols, const struct falco_event *ev,
    uint32_t tests, uint64_t offset, uint32_t length, uint32_t line);

/*
 * Gives slots named "output", "raw" and "uuid" the event's own: call before block_add(). A slot
 * named "time" is filled by the model, which alone knows the resolved time.
 */
void block_pseudo_fields(const struct schema_view *v, struct falco_event *ev);
/* True when a slot of this name is not an output_fields key: the decoder need not look for it. */
bool block_is_pseudo(const char *name);

#endif
