/* The order of rows: every key, ties by text, missing values last, and independence of symbol
 * numbers. */
#include "query/group.h"

#include <stdio.h>

#include "harness.h"
#include "synth.h"

#define MINUTE INT64_C(60000000000)

struct event {
	const char *user; /* "-": absent, "0": null */
	const char *pod;
	int64_t time;
	enum priority priority;
	unsigned times;
};

static const struct event events[] = {
	{ "bob", "2", 50, PRIORITY_NOTICE, 3 },
	{ "alice", "10", 10, PRIORITY_CRITICAL, 1 },
	{ "alice", "9", 30, PRIORITY_NOTICE, 3 },
	{ "carol", "web", 20, PRIORITY_DEBUG, 7 },
	{ "-", "9.5", 40, PRIORITY_ERROR, 1 },
	{ "0", "-", 60, PRIORITY_ERROR, 2 },
	{ "", "", 70, PRIORITY_ERROR, 2 },
	{ "<NA>", "<NA>", 80, PRIORITY_ERROR, 2 },
	{ "Zoe", "-1", 90, PRIORITY_WARNING, 1 },
	{ "alicia", "api", 15, PRIORITY_WARNING, 1 },
};
#define N (sizeof(events) / sizeof(events[0]))

static sym_t
symbol_of(struct symtab *symbols, const char *text)
{
	if (strcmp(text, "-") == 0)
		return SYM_ABSENT;
	return strcmp(text, "0") == 0 ? SYM_NULL : symtab_intern(symbols, text, strlen(text));
}

/* Adds the events in the order of perm[], so that symbols and rows get other numbers. */
static struct group_table *
make(struct symtab *symbols, const struct group_spec *spec, const unsigned *perm)
{
	struct group_table *t = group_new(spec, 0);

	for (size_t k = 0; k < N; k++) {
		const struct event *e = &events[perm[k]];
		sym_t user[8], pod[8], priority[8];
		struct synth s;

		synth_init(&s, symbols, e->times);
		for (unsigned i = 0; i < e->times; i++) {
			user[i] = symbol_of(symbols, e->user);
			pod[i] = symbol_of(symbols, e->pod);
			priority[i] = symbol_of(symbols, priority_name(e->priority));
			s.time[i] = e->time;
			s.priority[i] = (uint8_t)e->priority;
		}
		synth_column(&s, FIELD_USER, user, 4);
		synth_column(&s, FIELD_POD, pod, 4);
		synth_column(&s, FIELD_PRIORITY, priority, 4);
		group_add(t, &s.rows, NULL, 0, e->times);
		synth_release(&s);
	}
	return t;
}

static void
show(struct buf *out, const struct symtab *symbols, sym_t s)
{
	struct slice text = symtab_text(symbols, s);

	if (s == SYM_ABSENT || s == SYM_NULL)
		buf_addc(out, s == SYM_ABSENT ? '-' : '0');
	else
		buf_add(out, text.p, text.len);
}

static const struct {
	int key;
	bool descending;
	const char *order; /* user:pod of the rows */
} orders[] = {
	{ GROUP_SORT_COUNT, true,
	    "carol:web alice:9 bob:2 0:- : <NA>:<NA> -:9.5 Zoe:-1 alice:10 alicia:api " },
	{ GROUP_SORT_COUNT, false,
	    "-:9.5 Zoe:-1 alice:10 alicia:api 0:- : <NA>:<NA> alice:9 bob:2 carol:web " },
	{ GROUP_SORT_FIRST, false,
	    "alice:10 alicia:api carol:web alice:9 -:9.5 bob:2 0:- : <NA>:<NA> Zoe:-1 " },
	{ GROUP_SORT_LAST, true,
	    "Zoe:-1 <NA>:<NA> : 0:- bob:2 -:9.5 alice:9 carol:web alicia:api alice:10 " },
	{ GROUP_SORT_PRIORITY, true,
	    "alice:10 -:9.5 0:- : <NA>:<NA> Zoe:-1 alicia:api alice:9 bob:2 carol:web " },
	{ GROUP_SORT_BY, false,
	    "Zoe:-1 alice:10 alice:9 alicia:api bob:2 carol:web <NA>:<NA> : 0:- -:9.5 " },
	{ GROUP_SORT_BY, true,
	    "carol:web bob:2 alicia:api alice:10 alice:9 Zoe:-1 <NA>:<NA> : 0:- -:9.5 " },
	{ GROUP_SORT_BY + 1, false,
	    "Zoe:-1 bob:2 alice:9 -:9.5 alice:10 alicia:api carol:web <NA>:<NA> : 0:- " },
	{ GROUP_SORT_BY + 1, true,
	    "alice:10 -:9.5 alice:9 bob:2 Zoe:-1 carol:web alicia:api <NA>:<NA> : 0:- " },
};

START_TEST(test_orders)
{
	const struct group_spec spec = { .nby = 2, .by = { FIELD_USER, FIELD_POD } };
	uint64_t seed = 3;

	for (int round = 0; round < 40; round++) {
		struct symtab *symbols = symtab_new(1000, 1 << 20);
		unsigned perm[N];
		uint32_t order[N];
		struct group_table *t;
		struct buf out = { 0 };

		for (unsigned i = 0; i < N; i++) {
			unsigned j = (unsigned)(synth_random(&seed) % (i + 1));

			perm[i] = perm[j];
			perm[j] = i;
			order[i] = i;
		}
		t = make(symbols, &spec, perm);
		ck_assert_uint_eq(group_count(t), N);
		group_sort(t, symbols, order, N, (enum group_sort)orders[_i].key,
		    orders[_i].descending, 0);
		for (unsigned i = 0; i < N; i++) {
			show(&out, symbols, group_key(t, order[i])[0]);
			buf_addc(&out, ':');
			show(&out, symbols, group_key(t, order[i])[1]);
			buf_addc(&out, ' ');
		}
		ck_assert_str_eq(out.p, orders[_i].order);
		buf_release(&out);
		group_free(t);
		symtab_free(symbols);
	}
}
END_TEST

START_TEST(test_priority_levels)
{
	const struct group_spec spec = { .nby = 1, .by = { FIELD_PRIORITY } };
	static const char *const want[] = { "Critical", "Error", "Warning", "Notice", "Debug" };
	unsigned perm[N];
	uint32_t order[N];
	struct symtab *symbols = symtab_new(1000, 1 << 20);
	struct group_table *t;

	for (unsigned i = 0; i < N; i++)
		perm[i] = order[i] = i;
	t = make(symbols, &spec, perm);
	ck_assert_uint_eq(group_count(t), 5);
	group_sort(t, symbols, order, 5, GROUP_SORT_BY, true, 0);
	for (unsigned i = 0; i < 5; i++)
		ck_assert(
		    slice_eq(symtab_text(symbols, group_key(t, order[i])[0]), slice_of(want[i])));
	group_sort(t, symbols, order, 5, GROUP_SORT_BY, false, 0);
	for (unsigned i = 0; i < 5; i++)
		ck_assert(slice_eq(
		    symtab_text(symbols, group_key(t, order[i])[0]), slice_of(want[4 - i])));
	group_free(t);
	symtab_free(symbols);
}
END_TEST

START_TEST(test_distinct)
{
	const struct group_spec spec = {
		.nby = 1, .by = { FIELD_USER }, .ndistinct = 1, .distinct = { FIELD_POD }
	};
	unsigned perm[N];
	uint32_t order[N];
	struct symtab *symbols = symtab_new(1000, 1 << 20);
	struct group_table *t;
	uint32_t n;

	for (unsigned i = 0; i < N; i++)
		perm[i] = order[i] = i;
	t = make(symbols, &spec, perm);
	n = group_count(t);
	ck_assert_uint_eq(n, N - 1);
	group_sort(t, symbols, order, n, GROUP_SORT_DISTINCT, true, 0);
	ck_assert(slice_eq(symtab_text(symbols, group_key(t, order[0])[0]), SLICE("alice")));
	for (uint32_t i = 1; i < n; i++)
		ck_assert_uint_ge(
		    group_row(t, order[i - 1])->distinct[0], group_row(t, order[i])->distinct[0]);
	group_free(t);
	symtab_free(symbols);
}
END_TEST

START_TEST(test_rate)
{
	struct group_row r = { .minute = 100, .per_minute = { 5, 4, 3, 2, 1, 10, 20 } };

	/* minutes 95 to 99 before minute 100 */
	ck_assert(
	    group_rate(&r, 100 * MINUTE + 5) > 3.99 && group_rate(&r, 100 * MINUTE + 5) < 4.01);
	ck_assert(group_rate(&r, 101 * MINUTE) > 2.99 && group_rate(&r, 101 * MINUTE) < 3.01);
	ck_assert(group_rate(&r, 105 * MINUTE) > 0.99 && group_rate(&r, 105 * MINUTE) < 1.01);
	ck_assert(group_rate(&r, 106 * MINUTE) == 0);
	ck_assert(group_rate(&r, 50 * MINUTE) == 0);
	ck_assert(group_rate(&r, INT64_MIN + 1) == 0);
}
END_TEST

START_TEST(test_rate_sort)
{
	const struct group_spec spec = { .nby = 1, .by = { FIELD_USER }, .minutes = true };
	unsigned perm[N];
	uint32_t order[N];
	struct symtab *symbols = symtab_new(1000, 1 << 20);
	struct group_table *t;

	for (unsigned i = 0; i < N; i++)
		perm[i] = order[i] = i;
	t = make(symbols, &spec, perm);
	group_sort(t, symbols, order, group_count(t), GROUP_SORT_RATE, true, 2 * MINUTE);
	ck_assert(slice_eq(symtab_text(symbols, group_key(t, order[0])[0]), SLICE("carol")));
	ck_assert(group_rate(group_row(t, order[0]), 2 * MINUTE) > 1.39);
	group_free(t);
	symtab_free(symbols);
}
END_TEST

/* Against a plain comparison, on many rows with few and many equal keys. */
static int
plain(const struct group_table *t, const struct symtab *symbols, uint32_t a, uint32_t b)
{
	const uint64_t x = group_row(t, a)->count, y = group_row(t, b)->count;

	if (x != y)
		return x > y ? -1 : 1;
	for (unsigned k = 0; k < 2; k++) {
		int c = slice_cmp(symtab_text(symbols, group_key(t, a)[k]),
		    symtab_text(symbols, group_key(t, b)[k]));

		if (c != 0)
			return c;
	}
	return 0;
}

START_TEST(test_many)
{
	const uint32_t n = 20000;
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	const struct group_spec spec = { .nby = 2, .by = { FIELD_USER, FIELD_POD } };
	struct group_table *t = group_new(&spec, 0);
	sym_t *user = xcalloc(n, sizeof(*user)), *pod = xcalloc(n, sizeof(*pod));
	uint32_t *order = xcalloc(n, sizeof(*order)), rows;
	uint64_t seed = 17;
	struct synth s;

	synth_init(&s, symbols, n);
	for (uint32_t i = 0; i < n; i++) {
		char text[32];

		snprintf(text, sizeof(text), "common-%x", (unsigned)(synth_random(&seed) % 300));
		user[i] = symtab_intern(symbols, text, strlen(text));
		snprintf(text, sizeof(text), "pod%.*s", (int)(synth_random(&seed) % 12),
		    "\0\0\xff\xff"
		    "aaabbcd");
		pod[i] = symtab_intern(symbols, text, 3 + synth_random(&seed) % 9);
	}
	synth_column(&s, FIELD_USER, user, 4);
	synth_column(&s, FIELD_POD, pod, 4);
	group_add(t, &s.rows, NULL, 0, n);
	rows = group_count(t);
	for (uint32_t i = 0; i < rows; i++)
		order[i] = i;
	group_sort(t, symbols, order, rows, GROUP_SORT_COUNT, true, 0);
	for (uint32_t i = 1; i < rows; i++)
		MUST(plain(t, symbols, order[i - 1], order[i]) < 0);
	/* a part of the rows, and none */
	group_sort(t, symbols, order, 0, GROUP_SORT_COUNT, false, 0);
	group_sort(t, symbols, order, 100, GROUP_SORT_BY, false, 0);
	for (uint32_t i = 1; i < 100; i++)
		MUST(slice_cmp(symtab_text(symbols, group_key(t, order[i - 1])[0]),
			 symtab_text(symbols, group_key(t, order[i])[0])) <= 0);
	synth_release(&s);
	group_free(t);
	free(user);
	free(pod);
	free(order);
	symtab_free(symbols);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("sort");
	TCase *t = tcase_create("sort");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_orders, 0, (int)(sizeof(orders) / sizeof(orders[0])));
	tcase_add_test(t, test_priority_levels);
	tcase_add_test(t, test_distinct);
	tcase_add_test(t, test_rate);
	tcase_add_test(t, test_rate_sort);
	tcase_add_test(t, test_many);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
