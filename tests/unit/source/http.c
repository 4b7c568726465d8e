/*
 * The receiver over real connections: answers and exact counts, of requests in pieces, of real ones
 * from elsewhere, of hostile ones; full queues, caps, and what is refused at the start.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "decode/shared.h"
#include "rig.h"

static const struct source_options options = { 0 };

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* --- a client --------------------------------------------------------------------------------- */

static unsigned
port_of(struct rig *r)
{
	struct snapshot *s;
	struct request q;
	char name[64];

	request_init(&q);
	q.want_sources = true;
	s = engine_answer(r->e, &q);
	snprintf(name, sizeof(name), "%.*s", (int)s->source[0].name.len, s->source[0].name.p);
	ck_assert_ptr_nonnull(strrchr(name, ':'));
	snapshot_free(s);
	request_release(&q);
	return (unsigned)strtoul(strrchr(name, ':') + 1, NULL, 10);
}

static unsigned
open_http(struct rig *r, const char *spec)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_msg(source_set_add(r->set, spec, r->err, sizeof(r->err)) == 0, "%s", r->err);
	source_set_start(r->set);
	return port_of(r);
}

static int
dial(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct timeval t = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return fd;
}

/* A refusal may come before all was sent. */
static void
put(int fd, const char *p, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, p + at, len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

/* Everything until the server closes. */
static void
drain(int fd, struct buf *got)
{
	for (;;) {
		ssize_t n = read(fd, buf_room(got, 65536), 65536);

		ck_assert_msg(n >= 0 || errno == ECONNRESET, "no answer in time");
		if (n <= 0)
			break;
		got->len += (size_t)n;
	}
	buf_addc(got, '\0');
	got->len--;
	close(fd);
}

/* Sends, closes its half, and takes all answers. */
static void
ask(unsigned port, const char *p, size_t len, struct buf *got)
{
	int fd = dial(port);

	buf_clear(got);
	put(fd, p, len);
	shutdown(fd, SHUT_WR);
	drain(fd, got);
}

static unsigned
count(const struct buf *b, const char *what)
{
	struct slice rest = buf_slice(b);
	size_t len = strlen(what);
	unsigned n = 0;
	const char *p;

	while (rest.len > 0 && (p = memmem(rest.p, rest.len, what, len)) != NULL) {
		n++;
		rest.len -= (size_t)(p + len - rest.p);
		rest.p = p + len;
	}
	return n;
}

static void
post(struct buf *out, const char *path, const char *headers, const char *body, size_t len)
{
	buf_addf(out, "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", path,
	    headers, len);
	buf_add(out, body, len);
}

static void
post_event(struct buf *out, const char *path, unsigned i)
{
	struct buf e = { 0 };

	sample_event(&e, i, -1);
	post(out, path, "", e.p, e.len - 1);
	buf_release(&e);
}

/* --- plain ------------------------------------------------------------------------------------ */

START_TEST(pipelined)
{
	struct buf in = { 0 }, got = { 0 };
	unsigned port, n = 20000;
	struct rig r;

	rig_init(&r, 1, 4096, &options);
	port = open_http(&r, "http:0");
	for (unsigned i = 0; i < n; i++)
		post_event(&in, "/", i);
	ask(port, in.p, in.len, &got);
	ck_assert_uint_eq(got.len, n * (sizeof(OK) - 1));
	ck_assert_uint_eq(count(&got, OK), n);
	RIG_WAIT(&r, 0, f->tally.accepted + f->tally.dropped == n);
	RIG_WAIT(&r, 0, f->tally.dropped == 0 && f->tally.lines == n);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* Two requests, one of them chunked, cut in two at every byte. */
START_TEST(cut_anywhere)
{
	struct buf in = { 0 }, got = { 0 }, e = { 0 };
	unsigned port, n = 0;
	struct rig r;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	sample_event(&e, 1, -1);
	e.len--;
	buf_addf(&in,
	    "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "10;a=b\r\n%.16s\r\n%zx\r\n%.*s\r\n0\r\nX: y\r\n\r\n",
	    e.p, e.len - 16, (int)e.len - 16, e.p + 16);
	post_event(&in, "/y?z", 2);
	for (size_t cut = 0; cut <= in.len; cut++) {
		int fd = dial(port);

		buf_clear(&got);
		put(fd, in.p, cut);
		sched_yield();
		put(fd, in.p + cut, in.len - cut);
		shutdown(fd, SHUT_WR);
		drain(fd, &got);
		ck_assert_msg(count(&got, OK) == 2, "cut at %zu: %s", cut, got.p);
		n += 2;
	}
	RIG_WAIT(&r, 0, f->tally.accepted == n);
	buf_release(&in);
	buf_release(&got);
	buf_release(&e);
	rig_release(&r);
}
END_TEST

/* A connection that ends in the middle of an event: one dropped, nobody else is harmed. */
START_TEST(reset)
{
	const struct linger now = { .l_onoff = 1 };
	struct buf in = { 0 }, got = { 0 };
	unsigned port;
	struct rig r;
	int fd;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	post_event(&in, "/", 1);
	for (unsigned i = 0; i < 10; i++) {
		fd = dial(port);
		put(fd, in.p, in.len - 5);
		if (i % 2 == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
	}
	ask(port, in.p, in.len, &got);
	ck_assert_str_eq(got.p, OK);
	/* a reset may throw away the head as well */
	RIG_WAIT(&r, 0, f->tally.accepted == 1 && f->tally.dropped >= 5 && f->tally.dropped <= 10);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* The same falcosidekick event twice is one. */
START_TEST(twice)
{
	struct buf in = { 0 }, got = { 0 }, e = { 0 };
	struct rig r;

	rig_init(&r, 1, 0, &options);
	sample_event(&e, 3, 7);
	for (unsigned i = 0; i < 3; i++)
		post(&in, "/", "", e.p, e.len);
	ask(open_http(&r, "http:0"), in.p, in.len, &got);
	ck_assert_uint_eq(count(&got, OK), 3);
	RIG_WAIT(&r, 0, f->tally.accepted == 1 && f->tally.duplicates == 2);
	buf_release(&in);
	buf_release(&got);
	buf_release(&e);
	rig_release(&r);
}
END_TEST

#define HEAD   "POST / HTTP/1.1\r\nHost: localhost\r\n"
#define TEXT   "08:00:00.000000001: Notice x (user=a)"
#define LENGTH "Content-Length: 37\r\n"

/* What two readers may understand in two ways is refused, and the connection ends. */
static const struct {
	const char *request;
	unsigned status, events;
} framings[] = {
	{ HEAD LENGTH "\r\n" TEXT, 200, 1 },
	{ HEAD LENGTH LENGTH "\r\n" TEXT, 400, 0 },
	{ HEAD LENGTH "Content-Length: 5\r\n\r\n" TEXT, 400, 0 },
	{ HEAD LENGTH "Transfer-Encoding: chunked\r\n\r\n25\r\n" TEXT "\r\n0\r\n\r\n", 400, 0 },
	{ HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n25\r\n" TEXT
	       "\r\n0\r\n\r\n",
	    400, 0 },
	{ HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n25\r\n" TEXT "\r\n0\r\n\r\n", 501, 0 },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n25\r\n" TEXT "\r\n0\r\n\r\n", 200, 1 },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n0x25\r\n" TEXT "\r\n0\r\n\r\n", 400, 0 },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\n" TEXT, 400, 0 },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413, 0 },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n100001\r\n", 413, 0 },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0 },
	{ "POST / HTTP/1.0\r\n" LENGTH "\r\n" TEXT, 200, 1 },
	{ HEAD "Content-Length: +37\r\n\r\n" TEXT, 400, 0 },
	{ HEAD "Content-Length: 0x25\r\n\r\n" TEXT, 400, 0 },
	{ HEAD "Content-Length: -1\r\n\r\n" TEXT, 400, 0 },
	{ HEAD "Content-Length: 1048577\r\n\r\n", 413, 0 },
	{ HEAD "Content-Length: 18446744073709551617\r\n\r\n", 413, 0 },
	{ HEAD "Content-Length : 37\r\n\r\n" TEXT, 400, 0 },
	{ "POST / HTTP/1.1\n" LENGTH "\n" TEXT, 400, 0 },
	{ HEAD "X: a\r\n b\r\n" LENGTH "\r\n" TEXT, 400, 0 },
	{ "POST / HTTP/1.1\r\n" LENGTH "\r\n" TEXT, 400, 0 },
	{ HEAD "Host: localhost\r\n" LENGTH "\r\n" TEXT, 400, 0 },
	{ "POST / HTTP/2.0\r\nHost: a\r\n" LENGTH "\r\n" TEXT, 400, 0 },
	{ "POST / HTTP/1.1\r\nHost: evil.example\r\n" LENGTH "\r\n" TEXT, 403, 0 },
	{ HEAD "Origin: http://a\r\n" LENGTH "\r\n" TEXT, 403, 0 },
	{ HEAD "Sec-Fetch-Site: cross-site\r\n" LENGTH "\r\n" TEXT, 403, 0 },
	{ HEAD "Content-Encoding: gzip\r\n" LENGTH "\r\n" TEXT, 415, 0 },
	{ HEAD "Expect: x\r\n" LENGTH "\r\n" TEXT, 417, 0 },
	{ HEAD "Expect: 100-continue\r\n" LENGTH "\r\n" TEXT, 100, 1 },
	{ HEAD "Upgrade: h2c\r\nConnection: Upgrade\r\n" LENGTH "\r\n" TEXT, 200, 1 },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404, 0 },
	{ "GET /services/collector HTTP/1.1\r\nHost: a\r\n\r\n", 405, 0 },
	{ "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, 0 },
	{ "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405, 0 },
};

START_TEST(framing)
{
	struct buf got = { 0 };
	char status[32];
	unsigned port;
	struct rig r;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	ask(port, framings[_i].request, strlen(framings[_i].request), &got);
	snprintf(status, sizeof(status), "HTTP/1.1 %u ", framings[_i].status);
	ck_assert_msg(strncmp(got.p, status, strlen(status)) == 0, "%s", got.p);
	ck_assert_uint_eq(count(&got, "HTTP/1.1 "), framings[_i].status == 100 ? 2 : 1);
	if (framings[_i].events == 0)
		ck_assert_ptr_nonnull(strstr(got.p, "Connection: close\r\n"));
	/* a good one behind it: whatever the first one made is counted by then */
	ask(port, framings[0].request, strlen(framings[0].request), &got);
	ck_assert_str_eq(got.p, OK);
	RIG_WAIT(&r, 0, f->tally.accepted == framings[_i].events + 1);
	RIG_WAIT(&r, 0, f->tally.lines == framings[_i].events + 1);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* --- full ------------------------------------------------------------------------------------- */

/*
 * The engine stands still: Falco is answered 200 all the same, soon, and what does not fit is
 * counted; those who come again are answered 503 long before, and what they were promised is in.
 */
START_TEST(standstill)
{
	struct buf in = { 0 }, got = { 0 }, hec = { 0 }, e = { 0 };
	unsigned port, n = 0, per = 500, promised = 0;
	struct rig r;
	bool full = false;

	rig_init(&r, 1, 0, &options);
	port = open_http(&r, "http:0");
	pthread_mutex_lock(&r.lock);
	r.block = true;
	pthread_mutex_unlock(&r.lock);
	engine_request(r.e, &(struct request){ .number = 99, .event = UINT64_MAX });
	pthread_mutex_lock(&r.lock);
	while (!r.blocked)
		pthread_cond_wait(&r.cond, &r.lock);
	pthread_mutex_unlock(&r.lock);
	for (unsigned i = 0; i < per; i++)
		post_event(&in, "/", i);
	sample_event(&e, 1, -1);
	buf_addf(&got, "{\"event\":%.*s}", (int)e.len - 1, e.p);
	post(&hec, "/services/collector", "", got.p, got.len);
	for (unsigned round = 0; round < 250; round++) {
		int64_t start = clock_mono();

		ask(port, in.p, in.len, &got);
		ck_assert_uint_eq(count(&got, OK), per);
		ck_assert_int_lt(clock_mono() - start, 10 * NSEC_PER_SEC);
		n += per;
		ask(port, hec.p, hec.len, &got);
		if (count(&got, "HTTP/1.1 503") == 1) {
			ck_assert_ptr_nonnull(strstr(got.p, "\"code\":9"));
			full = true;
		} else {
			ck_assert_uint_eq(count(&got, "HTTP/1.1 200"), 1);
			promised++;
		}
	}
	ck_assert(full);
	ck_assert_uint_gt(promised, 0);
	pthread_mutex_lock(&r.lock);
	r.block = false;
	pthread_cond_broadcast(&r.cond);
	pthread_mutex_unlock(&r.lock);
	RIG_WAIT(&r, 0, f->tally.accepted + f->tally.dropped == n + promised);
	RIG_WAIT(&r, 0, f->tally.dropped > 0 && f->tally.accepted >= promised);
	ask(port, hec.p, hec.len, &got);
	ck_assert_uint_eq(count(&got, "HTTP/1.1 200"), 1);
	buf_release(&in);
	buf_release(&got);
	buf_release(&hec);
	buf_release(&e);
	rig_release(&r);
}
END_TEST

/* More connections than one address may have: the newest is always served, the rest stay few. */
START_TEST(crowd)
{
	struct buf in = { 0 }, got = { 0 };
	unsigned port, alive = 0;
	int fd[400];
	struct rig r;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	post_event(&in, "/", 1);
	for (unsigned i = 0; i < 400; i++) {
		fd[i] = dial(port);
		put(fd[i], in.p, i % 3 == 0 ? 0 : 30);
	}
	ask(port, in.p, in.len, &got);
	ck_assert_str_eq(got.p, OK);
	for (unsigned i = 0; i < 400; i++) {
		char c;
		ssize_t n = recv(fd[i], &c, 1, MSG_DONTWAIT);

		alive += n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		close(fd[i]);
	}
	ck_assert_uint_le(alive, 128);
	RIG_WAIT(&r, 0, f->tally.accepted == 1);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* Requests that trickle in have five seconds, others are answered meanwhile. */
START_TEST(trickle)
{
	struct buf in = { 0 }, got = { 0 };
	int64_t start = clock_mono();
	unsigned port, answered = 0;
	bool gone = false;
	struct rig r;
	int fd;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	post_event(&in, "/", 1);
	fd = dial(port);
	put(fd, in.p, 20);
	for (size_t at = 20; !gone && at < in.len; at++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		ask(port, in.p, in.len, &got);
		ck_assert_str_eq(got.p, OK);
		answered++;
		gone = poll(&p, 1, 100) != 0;
		put(fd, in.p + at, 1);
	}
	ck_assert(gone);
	ck_assert_int_gt(clock_mono() - start, 4 * NSEC_PER_SEC);
	ck_assert_int_lt(clock_mono() - start, 8 * NSEC_PER_SEC);
	close(fd);
	RIG_WAIT(&r, 0, f->tally.accepted == answered);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* Every connection gives its descriptor back. */
START_TEST(descriptors)
{
	struct buf in = { 0 }, got = { 0 };
	unsigned port, before, after;
	struct rig r;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	post_event(&in, "/", 1);
	ask(port, in.p, in.len, &got);
	before = (unsigned)dup(0);
	close((int)before);
	for (unsigned i = 0; i < 2000; i++)
		ask(port, in.p, i % 4 == 0 ? in.len : i % in.len, &got);
	after = (unsigned)dup(0);
	close((int)after);
	ck_assert_uint_le(after, before + 1);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* --- opening ---------------------------------------------------------------------------------- */

static const struct {
	const char *spec;
	struct source_options options;
	const char *error; /* NULL: opens */
} opening[] = {
	{ "http:0", { 0 }, NULL },
	{ "http:127.0.0.1:0", { 0 }, NULL },
	{ "http:[::1]:0", { 0 }, NULL },
	{ "http:localhost:0", { 0 }, NULL },
	{ "http:0.0.0.0:0", { 0 }, "--insecure" },
	{ "http:0.0.0.0:0", { .insecure = true }, NULL },
	{ "http:99999", { 0 }, "not [HOST:]PORT" },
	{ "http:x:y:1", { 0 }, "not [HOST:]PORT" },
	{ "http:0", { .token_file = "/nowhere" }, "/nowhere" },
	{ "http:0", { .tls_cert = "/nowhere" }, "/nowhere" },
	{ "http:0", { .tls_key = "/nowhere" }, "--tls-cert" },
	{ "http:0", { .tls_client_ca = "/nowhere" }, "--tls-cert" },
};

START_TEST(opens)
{
	struct rig r;
	int got;

	rig_init(&r, 0, 0, &opening[_i].options);
	got = source_set_add(r.set, opening[_i].spec, r.err, sizeof(r.err));
	if (opening[_i].error == NULL && got != 0 && strstr(opening[_i].spec, "::1") != NULL)
		printf("# no IPv6 here: %s\n", r.err);
	else if (opening[_i].error == NULL)
		ck_assert_msg(got == 0, "%s", r.err);
	else
		ck_assert_msg(got != 0 && strstr(r.err, opening[_i].error) != NULL, "%s", r.err);
	rig_release(&r);
}
END_TEST

START_TEST(port_taken)
{
	struct rig a, b;
	char spec[40];

	rig_init(&a, 0, 0, &options);
	rig_init(&b, 0, 0, &options);
	snprintf(spec, sizeof(spec), "http:%u", open_http(&a, "http:0"));
	ck_assert_int_eq(source_set_add(b.set, spec, b.err, sizeof(b.err)), -1);
	ck_assert_ptr_nonnull(strstr(b.err, "in use"));
	rig_release(&b);
	rig_release(&a);
}
END_TEST

/* --- the shared data -------------------------------------------------------------------------- */

/* Sends a file; false when it is not there. */
static bool
ask_file(unsigned port, const char *name, struct buf *got)
{
	struct buf path = { 0 }, in = { 0 };
	bool there = shared_path(&path, name) && read_file(&in, path.p);

	if (there)
		ask(port, in.p, in.len, got);
	buf_release(&path);
	buf_release(&in);
	return there;
}

/* A file of lines, for strtok_r(). */
static bool
read_text(struct buf *text, const char *name)
{
	struct buf path = { 0 };
	bool there = shared_path(&path, name) && read_file(text, path.p);

	if (there)
		buf_addc(text, '\0');
	buf_release(&path);
	return there;
}

/* A row of the hostile set's index: the first answers must be among the numbers it names. */
static void
check_row(unsigned port, const char *file, const char *want)
{
	struct buf got = { 0 }, name = { 0 };
	const char *p, *status = NULL;
	char number[4] = "";

	buf_addf(&name, "hostile/%s", file);
	ck_assert(ask_file(port, name.p, &got));
	for (p = got.p; (p = strstr(p, "HTTP/1.1 ")) != NULL; p += 9) {
		memcpy(number, p + 9, 3);
		ck_assert_msg(strstr(want, number) != NULL || strstr(want, "closed") != NULL,
		    "%s: %s, not %s", file, number, want);
		status = p;
	}
	if (strstr(want, "no event") == NULL && strstr(want, "closed") == NULL)
		ck_assert_msg(status != NULL, "%s: no answer", file);
	if (strstr(want, "x3") != NULL)
		ck_assert_uint_eq(count(&got, OK), 3);
	ck_assert_uint_eq(count(&got, "Access-Control"), 0);
	buf_release(&got);
	buf_release(&name);
}

START_TEST(hostile_requests)
{
	struct buf index = { 0 };
	struct source_options with = { 0 };
	unsigned port, guarded, rows = 0, events = 0;
	struct rig r, t;
	char *line, *save;

	if (!read_text(&index, "hostile/http/INDEX.tsv"))
		return;
	rig_init(&r, 0, 0, &options);
	rig_append(&r, "a", "abc123\n", 7);
	with.token_file = rig_path(&r, "a");
	rig_init(&t, 0, 0, &with);
	port = open_http(&r, "http:0");
	guarded = open_http(&t, "http:0");
	strtok_r(index.p, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save)) != NULL) {
		char *want = strchr(line, '\t'), *n;

		ck_assert_ptr_nonnull(want);
		*want++ = '\0';
		n = strchr(want, '\t');
		ck_assert_ptr_nonnull(n);
		*n++ = '\0';
		check_row(strstr(line, "token") != NULL ? guarded : port, line, want);
		events += (unsigned)strtoul(n, NULL, 10);
		rows++;
	}
	ck_assert_uint_ge(rows, 54);
	RIG_WAIT(&r, 0, f->tally.accepted == events);
	RIG_WAIT(&r, 0, tally_rejected(&f->tally) == 2); /* bad_json, cl_short */
	RIG_WAIT(&t, 0, f->tally.lines == 0);
	buf_release(&index);
	rig_release(&t);
	rig_release(&r);
}
END_TEST

/* All raw requests of a directory; how many events they are. */
static unsigned
replay(unsigned port, const char *dir)
{
	struct buf path = { 0 }, in = { 0 }, got = { 0 };
	unsigned n = 0, sent;
	struct dirent *d;
	DIR *files;

	if (!shared_path(&path, dir)) {
		buf_release(&path);
		return 0;
	}
	files = opendir(path.p);
	ck_assert_ptr_nonnull(files);
	while ((d = readdir(files)) != NULL) {
		struct buf file = { 0 };

		buf_addf(&file, "%s/%s", path.p, d->d_name);
		if (d->d_name[0] != '.' && read_file(&in, file.p)) {
			sent = count(&in, "POST /in HTTP/1.1\r\n");
			ask(port, in.p, in.len, &got);
			ck_assert_msg(
			    count(&got, OK) == sent, "%s: %u of %u", file.p, count(&got, OK), sent);
			n += sent;
		}
		buf_release(&file);
	}
	closedir(files);
	buf_release(&path);
	buf_release(&in);
	buf_release(&got);
	return n;
}

/* What a real Falco sent. */
START_TEST(real_falco)
{
	static const char *const dirs[] = { "ok", "ok_keepalive", "text", "hostile", "compress",
		"close" };
	char dir[64];
	unsigned port, n = 0, health;
	struct rig r;

	rig_init(&r, 1, 0, &options);
	port = open_http(&r, "http:0");
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(dir, sizeof(dir), "data/falco_live/http/%s", dirs[i]);
		n += replay(port, dir);
	}
	RIG_WAIT(&r, 0, f->tally.accepted == n && f->tally.dropped == 0);
	health = replay(port, "data/falco_live/http/metrics");
	RIG_WAIT(&r, 0, f->tally.accepted + f->tally.internal == n + health);
	RIG_WAIT(&r, 0, tally_rejected(&f->tally) == 0);
	rig_release(&r);
}
END_TEST

static const struct {
	const char *file;
	unsigned status, code; /* code 99: none */
	unsigned events, lines;
} real[] = {
	{ "hec/captured_curl_ack.http", 400, 14, 0, 0 },
	{ "hec/captured_curl_basic_auth.http", 200, 0, 0, 1 },
	{ "hec/captured_curl_batch_concat.http", 200, 0, 0, 3 },
	{ "hec/captured_curl_batch_newline.http", 200, 0, 0, 3 },
	{ "hec/captured_curl_chunked.http", 200, 0, 0, 3 },
	{ "hec/captured_curl_event_falco_object.http", 200, 0, 1, 1 },
	{ "hec/captured_curl_event_string.http", 200, 0, 0, 1 },
	{ "hec/captured_curl_gzip_batch.http", 200, 0, 0, 3 },
	{ "hec/captured_curl_health.http", 200, 17, 0, 0 },
	{ "hec/captured_curl_raw_two_lines.http", 200, 0, 2, 2 },
	{ "hec/captured_splunk-logging_batch3.http", 200, 0, 1, 3 },
	{ "hec/captured_splunk-logging_single.http", 200, 0, 1, 1 },
	{ "hec/falcosidekick_splunk.constructed.http", 200, 0, 1, 1 },
	{ "hec/otel_export_raw.constructed.http", 200, 0, 1, 2 },
	{ "hec/otel_k8s_container_log.constructed.http", 200, 0, 0, 1 },
	{ "hec/otel_k8s_falco_batch.constructed.http", 200, 0, 1, 5 },
	{ "hec/otel_k8s_falco_batch_gzip.constructed.http", 200, 0, 1, 5 },
	{ "hec/otel_k8s_falco_batch_oldorder_newline.constructed.http", 200, 0, 1, 2 },
	{ "cloudevents/captured_npm_sdk_batch.http", 200, 99, 2, 2 },
	{ "cloudevents/captured_npm_sdk_binary.http", 200, 99, 1, 1 },
	{ "cloudevents/captured_npm_sdk_structured.http", 200, 99, 1, 1 },
	{ "cloudevents/structured_data_base64.constructed.http", 200, 99, 1, 1 },
	{ "cloudevents/falcosidekick_binary.constructed.http", 200, 99, 1, 1 },
	{ "cloudevents/falcosidekick_binary_percent.constructed.http", 200, 99, 1, 1 },
};

START_TEST(real_clients)
{
	struct buf got = { 0 }, name = { 0 };
	char status[32], code[32];
	struct rig r;

	rig_init(&r, 0, 0, &options);
	buf_addf(&name, "data/%s", real[_i].file);
	if (ask_file(open_http(&r, "http:0"), name.p, &got)) {
		snprintf(status, sizeof(status), "HTTP/1.1 %u ", real[_i].status);
		snprintf(code, sizeof(code), "\"code\":%u", real[_i].code);
		ck_assert_msg(strncmp(got.p, status, strlen(status)) == 0, "%s", got.p);
		ck_assert_msg(real[_i].code == 99 || strstr(got.p, code) != NULL, "%s", got.p);
		RIG_WAIT(&r, 0, f->tally.lines == real[_i].lines);
		RIG_WAIT(&r, 0, f->tally.accepted == real[_i].events);
	}
	buf_release(&got);
	buf_release(&name);
	rig_release(&r);
}
END_TEST

/* "name<TAB>code<TAB>body" of malformed HEC bodies. */
START_TEST(malformed_bodies)
{
	struct buf text = { 0 }, in = { 0 }, got = { 0 };
	char want[32], *line, *save;
	unsigned port, n = 0;
	struct rig r;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	if (read_text(&text, "data/hec/malformed_bodies.tsv")) {
		strtok_r(text.p, "\n", &save);
		while ((line = strtok_r(NULL, "\n", &save)) != NULL) {
			char *code = strchr(line, '\t'), *body = strrchr(line, '\t');

			ck_assert(code != NULL && body > code);
			snprintf(want, sizeof(want), "\"code\":%ld", strtol(code, NULL, 10));
			buf_clear(&in);
			post(&in, "/services/collector/event", "", body + 1, strlen(body + 1));
			ask(port, in.p, in.len, &got);
			ck_assert_uint_eq(count(&got, "HTTP/1.1 400"), 1);
			ck_assert_msg(strstr(got.p, want) != NULL, "%s: %s", line, got.p);
			n++;
		}
		ck_assert_uint_gt(n, 5);
	}
	buf_release(&text);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

/* Bodies of the audit webhook: every item is a line. */
START_TEST(audit_lists)
{
	struct buf text = { 0 }, in = { 0 }, got = { 0 };
	unsigned port, n = 0;
	char *line, *save;
	struct rig r;

	rig_init(&r, 0, 0, &options);
	port = open_http(&r, "http:0");
	if (read_text(&text, "data/k8s_audit/eventlist_bodies.jsonl")) {
		for (line = strtok_r(text.p, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save)) {
			struct buf one = { .p = line, .len = strlen(line) };

			n += count(&one, "\"auditID\"");
			buf_clear(&in);
			post(&in, "/k8s-audit", "", line, strlen(line));
			ask(port, in.p, in.len, &got);
			ck_assert_str_eq(got.p, OK);
		}
		ck_assert_uint_gt(n, 3);
		RIG_WAIT(&r, 0, f->tally.lines == n);
	}
	buf_release(&text);
	buf_release(&in);
	buf_release(&got);
	rig_release(&r);
}
END_TEST

#define LOOP(c, test, table) tcase_add_loop_test(c, test, 0, sizeof(table) / sizeof((table)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("http");
	TCase *c = tcase_create("http");

	tcase_add_test(c, pipelined);
	tcase_add_test(c, cut_anywhere);
	tcase_add_test(c, reset);
	tcase_add_test(c, twice);
	LOOP(c, framing, framings);
	tcase_add_test(c, standstill);
	tcase_add_test(c, crowd);
	tcase_add_test(c, trickle);
	tcase_add_test(c, descriptors);
	LOOP(c, opens, opening);
	tcase_add_test(c, port_taken);
	tcase_add_test(c, hostile_requests);
	tcase_add_test(c, real_falco);
	LOOP(c, real_clients, real);
	tcase_add_test(c, malformed_bodies);
	tcase_add_test(c, audit_lists);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(suite)
