/*
 * Editing the filter macro of a detection: what is typed is compiled at once, and what it would
 * hide is counted before it is saved. Not here: keeping the text (the caller's services).
 */
#include "view/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "detect/mute_watch.h"
#include "view/list.h"
#include "view/popup.h"
#include "view/text.h"
#include "base/banned.h"

enum { PANEL_ALL = PANEL_DIALOG, PANEL_HIDDEN };

struct tune_dialog {
	struct view view;
	char *name, *macro;
	struct detection_set *set; /* held: compiled against */
	const struct detection *detection;
	struct prompt prompt;
	struct prompt_history history;
	struct spl_error error;
	bool bad;
	bool counts; /* all and hidden say what it hides */
	char *all, *hidden;
	uint64_t asked; /* request that carried them; 0: not yet */
};

static const struct view_ops tune_ops;

static struct tune_dialog *
dialog(struct view *v)
{
	return (struct tune_dialog *)v;
}

static void
tune_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "filter macro");
}

/* --- what it would hide ---------------------------------------------------------------------- */

static struct spl *
compile(const struct tune_dialog *d, const char *filter, struct spl_error *err)
{
	return spl_compile(slice_of(d->detection->search), d->set->macros, filter, err);
}

/* The condition on events that "search EXPR" is; NULL: it is none. */
static char *
event_condition(const struct tune_dialog *d, const char *text)
{
	struct buf search = { 0 };
	struct spl_error err;
	struct spl *s;
	char *out = NULL;

	buf_addf(&search, "%s | stats count by user", text);
	s = spl_compile(buf_slice(&search), d->set->macros, NULL, &err);
	if (s != NULL) {
		out = xstrdup(spl_filter(s));
		spl_free(s);
	}
	buf_release(&search);
	return out;
}

static void
forget(struct tune_dialog *d)
{
	free(d->all);
	free(d->hidden);
	d->all = d->hidden = NULL;
	d->counts = false;
	d->asked = 0;
}

/* With what the macro keeps; NULL or all of it: nothing is hidden. */
static void
set_cost(struct tune_dialog *d, const char *base, const char *kept)
{
	d->all = xstrdup(base);
	d->hidden = kept == NULL || *kept == '\0' || strcmp(kept, base) == 0
			? NULL
			: (*base == '\0' ? xasprintf("not (%s)", kept)
					 : xasprintf("(%s) and not (%s)", base, kept));
	d->counts = true;
}

static void
check(struct tune_dialog *d)
{
	const char *text = prompt_text(&d->prompt);
	struct spl_error err;
	struct spl *base = compile(d, "search *", &err), *now = compile(d, text, &d->error);
	char *kept;

	forget(d);
	if (*text == '\0' && now == NULL)
		now = compile(d, "search *", &d->error);
	d->bad = now == NULL;
	if (base != NULL && now != NULL) {
		if (strcmp(spl_filter(base), spl_filter(now)) != 0)
			set_cost(d, spl_filter(base), spl_filter(now));
		else if (*text == '\0')
			set_cost(d, spl_filter(base), NULL);
		else if (strncmp(text, "search", 6) == 0) {
			kept = event_condition(d, text);
			if (kept != NULL)
				set_cost(d, spl_filter(base), kept);
			free(kept);
		}
	}
	if (base != NULL)
		spl_free(base);
	if (now != NULL)
		spl_free(now);
}

static void
ask(struct request *r, unsigned panel, const char *filter)
{
	struct panel_request *p = &r->panel[panel];

	p->used = p->muted_too = true;
	p->query.kind = QUERY_GROUPS;
	if (*filter != '\0')
		query_and(&p->query, filter);
	p->query.distinct[p->query.ndistinct++] = xstrdup("user.name");
	(void)snprintf(p->sort, sizeof(p->sort), "count");
	p->rows = 1;
}

static void
tune_request(struct view *v, struct ui *ui, struct request *r)
{
	struct tune_dialog *d = dialog(v);

	(void)ui;
	r->want_detections = true;
	if (!d->counts)
		return;
	ask(r, PANEL_ALL, d->all);
	if (d->hidden != NULL)
		ask(r, PANEL_HIDDEN, d->hidden);
	if (d->asked == 0)
		d->asked = r->number;
}

/* --- drawing --------------------------------------------------------------------------------- */

static bool
complete(const struct snap_panel *p)
{
	return p->used && !p->bad_query && p->done == p->to_scan;
}

static void
cost_words(const struct tune_dialog *d, const struct snapshot *s, struct buf *out)
{
	const struct snap_panel *all, *hidden;
	struct hidden_cost cost = { 0 };

	if (!d->counts) {
		buf_adds(out, "works on the rows after they are counted: what it hides is known "
			      "when it is saved");
		return;
	}
	if (s == NULL || d->asked == 0 || s->number < d->asked || !complete(&s->panel[PANEL_ALL])) {
		buf_adds(out, "counting...");
		return;
	}
	all = &s->panel[PANEL_ALL];
	hidden = &s->panel[PANEL_HIDDEN];
	cost.of = all->matched;
	if (d->hidden != NULL) {
		if (!complete(hidden)) {
			buf_adds(out, hidden->bad_query ? "cannot be counted" : "counting...");
			return;
		}
		cost.events = hidden->matched;
		for (int p = PRIORITY_CRITICAL; p < PRIORITY_COUNT; p++)
			cost.critical += hidden->by_priority[p];
		cost.users = hidden->nrows > 0 ? hidden->row[0].group.distinct[0] : 0;
	}
	hiding_text(out, &cost);
}

static void
tune_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct tune_dialog *d = dialog(v);
	char title[160];
	struct area in;
	struct buf b = { 0 };
	int y;

	(void)ui;
	(void)snprintf(title, sizeof(title), "%.120s: Enter saves, Esc leaves", d->macro);
	in = popup_box(a, 6, a.w >= 124 ? 116 : a.w - 2, title);
	(void)prompt_draw(&d->prompt, in.y, in.x, in.w, "", SIZE_MAX);
	y = in.y + 1;
	if (d->bad) {
		(void)draw_fmt(y, in.x, in.w, STYLE_WARN, "%s%s%s%s", d->error.message,
		    d->error.word[0] != '\0' ? " (" : "", d->error.word,
		    d->error.word[0] != '\0' ? ")" : "");
	} else {
		cost_words(d, s, &b);
		(void)draw_text(y, in.x, in.w, STYLE_TITLE, buf_slice(&b));
	}
	if (in.h >= 5) {
		(void)draw_text(y + 2, in.x, in.w, STYLE_DIM,
		    SLICE("Keeps what matches. A condition as in filters:  user.name != jenkins"));
		(void)draw_text(y + 3, in.x, in.w, STYLE_DIM,
		    SLICE("or SPL on the rows:  search NOT user=jenkins      empty: as it ships"));
	}
	buf_release(&b);
}

/* --- keys ------------------------------------------------------------------------------------ */

static unsigned
save(struct tune_dialog *d, struct ui *ui)
{
	char err[UI_ERROR_MAX] = "";

	if (d->bad)
		return REACT_REDRAW;
	if (!ui->services->filter_set(ui->services->arg, d->macro, prompt_text(&d->prompt), err)) {
		ui_say(ui, STYLE_WARN, "not saved: %s", err);
		return REACT_REDRAW;
	}
	ui_say(ui, STYLE_OK, "%s saved: it runs from now on", d->macro);
	return REACT_POP | REACT_REQUEST;
}

static unsigned
tune_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	struct tune_dialog *d = dialog(v);

	(void)s;
	switch (prompt_key(&d->prompt, key, &d->history)) {
	case PROMPT_CANCEL: return REACT_POP;
	case PROMPT_DONE: return save(d, ui);
	case PROMPT_CHANGED: check(d); return REACT_REDRAW | REACT_REQUEST;
	case PROMPT_MORE: break;
	}
	return REACT_REDRAW;
}

static unsigned
tune_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	(void)v;
	(void)ui;
	(void)a;
	(void)s;
	return REACT_NONE;
}

static void
tune_close(struct view *v)
{
	struct tune_dialog *d = dialog(v);

	forget(d);
	prompt_release(&d->prompt);
	prompt_history_release(&d->history);
	detection_set_drop(d->set);
	free(d->name);
	free(d->macro);
	free(d);
}

static const struct view_ops tune_ops = {
	.kind = "tune",
	.overlay = true,
	.types = true,
	.title = tune_title,
	.request = tune_request,
	.draw = tune_draw,
	.act = tune_act,
	.key = tune_key,
	.close = tune_close,
};

struct view *
tune_dialog_new(struct ui *ui, const struct snapshot *s, const char *name)
{
	const struct detection *t =
	    s == NULL || s->detections == NULL ? NULL : detection_find(s->detections, name);
	struct tune_dialog *d;

	if (t == NULL || t->filter_macro == NULL || t->state != DETECTION_RUNNABLE) {
		ui_say(ui, STYLE_WARN,
		    t == NULL || t->state != DETECTION_RUNNABLE
			? "a detection that does not run has nothing to tune"
			: "its search has no filter macro");
		return NULL;
	}
	if (ui->services == NULL || ui->services->filter_set == NULL) {
		ui_say(ui, STYLE_WARN, "there is no place to keep filter macros");
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	d->view.ops = &tune_ops;
	d->name = xstrdup(name);
	d->macro = xstrdup(t->filter_macro);
	d->set = detection_set_hold(s->detections);
	d->detection = t;
	prompt_init(&d->prompt, t->filter_text);
	check(d);
	return &d->view;
}
