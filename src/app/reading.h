/* An engine and its sources, read to their end: for commands without a screen. */
#ifndef FALCOTOP_APP_READING_H
#define FALCOTOP_APP_READING_H

#include "pipeline/engine.h"
#include "source/source.h"

struct options;

struct reading {
	struct engine *engine;
	struct source_set *sources;
	bool live; /* reading ends only when somebody says so */
};

/* Signals are prepared, the engine is made, nothing is read yet. False after a complaint; close it
 * all the same. */
bool reading_open(struct reading *r, const struct engine_options *eo, const char *const *source,
    int n, const struct source_options *so);
/* What the command line says about sources. */
struct source_options reading_options(const struct options *o);
/* After the first question to the engine. */
void reading_start(struct reading *r);
/* Until every source has ended or, when live, SIGINT or SIGTERM came. */
void reading_wait(struct reading *r);
void reading_close(struct reading *r);

/* One line about what was no event, if anything. */
void reading_say_bad(const struct snapshot *s);
/* A line for each source that failed; true when there were any. */
bool reading_say_failed(const struct snapshot *s);

#endif
