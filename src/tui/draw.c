/*
 * The only file that puts characters on the screen. Everything goes through put(), and all text
 * through the sanitiser first: ncurses passes bidi and zero-width characters on to the terminal,
 * and moves the cursor for CR, LF and tabs. Not here: what is drawn where (view/), colours
 * (theme.c), graphs (graph.c).
 */
#include "tui/draw.h"

#include <curses.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/sanitise.h"
#include "base/utf8.h"
#include "tui/theme.h"
#include "base/banned.h"

static bool ascii_only;
static struct buf scratch;

void
draw_init(bool ascii)
{
	ascii_only = ascii;
}

bool
draw_ascii(void)
{
	return ascii_only;
}

void
draw_erase(void)
{
	werase(stdscr);
}

int
draw_rows(void)
{
	return getmaxy(stdscr);
}

int
draw_cols(void)
{
	return getmaxx(stdscr);
}

static enum sanitise_charset
charset(void)
{
	return ascii_only ? SANITISE_ASCII : SANITISE_UTF8;
}

static const char *
cut_mark(void)
{
	return ascii_only ? "~" : "…";
}

/* The choke point: safe text only. */
static void
put(int y, int x, enum style style, const char *p, size_t len)
{
	if (len == 0)
		return;
	(void)wattrset(stdscr, (int)theme_attr(style));
	(void)mvwaddnstr(stdscr, y, x, p, (int)len);
	(void)wattrset(stdscr, A_NORMAL);
}

/* Clips to the screen; the number of cells left, 0 when none. */
static int
clip(int y, int *x, int cells)
{
	int cols = draw_cols();

	if (y < 0 || y >= draw_rows() || *x < 0 || *x >= cols || cells <= 0)
		return 0;
	return cells < cols - *x ? cells : cols - *x;
}

static void
blanks(struct buf *b, int n)
{
	if (n > 0) {
		memset(buf_room(b, (size_t)n), ' ', (size_t)n);
		b->len += (size_t)n;
	}
}

static int
draw_left(int y, int x, int cells, enum style style, struct slice s, bool value)
{
	int used = 0;

	cells = clip(y, &x, cells);
	if (cells == 0)
		return 0;
	buf_clear(&scratch);
	if (value)
		sanitise_value(&scratch, s, charset(), cells, cut_mark(), &used);
	else
		sanitise_cells(&scratch, s, charset(), cells, cut_mark(), &used);
	blanks(&scratch, cells - used);
	put(y, x, style, scratch.p, scratch.len);
	return used;
}

int
draw_text(int y, int x, int cells, enum style style, struct slice s)
{
	return draw_left(y, x, cells, style, s, false);
}

int
draw_value(int y, int x, int cells, enum style style, struct slice s)
{
	return draw_left(y, x, cells, style, s, true);
}

int
draw_right(int y, int x, int cells, enum style style, struct slice s)
{
	struct buf text = { 0 };
	int used = 0;

	cells = clip(y, &x, cells);
	if (cells == 0)
		return 0;
	sanitise_cells(&text, s, charset(), cells, cut_mark(), &used);
	buf_clear(&scratch);
	blanks(&scratch, cells - used);
	buf_add(&scratch, text.p, text.len);
	put(y, x, style, scratch.p, scratch.len);
	buf_release(&text);
	return used;
}

/* Width of safe text. */
static int
safe_width(const char *p, size_t len)
{
	int w = 0;

	while (len > 0) {
		uint32_t cp;
		unsigned n = utf8_decode(p, len, &cp);

		if (n == 0)
			n = 1, cp = '?';
		w += utf8_width(cp);
		p += n;
		len -= n;
	}
	return w;
}

static int
draw_end(int y, int x, int cells, enum style style, struct slice s, bool value)
{
	struct buf text = { 0 };
	size_t limit, at = 0;
	bool cut = false;
	int w = 0;

	cells = clip(y, &x, cells);
	if (cells == 0)
		return 0;
	limit = (size_t)cells * 16;
	if (s.len > limit) {
		s.p += s.len - limit;
		s.len = limit;
		while (s.len > 0 && ((unsigned char)*s.p & 0xc0) == 0x80)
			s.p++, s.len--;
		cut = true;
	}
	if (value)
		sanitise_value(&text, s, charset(), INT_MAX / 2, NULL, &w);
	else
		sanitise(&text, s, charset());
	w = safe_width(text.p, text.len);
	if (w > cells)
		cut = true;
	while (cut && at < text.len) {
		uint32_t cp;
		unsigned n = utf8_decode(text.p + at, text.len - at, &cp);

		if (n == 0)
			n = 1, cp = '?';
		if (w <= cells - 1 && utf8_width(cp) > 0)
			break;
		w -= utf8_width(cp);
		at += n;
	}
	buf_clear(&scratch);
	if (cut) {
		buf_adds(&scratch, cut_mark());
		w++;
	}
	buf_add(&scratch, text.p + at, text.len - at);
	blanks(&scratch, cells - w);
	put(y, x, style, scratch.p, scratch.len);
	buf_release(&text);
	return w;
}

int
draw_tail(int y, int x, int cells, enum style style, struct slice s)
{
	return draw_end(y, x, cells, style, s, false);
}

int
draw_value_tail(int y, int x, int cells, enum style style, struct slice s)
{
	return draw_end(y, x, cells, style, s, true);
}

int
draw_fmt(int y, int x, int cells, enum style style, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n, used = 0;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cells = clip(y, &x, cells);
	if (n <= 0 || cells == 0)
		return 0;
	buf_clear(&scratch);
	sanitise_cells(&scratch, slice_of(text), charset(), cells, cut_mark(), &used);
	put(y, x, style, scratch.p, scratch.len);
	return used;
}

int
draw_width(struct slice s, int max)
{
	int used = 0;

	if (max <= 0)
		return 0;
	buf_clear(&scratch);
	sanitise_cells(&scratch, s, charset(), max, "~", &used);
	return used;
}

int
draw_value_width(struct slice s, int max)
{
	int used = 0;

	if (max <= 0)
		return 0;
	buf_clear(&scratch);
	sanitise_value(&scratch, s, charset(), max, "~", &used);
	return used;
}

struct slice
draw_break(struct slice *s, int cells)
{
	size_t lo = 0, hi, blank = 0;
	struct slice line;

	/* No byte takes less than a quarter of a cell unless it combines; then lines get shorter,
	 * not longer. */
	hi = s->len < (size_t)cells * 4 ? s->len : (size_t)cells * 4;
	if (draw_width((struct slice){ s->p, hi }, cells + 1) > cells) {
		while (lo + 1 < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (draw_width((struct slice){ s->p, mid }, cells + 1) > cells)
				hi = mid;
			else
				lo = mid;
		}
		hi = lo > 0 ? lo : 1;
	}
	while (hi < s->len && hi > 1 && ((unsigned char)s->p[hi] & 0xc0) == 0x80)
		hi--;
	if (hi < s->len) {
		for (blank = hi; blank > hi / 2 && s->p[blank] != ' '; blank--)
			;
		if (blank > hi / 2)
			hi = blank;
	}
	line = (struct slice){ s->p, hi };
	while (hi < s->len && s->p[hi] == ' ')
		hi++;
	s->p += hi;
	s->len -= hi;
	return line;
}

void
draw_fill(struct area a, enum style style)
{
	for (int y = a.y; y < a.y + a.h; y++)
		(void)draw_text(y, a.x, a.w, style, (struct slice){ NULL, 0 });
}

static void
draw_repeat(int y, int x, int n, enum style style, const char *utf8, const char *ascii)
{
	n = clip(y, &x, n);
	buf_clear(&scratch);
	for (int i = 0; i < n; i++)
		buf_adds(&scratch, ascii_only ? ascii : utf8);
	put(y, x, style, scratch.p, scratch.len);
}

void
draw_hline(int y, int x, int w, enum style style)
{
	draw_repeat(y, x, w, style, "─", "-");
}

void
draw_vline(int y, int x, int h, enum style style)
{
	for (int i = 0; i < h; i++)
		draw_repeat(y + i, x, 1, style, "│", "|");
}

struct area
draw_box(struct area a, const char *title)
{
	struct area in = { a.y + 1, a.x + 2, a.h - 2, a.w - 4 };

	draw_fill(a, STYLE_NORMAL);
	draw_repeat(a.y, a.x, 1, STYLE_DIM, "┌", "+");
	draw_hline(a.y, a.x + 1, a.w - 2, STYLE_DIM);
	draw_repeat(a.y, a.x + a.w - 1, 1, STYLE_DIM, "┐", "+");
	draw_vline(a.y + 1, a.x, a.h - 2, STYLE_DIM);
	draw_vline(a.y + 1, a.x + a.w - 1, a.h - 2, STYLE_DIM);
	draw_repeat(a.y + a.h - 1, a.x, 1, STYLE_DIM, "└", "+");
	draw_hline(a.y + a.h - 1, a.x + 1, a.w - 2, STYLE_DIM);
	draw_repeat(a.y + a.h - 1, a.x + a.w - 1, 1, STYLE_DIM, "┘", "+");
	(void)draw_fmt(a.y, a.x + 2, a.w - 4, STYLE_TITLE, " %s ", title);
	return in;
}

void
draw_cursor(int y, int x)
{
	if (y >= 0 && y < draw_rows() && x >= 0 && x < draw_cols())
		(void)wmove(stdscr, y, x);
}

#define LEVELS 8 /* of a cell, without none */

static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const chars[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };

void
draw_columns(struct area a, enum style style, const double *v, unsigned n, double max)
{
	int x = a.x, cells = (int)n < a.w ? (int)n : a.w;

	for (int y = 0; y < a.h; y++) {
		double floor = (double)(a.h - 1 - y) * LEVELS;

		cells = clip(a.y + y, &x, cells);
		buf_clear(&scratch);
		for (int i = 0; i < cells; i++) {
			double level = v[i] <= 0 ? 0 : v[i] * a.h * LEVELS / max - floor;

			/* Anything above nothing shows. */
			if (v[i] > 0 && y == a.h - 1 && level < 1)
				level = 1;
			level = level < 0 ? 0 : level > LEVELS ? LEVELS : level;
			buf_adds(&scratch, (ascii_only ? chars : blocks)[(unsigned)level]);
		}
		put(a.y + y, x, style, scratch.p, scratch.len);
	}
}

void
draw_spark(int y, int x, enum style style, const uint32_t *v, unsigned n)
{
	uint32_t max = 1;

	n = (unsigned)clip(y, &x, (int)n);
	for (unsigned i = 0; i < n; i++)
		max = v[i] > max ? v[i] : max;
	buf_clear(&scratch);
	for (unsigned i = 0; i < n; i++) {
		/* Anything above nothing shows. */
		unsigned level = v[i] == 0 ? 0 : 1 + (unsigned)((uint64_t)v[i] * 7 / max);

		buf_adds(&scratch, ascii_only ? chars[level] : blocks[level]);
	}
	put(y, x, style, scratch.p, scratch.len);
}

void
draw_gauge(int y, int x, int cells, enum style style, uint64_t part, uint64_t whole)
{
	int n;

	cells = clip(y, &x, cells);
	if (part > whole)
		part = whole;
	n = whole == 0 ? 0 : (int)((double)part / (double)whole * cells + 0.5);
	if (n == 0 && part > 0)
		n = 1;
	draw_repeat(y, x, n, style, "█", "#");
	draw_repeat(y, x + n, cells - n, style, "░", ".");
}
