/*
 * F2: the views, each with what it shows, its columns and where Enter leads. Chosen over a table it
 * shows there, with the same narrowing; elsewhere it opens on top.
 */
#include "view/pages.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "view/popup.h"
#include "view/text.h"
#include "base/banned.h"

struct picker {
	struct view view;
	struct popup popup;
};

/* Pages that are no tables of events; they open on top. */
static const struct {
	char key;
	const char *title, *help;
	struct view *(*open)(void);
} pages[] = {
	{ 'R', "Risk",
	    "Users by the sum of their risk in the last 24 hours. Enter opens the ledger of one: "
	    "every point, when, why, and when it leaves the window.",
	    risk_page_new },
	{ 'd', "Detections",
	    "The loaded detections: whether each runs and why not, its rows, its last hit, its filter "
	    "macro.",
	    detections_new },
	{ 'M', "Mutes", "What is muted, why, for how long, and what each mute hides.",
	    mutes_page_new },
	{ '8', "Health", "Sources, counters, the history, rejected lines.", health_new },
};

#define PAGES ((int)(sizeof(pages) / sizeof(pages[0])))

static struct picker *
picker(struct view *v)
{
	return (struct picker *)v;
}

static void
picker_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "pick a view");
}

static const char *
enter_words(enum view_enter e)
{
	switch (e) {
	case ENTER_EVENTS: return "the events behind the row";
	case ENTER_USER: return "the user's page";
	case ENTER_CONTAINER: return "the container's page";
	case ENTER_SHELLS: return "who did what in the row";
	case ENTER_EVENT: return "the event in full";
	}
	return "";
}

static int
paragraph(struct area a, int y, enum style style, struct slice s)
{
	while (s.len > 0 && y < a.y + a.h) {
		struct slice part = draw_break(&s, a.w);

		(void)draw_text(y++, a.x, a.w, style, part);
	}
	return y;
}

static void
describe(const struct view_def *d, struct area a)
{
	struct buf b = { 0 };
	int y = paragraph(a, a.y, STYLE_NORMAL, slice_of(d->help)) + 1;

	if (d->filter != NULL) {
		buf_addf(&b, "shows only: %s", d->filter);
		y = paragraph(a, y, STYLE_DIM, buf_slice(&b)) + 1;
		buf_clear(&b);
	}
	buf_adds(&b, "columns: ");
	for (unsigned i = 0; i < VIEW_COLUMNS && d->column[i].name != NULL; i++) {
		if (i > 0)
			buf_adds(&b, ", ");
		column_title(&b, &d->column[i]);
	}
	y = paragraph(a, y, STYLE_DIM, buf_slice(&b)) + 1;
	buf_clear(&b);
	buf_addf(&b, "Enter on a row: %s", enter_words(d->enter));
	(void)paragraph(a, y, STYLE_DIM, buf_slice(&b));
	buf_release(&b);
}

static void
picker_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct popup *p = &picker(v)->popup;
	struct area in = popup_box(
	    a, a.h >= 20 ? 16 : a.h, a.w >= 110 ? 96 : a.w - 4, "views: Enter shows, Esc leaves");
	int names = 16;

	(void)ui;
	(void)s;
	popup_fit(p, (int)view_count + PAGES, in.h);
	for (int i = 0; i < in.h && p->top + i < p->n; i++) {
		int at = p->top + i, page = at - (int)view_count;
		char key = page < 0 ? view_defs[at].key : pages[page].key;
		bool on = at == p->cursor;

		(void)draw_text(in.y + i, in.x, names, on ? STYLE_CURSOR : STYLE_NORMAL,
		    (struct slice){ NULL, 0 });
		(void)draw_fmt(in.y + i, in.x, names, on ? STYLE_CURSOR : STYLE_NORMAL, "%s%c %s",
		    on ? ">" : " ", key == 0 ? ' ' : key,
		    page < 0 ? view_defs[at].title : pages[page].title);
	}
	if (in.w - names - 3 < 12)
		return;
	draw_vline(in.y, in.x + names + 1, in.h, STYLE_DIM);
	in = (struct area){ in.y, in.x + names + 3, in.h, in.w - names - 3 };
	if (p->cursor < (int)view_count)
		describe(&view_defs[p->cursor], in);
	else
		(void)paragraph(
		    in, in.y, STYLE_NORMAL, slice_of(pages[p->cursor - (int)view_count].help));
}

static unsigned
choose(struct view *v, struct ui *ui)
{
	int page = picker(v)->popup.cursor - (int)view_count;
	const struct view_def *d = page < 0 ? &view_defs[picker(v)->popup.cursor] : NULL;
	struct view *below = ui_page(ui);

	if (page >= 0) {
		ui->next = pages[page].open();
		return REACT_POP | REACT_PUSH;
	}
	if (strcmp(below->ops->kind, "table") == 0)
		return REACT_POP | table_show(below, d);
	ui->next = table_new(d, NULL, NULL, NULL);
	return REACT_POP | REACT_PUSH;
}

static unsigned
picker_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	(void)s;
	if (a == ACTION_PICKER)
		return REACT_POP;
	return a == ACTION_ENTER ? choose(v, ui) : popup_act(&picker(v)->popup, a);
}

static unsigned
picker_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	(void)s;
	for (unsigned i = 0; i < view_count; i++)
		if (view_defs[i].key != 0 && view_defs[i].key == key) {
			picker(v)->popup.cursor = (int)i;
			return choose(v, ui);
		}
	for (int i = 0; i < PAGES; i++)
		if (pages[i].key == key) {
			picker(v)->popup.cursor = (int)view_count + i;
			return choose(v, ui);
		}
	return REACT_PASS;
}

static void
picker_close(struct view *v)
{
	free(picker(v));
}

static const struct view_ops picker_ops = {
	.kind = "picker",
	.overlay = true,
	.title = picker_title,
	.draw = picker_draw,
	.act = picker_act,
	.key = picker_key,
	.close = picker_close,
};

struct view *
picker_new(const struct view_def *now)
{
	struct picker *p = xcalloc(1, sizeof(*p));

	p->view.ops = &picker_ops;
	for (unsigned i = 0; i < view_count; i++)
		if (&view_defs[i] == now)
			p->popup.cursor = (int)i;
	return &p->view;
}
