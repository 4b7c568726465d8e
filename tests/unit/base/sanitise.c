/*
 * The sanitiser. The strongest property is shown by a reader of its grammar: what it reads back
 * from the output is the input, so no two inputs have the same output.
 */
#include "base/sanitise.h"

#include <locale.h>
#include <stdio.h>
#include <wchar.h>

#include "base/utf8.h"
#include "harness.h"

#include "base/banned.h"

static struct buf
clean(struct slice s, enum sanitise_charset set, bool *hostile)
{
	struct buf b = { 0 };
	bool h = sanitise(&b, s, set);

	if (hostile != NULL)
		*hostile = h;
	buf_add(&b, "", 0);
	return b;
}

static const struct {
	struct slice in;
	const char *utf8;
	bool hostile;
	const char *ascii; /* NULL: the same */
} cases[] = {
	{ SLICE(""), "", false, NULL },
	{ SLICE("sh -c 'ls -l'"), "sh -c 'ls -l'", false, NULL },
	{ SLICE("\033[2J"), "^[[2J", true, NULL },
	{ SLICE("^[[2J"), "\\^[[2J", false, NULL },
	{ SLICE("a\r\n\tb"), "a^M^J^Ib", true, NULL },
	{ SLICE("\0x"), "^@x", true, NULL },
	{ SLICE("\x7f"), "^?", true, NULL },
	{ SLICE("^?"), "\\^?", false, NULL },
	{ SLICE("x^2 ^ ^a a^"), "x^2 ^ ^a a^", false, NULL },
	{ SLICE("grep ^A"), "grep \\^A", false, NULL },
	{ SLICE("^\033"), "\\^^[", true, NULL },
	{ SLICE("C:\\Users\\x"), "C:\\Users\\x", false, NULL },
	{ SLICE("\\\\srv"), "\\\\\\srv", false, NULL },
	{ SLICE("\\x41"), "\\\\x41", false, NULL },
	{ SLICE("\\xff"), "\\\\xff", false, NULL },
	{ SLICE("\\xFF"), "\\xFF", false, NULL },
	{ SLICE("\\^["), "\\\\\\^[", false, NULL },
	{ SLICE("a\xff\xfe"), "a\\xff\\xfe", true, NULL },
	{ SLICE("\\\xff"), "\\\\\\xff", true, NULL },
	{ SLICE("\xc3"), "\\xc3", true, NULL },
	{ SLICE("\xc0\xaf"), "\\xc0\\xaf", true, NULL },
	{ SLICE("\xed\xa0\x80"), "\\xed\\xa0\\x80", true, NULL },
	{ SLICE("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", true, NULL },
	{ SLICE("\xe2\x80"), "\\xe2\\x80", true, NULL },
	{ SLICE("<U+202E>"), "\\<U+202E>", false, NULL },
	{ SLICE("a<b <u+20 <U"), "a<b <u+20 <U", false, NULL },
	{ SLICE("a\xe2\x80\xae"
		"b"),
	    "a<U+202E>b", true, NULL },
	{ SLICE("ca\xe2\x80\x8bt"), "ca<U+200B>t", true, NULL },
	{ SLICE("\xc2\x9b"
		"31m"),
	    "<U+009B>31m", true, NULL },
	{ SLICE("\xc2\xad"), "<U+00AD>", true, NULL },
	{ SLICE("\xc2\xa0"), "<U+00A0>", true, NULL },
	{ SLICE("\xef\xbb\xbfroot"), "<U+FEFF>root", true, NULL },
	{ SLICE("\xf3\xa0\x81\xa1"), "<U+E0061>", true, NULL },
	{ SLICE("\xf4\x8f\xbf\xbf"), "<U+10FFFF>", true, NULL },
	{ SLICE("\xee\x80\x80"), "<U+E000>", true, NULL },
	{ SLICE("\xef\xb8\x8f"), "<U+FE0F>", true, NULL },
	{ SLICE("\xcd\xb8"), "<U+0378>", true, NULL }, /* unassigned */
	{ SLICE("\xef\xbf\xbd"), "\xef\xbf\xbd", false, "<U+FFFD>" },
	{ SLICE("J\xc3\xbcrg"), "J\xc3\xbcrg", false, "J<U+00FC>rg" },
	{ SLICE("\xe6\xbc\xa2"), "\xe6\xbc\xa2", false, "<U+6F22>" },
	{ SLICE("e\xcc\x81"), "e\xcc\x81", false, "e<U+0301>" },
	{ SLICE("\xcc\x81"
		"e"),
	    "<U+0301>e", true, NULL },
	{ SLICE(" \xcc\x81"), " <U+0301>", true, NULL },
	{ SLICE("\033\xcc\x81"), "^[<U+0301>", true, NULL },
	{ SLICE("e\xcc\x81\xcc\x82\xcc\x83\xcc\x84"), "e\xcc\x81\xcc\x82<U+0303><U+0304>", true,
	    "e<U+0301><U+0302><U+0303><U+0304>" },
};

START_TEST(shows)
{
	bool h;
	struct buf b = clean(cases[_i].in, SANITISE_UTF8, &h);

	ck_assert_str_eq(b.p, cases[_i].utf8);
	ck_assert_int_eq(h, cases[_i].hostile);
	ck_assert_int_eq(sanitise_hostile(cases[_i].in), cases[_i].hostile);
	buf_release(&b);
	b = clean(cases[_i].in, SANITISE_ASCII, &h);
	ck_assert_str_eq(b.p, cases[_i].ascii != NULL ? cases[_i].ascii : cases[_i].utf8);
	ck_assert_int_eq(h, cases[_i].hostile);
	buf_release(&b);
}
END_TEST

/* What must never be put out, as the terminal checks judge it. */
static bool
forbidden(uint32_t c)
{
	return c < 0x20 || c == 0x7f || (c >= 0x80 && c <= 0x9f) || c == 0xad || c == 0x61c ||
	       c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) ||
	       (c >= 0xe0000 && c <= 0xe0fff) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0x3164 ||
	       c == 0x115f || c == 0x1160 || c == 0xffa0 || c == 0x2800;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads "<U+XXXX>" at p; its length, or 0. */
static size_t
read_cp(const char *p, uint32_t *cp)
{
	size_t n = 3;

	if (strncmp(p, "<U+", 3) != 0)
		return 0;
	for (*cp = 0; hex_value(p[n]) >= 0 && n < 9; n++)
		*cp = *cp * 16 + (uint32_t)hex_value(p[n]);
	return n >= 7 && p[n] == '>' ? n + 1 : 0;
}

/* The inverse of sanitise(). */
static struct buf
read_back(const char *p)
{
	struct buf b = { 0 };
	char utf8[4];
	uint32_t cp;
	size_t n;

	while (*p != '\0') {
		n = 1;
		if (p[0] == '\\' && (p[1] == '\\' || p[1] == '^' || p[1] == '<')) {
			buf_addc(&b, p[1]);
			n = 2;
		} else if (p[0] == '\\' && p[1] == 'x' &&
			   strchr("0123456789abcdef", p[2]) != NULL && p[2] != '\0' &&
			   p[3] != '\0' && strchr("0123456789abcdef", p[3]) != NULL) {
			buf_addc(&b, (char)(hex_value(p[2]) * 16 + hex_value(p[3])));
			n = 4;
		} else if (p[0] == '^' && p[1] >= '?' && p[1] <= '_') {
			buf_addc(&b, (char)(p[1] ^ 0x40));
			n = 2;
		} else if (p[0] == '<' && read_cp(p, &cp) > 0) {
			n = read_cp(p, &cp);
			buf_add(&b, utf8, utf8_encode(cp, utf8));
		} else {
			buf_addc(&b, *p);
		}
		p += n;
	}
	return b;
}

/* Valid UTF-8, nothing forbidden; returns the cells by the C library's own count. */
static int
judge(struct slice s, enum sanitise_charset set)
{
	uint32_t cp;
	unsigned n;
	int cells = 0, w;

	for (size_t i = 0; i < s.len; i += n) {
		n = utf8_decode(s.p + i, s.len - i, &cp);
		MUST(n > 0);
		if (forbidden(cp))
			ck_abort_msg("U+%04X passes", cp);
		MUST(set == SANITISE_UTF8 || cp < 0x7f);
		w = wcwidth((wchar_t)cp);
		MUST(w >= 0);
		cells += w;
	}
	return cells;
}

static void
check_string(struct slice s)
{
	static const int widths[] = { 0, 1, 2, 3, 5, 9 };
	struct buf b, back, cut = { 0 };
	bool hostile;
	int used, full;

	for (int set = SANITISE_UTF8; set <= SANITISE_ASCII; set++) {
		b = clean(s, (enum sanitise_charset)set, &hostile);
		full = judge(buf_slice(&b), (enum sanitise_charset)set);
		MUST(hostile == sanitise_hostile(s));
		back = read_back(b.p);
		if (!slice_eq(buf_slice(&back), s))
			ck_abort_msg("\"%s\" reads back otherwise", b.p);
		for (size_t k = 0; k < sizeof(widths) / sizeof(widths[0]); k++) {
			buf_clear(&cut);
			MUST(sanitise_cells(&cut, s, (enum sanitise_charset)set, widths[k], "~",
				 &used) == hostile);
			MUST(used == judge(buf_slice(&cut), (enum sanitise_charset)set));
			MUST(used <= widths[k]);
			if (full <= widths[k])
				MUST(slice_eq(buf_slice(&cut), buf_slice(&b)));
			else if (widths[k] > 0)
				MUST(cut.p[cut.len - 1] == '~');
		}
		buf_release(&b);
		buf_release(&back);
	}
	buf_release(&cut);
}

/* Every string of up to four pieces of an alphabet that meets every rule. */
START_TEST(injective)
{
	static const struct slice piece[] = { SLICE("^"), SLICE("\\"), SLICE("<"), SLICE("<U+"),
		SLICE("x"), SLICE("4"), SLICE("a"), SLICE("[ "), SLICE("\033"), SLICE("\x7f"),
		SLICE("\xff"), SLICE("\xc3\xa9"), SLICE("\xcc\x81"), SLICE("\xe6\xbc\xa2"),
		SLICE("\xe2\x80\xae"), SLICE("202E>") };
	const unsigned n = sizeof(piece) / sizeof(piece[0]);
	struct buf b = { 0 };

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	for (unsigned i = 0; i < n * n * n * n; i++) {
		buf_clear(&b);
		for (unsigned k = i; k > 0; k /= n)
			buf_add(&b, piece[k % n].p, piece[k % n].len);
		check_string(buf_slice(&b));
	}
	buf_release(&b);
}
END_TEST

START_TEST(every_code_point)
{
	char s[9] = "ab";
	size_t n;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	for (uint32_t cp = 0; cp < 0x110000; cp++) {
		n = 1 + utf8_encode(cp, s + 1);
		s[n++] = 'z';
		check_string((struct slice){ s, n });
	}
}
END_TEST

START_TEST(all_bytes_random)
{
	unsigned char s[24];
	uint64_t r = 88172645463325252u;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(s); i++) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			s[i] = (unsigned char)(r >> 40);
		}
		check_string((struct slice){ (const char *)s, r % (sizeof(s) + 1) });
	}
}
END_TEST

static const struct {
	struct slice in;
	int cells;
	const char *mark, *out;
	int used;
} cuts[] = {
	{ SLICE("hello"), 5, "~", "hello", 5 },
	{ SLICE("hello"), 4, "~", "hel~", 4 },
	{ SLICE("hello"), 4, NULL, "hell", 4 },
	{ SLICE("hello"), 4, "", "hell", 4 },
	{ SLICE("hello"), 1, "~", "~", 1 },
	{ SLICE("hello"), 0, "~", "", 0 },
	{ SLICE("hello"), -3, "~", "", 0 },
	{ SLICE("hello"), 4, "\xe2\x80\xa6", "hel\xe2\x80\xa6", 4 },
	{ SLICE(""), 4, "~", "", 0 },
	/* A wide character is never split: the mark follows the last one that fits. */
	{ SLICE("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"), 6, "~",
	    "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 6 },
	{ SLICE("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"), 5, "~", "\xe6\xbc\xa2\xe6\xbc\xa2~", 5 },
	{ SLICE("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"), 4, "~", "\xe6\xbc\xa2~", 3 },
	/* Nor is a mark. */
	{ SLICE("ab\033cd"), 4, "~", "ab~", 3 },
	{ SLICE("ab\033cd"), 5, "~", "ab^[~", 5 },
	{ SLICE("ab\xe2\x80\xae"), 9, "~", "ab~", 3 },
	{ SLICE("ab\xe2\x80\xae"), 10, "~", "ab<U+202E>", 10 },
	/* Combining marks stay with their base, at the very edge too. */
	{ SLICE("abe\xcc\x81"), 3, "~", "abe\xcc\x81", 3 },
	{ SLICE("abe\xcc\x81x"), 3, "~", "ab~", 3 },
	{ SLICE("ae\xcc\x81xy"), 3, "~", "ae\xcc\x81~", 3 },
	{ SLICE("ae\xcc\x81xy"), 3, NULL, "ae\xcc\x81x", 3 },
};

START_TEST(cut_to_cells)
{
	struct buf b = { 0 };
	int used = -1;

	sanitise_cells(&b, cuts[_i].in, SANITISE_UTF8, cuts[_i].cells, cuts[_i].mark, &used);
	buf_add(&b, "", 0);
	ck_assert_str_eq(b.p, cuts[_i].out);
	ck_assert_int_eq(used, cuts[_i].used);
	buf_release(&b);
}
END_TEST

/* What stands beyond the cut still flags the row; a combining mark just after it does not. */
START_TEST(cut_part_is_judged)
{
	struct buf b = { 0 };
	int used;

	ck_assert(sanitise_cells(&b, SLICE("harmless\033[0m"), SANITISE_UTF8, 4, "~", &used));
	ck_assert(!sanitise_cells(&b, SLICE("harmlesse\xcc\x81"), SANITISE_UTF8, 8, "~", &used));
	ck_assert(!sanitise_cells(&b, SLICE("harmless"), SANITISE_UTF8, 4, "~", &used));
	buf_release(&b);
}
END_TEST

START_TEST(locale_does_not_matter)
{
	struct buf b;

	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C"));
	b = clean(SLICE("J\xc3\xbcrg \xe6\xbc\xa2"), SANITISE_UTF8, NULL);
	ck_assert_str_eq(b.p, "J\xc3\xbcrg \xe6\xbc\xa2");
	buf_release(&b);
}
END_TEST

/* Blanks at the ends of a value show; those inside are as they are. */
static const struct {
	const char *in;
	int cells;
	const char *out;
	int used;
} values[] = {
	{ "root", 10, "root", 4 },
	{ "root ", 10, "root\\x20", 8 },
	{ " root", 10, "\\x20root", 8 },
	{ "  a b ", 20, "\\x20\\x20a b\\x20", 15 },
	{ "   ", 20, "\\x20\\x20\\x20", 12 },
	{ " ", 3, "~", 1 },
	{ "root ", 6, "root~", 5 },
	{ "root\\x20", 20, "root\\\\x20", 9 },
	{ "", 4, "", 0 },
	{ "a\033 ", 20, "a^[\\x20", 7 },
};

START_TEST(values_show_their_ends)
{
	struct buf b = { 0 };
	int used;

	(void)sanitise_value(
	    &b, slice_of(values[_i].in), SANITISE_UTF8, values[_i].cells, "~", &used);
	buf_add(&b, "", 0);
	ck_assert_str_eq(b.p == NULL ? "" : b.p, values[_i].out);
	ck_assert_int_eq(used, values[_i].used);
	buf_release(&b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("base/sanitise");
	TCase *tc = tcase_create("sanitise");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, shows, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_loop_test(tc, cut_to_cells, 0, (int)(sizeof(cuts) / sizeof(cuts[0])));
	tcase_add_loop_test(
	    tc, values_show_their_ends, 0, (int)(sizeof(values) / sizeof(values[0])));
	tcase_add_test(tc, cut_part_is_judged);
	tcase_add_test(tc, injective);
	tcase_add_test(tc, every_code_point);
	tcase_add_test(tc, all_bytes_random);
	tcase_add_test(tc, locale_does_not_matter);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
