/* Live queries: the same answer whenever they were opened and however the events came, and what
 * they remember. */
#include "feed.h"

#define MIB ((size_t)1 << 20)

static struct feed f;

static void
stop(void)
{
	feed_release(&f);
}

static bool
starts_with_p1(const struct feed *feed, uint64_t i)
{
	char text[512];
	bool null;

	return feed_field(feed, i, FIELD_PROCESS, text, sizeof(text), &null) &&
	       strncmp(text, "p1", 2) == 0;
}

static bool
is_severe_root(const struct feed *feed, uint64_t i)
{
	char text[512];
	bool null;

	return feed_priority(i) >= PRIORITY_ERROR &&
	       feed_field(feed, i, FIELD_USER, text, sizeof(text), &null) && !null &&
	       strcmp(text, "root") == 0;
}

static bool
has_pod(const struct feed *feed, uint64_t i)
{
	char text[512];
	bool null;

	return feed_field(feed, i, FIELD_POD, text, sizeof(text), &null);
}

static const struct {
	const char *by;
	unsigned field[3], nby;
	const char *filter;
	bool (*keep)(const struct feed *f, uint64_t i);
} questions[] = {
	{ "rule", { FIELD_RULE }, 1, NULL, NULL },
	{ "user.name,proc.name", { FIELD_USER, FIELD_PROCESS }, 2, NULL, NULL },
	{ "user,process", { FIELD_USER, FIELD_PROCESS }, 2, "proc.name startswith p1",
	    starts_with_p1 },
	{ "proc.cmdline,user.name,k8s.pod.name", { FIELD_CMDLINE, FIELD_USER, FIELD_POD }, 3,
	    "priority >= error and user.name = root", is_severe_root },
	{ "k8s.pod.name", { FIELD_POD }, 1, "k8s.pod.name exists", has_pod },
	{ NULL, { 0 }, 0, "proc.name startswith p1", starts_with_p1 },
};

static char *
naive(unsigned q)
{
	return feed_groups(&f, 0, f.n, questions[q].field, questions[q].nby, questions[q].keep);
}

static struct live *
ask(unsigned q)
{
	return open_query(f.model, QUERY_GROUPS, questions[q].by, questions[q].filter);
}

/* Opened before, in the middle and after, with blocks of all sizes: one answer. */
START_TEST(one_answer)
{
	static const uint32_t sizes[] = { 1, 11, 190, 20000 };
	unsigned q = (unsigned)_i / 4;
	struct live *l;
	char *want;

	feed_init(&f, 512 * MIB, 2);
	f.unique = 3;
	l = ask(q);
	feed(&f, 40000, sizes[_i % 4]);
	want = naive(q);
	same_text(live_text(&f, l, questions[q].nby), strdup(want));
	feed_release(&f);

	feed_init(&f, 512 * MIB, 2);
	f.unique = 3;
	feed(&f, 23000, sizes[_i % 4]);
	l = ask(q);
	live_work(f.model, 0);
	feed(&f, 17000, sizes[_i % 4]);
	feed_work(f.model);
	same_text(live_text(&f, l, questions[q].nby), strdup(want));
	feed_release(&f);

	feed_init(&f, 512 * MIB, 2);
	f.unique = 3;
	feed(&f, 40000, sizes[_i % 4]);
	l = ask(q);
	feed_work(f.model);
	same_text(live_text(&f, l, questions[q].nby), want);
}
END_TEST

START_TEST(totals_of_every_kind)
{
	static const enum query_kind kinds[] = { QUERY_GROUPS, QUERY_EVENTS, QUERY_HISTOGRAM };
	uint64_t by_priority[PRIORITY_COUNT] = { 0 }, n = 0;
	int64_t first = INT64_MAX, last = INT64_MIN, a, b;

	feed_init(&f, 512 * MIB, 1);
	feed(&f, 50000, 1000);
	for (uint64_t i = 0; i < f.n; i++) {
		if (_i % 2 == 1 && !starts_with_p1(&f, i))
			continue;
		by_priority[feed_priority(i)]++;
		n++;
		first = feed_time(i) < first ? feed_time(i) : first;
		last = feed_time(i) > last ? feed_time(i) : last;
	}
	for (unsigned k = 0; k < 3; k++) {
		struct live *l = open_query(
		    f.model, kinds[k], NULL, _i % 2 == 1 ? "proc.name startswith p1" : NULL);

		feed_work(f.model);
		ck_assert_uint_eq(live_matched(l), n);
		ck_assert(live_span(l, &a, &b));
		ck_assert_int_eq(a, first);
		ck_assert_int_eq(b, last);
		for (unsigned p = 0; p < PRIORITY_COUNT; p++)
			ck_assert_uint_eq(live_by_priority(l)[p], by_priority[p]);
	}
	ck_assert(
	    !live_span(open_query(f.model, QUERY_EVENTS, NULL, "user.name = nosuch"), &a, &b));
}
END_TEST

START_TEST(time_range)
{
	static const struct {
		int64_t since, until;
	} cases[] = { { TIME_NONE, FEED_START + 1000 * 40000000LL },
		{ FEED_START + 30000 * 40000000LL, TIME_NONE },
		{ FEED_START + 20000 * 40000000LL, FEED_START + 20100 * 40000000LL },
		{ INT64_MIN + 1, INT64_MAX }, { 5, 5 } };
	struct filter_error err;
	struct live *early, *late;
	struct query q;
	uint64_t n = 0;

	feed_init(&f, 512 * MIB, 1);
	make_query(&q, QUERY_GROUPS, "rule", NULL);
	q.since = cases[_i].since;
	q.until = cases[_i].until;
	early = live_open(f.model, &q, &err);
	feed(&f, 50000, 777);
	for (uint64_t i = 0; i < f.n; i++)
		n += (q.since == TIME_NONE || feed_time(i) >= q.since) &&
		     (q.until == TIME_NONE || feed_time(i) < q.until);
	ck_assert_uint_eq(live_matched(early), n);
	q.kind = QUERY_EVENTS;
	late = live_open(f.model, &q, &err);
	feed_work(f.model);
	ck_assert_uint_eq(live_matched(late), n);
	ck_assert_uint_eq(live_event_count(late), n);
	query_release(&q);
}
END_TEST

static void
check_order(struct live *l, uint64_t first)
{
	int64_t before = INT64_MIN;
	uint64_t number_before = 0, at, i, n = live_event_count(l);

	for (i = 0; i < n; i++) {
		uint64_t number = live_event_at(l, i);
		int64_t t = feed_time(number);

		MUST(number >= first && starts_with_p1(&f, number));
		MUST(t > before || (t == before && number > number_before));
		before = t;
		number_before = number;
		MUST(live_event_find(l, number, &at) && at == i);
	}
}

START_TEST(events_in_order_of_time)
{
	struct live *early, *late;
	struct model_stats st;
	uint64_t at, n = 0;

	feed_init(&f, 512 * MIB, 1);
	early = open_query(f.model, QUERY_EVENTS, "rule,output", "proc.name startswith p1");
	for (unsigned i = 0; i < 30; i++) {
		feed(&f, 1 + i * 100, 190);
		check_order(early, 0);
	}
	late = open_query(f.model, QUERY_EVENTS, "rule", "proc.name startswith p1");
	ck_assert_ptr_ne(early, late);
	feed_work(f.model);
	check_order(late, 0);
	ck_assert_uint_eq(live_event_count(late), live_event_count(early));
	for (uint64_t i = 0; i < f.n; i++) {
		n += starts_with_p1(&f, i);
		MUST(live_event_find(early, i, &at) == starts_with_p1(&f, i));
	}
	ck_assert_uint_eq(n, live_event_count(early));
	ck_assert(!live_event_find(early, f.n + 5, &at));
	model_stats(f.model, &st);
	ck_assert_uint_eq(st.evicted, 0);
}
END_TEST

START_TEST(events_leave_with_the_index)
{
	struct live *l, *unseen;
	struct model_stats st;
	uint64_t n = 0, at;

	feed_init(&f, 14 * MIB, 1);
	l = open_query(f.model, QUERY_EVENTS, NULL, "proc.name startswith p1");
	unseen = open_query(f.model, QUERY_EVENTS, "rule", "proc.name startswith p1");
	for (unsigned i = 0; i < 50; i++) {
		feed(&f, 12000, 500);
		ck_assert_uint_eq(live_event_at(l, 0) < f.n, 1);
	}
	model_stats(f.model, &st);
	ck_assert_uint_gt(st.evicted, 50000);
	check_order(l, st.evicted);
	check_order(unseen, st.evicted);
	for (uint64_t i = st.evicted; i < f.n; i++)
		n += starts_with_p1(&f, i);
	ck_assert_uint_eq(live_event_count(l), n);
	ck_assert_uint_eq(live_event_count(unseen), n);
	ck_assert(!live_event_find(l, 3, &at));
	for (uint64_t i = 0; i < st.evicted; i++)
		n += starts_with_p1(&f, i);
	ck_assert_uint_eq(live_matched(l), n);
}
END_TEST

START_TEST(histogram)
{
	struct histogram_bucket out[100], want[100] = { 0 };
	int64_t first, last, to;
	struct live *l;

	feed_init(&f, 512 * MIB, 1);
	l = open_query(f.model, QUERY_HISTOGRAM, NULL, NULL);
	feed(&f, 50000, 300);
	ck_assert(live_span(l, &first, &last));
	/* buckets of whole seconds are exact */
	first = FEED_START - 60 * NSEC_PER_SEC;
	to = first + 100 * 25 * NSEC_PER_SEC;
	for (uint64_t i = 0; i < f.n; i++) {
		int64_t t = feed_time(i);

		if (t >= first && t < to)
			want[(t - first) / (25 * NSEC_PER_SEC)].count[feed_priority(i)]++;
	}
	live_histogram(l, first, to, out, 100);
	for (unsigned b = 0; b < 100; b++)
		for (unsigned p = 0; p < PRIORITY_COUNT; p++)
			ck_assert_uint_eq(out[b].count[p], want[b].count[p]);
}
END_TEST

/* Columns narrower than the seconds that are kept: a steady stream has no gaps, nothing is lost. */
START_TEST(histogram_of_moments)
{
	struct falco_event ev = { .priority = PRIORITY_ERROR };
	struct histogram_bucket out[70];
	uint64_t lost = 700;
	struct live *l;

	feed_init(&f, 64 * MIB, 1);
	l = open_query(f.model, QUERY_HISTOGRAM, NULL, NULL);
	f.block.symbols = f.symbols[0];
	for (unsigned i = 0; i < 700; i++) {
		ev.time = FEED_START + i * (NSEC_PER_SEC / 100);
		block_add(&f.block, f.symbols[0], &ev, 0, 0, 0, 1);
	}
	model_apply(f.model, &f.block);
	live_histogram(l, FEED_START, FEED_START + 7 * NSEC_PER_SEC, out, 70);
	for (unsigned i = 0; i < 70; i++)
		ck_assert_uint_eq(out[i].count[PRIORITY_ERROR], 10);
	live_histogram(l, FEED_START + NSEC_PER_SEC / 3, FEED_START + 7 * NSEC_PER_SEC, out, 50);
	for (unsigned i = 0; i < 50; lost -= out[i++].count[PRIORITY_ERROR])
		ck_assert_uint_ge(out[i].count[PRIORITY_ERROR], 12);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

static uint64_t
sum(const struct histogram_bucket *b, unsigned n)
{
	uint64_t s = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned p = 0; p < PRIORITY_COUNT; p++)
			s += b[i].count[p];
	return s;
}

/* Days of events and times from the ends of the world: coarser, nothing lost. */
START_TEST(histogram_coarsens)
{
	static const int64_t odd[] = { INT64_MIN + 1, INT64_MAX, -1, 0, 1 };
	struct histogram_bucket out[50];
	struct falco_event ev = { .priority = PRIORITY_ERROR };
	struct live *l;
	int64_t first, last;

	feed_init(&f, 512 * MIB, 1);
	l = open_query(f.model, QUERY_HISTOGRAM, NULL, NULL);
	f.block.symbols = f.symbols[0];
	for (unsigned i = 0; i < 200000; i++) {
		ev.time = i < 5 ? odd[i] : FEED_START + i * (5 * NSEC_PER_SEC + 7);
		block_add(&f.block, f.symbols[0], &ev, 0, 0, 0, 1);
		if (f.block.n == 10000) {
			model_apply(f.model, &f.block);
			block_clear(&f.block);
			f.block.symbols = f.symbols[0];
		}
	}
	ck_assert(live_span(l, &first, &last));
	ck_assert_int_eq(first, INT64_MIN + 1);
	ck_assert_int_eq(last, INT64_MAX);
	live_histogram(l, FEED_START, FEED_START + 2000000 * NSEC_PER_SEC, out, 50);
	ck_assert_uint_eq(sum(out, 50), 200000 - 5);
	live_histogram(l, INT64_MIN, INT64_MAX, out, 50);
	ck_assert_uint_ge(sum(out, 50), 200000 - 1);
	live_histogram(l, 5, 5, out, 50);
	ck_assert_uint_eq(sum(out, 50), 0);
}
END_TEST

START_TEST(shared_and_remembered)
{
	struct live *a, *b, *c;
	uint64_t done, total;

	feed_init(&f, 512 * MIB, 1);
	feed(&f, 30000, 190);
	a = ask(1);
	b = ask(1);
	ck_assert_ptr_eq(a, b);
	live_close(f.model, b);
	feed_work(f.model);
	live_close(f.model, a);
	feed(&f, 10000, 190);
	ck_assert_uint_eq(live_matched(a), 30000); /* stands still */
	c = ask(1);
	ck_assert_ptr_eq(a, c);
	live_progress(c, &done, &total);
	ck_assert_uint_eq(done, 30000);
	ck_assert_uint_eq(total, 40000);
	ck_assert(live_work(f.model, 0) == false || feed_work(f.model));
	same_text(live_text(&f, c, 2), naive(1));
}
END_TEST

/* Closed and opened again and again before the scan is through: no event counts twice, none is left
 * out. */
START_TEST(interrupted_scans)
{
	struct live *l;

	feed_init(&f, 512 * MIB, 1);
	feed(&f, 60000, 1000);
	for (unsigned i = 0; i < 12; i++) {
		l = ask(2);
		if (i % 3 == 1)
			live_work(f.model, 0);
		feed(&f, 1000, 100);
		live_close(f.model, l);
		feed(&f, 1000, 100);
	}
	l = ask(2);
	feed_work(f.model);
	same_text(live_text(&f, l, 2), naive(2));
}
END_TEST

START_TEST(few_are_remembered)
{
	struct live *l;
	char filter[64];
	uint64_t done, total;

	feed_init(&f, 512 * MIB, 1);
	feed(&f, 5000, 190);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(filter, sizeof(filter), "proc.name = p%u", i);
		l = open_query(f.model, QUERY_GROUPS, "rule", filter);
		feed_work(f.model);
		live_close(f.model, l);
	}
	l = open_query(f.model, QUERY_GROUPS, "rule", "proc.name = p39");
	live_progress(l, &done, &total);
	ck_assert_uint_eq(done, 5000);
	l = open_query(f.model, QUERY_GROUPS, "rule", "proc.name = p3");
	live_progress(l, &done, &total);
	ck_assert_uint_eq(done, 0);
}
END_TEST

/* What a closed query missed has left the index: it must not answer with a gap. */
START_TEST(closed_with_a_gap)
{
	struct model_stats st;
	struct live *l;

	feed_init(&f, 16 * MIB, 1);
	feed(&f, 20000, 190);
	l = ask(1);
	feed_work(f.model);
	live_close(f.model, l);
	feed(&f, 500000, 500);
	l = ask(1);
	feed_work(f.model);
	model_stats(f.model, &st);
	ck_assert_uint_gt(st.evicted, 20000);
	ck_assert_uint_eq(live_matched(l), st.retained);
}
END_TEST

START_TEST(slices)
{
	uint64_t done, total, before = 0, steps = 0;
	struct live *l;

	feed_init(&f, 512 * MIB, 1);
	feed(&f, 100000, 1000);
	l = ask(3);
	live_progress(l, &done, &total);
	ck_assert_uint_eq(done, 0);
	ck_assert_uint_eq(total, 100000);
	while (live_work(f.model, 0)) {
		uint64_t version = live_version(l);

		live_progress(l, &done, &total);
		ck_assert_uint_gt(done, before);
		ck_assert_uint_eq(total, 100000);
		before = done;
		steps++;
		feed(&f, 0, 1);
		ck_assert_uint_eq(live_version(l), version);
	}
	ck_assert_uint_ge(steps, 4);
	live_progress(l, &done, &total);
	ck_assert_uint_eq(done, total);
}
END_TEST

START_TEST(order)
{
	struct live *l;
	const uint32_t *o;
	uint32_t n, held[400], more;
	enum group_sort key;

	feed_init(&f, 512 * MIB, 1);
	l = ask(1);
	feed(&f, 300, 50);
	ck_assert(live_sort_key(l, "count", &key) && key == GROUP_SORT_COUNT);
	o = live_order(l, key, true, 0, false, &n);
	ck_assert_uint_eq(n, group_count(live_groups(l)));
	for (uint32_t i = 1; i < n; i++)
		MUST(group_row(live_groups(l), o[i - 1])->count >=
		     group_row(live_groups(l), o[i])->count);
	ck_assert_uint_lt(n, 400);
	memcpy(held, o, n * sizeof(*o));
	feed(&f, 3000, 50);
	o = live_order(l, key, true, 0, true, &more);
	ck_assert_uint_gt(more, n);
	ck_assert_int_eq(memcmp(held, o, n * sizeof(*o)), 0);
	for (uint32_t i = n; i < more; i++)
		MUST(o[i] == i);
	o = live_order(l, key, true, 0, false, &more);
	for (uint32_t i = 1; i < more; i++)
		MUST(group_row(live_groups(l), o[i - 1])->count >=
		     group_row(live_groups(l), o[i])->count);
	/* another key is another order, held or not */
	o = live_order(l, GROUP_SORT_FIRST, false, 0, true, &more);
	for (uint32_t i = 1; i < more; i++)
		MUST(group_row(live_groups(l), o[i - 1])->first <=
		     group_row(live_groups(l), o[i])->first);
}
END_TEST

START_TEST(sort_keys)
{
	static const struct {
		const char *name;
		bool ok;
		enum group_sort key;
	} cases[] = {
		{ "count", true, GROUP_SORT_COUNT },
		{ "first", true, GROUP_SORT_FIRST },
		{ "last", true, GROUP_SORT_LAST },
		{ "priority", true, GROUP_SORT_PRIORITY },
		{ "rate", true, GROUP_SORT_RATE },
		{ "user", true, GROUP_SORT_BY },
		{ "user.name", true, GROUP_SORT_BY },
		{ "process", true, GROUP_SORT_BY + 1 },
		{ "rule", true, GROUP_SORT_DISTINCT },
		{ "proc.cmdline", false, 0 },
		{ "nosuch", false, 0 },
	};
	struct filter_error err;
	struct query q;
	struct live *l;

	feed_init(&f, 512 * MIB, 1);
	make_query(&q, QUERY_GROUPS, "user,proc.name", NULL);
	q.distinct[q.ndistinct++] = strdup("rule");
	l = live_open(f.model, &q, &err);
	query_release(&q);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum group_sort key;

		ck_assert(live_sort_key(l, cases[i].name, &key) == cases[i].ok);
		if (cases[i].ok)
			ck_assert_int_eq(key, cases[i].key);
	}
}
END_TEST

START_TEST(bad_filter)
{
	struct filter_error err = { 0 };
	struct query q;

	feed_init(&f, 64 * MIB, 1);
	make_query(&q, QUERY_GROUPS, "rule", NULL);
	q.filter = strdup("user.name = ");
	ck_assert_ptr_null(live_open(f.model, &q, &err));
	ck_assert_int_ne(err.message[0], '\0');
	query_release(&q);
}
END_TEST

START_TEST(cells)
{
	struct buf b = { 0 };
	struct live *l;

	feed_init(&f, 64 * MIB, 1);
	l = open_query(f.model, QUERY_EVENTS, "user.name,time,rule", NULL);
	feed(&f, 2000, 100);
	for (uint64_t i = 0; i < f.n; i++) {
		char text[512];
		bool null, present = feed_field(&f, i, FIELD_USER, text, sizeof(text), &null);
		sym_t s;

		buf_clear(&b);
		s = live_cell(l, i, 0, &b);
		MUST((s == SYM_ABSENT) == !present && (s == SYM_NULL) == (present && null));
		MUST(s < SYM_EMPTY || slice_eq(buf_slice(&b), slice_of(text)) || s == SYM_EMPTY);
	}
	buf_clear(&b);
	ck_assert_uint_eq(live_cell(l, 0, 1, &b), SYM_FIRST);
	ck_assert_uint_eq(b.len, strlen("2026-01-15T08:00:00.161934674Z"));
	ck_assert_uint_eq(live_by_field(l, 2), FIELD_RULE);
	ck_assert_uint_eq(live_by_field(l, 1), FIELD_NONE);
	ck_assert_uint_eq(live_cell(l, 0, 3, &b), SYM_ABSENT);
	buf_release(&b);
}
END_TEST

static Suite *
live_suite(void)
{
	Suite *s = suite_create("live");
	TCase *c = tcase_create("live");

	tcase_add_checked_fixture(c, NULL, stop);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, one_answer, 0, 24);
	tcase_add_loop_test(c, totals_of_every_kind, 0, 2);
	tcase_add_loop_test(c, time_range, 0, 5);
	tcase_add_test(c, events_in_order_of_time);
	tcase_add_test(c, events_leave_with_the_index);
	tcase_add_test(c, histogram);
	tcase_add_test(c, histogram_of_moments);
	tcase_add_test(c, histogram_coarsens);
	tcase_add_test(c, shared_and_remembered);
	tcase_add_test(c, interrupted_scans);
	tcase_add_test(c, few_are_remembered);
	tcase_add_test(c, closed_with_a_gap);
	tcase_add_test(c, slices);
	tcase_add_test(c, order);
	tcase_add_test(c, sort_keys);
	tcase_add_test(c, bad_filter);
	tcase_add_test(c, cells);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(live_suite)
