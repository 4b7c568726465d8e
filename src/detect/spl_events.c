/*
 * Commands that work on events, before `stats`: search, fillnull, rename. All else there would need
 * events one by one, which a table of groups does not keep. Also the parts of commands that both
 * sides of `stats` have.
 */
#include "detect/spl_private.h"

#include "base/banned.h"

static bool
is_name(const struct spl_token *t)
{
	return (t->kind == SPL_WORD || t->kind == SPL_STRING) && t->text.len > 0;
}

static bool
at_end(const struct spl_parser *p)
{
	return p->tok.kind == SPL_END || p->tok.kind == SPL_PIPE;
}

bool
spl_parse_names(struct spl_parser *p, struct spl_names *names)
{
	names->n = 0;
	while (!at_end(p)) {
		if (!is_name(&p->tok))
			return spl_fail_here(p, "expected a field name");
		if (names->n == SPL_SLOTS)
			return spl_fail_here(p, "too many fields");
		names->v[names->n++] = p->tok;
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		if (p->tok.kind == SPL_COMMA && !spl_next(p, SPL_LEX_TERM))
			return false;
	}
	return true;
}

bool
spl_parse_fillnull(struct spl_parser *p, struct slice *value, struct spl_names *names)
{
	struct spl_token first = p->tok;
	size_t after = p->pos;

	*value = SLICE("0");
	if (spl_is_word(&first, "value")) {
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		if (p->tok.kind == SPL_OPERATOR && slice_eq(p->tok.text, SLICE("="))) {
			if (!spl_next(p, SPL_LEX_VALUE))
				return false;
			if (p->tok.kind != SPL_WORD && p->tok.kind != SPL_STRING)
				return spl_fail_here(p, "expected a value after value=");
			*value = p->tok.text;
			if (!spl_next(p, SPL_LEX_TERM))
				return false;
		} else { /* a field of that name */
			p->tok = first;
			p->pos = after;
		}
	}
	if (!spl_parse_names(p, names))
		return false;
	for (unsigned i = 0; i < names->n; i++)
		if (memchr(names->v[i].text.p, '*', names->v[i].text.len) != NULL)
			return spl_fail(p, names->v[i].at, names->v[i].text,
			    "wildcards in field names are not supported here");
	return true;
}

bool
spl_parse_rename(struct spl_parser *p,
    bool (*each)(struct spl_parser *p, const struct spl_token *from, const struct spl_token *to))
{
	do {
		struct spl_token from = p->tok, to;

		if (!is_name(&from))
			return spl_fail_here(p, "expected a field name");
		if (memchr(from.text.p, '*', from.text.len) != NULL)
			return spl_fail_here(p, "rename with wildcards is not supported");
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		if (!spl_is_word(&p->tok, "as"))
			return spl_fail_here(p, "expected AS");
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		to = p->tok;
		if (!is_name(&to))
			return spl_fail_here(p, "expected a field name after AS");
		if (!each(p, &from, &to) || !spl_next(p, SPL_LEX_TERM))
			return false;
		if (p->tok.kind == SPL_COMMA && !spl_next(p, SPL_LEX_TERM))
			return false;
	} while (!at_end(p));
	return true;
}

static bool
events_rename(struct spl_parser *p, const struct spl_token *from, const struct spl_token *to)
{
	if (p->nrename == SPL_RENAMES)
		return spl_fail(p, from->at, from->text, "too many renames");
	p->rename[p->nrename++] = (struct spl_rename){ from->text, to->text };
	return true;
}

static bool
add_fill(struct spl_parser *p, struct slice field, struct slice value, size_t at)
{
	if (p->nfill == SPL_RENAMES)
		return spl_fail(p, at, (struct slice){ NULL, 0 }, "too many fields to fill");
	p->fill[p->nfill++] = (struct spl_fill){ field, value };
	return true;
}

static bool
events_fillnull(struct spl_parser *p)
{
	struct spl_names names;
	struct slice value, field;
	bool list;

	if (!spl_parse_fillnull(p, &value, &names))
		return false;
	if (names.n == 0)
		return add_fill(p, (struct slice){ NULL, 0 }, value, p->tok.at);
	for (unsigned i = 0; i < names.n; i++) {
		if (!spl_resolve(p, &names.v[i], &field) ||
		    !add_fill(p, spl_field(field, &list), value, names.v[i].at))
			return false;
	}
	return true;
}

bool
spl_events_command(struct spl_parser *p, const struct spl_token *name)
{
	struct spl_expr *e;

	if (spl_is_word(name, "search")) {
		e = spl_parse_search(p);
		return e != NULL && spl_filter_add(p, e);
	}
	if (spl_is_word(name, "fillnull"))
		return events_fillnull(p);
	if (spl_is_word(name, "rename"))
		return spl_parse_rename(p, events_rename);
	if (spl_is_word(name, "stats"))
		return spl_stats(p);
	if (spl_is_word(name, "where") || spl_is_word(name, "table") ||
	    spl_is_word(name, "fields") || spl_is_word(name, "sort") || spl_is_word(name, "head") ||
	    spl_is_word(name, "convert"))
		return spl_fail(
		    p, name->at, name->text, "this command is supported after stats only");
	return spl_fail(p, name->at, name->text, "this command is not supported");
}
