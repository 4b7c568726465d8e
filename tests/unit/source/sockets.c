/* Unix and TCP sockets: exact counts, what is refused, what is left behind. */
#include "source/source.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rig.h"

static const struct source_options options = { 0 };

static int
connect_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
send_all(int fd, const char *p, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, p + at, len - at);

		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

struct writer {
	char path[160];
	unsigned lines;
	int shift; /* bytes of the first write: so that lines are torn */
};

static void *
writer_main(void *arg)
{
	const struct writer *w = arg;
	struct buf b = { 0 };
	int fd = connect_unix(w->path);

	ck_assert_int_ge(fd, 0);
	for (unsigned i = 0; i < w->lines; i++) {
		sample_event(&b, i, -1);
		if (b.len > 50000 || i + 1 == w->lines) {
			size_t keep = i + 1 == w->lines ? 0 : (size_t)w->shift;

			send_all(fd, b.p, b.len - keep);
			memmove(b.p, b.p + b.len - keep, keep);
			b.len = keep;
		}
	}
	close(fd);
	buf_release(&b);
	return NULL;
}

static void
start_writer(struct writer *w, struct rig *r, unsigned lines, int shift, pthread_t *t)
{
	memcpy(w->path, rig_path(r, "sock"), sizeof(w->path));
	w->lines = lines;
	w->shift = shift;
	ck_assert_int_eq(pthread_create(t, NULL, writer_main, w), 0);
}

/* One writer at full speed: every line arrives once. */
START_TEST(one_writer)
{
	struct writer w;
	struct snapshot *s;
	struct rig r;
	struct stat st;
	pthread_t t;

	rig_init(&r, 2, 0, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	ck_assert_int_eq(stat(rig_path(&r, "sock"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING);
	start_writer(&w, &r, 200000, 33, &t);
	pthread_join(t, NULL);
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.accepted, 200000);
	ck_assert_uint_eq(s->tally.lines, 200000);
	ck_assert_uint_eq(s->tally.records, 200000);
	ck_assert_uint_eq(s->tally.dropped, 0);
	snapshot_free(s);
	ck_assert(!source_set_done(r.set));
	rig_release(&r);
}
END_TEST

/* Stopped right behind the writer: what it wrote is read all the same. */
START_TEST(stop_behind_writer)
{
	struct writer w;
	struct snapshot *s;
	struct rig r;
	pthread_t t;

	rig_init(&r, 2, 0, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	source_set_start(r.set);
	start_writer(&w, &r, 2000, 7, &t);
	pthread_join(t, NULL);
	source_set_stop(r.set);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.accepted, 2000);
	snapshot_free(s);
	rig_release(&r);
}
END_TEST

START_TEST(many_writers)
{
	enum { N = 24 };
	struct writer w[N];
	pthread_t t[N];
	struct snapshot *s;
	struct rig r;

	rig_init(&r, 2, 8192, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	source_set_start(r.set);
	for (int i = 0; i < N; i++)
		start_writer(&w[i], &r, 2000, 11 * i, &t[i]);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING && f->tally.accepted == N * 2000);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.records, N * 2000);
	ck_assert_uint_eq(tally_rejected(&s->tally), 0);
	snapshot_free(s);
	rig_release(&r);
}
END_TEST

/* A line without an end becomes a line when its connection closes; one that waits is not in the way
 * of others. */
START_TEST(unfinished_lines)
{
	struct buf b = { 0 };
	struct rig r;
	int half, other;

	rig_init(&r, 1, 0, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	source_set_start(r.set);
	half = connect_unix(rig_path(&r, "sock"));
	sample_event(&b, 1, -1);
	send_all(half, b.p, b.len - 1);
	other = connect_unix(rig_path(&r, "sock"));
	send_all(other, b.p, b.len);
	RIG_WAIT(&r, 0, f->tally.accepted == 1);
	close(half);
	RIG_WAIT(&r, 0, f->tally.accepted == 2);
	send_all(other, "{\"torn", 6);
	close(other);
	RIG_WAIT(&r, 0, tally_rejected(&f->tally) == 1 && f->state == SOURCE_WAITING);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

/* The writer is held back while the engine stands still, and loses nothing. */
START_TEST(back_pressure)
{
	struct request q;
	struct writer w;
	struct rig r;
	pthread_t t;

	rig_init(&r, 1, 4096, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	request_init(&q);
	q.number = 1;
	r.block = true;
	engine_request(r.e, &q);
	pthread_mutex_lock(&r.lock);
	while (!r.blocked)
		pthread_cond_wait(&r.cond, &r.lock);
	pthread_mutex_unlock(&r.lock);
	source_set_start(r.set);
	start_writer(&w, &r, 20000, 5, &t);
	for (struct batch *b; (b = engine_batch(r.e, false)) != NULL; usleep(100))
		engine_batch_return(r.e, b);
	ck_assert_int_eq(pthread_tryjoin_np(t, NULL), EBUSY);
	pthread_mutex_lock(&r.lock);
	r.block = false;
	pthread_cond_broadcast(&r.cond);
	pthread_mutex_unlock(&r.lock);
	pthread_join(t, NULL);
	RIG_WAIT(&r, 0, f->tally.accepted == 20000);
	request_release(&q);
	rig_release(&r);
}
END_TEST

START_TEST(stop_while_blocked)
{
	struct request q;
	struct writer w;
	struct rig r;
	pthread_t t;
	int64_t start;

	signal(SIGPIPE, SIG_IGN);
	rig_init(&r, 1, 4096, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	request_init(&q);
	q.number = 1;
	r.block = true;
	engine_request(r.e, &q);
	pthread_mutex_lock(&r.lock);
	while (!r.blocked)
		pthread_cond_wait(&r.cond, &r.lock);
	pthread_mutex_unlock(&r.lock);
	source_set_start(r.set);
	start_writer(&w, &r, 20000, 5, &t);
	for (struct batch *b; (b = engine_batch(r.e, false)) != NULL; usleep(100))
		engine_batch_return(r.e, b);
	start = clock_mono();
	source_set_stop(r.set);
	ck_assert_int_lt(clock_mono() - start, NSEC_PER_SEC); /* 0.2 s where nothing else runs */
	pthread_join(t, NULL);
	pthread_mutex_lock(&r.lock);
	r.block = false;
	pthread_cond_broadcast(&r.cond);
	pthread_mutex_unlock(&r.lock);
	request_release(&q);
	rig_release(&r);
}
END_TEST

/* --- the socket file */

START_TEST(refused)
{
	char long_path[256];
	struct stat st;
	struct rig r;

	rig_init(&r, 0, 0, &options);
	rig_append(&r, "a", "precious", 8);
	ck_assert_int_eq(rig_add(&r, "unix:", "a"), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "no socket"));
	ck_assert_int_eq(stat(rig_path(&r, "a"), &st), 0);
	ck_assert_int_eq(st.st_size, 8);
	ck_assert_int_eq(symlink("a", rig_path(&r, "b")), 0);
	ck_assert_int_eq(rig_add(&r, "unix:", "b"), -1);
	ck_assert_int_eq(lstat(rig_path(&r, "b"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(mkfifo(rig_path(&r, "fifo"), 0600), 0);
	ck_assert_int_eq(rig_add(&r, "unix:", "fifo"), -1);
	memset(long_path, 'x', sizeof(long_path));
	memcpy(long_path, "unix:/tmp/", 10);
	long_path[5 + 108] = '\0';
	ck_assert_int_eq(source_set_add(r.set, long_path, r.err, sizeof(r.err)), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "too long"));
	ck_assert_int_eq(source_set_add(r.set, "unix:", r.err, sizeof(r.err)), -1);
	ck_assert_int_eq(rig_add(&r, "unix:", "nodir/sock"), -1);
	rig_release(&r);
}
END_TEST

static int
bind_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* A stale file gives way, a live one does not; at the end ours goes, but not one that took its
 * place. */
START_TEST(stale_and_live)
{
	struct stat st;
	struct rig r;
	int fd;

	rig_init(&r, 0, 0, &options);
	fd = bind_unix(rig_path(&r, "sock"));
	close(fd); /* stale now */
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), -1); /* live: ours */
	ck_assert_ptr_nonnull(strstr(r.err, "listens"));
	source_set_start(r.set);
	fd = connect_unix(rig_path(&r, "sock"));
	ck_assert_int_ge(fd, 0);
	close(fd);
	source_set_stop(r.set);
	ck_assert_int_ne(lstat(rig_path(&r, "sock"), &st), 0);
	rig_release(&r);

	rig_init(&r, 0, 0, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	source_set_start(r.set);
	ck_assert_int_eq(unlink(rig_path(&r, "sock")), 0);
	fd = bind_unix(rig_path(&r, "sock"));
	source_set_stop(r.set);
	ck_assert_int_eq(lstat(rig_path(&r, "sock"), &st), 0);
	close(fd);
	rig_release(&r);
}
END_TEST

/* --- TCP */

static unsigned
port_of(struct rig *r)
{
	struct snapshot *s = rig_snapshot(r);
	const char *colon = strrchr(s->source[0].name.p, ':');
	unsigned port = (unsigned)strtoul(colon + 1, NULL, 10);

	ck_assert(strncmp(s->source[0].name.p, "tcp:127.0.0.1:", 14) == 0);
	snapshot_free(s);
	return port;
}

static int
connect_tcp(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

START_TEST(tcp)
{
	const struct linger reset = { .l_onoff = 1 };
	struct buf b = { 0 };
	struct rig r;
	unsigned port;
	int fd;

	rig_init(&r, 1, 0, &options);
	ck_assert_int_eq(source_set_add(r.set, "tcp:0", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	port = port_of(&r);
	ck_assert_uint_gt(port, 0);
	fd = connect_tcp(port);
	for (unsigned i = 0; i < 5000; i++)
		sample_event(&b, i, -1);
	send_all(fd, b.p, b.len);
	RIG_WAIT(&r, 0, f->tally.accepted == 5000 && f->state == SOURCE_OK);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd); /* a reset is no more than an end */
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING);
	fd = connect_tcp(port);
	send_all(fd, b.p, b.len);
	close(fd);
	RIG_WAIT(&r, 0, f->tally.accepted == 10000);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

START_TEST(tcp_arguments)
{
	static const char *const bad[] = { "tcp:", "tcp:x", "tcp:65536", "tcp:1.2.3.4", "tcp::1",
		"tcp:::1:2", "tcp:12x", "tcp:[::1]", "tcp:host:-1", "tcp:no.such.host.invalid:1" };
	struct rig r;
	char spec[64];

	rig_init(&r, 0, 0, &options);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(
		    source_set_add(r.set, bad[i], r.err, sizeof(r.err)) == -1, "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(r.err, bad[i]));
	}
	ck_assert_int_eq(source_set_add(r.set, "tcp:127.0.0.1:0", r.err, sizeof(r.err)), 0);
	snprintf(spec, sizeof(spec), "tcp:%u", port_of(&r));
	ck_assert_int_eq(source_set_add(r.set, spec, r.err, sizeof(r.err)), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "in use"));
	if (source_set_add(r.set, "tcp:[::1]:0", r.err, sizeof(r.err)) != 0)
		ck_assert_msg(strstr(r.err, "ddress") != NULL, "%s", r.err); /* no IPv6 here */
	rig_release(&r);
}
END_TEST

static unsigned
count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* More connections than allowed, and then all gone: no descriptor stays. */
START_TEST(connection_limit)
{
	enum { N = 1100 };
	int fd[N];
	struct buf b = { 0 };
	struct rig r;
	unsigned before;
	char c;

	rig_init(&r, 1, 0, &options);
	ck_assert_int_eq(rig_add(&r, "unix:", "sock"), 0);
	source_set_start(r.set);
	sample_event(&b, 0, -1);
	fd[0] = connect_unix(rig_path(&r, "sock"));
	RIG_WAIT(&r, 0, f->state == SOURCE_OK);
	before = count_fds();
	for (int i = 1; i < N; i++) {
		fd[i] = connect_unix(rig_path(&r, "sock"));
		if (fd[i] < 0) /* the descriptors of this process are the limit here */
			ck_abort_msg("connect: %s", strerror(errno));
	}
	RIG_WAIT(&r, 0, f->error.len > 0);
	ck_assert_int_le(read(fd[N - 1], &c, 1), 0); /* closed at once */
	send_all(fd[0], b.p, b.len);
	RIG_WAIT(&r, 0, f->tally.accepted == 1);
	for (int i = 1; i < N; i++)
		close(fd[i]);
	close(fd[0]);
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING);
	ck_assert_uint_le(count_fds(), before);
	rig_release(&r);
	buf_release(&b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("sockets");
	TCase *t = tcase_create("sockets");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, one_writer);
	tcase_add_test(t, stop_behind_writer);
	tcase_add_test(t, many_writers);
	tcase_add_test(t, unfinished_lines);
	tcase_add_test(t, back_pressure);
	tcase_add_test(t, stop_while_blocked);
	tcase_add_test(t, refused);
	tcase_add_test(t, stale_and_live);
	tcase_add_test(t, tcp);
	tcase_add_test(t, tcp_arguments);
	tcase_add_test(t, connection_limit);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
