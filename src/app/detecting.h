/*
 * What the engine detects with, from the options: Falco's rules files, the user's filter macros,
 * the detections, the history. Loaded once, and again on SIGHUP.
 */
#ifndef FALCOTOP_APP_DETECTING_H
#define FALCOTOP_APP_DETECTING_H

#include "app/options.h"
#include "base/clock.h"
#include "pipeline/engine.h"
#include "view/stack.h"

enum detecting_use {
	DETECTING_RULES = 1,	   /* rules files */
	DETECTING_SET = 2,	   /* detections */
	DETECTING_HISTORY = 4,	   /* risk events go to the history */
	DETECTING_MEMORY = 8,	   /* the book starts with it, and what is new is flagged */
	DETECTING_MUTES = 16,	   /* the user's mutes flag risk events */
	DETECTING_KEEP_MUTES = 64, /* and changes of them are kept */
	/* detections, but of --detections alone and as they are written */
	DETECTING_ONLY_NAMED = 32
};

struct detecting;

/* What could not be read is said on standard error; it is no failure. */
struct detecting *detecting_new(const struct options *o, unsigned use);
/* For the engine_options of the one engine to come, which owns the mutes then; NULL when there is
 * nothing to detect with. */
const struct risk_options *detecting_risk(struct detecting *d);
struct detection_set *detecting_set(const struct detecting *d);
struct history *detecting_history(const struct detecting *d);
/* Which detection alone gives risk events; NULL: all, and Falco's own rules. Before engine_new().
 */
void detecting_only(struct detecting *d, const struct detection *only);
/* The history and reloads reach this engine, until detecting_detach(): before engine_free(). */
void detecting_attach(struct detecting *d, struct engine *e);
void detecting_detach(struct detecting *d);
/* Loads rules and detections again; from any thread, for stop_on_reload(). */
void detecting_reload(void *detecting);
/* The same for a screen: one line about how it went goes to said instead. True: nothing was wrong.
 */
bool detecting_reload_said(void *detecting, struct buf *said);
/* After engine_free(). Waits that long for the history to be written; false after a complaint that
 * it was not. NULL is fine. */
bool detecting_free(struct detecting *d, int64_t timeout_ns);
#define DETECTING_PATIENT (30 * NSEC_PER_SEC)
#define DETECTING_BRIEF	  (NSEC_PER_SEC / 2)

/* What screens may change; the engine must be attached. */
const struct ui_services *detecting_services(struct detecting *d);

/* A detection that runs, by name; NULL after a complaint. */
const struct detection *detecting_find(const struct detecting *d, const char *name);

#endif
