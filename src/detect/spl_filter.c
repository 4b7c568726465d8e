/*
 * An expression over events as a filter in Falco's syntax, which is what everything else here runs,
 * shows and edits. What Splunk knows and Falco does not: = ignores case and has wildcards (iglob),
 * != wants the field to be there, a field that fillnull filled has a value everywhere.
 */
#include "detect/spl_private.h"

#include <stdlib.h>
#include <strings.h>

#include "query/number.h"
#include "base/banned.h"

/* What an expression comes to: some are known without an event. */
enum truth { TRUE_FOR_ALL, FALSE_FOR_ALL, TRUE_FOR_SOME, BAD };

static enum truth print(struct spl_parser *p, const struct spl_expr *e, struct buf *out);

static bool
is(struct slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

static bool
has_wildcard(struct slice s)
{
	return memchr(s.p, '*', s.len) != NULL;
}

void
spl_glob(struct buf *out, struct slice value)
{
	buf_adds(out, "");
	for (size_t i = 0; i < value.len; i++) {
		if (memchr("?[]\\", value.p[i], 4) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, value.p[i]);
	}
}

static bool
glob_holds(struct slice value, struct slice text)
{
	struct buf glob = { 0 };
	bool ok;

	spl_glob(&glob, value);
	ok = glob_match(buf_slice(&glob), text, true);
	buf_release(&glob);
	return ok;
}

/* Splunk's own fields: they say where an event came from, and everything here came from Falco. */
static enum truth
about_splunk(struct spl_parser *p, const struct spl_expr *e, struct slice field)
{
	static const char *const time[] = { "earliest", "latest", "_time", "_index_earliest",
		"_index_latest", "starttime", "endtime", "eventtype", "tag", "savedsearch" };
	bool holds;

	for (size_t i = 0; i < sizeof(time) / sizeof(time[0]); i++) {
		if (is(field, time[i])) {
			spl_fail(p, e->at, field, "this field cannot be searched by here");
			return BAD;
		}
	}
	if (is(field, "index") || is(field, "splunk_server"))
		return TRUE_FOR_ALL; /* what is read is what the user chose */
	holds = glob_holds(e->value, SLICE("kube:container:falco"));
	if (!holds)
		p->foreign = e;
	return holds == (e->op == SPL_EQ) ? TRUE_FOR_ALL : FALSE_FOR_ALL;
}

static bool
is_splunk_field(struct slice field)
{
	static const char *const names[] = { "sourcetype", "index", "splunk_server", "earliest",
		"latest", "_time", "_index_earliest", "_index_latest", "starttime", "endtime",
		"eventtype", "tag", "savedsearch" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(field, names[i]))
			return true;
	return false;
}

/* A regular expression for one element of a list that is one text: (a,b), ["a","b"], a b. exact:
 * case counts, * is no wildcard. */
void
spl_print_element(struct buf *out, struct slice value, bool exact)
{
	struct buf re = { 0 };

	buf_adds(&re, exact ? "" : "(?i)");
	buf_adds(&re, "(^|[(,\\[\" ])");
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];

		if (c == '*' && !exact) {
			buf_adds(&re, "[^,\"]*");
			continue;
		}
		if (strchr("\\^$.[]|()?*+{}#-/ ", c) != NULL)
			buf_addc(&re, '\\');
		buf_addc(&re, c);
	}
	buf_adds(&re, "($|[),\\]\" ])");
	buf_adds(out, " regex ");
	filter_quote(out, buf_slice(&re));
	buf_release(&re);
}

static void
print_equal(struct buf *out, struct slice name, bool list, struct slice value)
{
	struct buf glob = { 0 };

	filter_quote(out, name);
	if (list) {
		spl_print_element(out, value, false);
		return;
	}
	spl_glob(&glob, value);
	buf_adds(out, " iglob ");
	filter_quote(out, buf_slice(&glob));
	buf_release(&glob);
}

static void
print_exists(struct buf *out, struct slice name)
{
	filter_quote(out, name);
	buf_adds(out, " exists");
}

static bool
is_only_stars(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '*')
			return false;
	return s.len > 0;
}

/* field = value, field != value. */
static enum truth
print_match(struct buf *out, const struct spl_expr *e, struct slice name, bool list,
    struct slice value, const struct slice *fill)
{
	bool filled = fill != NULL && glob_holds(value, *fill);

	if (is_only_stars(value)) {
		if (fill != NULL || e->op == SPL_NE)
			return e->op == SPL_NE ? FALSE_FOR_ALL : TRUE_FOR_ALL;
		print_exists(out, name);
		return TRUE_FOR_SOME;
	}
	buf_addc(out, '(');
	if (e->op == SPL_NE && (fill == NULL || filled)) {
		print_exists(out, name);
		buf_adds(out, " and ");
	}
	if (e->op == SPL_NE)
		buf_adds(out, "not ");
	print_equal(out, name, list, value);
	if (e->op == SPL_EQ && filled) {
		buf_adds(out, " or not ");
		print_exists(out, name);
	}
	buf_addc(out, ')');
	return TRUE_FOR_SOME;
}

static bool
order_holds(enum spl_op op, int c)
{
	switch (op) {
	case SPL_LT: return c < 0;
	case SPL_LE: return c <= 0;
	case SPL_GT: return c > 0;
	case SPL_GE: return c >= 0;
	case SPL_EQ: return c == 0;
	case SPL_NE: break;
	}
	return c != 0;
}

static enum truth
print_order(struct spl_parser *p, const struct spl_expr *e, struct slice name,
    const struct slice *fill, struct buf *out)
{
	static const char *const word[] = {
		[SPL_LT] = "<", [SPL_LE] = "<=", [SPL_GT] = ">", [SPL_GE] = ">="
	};
	struct number wanted, filled;

	if (!number_parse(e->value, &wanted)) {
		spl_fail(p, e->at, e->value, "expected a number to compare with");
		return BAD;
	}
	buf_addc(out, '(');
	filter_quote(out, name);
	buf_addf(out, " %s ", word[e->op]);
	filter_quote(out, e->value);
	if (fill != NULL && number_parse(*fill, &filled) &&
	    order_holds(e->op, number_cmp(&filled, &wanted))) {
		buf_adds(out, " or not ");
		print_exists(out, name);
	}
	buf_addc(out, ')');
	return TRUE_FOR_SOME;
}

static enum truth
print_compare(struct spl_parser *p, const struct spl_expr *e, struct buf *out)
{
	const struct spl_token token = { .text = e->field, .at = e->at };
	struct slice field, name, value = e->value;
	const struct slice *fill;
	bool list;

	if (!spl_resolve(p, &token, &field))
		return BAD;
	if (is_splunk_field(field))
		return about_splunk(p, e, field);
	name = spl_field(field, &list);
	fill = spl_filled(p, field);
	if (is(field, "source") && is(value, "kubernetes")) {
		value = SLICE("k8s_audit"); /* what Splunk's collector calls that source */
		p->spl->audit = p->spl->audit || e->op == SPL_EQ;
	}
	if (e->op == SPL_EQ || e->op == SPL_NE)
		return print_match(out, e, name, list, value, fill);
	return print_order(p, e, name, fill, out);
}

/* Stars at the ends of a word change nothing when it may stand anywhere. */
static enum truth
print_phrase(const struct spl_expr *e, struct buf *out)
{
	struct slice s = e->value;
	struct buf glob = { 0 };

	while (s.len > 0 && s.p[0] == '*')
		s = (struct slice){ s.p + 1, s.len - 1 };
	while (s.len > 0 && s.p[s.len - 1] == '*')
		s.len--;
	if (!has_wildcard(s)) {
		buf_adds(out, "raw icontains ");
		filter_quote(out, s);
		return TRUE_FOR_SOME;
	}
	buf_addc(&glob, '*');
	spl_glob(&glob, s);
	buf_addc(&glob, '*');
	buf_adds(out, "raw iglob ");
	filter_quote(out, buf_slice(&glob));
	buf_release(&glob);
	return TRUE_FOR_SOME;
}

/* AND, OR: parts that are known beforehand fall away or decide. */
static enum truth
print_chain(struct spl_parser *p, const struct spl_expr *e, struct buf *out)
{
	const bool all = e->kind == SPL_AND;
	const size_t start = out->len;
	unsigned n = 0;

	buf_addc(out, '(');
	for (const struct spl_expr *c = e->child; c != NULL; c = c->next) {
		size_t before = out->len;
		enum truth t;

		if (n > 0)
			buf_adds(out, all ? " and " : " or ");
		t = print(p, c, out);
		if (t == BAD)
			return BAD;
		if (t == (all ? FALSE_FOR_ALL : TRUE_FOR_ALL)) {
			out->len = start;
			return t;
		}
		if (t == TRUE_FOR_SOME)
			n++;
		else
			out->len = before;
	}
	buf_addc(out, ')');
	if (n > 0)
		return TRUE_FOR_SOME;
	out->len = start;
	return all ? TRUE_FOR_ALL : FALSE_FOR_ALL;
}

static enum truth
print_not(struct spl_parser *p, const struct spl_expr *e, struct buf *out)
{
	size_t start = out->len;
	enum truth t;

	buf_adds(out, "not (");
	t = print(p, e->child, out);
	if (t == TRUE_FOR_SOME || t == BAD) {
		buf_addc(out, ')');
		return t;
	}
	out->len = start;
	return t == TRUE_FOR_ALL ? FALSE_FOR_ALL : TRUE_FOR_ALL;
}

static enum truth
print(struct spl_parser *p, const struct spl_expr *e, struct buf *out)
{
	switch (e->kind) {
	case SPL_AND:
	case SPL_OR: return print_chain(p, e, out);
	case SPL_NOT: return print_not(p, e, out);
	case SPL_COMPARE: return print_compare(p, e, out);
	case SPL_PHRASE: return print_phrase(e, out);
	default: return TRUE_FOR_ALL;
	}
}

/* In the form that people would write: no parentheses that change nothing. */
static bool
tidy(struct spl_parser *p, size_t at, const char *text)
{
	struct filter_error err;
	struct filter *f = filter_parse(text, &err);
	char *printed;

	if (f == NULL)
		return spl_fail(p, at, (struct slice){ NULL, 0 }, "as a filter: %s", err.message);
	printed = filter_print(f);
	filter_free(f);
	query_and(&p->base, printed);
	free(printed);
	return true;
}

bool
spl_filter_add(struct spl_parser *p, const struct spl_expr *e)
{
	struct buf text = { 0 };
	enum truth t;
	bool ok = true;

	buf_adds(&text, "");
	t = print(p, e, &text);
	if (t == FALSE_FOR_ALL && p->foreign != NULL)
		ok = spl_fail(p, p->foreign->at, p->foreign->value,
		    "events of this sourcetype are not Falco's");
	else if (t == FALSE_FOR_ALL)
		ok = spl_fail(p, e->at, (struct slice){ NULL, 0 }, "this keeps no event at all");
	else if (t == TRUE_FOR_SOME) {
		buf_addc(&text, '\0');
		ok = tidy(p, e->at, text.p);
	}
	buf_release(&text);
	return ok && t != BAD;
}
