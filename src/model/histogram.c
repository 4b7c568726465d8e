/*
 * The counts behind a histogram. Buckets are a second wide at first; when 65,536 of them hold
 * something, they become twice as wide, again and again. Only buckets that hold something take
 * room, so one event with a wrong year spoils nothing.
 */
#include "model/histogram.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define SLOTS_FIRST 256
#define RUN	    16u

static inline int64_t
bucket_of(int64_t t, int64_t width)
{
	return t / width - (t % width < 0);
}

static struct histogram_slot *
find_slot(const struct histogram *h, int64_t bucket)
{
	/* neighbours in time stand together: events come in order */
	uint64_t run = hash_mix((uint64_t)bucket / RUN, hash_seed()) * RUN;
	uint32_t i = (uint32_t)(run + (uint64_t)bucket % RUN) & (h->size - 1);

	while (h->slot[i].used && h->slot[i].bucket != bucket)
		i = (i + 1) & (h->size - 1);
	return &h->slot[i];
}

static inline void
add(uint32_t *count, uint32_t n)
{
	*count = n > UINT32_MAX - *count ? UINT32_MAX : *count + n;
}

/* Puts all counts into a new table; called to grow and to widen. */
static void
rebuild(struct histogram *h, uint32_t size, int64_t width)
{
	struct histogram_slot *old = h->slot;
	uint32_t old_size = h->size;
	int64_t factor = width / (h->width != 0 ? h->width : width);

	h->slot = xcalloc(size, sizeof(*h->slot));
	h->size = size;
	h->width = width;
	h->n = 0;
	h->last = NULL;
	for (uint32_t i = 0; i < old_size; i++) {
		struct histogram_slot *s;

		if (!old[i].used)
			continue;
		s = find_slot(h, bucket_of(old[i].bucket, factor));
		h->n += !s->used;
		s->used = 1;
		s->bucket = bucket_of(old[i].bucket, factor);
		for (unsigned p = 0; p < PRIORITY_COUNT; p++)
			add(&s->count[p], old[i].count[p]);
	}
	free(old);
}

void
histogram_add(struct histogram *h, int64_t time, unsigned priority)
{
	int64_t bucket;

	if (h->size == 0)
		rebuild(h, SLOTS_FIRST, NSEC_PER_SEC);
	bucket = bucket_of(time, h->width);
	if (h->last == NULL || h->last->bucket != bucket) {
		h->last = find_slot(h, bucket);
		while (!h->last->used && (h->n >= HISTOGRAM_BUCKETS_MAX || h->n >= h->size / 2)) {
			bool widen = h->n >= HISTOGRAM_BUCKETS_MAX;

			rebuild(h, widen ? h->size : h->size * 2, widen ? h->width * 2 : h->width);
			bucket = bucket_of(time, h->width);
			h->last = find_slot(h, bucket);
		}
		h->n += !h->last->used;
		h->last->used = 1;
		h->last->bucket = bucket;
	}
	add(&h->last->count[priority], 1);
}

void
histogram_clear(struct histogram *h)
{
	free(h->slot);
	memset(h, 0, sizeof(*h));
}

void
histogram_release(struct histogram *h)
{
	histogram_clear(h);
}

/* The counts of a slot, spread evenly over the columns that [start, end) touches; none is lost. */
static void
spread(const struct histogram_slot *s, __int128 start, __int128 end, __int128 span,
    struct histogram_bucket *out, unsigned n)
{
	unsigned first = (unsigned)(start * n / span);
	unsigned last = (unsigned)((end - 1) * n / span);
	uint32_t done[PRIORITY_COUNT] = { 0 };

	for (unsigned at = first; at <= last; at++) {
		__int128 edge = (span * (at + 1) + n - 1) / n;

		for (unsigned p = 0; p < PRIORITY_COUNT; p++) {
			uint32_t upto = s->count[p];

			if (upto > 0 && at < last)
				upto = (uint32_t)(upto * (edge - start) / (end - start));
			out[at].count[p] += upto - done[p];
			done[p] = upto;
		}
	}
}

/*
 * A bucket that straddles an end is counted inside: what is asked for is all there. It counts where
 * it begins; where columns are narrower than it, in all that it covers: a steady stream has no
 * gaps.
 */
void
histogram_read(
    const struct histogram *h, int64_t from, int64_t to, struct histogram_bucket *out, unsigned n)
{
	__int128 span = (__int128)to - from;
	bool narrow = span < (__int128)h->width * n;

	memset(out, 0, n * sizeof(*out));
	if (from >= to || n == 0)
		return;
	for (uint32_t i = 0; i < h->size; i++) {
		const struct histogram_slot *s = &h->slot[i];
		__int128 start = (__int128)s->bucket * h->width - from, end = start + h->width;

		if (!s->used || start >= span || end <= 0)
			continue;
		if (!narrow)
			end = (start < 0 ? 0 : start) + 1;
		spread(s, start < 0 ? 0 : start, end > span ? span : end, span, out, n);
	}
}
