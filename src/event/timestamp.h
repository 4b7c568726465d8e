/* Event times: signed nanoseconds since 1970 UTC. No strptime, no locale, no allocation. */
#ifndef FALCOTOP_EVENT_TIMESTAMP_H
#define FALCOTOP_EVENT_TIMESTAMP_H

#include "base/buf.h"

#define TIME_NONE INT64_MIN

/*
 * RFC 3339 as Falco and its friends write it: date, T/t/blank, time, 0 to 9 (or more, cut) fraction
 * digits, then Z/z, +hh:mm, +hhmm or nothing (read as UTC). The whole slice must match; a date that
 * does not exist is refused; second 60 is accepted (the next second). Years 1900 to 9999; times
 * that do not fit in 64-bit nanoseconds (after 2262, before 1677) saturate. False leaves *out
 * alone.
 */
bool time_parse_iso(struct slice s, int64_t *out);
/*
 * "HH:MM:SS.nnnnnnnnn": nanoseconds since midnight. The whole slice must match; 0 to 9 fraction
 * digits.
 */
bool time_parse_clock(struct slice s, int64_t *out);
/*
 * What a person types for --since and --until: RFC 3339 with or without zone, a date, HH:MM[:SS]
 * (today in UTC, by `now`), -15m -2h -7d (before `now`), "now".
 */
bool time_parse_user(struct slice s, int64_t now, int64_t *out);

enum time_style {
	TIME_ISO_NANO,	 /* 2026-01-15T08:00:00.161934674Z */
	TIME_ISO_SECOND, /* 2026-01-15T08:00:00Z */
	TIME_CLOCK,	 /* 08:00:00 */
	TIME_CLOCK_MILLI /* 08:00:00.161 */
};
/*
 * Appends t in UTC, or in the zone of TZ when local is true (with its offset in the ISO styles).
 * TIME_NONE prints "-".
 */
void time_print(struct buf *out, int64_t t, enum time_style style, bool local);
/* "3s" "12m" "4h" "2d": how long ns is, in at most 4 cells. Negative reads as "0s". */
void time_print_age(struct buf *out, int64_t ns);

/* Splits into date and time of day. */
int64_t time_day(int64_t t);		/* days since 1970, rounded down */
int64_t time_local_midnight(int64_t t); /* start of t's day in the zone of TZ */

#endif
