/* Falco text: pairs, heads, rules, noise, glue, escapes. All lines are made up. */
#include <check.h>
#include <string.h>

#include "decode/message_rules.h"
#include "decode/parts.h"
#include "decode/text_split.h"
#include "decode/text_unescape.h"

#include "harness.h"

#include "lines.h"

#include "base/banned.h"

#define T   "12:00:01.000000002: "
#define ISO "2026-01-15T08:00:00.161934674+0000: "

static const struct pairs_case {
	const char *line;
	const char *want[14];
} pairs_cases[] = {
	/* Rules 4 and later: " | ", container fields appended. */
	{ ISO
	    "Notice A shell was spawned in a container with an attached terminal | evt_type=execve user=root user_uid=0 "
	    "user_loginuid=-1 process=sh proc_exepath=/bin/busybox parent=runc command=sh -c a=b; (c || d) | e "
	    "terminal=34816 exe_flags=EXE_WRITABLE|EXE_LOWER_LAYER container_id=0123456789ab container_name=web "
	    "container_image_repository=docker.io/library/nginx container_image_tag=1.27 k8s_pod_name=web-1 k8s_ns_name=shop",
	    { "rule=Terminal shell in container", "source=syscall", "user.name=root",
		"user.loginuid=-1", "proc.name=sh", "proc.exepath=/bin/busybox", "proc.pname=runc",
		"proc.cmdline=sh -c a=b; (c || d) | e", "proc.tty=34816",
		"container.id=0123456789ab", "container.image.repository=docker.io/library/nginx",
		"container.image.tag=1.27", "k8s.ns.name=shop" } },
	/* Whole fake pairs in the command do not get out of it. */
	{ T "Notice Shell spawned by untrusted binary | evt_type=execve user=root user_uid=0 user_loginuid=-1 process=python3 "
	    "proc_exepath=/usr/bin/python3 parent=sh command=python3 x user=nobody container_id=fake terminal=1 container_name=fake "
	    "terminal=0 container_id=host container_name=host",
	    { "user.name=root",
		"proc.cmdline=python3 x user=nobody container_id=fake terminal=1 container_name=fake",
		"proc.tty=0", "container.id=host", "container.name=host" } },
	/* Nor do those in the parent's command line, which comes before. */
	{ T "Warning Detected ptrace PTRACE_ATTACH attempt | proc_pcmdline=sh -c useradd user=eve type=x evt_type=ptrace "
	    "user=root user_uid=0 user_loginuid=1000 process=gdb proc_exepath=/usr/bin/gdb parent=bash command=gdb -p 1 terminal=3",
	    { "rule=PTRACE attached to process", "user.name=root",
		"proc.pcmdline=sh -c useradd user=eve type=x", "evt.type=ptrace" } },
	/* Rules up to 3: in parentheses, values that hold some of their own. */
	{ T "Warning Log files were tampered (user=root user_loginuid=1000 command=sh -c (true) file=/var/log/a b "
	    "container_id=host image=<NA>)",
	    { "rule=Clear Log Activities", "proc.cmdline=sh -c (true)", "fd.name=/var/log/a b",
		"container.id=host", "container.image.repository=<NA>", "container.image.tag!" } },
	{ T "Warning Shell history had been deleted or renamed (user=root command=case x in a) b;; esac)",
	    { "proc.cmdline=case x in a) b;; esac" } },
	/* "name (id=...)" of %container.info, inside and behind the parentheses. */
	{ T "Notice A shell was spawned in a container with an attached terminal (user=root web-1 (id=b7a1d8d4cb6c) shell=bash "
	    "parent=runc cmdline=bash terminal=34817 image=registry:5000/shop/web:v2)",
	    { "user.name=root", "container.name=web-1", "container.id=b7a1d8d4cb6c",
		"proc.name=bash", "container.image.repository=registry:5000/shop/web",
		"container.image.tag=v2" } },
	{ T "Error File below a known binary directory opened for writing (user=root command=touch /bin/x file=/bin/x) kube (id=4a4021c50439)",
	    { "fd.name=/bin/x", "container.name=kube", "container.id=4a4021c50439" } },
	/* Suffixes of Falco up to 0.35, repeated. */
	{ T "Notice A shell was spawned in a container with an attached terminal (user=root shell=sh terminal=1) k8s.ns=ns-1 "
	    "k8s.pod=pod-1 container=0123456789ab k8s.ns=ns-1 k8s.pod=pod-1 container=0123456789ab",
	    { "proc.tty=1", "k8s.ns.name=ns-1", "k8s.pod.name=pod-1",
		"container.id=0123456789ab" } },
	/* What Falco appended outweighs what the rule printed. */
	{ T "Warning Own rule (container_id=old user=<NA> file=/a) container_id=0123456789ab container_name=new",
	    { "container.id=0123456789ab", "container.name=new", "user.name=<NA>", "fd.name=/a" } },
	/* Empty values, a value that ends in a blank, a name where an id is expected. */
	{ T "Warning File execution detected from /dev/shm | evt_res=SUCCESS file=<NA> proc_cwd= proc_pcmdline=bash -l "
	    "evt_type=execve user=root command=x ",
	    { "evt.res=SUCCESS", "proc.cwd=", "proc.pcmdline=bash -l", "proc.cmdline=x " } },
	{ T "Warning Own rule (container=helper user=root)",
	    { "container.name=helper", "container.id!", "user.name=root" } },
	{ T "Notice Own rule | container=493b88ce97ff user=root",
	    { "container.id=493b88ce97ff", "container.name!" } },
	{ T "Notice Own rule | user=root container=493b88ce97ff <- look at this",
	    { "container.id=493b88ce97ff", "container.name!" } },
	{ T "Notice Own rule | container=493b88ce97fg user=root",
	    { "container.name=493b88ce97fg", "container.id!" } },
	{ T "Notice Own rule | container=host user=root", { "container.id=host", "container.name!" } },
	{ T "Notice Own rule | container_id=493b88ce97ff container=lab9-helper user=root",
	    { "container.id=493b88ce97ff", "container.name=lab9-helper" } },
	{ T "Notice Own rule | image=repo@sha256:00 user=a",
	    { "container.image.repository=repo@sha256:00", "container.image.tag!" } },
	/* Plugins: commas, blanks, keys of two words, other meanings. */
	{ T "Notice A user has accessed an app using OKTA (user=Tony Stark, app=drive)",
	    { "source=okta", "okta.actor.name=Tony Stark", "user.name=Tony Stark" } },
	{ T "Critical Detected a console login without MFA (requesting user=bob, requesting IP=192.0.2.1, AWS region=us-east-1)",
	    { "ct.user=bob", "ct.srcip=192.0.2.1", "ct.region=us-east-1", "user.name=bob" } },
	{ T "Notice Attach/Exec to pod (user=kate pod=web-1 resource=pods ns=shop action=exec command=sh)",
	    { "source=k8s_audit", "ka.user.name=kate", "ka.target.name=web-1",
		"ka.target.namespace=shop", "k8s.pod.name=web-1", "proc.cmdline!" } },
	{ T "Critical [WAF] attack detected test_id=A-1 pattern_id=A uri=/?q=1=1 client=127.0.0.1 method=GET",
	    { "rule=[WAF] attack detected", "user.name!" } },
	{ T "Debug evt=user.session.start user=eve ip=192.0.2.2",
	    { "rule=evt=", "evt.type=user.session.start", "user.name=eve" } },
	{ T "Notice A dummy event (event={\"a\": 1} sample=1)", { "evt.type!" } },
	/* No pairs at all. */
	{ T "Notice The secret a/b (in c) was updated",
	    { "rule=The secret a/b (in c) was updated", "source!" } },
	/* Cut by a pager: the last value is not known. */
	{ T "Warning Sensitive file opened for reading by non-trusted program | file=/etc/shadow gparent=<NA> process=ca>",
	    { "fd.name=/etc/shadow", "proc.aname[2]=<NA>", "proc.name!" } },
};

static struct falco_event got;

static void
keep(enum verdict v, const struct falco_event *ev, void *arg)
{
	(void)v;
	(void)arg;
	got = *ev;
}

START_TEST(pairs)
{
	const struct pairs_case *t = &pairs_cases[_i];
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decode_records(d, slice_of(t->line), &r, keep, NULL);
	ck_assert_str_eq(r.verdicts, "E");
	for (unsigned i = 0; i < 14 && t->want[i] != NULL; i++)
		ck_assert_msg(event_says(&got, t->want[i]), "%s: not in %s", t->want[i], t->line);
	ck_assert(got.flags & EVENT_TEXT);
	ck_assert(got.flags & EVENT_RULE_GUESSED);
	decoder_free(d);
}
END_TEST

/* Every start of a line is one record or none worse than a bad line; values only ever get shorter,
 * fields fewer. */
START_TEST(prefixes)
{
	struct slice line = slice_of(pairs_cases[_i].line);
	struct decoder *d = decoder_new();

	for (size_t n = 0; n <= line.len; n++) {
		struct records r = { "", 0 };
		char *copy = malloc(n == 0 ? 1 : n); /* exact, so that a read behind it is seen */

		memcpy(copy, line.p, n);
		decode_records(d, (struct slice){ copy, n }, &r, NULL, NULL);
		ck_assert_uint_eq(r.n, 1);
		free(copy);
	}
	decoder_free(d);
}
END_TEST

static const struct head_case {
	const char *line;
	const char *verdicts;
	enum priority priority;
	int64_t time;
	unsigned flags; /* of the time and repair flags */
} head_cases[] = {
	{ ISO "Error m a=b", "E", PRIORITY_ERROR, INT64_C(1768464000161934674), 0 },
	{ T "Debug m", "E", PRIORITY_DEBUG, INT64_C(43201000000002), EVENT_TIME_CLOCK },
	{ T "Informational m\r", "E", PRIORITY_INFORMATIONAL, INT64_C(43201000000002),
	    EVENT_TIME_CLOCK },
	{ "\x1b[32m" T "\x1b[31mWarning\x1b[0m m\x1b[0m", "E", PRIORITY_WARNING,
	    INT64_C(43201000000002), EVENT_TIME_CLOCK },
	/* Damage to the time or the priority does not lose the event. */
	{ T "Warn\x01ng m a=b", "E", PRIORITY_UNKNOWN, INT64_C(43201000000002),
	    EVENT_TIME_CLOCK | EVENT_REPAIRED },
	{ "12:00:\xff"
	  "1.000000002: Warning m user=a",
	    "E", PRIORITY_WARNING, TIME_NONE, EVENT_TIME_ARRIVAL | EVENT_REPAIRED },
	{ "99:00:01.000000002: Warning m user=a", "E", PRIORITY_WARNING, TIME_NONE,
	    EVENT_TIME_ARRIVAL | EVENT_REPAIRED },
	{ "12:00:01: Notice A shell was spawned in a container with an attached terminal", "E",
	    PRIORITY_NOTICE, INT64_C(43201000000000), EVENT_TIME_CLOCK | EVENT_REPAIRED },
	{ "\xff\xfe: Warning Bulk data has been removed from disk | user=a", "E", PRIORITY_WARNING,
	    TIME_NONE, EVENT_TIME_ARRIVAL | EVENT_REPAIRED },
	/* These are not Falco's. */
	{ "12:00:01: Error something", "R", PRIORITY_UNKNOWN, 0, 0 },
	{ T "Warning", "R", PRIORITY_UNKNOWN, 0, 0 },
	{ T "Warning ", "R", PRIORITY_UNKNOWN, 0, 0 },
	{ "word: Warning m a=b", "R", PRIORITY_UNKNOWN, 0, 0 },
	/* Falco's own records. */
	{ T "Debug Falco internal: syscall event drop. 7 system calls dropped in last second. (n_drops=\"7\" n_evts=\"9\")",
	    "I", PRIORITY_DEBUG, INT64_C(43201000000002), EVENT_TIME_CLOCK },
	{ T "Informational Falco metrics snapshot (evt.hostname=\"n1\" scap.n_drops=0)", "I",
	    PRIORITY_INFORMATIONAL, INT64_C(43201000000002), EVENT_TIME_CLOCK },
};

START_TEST(heads)
{
	const struct head_case *t = &head_cases[_i];
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decode_records(d, slice_of(t->line), &r, keep, NULL);
	ck_assert_msg(strcmp(r.verdicts, t->verdicts) == 0, "%s for %s", r.verdicts, t->line);
	if (t->verdicts[0] != 'R') {
		ck_assert_int_eq(got.priority, t->priority);
		ck_assert_int_eq(got.time, t->time);
		ck_assert_uint_eq(got.flags & (EVENT_REPAIRED | EVENT_TIME_ARRIVAL |
						  EVENT_TIME_CLOCK | EVENT_TIME_PEELED),
		    t->flags);
	}
	decoder_free(d);
}
END_TEST

START_TEST(internal_records)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decode_records(d, slice_of(head_cases[13].line), &r, keep, NULL);
	ck_assert_uint_eq(got.kernel_drops, 7);
	ck_assert(event_says(&got, "rule=Falco internal: syscall event drop"));
	ck_assert(event_says(&got, "source=internal"));
	decode_records(d,
	    SLICE(
		T "Critical Falco internal: syscall event drop. 12 system calls dropped in last s"),
	    &r, keep, NULL);
	ck_assert_uint_eq(got.kernel_drops, 12);
	decode_records(d, slice_of(head_cases[14].line), &r, keep, NULL);
	ck_assert(event_says(&got, "rule=Falco internal: metrics snapshot"));
	ck_assert(event_says(&got, "hostname=n1"));
	ck_assert_str_eq(r.verdicts, "III");
	decoder_free(d);
}
END_TEST

static const struct {
	const char *line;
	const char *verdicts;
} line_cases[] = {
	{ "Events detected: 3", "N" },
	{ "Rule counts by severity:", "N" },
	{ "   WARNING: 2", "N" },
	{ "   Terminal shell in container: 12", "N" },
	{ "Terminal shell in container: 12", "R" },
	{ "2026-04-06T15:31:32+0000: anything that Falco says", "N" },
	{ "Fri Sep  6 00:20:23 2019: Falco initialized with configuration file /etc/falco/falco.yaml",
	    "N" },
	{ "2026-04-06T15:31:32+0000:    /etc/falco/falco.yaml | schema validation: ok", "N" },
	{ "", "B" },
	{ "  \t", "B" },
	{ "some other program's line", "R" },
	/* Glue: every event is found, what is left of the rest is a record of its own. */
	{ T "Warning m user=aEvents detected: 1", "EN" },
	{ T "Warning m file=/torn" T "Notice n user=b", "EE" },
	{ T "Warning m file=/torn" ISO "Notice n user=b", "EE" },
	{ "torn end of a line" T "Notice n user=b", "RE" },
	{ T "Warning torn{\"rule\":\"R\",\"priority\":\"Error\",\"output\":\"o\"}", "EE" },
	{ "{\"rule\":\"R\",\"priority\":\"Error\",\"output\":\"o\"}" T "Warning m user=a", "EE" },
	{ "{\"rule\":\"R\",\"priori" T "Warning m user=a", "R" },
	/* A command that prints such a line has it as words of its own. */
	{ T "Warning m command=echo 12:00:01.000000002: Notice fake", "E" },
	{ T "Warning m command=echo '12:00:01.000000002: Notice fake'", "E" },
	{ T "Warning m command=echo {\"rule\":\"R\",\"priority\":\"Error\"}", "E" },
	{ T "Warning m command=x{\"rule\":\"R\",\"priority\":\"Error\"} terminal=0", "E" },
};

START_TEST(lines)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decode_records(d, slice_of(line_cases[_i].line), &r, NULL, NULL);
	ck_assert_msg(strcmp(r.verdicts, line_cases[_i].verdicts) == 0, "%s for: %s", r.verdicts,
	    line_cases[_i].line);
	decoder_free(d);
}
END_TEST

START_TEST(rule_table)
{
	unsigned n;
	const struct message_rule *row = message_rule_rows(&n);

	ck_assert_uint_gt(n, 90);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_msg(i == 0 || slice_cmp(row[i - 1].message, row[i].message) < 0,
		    "row %u is out of order", i);
		ck_assert_ptr_eq(message_rule_find(row[i].message), &row[i]);
	}
	ck_assert(slice_eq(
	    rule_of_message(SLICE("Drift detected (open+create), new executable created (user=x")),
	    SLICE("Container Drift Detected (open+create)")));
	ck_assert(
	    slice_eq(rule_of_message(SLICE("K8s Secret Created")), SLICE("K8s Secret Created")));
	ck_assert(
	    slice_eq(rule_of_message(SLICE(
			 "K8s Operation performed by user not in allowed list of users and more")),
		SLICE("Disallowed K8s User")));
	ck_assert_ptr_null(rule_of_message(SLICE("Namespace changes")).p);
	ck_assert_ptr_null(rule_of_message(SLICE("Namespace")).p);
	ck_assert_ptr_null(rule_of_message(SLICE("")).p);
}
END_TEST

static const struct {
	const char *text, *plain;
} escapes[] = {
	{ "a \\\"b\\\" c", "a \"b\" c" },
	{ "a\\u001b[31m", "a\x1b[31m" },
	{ "\\\"\\\\x\\n", "\"\\x\n" },
	/* Raw: a bare quote, a control character, a backslash that starts no escape, or no sure
	   sign. */
	{ "a \"b\\\" c", "a \"b\\\" c" },
	{ "a \\\"b\tc", "a \\\"b\tc" },
	{ "a \\\" \\x41", "a \\\" \\x41" },
	{ "printf a\\nb", "printf a\\nb" },
	{ "\\\"\\", "\\\"\\" },
	{ "\\\"\\u12", "\\\"\\u12" },
};

START_TEST(unescaping)
{
	struct arena scratch = { 0 };
	struct slice plain = text_unescape(slice_of(escapes[_i].text), &scratch);

	ck_assert_msg(slice_eq(plain, slice_of(escapes[_i].plain)), "%s", escapes[_i].text);
	arena_release(&scratch);
}
END_TEST

START_TEST(extras)
{
	static const char *const want[] = { "fd.nameraw", "proc.pid", "own.key", "proc.vpid",
		"absent" };
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decoder_want(d, want, 5);
	decode_records(d, SLICE(T "Warning m (fileraw=/a/../b pid=7 own_key=x y proc_vpid=8)"), &r,
	    keep, NULL);
	ck_assert_uint_eq(got.extra_present, 15);
	ck_assert(slice_eq(got.extra[0].text, SLICE("/a/../b")));
	ck_assert(slice_eq(got.extra[1].text, SLICE("7")));
	ck_assert(slice_eq(got.extra[2].text, SLICE("x y")));
	ck_assert(slice_eq(got.extra[3].text, SLICE("8")));
	decoder_free(d);
}
END_TEST

static void
note_key(const struct event_key *key, void *arg)
{
	char *out = arg;
	size_t n = strlen(out);

	snprintf(out + n, 512 - n, "%s%.*s=%.*s;", key->top_level ? "*" : "", (int)key->name.len,
	    key->name.p, (int)key->value.text.len, key->value.text.p);
}

START_TEST(every_key)
{
	struct decoder *d = decoder_new();
	struct slice line =
	    SLICE(T "Warning m (fileraw=/a aname[5]=x own=y user=root web (id=0123456789ab))");
	char out[512] = "";

	ck_assert(decode_every_key(d, line.p, line.len, note_key, out));
	ck_assert_str_eq(out,
	    "*time=12:00:01.000000002;*priority=Warning;*message=m;fd.nameraw=/a;proc.aname[5]=x;own=y;"
	    "user.name=root;container.name=web;container.id=0123456789ab;");
	decoder_free(d);
}
END_TEST

START_TEST(container_by_looks)
{
	struct decoder *d = decoder_new();
	struct slice named = SLICE(T "Warning m | container=helper a=b"),
		     numbered = SLICE(T "Warning m | container=0123456789ab a=b");
	char out[512] = "";

	ck_assert(decode_every_key(d, named.p, named.len, note_key, out));
	ck_assert_ptr_nonnull(strstr(out, ";container.name=helper;a=b;"));
	out[0] = '\0';
	ck_assert(decode_every_key(d, numbered.p, numbered.len, note_key, out));
	ck_assert_ptr_nonnull(strstr(out, ";container.id=0123456789ab;a=b;"));
	decoder_free(d);
}
END_TEST

START_TEST(hostile_flag)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decode_records(d, SLICE(T "Warning m user=a\x1b[2Jb file=x"), &r, keep, NULL);
	ck_assert(got.flags & EVENT_HOSTILE);
	ck_assert(event_says(&got, "user.name=a\x1b[2Jb"));
	decode_records(d, SLICE(T "Warning m user=<NA> command=a \\ \"b\" file=x"), &r, keep, NULL);
	ck_assert(!(got.flags & EVENT_HOSTILE));
	decoder_free(d);
}
END_TEST

/* More pairs than are kept, and pairs of nothing: bounded, and still one event. */
START_TEST(many_pairs)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };
	size_t len = strlen(T "Warning m "), n = 100000;
	char *line = malloc(len + n * 4);

	memcpy(line, T "Warning m ", len);
	for (size_t i = 0; i < n; i++)
		memcpy(line + len + i * 4, "a=b ", 4);
	decode_records(d, (struct slice){ line, len + n * 4 }, &r, keep, NULL);
	ck_assert_str_eq(r.verdicts, "E");
	free(line);
	decoder_free(d);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("decode/text");
	TCase *t = tcase_create("text");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, pairs, 0, COUNT(pairs_cases));
	tcase_add_loop_test(t, prefixes, 0, COUNT(pairs_cases));
	tcase_add_loop_test(t, heads, 0, COUNT(head_cases));
	tcase_add_test(t, internal_records);
	tcase_add_loop_test(t, lines, 0, COUNT(line_cases));
	tcase_add_test(t, rule_table);
	tcase_add_loop_test(t, unescaping, 0, COUNT(escapes));
	tcase_add_test(t, extras);
	tcase_add_test(t, every_key);
	tcase_add_test(t, container_by_looks);
	tcase_add_test(t, hostile_flag);
	tcase_add_test(t, many_pairs);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
