/*
 * What actions do that no view took for itself: filter verbs on the cell, pages of the row's user
 * and container, menus, pause and the like. Not here: movement (list.c and the views).
 */
#include "view/stack.h"

#include "base/xalloc.h"
#include "view/grid.h"
#include "view/list.h"
#include "view/pages.h"
#include "view/text.h"
#include "base/banned.h"

static unsigned
open_prompt(struct ui *ui, enum ui_prompt kind)
{
	struct view *v = ui_page(ui);

	if (kind == UI_PROMPT_FIND && v->ops->find == NULL) {
		ui_say(ui, STYLE_DIM, "nothing to search on this page");
		return REACT_REDRAW;
	}
	prompt_init(&ui->prompt, kind == UI_PROMPT_FILTER ? ui->filter : NULL);
	ui->prompting = kind;
	ui->error_set = false;
	return REACT_REDRAW | REACT_REQUEST;
}

static unsigned
find_again(struct ui *ui, int dir)
{
	struct view *v = ui_page(ui);

	return v->ops->find == NULL ? REACT_NONE : v->ops->find(v, ui, NULL, dir, ui_snapshot(ui));
}

/* A key of an event is event text too: only plain names may become part of a filter. */
static bool
plain_name(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++) {
		char c = b->p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    strchr("._[]-", c) == NULL)
			return false;
	}
	return b->len > 0 && b->len < QUERY_NAME_MAX && memchr(b->p, '\0', b->len) == NULL;
}

/* The filter that + - = make of the cell; false with a message when there is none. */
static bool
cell_filter(struct ui *ui, enum action a, struct buf *out)
{
	struct view *v = ui_page(ui);
	struct buf field = { 0 }, value = { 0 };
	sym_t kind = SYM_FIRST;
	bool ok = v->ops->cell != NULL && v->ops->cell(v, ui_snapshot(ui), &field, &value, &kind);

	if (ok && (kind == SYM_OTHER || !plain_name(&field)))
		ok = false;
	if (ok) {
		if (a != ACTION_ONLY && ui->filter != NULL)
			buf_addf(out, "(%s) and ", ui->filter);
		if (a == ACTION_EXCLUDE)
			buf_adds(out, "not (");
		text_term(out, field.p, buf_slice(&value), kind);
		if (a == ACTION_EXCLUDE)
			buf_addc(out, ')');
	} else
		ui_say(ui, STYLE_WARN,
		    "this cell cannot be filtered by: move to a name with the left and right keys");
	buf_release(&field);
	buf_release(&value);
	return ok;
}

static unsigned
cell_verb(struct ui *ui, enum action a)
{
	struct filter_error err;
	struct filter *f = NULL;
	struct buf text = { 0 };
	unsigned react = REACT_REDRAW;

	if (cell_filter(ui, a, &text)) {
		f = filter_parse(text.p, &err);
		if (f != NULL)
			react = ui_set_filter(ui, text.p);
		else
			ui_say(ui, STYLE_WARN, "the filter would be too much: %s", err.message);
	}
	if (f != NULL)
		filter_free(f);
	buf_release(&text);
	return react;
}

static unsigned
group_by(struct ui *ui)
{
	struct view *v = ui_page(ui);
	struct list *l = v->ops->list == NULL ? NULL : v->ops->list(v);
	struct buf field = { 0 }, value = { 0 }, terms = { 0 };
	struct filter_error err;
	struct view_def *def = NULL;
	sym_t kind;

	if (v->ops->cell != NULL && v->ops->cell(v, ui_snapshot(ui), &field, &value, &kind) &&
	    plain_name(&field))
		def = def_by(field.p, &err);
	if (def != NULL) {
		if (l != NULL && l->def->filter != NULL)
			text_and(&terms, l->def->filter);
		if (l != NULL && l->terms != NULL)
			text_and(&terms, l->terms);
		ui->next = table_new(def, def, terms.p, table_label(v));
	} else
		ui_say(ui, STYLE_WARN,
		    "this cell cannot be counted by: move to a name with the left and right keys");
	buf_release(&field);
	buf_release(&value);
	buf_release(&terms);
	return def != NULL ? REACT_PUSH : REACT_REDRAW;
}

static unsigned
open_entity(struct ui *ui, enum entity_kind kind)
{
	struct view *v = ui_page(ui);
	const struct snapshot *s = ui_snapshot(ui);
	struct buf value = { 0 };
	sym_t symbol = SYM_FIRST;
	bool ok;

	if (kind == ENTITY_USER)
		ok = v->ops->field != NULL && v->ops->field(v, s, "user.name", &value, &symbol);
	else {
		/* The id is exact; rows grouped by name only have the name. */
		ok = v->ops->field != NULL && v->ops->field(v, s, "container.id", &value, &symbol);
		if (!ok && v->ops->field != NULL &&
		    v->ops->field(v, s, "container.name", &value, &symbol)) {
			ui->next = entity_new(ENTITY_CONTAINER_NAME, buf_slice(&value), symbol);
			buf_release(&value);
			return REACT_PUSH;
		}
	}
	if (ok && symbol != SYM_OTHER)
		ui->next = entity_new(kind, buf_slice(&value), symbol);
	else
		ui_say(ui, STYLE_WARN,
		    kind == ENTITY_USER ? "the selected row names no user"
					: "the selected row names no container");
	buf_release(&value);
	return ui->next != NULL ? REACT_PUSH : REACT_REDRAW;
}

static unsigned
go_back(struct ui *ui, bool quit)
{
	if (ui->top->below != NULL)
		return REACT_POP;
	if (quit)
		return REACT_QUIT;
	ui_say(ui, STYLE_DIM, "this is the top: q quits");
	return REACT_REDRAW;
}

static unsigned
toggle_pause(struct ui *ui)
{
	ui->paused = !ui->paused;
	ui->behind = 0;
	return ui->paused ? REACT_REDRAW : REACT_REDRAW | REACT_REQUEST;
}

static unsigned
clear_filter(struct ui *ui)
{
	bool range = ui->since != TIME_NONE || ui->until != TIME_NONE || ui->limit > 0;

	if (ui->filter != NULL) {
		ui_say(ui, STYLE_DIM, "filter dropped: \\ and Up bring it back%s",
		    range ? "; X again drops the limits of the command line" : "");
		return ui_set_filter(ui, NULL);
	}
	if (!range) {
		ui_say(ui, STYLE_DIM, "no filter is set");
		return REACT_REDRAW;
	}
	ui->since = ui->until = TIME_NONE;
	ui->limit = 0;
	ui_say(ui, STYLE_DIM, "the limits of the command line are dropped: every event shows");
	return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
}

static unsigned
open_menu(struct ui *ui, enum action a)
{
	struct view *v = ui_page(ui);
	struct list *l = v->ops->list == NULL ? NULL : v->ops->list(v);
	struct grid *g = v->ops->grid == NULL ? NULL : v->ops->grid(v);

	if (l == NULL && g != NULL) {
		ui->next = a == ACTION_SORT ? grid_sort_menu_new(g) : grid_legend_new(g);
		return REACT_PUSH;
	}
	if (l == NULL) {
		ui_say(ui, STYLE_DIM, "this page has no columns");
		return REACT_REDRAW;
	}
	ui->next = a == ACTION_SORT ? sort_menu_new(l) : legend_new(l);
	return REACT_PUSH;
}

/* A page that is there once: its key opens and leaves it. */
static unsigned
open_or_leave(struct ui *ui, const char *kind, struct view *(*open)(void))
{
	struct view *v = ui_page(ui);

	if (strcmp(v->ops->kind, kind) == 0)
		return v->below != NULL ? REACT_POP : REACT_REDRAW;
	ui->next = open();
	return REACT_PUSH;
}

static unsigned
toggle_muted(struct ui *ui)
{
	ui->show_muted = !ui->show_muted;
	ui_say(ui, STYLE_DIM,
	    ui->show_muted ? "what mutes hide is shown: rows flagged m"
			   : "what mutes hide is hidden again");
	return REACT_REDRAW | REACT_REQUEST | REACT_SHAPE;
}

static unsigned
open_page(struct ui *ui, enum action a)
{
	struct view *v = ui_page(ui);
	struct list *l = v->ops->list == NULL ? NULL : v->ops->list(v);

	switch (a) {
	case ACTION_PICKER: ui->next = picker_new(l == NULL ? NULL : l->def); break;
	case ACTION_HELP: ui->next = help_new(); break;
	case ACTION_HEALTH: return open_or_leave(ui, "health", health_new);
	case ACTION_RISK: return open_or_leave(ui, "risk", risk_page_new);
	case ACTION_DETECTIONS: return open_or_leave(ui, "detections", detections_new);
	case ACTION_MUTES: return open_or_leave(ui, "mutes", mutes_page_new);
	case ACTION_MUTE:
		ui->next = mute_dialog_new(ui);
		return ui->next == NULL ? REACT_REDRAW : REACT_PUSH;
	default: return REACT_NONE;
	}
	return REACT_PUSH;
}

unsigned
common_act(struct ui *ui, enum action a)
{
	switch (a) {
	case ACTION_BACK: return go_back(ui, false);
	case ACTION_QUIT: return go_back(ui, true);
	case ACTION_QUIT_NOW: return REACT_QUIT;
	case ACTION_USER: return open_entity(ui, ENTITY_USER);
	case ACTION_CONTAINER: return open_entity(ui, ENTITY_CONTAINER);
	case ACTION_PICKER:
	case ACTION_HELP:
	case ACTION_HEALTH:
	case ACTION_RISK:
	case ACTION_DETECTIONS:
	case ACTION_MUTES:
	case ACTION_MUTE: return open_page(ui, a);
	case ACTION_SHOW_MUTED: return toggle_muted(ui);
	case ACTION_SORT:
	case ACTION_COLUMNS: return open_menu(ui, a);
	case ACTION_FREEZE:
		ui->frozen = !ui->frozen;
		ui->hold_until = 0;
		return REACT_REDRAW | REACT_REQUEST;
	case ACTION_PAUSE: return toggle_pause(ui);
	case ACTION_FIND: return open_prompt(ui, UI_PROMPT_FIND);
	case ACTION_FIND_NEXT: return find_again(ui, 1);
	case ACTION_FIND_PREV: return find_again(ui, -1);
	case ACTION_FILTER: return open_prompt(ui, UI_PROMPT_FILTER);
	case ACTION_INCLUDE:
	case ACTION_EXCLUDE:
	case ACTION_ONLY: return cell_verb(ui, a);
	case ACTION_GROUP_BY: return group_by(ui);
	case ACTION_CLEAR: return clear_filter(ui);
	case ACTION_ZONE: ui->local = !ui->local; return REACT_REDRAW;
	case ACTION_HEADER: ui->folded = !ui->folded; return REACT_REDRAW | REACT_REQUEST;
	case ACTION_WRAP: ui->wrap = !ui->wrap; return REACT_REDRAW;
	case ACTION_REDRAW: return REACT_REPAINT | REACT_REDRAW;
	case ACTION_SUSPEND: return REACT_SUSPEND;
	default: return REACT_NONE;
	}
}
