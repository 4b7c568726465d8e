/*
 * What the pipeline costs: reads the files named on the command line through the engine, with the
 * question of the shells view live, and prints GB/s, events/s and ns an event. Usage: ingest [-t
 * threads] [-n runs] [-b batch] [-q] FILE... (-q: without the question)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "query/viewdef.h"
#include "source/source.h"

struct result {
	double wall, cpu;
	uint64_t bytes, events, rows, matched;
	size_t memory;
};

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
ask(struct request *r, bool question)
{
	request_init(r);
	r->number = 1;
	if (!question)
		return;
	r->panel[0].used = true;
	r->panel[0].rows = 50;
	r->panel[0].descending = true;
	memcpy(r->panel[0].sort, "count", sizeof("count"));
	view_query(view_def("shells"), &r->panel[0].query);
}

static struct result
run(char **files, int n, unsigned threads, size_t batch, bool question)
{
	const struct engine_options eo = { .threads = threads,
		.memory = (size_t)2 << 30,
		.spool = 64 << 20,
		.batch_size = batch };
	const struct source_options so = { .stdin_fd = 0 };
	struct result res = { 0 };
	int64_t start = clock_mono();
	double cpu = cpu_seconds();
	struct engine *e = engine_new(&eo);
	struct source_set *set = source_set_new(e, &so);
	struct snapshot *s;
	struct request r;
	char err[256];

	ask(&r, question);
	engine_request(e, &r);
	for (int i = 0; i < n; i++)
		if (source_set_add(set, files[i], err, sizeof(err)) != 0)
			fatal("%s", err);
	source_set_start(set);
	source_set_wait(set);
	s = engine_answer(e, &r);
	res.wall = (double)(clock_mono() - start) / 1e9;
	res.cpu = cpu_seconds() - cpu;
	res.bytes = s->tally.bytes;
	res.events = s->tally.accepted;
	res.rows = s->panel[0].total;
	res.matched = s->panel[0].matched;
	res.memory = s->stats.memory;
	snapshot_free(s);
	request_release(&r);
	source_set_free(set);
	engine_free(e);
	return res;
}

#define MADE_UP 200000

static void
print_event(FILE *f, unsigned i)
{
	static const char *const user[] = { "root", "www-data", "postgres", "app" };
	const char *message = i % 3 == 0
				  ? "A shell was spawned in a container with an attached terminal"
				  : "Sensitive file opened for reading by non-trusted program";

	fprintf(f,
	    "{\"hostname\":\"worker-%02u\",\"output\":\"2026-01-15T08:%02u:%02u.%09u+0000: Notice %s | "
	    "evt_type=execve user=%s user_uid=%u process=bash proc_exepath=/usr/bin/bash parent=runc "
	    "command=bash -c id terminal=34816 container_id=%012x container_name=web-%u "
	    "container_image_repository=registry.example/team/web container_image_tag=1.%u "
	    "k8s_pod_name=web-%u k8s_ns_name=prod\",",
	    i % 8, i / 60 % 60, i % 60, i, message, user[i % 4], i % 4, i % 97, i % 97, i % 9,
	    i % 97);
	fprintf(f,
	    "\"output_fields\":{\"container.id\":\"%012x\",\"container.image.repository\":"
	    "\"registry.example/team/web\",\"container.image.tag\":\"1.%u\",\"container.name\":\"web-%u\","
	    "\"evt.time.iso8601\":1768464000%09u,\"evt.type\":\"execve\",\"k8s.ns.name\":\"prod\","
	    "\"k8s.pod.name\":\"web-%u\",\"proc.cmdline\":\"bash -c id\",\"proc.exepath\":\"/usr/bin/bash\","
	    "\"proc.name\":\"bash\",\"proc.pid\":%u,\"proc.pname\":\"runc\",\"proc.tty\":34816,"
	    "\"user.loginuid\":-1,\"user.name\":\"%s\",\"user.uid\":%u},",
	    i % 97, i % 9, i % 97, i, i % 97, i, user[i % 4], i % 4);
	fprintf(f,
	    "\"priority\":\"Notice\",\"rule\":\"Rule %u\",\"source\":\"syscall\",\"tags\":[\"T1059\","
	    "\"container\",\"mitre_execution\"],\"time\":\"2026-01-15T08:%02u:%02u.%09uZ\"}\n",
	    i % 23, i / 60 % 60, i % 60, i);
}

static char *
make_recording(void)
{
	char *path = xstrdup("/tmp/falcotop-ingest.XXXXXX");
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f == NULL)
		fatal("cannot make %s", path);
	for (unsigned i = 0; i < MADE_UP; i++)
		print_event(f, i);
	if (fclose(f) != 0)
		fatal("cannot write %s", path);
	return path;
}

static int
by_wall(const void *a, const void *b)
{
	double x = ((const struct result *)a)->wall, y = ((const struct result *)b)->wall;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	struct result res[32], *m;
	unsigned threads = 2;
	size_t batch = 0;
	bool question = true;
	char *made_up = NULL;
	int runs = 5, c;

	while ((c = getopt(argc, argv, "t:n:b:q")) != -1) {
		switch (c) {
		case 't': threads = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'n': runs = (int)strtol(optarg, NULL, 10); break;
		case 'b': batch = strtoul(optarg, NULL, 10); break;
		case 'q': question = false; break;
		default: return 2;
		}
	}
	if (runs < 1 || runs > 32) {
		fprintf(stderr, "usage: ingest [-t threads] [-n runs] [-b batch] [-q] [FILE...]\n");
		return 2;
	}
	if (optind == argc)
		made_up = make_recording();
	for (int i = 0; i < runs; i++)
		res[i] = made_up != NULL
			     ? run(&made_up, 1, threads, batch, question)
			     : run(argv + optind, argc - optind, threads, batch, question);
	if (made_up != NULL)
		unlink(made_up);
	free(made_up);
	qsort(res, (size_t)runs, sizeof(res[0]), by_wall);
	m = &res[runs / 2];
	if (m->events == 0)
		fatal("no events in there");
	printf("ingest, %u threads, median of %d: %.3f s wall (best %.3f), %.3f s cpu, %.2f GB/s, "
	       "%.0f events/s, %.0f ns an event (cpu), %llu events, %llu matched, %llu rows, "
	       "%.0f bytes an event\n",
	    threads, runs, m->wall, res[0].wall, m->cpu, (double)m->bytes / m->wall / 1e9,
	    (double)m->events / m->wall, m->cpu * 1e9 / (double)m->events,
	    (unsigned long long)m->events, (unsigned long long)m->matched,
	    (unsigned long long)m->rows, (double)m->memory / (double)m->events);
	return 0;
}
