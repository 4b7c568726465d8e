/*
 * A dashboard without a terminal: a real engine, a screen that writes to /dev/null, keys put in,
 * cells read back. Time stands still. No other file of the tests knows curses.
 */
#ifndef FALCOTOP_TESTS_STAGE_H
#define FALCOTOP_TESTS_STAGE_H

#include <stdio.h>

#include "view/stack.h"

struct stage {
	struct detection_set *detections; /* NULL: the engine keeps no risk */
	struct ui_services services;
	unsigned mutes; /* that were made */
	char saved[128]; /* the last filter macro that was saved: NAME=TEXT */
	struct engine *engine;
	struct ui ui;
	uint32_t source;
	uint16_t origin;
	uint64_t offset;
	FILE *out, *in;
	bool quit;
};

/* term: what kind of terminal. The first view is Shells. */
void stage_open(struct stage *s, const char *term, int rows, int cols, bool ascii);
/* The same with the detections that ship, and with mutes. */
void stage_open_risk(struct stage *s, const char *term, int rows, int cols, bool ascii);
/* And those of a file of the test's own. */
void stage_open_detections(struct stage *s, int rows, int cols, const char *file);
void stage_close(struct stage *s);
/* More input; last: the recording ends with it. */
void stage_feed(struct stage *s, const char *text, size_t len, bool last);
/* A made-up day: users, containers, rules, gaps and hostile names. */
void stage_sample(struct buf *out);
/* More of it: a user over the threshold, other tactics. */
void stage_risk_sample(struct buf *out);
/* Keys by name, separated by blanks; then everything asked is answered. */
void stage_keys(struct stage *s, const char *keys);
/* Characters, each a key. */
void stage_type(struct stage *s, const char *text);
void stage_settle(struct stage *s);
/* The screen as lines without trailing blanks. */
void stage_screen(struct stage *s, struct buf *out);
/* True when some line holds the text. */
bool stage_shows(struct stage *s, const char *text);
/* Compares with tests/screen/NAME.txt; UPDATE_SCREENS=1 writes it. */
void stage_golden(struct stage *s, const char *name);

#endif
