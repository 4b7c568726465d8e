/* What stands at the path, and what becomes of it: made, used, refused, moved aside, tried again.
 * Never lost, never followed. */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sched.h>

#include "store.h"

#include "base/banned.h"

static char side_path[400];

/* A path beside the history. */
static const char *
beside(const char *name)
{
	snprintf(side_path, sizeof(side_path), "%s/%s", test_dir, name);
	return side_path;
}

static void
put_file(const char *path, const void *p, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
sql_at(const char *path, const char *sql)
{
	sqlite3 *db;
	char *err = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &err);
	ck_assert_msg(err == NULL, "%s", err);
	sqlite3_close(db);
}

/* Files whose name starts with history.db.corrupt-, -wal and -shm apart. */
static unsigned
moved_aside(off_t *size)
{
	DIR *d = opendir(test_dir);
	struct dirent *e;
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		struct stat st;

		if (strncmp(e->d_name, "history.db.corrupt-", 19) != 0 ||
		    strstr(e->d_name, "-wal") != NULL || strstr(e->d_name, "-shm") != NULL)
			continue;
		n++;
		if (size != NULL && stat(beside(e->d_name), &st) == 0)
			*size = st.st_size;
	}
	closedir(d);
	return n;
}

START_TEST(modes)
{
	char home[100], made[160];
	struct history *h;
	struct stat st;

	umask(0);
	snprintf(home, sizeof(home), "%s/state", test_dir);
	setenv("XDG_STATE_HOME", home, 1);
	h = start_at(NULL, NULL);
	ck_assert_int_eq(history_settle(h, LONG), HISTORY_OK);
	snprintf(made, sizeof(made), "%s/falcotop", home);
	ck_assert_int_eq(stat(made, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const name[] = { "", "-wal", "-shm" };

		snprintf(made, sizeof(made), "%s/falcotop/history.db%s", home, name[i]);
		ck_assert_int_eq(stat(made, &st), 0);
		ck_assert_int_eq(st.st_mode & 07777, 0600);
	}
	history_free(h);
	snprintf(made, sizeof(made), "rm -r %s", home);
	ck_assert_int_eq(system(made), 0);
}
END_TEST

/* A relative XDG_STATE_HOME is to be ignored; without a home there is no history and no harm. */
START_TEST(no_home)
{
	struct history_status s;
	struct history *h;

	setenv("XDG_STATE_HOME", "relative", 1);
	unsetenv("HOME");
	h = start_at(NULL, NULL);
	history_status(h, &s);
	ck_assert_int_eq(s.state, HISTORY_OFF);
	ck_assert_str_ne(s.error, "");
	history_free(h);
}
END_TEST

enum kind { LINK, DANGLING, FIFO, DIRECTORY, OPEN_TO_ALL, OPEN_DIRECTORY, LINKED_WAL, NOT_OURS };

static const struct {
	enum kind kind;
	const char *error;
} unsafe[] = {
	{ LINK, "is a symbolic link" },
	{ DANGLING, "is a symbolic link" },
	{ FIFO, "is not a plain file" },
	{ DIRECTORY, "is not a plain file" },
	{ OPEN_TO_ALL, "can be written by everybody" },
	{ OPEN_DIRECTORY, "can be written by everybody" },
	{ LINKED_WAL, "is a symbolic link" },
	{ NOT_OURS, "belongs to another user" },
};

static bool
prepare(enum kind k)
{
	int r = 0;

	switch (k) {
	case LINK:
		put_file(beside("target"), "keep me", 7, 0600);
		r = symlink("target", test_path);
		break;
	case DANGLING: r = symlink("nowhere", test_path); break;
	case FIFO: r = mkfifo(test_path, 0600); break;
	case DIRECTORY: r = mkdir(test_path, 0700); break;
	case OPEN_TO_ALL: put_file(test_path, "", 0, 0666); break;
	case OPEN_DIRECTORY: r = chmod(test_dir, 0777); break;
	case LINKED_WAL:
		put_file(test_path, "", 0, 0600);
		r = symlink("target", beside("history.db-wal"));
		break;
	case NOT_OURS: put_file(test_path, "", 0, 0600); return chown(test_path, 12345, 12345) == 0;
	}
	ck_assert_int_eq(r, 0);
	return true;
}

START_TEST(refuses_the_unsafe)
{
	struct history *h;
	struct history_status s;
	struct risk_event e;
	struct stat st;
	char text[256];

	if (!prepare(unsafe[_i].kind))
		return; /* only root can give a file away */
	h = start_at(test_path, NULL);
	ck_assert_int_eq(history_settle(h, LONG), HISTORY_REFUSED);
	history_status(h, &s);
	ck_assert_msg(strstr(s.error, unsafe[_i].error) != NULL, "%s", s.error);
	e = risk_number(1, text);
	ck_assert(history_add(h, &e));
	ck_assert(history_flush(h, LONG));
	history_free(h);
	ck_assert_int_ne(stat(beside("nowhere"), &st), 0);
	if (unsafe[_i].kind == LINK) {
		ck_assert_int_eq(stat(beside("target"), &st), 0);
		ck_assert_int_eq(st.st_size, 7);
	}
	chmod(test_dir, 0700);
}
END_TEST

/* Through a link in the directory part is fine: /tmp itself may be one. */
START_TEST(linked_directory)
{
	char path[200];
	struct history *h;

	ck_assert_int_eq(mkdir(beside("real"), 0700), 0);
	ck_assert_int_eq(symlink("real", beside("link")), 0);
	snprintf(path, sizeof(path), "%s/link/h.db", test_dir);
	h = start_at(path, NULL);
	ck_assert_int_eq(history_settle(h, LONG), HISTORY_OK);
	history_free(h);
	unlink(path);
}
END_TEST

static const struct {
	const char *sql, *error;
} foreign[] = {
	{ "CREATE TABLE bookmark(id, url); INSERT INTO bookmark VALUES(1, 'x')", "not a history" },
	{ "PRAGMA application_id = 252006674", "not a history" },
	{ "PRAGMA application_id = 1181512788; PRAGMA user_version = 9999; CREATE TABLE t(a)",
	    "newer version" },
	{ "PRAGMA user_version = 9999; CREATE TABLE t(a)", "newer version" },
	{ "PRAGMA application_id = 1181512788", "not a history" },
};

START_TEST(leaves_others_alone)
{
	struct history_status s;
	struct history *h;
	struct stat before, after;
	char err[200];
	bool missing;

	sql_at(test_path, foreign[_i].sql);
	chmod(test_path, 0600);
	ck_assert_int_eq(stat(test_path, &before), 0);
	h = start_at(test_path, NULL);
	ck_assert_int_eq(history_settle(h, LONG), HISTORY_REFUSED);
	history_status(h, &s);
	ck_assert_msg(strstr(s.error, foreign[_i].error) != NULL, "%s", s.error);
	history_free(h);
	ck_assert_int_eq(stat(test_path, &after), 0);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	ck_assert_int_eq(before.st_size, after.st_size);
	ck_assert_uint_eq(moved_aside(NULL), 0);
	ck_assert_ptr_null(history_open_reader(test_path, &missing, err, sizeof(err)));
	ck_assert(!missing);
}
END_TEST

/* Ours once, and then somebody's: triggers, views and other columns make it no history. */
static const char *const tampered[] = {
	"DROP TABLE risk_event; CREATE VIEW risk_event AS SELECT 1 AS hour",
	"DROP TABLE risk_event; CREATE VIEW risk_event AS WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT x AS hour FROM a",
	"DROP TABLE risk_hour; CREATE TABLE risk_hour(hour, object)",
	"DROP TABLE seen",
	"ALTER TABLE risk_event ADD COLUMN x DEFAULT 1",
	"DROP INDEX seen_hash",
};

START_TEST(tampered_is_set_aside)
{
	struct history *h = start();

	history_free(h);
	sql_at(test_path, tampered[_i]);
	h = start();
	add_numbers(h, 0, 10);
	ck_assert(history_flush(h, LONG));
	history_free(h);
	ck_assert_uint_eq(moved_aside(NULL), 1);
}
END_TEST

/* A trigger of somebody's is there and never runs. */
START_TEST(triggers_do_not_run)
{
	struct history *h = start();
	struct history_query q = { .now = NOW, .span = -1 };
	struct history_answer *a;

	history_free(h);
	sql_at(test_path,
	    "CREATE TRIGGER t AFTER INSERT ON risk_event BEGIN DELETE FROM risk_event; DELETE FROM risk_hour; END");
	h = start();
	add_numbers(h, 0, 10);
	a = ask(h, &q);
	ck_assert_uint_eq(a->nrows, 5);
	history_answer_free(a);
	history_free(h);
}
END_TEST

static const struct {
	const char *name, *content;
	size_t len;
} damaged[] = {
	{ "text",
	    "hello hello hello hello hello hello hello hello hello hello hello hello hello hello hello hello hello",
	    100 },
	{ "a short text", "x", 1 },
	{ "cut off", NULL, 0 },
	{ "zeros inside", NULL, 0 },
};

static void
damage(unsigned how)
{
	static const char zeros[8192];
	struct history *h;
	struct stat st;
	int fd;

	if (damaged[how].content != NULL) {
		put_file(test_path, damaged[how].content, damaged[how].len, 0600);
		return;
	}
	h = start();
	add_numbers(h, 0, 3000);
	history_free(h);
	ck_assert_int_eq(stat(test_path, &st), 0);
	fd = open(test_path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	if (how == 2)
		ck_assert_int_eq(ftruncate(fd, st.st_size / 2), 0);
	else
		for (off_t at = 4096; at < st.st_size; at += 16384)
			ck_assert_int_eq(
			    pwrite(fd, zeros, sizeof(zeros), at), (ssize_t)sizeof(zeros));
	close(fd);
}

START_TEST(damaged_is_set_aside)
{
	struct history_status s;
	struct history *h;
	off_t size = 0;
	struct stat st;

	damage((unsigned)_i);
	ck_assert_int_eq(stat(test_path, &st), 0);
	h = start();
	history_status(h, &s);
	ck_assert_uint_eq(s.moved_aside, 1);
	ck_assert_msg(strstr(s.note, ".corrupt-") != NULL, "%s", s.note);
	add_numbers(h, 0, 10);
	ck_assert(history_flush(h, LONG));
	history_free(h);
	ck_assert_uint_eq(moved_aside(&size), 1);
	ck_assert_int_eq(size, st.st_size);
}
END_TEST

/* Damage while it is in use: what was not yet committed goes to the new file. */
START_TEST(damaged_while_open)
{
	static const char junk[65536] = { 1, 2, 3 };
	struct history *h = start();
	struct history_status s;
	struct stat st;
	int fd;

	add_numbers(h, 0, 3000);
	ck_assert(history_flush(h, LONG));
	ck_assert_int_eq(stat(test_path, &st), 0);
	fd = open(test_path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(junk))
		ck_assert_int_gt(pwrite(fd, junk, sizeof(junk), at), 0);
	/* The pages in memory are good until another process has written. */
	history_free(h);
	close(fd);
	h = start_at(test_path, NULL);
	add_numbers(h, 3000, 3100);
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.inserted, 100);
	ck_assert_uint_eq(s.moved_aside, 1);
	history_free(h);
}
END_TEST

/* Deleted under our feet: made anew, what comes after is kept. */
START_TEST(deleted_while_open)
{
	struct history *h = start();
	struct history_query q = { .now = NOW, .span = -1 };
	struct history_answer *a;
	struct stat st;

	ck_assert_int_eq(unlink(test_path), 0);
	add_numbers(h, 0, 10);
	ck_assert(history_flush(h, LONG));
	ck_assert_int_eq(stat(test_path, &st), 0);
	history_free(h);
	h = start();
	a = ask(h, &q);
	ck_assert_uint_eq(a->nrows, 5);
	history_answer_free(a);
	history_free(h);
}
END_TEST

/* Somebody holds the lock: retried, nothing lost, nobody waits. */
START_TEST(locked)
{
	struct history *h = start();
	struct history_status s;
	sqlite3 *db;
	int64_t begin, longest = 0;
	char text[256];

	ck_assert_int_eq(sqlite3_open(test_path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	begin = clock_mono();
	for (uint64_t n = 0; clock_mono() - begin < 2 * NSEC_PER_SEC; n++) {
		struct risk_event e = risk_number(n % 20000, text);
		int64_t t = clock_mono();

		ck_assert(history_add(h, &e));
		t = clock_mono() - t;
		longest = t > longest ? t : longest;
		if (n % 64 == 0)
			nap();
	}
	ck_assert(becomes(h, HISTORY_RETRYING));
	history_status(h, &s);
	ck_assert_msg(strstr(s.error, "locked") != NULL, "%s", s.error);
	ck_assert_uint_gt(s.pending, 0);
	/* Far below the busy time-out: no caller has waited for the lock. */
	ck_assert_int_lt(longest, NSEC_PER_SEC / 5);
	ck_assert(!history_flush(h, NSEC_PER_SEC / 10));
	sqlite3_close(db);
	ck_assert(becomes(h, HISTORY_OK));
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.pending, 0);
	ck_assert_uint_eq(s.dropped, 0);
	history_free(h);
}
END_TEST

/* Memory is full while the file cannot be written: said, counted, and what can be merged still is.
 */
START_TEST(memory_is_bounded)
{
	struct history_options o = { .pending_max = 100 };
	struct history *h;
	struct history_status s;
	uint64_t refused = 0;
	char text[256];
	sqlite3 *db;

	history_free(start());
	ck_assert_int_eq(sqlite3_open(test_path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	h = start_at(test_path, &o);
	ck_assert(becomes(h, HISTORY_RETRYING));
	for (uint64_t n = 0; n < 1000; n++) {
		struct risk_event e = risk_number(n, text);

		refused += !history_add(h, &e);
	}
	history_status(h, &s);
	ck_assert_uint_ge(refused, 800);
	ck_assert_uint_eq(s.dropped, refused);
	ck_assert_uint_eq(s.pending, 1000 - refused);
	sqlite3_close(db);
	ck_assert(history_flush(h, LONG));
	/* Given again, as the caller was told. */
	for (uint64_t n = 0; n < 1000; n++) {
		struct risk_event e = risk_number(n, text);

		if (!history_add(h, &e)) {
			ck_assert(history_flush(h, LONG));
			ck_assert(history_add(h, &e));
		}
	}
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.inserted, 1000);
	history_free(h);
}
END_TEST

/* As a user without rights, in a directory that cannot be written, which later can. */
START_TEST(read_only_directory)
{
	struct history *h;
	struct history_status s;

	ck_assert_int_eq(chmod(test_dir, 0555), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(test_dir, 65534, 65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	h = start_at(test_path, NULL);
	ck_assert_int_eq(history_settle(h, LONG), HISTORY_RETRYING);
	history_status(h, &s);
	ck_assert_str_ne(s.error, "");
	add_numbers(h, 0, 100);
	ck_assert_int_eq(chmod(test_dir, 0700), 0);
	ck_assert(becomes(h, HISTORY_OK));
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.inserted, 100);
	history_free(h);
	/* for LeakSanitizer, which wants to trace its own process */
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}
END_TEST

START_TEST(no_directory_yet)
{
	char path[160];
	struct history *h;

	snprintf(path, sizeof(path), "%s/later/h.db", test_dir);
	h = start_at(path, NULL);
	ck_assert_int_eq(history_settle(h, LONG), HISTORY_RETRYING);
	add_numbers(h, 0, 10);
	ck_assert_int_eq(mkdir(beside("later"), 0700), 0);
	ck_assert(becomes(h, HISTORY_OK));
	history_free(h);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* A disk of 300 KiB: full, red, and well again by itself when there is room; the rows of before are
 * there. */
START_TEST(full_disk)
{
	struct history *h;
	struct history_status s;
	struct history_query q = { .now = NOW, .span = -1 };
	struct history_answer *a;
	uint64_t events = 0;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", test_dir, "tmpfs", 0, "size=600k") != 0) {
		printf("# full_disk: no right to mount, not tested\n");
		return;
	}
	h = start();
	add_numbers(h, 0, 100);
	ck_assert(history_flush(h, LONG));
	add_numbers(h, 100, 20000);
	ck_assert(becomes(h, HISTORY_RETRYING));
	history_status(h, &s);
	ck_assert_msg(strstr(s.error, "full") != NULL, "%s", s.error);
	a = ask(h, &q);
	ck_assert_uint_eq(a->error.len, 0);
	for (uint32_t i = 0; i < a->nrows; i++)
		events += a->row[i].events + a->row[i].muted;
	ck_assert_uint_ge(events, 100);
	history_answer_free(a);
	ck_assert_int_eq(mount("none", test_dir, "tmpfs", MS_REMOUNT, "size=64m"), 0);
	ck_assert(becomes(h, HISTORY_OK));
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.inserted, 20000);
	ck_assert_uint_eq(s.dropped, 0);
	ck_assert_uint_eq(s.moved_aside, 0);
	history_free(h);
	umount(test_dir);
}
END_TEST

/* Opening does not hold up who wants it, whatever is at the path. */
START_TEST(returns_at_once)
{
	int64_t begin;
	struct history *h;
	sqlite3 *db;

	history_free(start());
	ck_assert_int_eq(sqlite3_open(test_path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	begin = clock_mono();
	h = start_at(test_path, NULL);
	ck_assert_int_lt(clock_mono() - begin, NSEC_PER_SEC / 10);
	begin = clock_mono();
	history_free(h);
	/* Nothing waits to be written, yet it must end while the file is locked. */
	ck_assert_int_lt(clock_mono() - begin, 2 * NSEC_PER_SEC);
	sqlite3_close(db);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("open");
	TCase *t = tcase_create("open");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, modes);
	tcase_add_test(t, no_home);
	tcase_add_loop_test(t, refuses_the_unsafe, 0, COUNT(unsafe));
	tcase_add_test(t, linked_directory);
	tcase_add_loop_test(t, leaves_others_alone, 0, COUNT(foreign));
	tcase_add_loop_test(t, tampered_is_set_aside, 0, COUNT(tampered));
	tcase_add_test(t, triggers_do_not_run);
	tcase_add_loop_test(t, damaged_is_set_aside, 0, COUNT(damaged));
	tcase_add_test(t, damaged_while_open);
	tcase_add_test(t, deleted_while_open);
	tcase_add_test(t, locked);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, read_only_directory);
	tcase_add_test(t, no_directory_yet);
	tcase_add_test(t, full_disk);
	tcase_add_test(t, returns_at_once);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
