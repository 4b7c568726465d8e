/*
 * Drawing: the only way to put characters on the screen. draw_text() is the choke point that runs
 * the sanitiser; no other file in the tree calls addstr, printw and their family (checked in `make
 * check`).
 */
#ifndef FALCOTOP_TUI_DRAW_H
#define FALCOTOP_TUI_DRAW_H

#include "base/slice.h"
#include "event/priority.h"

/*
 * After the screen is open: what may be put on it. ASCII also draws lines, marks and graphs with
 * ASCII.
 */
void draw_init(bool ascii);
bool draw_ascii(void);
/* Empties the screen that the next frame is composed on. */
void draw_erase(void);
/* Size of the screen. */
int draw_rows(void);
int draw_cols(void);

/* A rectangle of the screen. */
struct area {
	int y, x, h, w;
};

enum style {
	STYLE_NORMAL,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_BAR,     /* header and function bar */
	STYLE_BAR_KEY, /* key names in the function bar */
	STYLE_TITLE,   /* page and pane titles, breadcrumb */
	STYLE_TAB,
	STYLE_TAB_ON,
	STYLE_HEADER,  /* column titles */
	STYLE_SORT,    /* title of the sort column */
	STYLE_CURSOR,  /* selected row */
	STYLE_CELL,    /* selected cell of the selected row */
	STYLE_MATCH,   /* found text */
	STYLE_MISSING, /* <absent>, <null> */
	STYLE_HOSTILE, /* the ! flag */
	STYLE_OK,
	STYLE_WARN,
	STYLE_ALARM,
	STYLE_GRAPH,
	STYLE_PRIORITY, /* + enum priority */
	STYLE_COUNT = STYLE_PRIORITY + PRIORITY_COUNT
};

/*
 * Event text, or any text: sanitised, cut to `cells` with a mark, padded with blanks to `cells`;
 * clipped to the screen. Returns the cells its text took.
 */
int draw_text(int y, int x, int cells, enum style style, struct slice s);
/* The same, aligned right. */
int draw_right(int y, int x, int cells, enum style style, struct slice s);
/* Cut from the left (paths, image names): the end stays. */
int draw_tail(int y, int x, int cells, enum style style, struct slice s);
/* A value that stands alone: as draw_text() and draw_tail(), but blanks at its ends show as \x20.
 */
int draw_value(int y, int x, int cells, enum style style, struct slice s);
int draw_value_tail(int y, int x, int cells, enum style style, struct slice s);
int draw_value_width(struct slice s, int max);
/* Text of the program's own, formatted; goes through the same sanitiser. Not padded: at most
 * `cells`. Returns the cells taken. */
int draw_fmt(int y, int x, int cells, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void draw_fill(struct area a, enum style style);
void draw_hline(int y, int x, int w, enum style style);
void draw_vline(int y, int x, int h, enum style style);
/* Cells the text would take, at most max. */
int draw_width(struct slice s, int max);
/*
 * The part of s that fills one line of `cells`, broken at a blank where there is one; the rest
 * stays in *s. Text of an event may be long: only what fits is looked at.
 */
struct slice draw_break(struct slice *s, int cells);
/* Draws a box with a title around a, and empties the inside; returns the inside. */
struct area draw_box(struct area a, const char *title);
/* Puts the terminal's cursor there (prompts). */
void draw_cursor(int y, int x);
/* Sparkline of n values, oldest first, one cell each: blocks, or " .:-=+*#%@" in ASCII. */
void draw_spark(int y, int x, enum style style, const uint32_t *v, unsigned n);
/* n values as columns of a.h lines, oldest first, one cell each; max: the value of a full column.
 */
void draw_columns(struct area a, enum style style, const double *v, unsigned n, double max);
/* A bar of `cells` filled to part/whole. */
void draw_gauge(int y, int x, int cells, enum style style, uint64_t part, uint64_t whole);

#endif
