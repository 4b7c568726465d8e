/*
 * What stands beside and below a table when there is room: the selected row in words, its last
 * events, the busiest users, containers and rules, and the histogram.
 */
#ifndef FALCOTOP_VIEW_PANES_H
#define FALCOTOP_VIEW_PANES_H

#include "view/list.h"

/* Asks for what the panes need. */
void panes_request(struct list *l, struct ui *ui, struct request *r);
/* Takes its lines off the bottom of a, draws in them, and returns what is left for the table. */
struct area panes_draw(
    const struct list *l, struct ui *ui, struct area a, const struct snapshot *s);

/* The selected row alone: in words, beside it its last events where there is room (PANEL 2 of the
 * request). */
void pane_row_request(struct list *l, struct ui *ui, struct request *r);
struct area pane_row(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s);
/* The most frequent values of a field, as bars; the caller narrows the panel's query. */
void pane_top_request(struct request *r, unsigned panel, const char *field);
void pane_top(struct area a, const char *title, const struct snapshot *s, unsigned panel);
/* Histogram of a panel with a title; for the entity pages too. */
void pane_histogram(
    struct area a, const struct ui *ui, const struct snapshot *s, unsigned panel, const char *what);
void pane_histogram_request(struct ui *ui, struct request *r, unsigned panel, int width);
/* Text over as many lines of a as it takes; the last shows a mark when there is more. Returns the
 * lines used. */
int pane_text(struct area a, enum style style, struct slice s);
/* A line with a title in it. */
void pane_title(int y, int x, int w, const char *title);
/* The selected row in words, at most a.h lines. */
void pane_words(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s);

#endif
