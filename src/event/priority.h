/* Falco's eight priorities (falco_common.cpp) plus "unknown", which sorts below debug. */
#ifndef FALCOTOP_EVENT_PRIORITY_H
#define FALCOTOP_EVENT_PRIORITY_H

#include "base/slice.h"

/* Ordered by level: a greater number is more severe. */
enum priority {
	PRIORITY_UNKNOWN,
	PRIORITY_DEBUG,
	PRIORITY_INFORMATIONAL,
	PRIORITY_NOTICE,
	PRIORITY_WARNING,
	PRIORITY_ERROR,
	PRIORITY_CRITICAL,
	PRIORITY_ALERT,
	PRIORITY_EMERGENCY,
	PRIORITY_COUNT
};

/* "Critical"; "Unknown". Falco's spelling. */
const char *priority_name(enum priority p);
/* "CRT": EMR ALR CRT ERR WRN NTC INF DBG, "???" for unknown. */
const char *priority_short(enum priority p);
/* Whole word, ignoring case; "info" is informational; false when it is none of Falco's words. */
bool priority_parse(struct slice s, enum priority *out);

#endif
