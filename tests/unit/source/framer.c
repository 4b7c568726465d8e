/* Framing: every split of a sample gives the same batches' content, lines over the limit cost
 * bounded memory and one record each. */
#include "source/framer.h"

#include "base/clock.h"
#include "harness.h"
#include "pipeline/sample.h"

static struct engine *
engine_of(unsigned threads, size_t batch)
{
	const struct engine_options o = {
		.threads = threads, .memory = 64 << 20, .spool = 64 << 20, .batch_size = batch
	};

	return engine_new(&o);
}

struct feeder {
	struct engine *e;
	struct framer f;
	uint64_t offset;
	size_t most; /* largest buffer */
};

static void
feeder_init(struct feeder *d, size_t chunk)
{
	memset(d, 0, sizeof(*d));
	d->e = engine_of(0, chunk);
	framer_init(&d->f, chunk, &d->offset);
	d->f.source = engine_add_source(d->e, "s");
	d->f.origin = rawstore_add(engine_raw(d->e), "s", -1);
	d->f.streamed = d->f.recorded = true;
	d->f.reference = 1768500000 * NSEC_PER_SEC;
}

/* len bytes as one or more reads. */
static void
feed(struct feeder *d, const char *p, size_t len)
{
	while (len > 0) {
		size_t room;
		char *to = framer_room(&d->f, &room);
		size_t n = len < room ? len : room;

		memcpy(to, p, n);
		p += n;
		len -= n;
		if (framer_added(&d->f, n))
			framer_push(&d->f, d->e, engine_batch(d->e, true));
		if (d->f.cap > d->most)
			d->most = d->f.cap;
	}
}

static void
feed_end(struct feeder *d)
{
	if (framer_finish(&d->f))
		framer_push(&d->f, d->e, engine_batch(d->e, true));
}

static char *
answer(struct feeder *d, const struct request *r)
{
	struct snapshot *s = engine_answer(d->e, r);
	struct buf out = { 0 };

	print_snapshot(&out, r, s);
	snapshot_free(s);
	framer_release(&d->f);
	engine_free(d->e);
	return buf_steal(&out);
}

/* The sample in two reads, cut at every byte, and in reads of one byte. */
START_TEST(every_split)
{
	struct buf text = { 0 };
	struct request r;
	struct feeder d;
	char *want, *got;

	sample_lines(&text, 2);
	sample_request(&r);
	feeder_init(&d, BATCH_SIZE);
	feed(&d, text.p, text.len);
	feed_end(&d);
	want = answer(&d, &r);
	ck_assert_ptr_nonnull(strstr(want, "cri"));
	for (size_t cut = (size_t)_i; cut <= text.len; cut += 8) {
		feeder_init(&d, 64);
		feed(&d, text.p, cut);
		feed(&d, text.p + cut, text.len - cut);
		feed_end(&d);
		got = answer(&d, &r);
		assert_same_text(got, want);
		free(got);
	}
	feeder_init(&d, 64);
	for (size_t i = 0; i < text.len; i++)
		feed(&d, text.p + i, 1);
	feed_end(&d);
	got = answer(&d, &r);
	assert_same_text(got, want);
	free(got);
	free(want);
	request_release(&r);
	buf_release(&text);
}
END_TEST

struct long_case {
	const char *what;
	size_t size;	/* of the line, without its end */
	bool end;	/* it has one */
	unsigned lines; /* of it, one after the other */
	unsigned rejected, accepted;
};

static const struct long_case long_cases[] = {
	{ "as long as may be", DECODE_MAX_LINE, true, 1, 1, 2 }, /* not JSON: rejected for that */
	{ "one byte more", DECODE_MAX_LINE + 1, true, 1, 1, 2 },
	{ "without an end", DECODE_MAX_LINE + 5, false, 1, 1, 1 },
	{ "many times", 3 * DECODE_MAX_LINE, true, 5, 5, 2 },
	{ "very long", 200 * DECODE_MAX_LINE, true, 1, 1, 2 },
};

START_TEST(long_lines)
{
	static const size_t chunks[] = { 4096, BATCH_SIZE };
	const struct long_case *c = &long_cases[_i % 5];
	size_t chunk = chunks[_i / 5];
	char *x = xmalloc(65536);
	struct buf event = { 0 };
	struct feeder d;
	struct snapshot *s;
	struct request r;
	uint64_t bytes;

	memset(x, 'x', 65536);
	sample_event(&event, 1, -1);
	feeder_init(&d, chunk);
	feed(&d, event.p, event.len);
	bytes = event.len;
	for (unsigned i = 0; i < c->lines; i++) {
		for (size_t left = c->size; left > 0;) {
			size_t n = left < 65536 ? left : 65536;

			feed(&d, x, n);
			left -= n;
		}
		if (c->end)
			feed(&d, "\n", 1);
		bytes += c->size + c->end;
	}
	if (c->end) {
		feed(&d, event.p, event.len);
		bytes += event.len;
	}
	feed_end(&d);
	ck_assert_msg(d.most <= 2 * DECODE_MAX_LINE, "%s: %zu bytes held", c->what, d.most);
	ck_assert_uint_eq(d.offset, bytes);
	request_init(&r);
	r.want_bad = true;
	r.event = c->accepted - 1;
	s = engine_answer(d.e, &r);
	ck_assert_uint_eq(s->tally.bytes, bytes);
	ck_assert_uint_eq(s->tally.accepted, c->accepted);
	ck_assert_uint_eq(tally_rejected(&s->tally), c->rejected);
	ck_assert_uint_eq(s->tally.rejected_by[REJECT_LINE_TOO_LONG],
	    c->size > DECODE_MAX_LINE ? c->rejected : 0);
	ck_assert_uint_eq(s->tally.lines, c->accepted + c->lines);
	ck_assert_uint_eq(s->bad[s->nbad - 1].line, 2);
	ck_assert_uint_eq(s->bad[s->nbad - 1].offset, event.len);
	ck_assert_uint_eq(s->bad[0].text.len, 4096);
	/* the event after it is found again by its offset and line */
	ck_assert(s->event.raw_found);
	ck_assert_uint_eq(s->event.event.line, c->accepted == 1 ? 1 : c->lines + 2);
	ck_assert(slice_eq(s->event.raw, (struct slice){ event.p, event.len - 1 }));
	snapshot_free(s);
	request_release(&r);
	framer_release(&d.f);
	engine_free(d.e);
	buf_release(&event);
	free(x);
}
END_TEST

/* Pieces that never end are handed over all the same. */
START_TEST(endless_pieces)
{
	struct feeder d;
	struct snapshot *s;
	struct request r;
	char line[1100];
	int n;

	feeder_init(&d, 4096);
	memset(line, 'y', sizeof(line));
	n = snprintf(line, sizeof(line), "2026-01-15T08:00:00.1Z stdout P ");
	line[n] = 'y';
	line[sizeof(line) - 1] = '\n';
	for (unsigned i = 0; i < 5000; i++)
		feed(&d, line, sizeof(line));
	ck_assert_uint_le(d.most, 3 * DECODE_MAX_LINE);
	feed_end(&d);
	request_init(&r);
	s = engine_answer(d.e, &r);
	ck_assert_uint_eq(s->tally.bytes, 5000 * sizeof(line));
	ck_assert_uint_eq(s->tally.lines, 5000);
	ck_assert_uint_eq(s->tally.accepted, 0);
	ck_assert_uint_gt(tally_rejected(&s->tally), 0);
	snapshot_free(s);
	request_release(&r);
	framer_release(&d.f);
	engine_free(d.e);
}
END_TEST

/* A connection that lends its buffer keeps what it holds. */
START_TEST(lent_buffers)
{
	struct framer_spare spare = { 0 };
	struct feeder a, b;
	size_t room;

	feeder_init(&a, BATCH_SIZE);
	feeder_init(&b, BATCH_SIZE);
	memcpy(framer_room(&a.f, &room), "half a line", 11);
	ck_assert(!framer_added(&a.f, 11));
	framer_give_back(&a.f, &spare);
	ck_assert_uint_ge(spare.cap, BATCH_SIZE);
	ck_assert_uint_eq(a.f.cap, 11);
	framer_borrow(&b.f, &spare);
	ck_assert_ptr_null(spare.p);
	memcpy(framer_room(&b.f, &room), "x", 1);
	ck_assert(!framer_added(&b.f, 1));
	framer_give_back(&b.f, &spare);
	framer_borrow(&a.f, &spare);
	ck_assert_int_eq(memcmp(a.f.p, "half a line", 11), 0);
	ck_assert_uint_ge(a.f.cap, BATCH_SIZE);
	framer_release(&a.f);
	framer_release(&b.f);
	free(spare.p);
	engine_free(a.e);
	engine_free(b.e);
}
END_TEST

/* A text event that may go on waits for the next bytes of a file, and for a line of a stream that
 * has begun, but never for nothing. */
START_TEST(text_that_may_go_on)
{
	static const char event[] = "12:00:00.000000001: Notice m (user=a command=b\n";
	struct feeder d;

	feeder_init(&d, 4096);
	feed(&d, event, sizeof(event) - 1);
	ck_assert_uint_eq(d.offset, 0);
	ck_assert(!framer_holds(&d.f));
	ck_assert(framer_settle(&d.f));
	ck_assert_uint_eq(d.f.cut, sizeof(event) - 1);
	framer_push(&d.f, d.e, engine_batch(d.e, true));
	ck_assert(!framer_settle(&d.f));
	d.f.recorded = false;
	feed(&d, event, sizeof(event) - 1);
	ck_assert_uint_eq(d.offset, 2 * (sizeof(event) - 1));
	feed(&d, event, sizeof(event) - 1);
	feed(&d, event, sizeof(event) - 3);
	ck_assert_uint_eq(d.offset, 3 * (sizeof(event) - 1));
	feed(&d, "b\nc", 3);
	ck_assert_uint_eq(d.offset, 3 * (sizeof(event) - 1));
	ck_assert(framer_holds(&d.f));
	feed(&d, ")\n", 2);
	ck_assert_uint_eq(d.offset, 4 * (sizeof(event) - 1) + 3);
	framer_release(&d.f);
	engine_free(d.e);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("framer");
	TCase *t = tcase_create("framer");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_split, 0, 8);
	tcase_add_loop_test(t, long_lines, 0, 10);
	tcase_add_test(t, endless_pieces);
	tcase_add_test(t, lent_buffers);
	tcase_add_test(t, text_that_may_go_on);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
