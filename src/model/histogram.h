/* Counts by time and priority at the finest resolution that keeps the number of buckets bounded.
 * Private to the model. */
#ifndef FALCOTOP_MODEL_HISTOGRAM_H
#define FALCOTOP_MODEL_HISTOGRAM_H

#include "base/clock.h"
#include "model/live.h"

#define HISTOGRAM_BUCKETS_MAX 65536

struct histogram_slot {
	int64_t bucket; /* number of the bucket since 1970 */
	uint32_t used;
	uint32_t count[PRIORITY_COUNT]; /* stays at its largest */
};

struct histogram {
	int64_t width;		     /* of a bucket, ns; 0: nothing was added yet */
	struct histogram_slot *slot; /* open addressing, a power of two */
	uint32_t size, n;
	struct histogram_slot *last; /* most events fall where the one before did */
};

void histogram_add(struct histogram *h, int64_t time, unsigned priority);
void histogram_clear(struct histogram *h);
void histogram_release(struct histogram *h);
/* Fills n buckets over [from, to). */
void histogram_read(
    const struct histogram *h, int64_t from, int64_t to, struct histogram_bucket *out, unsigned n);

#endif
