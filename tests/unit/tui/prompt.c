/* The line editor: keys in, text out. */
#include "tui/prompt.h"

#include <stdio.h>

#include "harness.h"
#include "tui/keys.h"

static void
type(struct prompt *p, const char *s)
{
	for (; *s != '\0'; s++)
		(void)prompt_key(p, (unsigned char)*s, NULL);
}

START_TEST(editing)
{
	struct prompt p;

	prompt_init(&p, "user");
	type(&p, ".name");
	ck_assert_str_eq(prompt_text(&p), "user.name");
	(void)prompt_key(&p, KEYS_HOME, NULL);
	type(&p, "x");
	(void)prompt_key(&p, KEYS_DELETE, NULL);
	ck_assert_str_eq(prompt_text(&p), "xser.name");
	(void)prompt_key(&p, KEYS_END, NULL);
	(void)prompt_key(&p, KEYS_BACKSPACE, NULL);
	ck_assert_str_eq(prompt_text(&p), "xser.nam");
	type(&p, " = root");
	(void)prompt_key(&p, 23, NULL); /* C-w */
	ck_assert_str_eq(prompt_text(&p), "xser.nam = ");
	(void)prompt_key(&p, 21, NULL); /* C-u */
	ck_assert_str_eq(prompt_text(&p), "");
	ck_assert_int_eq(prompt_key(&p, KEYS_BACKSPACE, NULL), PROMPT_CANCEL);
	ck_assert_int_eq(prompt_key(&p, KEYS_ENTER, NULL), PROMPT_DONE);
	ck_assert_int_eq(prompt_key(&p, KEYS_ESC, NULL), PROMPT_CANCEL);
	prompt_release(&p);
}
END_TEST

/* A character of several bytes is one step and one deletion. */
START_TEST(characters)
{
	struct prompt p;

	prompt_init(&p, NULL);
	(void)prompt_key(&p, 'a', NULL);
	(void)prompt_key(&p, 0x20ac, NULL);
	(void)prompt_key(&p, 0x1f600, NULL);
	ck_assert_str_eq(prompt_text(&p), "a€😀");
	(void)prompt_key(&p, KEYS_LEFT, NULL);
	(void)prompt_key(&p, KEYS_BACKSPACE, NULL);
	ck_assert_str_eq(prompt_text(&p), "a😀");
	ck_assert_int_eq(prompt_key(&p, 1, NULL), PROMPT_MORE); /* a control character is no text */
	ck_assert_str_eq(prompt_text(&p), "a😀");
	prompt_release(&p);
}
END_TEST

START_TEST(history)
{
	struct prompt_history h = { 0 };
	struct prompt p;

	for (int i = 0; i < PROMPT_HISTORY + 5; i++) {
		char line[16];

		snprintf(line, sizeof(line), "line %d", i);
		prompt_history_add(&h, line);
		prompt_history_add(&h, line);
	}
	prompt_history_add(&h, "");
	ck_assert_uint_eq(h.n, PROMPT_HISTORY);
	prompt_init(&p, "typed");
	(void)prompt_key(&p, KEYS_UP, &h);
	ck_assert_str_eq(prompt_text(&p), h.line[0]);
	(void)prompt_key(&p, KEYS_UP, &h);
	ck_assert_str_eq(prompt_text(&p), h.line[1]);
	(void)prompt_key(&p, KEYS_DOWN, &h);
	(void)prompt_key(&p, KEYS_DOWN, &h);
	ck_assert_str_eq(prompt_text(&p), "typed");
	prompt_release(&p);
	prompt_history_release(&h);
}
END_TEST

/* What is typed is bounded. */
START_TEST(bounded)
{
	struct prompt p;

	prompt_init(&p, NULL);
	for (int i = 0; i < 2 * PROMPT_MAX; i++)
		(void)prompt_key(&p, 'x', NULL);
	ck_assert_uint_le(p.text.len, PROMPT_MAX);
	ck_assert_uint_gt(p.text.len, PROMPT_MAX - 8);
	prompt_release(&p);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("prompt");
	TCase *t = tcase_create("prompt");

	tcase_add_test(t, editing);
	tcase_add_test(t, characters);
	tcase_add_test(t, history);
	tcase_add_test(t, bounded);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
