/* Counts over time as stacked columns: one letter and one colour a priority. */
#ifndef FALCOTOP_TUI_GRAPH_H
#define FALCOTOP_TUI_GRAPH_H

#include "tui/draw.h"

struct graph {
	const uint64_t (*count)[PRIORITY_COUNT]; /* n buckets, oldest first */
	unsigned n;
	int64_t from, to; /* ns: the span they cover */
	bool local;	  /* clock labels in local time */
};

/* Letter of a priority: M A C E W N I D, ? when unknown. */
char graph_letter(enum priority p);
/* Cells left for buckets when a graph is drawn in w cells (the scale takes some). */
int graph_buckets(int w);
/* Columns above an axis with clock labels; needs two lines at least. */
void graph_draw(struct area a, const struct graph *g);

#endif
