/*
 * Writes numbered events to DIR/log and rotates it: what tests/e2e/rotate.sh follows.
 * usage: rotator create|delete|inode|copytruncate|none DIR LINES PER-FILE LINES-PER-SECOND [FIRST]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char live[4096], old[4200];

static void
check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int
open_log(void)
{
	int fd = open(live, O_WRONLY | O_CREAT | O_APPEND, 0644);

	check(fd >= 0, live);
	return fd;
}

static void
copy(void)
{
	int from = open(live, O_RDONLY), to = open(old, O_WRONLY | O_CREAT | O_EXCL, 0644);
	ssize_t n;

	check(from >= 0 && to >= 0, old);
	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	check(n == 0, "copy");
	close(from);
	close(to);
}

/* Returns the descriptor to go on with. */
static int
rotate(const char *mode, int fd, unsigned k)
{
	snprintf(old, sizeof(old), "%s.%u", live, k);
	if (strcmp(mode, "create") == 0) {
		check(rename(live, old) == 0, "rename");
	} else if (strcmp(mode, "delete") == 0) {
		check(unlink(live) == 0, "unlink");
	} else if (strcmp(mode, "inode") == 0) { /* the next file gets the inode of this one */
		check(rename(live, old) == 0, "rename");
		close(fd);
		check(unlink(old) == 0, "unlink");
		return open_log();
	} else if (strcmp(mode, "copytruncate") == 0) {
		copy();
		check(truncate(live, 0) == 0, "truncate");
		return fd;
	}
	close(fd);
	return open_log();
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
wait_until(double t)
{
	double d = t - now();

	if (d > 0.002)
		usleep((useconds_t)(d * 1e6));
}

int
main(int argc, char **argv)
{
	char line[1024];
	long lines, per, rate, first;
	double start = now();
	int fd;

	if (argc < 6)
		return 2;
	lines = atol(argv[3]);
	per = atol(argv[4]);
	rate = atol(argv[5]);
	first = argc > 6 ? atol(argv[6]) : 0;
	snprintf(live, sizeof(live), "%s/log", argv[2]);
	fd = open_log();
	for (long i = 0; i < lines; i++) {
		int n = snprintf(line, sizeof(line),
		    "{\"output\":\"event %ld %.*s\",\"output_fields\":{\"evt.num\":%ld,\"proc.name\":"
		    "\"sh\",\"user.name\":\"u%ld\"},\"priority\":\"Notice\",\"rule\":\"Rotation\","
		    "\"source\":\"syscall\",\"time\":\"2026-11-24T08:00:00.%09ldZ\"}\n",
		    first + i, (int)(i % 64),
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", first + i,
		    i % 7, i);

		check(write(fd, line, (size_t)n) == n, "write");
		if (strcmp(argv[1], "none") != 0 && i % per == per - 1)
			fd = rotate(argv[1], fd, (unsigned)((first + i) / per));
		if (rate > 0)
			wait_until(start + (double)(i + 1) / (double)rate);
	}
	close(fd);
	return 0;
}
