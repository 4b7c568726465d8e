/* Recorded and growing files, pipes, and ends at any moment. */
#include "source/source.h"

#include <sys/resource.h>

#include "rig.h"

static const struct source_options recorded = { .stdin_fd = 0 };
static const struct source_options following = { .follow = true };
static const struct source_options watching = { .follow_auto = true };

static void
event(struct buf *b, unsigned i)
{
	buf_clear(b);
	sample_event(b, i, -1);
}

/* The same answer for every number of workers and size of batch, through a file. */
START_TEST(same_answer)
{
	static const unsigned threads[] = { 0, 1, 4 };
	static const size_t sizes[] = { 64, 4096, BATCH_SIZE };
	struct buf text = { 0 }, got = { 0 }, want = { 0 };
	const struct timespec when[2] = { { 1768500000, 0 }, { 1768500000, 0 } };
	struct request q;

	sample_lines(&text, 400);
	sample_request(&q);
	for (int i = 0; i < 2; i++) {
		struct buf *out = i == 0 ? &want : &got;
		struct snapshot *s;
		struct rig r;

		rig_init(&r, i == 0 ? 0 : threads[_i % 3], i == 0 ? 0 : sizes[_i / 3], &recorded);
		rig_append(&r, "a", text.p, text.len);
		utimensat(AT_FDCWD, rig_path(&r, "a"), when, 0);
		ck_assert_int_eq(rig_add(&r, "", "a"), 0);
		engine_request(r.e, &q);
		source_set_start(r.set);
		source_set_wait(r.set);
		ck_assert(source_set_done(r.set));
		s = engine_answer(r.e, &q);
		print_snapshot(out, &q, s);
		ck_assert_int_eq(s->source[0].state, SOURCE_DONE);
		ck_assert_uint_eq(s->source[0].total, text.len);
		ck_assert(!s->loading);
		ck_assert_uint_eq(s->read, text.len);
		snapshot_free(s);
		rig_release(&r);
	}
	assert_same_text(got.p, want.p);
	request_release(&q);
	buf_release(&text);
	buf_release(&got);
	buf_release(&want);
}
END_TEST

/* Files in the order they were given, lines counted in each, raw bytes found again. */
START_TEST(two_files)
{
	struct buf line = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;

	rig_init(&r, 2, 0, &recorded);
	event(&line, 1);
	rig_append(&r, "a", line.p, line.len);
	rig_append(&r, "a", "bad\n", 4);
	event(&line, 2);
	rig_append(&r, "b", "\xef\xbb\xbf", 3);
	rig_append(&r, "b", line.p, line.len - 1); /* no line end */
	ck_assert_int_eq(rig_add(&r, "", "b"), 0);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	request_init(&q);
	q.want_bad = true;
	q.event = 0;
	s = engine_answer(r.e, &q);
	ck_assert_uint_eq(s->tally.accepted, 2);
	ck_assert_uint_eq(s->nbad, 1);
	ck_assert_uint_eq(s->bad[0].line, 2);
	ck_assert(slice_eq(s->bad_source[0], slice_of(rig_path(&r, "a"))));
	ck_assert(slice_eq(s->event.origin, slice_of(rig_path(&r, "b"))));
	ck_assert(s->event.raw_found);
	ck_assert_int_eq(s->event.raw.p[0], '{');
	ck_assert_int_eq(s->event.raw.p[s->event.raw.len - 1], '}');
	snapshot_free(s);
	request_release(&q);
	rig_release(&r);
	buf_release(&line);
}
END_TEST

START_TEST(refused)
{
	struct rig r;

	rig_init(&r, 0, 0, &recorded);
	ck_assert_int_eq(source_set_add(r.set, r.dir, r.err, sizeof(r.err)), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "directory"));
	ck_assert_int_eq(rig_add(&r, "", "nowhere"), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "nowhere: No such file"));
	ck_assert_int_eq(source_set_add(r.set, "", r.err, sizeof(r.err)), -1);
	ck_assert_str_eq(r.err, "a source without a name");
	ck_assert_int_eq(source_set_add(r.set, "unix:", r.err, sizeof(r.err)), -1);
	ck_assert_str_eq(r.err, "unix: without a path");
	ck_assert_int_eq(symlink("a.1", rig_path(&r, "a.1")), 0);
	ck_assert_int_eq(rig_add(&r, "", "a.1"), -1);
	ck_assert(source_set_done(r.set));
	source_set_start(r.set);
	source_set_wait(r.set);
	rig_release(&r);
}
END_TEST

START_TEST(empty_and_null)
{
	struct snapshot *s;
	struct rig r;

	rig_init(&r, 1, 0, &recorded);
	rig_append(&r, "a", "", 0);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	ck_assert_int_eq(source_set_add(r.set, "/dev/null", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.records, 0);
	ck_assert_int_eq(s->source[0].state, SOURCE_DONE);
	ck_assert_int_eq(s->source[1].state, SOURCE_DONE);
	snapshot_free(s);
	rig_release(&r);
}
END_TEST

/* --- standard input, FIFOs */

static void *
write_pipe(void *arg)
{
	int fd = *(int *)arg;
	struct buf b = { 0 };

	for (unsigned i = 0; i < 20000; i++)
		sample_event(&b, i, -1);
	b.len--; /* the last line has no end */
	for (size_t at = 0; at < b.len;) {
		ssize_t n = write(fd, b.p + at, b.len - at);

		if (n < 0)
			break;
		at += (size_t)n;
	}
	close(fd);
	buf_release(&b);
	return NULL;
}

START_TEST(standard_input_pipe)
{
	int p[2];
	struct source_options so = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;
	pthread_t t;

	ck_assert_int_eq(pipe(p), 0);
	so.stdin_fd = p[0];
	rig_init(&r, (unsigned)_i, 0, &so);
	ck_assert_int_eq(source_set_add(r.set, "-", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	pthread_create(&t, NULL, write_pipe, &p[1]);
	source_set_wait(r.set);
	pthread_join(t, NULL);
	request_init(&q);
	q.event = 12345;
	s = engine_answer(r.e, &q);
	ck_assert_uint_eq(s->tally.accepted, 20000);
	ck_assert_uint_eq(s->tally.lines, 20000);
	ck_assert_int_eq(s->source[0].state, SOURCE_DONE);
	ck_assert(s->event.raw_found);
	ck_assert_uint_eq(s->event.event.line, 12346);
	ck_assert(slice_eq(s->event.output, SLICE("File opened in a container (n=12345)")));
	snapshot_free(s);
	request_release(&q);
	rig_release(&r);
	close(p[0]);
}
END_TEST

/* A redirected file, of which somebody has read the first line. */
START_TEST(standard_input_file)
{
	struct source_options so = { 0 };
	struct buf line = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;

	rig_init(&r, 1, 0, &recorded);
	event(&line, 1);
	rig_append(&r, "a", "first\n", 6);
	rig_append(&r, "a", line.p, line.len);
	source_set_free(r.set);
	so.stdin_fd = open(rig_path(&r, "a"), O_RDONLY);
	ck_assert_int_eq(lseek(so.stdin_fd, 6, SEEK_SET), 6);
	r.set = source_set_new(r.e, &so);
	ck_assert_int_eq(source_set_add(r.set, "-", r.err, sizeof(r.err)), 0);
	ck_assert_int_eq(source_set_add(r.set, "-", r.err, sizeof(r.err)), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "twice"));
	source_set_start(r.set);
	source_set_wait(r.set);
	request_init(&q);
	q.event = 0;
	s = engine_answer(r.e, &q);
	ck_assert_uint_eq(s->tally.accepted, 1);
	ck_assert_uint_eq(tally_rejected(&s->tally), 0);
	ck_assert_uint_eq(s->event.event.offset, 6);
	ck_assert(s->event.raw_found);
	snapshot_free(s);
	request_release(&q);
	close(so.stdin_fd);
	rig_release(&r);
	buf_release(&line);
}
END_TEST

/* Without a writer a FIFO waits; when the last writer goes it is done, or waits for the next. */
START_TEST(fifo)
{
	struct buf line = { 0 };
	struct rig r;
	int fd;

	rig_init(&r, 1, 0, _i == 0 ? &recorded : &following);
	ck_assert_int_eq(mkfifo(rig_path(&r, "fifo"), 0600), 0);
	ck_assert_int_eq(rig_add(&r, "", "fifo"), 0);
	source_set_start(r.set);
	for (unsigned i = 0; i <= (unsigned)_i; i++) {
		fd = open(rig_path(&r, "fifo"), O_WRONLY);
		event(&line, i);
		ck_assert_int_eq(write(fd, line.p, line.len), (ssize_t)line.len);
		RIG_WAIT(&r, 0, f->tally.accepted == i + 1);
		close(fd);
		if (_i == 1)
			RIG_WAIT(&r, 0, f->state == SOURCE_WAITING);
	}
	if (_i == 0)
		source_set_wait(r.set);
	ck_assert_int_eq(source_set_done(r.set), _i == 0);
	rig_release(&r);
	buf_release(&line);
}
END_TEST

/* --- following */

START_TEST(growth)
{
	struct buf line = { 0 };
	struct rig r;

	rig_init(&r, 2, 0, &following);
	event(&line, 0);
	rig_append(&r, "a", line.p, line.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 1);
	for (unsigned i = 1; i < 20; i++) {
		event(&line, i);
		rig_append(&r, "a", line.p, line.len - 20); /* no line yet */
		rig_append(&r, "a", line.p + line.len - 20, 20);
		RIG_WAIT(&r, 0, f->tally.accepted == i + 1);
	}
	event(&line, 20);
	rig_append(&r, "a", line.p, line.len - 1);
	RIG_WAIT(&r, 0, f->state == SOURCE_OK);
	ck_assert(!source_set_done(r.set));
	source_set_stop(r.set); /* what has no end is a line now */
	RIG_WAIT(&r, 0, f->tally.accepted == 21 && f->tally.lines == 21 && f->tally.bytes > 0);
	rig_release(&r);
	buf_release(&line);
}
END_TEST

START_TEST(truncation)
{
	struct buf line = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;

	rig_init(&r, 2, 0, &following);
	for (unsigned i = 0; i < 10; i++) {
		event(&line, i);
		rig_append(&r, "a", line.p, line.len);
	}
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 10);
	ck_assert_int_eq(truncate(rig_path(&r, "a"), 0), 0);
	RIG_WAIT(&r, 0, f->error.len > 0);
	event(&line, 77);
	rig_append(&r, "a", line.p, line.len);
	RIG_WAIT(&r, 0, f->tally.accepted == 11);
	request_init(&q);
	q.event = 10;
	s = engine_answer(r.e, &q);
	ck_assert(s->event.raw_found);
	ck_assert_uint_eq(s->event.event.line, 1);
	ck_assert_uint_eq(s->event.event.offset, 0);
	ck_assert_ptr_nonnull(strstr(s->source[0].error.p, "truncated"));
	snapshot_free(s);
	q.event = 0; /* its bytes are gone, and nobody takes the new ones for them */
	s = engine_answer(r.e, &q);
	ck_assert(s->event.found && !s->event.raw_found);
	snapshot_free(s);
	request_release(&q);
	rig_release(&r);
	buf_release(&line);
}
END_TEST

/* Renamed and made anew: the old one is read to its end first. */
START_TEST(rotation)
{
	struct buf line = { 0 };
	char from[160], to[160];
	struct rig r;

	rig_init(&r, 2, 0, &following);
	event(&line, 0);
	rig_append(&r, "a", line.p, line.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 1);
	for (unsigned i = 1; i <= 5; i++) {
		memcpy(from, rig_path(&r, "a"), sizeof(from));
		memcpy(to, rig_path(&r, "a.1"), sizeof(to));
		ck_assert_int_eq(rename(from, to), 0);
		event(&line, i * 2);
		rig_append(&r, "a.1", line.p, line.len);
		event(&line, i * 2 + 1);
		rig_append(&r, "a", line.p, line.len);
		RIG_WAIT(&r, 0, f->tally.accepted == 1 + i * 2);
	}
	rig_release(&r);
	buf_release(&line);
}
END_TEST

START_TEST(not_there_yet)
{
	struct buf line = { 0 };
	struct rig r;

	rig_init(&r, 1, 0, &following);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_WAITING);
	event(&line, 0);
	rig_append(&r, "a", line.p, line.len);
	RIG_WAIT(&r, 0, f->tally.accepted == 1 && f->state == SOURCE_OK);
	RIG_WAIT(&r, 0, f->error.len == 0); /* "not there yet" is over */
	rig_release(&r);
	buf_release(&line);
}
END_TEST

/* A file written a moment ago is a recording until it grows, its last line whole or not. */
START_TEST(followed_when_it_grows)
{
	struct buf line = { 0 };
	struct rig r;

	rig_init(&r, 1, 0, &watching);
	event(&line, 0);
	rig_append(&r, "a", line.p, line.len - (_i == 1));
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_DONE && f->tally.accepted == 1);
	RIG_WAIT(&r, 0, f->total == line.len - (_i == 1));
	if (_i == 1)
		rig_append(&r, "a", "\n", 1);
	event(&line, 1);
	rig_append(&r, "a", line.p, line.len);
	RIG_WAIT(&r, 0, f->state == SOURCE_OK && f->total == 0 && f->tally.accepted == 2);
	if (_i == 0) {
		ck_assert_int_eq(truncate(rig_path(&r, "a"), 0), 0);
		RIG_WAIT(&r, 0, f->error.len > 0);
		rig_append(&r, "a", line.p, line.len);
		RIG_WAIT(&r, 0, f->tally.accepted == 3);
	}
	rig_release(&r);
	buf_release(&line);
}
END_TEST

/* What is written while the end is reached belongs to the line that has none yet. */
START_TEST(line_completed_soon)
{
	struct buf line = { 0 };
	struct rig r;

	rig_init(&r, 1, 0, &watching);
	event(&line, 0);
	rig_append(&r, "a", line.p, line.len);
	event(&line, 1);
	rig_append(&r, "a", line.p, line.len - 20);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 1);
	rig_append(&r, "a", line.p + line.len - 20, 20);
	RIG_WAIT(&r, 0, f->tally.accepted == 2);
	RIG_WAIT(&r, 0, f->tally.lines == 2 && tally_rejected(&f->tally) == 0);
	rig_release(&r);
	buf_release(&line);
}
END_TEST

/* --- ends */

/* The engine stands still and the reader waits for a batch: stopping takes no time. */
START_TEST(stop_while_blocked)
{
	struct buf text = { 0 };
	struct request q;
	struct rig r;
	int64_t start;

	rig_init(&r, 1, 4096, &recorded);
	sample_lines(&text, 3000);
	rig_append(&r, "a", text.p, text.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	request_init(&q);
	q.number = 1;
	r.block = true;
	engine_request(r.e, &q);
	pthread_mutex_lock(&r.lock);
	while (!r.blocked)
		pthread_cond_wait(&r.cond, &r.lock);
	pthread_mutex_unlock(&r.lock);
	source_set_start(r.set);
	for (struct batch *b; (b = engine_batch(r.e, false)) != NULL; usleep(100))
		engine_batch_return(r.e, b); /* until the reader has them all */
	start = clock_mono();
	source_set_stop(r.set);
	ck_assert_int_lt(clock_mono() - start, NSEC_PER_SEC); /* 0.2 s where nothing else runs */
	source_set_stop(r.set);
	source_set_wait(r.set);
	pthread_mutex_lock(&r.lock);
	r.block = false;
	pthread_cond_broadcast(&r.cond);
	pthread_mutex_unlock(&r.lock);
	request_release(&q);
	rig_release(&r);
	buf_release(&text);
}
END_TEST

/* A device without an end is read in bounded memory until told to stop. */
START_TEST(endless_device)
{
	struct snapshot *s;
	struct rusage u;
	struct rig r;

	rig_init(&r, 1, 0, &recorded);
	ck_assert_int_eq(source_set_add(r.set, "/dev/zero", r.err, sizeof(r.err)), 0);
	source_set_start(r.set);
	usleep(100000); /* to read a good deal, however long that takes is no matter */
	ck_assert(!source_set_done(r.set));
	source_set_stop(r.set);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->tally.accepted, 0);
	snapshot_free(s);
	getrusage(RUSAGE_SELF, &u);
	ck_assert_int_lt(u.ru_maxrss, 600 << 10);
	rig_release(&r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("files");
	TCase *t = tcase_create("files");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, same_answer, 0, 9);
	tcase_add_test(t, two_files);
	tcase_add_test(t, refused);
	tcase_add_test(t, empty_and_null);
	tcase_add_loop_test(t, standard_input_pipe, 0, 3);
	tcase_add_test(t, standard_input_file);
	tcase_add_loop_test(t, fifo, 0, 2);
	tcase_add_test(t, growth);
	tcase_add_test(t, truncation);
	tcase_add_test(t, rotation);
	tcase_add_test(t, not_there_yet);
	tcase_add_loop_test(t, followed_when_it_grows, 0, 2);
	tcase_add_test(t, line_completed_soon);
	tcase_add_test(t, stop_while_blocked);
	tcase_add_test(t, endless_device);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
