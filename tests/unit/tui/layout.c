/* Columns in a width: what falls away, what joins, who gets the spare cells. */
#include "tui/layout.h"

#include <string.h>

#include "harness.h"

static const struct layout_column columns[] = {
	{ .width = 3, .join = -1 },
	{ .width = 9, .weight = 1, .join = -1 },
	{ .width = 14, .weight = 4, .join = -1 },
	{ .width = 9, .drop = 60, .join = 2, .joint = 1 },
	{ .width = 12, .weight = 2, .drop = 70, .join = -1 },
	{ .width = 7, .join = -1 },
};

#define N (sizeof(columns) / sizeof(columns[0]))

static void
at(struct layout_column *c, int width, int need)
{
	for (unsigned i = 0; i < N; i++) {
		c[i] = columns[i];
		c[i].need = need;
	}
	layout_columns(c, N, width);
}

/* Never outside the width, in order, one blank apart; what must stay stays. */
START_TEST(every_width)
{
	for (int width = 1; width <= 300; width++)
		for (int need = 0; need < 40; need += 3) {
			struct layout_column c[N];
			int x = -1;

			at(c, width, need);
			for (unsigned i = 0; i < N; i++) {
				if (c[i].drop == 0)
					ck_assert(c[i].shown);
				if (c[i].cells == 0)
					continue;
				ck_assert_int_gt(c[i].x, x);
				ck_assert_int_ge(c[i].x, 0);
				x = c[i].x + c[i].cells;
				ck_assert_int_le(x, width);
			}
		}
}
END_TEST

START_TEST(falls_away_in_order)
{
	struct layout_column c[N];

	at(c, 60, 0);
	ck_assert(c[3].shown && c[4].shown);
	at(c, 58, 0);
	ck_assert(c[3].shown && !c[4].shown && !c[4].joined);
	at(c, 40, 0);
	ck_assert(!c[3].shown && c[3].joined);
}
END_TEST

START_TEST(spare_goes_to_what_is_cut)
{
	struct layout_column c[N];

	at(c, 200, 30);
	ck_assert_int_eq(c[0].cells, 3); /* fixed */
	ck_assert_int_eq(c[1].cells, 30);
	ck_assert_int_eq(c[2].cells, 30);
	ck_assert_int_eq(c[3].cells, 9);
	at(c, 80, 30);
	ck_assert_int_gt(c[2].cells, c[1].cells);
	at(c, 200, 5); /* no wider than the content */
	ck_assert_int_eq(c[1].cells, 5);
	ck_assert_int_eq(c[2].cells, 5);
}
END_TEST

START_TEST(never_wanted)
{
	struct layout_column c[N];

	memcpy(c, columns, sizeof(c));
	c[1].never = true;
	layout_columns(c, N, 200);
	ck_assert(!c[1].shown);
	ck_assert_int_eq(c[2].x, 4);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("layout");

	tcase_add_test(t, every_width);
	tcase_add_test(t, falls_away_in_order);
	tcase_add_test(t, spare_goes_to_what_is_cut);
	tcase_add_test(t, never_wanted);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
