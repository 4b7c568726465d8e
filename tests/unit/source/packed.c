/* Compressed files: the same events as plain ones, damaged and endless ones, growing ones. */
#include "source/source.h"

#include <zlib.h>

#include "config.h"
#include "rig.h"
#include "source/inflate_codec.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif

static const struct source_options recorded = { .stdin_fd = 0 };
static const struct source_options following = { .follow = true };

static void
gzip(struct buf *to, const char *p, size_t n, int level)
{
	z_stream z = { 0 };
	size_t room = n + n / 8 + 4096;

	ck_assert_int_eq(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (z_const Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)buf_room(to, room);
	z.avail_out = (uInt)room;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	to->len += room - z.avail_out;
	deflateEnd(&z);
}

/* False: this build has not that format. */
static bool
pack(enum inflate_format f, struct buf *to, const char *p, size_t n)
{
	if (!inflate_can(f))
		return false;
	if (f == INFLATE_GZIP)
		gzip(to, p, n, 6);
#ifdef HAVE_ZSTD
	if (f == INFLATE_ZSTD) {
		size_t room = ZSTD_compressBound(n);
		size_t r = ZSTD_compress(buf_room(to, room), room, p, n, 3);

		ck_assert(!ZSTD_isError(r));
		to->len += r;
	}
#endif
#ifdef HAVE_LZMA
	if (f == INFLATE_XZ) {
		size_t room = lzma_stream_buffer_bound(n), at = 0;

		ck_assert_int_eq(
		    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (const uint8_t *)p, n,
			(uint8_t *)buf_room(to, room), &at, room),
		    LZMA_OK);
		to->len += at;
	}
#endif
	return true;
}

/* Two members; the name tells nothing. */
START_TEST(same_events)
{
	enum inflate_format format = (enum inflate_format)(_i + 1);
	struct buf text = { 0 }, packed = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;
	size_t half;

	for (unsigned i = 0; i < 4000; i++)
		sample_event(&text, i, -1);
	half = text.len / 2; /* within a line */
	if (!pack(format, &packed, text.p, half) ||
	    !pack(format, &packed, text.p + half, text.len - half)) {
		fprintf(stderr, "# without %s\n", inflate_name(format));
		return;
	}
	rig_init(&r, 2, 0, &recorded);
	rig_append(&r, "a", packed.p, packed.len);
	rig_append(&r, "b", text.p, text.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	ck_assert_int_eq(rig_add(&r, "", "b"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	request_init(&q);
	q.event = 100;
	s = engine_answer(r.e, &q);
	ck_assert_int_eq(s->source[0].state, SOURCE_DONE);
	ck_assert_uint_eq(s->source[0].tally.accepted, s->source[1].tally.accepted);
	ck_assert_uint_eq(s->source[0].tally.bytes, text.len);
	ck_assert_uint_eq(s->source[0].tally.lines, s->source[1].tally.lines);
	ck_assert_uint_eq(s->source[0].total, packed.len);
	ck_assert_uint_eq(s->read, packed.len + text.len);
	ck_assert(s->event.raw_found);
	snapshot_free(s);
	request_release(&q);
	rig_release(&r);
	buf_release(&text);
	buf_release(&packed);
}
END_TEST

/* Half a member: what is whole in it counts, and something is said to be missing; with -F the rest
 * comes and nothing was lost. */
START_TEST(growing)
{
	enum inflate_format format = (enum inflate_format)(_i / 2 + 1);
	bool follow = _i % 2 == 1;
	struct buf text = { 0 }, packed = { 0 };
	struct rig r;
	size_t first, cut;

	for (unsigned i = 0; i < 2000; i++)
		sample_event(&text, i, -1);
	if (!pack(format, &packed, text.p, text.len))
		return;
	first = packed.len;
	(void)pack(format, &packed, text.p, text.len);
	cut = first + (packed.len - first) / 2;
	rig_init(&r, 1, 0, follow ? &following : &recorded);
	rig_append(&r, "a", packed.p, cut);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	if (!follow) {
		source_set_wait(r.set);
		RIG_WAIT(&r, 0, f->state == SOURCE_DONE && f->tally.accepted >= 2000);
		RIG_WAIT(&r, 0, f->tally.possible_loss == 1 && tally_rejected(&f->tally) == 0);
	} else {
		RIG_WAIT(&r, 0, f->state == SOURCE_WAITING && f->tally.accepted >= 2000);
		rig_append(&r, "a", packed.p + cut, packed.len - cut);
		RIG_WAIT(&r, 0, f->tally.accepted == 4000);
		rig_append(&r, "a", packed.p, first); /* one more member */
		RIG_WAIT(&r, 0, f->tally.accepted == 6000);
		RIG_WAIT(&r, 0, f->tally.possible_loss == 0 && f->state == SOURCE_WAITING);
		ck_assert(!source_set_done(r.set));
	}
	rig_release(&r);
	buf_release(&text);
	buf_release(&packed);
}
END_TEST

START_TEST(damaged)
{
	enum inflate_format format = (enum inflate_format)(_i + 1);
	struct buf text = { 0 }, packed = { 0 };
	struct rig r;

	for (unsigned i = 0; i < 2000; i++)
		sample_event(&text, i, -1);
	if (!pack(format, &packed, text.p, text.len))
		return;
	memset(packed.p + packed.len / 2, 0xee, 64);
	rig_init(&r, 1, 0, &recorded);
	rig_append(&r, "a", packed.p, packed.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_FAILED && strstr(f->error.p, "damaged") != NULL);
	rig_release(&r);
	buf_release(&text);
	buf_release(&packed);
}
END_TEST

/* Zeros after the end are padding; other bytes are ignored, and said. */
START_TEST(trailing)
{
	struct buf text = { 0 }, packed = { 0 };
	struct rig r;

	sample_event(&text, 1, -1);
	gzip(&packed, text.p, text.len, 6);
	buf_add(&packed, _i == 0 ? "\0\0\0\0\0\0\0\0" : "trailing", 8);
	rig_init(&r, 1, 0, &recorded);
	rig_append(&r, "a", packed.p, packed.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_DONE && f->tally.accepted == 1);
	RIG_WAIT(&r, 0, (f->error.len > 0) == (_i == 1));
	rig_release(&r);
	buf_release(&text);
	buf_release(&packed);
}
END_TEST

/* 256 MiB of one byte are given up after a window of it, in little memory. */
START_TEST(bomb)
{
	enum { SIZE = 256 << 20 };
	char *zeros = calloc(1, SIZE);
	struct buf packed = { 0 };
	struct rig r;

	gzip(&packed, zeros, SIZE, 9);
	free(zeros);
	ck_assert_uint_lt(packed.len, SIZE / 1000);
	rig_init(&r, 1, 0, &recorded);
	rig_append(&r, "a", packed.p, packed.len);
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_FAILED && strstr(f->error.p, "refused") != NULL);
	RIG_WAIT(&r, 0, f->tally.bytes < 2 * INFLATE_WINDOW);
	rig_release(&r);
	buf_release(&packed);
}
END_TEST

/* A frame that wants a window of 2 GiB. */
START_TEST(window)
{
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00,
		0x00 };
	struct rig r;

	if (!inflate_can(INFLATE_ZSTD))
		return;
	rig_init(&r, 1, 0, &recorded);
	rig_append(&r, "a", (const char *)frame, sizeof(frame));
	ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_FAILED && strstr(f->error.p, "memory") != NULL);
	rig_release(&r);
}
END_TEST

/* More files than are read at a time; stopping in the middle of them takes no time. */
START_TEST(many_and_stop)
{
	struct buf text = { 0 }, packed = { 0 };
	struct rig r;
	int64_t start;

	for (unsigned i = 0; i < 3000; i++)
		sample_event(&text, i, -1);
	gzip(&packed, text.p, text.len, 1);
	rig_init(&r, 1, 4096, _i == 0 ? &recorded : &following);
	rig_append(&r, "a", packed.p, packed.len);
	for (unsigned i = 0; i < 9; i++)
		ck_assert_int_eq(rig_add(&r, "", "a"), 0);
	source_set_start(r.set);
	if (_i == 0) {
		source_set_wait(r.set);
		for (unsigned i = 0; i < 9; i++)
			RIG_WAIT(&r, i, f->state == SOURCE_DONE && f->tally.accepted == 3000);
	}
	start = clock_mono();
	source_set_stop(r.set);
	ck_assert_int_lt(clock_mono() - start, 2 * NSEC_PER_SEC);
	rig_release(&r);
	buf_release(&text);
	buf_release(&packed);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("packed");
	TCase *t = tcase_create("packed");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, same_events, 0, 3);
	tcase_add_loop_test(t, growing, 0, 6);
	tcase_add_loop_test(t, damaged, 0, 3);
	tcase_add_loop_test(t, trailing, 0, 2);
	tcase_add_test(t, bomb);
	tcase_add_test(t, window);
	tcase_add_loop_test(t, many_and_stop, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
