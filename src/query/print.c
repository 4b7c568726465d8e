/*
 * A filter written back in one form: Falco's field names, lower-case operators, quotes and
 * parentheses only where they are needed, times in full. What it prints parses to the same filter.
 */
#include "query/expr.h"

#include "base/banned.h"

static void print_node(struct buf *out, const struct node *n);

static void
print_name(struct buf *out, const struct term *t)
{
	if (t->name.p == NULL)
		buf_adds(out, field_info((enum field_id)t->field)->name);
	else
		lex_print_name(out, t->name);
}

static void
print_term(struct buf *out, const struct term *t)
{
	const bool list = predicate_info(t->op)->list;

	if (t->field == FIELD_OUTPUT && t->op == OP_ICONTAINS && t->operand[0].len > 0) {
		filter_quote(out, t->operand[0]);
		return;
	}
	print_name(out, t);
	buf_addf(out, " %s", predicate_info(t->op)->name);
	if (t->n > 0)
		buf_adds(out, list ? " (" : " ");
	for (unsigned i = 0; i < t->n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		filter_quote(out, t->operand[i]);
	}
	if (list)
		buf_addc(out, ')');
}

static void
print_child(struct buf *out, const struct node *n, bool parentheses)
{
	if (parentheses)
		buf_addc(out, '(');
	print_node(out, n);
	if (parentheses)
		buf_addc(out, ')');
}

static void
print_node(struct buf *out, const struct node *n)
{
	switch (n->kind) {
	case NODE_TERM: print_term(out, n->term); break;
	case NODE_NOT:
		buf_adds(out, "not ");
		print_child(out, n->child[0], n->child[0]->kind != NODE_TERM);
		break;
	case NODE_AND:
	case NODE_OR:
		for (unsigned i = 0; i < n->n; i++) {
			if (i > 0)
				buf_adds(out, n->kind == NODE_AND ? " and " : " or ");
			print_child(
			    out, n->child[i], n->kind == NODE_AND && n->child[i]->kind == NODE_OR);
		}
		break;
	}
}

char *
filter_print(const struct filter *f)
{
	struct buf out = { 0 };

	buf_adds(&out, "");
	if (f->root != NULL)
		print_node(&out, f->root);
	return buf_steal(&out);
}
