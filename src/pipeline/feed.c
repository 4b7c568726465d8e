/* Events a second, counted in whole seconds. Not here: any clock; callers say what time it is. */
#include "pipeline/feed.h"

#include "base/clock.h"
#include "base/banned.h"

static void
advance(struct rate *r, int64_t second)
{
	int64_t by = second - r->second;

	if (by <= 0)
		return;
	for (int i = RATE_SECONDS; i >= 0; i--)
		r->count[i] = i >= by ? r->count[i - by] : 0;
	r->second = second;
}

void
rate_add(struct rate *r, int64_t mono, uint32_t n)
{
	advance(r, mono / NSEC_PER_SEC);
	r->count[0] += n;
}

/* The last whole seconds, and the one that runs now as far as it got. */
double
rate_read(const struct rate *r, int64_t mono)
{
	struct rate now = *r;
	uint64_t sum = 0;

	advance(&now, mono / NSEC_PER_SEC);
	for (unsigned i = 0; i <= RATE_SECONDS; i++)
		sum += now.count[i];
	return (double)sum / (RATE_SECONDS + (double)(mono % NSEC_PER_SEC) / (double)NSEC_PER_SEC);
}
