/*
 * m: mutes the cell, the row or its rule. What each would hide is counted before anything is done.
 * Not here: the list of mutes (mutes.c), what hides and breaks them (detect/mute.h).
 */
#include "view/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "detect/mute_watch.h"
#include "tui/keys.h"
#include "view/list.h"
#include "view/popup.h"
#include "view/strip.h"
#include "view/text.h"
#include "base/banned.h"

enum scope { SCOPE_CELL, SCOPE_ROW, SCOPE_RULE, SCOPES };
enum { PANEL_RULE = PANEL_DIALOG + SCOPES };

#define HOUR_NS (3600 * NSEC_PER_SEC)

static const char *const scope_name[SCOPES] = { "cell", "row", "rule" };

static const struct {
	const char *name;
	int64_t ns; /* 0: never */
} spans[] = { { "1h", HOUR_NS }, { "8h", 8 * HOUR_NS }, { "1d", 24 * HOUR_NS },
	{ "7d", 7 * 24 * HOUR_NS }, { "never", 0 } };

#define SPANS ((int)(sizeof(spans) / sizeof(spans[0])))

struct mute_dialog {
	struct view view;
	char *filter[SCOPES]; /* NULL: the page has no such thing */
	int scope, span;
	struct prompt reason;
	struct prompt_history history;
	bool look_up;	/* the rule is asked for: the row does not name it */
	uint64_t asked; /* request with the present questions; 0: not yet */
};

static const struct view_ops mute_ops;

static struct mute_dialog *
dialog(struct view *v)
{
	return (struct mute_dialog *)v;
}

static void
mute_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "mute");
}

/* --- what it is about ------------------------------------------------------------------------ */

static bool
good(const char *filter)
{
	struct filter_error err;
	struct filter *f = strlen(filter) < MUTE_FILTER_MAX ? filter_parse(filter, &err) : NULL;

	if (f == NULL)
		return false;
	filter_free(f);
	return true;
}

static void
take(struct mute_dialog *d, enum scope scope, struct buf *term)
{
	if (d->filter[scope] == NULL && term->len > 0 && good(term->p))
		d->filter[scope] = buf_steal(term);
	buf_release(term);
}

static void
take_field(
    struct mute_dialog *d, enum scope scope, const char *field, struct slice value, sym_t kind)
{
	struct buf term = { 0 };

	if (kind != SYM_OTHER)
		text_term(&term, field, value, kind);
	take(d, scope, &term);
}

static void
gather(struct mute_dialog *d, struct view *v, const struct snapshot *s)
{
	struct list *l = v->ops->list == NULL ? NULL : v->ops->list(v);
	const struct snap_row *row = l == NULL ? NULL : list_row(l, s);
	struct buf field = { 0 }, value = { 0 }, term = { 0 };
	sym_t kind = SYM_FIRST;

	if (v->ops->cell != NULL && v->ops->cell(v, s, &field, &value, &kind))
		take_field(d, SCOPE_CELL, field.p, buf_slice(&value), kind);
	buf_clear(&value);
	if (v->ops->field != NULL && v->ops->field(v, s, "rule", &value, &kind))
		take_field(d, SCOPE_RULE, "rule", buf_slice(&value), kind);
	if (row != NULL && l->def->kind == QUERY_GROUPS && list_row_terms(l, row, &term))
		take(d, SCOPE_ROW, &term);
	buf_release(&field);
	buf_release(&value);
	buf_release(&term);
	d->look_up = d->filter[SCOPE_RULE] == NULL && d->filter[SCOPE_ROW] != NULL;
}

static void
mute_request(struct view *v, struct ui *ui, struct request *r)
{
	struct mute_dialog *d = dialog(v);
	struct filter_error err;

	(void)ui;
	for (int i = 0; i < SCOPES; i++) {
		struct panel_request *p = &r->panel[PANEL_DIALOG + i];

		if (d->filter[i] == NULL)
			continue;
		p->used = true;
		p->query.kind = QUERY_GROUPS;
		query_and(&p->query, d->filter[i]);
		p->query.distinct[p->query.ndistinct++] = xstrdup("user.name");
		(void)snprintf(p->sort, sizeof(p->sort), "count");
		p->rows = 1;
	}
	if (d->look_up) {
		struct panel_request *p = &r->panel[PANEL_RULE];

		p->used = true;
		p->query.kind = QUERY_GROUPS;
		query_and(&p->query, d->filter[SCOPE_ROW]);
		(void)query_set_by(&p->query, "rule", &err);
		(void)snprintf(p->sort, sizeof(p->sort), "count");
		p->descending = true;
		p->rows = 1;
	}
	if (d->asked == 0)
		d->asked = r->number;
}

static bool
complete(const struct mute_dialog *d, const struct snapshot *s, int panel)
{
	const struct snap_panel *p = &s->panel[panel];

	return d->asked != 0 && s->number >= d->asked && p->used && !p->bad_query &&
	       p->done == p->to_scan;
}

/* The rule most of the row's events are of. */
static unsigned
mute_settle(struct view *v, struct ui *ui, const struct snapshot *s)
{
	struct mute_dialog *d = dialog(v);
	const struct snap_panel *p = &s->panel[PANEL_RULE];

	(void)ui;
	if (!d->look_up || !complete(d, s, PANEL_RULE))
		return REACT_NONE;
	d->look_up = false;
	if (p->nrows == 0)
		return REACT_NONE;
	take_field(d, SCOPE_RULE, "rule", p->row[0].cell[0], p->row[0].symbol[0]);
	d->asked = 0;
	return REACT_REDRAW | REACT_REQUEST;
}

/* --- drawing --------------------------------------------------------------------------------- */

static void
cost_words(const struct mute_dialog *d, const struct snapshot *s, int scope, struct buf *out)
{
	struct hidden_cost cost = { 0 };
	const struct snap_panel *p;

	if (s == NULL || !complete(d, s, PANEL_DIALOG + scope)) {
		buf_adds(out, "counting...");
		return;
	}
	p = &s->panel[PANEL_DIALOG + scope];
	cost.of = s->stats.retained;
	cost.events = p->matched;
	for (int i = PRIORITY_CRITICAL; i < PRIORITY_COUNT; i++)
		cost.critical += p->by_priority[i];
	cost.users = p->nrows > 0 ? p->row[0].group.distinct[0] : 0;
	hiding_text(out, &cost);
}

static void
draw_spans(const struct mute_dialog *d, int y, struct area in)
{
	struct strip to = { y, in.x, in.x + in.w, STYLE_NORMAL };

	(void)strip_add(&to, 0, STYLE_DIM, "for   ");
	for (int i = 0; i < SPANS; i++)
		(void)strip_add(&to, 1, i == d->span ? STYLE_TAB_ON : STYLE_NORMAL,
		    i == d->span ? "[%s]" : "%s", spans[i].name);
	(void)strip_add(&to, 3, STYLE_DIM, "Left, Right");
}

static void
mute_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct mute_dialog *d = dialog(v);
	struct area in = popup_box(
	    a, 9, a.w >= 124 ? 116 : a.w - 2, "mute: Up, Down what; Enter hides it, Esc leaves");
	struct buf b = { 0 };
	int y = in.y, bottom = in.h >= 3 ? in.y + in.h - 2 : in.y + in.h;

	(void)ui;
	for (int i = 0; i < SCOPES; i++) {
		bool on = i == d->scope;

		if (d->filter[i] == NULL || y >= bottom)
			continue;
		if (on)
			draw_fill((struct area){ y, in.x, 1, in.w }, STYLE_CURSOR);
		(void)draw_fmt(y, in.x, 8, on ? STYLE_CURSOR : STYLE_BOLD, "%s%s", on ? "> " : "  ",
		    scope_name[i]);
		(void)draw_text(y, in.x + 8, in.w - 8, on ? STYLE_CURSOR : STYLE_NORMAL,
		    slice_of(d->filter[i]));
		if (++y >= bottom)
			continue;
		buf_clear(&b);
		cost_words(d, s, i, &b);
		(void)draw_text(
		    y++, in.x + 8, in.w - 8, on ? STYLE_TITLE : STYLE_DIM, buf_slice(&b));
	}
	if (bottom < in.y + in.h) {
		draw_spans(d, bottom, in);
		(void)prompt_draw(&d->reason, bottom + 1, in.x, in.w, "why    ", SIZE_MAX);
	}
	buf_release(&b);
}

/* --- keys ------------------------------------------------------------------------------------ */

static unsigned
add(struct mute_dialog *d, struct ui *ui)
{
	char err[UI_ERROR_MAX] = "";
	int64_t ns = spans[d->span].ns;
	int64_t expires = ns == 0 ? TIME_NONE : clock_wall() + ns;

	if (!ui->services->mute_add(
		ui->services->arg, d->filter[d->scope], prompt_text(&d->reason), expires, err)) {
		ui_say(ui, STYLE_WARN, "not muted: %s", err);
		return REACT_REDRAW;
	}
	ui_say(
	    ui, STYLE_OK, "muted (%s): M lists mutes, V shows what they hide", spans[d->span].name);
	return REACT_POP | REACT_REQUEST;
}

static unsigned
move(struct mute_dialog *d, int dir)
{
	int to = d->scope;

	do
		to += dir;
	while (to >= 0 && to < SCOPES && d->filter[to] == NULL);
	if (to >= 0 && to < SCOPES)
		d->scope = to;
	return REACT_REDRAW;
}

static unsigned
mute_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	struct mute_dialog *d = dialog(v);

	(void)s;
	switch (key) {
	case KEYS_UP: return move(d, -1);
	case KEYS_DOWN: return move(d, 1);
	case KEYS_LEFT: d->span = (d->span + SPANS - 1) % SPANS; return REACT_REDRAW;
	case KEYS_TAB:
	case KEYS_RIGHT: d->span = (d->span + 1) % SPANS; return REACT_REDRAW;
	default: break;
	}
	switch (prompt_key(&d->reason, key, &d->history)) {
	case PROMPT_CANCEL: return REACT_POP;
	case PROMPT_DONE: return add(d, ui);
	case PROMPT_CHANGED:
	case PROMPT_MORE: break;
	}
	return REACT_REDRAW;
}

static unsigned
mute_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	(void)v;
	(void)ui;
	(void)a;
	(void)s;
	return REACT_NONE;
}

static void
mute_close(struct view *v)
{
	struct mute_dialog *d = dialog(v);

	for (int i = 0; i < SCOPES; i++)
		free(d->filter[i]);
	prompt_release(&d->reason);
	prompt_history_release(&d->history);
	free(d);
}

static const struct view_ops mute_ops = {
	.kind = "mute",
	.overlay = true,
	.types = true,
	.title = mute_title,
	.request = mute_request,
	.settle = mute_settle,
	.draw = mute_draw,
	.act = mute_act,
	.key = mute_key,
	.close = mute_close,
};

struct view *
mute_dialog_new(struct ui *ui)
{
	struct mute_dialog *d;

	if (ui->services == NULL || ui->services->mute_add == NULL) {
		ui_say(ui, STYLE_WARN, "there is no place to keep mutes");
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	d->view.ops = &mute_ops;
	d->span = 2;
	prompt_init(&d->reason, NULL);
	gather(d, ui_page(ui), ui_snapshot(ui));
	d->scope = d->filter[SCOPE_ROW] != NULL	   ? SCOPE_ROW
		   : d->filter[SCOPE_CELL] != NULL ? SCOPE_CELL
						   : SCOPE_RULE;
	if (d->filter[d->scope] != NULL)
		return &d->view;
	mute_close(&d->view);
	ui_say(ui, STYLE_WARN, "nothing on this page can be muted: go to a row of a table first");
	return NULL;
}
