/* A list of lines in a box over the page: menus, pickers, help, legends. */
#ifndef FALCOTOP_VIEW_POPUP_H
#define FALCOTOP_VIEW_POPUP_H

#include "view/stack.h"

struct popup {
	int cursor, top, n;
	int page; /* lines at the last draw */
};

/* Centred in a, at most h lines and w cells; draws the box. */
struct area popup_box(struct area a, int h, int w, const char *title);
/* Keeps the cursor on screen for n lines of which `page` show. */
void popup_fit(struct popup *p, int n, int page);
/* Movement and closing; REACT_PASS for Enter and what is not a movement. Other actions are
 * swallowed. */
unsigned popup_act(struct popup *p, enum action a);

#endif
