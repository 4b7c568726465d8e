/* Predicates one by one: what each operator holds for, what it refuses, and what hostile values may
 * cost. */
#include "query/predicate.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "harness.h"

struct row {
	enum predicate_op op;
	const char *operands; /* '|' between those of a list */
	const char *value;
	bool match;
};

static const struct row rows[] = {
	{ OP_EQ, "root", "root", true },
	{ OP_EQ, "root", "Root", false },
	{ OP_EQ, "", "", true },
	{ OP_NE, "root", "root", false },
	{ OP_NE, "root", "", true },
	{ OP_LT, "10", "9", true },
	{ OP_LT, "10", "10", false },
	{ OP_LT, "10", "9x", false },
	{ OP_LE, "10", "10.0", true },
	{ OP_GT, "1768464000161934674", "1768464000161934675", true },
	{ OP_GT, "1768464000161934675", "1768464000161934675", false },
	{ OP_GE, "-1", "-1", true },
	{ OP_GE, "0", "", false },
	{ OP_GE, "0", "<NA>", false },
	{ OP_CONTAINS, "shell", "a shell was", true },
	{ OP_CONTAINS, "Shell", "a shell was", false },
	{ OP_CONTAINS, "", "", true },
	{ OP_ICONTAINS, "A Shell", "xx a sHELL was", true },
	{ OP_ICONTAINS, "", "", true },
	{ OP_ICONTAINS, "a[", "A{", false }, /* only letters fold */
	{ OP_ICONTAINS, "@", "`", false },
	{ OP_STARTSWITH, "/usr", "/usr/bin", true },
	{ OP_STARTSWITH, "/usr", "/us", false },
	{ OP_ENDSWITH, "/sh", "/bin/sh", true },
	{ OP_ENDSWITH, "/sh", "h", false },
	{ OP_GLOB, "/bin/*sh", "/bin/bash", true },
	{ OP_GLOB, "/bin/*sh", "/bin/bash2", false },
	{ OP_GLOB, "BASH", "bash", false },
	{ OP_IGLOB, "B?SH", "bash", true },
	{ OP_REGEX, "ba(sh|nk)", "xbashx", true },
	{ OP_REGEX, "^ba(sh|nk)$", "xbashx", false },
	{ OP_REGEX, "a.c", "a\nc", true },
	{ OP_REGEX, "b",
	    "a\xff"
	    "b",
	    true }, /* bytes that are not UTF-8 do no harm */
	{ OP_REGEX, "", "", true },
	{ OP_IN, "root|admin", "admin", true },
	{ OP_IN, "root|admin", "adm", false },
	{ OP_IN, "z|y|x|w|v|u|t|s|r|q|p|o|n", "q", true },
	{ OP_INTERSECTS, "a|b", "(x,b,c)", true },
	{ OP_INTERSECTS, "a|b", "(x, a)", true },
	{ OP_INTERSECTS, "a|b", "(x,ab)", false },
	{ OP_INTERSECTS, "a|b", "()", false },
	{ OP_INTERSECTS, "a|b", "b", true },
	{ OP_PMATCH, "/usr/bin|/etc", "/etc/passwd", true },
	{ OP_PMATCH, "/usr/bin|/etc", "/etc", true },
	{ OP_PMATCH, "/usr/bin|/etc", "/etcetera", false },
	{ OP_PMATCH, "/usr/bin/", "/usr/bin/ls", true },
	{ OP_PMATCH, "/", "/x", true },
	{ OP_PMATCH, "", "/x", false },
};

static unsigned
split(const char *text, char sep, struct slice out[16])
{
	unsigned n = 0;

	for (;;) {
		const char *end = strchr(text, sep);

		out[n++] =
		    end == NULL ? slice_of(text) : (struct slice){ text, (size_t)(end - text) };
		if (end == NULL)
			return n;
		text = end + 1;
	}
}

static struct predicate *
make(enum predicate_op op, const char *operands)
{
	struct slice operand[16];
	char err[100] = "";
	unsigned n = 1;
	struct predicate *p;

	operand[0] = slice_of(operands);
	if (predicate_info(op)->list)
		n = split(operands, '|', operand);
	p = predicate_new(op, operand, op == OP_EXISTS ? 0 : n, err, sizeof(err));
	ck_assert_msg(p != NULL, "%s %s: %s", predicate_info(op)->name, operands, err);
	return p;
}

START_TEST(test_match)
{
	const struct row *r = &rows[_i];
	struct predicate *p = make(r->op, r->operands);
	/* the value in memory of its own size, so that a sanitizer sees a byte too far */
	char *value = strndup(r->value, strlen(r->value));

	ck_assert_msg(predicate_match(p, slice_of(value)) == r->match, "%s %s on %s",
	    predicate_info(r->op)->name, r->operands, r->value);
	ck_assert(predicate_absent(p) == (r->op == OP_NE));
	free(value);
	predicate_free(p);
}
END_TEST

START_TEST(test_exists)
{
	struct predicate *p = make(OP_EXISTS, "");

	ck_assert(predicate_match(p, SLICE("")));
	ck_assert(predicate_match_list(p, SLICE("")));
	ck_assert(!predicate_absent(p));
	predicate_free(p);
}
END_TEST

START_TEST(test_list)
{
	static const struct row list[] = {
		{ OP_EQ, "shell", "container shell mitre", true },
		{ OP_EQ, "she", "container shell mitre", false },
		{ OP_NE, "shell", "container shell mitre", false },
		{ OP_NE, "file", "container shell mitre", true },
		{ OP_NE, "file", "", true },
		{ OP_IN, "file|mitre", "container shell mitre", true },
		{ OP_INTERSECTS, "file|T1059", "container shell mitre", false },
		{ OP_CONTAINS, "hel", "container shell mitre", true },
		{ OP_CONTAINS, "r s", "container shell mitre", false },
		{ OP_STARTSWITH, "mit", "container  shell mitre ", true },
		{ OP_GLOB, "T????", "a T1059", true },
		{ OP_REGEX, "^T\\d+$", "a T1059 b", true },
		{ OP_EQ, "", "  ", false },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct predicate *p = make(list[i].op, list[i].operands);

		ck_assert_msg(predicate_match_list(p, slice_of(list[i].value)) == list[i].match,
		    "%s %s on %s", predicate_info(list[i].op)->name, list[i].operands,
		    list[i].value);
		predicate_free(p);
	}
}
END_TEST

START_TEST(test_refuses)
{
	struct slice operand = SLICE("abc("), two[2] = { SLICE("a"), SLICE("b") };
	char err[100];
	size_t offset;

	ck_assert_ptr_null(predicate_new_at(OP_REGEX, &operand, 1, err, sizeof(err), &offset));
	ck_assert_ptr_nonnull(strstr(err, "bad regular expression: "));
	ck_assert_uint_eq(offset, 4);
	ck_assert_ptr_null(predicate_new(OP_LT, &operand, 1, err, sizeof(err)));
	ck_assert_str_eq(err, "expected a number after <");
	ck_assert_ptr_null(predicate_new(OP_EQ, two, 2, err, sizeof(err)));
	ck_assert_ptr_null(predicate_new(OP_EQ, NULL, 0, err, sizeof(err)));
	ck_assert_ptr_null(predicate_new(OP_EXISTS, two, 1, err, sizeof(err)));
	operand = SLICE("((a{1000}){1000}){1000}");
	ck_assert_ptr_null(predicate_new(OP_REGEX, &operand, 1, err, sizeof(err)));
	operand = SLICE("\xff");
	ck_assert_ptr_null(predicate_new(OP_REGEX, &operand, 1, err, sizeof(err)));
}
END_TEST

START_TEST(test_same)
{
	struct predicate *a = make(OP_IN, "x|y"), *b = make(OP_IN, "x|y"), *c = make(OP_IN, "y|x"),
			 *d = make(OP_PMATCH, "x|y"), *e = make(OP_IN, "x");

	ck_assert(predicate_same(a, b));
	ck_assert(!predicate_same(a, c) && !predicate_same(a, d) && !predicate_same(a, e));
	predicate_free(a);
	predicate_free(b);
	predicate_free(c);
	predicate_free(d);
	predicate_free(e);
}
END_TEST

static const struct {
	const char *pattern, *value;
	bool match, icase;
} globs[] = {
	{ "", "", true, false },
	{ "", "a", false, false },
	{ "*", "", true, false },
	{ "**", "abc", true, false },
	{ "a*c", "abc", true, false },
	{ "a*c", "abcd", false, false },
	{ "a*b*c", "aXbYbZc", true, false },
	{ "*abc", "ababc", true, false },
	{ "*aab", "aaaab", true, false },
	{ "?", "", false, false },
	{ "a?c", "abc", true, false },
	{ "[abc]x", "bx", true, false },
	{ "[a-c]x", "dx", false, false },
	{ "[!a-c]x", "dx", true, false },
	{ "[^a-c]x", "bx", false, false },
	{ "[]]", "]", true, false },
	{ "[!]]", "]", false, false },
	{ "[a-]", "-", true, false },
	{ "[", "[", true, false },
	{ "[ab", "[ab", true, false },
	{ "a[", "a[", true, false },
	{ "[\\]]", "]", true, false },
	{ "\\*", "*", true, false },
	{ "\\*", "x", false, false },
	{ "a\\", "a\\", true, false },
	{ "AB*[X-Z]", "abcy", true, true },
	{ "ab", "AB", true, true },
	{ "ab", "AB", false, false },
	{ "*/../*", "/a/../b", true, false },
	{ "*[0-9]", "a1b2", true, false },
	{ "*[0-9]", "a1b", false, false },
	{ "\xe9*", "\xe9x", true, true },
};

START_TEST(test_glob)
{
	ck_assert_msg(glob_match(slice_of(globs[_i].pattern), slice_of(globs[_i].value),
			  globs[_i].icase) == globs[_i].match,
	    "%s on %s", globs[_i].pattern, globs[_i].value);
}
END_TEST

/* A glob that is exponential for a matcher that backtracks into every star. */
START_TEST(test_glob_cost)
{
	static char pattern[64], value[65536];
	int64_t start = clock_mono();

	for (size_t i = 0; i + 1 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "a*", 2);
	pattern[sizeof(pattern) - 1] = 'b';
	memset(value, 'a', sizeof(value));
	ck_assert(!glob_match((struct slice){ pattern, sizeof(pattern) },
	    (struct slice){ value, sizeof(value) }, false));
	ck_assert_int_lt(clock_mono() - start, 2 * NSEC_PER_SEC);
}
END_TEST

static const char *
naive_find(const char *hay, size_t len, const char *needle, size_t nlen)
{
	for (size_t i = 0; i + nlen <= len; i++)
		if (strncasecmp(hay + i, needle, nlen) == 0)
			return hay + i;
	return NULL;
}

START_TEST(test_find)
{
	uint64_t state = 4242;

	for (int round = 0; round < 50000; round++) {
		char needle[40];
		struct find_plan plan;
		size_t len, nlen;
		char *hay;

		state = state * 6364136223846793005u + 1442695040888963407u;
		len = state >> 33 & 255;
		nlen = (state >> 41) % 20;
		hay = malloc(len + 1);
		for (size_t i = 0; i < len; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			hay[i] = "abABz@`[{"[(state >> 40) % 9];
		}
		for (size_t i = 0; i < nlen; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			needle[i] = "abz@`[{"[(state >> 40) % (i < 4 ? 2 : 7)];
		}
		/* half of them are in there */
		if (round % 2 == 0 && nlen <= len)
			for (size_t i = 0; i < nlen; i++)
				hay[len - nlen + i] = needle[i];
		hay = realloc(hay, len == 0 ? 1 : len);
		ck_assert_ptr_eq(
		    find_icase(hay, len, needle, nlen), naive_find(hay, len, needle, nlen));
		plan = find_plan(needle, nlen);
		ck_assert_ptr_eq(find_icase_by(hay, len, needle, nlen, &plan),
		    naive_find(hay, len, needle, nlen));
		free(hay);
	}
}
END_TEST

START_TEST(test_regex_limits)
{
	struct predicate *p = make(OP_REGEX, "^(a+)+$");
	static char value[4096];
	uint64_t before = predicate_limits_hit();
	int64_t start = clock_mono();

	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '!';
	for (int i = 0; i < 10; i++)
		ck_assert(!predicate_match(p, (struct slice){ value, sizeof(value) }));
	ck_assert_uint_eq(predicate_limits_hit() - before, 10);
	ck_assert_int_lt(clock_mono() - start, 2 * NSEC_PER_SEC);
	ck_assert(predicate_match(p, SLICE("aaaa")));
	predicate_free(p);
}
END_TEST

static void *
match_many(void *arg)
{
	const struct predicate *p = arg;
	size_t hits = 0;

	for (int i = 0; i < 5000; i++)
		hits += predicate_match(
		    p, i % 2 == 0 ? SLICE("user=root shell=bash") : SLICE("user=root shell=none"));
	return (void *)(uintptr_t)hits;
}

START_TEST(test_regex_threads)
{
	struct predicate *p = make(OP_REGEX, "(sh|b.sh)$");
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, match_many, p), 0);
	for (int i = 0; i < 4; i++) {
		void *hits;

		pthread_join(thread[i], &hits);
		ck_assert_uint_eq((uintptr_t)hits, 2500);
	}
	predicate_free(p);
}
END_TEST

START_TEST(test_names)
{
	enum predicate_op op;

	for (unsigned i = 0; i < OP_COUNT; i++) {
		ck_assert(predicate_op_by_name(
		    slice_of(predicate_info((enum predicate_op)i)->name), &op));
		ck_assert_uint_eq(op, i);
	}
	ck_assert(predicate_op_by_name(SLICE("=="), &op) && op == OP_EQ);
	ck_assert(predicate_op_by_name(SLICE("IContains"), &op) && op == OP_ICONTAINS);
	ck_assert(
	    !predicate_op_by_name(SLICE("like"), &op) && !predicate_op_by_name(SLICE(""), &op));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("predicate");
	TCase *t = tcase_create("predicate");

	tcase_add_loop_test(t, test_match, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(t, test_glob, 0, (int)(sizeof(globs) / sizeof(globs[0])));
	tcase_add_test(t, test_exists);
	tcase_add_test(t, test_list);
	tcase_add_test(t, test_refuses);
	tcase_add_test(t, test_same);
	tcase_add_test(t, test_glob_cost);
	tcase_add_test(t, test_find);
	tcase_add_test(t, test_regex_limits);
	tcase_add_test(t, test_regex_threads);
	tcase_add_test(t, test_names);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
