/*
 * The engine by what it answers: the same for any number of workers and any size of batch, exact
 * counts, duplicates, searching and anchors, event pages, back-pressure, an end in the middle of
 * everything.
 */
#include "pipeline/engine.h"

#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "pipeline/sample.h"

#define MTIME (1768500000 * NSEC_PER_SEC) /* 2026-01-15 18:00 */

static struct engine *
engine_of(unsigned threads, size_t batch)
{
	const struct engine_options o = {
		.threads = threads, .memory = 256 << 20, .spool = 64 << 20, .batch_size = batch
	};

	return engine_new(&o);
}

/* The bytes of whole lines that may be pushed by themselves. */
static size_t
cut_of(const char *p, size_t n, size_t len, bool *joins)
{
	size_t cut = n == len ? n : decode_safe_cut(p, n, joins);

	return n == len ? n : decode_text_cut(p, cut, n, true);
}

/* Pushes bytes in batches of about `size`, cut where it is safe, as a source does. */
static void
push_all(struct engine *e, uint32_t source, uint16_t origin, const char *p, size_t len, size_t size)
{
	bool joins = false;
	size_t at = 0;

	while (at < len) {
		struct batch *b = engine_batch(e, true);
		size_t n = size < len - at ? size : len - at;
		size_t cut;

		while ((cut = cut_of(p + at, n, len - at, &joins)) == 0)
			n = n * 2 < len - at ? n * 2 : len - at;
		batch_reserve(b, cut);
		memcpy(b->data, p + at, cut);
		b->len = cut;
		b->source = source;
		b->origin = origin;
		b->first = at == 0;
		b->streamed = b->recorded = true;
		b->offset = at;
		b->arrival = clock_wall();
		b->reference = MTIME;
		engine_push(e, b);
		at += cut;
	}
}

/* The answer to r about `text`, as text. */
static char *
answer_of(
    unsigned threads, size_t batch, const struct buf *text, const struct request *r, bool ask_first)
{
	struct engine *e = engine_of(threads, batch);
	uint32_t source = engine_add_source(e, "sample");
	uint16_t origin = rawstore_add(engine_raw(e), "sample", -1);
	struct buf out = { 0 };
	struct snapshot *s;

	if (ask_first)
		engine_request(e, r);
	push_all(e, source, origin, text->p, text->len, batch);
	s = engine_answer(e, r);
	ck_assert_ptr_nonnull(s);
	print_snapshot(&out, r, s);
	snapshot_free(s);
	engine_free(e);
	return buf_steal(&out);
}

START_TEST(same_answer)
{
	static const unsigned threads[] = { 0, 1, 4 };
	static const size_t sizes[] = { 64, 4096, 256 << 10 };
	struct buf text = { 0 };
	struct request r;
	char *want, *got;

	sample_lines(&text, 700);
	sample_request(&r);
	want = answer_of(0, 256 << 10, &text, &r, false);
	got = answer_of(threads[_i % 3], sizes[_i / 3 % 3], &text, &r, _i >= 9);
	assert_same_text(got, want);
	ck_assert_ptr_nonnull(strstr(want, "cri|"));
	ck_assert_ptr_nonnull(strstr(want, "bad bad_json line"));
	free(want);
	free(got);
	request_release(&r);
	buf_release(&text);
}
END_TEST

/* Events of one line and of several, a torn one, odd lines, in plain and coloured text. */
static void
sample_text(struct buf *out)
{
	static const char *const command[] = { "a\nb", "ls", "a\n\tb\nc terminal=0\nd",
		"x\n{ y; }\n", "sh -c (ls)", "a terminal=1\nb" };

	for (unsigned i = 0; i < 30; i++) {
		buf_addf(out,
		    "12:00:%02u.000000001: Notice %s | evt_type=execve user=u%u process=sh "
		    "command=%s terminal=%u container_id=c%u container_name=web\n",
		    i, i % 4 == 3 ? "with\na newline" : "m", i % 3, command[i % 6], i, i % 5);
		buf_addf(out,
		    "%s12:01:%02u.000000001: Notice n (user=v%u command=%s container_id=host)\n",
		    i % 5 == 0 ? "\033[0m" : "", i, i % 3, command[(i + 1) % 6]);
		if (i % 7 == 0)
			buf_adds(out, "12:02:00.000000001: Notice torn (user=t command=x\ny\nz\n");
		if (i % 9 == 0)
			buf_adds(out, "odd user=w\n\n");
		if (i % 11 == 0)
			sample_event(out, i, -1);
	}
	buf_adds(out, "12:03:00.000000001: Notice the end (user=e command=a\nb)");
}

/* The lines of an event stay together, whatever the size of a batch. */
START_TEST(lines_stay_together)
{
	struct buf text = { 0 }, count = { 0 };
	struct request r;
	unsigned lines = 1;
	char *want, *got;

	sample_text(&text);
	sample_request(&r);
	set_by(&r.panel[1].query, "user.name,proc.cmdline,proc.tty,container.id,container.name");
	want = answer_of(0, 256 << 10, &text, &r, false);
	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	buf_addf(&count, " lines %u ", lines);
	ck_assert_ptr_nonnull(strstr(want, count.p));
	ck_assert_ptr_nonnull(strstr(want, ":a\n\tb\nc terminal=0\nd|"));
	buf_release(&count);
	for (size_t size = 1 + (size_t)_i; size < 1000; size += 8) {
		got = answer_of((unsigned)_i % 3, size, &text, &r, false);
		assert_same_text(got, want);
		free(got);
	}
	free(want);
	request_release(&r);
	buf_release(&text);
}
END_TEST

START_TEST(counts)
{
	struct engine *e = engine_of(2, 4096);
	uint32_t source = engine_add_source(e, "s");
	uint16_t origin = rawstore_add(engine_raw(e), "s", -1);
	struct buf text = { 0 };
	struct snapshot *s;
	const struct tally *t;
	struct request r;

	for (unsigned i = 0; i < 1000; i++)
		sample_event(&text, i, (int)(i % 400)); /* 600 come a second time */
	buf_adds(&text, "\n\nnot an event\n{\"x\":1}\n");
	push_all(e, source, origin, text.p, text.len, 4096);
	request_init(&r);
	r.want_bad = true;
	s = engine_answer(e, &r);
	t = &s->tally;
	ck_assert_uint_eq(t->bytes, text.len);
	ck_assert_uint_eq(t->lines, 1004);
	ck_assert_uint_eq(t->records, 1004);
	ck_assert_uint_eq(t->accepted, 400);
	ck_assert_uint_eq(t->duplicates, 600);
	ck_assert_uint_eq(t->blank, 2);
	ck_assert_uint_eq(tally_rejected(t), 2);
	ck_assert_uint_eq(t->records,
	    t->accepted + tally_rejected(t) + t->noise + t->blank + t->internal + t->duplicates);
	ck_assert_uint_eq(s->stats.events, 400);
	ck_assert_uint_eq(s->nbad, 2);
	ck_assert_uint_eq(s->bad[0].line, 1004);
	ck_assert_uint_eq(s->bad[1].line, 1003);
	ck_assert_uint_eq(s->nsources, 1);
	snapshot_free(s);
	request_release(&r);
	engine_free(e);
	buf_release(&text);
}
END_TEST

/* Removing duplicates moves rows: the values of the others must stay with them. */
START_TEST(duplicates_leave_the_rest_whole)
{
	struct buf with = { 0 }, without = { 0 };
	struct request r;
	char *a, *b;

	for (unsigned i = 0; i < 300; i++) {
		sample_event(&with, i, (int)i);
		sample_event(&without, i, (int)i);
		if (i % 3 == 1)
			sample_event(&with, i - 1, (int)i - 1);
	}
	request_init(&r);
	r.panel[0].used = true;
	r.panel[0].rows = 1000;
	set_by(&r.panel[0].query, "user.name,container.name,proc.name,rule,hostname");
	a = answer_of(1, 8192, &with, &r, true);
	b = answer_of(1, 8192, &without, &r, true);
	assert_same_text(strchr(a, '\n'), strchr(b, '\n')); /* all but the counters */
	free(a);
	free(b);
	request_release(&r);
	buf_release(&with);
	buf_release(&without);
}
END_TEST

/* The last rejected lines and the very first, whatever the size of the batches. */
START_TEST(rejected_lines_are_kept)
{
	static const size_t sizes[] = { 64, 4096, 256 << 10 };
	struct engine *e = engine_of(1, sizes[_i]);
	uint32_t source = engine_add_source(e, "s");
	uint16_t origin = rawstore_add(engine_raw(e), "s", -1);
	struct buf text = { 0 };
	struct snapshot *s;
	struct request r;

	for (unsigned i = 1; i <= 1000; i++)
		buf_addf(&text, "bad line %u\n", i);
	push_all(e, source, origin, text.p, text.len, sizes[_i]);
	request_init(&r);
	r.want_bad = true;
	s = engine_answer(e, &r);
	ck_assert_uint_eq(tally_rejected(&s->tally), 1000);
	ck_assert_uint_eq(s->nbad, 256);
	for (unsigned i = 0; i < 255; i++)
		ck_assert_uint_eq(s->bad[i].line, 1000 - i);
	ck_assert_uint_eq(s->bad[255].line, 1);
	ck_assert(slice_eq(s->bad[255].text, SLICE("bad line 1")));
	ck_assert(slice_eq(s->bad[254].text, SLICE("bad line 746")));
	snapshot_free(s);
	request_release(&r);
	engine_free(e);
	buf_release(&text);
}
END_TEST

static struct engine *
with_sample(unsigned n)
{
	struct engine *e = engine_of(2, 16384);
	uint32_t source = engine_add_source(e, "s");
	uint16_t origin = rawstore_add(engine_raw(e), "s", -1);
	struct buf text = { 0 };

	for (unsigned i = 0; i < n; i++)
		sample_event(&text, i, -1);
	push_all(e, source, origin, text.p, text.len, 16384);
	buf_release(&text);
	return e;
}

START_TEST(window_anchor_and_find)
{
	struct engine *e = with_sample(1000);
	struct panel_request *p;
	struct snapshot *s;
	struct request r;
	uint64_t anchor;

	request_init(&r);
	p = &r.panel[0];
	p->used = true;
	p->rows = 5;
	set_by(&p->query, "proc.name"); /* sh0 .. sh10 */
	memcpy(p->sort, "proc.name", sizeof("proc.name"));
	s = engine_answer(e, &r);
	ck_assert_uint_eq(s->panel[0].total, 11);
	ck_assert_uint_eq(s->panel[0].nrows, 5);
	ck_assert(slice_eq(s->panel[0].row[0].cell[0], SLICE("sh0")));
	anchor = s->panel[0].row[4].identity;
	snapshot_free(s);

	p->descending = true; /* sh9 sh8 .. sh2 sh10 sh1 sh0, or sh10 first when digits count */
	p->anchor = anchor;
	p->follow_anchor = true;
	memcpy(p->find, "SH3", sizeof("SH3"));
	p->find_dir = 1;
	p->find_from = 0;
	s = engine_answer(e, &r);
	ck_assert_uint_ne(s->panel[0].anchor_at, UINT64_MAX);
	ck_assert_uint_le(s->panel[0].from, s->panel[0].anchor_at);
	ck_assert_uint_lt(s->panel[0].anchor_at, s->panel[0].from + 5);
	ck_assert_uint_eq(
	    s->panel[0].row[s->panel[0].anchor_at - s->panel[0].from].identity, anchor);
	ck_assert_uint_ne(s->panel[0].found_at, UINT64_MAX);
	p->from = s->panel[0].found_at;
	p->follow_anchor = false;
	snapshot_free(s);
	s = engine_answer(e, &r);
	ck_assert(slice_eq(s->panel[0].row[0].cell[0], SLICE("sh3")));
	snapshot_free(s);

	memcpy(p->find, "nowhere", sizeof("nowhere"));
	p->from = 100; /* beyond the end: the last page */
	s = engine_answer(e, &r);
	ck_assert_uint_eq(s->panel[0].found_at, UINT64_MAX);
	ck_assert_uint_eq(s->panel[0].from, 6);
	snapshot_free(s);
	request_release(&r);
	engine_free(e);
}
END_TEST

START_TEST(events_newest_first)
{
	struct engine *e = with_sample(500);
	struct panel_request *p;
	struct snapshot *s;
	struct request r;

	request_init(&r);
	p = &r.panel[0];
	p->used = true;
	p->rows = 10;
	p->query.kind = QUERY_EVENTS;
	p->descending = true;
	p->anchor = 499;
	p->want_output = true;
	set_by(&p->query, "rule,my.own");
	memcpy(p->find, "v3", sizeof("v3"));
	p->find_dir = -1;
	s = engine_answer(e, &r);
	ck_assert_uint_eq(s->panel[0].total, 500);
	ck_assert_uint_eq(s->panel[0].anchor_at, 0);
	ck_assert_uint_eq(s->panel[0].row[0].event.number, 499);
	ck_assert_uint_eq(s->panel[0].row[0].event.line, 500);
	ck_assert(slice_eq(s->panel[0].row[0].cell[1], SLICE("v4")));
	ck_assert(
	    slice_eq(s->panel[0].row[0].cell[2], SLICE("File opened in a container (n=499)")));
	/* going back from the first row comes round to the last: number 0 is v0, number 3 is v3 */
	ck_assert_uint_eq(s->panel[0].found_at, 499 - 3);
	snapshot_free(s);
	request_release(&r);
	engine_free(e);
}
END_TEST

START_TEST(event_page)
{
	struct engine *e = with_sample(10);
	struct snapshot *s;
	struct request r;
	bool own = false;

	request_init(&r);
	r.event = 7;
	s = engine_answer(e, &r);
	ck_assert(s->event.found && s->event.raw_found);
	ck_assert(slice_eq(s->event.rule, SLICE("Rule 7")));
	ck_assert(slice_eq(s->event.origin, SLICE("s")));
	ck_assert(slice_eq(s->event.output, SLICE("File opened in a container (n=7)")));
	ck_assert_int_eq(s->event.raw.p[0], '{');
	ck_assert_int_eq(s->event.raw.p[s->event.raw.len - 1], '}');
	for (unsigned i = 0; i < s->event.nkeys; i++)
		own |= slice_eq(s->event.key[i].name, SLICE("my.own")) &&
		       slice_eq(s->event.key[i].text, SLICE("v2")) && !s->event.key[i].top_level;
	ck_assert(own);
	snapshot_free(s);
	r.event = 10;
	s = engine_answer(e, &r);
	ck_assert(!s->event.found);
	snapshot_free(s);
	request_release(&r);
	engine_free(e);
}
END_TEST

START_TEST(bad_queries)
{
	struct engine *e = with_sample(10);
	struct snapshot *s;
	struct request r;

	request_init(&r);
	for (unsigned i = 0; i < 2; i++) {
		r.panel[i].used = true;
		r.panel[i].rows = 5;
		set_by(&r.panel[i].query, "rule");
	}
	query_and(&r.panel[0].query, "user.name = ");
	memcpy(r.panel[1].sort, "nothing", sizeof("nothing"));
	s = engine_answer(e, &r);
	ck_assert(s->panel[0].bad_query && s->panel[0].error.message[0] != '\0');
	ck_assert(s->panel[1].bad_query && strstr(s->panel[1].error.message, "nothing") != NULL);
	ck_assert(!s->panel[2].used);
	snapshot_free(s);
	request_release(&r);
	engine_free(e);
}
END_TEST

/* --- threads */

struct waker {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned woken;
	bool block;
};

static void
on_wake(void *arg)
{
	struct waker *w = arg;

	pthread_mutex_lock(&w->lock);
	w->woken++;
	pthread_cond_broadcast(&w->cond);
	while (w->block)
		pthread_cond_wait(&w->cond, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void
wait_woken(struct waker *w, unsigned n)
{
	pthread_mutex_lock(&w->lock);
	while (w->woken < n)
		pthread_cond_wait(&w->cond, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

/* A new request gets a snapshot; without news there is none; news give one. */
START_TEST(snapshots_on_demand)
{
	struct waker w = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };
	const struct engine_options o = {
		.threads = 2, .memory = 64 << 20, .spool = 1 << 20, .wake = on_wake, .wake_arg = &w
	};
	struct engine *e = engine_new(&o);
	uint32_t source = engine_add_source(e, "s");
	uint16_t origin = rawstore_add(engine_raw(e), "s", -1);
	struct buf text = { 0 };
	struct snapshot *s;
	struct request r;
	uint64_t events = 0;

	ck_assert_ptr_null(engine_take(e));
	sample_request(&r);
	r.number = 41;
	engine_request(e, &r);
	wait_woken(&w, 1);
	while ((s = engine_take(e)) == NULL || s->number != 41)
		snapshot_free(s);
	snapshot_free(s);
	sample_event(&text, 0, -1);
	push_all(e, source, origin, text.p, text.len, 4096);
	for (unsigned n = w.woken; events == 0; n++) {
		wait_woken(&w, n);
		if ((s = engine_take(e)) != NULL)
			events = s->panel[1].total;
		snapshot_free(s);
	}
	ck_assert_uint_eq(events, 1);
	request_release(&r);
	engine_free(e);
	buf_release(&text);
}
END_TEST

/* The engine thread stands still: sources find no batch, wait, and can be let go. */
static void *
release_later(void *arg)
{
	engine_interrupt(arg, true);
	return NULL;
}

static void
count_call(void *arg)
{
	on_wake(arg);
}

START_TEST(back_pressure)
{
	struct waker w = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .block = true
	};
	struct waker room = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };
	const struct engine_options o = {
		.threads = 1, .memory = 64 << 20, .spool = 1 << 20, .wake = on_wake, .wake_arg = &w
	};
	struct engine *e = engine_new(&o);
	uint32_t source = engine_add_source(e, "s");
	struct batch *b;
	struct request r;
	pthread_t t;
	unsigned n = 0;

	request_init(&r);
	r.number = 1;
	engine_request(e, &r);
	wait_woken(&w, 1); /* the engine thread hangs in the callback now */
	while ((b = engine_batch(e, false)) != NULL) {
		memcpy(b->data, "x\n", 2);
		b->len = 2;
		b->source = source;
		b->reference = b->arrival = MTIME;
		engine_push(e, b);
		n++;
	}
	ck_assert_uint_eq(n, 2 * 1 + 4);
	ck_assert_ptr_null(engine_batch_within(e, NSEC_PER_SEC / 100));
	engine_on_room(e, count_call, &room);
	pthread_create(&t, NULL, release_later, e);
	ck_assert_ptr_null(engine_batch(e, true)); /* until interrupted */
	pthread_join(t, NULL);
	ck_assert_uint_eq(room.woken, 0);
	pthread_mutex_lock(&w.lock);
	w.block = false;
	pthread_cond_broadcast(&w.cond);
	pthread_mutex_unlock(&w.lock);
	wait_woken(&room, 1);
	b = engine_batch_within(e, 10 * NSEC_PER_SEC);
	ck_assert_ptr_nonnull(b);
	engine_batch_return(e, b);
	request_release(&r);
	engine_free(e);
}
END_TEST

/* Ends with batches queued, decoded and in the hands of a source that waits. */
static void *
push_for_ever(void *arg)
{
	struct engine *e = arg;
	struct buf text = { 0 };
	struct batch *b;

	sample_lines(&text, 50);
	while ((b = engine_batch(e, true)) != NULL) {
		batch_reserve(b, text.len);
		memcpy(b->data, text.p, text.len);
		b->len = text.len;
		b->source = 0;
		b->recorded = true;
		b->arrival = b->reference = MTIME;
		engine_push(e, b);
	}
	buf_release(&text);
	return NULL;
}

START_TEST(end_in_the_middle)
{
	struct engine *e = engine_of((unsigned)_i, 4096);
	struct snapshot *s;
	struct request r;
	pthread_t t;

	engine_add_source(e, "s");
	sample_request(&r);
	engine_request(e, &r);
	pthread_create(&t, NULL, push_for_ever, e);
	do {
		s = engine_answer(e, &r);
		ck_assert_uint_eq(s->tally.accepted, s->stats.events);
		if (s->tally.accepted > 1000)
			break;
		snapshot_free(s);
	} while (true);
	snapshot_free(s);
	engine_interrupt(e, true);
	pthread_join(t, NULL);
	engine_free(e);
	request_release(&r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("engine");
	TCase *t = tcase_create("engine");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, same_answer, 0, 18);
	tcase_add_loop_test(t, lines_stay_together, 0, 8);
	tcase_add_test(t, counts);
	tcase_add_test(t, duplicates_leave_the_rest_whole);
	tcase_add_loop_test(t, rejected_lines_are_kept, 0, 3);
	tcase_add_test(t, window_anchor_and_find);
	tcase_add_test(t, events_newest_first);
	tcase_add_test(t, event_page);
	tcase_add_test(t, bad_queries);
	tcase_add_test(t, snapshots_on_demand);
	tcase_add_test(t, back_pressure);
	tcase_add_loop_test(t, end_in_the_middle, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
