/*
 * How fast lines become events, on one core: the quick scan against the reference reader. Prints;
 * asserts nothing.
 *
 *     decode [FILE] [ROUNDS [scan]]     without a file: a line of its own, over and over; scan: not
 *                                       the reference reader (for a profiler)
 */
#include "decode/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define SAMPLE_LINES 20000
#define FILE_MAX     ((size_t)64 << 20)

static const char sample[] =
    "{\"hostname\":\"worker-01\",\"output\":\"2026-01-15T08:00:00.161934674+0000: Notice A shell "
    "was spawned in a container with an attached terminal | evt_type=execve user=redis "
    "user_uid=999 user_loginuid=-1 process=bash proc_exepath=/usr/bin/bash "
    "parent=containerd-shim command=bash -il terminal=34817 container_id=9c200661fccd "
    "container_name=cache container_image_repository=docker.io/library/redis "
    "container_image_tag=7.4-alpine k8s_pod_name=cache-2e8d28a79-023c3 k8s_ns_name=shop\","
    "\"output_fields\":{\"container.id\":\"9c200661fccd\","
    "\"container.image.repository\":\"docker.io/library/redis\","
    "\"container.image.tag\":\"7.4-alpine\",\"container.name\":\"cache\","
    "\"evt.arg.flags\":\"EXE_WRITABLE|EXE_LOWER_LAYER\",\"evt.time.iso8601\":1768464000161934674,"
    "\"evt.type\":\"execve\",\"k8s.ns.name\":\"shop\",\"k8s.pod.name\":\"cache-2e8d28a79-023c3\","
    "\"proc.cmdline\":\"bash -il\",\"proc.exepath\":\"/usr/bin/bash\",\"proc.name\":\"bash\","
    "\"proc.pid\":40564,\"proc.pname\":\"containerd-shim\",\"proc.tty\":34817,"
    "\"user.loginuid\":-1,\"user.name\":\"redis\",\"user.uid\":999},\"priority\":\"Notice\","
    "\"rule\":\"Terminal shell in container\",\"source\":\"syscall\",\"tags\":[\"T1059\","
    "\"container\",\"maturity_stable\",\"mitre_execution\",\"shell\"],"
    "\"time\":\"2026-01-15T08:00:00.161934674Z\"}\n";

static struct buf
load(const char *path)
{
	struct buf b = { NULL, 0, 0 };
	size_t got;
	FILE *f;

	if (path == NULL) {
		for (unsigned i = 0; i < SAMPLE_LINES; i++)
			buf_adds(&b, sample);
		return b;
	}
	f = fopen(path, "rb");
	if (f == NULL)
		fatal("%s: %s", path, strerror(errno));
	while (b.len < FILE_MAX && (got = fread(buf_room(&b, 1 << 20), 1, 1 << 20, f)) > 0)
		b.len += got;
	fclose(f);
	while (b.len > 0 && b.p[b.len - 1] != '\n')
		b.len--;
	return b;
}

/* Processor time: a busy machine does not count. */
static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct total {
	uint64_t lines, events, present;
};

static void
decode_all(struct decoder *d, struct slice text, struct total *t)
{
	const char *p = text.p, *end = text.p + text.len, *nl;
	struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		decode_line(d, p, (size_t)(nl - p), false);
		while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
			t->events += v == VERDICT_EVENT;
			t->present ^= ev.present;
		}
		t->lines++;
	}
}

static void
measure(const char *name, bool reference, struct slice text, int rounds)
{
	struct decoder *d = decoder_new();
	struct total t = { 0, 0, 0 };
	int64_t start, best = INT64_MAX, ns;

	if (reference)
		decoder_reference_only(d);
	for (int i = 0; i < rounds; i++) {
		t = (struct total){ 0, 0, 0 };
		start = cpu_ns();
		decode_all(d, text, &t);
		ns = cpu_ns() - start;
		if (ns < best)
			best = ns;
	}
	printf("%-10s %7.0f ns/line  %5.2f GB/s  %llu lines, %llu events\n", name,
	    (double)best / (double)t.lines, (double)text.len / (double)best,
	    (unsigned long long)t.lines, (unsigned long long)t.events);
	decoder_free(d);
}

int
main(int argc, char **argv)
{
	struct buf text = load(argc > 1 ? argv[1] : NULL);
	long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 5;

	if (text.len == 0 || rounds < 1)
		return 1;
	printf("decode: %.1f MB, best of %ld\n", (double)text.len / 1e6, rounds);
	measure("scan", false, buf_slice(&text), (int)rounds);
	if (argc < 4 || strcmp(argv[3], "scan") != 0)
		measure("reference", true, buf_slice(&text), (int)rounds);
	buf_release(&text);
	return 0;
}
