/* Reports: the sources are read to their end (or until a signal), then one question is answered on
 * standard output. */
#ifndef FALCOTOP_APP_HEADLESS_H
#define FALCOTOP_APP_HEADLESS_H

#include "app/options.h"
#include "pipeline/engine.h"

/* The exit status: 0 rows were written, 1 there were none, 2 a source or the output failed (said on
 * standard error). */
int headless_run(const struct options *o);

/* Health in every format; returns the number of sources. */
uint64_t health_write(struct report *r, const struct snapshot *s, const struct options *o);

#endif
