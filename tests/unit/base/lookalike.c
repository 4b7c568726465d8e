/* Which texts can be taken for others. */
#include "base/lookalike.h"

#include "harness.h"

static const struct {
	const char *text;
	bool want;
} cases[] = {
	{ "", false }, { "root", false },
	{ "root-\xc3\xa9t\xc3\xa9 42", false },	      /* Latin with accents */
	{ "\xd0\xba\xd0\xbe\xd1\x82", false },	      /* a Cyrillic word */
	{ "\xd0\xba\xd0\xbe\xd1\x82.txt", false },    /* two words of two scripts */
	{ "backup_\xd0\xba\xd0\xbe\xd1\x82", false }, /* likewise */
	{ "\xce\xb1\xce\xb2\xce\xb3 1", false },      /* a Greek word */
	{ "\xe6\x97\xa5\xe6\x9c\xac"
	  "go",
	    false },						 /* no letter of it looks Latin */
	{ "r\xd0\xbe\xd0\xbet", true },				 /* root, Cyrillic o */
	{ "\xd1\x81onfig", true },				 /* config, Cyrillic s */
	{ "apache2\xd0\xb0", true },				 /* digits do not end a word */
	{ "r\xce\xbfot", true },				 /* Greek omicron */
	{ "\xc3\xa9\xd0\xb5", true },				 /* accented Latin and Cyrillic */
	{ "\xf0\x9d\x90\xabroot", true },			 /* mathematical bold r */
	{ "e\xcc\x81", true },					 /* e and a combining acute */
	{ "\xe1\x84\x80\xe1\x85\xa1", true },			 /* a Hangul syllable in parts */
	{ "a\xef\xbf\xbd", true },				 /* bytes that are gone */
	{ "\xff", true }, { "\xe0\xb8\x81\xe0\xb8\xb4", false }, /* Thai is written with marks */
};

START_TEST(table)
{
	ck_assert_msg(lookalike(slice_of(cases[_i].text)) == cases[_i].want, "%s", cases[_i].text);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("lookalike");
	TCase *t = tcase_create("lookalike");

	tcase_add_loop_test(t, table, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
