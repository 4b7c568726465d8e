/*
 * The stack of views and what they share. Keys go to the prompt, else to the top view, else to the
 * common actions; snapshots replace one another unless the picture is paused. Not here: the loop
 * (app/interactive.c), drawing of header and footer (header.c).
 */
#include "view/stack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "view/actions.h"
#include "view/list.h"
#include "view/text.h"
#include "base/banned.h"

#define MESSAGE_NS    (8 * NSEC_PER_SEC)
#define PANEL_PREVIEW 6 /* effect of the filter being typed */

void
ui_init(struct ui *ui, struct view *first)
{
	*ui = (struct ui){ .top = first,
		.since = TIME_NONE,
		.until = TIME_NONE,
		.valid_from = 1,
		.now = clock_wall() };
}

static void
close_view(struct view *v)
{
	v->ops->close(v);
}

void
ui_release(struct ui *ui)
{
	while (ui->top != NULL) {
		struct view *v = ui->top;

		ui->top = v->below;
		close_view(v);
	}
	free(ui->filter);
	if (ui->snap != NULL)
		snapshot_free(ui->snap);
	if (ui->prompting != UI_NO_PROMPT)
		prompt_release(&ui->prompt);
	prompt_history_release(&ui->filters);
	prompt_history_release(&ui->finds);
	*ui = (struct ui){ 0 };
}

struct view *
ui_page(const struct ui *ui)
{
	struct view *v = ui->top;

	while (v->ops->overlay && v->below != NULL)
		v = v->below;
	return v;
}

const struct snapshot *
ui_snapshot(const struct ui *ui)
{
	return ui->snap != NULL && ui->snap->number >= ui->valid_from ? ui->snap : NULL;
}

bool
ui_waits(const struct ui *ui)
{
	return ui->snap == NULL || ui->snap->number < ui->asked;
}

bool
ui_live(const struct snapshot *s)
{
	for (unsigned i = 0; s != NULL && i < s->nsources; i++)
		if (s->source[i].total == 0 && s->source[i].state != SOURCE_DONE &&
		    s->source[i].state != SOURCE_FAILED)
			return true;
	return false;
}

void
ui_query(const struct ui *ui, struct query *q)
{
	if (ui->filter != NULL)
		query_and(q, ui->filter);
	q->since = ui->since;
	q->until = ui->until;
}

void
ui_say(struct ui *ui, enum style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(ui->message, sizeof(ui->message), fmt, ap);
	va_end(ap);
	ui->message_style = style;
	ui->message_until = clock_mono() + MESSAGE_NS;
}

void
ui_hold(struct ui *ui)
{
	ui->hold_until = clock_mono() + HOLD_NS;
}

bool
ui_holds(const struct ui *ui)
{
	return ui->frozen || (ui->hold_until != 0 && clock_mono() < ui->hold_until);
}

unsigned
ui_set_filter(struct ui *ui, const char *filter)
{
	free(ui->filter);
	ui->filter = filter == NULL || *filter == '\0' ? NULL : xstrdup(filter);
	if (ui->filter != NULL)
		prompt_history_add(&ui->filters, ui->filter);
	return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
}

/* --- requests and snapshots
 * ------------------------------------------------------------------------------------- */

void
ui_request(struct ui *ui, struct request *r)
{
	struct view *v = ui_page(ui);

	request_init(r);
	r->number = ++ui->asked;
	r->event = UINT64_MAX;
	r->show_muted = ui->show_muted;
	v->ops->request(v, ui, r);
	for (struct view *over = ui->top; over != v; over = over->below)
		if (over->ops->request != NULL)
			over->ops->request(over, ui, r);
	if (ui->prompting == UI_PROMPT_FILTER && !ui->error_set) {
		struct panel_request *p = &r->panel[PANEL_PREVIEW];

		p->used = true;
		p->query.kind = QUERY_GROUPS;
		(void)snprintf(p->sort, sizeof(p->sort), "count");
		if (*prompt_text(&ui->prompt) != '\0')
			query_and(&p->query, prompt_text(&ui->prompt));
		p->query.since = ui->since;
		p->query.until = ui->until;
		p->rows = 1;
	}
}

static bool
complete(const struct snapshot *s)
{
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		if (s->panel[i].used && s->panel[i].done < s->panel[i].to_scan)
			return false;
	return true;
}

static void
set_now(struct ui *ui)
{
	const struct snapshot *s = ui->snap;

	if (ui_live(s) || s == NULL || s->stats.last == TIME_NONE)
		ui->now = clock_wall();
	else
		ui->now = s->stats.last;
}

unsigned
ui_offer(struct ui *ui, struct snapshot *s)
{
	struct view *v = ui_page(ui);
	struct list *l;
	unsigned react = REACT_REDRAW;

	if (ui->paused && ui->snap != NULL && ui->snap->number == s->number && complete(ui->snap)) {
		ui->behind = s->stats.events - ui->snap->stats.events;
		snapshot_free(s);
		return react;
	}
	if (ui->snap != NULL)
		snapshot_free(ui->snap);
	ui->snap = s;
	ui->behind = 0;
	if (!ui->paused)
		set_now(ui);
	l = v->ops->list == NULL ? NULL : v->ops->list(v);
	if (l != NULL && ui_snapshot(ui) != NULL) {
		l->measured = NULL;
		react |= list_settle(l, ui, s);
	}
	if (v->ops->settle != NULL && ui_snapshot(ui) != NULL)
		react |= v->ops->settle(v, ui, s);
	if (ui->top != v && ui->top->ops->settle != NULL)
		react |= ui->top->ops->settle(ui->top, ui, s);
	return react;
}

unsigned
ui_tick(struct ui *ui)
{
	int64_t now = clock_mono();
	unsigned react = REACT_NONE;

	if (!ui->paused && (ui->snap == NULL || ui_live(ui->snap))) {
		set_now(ui);
		react = REACT_REDRAW; /* ages grow */
	}
	if (ui->message[0] != '\0' && now >= ui->message_until) {
		ui->message[0] = '\0';
		react |= REACT_REDRAW;
	}
	if (ui->hold_until != 0 && now >= ui->hold_until) {
		ui->hold_until = 0;
		react |= REACT_REQUEST;
	}
	return react;
}

int64_t
ui_wakes(const struct ui *ui)
{
	int64_t at = INT64_MAX;

	if (ui->hold_until != 0)
		at = ui->hold_until;
	if (ui->message[0] != '\0' && ui->message_until < at)
		at = ui->message_until;
	return at;
}

/* --- keys
 * -------------------------------------------------------------------------------------------------------
 */

static void
end_prompt(struct ui *ui)
{
	prompt_release(&ui->prompt);
	ui->prompting = UI_NO_PROMPT;
	ui->error_set = false;
}

static void
check_filter(struct ui *ui)
{
	struct filter *f = filter_parse(prompt_text(&ui->prompt), &ui->error);

	ui->error_set = f == NULL;
	if (f != NULL)
		filter_free(f);
}

static unsigned
finish_prompt(struct ui *ui)
{
	enum ui_prompt kind = ui->prompting;
	struct view *v = ui_page(ui);
	char *text;
	unsigned react = REACT_REDRAW;

	if (kind == UI_PROMPT_FILTER) {
		check_filter(ui);
		if (ui->error_set)
			return REACT_REDRAW;
	}
	text = xstrdup(prompt_text(&ui->prompt));
	end_prompt(ui);
	if (kind == UI_PROMPT_FILTER)
		react = ui_set_filter(ui, text);
	else if (v->ops->find != NULL) {
		prompt_history_add(&ui->finds, text);
		react |= v->ops->find(v, ui, text, 1, ui_snapshot(ui));
	}
	free(text);
	return react;
}

/* Tab in the find prompt: the same text as a filter. */
static unsigned
find_to_filter(struct ui *ui)
{
	struct buf f = { 0 };
	unsigned react;

	filter_quote(&f, slice_of(prompt_text(&ui->prompt)));
	end_prompt(ui);
	react = ui_set_filter(ui, f.p);
	buf_release(&f);
	return react;
}

static unsigned
key_prompt(struct ui *ui, int key)
{
	bool filter = ui->prompting == UI_PROMPT_FILTER;

	if (key == KEYS_TAB && !filter && ui->prompt.text.len > 0)
		return find_to_filter(ui);
	switch (prompt_key(&ui->prompt, key, filter ? &ui->filters : &ui->finds)) {
	case PROMPT_CANCEL: end_prompt(ui); return REACT_REDRAW | REACT_REQUEST;
	case PROMPT_DONE: return finish_prompt(ui);
	case PROMPT_CHANGED:
		if (filter) {
			check_filter(ui);
			return REACT_REDRAW | REACT_REQUEST;
		}
		return REACT_REDRAW;
	case PROMPT_MORE: break;
	}
	return REACT_REDRAW;
}

static unsigned
pop(struct ui *ui)
{
	struct view *v = ui->top;
	bool overlay = v->ops->overlay;

	if (v->below == NULL)
		return REACT_REDRAW;
	ui->top = v->below;
	close_view(v);
	return REACT_REDRAW | REACT_REQUEST | (overlay ? 0 : REACT_SHAPE);
}

static unsigned
push(struct ui *ui)
{
	struct view *v = ui->next;

	ui->next = NULL;
	if (v == NULL)
		return REACT_REDRAW;
	v->below = ui->top;
	ui->top = v;
	if (!v->ops->overlay)
		return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
	return v->ops->request != NULL ? REACT_REDRAW | REACT_REQUEST : REACT_REDRAW;
}

/* Carries out what only the stack can; the rest is the loop's. */
static unsigned
apply(struct ui *ui, unsigned react)
{
	if (react & REACT_POP)
		react |= pop(ui);
	if (react & REACT_PUSH)
		react |= push(ui);
	if (react & REACT_SHAPE) {
		ui->valid_from = ui->asked + 1;
		react |= REACT_REQUEST;
	}
	return react & ~(unsigned)(REACT_POP | REACT_PUSH | REACT_SHAPE | REACT_PASS);
}

unsigned
ui_open(struct ui *ui, struct view *v)
{
	ui->next = v;
	return apply(ui, REACT_PUSH);
}

unsigned
ui_do(struct ui *ui, enum action a)
{
	struct view *v = ui_page(ui);
	unsigned react = v->ops->act(v, ui, a, ui_snapshot(ui));

	return react == REACT_PASS ? common_act(ui, a) : react;
}

unsigned
ui_key(struct ui *ui, int key)
{
	struct view *v = ui->top;
	enum action a;
	unsigned react = REACT_PASS;

	if (key == KEYS_RESIZE)
		return REACT_REDRAW | REACT_REQUEST;
	ui->message[0] = '\0';
	if (ui->prompting != UI_NO_PROMPT)
		return apply(ui, key_prompt(ui, key));
	a = action_of_key(key);
	if (v->ops->key != NULL && (a == ACTION_NONE || v->ops->overlay))
		react = v->ops->key(v, ui, key, ui_snapshot(ui));
	if (react == REACT_PASS && a != ACTION_NONE) {
		react = v->ops->act(v, ui, a, ui_snapshot(ui));
		if (react == REACT_PASS)
			react = common_act(ui, a);
	}
	return apply(ui, react) | REACT_REDRAW;
}
