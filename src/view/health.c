/*
 * Is the picture whole? Sources with state and counters, what was rejected and why, what left the
 * memory; then the rejected lines themselves. Not here: the same numbers for scripts (report).
 */
#include "view/pages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "view/panes.h"
#include "view/strip.h"
#include "view/text.h"
#include "base/banned.h"

struct health {
	struct view view;
	int top;   /* first line shown */
	int lines; /* of the last draw */
	int page;
};

/* Lines are laid out from the top; only those in the window reach the screen. */
struct sheet {
	struct area a;
	int skip, n;
};

static const struct view_ops health_ops;

static struct health *
health(struct view *v)
{
	return (struct health *)v;
}

static void
health_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "Health");
}

static void
health_request(struct view *v, struct ui *ui, struct request *r)
{
	(void)v;
	(void)ui;
	r->want_sources = true;
	r->want_bad = true;
}

/* Row of the screen for the next line; -1 when it lies outside. */
static int
next_line(struct sheet *s)
{
	int y = s->a.y + s->n++ - s->skip;

	return y < s->a.y || y >= s->a.y + s->a.h ? -1 : y;
}

static void
heading(struct sheet *s, const char *title)
{
	int y;

	(void)next_line(s);
	y = next_line(s);
	if (y >= 0)
		pane_title(y, s->a.x, s->a.w, title);
}

static void
field(struct strip *to, const char *name, uint64_t n, bool warn)
{
	struct buf b = { 0 };

	text_count(&b, n);
	(void)strip_add(to, 2,
	    n > 0 && warn ? STYLE_WARN
	    : n > 0	  ? STYLE_NORMAL
			  : STYLE_DIM,
	    "%s %s", name, b.p);
	buf_release(&b);
}

static bool
counter_line(struct sheet *s, struct strip *to)
{
	int y = next_line(s);

	*to = (struct strip){ y, s->a.x + 2, s->a.x + s->a.w - 1, STYLE_NORMAL };
	return y >= 0;
}

static void
draw_counters(struct sheet *s, const struct tally *t)
{
	struct strip to;
	struct buf b = { 0 };

	if (counter_line(s, &to)) {
		text_bytes(&b, t->bytes);
		(void)strip_add(&to, 2, STYLE_NORMAL, "%s", b.p);
		field(&to, "lines", t->lines, false);
		field(&to, "events", t->accepted, false);
		field(&to, "bad", tally_rejected(t), true);
		field(&to, "dropped", t->dropped, true);
	}
	if (counter_line(s, &to)) {
		field(&to, "mended", t->repaired, false);
		field(&to, "doubles", t->duplicates, false);
		field(&to, "Falco's log", t->noise, false);
		field(&to, "blank", t->blank, false);
		field(&to, "internal", t->internal, false);
		field(&to, "kernel drops", t->kernel_drops, true);
	}
	buf_release(&b);
}

static void
draw_source(struct sheet *s, const struct ui *ui, const struct snap_source *src)
{
	int y = next_line(s);
	struct strip to = { y, s->a.x + 1, s->a.x + s->a.w - 1, STYLE_NORMAL };
	bool trouble = src->state == SOURCE_FAILED || src->state == SOURCE_RETRY;
	struct buf b = { 0 };
	int w;

	if (y >= 0) {
		(void)strip_add(&to, 0, trouble ? STYLE_ALARM : STYLE_OK, "%-8s",
		    source_state_name(src->state));
		w = draw_width(src->name, s->a.w - 50 > 20 ? s->a.w - 50 : 20);
		(void)draw_tail(y, to.x + 1, w, STYLE_BOLD, src->name);
		to.x += w + 1;
		text_rate(&b, src->rate);
		if (src->state != SOURCE_DONE && src->state != SOURCE_FAILED)
			(void)strip_add(&to, 2, STYLE_NORMAL, "%s ev/s", b.p);
		if (src->last_arrival != TIME_NONE && src->state != SOURCE_DONE) {
			buf_clear(&b);
			time_print_age(&b, clock_wall() - src->last_arrival);
			(void)strip_add(&to, 2, STYLE_DIM, "last input %s ago", b.p);
		}
		if (!isnan(src->lag) && ui_live(ui->snap) && src->state != SOURCE_DONE &&
		    src->state != SOURCE_FAILED) {
			buf_clear(&b);
			if (src->lag < 60)
				buf_addf(&b, "%.1f s", src->lag);
			else
				time_print_age(
				    &b, src->lag > 9e9 ? INT64_MAX : (int64_t)(src->lag * 1e9));
			(void)strip_add(&to, 2, STYLE_DIM, "lag %s", b.p);
		}
	}
	draw_counters(s, &src->tally);
	if (src->error.len > 0 && (y = next_line(s)) >= 0)
		(void)draw_text(y, s->a.x + 4, s->a.w - 5, STYLE_WARN, src->error);
	buf_release(&b);
}

static void
draw_memory(struct sheet *s, const struct ui *ui, const struct model_stats *m)
{
	int y = next_line(s);
	struct strip to = { y, s->a.x - 1, s->a.x + s->a.w - 1, STYLE_NORMAL };
	struct buf b = { 0 }, budget = { 0 };

	if (y < 0)
		return;
	text_bytes(&b, m->memory);
	text_bytes(&budget, m->budget);
	(void)strip_add(&to, 2, STYLE_NORMAL, "%s of %s", b.p, budget.p);
	field(&to, "events kept", m->retained, false);
	field(&to, "left memory", m->evicted, true);
	field(&to, "names", m->symbols, false);
	field(&to, "names without room", m->symbols_overflow, true);
	if (m->index_from != TIME_NONE) {
		buf_clear(&b);
		text_when(&b, m->index_from, ui->now, ui->local);
		(void)strip_add(&to, 2, STYLE_NORMAL, "kept from %s on", b.p);
	}
	buf_release(&b);
	buf_release(&budget);
}

/* Risk events on their way to the disk, and why they are not there. */
static void
draw_history(struct sheet *s, const struct ui *ui, const struct snap_risk *r)
{
	const struct history_status *h = &r->history;
	bool trouble = h->state == HISTORY_RETRYING || h->state == HISTORY_REFUSED;
	struct strip to;
	struct buf b = { 0 };
	int y = next_line(s);

	if (y >= 0) {
		(void)draw_fmt(y, s->a.x + 1, 9, trouble ? STYLE_ALARM : STYLE_OK, "%s",
		    history_state_name(h->state));
		(void)draw_value_tail(y, s->a.x + 11, s->a.w - 12, STYLE_BOLD, slice_of(h->path));
	}
	if (h->error[0] != '\0' && (y = next_line(s)) >= 0)
		(void)draw_text(y, s->a.x + 4, s->a.w - 5, STYLE_WARN, slice_of(h->error));
	if (h->note[0] != '\0' && (y = next_line(s)) >= 0)
		(void)draw_text(y, s->a.x + 4, s->a.w - 5, STYLE_WARN, slice_of(h->note));
	if (counter_line(s, &to)) {
		text_bytes(&b, h->file_bytes + h->wal_bytes);
		(void)strip_add(&to, 2, STYLE_NORMAL, "%s", b.p);
		field(&to, "new", h->inserted, false);
		field(&to, "changed", h->updated, false);
		field(&to, "known", h->unchanged, false);
		field(&to, "waiting", h->pending, false);
		field(&to, "dropped", h->dropped, true);
		field(&to, "expired", h->expired, false);
	}
	if (counter_line(s, &to)) {
		field(&to, "risk events in memory", r->book.events, false);
		field(&to, "of users and others", r->book.objects, false);
		field(&to, "left memory", r->book.evicted, true);
		field(&to, "too far ahead", r->book.ahead, true);
		field(&to, "refused", r->book.refused, true);
	}
	(void)ui;
	buf_release(&b);
}

static void
draw_reasons(struct sheet *s, const struct tally *t)
{
	for (int i = 0; i < REJECT_REASONS; i++) {
		struct buf b = { 0 };
		int y;

		if (t->rejected_by[i] == 0 || (y = next_line(s)) < 0)
			continue;
		text_count(&b, t->rejected_by[i]);
		(void)draw_right(y, s->a.x + 1, 9, STYLE_WARN, buf_slice(&b));
		(void)draw_fmt(y, s->a.x + 12, s->a.w - 13, STYLE_NORMAL, "%s  (%s)",
		    reject_text((enum reject_reason)i), reject_name((enum reject_reason)i));
		buf_release(&b);
	}
}

static void
draw_bad(struct sheet *s, const struct ui *ui, const struct snapshot *snap)
{
	for (unsigned i = 0; i < snap->nbad; i++) {
		const struct bad_line *b = &snap->bad[i];
		struct slice rest = b->text;
		struct buf where = { 0 };
		int y = next_line(s), lines = ui->wrap ? 64 : 1;

		buf_add(&where, snap->bad_source[i].p, snap->bad_source[i].len);
		buf_addf(&where, ":%u: %s", b->line, reject_text(b->reason));
		if (y >= 0)
			(void)draw_text(y, s->a.x + 1, s->a.w - 2, STYLE_DIM, buf_slice(&where));
		buf_release(&where);
		for (int n = 0; n < lines && (n == 0 || rest.len > 0); n++) {
			struct slice part = ui->wrap ? draw_break(&rest, s->a.w - 5) : rest;

			y = next_line(s);
			if (y >= 0)
				(void)draw_text(y, s->a.x + 3, s->a.w - 5, STYLE_NORMAL, part);
		}
	}
}

static void
health_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct health *h = health(v);
	struct sheet sheet;
	int y;

	if (!ui->folded && draw_rows() >= 12) {
		table_tabs(a.y, NULL);
		a.y++;
		a.h--;
	}
	sheet = (struct sheet){ a, h->top, 0 };
	if (s == NULL)
		return;
	y = next_line(&sheet);
	if (y >= 0)
		pane_title(y, a.x, a.w, "sources");
	for (unsigned i = 0; i < s->nsources; i++)
		draw_source(&sheet, ui, &s->source[i]);
	if (s->nsources > 1) {
		heading(&sheet, "all sources");
		draw_counters(&sheet, &s->tally);
	}
	heading(&sheet, "memory");
	draw_memory(&sheet, ui, &s->stats);
	if (s->risk.on) {
		heading(&sheet, "history");
		draw_history(&sheet, ui, &s->risk);
	}
	if (tally_rejected(&s->tally) > 0) {
		heading(&sheet, "rejected lines by reason");
		draw_reasons(&sheet, &s->tally);
		heading(&sheet, "rejected lines, newest first (w wraps)");
		draw_bad(&sheet, ui, s);
	}
	h->lines = sheet.n;
	h->page = a.h;
	if (h->top > 0 && h->top + a.h > h->lines)
		h->top = h->lines > a.h ? h->lines - a.h : 0;
}

static unsigned
health_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct health *h = health(v);
	int by, last = h->lines > h->page ? h->lines - h->page : 0;

	(void)ui;
	(void)s;
	switch (a) {
	case ACTION_UP: by = -1; break;
	case ACTION_DOWN: by = 1; break;
	case ACTION_PAGE_UP: by = -h->page; break;
	case ACTION_PAGE_DOWN: by = h->page; break;
	case ACTION_HALF_UP: by = -h->page / 2; break;
	case ACTION_HALF_DOWN: by = h->page / 2; break;
	case ACTION_FIRST: by = -h->top; break;
	case ACTION_LAST: by = last; break;
	default: return REACT_PASS;
	}
	h->top += by;
	h->top = h->top > last ? last : h->top;
	h->top = h->top < 0 ? 0 : h->top;
	return REACT_REDRAW;
}

/* Digits: the page below shows that view, as it would there. */
static unsigned
health_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	(void)s;
	for (unsigned i = 0; i < view_count; i++) {
		if (view_defs[i].key == 0 || view_defs[i].key != key)
			continue;
		if (v->below != NULL && strcmp(v->below->ops->kind, "table") == 0)
			return REACT_POP | table_show(v->below, &view_defs[i]);
		ui->next = table_new(&view_defs[i], NULL, NULL, NULL);
		return REACT_POP | REACT_PUSH;
	}
	return REACT_NONE;
}

static void
health_place(const struct view *v, const struct snapshot *s, struct buf *out)
{
	const struct health *h = (const struct health *)v;

	(void)s;
	if (h->lines > h->page)
		buf_addf(out, "%d-%d/%d", h->top + 1, h->top + h->page, h->lines);
}

static void
health_close(struct view *v)
{
	free(health(v));
}

static const char *const health_hints[] = { "w", "wrap", NULL };

static const struct view_ops health_ops = {
	.kind = "health",
	.hints = health_hints,
	.title = health_title,
	.request = health_request,
	.draw = health_draw,
	.act = health_act,
	.key = health_key,
	.place = health_place,
	.close = health_close,
};

struct view *
health_new(void)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->view.ops = &health_ops;
	return &h->view;
}
