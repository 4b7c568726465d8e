/* The command test: does a detection find what it was written for? */
#ifndef FALCOTOP_APP_TEST_H
#define FALCOTOP_APP_TEST_H

#include "app/options.h"

/* The exit status: 0 all pass, 1 some fail, 2 a file that is no detection, or data that is not
 * there. */
int test_run(const struct options *o);

#endif
