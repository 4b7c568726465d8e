/* report --detection: the rows of a detection's search. */
#ifndef FALCOTOP_APP_SEARCH_H
#define FALCOTOP_APP_SEARCH_H

#include "app/options.h"

/* The exit status. The risk events that come of it go to the history. */
int search_run(const struct options *o);

#endif
