/*
 * One detection in full: why it does not run, what it is about, its search, and its rows, exactly
 * those of the search. One long sheet that scrolls.
 */
#include "view/pages.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "detect/attack.h"
#include "tui/layout.h"
#include "view/riskparts.h"
#include "view/stack.h"
#include "view/text.h"
#include "base/banned.h"

#define LABEL	     14
#define COLUMNS_SHOW 24
#define MEASURE_ROWS 200
#define PARAGRAPH    200 /* lines of one text */

struct detection_page {
	struct view view;
	char *name;
	int top, lines, page;
};

/* Lines are laid out from the top; only those in the window reach the screen. */
struct sheet {
	struct area a;
	int skip, n;
};

static const struct view_ops page_ops;

static struct detection_page *
page(struct view *v)
{
	return (struct detection_page *)v;
}

static void
page_title(const struct view *v, struct buf *out)
{
	buf_adds(out, ((const struct detection_page *)v)->name);
}

static void
page_request(struct view *v, struct ui *ui, struct request *r)
{
	struct panel_request *p = &r->panel[0];
	size_t n = strlen(page(v)->name);

	r->want_detections = true;
	if (n >= sizeof(p->detection))
		return;
	p->used = p->muted_too = true; /* a mute hides rows on screens, not from detections */
	p->query.kind = QUERY_GROUPS;
	ui_query(ui, &p->query);
	memcpy(p->detection, page(v)->name, n + 1);
}

static const struct snap_detection *
find(const struct detection_page *p, const struct snapshot *s)
{
	for (unsigned i = 0; s != NULL && i < s->ndetections; i++)
		if (strcmp(s->detection[i].detection->name, p->name) == 0)
			return &s->detection[i];
	return NULL;
}

/* --- drawing --------------------------------------------------------------------------------- */

static int
next_line(struct sheet *s)
{
	int y = s->a.y + s->n++ - s->skip;

	return y < s->a.y || y >= s->a.y + s->a.h ? -1 : y;
}

/* A label and a text over as many lines as it takes. */
static void
field(struct sheet *s, const char *label, enum style style, struct slice text)
{
	int w = s->a.w - LABEL - 2;

	if (text.len == 0 || w < 8)
		return;
	for (int i = 0; i < PARAGRAPH && text.len > 0; i++) {
		const char *end = memchr(text.p, '\n', text.len);
		struct slice one = { text.p, end == NULL ? text.len : (size_t)(end - text.p) };
		size_t whole = one.len;
		struct slice part = draw_break(&one, w);
		int y = next_line(s);

		if (y >= 0) {
			(void)draw_text(y, s->a.x + 1, LABEL, STYLE_DIM,
			    i == 0 ? slice_of(label) : (struct slice){ NULL, 0 });
			(void)draw_text(y, s->a.x + 1 + LABEL, w, style, part);
		}
		whole -= one.len;
		if (one.len == 0 && end != NULL)
			whole++;
		text.p += whole;
		text.len -= whole;
	}
}

static void
text_field(struct sheet *s, const char *label, const char *text)
{
	field(s, label, STYLE_NORMAL, slice_of(text));
}

static void
draw_state(struct sheet *s, const struct ui *ui, const struct snap_detection *d)
{
	struct buf b = { 0 };
	bool own = d->detection->filter_text != NULL;

	if (d->detection->state == DETECTION_NOT_RUN || d->state.problem != NULL) {
		buf_adds(&b, "NOT RUN: ");
		buf_adds(&b, d->detection->state == DETECTION_NOT_RUN ? d->detection->reason
								      : d->state.problem);
		field(s, "state", STYLE_WARN, buf_slice(&b));
	} else {
		buf_adds(&b, "runs: ");
		text_plural(&b, d->state.matched, "event");
		buf_adds(&b, ", ");
		text_plural(&b, d->state.rows, "row");
		buf_adds(&b, " in hours, ");
		text_plural(&b, d->risk_events, "risk event");
		if (d->state.matched > 0 && d->state.last != TIME_NONE) {
			buf_adds(&b, "; last hit ");
			time_print(&b, d->state.last, TIME_ISO_SECOND, ui->local);
		}
		field(s, "state", STYLE_OK, buf_slice(&b));
	}
	buf_clear(&b);
	if (d->detection->filter_macro != NULL) {
		buf_addf(&b, "%s: %s", d->detection->filter_macro,
		    own ? d->detection->filter_text : "search * (as it ships)");
		field(s, "filter macro", own ? STYLE_WARN : STYLE_NORMAL, buf_slice(&b));
	}
	buf_release(&b);
}

static void
draw_risk(struct sheet *s, const struct detection *d)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < d->nrisk; i++) {
		buf_clear(&b);
		buf_adds(&b, "+");
		risk_score_text(&b, d->risk[i].score);
		buf_addf(&b, " on %s (%s): %s", d->risk[i].field, d->risk[i].type,
		    d->risk[i].message == NULL ? "" : d->risk[i].message);
		field(s, i == 0 ? "risk" : "", STYLE_NORMAL, buf_slice(&b));
	}
	text_field(s, "ATT&CK", d->techniques);
	text_field(s, "stories", d->stories);
	for (unsigned i = 0; i < d->ndrilldown; i++)
		text_field(s, i == 0 ? "drilldowns" : "", d->drilldown[i].name);
	buf_release(&b);
}

static void
draw_about(struct sheet *s, const struct ui *ui, const struct snap_detection *d)
{
	const struct detection *t = d->detection;
	struct buf b = { 0 };

	draw_state(s, ui, d);
	text_field(s, "about", t->description);
	draw_risk(s, t);
	buf_addf(&b, "%s, version %d, %s, %s", t->type == NULL ? "?" : t->type, t->version,
	    t->status == NULL ? "?" : t->status, t->date == NULL ? "no date" : t->date);
	text_field(s, "kind", b.p);
	text_field(s, "file", t->path);
	for (unsigned i = 0; i < t->nwarning; i++)
		field(s, i == 0 ? "warnings" : "", STYLE_DIM, slice_of(t->warning[i]));
	text_field(s, "search", t->search);
	if (t->spl != NULL)
		field(s, "runs as", STYLE_DIM, slice_of(spl_filter(t->spl)));
	buf_release(&b);
}

static void
cell_text(const struct spl_cell *c, const struct ui *ui, struct buf *out, enum style *style)
{
	struct slice value = { NULL, 0 };
	bool missing = false;

	*style = STYLE_NORMAL;
	switch (c->kind) {
	case SPL_MISSING:
		value = text_value(c->text, SYM_NULL, &missing);
		break;
	case SPL_TIME: {
		double seconds = strtod(c->text.p == NULL ? "0" : c->text.p, NULL);

		time_print(out, (int64_t)(seconds * 1e9), TIME_ISO_SECOND, ui->local);
		break;
	}
	case SPL_TEXT:
	case SPL_NUMBER:
	case SPL_LIST:
		value = text_value(c->text, c->text.len == 0 ? SYM_EMPTY : SYM_FIRST, &missing);
		break;
	}
	buf_add(out, value.p, value.len);
	if (missing)
		*style = STYLE_MISSING;
}

static unsigned
lay_out(struct layout_column *lay, const struct spl_result *r, const struct ui *ui, int width)
{
	unsigned n = r->ncolumns < COLUMNS_SHOW ? r->ncolumns : COLUMNS_SHOW;
	struct buf b = { 0 };

	for (unsigned c = 0; c < n; c++) {
		int need = draw_width(r->column[c], 60);
		enum style style;

		for (uint32_t i = 0; i < r->nrows && i < MEASURE_ROWS; i++) {
			int w;

			buf_clear(&b);
			cell_text(&r->row[i].cell[c], ui, &b, &style);
			w = draw_value_width(buf_slice(&b), 60);
			need = w > need ? w : need;
		}
		lay[c] = (struct layout_column){
			.width = need < 10 ? need : 10, .need = need, .weight = 1, .join = -1
		};
	}
	(void)layout_columns(lay, n, width);
	buf_release(&b);
	return n;
}

static void
draw_result(struct sheet *s, const struct ui *ui, const struct spl_result *r)
{
	struct layout_column lay[COLUMNS_SHOW];
	unsigned n = lay_out(lay, r, ui, s->a.w - 2);
	struct buf b = { 0 };
	enum style style;
	int y;

	(void)next_line(s);
	y = next_line(s);
	if (y >= 0)
		draw_fill((struct area){ y, s->a.x, 1, s->a.w }, STYLE_HEADER);
	for (unsigned c = 0; y >= 0 && c < n; c++)
		(void)draw_text(y, s->a.x + 1 + lay[c].x, lay[c].cells, STYLE_HEADER, r->column[c]);
	if (r->nrows == 0 && (y = next_line(s)) >= 0)
		(void)draw_text(y, s->a.x + 1, s->a.w - 2, STYLE_DIM, SLICE("no row"));
	for (uint32_t i = 0; i < r->nrows; i++) {
		y = next_line(s);
		for (unsigned c = 0; y >= 0 && c < n; c++) {
			buf_clear(&b);
			cell_text(&r->row[i].cell[c], ui, &b, &style);
			if (b.len > 0 && memchr(b.p, '/', b.len) != NULL) /* the end tells more */
				(void)draw_value_tail(
				    y, s->a.x + 1 + lay[c].x, lay[c].cells, style, buf_slice(&b));
			else
				(void)draw_value(
				    y, s->a.x + 1 + lay[c].x, lay[c].cells, style, buf_slice(&b));
		}
	}
	buf_release(&b);
}

static void
page_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct detection_page *p = page(v);
	const struct snap_detection *d = find(p, s);
	struct sheet sheet = { a, p->top, 0 };

	if (s == NULL)
		return;
	if (d == NULL) {
		(void)draw_text(a.y + 1, a.x + 1, a.w - 2, STYLE_WARN,
		    SLICE("This detection is not loaded any more."));
		return;
	}
	draw_about(&sheet, ui, d);
	if (s->panel[0].used && s->panel[0].result != NULL)
		draw_result(&sheet, ui, s->panel[0].result);
	p->lines = sheet.n;
	p->page = a.h;
}

static unsigned
page_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct detection_page *p = page(v);
	const struct snap_detection *d = find(p, s);
	int last = p->lines > p->page ? p->lines - p->page : 0;

	switch (a) {
	case ACTION_UP: p->top--; break;
	case ACTION_DOWN: p->top++; break;
	case ACTION_PAGE_UP: p->top -= p->page; break;
	case ACTION_PAGE_DOWN: p->top += p->page; break;
	case ACTION_HALF_UP: p->top -= p->page / 2; break;
	case ACTION_HALF_DOWN: p->top += p->page / 2; break;
	case ACTION_FIRST: p->top = 0; break;
	case ACTION_LAST: p->top = last; break;
	case ACTION_EDIT:
		ui->next = tune_dialog_new(ui, s, p->name);
		return ui->next == NULL ? REACT_REDRAW : REACT_PUSH;
	case ACTION_EVENTS:
		if (d == NULL || d->detection->spl == NULL)
			return REACT_NONE;
		ui->next =
		    table_new(view_def("events"), NULL, spl_filter(d->detection->spl), p->name);
		return REACT_PUSH;
	default: return REACT_PASS;
	}
	p->top = p->top > last ? last : p->top < 0 ? 0 : p->top;
	return REACT_REDRAW;
}

static void
page_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	const struct detection_page *p = (const struct detection_page *)v;

	(void)s;
	if (p->lines > p->page)
		buf_addf(out, "%d-%d/%d", p->top + 1, p->top + p->page, p->lines);
}

static void
page_close(struct view *v)
{
	free(page(v)->name);
	free(page(v));
}

static const char *const page_hints[] = { "E", "macro", NULL };

static const struct view_ops page_ops = {
	.kind = "detection",
	.hints = page_hints,
	.title = page_title,
	.request = page_request,
	.draw = page_draw,
	.act = page_act,
	.place = page_place,
	.close = page_close,
};

struct view *
detection_page_new(const char *name)
{
	struct detection_page *p = xcalloc(1, sizeof(*p));

	p->view.ops = &page_ops;
	p->name = xstrdup(name);
	return &p->view;
}
