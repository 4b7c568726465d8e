/* A live query from inside. Private to the model. */
#ifndef FALCOTOP_MODEL_LIVEPRIV_H
#define FALCOTOP_MODEL_LIVEPRIV_H

#include "model/eventlist.h"
#include "model/histogram.h"

#define LIVE_GAPS	  4 /* stretches not scanned yet; a query that would need more starts anew */
#define LIVE_CLOSED_MAX	  16
#define LIVE_CLOSED_BYTES ((size_t)16 << 20) /* of tables */
#define LIVE_STEP_MIN	  2048u

struct gap {
	uint64_t from, to; /* event numbers */
};

struct live {
	struct model *model;
	struct query query;
	struct filter *filter; /* bound */
	bool all;	       /* it and the time range keep everything */
	unsigned by[GROUP_BY_MAX], distinct[GROUP_DISTINCT];
	uint32_t fields, tests; /* slots it reads */
	unsigned users;		/* 0: closed */
	uint64_t closed;	/* the model's live_clock then */
	uint64_t paused;	/* first number not seen when closed */

	struct gap gap[LIVE_GAPS]; /* in order, not empty */
	unsigned ngaps;
	uint64_t done;
	uint32_t step; /* rows scanned at a time: made smaller when a step takes long */

	uint64_t version, matched, unreadable, missed;
	uint64_t by_priority[PRIORITY_COUNT];
	int64_t first, last;

	struct group_table *table;
	struct event_list events;
	struct histogram histogram;

	uint32_t *order;
	uint32_t norder, order_cap;
	enum group_sort order_key;
	bool order_descending;
	uint64_t order_version; /* of the table when it was sorted; UINT64_MAX: never */
	int64_t order_minute;
};

/* scan.c: rows of the view, the first of which is event `number`, into the answer. s: the view is
 * all of this segment. */
void live_add(struct live *l, const struct rows *rows, uint64_t number, const struct segment *s);
/* live.c: nothing seen yet, everything retained to be scanned. */
void live_restart(struct live *l);

#endif
