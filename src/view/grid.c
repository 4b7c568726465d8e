/*
 * Tables over arrays of a snapshot. Not here: what the columns say (the pages), the request.
 */
#include "view/grid.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "query/predicate.h"
#include "view/text.h"
#include "base/banned.h"

#define FLAGS	    3
#define MEASURE_MAX 200

void
grid_init(struct grid *g, const struct grid_def *def)
{
	*g = (struct grid){ .def = def, .sort = def->sort };
	g->descending = def->sort < GRID_COLUMNS && def->column[def->sort].order < 0;
}

void
grid_release(struct grid *g)
{
	free(g->order);
	g->order = NULL;
	g->n = g->cap = 0;
}

unsigned
grid_ncolumns(const struct grid *g)
{
	unsigned n = 0;

	while (n < GRID_COLUMNS && g->def->column[n].title != NULL)
		n++;
	return n;
}

static const void *
row_at(const struct grid *g, unsigned i)
{
	return g->base + (size_t)g->order[i] * g->size;
}

const void *
grid_row(const struct grid *g)
{
	return g->cursor < g->n ? row_at(g, g->cursor) : NULL;
}

/* --- order ----------------------------------------------------------------------------------- */

struct sorting {
	const struct grid *grid;
	const struct ui *ui;
};

static int
compare_rows(const struct sorting *s, const void *a, const void *b)
{
	const struct grid_column *c = &s->grid->def->column[s->grid->sort];
	struct grid_cell ca = { 0 }, cb = { 0 };
	int d;

	if (c->number != NULL) {
		double x = c->number(a), y = c->number(b);

		return (x > y) - (x < y);
	}
	c->cell(a, s->ui, &ca);
	c->cell(b, s->ui, &cb);
	d = slice_cmp(buf_slice(&ca.text), buf_slice(&cb.text));
	buf_release(&ca.text);
	buf_release(&cb.text);
	return d;
}

static int
compare(const void *pa, const void *pb, void *arg)
{
	const struct sorting *s = arg;
	const struct grid *g = s->grid;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int d = compare_rows(s, g->base + a * g->size, g->base + b * g->size);

	if (d == 0) /* as they come */
		return (a > b) - (a < b);
	return g->descending ? -d : d;
}

void
grid_set(struct grid *g, const struct ui *ui, const void *rows, size_t size, unsigned n)
{
	struct sorting s = { g, ui };

	g->base = rows;
	g->size = size;
	g->n = n;
	if (rows == NULL) /* no snapshot: the cursor stays where it will be looked for */
		return;
	if (n > g->cap) {
		g->order = xreallocarray(g->order, n, sizeof(*g->order));
		g->cap = n;
	}
	for (unsigned i = 0; i < n; i++)
		g->order[i] = i;
	if (g->sort < GRID_COLUMNS && n > 1)
		qsort_r(g->order, n, sizeof(*g->order), compare, &s);
	if (g->anchored) {
		g->anchored = false;
		for (unsigned i = 0; i < n && !g->anchored; i++)
			if (g->def->identity(row_at(g, i)) == g->anchor) {
				g->cursor = i;
				g->anchored = true;
			}
	}
	if (g->cursor >= n)
		g->cursor = n > 0 ? n - 1 : 0;
}

void
grid_sort_by(struct grid *g, unsigned column)
{
	if (column >= grid_ncolumns(g) || g->def->column[column].order == 0)
		return;
	g->descending = g->sort == column ? !g->descending : g->def->column[column].order < 0;
	g->sort = column;
	g->cursor = g->top = 0;
	g->anchored = false;
}

/* --- drawing --------------------------------------------------------------------------------- */

static void
cell_of(
    const struct grid *g, const struct ui *ui, unsigned c, const void *row, struct grid_cell *to)
{
	buf_clear(&to->text);
	to->style = STYLE_NORMAL;
	to->value = false;
	if (g->def->column[c].cell != NULL)
		g->def->column[c].cell(row, ui, to);
}

static void
measure(struct grid *g, const struct ui *ui, unsigned ncol, int rows)
{
	struct grid_cell cell = { 0 };

	for (unsigned c = 0; c < ncol; c++) {
		const struct grid_column *col = &g->def->column[c];
		int need = (int)strlen(col->title) + (g->sort == c), title = need;

		for (unsigned i = g->top;
		     col->cell != NULL && i < g->n && i < g->top + (unsigned)rows; i++) {
			int w;

			cell_of(g, ui, c, row_at(g, i), &cell);
			w = draw_value_width(buf_slice(&cell.text), MEASURE_MAX);
			need = w > need ? w : need;
		}
		/* Columns do not jump about: they only grow. */
		g->lay[c].need = need > g->lay[c].need ? need : g->lay[c].need;
		g->lay[c].width = g->sort == c && col->width < title ? title : col->width;
		g->lay[c].weight = col->weight;
		g->lay[c].drop = col->drop;
		g->lay[c].join = -1;
	}
	buf_release(&cell.text);
}

static void
draw_titles(const struct grid *g, unsigned ncol, struct area a)
{
	struct buf title = { 0 };

	draw_fill((struct area){ a.y, a.x, 1, a.w }, STYLE_HEADER);
	for (unsigned c = 0; c < ncol; c++) {
		bool sorted = c == g->sort;
		enum style style = sorted ? STYLE_SORT : STYLE_HEADER;
		int x = a.x + FLAGS + g->lay[c].x, w = g->lay[c].cells;

		if (w == 0)
			continue;
		buf_clear(&title);
		buf_adds(&title, g->def->column[c].title);
		if (sorted)
			buf_adds(&title, draw_ascii() ? (g->descending ? "v" : "^")
						      : (g->descending ? "▼" : "▲"));
		if (g->def->column[c].right)
			(void)draw_right(a.y, x, w, style, buf_slice(&title));
		else
			(void)draw_text(a.y, x, w, style, buf_slice(&title));
	}
	buf_release(&title);
}

static void
draw_row(const struct grid *g, const struct ui *ui, unsigned i, unsigned ncol, struct area a, int y)
{
	const void *row = row_at(g, i);
	bool on = !g->passive && i == g->cursor;
	struct grid_cell cell = { 0 };
	enum style style = STYLE_WARN;
	char flag = g->def->flag == NULL ? 0 : g->def->flag(row, &style);

	if (on)
		draw_fill((struct area){ y, a.x, 1, a.w }, STYLE_CURSOR);
	(void)draw_text(y, a.x, 1, on ? STYLE_CURSOR : STYLE_NORMAL, on ? SLICE(">") : SLICE(" "));
	if (flag != 0)
		(void)draw_fmt(y, a.x + 1, 1, on ? STYLE_CURSOR : style, "%c", flag);
	for (unsigned c = 0; c < ncol; c++) {
		int x = a.x + FLAGS + g->lay[c].x, w = g->lay[c].cells;

		if (w == 0)
			continue;
		cell_of(g, ui, c, row, &cell);
		style = on ? STYLE_CURSOR : cell.style;
		if (g->def->column[c].draw != NULL)
			g->def->column[c].draw(row, ui, y, x, w, on ? STYLE_CURSOR : STYLE_GRAPH);
		else if (g->def->column[c].right)
			(void)draw_right(y, x, w, style, buf_slice(&cell.text));
		else if (cell.value)
			(void)draw_value(y, x, w, style, buf_slice(&cell.text));
		else
			(void)draw_text(y, x, w, style, buf_slice(&cell.text));
	}
	buf_release(&cell.text);
}

void
grid_draw(struct grid *g, const struct ui *ui, struct area a)
{
	unsigned ncol = grid_ncolumns(g), page;

	if (a.h < 1 || a.w <= FLAGS)
		return;
	g->page = a.h - 1 > 0 ? a.h - 1 : 1;
	page = (unsigned)g->page;
	if (g->cursor < g->top)
		g->top = g->cursor;
	if (g->cursor >= g->top + page)
		g->top = g->cursor - page + 1;
	if (g->top + page > g->n)
		g->top = g->n > page ? g->n - page : 0;
	measure(g, ui, ncol, a.h);
	(void)layout_columns(g->lay, ncol, a.w - FLAGS);
	draw_titles(g, ncol, a);
	if (g->n == 0 && a.h > 1) {
		struct slice text = slice_of(g->def->empty);

		for (int y = 1; y < a.h && text.len > 0; y++)
			(void)draw_text(a.y + y, a.x + FLAGS, a.w - FLAGS - 1, STYLE_DIM,
			    draw_break(&text, a.w - FLAGS - 1));
	}
	for (int y = 1; y < a.h && g->top + (unsigned)y - 1 < g->n; y++)
		draw_row(g, ui, g->top + (unsigned)y - 1, ncol, a, a.y + y);
}

/* --- actions --------------------------------------------------------------------------------- */

static unsigned
move_to(struct grid *g, int64_t to)
{
	const void *row;

	if (g->n == 0)
		return REACT_REDRAW;
	to = to >= (int64_t)g->n ? (int64_t)g->n - 1 : to;
	g->cursor = to < 0 ? 0 : (unsigned)to;
	row = grid_row(g);
	g->anchored = row != NULL;
	if (row != NULL)
		g->anchor = g->def->identity(row);
	return REACT_REDRAW | REACT_REQUEST;
}

static unsigned
sort_beside(struct grid *g, int dir)
{
	int c = g->sort < GRID_COLUMNS ? (int)g->sort : dir > 0 ? -1 : (int)grid_ncolumns(g);

	do
		c += dir;
	while (c >= 0 && c < (int)grid_ncolumns(g) &&
	       (g->def->column[c].order == 0 || g->lay[c].cells == 0));
	if (c < 0 || c >= (int)grid_ncolumns(g))
		return REACT_NONE;
	grid_sort_by(g, (unsigned)c);
	return REACT_REDRAW | REACT_REQUEST;
}

unsigned
grid_act(struct grid *g, enum action a)
{
	int page = g->page > 1 ? g->page - 1 : 1;

	switch (a) {
	case ACTION_UP: return move_to(g, (int64_t)g->cursor - 1);
	case ACTION_DOWN: return move_to(g, (int64_t)g->cursor + 1);
	case ACTION_PAGE_UP: return move_to(g, (int64_t)g->cursor - page);
	case ACTION_PAGE_DOWN: return move_to(g, (int64_t)g->cursor + page);
	case ACTION_HALF_UP: return move_to(g, (int64_t)g->cursor - (page + 1) / 2);
	case ACTION_HALF_DOWN: return move_to(g, (int64_t)g->cursor + (page + 1) / 2);
	case ACTION_FIRST: return move_to(g, 0);
	case ACTION_LAST: return move_to(g, g->n);
	case ACTION_SORT_LEFT: return sort_beside(g, -1);
	case ACTION_SORT_RIGHT: return sort_beside(g, 1);
	case ACTION_INVERT:
		if (g->sort < GRID_COLUMNS)
			grid_sort_by(g, g->sort);
		return REACT_REDRAW | REACT_REQUEST;
	default: return REACT_PASS;
	}
}

static bool
row_has(const struct grid *g, const struct ui *ui, unsigned i, const char *lower)
{
	struct grid_cell cell = { 0 };
	bool found = false;

	for (unsigned c = 0; c < grid_ncolumns(g) && !found; c++) {
		cell_of(g, ui, c, row_at(g, i), &cell);
		found = cell.text.len > 0 &&
			find_icase(cell.text.p, cell.text.len, lower, strlen(lower)) != NULL;
	}
	buf_release(&cell.text);
	return found;
}

unsigned
grid_find(struct grid *g, struct ui *ui, const char *text, int dir)
{
	if (text != NULL) {
		(void)snprintf(g->find, sizeof(g->find), "%s", text);
		for (char *c = g->find; *c != '\0'; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	}
	if (g->find[0] == '\0') {
		ui_say(ui, STYLE_DIM, "nothing to find yet: / asks for it");
		return REACT_REDRAW;
	}
	for (unsigned k = 1; k <= g->n; k++) {
		unsigned at =
		    dir > 0 ? (g->cursor + k) % g->n : (g->cursor + g->n - k % g->n) % g->n;

		if (row_has(g, ui, at, g->find))
			return move_to(g, at);
	}
	ui_say(ui, STYLE_WARN, "not found: %s", g->find);
	return REACT_REDRAW;
}

void
grid_place(const struct grid *g, struct buf *out)
{
	if (g->n == 0)
		return;
	text_count(out, g->cursor + 1);
	buf_addc(out, '/');
	text_count(out, g->n);
}
