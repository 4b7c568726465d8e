/*
 * A filter as a tree. Private to the layer: lex.c and parse.c build it, print.c writes it, filter.c
 * binds it to a schema, eval.c runs it.
 */
#ifndef FALCOTOP_QUERY_EXPR_H
#define FALCOTOP_QUERY_EXPR_H

#include "base/arena.h"
#include "query/filter.h"

#define FILTER_TEXT_MAX	 (16 * 1024)
#define FILTER_DEPTH_MAX 64  /* of parentheses and nots */
#define FILTER_NAME_MAX	 256 /* bytes of a field name */

enum term_kind {
	TERM_COLUMN,   /* a predicate on a column of symbols */
	TERM_TEXT,     /* a predicate on output or raw: a test slot of the schema */
	TERM_PRIORITY, /* a set of levels */
	TERM_TIME      /* event time against a moment */
};

struct term {
	enum term_kind kind;
	enum predicate_op op;
	unsigned field; /* a known field; FIELD_NONE until bound for a name outside the catalogue */
	struct slice name; /* of a field outside the catalogue */
	struct slice *operand;
	unsigned n;
	size_t offset; /* in the text, for errors */
	struct predicate *predicate;
	uint16_t levels; /* TERM_PRIORITY: bit p */
	int64_t time;	 /* TERM_TIME */
	int slot;	 /* TERM_TEXT, bound */
	/* per symbol: 0 not asked yet, else verdict + 1 */
	uint8_t *memo;
	uint32_t memo_len;
};

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TERM };

struct node {
	enum node_kind kind;
	unsigned n, cap;
	struct node **child; /* and, or: 2 and more, none of the same kind; not: one, not a not */
	struct term *term;
};

struct filter {
	struct node *root;  /* NULL: keeps everything */
	struct arena arena; /* names and operands */
	struct schema *bound;
	uint64_t **scratch; /* a bitmap for each level of and/or */
	unsigned levels;
	uint8_t *verdicts; /* of a dictionary, ROWS_MAX */
};

enum lex_mode {
	LEX_TERM, /* words end at operators */
	LEX_VALUE /* words go on to the next blank, comma, quote or parenthesis */
};

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_OPERATOR,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_BAD
};

struct token {
	enum token_kind kind;
	size_t start, end; /* in the text */
	struct slice text; /* unquoted */
};

/* The token at *pos; moves *pos after it. TOKEN_BAD: err is filled in. */
struct token lex(struct slice text, size_t *pos, enum lex_mode mode, struct arena *arena,
    struct filter_error *err);
/* Byte of the filter's text where byte n of the token's unquoted text stands. */
size_t lex_offset(struct slice text, const struct token *t, size_t n);
/* True when a word may stand for this value without quotes, in any place. */
bool lex_is_plain(struct slice value);
/* A field name that lex() reads back as one. */
void lex_print_name(struct buf *out, struct slice name);
/* and, or, not, ignoring case. */
bool lex_is_keyword(struct slice word);

/* Calls fn on every term. */
void expr_each(struct node *n, void (*fn)(struct term *, void *), void *arg);
void expr_free(struct node *n);

#endif
