/* The command risk: the last days of the history, by user. */
#ifndef FALCOTOP_APP_RISK_H
#define FALCOTOP_APP_RISK_H

#include "app/options.h"

/* The exit status: 0 somebody has risk, 1 nobody has, 2 the history cannot be read. */
int risk_run(const struct options *o);

#endif
