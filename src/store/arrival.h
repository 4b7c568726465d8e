/*
 * The clock of arrival: what the age of a risk event is measured by. It follows the wall clock, but
 * a wall clock that jumps (a battery, a fake time server, somebody's hand) does not make everything
 * old at once: it goes on by what truly passed, and after a leap forward that stays it closes up by
 * a day an hour. It never goes back. Plain computation; the caller keeps the value over restarts.
 */
#ifndef FALCOTOP_STORE_ARRIVAL_H
#define FALCOTOP_STORE_ARRIVAL_H

#include <stdint.h>

#define ARRIVAL_LEAP (7 * 24 * 3600LL) /* seconds ahead that are believed: a week switched off */

struct arrival {
	int64_t now;  /* seconds since 1970; 0 = not set yet */
	int64_t mono; /* of the last look, seconds */
};

static inline int64_t
arrival_now(struct arrival *a, int64_t wall, int64_t mono)
{
	int64_t passed = mono > a->mono && a->mono != 0 ? mono - a->mono : 0;

	a->mono = mono;
	if (a->now == 0 || (wall >= a->now && wall - a->now <= ARRIVAL_LEAP)) {
		a->now = wall > 0 ? wall : 1;
	} else if (wall < a->now) {
		a->now += passed;
	} else {
		int64_t closer = passed > ARRIVAL_LEAP ? passed : passed * 24;

		a->now = wall - a->now < closer ? wall : a->now + closer;
	}
	return a->now;
}

#endif
