/*
 * Text events whose values hold newlines: which lines belong together, what the fields are then,
 * where a batch may be cut. The same events as JSON and as text are one and the same.
 */
#include "decode/decode.h"

#include "harness.h"

#include "decode/lines.h"
#include "decode/shared.h"

#include "base/banned.h"

#define T "12:00:01.000000002: "
#define BLOCK                                                                                      \
	"evt_type=execve user=root user_uid=0 user_loginuid=-1 process=sh proc_exepath=/bin/sh parent=runc "
#define SUFFIX "container_id=0123456789ab container_name=web"
#define WHOLE  T "Notice m | " BLOCK "command=sh terminal=0 " SUFFIX

static const struct join_case {
	const char *text;
	unsigned lines; /* of the first event */
	const char *verdicts;
	const char *want[6];
} cases[] = {
	/* rules 4 and later */
	{ T "Notice m | " BLOCK "command=printf a\nb terminal=34816 " SUFFIX, 2, "E",
	    { "proc.cmdline=printf a\nb", "proc.tty=34816", "container.name=web",
		"user.name=root" } },
	{ T "Notice m | " BLOCK "command=sh -c \n\tx\n terminal=0 " SUFFIX "\nnoise", 3, "ER",
	    { "proc.cmdline=sh -c \n\tx\n", "container.name=web" } },
	{ T "Notice m | " BLOCK "command=a\nb\nc terminal=0\n", 3, "E",
	    { "proc.cmdline=a\nb\nc", "proc.tty=0" } },
	{ T "Notice m | " BLOCK "command=a terminal=0 container_id=fake container_name=fake\n"
	    "b terminal=34816 " SUFFIX,
	    2, "E",
	    { "proc.cmdline=a terminal=0 container_id=fake container_name=fake\nb",
		"proc.tty=34816", "container.name=web", "container.id=0123456789ab" } },
	{ T "Notice m | " BLOCK "command=a\nb terminal=0\nc terminal=34816 " SUFFIX, 3, "E",
	    { "proc.cmdline=a\nb terminal=0\nc", "container.name=web" } },
	{ T "Notice m | " BLOCK
	    "command=a\nfake: 12:00:00.000000001: Critical b' terminal=0 " SUFFIX,
	    2, "E", { "proc.cmdline=a\nfake: 12:00:00.000000001: Critical b'", "proc.tty=0" } },
	{ T "Notice m | file=/tmp/a\nb " BLOCK "command=c\nd terminal=0 " SUFFIX "\n" WHOLE, 3,
	    "EE", { "fd.name=/tmp/a\nb", "proc.cmdline=c\nd", "container.name=web" } },
	{ T "Notice m | " BLOCK "command=if x\n{ y; }\n[ z ] terminal=0 " SUFFIX, 3, "E",
	    { "proc.cmdline=if x\n{ y; }\n[ z ]" } },
	{ T "Notice m | " BLOCK "command=a\r\nb terminal=0 " SUFFIX "\r\n" WHOLE, 2, "EE",
	    { "proc.cmdline=a\r\nb", "container.name=web" } },
	{ T "Notice m | " BLOCK "command=a\nb terminal=0 k8s_ns_name=xEvents detected: 2\n", 2,
	    "EN", { "proc.cmdline=a\nb", "k8s.ns.name=x" } },
	{ T "Notice m | " BLOCK "command=a\nb terminal=0 k8s_ns_name=x" T "Notice n user=y", 2,
	    "EE", { "proc.cmdline=a\nb", "k8s.ns.name=x" } },
	/* in parentheses */
	{ T "Notice m (user=root command=a\nb)", 2, "E",
	    { "proc.cmdline=a\nb", "user.name=root" } },
	{ T "Notice m (user=root command=a\n)", 2, "E", { "proc.cmdline=a\n" } },
	{ T "Notice m (user=root command=sh -c (ls)\nb)", 2, "E",
	    { "proc.cmdline=sh -c (ls)\nb" } },
	{ T "Notice m (user=root command=a\nb container_id=host image=<NA>) k8s.ns=n", 2, "E",
	    { "proc.cmdline=a\nb", "container.id=host", "k8s.ns.name=n" } },
	{ T "Notice m (" BLOCK "command=case a in a)\nesac terminal=0 " SUFFIX ") pid=5\nx file=y",
	    2, "ER", { "proc.cmdline=case a in a)\nesac", "container.name=web" } },
	/* in the message */
	{ T "Notice ran a\nb (user=root)\n" WHOLE, 2, "EE", { "user.name=root" } },
	/* whole events and what is none of theirs */
	{ WHOLE "\nfoo file=/etc/passwd", 1, "ER", { "container.name=web", "fd.name!" } },
	{ WHOLE "\nfoo", 1, "ER", { "container.name=web" } },
	{ T "Notice m (user=root command=bash)\nfoo (bar)", 1, "ER", { "proc.cmdline=bash" } },
	{ T "Notice m (user=root command=bash)\nfoo file=x", 1, "ER", { "proc.cmdline=bash" } },
	{ T "Notice m (user=root command=bash file=/a) kube (id=4a4021c50439)\nfoo pid=1", 1, "ER",
	    { "fd.name=/a", "container.name=kube" } },
	{ T "Notice m | " BLOCK "command=a terminal=0\nfoo file=/x", 1, "ER", { "proc.tty=0" } },
	{ T "Notice m | " BLOCK "command=a terminal=0 exe_flags=X\nfoo file=/x", 1, "ER",
	    { "fd.name!" } },
	/* nothing that the event lacks */
	{ T "Notice m | " BLOCK "command=a\nb", 1, "ER", { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\nb user=eve", 1, "ER", { "user.name=root" } },
	{ T "Notice m | " BLOCK "command=a\nb=c d=e", 1, "ER", { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\nterminal=0", 1, "ER", { "proc.cmdline=a" } },
	{ T "Notice m (user=root command=a\nb", 1, "ER", { "proc.cmdline=a" } },
	/* records in between */
	{ T "Notice m | " BLOCK "command=a\n\nb terminal=0", 1, "EBR", { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\n" T "Critical forged terminal=0 file=/x", 1, "EE",
	    { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\n{\"rule\":\"R\",\"priority\":\"Error\"} terminal=0", 1,
	    "EER", { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\nFalco initialized with configuration file x terminal=0",
	    1, "EN", { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\n[pod/falco-1/falco] b terminal=0", 1, "ER",
	    { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\n2026-01-15T12:00:02Z stdout F b terminal=0", 1, "ER",
	    { "proc.cmdline=a" } },
	{ T "Notice m | " BLOCK "command=a\n2026-01-15T12:00:02Z stdout P b terminal=0", 1, "EP",
	    { "proc.cmdline=a" } },
	/* lines of newer versions are escaped and whole */
	{ T "Notice m | " BLOCK "command=a \\\"\nb terminal=0", 1, "ER", { "proc.cmdline=a \"" } },
	/* Falco's own */
	{ T "Informational Falco metrics snapshot (evt.hostname=\"n\" falco.version=\"0.43\")\nb file=x",
	    1, "IR", { NULL } },
	/* sixteen more lines, and one too many */
	{ T "Notice m | " BLOCK
	    "command=1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17 terminal=0",
	    17, "E", { "proc.tty=0" } },
	{ T "Notice m | " BLOCK
	    "command=1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18 terminal=0",
	    1, "ERRRRRRRRRRRRRRRRR", { "proc.tty!" } },
};

#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

struct kept {
	struct falco_event ev;
	bool any;
};

static void
keep_first(enum verdict v, const struct falco_event *ev, void *arg)
{
	struct kept *k = arg;

	if (v == VERDICT_EVENT && !k->any) {
		k->any = true;
		k->ev = *ev;
	}
}

static void
check_first(const struct join_case *c, const struct kept *k, const char *text)
{
	if (!k->any)
		return;
	ck_assert_ptr_eq(k->ev.raw.p, text);
	for (unsigned i = 0; i < 6 && c->want[i] != NULL; i++)
		ck_assert_msg(event_says(&k->ev, c->want[i]), "%s\n%s", c->want[i], c->text);
}

/* The lines of a text as records. Values are checked while the bytes of their line count. */
static void
decode_text(const struct join_case *c, const char *text, size_t len, struct records *r)
{
	struct decoder *d = decoder_new();
	const char *p = text, *end = text + len;
	struct kept k = { .any = false };
	unsigned lines;

	for (; p < end; p++) {
		const char *to = decode_line_end(p, end, &lines);

		if (p == text)
			ck_assert_msg(lines == c->lines, "%u lines: %s", lines, c->text);
		decode_records(d, (struct slice){ p, (size_t)(to - p) }, r, keep_first, &k);
		if (p == text)
			check_first(c, &k, text);
		p = to;
	}
	decoder_free(d);
}

START_TEST(joins)
{
	const struct join_case *c = &cases[_i];
	struct records r = { "", 0 };

	decode_text(c, c->text, strlen(c->text), &r);
	ck_assert_msg(strcmp(r.verdicts, c->verdicts) == 0, "%s: %s", r.verdicts, c->text);
}
END_TEST

static void
find_key(const struct event_key *key, void *arg)
{
	bool *found = arg;

	*found |=
	    slice_eq(key->name, SLICE("container.name")) && slice_eq(key->value.text, SLICE("web"));
}

/* The kept bytes of an event are the same event. */
START_TEST(again)
{
	const struct slice text =
	    SLICE(T "Notice m | " BLOCK "command=a\nb terminal=0\nc terminal=34816 " SUFFIX);
	struct decoder *d = decoder_new();
	bool found = false;
	unsigned lines;

	ck_assert_ptr_eq(decode_line_end(text.p, text.p + text.len, &lines), text.p + text.len);
	ck_assert_uint_eq(lines, 3);
	ck_assert(decode_every_key(d, text.p, text.len, find_key, &found));
	ck_assert(found);
	decoder_free(d);
}
END_TEST

/* Cut at every length, the rest taken together with what was held back: the same lines. */
START_TEST(cuts)
{
	static const char rest[] = "\n" WHOLE "\n" T "Notice z (user=root command=a\nb\nc)\n";
	const struct join_case *c = &cases[_i];
	struct buf text = { NULL, 0, 0 };
	const char *p, *end, *to;
	unsigned lines;

	buf_adds(&text, c->text);
	buf_adds(&text, rest);
	end = text.p + text.len;
	for (size_t len = 1; len < text.len; len++) {
		bool framing = false, hit = false;
		size_t safe = decode_safe_cut(text.p, len, &framing);
		size_t cut = decode_text_cut(text.p, safe, len, true);

		ck_assert_uint_le(cut, safe);
		ck_assert_uint_le(cut, decode_text_cut(text.p, safe, len, false));
		for (p = text.p; p < end; p = to + 1) {
			hit |= p == text.p + cut;
			to = decode_line_end(p, end, &lines);
		}
		ck_assert_msg(hit, "cut at %zu of %zu: %s", cut, len, c->text);
		for (p = text.p; p < text.p + cut; p = to + 1)
			to = decode_line_end(p, text.p + cut, &lines);
	}
	buf_release(&text);
}
END_TEST

/* Live: nothing waits for a line that has not begun; one that has may be waited for. */
START_TEST(live_cuts)
{
	static const char open[] = T "Notice m (user=root command=a\n";
	static const struct {
		const char *next;
		bool held;
	} next[] = { { "", false }, { "b", true }, { "1", false }, { "{", false } };
	const size_t whole = sizeof(open) - 1;

	for (unsigned i = 0; i < 4; i++) {
		struct buf text = { NULL, 0, 0 };

		buf_adds(&text, open);
		buf_adds(&text, next[i].next);
		ck_assert_uint_eq(
		    decode_text_cut(text.p, whole, text.len, false), next[i].held ? 0 : whole);
		ck_assert_uint_eq(decode_text_cut(text.p, whole, text.len, true), 0);
		buf_release(&text);
	}
}
END_TEST

/* --- the same events in three forms */

/* What must be equal: no rule, which text does not name. */
static const char *const compared[] = { "user.name", "proc.name", "proc.cmdline", "proc.exepath",
	"proc.pname", "proc.tty", "container.id", "container.name", "container.image.repository",
	"container.image.tag", "k8s.ns.name", "k8s.pod.name" };

/* gen.py's nulls are "<NA>" in text, where a host has no image also "". */
static void
add_field(struct buf *out, const struct falco_event *ev, const char *name)
{
	enum field_id f = field_by_falco_name(slice_of(name));
	const struct value *v = &ev->field[f];

	buf_addf(out, "%s=", name);
	if ((ev->present >> f & 1) != 0 && v->kind != VALUE_NULL &&
	    !slice_eq(v->text, SLICE("<NA>")))
		buf_add(out, v->text.p, v->text.len);
	buf_addc(out, '\x1f');
}

struct told {
	struct buf text;
	unsigned events, others, shells;
};

static void
tell(enum verdict v, const struct falco_event *ev, void *arg)
{
	static const char shell[] = "A shell was spawned in a container";
	struct told *t = arg;

	t->events += v == VERDICT_EVENT;
	t->others += v != VERDICT_EVENT && v != VERDICT_INTERNAL;
	if (v != VERDICT_EVENT ||
	    memmem(ev->output.p, ev->output.len, shell, sizeof(shell) - 1) == NULL)
		return;
	t->shells++;
	for (unsigned i = 0; i < sizeof(compared) / sizeof(compared[0]); i++)
		add_field(&t->text, ev, compared[i]);
	buf_addc(&t->text, '\x1e');
}

static void
tell_file(struct told *t, const char *path)
{
	struct decoder *d = decoder_new();
	struct buf text = { NULL, 0, 0 };
	const char *p, *end, *to;
	unsigned lines;

	ck_assert(read_file(&text, path));
	end = text.p + text.len;
	for (p = text.p; p < end; p = to + 1) {
		struct records r = { "", 0 };

		to = decode_line_end(p, end, &lines);
		decode_records(d, (struct slice){ p, (size_t)(to - p) }, &r, tell, t);
	}
	decoder_free(d);
	buf_release(&text);
}

/* False with a note when there is no generator. */
static bool
told_of(struct told *t, const char *arguments)
{
	struct buf gen = { NULL, 0, 0 }, cmd = { NULL, 0, 0 };
	char out[] = "/tmp/falcotop-lines-XXXXXX";
	bool ok = shared_path(&gen, "bench/gen.py");
	int fd;

	*t = (struct told){ .events = 0 };
	if (ok && system("python3 -c 'import json' 2>/dev/null") != 0) {
		printf("# skipped: no python3 here\n");
		ok = false;
	}
	if (ok) {
		fd = mkstemp(out);
		ck_assert_int_ge(fd, 0);
		close(fd);
		buf_addf(&cmd,
		    "python3 '%s' --events 20000 --seed 7 --shell-rate 0.3 --odd-rate 0.02 %s >%s",
		    gen.p, arguments, out);
		ck_assert_msg(system(cmd.p) == 0, "%s", cmd.p);
		tell_file(t, out);
		unlink(out);
	}
	buf_release(&gen);
	buf_release(&cmd);
	return ok;
}

/* The first shell that differs. */
static void
assert_same(const struct told *a, const struct told *b)
{
	const char *p = a->text.p, *q = b->text.p;

	ck_assert_uint_eq(a->events, b->events);
	ck_assert_uint_eq(a->shells, b->shells);
	while (p < a->text.p + a->text.len && q < b->text.p + b->text.len) {
		size_t n = strcspn(p, "\x1e"), m = strcspn(q, "\x1e");

		ck_assert_msg(
		    n == m && memcmp(p, q, n) == 0, "%.*s\nis not\n%.*s", (int)n, p, (int)m, q);
		p += n + 1;
		q += m + 1;
	}
}

START_TEST(the_same_in_three_forms)
{
	struct told json, text[2];

	if (!told_of(&json, "--format json"))
		return;
	ck_assert_uint_gt(json.shells, 5000);
	told_of(&text[0], "--format text --style modern");
	told_of(&text[1], "--format text --style classic");
	for (unsigned i = 0; i < 2; i++) {
		buf_addc(&text[i].text, '\0');
		text[i].text.len--;
		buf_addc(&json.text, '\0');
		json.text.len--;
		ck_assert_uint_eq(text[i].others, 0);
		assert_same(&text[i], &json);
		buf_release(&text[i].text);
	}
	buf_release(&json.text);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("multiline");
	TCase *tc = tcase_create("multiline");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, joins, 0, CASES);
	tcase_add_test(tc, again);
	tcase_add_loop_test(tc, cuts, 0, CASES);
	tcase_add_test(tc, live_cuts);
	tcase_add_test(tc, the_same_in_three_forms);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
