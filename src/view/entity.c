/*
 * The page of a user or of a container: who it is, how much, when, and tabs that are ordinary views
 * narrowed by one term. One implementation, two declarations.
 */
#include "view/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/list.h"
#include "view/panes.h"
#include "view/riskpages.h"
#include "view/riskparts.h"
#include "view/strip.h"
#include "view/tabs.h"
#include "view/text.h"
#include "base/banned.h"

/* Panel 2 is the last events of the selected row (panes.c). */
enum {
	PANEL_LIST,
	PANEL_HISTOGRAM,
	PANEL_TOTALS = 3,
	PANEL_IDENTITY,
	PANEL_TOP,
	PANEL_SIBLINGS = 7
};

#define ENTITY_TABS  8
#define SIBLING_ROWS 201

struct entity_tab {
	const char *title;
	const char *view; /* of viewdef.c; NULL: def */
	const struct view_def *def;
	const char *heading; /* %s: the entity; of a drilldown, while no detection names it */
	int drilldown;	     /* of the detection, from 1: it names the tab; 0: none */
	bool risk;	     /* the table of risk events instead of a view */
};

/* A kind of entity: the declaration. */
struct entity_decl {
	const char *word;  /* breadcrumb: user:root */
	const char *field; /* the term */
	struct entity_tab tab[ENTITY_TABS];
	const char *by; /* identity: of the newest events */
	const char *distinct[GROUP_DISTINCT];
	const char *counted[GROUP_DISTINCT]; /* words for the distinct counts */
	const char *top, *top_title;	     /* bars beside the histogram */
	const char *hide[6];		     /* columns that would say the same in every row */
};

#define CONTAINER_TABS                                                                             \
	{                                                                                          \
		{ "Who/What", NULL, &def_activity, "Who did what in %s", 0, false },               \
		    { "Users", "users", NULL, "Users in %s", 0, false },                           \
		    { "Processes", NULL, &def_processes, "Processes in %s: parent and child", 0,   \
			    false },                                                               \
		    { "Rules", "rules", NULL, "Rules that fired in %s", 0, false },                \
		    { "Shells", "shells", NULL, "Shells spawned in %s", 0, false },                \
		{                                                                                  \
			"Events", "events", NULL, "Events of %s", 0, false                         \
		}                                                                                  \
	}
#define CONTAINER_HIDE                                                                             \
	{                                                                                          \
		"container.id", "container.name", "container.image.repository",                    \
		    "container.image.tag"                                                          \
	}
#define CONTAINER_BY                                                                               \
	"container.id,container.name,container_image,container_image_tag,k8s.ns.name,k8s.pod.name,hostname"

static const struct entity_decl decls[] = {
	[ENTITY_USER] = { .word = "user",
	    .field = "user.name",
	    .tab = { { "Results", "shells", NULL, "View the detection results for - \"%s\"", 1,
			 false },
		{ "Risk 7 d", "shells", NULL, "View risk events for the last 7 days for - \"%s\"",
		    2, true },
		{ "Containers", "containers", NULL, "Containers of %s", 0, false },
		{ "Rules", "rules", NULL, "Rules that %s fired", 0, false },
		{ "Processes", NULL, &def_processes, "Processes of %s: parent and child", 0,
		    false },
		{ "Activity", NULL, &def_activity, "Who did what, where: everything of %s", 0,
		    false },
		{ "Events", "events", NULL, "Events of %s", 0, false } },
	    .by = NULL,
	    .top = "rule",
	    .top_title = "rules",
	    .hide = { "user.name", "risk" },
	    .distinct = { "container.id", "k8s.ns.name", "hostname", "rule" },
	    .counted = { "container", "namespace", "node", "rule" } },
	[ENTITY_CONTAINER] = { .word = "container",
	    .field = "container.id",
	    .tab = CONTAINER_TABS,
	    .by = CONTAINER_BY,
	    .top = "user.name",
	    .top_title = "users",
	    .hide = CONTAINER_HIDE,
	    .distinct = { "user", "process", "rule" },
	    .counted = { "user", "process name", "rule" } },
	[ENTITY_CONTAINER_NAME] = { .word = "container",
	    .field = "container.name",
	    .tab = CONTAINER_TABS,
	    .by = CONTAINER_BY,
	    .top = "user.name",
	    .top_title = "users",
	    .hide = CONTAINER_HIDE,
	    .distinct = { "user", "process", "rule" },
	    .counted = { "user", "process name", "rule" } },
};

struct entity {
	struct view view;
	const struct entity_decl *decl;
	struct buf value;
	sym_t symbol;
	struct buf shown; /* how the value reads: a container by its name once it is known */
	unsigned tab;
	struct list list;
	int risk_top, risk_lines, risk_page; /* of the table of risk events */
};

static const struct view_ops entity_ops;

static struct entity *
entity(struct view *v)
{
	return (struct entity *)v;
}

static const struct entity *
entity_const(const struct view *v)
{
	return (const struct entity *)v;
}

static unsigned
tab_count(const struct entity *e)
{
	unsigned n = 0;

	while (n < ENTITY_TABS && e->decl->tab[n].title != NULL)
		n++;
	return n;
}

static bool
on_risk(const struct entity *e)
{
	return e->decl->tab[e->tab].risk;
}

static bool
is_user(const struct entity *e)
{
	return e->decl == &decls[ENTITY_USER];
}

static const struct view_def *
tab_def(const struct entity_tab *t)
{
	return t->def != NULL ? t->def : view_def(t->view);
}

static void
set_value(struct entity *e, struct slice value, sym_t symbol)
{
	bool missing;
	struct slice shown = text_value(value, symbol, &missing);

	buf_clear(&e->value);
	buf_add(&e->value, value.p, value.len);
	e->symbol = symbol;
	buf_clear(&e->shown);
	buf_add(&e->shown, shown.p, shown.len);
}

static void
show_tab(struct entity *e, unsigned tab)
{
	struct buf term = { 0 };

	text_term(&term, e->decl->field, buf_slice(&e->value), e->symbol);
	list_release(&e->list);
	list_init(&e->list, tab_def(&e->decl->tab[tab]), term.p, PANEL_LIST);
	e->list.hide = e->decl->hide;
	e->tab = tab;
	e->risk_top = 0;
	buf_release(&term);
}

static void
entity_title(const struct view *v, struct buf *out)
{
	const struct entity *e = entity_const(v);

	buf_addf(out, "%s:", e->decl->word);
	buf_add(out, e->shown.p, e->shown.len);
}

/* --- requests
 * ---------------------------------------------------------------------------------------------------
 */

/* Beside the histogram stands a list of bars where there is room. */
static int
graph_width(int cols)
{
	return cols >= 120 ? cols - cols / 3 : cols;
}

static void
narrow(const struct entity *e, const struct ui *ui, struct panel_request *p)
{
	query_and(&p->query, e->list.terms);
	ui_query(ui, &p->query);
}

static void
ask_totals(struct entity *e, struct ui *ui, struct request *r)
{
	struct panel_request *p = &r->panel[PANEL_TOTALS];

	p->used = true;
	p->query.kind = QUERY_GROUPS;
	narrow(e, ui, p);
	for (unsigned i = 0; i < GROUP_DISTINCT && e->decl->distinct[i] != NULL; i++)
		p->query.distinct[p->query.ndistinct++] = xstrdup(e->decl->distinct[i]);
	(void)snprintf(p->sort, sizeof(p->sort), "count");
	p->rows = 1;
}

/* What the newest event said of it. */
static void
ask_identity(struct entity *e, struct ui *ui, struct request *r)
{
	struct panel_request *p = &r->panel[PANEL_IDENTITY];
	struct filter_error err;

	if (e->decl->by == NULL)
		return;
	p->used = true;
	p->query.kind = QUERY_GROUPS;
	narrow(e, ui, p);
	(void)query_set_by(&p->query, e->decl->by, &err);
	(void)snprintf(p->sort, sizeof(p->sort), "last");
	p->descending = true;
	p->rows = 1;
}

/* The rows around the one this page was opened from. */
static void
ask_siblings(struct view *v, struct ui *ui, struct request *r)
{
	struct list *l =
	    v->below == NULL || v->below->ops->list == NULL ? NULL : v->below->ops->list(v->below);
	struct panel_request *p = &r->panel[PANEL_SIBLINGS];

	if (l == NULL)
		return;
	p->used = true;
	list_query(l, ui, &p->query);
	(void)snprintf(p->sort, sizeof(p->sort), "%s", l->sort);
	p->descending = l->descending;
	p->hold = true;
	p->from = l->cursor > SIBLING_ROWS / 2 ? l->cursor - SIBLING_ROWS / 2 : 0;
	p->rows = SIBLING_ROWS;
	p->anchor = l->anchored ? l->anchor : l->def->kind == QUERY_EVENTS ? UINT64_MAX : 0;
	p->follow_anchor = l->anchored;
}

static void
entity_request(struct view *v, struct ui *ui, struct request *r)
{
	struct entity *e = entity(v);

	list_request(&e->list, ui, r);
	if (!on_risk(e))
		pane_row_request(&e->list, ui, r);
	if (is_user(e))
		risk_ask(
		    r, risk_object_of(buf_slice(&e->value), e->symbol), (struct slice){ NULL, 0 });
	pane_histogram_request(ui, r, PANEL_HISTOGRAM, graph_width(draw_cols()));
	query_and(&r->panel[PANEL_HISTOGRAM].query, e->list.terms);
	if (graph_width(draw_cols()) < draw_cols()) {
		pane_top_request(r, PANEL_TOP, e->decl->top);
		narrow(e, ui, &r->panel[PANEL_TOP]);
	}
	ask_totals(e, ui, r);
	ask_identity(e, ui, r);
	ask_siblings(v, ui, r);
}

/* --- drawing
 * ----------------------------------------------------------------------------------------------------
 */

static void
piece(struct strip *to, const char *title, struct slice v, sym_t kind)
{
	bool missing;
	struct slice text = text_value(v, kind, &missing);
	int w = draw_width(text, 64), gap = to->x == 1 ? 0 : 2;

	if (to->x + gap + (int)strlen(title) + 1 + (w < 8 ? w : 8) > to->end)
		return;
	(void)strip_add(to, gap, STYLE_DIM, "%s ", title);
	w = w < to->end - to->x ? w : to->end - to->x;
	(void)draw_text(to->y, to->x, w, missing ? STYLE_MISSING : STYLE_BOLD, text);
	to->x += w;
}

/* "id … image repo:tag pod ns/pod node …": the newest of what was said about the container. */
static void
draw_identity(const struct snap_row *row, int y)
{
	struct strip to = { y, 1, draw_cols() - 1, STYLE_NORMAL };
	struct buf image = { 0 }, pod = { 0 };

	buf_add(&image, row->cell[2].p, row->cell[2].len);
	if (row->cell[3].len > 0) {
		buf_addc(&image, ':');
		buf_add(&image, row->cell[3].p, row->cell[3].len);
	}
	if (row->cell[5].len > 0) {
		buf_add(&pod, row->cell[4].p, row->cell[4].len);
		buf_addc(&pod, '/');
		buf_add(&pod, row->cell[5].p, row->cell[5].len);
	}
	piece(&to, "id", row->cell[0], row->symbol[0]);
	piece(&to, "name", row->cell[1], row->symbol[1]);
	piece(&to, "image", buf_slice(&image), row->symbol[2]);
	piece(&to, "pod", buf_slice(&pod), row->symbol[5]);
	piece(&to, "node", row->cell[6], row->symbol[6]);
	buf_release(&image);
	buf_release(&pod);
}

static void
draw_totals(const struct entity *e, const struct snap_panel *p, const struct snap_row *row, int y)
{
	struct strip to = { y, 1, draw_cols() - 1, STYLE_NORMAL };
	struct buf b = { 0 };

	text_plural(&b, p->matched, "event");
	(void)strip_add(&to, 0, STYLE_BOLD, "%s", b.p);
	for (unsigned i = 0; row != NULL && i < GROUP_DISTINCT && e->decl->distinct[i] != NULL;
	     i++) {
		buf_clear(&b);
		text_plural(&b, row->group.distinct[i], e->decl->counted[i]);
		(void)strip_add(&to, 2, STYLE_NORMAL, "%s", b.p);
	}
	buf_release(&b);
}

static void
draw_counts(const struct ui *ui, const struct snap_panel *p, int y)
{
	struct strip to = { y, 1, draw_cols() - 1, STYLE_NORMAL };
	struct buf b = { 0 };

	for (int i = PRIORITY_COUNT - 1; i >= 0; i--)
		if (p->by_priority[i] > 0) {
			buf_clear(&b);
			text_count(&b, p->by_priority[i]);
			(void)strip_add(&to, to.x == 1 ? 0 : 2, STYLE_PRIORITY + (unsigned)i,
			    "%s %s", priority_short((enum priority)i), b.p);
		}
	if (p->first != TIME_NONE) {
		buf_clear(&b);
		text_when(&b, p->first, ui->now, ui->local);
		buf_adds(&b, ", last ");
		text_when(&b, p->last, ui->now, ui->local);
		buf_adds(&b, " (");
		time_print_age(&b, ui->now - p->last);
		(void)strip_add(&to, 3, STYLE_NORMAL, "first %s ago)", b.p);
	}
	buf_release(&b);
}

static const struct snap_row *
first_row(const struct snapshot *s, unsigned panel)
{
	const struct snap_panel *p = s == NULL ? NULL : &s->panel[panel];

	return p != NULL && p->used && !p->bad_query && p->nrows > 0 ? &p->row[0] : NULL;
}

/* Sum, gauge and tactics of a user. Returns the lines used. */
static int
draw_risk(
    const struct entity *e, const struct ui *ui, struct area a, int y, const struct snapshot *s)
{
	if (!is_user(e) || s == NULL || !s->risk.on || s->risk.now == TIME_NONE)
		return 0;
	risk_gauge_draw(y, a.x + 1, a.w - 2, ui, s);
	risk_strip_draw(y + 1, a.x + 1, a.w - 2, ui, s);
	return 2;
}

/* Who it is, how much, when. Returns the lines used. */
static int
draw_card(struct entity *e, struct ui *ui, struct area a, const struct snapshot *s)
{
	int y = a.y, h = draw_rows() >= 44 ? 10 : draw_rows() >= 30 ? 8 : draw_rows() >= 22 ? 5 : 0;
	int risk;
	const struct snap_row *total = first_row(s, PANEL_TOTALS),
			      *row = first_row(s, PANEL_IDENTITY);

	if (a.h < 10)
		return 0;
	if (e->decl->by != NULL) {
		if (row != NULL)
			draw_identity(row, y);
		if (row != NULL && row->symbol[1] >= SYM_FIRST) {
			buf_clear(&e->shown);
			buf_add(&e->shown, row->cell[1].p, row->cell[1].len);
		}
		y++;
	}
	if (total != NULL) {
		draw_totals(e, &s->panel[PANEL_TOTALS], total, y);
		draw_counts(ui, &s->panel[PANEL_TOTALS], y + 1);
	}
	y += 2;
	risk = draw_risk(e, ui, a, y, s);
	y += risk;
	if (risk > 0 && h == 5) /* the risk is worth more than the histogram */
		h = 0;
	if (h > 0 && s != NULL) {
		int w = graph_width(a.w);

		pane_histogram(
		    (struct area){ y, a.x, h, w }, ui, s, PANEL_HISTOGRAM, "events over time");
		if (w < a.w)
			pane_top((struct area){ y, a.x + w + 1, h, a.w - w }, e->decl->top_title, s,
			    PANEL_TOP);
	}
	return y + h - a.y;
}

static void
draw_entity_tabs(const struct entity *e, int y)
{
	struct tab tab[ENTITY_TABS];

	unsigned n = tab_count(e);

	for (unsigned i = 0; i < n; i++)
		tab[i] = (struct tab){ (char)('1' + i), e->decl->tab[i].title, i == e->tab };
	tabs_draw(y, tab, n);
}

static void
draw_heading(const struct entity *e, int y, const struct snapshot *s)
{
	const struct entity_tab *t = &e->decl->tab[e->tab];
	const char *at = strstr(t->heading, "%s");
	struct buf b = { 0 };

	if (t->drilldown == 0 || s == NULL ||
	    !drilldown_name(s->detections, (unsigned)t->drilldown - 1, buf_slice(&e->shown), &b)) {
		buf_add(&b, t->heading, (size_t)(at - t->heading));
		buf_add(&b, e->shown.p, e->shown.len);
		buf_adds(&b, at + 2);
	}
	(void)draw_text(y, 1, draw_cols() - 2, STYLE_TITLE, buf_slice(&b));
	buf_release(&b);
}

/* The drilldown of risk events, from the line on that was scrolled to. */
static void
draw_risk_table(struct entity *e, struct ui *ui, struct area a, const struct snapshot *s)
{
	if (s == NULL)
		return;
	if (!s->risk.on || !s->risk.object.found) {
		(void)draw_text(a.y + 1, a.x + 1, a.w - 2, STYLE_DIM,
		    s->risk.on ? SLICE("No risk event in the 7 days before now.")
			       : SLICE("Neither detections nor a history are there."));
		return;
	}
	e->risk_page = a.h;
	e->risk_lines = risk_table_draw(a, e->risk_top, ui, s);
	if (e->risk_top > 0 && e->risk_top + a.h > e->risk_lines) {
		e->risk_top = e->risk_lines > a.h ? e->risk_lines - a.h : 0;
		draw_fill(a, STYLE_NORMAL);
		(void)risk_table_draw(a, e->risk_top, ui, s);
	}
}

static void
entity_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct entity *e = entity(v);
	int used = ui->folded ? 0 : draw_card(e, ui, a, s);

	a.y += used;
	a.h -= used;
	if (a.h >= 6) {
		draw_entity_tabs(e, a.y);
		draw_heading(e, a.y + 1, s);
		a.y += 2;
		a.h -= 2;
	}
	if (on_risk(e)) {
		draw_risk_table(e, ui, a, s);
		return;
	}
	a = pane_row(&e->list, ui, a, s);
	list_draw(&e->list, ui, a, s);
}

/* --- actions
 * ----------------------------------------------------------------------------------------------------
 */

static unsigned
switch_tab(struct entity *e, unsigned tab)
{
	show_tab(e, tab);
	return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
}

static unsigned
entity_sibling(struct view *v, struct ui *ui, int dir, const struct snapshot *s)
{
	struct entity *e = entity(v);
	struct list *l =
	    v->below == NULL || v->below->ops->list == NULL ? NULL : v->below->ops->list(v->below);
	struct buf value = { 0 };
	sym_t symbol = SYM_FIRST;
	unsigned react = REACT_REDRAW;

	if (l != NULL && s != NULL && s->panel[PANEL_SIBLINGS].used &&
	    list_sibling(l, &s->panel[PANEL_SIBLINGS], e->decl->field, dir, &value, &symbol)) {
		set_value(e, buf_slice(&value), symbol);
		react = switch_tab(e, e->tab);
	} else
		ui_say(ui, STYLE_DIM, "no %s %s in the table below", dir < 0 ? "previous" : "next",
		    e->decl->word);
	buf_release(&value);
	return react;
}

/* Scrolls the table of risk events; Enter opens the ledger. */
static unsigned
act_risk(struct entity *e, struct ui *ui, enum action a)
{
	int last = e->risk_lines > e->risk_page ? e->risk_lines - e->risk_page : 0;

	switch (a) {
	case ACTION_UP: e->risk_top -= 1; break;
	case ACTION_DOWN: e->risk_top += 1; break;
	case ACTION_PAGE_UP:
	case ACTION_HALF_UP: e->risk_top -= e->risk_page; break;
	case ACTION_PAGE_DOWN:
	case ACTION_HALF_DOWN: e->risk_top += e->risk_page; break;
	case ACTION_FIRST: e->risk_top = 0; break;
	case ACTION_LAST: e->risk_top = last; break;
	case ACTION_ENTER:
		ui->next = ledger_new(
		    risk_object_of(buf_slice(&e->value), e->symbol), (struct slice){ NULL, 0 });
		return REACT_PUSH;
	default: return REACT_PASS;
	}
	e->risk_top = e->risk_top > last ? last : e->risk_top < 0 ? 0 : e->risk_top;
	return REACT_REDRAW;
}

static unsigned
entity_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct entity *e = entity(v);

	switch (a) {
	case ACTION_NEXT_TAB: return switch_tab(e, (e->tab + 1) % tab_count(e));
	case ACTION_PREV_TAB: return switch_tab(e, (e->tab + tab_count(e) - 1) % tab_count(e));
	case ACTION_PREV_SIBLING: return entity_sibling(v, ui, -1, s);
	case ACTION_NEXT_SIBLING: return entity_sibling(v, ui, 1, s);
	default: return on_risk(e) ? act_risk(e, ui, a) : list_act(&e->list, ui, a, s);
	}
}

static unsigned
entity_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	(void)ui;
	(void)s;
	if (key >= '1' && key < '1' + (int)tab_count(entity(v)))
		return switch_tab(entity(v), (unsigned)(key - '1'));
	return REACT_NONE;
}

static unsigned
entity_find(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	if (on_risk(entity(v))) {
		ui_say(ui, STYLE_DIM, "nothing to search here: Enter opens the ledger");
		return REACT_REDRAW;
	}
	return list_find(&entity(v)->list, ui, text, dir, s);
}

static void
entity_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	const struct entity *e = entity_const(v);

	if (!on_risk(e))
		list_place(&e->list, s, out);
	else if (e->risk_lines > e->risk_page)
		buf_addf(out, "%d/%d", e->risk_top + 1, e->risk_lines);
}

static struct list *
entity_list(struct view *v)
{
	return on_risk(entity(v)) ? NULL : &entity(v)->list;
}

static bool
entity_cell(const struct view *v, const struct snapshot *s, struct buf *field, struct buf *value,
    sym_t *kind)
{
	return !on_risk(entity_const(v)) &&
	       list_cell(&entity_const(v)->list, s, field, value, kind);
}

/* The page's own user or container counts when the row names none. */
static bool
entity_field(const struct view *v, const struct snapshot *s, const char *field, struct buf *value,
    sym_t *kind)
{
	const struct entity *e = entity_const(v);

	if (!on_risk(e) && list_field(&e->list, s, field, value, kind))
		return true;
	if (strcmp(field, e->decl->field) != 0)
		return false;
	buf_add(value, e->value.p, e->value.len);
	*kind = e->symbol;
	return true;
}

static void
entity_close(struct view *v)
{
	struct entity *e = entity(v);

	list_release(&e->list);
	buf_release(&e->value);
	buf_release(&e->shown);
	free(e);
}

static const char *const entity_hints[] = { "{ }", "next", NULL };

static const struct view_ops entity_ops = {
	.kind = "entity",
	.hints = entity_hints,
	.title = entity_title,
	.request = entity_request,
	.draw = entity_draw,
	.act = entity_act,
	.key = entity_key,
	.find = entity_find,
	.place = entity_place,
	.list = entity_list,
	.cell = entity_cell,
	.field = entity_field,
	.sibling = entity_sibling,
	.close = entity_close,
};

struct view *
entity_new(enum entity_kind kind, struct slice value, sym_t symbol)
{
	struct entity *e = xcalloc(1, sizeof(*e));

	e->view.ops = &entity_ops;
	e->decl = &decls[kind];
	set_value(e, value, symbol);
	show_tab(e, 0);
	return &e->view;
}
