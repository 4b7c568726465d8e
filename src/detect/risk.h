/*
 * A risk event as Splunk Enterprise Security makes them (ES 8: "intermediate finding"): one for each (detection, hour of event time, row,
 * risk object). Plain data between the detection engine, the risk book and the history.
 */
#ifndef FALCOTOP_DETECT_RISK_H
#define FALCOTOP_DETECT_RISK_H

#include "base/slice.h"

#include <stdint.h>

struct risk_event {
	/* Deterministic: hash (128 bits, unseeded) of detection name, hour, row values and object: reading the same recording twice, or two instances at once, adds nothing. */
	uint64_t id[2];
	int64_t hour;        /* start of the hour of event time, ns since 1970 UTC */
	int64_t first, last; /* event time of the first and last contributing event, ns */
	uint64_t count;      /* contributing events seen so far: an update carries the greater one */
	double score;
	struct slice object;      /* risk object: "root" */
	struct slice object_type; /* user, system, other */
	struct slice search;      /* "ESCU - Kubernetes Falco Shell Spawned - Rule", or "local: RULE" */
	struct slice message;     /* $tokens$ replaced */
	struct slice stories;     /* Analytic Stories, separated by '\n' */
	struct slice techniques;  /* T1204, separated by blanks */
	struct slice tactics;     /* TA0002, separated by blanks */
	struct slice row;         /* the row's values in the order of the by-fields, separated by '\n' (JSON array text): for the ledger */
	bool muted;               /* a mute hid it: kept, flagged */
};

#endif
