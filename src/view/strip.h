/* Pieces of text side by side on one line: a piece that does not fit is left out whole, never cut
 * in mid-word. */
#ifndef FALCOTOP_VIEW_STRIP_H
#define FALCOTOP_VIEW_STRIP_H

#include "tui/draw.h"

struct strip {
	int y, x, end;	    /* next cell, and the one after the last */
	enum style between; /* style of the blanks */
};

/* Adds a piece after `gap` blanks. False: no room (and nothing later is drawn either when stop is
 * set by the caller). */
bool strip_add(struct strip *s, int gap, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
