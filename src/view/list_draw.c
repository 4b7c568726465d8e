/*
 * A list on the screen: header with the sort arrow, rows with the flags of the cursor and of
 * hostile bytes, cells with marks where they are cut. Not here: what the cursor does (list.c).
 */
#include "view/list.h"

#include "base/sanitise.h"
#include "base/clock.h"
#include "query/predicate.h"
#include "view/riskparts.h"
#include "view/text.h"
#include "base/banned.h"

/* Cells left of the first column: the cursor and ! for hostile bytes; with a memory of what was
 * seen or mutes one flag of m, ! and N, and a blank. */
#define FLAGS	    2
#define FLAGS_NEW   3
#define MEASURE_MAX 160

/* What a cell says. tail: cut from the left (paths). */
struct cell_text {
	struct buf text;
	enum style style;
	bool right, tail;
	bool value; /* alone in its cell: blanks at its ends are marked */
};

static bool
is_path(const char *name)
{
	switch (field_by_name(slice_of(name))) {
	case FIELD_IMAGE:
	case FIELD_EXEPATH:
	case FIELD_PEXEPATH: return true;
	default: return false;
	}
}

static void
value_cell(const struct list *l, unsigned c, const struct snap_row *row, struct cell_text *out)
{
	bool missing;
	struct slice v = text_value(row->cell[l->index[c]], row->symbol[l->index[c]], &missing);

	buf_add(&out->text, v.p, v.len);
	out->style = missing ? STYLE_MISSING : STYLE_NORMAL;
	out->value = true;
	out->tail = is_path(l->def->column[c].name);
}

static void
priority_cell(const struct list *l, const struct snap_row *row, struct cell_text *out)
{
	enum priority p =
	    l->def->kind == QUERY_EVENTS ? row->event.priority : (enum priority)row->group.priority;

	buf_adds(&out->text, priority_short(p));
	out->style = STYLE_PRIORITY + p;
}

static void
output_cell(const struct list *l, const struct snap_row *row, struct cell_text *out)
{
	unsigned n = 0;
	struct slice text;

	while (n < GROUP_BY_MAX && l->def->by[n] != NULL)
		n++;
	/* The output stands after the by-fields. Long ones are cut here already: a screen is 500
	 * cells at most. */
	text = text_of_output(row->cell[n], row->event.priority);
	if (text.p != NULL)
		buf_add(&out->text, text.p, text.len < 4096 ? text.len : 4096);
}

static void
cell_of(const struct list *l, const struct ui *ui, unsigned c, const struct snap_row *row,
    struct cell_text *out)
{
	int width = l->def->column[c].width;

	buf_clear(&out->text);
	out->style = STYLE_NORMAL;
	out->right = out->tail = out->value = false;
	switch (l->kind[c]) {
	case COLUMN_BY: value_cell(l, c, row, out); break;
	case COLUMN_PRIORITY: priority_cell(l, row, out); break;
	case COLUMN_OUTPUT: output_cell(l, row, out); break;
	case COLUMN_DISTINCT:
		text_count_in(&out->text, row->group.distinct[l->index[c]], width);
		break;
	case COLUMN_COUNT: text_count_in(&out->text, row->group.count, width); break;
	case COLUMN_RATE: text_rate(&out->text, row->rate); break;
	case COLUMN_RISK:
		if (row->has_risk) {
			risk_sum_in(&out->text, row->risk, row->risk_severity, width);
			out->style = risk_style(row->risk_severity);
		}
		break;
	case COLUMN_FIRST: text_when(&out->text, row->group.first, ui->now, ui->local); break;
	case COLUMN_LAST: time_print_age(&out->text, ui->now - row->group.last); break;
	case COLUMN_TIME:
		text_when(&out->text, row->event.time, ui->now, ui->local);
		if (out->text.len == 8) { /* today: room for more of the clock */
			buf_clear(&out->text);
			time_print(&out->text, row->event.time, TIME_CLOCK_MILLI, ui->local);
		}
		break;
	case COLUMN_TREND:
	case COLUMN_NONE: break;
	}
	switch (l->kind[c]) {
	case COLUMN_DISTINCT:
	case COLUMN_COUNT:
	case COLUMN_RATE:
	case COLUMN_RISK:
	case COLUMN_LAST: out->right = true; break;
	default: break;
	}
}

/* Widest content so far of each column. It only grows while the list is the same, so that columns
 * do not jump about. */
static void
measure(struct list *l, const struct ui *ui, const struct snapshot *s, const struct snap_panel *p)
{
	struct cell_text cell = { 0 };

	if (l->measured == s)
		return;
	l->measured = s;
	for (unsigned c = 0; c < l->ncol; c++) {
		struct buf title = { 0 };
		int need;

		column_title(&title, &l->def->column[c]);
		need = (int)title.len + (strcmp(l->sort, l->def->column[c].name) == 0);
		buf_release(&title);
		for (unsigned i = 0; i < p->nrows; i++) {
			int w;

			cell_of(l, ui, c, &p->row[i], &cell);
			w = draw_value_width(buf_slice(&cell.text), MEASURE_MAX);
			need = w > need ? w : need;
		}
		l->lay[c].need = need > l->lay[c].need ? need : l->lay[c].need;
	}
	buf_release(&cell.text);
}

static int
join_target(const struct list *l, unsigned c)
{
	for (unsigned i = 0; l->def->column[c].join != NULL && i < l->ncol; i++)
		if (strcmp(l->def->column[i].name, l->def->column[c].join) == 0)
			return (int)i;
	return -1;
}

static void
lay_out(struct list *l, int width)
{
	int need[VIEW_COLUMNS];

	for (unsigned c = 0; c < l->ncol; c++) {
		const struct view_column *v = &l->def->column[c];
		struct layout_column *y = &l->lay[c];

		need[c] = y->need;
		y->width = v->width > 0 ? v->width : 12;
		if (strcmp(l->sort, v->name) == 0 && y->width < 5) /* PRI and its arrow */
			y->width++;
		if ((l->kind[c] == COLUMN_FIRST || l->kind[c] == COLUMN_TIME) &&
		    y->width < y->need) /* a date */
			y->width = y->need;
		y->weight = v->weight;
		y->drop = v->drop;
		y->never = list_hides(l, v->name) || (l->kind[c] == COLUMN_RISK && !l->risk);
		y->join = join_target(l, c);
		y->joint = v->joint == NULL ? 1 : (int)strlen(v->joint);
	}
	(void)layout_columns(l->lay, l->ncol, width);
	for (unsigned c = 0; c < l->ncol; c++)
		l->lay[c].need = need[c];
	while (l->column > 0 && l->lay[l->column].cells == 0)
		l->column--;
}

/* The column whose values stand joined in column c; -1: none. */
static int
joined_into(const struct list *l, unsigned c)
{
	for (unsigned i = 0; i < l->ncol; i++)
		if (l->lay[i].joined && l->lay[i].join == (int)c)
			return (int)i;
	return -1;
}

static void
draw_titles(const struct list *l, int y, struct area a)
{
	struct buf title = { 0 };

	draw_fill((struct area){ y, a.x, 1, a.w }, STYLE_HEADER);
	for (unsigned c = 0; c < l->ncol; c++) {
		bool sorted = strcmp(l->sort, l->def->column[c].name) == 0;
		int j = joined_into(l, c), x = a.x + l->flags + l->lay[c].x, w = l->lay[c].cells;
		bool right = l->kind[c] == COLUMN_COUNT || l->kind[c] == COLUMN_RATE ||
			     l->kind[c] == COLUMN_LAST || l->kind[c] == COLUMN_DISTINCT ||
			     l->kind[c] == COLUMN_RISK;

		if (w == 0)
			continue;
		buf_clear(&title);
		column_title(&title, &l->def->column[c]);
		if (j >= 0) {
			buf_adds(&title, l->def->column[j].joint);
			column_title(&title, &l->def->column[j]);
		}
		if (sorted)
			buf_adds(&title, draw_ascii() ? (l->descending ? "v" : "^")
						      : (l->descending ? "▼" : "▲"));
		if (right)
			(void)draw_right(
			    y, x, w, sorted ? STYLE_SORT : STYLE_HEADER, buf_slice(&title));
		else
			(void)draw_text(
			    y, x, w, sorted ? STYLE_SORT : STYLE_HEADER, buf_slice(&title));
	}
	buf_release(&title);
}

static void
draw_trend(
    const struct ui *ui, const struct snap_row *row, int y, int x, int cells, enum style style)
{
	uint32_t v[GROUP_MINUTES];
	int64_t now = ui->now / (60 * NSEC_PER_SEC);

	for (int i = 0; i < GROUP_MINUTES; i++) {
		int64_t back = row->group.minute - (now - (GROUP_MINUTES - 1 - i));

		v[i] = back >= 0 && back < GROUP_MINUTES ? row->group.per_minute[back] : 0;
	}
	if (cells < GROUP_MINUTES)
		draw_spark(y, x, style, v + GROUP_MINUTES - cells, (unsigned)cells);
	else
		draw_spark(y, x, style, v, GROUP_MINUTES);
}

/* Shows where the text that was searched for is. */
static void
draw_match(const struct list *l, int y, int x, int w, struct slice text)
{
	char needle[QUERY_NAME_MAX];
	size_t n = strlen(l->find);
	const char *at;
	int before;

	if (n == 0 || text.len == 0)
		return;
	for (size_t i = 0; i <= n; i++)
		needle[i] =
		    l->find[i] >= 'A' && l->find[i] <= 'Z' ? (char)(l->find[i] + 32) : l->find[i];
	at = find_icase(text.p, text.len, needle, n);
	if (at == NULL)
		return;
	before = draw_width((struct slice){ text.p, (size_t)(at - text.p) }, w);
	if (before < w - 1)
		(void)draw_text(y, x + before, draw_width((struct slice){ at, n }, w - 1 - before),
		    STYLE_MATCH, (struct slice){ at, n });
}

static void
draw_cell(const struct list *l, const struct ui *ui, unsigned c, const struct snap_row *row, int y,
    int x0, bool selected, struct cell_text *cell)
{
	int x = x0 + l->lay[c].x, w = l->lay[c].cells, j = joined_into(l, c);
	enum style style;

	if (w == 0)
		return;
	cell_of(l, ui, c, row, cell);
	style = !selected ? cell->style : c == (unsigned)l->column ? STYLE_CELL : STYLE_CURSOR;
	if (l->kind[c] == COLUMN_TREND) {
		draw_trend(ui, row, y, x, w, selected ? style : STYLE_GRAPH);
		return;
	}
	if (j >= 0) {
		struct cell_text more = { 0 };

		cell_of(l, ui, (unsigned)j, row, &more);
		buf_adds(&cell->text, l->def->column[j].joint);
		buf_add(&cell->text, more.text.p, more.text.len);
		buf_release(&more.text);
	}
	if (cell->right)
		(void)draw_right(y, x, w, style, buf_slice(&cell->text));
	else if (cell->tail)
		(void)draw_value_tail(y, x, w, style, buf_slice(&cell->text));
	else if (cell->value)
		(void)draw_value(y, x, w, style, buf_slice(&cell->text));
	else
		(void)draw_text(y, x, w, style, buf_slice(&cell->text));
	if (!cell->right && !cell->tail)
		draw_match(l, y, x, w, buf_slice(&cell->text));
}

static bool
hostile(const struct list *l, const struct snap_row *row)
{
	return l->def->kind == QUERY_EVENTS ? (row->event.flags & EVENT_ODD) != 0
					    : row->group.hostile != 0;
}

/* Some of the row is hidden by a mute: the same identity is among the hidden rows. */
static bool
is_muted(const struct list *l, const struct ui *ui, const struct snap_row *row)
{
	const struct snapshot *s = ui->show_muted ? ui_snapshot(ui) : NULL;
	const struct snap_panel *p = s == NULL ? NULL : &s->panel[PANEL_MUTED];

	(void)l;
	for (unsigned i = 0; p != NULL && p->used && i < p->nrows; i++)
		if (p->row[i].identity == row->identity)
			return true;
	return false;
}

static void
draw_row(const struct list *l, const struct ui *ui, const struct snap_row *row, int y,
    struct area a, bool selected)
{
	struct cell_text cell = { 0 };

	if (selected)
		draw_fill((struct area){ y, a.x, 1, a.w }, STYLE_CURSOR);
	(void)draw_text(
	    y, a.x, 1, selected ? STYLE_CURSOR : STYLE_NORMAL, selected ? SLICE(">") : SLICE(" "));
	if (is_muted(l, ui, row))
		(void)draw_text(y, a.x + 1, 1, selected ? STYLE_CURSOR : STYLE_MISSING, SLICE("m"));
	else if (hostile(l, row))
		(void)draw_text(y, a.x + 1, 1, STYLE_HOSTILE, SLICE("!"));
	else if (row->is_new)
		(void)draw_text(y, a.x + 1, 1, selected ? STYLE_CURSOR : STYLE_WARN, SLICE("N"));
	for (unsigned c = 0; c < l->ncol; c++)
		draw_cell(l, ui, c, row, y, a.x + l->flags, selected, &cell);
	buf_release(&cell.text);
}

void
list_draw(struct list *l, struct ui *ui, struct area a, const struct snapshot *s)
{
	const struct snap_panel *p = list_panel(l, s);
	uint64_t total;

	if (a.h < 1 || a.w <= FLAGS_NEW)
		return;
	l->risk = ui->snap != NULL && ui->snap->risk.on;
	l->flags = l->risk || (ui->snap != NULL && ui->snap->nmutes > 0) ? FLAGS_NEW : FLAGS;
	l->page = a.h - 1 > 0 ? a.h - 1 : 1;
	if (p != NULL && !p->bad_query) {
		(void)list_settle(l, ui, s);
		measure(l, ui, s, p);
	}
	lay_out(l, a.w - l->flags);
	draw_titles(l, a.y, a);
	a.y++;
	a.h--;
	if (p == NULL || p->total == 0 || p->bad_query) {
		empty_draw(l, ui, a, s);
		return;
	}
	total = list_total(l, ui, p);
	for (int i = 0; i < a.h && l->top + (uint64_t)i < total; i++) {
		uint64_t at = l->top + (uint64_t)i;

		if (at >= p->from && at - p->from < p->nrows)
			draw_row(l, ui, &p->row[at - p->from], a.y + i, a, at == l->cursor);
	}
}
