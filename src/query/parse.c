/*
 * Tokens to a tree: Falco's grammar with a bare word or string as one more kind of term. Everything
 * that can be wrong with a filter is found here, with the byte where it is, so that a filter that
 * parses can only fail for want of slots. Recursion is as deep as the parentheses and nots:
 * FILTER_DEPTH_MAX.
 */
#include "query/expr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

struct parser {
	struct slice text;
	size_t pos;
	struct token tok;
	struct arena *arena;
	struct filter_error *err;
	unsigned depth;
	int64_t now; /* of the wall clock, for "-15m" */
};

static struct node *parse_or(struct parser *p);

static void *fail(struct parser *p, size_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes the first error; returns NULL for the caller to return. */
static void *
fail(struct parser *p, size_t offset, const char *fmt, ...)
{
	va_list ap;

	p->err->offset = offset;
	va_start(ap, fmt);
	vsnprintf(p->err->message, sizeof(p->err->message), fmt, ap);
	va_end(ap);
	return NULL;
}

/* False on a token that is none: the error is noted. */
static bool
advance(struct parser *p, enum lex_mode mode)
{
	p->tok = lex(p->text, &p->pos, mode, p->arena, p->err);
	return p->tok.kind != TOKEN_BAD;
}

static bool
is_word(const struct token *t, const char *word)
{
	return t->kind == TOKEN_WORD && t->text.len == strlen(word) && lex_is_keyword(t->text) &&
	       (t->text.p[0] | 0x20) == word[0];
}

static struct node *
node_new(enum node_kind kind)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	return n;
}

static void
node_add(struct node *to, struct node *child)
{
	if (to->n == to->cap) {
		to->cap = to->cap == 0 ? 4 : to->cap * 2;
		to->child = xreallocarray(to->child, to->cap, sizeof(struct node *));
	}
	to->child[to->n++] = child;
}

/* Adds child to an and/or; the children of one of the same kind come up a level. */
static void
node_join(struct node *to, struct node *child)
{
	if (child->kind != to->kind) {
		node_add(to, child);
		return;
	}
	for (unsigned i = 0; i < child->n; i++)
		node_add(to, child->child[i]);
	child->n = 0;
	expr_free(child);
}

/* How a value is shown in a message: short, and nothing in it that is not plain ASCII. */
static void
show(char out[24], struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < 20; i++)
		out[n++] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?';
	out[n] = '\0';
	if (n < s.len)
		memcpy(out + n, "...", 4);
}

static bool
parse_level(struct parser *p, const struct token *t, enum priority *out)
{
	char word[24];

	if (priority_parse(t->text, out))
		return true;
	if (t->text.len == 7 && strncasecmp(t->text.p, "unknown", 7) == 0) {
		*out = PRIORITY_UNKNOWN;
		return true;
	}
	show(word, t->text);
	fail(p, t->start,
	    "no priority \"%s\": emergency alert critical error warning notice info debug unknown",
	    word);
	return false;
}

static bool
level_holds(enum predicate_op op, int level, int wanted)
{
	switch (op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS: return level == wanted;
	case OP_NE: return level != wanted;
	case OP_LT: return level < wanted;
	case OP_LE: return level <= wanted;
	case OP_GT: return level > wanted;
	default: return level >= wanted;
	}
}

/* Comparisons and lists go by level; text operators look at Falco's word for it. */
static bool
goes_by_level(enum predicate_op op)
{
	return op <= OP_GE || op == OP_IN || op == OP_INTERSECTS;
}

static bool
finish_priority(struct parser *p, struct term *t, const struct token *values)
{
	const bool by_level = goes_by_level(t->op);
	enum priority wanted;

	t->kind = TERM_PRIORITY;
	if (t->op == OP_EXISTS) {
		t->levels = (uint16_t)(((1u << PRIORITY_COUNT) - 1) & ~(1u << PRIORITY_UNKNOWN));
		return true;
	}
	for (unsigned i = 0; by_level && i < t->n; i++) {
		if (!parse_level(p, &values[i], &wanted))
			return false;
		t->operand[i] = slice_of(priority_name(wanted));
		for (int level = 0; level < PRIORITY_COUNT; level++)
			if (level_holds(t->op, level, (int)wanted))
				t->levels = (uint16_t)(t->levels | 1u << level);
	}
	for (int level = 0; !by_level && level < PRIORITY_COUNT; level++)
		if (predicate_match(t->predicate, slice_of(priority_name((enum priority)level))))
			t->levels = (uint16_t)(t->levels | 1u << level);
	return true;
}

static bool
finish_time(struct parser *p, struct term *t, const struct token *values)
{
	struct buf b = { 0 };
	int64_t again;
	bool good;

	t->kind = TERM_TIME;
	if (t->op == OP_EXISTS)
		return true;
	if (t->op > OP_GE) {
		fail(p, t->offset, "time is compared with = != < <= > >=");
		return false;
	}
	if (!time_parse_user(values[0].text, p->now, &t->time)) {
		fail(p, values[0].start,
		    "expected a time such as 2026-01-15T08:00:00Z, 08:00 or -15m");
		return false;
	}
	time_print(&b, t->time, TIME_ISO_NANO, false);
	/* what people write reaches further than what can be written back */
	good = time_parse_iso(buf_slice(&b), &again) && again == t->time;
	if (good)
		t->operand[0] = arena_copy(p->arena, buf_slice(&b));
	else
		fail(p, values[0].start, "a time out of range");
	buf_release(&b);
	return good;
}

static bool
needs_predicate(const struct term *t)
{
	return t->field != FIELD_TIME && !(t->field == FIELD_PRIORITY && goes_by_level(t->op));
}

/* Makes the predicate and what the field's kind needs beside. */
static bool
finish_term(struct parser *p, struct term *t, const struct token *values)
{
	char message[128];
	size_t at;

	if (needs_predicate(t)) {
		t->predicate =
		    predicate_new_at(t->op, t->operand, t->n, message, sizeof(message), &at);
		if (t->predicate == NULL) {
			fail(p, lex_offset(p->text, &values[0], at), "%s", message);
			return false;
		}
	}
	if (t->field == FIELD_PRIORITY)
		return finish_priority(p, t, values);
	if (t->field == FIELD_TIME)
		return finish_time(p, t, values);
	t->kind = t->field == FIELD_OUTPUT || t->field == FIELD_RAW ? TERM_TEXT : TERM_COLUMN;
	return true;
}

static bool
check_name(struct parser *p, const struct token *name)
{
	if (name->text.len > 0 && name->text.len <= FILTER_NAME_MAX &&
	    memchr(name->text.p, '\0', name->text.len) == NULL)
		return true;
	fail(p, name->start, name->text.len == 0 ? "expected a field name" : "field name too long");
	return false;
}

/* values may be NULL when n is 0. */
static struct node *
make_term(struct parser *p, unsigned field, const struct token *name, enum predicate_op op,
    const struct token *values, unsigned n)
{
	struct node *node = node_new(NODE_TERM);
	struct term *t = node->term = xcalloc(1, sizeof(*t));

	t->op = op;
	t->field = field;
	t->slot = -1;
	t->n = n;
	t->offset = name->start;
	t->operand = arena_alloc(p->arena, (n + 1) * sizeof(*t->operand));
	for (unsigned i = 0; i < n; i++)
		t->operand[i] = arena_copy(p->arena, values[i].text);
	if (field == FIELD_NONE)
		t->name = arena_copy(p->arena, name->text);
	if (!finish_term(p, t, values)) {
		expr_free(node);
		return NULL;
	}
	return node;
}

static bool
is_value(const struct token *t)
{
	if (t->kind == TOKEN_WORD)
		return !lex_is_keyword(t->text) && t->text.p[0] != '=';
	return t->kind == TOKEN_STRING;
}

/* After "in": ( value , value … ). The values are the caller's to free. */
static struct token *
parse_list(struct parser *p, const char *op, unsigned *n)
{
	struct token *values = NULL;
	size_t open = p->tok.start;
	unsigned cap = 0;

	*n = 0;
	if (p->tok.kind != TOKEN_OPEN)
		return fail(p, open, "expected a list in parentheses after %s: (a, b)", op);
	do {
		if (!advance(p, LEX_VALUE))
			goto bad;
		if (!is_value(&p->tok)) {
			fail(p, p->tok.start, "expected a value in the list");
			goto bad;
		}
		if (*n == cap) {
			cap = cap == 0 ? 8 : cap * 2;
			values = xreallocarray(values, cap, sizeof(*values));
		}
		values[(*n)++] = p->tok;
		if (!advance(p, LEX_VALUE))
			goto bad;
	} while (p->tok.kind == TOKEN_COMMA);
	if (p->tok.kind == TOKEN_CLOSE)
		return values;
	if (p->tok.kind == TOKEN_END)
		fail(p, open, "no closing ) for this list");
	else
		fail(p, p->tok.start, "expected , or ) in the list");
bad:
	free(values);
	return NULL;
}

/* The operator is the current token. */
static struct node *
parse_comparison(struct parser *p, const struct token *name, enum predicate_op op)
{
	const struct predicate_info *info = predicate_info(op);
	struct token one, *values = &one;
	struct node *node;
	unsigned field, n = 1;

	if (!check_name(p, name))
		return NULL;
	field = field_by_name(name->text);
	if (op == OP_EXISTS) {
		n = 0;
	} else {
		if (!advance(p, LEX_VALUE))
			return NULL;
		one = p->tok;
		if (info->list)
			values = parse_list(p, info->name, &n);
		else if (!is_value(&one))
			return fail(p, one.start, "expected a value after %s", info->name);
		if (values == NULL)
			return NULL;
	}
	node = make_term(p, field, name, op, values, n);
	if (values != &one)
		free(values);
	if (node != NULL && !advance(p, LEX_TERM)) {
		expr_free(node);
		node = NULL;
	}
	return node;
}

static struct node *
parse_term(struct parser *p)
{
	const struct token first = p->tok;
	enum predicate_op op;
	char word[24];

	if (!advance(p, LEX_TERM))
		return NULL;
	if (p->tok.kind == TOKEN_END || p->tok.kind == TOKEN_CLOSE || is_word(&p->tok, "and") ||
	    is_word(&p->tok, "or")) {
		if (first.text.len == 0)
			return fail(p, first.start, "nothing to search for");
		return make_term(p, FIELD_OUTPUT, &first, OP_ICONTAINS, &first, 1);
	}
	if ((p->tok.kind == TOKEN_OPERATOR || p->tok.kind == TOKEN_WORD) &&
	    predicate_op_by_name(p->tok.text, &op))
		return parse_comparison(p, &first, op);
	if (p->tok.kind != TOKEN_WORD) {
		show(word, first.text);
		return fail(p, p->tok.start, "expected an operator, and, or after \"%s\"", word);
	}
	show(word, p->tok.text);
	return fail(p, p->tok.start,
	    "no operator \"%s\": = != < <= > >= contains icontains startswith endswith "
	    "glob iglob regex in intersects pmatch exists",
	    word);
}

static struct node *
parse_group(struct parser *p)
{
	size_t open = p->tok.start;
	struct node *node;

	if (!advance(p, LEX_TERM))
		return NULL;
	node = parse_or(p);
	if (node == NULL)
		return NULL;
	if (p->tok.kind != TOKEN_CLOSE) {
		expr_free(node);
		if (p->tok.kind == TOKEN_END)
			return fail(p, open, "no closing ) for this (");
		return fail(p, p->tok.start, "expected and, or or )");
	}
	if (!advance(p, LEX_TERM)) {
		expr_free(node);
		return NULL;
	}
	return node;
}

static struct node *
negate(struct node *child)
{
	struct node *node;

	if (child == NULL)
		return NULL;
	if (child->kind == NODE_NOT) {
		node = child->child[0];
		child->n = 0;
		expr_free(child);
		return node;
	}
	node = node_new(NODE_NOT);
	node_add(node, child);
	return node;
}

static struct node *
parse_not(struct parser *p)
{
	struct node *node = NULL;

	if (p->depth++ > FILTER_DEPTH_MAX)
		return fail(p, p->tok.start, "nested more than %d deep", FILTER_DEPTH_MAX);
	if (is_word(&p->tok, "not")) {
		if (advance(p, LEX_TERM))
			node = negate(parse_not(p));
	} else if (p->tok.kind == TOKEN_OPEN) {
		node = parse_group(p);
	} else if (p->tok.kind == TOKEN_CLOSE) {
		fail(p, p->tok.start, "expected a term before )");
	} else if (p->tok.kind == TOKEN_END) {
		fail(p, p->tok.start, "expected a term");
	} else if ((p->tok.kind == TOKEN_WORD && !lex_is_keyword(p->tok.text)) ||
		   p->tok.kind == TOKEN_STRING) {
		node = parse_term(p);
	} else {
		fail(p, p->tok.start, "expected a field or a word");
	}
	p->depth--;
	return node;
}

/* A chain of one and the same operator, however long, is one node. */
static struct node *
parse_chain(
    struct parser *p, enum node_kind kind, const char *word, struct node *(*part)(struct parser *))
{
	struct node *node = part(p), *chain, *next;

	if (node == NULL || !is_word(&p->tok, word))
		return node;
	chain = node_new(kind);
	node_join(chain, node);
	while (is_word(&p->tok, word)) {
		next = advance(p, LEX_TERM) ? part(p) : NULL;
		if (next == NULL) {
			expr_free(chain);
			return NULL;
		}
		node_join(chain, next);
	}
	return chain;
}

static struct node *
parse_and(struct parser *p)
{
	return parse_chain(p, NODE_AND, "and", parse_not);
}

static struct node *
parse_or(struct parser *p)
{
	return parse_chain(p, NODE_OR, "or", parse_and);
}

static struct node *
parse_all(struct parser *p)
{
	struct node *node;

	if (p->text.len > FILTER_TEXT_MAX)
		return fail(p, FILTER_TEXT_MAX, "filter longer than %d bytes", FILTER_TEXT_MAX);
	if (!advance(p, LEX_TERM) || p->tok.kind == TOKEN_END)
		return NULL;
	node = parse_or(p);
	if (node == NULL || p->tok.kind == TOKEN_END)
		return node;
	expr_free(node);
	if (p->tok.kind == TOKEN_CLOSE)
		return fail(p, p->tok.start, "no ( for this )");
	return fail(p, p->tok.start, "expected \"and\" or \"or\"");
}

struct filter *
filter_parse(const char *text, struct filter_error *err)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	struct parser p = {
		.text = slice_of(text), .arena = &f->arena, .err = err, .now = clock_wall()
	};

	*err = (struct filter_error){ 0 };
	f->root = parse_all(&p);
	if (err->message[0] != '\0') {
		filter_free(f);
		return NULL;
	}
	return f;
}
