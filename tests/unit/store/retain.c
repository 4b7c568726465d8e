/* What the history lets go of: by age since arrival, by size; and what a clock that jumps does not
 * take. */
#include "store/retain.h"

#include <sqlite3.h>

#include "store.h"

#include "base/banned.h"

#define SECOND NSEC_PER_SEC

static int64_t
number(const char *sql)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(test_path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static bool
reaches(const char *sql, int64_t wanted)
{
	int64_t end = clock_mono() + LONG;

	while (clock_mono() < end) {
		if (number(sql) == wanted)
			return true;
		nap();
	}
	return false;
}

static void
stop(void)
{
	clock_set(0);
	remove_dir();
}

#define ROWS "SELECT count(*) FROM risk_event"
#define ORPHANS                                                                                             \
	"SELECT (SELECT count(*) FROM text WHERE id NOT IN (SELECT message FROM risk_event) AND id NOT IN " \
	"(SELECT row FROM risk_event)) + (SELECT count(*) FROM object WHERE id NOT IN (SELECT object FROM " \
	"risk_event)) + (SELECT count(*) FROM profile WHERE id NOT IN (SELECT profile FROM risk_event))"
#define OFF                                                                                                             \
	"SELECT (SELECT count(*) FROM risk_event) - coalesce((SELECT sum(events) FROM risk_hour), 0) + "                \
	"(SELECT count(*) FROM risk_event) - coalesce((SELECT sum(events) FROM risk_day), 0) + "                        \
	"(SELECT count(*) FROM (SELECT DISTINCT hour, object FROM risk_event)) - (SELECT count(*) FROM risk_bucket) + " \
	"(SELECT count(*) FROM (SELECT DISTINCT hour, object, message, muted FROM risk_event)) - "                      \
	"(SELECT count(*) FROM risk_said)"

/* A day of events, then 5 days pass at a time, as the program sees them; kept for 12 days. */
START_TEST(by_age)
{
	struct history_options o = { .keep = 12 * HISTORY_DAY };

	for (unsigned step = 0; step < 5; step++) {
		struct history *h;

		clock_set(NOW + (int64_t)step * 5 * HISTORY_DAY);
		h = start_at(test_path, &o);
		ck_assert_int_eq(history_settle(h, LONG), HISTORY_OK);
		add_numbers(h, step * 1000, (step + 1) * 1000);
		ck_assert(history_flush(h, LONG));
		/* Arrivals of 0, 5 and 10 days ago stay, event time does not matter; whole hours of
		 * objects go at once. */
		ck_assert_msg(
		    reaches(
			"SELECT count(*) FROM risk_bucket WHERE arrived < (SELECT value FROM meta "
			"WHERE key = 'clock') / 3600 - 12 * 24",
			0),
		    "step %u", step);
		ck_assert(reaches(ORPHANS, 0));
		ck_assert_int_eq(number(OFF), 0);
		ck_assert_int_ge(number(ROWS), step < 3 ? (step + 1) * 1000 : 3000);
		ck_assert_int_lt(number(ROWS), step < 3 ? (step + 1) * 1000 + 1 : 5000);
		history_free(h);
	}
}
END_TEST

/* Ten years ahead and back, ten years back and ahead: every row stays, also those that came
 * meanwhile. */
START_TEST(clock_jumps)
{
	static const int64_t years[] = { 0, 10, 0, -10, 0, 60, 0 };
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
		struct history *h;

		clock_set(NOW + years[i] * 365 * HISTORY_DAY);
		h = start();
		add_numbers(h, n, n + 500);
		n += 500;
		ck_assert(history_flush(h, LONG));
		/* and while it runs */
		clock_set(NOW - years[i] * 365 * HISTORY_DAY);
		add_numbers(h, n, n + 500);
		n += 500;
		ck_assert(history_flush(h, LONG));
		history_free(h);
		ck_assert_int_eq(number(ROWS), (int64_t)n);
	}
}
END_TEST

static off_t
disk_usage(void)
{
	static const char *const name[] = { "", "-wal" };
	off_t sum = 0;

	for (unsigned i = 0; i < 2; i++) {
		char path[128];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s", test_path, name[i]);
		if (stat(path, &st) == 0)
			sum += st.st_blocks * 512;
	}
	return sum;
}

/* Far more than fits, texts all different: the file stays small, the newest are there, the sums are
 * right. */
START_TEST(by_size)
{
	enum { MAX = 16 << 20, EVENTS = 150000 };
	struct history_options o = { .max_bytes = MAX };
	struct history *h = start_at(test_path, &o);
	off_t most = 0;
	char text[256], message[128], row[128];
	uint64_t name[2];

	for (uint64_t n = 0; n < EVENTS; n++) {
		struct risk_event e = risk_number(n, text);

		e.first = e.last = NOW + (int64_t)n * SECOND;
		e.message = (struct slice){ message,
			(size_t)snprintf(message, sizeof(message),
			    "A shell is spawned in the container %d", (int)n) };
		e.row = (struct slice){ row,
			(size_t)snprintf(row, sizeof(row), "[\"%d\",\"x\",\"y\",\"z\"]", (int)n) };
		name[0] = n;
		name[1] = ~n;
		(void)history_seen(h, SEEN_ROW, name);
		while (!history_add(h, &e))
			nap();
		if (n % 1000 == 0) {
			off_t now = disk_usage();

			most = now > most ? now : most;
		}
	}
	ck_assert(history_flush(h, 3 * LONG));
	ck_assert(reaches(ORPHANS, 0));
	ck_assert_int_eq(number(OFF), 0);
	ck_assert_int_lt(most, MAX + (8 << 20));
	ck_assert_int_gt(number(ROWS), 10000);
	ck_assert_int_lt(number(ROWS), EVENTS);
	ck_assert_int_le(number("SELECT count(*) FROM seen"), MAX / 1000 + 1);
	/* The oldest went first. */
	ck_assert_int_ge(number("SELECT min(first) FROM risk_event"), NOW + SECOND);
	ck_assert_int_eq(number("SELECT max(first) FROM risk_event"), NOW + (EVENTS - 1) * SECOND);
	history_free(h);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("retain");
	TCase *t = tcase_create("retain");

	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, make_dir, stop);
	tcase_add_test(t, by_age);
	tcase_add_test(t, clock_jumps);
	tcase_add_test(t, by_size);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
