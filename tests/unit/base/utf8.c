/* UTF-8: every code point there and back, every malformed shape, widths in any locale. */
#include "base/utf8.h"

#include <locale.h>
#include <wchar.h>

#include "harness.h"

#include "base/banned.h"

START_TEST(round_trip)
{
	char s[4];
	uint32_t back = 0;
	unsigned n;

	for (uint32_t cp = 0; cp < 0x110000; cp++) {
		n = utf8_encode(cp, s);
		MUST(utf8_decode(s, n, &back) == n);
		MUST(back == (cp >= 0xd800 && cp < 0xe000 ? 0xfffd : cp));
		MUST(n == (back < 0x80 ? 1u : back < 0x800 ? 2u : back < 0x10000 ? 3u : 4u));
		for (unsigned k = 1; k < n; k++)
			MUST(utf8_decode(s, k, &back) == 0);
	}
	ck_assert_uint_eq(utf8_encode(0x110000, s), 3);
	ck_assert_mem_eq(s, "\xef\xbf\xbd", 3);
}
END_TEST

/* What must not be taken for a code point (RFC 3629): the strict oracle is the table of first
 * bytes. */
START_TEST(every_two_and_three_bytes)
{
	unsigned char s[3];
	uint32_t cp;
	unsigned n, want;

	for (unsigned i = 0; i < 1 << 24; i += i < 0xe00000 ? 0x41 : 1) {
		s[0] = (unsigned char)(i >> 16);
		s[1] = (unsigned char)(i >> 8);
		s[2] = (unsigned char)i;
		want = 0;
		if (s[0] < 0x80)
			want = 1;
		else if (s[0] >= 0xc2 && s[0] <= 0xdf && s[1] >> 6 == 2)
			want = 2;
		else if (s[0] >= 0xe0 && s[0] <= 0xef && s[1] >> 6 == 2 && s[2] >> 6 == 2 &&
			 !(s[0] == 0xe0 && s[1] < 0xa0) && !(s[0] == 0xed && s[1] > 0x9f))
			want = 3;
		n = utf8_decode((const char *)s, 3, &cp);
		MUST(n == want);
	}
}
END_TEST

static const struct {
	struct slice s;
	size_t valid;
} prefixes[] = {
	{ SLICE(""), 0 },
	{ SLICE("plain text, longer than sixteen bytes"), 37 },
	{ SLICE("0123456789abcdef\xff"), 16 },
	{ SLICE("0123456789abcde\xc3\xa9 and so on and so on \x80"), 38 },
	{ SLICE("\xc3"), 0 },
	{ SLICE("a\xe2\x82"), 1 },
	{ SLICE("\xf0\x9f\x98\x80\xf0\x9f\x98"), 4 },
	{ SLICE("\xf0\x80\x80\x80"), 0 },
	{ SLICE("\xf4\x90\x80\x80"), 0 },
	{ SLICE("\xf5\x80\x80\x80"), 0 },
	{ SLICE("\xed\xb0\x80"), 0 },
	{ SLICE("\xc1\xbf"), 0 },
	{ SLICE("nul \0 is valid"), 14 },
	/* eight bytes at a time */
	{ SLICE("\xc2\x80\xdf\xbf\xc3\xa9\xc3\xa9\xc3\xa9"), 10 },
	{ SLICE("\xc3\xa9\xc3\xa9\xc3\xa9\xc1\xbf"), 6 },
	{ SLICE("\xc0\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), 0 },
	{ SLICE("\xc3\xa9\xc3\x29\xc3\xa9\xc3\xa9"), 2 },
	{ SLICE("\xc3\xa9\xc3\xa9\xe3\xa9\xc3\xa9"), 4 },
	{ SLICE("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xc3"), 6 },
};

START_TEST(valid_prefix)
{
	struct slice s = prefixes[_i].s;

	ck_assert_uint_eq(utf8_valid_prefix(s.p, s.len), prefixes[_i].valid);
	ck_assert_int_eq(utf8_valid(s.p, s.len), prefixes[_i].valid == s.len);
}
END_TEST

/* A bad byte is found at every offset and length, whatever the fast loops skip. */
START_TEST(bad_byte_anywhere)
{
	char s[80];

	for (size_t len = 1; len <= sizeof(s); len++)
		for (size_t at = 0; at < len; at++) {
			memset(s, 'a', sizeof(s));
			s[at] = (char)0x80;
			MUST(utf8_valid_prefix(s, len) == at);
		}
}
END_TEST

static const struct {
	uint32_t cp;
	int width;
} widths[] = { { 'a', 1 }, { 0, 0 }, { 0x1b, 0 }, { 0x7f, 0 }, { 0x9b, 0 }, { 0xe9, 1 },
	{ 0x301, 0 }, { 0x6f22, 2 }, { 0xac00, 2 }, { 0xff21, 2 }, { 0x1f600, 2 }, { 0x378, 1 },
	{ 0x110000, 1 }, { UINT32_MAX, 1 } };

START_TEST(width)
{
	static const char *const locales[] = { "C", "POSIX", "C.UTF-8" };

	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
		ck_assert_ptr_nonnull(setlocale(LC_ALL, locales[i]));
		ck_assert_int_eq(utf8_width(widths[_i].cp), widths[_i].width);
	}
}
END_TEST

/* The cache of pages says what the C library says. */
START_TEST(width_is_wcwidth)
{
	int w;

	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	for (uint32_t cp = 1; cp < 0x110000; cp++) {
		w = wcwidth((wchar_t)cp);
		MUST(utf8_printable(cp) == (w >= 0));
		MUST(w < 0 || utf8_width(cp) == w);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("base/utf8");
	TCase *tc = tcase_create("utf8");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, every_two_and_three_bytes);
	tcase_add_loop_test(tc, valid_prefix, 0, (int)(sizeof(prefixes) / sizeof(prefixes[0])));
	tcase_add_test(tc, bad_byte_anywhere);
	tcase_add_loop_test(tc, width, 0, (int)(sizeof(widths) / sizeof(widths[0])));
	tcase_add_test(tc, width_is_wcwidth);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
