/*
 * One comparison: operands prepared once, values tested many times. What a field is and where its
 * value comes from is not known here.
 */
#include "query/predicate.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/xalloc.h"
#include "query/number.h"
#include "query/regex.h"
#include "base/banned.h"

struct predicate {
	enum predicate_op op;
	unsigned n;
	struct slice *operand; /* as given */
	struct slice *sorted;  /* lists: by bytes */
	struct slice lowered;  /* icontains */
	struct find_plan plan; /* how to look for it */
	struct number number;
	struct regex *regex;
};

static const struct predicate_info infos[OP_COUNT] = {
	[OP_EXISTS] = { .name = "exists" },
	[OP_EQ] = { .name = "=" },
	[OP_NE] = { .name = "!=" },
	[OP_LT] = { .name = "<", .number = true },
	[OP_LE] = { .name = "<=", .number = true },
	[OP_GT] = { .name = ">", .number = true },
	[OP_GE] = { .name = ">=", .number = true },
	[OP_CONTAINS] = { .name = "contains" },
	[OP_ICONTAINS] = { .name = "icontains" },
	[OP_STARTSWITH] = { .name = "startswith" },
	[OP_ENDSWITH] = { .name = "endswith" },
	[OP_GLOB] = { .name = "glob" },
	[OP_IGLOB] = { .name = "iglob" },
	[OP_REGEX] = { .name = "regex" },
	[OP_IN] = { .name = "in", .list = true },
	[OP_INTERSECTS] = { .name = "intersects", .list = true },
	[OP_PMATCH] = { .name = "pmatch", .list = true },
};

const struct predicate_info *
predicate_info(enum predicate_op op)
{
	return &infos[op];
}

bool
predicate_op_by_name(struct slice name, enum predicate_op *out)
{
	if (slice_eq(name, SLICE("=="))) {
		*out = OP_EQ;
		return true;
	}
	for (unsigned op = 0; op < OP_COUNT; op++) {
		if (strlen(infos[op].name) == name.len &&
		    strncasecmp(infos[op].name, name.p, name.len) == 0) {
			*out = (enum predicate_op)op;
			return true;
		}
	}
	return false;
}

static struct slice
copy_slice(struct slice s)
{
	return (struct slice){ xstrndup(s.len == 0 ? "" : s.p, s.len), s.len };
}

static void
free_slice(struct slice s)
{
	free((void *)(uintptr_t)s.p);
}

static int
compare_slices(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* What the operator wants beside the copied operands. False: the operand is no good. */
static bool
prepare(struct predicate *p, char *err, size_t errlen, size_t *offset)
{
	if (infos[p->op].list) {
		p->sorted = xcalloc(p->n, sizeof(*p->sorted));
		memcpy(p->sorted, p->operand, p->n * sizeof(*p->sorted));
		qsort(p->sorted, p->n, sizeof(*p->sorted), compare_slices);
	} else if (p->op == OP_ICONTAINS) {
		char *text;

		p->lowered = copy_slice(p->operand[0]);
		text = (char *)(uintptr_t)p->lowered.p;
		for (size_t i = 0; i < p->lowered.len; i++)
			if (text[i] >= 'A' && text[i] <= 'Z')
				text[i] = (char)(text[i] | 0x20);
		p->plan = find_plan(p->lowered.p, p->lowered.len);
	} else if (infos[p->op].number && !number_parse(p->operand[0], &p->number)) {
		snprintf(err, errlen, "expected a number after %s", infos[p->op].name);
		return false;
	} else if (p->op == OP_REGEX) {
		p->regex = regex_new(p->operand[0], err, errlen, offset);
		return p->regex != NULL;
	}
	return true;
}

struct predicate *
predicate_new_at(enum predicate_op op, const struct slice *operands, unsigned n, char *err,
    size_t errlen, size_t *offset)
{
	struct predicate *p;

	*offset = 0;
	if ((op == OP_EXISTS) != (n == 0) || (n > 1 && !infos[op].list)) {
		snprintf(err, errlen, "wrong number of values for %s", infos[op].name);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->op = op;
	p->n = n;
	p->operand = xcalloc(n + 1, sizeof(*p->operand));
	for (unsigned i = 0; i < n; i++)
		p->operand[i] = copy_slice(operands[i]);
	if (!prepare(p, err, errlen, offset)) {
		predicate_free(p);
		return NULL;
	}
	return p;
}

struct predicate *
predicate_new(
    enum predicate_op op, const struct slice *operands, unsigned n, char *err, size_t errlen)
{
	size_t offset;

	return predicate_new_at(op, operands, n, err, errlen, &offset);
}

void
predicate_free(struct predicate *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < p->n; i++)
		free_slice(p->operand[i]);
	free(p->operand);
	free(p->sorted);
	free_slice(p->lowered);
	regex_free(p->regex);
	free(p);
}

static bool
starts_with(struct slice value, struct slice start)
{
	return start.len <= value.len &&
	       (start.len == 0 || memcmp(value.p, start.p, start.len) == 0);
}

static bool
ends_with(struct slice value, struct slice end)
{
	return end.len <= value.len &&
	       (end.len == 0 || memcmp(value.p + value.len - end.len, end.p, end.len) == 0);
}

static bool
contains(struct slice value, struct slice part)
{
	if (part.len == 0)
		return true;
	return part.len <= value.len && memmem(value.p, value.len, part.p, part.len) != NULL;
}

static bool
in_list(const struct predicate *p, struct slice value)
{
	return bsearch(&value, p->sorted, p->n, sizeof(value), compare_slices) != NULL;
}

/* Falco prints a list-valued field as (a,b,c); anything else is a list of one. */
static bool
intersects(const struct predicate *p, struct slice value)
{
	size_t from = 1, i;

	if (value.len < 2 || value.p[0] != '(' || value.p[value.len - 1] != ')')
		return in_list(p, value);
	for (i = 1; i < value.len; i++) {
		size_t end = i;

		if (value.p[i] != ',' && i + 1 != value.len)
			continue;
		while (from < end && value.p[from] == ' ')
			from++;
		while (end > from && value.p[end - 1] == ' ')
			end--;
		if (in_list(p, (struct slice){ value.p + from, end - from }))
			return true;
		from = i + 1;
	}
	return false;
}

static bool
path_above(struct slice dir, struct slice path)
{
	while (dir.len > 1 && dir.p[dir.len - 1] == '/')
		dir.len--;
	if (dir.len == 0 || !starts_with(path, dir))
		return false;
	return path.len == dir.len || dir.p[dir.len - 1] == '/' || path.p[dir.len] == '/';
}

static bool
path_match(const struct predicate *p, struct slice value)
{
	for (unsigned i = 0; i < p->n; i++)
		if (path_above(p->operand[i], value))
			return true;
	return false;
}

static bool
number_match(const struct predicate *p, struct slice value)
{
	struct number n;
	int c;

	if (!number_parse(value, &n))
		return false;
	c = number_cmp(&n, &p->number);
	switch (p->op) {
	case OP_LT: return c < 0;
	case OP_LE: return c <= 0;
	case OP_GT: return c > 0;
	default: return c >= 0;
	}
}

bool
predicate_match(const struct predicate *p, struct slice value)
{
	switch (p->op) {
	case OP_EXISTS: return true;
	case OP_EQ: return slice_eq(value, p->operand[0]);
	case OP_NE: return !slice_eq(value, p->operand[0]);
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE: return number_match(p, value);
	case OP_CONTAINS: return contains(value, p->operand[0]);
	case OP_ICONTAINS:
		return p->lowered.len == 0 ||
		       (value.len > 0 && find_icase_by(value.p, value.len, p->lowered.p,
					     p->lowered.len, &p->plan) != NULL);
	case OP_STARTSWITH: return starts_with(value, p->operand[0]);
	case OP_ENDSWITH: return ends_with(value, p->operand[0]);
	case OP_GLOB: return glob_match(p->operand[0], value, false);
	case OP_IGLOB: return glob_match(p->operand[0], value, true);
	case OP_REGEX: return regex_match(p->regex, value);
	case OP_IN: return in_list(p, value);
	case OP_INTERSECTS: return intersects(p, value);
	case OP_PMATCH: return path_match(p, value);
	case OP_COUNT: break;
	}
	return false;
}

bool
predicate_match_list(const struct predicate *p, struct slice value)
{
	const bool all = p->op == OP_NE;
	size_t from = 0;

	if (p->op == OP_EXISTS)
		return true;
	while (from < value.len) {
		const char *blank = memchr(value.p + from, ' ', value.len - from);
		size_t end = blank == NULL ? value.len : (size_t)(blank - value.p);

		if (end > from &&
		    predicate_match(p, (struct slice){ value.p + from, end - from }) != all)
			return !all;
		from = end + 1;
	}
	return all;
}

bool
predicate_absent(const struct predicate *p)
{
	return p->op == OP_NE;
}

bool
predicate_same(const struct predicate *a, const struct predicate *b)
{
	if (a->op != b->op || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!slice_eq(a->operand[i], b->operand[i]))
			return false;
	return true;
}

uint64_t
predicate_limits_hit(void)
{
	return regex_limits_hit();
}
