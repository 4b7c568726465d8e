/* Falco's rules files: definitions, overrides, messages, and text events that get their rule. */
#include "detect/rules_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "../decode/shared.h"
#include "decode/decode.h"
#include "harness.h"

static void
add(struct rules *r, const char *name, const char *yaml)
{
	rules_add_bytes(r, name, slice_of(yaml));
}

static void
equal(struct slice s, const char *text)
{
	ck_assert_msg(slice_eq(s, slice_of(text)), "\"%.*s\" is not \"%s\"", (int)s.len,
	    s.p == NULL ? "" : s.p, text);
}

static const char base[] =
    "- required_engine_version: 0.44.0\n"
    "- required_plugin_versions:\n"
    "  - name: container\n"
    "    version: 0.4.0\n"
    "- list: shell_binaries\n"
    "  items: [bash, sh]\n"
    "- macro: spawned_process\n"
    "  condition: (evt.type in (execve, execveat))\n"
    "- rule: My shell in container\n"
    "  desc: >\n"
    "    A shell was used as the entrypoint\n"
    "    of a container.\n"
    "  condition: >\n"
    "    spawned_process and container\n"
    "  exceptions:\n"
    "    - name: known\n"
    "      fields: [proc.name]\n"
    "  output: A shell of ours was spawned | evt_type=%evt.type user=%user.name\n"
    "  priority: NOTICE\n"
    "  tags: [shell, container, mitre_execution, T1059, shell]\n"
    "- rule: Old style\n"
    "  desc: Old.\n"
    "  condition: x\n"
    "  output: >\n"
    "    Something old (user=%user.name\n"
    "    command=%proc.cmdline)\n"
    "  priority: WARNING\n"
    "  source: k8s_audit\n"
    "  enabled: false\n"
    "- future_thing: {a: b}\n";

START_TEST(definitions)
{
	struct rules *r = rules_new();
	const struct falco_rule *rule;
	struct buf tags = { 0 };

	add(r, "base.yaml", base);
	ck_assert_uint_eq(rules_problems(r), 0);
	ck_assert_uint_eq(rules_count(r), 2);
	ck_assert_uint_eq(rules_files(r), 1);
	rule = rules_find(r, SLICE("My shell in container"));
	ck_assert_ptr_nonnull(rule);
	ck_assert_ptr_eq(rule, rules_get(r, 0));
	equal(rule->description, "A shell was used as the entrypoint of a container.");
	equal(rule->message, "A shell of ours was spawned");
	equal(rule->source, "syscall");
	equal(rule->tags, "T1059 container mitre_execution shell");
	ck_assert_int_eq(rule->priority, PRIORITY_NOTICE);
	ck_assert(rule->enabled);
	ck_assert_str_eq(rule->file, "base.yaml");
	ck_assert_uint_eq(rule->line, 9);
	rule = rules_find(r, SLICE("Old style"));
	equal(rule->message, "Something old");
	equal(rule->source, "k8s_audit");
	equal(rule->tags, "");
	ck_assert(!rule->enabled);
	ck_assert_ptr_null(rules_find(r, SLICE("old style")));
	ck_assert_ptr_null(rules_find(NULL, SLICE("old style")));
	rules_tags(r, SLICE("My shell in container"), &tags);
	rules_tags(r, SLICE("unknown"), &tags);
	rules_tags(NULL, SLICE("unknown"), &tags);
	equal(buf_slice(&tags), "T1059 container mitre_execution shell");
	buf_release(&tags);
	rules_free(r);
}
END_TEST

START_TEST(later_files)
{
	struct rules *r = rules_new();
	const struct falco_rule *rule;

	add(r, "base.yaml", base);
	add(r, "local.yaml",
	    "- rule: My shell in container\n"
	    "  append: true\n"
	    "  condition: and not user.name=root\n"
	    "- rule: My shell in container\n"
	    "  desc: More.\n"
	    "  output: extra=%proc.tty\n"
	    "  tags: [zeta, T1059]\n"
	    "  priority: CRITICAL\n"
	    "  override:\n"
	    "    desc: append\n"
	    "    output: append\n"
	    "    tags: append\n"
	    "    priority: replace\n"
	    "- rule: Old style\n"
	    "  enabled: true\n");
	ck_assert_uint_eq(rules_problems(r), 0);
	rule = rules_find(r, SLICE("My shell in container"));
	equal(rule->description, "A shell was used as the entrypoint of a container. More.");
	equal(rule->output,
	    "A shell of ours was spawned | evt_type=%evt.type user=%user.name extra=%proc.tty");
	equal(rule->message, "A shell of ours was spawned");
	equal(rule->tags, "T1059 container mitre_execution shell zeta");
	ck_assert_int_eq(rule->priority, PRIORITY_CRITICAL);
	ck_assert(rules_find(r, SLICE("Old style"))->enabled);

	add(r, "third.yaml",
	    "- rule: My shell in container\n"
	    "  output: Other words (a=%a)\n"
	    "  desc: Not named below, so it stays.\n"
	    "  tags: [one]\n"
	    "  enabled: false\n"
	    "  override: {output: replace, tags: replace, enabled: replace}\n"
	    "- rule: Old style\n"
	    "  desc: New.\n"
	    "  condition: y\n"
	    "  output: Something new %x\n"
	    "  priority: ERROR\n");
	equal(rule->output, "Other words (a=%a)");
	equal(rule->message, "Other words");
	equal(rule->description, "A shell was used as the entrypoint of a container. More.");
	equal(rule->tags, "one");
	ck_assert(!rule->enabled);
	rule = rules_find(r, SLICE("Old style"));
	equal(rule->message, "Something new");
	equal(rule->source, "syscall");
	ck_assert_int_eq(rule->priority, PRIORITY_ERROR);
	ck_assert_uint_eq(rules_count(r), 2);
	rules_free(r);
}
END_TEST

static const struct {
	const char *yaml, *problem;
} bad[] = {
	{ "a: [", "f:" },
	{ "just text", "f:1: expected a list of rules" },
	{ "rule: x", "f:1: expected a list of rules" },
	{ "- rule: x\n  desc: a\n  priority: LOUD\n", "f:3: no priority of Falco's: \"LOUD\"" },
	{ "- rule: none\n  append: true\n", "f:1: no rule \"none\" before this one" },
	{ "- rule: none\n  enabled: false\n", "f:1: no rule \"none\" before this one" },
	{ "- rule: none\n  desc: a\n  override: {desc: append}\n",
	    "f:1: no rule \"none\" before this one" },
	{ "- rule: ''\n  desc: a\n", "f:1: a rule without a name" },
	{ "- rule: [a]\n  desc: a\n", "f:1: a rule without a name" },
	{ "- rule: x\n  desc: a\n- rule: x\n  desc: b\n  override: {desc: prepend}\n",
	    "f:5: expected append or replace" },
	{ "- rule: x\n  desc: a\n- rule: x\n  desc: b\n  override: yes\n",
	    "f:5: expected a map after override" },
	{ "- rule: \"a\\e[31m\"\n  append: true\n", "f:1: no rule \"a^[[31m\" before this one" },
};

START_TEST(problems)
{
	struct rules *r = rules_new();

	add(r, "f", bad[_i].yaml);
	ck_assert_uint_eq(rules_problems(r), 1);
	ck_assert_msg(strncmp(rules_problem(r, 0), bad[_i].problem, strlen(bad[_i].problem)) == 0,
	    "%s", rules_problem(r, 0));
	/* what was good stays good */
	add(r, "base.yaml", base);
	ck_assert_uint_eq(rules_problems(r), 1);
	ck_assert_ptr_nonnull(rules_find(r, SLICE("Old style")));
	rules_free(r);
}
END_TEST

START_TEST(many_problems)
{
	struct rules *r = rules_new();

	for (int i = 0; i < RULES_PROBLEMS + 6; i++)
		add(r, "f", "- rule: x\n  append: true\n");
	ck_assert_uint_eq(rules_problems(r), RULES_PROBLEMS);
	ck_assert_str_eq(rules_problem(r, RULES_PROBLEMS - 1), "and 7 more");
	rules_free(r);
}
END_TEST

static const struct {
	const char *output, *message;
} messages[] = {
	{ "A shell was spawned in a container | evt_type=%evt.type",
	    "A shell was spawned in a container" },
	{ "Shell spawned (user=%user.name a=%b)", "Shell spawned" },
	{ "Drift detected (open+create), new executable created (user=%x",
	    "Drift detected (open+create), new executable created" },
	{ "Shell spawned by %user.name (a=%b)", "Shell spawned by" },
	{ "Fixed key | evt_type=execve user=%user.name", "Fixed key" },
	{ "Shell user=%user.name", "Shell" },
	{ "K8s Namespace-%ka.target.name made", "K8s Namespace-" },
	{ "Shell spawned prefix%x", "Shell spawned" },
	{ "Words, no field", "Words, no field" },
	{ "  Words \n", "Words" },
	{ "twice\nlines %x", "twice" },
	{ "100%% sure", "" },
	{ "%user.name did it", "" },
	{ "Hm (a=%b)", "" },
	{ "project=%x", "" },
	{ "(((( | = %", "" },
	{ "", "" },
};

START_TEST(messages_of_outputs)
{
	struct slice s = rules_message_of(slice_of(messages[_i].output));

	equal(s, messages[_i].message);
}
END_TEST

START_TEST(longest_start)
{
	struct rules *r = rules_new();

	add(r, "f",
	    "- {rule: short, desc: d, output: Shell spawned %x}\n"
	    "- {rule: off, desc: d, output: Shell spawned in a pod %x, enabled: false}\n"
	    "- {rule: long, desc: d, output: Shell spawned in a pod %x}\n"
	    "- {rule: late, desc: d, output: Shell spawned in a pod %y}\n"
	    "- {rule: ours, desc: d, output: A shell was spawned in a container with an attached"
	    " terminal | x=%x}\n");
	rules_table(r);
	equal(rules_of_message(r, SLICE("Shell spawned in a pod | x"))->name, "long");
	equal(rules_of_message(r, SLICE("Shell spawned in a pot"))->name, "short");
	equal(rules_of_message(r, SLICE("Shell spawned"))->name, "short");
	ck_assert_ptr_null(rules_of_message(r, SLICE("Shell spawnedx")));
	ck_assert_ptr_null(rules_of_message(r, SLICE("Shell")));
	ck_assert_ptr_null(rules_of_message(r, SLICE("")));
	/* instead of the built-in row, not beside it */
	equal(rules_of_message(
		  r, SLICE("A shell was spawned in a container with an attached terminal | a=b"))
		  ->name,
	    "ours");
	/* a built-in row is no rule of the files */
	ck_assert_ptr_null(rules_of_message(r, SLICE("Bash history has been deleted")));
	rules_free(r);
}
END_TEST

/* Every built-in row is found in a table with user's rows too, the same as without. */
START_TEST(built_in_rows)
{
	unsigned n;
	const struct message_rule *row = message_rule_rows(&n);
	struct rules *r = rules_new();

	add(r, "f", "- {rule: z, desc: d, output: Zzz zzz %x}\n");
	for (unsigned i = 0; i < n; i++) {
		const struct message_rule *found;

		found = message_table_find(rules_table(r), row[i].message);
		MUST(found != NULL && slice_eq(found->rule, row[i].rule));
	}
	rules_free(r);
}
END_TEST

static void
decode(struct decoder *d, const char *line, struct falco_event *ev)
{
	enum reject_reason reason;

	decode_line(d, line, strlen(line), false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
}

START_TEST(text_events)
{
	static const char line[] =
	    "12:18:18.691725165: Notice A shell of ours was spawned | evt_type=execve user=root";
	static const char known[] =
	    "12:18:18.691725165: Warning Bash history has been deleted (user=root)";
	struct decoder *d = decoder_new();
	struct rules *r = rules_new();
	struct falco_event ev;

	decode(d, line, &ev);
	equal(ev.field[FIELD_RULE].text, "A shell of ours was spawned");
	ck_assert((ev.present >> FIELD_TAGS & 1) == 0);
	add(r, "base.yaml", base);
	decode_set_rules(rules_table(r));
	decode(d, line, &ev);
	equal(ev.field[FIELD_RULE].text, "My shell in container");
	equal(ev.field[FIELD_TAGS].text, "T1059 container mitre_execution shell");
	equal(ev.field[FIELD_SOURCE].text, "syscall");
	equal(ev.field[FIELD_USER].text, "root");
	decode(d, known, &ev);
	equal(ev.field[FIELD_RULE].text, "Delete Bash History");
	decode_set_rules(NULL);
	decode(d, line, &ev);
	equal(ev.field[FIELD_RULE].text, "A shell of ours was spawned");
	rules_free(r);
	decoder_free(d);
}
END_TEST

/* One column of a line. */
static struct slice
column(struct slice line, unsigned which)
{
	const char *p = line.p, *end = line.p + line.len, *tab;

	for (; (tab = memchr(p, '\t', (size_t)(end - p))) != NULL && which > 0; which--)
		p = tab + 1;
	return (struct slice){ p, (size_t)((tab == NULL ? end : tab) - p) };
}

/* Rules with the messages of the official ones: each is found by its message, and no other. */
START_TEST(official_messages)
{
	struct buf path = { 0 }, tsv = { 0 }, yaml = { 0 };
	struct rules *r = rules_new();
	unsigned n = 0;

	if (!shared_path(&path, "data/falco_rules/message2rule.tsv"))
		goto out;
	ck_assert(read_file(&tsv, path.p));
	for (int pass = 0; pass < 2; pass++) {
		for (size_t at = 0; at < tsv.len;) {
			const char *end = memchr(tsv.p + at, '\n', tsv.len - at);
			size_t len = end == NULL ? tsv.len - at : (size_t)(end - tsv.p) - at;
			struct slice line = { tsv.p + at, len }, message = column(line, 0);
			const struct falco_rule *rule;

			at += len + 1;
			if (len == 0 || line.p[0] == '#' || memchr(message.p, '=', message.len))
				continue;
			if (pass == 0) {
				buf_addf(&yaml,
				    "- rule: 'of %.*s'\n  desc: d\n  output: '%.*s | a=%%b'\n",
				    (int)message.len, message.p, (int)message.len, message.p);
				continue;
			}
			rule = rules_of_message(r, message);
			MUST(rule != NULL && slice_eq(rule->message, message));
			n++;
		}
		rules_add_bytes(r, "f", buf_slice(&yaml));
		rules_table(r);
	}
	ck_assert_uint_gt(n, 200);
	ck_assert_uint_eq(rules_problems(r), 0);
out:
	buf_release(&path);
	buf_release(&tsv);
	buf_release(&yaml);
	rules_free(r);
}
END_TEST

/* --- files */

static char *
write_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

START_TEST(paths)
{
	char dir[] = "/tmp/falcotop-rules-XXXXXX";
	struct rules *r = rules_new();
	char *file[4];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	file[0] = write_file(dir, "20-b.yml", "- {rule: a, desc: two, output: Second words}", 0600);
	file[1] = write_file(dir, "10-a.yaml", "- {rule: a, desc: one, output: First words}", 0600);
	file[2] = write_file(dir, "30-c.txt", "- {rule: a, desc: three}", 0600);
	file[3] = write_file(dir, "40.yaml", "- {rule: b, desc: open}", 0666);
	rules_add_path(r, dir);
	equal(rules_find(r, SLICE("a"))->description, "two");
	ck_assert_str_eq(rules_find(r, SLICE("a"))->file, file[0]);
	ck_assert_uint_eq(rules_files(r), 3);
	ck_assert_uint_eq(rules_problems(r), 1); /* anyone may write to 40.yaml */
	ck_assert_ptr_nonnull(strstr(rules_problem(r, 0), "40.yaml: anyone may write to it"));
	rules_add_path(r, "/nonexistent/rules.yaml");
	rules_add_path(r, "/dev/zero");
	ck_assert_uint_eq(rules_problems(r), 3);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(unlink(file[i]), 0);
		free(file[i]);
	}
	ck_assert_int_eq(rmdir(dir), 0);
	rules_free(r);
}
END_TEST

START_TEST(too_many)
{
	struct rules *r = rules_new();
	struct buf b = { 0 };
	struct buf text = { 0 };

	for (int i = 0; i < RULES_MAX + 5; i++)
		buf_addf(&b, "- {rule: r%d, desc: d, output: Words of number %d}\n", i, i);
	rules_add_bytes(r, "f", buf_slice(&b));
	ck_assert_uint_eq(rules_count(r), RULES_MAX);
	ck_assert_uint_eq(rules_problems(r), 1);
	equal(rules_find(r, SLICE("r4095"))->message, "Words of number 4095");
	/* long texts are cut */
	buf_adds(&text, "- rule: r1\n  desc: ");
	for (int i = 0; i < 20000; i++)
		buf_addc(&text, 'x');
	rules_add_bytes(r, "g", buf_slice(&text));
	ck_assert_uint_eq(rules_find(r, SLICE("r1"))->description.len, RULES_TEXT_MAX);
	buf_release(&b);
	buf_release(&text);
	rules_free(r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("detect/rules_file");
	TCase *t = tcase_create("rules_file");

	tcase_add_test(t, definitions);
	tcase_add_test(t, later_files);
	tcase_add_loop_test(t, problems, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, many_problems);
	tcase_add_loop_test(t, messages_of_outputs, 0, sizeof(messages) / sizeof(messages[0]));
	tcase_add_test(t, longest_start);
	tcase_add_test(t, built_in_rows);
	tcase_add_test(t, text_events);
	tcase_add_test(t, official_messages);
	tcase_add_test(t, paths);
	tcase_add_test(t, too_many);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
