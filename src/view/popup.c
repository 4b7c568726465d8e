/*
 * What menus, pickers and help screens share. Not here: what their lines are.
 */
#include "view/popup.h"

#include "base/banned.h"

struct area
popup_box(struct area a, int h, int w, const char *title)
{
	struct area box = { a.y, a.x, h + 2, w + 4 };

	box.h = box.h > a.h ? a.h : box.h;
	box.w = box.w > a.w ? a.w : box.w;
	box.y = a.y + (a.h - box.h) / 2;
	box.x = a.x + (a.w - box.w) / 2;
	return draw_box(box, title);
}

void
popup_fit(struct popup *p, int n, int page)
{
	p->n = n;
	p->page = page > 0 ? page : 1;
	p->cursor = p->cursor >= n ? n - 1 : p->cursor;
	p->cursor = p->cursor < 0 ? 0 : p->cursor;
	if (p->cursor < p->top)
		p->top = p->cursor;
	if (p->cursor >= p->top + p->page)
		p->top = p->cursor - p->page + 1;
	if (p->top + p->page > n)
		p->top = n > p->page ? n - p->page : 0;
}

unsigned
popup_act(struct popup *p, enum action a)
{
	int by = 0;

	switch (a) {
	case ACTION_UP: by = -1; break;
	case ACTION_DOWN: by = 1; break;
	case ACTION_PAGE_UP:
	case ACTION_HALF_UP: by = -p->page; break;
	case ACTION_PAGE_DOWN:
	case ACTION_HALF_DOWN: by = p->page; break;
	case ACTION_FIRST: by = -p->n; break;
	case ACTION_LAST: by = p->n; break;
	case ACTION_ENTER: return REACT_PASS;
	case ACTION_BACK:
	case ACTION_QUIT: return REACT_POP;
	case ACTION_QUIT_NOW: return REACT_QUIT;
	case ACTION_REDRAW: return REACT_REPAINT;
	case ACTION_SUSPEND: return REACT_SUSPEND;
	default: return REACT_NONE;
	}
	p->cursor += by;
	p->cursor = p->cursor >= p->n ? p->n - 1 : p->cursor;
	p->cursor = p->cursor < 0 ? 0 : p->cursor;
	return REACT_REDRAW;
}
