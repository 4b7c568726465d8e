/* A line of tabs. */
#ifndef FALCOTOP_VIEW_TABS_H
#define FALCOTOP_VIEW_TABS_H

#include <stdbool.h>

struct tab {
	char key;
	const char *title;
	bool on;
};

/* Draws what fits; the tab that is on always shows. */
void tabs_draw(int y, const struct tab *tab, unsigned n);

#endif
