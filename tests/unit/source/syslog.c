/* syslog over TCP and UDP, and datagrams of a Unix socket: framing, exact counts, what is dropped.
 */
#include "source/syslog.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rig.h"

static const struct source_options options = { 0 };

/* --- the framing alone, cut at every place */

/* Through the filter in pieces of `step` bytes; checks that nothing is written too early. */
static void
frame(struct buf *out, const char *p, size_t len, size_t step)
{
	void *state = xcalloc(1, syslog_framing.size);
	char *work = xmalloc(syslog_framing.room + len + 32);

	for (size_t at = 0; at < len; at += step) {
		size_t n = step < len - at ? step : len - at;

		memcpy(work + syslog_framing.room, p + at, n);
		n = syslog_framing.bytes(state, work, work + syslog_framing.room, n);
		ck_assert_uint_le(n, step + syslog_framing.room);
		buf_add(out, work, n);
	}
	buf_add(out, work, syslog_framing.end(state, work));
	free(work);
	free(state);
}

static const struct {
	const char *in, *out;
} frames[] = {
	{ "<13>one\n<13>two\n", "<13>one\n<13>two\n" },
	{ "7 <13>one7 <13>two", "<13>one\n<13>two\n" },
	{ "8 <13>one\n7 <13>two", "<13>one\n<13>two\n" },
	{ "7 <13>one<13>two\n7 <13>six", "<13>one\n<13>two\n<13>six\n" },
	{ "11 <13>one\ntwo7 <13>six", "<13>one\ntwo\n<13>six\n" },
	{ "12:18:18.691: Notice x\n", "12:18:18.691: Notice x\n" },
	{ "2026-01-15T08:00:00Z stdout F x\n", "2026-01-15T08:00:00Z stdout F x\n" },
	{ "12 {\"a\":1}\n", "12 {\"a\":1}\n" },
	{ "12 monkeys\n7 <13>one", "12 monkeys\n<13>one\n" },
	{ "1", "1" },
	{ "12 ", "12 " },
	{ "9999999", "9999999" },
	{ "99999999 <13>x\n7 <13>one", "99999999 <13>x\n<13>one\n" }, /* too many digits */
	{ "9999999 <13>x\n7 <13>one", "9999999 <13>x\n<13>one\n" },   /* too large */
	{ "0 <13>x\n", "0 <13>x\n" },
	{ "1 <7 <13>one", "<\n<13>one\n" },
	{ "3 <13>one\n7 <13>two", "<13\n>one\n<13>two\n" }, /* a lie: too short */
	{ "40 <13>one\n7 <13>two", "<13>one\n7 <13>two" },  /* a lie: too long */
	{ "\n\n7 <13>one\n", "\n\n<13>one\n\n" },
	{ "{\"a\":1}\n", "{\"a\":1}\n" },
	{ "", "" },
};

START_TEST(framing)
{
	size_t len = strlen(frames[_i].in);

	for (size_t step = 1; step <= len + 1; step++) {
		struct buf out = { 0 };

		frame(&out, frames[_i].in, len, step);
		ck_assert_msg(out.len == strlen(frames[_i].out) &&
				  (out.len == 0 || memcmp(out.p, frames[_i].out, out.len) == 0),
		    "step %zu: %.*s", step, (int)out.len, out.p == NULL ? "" : out.p);
		buf_release(&out);
	}
}
END_TEST

/* --- sockets */

static unsigned
port_of(struct rig *r)
{
	struct snapshot *s = rig_snapshot(r);
	const char *colon = strrchr(s->source[0].name.p, ':');
	unsigned port = (unsigned)strtoul(colon + 1, NULL, 10);

	ck_assert(strncmp(s->source[0].name.p, "syslog:127.0.0.1:", 17) == 0);
	snapshot_free(s);
	return port;
}

static int
connect_to(int type, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
send_all(int fd, const struct buf *b)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(fd, b->p + at, b->len - at);

		ck_assert_int_gt(n, 0);
		at += (size_t)n;
	}
}

/* Event i in one of five headers, without a newline. */
static void
message(struct buf *out, unsigned i)
{
	static const char *const header[] = {
		"<13>Nov 24 08:00:00 node7 falco[699]: ",
		"<13>1 2026-01-15T08:00:00.5Z node7 falco 699 - - ",
		"<13>1 2026-01-15T08:00:00Z node7 falco - - [a@1 b=\"c \\] \\\"d\"] \xef\xbb\xbf",
		"<13>Nov  4 08:00:00 falco: ",
		"<13>2026-01-15T08:00:00Z node7 falco[1]: ",
	};

	buf_adds(out, header[i % 5]);
	sample_event(out, i, -1);
	out->len--;
}

/* Lines and counted messages mixed in one connection, sent in pieces of all sizes. */
START_TEST(tcp_mixed)
{
	struct buf b = { 0 }, one = { 0 };
	struct snapshot *s;
	struct rig r;
	int fd;

	rig_init(&r, 2, (size_t)_i, &options);
	ck_assert_int_eq(source_set_add(r.set, "syslog:0", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	fd = connect_to(SOCK_STREAM, port_of(&r));
	for (unsigned i = 0; i < 5000; i++) {
		buf_clear(&one);
		message(&one, i);
		if (i % 3 == 0)
			buf_addf(&b, "%zu ", one.len);
		buf_add(&b, one.p, one.len);
		if (i % 3 != 0)
			buf_addc(&b, '\n');
	}
	for (size_t at = 0, n = 1; at < b.len; at += n, n = n % 9973 + 7) {
		struct buf piece = { b.p + at, n < b.len - at ? n : b.len - at, 0 };

		send_all(fd, &piece);
	}
	close(fd);
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING && f->tally.accepted == 5000);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.records, 5000);
	ck_assert_uint_eq(s->tally.lines, 5000);
	ck_assert_uint_eq(tally_rejected(&s->tally), 0);
	snapshot_free(s);
	rig_release(&r);
	buf_release(&b);
	buf_release(&one);
}
END_TEST

/* A length that nobody can mean takes no memory and does not stop the connection. */
START_TEST(tcp_lies)
{
	struct buf b = { 0 };
	struct rig r;
	int fd;

	rig_init(&r, 1, 0, &options);
	ck_assert_int_eq(source_set_add(r.set, "syslog:0", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	fd = connect_to(SOCK_STREAM, port_of(&r));
	buf_adds(&b, "4000000000 <13>nothing\n2000000 <13>long");
	for (unsigned i = 0; i < 2000000 - 8; i++)
		buf_addc(&b, 'x');
	message(&b, 1);
	buf_addc(&b, '\n');
	send_all(fd, &b);
	RIG_WAIT(&r, 0, f->tally.accepted == 1 && tally_rejected(&f->tally) == 2);
	close(fd);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

START_TEST(udp)
{
	struct buf b = { 0 };
	struct snapshot *s;
	struct rig r;
	int fd;

	rig_init(&r, 2, (size_t)_i, &options);
	ck_assert_int_eq(source_set_add(r.set, "syslog:0", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	fd = connect_to(SOCK_DGRAM, port_of(&r));
	for (unsigned i = 0; i < 2000; i++) {
		buf_clear(&b);
		message(&b, i);
		if (i % 4 == 1)
			buf_addc(&b, '\n');
		if (i % 4 == 2)
			buf_addc(&b, '\0');
		if (i % 4 == 3) { /* two in one */
			buf_addc(&b, '\n');
			message(&b, i + 1);
		}
		ck_assert_int_eq(send(fd, b.p, b.len, 0), (ssize_t)b.len);
	}
	ck_assert_int_eq(send(fd, "", 0, 0), 0);
	RIG_WAIT(&r, 0, f->tally.accepted + f->tally.dropped >= 2500 && f->state == SOURCE_OK);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.accepted, 2500);
	ck_assert_uint_eq(s->tally.records, 2500);
	ck_assert_uint_eq(s->tally.blank, 0);
	snapshot_free(s);
	close(fd);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

/* Engine and source stand still until the kernel has dropped some: what is missing is counted. */
START_TEST(udp_dropped)
{
	enum { N = 200000 };
	struct buf b = { 0 };
	struct rig r;
	int fd;

	rig_init(&r, 1, 4096, &options);
	ck_assert_int_eq(source_set_add(r.set, "syslog:0", r.err, sizeof(r.err)), 0);
	fd = connect_to(SOCK_DGRAM, port_of(&r));
	message(&b, 1);
	/* nobody reads yet: the net thread was not started */
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(send(fd, b.p, b.len, 0), (ssize_t)b.len);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted + f->tally.dropped == N);
	RIG_WAIT(&r, 0, f->tally.dropped > 0 && f->error.len > 0 && f->tally.accepted > 100);
	close(fd);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

START_TEST(arguments)
{
	static const char *const bad[] = { "syslog:", "syslog:x", "syslog:65536", "syslog::1" };
	struct rig r;
	char spec[64];

	rig_init(&r, 0, 0, &options);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(source_set_add(r.set, bad[i], r.err, sizeof(r.err)), -1);
		ck_assert_ptr_nonnull(strstr(r.err, bad[i]));
	}
	ck_assert_int_eq(source_set_add(r.set, "syslog:127.0.0.1:0", r.err, sizeof(r.err)), 0);
	snprintf(spec, sizeof(spec), "syslog:%u", port_of(&r));
	ck_assert_int_eq(source_set_add(r.set, spec, r.err, sizeof(r.err)), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "in use"));
	rig_release(&r);
}
END_TEST

/* --- unixgram */

static int
connect_gram(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The sender waits when nobody reads: nothing is lost. Then the file goes. */
START_TEST(unixgram)
{
	struct buf b = { 0 };
	struct snapshot *s;
	struct stat st;
	struct rig r;
	int fd;

	rig_init(&r, 2, (size_t)_i, &options);
	ck_assert_int_eq(rig_add(&r, "unixgram:", "sock"), 0);
	ck_assert_int_eq(stat(rig_path(&r, "sock"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	source_set_start(r.set);
	fd = connect_gram(rig_path(&r, "sock"));
	ck_assert_int_ge(fd, 0);
	for (unsigned i = 0; i < 20000; i++) {
		buf_clear(&b);
		message(&b, i);
		ck_assert_int_eq(send(fd, b.p, b.len, 0), (ssize_t)b.len);
	}
	RIG_WAIT(&r, 0, f->tally.accepted == 20000);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.records, 20000);
	ck_assert_uint_eq(s->tally.dropped, 0);
	snapshot_free(s);
	close(fd);
	source_set_stop(r.set);
	ck_assert_int_ne(lstat(rig_path(&r, "sock"), &st), 0);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

START_TEST(unixgram_path)
{
	struct rig r;

	rig_init(&r, 0, 0, &options);
	rig_append(&r, "a", "precious", 8);
	ck_assert_int_eq(rig_add(&r, "unixgram:", "a"), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "no socket"));
	ck_assert_int_eq(source_set_add(r.set, "unixgram:", r.err, sizeof(r.err)), -1);
	ck_assert_int_eq(rig_add(&r, "unixgram:", "sock"), 0);
	ck_assert_int_eq(rig_add(&r, "unixgram:", "sock"), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "listens"));
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), -1);
	rig_release(&r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("syslog");
	TCase *t = tcase_create("syslog");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, framing, 0, (int)(sizeof(frames) / sizeof(frames[0])));
	tcase_add_loop_test(t, tcp_mixed, 0, 1);
	tcase_add_loop_test(t, tcp_mixed, 64, 65);
	tcase_add_loop_test(t, tcp_mixed, 5000, 5001);
	tcase_add_test(t, tcp_lies);
	tcase_add_loop_test(t, udp, 0, 1);
	tcase_add_loop_test(t, udp, 64, 65);
	tcase_add_test(t, udp_dropped);
	tcase_add_test(t, arguments);
	tcase_add_loop_test(t, unixgram, 0, 1);
	tcase_add_loop_test(t, unixgram, 4096, 4097);
	tcase_add_test(t, unixgram_path);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
