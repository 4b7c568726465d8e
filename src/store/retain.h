/* What the history lets go of: risk events that came too long ago, and the oldest when the file
 * grows too large. Private to store/. */
#ifndef FALCOTOP_STORE_RETAIN_H
#define FALCOTOP_STORE_RETAIN_H

#include "store/db.h"

struct retain {
	int64_t keep_hours; /* after the arrival of an object's hour */
	uint64_t max_bytes;
	/* between steps */
	bool shrinking;	     /* too large, until it is well below */
	uint64_t unswept;    /* rows deleted since the last sweep */
	uint64_t pages_then; /* in use at the last sweep */
};

/*
 * A piece of the work, in transactions of its own, some tens of milliseconds: true while there is
 * more to do. arrived: seconds of the arrival clock. Adds to *expired the risk events deleted.
 */
bool retain_step(struct retain *r, struct db *db, int64_t arrived, uint64_t *expired);
/* Removes texts, objects and profiles that no row refers to any more; one transaction. */
bool retain_sweep(struct db *db);

#endif
