/* Names of keys, and the map. */
#include "tui/keys.h"

#include "harness.h"

START_TEST(names)
{
	static const struct {
		const char *name;
		int key;
	} rows[] = {
		{ "Up", KEYS_UP },
		{ "S-Tab", KEYS_BACKTAB },
		{ "F1", KEYS_F1 },
		{ "F12", KEYS_F12 },
		{ "C-c", 3 },
		{ "C-z", 26 },
		{ "x", 'x' },
		{ "F", 'F' },
		{ "\\", '\\' },
		{ "Space", ' ' },
		{ "ä", 0xe4 },
		{ "F13", 0 },
		{ "F0", 0 },
		{ "Fx", 0 },
		{ "", 0 },
		{ "xy", 0 },
		{ "C-C", 0 },
		{ "\x01", 0 },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(key_parse(slice_of(rows[i].name)) == rows[i].key, "%s", rows[i].name);
		if (rows[i].key == 0)
			continue;
		buf_clear(&b);
		key_print(&b, rows[i].key);
		ck_assert_str_eq(b.p, rows[i].name);
	}
	buf_release(&b);
}
END_TEST

START_TEST(map)
{
	struct keymap m = { 0 };

	ck_assert(keymap_bind(&m, "Up k", 7));
	ck_assert(keymap_bind(&m, "q", 8));
	ck_assert(!keymap_bind(&m, "x k", 9));
	ck_assert(!keymap_bind(&m, "Nonsense", 9));
	ck_assert_int_eq(keymap_find(&m, 'k'), 7);
	ck_assert_int_eq(keymap_find(&m, KEYS_UP), 7);
	ck_assert_int_eq(keymap_find(&m, 'q'), 8);
	ck_assert_int_eq(keymap_find(&m, 'z'), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("keys");

	tcase_add_test(t, names);
	tcase_add_test(t, map);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
