/*
 * The open segment: arrays of SEGMENT_ROWS rows that fill up. All stand in one block of huge pages,
 * the numbers first, then columns in the order in which fields were first seen, so that pages of
 * fields that never come are never touched. Filling the rows is model.c's, sealing them
 * segment.c's.
 */
#include "model/segment.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define COLUMN_BYTES ((size_t)SEGMENT_ROWS * sizeof(sym_t))
/* time, offset; tests, length, line; flags; priority */
#define FIXED_BYTES ((size_t)SEGMENT_ROWS * (2 * 8 + 3 * 4 + 2 + 1))
#define HUGE_PAGE   ((size_t)2 << 20)
#define OPEN_BYTES                                                                                 \
	((FIXED_BYTES + COLUMNS_MAX * COLUMN_BYTES + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE)

_Static_assert(FIXED_BYTES % sizeof(sym_t) == 0, "columns follow, aligned");

static const sym_t absent_dict[1] = { SYM_ABSENT };

void
open_init(struct open_segment *o)
{
	memset(o, 0, sizeof(*o));
	o->memory = huge_alloc(OPEN_BYTES);
	o->time = (void *)o->memory;
	o->offset = (void *)(o->time + SEGMENT_ROWS);
	o->tests = (void *)(o->offset + SEGMENT_ROWS);
	o->length = o->tests + SEGMENT_ROWS;
	o->line = o->length + SEGMENT_ROWS;
	o->flags = (void *)(o->line + SEGMENT_ROWS);
	o->priority = (void *)(o->flags + SEGMENT_ROWS);
	open_restart(o, 0);
}

void
open_release(struct open_segment *o)
{
	huge_free(o->memory, OPEN_BYTES);
	free(o->run);
}

void
open_restart(struct open_segment *o, uint64_t first)
{
	o->first = first;
	o->n = 0;
	o->min_time = INT64_MAX;
	o->max_time = INT64_MIN;
	memset(o->by_priority, 0, sizeof(o->by_priority));
	memset(o->present, 0, sizeof(o->present));
	o->nruns = 0;
	memset(o->field_todo, 0, sizeof(o->field_todo));
	memset(o->test_todo, 0, sizeof(o->test_todo));
	o->unreadable = 0;
}

sym_t *
open_column(struct open_segment *o, unsigned c)
{
	if (open_has(o, c))
		return o->col[c];
	if (o->col[c] == NULL)
		o->col[c] = (void *)(o->memory + FIXED_BYTES + o->ncols++ * COLUMN_BYTES);
	memset(o->col[c], 0, o->n * sizeof(sym_t));
	o->present[c >> 6] |= (uint64_t)1 << (c & 63);
	return o->col[c];
}

void
open_add_run(struct open_segment *o, uint16_t origin, int64_t arrival)
{
	if (o->nruns > 0 && o->run[o->nruns - 1].origin == origin &&
	    o->run[o->nruns - 1].arrival == arrival)
		return;
	if (o->nruns == o->run_cap) {
		o->run_cap = o->run_cap == 0 ? 512 : o->run_cap * 2;
		o->run = xreallocarray(o->run, o->run_cap, sizeof(*o->run));
	}
	o->run[o->nruns++] = (struct run){ o->n, origin, arrival };
}

size_t
open_memory(const struct open_segment *o)
{
	size_t touched = FIXED_BYTES + o->ncols * COLUMN_BYTES;

	return (touched + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE + o->run_cap * sizeof(*o->run);
}

void
open_rows(const struct open_segment *o, uint32_t from, uint32_t n, const struct symtab *symbols,
    const sym_t *priority_dict, struct rows *out)
{
	out->n = n;
	out->time = o->time + from;
	out->priority = o->priority + from;
	out->flags = o->flags + from;
	out->tests = o->tests + from;
	out->symbols = symbols;
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		out->col[c] = open_has(o, c) ? (struct column){ o->col[c] + from, NULL, 0, 4 }
					     : (struct column){ NULL, absent_dict, 1, 0 };
	out->col[FIELD_PRIORITY] =
	    (struct column){ o->priority + from, priority_dict, PRIORITY_COUNT, 1 };
}

const struct run *
run_find(const struct run *run, uint32_t n, uint32_t row)
{
	uint32_t lo = 0;

	while (n > 1) {
		uint32_t half = n / 2;

		if (run[lo + half].row <= row) {
			lo += half;
			n -= half;
		} else {
			n = half;
		}
	}
	return &run[lo];
}
