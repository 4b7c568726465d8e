/*
 * Dating events that carry no date. Falco's text output has the time of day only, and some lines no
 * readable time at all.
 *
 *   no readable time       the reference: arrival, or the modification time of a recorded file
 *   time of day, live      the latest day that puts it at most an hour after the reference; a
 * source whose dated events run more than 12 hours behind their arrival (a backlog) is dated like a
 * recording time of day, recorded  the day nearest to the event before it, so that a clock that
 * goes back by more than 12 hours is the next day; never more than an hour after the reference. The
 * first one: as live.
 *
 * A recording of several days whose lines have no date is folded into the day before its
 * modification time: the number of midnights in it is not known before it was read.
 */
#ifndef FALCOTOP_PIPELINE_WHEN_H
#define FALCOTOP_PIPELINE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* What is known of a source's clock; all zero to start. */
struct when {
	bool known;		/* last is set */
	bool dated;		/* last came with its date */
	int64_t last;		/* the event before */
	int64_t midnight, next; /* the local day computed last: midnight <= t < next */
};

/* The time of an event. time, flags: as decoded (event/event.h). Times are ns; local time is the
 * zone of TZ. */
int64_t when_resolve(
    struct when *w, int64_t time, uint16_t flags, int64_t reference, bool recorded);

#endif
