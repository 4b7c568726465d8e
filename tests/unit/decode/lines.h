/* Helpers of the text, envelope and corpus tests: what a line decodes to, in a few words. */
#ifndef FALCOTOP_TESTS_LINES_H
#define FALCOTOP_TESTS_LINES_H

#include <stdio.h>

#include "decode/decode.h"
#include "event/field.h"

#define MAX_RECORDS 64

/* The records of one or more lines: a letter each (E I N B P R), in order. */
struct records {
	char verdicts[MAX_RECORDS + 1];
	unsigned n;
};

static inline char
verdict_letter(enum verdict v)
{
	static const char letters[] = { [VERDICT_EVENT] = 'E',
		[VERDICT_INTERNAL] = 'I',
		[VERDICT_NOISE] = 'N',
		[VERDICT_BLANK] = 'B',
		[VERDICT_PENDING] = 'P',
		[VERDICT_REJECT] = 'R' };

	return letters[v];
}

/* Decodes a line; each() is called for every record, may be NULL. */
static inline void
decode_records(struct decoder *d, struct slice line, struct records *out,
    void (*each)(enum verdict v, const struct falco_event *ev, void *arg), void *arg)
{
	static _Thread_local struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;

	decode_line(d, line.p, line.len, false);
	while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
		if (out->n < MAX_RECORDS)
			out->verdicts[out->n++] = verdict_letter(v);
		out->verdicts[out->n] = '\0';
		if (each != NULL)
			each(v, &ev, arg);
	}
}

/* "name=value" of a catalogue field, an absent field as "name!". */
static inline bool
event_says(const struct falco_event *ev, const char *what)
{
	size_t n = strcspn(what, "=!");
	enum field_id f = field_by_falco_name((struct slice){ what, n });

	if (f >= FIELD_COLUMNS)
		return false;
	if (what[n] == '!')
		return (ev->present >> f & 1) == 0;
	return (ev->present >> f & 1) != 0 && slice_eq(ev->field[f].text, slice_of(what + n + 1));
}

#endif
