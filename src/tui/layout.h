/* How the columns of a table share a width: pure arithmetic. */
#ifndef FALCOTOP_TUI_LAYOUT_H
#define FALCOTOP_TUI_LAYOUT_H

#include <stdbool.h>

struct layout_column {
	/* given */
	int width;  /* cells it should have */
	int need;   /* cells its content and title take; 0 = not known yet: width */
	int weight; /* its share of spare cells; 0: fixed at width */
	int drop;   /* falls away in order of the highest number; 0: stays */
	int join;   /* column that shows this one's values when it falls away; -1: none */
	int joint;  /* cells of what stands between joined values */
	bool never; /* not wanted at any width */
	/* found */
	bool shown;
	bool joined; /* not shown, its values stand in column `join` */
	int x;	     /* first cell, from 0 */
	int cells;   /* 0: no room at all */
};

/* One blank between columns. Returns the cells used. */
int layout_columns(struct layout_column *c, unsigned n, int width);

#endif
