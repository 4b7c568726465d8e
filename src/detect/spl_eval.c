/*
 * The steps over finished rows: keep, fill, sort, head, ctime. `search` compares as search does
 * (ignoring case, wildcards, any value of a list), `where` as where does (exactly; what is null is
 * neither true nor false).
 */
#include "detect/spl_private.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "query/number.h"
#include "base/banned.h"

enum truth { NO, YES, NULL_TRUTH };

static enum truth eval(const struct spl_expr *e, const struct spl_cell *slot);

int
spl_compare(struct slice a, struct slice b)
{
	struct number x, y;

	if (number_parse(a, &x) && number_parse(b, &y))
		return number_cmp(&x, &y);
	return slice_cmp(a, b);
}

static bool
order_holds(enum spl_op op, int c)
{
	switch (op) {
	case SPL_EQ: return c == 0;
	case SPL_NE: return c != 0;
	case SPL_LT: return c < 0;
	case SPL_LE: return c <= 0;
	case SPL_GT: return c > 0;
	case SPL_GE: break;
	}
	return c >= 0;
}

/* One value against search's field op value; the value of = and != is a glob by now. */
static bool
value_holds(const struct spl_expr *e, struct slice text)
{
	if (e->op == SPL_EQ || e->op == SPL_NE)
		return glob_match(e->value, text, true) == (e->op == SPL_EQ);
	return order_holds(e->op, spl_compare(text, e->value));
}

static bool
compare_holds(const struct spl_expr *e, const struct spl_cell *slot)
{
	const struct spl_cell *c = e->slot < 0 ? NULL : &slot[e->slot];

	if (c == NULL || c->kind == SPL_MISSING)
		return false;
	for (uint32_t i = 0; i < c->nitem; i++)
		if (value_holds(e, c->item[i]))
			return true;
	return c->nitem == 0 && value_holds(e, c->text);
}

/* False when it is null. */
static bool
operand(const struct spl_operand *o, const struct spl_cell *slot, struct slice *out)
{
	*out = o->text;
	if (!o->is_field)
		return true;
	if (o->slot < 0 || slot[o->slot].kind == SPL_MISSING)
		return false;
	*out = slot[o->slot].text;
	return true;
}

static enum truth
where_holds(const struct spl_expr *e, const struct spl_cell *slot)
{
	struct slice a, b;

	if (!operand(&e->left, slot, &a) || !operand(&e->right, slot, &b))
		return NULL_TRUTH;
	return order_holds(e->op, spl_compare(a, b)) ? YES : NO;
}

/* SQL's LIKE, exactly: % any run, _ one byte. Written as a glob. */
static enum truth
like_holds(const struct spl_expr *e, const struct spl_cell *slot)
{
	struct buf glob = { 0 };
	struct slice a, b;
	bool ok;

	if (!operand(&e->left, slot, &a) || !operand(&e->right, slot, &b))
		return NULL_TRUTH;
	buf_adds(&glob, "");
	for (size_t i = 0; i < b.len; i++) {
		char c = b.p[i];

		if (memchr("*?[]\\", c, 5) != NULL)
			buf_addc(&glob, '\\');
		buf_addc(&glob, c == '%' ? '*' : c == '_' ? '?' : c);
	}
	ok = glob_match(buf_slice(&glob), a, false);
	buf_release(&glob);
	return ok ? YES : NO;
}

/* AND stops at a no, OR at a yes; else null wins. */
static enum truth
chain_holds(const struct spl_expr *e, const struct spl_cell *slot)
{
	const enum truth stop = e->kind == SPL_AND ? NO : YES;
	enum truth result = e->kind == SPL_AND ? YES : NO;

	for (const struct spl_expr *c = e->child; c != NULL; c = c->next) {
		enum truth t = eval(c, slot);

		if (t == stop)
			return stop;
		if (t == NULL_TRUTH)
			result = NULL_TRUTH;
	}
	return result;
}

static enum truth
eval(const struct spl_expr *e, const struct spl_cell *slot)
{
	enum truth t;
	struct slice text;

	switch (e->kind) {
	case SPL_AND:
	case SPL_OR: return chain_holds(e, slot);
	case SPL_NOT: t = eval(e->child, slot); return t == NULL_TRUTH ? t : t == YES ? NO : YES;
	case SPL_COMPARE: return compare_holds(e, slot) ? YES : NO;
	case SPL_WHERE: return where_holds(e, slot);
	case SPL_ISNULL: return operand(&e->left, slot, &text) ? NO : YES;
	case SPL_LIKE: return like_holds(e, slot);
	case SPL_ALL:
	case SPL_PHRASE: break;
	}
	return YES;
}

bool
spl_keep(const struct spl_expr *e, const struct spl_cell *slot)
{
	return eval(e, slot) == YES;
}

static uint32_t
keep(const struct spl_step *s, struct spl_work *rows, uint32_t n)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < n; i++)
		if (spl_keep(s->expr, rows[i].slot))
			rows[left++] = rows[i];
	return left;
}

static void
fill(const struct spl_step *s, struct spl_work *rows, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint64_t left = s->slots; left != 0; left &= left - 1) {
			struct spl_cell *c = &rows[i].slot[__builtin_ctzll(left)];

			if (c->kind == SPL_MISSING)
				*c = (struct spl_cell){ .kind = SPL_TEXT, .text = s->value };
		}
	}
}

static int
by_keys(const void *pa, const void *pb, void *arg)
{
	const struct spl_work *a = pa, *b = pb;
	const struct spl_step *s = arg;

	for (unsigned k = 0; k < s->nkeys; k++) {
		const struct spl_cell *x = &a->slot[s->key[k].slot], *y = &b->slot[s->key[k].slot];
		int c;

		/* what is missing comes last, whatever the direction */
		if (x->kind == SPL_MISSING || y->kind == SPL_MISSING)
			c = (x->kind == SPL_MISSING) - (y->kind == SPL_MISSING);
		else
			c = spl_compare(x->text, y->text) * (s->key[k].descending ? -1 : 1);
		if (c != 0)
			return c;
	}
	return (a->order > b->order) - (a->order < b->order);
}

static void
sort(const struct spl_step *s, struct spl_work *rows, uint32_t n)
{
	struct spl_step keys = *s;

	for (uint32_t i = 0; i < n; i++)
		rows[i].order = i; /* ties stay as they are */
	if (n > 1)
		qsort_r(rows, n, sizeof(*rows), by_keys, &keys);
}

/* Whether the format says in which zone it is. */
static bool
says_zone(struct slice format)
{
	for (size_t i = 0; i + 1 < format.len; i++)
		if (format.p[i] == '%' && strchr("zZ", format.p[++i]) != NULL)
			return true;
	return false;
}

/* A time as the format wants it, in UTC: with a Z behind it, for Splunk's format has no zone. */
static struct slice
ctime_text(const struct spl_step *s, struct slice text, struct arena *arena)
{
	char out[128], format[64];
	struct number check;
	time_t t = 0;
	struct tm tm;
	size_t n;

	if (!number_parse(text, &check) || s->value.len >= sizeof(format))
		return text;
	t = (time_t)strtoll(text.p, NULL, 10);
	if (text.p[0] == '-' && memchr(text.p, '.', text.len) != NULL)
		t--; /* down, as Splunk rounds */
	memcpy(format, s->value.p, s->value.len);
	format[s->value.len] = '\0';
	if (gmtime_r(&t, &tm) == NULL)
		return text;
	tm.tm_zone = "UTC"; /* not glibc's GMT */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = strftime(out, sizeof(out) - 1, format, &tm);
#pragma GCC diagnostic pop
	if (n == 0)
		return text;
	if (!says_zone(s->value))
		out[n++] = 'Z';
	return arena_copy(arena, (struct slice){ out, n });
}

static void
convert(const struct spl_step *s, struct spl_work *rows, uint32_t n, struct arena *arena)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct spl_cell *from = &rows[i].slot[s->from];
		struct spl_cell c = *from;

		if (from->kind != SPL_MISSING && from->kind != SPL_LIST)
			c = (struct spl_cell){ .kind = SPL_TEXT,
				.text = ctime_text(s, from->text, arena) };
		rows[i].slot[s->to] = c;
	}
}

uint32_t
spl_run_steps(const struct spl *s, struct spl_work *rows, uint32_t n, struct arena *arena)
{
	for (unsigned i = 0; i < s->nstep; i++) {
		const struct spl_step *step = &s->step[i];

		switch (step->kind) {
		case SPL_STEP_KEEP: n = keep(step, rows, n); break;
		case SPL_STEP_FILL: fill(step, rows, n); break;
		case SPL_STEP_SORT: sort(step, rows, n); break;
		case SPL_STEP_CTIME: convert(step, rows, n, arena); break;
		case SPL_STEP_HEAD: break;
		}
		if ((step->kind == SPL_STEP_HEAD ||
			(step->kind == SPL_STEP_SORT && step->limit > 0)) &&
		    n > step->limit)
			n = (uint32_t)step->limit;
	}
	return n;
}
