/*
 * One event in full: every key it carries with its type, what the catalogue would have and the
 * event has not, the output text, the raw bytes. Not here: finding it (the list it was opened
 * from).
 */
#include "view/pages.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/list.h"
#include "view/panes.h"
#include "view/strip.h"
#include "view/tabs.h"
#include "view/text.h"
#include "base/banned.h"

enum { PANEL_SAME, PANEL_SIBLINGS = 7 };

#define SIBLING_ROWS 41
#define SAME_MAX     1024  /* bytes of a value that is counted */
#define LINES_MAX    20000 /* of a wrapped event: 1 MiB in 80 columns has 13,000 */

struct event_page {
	struct view view;
	uint64_t number;
	bool raw;
	unsigned top, cursor; /* fields: first shown and selected; raw: first line */
	unsigned lines;	      /* raw: how many there are */
	int page;
	unsigned same;	     /* line whose value is counted; UINT_MAX: none */
	uint64_t same_event; /* and of which event */
	uint64_t same_asked; /* number of the request that asks for it */
	char find[QUERY_NAME_MAX];
};

static const struct view_ops event_ops;

/* A line of the field list: a key of the event, or a catalogue field it lacks. */
struct field_line {
	struct slice name, text;
	sym_t symbol;
	const char *type;
	uint64_t seen;
};

static struct event_page *
page(struct view *v)
{
	return (struct event_page *)v;
}

static const struct event_page *
page_const(const struct view *v)
{
	return (const struct event_page *)v;
}

static void
event_title(const struct view *v, struct buf *out)
{
	buf_adds(out, "event ");
	text_count(out, page_const(v)->number + 1);
}

static struct list *
list_below(const struct view *v)
{
	return v->below == NULL || v->below->ops->list == NULL ? NULL
							       : v->below->ops->list(v->below);
}

/* --- fields
 * -----------------------------------------------------------------------------------------------------
 */

static const char *
type_name(enum value_kind k)
{
	switch (k) {
	case VALUE_NULL: return "null";
	case VALUE_STRING: return "string";
	case VALUE_NUMBER: return "number";
	case VALUE_BOOL: return "bool";
	case VALUE_ARRAY: return "array";
	case VALUE_OBJECT: return "object";
	}
	return "?";
}

static sym_t
symbol_of(const struct snap_key *k)
{
	if (k->kind == VALUE_NULL)
		return SYM_NULL;
	if (k->kind == VALUE_STRING && k->text.len == 0)
		return SYM_EMPTY;
	return slice_eq(k->text, SLICE("<NA>")) ? SYM_NA : SYM_FIRST;
}

static bool
has_field(const struct snap_event *e, enum field_id f)
{
	for (unsigned i = 0; i < e->nkeys; i++)
		if (field_by_name(e->key[i].name) == f)
			return true;
	return false;
}

static unsigned
line_count(const struct snap_event *e)
{
	unsigned n = e->nkeys;

	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if (field_info((enum field_id)f)->escu[0] != '\0' &&
		    !has_field(e, (enum field_id)f))
			n++;
	return n;
}

/* Line i: the keys in their order, then the fields of the Splunk analytic that the event has not.
 */
static bool
line_at(const struct snap_event *e, unsigned i, struct field_line *out)
{
	if (i < e->nkeys) {
		const struct snap_key *k = &e->key[i];

		*out = (struct field_line){ k->name, k->text, symbol_of(k), type_name(k->kind),
			k->seen };
		return true;
	}
	i -= e->nkeys;
	for (unsigned f = 0; f < FIELD_COLUMNS; f++) {
		const struct field_info *info = field_info((enum field_id)f);

		if (info->escu[0] == '\0' || has_field(e, (enum field_id)f) || i-- > 0)
			continue;
		*out = (struct field_line){ slice_of(info->name), { NULL, 0 }, SYM_ABSENT, "", 0 };
		return true;
	}
	return false;
}

/* The selected line; false: the snapshot has none. */
static bool
selected_line(const struct event_page *p, const struct snapshot *s, struct field_line *out)
{
	unsigned n = s == NULL || !s->event.found ? 0 : line_count(&s->event);

	return n > 0 && !p->raw && line_at(&s->event, p->cursor < n ? p->cursor : n - 1, out);
}

/* Asks in how many events the selected field has this value; only of fields that are in the index.
 */
static void
ask_same(struct event_page *p, struct ui *ui, struct request *r)
{
	const struct snapshot *s = ui_snapshot(ui);
	struct panel_request *q = &r->panel[PANEL_SAME];
	struct field_line l;
	struct buf term = { 0 };
	enum field_id f;

	if (!selected_line(p, s, &l) || s->event.event.number != p->number)
		return;
	p->same = p->cursor;
	p->same_event = p->number;
	p->same_asked = r->number;
	f = field_by_name(l.name);
	if (f >= FIELD_COLUMNS || l.text.len > SAME_MAX)
		return;
	q->used = true;
	q->query.kind = QUERY_GROUPS;
	text_term(&term, field_info(f)->name, l.text, l.symbol);
	query_and(&q->query, term.p);
	(void)snprintf(q->sort, sizeof(q->sort), "count");
	q->rows = 1;
	buf_release(&term);
}

/* The event came: its selected value is to be counted. */
static unsigned
event_settle(struct view *v, struct ui *ui, const struct snapshot *s)
{
	struct event_page *p = page(v);
	struct field_line l;

	(void)ui;
	if (!selected_line(p, s, &l) || s->event.event.number != p->number ||
	    (p->same == p->cursor && p->same_event == p->number))
		return REACT_NONE;
	return REACT_REQUEST;
}

static void
event_request(struct view *v, struct ui *ui, struct request *r)
{
	struct list *l = list_below(v);
	struct panel_request *p = &r->panel[PANEL_SIBLINGS];

	r->event = page(v)->number;
	ask_same(page(v), ui, r);
	if (l == NULL || l->def->kind != QUERY_EVENTS)
		return;
	p->used = true;
	list_query(l, ui, &p->query);
	(void)snprintf(p->sort, sizeof(p->sort), "%s", l->sort);
	p->descending = l->descending;
	p->anchor = page(v)->number;
	p->follow_anchor = true;
	p->from = l->cursor > SIBLING_ROWS / 2 ? l->cursor - SIBLING_ROWS / 2 : 0;
	p->rows = SIBLING_ROWS;
}

static void
show_value(struct area a, const struct field_line *l, bool selected, bool wrap, int *y)
{
	bool missing;
	struct slice v = text_value(l->text, l->symbol, &missing);
	enum style style = selected ? STYLE_CELL : missing ? STYLE_MISSING : STYLE_NORMAL;

	if (!wrap) {
		(void)draw_value(*y, a.x, a.w, selected ? STYLE_CURSOR : style, v);
		(*y)++;
		return;
	}
	do {
		struct slice part = draw_break(&v, a.w);

		(void)draw_text(*y, a.x, a.w, selected ? STYLE_CURSOR : style, part);
		(*y)++;
	} while (v.len > 0 && *y < a.y + a.h);
}

static bool
counted(const struct snap_event *e)
{
	for (unsigned i = 0; i < e->nkeys; i++)
		if (e->key[i].seen > 0)
			return true;
	return false;
}

static void
draw_fields(struct event_page *p, const struct ui *ui, struct area a, const struct snap_event *e)
{
	unsigned n = line_count(e);
	int name = a.w >= 100  ? 32
		   : a.w >= 60 ? 26
			       : a.w / 3,
	    type = a.w >= 70 ? 7 : 0, seen = a.w >= 100 && counted(e) ? 16 : 0;
	int y = a.y + 1,
	    value = a.w - 2 - name - 1 - (type > 0 ? type + 1 : 0) - (seen > 0 ? seen + 1 : 0);

	draw_fill((struct area){ a.y, a.x, 1, a.w }, STYLE_HEADER);
	(void)draw_text(a.y, a.x + 2, name, STYLE_HEADER, SLICE("FIELD"));
	(void)draw_text(a.y, a.x + 3 + name, value, STYLE_HEADER, SLICE("VALUE"));
	if (type > 0)
		(void)draw_text(a.y, a.x + 4 + name + value, type, STYLE_HEADER, SLICE("TYPE"));
	if (seen > 0)
		(void)draw_right(
		    a.y, a.x + 5 + name + value + type, seen, STYLE_HEADER, SLICE("SAME VALUE IN"));
	p->page = a.h - 1;
	p->cursor = n == 0 ? 0 : p->cursor < n ? p->cursor : n - 1;
	if (p->cursor < p->top)
		p->top = p->cursor;
	if (p->page > 0 && p->cursor >= p->top + (unsigned)p->page)
		p->top = p->cursor - (unsigned)p->page + 1;
	for (unsigned i = p->top; i < n && y < a.y + a.h; i++) {
		struct field_line l;
		bool on = i == p->cursor;
		struct buf b = { 0 };

		if (!line_at(e, i, &l))
			break;
		if (on)
			draw_fill((struct area){ y, a.x, 1, a.w }, STYLE_CURSOR);
		(void)draw_text(
		    y, a.x, 1, on ? STYLE_CURSOR : STYLE_NORMAL, on ? SLICE(">") : SLICE(" "));
		(void)draw_text(y, a.x + 2, name, on ? STYLE_CURSOR : STYLE_DIM, l.name);
		if (type > 0)
			(void)draw_text(y, a.x + 4 + name + value, type,
			    on ? STYLE_CURSOR : STYLE_DIM, slice_of(l.type));
		if (seen > 0 && l.seen > 0) {
			text_plural(&b, l.seen, "event");
			(void)draw_right(y, a.x + 5 + name + value + type, seen,
			    on ? STYLE_CURSOR : STYLE_DIM, buf_slice(&b));
		}
		show_value((struct area){ a.y, a.x + 3 + name, a.h, value }, &l, on, ui->wrap, &y);
		buf_release(&b);
	}
}

/* --- the rest of the page
 * --------------------------------------------------------------------------------------- */

static void
draw_raw(struct event_page *p, struct area a, const struct snap_event *e)
{
	struct slice rest = e->raw;
	unsigned line = 0;

	if (!e->raw_found) {
		(void)draw_text(a.y, a.x + 1, a.w - 2, STYLE_WARN,
		    SLICE("the bytes are gone: the spool went round, or the file was changed"));
		return;
	}
	p->page = a.h;
	while (rest.len > 0 && line < LINES_MAX) {
		struct slice part = draw_break(&rest, a.w - 2);

		if (line >= p->top && line - p->top < (unsigned)a.h)
			(void)draw_text(
			    a.y + (int)(line - p->top), a.x + 1, a.w - 2, STYLE_NORMAL, part);
		line++;
	}
	p->lines = line;
	if (p->top >= line)
		p->top = line > 0 ? line - 1 : 0;
}

/* "; one, two" */
static void
flag_words(uint16_t flags, struct buf *out)
{
	const char *before = "; ";

	static const struct {
		uint16_t flag;
		const char *words;
	} all[] = {
		{ EVENT_HOSTILE, "! holds bytes that act on a terminal, or look-alikes" },
		{ EVENT_REPAIRED, "! had to be mended" },
		{ EVENT_DUP_KEYS, "a key came twice" },
		{ EVENT_TIME_ARRIVAL, "no time of its own: dated by arrival" },
		{ EVENT_TIME_CLOCK, "no date of its own" },
		{ EVENT_TEXT, "text output" },
		{ EVENT_RULE_GUESSED, "rule found by its message" },
		{ EVENT_CUT, "was cut on its way" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (flags & all[i].flag)
			buf_addf(out, "%s%s", before, all[i].words), before = ", ";
}

/* How many events have the value of the selected field. */
static void
draw_same(const struct event_page *p, const struct snapshot *s, int y, int x, int w)
{
	const struct snap_panel *n = &s->panel[PANEL_SAME];
	struct buf b = { 0 };

	if (p->raw || p->same != p->cursor || s->number < p->same_asked || !n->used ||
	    n->bad_query || n->done < n->to_scan)
		return;
	buf_adds(&b, "the same value in ");
	text_plural(&b, n->matched, "event");
	if ((int)b.len <= w)
		(void)draw_right(y, x, w, STYLE_TAB, buf_slice(&b));
	buf_release(&b);
}

static void
draw_head(const struct ui *ui, struct area a, const struct snap_event *e)
{
	struct strip to = { a.y, 1, a.w - 1, STYLE_NORMAL };
	struct buf b = { 0 };
	bool hostile = (e->event.flags & EVENT_ODD) != 0;
	int room;

	(void)strip_add(&to, 0, STYLE_PRIORITY + (unsigned)e->event.priority, "%s",
	    priority_short(e->event.priority));
	time_print(&b, e->event.time, TIME_ISO_NANO, ui->local);
	room = to.end - to.x - 1 - (int)b.len - 2;
	if (room > 10) {
		(void)draw_text(to.y, to.x + 1, room, STYLE_BOLD, e->rule);
		(void)draw_right(
		    to.y, to.end - (int)b.len, (int)b.len, STYLE_NORMAL, buf_slice(&b));
	}
	buf_clear(&b);
	buf_adds(&b, "from ");
	buf_add(&b, e->origin.p, e->origin.len);
	buf_adds(&b, ", line ");
	text_count(&b, e->event.line);
	buf_adds(&b, ", byte ");
	text_count(&b, e->event.offset);
	flag_words(e->event.flags, &b);
	(void)draw_text(a.y + 1, 1, a.w - 2, hostile ? STYLE_HOSTILE : STYLE_DIM, buf_slice(&b));
	buf_release(&b);
}

static int
draw_output(struct area a, const struct snap_event *e)
{
	int max = draw_rows() >= 36 ? 6 : draw_rows() >= 20 ? 3 : 1, y = a.y + a.h - max;
	struct slice rest = e->output;

	if (a.h < 8 || rest.len == 0)
		return 0;
	pane_title(y - 1, a.x, a.w, "output");
	for (int i = 0; i < max && rest.len > 0; i++) {
		struct slice part = i == max - 1 ? rest : draw_break(&rest, a.w - 2);

		(void)draw_text(y + i, a.x + 1, a.w - 2, STYLE_NORMAL, part);
	}
	return max + 1;
}

static void
event_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct event_page *p = page(v);
	const struct snap_event *e = s == NULL ? NULL : &s->event;
	struct tab tabs[] = { { '1', "Fields", !p->raw }, { '2', "Raw bytes (J)", p->raw } };

	if (e == NULL)
		return;
	if (!e->found) {
		(void)draw_text(a.y + 1, 2, a.w - 4, STYLE_WARN,
		    SLICE(
			"this event has left the memory; it still counts in the totals. Backspace goes back"));
		return;
	}
	if (a.h >= 6) {
		draw_head(ui, a, e);
		tabs_draw(a.y + 2, tabs, 2);
		draw_same(p, s, a.y + 2, a.x + 34, a.w - 35);
		a.y += 3;
		a.h -= 3;
	}
	if (p->raw) {
		draw_raw(p, a, e);
		return;
	}
	a.h -= draw_output(a, e);
	draw_fields(p, ui, a, e);
}

/* --- actions
 * ----------------------------------------------------------------------------------------------------
 */

static unsigned
scroll(struct event_page *p, int by)
{
	unsigned *at = p->raw ? &p->top : &p->cursor;

	*at = by < 0 && *at < (unsigned)-by ? 0 : *at + (unsigned)by;
	return p->raw ? REACT_REDRAW : REACT_REDRAW | REACT_REQUEST;
}

static unsigned
set_raw(struct event_page *p, bool raw)
{
	p->raw = raw;
	p->top = 0;
	p->cursor = 0;
	return REACT_REDRAW;
}

static unsigned
event_sibling(struct view *v, struct ui *ui, int dir, const struct snapshot *s)
{
	struct event_page *p = page(v);
	struct list *l = list_below(v);
	const struct snap_panel *rows = s == NULL ? NULL : &s->panel[PANEL_SIBLINGS];
	struct buf value = { 0 };
	sym_t symbol;

	if (l != NULL && rows != NULL && rows->used) {
		l->anchor = p->number; /* the list below may have gone on with the newest */
		l->anchored = true;
		if (list_sibling(l, rows, NULL, dir, &value, &symbol)) {
			p->number = l->anchor;
			p->top = 0;
			return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
		}
	}
	ui_say(ui, STYLE_DIM, "no %s event in the list below", dir < 0 ? "previous" : "next");
	return REACT_REDRAW;
}

static unsigned
event_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct event_page *p = page(v);
	int whole = p->page > 1 ? p->page - 1 : 1;

	switch (a) {
	case ACTION_UP: return scroll(p, -1);
	case ACTION_DOWN: return scroll(p, 1);
	case ACTION_PAGE_UP: return scroll(p, -whole);
	case ACTION_PAGE_DOWN: return scroll(p, whole);
	case ACTION_HALF_UP: return scroll(p, -(whole + 1) / 2);
	case ACTION_HALF_DOWN: return scroll(p, (whole + 1) / 2);
	case ACTION_FIRST: return scroll(p, -LINES_MAX);
	case ACTION_LAST: return scroll(p, LINES_MAX);
	case ACTION_RAW:
	case ACTION_NEXT_TAB:
	case ACTION_PREV_TAB: return set_raw(p, !p->raw);
	case ACTION_PREV_SIBLING: return event_sibling(v, ui, -1, s);
	case ACTION_NEXT_SIBLING: return event_sibling(v, ui, 1, s);
	default: return REACT_PASS;
	}
}

static unsigned
event_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	(void)ui;
	(void)s;
	return key == '1' || key == '2' ? set_raw(page(v), key == '2') : REACT_NONE;
}

static bool
contains(struct slice s, const char *lower)
{
	return s.len > 0 && find_icase(s.p, s.len, lower, strlen(lower)) != NULL;
}

static unsigned
event_find(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	struct event_page *p = page(v);
	const struct snap_event *e = s == NULL ? NULL : &s->event;
	unsigned n, at = p->cursor;

	if (text != NULL) {
		(void)snprintf(p->find, sizeof(p->find), "%s", text);
		for (char *c = p->find; *c != '\0'; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	}
	if (e == NULL || p->find[0] == '\0')
		return REACT_REDRAW;
	n = line_count(e);
	p->raw = false;
	for (unsigned i = 0; i < n; i++) {
		struct field_line l;

		at = (at + (dir > 0 ? 1 : n - 1)) % n;
		if (line_at(e, at, &l) &&
		    (contains(l.name, p->find) || contains(l.text, p->find))) {
			p->cursor = at;
			return REACT_REDRAW;
		}
	}
	ui_say(ui, STYLE_WARN, "not found: %s", p->find);
	return REACT_REDRAW;
}

static void
event_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	const struct snap_panel *p = s == NULL ? NULL : &s->panel[PANEL_SIBLINGS];

	(void)v;
	if (p == NULL || !p->used || p->anchor_at == UINT64_MAX)
		return;
	text_count(out, p->anchor_at + 1);
	buf_addc(out, '/');
	text_count(out, p->total);
}

static bool
event_cell(const struct view *v, const struct snapshot *s, struct buf *field, struct buf *value,
    sym_t *kind)
{
	struct field_line l;

	if (s == NULL || !s->event.found || page_const(v)->raw ||
	    !line_at(&s->event, page_const(v)->cursor, &l))
		return false;
	buf_add(field, l.name.p, l.name.len);
	buf_add(value, l.text.p, l.text.len);
	*kind = l.symbol;
	return true;
}

static bool
event_field(const struct view *v, const struct snapshot *s, const char *field, struct buf *value,
    sym_t *kind)
{
	enum field_id f = field_by_name(slice_of(field));

	(void)v;
	for (unsigned i = 0; s != NULL && s->event.found && i < s->event.nkeys; i++)
		if (field_by_name(s->event.key[i].name) == f) {
			buf_add(value, s->event.key[i].text.p, s->event.key[i].text.len);
			*kind = symbol_of(&s->event.key[i]);
			return true;
		}
	return false;
}

static void
event_close(struct view *v)
{
	free(page(v));
}

static const char *const event_hints[] = { "J", "raw", "{ }", "next", "w", "wrap", NULL };

static const struct view_ops event_ops = {
	.kind = "event",
	.hints = event_hints,
	.title = event_title,
	.request = event_request,
	.draw = event_draw,
	.settle = event_settle,
	.act = event_act,
	.key = event_key,
	.find = event_find,
	.place = event_place,
	.cell = event_cell,
	.field = event_field,
	.sibling = event_sibling,
	.close = event_close,
};

struct view *
event_page_new(uint64_t number)
{
	struct event_page *p = xcalloc(1, sizeof(*p));

	p->view.ops = &event_ops;
	p->number = number;
	p->same = UINT_MAX;
	return &p->view;
}
