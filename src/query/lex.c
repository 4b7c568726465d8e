/*
 * Bytes of a filter to tokens, and values back to the bytes that read as them. In quotes a
 * backslash is itself except before a backslash or a quote, so that regular expressions keep
 * theirs; \x00 stands for the one byte a C string cannot hold.
 */
#include "query/expr.h"

#include <stdio.h>
#include <strings.h>

#include "base/banned.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
ends_word(struct slice text, size_t i, enum lex_mode mode)
{
	char c = text.p[i];

	if (is_blank(c) || c == '(' || c == ')' || c == ',' || c == '\'' || c == '"')
		return true;
	if (mode == LEX_VALUE)
		return false;
	return c == '=' || c == '<' || c == '>' ||
	       (c == '!' && i + 1 < text.len && text.p[i + 1] == '=');
}

/* Length of the escape at i inside quotes, 1 when it is an ordinary byte; *byte is what it stands
 * for. */
static size_t
escape(struct slice text, size_t i, char *byte)
{
	*byte = text.p[i];
	if (text.p[i] != '\\' || i + 1 >= text.len)
		return 1;
	if (text.p[i + 1] == '\\' || text.p[i + 1] == '\'' || text.p[i + 1] == '"') {
		*byte = text.p[i + 1];
		return 2;
	}
	if (text.len - i >= 4 && memcmp(text.p + i, "\\x00", 4) == 0) {
		*byte = '\0';
		return 4;
	}
	return 1;
}

static struct token
lex_string(struct slice text, size_t *pos, struct arena *arena, struct filter_error *err)
{
	struct token t = { .kind = TOKEN_STRING, .start = *pos };
	const char quote = text.p[*pos];
	size_t i = *pos + 1, len = 0, step;
	char byte, *copy;

	for (; i < text.len && text.p[i] != quote; i += step, len++)
		step = escape(text, i, &byte);
	if (i >= text.len) {
		t.kind = TOKEN_BAD;
		err->offset = t.start;
		snprintf(err->message, sizeof(err->message), "no closing %c for this quote", quote);
		return t;
	}
	copy = arena_alloc(arena, len + 1);
	t.end = *pos = i + 1;
	for (i = t.start + 1, len = 0; i + 1 < t.end; i += step)
		step = escape(text, i, &copy[len++]);
	copy[len] = '\0';
	t.text = (struct slice){ copy, len };
	return t;
}

static size_t
operator_length(struct slice text, size_t i)
{
	const char *p = text.p + i;
	size_t left = text.len - i;

	if (left >= 2 && (memcmp(p, "==", 2) == 0 || memcmp(p, "!=", 2) == 0 ||
			     memcmp(p, "<=", 2) == 0 || memcmp(p, ">=", 2) == 0))
		return 2;
	return *p == '=' || *p == '<' || *p == '>' ? 1 : 0;
}

/* Brackets belong to a field name with all they hold: proc.aname[2], json.value[/a/b, c]. */
static size_t
word_end(struct slice text, size_t i, enum lex_mode mode)
{
	while (i < text.len && !ends_word(text, i, mode)) {
		const char *close = NULL;

		if (mode == LEX_TERM && text.p[i] == '[')
			close = memchr(text.p + i, ']', text.len - i);
		i = close != NULL ? (size_t)(close - text.p) + 1 : i + 1;
	}
	return i;
}

struct token
lex(struct slice text, size_t *pos, enum lex_mode mode, struct arena *arena,
    struct filter_error *err)
{
	struct token t = { .kind = TOKEN_END };
	size_t op;

	while (*pos < text.len && is_blank(text.p[*pos]))
		(*pos)++;
	t.start = t.end = *pos;
	if (*pos == text.len)
		return t;
	switch (text.p[*pos]) {
	case '\'':
	case '"': return lex_string(text, pos, arena, err);
	case '(': t.kind = TOKEN_OPEN; break;
	case ')': t.kind = TOKEN_CLOSE; break;
	case ',': t.kind = TOKEN_COMMA; break;
	default:
		op = mode == LEX_TERM ? operator_length(text, *pos) : 0;
		t.kind = op > 0 ? TOKEN_OPERATOR : TOKEN_WORD;
		t.end = op > 0 ? *pos + op : word_end(text, *pos, mode);
		t.text = (struct slice){ text.p + t.start, t.end - t.start };
		*pos = t.end;
		return t;
	}
	t.end = ++*pos;
	return t;
}

size_t
lex_offset(struct slice text, const struct token *t, size_t n)
{
	size_t i = t->start;
	char byte;

	if (t->kind != TOKEN_STRING)
		return i + n;
	for (i++; n > 0 && i + 1 < t->end; n--)
		i += escape(text, i, &byte);
	return i;
}

bool
lex_is_keyword(struct slice word)
{
	return (word.len == 3 &&
		   (strncasecmp(word.p, "and", 3) == 0 || strncasecmp(word.p, "not", 3) == 0)) ||
	       (word.len == 2 && strncasecmp(word.p, "or", 2) == 0);
}

bool
lex_is_plain(struct slice value)
{
	enum predicate_op op;

	if (value.len == 0 || lex_is_keyword(value) || predicate_op_by_name(value, &op))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr("_.:/@%+*?~^-", c) != NULL)))
			return false;
	}
	return true;
}

void
lex_print_name(struct buf *out, struct slice name)
{
	const char *open = memchr(name.p, '[', name.len);
	const char *close = memrchr(name.p, ']', name.len);
	bool brackets =
	    open == NULL || (close != NULL && memrchr(name.p, '[', name.len) < (const void *)close);

	if (brackets && !ends_word(name, 0, LEX_TERM) && word_end(name, 0, LEX_TERM) == name.len &&
	    !lex_is_keyword(name))
		buf_add(out, name.p, name.len);
	else
		filter_quote(out, name);
}

void
filter_quote(struct buf *out, struct slice value)
{
	char quote, byte;

	if (lex_is_plain(value)) {
		buf_add(out, value.p, value.len);
		return;
	}
	quote = value.len > 0 && memchr(value.p, '\'', value.len) != NULL ? '"' : '\'';
	buf_addc(out, quote);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];

		if (c == '\0') {
			buf_adds(out, "\\x00");
			continue;
		}
		/* a backslash that would read as the start of an escape, or as one with the closing
		 * quote */
		if (c == quote || (c == '\\' && (i + 1 == value.len || value.p[i + 1] == '\0' ||
						    escape(value, i, &byte) > 1)))
			buf_addc(out, '\\');
		buf_addc(out, c);
	}
	buf_addc(out, quote);
}
