/*
 * Events glued to something else: a torn line before, prose, a second event. Finds the next whole
 * event in what could not be read. The work for one line is bounded, whatever its bytes.
 */
#ifndef FALCOTOP_DECODE_GLUE_H
#define FALCOTOP_DECODE_GLUE_H

#include "decode/falco_json.h"

struct glue {
	struct json_scan scan;	 /* of the text that could not be read: set before glue_start() */
	struct json_scan failed; /* the last attempt that broke: what was open there breaks too */
	struct falco_event event;
	/* what earlier searches in text with this end found: the next JSON and text event, or the
	 * end */
	const char *end, *json_at, *text_at;
	/* the JSON event that was found last, where it starts, its bytes and verdict */
	const char *event_at;
	size_t event_len;
	enum verdict verdict;
};

/* Forgets what was found: a new line. */
void glue_reset(struct glue *g);
/* Begins a search in the text that `scan` says something about. */
void glue_start(struct glue *g, const struct json_scan *scan);
/*
 * Length of the odd piece at the start of the text: up to the next whole event, or all of it. At
 * least 1. A JSON event has a raw `{"<key of Falco>":`, which no JSON string can hold: what is
 * found was not written by the one who wrote the strings.
 */
size_t glue_next(struct glue *g, struct decode_context *c, struct json *j, struct slice text);
/* The event at the start of the text, if a search ended there: bytes of its object, or 0. */
size_t glue_event(
    const struct glue *g, struct slice text, struct falco_event *ev, enum verdict *verdict);

#endif
