/*
 * What the engine knows of one source: its state and errors as the source tells them, its counters
 * as batches are applied, and what the ordered stage remembers between its batches.
 */
#ifndef FALCOTOP_PIPELINE_FEED_H
#define FALCOTOP_PIPELINE_FEED_H

#include "pipeline/engine.h"
#include "pipeline/when.h"

#define RATE_SECONDS 5 /* over which events a second are counted */

/* Events in each of the last seconds. */
struct rate {
	int64_t second; /* of slot 0: monotonic */
	uint32_t count[RATE_SECONDS + 1];
};

void rate_add(struct rate *r, int64_t mono, uint32_t n);
double rate_read(const struct rate *r, int64_t mono);

struct feed {
	char *name;
	/* told by the source, under the engine's lock */
	enum source_state state;
	char *error;
	uint64_t total;
	uint64_t progress; /* of total, when the source tells; 0: what was decoded */
	uint64_t dropped, losses;
	uint64_t sent; /* batches pushed */
	/* the engine thread's */
	_Atomic(uint64_t) applied; /* batches; others look at it */
	struct tally tally;
	uint32_t lines; /* so far in the origin */
	struct when when;
	struct rate rate;
	double lag;
	int64_t newest; /* event time of the newest event */
	int64_t last_arrival;
	bool live; /* its events come as they happen */
};

#endif
