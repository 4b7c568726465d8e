/* The clocks of the program, with a way for tests to freeze the wall clock. Not for event times. */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

#include "base/banned.h"

static _Atomic int64_t frozen;

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t
clock_wall(void)
{
	int64_t ns = atomic_load_explicit(&frozen, memory_order_relaxed);

	return ns != 0 ? ns : read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
clock_set(int64_t ns)
{
	atomic_store(&frozen, ns);
}
