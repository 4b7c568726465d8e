/* How long to wait before the next try: doubled each time, never the same for two of us. */
#ifndef FALCOTOP_SOURCE_CONNECT_BACKOFF_H
#define FALCOTOP_SOURCE_CONNECT_BACKOFF_H

#include <sys/time.h>

#include "base/clock.h"
#include "base/hash.h"

#define BACKOFF_FIRST_MS 250
#define BACKOFF_LAST_MS	 30000
/* What worked for so long begins again at the first step. */
#define BACKOFF_GOOD (10 * NSEC_PER_SEC)

struct backoff {
	unsigned tries;
};

/* Milliseconds, a quarter more or less, at most BACKOFF_LAST_MS. */
static inline unsigned
backoff_next(struct backoff *b)
{
	unsigned ms = BACKOFF_LAST_MS, spread;

	if (b->tries < 7) /* 250 ms << 7 is over 30 s */
		ms = BACKOFF_FIRST_MS << b->tries++;
	spread = (unsigned)(hash_mix((uint64_t)clock_mono(), hash_seed()) % (ms / 2));
	ms = ms - ms / 4 + spread;
	return ms < BACKOFF_LAST_MS ? ms : BACKOFF_LAST_MS;
}

static inline void
backoff_reset(struct backoff *b)
{
	b->tries = 0;
}

static inline struct timeval
backoff_time(unsigned ms)
{
	return (struct timeval){ ms / 1000, ms % 1000 * 1000 };
}

#endif
