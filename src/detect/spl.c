/*
 * A search from text to something that runs: macros, then one command after the other, each checked
 * against the subset; and what others may ask of it.
 */
#include "detect/spl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "detect/spl_private.h"
#include "base/banned.h"

static bool
parse_commands(struct spl_parser *p)
{
	while (p->tok.kind == SPL_PIPE) {
		struct spl_token name;

		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		name = p->tok;
		if (name.kind != SPL_WORD)
			return spl_fail_here(p, "expected a command");
		if (!spl_next(p, spl_is_word(&name, "where") ? SPL_LEX_EVAL : SPL_LEX_TERM))
			return false;
		if (!(p->grouped ? spl_table_command : spl_events_command)(p, &name))
			return false;
		if (p->tok.kind != SPL_PIPE && p->tok.kind != SPL_END)
			return spl_fail_here(p, "expected | or the end");
	}
	return true;
}

/* The first command of a search is search, said or not; one that starts with | makes its own rows.
 */
static bool
parse_first(struct spl_parser *p)
{
	struct spl_expr *e;
	struct spl_token name;

	if (!spl_next(p, SPL_LEX_TERM))
		return false;
	if (p->tok.kind == SPL_END)
		return spl_fail_here(p, "the search is empty");
	if (p->tok.kind == SPL_PIPE) {
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		name = p->tok;
		if (!spl_is_word(&name, "search"))
			return spl_fail(p, name.at, name.text, "this command is not supported");
	}
	if (spl_is_word(&p->tok, "search") && !spl_next(p, SPL_LEX_TERM))
		return false;
	e = spl_parse_search(p);
	return e != NULL && spl_filter_add(p, e);
}

static bool
finish(struct spl_parser *p, const struct spl_expansion *x)
{
	struct spl *s = p->spl;

	if (!p->grouped)
		return spl_fail_here(p, "a search without stats is not supported");
	if (x->condition != NULL)
		query_and(&p->base, x->condition);
	s->filter = xstrdup(p->base.filter != NULL ? p->base.filter : "");
	s->filter_macro = xstrndup(x->own.p == NULL ? "" : x->own.p, x->own.len);
	return true;
}

/* The user's condition is checked here, so that an error is told as one of it. */
static bool
check_condition(struct spl_parser *p, const char *condition)
{
	struct filter_error err;
	struct filter *f;

	if (condition == NULL)
		return true;
	f = filter_parse(condition, &err);
	if (f != NULL) {
		filter_free(f);
		return true;
	}
	return spl_fail(
	    p, p->text.len, slice_of(condition), "in the filter macro: %s", err.message);
}

static bool
parse_all(struct spl_parser *p, const struct spl_expansion *x)
{
	return check_condition(p, x->condition) && parse_first(p) && parse_commands(p) &&
	       finish(p, x);
}

struct spl *
spl_compile(
    struct slice search, const struct macros *m, const char *filter_macro, struct spl_error *err)
{
	struct spl *s = xcalloc(1, sizeof(*s));
	struct spl_parser *p = xcalloc(1, sizeof(*p));
	struct spl_expansion x = { 0 };
	bool ok;

	*err = (struct spl_error){ 0 };
	p->spl = s;
	p->arena = &s->arena;
	p->err = err;
	query_init(&p->base);
	ok = spl_expand(search, m, filter_macro, &x, err);
	if (ok) {
		p->text = arena_copy(p->arena, buf_slice(&x.text));
		p->origin = x.origin;
		ok = parse_all(p, &x);
		if (!ok)
			spl_error_place(err, search, err->offset);
	}
	spl_expansion_release(&x);
	query_release(&p->base);
	free(p);
	if (ok)
		return s;
	spl_free(s);
	return NULL;
}

void
spl_free(struct spl *s)
{
	if (s == NULL)
		return;
	arena_release(&s->arena);
	free(s->filter);
	free(s->filter_macro);
	free(s);
}

const char *
spl_filter(const struct spl *s)
{
	return s->filter;
}

void
spl_query(const struct spl *s, struct query *out)
{
	query_init(out);
	out->kind = QUERY_GROUPS;
	out->filter = xstrdup(s->filter);
	for (unsigned i = 0; i < s->nquery; i++)
		out->by[out->nby++] = xstrdup(s->by[i]);
}

const char *
spl_filter_macro(const struct spl *s)
{
	return s->filter_macro;
}

bool
spl_is_audit(const struct spl *s)
{
	return s->audit;
}

unsigned
spl_ncolumns(const struct spl *s)
{
	return s->ncolumn;
}

const char *
spl_column(const struct spl *s, unsigned i)
{
	return i < s->ncolumn ? s->column[i].name.p : NULL;
}

int
spl_column_index(const struct spl *s, struct slice name)
{
	return spl_find_column(s, name);
}

const char *
spl_column_field(const struct spl *s, unsigned i, const char **fill)
{
	const struct spl_slot *slot;

	if (i >= s->ncolumn)
		return NULL;
	slot = &s->slot[s->column[i].slot];
	if (slot->kind != SPL_SLOT_BY || slot->changed)
		return NULL;
	if (fill != NULL)
		*fill = s->fill[slot->index] != NULL ? s->fill[slot->index] : slot->fill;
	return s->by[slot->index];
}

bool
spl_column_term(const struct spl *s, unsigned i, struct slice value, struct buf *out)
{
	const char *fill, *field = spl_column_field(s, i, &fill);
	bool filled;

	if (field == NULL)
		return false;
	filled = fill != NULL && slice_eq(value, slice_of(fill));
	filter_quote(out, slice_of(field));
	if (s->list[s->slot[s->column[i].slot].index]) {
		spl_print_element(out, value, true);
	} else {
		buf_adds(out, " = ");
		filter_quote(out, value);
	}
	if (filled) {
		buf_adds(out, " or not ");
		filter_quote(out, slice_of(field));
		buf_adds(out, " exists");
	}
	return true;
}
