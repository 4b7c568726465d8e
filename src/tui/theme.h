/* Colours and attributes of the styles of tui/draw.h: 256, 16, 8 or no colours. Meaning is never in
 * the colour alone. */
#ifndef FALCOTOP_TUI_THEME_H
#define FALCOTOP_TUI_THEME_H

#include "tui/draw.h"

enum color_mode {
	COLOR_MODE_AUTO, /* what the terminal has; none when NO_COLOR is set and not empty */
	COLOR_MODE_NEVER,
	COLOR_MODE_8,
	COLOR_MODE_16,
	COLOR_MODE_256
};

/* "auto", "never", "8", "16", "256"; "always" is auto without NO_COLOR's say. False when it is none
 * of them. */
bool color_mode_parse(const char *s, enum color_mode *out);

/* After newterm(). Sets up the pairs the terminal has room for. */
void theme_init(enum color_mode mode);
/* The attributes (with colour pair) of a style. */
unsigned long theme_attr(enum style s);
/* Colours in use: 0, 8, 16 or 256. */
int theme_colors(void);

#endif
