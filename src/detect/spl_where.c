/*
 * Expressions of `where`: comparisons of columns, numbers and strings, isnull, isnotnull, like, IN,
 * and AND OR NOT in the usual order. Strings compare exactly here, unlike in `search`. Arithmetic
 * and the other functions are not in the subset.
 */
#include "detect/spl_private.h"

#include "query/number.h"
#include "base/banned.h"

static struct spl_expr *parse_or(struct spl_parser *p);

static bool
next(struct spl_parser *p)
{
	return spl_next(p, SPL_LEX_EVAL);
}

/* Expects a token of this kind and goes on. */
static bool
take(struct spl_parser *p, enum spl_token_kind kind, const char *what)
{
	if (p->tok.kind != kind)
		return spl_fail_here(p, what);
	return next(p);
}

static bool
parse_operand(struct spl_parser *p, struct spl_operand *out)
{
	struct number number;
	struct spl_token t = p->tok;

	*out = (struct spl_operand){ .text = t.text, .slot = -1 };
	if (t.kind == SPL_STRING)
		return next(p);
	if (t.kind != SPL_WORD && t.kind != SPL_NAME)
		return spl_fail_here(p, "expected a column, a number or a string");
	if (t.kind == SPL_WORD && t.text.p[0] == '-' && next(p)) /* a sign is a word of its own */
		out->text = t.text = (struct slice){ p->text.p + t.at, p->tok.end - t.at };
	if (t.kind == SPL_WORD && number_parse(t.text, &number))
		return next(p);
	if (t.kind == SPL_WORD && strchr("+-*/%^[]$&;?#~<>=!\\", t.text.p[0]) != NULL)
		return spl_fail(p, t.at, t.text, "arithmetic is not supported in where");
	if (t.kind == SPL_WORD && memchr(t.text.p, '.', t.text.len) != NULL)
		return spl_fail(
		    p, t.at, t.text, "a . joins strings in where: put the name into single quotes");
	out->is_field = true;
	if (!next(p))
		return false;
	if (p->tok.kind == SPL_OPEN && t.kind == SPL_WORD)
		return spl_fail(p, t.at, t.text, "this function is not supported");
	return true;
}

/* isnull(x), isnotnull(x): the current token is the parenthesis. */
static struct spl_expr *
parse_isnull(struct spl_parser *p, size_t at, bool negate)
{
	struct spl_expr *e = spl_expr_new(p, SPL_ISNULL, at), *not ;

	if (!take(p, SPL_OPEN, "expected (") || !parse_operand(p, &e->left) ||
	    !take(p, SPL_CLOSE, "expected )"))
		return NULL;
	if (!negate)
		return e;
	not = spl_expr_new(p, SPL_NOT, at);
	not ->child = e;
	return not ;
}

static bool
parse_pattern(struct spl_parser *p, struct spl_expr *e)
{
	if (!parse_operand(p, &e->right))
		return false;
	return !e->right.is_field ||
	       spl_fail(p, e->at, e->right.text, "expected a pattern in quotes");
}

/* like(x, "a%") */
static struct spl_expr *
parse_like(struct spl_parser *p, size_t at)
{
	struct spl_expr *e = spl_expr_new(p, SPL_LIKE, at);

	if (!take(p, SPL_OPEN, "expected (") || !parse_operand(p, &e->left) ||
	    !take(p, SPL_COMMA, "expected ,") || !parse_pattern(p, e) ||
	    !take(p, SPL_CLOSE, "expected )"))
		return NULL;
	return e;
}

/* x IN (a, b): the current token is the parenthesis. */
static struct spl_expr *
parse_in(struct spl_parser *p, const struct spl_operand *left, size_t at)
{
	struct spl_expr *any = spl_expr_new(p, SPL_OR, at), **last = &any->child;

	if (p->tok.kind != SPL_OPEN) {
		spl_fail_here(p, "expected a list after IN: (a, b)");
		return NULL;
	}
	do {
		struct spl_expr *e = spl_expr_new(p, SPL_WHERE, at);

		e->left = *left;
		if (!next(p) || !parse_operand(p, &e->right))
			return NULL;
		*last = e;
		last = &e->next;
	} while (p->tok.kind == SPL_COMMA);
	return take(p, SPL_CLOSE, "expected , or ) in the list") ? any : NULL;
}

static struct spl_expr *
parse_comparison(struct spl_parser *p)
{
	struct spl_expr *e = spl_expr_new(p, SPL_WHERE, p->tok.at);

	if (!parse_operand(p, &e->left))
		return NULL;
	if (spl_is_word(&p->tok, "in"))
		return next(p) ? parse_in(p, &e->left, e->at) : NULL;
	if (spl_is_word(&p->tok, "like")) {
		e->kind = SPL_LIKE;
		return next(p) && parse_pattern(p, e) ? e : NULL;
	}
	if (p->tok.kind != SPL_OPERATOR) {
		spl_fail_here(p, "expected a comparison: arithmetic is not supported");
		return NULL;
	}
	e->op = spl_operator(&p->tok);
	return next(p) && parse_operand(p, &e->right) ? e : NULL;
}

/* The next byte that is no blank is a parenthesis. */
static bool
is_call(const struct spl_parser *p)
{
	size_t i = p->pos;

	while (i < p->text.len && (p->text.p[i] == ' ' || p->text.p[i] == '\t'))
		i++;
	return i < p->text.len && p->text.p[i] == '(';
}

static struct spl_expr *
parse_term(struct spl_parser *p)
{
	struct spl_token t = p->tok;
	bool call = t.kind == SPL_WORD && is_call(p);
	struct spl_expr *e;

	if (call && (spl_is_word(&t, "isnull") || spl_is_word(&t, "isnotnull")))
		return next(p) ? parse_isnull(p, t.at, spl_is_word(&t, "isnotnull")) : NULL;
	if (call && spl_is_word(&t, "like"))
		return next(p) ? parse_like(p, t.at) : NULL;
	if (t.kind != SPL_OPEN)
		return parse_comparison(p);
	if (!next(p) || (e = parse_or(p)) == NULL)
		return NULL;
	return take(p, SPL_CLOSE, "expected )") ? e : NULL;
}

static struct spl_expr *
parse_not(struct spl_parser *p)
{
	struct spl_expr *e = NULL;

	if (p->depth++ == SPL_DEPTH) {
		spl_fail_here(p, "nested too deep");
	} else if (spl_is_word(&p->tok, "not")) {
		struct spl_expr *not = spl_expr_new(p, SPL_NOT, p->tok.at);

		if (next(p) && (not ->child = parse_not(p)) != NULL)
			e = not ;
	} else {
		e = parse_term(p);
	}
	p->depth--;
	return e;
}

static struct spl_expr *
parse_chain(struct spl_parser *p, enum spl_expr_kind kind, const char *word,
    struct spl_expr *(*part)(struct spl_parser *))
{
	struct spl_expr *e = part(p), *chain;

	if (e == NULL || !spl_is_word(&p->tok, word))
		return e;
	chain = spl_expr_new(p, kind, e->at);
	chain->child = e;
	while (spl_is_word(&p->tok, word)) {
		if (!next(p) || (e->next = part(p)) == NULL)
			return NULL;
		e = e->next;
	}
	return chain;
}

static struct spl_expr *
parse_and(struct spl_parser *p)
{
	return parse_chain(p, SPL_AND, "and", parse_not);
}

static struct spl_expr *
parse_or(struct spl_parser *p)
{
	return parse_chain(p, SPL_OR, "or", parse_and);
}

struct spl_expr *
spl_parse_where(struct spl_parser *p)
{
	struct spl_expr *e;

	p->depth = 0;
	e = parse_or(p);
	if (e != NULL && p->tok.kind != SPL_END && p->tok.kind != SPL_PIPE) {
		spl_fail_here(p, "expected AND, OR or the end: this is not supported here");
		return NULL;
	}
	return e;
}
