/*
 * A table of messages made at run time. Finding is a binary search and then a walk from longer to
 * shorter starts, so that many rows that begin alike cost no more than few. Reading rules files is
 * not done here.
 */
#include "decode/message_table.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define NONE UINT32_MAX

struct message_table {
	unsigned n;
	struct message_rule *row; /* by message */
	uint32_t *shorter;	  /* the longest row that starts this one, or NONE */
};

static _Atomic(const struct message_table *) current;

void
decode_set_rules(const struct message_table *t)
{
	atomic_store_explicit(&current, t, memory_order_release);
}

const struct message_table *
decode_rules(void)
{
	return atomic_load_explicit(&current, memory_order_acquire);
}

struct candidate {
	struct message_rule row;
	unsigned order;
};

static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c = slice_cmp(x->row.message, y->row.message);

	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

static bool
starts(struct slice start, struct slice s)
{
	return s.len >= start.len && memcmp(s.p, start.p, start.len) == 0;
}

static void
link_rows(struct message_table *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t up = i == 0 ? NONE : i - 1;

		while (up != NONE && !starts(t->row[up].message, t->row[i].message))
			up = t->shorter[up];
		t->shorter[i] = up;
	}
}

struct message_table *
message_table_new(const struct message_rule *rows, unsigned n)
{
	struct message_table *t = xcalloc(1, sizeof(*t));
	struct candidate *all;
	unsigned nbuiltin, total;
	const struct message_rule *builtin = message_rule_rows(&nbuiltin);

	total = n + nbuiltin;
	all = xcalloc(total, sizeof(*all));
	for (unsigned i = 0; i < total; i++)
		all[i] = (struct candidate){ i < n ? rows[i] : builtin[i - n], i };
	qsort(all, total, sizeof(*all), compare);
	t->row = xcalloc(total, sizeof(*t->row));
	t->shorter = xcalloc(total, sizeof(*t->shorter));
	for (unsigned i = 0; i < total; i++) {
		const struct message_rule *r = &all[i].row;

		if (r->message.len > 0 &&
		    (t->n == 0 || !slice_eq(t->row[t->n - 1].message, r->message)))
			t->row[t->n++] = *r;
	}
	free(all);
	link_rows(t);
	return t;
}

void
message_table_free(struct message_table *t)
{
	if (t == NULL)
		return;
	free(t->row);
	free(t->shorter);
	free(t);
}

static bool
word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool
matches(struct slice start, struct slice message)
{
	if (!starts(start, message))
		return false;
	return message.len == start.len || !word_byte(start.p[start.len - 1]) ||
	       !word_byte(message.p[start.len]);
}

/* Everything between a start of the message and the message in the order begins with that start:
 * so all starts are the last row before the message or among its own starts. */
const struct message_rule *
message_table_find(const struct message_table *t, struct slice message)
{
	uint32_t low = 0, high = t->n, i;

	if (message.len == 0)
		return NULL;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (slice_cmp(t->row[mid].message, message) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (i = low == 0 ? NONE : low - 1; i != NONE; i = t->shorter[i])
		if (matches(t->row[i].message, message))
			return &t->row[i];
	return NULL;
}
