/*
 * The sort menu (s) and the legend of the columns (F7): both are the columns of the list below.
 */
#include "view/pages.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "view/list.h"
#include "view/popup.h"
#include "view/text.h"
#include "base/banned.h"

struct menu {
	struct view view;
	struct popup popup;
	struct list *list; /* sort menu; lives as long as the view below */
	const struct list *columns;
	bool sort;
	unsigned ncol;
	unsigned column[VIEW_COLUMNS];
};

static struct menu *
menu(struct view *v)
{
	return (struct menu *)v;
}

static void
menu_title(const struct view *v, struct buf *out)
{
	buf_adds(out, ((const struct menu *)v)->sort ? "sort" : "columns");
}

/* "user.name: user the process ran as" */
static void
help_of(const struct menu *m, int i, struct buf *out)
{
	const struct list *l = m->columns;
	const struct view_column *c = &l->def->column[m->column[i]];
	const char *help = column_help(c);

	if (l->kind[m->column[i]] == COLUMN_DISTINCT)
		buf_adds(out, "how many different: ");
	buf_adds(out, help == NULL ? "a field of the event" : help);
}

static void
draw_line(const struct menu *m, int i, struct area in, int y)
{
	const struct list *l = m->columns;
	const struct view_column *c = &l->def->column[m->column[i]];
	bool on = i == m->popup.cursor, sorted = strcmp(l->sort, c->name) == 0;
	struct buf b = { 0 };
	int name = 18, field = in.w >= 90 ? 27 : 0, x = in.x;

	if (on)
		draw_fill((struct area){ y, in.x, 1, in.w }, STYLE_CURSOR);
	buf_adds(&b, on ? ">" : " ");
	buf_adds(&b, !sorted ? "  " : l->descending ? "v " : "^ ");
	column_title(&b, c);
	(void)draw_text(y, x, name,
	    on	     ? STYLE_CURSOR
	    : sorted ? STYLE_BOLD
		     : STYLE_NORMAL,
	    buf_slice(&b));
	x += name + 1;
	if (field > 0) {
		(void)draw_text(y, x, field, on ? STYLE_CURSOR : STYLE_DIM, slice_of(c->name));
		x += field + 1;
	}
	buf_clear(&b);
	help_of(m, i, &b);
	(void)draw_text(y, x, in.x + in.w - x, on ? STYLE_CURSOR : STYLE_NORMAL, buf_slice(&b));
	buf_release(&b);
}

/* The selected line in full: its field, and its meaning without a cut. */
static void
draw_selected(const struct menu *m, struct area in)
{
	struct buf b = { 0 };

	draw_hline(in.y + in.h - 2, in.x, in.w, STYLE_DIM);
	buf_addf(&b, "%s: ", m->columns->def->column[m->column[m->popup.cursor]].name);
	help_of(m, m->popup.cursor, &b);
	(void)draw_text(in.y + in.h - 1, in.x, in.w, STYLE_NORMAL, buf_slice(&b));
	buf_release(&b);
}

static void
menu_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct menu *m = menu(v);
	struct area in = popup_box(a, (int)m->ncol + 2, a.w >= 124 ? 116 : a.w - 4,
	    m->sort ? "sort by: Enter takes it, again inverts, Esc leaves"
		    : "what the columns mean: Esc leaves");
	int lines = in.h >= 5 ? in.h - 2 : in.h;

	(void)ui;
	(void)s;
	popup_fit(&m->popup, (int)m->ncol, lines);
	for (int i = 0; i < lines && m->popup.top + i < m->popup.n; i++)
		draw_line(m, m->popup.top + i, in, in.y + i);
	if (lines < in.h)
		draw_selected(m, in);
}

static unsigned
menu_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct menu *m = menu(v);
	unsigned react = popup_act(&m->popup, a);

	(void)s;
	if (a == (m->sort ? ACTION_SORT : ACTION_COLUMNS))
		return REACT_POP;
	if (react != REACT_PASS)
		return react;
	if (m->sort) {
		list_sort_by(m->list, m->column[m->popup.cursor]);
		ui->hold_until = 0;
		return REACT_POP | REACT_REQUEST | REACT_REDRAW;
	}
	return REACT_POP;
}

static void
menu_close(struct view *v)
{
	free(menu(v));
}

static const struct view_ops menu_ops = {
	.kind = "menu",
	.overlay = true,
	.title = menu_title,
	.draw = menu_draw,
	.act = menu_act,
	.close = menu_close,
};

static struct menu *
menu_new(const struct list *l, bool sort)
{
	struct menu *m = xcalloc(1, sizeof(*m));

	m->view.ops = &menu_ops;
	m->columns = l;
	m->sort = sort;
	for (unsigned i = 0; i < l->ncol; i++) {
		if (sort && !list_sortable(l, i))
			continue;
		if (strcmp(l->def->column[i].name, l->sort) == 0)
			m->popup.cursor = (int)m->ncol;
		m->column[m->ncol++] = i;
	}
	return m;
}

struct view *
sort_menu_new(struct list *l)
{
	struct menu *m = menu_new(l, true);

	m->list = l;
	return &m->view;
}

struct view *
legend_new(const struct list *l)
{
	return &menu_new(l, false)->view;
}
