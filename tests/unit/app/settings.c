/* The config file: what is understood, what is refused and where, what a command line overrides. */
#include "app/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

static char path[64];

static void
write_config(const char *text)
{
	FILE *f;
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/falcotop-config-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	f = fdopen(fd, "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

/* With what it says in *said. */
static int
parse(struct options *o, const char *text, const char *word, const char *value, struct buf *said)
{
	static char argv_text[5][80];
	char *argv[6] = { 0 };
	const char *words[] = { "falcotop", "--config", path, word, value };
	int argc = 0, rc;

	write_config(text);
	while (argc < 5 && words[argc] != NULL) {
		(void)snprintf(argv_text[argc], sizeof(argv_text[0]), "%s", words[argc]);
		argv[argc] = argv_text[argc];
		argc++;
	}
	buf_clear(said);
	(void)complain_into(said);
	rc = options_parse(o, argc, argv);
	(void)complain_into(NULL);
	(void)unlink(path);
	return rc;
}

static const struct {
	const char *text, *says; /* NULL: nothing is wrong */
} files[] = {
	{ "", NULL },
	{ "# a comment\n\n  threads = 3  \r\n", NULL },
	{ "threads = 3", NULL },
	{ "filter = proc.name = bash and user.name != root\n", NULL },
	{ "ascii = yes\nfollow = off\n", NULL },
	{ "rules = a\nrules = b\n[risk]\ncap = 3\n[options]\nmemory = 64M\n", NULL },
	{ "[risk]\nscore Terminal shell in container = 10\nscore \"Read *\" = 2.5\n", NULL },
	{ "[risk]\nscore priority:Critical = 15\n", NULL },
	{ "[risk]\nfactor object=admin* = add 5, multiply 1.5\n", NULL },
	{ "[risk]\nfactor object=a and tactic!=TA0002 = multiply 0\n", NULL },
	{ "[risk]\nhigh = 900\ncritical = 901\ntactics = 2\nsources = 5\n", NULL },
	{ "\n\nthread = 3\n", ":3: there is no key 'thread'" },
	{ "threads = many\n", ":1: --threads: 'many' is not a number" },
	{ "threads\n", ":1: 'threads' is no line of the form" },
	{ "ascii = perhaps\n", ":1: --ascii: 'perhaps' is not yes or no" },
	{ "filter = user.name=\n", ":1: filter: " },
	{ "output = x\n", ":1: 'output' is for the command line alone" },
	{ "config = x\n", ":1: 'config' is for the command line alone" },
	{ "help = yes\n", ":1: 'help' is for the command line alone" },
	{ "[other]\n", ":1: there is no section [other]" },
	{ "[risk]\ncap = -1\n", ":2: '-1' is no number" },
	{ "[risk]\ncap = 1e9\n", ":2: '1e9' is no number" },
	{ "[risk]\nscore x = 99999999\n", ":2: '99999999' is no number" },
	{ "[risk]\nscore priority:Bad = 1\n", ":2: there is no priority 'Bad'" },
	{ "[risk]\nscore = 1\n", ":2: score of which rule?" },
	{ "[risk]\nfactor object=a = plus 5\n", ":2: 'plus 5' is not of the form" },
	{ "[risk]\nfactor user=a = add 5\n", ":2: factor user=a: expected object" },
	{ "[risk]\nfactor object=a = add 5,\n", ":2: 'add 5,' is not of the form" },
	{ "[risk]\nsources = 1.5\n", ":2: '1.5' is no whole number" },
	{ "[risk]\nmedium = 300\n", ": medium 300, high 250, critical 500: thresholds rise" },
	{ "[risk]\nthreads = 3\n", ":2: there is no key 'threads' in [risk]" },
};

START_TEST(files_are_read_or_refused)
{
	struct buf said = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct options o;
		int rc = parse(&o, files[i].text, NULL, NULL, &said);

		if (files[i].says == NULL) {
			ck_assert_msg(rc == 0, "%s: %s", files[i].text, said.p);
		} else {
			ck_assert_msg(rc == -1, "%s", files[i].text);
			ck_assert_msg(strncmp(said.p, path, strlen(path)) == 0, "%s", said.p);
			ck_assert_msg(strncmp(said.p + strlen(path), files[i].says,
					  strlen(files[i].says)) == 0,
			    "%s: %s", files[i].text, said.p);
		}
		if (rc == 0)
			options_release(&o);
	}
	buf_release(&said);
}
END_TEST

START_TEST(every_problem_is_said)
{
	struct buf said = { 0 };
	struct options o;

	ck_assert_int_eq(parse(&o, "a = 1\nb = 2\n[risk]\nc = 3\n", NULL, NULL, &said), -1);
	ck_assert_ptr_nonnull(strstr(said.p, ":1: there is no key 'a'"));
	ck_assert_ptr_nonnull(strstr(said.p, ":2: there is no key 'b'"));
	ck_assert_ptr_nonnull(strstr(said.p, ":4: there is no key 'c' in [risk]"));
	buf_release(&said);
}
END_TEST

START_TEST(the_command_line_overrides)
{
	struct buf said = { 0 };
	struct options o;

	ck_assert_int_eq(parse(&o, "threads = 3\nview = users\n", NULL, NULL, &said), 0);
	ck_assert_uint_eq(o.threads, 3);
	ck_assert_str_eq(o.view->name, "users");
	options_release(&o);
	ck_assert_int_eq(parse(&o, "threads = 3\nview = users\n", "--threads", "7", &said), 0);
	ck_assert_uint_eq(o.threads, 7);
	options_release(&o);
	ck_assert_int_eq(parse(&o, "view = users\n", "--view", "rules", &said), 0);
	ck_assert_str_eq(o.view->name, "rules");
	options_release(&o);
	ck_assert_int_eq(parse(&o, "view = users\n", "--detection", "x", &said), 0);
	ck_assert_ptr_null(o.view);
	options_release(&o);
	ck_assert_int_eq(parse(&o, "view = users\n", "--by", "user", &said), 0);
	ck_assert_ptr_null(o.view);
	options_release(&o);
	ck_assert_int_eq(parse(&o, "rules = a\n", "--rules", "b", &said), 0);
	ck_assert_uint_eq(o.rules.n, 2);
	ck_assert_str_eq(o.rules.v[0], "a");
	ck_assert_str_eq(o.rules.v[1], "b");
	options_release(&o);
	buf_release(&said);
}
END_TEST

START_TEST(risk_lines_reach_their_place)
{
	static const char text[] = "[risk]\ncap = 3\nmedium = 50\nscore Exact = 7\n"
				   "score e* = 5\nscore priority:Critical = 15\n"
				   "factor object=admin* = add 5, multiply 1.5\n";
	struct risk_event e = { .score = 10, .object = SLICE("admin7") };
	struct buf said = { 0 };
	struct options o;

	ck_assert_int_eq(parse(&o, text, NULL, NULL, &said), 0);
	ck_assert_double_eq(o.config->book.cap, 3);
	ck_assert_double_eq(o.config->book.medium, 50);
	ck_assert_double_eq(o.config->book.high, 250);
	ck_assert_double_eq(
	    risk_scores_get(o.config->scores, SLICE("Exact"), PRIORITY_CRITICAL), 7);
	ck_assert_double_eq(risk_scores_get(o.config->scores, SLICE("Else"), PRIORITY_CRITICAL), 5);
	ck_assert_double_eq(
	    risk_scores_get(o.config->scores, SLICE("Other"), PRIORITY_CRITICAL), 15);
	ck_assert_double_eq(risk_scores_get(o.config->scores, SLICE("Other"), PRIORITY_ERROR), 0);
	ck_assert_double_eq(risk_factors_score(o.config->factors, &e), 22.5);
	options_release(&o);
	buf_release(&said);
}
END_TEST

START_TEST(anyone_may_write_is_refused)
{
	char name[] = "falcotop", option[] = "--config";
	char *argv[] = { name, option, path, NULL };
	struct buf said = { 0 };
	struct options o;

	write_config("threads = 1\n");
	ck_assert_int_eq(chmod(path, 0666), 0);
	(void)complain_into(&said);
	ck_assert_int_eq(options_parse(&o, 3, argv), -1);
	ck_assert_ptr_nonnull(strstr(said.p, "anyone may write to it"));
	(void)unlink(path);
	buf_clear(&said);
	ck_assert_int_eq(options_parse(&o, 3, argv), -1);
	ck_assert_ptr_nonnull(strstr(said.p, "there is no such file"));
	(void)complain_into(NULL);
	buf_release(&said);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("settings");
	TCase *t = tcase_create("settings");

	tcase_add_test(t, files_are_read_or_refused);
	tcase_add_test(t, every_problem_is_said);
	tcase_add_test(t, the_command_line_overrides);
	tcase_add_test(t, risk_lines_reach_their_place);
	tcase_add_test(t, anyone_may_write_is_refused);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
