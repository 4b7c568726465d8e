/*
 * The sort menu and the legend of a grid (grid.h): as menu.c does for lists.
 */
#include "view/grid.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "view/pages.h"
#include "view/popup.h"
#include "base/banned.h"

struct grid_menu {
	struct view view;
	struct popup popup;
	struct grid *grid; /* NULL: a legend */
	const struct grid *shown;
	unsigned column[GRID_COLUMNS], n;
};

static struct grid_menu *
menu(struct view *v)
{
	return (struct grid_menu *)v;
}

static void
menu_title(const struct view *v, struct buf *out)
{
	buf_adds(out, ((const struct grid_menu *)v)->grid != NULL ? "sort" : "columns");
}

static void
draw_line(const struct grid_menu *m, int i, struct area in, int y)
{
	const struct grid_column *c = &m->shown->def->column[m->column[i]];
	bool on = i == m->popup.cursor, sorted = m->shown->sort == m->column[i];
	int name = 20;

	if (on)
		draw_fill((struct area){ y, in.x, 1, in.w }, STYLE_CURSOR);
	(void)draw_fmt(y, in.x, name,
	    on	     ? STYLE_CURSOR
	    : sorted ? STYLE_BOLD
		     : STYLE_NORMAL,
	    "%s%s%s", on ? ">" : " ",
	    !sorted		   ? "  "
	    : m->shown->descending ? "v "
				   : "^ ",
	    c->title);
	(void)draw_text(y, in.x + name + 1, in.w - name - 1, on ? STYLE_CURSOR : STYLE_NORMAL,
	    slice_of(c->help));
}

static void
menu_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct grid_menu *m = menu(v);
	struct area in = popup_box(a, (int)m->n, a.w >= 124 ? 116 : a.w - 4,
	    m->grid != NULL ? "sort by: Enter takes it, again inverts, Esc leaves"
			    : "what the columns mean: Esc leaves");

	(void)ui;
	(void)s;
	popup_fit(&m->popup, (int)m->n, in.h);
	for (int i = 0; i < in.h && m->popup.top + i < m->popup.n; i++)
		draw_line(m, m->popup.top + i, in, in.y + i);
}

static unsigned
menu_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct grid_menu *m = menu(v);
	unsigned react = popup_act(&m->popup, a);

	(void)ui;
	(void)s;
	if (a == (m->grid != NULL ? ACTION_SORT : ACTION_COLUMNS))
		return REACT_POP;
	if (react != REACT_PASS)
		return react;
	if (m->grid != NULL)
		grid_sort_by(m->grid, m->column[m->popup.cursor]);
	return REACT_POP | REACT_REQUEST | REACT_REDRAW;
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

static struct grid_menu *
menu_new(const struct grid *g, bool sort)
{
	struct grid_menu *m = xcalloc(1, sizeof(*m));

	m->view.ops = &menu_ops;
	m->shown = g;
	for (unsigned i = 0; i < grid_ncolumns(g); i++) {
		if (sort && g->def->column[i].order == 0)
			continue;
		if (g->sort == i)
			m->popup.cursor = (int)m->n;
		m->column[m->n++] = i;
	}
	return m;
}

struct view *
grid_sort_menu_new(struct grid *g)
{
	struct grid_menu *m = menu_new(g, true);

	m->grid = g;
	return &m->view;
}

struct view *
grid_legend_new(const struct grid *g)
{
	return &menu_new(g, false)->view;
}
