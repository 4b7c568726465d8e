/*
 * The ledger of one risk object: every point with its time, its reason, the sum it made and when it
 * leaves the window; also as a pane beside the page of users. Not here: the pieces around it
 * (riskparts.c).
 */
#include "view/pages.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "view/panes.h"
#include "view/riskparts.h"
#include "view/riskpages.h"
#include "view/text.h"
#include "base/banned.h"

struct ledger {
	struct view view;
	struct grid grid;
	struct buf object, type;
};

static const struct view_ops ledger_ops;

/* --- columns --------------------------------------------------------------------------------- */

static const struct book_entry *
entry(const void *row)
{
	return row;
}

static uint64_t
entry_identity(const void *row)
{
	const struct book_entry *e = entry(row);
	uint64_t h = hash_bytes(e->search.p, e->search.len, (uint64_t)e->hour);

	h = hash_bytes(e->row.p, e->row.len, h);
	return hash_bytes(e->message.p, e->message.len, h);
}

static char
entry_flag(const void *row, enum style *style)
{
	const struct book_entry *e = entry(row);

	*style = e->muted ? STYLE_DIM : risk_style(e->severity);
	return e->muted ? 'm' : e->severity > RISK_NONE && e->score > 0 ? '!' : 0;
}

/* It adds nothing: no points, or muted. */
static bool
idle(const void *row)
{
	return !entry(row)->counts || entry(row)->score <= 0;
}

static void
entry_time(const void *row, const struct ui *ui, struct grid_cell *out)
{
	risk_stamp(&out->text, entry(row)->first, ui->local);
	out->style = idle(row) ? STYLE_DIM : STYLE_NORMAL;
}

static double
entry_first(const void *row)
{
	return (double)entry(row)->first;
}

static void
entry_points(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	buf_addc(&out->text, entry(row)->counts ? '+' : '(');
	risk_score_text(&out->text, entry(row)->score);
	if (!entry(row)->counts)
		buf_addc(&out->text, ')');
	out->style = idle(row) ? STYLE_DIM : STYLE_NORMAL;
}

static double
entry_score(const void *row)
{
	return entry(row)->score;
}

static void
entry_search(const void *row, const struct ui *ui, struct grid_cell *out)
{
	struct slice s = risk_search_short(entry(row)->search);

	(void)ui;
	buf_add(&out->text, s.p, s.len);
	out->value = true;
	out->style = idle(row) ? STYLE_DIM : STYLE_NORMAL;
}

static void
entry_row(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	risk_row_text(&out->text, entry(row), false);
	out->value = true;
	out->style = idle(row) ? STYLE_DIM : STYLE_NORMAL;
}

static void
entry_events(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	text_count_in(&out->text, entry(row)->count, 7);
}

static double
entry_count(const void *row)
{
	return (double)entry(row)->count;
}

static void
entry_running(const void *row, const struct ui *ui, struct grid_cell *out)
{
	(void)ui;
	risk_sum_text(&out->text, entry(row)->running, entry(row)->severity);
	out->style = idle(row) ? STYLE_DIM : risk_style(entry(row)->severity);
}

static double
entry_sum(const void *row)
{
	return entry(row)->running;
}

static void
entry_bar(const void *row, const struct ui *ui, int y, int x, int cells, enum style style)
{
	const struct book_entry *e = entry(row);
	const struct snapshot *s = ui->snap;
	double full = s == NULL || s->risk.options.medium <= 0 ? 1 : s->risk.options.medium;

	draw_gauge(y, x, cells, style == STYLE_GRAPH ? risk_style(e->severity) : style,
	    (uint64_t)(e->running * 1000), (uint64_t)(full * 1000));
}

static void
entry_leaves(const void *row, const struct ui *ui, struct grid_cell *out)
{
	const struct book_entry *e = entry(row);

	if (!e->counts)
		buf_adds(&out->text, "muted");
	else if (e->score <= 0)
		buf_addc(&out->text, '-');
	else if (ui->snap != NULL && e->leaves <= ui->snap->risk.now)
		buf_adds(&out->text, "left");
	else
		risk_stamp(&out->text, e->leaves, ui->local);
	if (idle(row) || (ui->snap != NULL && e->leaves <= ui->snap->risk.now))
		out->style = STYLE_DIM;
}

static const struct grid_column columns[] = {
	{ "TIME", "when the risk event stands: its first contributing event", 14, 0, 0, false, -1,
	    entry_time, entry_first, NULL },
	{ "PTS", "points it adds; in brackets: muted, it adds none", 5, 0, 0, true, -1, entry_points, entry_score, NULL },
	{ "WHY", "the search that made it; local: one of Falco's own rules", 16, 2, 0, false, 1,
	    entry_search, NULL, NULL },
	{ "ROW", "the row of the search that it stands for", 12, 4, 50, false, 1, entry_row, NULL,
	    NULL },
	{ "EVENTS", "contributing events", 7, 0, 60, true, -1, entry_events, entry_count, NULL },
	{ "SUM", "the 24-hour sum just after it, as it was then; ! over the threshold", 7, 0, 0,
	    true, -1, entry_running, entry_sum, NULL },
	{ "OF THE THRESHOLD", "that sum as a part of the first threshold", 16, 0, 70, false, 0,
	    NULL, NULL, entry_bar },
	{ "LEAVES 24 H", "when it is out of the 24 hours", 14, 0, 40, false, 0, entry_leaves, NULL,
	    NULL },
	{ NULL, NULL, 0, 0, 0, false, 0, NULL, NULL, NULL },
};

const struct grid_def ledger_grid = {
	.column = columns,
	.identity = entry_identity,
	.flag = entry_flag,
	.sort = 0,
	.empty =
	    "No risk event in the 7 days before now. Detections make them; Falco's own rules count 0 points unless the config gives a score.",
};

void
ledger_set(struct grid *g, const struct ui *ui, const struct snapshot *s)
{
	const struct snap_object *o = s == NULL ? NULL : &s->risk.object;

	grid_set(g, ui, o == NULL ? NULL : o->entry, sizeof(struct book_entry),
	    o == NULL ? 0 : o->nentries);
}

/* --- the page -------------------------------------------------------------------------------- */

static struct ledger *
ledger(struct view *v)
{
	return (struct ledger *)v;
}

static const struct ledger *
ledger_const(const struct view *v)
{
	return (const struct ledger *)v;
}

static void
ledger_title(const struct view *v, struct buf *out)
{
	const struct ledger *l = ledger_const(v);

	buf_adds(out, "ledger of ");
	if (l->type.len > 0 && strcmp(l->type.p, "user") != 0)
		buf_addf(out, "%s:", l->type.p);
	buf_add(out, l->object.p, l->object.len);
}

static void
ledger_request(struct view *v, struct ui *ui, struct request *r)
{
	struct ledger *l = ledger(v);

	(void)ui;
	risk_ask(r, buf_slice(&l->object), buf_slice(&l->type));
}

/* The selected point in words, below the table. */
static void
draw_words(const struct ledger *l, const struct ui *ui, struct area a, const struct snapshot *s)
{
	const struct book_entry *e = grid_row(&l->grid);
	struct buf b = { 0 };
	size_t at;
	int used;

	draw_hline(a.y, a.x, a.w, STYLE_DIM);
	if (e != NULL) {
		buf_add(&b, e->message.p, e->message.len < 600 ? e->message.len : 600);
		buf_adds(&b, " (");
		buf_add(&b, e->search.p, e->search.len < 200 ? e->search.len : 200);
		buf_adds(&b, "; ");
		text_plural(&b, e->count, "event");
		if (e->base != e->score) {
			buf_adds(&b, "; ");
			risk_score_text(&b, e->base);
			buf_adds(&b, " without the risk factors");
		}
		buf_adds(&b, "; ");
		at = b.len;
		risk_row_text(&b, e, true);
		if (b.len == at)
			b.len -= 2;
		if (e->techniques.len > 0) {
			buf_adds(&b, "; ");
			buf_add(
			    &b, e->techniques.p, e->techniques.len < 100 ? e->techniques.len : 100);
		}
		buf_addc(&b, ')');
	}
	used = pane_text((struct area){ a.y + 1, a.x + 1, a.h > 3 ? a.h - 3 : 1, a.w - 2 },
	    STYLE_NORMAL, buf_slice(&b));
	buf_clear(&b);
	risk_forecast(&b, ui, s, e);
	(void)pane_text((struct area){ a.y + 1 + used, a.x + 1, a.h - 1 - used, a.w - 2 },
	    STYLE_DIM, buf_slice(&b));
	buf_release(&b);
}

static void
ledger_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct ledger *l = ledger(v);
	int timeline = a.h >= 36 ? 9 : a.h >= 26 ? 6 : 0, words = a.h >= 16 ? 5 : a.h >= 12 ? 3 : 0;

	ledger_set(&l->grid, ui, s);
	if (s != NULL && a.h >= 10 && !ui->folded) {
		risk_gauge_draw(a.y, a.x + 1, a.w - 2, ui, s);
		risk_strip_draw(a.y + 1, a.x + 1, a.w - 2, ui, s);
		a.y += 2;
		a.h -= 2;
	}
	if (s != NULL && timeline > 0) {
		risk_timeline_draw((struct area){ a.y, a.x, timeline, a.w }, ui, s);
		a.y += timeline;
		a.h -= timeline;
	}
	if (s != NULL && words > 0) {
		a.h -= words;
		draw_words(l, ui, (struct area){ a.y + a.h, a.x, words, a.w }, s);
	}
	grid_draw(&l->grid, ui, a);
}

static unsigned
ledger_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct ledger *l = ledger(v);
	const struct book_entry *e;

	ledger_set(&l->grid, ui, s);
	if (a != ACTION_ENTER)
		return grid_act(&l->grid, a);
	e = grid_row(&l->grid);
	if (e == NULL)
		return REACT_NONE;
	if (l->type.len > 0 && strcmp(l->type.p, "user") != 0) {
		ui_say(ui, STYLE_DIM, "only users have a page of their own");
		return REACT_REDRAW;
	}
	ui->next = risk_user_page(buf_slice(&l->object));
	return REACT_PUSH;
}

static unsigned
ledger_find(struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s)
{
	struct ledger *l = ledger(v);

	ledger_set(&l->grid, ui, s);
	return grid_find(&l->grid, ui, text, dir);
}

static void
ledger_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	(void)s;
	grid_place(&ledger_const(v)->grid, out);
}

static struct grid *
ledger_grid_of(struct view *v)
{
	return &ledger(v)->grid;
}

static bool
ledger_field(const struct view *v, const struct snapshot *s, const char *field, struct buf *value,
    sym_t *kind)
{
	const struct ledger *l = ledger_const(v);

	(void)s;
	return risk_field(buf_slice(&l->object), buf_slice(&l->type), field, value, kind);
}

static void
ledger_close(struct view *v)
{
	struct ledger *l = ledger(v);

	grid_release(&l->grid);
	buf_release(&l->object);
	buf_release(&l->type);
	free(l);
}

static const char *const ledger_hints[] = { "Enter", "user", NULL };

static const struct view_ops ledger_ops = {
	.kind = "ledger",
	.hints = ledger_hints,
	.title = ledger_title,
	.request = ledger_request,
	.draw = ledger_draw,
	.act = ledger_act,
	.find = ledger_find,
	.place = ledger_place,
	.grid = ledger_grid_of,
	.field = ledger_field,
	.close = ledger_close,
};

struct view *
ledger_new(struct slice object, struct slice type)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->view.ops = &ledger_ops;
	buf_add(&l->object, object.p, object.len);
	buf_add(&l->type, type.p, type.len);
	grid_init(&l->grid, &ledger_grid);
	return &l->view;
}
