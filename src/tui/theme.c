/*
 * Styles to attributes. Four palettes in one table; letters and marks carry the meaning, colour
 * repeats it. Not here: which style something gets.
 */
#include "tui/theme.h"

#include <curses.h>
#include <stdlib.h>

#include "base/banned.h"

/* Colours: -1 is the terminal's own. `mono` is used without colours. */
struct look {
	short fg256, bg256;
	short fg8, bg8;
	attr_t attr, mono;
};

static const struct look looks[STYLE_COUNT] = {
	[STYLE_NORMAL] = { -1, -1, -1, -1, 0, 0 },
	[STYLE_DIM] = { 244, -1, -1, -1, 0, 0 },
	[STYLE_BOLD] = { -1, -1, -1, -1, A_BOLD, A_BOLD },
	[STYLE_BAR] = { 254, 24, COLOR_WHITE, COLOR_BLUE, 0, A_REVERSE },
	[STYLE_BAR_KEY] = { 231, 236, COLOR_WHITE, COLOR_BLACK, A_BOLD, A_BOLD },
	[STYLE_TITLE] = { 37, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[STYLE_TAB] = { 250, 236, COLOR_WHITE, COLOR_BLACK, 0, 0 },
	[STYLE_TAB_ON] = { 231, 24, COLOR_WHITE, COLOR_BLUE, A_BOLD, A_REVERSE },
	[STYLE_HEADER] = { 231, 238, COLOR_BLACK, COLOR_CYAN, A_BOLD, A_BOLD | A_UNDERLINE },
	[STYLE_SORT] = { 221, 238, COLOR_WHITE, COLOR_CYAN, A_BOLD, A_REVERSE | A_BOLD },
	[STYLE_CURSOR] = { 231, 25, COLOR_WHITE, COLOR_BLUE, 0, A_REVERSE },
	[STYLE_CELL] = { 16, 117, COLOR_BLACK, COLOR_CYAN, A_BOLD,
	    A_REVERSE | A_BOLD | A_UNDERLINE },
	[STYLE_MATCH] = { 16, 221, COLOR_BLACK, COLOR_YELLOW, 0, A_UNDERLINE | A_BOLD },
	[STYLE_MISSING] = { 244, -1, -1, -1, 0, 0 },
	[STYLE_HOSTILE] = { 199, -1, COLOR_MAGENTA, -1, A_BOLD, A_BOLD },
	[STYLE_OK] = { 35, -1, COLOR_GREEN, -1, 0, 0 },
	[STYLE_WARN] = { 172, -1, COLOR_YELLOW, -1, A_BOLD, A_BOLD },
	[STYLE_ALARM] = { 231, 160, COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD },
	[STYLE_GRAPH] = { 37, -1, COLOR_CYAN, -1, 0, 0 },
	[STYLE_PRIORITY + PRIORITY_UNKNOWN] = { 244, -1, -1, -1, 0, 0 },
	[STYLE_PRIORITY + PRIORITY_DEBUG] = { 244, -1, -1, -1, 0, 0 },
	[STYLE_PRIORITY + PRIORITY_INFORMATIONAL] = { 33, -1, COLOR_BLUE, -1, 0, 0 },
	[STYLE_PRIORITY + PRIORITY_NOTICE] = { 37, -1, COLOR_CYAN, -1, 0, 0 },
	[STYLE_PRIORITY + PRIORITY_WARNING] = { 172, -1, COLOR_YELLOW, -1, 0, 0 },
	[STYLE_PRIORITY + PRIORITY_ERROR] = { 203, -1, COLOR_RED, -1, 0, A_BOLD },
	[STYLE_PRIORITY + PRIORITY_CRITICAL] = { 196, -1, COLOR_RED, -1, A_BOLD, A_BOLD },
	[STYLE_PRIORITY + PRIORITY_ALERT] = { 231, 160, COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE },
	[STYLE_PRIORITY +
	    PRIORITY_EMERGENCY] = { 231, 127, COLOR_WHITE, COLOR_MAGENTA, A_BOLD, A_REVERSE },
};

static int colors;
static attr_t attrs[STYLE_COUNT];

bool
color_mode_parse(const char *s, enum color_mode *out)
{
	static const struct {
		const char *name;
		enum color_mode mode;
	} modes[] = {
		{ "auto", COLOR_MODE_AUTO },
		{ "always", COLOR_MODE_256 },
		{ "never", COLOR_MODE_NEVER },
		{ "none", COLOR_MODE_NEVER },
		{ "8", COLOR_MODE_8 },
		{ "16", COLOR_MODE_16 },
		{ "256", COLOR_MODE_256 },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(s, modes[i].name) == 0) {
			*out = modes[i].mode;
			return true;
		}
	return false;
}

static int
colors_of(enum color_mode mode)
{
	static const int wish[] = { [COLOR_MODE_AUTO] = 256,
		[COLOR_MODE_8] = 8,
		[COLOR_MODE_16] = 16,
		[COLOR_MODE_256] = 256 };
	const char *no = getenv("NO_COLOR");
	int have;

	if (mode == COLOR_MODE_NEVER || (mode == COLOR_MODE_AUTO && no != NULL && *no != '\0'))
		return 0;
	if (!has_colors() || start_color() == ERR)
		return 0;
	have = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
	return have < wish[mode] ? have : wish[mode];
}

void
theme_init(enum color_mode mode)
{
	bool own;

	colors = colors_of(mode);
	own = colors > 0 && use_default_colors() == OK;
	for (int i = 0; i < STYLE_COUNT; i++) {
		const struct look *l = &looks[i];
		short fg = colors >= 256 ? l->fg256 : l->fg8,
		      bg = colors >= 256 ? l->bg256 : l->bg8;

		attrs[i] = colors > 0 ? l->attr : l->mono;
		if (colors == 0 || i + 1 >= COLOR_PAIRS || (fg < 0 && bg < 0))
			continue;
		if (colors == 16 && fg > 0 && bg < 0)
			fg = (short)(fg + 8); /* the bright half */
		if (!own) {
			fg = fg < 0 ? COLOR_WHITE : fg;
			bg = bg < 0 ? COLOR_BLACK : bg;
		}
		if (init_pair((short)(i + 1), fg, bg) == OK)
			attrs[i] |= COLOR_PAIR(i + 1);
		else
			attrs[i] = l->mono;
	}
}

unsigned long
theme_attr(enum style s)
{
	return s < STYLE_COUNT ? attrs[s] : 0;
}

int
theme_colors(void)
{
	return colors;
}
