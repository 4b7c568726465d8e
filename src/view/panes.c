/*
 * The panes below a table. What is shown depends on the size of the screen alone: a line or three
 * of words at 80x24, a second column from 120 columns on, a row of small panes from 36 lines on.
 */
#include "view/panes.h"

#include <stdio.h>

#include "base/clock.h"
#include "tui/graph.h"
#include "view/strip.h"
#include "view/text.h"
#include "base/banned.h"

enum { PANEL_HISTOGRAM = 1, PANEL_LAST, PANEL_TOP_USERS, PANEL_TOP_CONTAINERS, PANEL_TOP_RULES };

#define SIDE_COLS 120
#define FULL_ROWS 36
#define WORDS_H	  6 /* the block with the selected row: title and 5 lines */
#define TOPS_H	  8 /* the block of small panes: title and 7 lines */
#define LAST_ROWS (WORDS_H - 1)
#define TOP_ROWS  (TOPS_H - 1)

static bool
wide(void)
{
	return draw_cols() >= SIDE_COLS && draw_rows() >= 24;
}

static bool
tall(void)
{
	return draw_rows() >= FULL_ROWS;
}

/* --- requests
 * ---------------------------------------------------------------------------------------------------
 */

static void
scope(const struct list *l, const struct ui *ui, struct query *q)
{
	if (l->def->filter != NULL)
		query_and(q, l->def->filter);
	if (l->terms != NULL)
		query_and(q, l->terms);
	ui_query(ui, q);
}

void
pane_top_request(struct request *r, unsigned panel, const char *field)
{
	struct panel_request *p = &r->panel[panel];
	struct filter_error err;

	p->used = true;
	p->query.kind = QUERY_GROUPS;
	(void)query_set_by(&p->query, field, &err);
	(void)snprintf(p->sort, sizeof(p->sort), "count");
	p->descending = true;
	p->rows = TOP_ROWS;
}

static void
ask_top(const struct list *l, struct ui *ui, struct request *r, unsigned panel, const char *field)
{
	pane_top_request(r, panel, field);
	scope(l, ui, &r->panel[panel].query);
}

static void
ask_last(const struct list *l, struct ui *ui, const struct snap_row *row, struct request *r)
{
	struct panel_request *p = &r->panel[PANEL_LAST];
	struct buf terms = { 0 };
	struct filter_error err;

	if (list_row_terms(l, row, &terms)) {
		p->used = true;
		p->query.kind = QUERY_EVENTS;
		if (terms.len > 0)
			query_and(&p->query, terms.p);
		ui_query(ui, &p->query);
		(void)query_set_by(&p->query, "rule,proc.cmdline,hostname", &err);
		(void)snprintf(p->sort, sizeof(p->sort), "time");
		p->descending = true;
		p->rows = LAST_ROWS;
		p->anchor = UINT64_MAX;
		p->want_output = true;
	}
	buf_release(&terms);
}

void
pane_histogram_request(struct ui *ui, struct request *r, unsigned panel, int width)
{
	struct panel_request *p = &r->panel[panel];
	int n = graph_buckets(width);

	p->used = true;
	p->query.kind = QUERY_HISTOGRAM;
	p->span_from = p->span_to = TIME_NONE;
	p->buckets = n > 0 ? (unsigned)n : 1;
	ui_query(ui, &p->query);
}

static int
tops_histogram_width(int w)
{
	return w < SIDE_COLS ? w : w - 3 * (w / 4);
}

void
pane_row_request(struct list *l, struct ui *ui, struct request *r)
{
	const struct snap_row *row = list_row(l, ui_snapshot(ui));

	l->wants_row = wide() && l->def->kind == QUERY_GROUPS;
	if (!l->wants_row || row == NULL)
		return;
	l->asked_row = row->identity;
	ask_last(l, ui, row, r);
}

void
panes_request(struct list *l, struct ui *ui, struct request *r)
{
	int cols = draw_cols();

	pane_row_request(l, ui, r);
	if (!tall())
		return;
	pane_histogram_request(ui, r, PANEL_HISTOGRAM, tops_histogram_width(cols));
	if (l->def->filter != NULL)
		query_and(&r->panel[PANEL_HISTOGRAM].query, l->def->filter);
	if (l->terms != NULL)
		query_and(&r->panel[PANEL_HISTOGRAM].query, l->terms);
	if (cols >= SIDE_COLS) {
		ask_top(l, ui, r, PANEL_TOP_USERS, "user.name");
		ask_top(l, ui, r, PANEL_TOP_CONTAINERS, "container.name");
		ask_top(l, ui, r, PANEL_TOP_RULES, "rule");
	}
}

/* --- drawing
 * ----------------------------------------------------------------------------------------------------
 */

void
pane_title(int y, int x, int w, const char *title)
{
	draw_hline(y, x, w, STYLE_DIM);
	if (w > 8)
		(void)draw_fmt(y, x + 1, w - 2, STYLE_TITLE, " %s ", title);
}

int
pane_text(struct area a, enum style style, struct slice s)
{
	int y = 0;

	for (; y < a.h && s.len > 0; y++)
		(void)draw_text(a.y + y, a.x, a.w, style, y == a.h - 1 ? s : draw_break(&s, a.w));
	return y;
}

void
pane_words(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s)
{
	const struct snap_row *row = list_row(l, s);
	struct buf words = { 0 };
	struct slice rest;

	if (row == NULL || a.h < 1)
		return;
	sentence_of_row(l->def, row, ui, &words);
	rest = buf_slice(&words);
	for (int i = 0; i < a.h && rest.len > 0; i++) {
		/* The last line takes all that is left, so that a cut shows its mark. */
		struct slice part = i == a.h - 1 ? rest : draw_break(&rest, a.w);

		(void)draw_text(a.y + i, a.x, a.w, STYLE_NORMAL, part);
	}
	buf_release(&words);
}

/* Rows of a process: their events differ by command line. Rows of a user or container: by rule,
 * too. */
static void
last_words(const struct view_def *def, const struct snap_row *row, struct buf *out)
{
	struct slice rule = row->cell[0], cmdline = row->cell[1], text = row->cell[3];
	bool same_process = false;

	for (unsigned i = 0; i < GROUP_BY_MAX && def->by[i] != NULL; i++)
		same_process |= field_by_name(slice_of(def->by[i])) == FIELD_PROCESS;
	if (!same_process) {
		buf_add(out, rule.p, rule.len);
		buf_adds(out, ": ");
	}
	if (cmdline.len == 0 || row->symbol[1] < SYM_FIRST)
		cmdline = text_of_output(text, row->event.priority);
	if (cmdline.p != NULL)
		buf_add(out, cmdline.p, cmdline.len < 1024 ? cmdline.len : 1024);
}

static void
draw_last(struct area a, const struct view_def *def, const struct ui *ui, const struct snapshot *s)
{
	const struct snap_panel *p = &s->panel[PANEL_LAST];
	int node = a.w >= 56 ? 12 : 0;

	if (!p->used || p->bad_query)
		return;
	for (unsigned i = 0; i < p->nrows && (int)i < a.h; i++) {
		const struct snap_row *row = &p->row[i];
		struct strip to = { a.y + (int)i, a.x, a.x + a.w, STYLE_NORMAL };
		struct buf b = { 0 };

		time_print(&b, row->event.time, TIME_CLOCK_MILLI, ui->local);
		(void)strip_add(&to, 0, STYLE_DIM, "%s", b.p);
		(void)strip_add(&to, 1, STYLE_PRIORITY + (unsigned)row->event.priority, "%s",
		    priority_short(row->event.priority));
		buf_clear(&b);
		last_words(def, row, &b);
		(void)draw_text(to.y, to.x + 1, to.end - to.x - 1 - node - (node > 0), STYLE_NORMAL,
		    buf_slice(&b));
		if (node > 0)
			(void)draw_text(to.y, to.end - node, node, STYLE_DIM, row->cell[2]);
		buf_release(&b);
	}
}

void
pane_top(struct area a, const char *title, const struct snapshot *s, unsigned panel)
{
	const struct snap_panel *p = &s->panel[panel];
	int name = a.w / 2, count = 8, bar = a.w - name - count - 3;

	pane_title(a.y, a.x, a.w - 1, title);
	if (!p->used || p->bad_query)
		return;
	for (unsigned i = 0; i < p->nrows && (int)i < a.h - 1; i++) {
		const struct snap_row *row = &p->row[i];
		struct buf n = { 0 };
		bool missing;
		struct slice v = text_value(row->cell[0], row->symbol[0], &missing);
		int y = a.y + 1 + (int)i;

		(void)draw_value(y, a.x + 1, name, missing ? STYLE_MISSING : STYLE_NORMAL, v);
		text_count_in(&n, row->group.count, count);
		(void)draw_right(y, a.x + 1 + name, count, STYLE_NORMAL, buf_slice(&n));
		if (bar > 2)
			draw_gauge(y, a.x + name + count + 2, bar, STYLE_GRAPH, row->group.count,
			    p->matched);
		buf_release(&n);
	}
}

static void
bucket_words(struct buf *out, int64_t ns)
{
	static const struct {
		int64_t ns;
		const char *unit;
	} units[] = { { 86400 * NSEC_PER_SEC, "d" }, { 3600 * NSEC_PER_SEC, "h" },
		{ 60 * NSEC_PER_SEC, "min" }, { NSEC_PER_SEC, "s" }, { 1000000, "ms" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ns >= units[i].ns) {
			double v = (double)ns / (double)units[i].ns;

			buf_addf(out, v < 10 && i < 4 ? "%.1f %s" : "%.0f %s", v, units[i].unit);
			return;
		}
	buf_addf(out, "%lld ns", (long long)ns);
}

/* "N notice  W warning": only what occurs. */
static void
draw_legend(const struct snap_panel *p, struct strip *to)
{
	for (int i = PRIORITY_COUNT - 1; i >= 0; i--)
		if (p->by_priority[i] > 0) {
			char word[16];

			(void)snprintf(word, sizeof(word), "%s", priority_name((enum priority)i));
			for (char *c = word; *c != '\0'; c++)
				*c = (char)(*c | 0x20);
			(void)strip_add(to, 1, STYLE_PRIORITY + (unsigned)i, "%c=%s",
			    graph_letter((enum priority)i), word);
		}
	(void)strip_add(to, 0, STYLE_DIM, " ");
}

void
pane_histogram(
    struct area a, const struct ui *ui, const struct snapshot *s, unsigned panel, const char *what)
{
	const struct snap_panel *p = &s->panel[panel];
	struct strip to = { a.y, a.x + 1, a.x + a.w - 1, STYLE_DIM };
	struct buf col = { 0 };

	draw_hline(a.y, a.x, a.w, STYLE_DIM);
	(void)strip_add(&to, 0, STYLE_TITLE, " %s ", what);
	if (!p->used || p->bad_query || p->nbuckets == 0)
		return;
	draw_legend(p, &to);
	bucket_words(&col, (p->span_to - p->span_from) / (int64_t)p->nbuckets);
	(void)strip_add(&to, 1, STYLE_DIM, " 1 column = %s ", col.p);
	buf_release(&col);
	graph_draw((struct area){ a.y + 1, a.x, a.h - 1, a.w },
	    &(struct graph){ .count = (const uint64_t(*)[PRIORITY_COUNT])p->bucket,
		.n = p->nbuckets,
		.from = p->span_from,
		.to = p->span_to,
		.local = ui->local });
}

static void
draw_tops(struct area a, const struct ui *ui, const struct snapshot *s)
{
	int q = a.w / 4;

	if (a.w < SIDE_COLS) {
		pane_histogram(a, ui, s, PANEL_HISTOGRAM, "events over time");
		return;
	}
	pane_top((struct area){ a.y, a.x, a.h, q }, "top users", s, PANEL_TOP_USERS);
	pane_top((struct area){ a.y, a.x + q, a.h, q }, "top containers", s, PANEL_TOP_CONTAINERS);
	pane_top((struct area){ a.y, a.x + 2 * q, a.h, q }, "top rules", s, PANEL_TOP_RULES);
	pane_histogram((struct area){ a.y, a.x + 3 * q, a.h, a.w - 3 * q }, ui, s, PANEL_HISTOGRAM,
	    "over time");
}

static struct area
take(struct area *a, int h)
{
	a->h -= h;
	return (struct area){ a->y + a->h, a->x, h, a->w };
}

struct area
pane_row(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s)
{
	int lines = draw_rows() >= 20 ? 3 : draw_rows() >= 14 ? 1 : 0;
	struct area b;

	if (wide() && a.h > WORDS_H + 3) {
		int left = l->def->kind == QUERY_EVENTS ? a.w : a.w * 3 / 5;

		b = take(&a, WORDS_H);
		pane_title(b.y, b.x, left, "selected row");
		pane_words(l, ui, (struct area){ b.y + 1, b.x + 1, b.h - 1, left - 3 }, s);
		if (left < a.w) {
			pane_title(b.y, b.x + left, b.w - left, "its last events, newest first");
			draw_vline(b.y + 1, b.x + left - 1, b.h - 1, STYLE_DIM);
			if (s != NULL)
				draw_last((struct area){ b.y + 1, b.x + left + 1, b.h - 1,
					      b.w - left - 2 },
				    l->def, ui, s);
		}
		return a;
	}
	if (lines > 0 && a.h > lines + 2) {
		b = take(&a, lines);
		if (lines > 1) {
			draw_hline(b.y, b.x, b.w, STYLE_DIM);
			b.y++;
			b.h--;
		}
		pane_words(l, ui, (struct area){ b.y, b.x + 1, b.h, b.w - 2 }, s);
	}
	return a;
}

struct area
panes_draw(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct area b;

	if (tall()) {
		b = take(&a, TOPS_H);
		if (s != NULL)
			draw_tops(b, ui, s);
	}
	return pane_row(l, ui, a, s);
}
