/*
 * Killed at any moment, and two at a time: the file opens, what was committed is there, nothing is
 * there twice. FALCOTOP_KILLS says how often (default 30).
 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "store.h"

#include "base/banned.h"

#define EACH 40000

/* Adds numbers from `from` on until it is killed, says through fd up to which they are committed.
 */
static void
write_for_ever(uint64_t from, int fd)
{
	struct history_options o = { .commit_every = NSEC_PER_SEC / 100 };
	struct history *h = start_at(test_path, &o);

	for (uint64_t n = from; n < from + EACH; n += 50) {
		uint64_t done = n + 50;

		add_numbers(h, n, done);
		if (!history_flush(h, LONG) || write(fd, &done, sizeof(done)) != sizeof(done))
			_exit(1);
	}
	_exit(0);
}

static sqlite3 *
open_plain(void)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(test_path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	int64_t n;

	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* Whole, and every sum what the rows say. */
static void
check_file(sqlite3 *db)
{
	static const char *const same[] = {
		"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		"SELECT (SELECT count(*) FROM risk_event) - (SELECT sum(events) FROM risk_hour)",
		"SELECT (SELECT sum(score) FROM risk_event) - (SELECT sum(score) FROM risk_hour)",
		"SELECT (SELECT sum(events) FROM risk_hour) - (SELECT sum(events) FROM risk_day)",
		"SELECT (SELECT sum(score) FROM risk_hour) - (SELECT sum(score) FROM risk_day)",
		"SELECT (SELECT count(*) FROM (SELECT DISTINCT hour, object, message, muted FROM risk_event)) - "
		"(SELECT count(*) FROM risk_said)",
		"SELECT (SELECT count(*) FROM (SELECT DISTINCT hour, object FROM risk_event)) - "
		"(SELECT count(*) FROM risk_bucket)",
		"SELECT count(*) FROM risk_event WHERE message NOT IN (SELECT id FROM text) OR row NOT IN "
		"(SELECT id FROM text) OR object NOT IN (SELECT id FROM object) OR profile NOT IN (SELECT id FROM profile)",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		ck_assert_msg(number(db, same[i]) == 0, "%s", same[i]);
}

static unsigned
kills(void)
{
	const char *s = getenv("FALCOTOP_KILLS");
	long n = s == NULL ? 0 : strtol(s, NULL, 10);

	return n > 0 && n < 100000 ? (unsigned)n : 30;
}

/* Kills the writer once it has committed something and a random moment later; up to which it had
 * said so. */
static uint64_t
one_life(uint64_t from, uint64_t *seed)
{
	uint64_t done = from, said;
	struct timespec t = { 0, 0 };
	int fd[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fd[0]);
		write_for_ever(from, fd[1]);
	}
	close(fd[1]);
	ck_assert_int_eq(read(fd[0], &done, sizeof(done)), (ssize_t)sizeof(done));
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	t.tv_nsec = (long)(*seed >> 33) % 40000000;
	nanosleep(&t, NULL);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (read(fd[0], &said, sizeof(said)) == (ssize_t)sizeof(said))
		done = said;
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return done;
}

START_TEST(kill_at_any_moment)
{
	uint64_t seed = (uint64_t)clock_wall(), from = 0;
	unsigned n = kills();

	printf("# seed %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < n; i++) {
		uint64_t done = one_life(from, &seed);
		sqlite3 *db = open_plain();
		int64_t rows = number(db, "SELECT count(*) FROM risk_event");

		ck_assert_int_ge(rows, (int64_t)done);
		if (i % 8 == 0 || i + 1 == n)
			check_file(db);
		sqlite3_close(db);
		/* The next one starts a little before: read again, counted once. */
		from = (uint64_t)rows > 100 ? (uint64_t)rows - 100 : 0;
	}
	for (unsigned again = 0; again < 2; again++) {
		struct history *h = start();
		sqlite3 *db;

		add_numbers(h, 0, from + 100);
		ck_assert(history_flush(h, LONG));
		history_free(h);
		db = open_plain();
		ck_assert_int_eq(
		    number(db, "SELECT count(*) FROM risk_event"), (int64_t)from + 100);
		check_file(db);
		sqlite3_close(db);
	}
}
END_TEST

/* Two processes, the same and different events, one of them with mutes turning: no write is lost,
 * sums stay exact. */
START_TEST(two_instances)
{
	enum { N = 6000 };
	pid_t pid[2];
	sqlite3 *db;

	for (unsigned who = 0; who < 2; who++) {
		pid[who] = fork();
		ck_assert_int_ge(pid[who], 0);
		if (pid[who] != 0)
			continue;
		struct history_options o = { .commit_every = NSEC_PER_SEC / 200 };
		struct history *h = start_at(test_path, &o);
		char text[256];

		for (uint64_t n = 0; n < N; n++) {
			struct risk_event e = risk_number(n + who * N / 2, text);

			e.muted = who == 1 && n % 3 == 0;
			MUST(history_add(h, &e));
			if (n % 500 == 0)
				MUST(history_flush(h, LONG));
		}
		MUST(history_flush(h, LONG));
		history_free(h);
		_exit(0);
	}
	for (unsigned who = 0; who < 2; who++) {
		int status;

		ck_assert_int_eq(waitpid(pid[who], &status, 0), pid[who]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	db = open_plain();
	ck_assert_int_eq(number(db, "SELECT count(*) FROM risk_event"), N + N / 2);
	check_file(db);
	sqlite3_close(db);
}
END_TEST

/* Both make the file at the same moment: neither may take the other's tables for somebody else's.
 */
START_TEST(first_opening_together)
{
	for (unsigned round = 0; round < 60; round++) {
		pid_t pid[4];

		remove_dir();
		make_dir();
		for (unsigned who = 0; who < 4; who++) {
			pid[who] = fork();
			ck_assert_int_ge(pid[who], 0);
			if (pid[who] == 0) {
				struct history *h = start_at(test_path, NULL);
				bool ok = becomes(h, HISTORY_OK);

				history_free(h);
				_exit(ok ? 0 : 1);
			}
		}
		for (unsigned who = 0; who < 4; who++) {
			int status;

			MUST(waitpid(pid[who], &status, 0) == pid[who]);
			ck_assert_msg(
			    WIFEXITED(status) && WEXITSTATUS(status) == 0, "round %u", round);
		}
	}
}
END_TEST

/* SIGTERM's way: flush within a second, all of it there. */
START_TEST(flush_is_quick)
{
	struct history *h = start();
	int64_t begin;
	sqlite3 *db;

	add_numbers(h, 0, 5000);
	begin = clock_mono();
	ck_assert(history_flush(h, LONG));
	/* Generous: the machine may be busy; a quiet one takes a tenth of it. */
	ck_assert_int_lt(clock_mono() - begin, 5 * NSEC_PER_SEC);
	db = open_plain();
	ck_assert_int_eq(number(db, "SELECT count(*) FROM risk_event"), 5000);
	sqlite3_close(db);
	history_free(h);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("crash");
	TCase *t = tcase_create("crash");

	tcase_set_timeout(t, 3600);
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, kill_at_any_moment);
	tcase_add_test(t, two_instances);
	tcase_add_test(t, first_opening_together);
	tcase_add_test(t, flush_is_quick);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
