/*
 * Views: what fills the screen between the header and the function bar. A view asks (request),
 * draws what came back (draw), and answers actions; it never touches the model, the terminal's
 * state, or another view. New kinds of page are one file and one row in view_kinds; new tables are
 * rows of query/viewdef.c and need no code here.
 */
#ifndef FALCOTOP_VIEW_VIEW_H
#define FALCOTOP_VIEW_VIEW_H

#include "pipeline/engine.h"
#include "query/viewdef.h"
#include "tui/draw.h"

enum action {
	ACTION_NONE,
#define ACTION(id, name, keys, group, help) ACTION_##id,
#include "view/actions.def"
#undef ACTION
	ACTION_COUNT
};

/* What must happen after an action: bits; only the loop acts on them. */
enum reaction {
	REACT_NONE = 0,
	REACT_REDRAW = 1 << 0,
	REACT_REQUEST = 1 << 1, /* the question changed: ask again */
	REACT_PUSH = 1 << 2,	/* ui->next holds the view to open on top */
	REACT_POP = 1 << 3,
	REACT_QUIT = 1 << 4,
	REACT_PASS = 1 << 5,	/* not mine: the stack's common handling */
	REACT_SHAPE = 1 << 6,	/* another question: what older snapshots hold must not be drawn */
	REACT_SUSPEND = 1 << 7, /* to the shell */
	REACT_REPAINT = 1 << 8	/* send the whole screen anew */
};

struct ui; /* view/stack.h: the state shared by all views: filter, time zone, snapshot, message line
	    */

struct view {
	const struct view_ops *ops;
	struct view *below; /* the view it was opened from */
};

struct view_ops {
	const char *kind; /* table, entity, event, picker, help, health */
	/* Drawn over the view below, whose question stays: menus and pickers. They get every action
	 * first, also Up and Down. */
	bool overlay;
	/* Keys of this page for the function bar, in pairs: key, word, …, NULL. NULL: none of its
	 * own. */
	const char *const *hints;
	/* Name for the breadcrumb, e.g. "Shells" or "user:root": event text is allowed, the drawing
	 * sanitises. */
	void (*title)(const struct view *v, struct buf *out);
	/* Fills the panels it wants; r is initialised and has the common filter and time range to
	 * be added by ui_query(). */
	void (*request)(struct view *v, struct ui *ui, struct request *r);
	/* Draws into a. s may be NULL (nothing arrived yet) or answer an older request: never trust
	 * positions, only what is in s. */
	void (*draw)(struct view *v, struct ui *ui, struct area a, const struct snapshot *s);
	unsigned (*act)(
	    struct view *v, struct ui *ui, enum action action, const struct snapshot *s);
	/* A key that is no action (popup text input, digits); NULL: ignored. */
	unsigned (*key)(struct view *v, struct ui *ui, int key, const struct snapshot *s);
	/* The text of a find prompt (dir 1) or n and N (dir 1, -1; text NULL). NULL: the view has
	 * no find. */
	unsigned (*find)(
	    struct view *v, struct ui *ui, const char *text, int dir, const struct snapshot *s);
	/* What the footer shows of the place: "3/38". NULL: nothing. */
	void (*place)(const struct view *v, const struct snapshot *s, struct buf *out);
	/* A snapshot came, not drawn yet: cursors find their rows. Reactions. NULL: nothing to do.
	 */
	unsigned (*settle)(struct view *v, struct ui *ui, const struct snapshot *s);
	/* The grid of the page, for the sort menu and the legend; NULL: none. */
	struct grid *(*grid)(struct view *v);
	/* An overlay that is typed into: the terminal's cursor shows. */
	bool types;
	/* The list whose rows are siblings of a page opened from this view; NULL: none. */
	struct list *(*list)(struct view *v);
	/* Term that narrows to the selected row, for `u`, `c`, F5, + - = %: name and value of the
	 * cell under the cursor. False: none. */
	bool (*cell)(const struct view *v, const struct snapshot *s, struct buf *field,
	    struct buf *value, sym_t *kind);
	/* Value of a field in the selected row (user.name, container.id), for `u` and `c`. */
	bool (*field)(const struct view *v, const struct snapshot *s, const char *field,
	    struct buf *value, sym_t *kind);
	/* Moves to the next (+1) or previous (-1) sibling: { and }. NULL: none. */
	unsigned (*sibling)(struct view *v, struct ui *ui, int dir, const struct snapshot *s);
	void (*close)(struct view *v);
};

#endif
