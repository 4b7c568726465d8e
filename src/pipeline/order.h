/*
 * The ordered stage: what can only be known in sequence. Line numbers, dates of undated events,
 * second deliveries (falcosidekick's uuid), counters, the ring of rejected records. Owned by the
 * engine thread.
 */
#ifndef FALCOTOP_PIPELINE_ORDER_H
#define FALCOTOP_PIPELINE_ORDER_H

#include "pipeline/feed.h"
#include "pipeline/recent.h"

#define BAD_RING     (BATCH_BAD_MAX - 1)
#define RECENT_UUIDS (64u << 10)

struct order {
	struct recent *recent; /* NULL until an event carries a uuid */
	struct bad_line bad[BAD_RING];
	struct bad_line first_bad; /* of the run: stays when the ring has gone round */
	uint64_t nbad;		   /* ever kept: the newest is bad[(nbad - 1) % BAD_RING] */
};

void order_release(struct order *o);
/* Makes a decoded batch ready for model_apply() and adds its counters to the feed. */
void order_batch(struct order *o, struct feed *f, struct batch *b);

#endif
