/*
 * Tokens of SPL. What a word is depends on where it stands, so the parser says which kind of word
 * it wants next. Also the place and the text of errors.
 */
#include "detect/spl_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/banned.h"

bool
spl_fail(struct spl_parser *p, size_t at, struct slice word, const char *fmt, ...)
{
	size_t n = word.len < sizeof(p->err->word) ? word.len : sizeof(p->err->word) - 1;
	va_list ap;

	if (p->failed)
		return false;
	p->failed = true;
	p->err->offset = p->origin[at < p->text.len ? at : p->text.len];
	if (n > 0)
		memcpy(p->err->word, word.p, n);
	p->err->word[n] = '\0';
	va_start(ap, fmt);
	vsnprintf(p->err->message, sizeof(p->err->message), fmt, ap);
	va_end(ap);
	return false;
}

bool
spl_fail_here(struct spl_parser *p, const char *what)
{
	struct slice word = { p->text.p + p->tok.at, p->tok.end - p->tok.at };

	return spl_fail(p, p->tok.at, word, "%s", what);
}

bool
spl_is_word(const struct spl_token *t, const char *word)
{
	return t->kind == SPL_WORD && t->text.len == strlen(word) &&
	       strncasecmp(t->text.p, word, t->text.len) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '{' || c == '}' || c == ':' || c == '@' || c < 0;
}

/* Whether a word of this kind ends before byte i. */
static bool
ends_word(struct slice t, size_t i, enum spl_lex_mode mode)
{
	char c = t.p[i];

	if (mode == SPL_LEX_EVAL)
		return !is_name(c);
	if (is_blank(c) || c == '|' || c == '(' || c == ')' || c == ',' || c == '"')
		return true;
	return mode == SPL_LEX_TERM && (c == '=' || c == '<' || c == '>' ||
					   (c == '!' && i + 1 < t.len && t.p[i + 1] == '='));
}

/* A backslash quotes a quote or itself; before anything else it is itself. */
static size_t
unescape(struct slice t, size_t i, char *out)
{
	*out = t.p[i];
	if (t.p[i] == '\\' && i + 1 < t.len && (t.p[i + 1] == '"' || t.p[i + 1] == '\\')) {
		*out = t.p[i + 1];
		return 2;
	}
	return 1;
}

/* The bytes of [from, to) with their escapes taken off. */
static struct slice
copy_text(struct spl_parser *p, size_t from, size_t to)
{
	const struct slice t = { p->text.p, to };
	char *copy = arena_alloc(p->arena, to - from + 1);
	size_t n = 0;

	for (size_t i = from; i < to;)
		i += unescape(t, i, &copy[n++]);
	copy[n] = '\0';
	return (struct slice){ copy, n };
}

static bool
lex_quoted(struct spl_parser *p, char quote)
{
	const struct slice t = p->text;
	size_t i = p->pos + 1;
	char c;

	while (i < t.len && t.p[i] != quote)
		i += unescape(t, i, &c);
	if (i >= t.len)
		return spl_fail(p, p->pos, (struct slice){ t.p + p->pos, 1 },
		    "no closing %c for this quote", quote);
	p->tok.kind = quote == '"' ? SPL_STRING : SPL_NAME;
	p->tok.text = copy_text(p, p->pos + 1, i);
	p->pos = i + 1;
	return true;
}

static size_t
operator_length(struct slice t, size_t i)
{
	char next = i + 1 < t.len ? t.p[i + 1] : '\0';

	switch (t.p[i]) {
	case '=':
	case '<':
	case '>': return next == '=' ? 2 : 1;
	case '!': return next == '=' ? 2 : 0;
	default: return 0;
	}
}

static void
lex_word(struct spl_parser *p, enum spl_lex_mode mode)
{
	const struct slice t = p->text;
	size_t i = p->pos;
	char c;

	while (i < t.len && !ends_word(t, i, mode))
		i += mode == SPL_LEX_EVAL ? 1 : unescape(t, i, &c);
	if (i == p->pos)
		i++; /* a byte that no word has: its own token, for the error */
	p->tok.kind = SPL_WORD;
	p->tok.text = mode == SPL_LEX_EVAL ? (struct slice){ t.p + p->pos, i - p->pos }
					   : copy_text(p, p->pos, i);
	p->pos = i;
}

bool
spl_next(struct spl_parser *p, enum spl_lex_mode mode)
{
	const struct slice t = p->text;
	size_t op;
	bool ok = true;

	while (p->pos < t.len && is_blank(t.p[p->pos]))
		p->pos++;
	p->tok = (struct spl_token){ .kind = SPL_END, .at = p->pos, .end = p->pos };
	if (p->pos >= t.len)
		return true;
	op = mode == SPL_LEX_VALUE ? 0 : operator_length(t, p->pos);
	switch (t.p[p->pos]) {
	case '|': p->tok.kind = SPL_PIPE; break;
	case '(': p->tok.kind = SPL_OPEN; break;
	case ')': p->tok.kind = SPL_CLOSE; break;
	case ',': p->tok.kind = SPL_COMMA; break;
	case '"': ok = lex_quoted(p, '"'); break;
	default:
		if (op > 0)
			p->tok.kind = SPL_OPERATOR;
		else if (mode == SPL_LEX_EVAL && t.p[p->pos] == '\'')
			ok = lex_quoted(p, '\'');
		else
			lex_word(p, mode);
		break;
	}
	if (p->pos == p->tok.at)
		p->pos += op > 0 ? op : 1;
	p->tok.end = p->pos;
	if (p->tok.text.p == NULL)
		p->tok.text = (struct slice){ t.p + p->tok.at, p->tok.end - p->tok.at };
	if (!ok)
		p->tok.kind = SPL_BAD;
	return ok;
}
