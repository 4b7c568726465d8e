/*
 * Filters over columns. A term asks its predicate once for each symbol it ever meets, then turns a
 * dictionary into verdicts and a column of codes into bits, 64 rows a word; and, or and not work on
 * words. Nothing is allocated a row, and an "and" stops at the first part that leaves nothing.
 */
#include "query/expr.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

static void
fill(uint64_t *out, uint32_t n, bool value)
{
	uint32_t words = bit_words(n);

	if (words == 0)
		return;
	memset(out, value ? 0xff : 0, words * sizeof(*out));
	if (value && (n & 63) != 0)
		out[words - 1] = ((uint64_t)1 << (n & 63)) - 1;
}

static bool
is_filled(const uint64_t *b, uint32_t n, bool value)
{
	const uint64_t full = value ? ~(uint64_t)0 : 0;
	uint32_t whole = n >> 6;
	uint64_t tail;

	for (uint32_t i = 0; i < whole; i++)
		if (b[i] != full)
			return false;
	if ((n & 63) == 0)
		return true;
	tail = ((uint64_t)1 << (n & 63)) - 1;
	return b[whole] == (full & tail);
}

static bool
ask(const struct term *t, const struct symtab *symbols, sym_t s)
{
	if (s == SYM_ABSENT || s == SYM_NULL)
		return predicate_absent(t->predicate);
	if (t->field == FIELD_TAGS)
		return predicate_match_list(t->predicate, symtab_text(symbols, s));
	return predicate_match(t->predicate, symtab_text(symbols, s));
}

static void
grow_memo(struct term *t, const struct symtab *symbols, sym_t s)
{
	uint32_t count = symtab_count(symbols), want = t->memo_len + t->memo_len / 2;

	if (want < count)
		want = count;
	if (want <= s)
		want = s + 1;
	t->memo = xreallocarray(t->memo, want, 1);
	memset(t->memo + t->memo_len, 0, want - t->memo_len);
	t->memo_len = want;
}

static inline uint8_t
verdict(struct term *t, const struct symtab *symbols, sym_t s)
{
	if (s >= t->memo_len)
		grow_memo(t, symbols, s);
	if (t->memo[s] == 0)
		t->memo[s] = (uint8_t)(ask(t, symbols, s) + 1);
	return t->memo[s] - 1;
}

/* Verdicts of a dictionary; true when all are the same, which is then *same. */
static bool
judge(
    struct term *t, const struct rows *rows, const struct column *c, uint8_t *verdicts, bool *same)
{
	uint32_t yes = 0;

	for (uint32_t i = 0; i < c->ndict; i++) {
		verdicts[i] = verdict(t, rows->symbols, c->dict[i]);
		yes += verdicts[i];
	}
	*same = yes > 0;
	return yes == 0 || yes == c->ndict;
}

/* out bit i = value(i), n rows; an expression in i, so that each use is a loop of its own that the
 * compiler unrolls. */
#define BITS(out, n, value)                                                                        \
	do {                                                                                       \
		uint32_t whole_ = (n) >> 6, i = 0;                                                 \
		for (uint32_t w_ = 0; w_ < whole_; w_++) {                                         \
			uint64_t bits_ = 0;                                                        \
			for (unsigned j_ = 0; j_ < 64; j_++, i++)                                  \
				bits_ |= (uint64_t)(value) << j_;                                  \
			(out)[w_] = bits_;                                                         \
		}                                                                                  \
		if (((n)&63) != 0) {                                                               \
			uint64_t bits_ = 0;                                                        \
			for (unsigned j_ = 0; i < (n); j_++, i++)                                  \
				bits_ |= (uint64_t)(value) << j_;                                  \
			(out)[whole_] = bits_;                                                     \
		}                                                                                  \
	} while (0)

static void
eval_column(struct filter *f, struct term *t, const struct rows *rows, uint64_t *out)
{
	const struct column *c = &rows->col[column_index(t->field)];
	const uint8_t *verdicts = f->verdicts;
	const uint8_t *code8 = c->code;
	const uint16_t *code16 = c->code;
	const sym_t *symbol = c->code;
	bool same;

	if (c->width == 0) {
		fill(out, rows->n, verdict(t, rows->symbols, c->dict[0]));
	} else if (c->width == 4) {
		BITS(out, rows->n, verdict(t, rows->symbols, symbol[i]));
	} else if (judge(t, rows, c, f->verdicts, &same)) {
		fill(out, rows->n, same);
	} else if (c->width == 1) {
		BITS(out, rows->n, verdicts[code8[i]]);
	} else {
		BITS(out, rows->n, verdicts[code16[i]]);
	}
}

static void
eval_time(const struct term *t, const struct rows *rows, uint64_t *out)
{
	const int64_t *time = rows->time, at = t->time;

	switch (t->op) {
	case OP_EQ: BITS(out, rows->n, time[i] == at); break;
	case OP_NE: BITS(out, rows->n, time[i] != at); break;
	case OP_LT: BITS(out, rows->n, time[i] < at); break;
	case OP_LE: BITS(out, rows->n, time[i] <= at); break;
	case OP_GT: BITS(out, rows->n, time[i] > at); break;
	case OP_GE: BITS(out, rows->n, time[i] >= at); break;
	default: fill(out, rows->n, true); break; /* exists */
	}
}

static void
eval_term(struct filter *f, struct term *t, const struct rows *rows, uint64_t *out)
{
	const unsigned levels = t->levels, slot = (unsigned)t->slot & 31;

	switch (t->kind) {
	case TERM_COLUMN: eval_column(f, t, rows, out); break;
	case TERM_TEXT: BITS(out, rows->n, rows->tests[i] >> slot & 1); break;
	case TERM_PRIORITY: BITS(out, rows->n, levels >> (rows->priority[i] & 15) & 1); break;
	case TERM_TIME: eval_time(t, rows, out); break;
	}
}

static void
invert(uint64_t *out, uint32_t n)
{
	for (uint32_t i = 0; i < bit_words(n); i++)
		out[i] = ~out[i];
	if ((n & 63) != 0)
		out[n >> 6] &= ((uint64_t)1 << (n & 63)) - 1;
}

static void
eval_node(struct filter *f, struct node *n, unsigned level, const struct rows *rows, uint64_t *out)
{
	const uint32_t words = bit_words(rows->n);
	uint64_t *part;

	if (n->kind == NODE_TERM) {
		eval_term(f, n->term, rows, out);
		return;
	}
	if (n->kind == NODE_NOT) {
		eval_node(f, n->child[0], level, rows, out);
		invert(out, rows->n);
		return;
	}
	part = f->scratch[level];
	eval_node(f, n->child[0], level + 1, rows, out);
	for (unsigned i = 1; i < n->n && !is_filled(out, rows->n, n->kind == NODE_OR); i++) {
		eval_node(f, n->child[i], level + 1, rows, part);
		if (n->kind == NODE_AND) {
			for (uint32_t w = 0; w < words; w++)
				out[w] &= part[w];
		} else {
			for (uint32_t w = 0; w < words; w++)
				out[w] |= part[w];
		}
	}
}

void
filter_eval(struct filter *f, const struct rows *rows, uint64_t *out)
{
	if (f->root == NULL)
		fill(out, rows->n, true);
	else
		eval_node(f, f->root, 0, rows, out);
}
