/* The kinds of pages: how each is opened. All return a view for ui->next. */
#ifndef FALCOTOP_VIEW_PAGES_H
#define FALCOTOP_VIEW_PAGES_H

#include "base/symtab.h"
#include "view/view.h"

/*
 * A table. owned: def was made by def_by() and is freed with the view. terms: filter text that
 * narrows it, NULL = none; label: what the breadcrumb says (NULL: the view's title).
 */
struct view *table_new(
    const struct view_def *def, struct view_def *owned, const char *terms, const char *label);
/* For --sort. False when the view has no such column. */
bool table_sort(struct view *v, const char *column, bool descending);
/* Shows another view with the same terms. */
unsigned table_show(struct view *v, const struct view_def *def);

/* The line of tabs; on: the one that is shown, NULL: the Health page. */
void table_tabs(int y, const struct view_def *on);
/* What a table was narrowed to, for the breadcrumb; NULL: nothing. */
const char *table_label(const struct view *v);

enum entity_kind {
	ENTITY_USER,
	ENTITY_CONTAINER,     /* by id */
	ENTITY_CONTAINER_NAME /* by name, from rows that have no id */
};
struct view *entity_new(enum entity_kind kind, struct slice value, sym_t symbol);
struct view *event_page_new(uint64_t number);
struct view *health_new(void);
struct view *risk_page_new(void);
/* The ledger of a risk object; type empty: user. */
struct view *ledger_new(struct slice object, struct slice type);
struct view *detections_new(void);
/* One of them, by name. */
struct view *detection_page_new(const char *name);
struct view *mutes_page_new(void);

/* Overlays. */
struct view *picker_new(const struct view_def *now);
struct view *sort_menu_new(struct list *l);
struct view *legend_new(const struct list *l);
struct grid;
struct view *grid_sort_menu_new(struct grid *g);
struct view *grid_legend_new(const struct grid *g);
/* Asks what to mute of the selected row of the page; NULL with a message when it has none. */
struct view *mute_dialog_new(struct ui *ui);
/* Edits the filter macro of a detection; NULL with a message when it has none. */
struct view *tune_dialog_new(struct ui *ui, const struct snapshot *s, const char *name);
struct view *help_new(void);

/* A declaration made at run time: counts by these fields. NULL and *err when the list is bad. Freed
 * with def_free(). */
struct view_def *def_by(const char *fields, struct filter_error *err);
void def_free(struct view_def *d);
/* Who and what: the columns of Shells without its filter. Where Enter on a rule, image, namespace
 * or node leads. */
extern const struct view_def def_activity;
/* parent -> process */
extern const struct view_def def_processes;

#endif
