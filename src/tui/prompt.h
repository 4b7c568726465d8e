/* A one-line editor with history: filter and find prompts. */
#ifndef FALCOTOP_TUI_PROMPT_H
#define FALCOTOP_TUI_PROMPT_H

#include "base/buf.h"
#include "tui/draw.h"

#define PROMPT_HISTORY 32
#define PROMPT_MAX     4096 /* bytes */

struct prompt_history {
	char *line[PROMPT_HISTORY]; /* newest first */
	unsigned n;
};

struct prompt {
	struct buf text;
	size_t at;    /* byte offset of the cursor, between characters */
	int browsing; /* -1: the line being typed; else place in the history */
	char *typed;  /* what was typed before browsing */
};

enum prompt_result { PROMPT_MORE, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCEL };

void prompt_init(struct prompt *p, const char *text);
void prompt_release(struct prompt *p);
enum prompt_result prompt_key(struct prompt *p, int key, const struct prompt_history *h);
const char *prompt_text(const struct prompt *p);
/* Label and text, scrolled so that the cursor shows. Returns the column of byte `mark` of the text
 * (-1: not visible). */
int prompt_draw(const struct prompt *p, int y, int x, int w, const char *label, size_t mark);

void prompt_history_add(struct prompt_history *h, const char *line);
void prompt_history_release(struct prompt_history *h);

#endif
