/*
 * A table of the program's own rows: users by risk, the ledger, detections, mutes. Its rows come
 * from an array of the snapshot and are sorted here; lists of events and groups are list.h. The
 * cursor sticks to the identity of its row.
 */
#ifndef FALCOTOP_VIEW_GRID_H
#define FALCOTOP_VIEW_GRID_H

#include "base/buf.h"
#include "tui/layout.h"
#include "view/stack.h"

#define GRID_COLUMNS 16
#define GRID_FIND    128

struct grid_cell {
	struct buf text;
	enum style style;
	bool value; /* text of an event: blanks at its ends are marked */
};

struct grid_column {
	const char *title, *help;
	int width, weight, drop;
	bool right;
	/* first order when it is sorted by: 1 ascending, -1 descending, 0: cannot be sorted by */
	int order;
	void (*cell)(const void *row, const struct ui *ui, struct grid_cell *out);
	double (*number)(const void *row); /* what it is sorted by; NULL: the cell's text */
	/* draws the cell itself; NULL: its text */
	void (*draw)(
	    const void *row, const struct ui *ui, int y, int x, int cells, enum style style);
};

struct grid_def {
	const struct grid_column *column; /* ends with a NULL title */
	uint64_t (*identity)(const void *row);
	/* character left of the row, 0: none; NULL: none has one */
	char (*flag)(const void *row, enum style *style);
	unsigned sort;	   /* column; GRID_COLUMNS: as they come */
	const char *empty; /* what is said when there are no rows */
};

struct grid {
	const struct grid_def *def;
	unsigned sort;
	bool descending;
	uint64_t anchor;
	bool anchored;
	unsigned cursor, top, n;
	int page;
	struct layout_column lay[GRID_COLUMNS];
	const char *base; /* the rows of the last draw: looked at only while that snapshot lives */
	size_t size;
	uint32_t *order;
	unsigned cap;
	bool passive; /* a pane to look at: no cursor */
	char find[GRID_FIND];
};

void grid_init(struct grid *g, const struct grid_def *def);
void grid_release(struct grid *g);
/* Looks at n rows of `size` bytes: sorts them and finds the cursor's row. Before anything below. */
void grid_set(struct grid *g, const struct ui *ui, const void *rows, size_t size, unsigned n);
void grid_draw(struct grid *g, const struct ui *ui, struct area a);
/* The row under the cursor; NULL: there is none. */
const void *grid_row(const struct grid *g);
/* Movement and sort. REACT_PASS when it is none of these. */
unsigned grid_act(struct grid *g, enum action a);
unsigned grid_find(struct grid *g, struct ui *ui, const char *text, int dir);
void grid_place(const struct grid *g, struct buf *out);
void grid_sort_by(struct grid *g, unsigned column);
unsigned grid_ncolumns(const struct grid *g);

#endif
