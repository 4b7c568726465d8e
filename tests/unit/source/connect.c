/* Going to servers: that come late, go away, are not there, have no name; and how long the waits
 * are. */
#include "source/connect_backoff.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rig.h"

static const struct source_options options = { 0 };

START_TEST(backoff)
{
	struct backoff b = { 0 };
	unsigned want = 250, different = 0, before = 0;

	for (unsigned i = 0; i < 40; i++) {
		unsigned ms = backoff_next(&b);

		ck_assert_uint_ge(ms, want - want / 4);
		ck_assert_uint_le(ms, want + want / 4 < 30000 ? want + want / 4 : 30000);
		want = want * 2 < 30000 ? want * 2 : 30000;
		different += ms != before;
		before = ms;
	}
	ck_assert_uint_gt(different, 10);
	backoff_reset(&b);
	ck_assert_uint_le(backoff_next(&b), 313);
}
END_TEST

static int
serve_tcp(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*port) };
	socklen_t len = sizeof(a);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static int
serve_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

/* One connection gets n events. */
static int
serve(int listener, unsigned n)
{
	struct buf b = { 0 };
	int fd = accept(listener, NULL, NULL);

	ck_assert_int_ge(fd, 0);
	for (unsigned i = 0; i < n; i++)
		sample_event(&b, i, -1);
	for (size_t at = 0; at < b.len;) {
		ssize_t k = write(fd, b.p + at, b.len - at);

		ck_assert_int_gt(k, 0);
		at += (size_t)k;
	}
	buf_release(&b);
	return fd;
}

static bool
error_says(const struct snap_source *f, const char *text)
{
	return f->error.len > 0 && memmem(f->error.p, f->error.len, text, strlen(text)) != NULL;
}

START_TEST(tcp)
{
	char spec[80];
	unsigned port = 0;
	struct rig r;
	int listener = serve_tcp(&port), fd;

	rig_init(&r, 2, 0, &options);
	snprintf(
	    spec, sizeof(spec), "connect:tcp:%s:%u", _i == 0 ? "127.0.0.1" : "localhost", port);
	ck_assert_int_eq(source_set_add(r.set, spec, r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	fd = serve(listener, 5000);
	RIG_WAIT(&r, 0, f->tally.accepted == 5000 && f->state == SOURCE_OK);
	close(fd);
	RIG_WAIT(
	    &r, 0, f->state == SOURCE_RETRY && error_says(f, "closed the connection; again in 0."));
	fd = serve(listener, 100);
	RIG_WAIT(&r, 0, f->tally.accepted == 5100 && f->state == SOURCE_OK);
	close(listener);
	close(fd);
	RIG_WAIT(&r, 0, f->state == SOURCE_RETRY && error_says(f, "refused"));
	listener = serve_tcp(&port);
	fd = serve(listener, 10);
	RIG_WAIT(&r, 0, f->tally.accepted == 5110 && f->state == SOURCE_OK);
	ck_assert(!source_set_done(r.set));
	rig_release(&r);
	close(listener);
	close(fd);
}
END_TEST

/* What was sent before a stop is read, an unfinished line too. */
START_TEST(unix_late)
{
	struct snapshot *s;
	struct rig r;
	int listener, fd;

	rig_init(&r, 1, 0, &options);
	ck_assert_int_eq(rig_add(&r, "connect:unix:", "sock"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_RETRY && error_says(f, "No such file"));
	listener = serve_unix(rig_path(&r, "sock"));
	fd = serve(listener, 3000);
	ck_assert_int_eq(write(fd, "torn", 4), 4);
	source_set_stop(r.set);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.accepted, 3000);
	ck_assert_uint_eq(s->tally.records, 3001);
	snapshot_free(s);
	close(listener);
	close(fd);
	rig_release(&r);
}
END_TEST

/* No such name: said, tried again, and no stop waits for the resolver. */
START_TEST(no_name)
{
	struct rig r;
	int64_t start;

	rig_init(&r, 1, 0, &options);
	ck_assert_int_eq(
	    source_set_add(r.set, "connect:tcp:no-such-host.invalid:1", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	if (_i == 0)
		RIG_WAIT(
		    &r, 0, f->state == SOURCE_RETRY && error_says(f, "no-such-host.invalid: "));
	start = clock_mono();
	source_set_stop(r.set);
	ck_assert_int_lt(clock_mono() - start, NSEC_PER_SEC);
	rig_release(&r);
}
END_TEST

START_TEST(arguments)
{
	static const char *const bad[] = { "connect:", "connect:tcp:", "connect:tcp:host",
		"connect:tcp:host:0", "connect:tcp:host:x", "connect:unix:", "connect:/tmp/x",
		"connect:udp:host:1" };
	struct rig r;
	char path[200] = "connect:unix:/";

	rig_init(&r, 0, 0, &options);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(
		    source_set_add(r.set, bad[i], r.err, sizeof(r.err)) == -1, "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(r.err, bad[i]));
	}
	memset(path + strlen(path), 'x', 120);
	ck_assert_int_eq(source_set_add(r.set, path, r.err, sizeof(r.err)), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "too long"));
	/* opened and never started */
	ck_assert_int_eq(source_set_add(r.set, "connect:tcp:5", r.err, sizeof(r.err)), 0);
	rig_release(&r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("connect");
	TCase *t = tcase_create("connect");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, backoff);
	tcase_add_loop_test(t, tcp, 0, 2);
	tcase_add_test(t, unix_late);
	tcase_add_loop_test(t, no_name, 0, 2);
	tcase_add_test(t, arguments);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
