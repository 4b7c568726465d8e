/*
 * The quick way into the JSON envelopes that hold one line each: docker's json-file (also with what
 * log shippers add), journald and Splunk's events. It gives up on everything else and on all that
 * is irregular; the rows of envelope_json.c decide then, and say the same where both can.
 */
#ifndef FALCOTOP_DECODE_ENVELOPE_SCAN_H
#define FALCOTOP_DECODE_ENVELOPE_SCAN_H

#include "decode/envelope.h"

struct envelope_scan;

struct envelope_scan *envelope_scan_new(void);
void envelope_scan_free(struct envelope_scan *s);
/*
 * Reads the envelope at the start of the text: the bytes of its object, with *peel and *inner as
 * of a row and c->peeled set; else 0, and nothing has happened. The inner text is good until the
 * next call with the same level. j: for objects inside.
 */
size_t envelope_scan(struct envelope_scan *s, struct decode_context *c, struct json *j,
    struct slice text, unsigned level, enum peel *peel, struct inner *inner);

#endif
