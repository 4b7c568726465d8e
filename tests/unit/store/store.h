/* What the tests of the history share: a directory of their own, made-up risk events, waiting for a
 * state. */
#ifndef FALCOTOP_TESTS_STORE_H
#define FALCOTOP_TESTS_STORE_H

#include "store/history.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define NOW    1795502400000000000 /* 2026-11-24T06:40:00Z */
#define LONG   (20 * NSEC_PER_SEC)
#define MINUTE (60 * NSEC_PER_SEC)

static char test_dir[64];
static char test_path[96];

static inline void
make_dir(void)
{
	snprintf(test_dir, sizeof(test_dir), "/tmp/falcotop-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(test_dir));
	snprintf(test_path, sizeof(test_path), "%s/history.db", test_dir);
}

static inline void
remove_dir(void)
{
	char path[400];
	struct dirent *e;
	DIR *d = opendir(test_dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", test_dir, e->d_name);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	if (d != NULL)
		closedir(d);
	(void)rmdir(test_dir);
}

static inline struct history *
start_at(const char *path, const struct history_options *with)
{
	struct history_options o = { 0 };

	if (with != NULL)
		o = *with;
	o.path = path;
	return history_new(&o);
}

/* Opened and well. */
static inline struct history *
start(void)
{
	struct history *h = start_at(test_path, NULL);

	ck_assert_int_eq(history_settle(h, LONG), HISTORY_OK);
	return h;
}

static inline void
nap(void)
{
	struct timespec t = { 0, 2000000 };

	nanosleep(&t, NULL);
}

/* Waits until the state is reached. */
static inline bool
becomes(struct history *h, enum history_state s)
{
	int64_t end = clock_mono() + LONG;
	struct history_status st;

	do {
		history_status(h, &st);
		if (st.state == s)
			return true;
		nap();
	} while (clock_mono() < end);
	return false;
}

static inline struct history_answer *
ask(struct history *h, const struct history_query *q)
{
	int64_t end = clock_mono() + LONG;
	struct history_answer *a;

	history_ask(h, 0, q);
	while ((a = history_take(h, 0)) == NULL && clock_mono() < end)
		nap();
	ck_assert_ptr_nonnull(a);
	return a;
}

/* Number n of a series: one of a few users, searches, containers, within the two weeks before NOW.
 */
static inline struct risk_event
risk_number(uint64_t n, char text[256])
{
	static const char *const search[] = { "ESCU - Kubernetes Falco Shell Spawned - Rule",
		"local: Read sensitive file untrusted", "local: Drop and execute new binary",
		"local: x" };
	static const char *const tactics[] = { "TA0002", "TA0006", "TA0003 TA0002", "" };
	struct risk_event e = { 0 };
	int len = snprintf(text, 128, "A shell is spawned in the container c%d by user u%d.",
	    (int)(n % 17), (int)(n % 5));

	e.id[0] = n * 0x9e3779b97f4a7c15u + 1;
	e.id[1] = n;
	e.first = NOW - (int64_t)(n * 7919 % 20160) * MINUTE - (int64_t)n;
	e.last = e.first + (int64_t)(n % 50);
	e.count = n % 9 + 1;
	e.score = (double)(n % 4) * 10;
	e.message = (struct slice){ text, (size_t)len };
	e.object = (struct slice){ text + len - 3, 2 };
	e.object_type = SLICE("user");
	e.search = slice_of(search[n % 4]);
	e.tactics = slice_of(tactics[n % 4]);
	e.techniques = SLICE("T1204 T1059");
	e.stories = SLICE("Kubernetes Security\nA second story");
	e.row = (struct slice){ text + 128,
		(size_t)snprintf(text + 128, 128, "[\"row\",%d]", (int)(n % 31)) };
	e.muted = n % 11 == 0;
	return e;
}

/* All of them: waits for room where the thread is slower. */
static inline void
add_numbers(struct history *h, uint64_t from, uint64_t to)
{
	int64_t end = clock_mono() + LONG;
	char text[256];

	for (uint64_t n = from; n < to; n++) {
		struct risk_event e = risk_number(n, text);

		while (!history_add(h, &e)) {
			MUST(clock_mono() < end);
			nap();
		}
	}
}

#endif
