/*
 * How long a question waits for its first answer while files are read at full speed, and what the
 * engine costs when nothing happens. Prints milliseconds from engine_request() to the snapshot
 * (p50, p99, worst) for windows that move and for questions that change, then the cpu of two idle
 * seconds. Usage: latency [-t threads] FILE...
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "query/viewdef.h"
#include "source/source.h"

#define SAMPLES_MAX 100000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static unsigned wakes;

static void
on_wake(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	wakes++;
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
}

/* Waits for the snapshot that answers request `number`; ns it took from `start`. */
static int64_t
wait_answer(struct engine *e, uint64_t number, int64_t start)
{
	unsigned seen = 0;

	for (;;) {
		struct snapshot *s = engine_take(e);
		bool got = s != NULL && s->number == number;

		snapshot_free(s);
		if (got)
			return clock_mono() - start;
		pthread_mutex_lock(&lock);
		while (wakes == seen)
			pthread_cond_wait(&woken, &lock);
		seen = wakes;
		pthread_mutex_unlock(&lock);
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
print(const char *what, int64_t *t, unsigned n)
{
	if (n == 0)
		return;
	qsort(t, n, sizeof(*t), by_value);
	printf("%s: %u requests while reading: p50 %.2f ms, p99 %.2f ms, worst %.2f ms\n", what, n,
	    (double)t[n / 2] / 1e6, (double)t[(size_t)n * 99 / 100] / 1e6, (double)t[n - 1] / 1e6);
}

/* Asks every 10 ms until everything was read; change: every request is another question. */
static unsigned
ask_on(struct engine *e, struct source_set *set, bool change, int64_t *took)
{
	struct request r;
	char term[64];
	unsigned n = 0;

	while (!source_set_done(set) && n < SAMPLES_MAX) {
		request_init(&r);
		r.number = n + 1;
		r.panel[0].used = true;
		r.panel[0].rows = 50;
		r.panel[0].from = change ? 0 : n % 100;
		view_query(view_def("shells"), &r.panel[0].query);
		if (change) {
			snprintf(term, sizeof(term), "proc.pid != %u", n % 13);
			query_and(&r.panel[0].query, term);
			query_set_by(&r.panel[0].query,
			    n % 2 ? "user,rule" : "container_image,parent",
			    &(struct filter_error){ 0 });
		}
		engine_request(e, &r);
		took[n] = wait_answer(e, r.number, clock_mono());
		request_release(&r);
		n++;
		usleep(10000);
	}
	return n;
}

static void
run(char **files, int nfiles, unsigned threads, bool change)
{
	const struct engine_options eo = {
		.threads = threads, .memory = (size_t)2 << 30, .spool = 64 << 20, .wake = on_wake
	};
	const struct source_options so = { 0 };
	struct engine *e = engine_new(&eo);
	struct source_set *set = source_set_new(e, &so);
	int64_t *took = xcalloc(SAMPLES_MAX, sizeof(*took));
	struct rusage a, b;
	char err[256];
	unsigned n;

	for (int i = 0; i < nfiles; i++)
		if (source_set_add(set, files[i], err, sizeof(err)) != 0)
			fatal("%s", err);
	source_set_start(set);
	n = ask_on(e, set, change, took);
	print(change ? "new questions" : "moved windows", took, n);
	sleep(9); /* until the rates have fallen */
	snapshot_free(engine_take(e));
	getrusage(RUSAGE_SELF, &a);
	sleep(2);
	getrusage(RUSAGE_SELF, &b);
	printf("idle: %ld us cpu, %ld context switches in 2 s\n",
	    (b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec - a.ru_stime.tv_sec) *
		    1000000 +
		b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec - a.ru_stime.tv_usec,
	    b.ru_nvcsw - a.ru_nvcsw + b.ru_nivcsw - a.ru_nivcsw);
	source_set_free(set);
	engine_free(e);
	free(took);
}

int
main(int argc, char **argv)
{
	unsigned threads = 2;
	int c;

	while ((c = getopt(argc, argv, "t:")) != -1) {
		if (c != 't')
			return 2;
		threads = (unsigned)strtoul(optarg, NULL, 10);
	}
	if (optind == argc) {
		fprintf(stderr, "usage: latency [-t threads] FILE...\n");
		return 2;
	}
	run(argv + optind, argc - optind, threads, false);
	run(argv + optind, argc - optind, threads, true);
	return 0;
}
