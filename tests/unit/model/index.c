/* The index itself: what goes in comes out, for any blocks and workers, and after eviction and
 * renumbering. */
#include "feed.h"

#define MIB ((size_t)1 << 20)

static struct feed f;

static void
stop(void)
{
	feed_release(&f);
}

/* Every retained event reads as it was made. */
static void
check_events(uint64_t from)
{
	const struct symtab *symbols = model_symbols(f.model);
	struct model_event e;
	char text[512];

	MUST(from == 0 || !model_event(f.model, from - 1, &e));
	MUST(!model_event(f.model, f.n, &e));
	for (uint64_t i = from; i < f.n; i++) {
		MUST(model_event(f.model, i, &e));
		MUST(e.number == i && e.time == feed_time(i) && e.priority == feed_priority(i));
		MUST(e.flags == (i % 50 == 0 ? EVENT_HOSTILE : 0));
		MUST(e.offset == i * 100 && e.length == i % 99 && e.line == i + i / 10 + 1);
		MUST(slice_eq(symtab_text(symbols, model_field(f.model, i, FIELD_PRIORITY)),
		    slice_of(priority_name(e.priority))));
		MUST(model_field(f.model, i, FIELD_OUTPUT) == SYM_ABSENT);
		for (unsigned c = 0; c < FIELD_COLUMNS; c++) {
			sym_t s = model_field(f.model, i, c);
			bool null, present = feed_field(&f, i, c, text, sizeof(text), &null);

			MUST((s == SYM_ABSENT) == !present);
			MUST((s == SYM_NULL) == (present && null));
			MUST(!present || null || slice_eq(symtab_text(symbols, s), slice_of(text)));
		}
	}
}

START_TEST(blocks)
{
	static const struct {
		uint32_t size;
		uint64_t events;
	} cases[] = { { 1, 3000 }, { 7, 20000 }, { 190, 40000 }, { 5000, 40000 }, { 40000, 80000 },
		{ 16384, 32768 } };
	struct model_stats st;
	uint64_t sum = 0;

	feed_init(&f, 512 * MIB, 2);
	feed(&f, cases[_i].events, cases[_i].size);
	check_events(0);
	model_stats(f.model, &st);
	ck_assert_uint_eq(st.events, cases[_i].events);
	ck_assert_uint_eq(st.retained, cases[_i].events);
	ck_assert_uint_eq(st.evicted, 0);
	for (unsigned p = 0; p < PRIORITY_COUNT; p++)
		sum += st.by_priority[p];
	ck_assert_uint_eq(sum, cases[_i].events);
	ck_assert(st.first <= FEED_START && st.last > st.first);
}
END_TEST

/* A digest of the symbol numbers of all cells. */
static uint64_t
numbering(void)
{
	uint64_t h = symtab_count(model_symbols(f.model));

	for (uint64_t i = 0; i < f.n; i++)
		for (unsigned c = 0; c < FIELD_COLUMNS; c++)
			h = (h ^ model_field(f.model, i, c)) * 0x100000001b3u;
	return h;
}

START_TEST(same_numbers_for_any_workers)
{
	uint64_t want = 0;

	for (unsigned workers = 1; workers <= FEED_WORKERS; workers++) {
		static const uint32_t sizes[] = { 13, 190, 20000 };

		for (unsigned k = 0; k < 3; k++) {
			feed_init(&f, 512 * MIB, workers);
			f.unique = 3;
			feed(&f, 20000, sizes[k]);
			if (want == 0)
				want = numbering();
			ck_assert_uint_eq(numbering(), want);
			feed_release(&f);
		}
	}
	feed_init(&f, 512 * MIB, 1);
}
END_TEST

START_TEST(worker_starts_anew)
{
	feed_init(&f, 512 * MIB, 2);
	f.unique = 2;
	for (unsigned i = 0; i < 10; i++) {
		feed(&f, 2000, 190);
		feed_renew(&f, i % 2);
	}
	check_events(0);
}
END_TEST

/* A block that was never applied: its new symbols come up later all the same. */
START_TEST(skipped_block)
{
	static char text[FIELD_COLUMNS][512];
	struct falco_event ev;

	feed_init(&f, 512 * MIB, 1);
	f.unique = 1;
	feed_event(&f, 2, &ev, text);
	block_add(&f.block, f.symbols[0], &ev, 0, 0, 0, 1);
	f.known[0] = symtab_count(f.symbols[0]);
	feed(&f, 1000, 100);
	check_events(0);
}
END_TEST

START_TEST(eviction)
{
	struct model_stats st;
	struct live *all;
	uint64_t sum = 0;

	feed_init(&f, 16 * MIB, 2);
	all = open_query(f.model, QUERY_GROUPS, "rule", NULL);
	feed(&f, 600000, 400);
	model_stats(f.model, &st);
	ck_assert_uint_gt(st.evicted, 100000);
	ck_assert_uint_eq(st.events, 600000);
	ck_assert_uint_eq(st.retained + st.evicted, st.events);
	ck_assert_uint_gt(st.retained, 50000);
	ck_assert_uint_le(st.memory, st.budget);
	ck_assert_int_gt(st.index_from, FEED_START);
	check_events(st.evicted);
	/* what left is still in the totals of who saw it, not in those of who comes later */
	ck_assert_uint_eq(live_matched(all), 600000);
	same_text(live_text(&f, all, 1),
	    feed_groups(&f, 0, f.n, (const unsigned[]){ FIELD_RULE }, 1, NULL));
	all = open_query(f.model, QUERY_GROUPS, "proc.name", NULL);
	feed_work(f.model);
	model_stats(f.model, &st);
	ck_assert_uint_eq(live_matched(all), st.retained);
	ck_assert_uint_eq(live_missed(all), st.evicted);
	same_text(live_text(&f, all, 1),
	    feed_groups(&f, st.evicted, f.n, (const unsigned[]){ FIELD_PROCESS }, 1, NULL));
	for (unsigned p = 0; p < PRIORITY_COUNT; p++)
		sum += live_by_priority(all)[p];
	ck_assert_uint_eq(sum, st.retained);
}
END_TEST

static bool
is_shellish(const struct feed *feed, uint64_t i)
{
	char text[512];
	bool null;

	return feed_field(feed, i, FIELD_PROCESS, text, sizeof(text), &null) &&
	       strncmp(text, "p1", 2) == 0;
}

/* Many texts that only few events have: the table of symbols has to be built anew, and all must
 * still be right. */
START_TEST(renumbering)
{
	static const unsigned user_proc[] = { FIELD_USER, FIELD_PROCESS };
	struct model_stats st;
	struct live *seen, *filtered, *late, *events;

	feed_init(&f, 32 * MIB, 2);
	f.unique = 2;
	f.length = 200;
	seen = open_query(f.model, QUERY_GROUPS, "user.name,proc.name", NULL);
	filtered =
	    open_query(f.model, QUERY_GROUPS, "user.name,proc.name", "proc.name startswith p1");
	events = open_query(f.model, QUERY_EVENTS, NULL, "proc.name startswith p1");
	feed(&f, 400000, 500);
	model_stats(f.model, &st);
	ck_assert_uint_gt(st.compactions, 1);
	ck_assert_uint_gt(st.retained, 20000);
	ck_assert_uint_eq(st.symbols_overflow, 0);
	ck_assert_uint_le(st.memory, st.budget);
	check_events(st.evicted);
	ck_assert_uint_eq(live_missed(seen), 0);
	late = open_query(f.model, QUERY_GROUPS, "proc.cmdline,user.name", NULL);
	feed_work(f.model);
	same_text(live_text(&f, seen, 2), feed_groups(&f, 0, f.n, user_proc, 2, NULL));
	same_text(live_text(&f, filtered, 2), feed_groups(&f, 0, f.n, user_proc, 2, is_shellish));
	model_stats(f.model, &st);
	same_text(
	    live_text(&f, late, 2), feed_groups(&f, st.evicted, f.n,
					(const unsigned[]){ FIELD_CMDLINE, FIELD_USER }, 2, NULL));
	for (uint64_t i = 0; i < live_event_count(events); i++)
		MUST(live_event_at(events, i) >= st.evicted &&
		     is_shellish(&f, live_event_at(events, i)));
}
END_TEST

/* Texts so large that they alone break the budget: values become "(other)" at worst, the budget is
 * kept. */
START_TEST(huge_values)
{
	static char text[60000];
	struct model_stats st;

	feed_init(&f, 24 * MIB, 1);
	for (unsigned i = 0; i < 2000; i++) {
		struct falco_event ev = { .time = i, .present = (uint64_t)1 << FIELD_CMDLINE };
		sym_t s;

		memset(text, 'a' + (int)(i % 26), sizeof(text));
		snprintf(text, 20, "%u", i);
		ev.field[FIELD_CMDLINE] = (struct value){ { text, sizeof(text) }, VALUE_STRING };
		if (i % 20 == 0)
			feed_renew(&f, 0);
		block_clear(&f.block);
		block_add(&f.block, f.symbols[0], &ev, 0, 0, 0, 1);
		f.block.symbols = f.symbols[0];
		f.block.generation = f.generation[0];
		f.block.new_from = f.known[0];
		f.block.new_to = f.known[0] = symtab_count(f.symbols[0]);
		model_apply(f.model, &f.block);
		s = model_field(f.model, i, FIELD_CMDLINE);
		MUST(s == SYM_OTHER || symtab_text(model_symbols(f.model), s).len == sizeof(text));
	}
	model_stats(f.model, &st);
	ck_assert_uint_eq(st.events, 2000);
	ck_assert_uint_gt(st.symbols_overflow, 0);
	ck_assert_uint_le(st.memory, st.budget);
}
END_TEST

START_TEST(runs_and_origins)
{
	struct rawstore *raw = rawstore_new(1000);
	struct model_options o = { .memory = 64 * MIB, .raw = raw };
	struct falco_event ev = { .time = 1 };
	struct model_event e;
	uint64_t n = 0;

	feed_init(&f, 64 * MIB, 1);
	model_free(f.model);
	f.model = model_new(&o);
	rawstore_add(raw, "first", -1);
	rawstore_add(raw, "second", -1);
	for (unsigned i = 0; i < 400; i++) {
		block_clear(&f.block);
		for (unsigned k = 0; k <= i % 100; k++)
			block_add(&f.block, f.symbols[0], &ev, 0, i, 0, i);
		f.block.origin = i % 3 == 0;
		f.block.arrival = i;
		f.block.symbols = f.symbols[0];
		model_apply(f.model, &f.block);
	}
	for (unsigned i = 0; i < 400; i++) {
		for (unsigned k = 0; k <= i % 100; k++, n++) {
			sym_t s = model_field(f.model, n, FIELD_ORIGIN);

			MUST(model_event(f.model, n, &e));
			MUST(e.arrival == i && e.origin == (i % 3 == 0) && e.offset == i);
			MUST(slice_eq(symtab_text(model_symbols(f.model), s),
			    i % 3 == 0 ? SLICE("second") : SLICE("first")));
		}
	}
	model_free(f.model);
	f.model = NULL;
	rawstore_free(raw);
}
END_TEST

static Suite *
index_suite(void)
{
	Suite *s = suite_create("index");
	TCase *c = tcase_create("index");

	tcase_add_checked_fixture(c, NULL, stop);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, blocks, 0, 6);
	tcase_add_test(c, same_numbers_for_any_workers);
	tcase_add_test(c, worker_starts_anew);
	tcase_add_test(c, skipped_block);
	tcase_add_test(c, eviction);
	tcase_add_test(c, renumbering);
	tcase_add_test(c, huge_values);
	tcase_add_test(c, runs_and_origins);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(index_suite)
