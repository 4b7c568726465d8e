/*
 * A parsed filter's life: its tree, its slots in a schema, its memory. Parsing is parse.c,
 * evaluation eval.c, printing print.c.
 */
#include "query/expr.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

void
expr_each(struct node *n, void (*fn)(struct term *, void *), void *arg)
{
	if (n == NULL)
		return;
	if (n->kind == NODE_TERM)
		fn(n->term, arg);
	for (unsigned i = 0; i < n->n; i++)
		expr_each(n->child[i], fn, arg);
}

void
expr_free(struct node *n)
{
	if (n == NULL)
		return;
	for (unsigned i = 0; i < n->n; i++)
		expr_free(n->child[i]);
	if (n->term != NULL) {
		predicate_free(n->term->predicate);
		free(n->term->memo);
		free(n->term);
	}
	free(n->child);
	free(n);
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	expr_free(f->root);
	arena_release(&f->arena);
	for (unsigned i = 0; i < f->levels; i++)
		free(f->scratch[i]);
	free(f->scratch);
	free(f->verdicts);
	free(f);
}

bool
filter_is_all(const struct filter *f)
{
	return f->root == NULL;
}

bool
filter_is_or(const struct filter *f)
{
	return f->root != NULL && f->root->kind == NODE_OR;
}

struct nth_field {
	unsigned left;
	bool found;
	struct slice name;
};

static void
count_field(struct term *t, void *arg)
{
	struct nth_field *n = arg;

	if (n->found || t->kind != TERM_COLUMN || t->op == OP_EXISTS || n->left-- > 0)
		return;
	n->found = true;
	n->name = t->name.len > 0 || t->field >= FIELD_KNOWN
		      ? t->name
		      : slice_of(field_info((enum field_id)t->field)->name);
}

bool
filter_field_name(const struct filter *f, unsigned i, struct slice *name)
{
	struct nth_field n = { .left = i };

	expr_each(f->root, count_field, &n);
	*name = n.name;
	return n.found && n.name.len > 0;
}

struct bind {
	struct schema *schema;
	struct filter_error *err;
	bool failed;
};

static void
drop_slots(struct term *t, void *arg)
{
	struct schema *s = arg;

	if (t->kind == TERM_COLUMN && t->name.p != NULL && t->field != FIELD_NONE) {
		schema_drop_field(s, t->field);
		t->field = FIELD_NONE;
	}
	if (t->kind == TERM_TEXT && t->slot >= 0) {
		schema_drop_test(s, t->slot);
		t->slot = -1;
	}
}

static void
take_slots(struct term *t, void *arg)
{
	struct bind *b = arg;
	char ignored[8];
	struct predicate *p;
	const char *full = NULL;

	if (b->failed)
		return;
	if (t->kind == TERM_COLUMN && t->name.p != NULL) {
		t->field = schema_take_field(b->schema, t->name);
		if (t->field == FIELD_NONE)
			full = "too many fields outside the catalogue in use at once";
	} else if (t->kind == TERM_TEXT) {
		/* it was made once when the filter was parsed, so it can be made again */
		p = predicate_new(t->op, t->operand, t->n, ignored, sizeof(ignored));
		t->slot = p == NULL ? -1 : schema_take_test(b->schema, (enum field_id)t->field, p);
		if (t->slot < 0)
			full = "too many searches of the output text in use at once";
	}
	if (full == NULL)
		return;
	b->failed = true;
	b->err->offset = t->offset;
	snprintf(b->err->message, sizeof(b->err->message), "%s", full);
}

/* How many and/or nodes stand above one another. */
static unsigned
count_levels(const struct node *n)
{
	unsigned most = 0;

	if (n == NULL)
		return 0;
	for (unsigned i = 0; i < n->n; i++) {
		unsigned below = count_levels(n->child[i]);

		if (below > most)
			most = below;
	}
	return most + (n->kind == NODE_AND || n->kind == NODE_OR);
}

static void
make_scratch(struct filter *f)
{
	if (f->verdicts != NULL)
		return;
	f->verdicts = xmalloc(ROWS_MAX);
	f->levels = count_levels(f->root);
	f->scratch = xcalloc(f->levels + 1, sizeof(*f->scratch));
	for (unsigned i = 0; i < f->levels; i++)
		f->scratch[i] = xcalloc(bit_words(ROWS_MAX), sizeof(uint64_t));
}

bool
filter_bind(struct filter *f, struct schema *s, struct filter_error *err)
{
	struct bind b = { .schema = s, .err = err };

	if (f->bound != NULL)
		filter_unbind(f, f->bound);
	expr_each(f->root, take_slots, &b);
	if (b.failed) {
		expr_each(f->root, drop_slots, s);
		return false;
	}
	make_scratch(f);
	f->bound = s;
	return true;
}

void
filter_unbind(struct filter *f, struct schema *s)
{
	expr_each(f->root, drop_slots, s);
	filter_forget(f);
	f->bound = NULL;
}

static void
add_field_slot(struct term *t, void *arg)
{
	uint32_t *bits = arg;

	if (t->kind == TERM_COLUMN && t->name.p != NULL && t->field != FIELD_NONE)
		*bits |= (uint32_t)1 << (t->field - FIELD_DYNAMIC);
}

static void
add_test_slot(struct term *t, void *arg)
{
	uint32_t *bits = arg;

	if (t->kind == TERM_TEXT && t->slot >= 0)
		*bits |= (uint32_t)1 << t->slot;
}

uint32_t
filter_field_slots(const struct filter *f)
{
	uint32_t bits = 0;

	expr_each(f->root, add_field_slot, &bits);
	return bits;
}

uint32_t
filter_test_slots(const struct filter *f)
{
	uint32_t bits = 0;

	expr_each(f->root, add_test_slot, &bits);
	return bits;
}

static void
forget(struct term *t, void *arg)
{
	(void)arg;
	free(t->memo);
	t->memo = NULL;
	t->memo_len = 0;
}

void
filter_forget(struct filter *f)
{
	expr_each(f->root, forget, NULL);
}
