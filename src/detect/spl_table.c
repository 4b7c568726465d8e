/*
 * Commands that work on the rows of `stats`. Names are resolved while compiling, so that rename,
 * table and fields cost nothing later; what is left are steps over slots.
 */
#include "detect/spl_private.h"

#include "query/number.h"
#include "base/banned.h"

int
spl_find_column(const struct spl *s, struct slice name)
{
	for (unsigned i = 0; i < s->ncolumn; i++)
		if (slice_eq(s->column[i].name, name))
			return (int)i;
	return -1;
}

static int
find_slot(const struct spl *s, struct slice name)
{
	int i = spl_find_column(s, name);

	return i < 0 ? -1 : (int)s->column[i].slot;
}

bool
spl_new_slot(struct spl_parser *p, enum spl_slot_kind kind, unsigned index, unsigned *out)
{
	struct spl *s = p->spl;

	if (s->nslot == SPL_SLOTS)
		return spl_fail_here(p, "too many columns");
	*out = s->nslot;
	s->slot[s->nslot++] = (struct spl_slot){ .kind = kind, .index = index };
	return true;
}

bool
spl_new_column(struct spl_parser *p, struct slice name, unsigned slot)
{
	struct spl *s = p->spl;
	int at = spl_find_column(s, name);

	if (at >= 0) {
		s->column[at].slot = slot; /* the later one of a name stands */
		return true;
	}
	if (s->ncolumn == SPL_SLOTS)
		return spl_fail_here(p, "too many columns");
	s->column[s->ncolumn++] = (struct spl_column_name){ arena_copy(p->arena, name), slot };
	return true;
}

static struct spl_step *
new_step(struct spl_parser *p, enum spl_step_kind kind)
{
	struct spl *s = p->spl;

	if (s->nstep == SPL_OPS) {
		spl_fail_here(p, "too many commands");
		return NULL;
	}
	s->step[s->nstep] = (struct spl_step){ .kind = kind };
	return &s->step[s->nstep++];
}

/* Slots for the names of an expression; -1 where there is no such column. Phrases look at events,
 * and there are none here. */
static bool
bind(struct spl_parser *p, struct spl_expr *e)
{
	struct buf glob = { 0 };

	if (e->kind == SPL_PHRASE)
		return spl_fail(p, e->at, e->value, "words can only be searched for before stats");
	if (e->kind == SPL_COMPARE) {
		e->slot = find_slot(p->spl, e->field);
		if (e->op == SPL_EQ || e->op == SPL_NE) {
			spl_glob(&glob, e->value);
			e->value = arena_copy(p->arena, buf_slice(&glob));
			buf_release(&glob);
		}
	}
	if (e->left.is_field)
		e->left.slot = find_slot(p->spl, e->left.text);
	if (e->right.is_field)
		e->right.slot = find_slot(p->spl, e->right.text);
	for (struct spl_expr *c = e->child; c != NULL; c = c->next)
		if (!bind(p, c))
			return false;
	return true;
}

static bool
table_keep(struct spl_parser *p, bool where)
{
	struct spl_expr *e = where ? spl_parse_where(p) : spl_parse_search(p);
	struct spl_step *s;

	if (e == NULL || !bind(p, e))
		return false;
	if (e->kind == SPL_ALL)
		return true;
	s = new_step(p, SPL_STEP_KEEP);
	if (s == NULL)
		return false;
	s->expr = e;
	return true;
}

static bool
table_fillnull(struct spl_parser *p)
{
	struct spl_names names;
	struct spl_step *s = new_step(p, SPL_STEP_FILL);
	struct spl *spl = p->spl;
	unsigned slot = 0;

	if (s == NULL || !spl_parse_fillnull(p, &s->value, &names))
		return false;
	for (unsigned i = 0; i < names.n; i++) {
		int at = find_slot(spl, names.v[i].text);

		if (at < 0) {
			if (!spl_new_slot(p, SPL_SLOT_NEW, 0, &slot) ||
			    !spl_new_column(p, names.v[i].text, slot))
				return false;
			at = (int)slot;
		}
		s->slots |= (uint64_t)1 << at;
	}
	for (unsigned i = 0; i < spl->ncolumn && names.n == 0; i++)
		s->slots |= (uint64_t)1 << spl->column[i].slot;
	for (unsigned i = 0; i < spl->nslot; i++)
		if ((s->slots >> i & 1) != 0 && spl->slot[i].fill == NULL)
			spl->slot[i].fill = arena_copy(p->arena, s->value).p;
	return true;
}

static void
remove_column(struct spl *s, unsigned i)
{
	s->ncolumn--;
	memmove(&s->column[i], &s->column[i + 1], (s->ncolumn - i) * sizeof(s->column[0]));
}

static bool
table_rename(struct spl_parser *p, const struct spl_token *from, const struct spl_token *to)
{
	struct spl *s = p->spl;
	int old = spl_find_column(s, to->text), at;

	if (slice_eq(from->text, to->text))
		return true;
	if (old >= 0)
		remove_column(s, (unsigned)old);
	at = spl_find_column(s, from->text);
	if (at >= 0)
		s->column[at].name = to->text;
	return true;
}

/* Columns that a name with wildcards stands for, as a set of their numbers. */
static uint64_t
matching(const struct spl_column_name *column, unsigned n, struct slice name)
{
	struct buf glob = { 0 };
	uint64_t set = 0;

	spl_glob(&glob, name);
	for (unsigned i = 0; i < n; i++)
		if (glob_match(buf_slice(&glob), column[i].name, false))
			set |= (uint64_t)1 << i;
	buf_release(&glob);
	return set;
}

/* The named columns and no others, in that order; missing: names that nothing has become empty
 * columns. */
static bool
keep_columns(struct spl_parser *p, const struct spl_names *names, bool missing)
{
	struct spl *s = p->spl;
	struct spl_column_name old[SPL_SLOTS];
	const unsigned n = s->ncolumn;
	unsigned slot = 0;

	memcpy(old, s->column, sizeof(old));
	s->ncolumn = 0;
	for (unsigned i = 0; i < names->n; i++) {
		struct slice name = names->v[i].text;
		uint64_t set = matching(old, n, name);

		if (set == 0 && missing && memchr(name.p, '*', name.len) == NULL &&
		    (!spl_new_slot(p, SPL_SLOT_NEW, 0, &slot) || !spl_new_column(p, name, slot)))
			return false;
		for (; set != 0; set &= set - 1) {
			const struct spl_column_name *c = &old[__builtin_ctzll(set)];

			if (spl_find_column(s, c->name) < 0)
				s->column[s->ncolumn++] = *c;
		}
	}
	return s->ncolumn > 0 || spl_fail_here(p, "no column is left");
}

static bool
drop_columns(struct spl_parser *p, const struct spl_names *names)
{
	struct spl *s = p->spl;

	for (unsigned i = 0; i < names->n; i++) {
		uint64_t set = matching(s->column, s->ncolumn, names->v[i].text);

		for (unsigned c = s->ncolumn; c-- > 0;)
			if (set >> c & 1)
				remove_column(s, c);
	}
	return s->ncolumn > 0 || spl_fail_here(p, "no column is left");
}

/* fields [+|-] names */
static bool
table_fields(struct spl_parser *p)
{
	bool plus = p->tok.kind == SPL_WORD && slice_eq(p->tok.text, SLICE("+"));
	bool minus = p->tok.kind == SPL_WORD && slice_eq(p->tok.text, SLICE("-"));
	struct spl_names names;

	if ((plus || minus) && !spl_next(p, SPL_LEX_TERM))
		return false;
	if (!spl_parse_names(p, &names))
		return false;
	if (names.n == 0)
		return spl_fail_here(p, "expected a field name");
	return minus ? drop_columns(p, &names) : keep_columns(p, &names, false);
}

static bool
parse_limit(struct slice s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *out > UINT32_MAX)
			return false;
		*out = *out * 10 + (unsigned)(s.p[i] - '0');
	}
	return s.len > 0;
}

/* head [limit=]N; without one, 10. */
static bool
table_head(struct spl_parser *p)
{
	struct spl_step *s = new_step(p, SPL_STEP_HEAD);

	if (s == NULL)
		return false;
	s->limit = 10;
	if (p->tok.kind == SPL_END || p->tok.kind == SPL_PIPE)
		return true;
	if (spl_is_word(&p->tok, "limit")) {
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		if (p->tok.kind != SPL_OPERATOR || !spl_next(p, SPL_LEX_VALUE))
			return spl_fail_here(p, "expected =");
	}
	if (p->tok.kind != SPL_WORD || !parse_limit(p->tok.text, &s->limit))
		return spl_fail_here(p, "expected a number of rows");
	return spl_next(p, SPL_LEX_TERM);
}

/* One name of sort, with a sign before it. Columns that are not there do not sort. */
static bool
sort_key(struct spl_parser *p, struct spl_step *s, struct slice name, bool descending)
{
	int slot = find_slot(p->spl, name);

	if (s->nkeys == SPL_SORT_KEYS)
		return spl_fail_here(p, "too many columns to sort by");
	if (slot >= 0)
		s->key[s->nkeys++] = (struct spl_sort_key){ (unsigned)slot, descending };
	return true;
}

/* sort [N] [+|-]name, …: a sign may stand apart. */
static bool
table_sort(struct spl_parser *p)
{
	struct spl_step *s = new_step(p, SPL_STEP_SORT);
	bool first = true, descending = false, sign = false;
	unsigned n = 0;

	if (s == NULL)
		return false;
	for (; p->tok.kind == SPL_WORD || p->tok.kind == SPL_STRING || p->tok.kind == SPL_COMMA;
	     first = false) {
		struct slice t = p->tok.text;
		bool word = p->tok.kind == SPL_WORD;

		if (first && word && parse_limit(t, &s->limit)) {
			if (!spl_next(p, SPL_LEX_TERM))
				return false;
			continue;
		}
		if (word && (t.p[0] == '-' || t.p[0] == '+')) {
			descending = t.p[0] == '-';
			t = (struct slice){ t.p + 1, t.len - 1 };
			sign = true;
		}
		if (n > 0 && !sign && (spl_is_word(&p->tok, "d") || spl_is_word(&p->tok, "desc")))
			return spl_fail_here(p, "put a - before the columns instead");
		if (p->tok.kind != SPL_COMMA && t.len > 0) {
			if (!sort_key(p, s, t, descending))
				return false;
			descending = sign = false;
			n++;
		}
		if (!spl_next(p, SPL_LEX_TERM))
			return false;
		if (p->tok.kind == SPL_OPEN)
			return spl_fail_here(p, "functions in sort are not supported");
	}
	if (n == 0 || sign)
		return spl_fail_here(p, "expected a column to sort by");
	return true;
}

static bool
parse_timeformat(struct spl_parser *p, struct slice *out)
{
	*out = SLICE("%m/%d/%Y %H:%M:%S");
	if (!spl_is_word(&p->tok, "timeformat"))
		return true;
	if (!spl_next(p, SPL_LEX_TERM) || p->tok.kind != SPL_OPERATOR ||
	    !spl_next(p, SPL_LEX_VALUE) || p->tok.kind != SPL_STRING)
		return spl_fail_here(p, "expected timeformat=\"...\"");
	*out = p->tok.text;
	return spl_next(p, SPL_LEX_TERM);
}

/* ctime(f) [as g] */
static bool
parse_ctime(struct spl_parser *p, struct spl_token *field, struct spl_token *to)
{
	if (!spl_is_word(&p->tok, "ctime"))
		return spl_fail_here(p, "this function of convert is not supported");
	if (!spl_next(p, SPL_LEX_TERM) || p->tok.kind != SPL_OPEN || !spl_next(p, SPL_LEX_TERM) ||
	    p->tok.kind == SPL_CLOSE)
		return spl_fail_here(p, "expected a column in parentheses");
	*field = *to = p->tok;
	if (!spl_next(p, SPL_LEX_TERM) || p->tok.kind != SPL_CLOSE)
		return spl_fail_here(p, "expected )");
	if (!spl_next(p, SPL_LEX_TERM))
		return false;
	if (!spl_is_word(&p->tok, "as"))
		return true;
	if (!spl_next(p, SPL_LEX_TERM))
		return false;
	*to = p->tok;
	if (to->kind != SPL_WORD && to->kind != SPL_STRING)
		return spl_fail_here(p, "expected a name after AS");
	return spl_next(p, SPL_LEX_TERM);
}

/* convert [timeformat="..."] ctime(f) [as g] */
static bool
table_convert(struct spl_parser *p)
{
	struct spl_token field = { 0 }, to = { 0 };
	struct slice format;
	struct spl_step *s;
	int slot;

	if (!parse_timeformat(p, &format) || !parse_ctime(p, &field, &to))
		return false;
	slot = find_slot(p->spl, field.text);
	if (slot < 0)
		return true; /* nothing to convert */
	s = new_step(p, SPL_STEP_CTIME);
	if (s == NULL)
		return false;
	s->value = format;
	s->from = s->to = (unsigned)slot;
	if (!slice_eq(field.text, to.text) &&
	    (!spl_new_slot(p, SPL_SLOT_NEW, 0, &s->to) || !spl_new_column(p, to.text, s->to)))
		return false;
	p->spl->slot[s->to].changed = true;
	return true;
}

static bool
table_table(struct spl_parser *p)
{
	struct spl_names names;

	if (!spl_parse_names(p, &names))
		return false;
	if (names.n == 0)
		return spl_fail_here(p, "expected a column");
	return keep_columns(p, &names, true);
}

bool
spl_table_command(struct spl_parser *p, const struct spl_token *name)
{
	if (spl_is_word(name, "search"))
		return table_keep(p, false);
	if (spl_is_word(name, "where"))
		return table_keep(p, true);
	if (spl_is_word(name, "fillnull"))
		return table_fillnull(p);
	if (spl_is_word(name, "rename"))
		return spl_parse_rename(p, table_rename);
	if (spl_is_word(name, "table"))
		return table_table(p);
	if (spl_is_word(name, "fields"))
		return table_fields(p);
	if (spl_is_word(name, "head"))
		return table_head(p);
	if (spl_is_word(name, "sort"))
		return table_sort(p);
	if (spl_is_word(name, "convert"))
		return table_convert(p);
	return spl_fail(p, name->at, name->text, "this command is not supported");
}
