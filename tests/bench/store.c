/*
 * What the history costs with a million risk events in it: writing them, opening, one user's last 7
 * days, the risk page. Printed, never asserted. usage: store [EVENTS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/history.h"

#include "base/banned.h"

#define NOW 1795500000000000000

static const struct shape {
	const char *name;
	unsigned users, days, containers;
	unsigned heavy; /* percent of all that is the first user's */
	bool scattered; /* in time, not as a recording comes */
} shapes[] = {
	{ "90 days, 200 users", 200, 90, 400, 20, false },
	{ "7 days, 200 users", 200, 7, 400, 50, false },
	{ "7 days, 5,000 users", 5000, 7, 2000, 1, false },
	{ "90 days, 200 users, in no order", 200, 90, 400, 20, true },
};

static uint64_t state = 1;

static uint64_t
draw(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void
add(struct history *h, const struct shape *s, uint64_t n, uint64_t of)
{
	static const char *const search[] = { "ESCU - Kubernetes Falco Shell Spawned - Rule",
		"local: Read sensitive file untrusted",
		"local: Drop and execute new binary in container",
		"local: Contact K8S API Server From Container" };
	static const char *const tactic[] = { "TA0002", "TA0006", "TA0003", "TA0007" };
	char user[32], message[128], row[256];
	unsigned u = draw(100) < s->heavy ? 0 : (unsigned)draw(s->users);
	unsigned c = (unsigned)draw(s->containers), k = (unsigned)draw(4);
	struct risk_event e = {
		.id = { n * 0x9e3779b97f4a7c15u, n }, .count = 1 + draw(9), .score = 20
	};

	e.first = NOW - (int64_t)((double)s->days * 86400e9 * (double)(of - n) / (double)of);
	if (s->scattered)
		e.first = NOW - (int64_t)draw((uint64_t)s->days * 86400) * NSEC_PER_SEC;
	e.last = e.first + 1000;
	e.object = (struct slice){ user, (size_t)snprintf(user, sizeof(user), "user-%u", u) };
	e.object_type = SLICE("user");
	e.search = slice_of(search[k]);
	e.tactics = slice_of(tactic[k]);
	e.techniques = SLICE("T1204");
	e.stories = SLICE("Kubernetes Security");
	e.message = (struct slice){ message,
		(size_t)snprintf(message, sizeof(message),
		    "A shell is spawned in the container container-%u by user user-%u.", c, u) };
	e.row = (struct slice){ row,
		(size_t)snprintf(row, sizeof(row),
		    "[\"registry.example/app-%u\",\"1.%u\",\"container-%u\",\"runc\",\"/usr/bin/bash\",\"bash\",\"user-%u\"]",
		    c % 50, c % 7, c, u) };
	while (!history_add(h, &e))
		usleep(1000);
}

static struct history_answer *
timed(struct history *h, const struct history_query *q, double *ms)
{
	int64_t start = clock_mono();
	struct history_answer *a;

	history_ask(h, 0, q);
	while ((a = history_take(h, 0)) == NULL)
		usleep(100);
	*ms = (double)(clock_mono() - start) / 1e6;
	if (a->error.len > 0)
		printf("error: %.*s\n", (int)a->error.len, a->error.p);
	return a;
}

static void
question(struct history *h, const char *name, const struct history_query *q)
{
	double ms, best = 1e9, worst = 0;
	uint64_t rows = 0;

	for (unsigned i = 0; i < 5; i++) {
		struct history_answer *a = timed(h, q, &ms);

		rows = a->nrows;
		history_answer_free(a);
		best = ms < best ? ms : best;
		worst = ms > worst ? ms : worst;
	}
	printf("  %-38s %8.1f ms (worst of 5 %.1f; %llu rows)\n", name, best, worst,
	    (unsigned long long)rows);
}

static void
run(const struct shape *s, uint64_t events, const char *path)
{
	struct history_options o = { .path = path };
	struct history *h = history_new(&o);
	int64_t start = clock_mono();
	struct history_query q = { .now = NOW };
	struct history_status st;
	double seconds;

	printf("%s, %llu risk events\n", s->name, (unsigned long long)events);
	for (uint64_t n = 0; n < events; n++)
		add(h, s, n, events);
	if (!history_flush(h, 60 * NSEC_PER_SEC))
		printf("  not written\n");
	seconds = (double)(clock_mono() - start) / 1e9;
	history_status(h, &st);
	printf("  written                                %8.0f /s; %llu rows, file %.1f MiB\n",
	    (double)events / seconds, (unsigned long long)st.inserted,
	    (double)st.file_bytes / 1048576);
	history_free(h);
	start = clock_mono();
	h = history_new(&o);
	printf("  history_new()                          %8.3f ms\n",
	    (double)(clock_mono() - start) / 1e6);
	history_settle(h, 60 * NSEC_PER_SEC);
	printf("  open, in its thread                    %8.1f ms\n",
	    (double)(clock_mono() - start) / 1e6);
	question(h, "risk page", &q);
	q.ledger = 200;
	q.object = SLICE("user-0");
	question(h, "7 days of the heaviest user, ledger", &q);
	q.object = SLICE("user-7");
	question(h, "7 days of another user, ledger", &q);
	history_free(h);
}

int
main(int argc, char **argv)
{
	uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	char dir[] = "/tmp/falcotop-bench.XXXXXX", path[64], side[80];

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/history.db", dir);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		run(&shapes[i], events, path);
		unlink(path);
		snprintf(side, sizeof(side), "%s-wal", path);
		unlink(side);
		snprintf(side, sizeof(side), "%s-shm", path);
		unlink(side);
	}
	rmdir(dir);
	return 0;
}
