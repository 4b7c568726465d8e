/* Dating events without a date (when.h says the rules). Pure but for the zone of TZ; the reference
 * is the caller's. */
#include "pipeline/when.h"

#include "base/clock.h"
#include "event/event.h"
#include "base/banned.h"

#define HOUR (3600 * NSEC_PER_SEC)
/* Keeps the arithmetic below away from overflow: years 1700 and 2240. */
#define SANE (8520000000LL * NSEC_PER_SEC)

/* Start of t's local day; asks the zone once a day, not once an event. */
static int64_t
midnight(struct when *w, int64_t t)
{
	if (w->midnight == w->next || t < w->midnight || t >= w->next) {
		w->midnight = time_local_midnight(t);
		w->next = time_local_midnight(w->midnight + 36 * HOUR);
	}
	return w->midnight;
}

static int64_t
clamp(int64_t t)
{
	return t > SANE ? SANE : t < -SANE ? -SANE : t;
}

/* The latest day on which the clock reads at most `limit`. */
static int64_t
latest(struct when *w, int64_t clock, int64_t limit)
{
	int64_t start = midnight(w, limit);

	if (start + clock > limit)
		start = time_local_midnight(start - 12 * HOUR);
	return start + clock;
}

/* The day on which the clock is nearest to t. */
static int64_t
nearest(struct when *w, int64_t clock, int64_t t)
{
	int64_t start = midnight(w, t);
	int64_t c = start + clock;

	if (t - c >= 12 * HOUR)
		return w->next + clock;
	if (c - t > 12 * HOUR)
		return time_local_midnight(start - 12 * HOUR) + clock;
	return c;
}

int64_t
when_resolve(struct when *w, int64_t time, uint16_t flags, int64_t reference, bool recorded)
{
	int64_t limit, t;

	reference = clamp(reference);
	if ((flags & EVENT_TIME_ARRIVAL) || time == TIME_NONE)
		return reference;
	if (!(flags & EVENT_TIME_CLOCK)) {
		if (time < SANE && time > -SANE) {
			w->last = time;
			w->known = w->dated = true;
		}
		return time;
	}
	limit = reference + HOUR;
	if (w->known && (recorded || (w->dated && reference - w->last > 12 * HOUR))) {
		t = nearest(w, time, w->last);
		if (t > limit)
			t = latest(w, time, limit);
	} else {
		t = latest(w, time, limit);
		w->dated = false;
	}
	w->last = t;
	w->known = true;
	return t;
}
