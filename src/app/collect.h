/* The command collect: the history is kept, nothing is shown. */
#ifndef FALCOTOP_APP_COLLECT_H
#define FALCOTOP_APP_COLLECT_H

#include "app/options.h"

/* The exit status: 0 the sources ended, or SIGTERM or SIGINT came; 2 a source or the history
 * failed. */
int collect_run(const struct options *o);

#endif
