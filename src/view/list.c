/*
 * The cursor, order and search of a list. The cursor sticks to the identity of its row: counts and
 * ranks change under it all the time. Not here: drawing (list_draw.c), what a row opens
 * (list_open.c).
 */
#include "view/list.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "event/field.h"
#include "view/text.h"
#include "base/banned.h"

#define NOWHERE UINT64_MAX

static enum column_kind
own_column(const char *name)
{
	static const struct {
		const char *name;
		enum column_kind kind;
	} own[] = {
		{ "priority", COLUMN_PRIORITY },
		{ "count", COLUMN_COUNT },
		{ "rate", COLUMN_RATE },
		{ "trend", COLUMN_TREND },
		{ "risk", COLUMN_RISK },
		{ "first", COLUMN_FIRST },
		{ "last", COLUMN_LAST },
		{ "time", COLUMN_TIME },
		{ "output", COLUMN_OUTPUT },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i].name, name) == 0)
			return own[i].kind;
	return COLUMN_NONE;
}

static unsigned
place_in(const char *const *names, unsigned max, const char *name)
{
	for (unsigned i = 0; i < max && names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return max;
}

static void
resolve_column(struct list *l, unsigned i)
{
	const char *name = l->def->column[i].name;
	unsigned at = place_in(l->def->by, GROUP_BY_MAX, name);

	l->index[i] = at;
	l->kind[i] = COLUMN_BY;
	if (at < GROUP_BY_MAX)
		return;
	at = place_in(l->def->distinct, GROUP_DISTINCT, name);
	l->index[i] = at;
	l->kind[i] = at < GROUP_DISTINCT ? COLUMN_DISTINCT : own_column(name);
}

void
list_show(struct list *l, const struct view_def *def)
{
	l->def = def;
	(void)snprintf(l->sort, sizeof(l->sort), "%s", def->sort);
	l->descending = def->descending;
	for (l->ncol = 0; l->ncol < VIEW_COLUMNS && def->column[l->ncol].name != NULL; l->ncol++)
		resolve_column(l, l->ncol);
	memset(l->lay, 0, sizeof(l->lay));
	l->column = 0;
	for (unsigned i = 0; i < l->ncol; i++)
		if (l->kind[i] == COLUMN_BY) {
			l->column = (int)i;
			break;
		}
	l->cursor = l->top = l->anchor = 0;
	l->anchored = false;
	l->tail = def->kind == QUERY_EVENTS && !l->descending;
	l->find_dir = 0;
	l->find[0] = '\0';
	l->measured = NULL;
}

void
list_init(struct list *l, const struct view_def *def, const char *terms, unsigned panel)
{
	*l = (struct list){ .panel = panel };
	if (terms != NULL && *terms != '\0')
		l->terms = xstrdup(terms);
	list_show(l, def);
}

void
list_release(struct list *l)
{
	free(l->terms);
	l->terms = NULL;
}

void
list_query(const struct list *l, const struct ui *ui, struct query *q)
{
	view_query(l->def, q);
	if (l->terms != NULL)
		query_and(q, l->terms);
	ui_query(ui, q);
}

/* What mutes hide, as the newest snapshot has them; false: nothing. */
static bool
hidden_term(const struct snapshot *s, struct buf *out)
{
	for (unsigned i = 0; s != NULL && i < s->nmute; i++) {
		if (s->mute[i].mute.is != MUTE_IS_ON)
			continue;
		buf_addf(out, "%s(%s)", out->len > 0 ? " or " : "", s->mute[i].mute.filter);
	}
	return out->len > 0;
}

static void
ask_muted(const struct list *l, struct ui *ui, struct request *r)
{
	struct panel_request *p = &r->panel[PANEL_MUTED];
	struct buf term = { 0 };

	r->want_mutes = true;
	if (hidden_term(ui->snap, &term)) {
		p->used = true;
		list_query(l, ui, &p->query);
		query_and(&p->query, term.p);
		(void)snprintf(p->sort, sizeof(p->sort), "%s", l->sort);
		p->descending = l->descending;
		p->rows = MUTED_ROWS;
		p->anchor = l->def->kind == QUERY_EVENTS ? UINT64_MAX : 0;
	}
	buf_release(&term);
}

void
list_request(struct list *l, struct ui *ui, struct request *r)
{
	struct panel_request *p = &r->panel[l->panel];
	uint64_t page = l->page > 0 ? (uint64_t)l->page : 50, margin = page < 20 ? 20 : page;
	bool events = l->def->kind == QUERY_EVENTS;

	p->used = true;
	list_query(l, ui, &p->query);
	(void)snprintf(p->sort, sizeof(p->sort), "%s", l->sort);
	p->descending = l->descending;
	p->hold = ui_holds(ui);
	p->from = l->top > margin ? l->top - margin : 0;
	p->rows = (unsigned)(page + 2 * margin);
	p->anchor = l->anchored ? l->anchor : events ? UINT64_MAX : 0;
	p->follow_anchor = l->anchored;
	if (l->tail) /* the last rows, however many there are by now: the engine clips the window to
			the answer */
		p->from = UINT64_MAX - p->rows;
	p->want_output = events;
	if (l->find_dir != 0) {
		(void)snprintf(p->find, sizeof(p->find), "%s", l->find);
		p->find_dir = l->find_dir;
		p->find_from = l->find_from;
		if (l->find_sent == 0)
			l->find_sent = r->number;
	}
	if (l->sent == 0)
		l->sent = r->number;
	if (ui->show_muted)
		ask_muted(l, ui, r);
}

const struct snap_panel *
list_panel(const struct list *l, const struct snapshot *s)
{
	return s == NULL || !s->panel[l->panel].used ? NULL : &s->panel[l->panel];
}

uint64_t
list_total(const struct list *l, const struct ui *ui, const struct snap_panel *p)
{
	(void)l;
	return ui->limit > 0 && p->total > ui->limit ? ui->limit : p->total;
}

static const struct snap_row *
row_at(const struct snap_panel *p, uint64_t at)
{
	return p == NULL || at < p->from || at - p->from >= p->nrows ? NULL : &p->row[at - p->from];
}

const struct snap_row *
list_row(const struct list *l, const struct snapshot *s)
{
	return row_at(list_panel(l, s), l->cursor);
}

/* Where the anchored row is now; NOWHERE when this snapshot cannot say, NOWHERE - 1 when it is
 * gone. */
static uint64_t
find_anchor(const struct list *l, const struct snapshot *s, const struct snap_panel *p)
{
	for (unsigned i = 0; i < p->nrows; i++)
		if (p->row[i].identity == l->anchor)
			return p->from + i;
	if (l->sent == 0 || s->number < l->sent)
		return NOWHERE;
	if (p->anchor_at != UINT64_MAX)
		return p->anchor_at;
	return p->done == p->to_scan ? NOWHERE - 1 : NOWHERE;
}

static void
clamp_window(struct list *l, uint64_t total)
{
	uint64_t page = l->page > 0 ? (uint64_t)l->page : 1;

	if (l->cursor >= total)
		l->cursor = total > 0 ? total - 1 : 0;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + page)
		l->top = l->cursor - page + 1;
	if (l->top + page > total)
		l->top = total > page ? total - page : 0;
}

/* The engine goes round the end by itself. */
static unsigned
settle_find(struct list *l, struct ui *ui, const struct snapshot *s, const struct snap_panel *p)
{
	if (l->find_dir == 0 || l->find_sent == 0 || s->number < l->find_sent)
		return REACT_NONE;
	if (p->found_at == UINT64_MAX) {
		if (p->done < p->to_scan)
			return REACT_NONE;
		l->find_dir = 0;
		ui_say(ui, STYLE_WARN, "not found: %s", l->find);
		return REACT_REDRAW;
	}
	if (l->find_dir > 0 ? p->found_at <= l->find_from : p->found_at >= l->find_from)
		ui_say(ui, STYLE_DIM, "found beyond the end: the search went round");
	l->cursor = p->found_at;
	l->anchored = l->tail = false;
	l->sent = 0;
	l->find_dir = 0;
	ui_hold(ui);
	return REACT_REDRAW | REACT_REQUEST;
}

unsigned
list_settle(struct list *l, struct ui *ui, const struct snapshot *s)
{
	const struct snap_panel *p = list_panel(l, s);
	const struct snap_row *row;
	uint64_t total, at, before = l->cursor;
	unsigned react;

	if (p == NULL || p->bad_query)
		return REACT_NONE;
	l->limit = ui->limit;
	total = list_total(l, ui, p);
	react = settle_find(l, ui, s, p);
	if (l->tail && total > 0)
		l->cursor = total - 1;
	if (l->anchored) {
		at = find_anchor(l, s, p);
		if (at < NOWHERE - 1)
			l->cursor = at;
		else if (at == NOWHERE - 1)
			l->anchored = false;
	}
	if (l->cursor != before && l->top > 0) /* the row keeps its line on the screen */
		l->top = l->cursor > before	       ? l->top + (l->cursor - before)
			 : l->top > before - l->cursor ? l->top - (before - l->cursor)
						       : 0;
	clamp_window(l, total);
	row = row_at(p, l->cursor);
	if (!l->anchored && !l->tail && l->cursor > 0 && row != NULL &&
	    s->number >= ui->valid_from) {
		l->anchor = row->identity;
		l->anchored = true;
		l->sent = 0;
	}
	/* The first question after V did not know the mutes. */
	if (ui->show_muted && s->nmutes > 0 && !s->panel[PANEL_MUTED].used && s->nmute > 0 &&
	    s->number >= ui->asked)
		react |= REACT_REQUEST;
	if (l->wants_row && row != NULL && row->identity != l->asked_row && s->number >= ui->asked)
		react |= REACT_REQUEST;
	/* What should be on screen is not in the snapshot: ask again, with the window moved; not
	 * for ever. */
	if (total == 0 || s->number < ui->asked || (row_at(p, l->top) != NULL && row != NULL))
		return react;
	if (l->retried_version != s->version)
		l->retries = 0;
	l->retried_version = s->version;
	return l->retries++ < 2 ? react | REACT_REQUEST : react;
}

/* --- actions
 * ----------------------------------------------------------------------------------------------------
 */

static unsigned
move_to(struct list *l, struct ui *ui, uint64_t to, const struct snapshot *s)
{
	const struct snap_panel *p = list_panel(l, s);
	const struct snap_row *row;
	uint64_t total = p == NULL ? 0 : list_total(l, ui, p);

	if (total == 0)
		return REACT_NONE;
	l->cursor = to >= total ? total - 1 : to;
	l->tail = l->def->kind == QUERY_EVENTS && !l->descending && l->cursor == total - 1;
	row = row_at(p, l->cursor);
	l->anchored = row != NULL && l->cursor > 0 && !l->tail;
	if (row != NULL)
		l->anchor = row->identity;
	l->sent = 0;
	l->find_dir = 0;
	clamp_window(l, total);
	ui_hold(ui);
	return REACT_REDRAW | REACT_REQUEST;
}

static unsigned
move_by(struct list *l, struct ui *ui, int64_t by, const struct snapshot *s)
{
	if (by < 0 && l->cursor < (uint64_t)-by)
		return move_to(l, ui, 0, s);
	return move_to(l, ui, by < 0 ? l->cursor - (uint64_t)-by : l->cursor + (uint64_t)by, s);
}

static unsigned
move_cell(struct list *l, int dir)
{
	int c = l->column;

	do
		c += dir;
	while (c >= 0 && c < (int)l->ncol && l->lay[c].cells == 0);
	if (c < 0 || c >= (int)l->ncol)
		return REACT_NONE;
	l->column = c;
	return REACT_REDRAW;
}

bool
list_sortable(const struct list *l, unsigned i)
{
	if (i >= l->ncol || l->kind[i] == COLUMN_NONE)
		return false;
	if (l->def->kind == QUERY_EVENTS)
		return l->kind[i] == COLUMN_TIME;
	return l->kind[i] != COLUMN_TREND && l->kind[i] != COLUMN_RISK &&
	       l->kind[i] != COLUMN_OUTPUT && l->kind[i] != COLUMN_TIME;
}

void
list_sort_by(struct list *l, unsigned i)
{
	const char *name = l->def->column[i].name;

	if (strcmp(l->sort, name) == 0)
		l->descending = !l->descending;
	else
		l->descending = l->kind[i] != COLUMN_BY && l->kind[i] != COLUMN_FIRST;
	(void)snprintf(l->sort, sizeof(l->sort), "%s", name);
	/* A new order is looked at from its top. */
	l->cursor = l->top = 0;
	l->anchored = false;
	l->tail = l->def->kind == QUERY_EVENTS && !l->descending;
	l->sent = 0;
}

static unsigned
sort_beside(struct list *l, struct ui *ui, int dir)
{
	int c = -1;

	for (unsigned i = 0; i < l->ncol; i++)
		if (strcmp(l->def->column[i].name, l->sort) == 0)
			c = (int)i;
	do
		c += dir;
	while (
	    c >= 0 && c < (int)l->ncol && (!list_sortable(l, (unsigned)c) || l->lay[c].cells == 0));
	if (c < 0 || c >= (int)l->ncol)
		return REACT_NONE;
	list_sort_by(l, (unsigned)c);
	ui->hold_until = 0;
	return REACT_REDRAW | REACT_REQUEST;
}

static unsigned
invert(struct list *l, struct ui *ui)
{
	for (unsigned i = 0; i < l->ncol; i++)
		if (strcmp(l->def->column[i].name, l->sort) == 0) {
			list_sort_by(l, i);
			ui->hold_until = 0;
			return REACT_REDRAW | REACT_REQUEST;
		}
	return REACT_NONE;
}

static unsigned
open_row(struct list *l, struct ui *ui, bool events, const struct snapshot *s)
{
	ui->next = list_open(l, ui, events, s);
	return ui->next == NULL ? REACT_REDRAW : REACT_PUSH;
}

unsigned
list_act(struct list *l, struct ui *ui, enum action a, const struct snapshot *s)
{
	int64_t page = l->page > 1 ? l->page - 1 : 1;

	switch (a) {
	case ACTION_UP: return move_by(l, ui, -1, s);
	case ACTION_DOWN: return move_by(l, ui, 1, s);
	case ACTION_PAGE_UP: return move_by(l, ui, -page, s);
	case ACTION_PAGE_DOWN: return move_by(l, ui, page, s);
	case ACTION_HALF_UP: return move_by(l, ui, -(page + 1) / 2, s);
	case ACTION_HALF_DOWN: return move_by(l, ui, (page + 1) / 2, s);
	case ACTION_FIRST: return move_to(l, ui, 0, s);
	case ACTION_LAST: return move_to(l, ui, UINT64_MAX, s);
	case ACTION_LEFT: return move_cell(l, -1);
	case ACTION_RIGHT: return move_cell(l, 1);
	case ACTION_SORT_LEFT: return sort_beside(l, ui, -1);
	case ACTION_SORT_RIGHT: return sort_beside(l, ui, 1);
	case ACTION_INVERT: return invert(l, ui);
	case ACTION_ENTER: return open_row(l, ui, false, s);
	case ACTION_EVENTS: return open_row(l, ui, true, s);
	default: return REACT_PASS;
	}
}

unsigned
list_find(struct list *l, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	(void)s;
	if (text != NULL)
		(void)snprintf(l->find, sizeof(l->find), "%s", text);
	if (l->find[0] == '\0') {
		ui_say(ui, STYLE_DIM, "nothing to find yet: / asks for it");
		return REACT_REDRAW;
	}
	l->find_dir = dir;
	l->find_from = l->cursor;
	l->find_sent = 0;
	return REACT_REDRAW | REACT_REQUEST;
}

/* --- what is in a row
 * ------------------------------------------------------------------------------------------- */

static bool
same_field(const char *a, const char *b)
{
	enum field_id fa = field_by_name(slice_of(a)), fb = field_by_name(slice_of(b));

	return strcmp(a, b) == 0 || (fa != FIELD_NONE && fa == fb);
}

bool
list_hides(const struct list *l, const char *name)
{
	for (unsigned i = 0; l->hide != NULL && l->hide[i] != NULL; i++)
		if (same_field(l->hide[i], name))
			return true;
	return false;
}

bool
row_field(const struct view_def *def, const struct snap_row *row, const char *field,
    struct slice *value, sym_t *kind)
{
	if (row == NULL)
		return false;
	for (unsigned i = 0; i < GROUP_BY_MAX && def->by[i] != NULL; i++)
		if (same_field(def->by[i], field)) {
			*value = row->cell[i];
			*kind = row->symbol[i];
			return true;
		}
	return false;
}

bool
list_field(const struct list *l, const struct snapshot *s, const char *field, struct buf *value,
    sym_t *kind)
{
	struct slice v;

	if (!row_field(l->def, list_row(l, s), field, &v, kind))
		return false;
	buf_add(value, v.p, v.len);
	return true;
}

bool
list_cell(const struct list *l, const struct snapshot *s, struct buf *field, struct buf *value,
    sym_t *kind)
{
	const struct snap_row *row = list_row(l, s);
	unsigned c = (unsigned)l->column;
	enum priority p;

	if (row == NULL || c >= l->ncol)
		return false;
	if (l->kind[c] == COLUMN_BY) {
		struct slice v = row->cell[l->index[c]];

		buf_adds(field, l->def->column[c].name);
		buf_add(value, v.p, v.len);
		*kind = row->symbol[l->index[c]];
		return true;
	}
	if (l->kind[c] != COLUMN_PRIORITY)
		return false;
	p = l->def->kind == QUERY_EVENTS ? row->event.priority : (enum priority)row->group.priority;
	buf_adds(field, "priority");
	buf_adds(value, priority_name(p));
	*kind = SYM_FIRST;
	return true;
}

void
list_place(const struct list *l, const struct snapshot *s, struct buf *out)
{
	const struct snap_panel *p = list_panel(l, s);

	if (p == NULL || p->total == 0)
		return;
	text_count(out, l->cursor + 1);
	buf_addc(out, '/');
	text_count(out, l->limit > 0 && p->total > l->limit ? l->limit : p->total);
}
