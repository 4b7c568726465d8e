/*
 * Lines that are not JSON, in any envelope, cut into lines at every newline: each line has a
 * verdict for all of its bytes, what the decoder says about an event lies in memory that lives, and
 * a cut at a safe place leaves nothing pending and no line in two.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "decode/decode.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned char sink;

static void
touch(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		sink ^= (unsigned char)s.p[i];
}

static void
touch_key(const struct event_key *key, void *arg)
{
	(void)arg;
	touch(key->name);
	touch(key->value.text);
}

static void
touch_event(const struct falco_event *ev)
{
	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if (ev->present >> f & 1)
			touch(ev->field[f].text);
	for (unsigned i = 0; i < EVENT_EXTRAS; i++)
		if (ev->extra_present >> i & 1)
			touch(ev->extra[i].text);
	touch(ev->output);
	touch(ev->message);
	touch(ev->raw);
	if ((ev->present & 1) == 0 || ev->field[FIELD_RULE].text.len == 0)
		abort();
}

static void
fuzz_line(struct decoder *d, const char *p, size_t len)
{
	static struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;
	size_t records = 0;

	decode_line(d, p, len, false);
	while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
		if (++records > len + 1)
			abort();
		if (v == VERDICT_EVENT || v == VERDICT_INTERNAL)
			touch_event(&ev);
		if (v == VERDICT_REJECT && reason >= REJECT_REASONS)
			abort();
	}
	if (records == 0)
		abort();
	decode_every_key(d, p, len, touch_key, NULL);
}

/* A line is told by its own bytes, and its lines are counted. */
static void
check_again(const char *p, const char *line_end, unsigned lines)
{
	unsigned again, n = 1;

	if (decode_line_end(p, line_end, &again) != line_end || again != lines)
		abort();
	for (; p < line_end; p++)
		n += *p == '\n';
	if (n != lines)
		abort();
}

/* What is cut off and what is left are the lines of the whole. */
static void
check_cut(const char *text, size_t size, size_t safe)
{
	const char *p = text, *cut, *cut_end, *end = text + size;
	unsigned lines;

	cut = text + decode_text_cut(text, safe, size, true);
	cut_end = text + decode_text_cut(text, safe, size, false);
	if (cut > text + safe || cut_end > text + safe || cut_end < cut)
		abort();
	while (p < cut)
		p = decode_line_end(p, end, &lines) + 1;
	if (p != cut)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const want[] = { "proc.pid", "fd.nameraw", "own.key" };
	char *text = xmalloc(size == 0 ? 1 : size); /* exact: a read behind the last line is seen */
	static struct decoder
	    *d; /* one for all inputs: what is left of one must not show in the next */
	static struct falco_event ev;
	enum reject_reason reason;
	const char *p, *end = text + size, *line_end;
	bool joins = false;
	unsigned lines;
	size_t safe;

	memcpy(text, data, size);
	if (d == NULL) {
		d = decoder_new();
		decoder_want(d, want, 3);
	}
	safe = decode_safe_cut(text, size, &joins);
	if (safe > size || (safe > 0 && text[safe - 1] != '\n'))
		abort();
	check_cut(text, size, safe);
	for (p = text; p < end; p = line_end + 1) {
		line_end = decode_line_end(p, end, &lines);
		check_again(p, line_end, lines);
		fuzz_line(d, p, (size_t)(line_end - p));
	}
	while (decode_flush(d, &ev, &reason) != VERDICT_END)
		touch(ev.raw);
	free(text);
	return 0;
}
