/*
 * The histogram over time. Every priority that occurs in a column shows at least one cell, so that
 * one critical event among thousands of notices is seen. Not here: where the counts come from.
 */
#include "tui/graph.h"

#include <stdio.h>

#include "base/clock.h"
#include "event/timestamp.h"
#include "base/banned.h"

#define SCALE	       6 /* cells of the scale left of the columns */
#define ROWS_MAX_GRAPH 64

char
graph_letter(enum priority p)
{
	static const char letters[PRIORITY_COUNT] = { '?', 'D', 'I', 'N', 'W', 'E', 'C', 'A', 'M' };

	return p < PRIORITY_COUNT ? letters[p] : '?';
}

int
graph_buckets(int w)
{
	return w > SCALE ? w - SCALE : 0;
}

static uint64_t
sum(const uint64_t count[PRIORITY_COUNT])
{
	uint64_t n = 0;

	for (int p = 0; p < PRIORITY_COUNT; p++)
		n += count[p];
	return n;
}

/* Priorities of the cells of one column, bottom first; returns how many cells it has. */
static int
stack_column(const uint64_t count[PRIORITY_COUNT], uint64_t max, int h, enum priority *cell)
{
	uint64_t all = sum(count);
	int height = all == 0 ? 0 : (int)((all * (uint64_t)h + max - 1) / max), used = 0, kinds = 0;
	int take[PRIORITY_COUNT] = { 0 };

	for (int p = 0; p < PRIORITY_COUNT; p++)
		kinds += count[p] > 0;
	height = height < kinds ? kinds : height;
	height = height > h ? h : height;
	/* From the most severe down: one cell each, so that the rare and severe never vanishes. */
	for (int p = PRIORITY_COUNT - 1; p >= 0 && used < height; p--)
		if (count[p] > 0)
			take[p] = 1, used++;
	for (int p = PRIORITY_COUNT - 1; p >= 0 && all > 0; p--) {
		int share = (int)(count[p] * (uint64_t)height / all);

		if (share > take[p] && take[p] > 0) {
			int more =
			    share - take[p] < height - used ? share - take[p] : height - used;

			take[p] += more;
			used += more;
		}
	}
	for (int p = 0; p < PRIORITY_COUNT && used < height; p++)
		if (take[p] > 0) {
			take[p] += height - used;
			used = height;
		}
	used = 0;
	for (int p = 0; p < PRIORITY_COUNT; p++)
		while (take[p]-- > 0)
			cell[used++] = (enum priority)p;
	return used;
}

/* A clock label, or a date when the graph spans days; returns its cells. */
static int
axis_label(const struct graph *g, int64_t t, char out[16])
{
	int64_t span = g->to - g->from;
	struct buf text = { 0 };
	int skip = 0, n = 8;

	if (span > 48 * 3600 * NSEC_PER_SEC) {
		time_print(&text, t, TIME_ISO_SECOND, g->local);
		skip = n = 5; /* month and day */
	} else {
		time_print(&text, t, TIME_CLOCK, g->local);
		n = span > 20 * 60 * NSEC_PER_SEC ? 5 : 8;
	}
	(void)snprintf(out, 16, "%.*s", n, text.p + skip);
	buf_release(&text);
	return n;
}

static void
draw_axis(struct area a, const struct graph *g, int cols)
{
	int y = a.y + a.h - 1, step = cols >= 60 ? cols / 4 : cols / 2, x0 = a.x + SCALE, n;
	double span = (double)(g->to - g->from);
	char label[16];

	draw_hline(y, x0, cols, STYLE_DIM);
	n = axis_label(g, g->to, label);
	if (cols < 2 * n + 2)
		return;
	(void)draw_text(y, x0 + cols - n, n, STYLE_DIM, slice_of(label));
	for (int x = 0; x + 2 * n < cols && step > n; x += step) {
		n = axis_label(g, g->from + (int64_t)(span * x / cols), label);
		(void)draw_text(y, x0 + x, n, STYLE_DIM, slice_of(label));
	}
}

static void
short_count(char out[SCALE], uint64_t n)
{
	static const char unit[] = " kMGT";
	unsigned u = 0;

	for (; n >= 10000 && u < 4; u++)
		n /= 1000;
	(void)snprintf(out, SCALE, u == 0 ? "%u" : "%u%c", (unsigned)n, unit[u]);
}

void
graph_draw(struct area a, const struct graph *g)
{
	int h = a.h - 1, cols = graph_buckets(a.w);
	enum priority cell[ROWS_MAX_GRAPH];
	uint64_t max = 0;
	char label[SCALE];

	if (h < 1 || cols < 1 || g->n == 0)
		return;
	h = h > ROWS_MAX_GRAPH ? ROWS_MAX_GRAPH : h;
	cols = (int)g->n < cols ? (int)g->n : cols;
	for (int x = 0; x < cols; x++) {
		uint64_t n = sum(g->count[x]);

		max = n > max ? n : max;
	}
	for (int x = 0; x < cols && max > 0; x++) {
		int n = stack_column(g->count[x], max, h, cell);

		for (int i = 0; i < n; i++) {
			char letter = graph_letter(cell[i]);

			(void)draw_text(a.y + h - 1 - i, a.x + SCALE + x, 1,
			    STYLE_PRIORITY + cell[i], (struct slice){ &letter, 1 });
		}
	}
	short_count(label, max);
	(void)draw_right(a.y, a.x, SCALE - 2, STYLE_DIM, slice_of(label));
	draw_vline(a.y, a.x + SCALE - 1, h, STYLE_DIM);
	draw_axis(a, g, cols);
}
