/*
 * A list: rows of one view declaration with a cursor, a sort order, columns and a search. Tables,
 * the tabs of the entity pages and the events behind a row are all this. A list lives in a view and
 * owns one panel of its request.
 */
#ifndef FALCOTOP_VIEW_LIST_H
#define FALCOTOP_VIEW_LIST_H

#include "tui/layout.h"
#include "view/stack.h"

#define PANEL_DIALOG 8	/* the first of four */
#define PANEL_MUTED  12 /* while hidden rows are shown: which they are */
#define MUTED_ROWS   512

enum column_kind {
	COLUMN_NONE, /* the query has no such field: stays empty */
	COLUMN_BY,
	COLUMN_DISTINCT,
	COLUMN_PRIORITY,
	COLUMN_COUNT,
	COLUMN_RATE,
	COLUMN_TREND,
	COLUMN_RISK,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_TIME,
	COLUMN_OUTPUT
};

struct list {
	const struct view_def *def;
	const char *const
	    *hide;   /* fields that say the same in every row; NULL: none. Ends with NULL */
	char *terms; /* what narrows it beside the view's and the common filter; NULL: nothing */
	unsigned panel;
	char sort[QUERY_NAME_MAX];
	bool descending;

	unsigned ncol;
	enum column_kind kind[VIEW_COLUMNS];
	unsigned index[VIEW_COLUMNS]; /* of the by- or distinct-field */
	struct layout_column lay[VIEW_COLUMNS];
	int column; /* under the cell cursor */

	uint64_t limit;	      /* --limit; 0: none */
	uint64_t cursor, top; /* positions in the order */
	uint64_t anchor;      /* identity of the row under the cursor */
	bool anchored; /* else the cursor stays at its position (0: the top, whatever is there) */
	bool tail;     /* events: stays at the newest */
	uint64_t sent; /* number of the request that carried the anchor */
	int page;      /* rows on screen at the last draw */
	int flags;     /* cells left of the first column */
	bool risk;     /* the engine knows the risk of users */

	char find[QUERY_NAME_MAX];
	int find_dir; /* 0: nothing asked */
	uint64_t find_from, find_sent;
	const struct snapshot *measured;
	bool wants_row; /* something beside the list shows the selected row: it is asked for anew
			   when the row changes */
	uint64_t asked_row;	  /* identity it was asked for */
	uint64_t retried_version; /* of the data, for which the window was asked for again */
	unsigned retries;
};

void list_init(struct list *l, const struct view_def *def, const char *terms, unsigned panel);
void list_release(struct list *l);
/* Another declaration with the same terms. */
void list_show(struct list *l, const struct view_def *def);

void list_request(struct list *l, struct ui *ui, struct request *r);
/* The query of the list with the common filter. */
void list_query(const struct list *l, const struct ui *ui, struct query *q);
void list_draw(struct list *l, struct ui *ui, struct area a, const struct snapshot *s);
/* Movement, sort, enter, events. REACT_PASS when it is none of these. */
unsigned list_act(struct list *l, struct ui *ui, enum action a, const struct snapshot *s);
unsigned list_find(
    struct list *l, struct ui *ui, const char *text, int dir, const struct snapshot *s);
/* Brings cursor and window in line with a snapshot; says when a search ended. Reactions. */
unsigned list_settle(struct list *l, struct ui *ui, const struct snapshot *s);

const struct snap_panel *list_panel(const struct list *l, const struct snapshot *s);
/* The row under the cursor; NULL when the snapshot does not hold it. */
const struct snap_row *list_row(const struct list *l, const struct snapshot *s);
uint64_t list_total(const struct list *l, const struct ui *ui, const struct snap_panel *p);
bool list_cell(const struct list *l, const struct snapshot *s, struct buf *field, struct buf *value,
    sym_t *kind);
bool list_field(const struct list *l, const struct snapshot *s, const char *field,
    struct buf *value, sym_t *kind);
bool row_field(const struct view_def *def, const struct snap_row *row, const char *field,
    struct slice *value, sym_t *kind);
/* Filter text of the events behind a row, the list's own terms included. False: the "(other)" row
 * has none. */
bool list_row_terms(const struct list *l, const struct snap_row *row, struct buf *out);
/* Short name of a row for the breadcrumb. */
void list_row_label(const struct list *l, const struct snap_row *row, struct buf *out);
void list_place(const struct list *l, const struct snapshot *s, struct buf *out);
/* The view that Enter, F5 open on the selected row; NULL: none. */
struct view *list_open(struct list *l, struct ui *ui, bool events, const struct snapshot *s);
void list_sort_by(struct list *l, unsigned column);
bool list_hides(const struct list *l, const char *name);
bool list_sortable(const struct list *l, unsigned column);
/* Moves to the nearest row in that direction with another value of the field; the window is panel
 * p. False: none there. */
bool list_sibling(struct list *l, const struct snap_panel *p, const char *field, int dir,
    struct buf *value, sym_t *kind);

/* sentence.c: the selected row in plain words. */
void sentence_of_row(
    const struct view_def *def, const struct snap_row *row, const struct ui *ui, struct buf *out);
/* An output without the time and priority that Falco puts before it. */
struct slice text_of_output(struct slice output, enum priority p);
/* empty.c: why there is nothing to see, and which key undoes it. */
void empty_draw(const struct list *l, struct ui *ui, struct area a, const struct snapshot *s);

#endif
