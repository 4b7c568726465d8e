/*
 * stats AGGREGATE [AS name] … BY fields. The query groups by what an aggregate is over too: values,
 * extremes and counts of a field then come exactly from the finer groups, <NA> and empty texts
 * included, and rows are put together from those.
 */
#include "detect/spl_private.h"

#include "base/banned.h"

static const struct {
	const char *name;
	enum spl_aggregate_kind kind;
} functions[] = {
	{ "count", SPL_COUNT_OF },
	{ "c", SPL_COUNT_OF },
	{ "dc", SPL_DC },
	{ "distinct_count", SPL_DC },
	{ "values", SPL_VALUES },
	{ "min", SPL_MIN },
	{ "max", SPL_MAX },
	{ "earliest", SPL_EARLIEST },
	{ "latest", SPL_LATEST },
};

/* Of an aggregate that was read and whose field has no by-field yet. */
struct pending {
	struct spl_token field; /* text.p NULL: none */
	struct slice column;
	enum spl_aggregate_kind kind;
};

struct pendings {
	struct pending v[SPL_AGGREGATES];
	unsigned n;
};

static bool
at_by(const struct spl_parser *p)
{
	return p->tok.kind == SPL_END || p->tok.kind == SPL_PIPE || spl_is_word(&p->tok, "by");
}

static bool
find_function(struct spl_parser *p, enum spl_aggregate_kind *out)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (spl_is_word(&p->tok, functions[i].name)) {
			*out = functions[i].kind;
			return true;
		}
	}
	return spl_fail_here(p, "this function of stats is not supported");
}

/* The parenthesis is the current token; *end is where the call ends. */
static bool
parse_argument(struct spl_parser *p, struct pending *out, size_t *end)
{
	if (!spl_next(p, SPL_LEX_TERM))
		return false;
	if (p->tok.kind != SPL_WORD && p->tok.kind != SPL_STRING)
		return spl_fail_here(p, "expected a field name");
	out->field = p->tok;
	if (memchr(p->tok.text.p, '*', p->tok.text.len) != NULL)
		return spl_fail_here(p, "wildcards in field names are not supported here");
	if (!spl_next(p, SPL_LEX_TERM))
		return false;
	if (p->tok.kind != SPL_CLOSE)
		return spl_fail(p, out->field.at, out->field.text,
		    "expected one field name: calculations are not supported");
	*end = p->tok.end;
	return spl_next(p, SPL_LEX_TERM);
}

static bool
parse_aggregate(struct spl_parser *p, struct pending *out)
{
	size_t at = p->tok.at, end = p->tok.end;
	struct spl_token name = p->tok;

	*out = (struct pending){ .kind = SPL_COUNT };
	if (p->tok.kind != SPL_WORD)
		return spl_fail_here(p, "expected a function of stats");
	if (!find_function(p, &out->kind) || !spl_next(p, SPL_LEX_TERM))
		return false;
	if (p->tok.kind == SPL_OPEN) {
		if (!parse_argument(p, out, &end))
			return false;
	} else if (out->kind != SPL_COUNT_OF) {
		return spl_fail(p, name.at, name.text, "expected a field in parentheses");
	} else {
		out->kind = SPL_COUNT;
	}
	out->column = (struct slice){ p->text.p + at, end - at };
	if (out->kind == SPL_COUNT)
		out->column = SLICE("count");
	if (!spl_is_word(&p->tok, "as"))
		return true;
	if (!spl_next(p, SPL_LEX_TERM))
		return false;
	if ((p->tok.kind != SPL_WORD && p->tok.kind != SPL_STRING) || p->tok.text.len == 0)
		return spl_fail_here(p, "expected a name after AS");
	out->column = p->tok.text;
	return spl_next(p, SPL_LEX_TERM);
}

static bool
parse_aggregates(struct spl_parser *p, struct pendings *all)
{
	while (!at_by(p)) {
		if (all->n == SPL_AGGREGATES)
			return spl_fail_here(p, "too many aggregates");
		if (!parse_aggregate(p, &all->v[all->n++]))
			return false;
		if (p->tok.kind == SPL_COMMA && !spl_next(p, SPL_LEX_TERM))
			return false;
	}
	return all->n > 0 || spl_fail_here(p, "expected a function of stats");
}

/* Number of the query's by-field of this name, added when new. */
static bool
query_field(struct spl_parser *p, const struct spl_token *t, unsigned *out)
{
	struct spl *s = p->spl;
	const struct slice *fill;
	struct slice field, name;
	bool list;

	if (!spl_resolve(p, t, &field))
		return false;
	name = spl_field(field, &list);
	if (slice_eq(field, SLICE("_time")) || slice_eq(name, SLICE("time")))
		return spl_fail(p, t->at, t->text, "time can only be the field of min and max");
	if (name.len == 0 || name.len > 256)
		return spl_fail(p, t->at, t->text, "expected a field name");
	fill = spl_filled(p, field);
	for (*out = 0; *out < s->nquery; ++*out)
		if (slice_eq(slice_of(s->by[*out]), name))
			return true;
	if (s->nquery == GROUP_BY_MAX)
		return spl_fail(
		    p, t->at, t->text, "more than %d fields in one stats", GROUP_BY_MAX);
	s->by[s->nquery] = arena_copy(p->arena, name).p;
	s->list[s->nquery] = list;
	s->fill[s->nquery++] = fill == NULL ? NULL : arena_copy(p->arena, *fill).p;
	return true;
}

static bool
is_time(const struct spl_token *t)
{
	return slice_eq(t->text, SLICE("_time"));
}

static bool
add_aggregate(struct spl_parser *p, const struct pending *a)
{
	struct spl *s = p->spl;
	struct spl_aggregate *out = &s->aggregate[s->naggregate];
	unsigned by, slot;

	*out = (struct spl_aggregate){ .kind = a->kind, .by = -1 };
	if (a->field.text.p != NULL && is_time(&a->field) && a->kind == SPL_COUNT_OF)
		out->kind = SPL_COUNT; /* every event has a time */
	else if (a->field.text.p != NULL && is_time(&a->field) && a->kind >= SPL_MIN)
		out->by = -1;
	else if (a->field.text.p != NULL) {
		if (!query_field(p, &a->field, &by))
			return false;
		out->by = (int)by;
	}
	return spl_new_slot(p, SPL_SLOT_AGGREGATE, s->naggregate++, &slot) &&
	       spl_new_column(p, a->column, slot);
}

/* The by-fields come first, in the query and in the result. */
static bool
parse_by(struct spl_parser *p)
{
	struct spl *s = p->spl;
	struct spl_names names;
	unsigned by, slot;

	if (!spl_next(p, SPL_LEX_TERM) || !spl_parse_names(p, &names))
		return false;
	if (names.n == 0)
		return spl_fail_here(p, "expected a field name after BY");
	for (unsigned i = 0; i < names.n; i++) {
		const struct spl_token *t = &names.v[i];

		if (memchr(t->text.p, '*', t->text.len) != NULL)
			return spl_fail(
			    p, t->at, t->text, "wildcards in field names are not supported here");
		if (spl_find_column(s, t->text) >= 0)
			return spl_fail(p, t->at, t->text, "it is there twice");
		if (!query_field(p, t, &by) || !spl_new_slot(p, SPL_SLOT_BY, by, &slot) ||
		    !spl_new_column(p, t->text, slot))
			return false;
	}
	s->nby = s->nquery;
	return true;
}

bool
spl_stats(struct spl_parser *p)
{
	struct pendings all = { 0 };

	p->grouped = true;
	if (!parse_aggregates(p, &all))
		return false;
	if (spl_is_word(&p->tok, "by") && !parse_by(p))
		return false;
	for (unsigned i = 0; i < all.n; i++)
		if (!add_aggregate(p, &all.v[i]))
			return false;
	return true;
}
