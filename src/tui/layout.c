/*
 * Columns of a table in a given width: the least useful fall away first (some into another column),
 * then what is spare goes to those whose content is cut. Not here: drawing.
 */
#include "tui/layout.h"

#include "base/banned.h"

#define NARROWEST 4

/* What a column starts with: no more than its content takes when it may grow anyway. */
static int
start_width(const struct layout_column *c)
{
	if (c->weight == 0 || c->need == 0 || c->need >= c->width)
		return c->width;
	return c->need < NARROWEST ? NARROWEST : c->need;
}

static int
total(const struct layout_column *c, unsigned n)
{
	int w = 0;

	for (unsigned i = 0; i < n; i++)
		if (c[i].shown)
			w += c[i].cells + (w > 0);
	return w;
}

/* The shown column that goes next; -1 when all must stay. */
static int
next_to_drop(const struct layout_column *c, unsigned n)
{
	int best = -1;

	for (unsigned i = 0; i < n; i++)
		if (c[i].shown && c[i].drop > 0 && (best < 0 || c[i].drop > c[best].drop))
			best = (int)i;
	return best;
}

static void
drop(struct layout_column *c, unsigned n, int i)
{
	int to = c[i].join;

	c[i].shown = false;
	if (to < 0 || (unsigned)to >= n || !c[to].shown)
		return;
	c[i].joined = true;
	if (c[to].need > 0 && c[i].need > 0)
		c[to].need += c[i].need + c[i].joint;
}

/* Takes cells from the widest until the rest fits: a screen narrower than what must stay. */
static void
squeeze(struct layout_column *c, unsigned n, int width)
{
	while (total(c, n) > width) {
		int widest = -1;

		for (unsigned i = 0; i < n; i++)
			if (c[i].shown && c[i].cells > NARROWEST && c[i].weight > 0 &&
			    (widest < 0 || c[i].cells > c[widest].cells))
				widest = (int)i;
		if (widest < 0)
			break;
		c[widest].cells--;
	}
}

/* Spare cells by weight, never more than the content takes. */
static void
spread(struct layout_column *c, unsigned n, int spare)
{
	while (spare > 0) {
		int weights = 0, given = 0;

		for (unsigned i = 0; i < n; i++)
			if (c[i].shown && c[i].cells < c[i].need && c[i].weight > 0)
				weights += c[i].weight;
		if (weights == 0)
			return;
		for (unsigned i = 0; i < n; i++) {
			int want, share;

			if (!c[i].shown || c[i].cells >= c[i].need || c[i].weight == 0)
				continue;
			share = spare * c[i].weight / weights;
			want = c[i].need - c[i].cells;
			share = share < 1 ? 1 : share;
			share = share > want ? want : share;
			share = share > spare - given ? spare - given : share;
			c[i].cells += share;
			given += share;
		}
		spare -= given;
	}
}

int
layout_columns(struct layout_column *c, unsigned n, int width)
{
	int x = 0;

	for (unsigned i = 0; i < n; i++) {
		c[i].shown = !c[i].never;
		c[i].joined = false;
		c[i].cells = start_width(&c[i]);
	}
	while (total(c, n) > width) {
		int i = next_to_drop(c, n);

		if (i < 0)
			break;
		drop(c, n, i);
	}
	squeeze(c, n, width);
	spread(c, n, width - total(c, n));
	for (unsigned i = 0; i < n; i++) {
		if (!c[i].shown) {
			c[i].cells = 0;
			continue;
		}
		c[i].x = x;
		if (x >= width)
			c[i].cells = 0;
		else if (x + c[i].cells > width)
			c[i].cells = width - x;
		x += c[i].cells + 1;
	}
	return x > 0 ? x - 1 : 0;
}
