/*
 * One line of pieces. Not here: what they say.
 */
#include "view/strip.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/banned.h"

bool
strip_add(struct strip *s, int gap, enum style style, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n, w;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n <= 0)
		return true;
	w = draw_width(slice_of(text), 512);
	if (s->x + gap + w > s->end)
		return false;
	if (gap > 0)
		(void)draw_text(s->y, s->x, gap, s->between, (struct slice){ NULL, 0 });
	(void)draw_text(s->y, s->x + gap, w, style, slice_of(text));
	s->x += gap + w;
	return true;
}
