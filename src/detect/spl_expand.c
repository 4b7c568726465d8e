/*
 * Macros: texts in place of `name` and `name(a, b)`, before anything is parsed, as Splunk does it;
 * comments between three backticks go. Every byte remembers the byte of the search that it stands
 * for, so that errors show a place that the reader can find.
 */
#include "detect/spl_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define MACRO_DEPTH 8
#define MACRO_CALLS 1000 /* in all: texts that are empty cost time too */

struct expander {
	const struct macros *macros;
	const char *filter_macro;
	struct spl_expansion *out;
	struct spl_error *err;
	struct slice search;
	unsigned depth, calls;
};

static bool expand(struct expander *x, struct slice text, size_t origin, bool fixed);

void
spl_error_place(struct spl_error *err, struct slice search, size_t offset)
{
	const char *p = search.p, *line = p;

	if (offset > search.len)
		offset = search.len;
	err->offset = offset;
	err->line = 1;
	for (size_t i = 0; i < offset; i++) {
		if (p[i] == '\n') {
			err->line++;
			line = p + i + 1;
		}
	}
	err->column = (unsigned)(p + offset - line) + 1;
}

static bool
fail(struct expander *x, size_t at, struct slice word, const char *what)
{
	size_t n = word.len < sizeof(x->err->word) ? word.len : sizeof(x->err->word) - 1;

	spl_error_place(x->err, x->search, at);
	if (n > 0)
		memcpy(x->err->word, word.p, n);
	x->err->word[n] = '\0';
	snprintf(x->err->message, sizeof(x->err->message), "%s", what);
	return false;
}

static bool
emit(struct expander *x, const char *p, size_t len, size_t origin, bool fixed)
{
	struct spl_expansion *o = x->out;

	if (o->text.len + len > SPL_TEXT_MAX)
		return fail(x, origin, (struct slice){ NULL, 0 },
		    "the search is too long with its macros replaced");
	while (o->text.len + len + 1 > o->cap) {
		o->cap = o->cap == 0 ? 1024 : o->cap * 2;
		o->origin = xreallocarray(o->origin, o->cap, sizeof(*o->origin));
	}
	for (size_t i = 0; i < len; i++)
		o->origin[o->text.len + i] = (uint32_t)(fixed ? origin : origin + i);
	buf_add(&o->text, p, len);
	return true;
}

/* End of a quoted string that starts at i: after its closing quote, or of the text. */
static size_t
string_end(struct slice t, size_t i)
{
	for (i++; i < t.len && t.p[i] != '"'; i++)
		if (t.p[i] == '\\' && i + 1 < t.len)
			i++;
	return i < t.len ? i + 1 : t.len;
}

static struct slice
trim(struct slice s)
{
	while (s.len > 0 && isspace((unsigned char)s.p[0]))
		s = (struct slice){ s.p + 1, s.len - 1 };
	while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return s;
}

/* The arguments between the parentheses of a call. False when there are too many. */
static bool
split_arguments(struct slice list, struct slice out[MACRO_ARGUMENTS], unsigned *n)
{
	size_t from = 0;

	*n = 0;
	if (trim(list).len == 0)
		return true;
	for (size_t i = 0; i <= list.len;) {
		if (i < list.len && list.p[i] == '"') {
			i = string_end(list, i);
			continue;
		}
		if (i == list.len || list.p[i] == ',') {
			struct slice one = trim((struct slice){ list.p + from, i - from });

			if (*n == MACRO_ARGUMENTS)
				return false;
			if (one.len >= 2 && one.p[0] == '"' && one.p[one.len - 1] == '"')
				one = (struct slice){ one.p + 1, one.len - 2 };
			out[(*n)++] = one;
			from = i + 1;
		}
		i++;
	}
	return true;
}

/* The definition with $name$ replaced by the call's arguments. */
static void
substitute(struct expander *x, struct slice name, const char *definition,
    const struct slice *argument, unsigned n, struct buf *out)
{
	const char *p = definition;

	buf_adds(out, "");
	while (*p != '\0') {
		const char *close = *p == '$' ? strchr(p + 1, '$') : NULL;
		unsigned i;

		for (i = 0; close != NULL && i < n; i++)
			if (slice_eq(macros_argument(x->macros, name, i),
				(struct slice){ p + 1, (size_t)(close - p) - 1 }))
				break;
		if (close == NULL || i == n) {
			buf_addc(out, *p++);
			continue;
		}
		buf_add(out, argument[i].p, argument[i].len);
		p = close + 1;
		if (out->len > SPL_TEXT_MAX)
			return;
	}
}

/* Commands that a filter macro may start with; else it is a condition in Falco's syntax. */
static bool
is_spl(struct slice text)
{
	static const char *const command[] = { "search", "where", "fillnull", "rename", "table",
		"fields", "sort", "head", "convert", "eval", "stats", "regex", "lookup", "dedup" };
	size_t n = 0;

	while (n < text.len && isalpha((unsigned char)text.p[n]))
		n++;
	if (n < text.len && !isspace((unsigned char)text.p[n]))
		return false;
	for (size_t i = 0; i < sizeof(command) / sizeof(command[0]); i++)
		if (strlen(command[i]) == n && strncasecmp(command[i], text.p, n) == 0)
			return true;
	return false;
}

static bool
ends_with_filter(struct slice name)
{
	return name.len > 7 && memcmp(name.p + name.len - 7, "_filter", 7) == 0;
}

/* The search's own filter macro: what the user wants there, in either language. */
static bool
own_filter(struct expander *x, struct slice name, const char *definition, size_t origin)
{
	struct slice text = trim(slice_of(definition));

	x->out->own = name;
	if (text.len > 0 && text.p[0] == '|')
		text = trim((struct slice){ text.p + 1, text.len - 1 });
	if (text.len == 0)
		return emit(x, "search *", 8, origin, true);
	if (is_spl(text))
		return expand(x, text, origin, true);
	free(x->out->condition);
	x->out->condition = xstrndup(text.p, text.len);
	return emit(x, "search *", 8, origin, true);
}

/* `body` stands between two backticks at origin. */
static bool
macro(struct expander *x, struct slice body, size_t origin)
{
	const char *open = memchr(body.p, '(', body.len);
	struct slice name =
	    trim((struct slice){ body.p, open ? (size_t)(open - body.p) : body.len });
	struct slice argument[MACRO_ARGUMENTS], list = { NULL, 0 };
	struct buf text = { 0 };
	const char *definition;
	unsigned n = 0, takes;
	bool ok;

	body = trim(body);
	if (x->calls++ == MACRO_CALLS)
		return fail(x, origin, name, "too many macros");
	if (open != NULL && body.p[body.len - 1] != ')')
		return fail(x, origin, name, "no closing ) in this macro");
	if (open != NULL)
		list = (struct slice){ open + 1, (size_t)(body.p + body.len - open) - 2 };
	definition = macros_find(x->macros, name, &takes);
	if (x->out->own.p == NULL && ends_with_filter(name) && open == NULL && x->depth == 1)
		return own_filter(x, name, x->filter_macro ? x->filter_macro : definition, origin);
	if (definition == NULL)
		return fail(x, origin, name, "this macro is not defined");
	if (!split_arguments(list, argument, &n) || n != takes)
		return fail(x, origin, name, "wrong number of arguments for this macro");
	substitute(x, name, definition, argument, n, &text);
	ok = expand(x, buf_slice(&text), origin, true);
	buf_release(&text);
	return ok;
}

/* At a backtick. Moves *i behind what it opens. */
static bool
backtick(struct expander *x, struct slice t, size_t *i, size_t origin)
{
	const char *from = t.p + *i, *close;

	if (t.len - *i >= 3 && memcmp(from, "```", 3) == 0) {
		close = memmem(from + 3, t.len - *i - 3, "```", 3);
		if (close == NULL)
			return fail(x, origin, SLICE("```"), "this comment has no end");
		*i += (size_t)(close - from) + 3;
		return emit(x, " ", 1, origin, true);
	}
	close = memchr(from + 1, '`', t.len - *i - 1);
	if (close == NULL)
		return fail(x, origin, SLICE("`"), "no closing ` for this macro");
	*i += (size_t)(close - from) + 1;
	return macro(x, (struct slice){ from + 1, (size_t)(close - from) - 1 }, origin);
}

/* fixed: all of it stands for one byte of the search. */
static bool
expand(struct expander *x, struct slice t, size_t origin, bool fixed)
{
	bool ok = true;

	if (x->depth++ == MACRO_DEPTH)
		return fail(x, origin, (struct slice){ NULL, 0 }, "macros within macros, too deep");
	for (size_t i = 0; i < t.len && ok;) {
		size_t place = fixed ? origin : origin + i, end = i + 1;

		if (t.p[i] == '`') {
			ok = backtick(x, t, &i, place);
			continue;
		}
		if (t.p[i] == '"')
			end = string_end(t, i);
		else if (t.p[i] == '\\' && i + 1 < t.len)
			end = i + 2;
		ok = emit(x, t.p + i, end - i, place, fixed);
		i = end;
	}
	x->depth--;
	return ok;
}

bool
spl_expand(struct slice search, const struct macros *m, const char *filter_macro,
    struct spl_expansion *out, struct spl_error *err)
{
	struct expander x = {
		.macros = m, .filter_macro = filter_macro, .out = out, .err = err, .search = search
	};

	buf_adds(&out->text, "");
	if (!expand(&x, search, 0, false) || !emit(&x, "", 0, search.len, true))
		return false;
	out->origin[out->text.len] = (uint32_t)search.len;
	return true;
}

void
spl_expansion_release(struct spl_expansion *x)
{
	buf_release(&x->text);
	free(x->origin);
	free(x->condition);
	*x = (struct spl_expansion){ 0 };
}
