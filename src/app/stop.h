/* Signals of a report: the first one ends the reading of live sources, everything else ends the
 * program. */
#ifndef FALCOTOP_APP_STOP_H
#define FALCOTOP_APP_STOP_H

#include <stdbool.h>

#include "source/source.h"

/* Before any thread exists: SIGINT, SIGTERM and SIGHUP are blocked and wait for stop_watch(). */
void stop_prepare(void);
/* From now on: with live, the first SIGINT or SIGTERM stops the sources and the report is printed;
 * otherwise a signal ends the program. */
void stop_watch(struct source_set *sources, bool live);
/* SIGHUP calls fn, on a thread of its own, instead of ending the program; until stop_unwatch().
 * Before stop_watch(). */
void stop_on_reload(void (*fn)(void *arg), void *arg);
/* The sources are done and may be freed: every signal ends the program. */
void stop_unwatch(void);

#endif
