/*
 * Lines of every kind, several in one input: each record has its bytes in the input, every value
 * can be read to its end, and the records of a line come to an end.
 */
#include "decode/decode.h"

#include <stdlib.h>

#include "base/hash.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum;

static void
read_all(struct slice s)
{
	sum += hash_bytes(s.p == NULL ? "" : s.p, s.len, 0);
}

static void
check_event(const struct falco_event *ev)
{
	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if ((ev->present >> f & 1) != 0)
			read_all(ev->field[f].text);
	read_all(ev->output);
	read_all(ev->message);
	read_all(ev->uuid);
	if ((ev->present & 1) == 0 || ev->priority >= PRIORITY_COUNT)
		abort(); /* an event has a rule */
}

static void
check_line(struct decoder *d, const char *line, size_t len, const char *start)
{
	enum reject_reason reason = REJECT_REASONS;
	struct falco_event ev;
	enum verdict v;
	size_t records = 0;

	decode_line(d, line, len, line == start);
	while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
		if (v == VERDICT_EVENT)
			check_event(&ev);
		if (v == VERDICT_REJECT && reason >= REJECT_REASONS)
			abort();
		if (ev.raw.p < start || ev.raw.p + ev.raw.len > line + len || ++records > len + 1)
			abort();
	}
	if (records == 0)
		abort();
}

static void
read_key(const struct event_key *key, void *arg)
{
	(void)arg;
	read_all(key->name);
	read_all(key->value.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoder *d;
	const char *start = (const char *)data, *p = start, *end = p + size, *nl;
	enum reject_reason reason;
	struct falco_event ev;
	bool joins = false;
	unsigned lines;

	if (d == NULL)
		d = decoder_new();
	while (p < end) {
		nl = decode_line_end(p, end, &lines);
		check_line(d, p, (size_t)(nl - p), start);
		p = nl + 1;
	}
	while (decode_flush(d, &ev, &reason) != VERDICT_END)
		read_all(ev.raw);
	if (decode_safe_cut(start, size, &joins) > size)
		abort();
	decode_every_key(d, start, size, read_key, NULL);
	return 0;
}
