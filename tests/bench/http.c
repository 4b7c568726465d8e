/*
 * One event a request over kept-alive connections, as Falco does it: requests a second, the slowest
 * answers, and whether every event was counted. Against a bare evhttp that only answers, and
 * against our receiver while its consumer stands still. Client and server are processes of their
 * own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/source.h"

#include "base/banned.h"

#define CONNECTIONS 16
#define REQUESTS    200000u

struct server {
	pid_t pid;
	int port;
	int quit; /* closed: it is to end */
	int result;
};

/* --- servers ---------------------------------------------------------------------------------- */

static void
reply(struct evhttp_request *r, void *arg)
{
	(void)arg;
	evhttp_send_reply(r, 200, "OK", NULL);
}

static void
on_quit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
tell(int fd, uint64_t n)
{
	if (write(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		_exit(1);
}

static uint64_t
hear(int fd)
{
	uint64_t n = 0;

	if (read(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		fatal("the server died");
	return n;
}

static void
serve_bare(int quit, int out)
{
	struct event_base *base = event_base_new();
	struct evhttp *h = evhttp_new(base);
	struct evhttp_bound_socket *s = evhttp_bind_socket_with_handle(h, "127.0.0.1", 0);
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (s == NULL)
		fatal("cannot listen");
	getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&a, &len);
	evhttp_set_gencb(h, reply, NULL);
	event_add(event_new(base, quit, EV_READ, on_quit, base), NULL);
	tell(out, ntohs(a.sin_port));
	event_base_dispatch(base);
	tell(out, 0);
}

static bool stuck;

/* The engine's thread stands here: nothing is taken from the queues any more. */
static void
stand_still(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&stuck, __ATOMIC_ACQUIRE))
		usleep(1000);
}

/* "http:127.0.0.1:PORT" */
static uint64_t
port_of(struct engine *e, const struct request *q)
{
	struct snapshot *s = engine_answer(e, q);
	char name[64];
	uint64_t port;

	snprintf(name, sizeof(name), "%.*s", (int)s->source[0].name.len, s->source[0].name.p);
	port = strtoul(strrchr(name, ':') + 1, NULL, 10);
	snapshot_free(s);
	return port;
}

static void
serve_ours(int quit, int out, bool frozen)
{
	const struct engine_options eo = { .threads = 1,
		.memory = (size_t)512 << 20,
		.spool = (size_t)64 << 20,
		.wake = stand_still };
	const struct source_options so = { 0 };
	struct request q;
	struct engine *e;
	struct source_set *set;
	struct snapshot *s;
	char err[256], byte;

	e = engine_new(&eo);
	set = source_set_new(e, &so);
	if (source_set_add(set, "http:0", err, sizeof(err)) != 0)
		fatal("%s", err);
	request_init(&q);
	q.want_sources = true;
	tell(out, port_of(e, &q));
	if (frozen) {
		__atomic_store_n(&stuck, true, __ATOMIC_RELEASE);
		engine_request(e, &q); /* once it is answered, the engine calls us and stands */
	}
	source_set_start(set);
	(void)!read(quit, &byte, 1);
	__atomic_store_n(&stuck, false, __ATOMIC_RELEASE);
	source_set_stop(set);
	s = engine_answer(e, &q);
	tell(out, s->source[0].tally.accepted);
	tell(out, s->source[0].tally.dropped);
	snapshot_free(s);
	source_set_free(set);
	engine_free(e);
}

static struct server
start(int kind)
{
	struct server s;
	int quit[2], out[2];

	if (pipe(quit) != 0 || pipe(out) != 0)
		fatal("pipe");
	fflush(stdout);
	s.pid = fork();
	if (s.pid == 0) {
		close(quit[1]);
		close(out[0]);
		if (kind == 0)
			serve_bare(quit[0], out[1]);
		else
			serve_ours(quit[0], out[1], kind == 2);
		_exit(0);
	}
	close(quit[0]);
	close(out[1]);
	s.quit = quit[1];
	s.result = out[0];
	s.port = (int)hear(out[0]);
	return s;
}

/* --- the client ------------------------------------------------------------------------------- */

struct client {
	int fd;
	int64_t sent;
};

static int
dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		fatal("connect: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
send_one(struct client *c, unsigned i)
{
	static char body[2048], text[4096];
	int n = snprintf(body, sizeof(body),
	    "{\"hostname\":\"node-%u\",\"output\":\"16:00:00.016000000: Warning Sensitive file opened "
	    "for reading by non-trusted program | file=/etc/shadow gparent=sshd ggparent=<NA> "
	    "gggparent=<NA> evt_type=openat user=cloudsdk user_uid=1000 user_loginuid=1000 process=cat "
	    "proc_exepath=/usr/bin/cat parent=bash command=cat /etc/shadow terminal=%u "
	    "container_id=host container_name=host\",\"output_fields\":{\"container.id\":\"host\","
	    "\"container.image.repository\":null,\"container.image.tag\":null,\"container.name\":"
	    "\"host\",\"evt.time\":1764000000016000000,\"evt.type\":\"openat\",\"fd.name\":"
	    "\"/etc/shadow\",\"k8s.ns.name\":null,\"k8s.pod.name\":null,\"proc.aname[2]\":\"sshd\","
	    "\"proc.cmdline\":\"cat /etc/shadow\",\"proc.exepath\":\"/usr/bin/cat\",\"proc.name\":"
	    "\"cat\",\"proc.pname\":\"bash\",\"proc.tty\":%u,\"user.loginuid\":1000,\"user.name\":"
	    "\"cloudsdk\",\"user.uid\":1000},\"priority\":\"Warning\",\"rule\":\"Read sensitive file "
	    "untrusted\",\"source\":\"syscall\",\"tags\":[\"T1555\",\"container\",\"filesystem\","
	    "\"host\",\"maturity_stable\",\"mitre_credential_access\"],\"time\":"
	    "\"2025-11-24T16:00:00.016000000Z\"}",
	    i % 40, i, i);
	int len = snprintf(text, sizeof(text),
	    "POST /in HTTP/1.1\r\nHost: 127.0.0.1:18080\r\nUser-Agent: falcosecurity/falco\r\nAccept: "
	    "*/*\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	    n, body);

	c->sent = clock_mono();
	if (write(c->fd, text, (size_t)len) != len)
		fatal("write: %s", strerror(errno));
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
run(struct server s, const char *what, unsigned total)
{
	static struct client c[CONNECTIONS];
	static uint32_t took[REQUESTS];
	struct epoll_event ev[CONNECTIONS];
	int ep = epoll_create1(0);
	unsigned sent = 0, done = 0;
	int64_t start = clock_mono();
	char text[1024];
	double seconds;

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = &c[i] };

		c[i].fd = dial(s.port);
		epoll_ctl(ep, EPOLL_CTL_ADD, c[i].fd, &e);
		send_one(&c[i], sent++);
	}
	while (done < total) {
		int n = epoll_wait(ep, ev, CONNECTIONS, 10000);

		if (n <= 0)
			fatal("no answer");
		for (int i = 0; i < n; i++) {
			struct client *k = ev[i].data.ptr;
			ssize_t got = read(k->fd, text, sizeof(text));

			if (got < 12 || memcmp(text, "HTTP/1.1 200", 12) != 0)
				fatal("not answered 200");
			took[done++] = (uint32_t)((clock_mono() - k->sent) / 1000);
			if (sent < total)
				send_one(k, sent++);
		}
	}
	seconds = (double)(clock_mono() - start) / 1e9;
	qsort(took, done, sizeof(took[0]), by_size);
	printf("%-34s %8.0f requests/s  p50 %5u us  p99 %5u us  max %6u us\n", what, done / seconds,
	    took[done / 2], took[done / 100 * 99], took[done - 1]);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		close(c[i].fd);
	close(ep);
	return done / seconds;
}

static void
finish(struct server s, unsigned total)
{
	uint64_t accepted, dropped;

	close(s.quit);
	accepted = hear(s.result);
	if (accepted > 0 || total > 0) {
		dropped = hear(s.result);
		printf("%-34s %8llu accepted + %llu dropped of %u%s\n", "",
		    (unsigned long long)accepted, (unsigned long long)dropped, total,
		    accepted + dropped == total ? "" : ": LOST");
	}
	close(s.result);
	waitpid(s.pid, NULL, 0);
}

int
main(void)
{
	struct server s = start(0);
	double bare = run(s, "bare evhttp, answers only", REQUESTS);
	double ours;

	finish(s, 0);
	s = start(1);
	ours = run(s, "falcotop", REQUESTS);
	finish(s, REQUESTS);
	printf("%-34s %7.0f%%\n", "of the bare server", 100 * ours / bare);
	s = start(2);
	run(s, "falcotop, its engine stands still", 100000);
	finish(s, 100000);
	return 0;
}
