/* Building snapshots: copies of what is on screen, so that nobody outside ever looks into the
 * model. The engine thread's. */
#ifndef FALCOTOP_PIPELINE_SNAP_H
#define FALCOTOP_PIPELINE_SNAP_H

#include "pipeline/ask.h"
#include "pipeline/order.h"
#include "pipeline/risk_private.h"

/* What a build reads from and writes to. */
struct snap {
	struct model *model;
	struct rawstore *raw;
	struct decoder *decoder; /* for event pages */
	struct risk *risk;	 /* NULL: none */
	int64_t now;		 /* what rates are counted back from */
	struct buf scratch;	 /* kept between builds */
	struct snapshot *out;
};

/* The distinct values of a cell are listed when there are at most so many. */
#define SNAP_VALUES 16

void snap_panel(
    struct snap *s, struct ask_panel *p, const struct panel_request *r, struct snap_panel *out);
/* An event in full. */
void snap_event(struct snap *s, uint64_t number, struct snap_event *out);
/* Looks on for text through the rows for about budget_ns; false when there is nothing (more) to
 * look for. */
bool snap_find(
    struct snap *s, struct ask_panel *p, const struct panel_request *r, int64_t budget_ns);
void snap_bad_lines(
    struct snapshot *out, const struct order *o, struct feed *const *feeds, unsigned nfeeds);

/* --- used by the above */

/* Number of rows of the answer, and the row at a position of it (a row number, or an event number).
 */
struct snap_order {
	uint64_t total;
	const uint32_t *row; /* groups */
	bool reverse;	     /* events, newest first */
	struct live *live;
};
/* False when there is no such column to sort by. */
bool snap_order(struct snap *s, struct live *l, const struct panel_request *r, bool hold,
    struct snap_order *out);
uint64_t snap_at(const struct snap_order *o, uint64_t position);

#endif
