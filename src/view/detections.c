/*
 * d: the loaded detections, whether each runs, what it found, its filter macro. Not here: one of
 * them in full (detection_page.c), the editor of the macro (tune_dialog.c).
 */
#include "view/grid.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "view/pages.h"
#include "view/panes.h"
#include "view/text.h"
#include "base/banned.h"

struct detections {
	struct view view;
	struct grid grid;
};

static const struct view_ops detections_ops;

/* --- columns --------------------------------------------------------------------------------- */

static const struct snap_detection *
row_of(const void *row)
{
	return row;
}

static bool
runs(const struct snap_detection *d)
{
	return d->detection->state == DETECTION_RUNNABLE && d->state.problem == NULL;
}

static uint64_t
identity(const void *row)
{
	const char *name = row_of(row)->detection->name;

	return hash_bytes(name, strlen(name), hash_seed());
}

static char
flag(const void *row, enum style *style)
{
	*style = STYLE_WARN;
	return runs(row_of(row)) ? 0 : '!';
}

static void
name_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	buf_adds(&out->text, row_of(row)->detection->name);
}

static void
state_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	const struct snap_detection *d = row_of(row);

	(void)ui;
	if (!runs(d)) {
		buf_adds(&out->text, "NOT RUN");
		out->style = STYLE_WARN;
	} else if (!d->state.open || d->state.complete) {
		buf_adds(&out->text, "runs");
		out->style = STYLE_OK;
	} else
		buf_adds(&out->text, "counting");
}

static void
rows_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, row_of(row)->state.rows, 7);
}

static double
rows_number(const void *row)
{
	return row_of(row)->state.rows;
}

static void
events_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, row_of(row)->state.matched, 7);
}

static double
events_number(const void *row)
{
	return (double)row_of(row)->state.matched;
}

static void
risk_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, row_of(row)->risk_events, 7);
}

static double
risk_number(const void *row)
{
	return (double)row_of(row)->risk_events;
}

static void
last_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	int64_t t = row_of(row)->state.last;

	if (row_of(row)->state.matched == 0 || t == TIME_NONE)
		buf_addc(&out->text, '-');
	else
		text_time(&out->text, t, ui->now, ui->local);
}

static double
last_number(const void *row)
{
	return row_of(row)->state.matched == 0 ? -1 : (double)row_of(row)->state.last;
}

static void
filter_cell(const void *row, const struct ui *ui, struct grid_cell *out)
{
	const char *text = row_of(row)->detection->filter_text;

	(void)ui;
	if (row_of(row)->detection->filter_macro == NULL)
		buf_adds(&out->text, "has none");
	else if (text != NULL && *text != '\0') {
		buf_adds(&out->text, text);
		out->style = STYLE_WARN;
		return;
	} else
		buf_adds(&out->text, "search *");
	out->style = STYLE_DIM;
}

static const struct grid_column columns[] = {
	{ "DETECTION", "its name", 28, 4, 0, false, 1, name_cell, NULL, NULL },
	{ "STATE", "runs, or NOT RUN: Enter says why", 8, 0, 0, false, 1, state_cell, NULL, NULL },
	{ "ROWS", "rows it has found, in buckets of an hour", 7, 0, 20, true, -1, rows_cell,
	    rows_number, NULL },
	{ "EVENTS", "events that passed its filter", 7, 0, 40, true, -1, events_cell, events_number,
	    NULL },
	{ "RISK EV", "risk events that it made in this run", 7, 0, 30, true, -1, risk_cell,
	    risk_number, NULL },
	{ "LAST HIT", "when the newest of those events happened", 8, 0, 10, false, -1, last_cell,
	    last_number, NULL },
	{ "FILTER MACRO", "its filter macro; search * keeps everything; E edits it", 14, 3, 50,
	    false, 1, filter_cell, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, false, 0, NULL, NULL, NULL },
};

static const struct grid_def detections_grid = {
	.column = columns,
	.identity = identity,
	.flag = flag,
	.sort = GRID_COLUMNS,
	.empty =
	    "No detection is loaded. They are YAML files in ESCU's schema: in the installed data directory, in $XDG_DATA_HOME/falcotop/detections, or where --detections says.",
};

/* --- the page -------------------------------------------------------------------------------- */

static struct detections *
page(struct view *v)
{
	return (struct detections *)v;
}

static const struct snap_detection *
set(struct detections *p, const struct ui *ui, const struct snapshot *s)
{
	grid_set(&p->grid, ui, s == NULL ? NULL : s->detection, sizeof(struct snap_detection),
	    s == NULL ? 0 : s->ndetections);
	return grid_row(&p->grid);
}

static void
detections_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "Detections");
}

static void
detections_request(struct view *v, struct ui *ui, struct request *r)
{
	(void)v;
	(void)ui;
	r->want_detections = true;
}

/* Files that are no detections at all. */
static void
draw_problems(struct area a, const struct detection_set *set)
{
	struct buf b = { 0 };

	text_plural(&b, set->nproblem, "file");
	(void)draw_fmt(a.y, a.x, a.w, STYLE_WARN, "%s refused:", b.p);
	for (unsigned i = 0; i < set->nproblem && (int)i + 1 < a.h; i++)
		(void)draw_text(
		    a.y + 1 + (int)i, a.x + 2, a.w - 2, STYLE_WARN, slice_of(set->problem[i]));
	buf_release(&b);
}

static void
draw_words(struct area a, const struct snap_detection *d)
{
	draw_hline(a.y, a.x, a.w, STYLE_DIM);
	a.y++;
	a.h--;
	if (d == NULL)
		return;
	if (d->detection->state == DETECTION_NOT_RUN)
		(void)pane_text((struct area){ a.y, a.x + 1, a.h, a.w - 2 }, STYLE_WARN,
		    slice_of(d->detection->reason));
	else if (d->state.problem != NULL)
		(void)pane_text((struct area){ a.y, a.x + 1, a.h, a.w - 2 }, STYLE_WARN,
		    slice_of(d->state.problem));
	else {
		struct buf b = { 0 };

		buf_addf(&b, "%s: %s", d->detection->name,
		    d->detection->description == NULL ? "" : d->detection->description);
		(void)pane_text(
		    (struct area){ a.y, a.x + 1, a.h, a.w - 2 }, STYLE_NORMAL, buf_slice(&b));
		buf_release(&b);
	}
}

static void
detections_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct detections *p = page(v);
	const struct snap_detection *d = set(p, ui, s);
	int words = a.h >= 14 ? 5 : 0, problems = 0;

	if (s != NULL && s->detections != NULL && s->detections->nproblem > 0 && a.h >= 18) {
		problems = 1 + (int)(s->detections->nproblem < 4 ? s->detections->nproblem : 4);
		draw_problems((struct area){ a.y + a.h - problems, a.x + 1, problems, a.w - 2 },
		    s->detections);
	}
	a.h -= problems;
	if (s != NULL && words > 0) {
		a.h -= words;
		draw_words((struct area){ a.y + a.h, a.x, words, a.w }, d);
	}
	grid_draw(&p->grid, ui, a);
}

static unsigned
detections_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct detections *p = page(v);
	const struct snap_detection *d = set(p, ui, s);

	switch (a) {
	case ACTION_ENTER:
		if (d == NULL)
			return REACT_NONE;
		ui->next = detection_page_new(d->detection->name);
		return REACT_PUSH;
	case ACTION_EDIT:
		ui->next = d == NULL ? NULL : tune_dialog_new(ui, s, d->detection->name);
		return ui->next == NULL ? REACT_REDRAW : REACT_PUSH;
	case ACTION_EVENTS:
		if (d == NULL || d->detection->spl == NULL)
			return REACT_NONE;
		ui->next = table_new(
		    view_def("events"), NULL, spl_filter(d->detection->spl), d->detection->name);
		return REACT_PUSH;
	default: return grid_act(&p->grid, a);
	}
}

static unsigned
detections_find(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	(void)set(page(v), ui, s);
	return grid_find(&page(v)->grid, ui, text, dir);
}

static void
detections_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	(void)s;
	grid_place(&((const struct detections *)v)->grid, out);
}

static struct grid *
detections_grid_of(struct view *v)
{
	return &page(v)->grid;
}

static void
detections_close(struct view *v)
{
	grid_release(&page(v)->grid);
	free(page(v));
}

static const char *const detections_hints[] = { "E", "macro", "Enter", "open", NULL };

static const struct view_ops detections_ops = {
	.kind = "detections",
	.hints = detections_hints,
	.title = detections_title,
	.request = detections_request,
	.draw = detections_draw,
	.act = detections_act,
	.find = detections_find,
	.place = detections_place,
	.grid = detections_grid_of,
	.close = detections_close,
};

struct view *
detections_new(void)
{
	struct detections *p = xcalloc(1, sizeof(*p));

	p->view.ops = &detections_ops;
	grid_init(&p->grid, &detections_grid);
	return &p->view;
}
