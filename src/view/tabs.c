/*
 * Tabs: "[1 Shells] 2 Users". Not here: what they switch.
 */
#include "view/tabs.h"

#include <string.h>

#include "view/strip.h"
#include "base/banned.h"

/* Two blanks between tabs where there is room, else one. */
static int
width(const struct tab *t, bool tight)
{
	return (int)strlen(t->title) + (tight && !t->on ? 3 : 4);
}

void
tabs_draw(int y, const struct tab *tab, unsigned n)
{
	int cols = draw_cols(), x = 0;
	bool tight = cols < 100;
	struct strip to = { y, 0, cols, STYLE_TAB };
	unsigned first = 0, on = 0;

	draw_fill((struct area){ y, 0, 1, cols }, STYLE_TAB);
	for (unsigned i = 0; i < n; i++)
		on = tab[i].on ? i : on;
	for (unsigned i = 0; i <= on && i < n; i++)
		x += width(&tab[i], tight);
	for (; x > cols && first < on; first++)
		x -= width(&tab[first], tight);
	for (unsigned i = first; i < n; i++)
		if (!strip_add(&to, 0, tab[i].on ? STYLE_TAB_ON : STYLE_TAB,
			tab[i].on ? "[%c %s]"
			: tight	  ? " %c %s"
				  : " %c %s ",
			tab[i].key, tab[i].title))
			break;
}
