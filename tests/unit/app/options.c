/* The command line: what is accepted, what is refused, and sizes. Messages go to /dev/null; cli.sh
 * reads them. */
#include "app/options.h"

#include <stdio.h>

#include "harness.h"

#define WORDS 12

/* Options point into the words, which live until the next call. */
static int
parse(struct options *o, const char *const *word)
{
	static char text[WORDS + 1][80];
	static char *argv[WORDS + 2];
	int argc = 0;

	for (const char *next = "falcotop"; next != NULL && argc <= WORDS; next = word[argc - 1]) {
		(void)snprintf(text[argc], sizeof(text[0]), "%s", next);
		argv[argc] = text[argc];
		argc++;
	}
	argv[argc] = NULL;
	return options_parse(o, argc, argv);
}

static const struct {
	const char *word[WORDS];
	int rc;
} lines[] = {
	{ { NULL }, 0 },
	{ { "report", "x.log" }, 0 },
	{ { "report", "--by", "user,container.id", "x.log" }, 0 },
	{ { "--by", "", "x.log" }, -1 },
	{ { "--by", "a,,b" }, -1 },
	{ { "--by", "a,b,c,d,e,f,g,h" }, 0 },
	{ { "--by", "a,b,c,d,e,f,g,h,i" }, -1 },
	{ { "-f", "user.name=root" }, 0 },
	{ { "-f", "user.name=" }, -1 },
	{ { "-f", "((a=b)" }, -1 },
	{ { "--view", "users" }, 0 },
	{ { "--view", "health" }, 0 },
	{ { "--view", "nothing" }, -1 },
	{ { "--format", "csv" }, 0 },
	{ { "--format", "xml" }, -1 },
	{ { "--sort", "-count" }, 0 },
	{ { "--sort", "nothing" }, -1 },
	{ { "--sort", "time" }, -1 },
	{ { "--view", "events", "--sort", "-time" }, 0 },
	{ { "--view", "users", "--sort", "container.id" }, 0 },
	{ { "--by", "a", "--sort", "a" }, 0 },
	{ { "--limit", "0" }, -1 },
	{ { "--limit", "-3" }, -1 },
	{ { "--limit", "10" }, 0 },
	{ { "--threads", "0" }, 0 },
	{ { "--threads", "65" }, -1 },
	{ { "--threads", "two" }, -1 },
	{ { "--since", "-15m", "--until", "now" }, 0 },
	{ { "--since", "yesterday" }, -1 },
	{ { "--memory", "1G" }, 0 },
	{ { "--memory", "1" }, -1 },
	{ { "--history", "none" }, 0 },
	{ { "--since", "7d" }, 0 },
	{ { "--since", "7x" }, -1 },
	{ { "report", "--detection", "x", "--user", "root" }, 0 },
	{ { "report", "--detection", "x", "--by", "user" }, -1 },
	{ { "report", "--detection", "x", "--view", "users" }, -1 },
	{ { "report", "--user", "root" }, -1 },
	{ { "--data", "x" }, -1 },
	{ { "test", "x.yml", "--data", "x" }, 0 },
	{ { "test" }, -1 },
	{ { "risk", "--user", "root" }, 0 },
	{ { "risk", "x.log" }, -1 },
	{ { "collect", "x.log" }, 0 },
	{ { "--color", "never" }, 0 },
	{ { "--color", "pink" }, -1 },
	{ { "--nothing" }, -1 },
	{ { "-z" }, -1 },
	{ { "--limit" }, -1 },
	{ { "--raw=yes" }, -1 },
	{ { "risk" }, 0 },
	{ { "test", "x.yml" }, 0 },
	{ { "collect" }, 0 },
	{ { "--", "--limit" }, 0 },
};

START_TEST(accepted)
{
	struct options o;

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(parse(&o, lines[_i].word), lines[_i].rc);
}
END_TEST

START_TEST(values)
{
	const char *word[] = { "report", "--by", "user", "-F", "-n", "7", "--sort", "-first",
		"--fillnull", "0", "a", NULL };
	struct options o;

	ck_assert_int_eq(parse(&o, word), 0);
	ck_assert_int_eq(o.command, COMMAND_REPORT);
	ck_assert_str_eq(o.by, "user");
	ck_assert(o.follow);
	ck_assert_uint_eq(o.limit, 7);
	ck_assert_str_eq(o.sort, "first");
	ck_assert(o.descending);
	ck_assert_str_eq(o.fillnull, "0");
	ck_assert_int_eq(o.nsources, 1);
	ck_assert_str_eq(o.source[0], "a");
}
END_TEST

START_TEST(sources_after_dashes)
{
	const char *word[] = { "--", "--limit", "-", NULL };
	struct options o;

	ck_assert_int_eq(parse(&o, word), 0);
	ck_assert_int_eq(o.nsources, 2);
	ck_assert_str_eq(o.source[0], "--limit");
}
END_TEST

/* --by alone counts everything; a view brings its filter. */
START_TEST(queries)
{
	const char *by[] = { "--by", "user,rule", NULL };
	const char *view[] = { "--view", "shells", "--by", "user", "-f", "priority>=warning",
		NULL };
	struct options o;
	struct query q;

	ck_assert_int_eq(parse(&o, by), 0);
	ck_assert(options_query(&o, &q));
	ck_assert_ptr_null(q.filter);
	ck_assert_uint_eq(q.nby, 2);
	ck_assert_str_eq(q.by[1], "rule");
	query_release(&q);
	ck_assert_int_eq(parse(&o, view), 0);
	ck_assert(options_query(&o, &q));
	ck_assert_ptr_nonnull(strstr(q.filter, "shell"));
	ck_assert_ptr_nonnull(strstr(q.filter, "priority>=warning"));
	ck_assert_uint_eq(q.nby, 1);
	query_release(&q);
}
END_TEST

static const struct {
	const char *text;
	bool ok;
	size_t size;
} sizes[] = {
	{ "0", true, 0 },
	{ "1048576", true, 1048576 },
	{ "64k", true, 65536 },
	{ "512M", true, (size_t)512 << 20 },
	{ "2GiB", true, (size_t)2 << 30 },
	{ "2GB", true, (size_t)2 << 30 },
	{ "1T", true, (size_t)1 << 40 },
	{ "", false, 0 },
	{ "M", false, 0 },
	{ "-1M", false, 0 },
	{ "1X", false, 0 },
	{ "1Mx", false, 0 },
	{ "99999999999999999999", false, 0 },
	{ "99999999999T", false, 0 },
};

START_TEST(size)
{
	size_t v = 0;

	ck_assert_int_eq(size_parse(sizes[_i].text, &v), sizes[_i].ok);
	if (sizes[_i].ok)
		ck_assert_uint_eq(v, sizes[_i].size);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");

	tcase_add_loop_test(t, accepted, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(t, values);
	tcase_add_test(t, sources_after_dashes);
	tcase_add_test(t, queries);
	tcase_add_loop_test(t, size, 0, sizeof(sizes) / sizeof(sizes[0]));
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
