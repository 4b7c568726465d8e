/* The action table: every key once, every action explained. */
#include "view/actions.h"

#include "harness.h"

START_TEST(every_action_has_keys_and_help)
{
	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
		const struct action_info *i = action_info((enum action)a);

		ck_assert_ptr_nonnull(i->name);
		ck_assert_uint_gt(strlen(i->keys), 0);
		ck_assert_uint_gt(strlen(i->group), 0);
		ck_assert_uint_gt(strlen(i->help), 0);
		ck_assert_uint_le(strlen(i->help), 56); /* a line of help at 80 columns */
	}
}
END_TEST

/* keymap_bind() refuses a key that is taken. */
START_TEST(every_key_once)
{
	struct keymap m = { 0 };

	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
		ck_assert_msg(keymap_bind(&m, action_info((enum action)a)->keys, a), "%s",
		    action_info((enum action)a)->name);
	ck_assert_int_eq(action_of_key('j'), ACTION_DOWN);
	ck_assert_int_eq(action_of_key(KEYS_F1 + 9), ACTION_QUIT);
	ck_assert_int_eq(action_of_key('1'), ACTION_NONE); /* digits are tabs */
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("actions");
	TCase *t = tcase_create("actions");

	tcase_add_test(t, every_action_has_keys_and_help);
	tcase_add_test(t, every_key_once);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
