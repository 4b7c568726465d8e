/*
 * Decoders side by side: the quick scan with each vector width, and the reference reader. Feed them
 * the same lines; they must say the same. Used by a unit test and a fuzz target.
 */
#ifndef FALCOTOP_TESTS_TWINS_H
#define FALCOTOP_TESTS_TWINS_H

#include <stdio.h>
#include <stdlib.h>

#include "decode/parts.h"
#include "decode/scan.h"

struct twins {
	struct decoder *quick, *base, *reference;
	uint64_t records, events;
};

static inline void
twins_open(struct twins *t)
{
	static const char *const want[] = { "proc.pid", "fd.cport", "evt.arg.uid" };

	*t = (struct twins){ decoder_new(), decoder_new(), decoder_new(), 0, 0 };
	decoder_reference_only(t->reference);
	decoder_want(t->quick, want, 3);
	decoder_want(t->base, want, 3);
	decoder_want(t->reference, want, 3);
}

static inline void
twins_close(struct twins *t)
{
	decoder_free(t->quick);
	decoder_free(t->base);
	decoder_free(t->reference);
}

static inline bool
same_value(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && slice_eq(a->text, b->text);
}

static inline bool
same_text(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_eq(a, b);
}

/* What differs first between two events of the same bytes; NULL when nothing does. */
static inline const char *
event_difference(const struct falco_event *a, const struct falco_event *b)
{
	if (a->raw.p != b->raw.p || a->raw.len != b->raw.len)
		return "raw";
	if (a->time != b->time)
		return "time";
	if (a->flags != b->flags)
		return "flags";
	if (a->priority != b->priority)
		return "priority";
	if (a->present != b->present)
		return "present";
	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if (event_has(a, (enum field_id)f) && !same_value(&a->field[f], &b->field[f]))
			return field_info((enum field_id)f)->name;
	if (!same_text(a->output, b->output))
		return "output";
	if (!same_text(a->message, b->message))
		return "message";
	if (!same_text(a->uuid, b->uuid))
		return "uuid";
	if (a->extra_present != b->extra_present)
		return "extra_present";
	for (unsigned i = 0; i < EVENT_EXTRAS; i++)
		if ((a->extra_present >> i & 1) != 0 && !same_value(&a->extra[i], &b->extra[i]))
			return "extra";
	return a->kernel_drops != b->kernel_drops ? "kernel_drops" : NULL;
}

/* One line through two decoders; what differs, or NULL. */
static inline const char *
twin_lines(struct twins *t, struct decoder *a, const char *line, size_t len)
{
	struct falco_event ea, eb;
	enum reject_reason ra = REJECT_REASONS, rb = REJECT_REASONS;
	enum verdict va, vb;
	const char *differs;

	decode_line(a, line, len, false);
	decode_line(t->reference, line, len, false);
	do {
		va = decode_next(a, &ea, &ra);
		vb = decode_next(t->reference, &eb, &rb);
		if (va != vb)
			return "verdict";
		if (va == VERDICT_REJECT && ra != rb)
			return "reason";
		if ((va == VERDICT_EVENT || va == VERDICT_INTERNAL) &&
		    (differs = event_difference(&ea, &eb)) != NULL)
			return differs;
		t->records += va != VERDICT_END;
		t->events += va == VERDICT_EVENT;
	} while (va != VERDICT_END);
	while (decode_flush(a, &ea, &ra) != VERDICT_END)
		continue;
	while (decode_flush(t->reference, &eb, &rb) != VERDICT_END)
		continue;
	return NULL;
}

/* Every decoder on one line. The bytes are copied to a block of their exact size: a sanitizer sees
 * one byte too far. */
static inline const char *
twins_line(struct twins *t, const char *line, size_t len)
{
	char *exact = malloc(len == 0 ? 1 : len);
	const char *differs;

	if (exact == NULL)
		return "memory";
	if (len > 0)
		memcpy(exact, line, len);
	scan_set_core(NULL);
	differs = twin_lines(t, t->quick, exact, len);
	scan_set_core(scan_core_base);
	if (differs == NULL)
		differs = twin_lines(t, t->base, exact, len);
	free(exact);
	return differs;
}

#endif
