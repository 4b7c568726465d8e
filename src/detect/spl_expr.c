/*
 * Expressions of `search`: words, phrases, field=value with wildcards, IN, and AND OR NOT in
 * capitals. NOT binds closest, then OR, then AND, and two terms side by side are ANDed
 * (docs.splunk.com, "Boolean expressions with logical operators").
 */
#include "detect/spl_private.h"

#include "base/banned.h"

static struct spl_expr *parse_and(struct spl_parser *p);

struct spl_expr *
spl_expr_new(struct spl_parser *p, enum spl_expr_kind kind, size_t at)
{
	struct spl_expr *e = arena_alloc(p->arena, sizeof(*e));

	*e = (struct spl_expr){ .kind = kind, .at = at, .slot = -1 };
	return e;
}

/* The operators are in capitals: "and" is a word to search for. */
static bool
is_keyword(const struct spl_token *t, const char *word)
{
	return t->kind == SPL_WORD && slice_eq(t->text, slice_of(word));
}

enum spl_op
spl_operator(const struct spl_token *t)
{
	bool equal = t->text.p[t->text.len - 1] == '=';

	switch (t->text.p[0]) {
	case '!': return SPL_NE;
	case '<': return equal ? SPL_LE : SPL_LT;
	case '>': return equal ? SPL_GE : SPL_GT;
	default: return SPL_EQ;
	}
}

static struct spl_expr *
compare(struct spl_parser *p, const struct spl_token *field, enum spl_op op)
{
	struct spl_expr *e = spl_expr_new(p, SPL_COMPARE, field->at);

	e->field = field->text;
	e->op = op;
	e->value = p->tok.text;
	return e;
}

static bool
is_value(const struct spl_parser *p)
{
	if (p->tok.kind == SPL_STRING)
		return true;
	return p->tok.kind == SPL_WORD && p->tok.text.p[0] != '[';
}

/* field IN (a, b): the current token is the parenthesis. */
static struct spl_expr *
parse_in(struct spl_parser *p, const struct spl_token *field)
{
	struct spl_expr *any = spl_expr_new(p, SPL_OR, field->at), **last = &any->child;

	if (p->tok.kind != SPL_OPEN) {
		spl_fail_here(p, "expected a list after IN: (a, b)");
		return NULL;
	}
	do {
		if (!spl_next(p, SPL_LEX_VALUE))
			return NULL;
		if (!is_value(p)) {
			spl_fail_here(p, "expected a value in the list");
			return NULL;
		}
		*last = compare(p, field, SPL_EQ);
		last = &(*last)->next;
		if (!spl_next(p, SPL_LEX_TERM))
			return NULL;
		if (p->tok.kind != SPL_COMMA && p->tok.kind != SPL_CLOSE) {
			spl_fail_here(p, "expected , or ) in the list");
			return NULL;
		}
	} while (p->tok.kind == SPL_COMMA);
	return spl_next(p, SPL_LEX_TERM) ? any : NULL;
}

static struct spl_expr *
parse_comparison(struct spl_parser *p, const struct spl_token *field)
{
	enum spl_op op = spl_operator(&p->tok);
	struct spl_expr *e;

	if (!spl_next(p, SPL_LEX_VALUE))
		return NULL;
	if (!is_value(p)) {
		spl_fail_here(p, "expected a value here");
		return NULL;
	}
	e = compare(p, field, op);
	return spl_next(p, SPL_LEX_TERM) ? e : NULL;
}

static bool
is_all_stars(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '*')
			return false;
	return s.len > 0;
}

/* A word or phrase to find in the event. */
static struct spl_expr *
parse_phrase(struct spl_parser *p, const struct spl_token *first)
{
	struct spl_expr *e =
	    spl_expr_new(p, is_all_stars(first->text) ? SPL_ALL : SPL_PHRASE, first->at);
	const char *what = NULL;

	e->value = first->text;
	if (first->text.len == 0)
		what = "nothing to search for";
	else if (first->kind == SPL_WORD && first->text.p[0] == '[')
		what = "subsearches are not supported";
	else if (first->kind == SPL_WORD && p->tok.kind == SPL_OPEN && p->tok.at == first->end)
		what = "this function is not supported";
	if (what == NULL)
		return e;
	spl_fail(p, first->at, first->text, "%s", what);
	return NULL;
}

static struct spl_expr *
parse_term(struct spl_parser *p)
{
	struct spl_token first = p->tok;

	if (!spl_next(p, SPL_LEX_TERM))
		return NULL;
	if (p->tok.kind == SPL_OPERATOR)
		return parse_comparison(p, &first);
	if (is_keyword(&p->tok, "IN") || is_keyword(&p->tok, "in")) {
		struct spl_token word = p->tok;
		size_t after = p->pos;

		if (!spl_next(p, SPL_LEX_TERM))
			return NULL;
		if (p->tok.kind == SPL_OPEN || is_keyword(&word, "IN"))
			return parse_in(p, &first);
		p->pos = after; /* a word that happens to be "in" */
		p->tok = word;
	}
	return parse_phrase(p, &first);
}

static struct spl_expr *
parse_group(struct spl_parser *p)
{
	size_t open = p->tok.at;
	struct spl_expr *e;

	if (!spl_next(p, SPL_LEX_TERM))
		return NULL;
	e = parse_and(p);
	if (e == NULL)
		return NULL;
	if (p->tok.kind != SPL_CLOSE) {
		spl_fail(p, open, SLICE("("), "no closing ) for this (");
		return NULL;
	}
	return spl_next(p, SPL_LEX_TERM) ? e : NULL;
}

static struct spl_expr *
parse_not(struct spl_parser *p)
{
	struct spl_expr *e = NULL;

	if (p->depth++ == SPL_DEPTH) {
		spl_fail_here(p, "nested too deep");
	} else if (is_keyword(&p->tok, "NOT")) {
		struct spl_expr *not = spl_expr_new(p, SPL_NOT, p->tok.at);

		if (spl_next(p, SPL_LEX_TERM) && (not ->child = parse_not(p)) != NULL)
			e = not ;
	} else if (p->tok.kind == SPL_OPEN) {
		e = parse_group(p);
	} else if (p->tok.kind == SPL_WORD || p->tok.kind == SPL_STRING) {
		if (is_keyword(&p->tok, "AND") || is_keyword(&p->tok, "OR"))
			spl_fail_here(p, "expected a term before this");
		else
			e = parse_term(p);
	} else {
		spl_fail_here(p, "expected a term");
	}
	p->depth--;
	return e;
}

static struct spl_expr *
parse_or(struct spl_parser *p)
{
	struct spl_expr *e = parse_not(p), *any;

	if (e == NULL || !is_keyword(&p->tok, "OR"))
		return e;
	any = spl_expr_new(p, SPL_OR, e->at);
	any->child = e;
	while (is_keyword(&p->tok, "OR")) {
		if (!spl_next(p, SPL_LEX_TERM) || (e->next = parse_not(p)) == NULL)
			return NULL;
		e = e->next;
	}
	return any;
}

static bool
ends_terms(const struct spl_token *t)
{
	return t->kind == SPL_END || t->kind == SPL_PIPE || t->kind == SPL_CLOSE;
}

static struct spl_expr *
parse_and(struct spl_parser *p)
{
	struct spl_expr *e = parse_or(p), *all;

	if (e == NULL || ends_terms(&p->tok))
		return e;
	all = spl_expr_new(p, SPL_AND, e->at);
	all->child = e;
	while (!ends_terms(&p->tok)) {
		if (is_keyword(&p->tok, "AND") && !spl_next(p, SPL_LEX_TERM))
			return NULL;
		if ((e->next = parse_or(p)) == NULL)
			return NULL;
		e = e->next;
	}
	return all;
}

struct spl_expr *
spl_parse_search(struct spl_parser *p)
{
	struct spl_expr *e;

	p->depth = 0;
	e = parse_and(p);
	if (e != NULL && p->tok.kind == SPL_CLOSE) {
		spl_fail_here(p, "no ( for this )");
		return NULL;
	}
	return e;
}
