/*
 * The dashboard in a terminal that nobody reads: Falco must not wait for it. 1,000 requests are
 * answered, the slowest of 100 within 50 ms, and the program still ends when asked.
 */
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define REQUESTS 1000
#define P99_NS	 (50 * 1000000LL)

static unsigned tests;

static bool
ok(bool good, const char *name)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, name);
	return good;
}

/* A port that was free a moment ago. */
static unsigned
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		exit(99);
	close(fd);
	return ntohs(a.sin_port);
}

static pid_t
start(const char *program, unsigned port, int *terminal)
{
	const struct winsize size = { .ws_row = 200, .ws_col = 400 };
	char spec[32];
	pid_t pid;

	snprintf(spec, sizeof(spec), "http:%u", port);
	pid = forkpty(terminal, NULL, NULL, &size);
	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execl(program, program, "--history", "none", spec, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* -1 when it does not come within 20 s. */
static int
dial(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct timeval t = { .tv_sec = 20 };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned i = 0; i < 2000; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		close(fd);
		usleep(10000);
	}
	return -1;
}

/* Nanoseconds until the answer, -1 when it was not 200. */
static int64_t
post(int fd, unsigned i)
{
	char body[512], text[1024];
	int64_t began = clock_mono();
	int n = snprintf(body, sizeof(body),
	    "{\"output\":\"A shell was spawned in a container %u\",\"priority\":\"Critical\",\"rule\":"
	    "\"Rule %u\",\"time\":\"2026-01-15T08:00:00.%09uZ\",\"output_fields\":{\"container.id\":"
	    "\"c%u\",\"proc.name\":\"sh\",\"user.name\":\"user%u\"}}",
	    i, i % 97, i, i % 61, i % 83);

	n = snprintf(text, sizeof(text),
	    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", n, body);
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		return -1;
	if (read(fd, text, sizeof(text)) < 12 || memcmp(text, "HTTP/1.1 200", 12) != 0)
		return -1;
	return clock_mono() - began;
}

/* Posts until the terminal's buffer has stopped growing for a second: it is full, nobody reads. */
static bool
freeze(int fd, int terminal)
{
	int64_t since = clock_mono(), until = since + 30 * NSEC_PER_SEC;
	int before = -1, waiting = 0;

	for (unsigned i = 0; clock_mono() < until; i++) {
		if (post(fd, i) < 0 || ioctl(terminal, FIONREAD, &waiting) != 0)
			return false;
		if (waiting != before)
			since = clock_mono();
		before = waiting;
		if (waiting > 0 && clock_mono() - since > NSEC_PER_SEC)
			return true;
		usleep(2000);
	}
	return false;
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The 99th percentile, -1 when one was not answered. */
static int64_t
p99(int fd)
{
	static int64_t took[REQUESTS];

	for (unsigned i = 0; i < REQUESTS; i++) {
		took[i] = post(fd, i);
		if (took[i] < 0)
			return -1;
	}
	qsort(took, REQUESTS, sizeof(took[0]), by_size);
	printf("# p50 %lld us, p99 %lld us, max %lld us\n", (long long)took[REQUESTS / 2] / 1000,
	    (long long)took[REQUESTS * 99 / 100] / 1000, (long long)took[REQUESTS - 1] / 1000);
	return took[REQUESTS * 99 / 100];
}

static bool
ends(pid_t pid)
{
	int64_t until = clock_mono() + 20 * NSEC_PER_SEC;

	kill(pid, SIGTERM);
	while (clock_mono() < until) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return false;
}

int
main(void)
{
	const char *program = getenv("FALCOTOP");
	unsigned port = free_port();
	int terminal, fd;
	int64_t t = -1;
	bool good;
	pid_t pid;

	if (program == NULL) {
		printf("1..0 # SKIP $FALCOTOP is not set\n");
		return 77;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..4\n");
	pid = start(program, port, &terminal);
	fd = dial(port);
	good = ok(fd >= 0, "the dashboard listens");
	good &= ok(good && freeze(fd, terminal), "its terminal is full");
	for (unsigned i = 0; good && i < 3 && (t < 0 || t > P99_NS); i++)
		t = p99(fd); /* a busy machine may be slow once */
	good &= ok(t >= 0 && t <= P99_NS, "1,000 requests: p99 within 50 ms");
	good &= ok(ends(pid), "SIGTERM ends it");
	close(fd);
	close(terminal);
	return good ? 0 : 1;
}
