/* The dashboard, from options: engine, sources, loop. */
#ifndef FALCOTOP_APP_WATCH_H
#define FALCOTOP_APP_WATCH_H

#include "app/options.h"

/* The exit status. */
int watch_run(const struct options *o);

#endif
