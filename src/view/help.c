/*
 * Help, made of the action table: every key there is, by group. / searches it; Enter does what the
 * line says.
 */
#include "view/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "query/predicate.h"
#include "view/actions.h"
#include "view/popup.h"
#include "view/text.h"
#include "base/banned.h"

#define HELP_LINES (2 * ACTION_COUNT + 16)

/* A line is a group's title, an action, or a note. */
struct help_line {
	const char *title;
	enum action action;
};

struct help {
	struct view view;
	struct popup popup;
	unsigned n;
	struct help_line line[HELP_LINES];
	char find[64]; /* being typed: what is typed is looked for at once */
	bool typing;
};

static const char *const notes[] = {
	"Priorities: EMR ALR CRT ERR WRN NTC INF DBG; ??? is none of Falco's words.",
	"N: never met before in this history. m: muted, shown by V. RISK 140!: over the threshold; R says why.",
	"> is the cursor; ! marks text that tries to act on a terminal, shown as ^[ or <U+202E>.",
	"<absent>: the event has no such field; <null>: null; \"\": empty; <NA>: Falco could not know.",
	"Filters are Falco conditions: = != < > contains icontains startswith in glob regex exists and or not ( ).",
	"A bare word searches the output. priority >= warning compares levels.",
};

static struct help *
help(struct view *v)
{
	return (struct help *)v;
}

static void
help_title(const struct view *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "help");
}

static void
key_list(const char *keys, char *out, size_t cap)
{
	size_t n = 0;

	/* "Up k" reads "Up, k" */
	for (; *keys != '\0' && n + 2 < cap; keys++) {
		if (*keys == ' ')
			out[n++] = ',';
		out[n++] = *keys;
	}
	out[n] = '\0';
}

static void
draw_line(const struct help *h, int i, struct area in, int y)
{
	const struct help_line *l = &h->line[i];
	bool on = i == h->popup.cursor;
	char keys[64];

	if (l->action == ACTION_NONE) {
		(void)draw_text(y, in.x, in.w, on ? STYLE_CURSOR : STYLE_TITLE, slice_of(l->title));
		return;
	}
	key_list(action_info(l->action)->keys, keys, sizeof(keys));
	(void)draw_text(y, in.x, 16, on ? STYLE_CURSOR : STYLE_BOLD, (struct slice){ NULL, 0 });
	(void)draw_fmt(y, in.x, 16, on ? STYLE_CURSOR : STYLE_BOLD, "%s%s", on ? ">" : " ", keys);
	(void)draw_text(y, in.x + 16, in.w - 16, on ? STYLE_CURSOR : STYLE_NORMAL,
	    slice_of(action_info(l->action)->help));
}

static void
help_draw(struct view *v, struct ui *ui, struct area a, const struct snapshot *s)
{
	struct help *h = help(v);
	char title[128];
	struct area in;

	(void)ui;
	(void)s;
	(void)snprintf(title, sizeof(title),
	    h->typing || h->find[0] != '\0' ? "help: find %s%s"
					    : "help: / finds, Enter does it, Esc leaves",
	    h->find, h->typing ? "_" : "  (n next)");
	in = popup_box(a, (int)h->n, a.w >= 120 ? 106 : a.w - 4, title);
	popup_fit(&h->popup, (int)h->n, in.h);
	for (int i = 0; i < in.h && h->popup.top + i < h->popup.n; i++)
		draw_line(h, h->popup.top + i, in, in.y + i);
}

static bool
line_has(const struct help_line *l, const char *lower)
{
	const char *text[2] = { l->title, NULL };

	if (l->action != ACTION_NONE) {
		text[0] = action_info(l->action)->help;
		text[1] = action_info(l->action)->keys;
	}
	for (int i = 0; i < 2; i++)
		if (text[i] != NULL &&
		    find_icase(text[i], strlen(text[i]), lower, strlen(lower)) != NULL)
			return true;
	return false;
}

static void
seek(struct help *h, int from, int dir)
{
	int n = (int)h->n;

	for (int i = 0; i < n && h->find[0] != '\0'; i++) {
		int at = ((from + dir * i) % n + n) % n;

		if (line_has(&h->line[at], h->find)) {
			h->popup.cursor = at;
			return;
		}
	}
}

static unsigned
help_key(struct view *v, struct ui *ui, int key, const struct snapshot *s)
{
	struct help *h = help(v);
	size_t n = strlen(h->find);

	(void)ui;
	(void)s;
	if (!h->typing)
		return REACT_PASS;
	if (key == KEYS_ENTER || key == KEYS_ESC) {
		h->typing = false;
		if (key == KEYS_ESC)
			h->find[0] = '\0';
	} else if (key == KEYS_BACKSPACE) {
		if (n > 0)
			h->find[n - 1] = '\0';
	} else if (key >= ' ' && key < 127 && n + 1 < sizeof(h->find)) {
		h->find[n] = (char)(key >= 'A' && key <= 'Z' ? key + 32 : key);
		h->find[n + 1] = '\0';
		seek(h, h->popup.cursor, 1);
	} else if (key >= KEYS_SPECIAL)
		return REACT_PASS;
	return REACT_REDRAW;
}

static unsigned
help_act(struct view *v, struct ui *ui, enum action a, const struct snapshot *s)
{
	struct help *h = help(v);
	enum action chosen;
	unsigned react;

	(void)s;
	switch (a) {
	case ACTION_HELP: return REACT_POP;
	case ACTION_FIND:
		h->typing = true;
		h->find[0] = '\0';
		return REACT_REDRAW;
	case ACTION_FIND_NEXT: seek(h, h->popup.cursor + 1, 1); return REACT_REDRAW;
	case ACTION_FIND_PREV: seek(h, h->popup.cursor - 1, -1); return REACT_REDRAW;
	default: break;
	}
	react = popup_act(&h->popup, a);
	if (react != REACT_PASS)
		return react;
	chosen = h->line[h->popup.cursor].action;
	if (chosen == ACTION_NONE || chosen == ACTION_HELP || chosen == ACTION_BACK ||
	    chosen == ACTION_QUIT)
		return REACT_POP;
	return REACT_POP | ui_do(ui, chosen);
}

static void
help_close(struct view *v)
{
	free(help(v));
}

static const struct view_ops help_ops = {
	.kind = "help",
	.overlay = true,
	.title = help_title,
	.draw = help_draw,
	.act = help_act,
	.key = help_key,
	.close = help_close,
};

struct view *
help_new(void)
{
	struct help *h = xcalloc(1, sizeof(*h));
	const char *group = "";

	h->view.ops = &help_ops;
	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
		const struct action_info *i = action_info((enum action)a);

		if (strcmp(i->group, group) != 0)
			h->line[h->n++] = (struct help_line){ i->group, ACTION_NONE };
		group = i->group;
		h->line[h->n++] = (struct help_line){ NULL, (enum action)a };
	}
	h->line[h->n++] =
	    (struct help_line){ "Views: 1 to 9 show the tab of that number", ACTION_NONE };
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		h->line[h->n++] = (struct help_line){ notes[i], ACTION_NONE };
	return &h->view;
}
