/*
 * What a query looks at: a run of rows as columns of symbols. The model lends such views of its
 * segments and of rows just added; tests make their own. Nothing here owns memory.
 */
#ifndef FALCOTOP_QUERY_ROWS_H
#define FALCOTOP_QUERY_ROWS_H

#include "base/bits.h"
#include "base/symtab.h"
#include "event/event.h"

#define ROWS_MAX 65536 /* rows in one view: a segment */

/*
 * width 0: every row holds dict[0]; 1 and 2: code[i] (uint8_t, uint16_t) indexes dict; 4: code[i]
 * is the symbol itself and dict is NULL. A column that no row has is width 0 with dict[0] ==
 * SYM_ABSENT.
 */
struct column {
	const void *code;
	const sym_t *dict;
	uint32_t ndict;
	uint8_t width;
};

/* Columns by field: catalogue, priority, message and origin are columns too; time, output and raw
 * are not. */
#define COLUMNS_MAX (FIELD_KNOWN + EVENT_EXTRAS)

static inline unsigned
column_index(unsigned field)
{
	return field < FIELD_KNOWN ? field : FIELD_KNOWN + (field - FIELD_DYNAMIC);
}

struct rows {
	uint32_t n;
	const int64_t *time;	 /* never TIME_NONE */
	const uint8_t *priority; /* enum priority */
	const uint16_t *flags;	 /* enum event_flag */
	const uint32_t *tests;	 /* bit n: test slot n of the schema holds for the row */
	struct column col[COLUMNS_MAX];
	const struct symtab *symbols;
};

static inline sym_t
rows_symbol(const struct rows *r, unsigned field, uint32_t i)
{
	const struct column *c = &r->col[column_index(field)];

	switch (c->width) {
	case 0: return c->dict[0];
	case 1: return c->dict[((const uint8_t *)c->code)[i]];
	case 2: return c->dict[((const uint16_t *)c->code)[i]];
	default: return ((const sym_t *)c->code)[i];
	}
}

#endif
