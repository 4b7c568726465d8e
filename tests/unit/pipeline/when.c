/* Dating undated events: every rule of when.h, at midnight and with clocks that go back. */
#include "pipeline/when.h"

#include <time.h>

#include "base/clock.h"
#include "event/event.h"
#include "harness.h"

#define H	(3600 * NSEC_PER_SEC)
#define DAY	(24 * H)
#define D(n)	((n)*DAY)
#define CLOCK	EVENT_TIME_CLOCK
#define ARRIVAL EVENT_TIME_ARRIVAL

struct step {
	int64_t time;
	uint16_t flags;
	int64_t reference;
	int64_t want;
};

struct row {
	const char *what;
	bool recorded;
	struct step step[6];
	unsigned n;
};

static const struct row rows[] = {
	{ "dated events stay", false, { { 5, 0, D(3), 5 }, { D(900), 0, D(3), D(900) } }, 2 },
	{ "no time: arrival", false, { { TIME_NONE, ARRIVAL, D(3) + 7, D(3) + 7 } }, 1 },
	{ "no time in a recording: its modification time", true,
	    { { TIME_NONE, ARRIVAL, D(9), D(9) } }, 1 },
	{ "same day", false, { { 8 * H, CLOCK, D(10) + 9 * H, D(10) + 8 * H } }, 1 },
	{ "a little ahead of us", false,
	    { { 9 * H + H / 2, CLOCK, D(10) + 9 * H, D(10) + 9 * H + H / 2 } }, 1 },
	{ "an hour ahead is the limit", false,
	    { { 10 * H, CLOCK, D(10) + 9 * H, D(10) + 10 * H },
		{ 10 * H + 1, CLOCK, D(10) + 9 * H, D(9) + 10 * H + 1 } },
	    2 },
	{ "before midnight, read after it", false,
	    { { 23 * H, CLOCK, D(10) + H / 60, D(9) + 23 * H } }, 1 },
	{ "after midnight by a clock ahead of ours", false,
	    { { 60, CLOCK, D(10) + 23 * H + H / 2, D(11) + 60 } }, 1 },
	{ "live over midnight, late line in between", false,
	    { { 23 * H, CLOCK, D(10) + 23 * H, D(10) + 23 * H }, { 1, CLOCK, D(11) + 1, D(11) + 1 },
		{ 23 * H, CLOCK, D(11) + 2, D(10) + 23 * H }, { 3, CLOCK, D(11) + 3, D(11) + 3 } },
	    4 },
	{ "live after days of silence", false,
	    { { 5 * H, CLOCK, D(10) + 5 * H, D(10) + 5 * H },
		{ 6 * H, CLOCK, D(15) + 6 * H, D(15) + 6 * H } },
	    2 },
	{ "a backlog with dates dates its neighbours", false,
	    { { D(2) + 23 * H, 0, D(10), D(2) + 23 * H }, { 1 * H, CLOCK, D(10), D(3) + 1 * H },
		{ 23 * H, CLOCK, D(10), D(3) - H } },
	    3 },
	{ "a recording over midnight", true,
	    { { 22 * H, CLOCK, D(10) + 3 * H, D(9) + 22 * H },
		{ 1 * H, CLOCK, D(10) + 3 * H, D(10) + 1 * H },
		{ 23 * H, CLOCK, D(10) + 3 * H, D(9) + 23 * H } },
	    3 },
	{ "never later than the modification time plus an hour", true,
	    { { 20 * H, CLOCK, D(10) + 21 * H, D(10) + 20 * H },
		{ 2 * H, CLOCK, D(10) + 21 * H, D(10) + 2 * H } },
	    2 },
	{ "a dated event in an old recording", true,
	    { { D(2) + 12 * H, 0, D(100), D(2) + 12 * H }, { 23 * H, CLOCK, D(100), D(2) + 23 * H },
		{ 2 * H, CLOCK, D(100), D(3) + 2 * H }, { 13 * H, CLOCK, D(100), D(3) + 13 * H } },
	    4 },
	{ "an event of the year 2262 is no anchor", true,
	    { { INT64_MAX, 0, D(10), INT64_MAX }, { 3 * H, CLOCK, D(10) + 4 * H, D(10) + 3 * H } },
	    2 },
	{ "an absurd reference does no harm", true,
	    { { 3 * H, CLOCK, 0, -DAY + 3 * H }, { TIME_NONE, ARRIVAL, 5, 5 } }, 2 },
};

START_TEST(table)
{
	const struct row *r = &rows[_i];
	struct when w = { 0 };

	setenv("TZ", "UTC0", 1);
	tzset();
	for (unsigned i = 0; i < r->n; i++) {
		const struct step *s = &r->step[i];
		int64_t got = when_resolve(&w, s->time, s->flags, s->reference, r->recorded);

		ck_assert_msg(got == s->want, "%s: step %u: %lld, not %lld", r->what, i,
		    (long long)got, (long long)s->want);
	}
}
END_TEST

/* The day is the zone's, not UTC's. */
START_TEST(zone)
{
	struct when w = { 0 };

	setenv("TZ", "AAA-10", 1); /* ten hours ahead of UTC */
	tzset();
	/* 08:00 UTC is 18:00 there; 17:00 there is 07:00 UTC of the same day */
	ck_assert_int_eq(when_resolve(&w, 17 * H, CLOCK, D(10) + 8 * H, false), D(10) + 7 * H);
	/* 16:00 UTC is 02:00 of the next day there */
	ck_assert_int_eq(when_resolve(&w, 1 * H, CLOCK, D(10) + 16 * H, false), D(10) + 15 * H);
	ck_assert_int_eq(when_resolve(&w, 23 * H, CLOCK, D(10) + 16 * H, false), D(10) + 13 * H);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("when");
	TCase *t = tcase_create("when");

	tcase_add_loop_test(t, table, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, zone);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
