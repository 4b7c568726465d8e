/*
 * What sockets take in: 8 writers at full speed, over a Unix socket, over TCP, over both together
 * and over syslog with counted messages; events/s from the first byte to the last event in the
 * index, which must be exactly those that were sent. Usage: sockets [-t threads] [-n runs] [-r
 * rounds]
 */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/source.h"

#define WRITERS 8
#define EVENTS	10000 /* of a round of one writer */

static void
add_event(struct buf *b, unsigned i)
{
	static const char *const user[] = { "root", "www-data", "postgres", "app" };

	buf_addf(b,
	    "{\"hostname\":\"worker-%02u\",\"output\":\"08:%02u:%02u.%09u: Notice A shell was spawned in a "
	    "container with an attached terminal (evt_type=execve user=%s process=bash parent=runc "
	    "command=bash -c id container_id=%012x container_name=web-%u)\",",
	    i % 8, i / 60 % 60, i % 60, i, user[i % 4], i % 97, i % 97);
	buf_addf(b,
	    "\"output_fields\":{\"container.id\":\"%012x\",\"container.image.repository\":"
	    "\"registry.example/team/web\",\"container.name\":\"web-%u\",\"evt.type\":\"execve\","
	    "\"k8s.ns.name\":\"prod\",\"k8s.pod.name\":\"web-%u\",\"proc.cmdline\":\"bash -c id\","
	    "\"proc.name\":\"bash\",\"proc.pid\":%u,\"proc.pname\":\"runc\",\"user.name\":\"%s\"},",
	    i % 97, i % 97, i % 97, i, user[i % 4]);
	buf_addf(b,
	    "\"priority\":\"Notice\",\"rule\":\"Rule %u\",\"source\":\"syscall\",\"tags\":[\"T1059\","
	    "\"container\"],\"time\":\"2026-01-15T08:%02u:%02u.%09uZ\"}",
	    i % 23, i / 60 % 60, i % 60, i);
}

struct writer {
	const struct buf *text;
	unsigned rounds;
	const char *path; /* NULL: TCP */
	unsigned port;
	pthread_t thread;
};

static void *
write_all(void *arg)
{
	const struct writer *w = arg;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)w->port) };
	int fd = socket(w->path != NULL ? AF_UNIX : AF_INET, SOCK_STREAM, 0), r;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (w->path != NULL) {
		memcpy(un.sun_path, w->path, strlen(w->path));
		r = connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		r = connect(fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (r != 0)
		fatal("cannot connect");
	for (unsigned i = 0; i < w->rounds; i++)
		for (size_t at = 0; at < w->text->len;) {
			size_t n = w->text->len - at < 65536 ? w->text->len - at : 65536;
			ssize_t done = write(fd, w->text->p + at, n);

			if (done <= 0)
				fatal("cannot write");
			at += (size_t)done;
		}
	close(fd);
	return NULL;
}

static struct snapshot *
look(struct engine *e)
{
	struct request q;
	struct snapshot *s;

	request_init(&q);
	s = engine_answer(e, &q);
	request_release(&q);
	return s;
}

static unsigned
port_of(struct engine *e, unsigned source)
{
	struct snapshot *s = look(e);
	unsigned port = (unsigned)strtoul(strrchr(s->source[source].name.p, ':') + 1, NULL, 10);

	snapshot_free(s);
	return port;
}

/* Seconds until n events were counted and everybody has gone. */
static double
until_counted(struct engine *e, uint64_t n, int64_t start)
{
	for (bool was_quiet = false;;) {
		struct snapshot *s = look(e);
		uint64_t accepted = s->tally.accepted, records = s->tally.records;
		bool quiet = true;

		for (unsigned i = 0; i < s->nsources; i++)
			quiet = quiet && s->source[i].state == SOURCE_WAITING;
		snapshot_free(s);
		/* a state may be newer than the counts next to it: quiet counts from the second time */
		if (accepted > n || records > n || (quiet && was_quiet && accepted != n))
			fatal("sent %llu, counted %llu events in %llu records",
			    (unsigned long long)n, (unsigned long long)accepted,
			    (unsigned long long)records);
		if (accepted == n && quiet)
			return (double)(clock_mono() - start) / 1e9;
		was_quiet = quiet;
		usleep(2000);
	}
}

static double
run(const char *const *spec, unsigned nspec, const struct buf *text, unsigned threads,
    unsigned rounds)
{
	const struct engine_options eo = {
		.threads = threads, .memory = (size_t)2 << 30, .spool = 64 << 20
	};
	const struct source_options so = { 0 };
	struct engine *e = engine_new(&eo);
	struct source_set *set = source_set_new(e, &so);
	struct writer w[WRITERS];
	char err[256];
	int64_t start;
	double seconds;

	for (unsigned i = 0; i < nspec; i++)
		if (source_set_add(set, spec[i], err, sizeof(err)) != 0)
			fatal("%s", err);
	source_set_start(set);
	for (unsigned i = 0; i < WRITERS; i++) {
		const char *to = spec[i % nspec];
		bool un = strncmp(to, "unix:", 5) == 0;

		w[i] = (struct writer){ text, rounds, un ? to + 5 : NULL,
			un ? 0 : port_of(e, i % nspec), 0 };
	}
	start = clock_mono();
	for (unsigned i = 0; i < WRITERS; i++)
		if (pthread_create(&w[i].thread, NULL, write_all, &w[i]) != 0)
			fatal("cannot start a writer");
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(w[i].thread, NULL);
	seconds = until_counted(e, (uint64_t)WRITERS * EVENTS * rounds, start);
	source_set_free(set);
	engine_free(e);
	return seconds;
}

static int
by_value(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static void
measure(const char *name, const char *const *spec, unsigned nspec, const struct buf *text,
    unsigned threads, unsigned rounds, unsigned runs)
{
	double s[32], events = (double)WRITERS * EVENTS * rounds;

	for (unsigned i = 0; i < runs; i++)
		s[i] = run(spec, nspec, text, threads, rounds);
	qsort(s, runs, sizeof(s[0]), by_value);
	printf(
	    "%-14s %u writers, %u threads, %.0f events of %.0f bytes, all counted: %.0f events/s "
	    "(median of %u; best %.0f)\n",
	    name, WRITERS, threads, events, (double)text->len / EVENTS, events / s[runs / 2], runs,
	    events / s[0]);
}

int
main(int argc, char **argv)
{
	char dir[] = "/tmp/falcotop-bench.XXXXXX", *path;
	struct buf lines = { 0 }, counted = { 0 }, one = { 0 };
	unsigned threads = 2, rounds = 5, runs = 3;
	int c;

	while ((c = getopt(argc, argv, "t:n:r:")) != -1) {
		unsigned v = c == '?' ? 0 : (unsigned)strtoul(optarg, NULL, 10);

		switch (c) {
		case 't': threads = v; break;
		case 'n': runs = v > 0 && v <= 32 ? v : 3; break;
		case 'r': rounds = v > 0 ? v : 1; break;
		default: return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		fatal("cannot make %s", dir);
	path = xasprintf("unix:%s/socket", dir);
	for (unsigned i = 0; i < EVENTS; i++) {
		buf_clear(&one);
		add_event(&one, i);
		buf_add(&lines, one.p, one.len);
		buf_addc(&lines, '\n');
		buf_addf(&counted, "%zu <13>Nov 24 08:00:00 node falco[1]: ", one.len + 35);
		buf_add(&counted, one.p, one.len);
	}
	{
		const char *const both[] = { path, "tcp:0" }, *const syslog[] = { "syslog:0" };

		measure("unix", both, 1, &lines, threads, rounds, runs);
		measure("tcp", both + 1, 1, &lines, threads, rounds, runs);
		measure("unix and tcp", both, 2, &lines, threads, rounds, runs);
		measure("syslog, counts", syslog, 1, &counted, threads, rounds, runs);
	}
	rmdir(dir);
	free(path);
	buf_release(&lines);
	buf_release(&counted);
	buf_release(&one);
	return 0;
}
