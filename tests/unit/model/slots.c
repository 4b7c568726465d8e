/*
 * What the index does not keep by itself: keys outside the catalogue, searches in the output.
 * Whether workers filled a slot or it is filled later by decoding a real file again, the answer is
 * the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "decode/decode.h"
#include "model/live.h"
#include "harness.h"

#define EVENTS 40000

static struct model *model;
static struct rawstore *raw;
static struct block block;
static struct symtab *symbols;
static struct decoder *decoder;
static const struct schema_view *view; /* what the worker knows of */
static char *text;		       /* the recording */
static size_t *start;		       /* of each line */
static sym_t known;
static uint32_t fed;
static int fd;

static void
write_recording(void)
{
	struct buf b = { 0 };
	char path[] = "/tmp/falcotop-test.XXXXXX";

	start = calloc(EVENTS + 1, sizeof(*start));
	for (unsigned i = 0; i < EVENTS; i++) {
		start[i] = b.len;
		buf_addf(&b,
		    "{\"output\":\"08:00:00.%09u: Notice A %s thing happened | n=%u\","
		    "\"priority\":\"Notice\",\"rule\":\"R%u\",\"source\":\"syscall\","
		    "\"time\":\"2026-01-15T08:%02u:%02u.%09uZ\",",
		    i, i % 3 == 0 ? "Strange" : "usual", i, i % 5, i / 60 % 60, i % 60, i);
		if (i % 10 == 4)
			buf_addf(&b, "\"uuid\":\"u-%u\",", i % 100);
		buf_adds(&b, "\"output_fields\":{");
		if (i % 4 == 1)
			buf_addf(&b, "\"evt.arg.mode\":\"m%u\",", i % 7);
		if (i % 4 == 2)
			buf_adds(&b, "\"evt.arg.mode\":null,");
		if (i % 4 == 3)
			buf_addf(&b, "\"evt.arg.mode\":%u,\"output\":\"not this\",", i % 3);
		buf_addf(&b, "\"user.name\":\"u%u\"}}\n", i % 6);
	}
	start[EVENTS] = b.len;
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(write(fd, b.p, b.len), (ssize_t)b.len);
	text = buf_steal(&b);
}

static void
setup(void)
{
	struct model_options o = { .memory = (size_t)512 << 20 };

	write_recording();
	raw = o.raw = rawstore_new(1u << 20);
	model = model_new(&o);
	rawstore_add(raw, "recording", fd);
	block_init(&block);
	symbols = symtab_new(1u << 22, 1u << 28);
	known = SYM_FIRST;
	decoder = decoder_new();
	view = schema_view(model_schema(model));
	fed = 0;
}

static void
teardown(void)
{
	schema_view_release(view);
	decoder_free(decoder);
	block_release(&block);
	model_free(model);
	symtab_free(symbols);
	rawstore_free(raw);
	close(fd);
	free(text);
	free(start);
}

/* The worker takes the schema as it is now. */
static void
learn(void)
{
	const char *name[SCHEMA_FIELDS];

	schema_view_release(view);
	view = schema_view(model_schema(model));
	for (unsigned i = 0; i < view->nfields; i++)
		name[i] = view->field_gen[i] == 0 || block_is_pseudo(view->field_name[i])
			      ? ""
			      : view->field_name[i];
	decoder_want(decoder, name, view->nfields);
}

static void
decode_one(uint32_t i)
{
	size_t len = start[i + 1] - start[i] - 1;
	struct falco_event ev;
	enum reject_reason reason;

	decode_line(decoder, text + start[i], len, false);
	ck_assert_int_eq(decode_next(decoder, &ev, &reason), VERDICT_EVENT);
	block_pseudo_fields(view, &ev);
	block_add(&block, symbols, &ev, schema_run_tests(view, ev.output, ev.raw), start[i],
	    (uint32_t)len, i + 1);
}

/* The next n events in blocks of 190, as a decode worker would. */
static void
feed(uint32_t n)
{
	while (n > 0) {
		uint32_t k = n < 190 ? n : 190;

		block_clear(&block);
		for (uint32_t i = 0; i < k; i++)
			decode_one(fed++);
		block.symbols = symbols;
		block.new_from = known;
		block.new_to = known = symtab_count(symbols);
		block.schema = view;
		model_apply(model, &block);
		block.schema = NULL; /* ours, not counted */
		n -= k;
	}
}

static void
work(void)
{
	while (live_work(model, 1000000))
		;
}

static struct live *
ask(const char *by, const char *filter)
{
	struct filter_error err;
	struct query q;
	struct live *l;

	query_init(&q);
	if (by != NULL)
		ck_assert(query_set_by(&q, by, &err));
	if (filter != NULL)
		query_and(&q, filter);
	l = live_open(model, &q, &err);
	if (l == NULL)
		ck_abort_msg("%s", err.message);
	query_release(&q);
	return l;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The table as sorted lines. */
static char *
answer(const struct live *l, unsigned nby)
{
	const struct group_table *g = live_groups(l);
	uint32_t n = group_count(g);
	char **line = calloc(n + 1, sizeof(*line));
	struct buf out = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		struct buf b = { 0 };

		for (unsigned k = 0; k < nby; k++) {
			sym_t s = group_key(g, i)[k];
			struct slice t = symtab_text(model_symbols(model), s);

			buf_addf(&b, "%u:%.*s|", s < SYM_FIRST ? s : SYM_FIRST, (int)t.len, t.p);
		}
		buf_addf(&b, "%llu\n", (unsigned long long)group_row(g, i)->count);
		line[i] = buf_steal(&b);
	}
	qsort(line, n, sizeof(*line), compare);
	for (uint32_t i = 0; i < n; i++) {
		buf_adds(&out, line[i]);
		free(line[i]);
	}
	free(line);
	buf_addc(&out, '\n');
	return buf_steal(&out);
}

static const struct {
	const char *by;
	unsigned nby;
	const char *filter;
	uint64_t matched; /* of EVENTS */
} questions[] = {
	{ "evt.arg.mode", 1, NULL, EVENTS },
	{ "user.name,evt.arg.mode", 2, "evt.arg.mode exists", EVENTS / 2 },
	{ "rule", 1, "output icontains 'a strange thing'", (EVENTS + 2) / 3 },
	{ "rule,uuid", 2, "raw contains u-14", EVENTS / 100 },
	{ "uuid", 1, NULL, EVENTS },
	{ "output", 1, "rule = R3 and evt.arg.mode = 2", EVENTS / 60 + 1 },
	{ "time", 1, "not output contains Strange and evt.arg.mode = m2", 0 },
	{ "raw", 1, "user.name = u1 and rule = R1", (EVENTS + 28) / 30 },
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

static struct live *
ask_question(unsigned q)
{
	return ask(questions[q].by, questions[q].filter);
}

START_TEST(one_answer)
{
	unsigned q = (unsigned)_i;
	char *want, *got;
	struct live *l;

	/* known to the worker from the start */
	l = ask_question(q);
	learn();
	feed(EVENTS);
	ck_assert(!live_work(model, 0));
	want = answer(l, questions[q].nby);
	if (questions[q].matched != 0)
		ck_assert_uint_eq(live_matched(l), questions[q].matched);
	ck_assert_uint_gt(live_matched(l), 0);
	ck_assert_uint_eq(live_unreadable(l), 0);
	teardown();

	/* asked afterwards */
	setup();
	feed(EVENTS);
	l = ask_question(q);
	work();
	got = answer(l, questions[q].nby);
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(live_unreadable(l), 0);
	free(got);
	teardown();

	/* asked in between, scanned in small slices; the worker hears of it some blocks later */
	setup();
	feed(21000);
	l = ask_question(q);
	feed(777);
	live_work(model, 0);
	learn();
	feed(1000);
	live_work(model, 0);
	feed(EVENTS - fed);
	work();
	got = answer(l, questions[q].nby);
	ck_assert_str_eq(got, want);
	free(got);
	free(want);
}
END_TEST

/* A slot that is given up and taken for something else must not show what it held. */
START_TEST(slot_changes_hands)
{
	struct live *l;
	char filter[64];
	char *got;

	feed(20000);
	l = ask("evt.arg.mode", NULL);
	work();
	learn();
	feed(10000);
	live_close(model, l);
	for (unsigned i = 0; i < 17; i++) { /* push it out */
		snprintf(filter, sizeof(filter), "user.name = u%u", i);
		live_close(model, ask("rule", filter));
	}
	l = ask("evt.arg.other", NULL);
	feed(5000); /* by the old schema */
	work();
	got = answer(l, 1);
	ck_assert_str_eq(got, "0:|35000\n\n");
	free(got);
	l = ask("evt.arg.mode", "evt.arg.mode exists");
	learn();
	feed(5000);
	work();
	ck_assert_uint_eq(live_matched(l), EVENTS / 2);
}
END_TEST

START_TEST(bytes_are_gone)
{
	struct model_stats st;
	struct live *l;

	feed(EVENTS);
	rawstore_forget(raw, 0);
	l = ask("evt.arg.mode", "output contains thing");
	work();
	ck_assert_uint_eq(live_matched(l), 0);
	ck_assert_uint_eq(live_unreadable(l), EVENTS);
	model_stats(model, &st);
	ck_assert_uint_eq(st.unreadable, EVENTS);
	/* what needs no bytes is not bothered */
	l = ask("time", NULL);
	work();
	ck_assert_uint_eq(live_matched(l), EVENTS);
	ck_assert_uint_eq(group_count(live_groups(l)), EVENTS);
	ck_assert_ptr_null(model_decode(model, 5, NULL, 0));
}
END_TEST

START_TEST(slots_run_out)
{
	struct filter_error err;
	struct live *l[SCHEMA_FIELDS + 1];
	struct query q;
	char by[32];

	feed(100);
	for (unsigned i = 0; i <= SCHEMA_FIELDS; i++) {
		query_init(&q);
		snprintf(by, sizeof(by), "x.y%u", i);
		ck_assert(query_set_by(&q, by, &err));
		memset(&err, 0, sizeof(err));
		l[i] = live_open(model, &q, &err);
		query_release(&q);
	}
	ck_assert_ptr_nonnull(l[SCHEMA_FIELDS - 1]);
	ck_assert_ptr_null(l[SCHEMA_FIELDS]);
	ck_assert_int_ne(err.message[0], '\0');
	/* what only closed queries hold is there for the taking */
	live_close(model, l[0]);
	ck_assert_ptr_nonnull(ask(by, NULL));
}
END_TEST

START_TEST(one_event_again)
{
	static const char *const names[] = { "evt.arg.mode", "output", "nosuch", "uuid" };
	const struct falco_event *ev;
	struct model_event e;
	struct buf b = { 0 };
	struct filter_error err;
	struct query q;
	struct live *l;

	feed(20000);
	ev = model_decode(model, 17, names, 4);
	ck_assert_ptr_nonnull(ev);
	ck_assert_uint_eq(ev->extra_present, 0x3);
	ck_assert(slice_eq(ev->extra[0].text, SLICE("m3")));
	ck_assert(slice_eq(ev->field[FIELD_USER].text, SLICE("u5")));
	ck_assert(slice_eq(ev->extra[1].text, ev->output));
	ck_assert_ptr_null(model_decode(model, 20000, names, 4));
	ck_assert(model_event(model, 19999, &e));
	ck_assert(model_raw(model, &e, &b));
	ck_assert_uint_eq(b.len, start[20000] - start[19999] - 1);
	ck_assert_int_eq(memcmp(b.p, text + start[19999], b.len), 0);

	query_init(&q);
	q.kind = QUERY_EVENTS;
	ck_assert(query_set_by(&q, "evt.arg.mode,output,raw,nosuch,uuid", &err));
	l = live_open(model, &q, &err);
	query_release(&q);
	buf_clear(&b);
	ck_assert_uint_eq(live_cell(l, 17, 0, &b), SYM_FIRST);
	ck_assert_str_eq(b.p, "m3");
	buf_clear(&b);
	ck_assert_uint_eq(live_cell(l, 18, 0, &b), SYM_NULL);
	ck_assert_uint_eq(live_cell(l, 19, 1, &b), SYM_FIRST);
	ck_assert_int_eq(memcmp(b.p, "08:00:00.000000019", 18), 0);
	buf_clear(&b);
	ck_assert_uint_eq(live_cell(l, 20, 2, &b), SYM_FIRST);
	ck_assert_uint_eq(b.len, start[21] - start[20] - 1);
	ck_assert_uint_eq(live_cell(l, 20, 3, &b), SYM_ABSENT);
	buf_clear(&b);
	ck_assert_uint_eq(live_cell(l, 24, 4, &b), SYM_FIRST);
	ck_assert_str_eq(b.p, "u-24");
	buf_release(&b);
}
END_TEST

static Suite *
slots_suite(void)
{
	Suite *s = suite_create("slots");
	TCase *c = tcase_create("slots");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, one_answer, 0, QUESTIONS);
	tcase_add_test(c, slot_changes_hands);
	tcase_add_test(c, bytes_are_gone);
	tcase_add_test(c, slots_run_out);
	tcase_add_test(c, one_event_again);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(slots_suite)
