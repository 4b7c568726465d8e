/* The filter language: what holds for which event, what is wrong where, and the normal form. */
#include "query/filter.h"

#include <stdio.h>

#include "base/clock.h"
#include "harness.h"
#include "synth.h"

/* One event: the fields named here; everything else is absent. */
static const struct field {
	const char *name, *value;
} event_fields[] = {
	{ "rule", "Terminal shell in container" },
	{ "user.name", "root" },
	{ "user.uid", "0" },
	{ "proc.name", "bash" },
	{ "proc.cmdline", "bash -c \"it's\" --x=1" },
	{ "proc.exepath", "/usr/bin/bash" },
	{ "container.name", "<NA>" },
	{ "container.image.tag", "" },
	{ "tags", "container shell mitre_execution T1059" },
	{ "fd.lport", "443" },
	{ "evt.arg.flags", "(O_RDONLY,O_CLOEXEC)" },
	/* outside the catalogue */
	{ "evt.num", "1768464000161934674" },
	{ "proc.aname[5]", "sshd" },
	{ "odd key", "yes" },
};
#define NULL_FIELD "k8s.ns.name" /* JSON null */
#define OUTPUT	   "08:00:00.1: Notice A shell was spawned in a container (user=root)"
#define RAW	   "{\"output\":\"...\",\"secret\":42}"
#define EVENT_TIME "2026-01-15T08:00:00.5Z"

static bool
holds(const char *text)
{
	struct symtab *symbols = symtab_new(10000, 1 << 20);
	struct schema *schema = schema_new();
	struct filter_error err;
	struct filter *f = filter_parse(text, &err);
	const struct schema_view *v;
	struct synth s;
	uint64_t out = ~(uint64_t)0;
	sym_t null = SYM_NULL;

	ck_assert_msg(f != NULL, "%s: %s at %zu", text, err.message, err.offset);
	ck_assert_msg(filter_bind(f, schema, &err), "%s: %s", text, err.message);
	v = schema_view(schema);
	synth_init(&s, symbols, 1);
	ck_assert(time_parse_iso(SLICE(EVENT_TIME), &s.time[0]));
	s.priority[0] = PRIORITY_WARNING;
	s.tests[0] = schema_run_tests(v, SLICE(OUTPUT), SLICE(RAW));
	synth_column(&s, field_by_name(SLICE(NULL_FIELD)), &null, 0);
	for (size_t i = 0; i < sizeof(event_fields) / sizeof(event_fields[0]); i++) {
		struct slice name = slice_of(event_fields[i].name),
			     value = slice_of(event_fields[i].value);
		unsigned field = field_by_name(name);
		sym_t symbol = symtab_intern(symbols, value.p, value.len);

		for (unsigned n = 0; field == FIELD_NONE && n < v->nfields; n++)
			if (v->field_name[n] != NULL && slice_eq(slice_of(v->field_name[n]), name))
				field = FIELD_DYNAMIC + n;
		if (field != FIELD_NONE)
			synth_column(&s, field, &symbol, 0);
	}
	filter_eval(f, &s.rows, &out);
	synth_release(&s);
	schema_view_release(v);
	filter_unbind(f, schema);
	filter_free(f);
	schema_free(schema);
	symtab_free(symbols);
	ck_assert_msg(out <= 1, "bits beyond the last row");
	return out == 1;
}

static const struct {
	const char *text;
	bool holds;
} cases[] = {
	{ "", true }, { "  \t", true }, { "user.name = root", true }, { "user.name=root", true },
	{ "user.name == root", true }, { "user = root", true }, /* ESCU's name */
	{ "user.name = 'root'", true }, { "user.name = \"root\"", true },
	{ "user.name = Root", false }, { "user.name != root", false },
	{ "user.name!=nobody", true }, { "user.uid < 1", true }, { "user.uid >= 1", false },
	{ "fd.lport > 80 and fd.lport <= 443.0", true }, { "rule < 5", false },
	{ "proc.cmdline contains --x=1", true }, { "proc.cmdline contains \"\\\"it's\\\"\"", true },
	{ "proc.cmdline contains '\"it\\'s\"'", true }, { "rule icontains 'TERMINAL SHELL'", true },
	{ "rule startswith Term", true }, { "rule endswith Term", false },
	{ "proc.exepath glob /usr/*/ba?h", true }, { "proc.exepath iglob /USR/*", true },
	{ "proc.exepath regex '^/usr/(bin|sbin)/\\w+$'", true },
	{ "proc.exepath regex \"bin/b\\.sh\"", false },
	{ "proc.exepath pmatch (/opt, /usr/bin)", true },
	{ "proc.name in (sh, 'bash', \"zsh\")", true }, { "proc.name in(sh)", false },
	{ "not proc.name in (sh)", true },
	{ "evt.arg.flags intersects (O_WRONLY, O_CLOEXEC)", true },
	{ "evt.arg.flags intersects (O_WRONLY)", false },
	/* tags: any of them */
	{ "tags in (T1059, T1110)", true }, { "tags in (T1)", false },
	{ "tags intersects (shell)", true }, { "tags = shell", true }, { "tags != shell", false },
	{ "tags != file", true }, { "tags contains mitre", true }, { "tags startswith T10", true },
	/* four kinds of nothing */
	{ "user.name exists", true }, { "container.name exists", true },
	{ "container.name = <NA>", true }, { "container.image.tag exists", true },
	{ "container.image.tag = ''", true }, { "k8s.ns.name exists", false },
	{ "k8s.ns.name = ''", false }, { "k8s.ns.name != default", true },
	{ "k8s.pod.name exists", false }, { "k8s.pod.name != x", true },
	{ "k8s.pod.name in (x)", false }, { "k8s.pod.name < 5", false },
	/* priority by level */
	{ "priority = Warning", true }, { "priority=warning", true },
	{ "priority >= warning", true }, { "priority > warning", false },
	{ "priority < critical", true }, { "priority <= info", false },
	{ "priority in (Critical, WARNING)", true }, { "priority != debug", true },
	{ "priority exists", true }, { "priority icontains WARN", true },
	{ "priority glob 'W*'", true }, { "priority = unknown", false },
	/* time */
	{ "time >= 2026-01-15T08:00:00Z", true }, { "time < 2026-01-15T08:00:00Z", false },
	{ "time = 2026-01-15T08:00:00.5Z", true },
	{ "time != '2026-01-15T09:00:00.5+01:00'", false }, { "time > 2026-01-15", true },
	{ "time exists", true },
	/* output and raw */
	{ "shell", true }, { "\"a SHELL was spawned\"", true }, { "'no such thing'", false },
	{ "output contains 'A shell'", true }, { "output contains 'a shell'", false },
	{ "output regex 'user=\\w+\\)$'", true }, { "output exists", true },
	{ "output != x", true }, { "raw contains secret and not raw contains 43", true },
	/* outside the catalogue */
	{ "evt.num > 1768464000161934673", true }, { "evt.num > 1768464000161934674", false },
	{ "proc.aname[5] = sshd", true }, { "'odd key' = yes", true },
	{ "evt.nothing exists", false }, { "evt.nothing != 1", true },
	/* and or not */
	{ "user=root and proc.name=bash", true }, { "user=root and proc.name=sh", false },
	{ "user=x or proc.name=bash", true },
	{ "user=root or user=x and user=y", true }, /* and binds tighter */
	{ "(user=root or user=x) and user=y", false },
	{ "not user=x and user=root", true }, /* not tightest */
	{ "not (user=x or user=root)", false }, { "not not user=root", true },
	{ "NOT user=x AND user=root", true }, { "not(user=x)and(user=root)", true },
	{ "user IN (root) and user CONTAINS oo", true },
	{ "user=root and not exists", true }, /* a word that stands alone is searched for */
};

START_TEST(test_holds)
{
	ck_assert_msg(holds(cases[_i].text) == cases[_i].holds, "%s", cases[_i].text);
}
END_TEST

static const struct {
	const char *text;
	size_t offset;
	const char *message; /* its start */
} errors[] = {
	{ "user.name = ", 12, "expected a value after =" },
	{ "user.name =", 11, "expected a value after =" },
	{ "user.name = and", 12, "expected a value after =" },
	{ "user.name = = x", 12, "expected a value after =" },
	{ "user.name contains )", 19, "expected a value after contains" },
	{ "user.name like x", 10, "no operator \"like\": = != <" },
	{ "user.name ~ x", 10, "no operator \"~\"" },
	{ "a = b c", 6, "expected \"and\" or \"or\"" },
	{ "a = b and", 9, "expected a term" },
	{ "a = b and and c = d", 10, "expected a field or a word" },
	{ "or a = b", 0, "expected a field or a word" },
	{ "= x", 0, "expected a field or a word" },
	{ "not", 3, "expected a term" },
	{ "(a = b", 0, "no closing ) for this (" },
	{ "x and (a = b", 6, "no closing ) for this (" },
	{ "a = b)", 5, "no ( for this )" },
	{ "a = b) and c", 5, "no ( for this )" },
	{ "()", 1, "expected a term before )" },
	{ "a in x", 5, "expected a list in parentheses after in" },
	{ "a in (x", 5, "no closing ) for this list" },
	{ "a in (x y)", 8, "expected , or ) in the list" },
	{ "a in (x,)", 8, "expected a value in the list" },
	{ "a in ()", 6, "expected a value in the list" },
	{ "a = 'x", 4, "no closing ' for this quote" },
	{ "a = \"x'", 4, "no closing \" for this quote" },
	{ "priority = high", 11, "no priority \"high\": emergency" },
	{ "priority >= 3", 12, "no priority \"3\"" },
	{ "priority in (error, bad)", 20, "no priority \"bad\"" },
	{ "time > yesterday", 7, "expected a time such as" },
	{ "time > -2040424d", 7, "a time out of range" },
	{ "time contains 2026", 0, "time is compared with" },
	{ "user.uid < x", 11, "expected a number after <" },
	{ "user.uid >= 0x10", 12, "expected a number after >=" },
	{ "a regex '('", 10, "bad regular expression: " },
	{ "a regex 'b\\'c('", 14, "bad regular expression: " },
	{ "a regex [", 9, "bad regular expression: " },
	{ "''", 0, "nothing to search for" },
	{ "'' = x", 0, "expected a field name" },
	{ "user,name", 4, "expected an operator, and, or after \"user\"" },
	{ "user 'root'", 5, "expected an operator, and, or after \"user\"" },
	{ "user.name = a or user.name = <\x1b[31m>)", 36, "no ( for this )" },
	{ "a \x1b[31m b", 2, "no operator \"?[31m\"" },
};

START_TEST(test_errors)
{
	struct filter_error err;

	ck_assert_ptr_null(filter_parse(errors[_i].text, &err));
	ck_assert_msg(strncmp(err.message, errors[_i].message, strlen(errors[_i].message)) == 0,
	    "%s: %s at %zu", errors[_i].text, err.message, err.offset);
	ck_assert_msg(err.offset == errors[_i].offset, "%s: %s at %zu", errors[_i].text,
	    err.message, err.offset);
	for (const char *p = err.message; *p != '\0'; p++)
		ck_assert(*p >= 0x20 && *p < 0x7f);
}
END_TEST

/* n times a, then mid, then n times z. */
static char *
wrap(const char *a, unsigned n, const char *mid, const char *z)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < n; i++)
		buf_adds(&b, a);
	buf_adds(&b, mid);
	for (unsigned i = 0; i < n; i++)
		buf_adds(&b, z);
	return buf_steal(&b);
}

static void
refused(char *text, const char *message)
{
	struct filter_error err;

	ck_assert_ptr_null(filter_parse(text, &err));
	ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
	free(text);
}

static void
accepted(char *text)
{
	struct filter_error err;
	struct filter *f = filter_parse(text, &err);

	ck_assert_msg(f != NULL, "%s at %zu", err.message, err.offset);
	filter_free(f);
	free(text);
}

START_TEST(test_caps)
{
	accepted(wrap("(", 64, "x", ")"));
	refused(wrap("(", 65, "x", ")"), "nested more than 64 deep");
	accepted(wrap("not ", 64, "x", ""));
	refused(wrap("not ", 65, "x", ""), "nested more than 64 deep");
	refused(wrap("(", 16000, "x", ""), "nested more than 64 deep");
	accepted(wrap("x or ", 3000, "x", ""));
	refused(wrap("x or ", 4000, "x", ""), "filter longer than 16384 bytes");
	refused(wrap("n", 257, " = x", ""), "field name too long");
}
END_TEST

static const struct {
	const char *text, *printed;
} prints[] = {
	{ "", "" },
	{ "user=root", "user.name = root" },
	{ "user == 'root'", "user.name = root" },
	{ "proc.name IN ( sh ,'b c' )", "proc.name in (sh, 'b c')" },
	{ "((user=a))and(proc.name=b and(fd.name=c))",
	    "user.name = a and proc.name = b and fd.name = c" },
	{ "(user=a or user=b) and not (user=c)",
	    "(user.name = a or user.name = b) and not user.name = c" },
	{ "not not not user=a", "not user.name = a" },
	{ "not not (user=a and user=b) and user=c",
	    "user.name = a and user.name = b and user.name = c" },
	{ "not (user=a and user=b)", "not (user.name = a and user.name = b)" },
	{ "(user=a and user=b) or user=c", "user.name = a and user.name = b or user.name = c" },
	{ "output icontains shell", "shell" },
	{ "output icontains ''", "output icontains ''" },
	{ "'A shell' or \"and\"", "'A shell' or 'and'" },
	{ "priority>=INFO", "priority >= Informational" },
	{ "priority in (crit , error)", "" }, /* an error: see below */
	{ "time>2026-01-15", "time > 2026-01-15T00:00:00.000000000Z" },
	{ "user = \"it's\"", "user.name = \"it's\"" },
	{ "user = 'say \"it\\'s\"'", "user.name = \"say \\\"it's\\\"\"" },
	{ "user = '\\\\'", "user.name = '\\\\'" },
	{ "a regex '\\d+\\.x'", "a regex '\\d+\\.x'" },
	{ "k8s.ns.name exists", "k8s.ns.name exists" },
	{ "proc.aname[7]=x", "proc.aname[7] = x" },
	{ "json.value[/a b] = x", "json.value[/a b] = x" },
	{ "\"not\" = x", "'not' = x" },
	{ "user = <NA>", "user.name = '<NA>'" },
	{ "tags intersects (a)", "tags intersects (a)" },
};

START_TEST(test_print)
{
	struct filter_error err;
	struct filter *f = filter_parse(prints[_i].text, &err), *again;
	char *once, *twice;

	if (f == NULL) {
		ck_assert_str_eq(prints[_i].printed, "");
		return;
	}
	once = filter_print(f);
	ck_assert_str_eq(once, prints[_i].printed);
	again = filter_parse(once, &err);
	ck_assert_ptr_nonnull(again);
	twice = filter_print(again);
	ck_assert_str_eq(once, twice);
	ck_assert(filter_is_all(f) == (once[0] == '\0'));
	free(once);
	free(twice);
	filter_free(f);
	filter_free(again);
}
END_TEST

/* Any bytes, quoted, read back as themselves, as a value and as a word alone. */
START_TEST(test_quote)
{
	uint64_t state = 99;

	for (int round = 0; round < 20000; round++) {
		static const char alphabet[] = "\\\\'\"x00 a(),=\n\x80\xff\x1b-";
		char value[12];
		struct buf text = { 0 };
		struct filter_error err;
		size_t len = synth_random(&state) % sizeof(value);
		struct filter *f;
		char *printed;

		for (size_t i = 0; i < len; i++)
			value[i] = alphabet[synth_random(&state) % sizeof(alphabet)];
		buf_adds(&text, "user.name = ");
		filter_quote(&text, (struct slice){ value, len });
		f = filter_parse(text.p, &err);
		ck_assert_msg(f != NULL, "%s: %s", text.p, err.message);
		printed = filter_print(f);
		ck_assert_str_eq(printed, text.p);
		free(printed);
		filter_free(f);
		buf_release(&text);
	}
}
END_TEST

/* The value that was quoted is the value that matches. */
START_TEST(test_quote_matches)
{
	static const char *const values[] = { "bash", "it's", "a \"b\"", "\\", "\\'", "x\\",
		"\\\\x00", "\\x00", "and", "in", "<NA>", "(a)", "a,b", "\xff\xfe", "a\nb", "exists",
		"=x", "", "'\"", "a\\\"b'" };
	struct symtab *symbols = symtab_new(1000, 1 << 20);
	struct schema *schema = schema_new();
	struct filter_error err;

	for (size_t i = 0; i <= sizeof(values) / sizeof(values[0]); i++) {
		/* the last round: a NUL in the middle */
		struct slice v =
		    i < sizeof(values) / sizeof(values[0]) ? slice_of(values[i]) : SLICE("a\0b");
		sym_t symbol = symtab_intern(symbols, v.p, v.len);
		struct buf text = { 0 };
		struct filter *f;
		struct synth s;
		uint64_t out;

		buf_adds(&text, "user.name=");
		filter_quote(&text, v);
		f = filter_parse(text.p, &err);
		ck_assert_msg(
		    f != NULL && filter_bind(f, schema, &err), "%s: %s", text.p, err.message);
		synth_init(&s, symbols, 1);
		synth_column(&s, FIELD_USER, &symbol, 0);
		filter_eval(f, &s.rows, &out);
		ck_assert_msg(out == 1, "%s", text.p);
		synth_release(&s);
		filter_unbind(f, schema);
		filter_free(f);
		buf_release(&text);
	}
	schema_free(schema);
	symtab_free(symbols);
}
END_TEST

START_TEST(test_bind)
{
	struct schema *schema = schema_new();
	struct filter_error err;
	struct filter *f = filter_parse("evt.a = 1 and evt.b = 2 and shell and evt.a = 3", &err),
		      *g;
	struct buf many = { 0 };
	const struct schema_view *v;

	ck_assert(filter_bind(f, schema, &err));
	ck_assert_uint_eq(filter_field_slots(f), 3);
	ck_assert_uint_eq(filter_test_slots(f), 1);
	for (int i = 0; i < SCHEMA_FIELDS - 1; i++)
		buf_addf(&many, "%sevt.x%d = 1", i > 0 ? " or " : "", i);
	g = filter_parse(many.p, &err);
	ck_assert(!filter_bind(g, schema, &err));
	ck_assert_uint_eq(err.offset, (size_t)(strstr(many.p, "evt.x14") - many.p));
	ck_assert_ptr_nonnull(strstr(err.message, "too many fields"));
	filter_unbind(f, schema);
	ck_assert_uint_eq(filter_field_slots(f) | filter_test_slots(f), 0);
	ck_assert(filter_bind(g, schema, &err)); /* the failed one kept nothing */
	filter_unbind(g, schema);
	v = schema_view(schema);
	ck_assert_uint_eq(v->nfields + v->ntests, 0);
	schema_view_release(v);
	filter_free(f);
	filter_free(g);
	buf_clear(&many);
	for (int i = 0; i <= SCHEMA_TESTS; i++)
		buf_addf(&many, "%sw%d", i > 0 ? " or " : "", i);
	g = filter_parse(many.p, &err);
	ck_assert(!filter_bind(g, schema, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "too many searches"));
	filter_free(g);
	buf_release(&many);
	schema_free(schema);
}
END_TEST

START_TEST(test_relative_time)
{
	struct filter_error err;
	struct filter *f;
	int64_t now;
	char *text;

	ck_assert(time_parse_iso(SLICE("2026-01-15T08:00:00Z"), &now));
	clock_set(now);
	f = filter_parse("time >= -15m", &err);
	clock_set(0);
	ck_assert_ptr_nonnull(f);
	text = filter_print(f);
	ck_assert_str_eq(text, "time >= 2026-01-15T07:45:00.000000000Z");
	free(text);
	filter_free(f);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("filter");
	TCase *t = tcase_create("filter");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_holds, 0, COUNT(cases));
	tcase_add_loop_test(t, test_errors, 0, COUNT(errors));
	tcase_add_loop_test(t, test_print, 0, COUNT(prints));
	tcase_add_test(t, test_caps);
	tcase_add_test(t, test_quote);
	tcase_add_test(t, test_quote_matches);
	tcase_add_test(t, test_bind);
	tcase_add_test(t, test_relative_time);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
