/* The framing of syslog over TCP (RFC 6587), on its own for tests. */
#ifndef FALCOTOP_SOURCE_SYSLOG_H
#define FALCOTOP_SOURCE_SYSLOG_H

#include "source/private.h"

/* A longer message is none that anybody sends: what claims to be is read as a line. */
#define SYSLOG_COUNT_MAX (2 * DECODE_MAX_LINE)

extern const struct stream_filter syslog_framing;

#endif
