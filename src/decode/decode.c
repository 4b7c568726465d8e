/*
 * The decoder of a line: tries what a record can be (parts.h has the order), peels envelopes,
 * splits what is glued together, and gives every piece exactly one verdict. What a JSON or text
 * event is, is decided in falco_json.c and falco_text.c; what an envelope is, in envelope.c.
 */
#include "decode/decode.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "decode/envelope_scan.h"
#include "decode/falco_json.h"
#include "decode/glue.h"
#include "decode/k8s_audit.h"
#include "decode/parts.h"

#include "base/banned.h"

/* Text that is being taken apart: the line, or what was in an envelope. */
struct frame {
	struct slice text;
	size_t at;
	bool fresh; /* no record yet: if it is empty, that is the record */
	struct slice
	    raw; /* of the records in an envelope: the envelope; p NULL for the line itself */
	struct peeled outer; /* to restore when this frame is done */
};

struct decoder {
	struct decode_context c;
	struct json *json;
	struct scanner *scanner;	 /* NULL: reference reader only */
	struct envelope_scan *envelopes; /* so, too */
	struct frame frame[ENVELOPE_LEVELS + 1];
	struct glue glue[ENVELOPE_LEVELS + 1]; /* what searches in each frame found */
	unsigned depth;
	bool too_long;
	struct slice line;
	struct slice found; /* text of the last event, without envelopes */
	char *want_text[EVENT_EXTRAS];
};

struct decoder *
decoder_new(void)
{
	struct decoder *d = xcalloc(1, sizeof(*d));

	d->json = json_new();
	d->scanner = scanner_new();
	d->envelopes = envelope_scan_new();
	d->c.pieces = pieces_new();
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	decoder_want(d, NULL, 0);
	json_free(d->json);
	scanner_free(d->scanner);
	envelope_scan_free(d->envelopes);
	pieces_free(d->c.pieces);
	arena_release(&d->c.scratch);
	free(d);
}

void
decoder_reference_only(struct decoder *d)
{
	scanner_free(d->scanner);
	envelope_scan_free(d->envelopes);
	d->scanner = NULL;
	d->envelopes = NULL;
}

struct decode_context *
decoder_context(struct decoder *d)
{
	return &d->c;
}

struct json *
decoder_json(struct decoder *d)
{
	return d->json;
}

struct slice
decoder_found(const struct decoder *d)
{
	return d->found;
}

void
decoder_want(struct decoder *d, const char *const *names, unsigned n)
{
	enum audit_how how;

	for (unsigned i = 0; i < d->c.nwant; i++)
		free(d->want_text[i]);
	if (n > EVENT_EXTRAS)
		n = EVENT_EXTRAS;
	for (unsigned i = 0; i < n; i++) {
		d->want_text[i] = xstrdup(names[i]);
		d->c.want[i] = slice_of(d->want_text[i]);
		d->c.audit_path[i] = audit_path(d->c.want[i], &how);
		d->c.audit_how[i] = (uint8_t)how;
	}
	d->c.nwant = n;
	if (d->scanner != NULL)
		scanner_forget(d->scanner);
}

static struct slice
without_line_end(struct slice s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\r' || s.p[s.len - 1] == '\n'))
		s.len--;
	return s;
}

void
decode_line(struct decoder *d, const char *line, size_t len, bool first_of_source)
{
	struct slice text = { line, len };

	if (d->c.scratch.used != 0)
		arena_reset(&d->c.scratch);
	if (first_of_source && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		text = (struct slice){ line + 3, len - 3 };
	glue_reset(&d->glue[0]);
	d->c.line = line;
	d->c.unpacked = 0;
	d->c.peeled = (struct peeled){ .time = TIME_NONE };
	d->line = text;
	d->too_long = text.len > DECODE_MAX_LINE;
	d->depth = d->too_long ? 0 : 1;
	d->frame[0] = (struct frame){ .text = without_line_end(text), .fresh = true };
}

/* The bytes of the record that ends at `end` of the frame, and where the next one starts. */
static struct slice
record_raw(struct frame *f, size_t start, size_t end)
{
	f->at = end;
	if (f->raw.p != NULL)
		return f->raw;
	return (struct slice){ f->text.p + start, end - start };
}

/* Goes on with what was in an envelope. raw: of the envelope's own record. */
static void
push_frame(struct decoder *d, const struct inner *inner, struct slice raw, struct peeled outer)
{
	const char *end = d->line.p + d->line.len;

	/* The pieces of a joined line lie before this one in the same buffer (decode.h). */
	if (inner->first != NULL && inner->first < end)
		raw = (struct slice){ inner->first, (size_t)(end - inner->first) };
	glue_reset(&d->glue[d->depth]);
	d->frame[d->depth++] = (struct frame){
		.text = without_line_end(inner->text), .fresh = true, .raw = raw, .outer = outer
	};
}

/*
 * Acts on what an envelope said: VERDICT_END when it is none, else the verdict; *pushed when the
 * record is in a new frame.
 */
static enum verdict
peeled_verdict(struct decoder *d, enum peel peel, const struct inner *inner, struct slice raw,
    struct peeled outer, bool *pushed)
{
	*pushed = peel == PEEL_INNER && inner->text.len <= DECODE_MAX_LINE;
	if (*pushed)
		push_frame(d, inner, raw, outer);
	else
		d->c.peeled = outer;
	switch (peel) {
	case PEEL_PENDING: return VERDICT_PENDING;
	case PEEL_NOISE: return VERDICT_NOISE;
	case PEEL_INNER: return *pushed ? VERDICT_PENDING : VERDICT_REJECT;
	case PEEL_NONE: break;
	}
	return VERDICT_END;
}

static struct glue *
glue_of(struct decoder *d)
{
	return &d->glue[d->depth - 1];
}

/* The record at `start` is no event: what there is up to the next event, and what it counts as. */
static enum verdict
odd_piece(struct decoder *d, struct frame *f, size_t start, struct falco_event *ev,
    enum reject_reason reason, enum reject_reason *out)
{
	struct slice rest = { f->text.p + start, f->text.len - start }, piece;
	size_t next = glue_next(glue_of(d), &d->c, d->json, rest);

	piece = (struct slice){ rest.p, next };
	event_begin(ev);
	ev->raw = record_raw(f, start, start + next);
	/* Falco indents its statistics: noise is told by the blanks too. */
	while (piece.p > f->text.p && piece.p[-1] == ' ') {
		piece.p--;
		piece.len++;
	}
	if (text_is_noise(piece))
		return VERDICT_NOISE;
	*out = f->raw.p != NULL && *rest.p != '{' && *rest.p != '[' ? REJECT_NOT_FALCO : reason;
	return VERDICT_REJECT;
}

/* A JSON object that is no event: an envelope? */
static enum verdict
json_envelope(struct decoder *d, struct frame *f, size_t start, size_t len, bool *pushed)
{
	struct peeled outer = d->c.peeled;
	enum peel peel = PEEL_NONE;
	struct inner inner = { { NULL, 0 }, NULL };

	if (d->depth > ENVELOPE_LEVELS)
		return VERDICT_END;
	for (unsigned i = 0; i < json_envelope_count && peel == PEEL_NONE; i++)
		peel = json_envelopes[i].peel(&d->c, d->json, &inner);
	if (peel == PEEL_NONE)
		return VERDICT_END;
	return peeled_verdict(d, peel, &inner, record_raw(f, start, start + len), outer, pushed);
}

/* The same for the usual envelopes, without the reference reader. */
static enum verdict
quick_envelope(struct decoder *d, struct frame *f, size_t start, bool *pushed)
{
	struct slice rest = { f->text.p + start, f->text.len - start };
	struct peeled outer = d->c.peeled;
	struct inner inner;
	enum peel peel;
	size_t n;

	if (d->envelopes == NULL || d->depth > ENVELOPE_LEVELS)
		return VERDICT_END;
	n = envelope_scan(d->envelopes, &d->c, d->json, rest, d->depth, &peel, &inner);
	if (n == 0)
		return VERDICT_END;
	return peeled_verdict(d, peel, &inner, record_raw(f, start, start + n), outer, pushed);
}

static enum verdict
json_record(struct decoder *d, struct frame *f, size_t start, struct falco_event *ev,
    enum reject_reason *reason, bool *pushed)
{
	struct slice rest = { f->text.p + start, f->text.len - start };
	struct json_scan *scan = &glue_of(d)->scan;
	enum reject_reason why;
	enum verdict v = VERDICT_EVENT;
	size_t n = glue_event(glue_of(d), rest, ev, &v);

	if (n == 0 && d->scanner != NULL)
		n = scanner_event(d->scanner, &d->c, rest, ev);
	if (n > 0) {
		d->found = (struct slice){ rest.p, n };
		ev->raw = record_raw(f, start, start + n);
		return v;
	}
	v = quick_envelope(d, f, start, pushed);
	if (v == VERDICT_REJECT)
		*reason = REJECT_LINE_TOO_LONG;
	if (v != VERDICT_END)
		return v;
	v = falco_json(&d->c, d->json, rest, ev, scan, &why);
	if (v == VERDICT_EVENT || v == VERDICT_INTERNAL) {
		d->found = (struct slice){ rest.p, scan->value_end };
		ev->raw = record_raw(f, start, start + scan->value_end);
		return v;
	}
	if (why == REJECT_NOT_EVENT || why == REJECT_BAD_TYPE) {
		v = json_envelope(d, f, start, scan->value_end, pushed);
		if (v == VERDICT_REJECT)
			*reason = REJECT_LINE_TOO_LONG;
		if (v != VERDICT_END)
			return v;
	}
	glue_start(glue_of(d), scan);
	return odd_piece(d, f, start, ev, why, reason);
}

static enum verdict
line_envelope(struct decoder *d, struct frame *f, size_t start, bool *pushed)
{
	struct slice rest = { f->text.p + start, f->text.len - start };
	struct peeled outer = d->c.peeled;
	enum peel peel = PEEL_NONE;
	struct inner inner = { { NULL, 0 }, NULL };

	if (d->depth > ENVELOPE_LEVELS)
		return VERDICT_END;
	for (unsigned i = 0; i < line_envelope_count && peel == PEEL_NONE; i++)
		peel = line_envelopes[i].peel(&d->c, rest, &inner);
	if (peel == PEEL_NONE)
		return VERDICT_END;
	return peeled_verdict(d, peel, &inner, record_raw(f, start, f->text.len), outer, pushed);
}

/* A record that does not start with a brace. */
static enum verdict
other_record(struct decoder *d, struct frame *f, size_t start, struct falco_event *ev,
    enum reject_reason *reason, bool *pushed)
{
	struct slice rest = { f->text.p + start, f->text.len - start };
	enum reject_reason why = REJECT_BAD_JSON;
	enum verdict v;

	if (text_probe(rest)) {
		size_t n = text_end(rest);

		d->found = (struct slice){ rest.p, n };
		v = text_decode(&d->c, d->found, ev);
		if (v != VERDICT_END) {
			ev->raw = record_raw(f, start, start + n);
			return v;
		}
	}
	v = line_envelope(d, f, start, pushed);
	if (v == VERDICT_REJECT)
		*reason = REJECT_LINE_TOO_LONG;
	if (v != VERDICT_END)
		return v;
	falco_json(&d->c, d->json, rest, ev, &glue_of(d)->scan, &why);
	glue_start(glue_of(d), &glue_of(d)->scan);
	return odd_piece(d, f, start, ev, why, reason);
}

/* Where the next record of a frame starts: behind blanks and the NUL bytes of a hole in a file. */
static size_t
record_start(const struct frame *f)
{
	size_t at = f->at, len = f->text.len;
	const char *p = f->text.p;

	if (len - at >= 2 && p[at] == '\0' && p[at + 1] == '\0')
		while (at < len && p[at] == '\0')
			at++;
	while (at < len && (p[at] == ' ' || p[at] == '\t' || p[at] == '\r' || p[at] == '\n'))
		at++;
	return at;
}

/* The next record of the innermost frame; VERDICT_END when it has no more. */
static enum verdict
next_record(struct decoder *d, struct falco_event *ev, enum reject_reason *reason, bool *pushed)
{
	struct frame *f = &d->frame[d->depth - 1];
	size_t start = record_start(f);
	bool fresh = f->fresh;
	enum verdict v;

	f->fresh = false;
	*pushed = false;
	if (start == f->text.len) {
		if (!fresh)
			return VERDICT_END;
		event_begin(ev);
		ev->raw = record_raw(f, 0, start);
		return VERDICT_BLANK;
	}
	if (f->text.p[start] == '{')
		v = json_record(d, f, start, ev, reason, pushed);
	else
		v = other_record(d, f, start, ev, reason, pushed);
	if (!*pushed && (v == VERDICT_PENDING || (v == VERDICT_NOISE && f->raw.p == NULL))) {
		event_begin(ev);
		ev->raw = (struct slice){ f->text.p + start, f->at - start };
	}
	return v;
}

enum verdict
decode_next(struct decoder *d, struct falco_event *ev, enum reject_reason *reason)
{
	enum verdict v;
	bool pushed;

	if (d->too_long) {
		d->too_long = false;
		event_begin(ev);
		ev->raw = d->line;
		*reason = REJECT_LINE_TOO_LONG;
		return VERDICT_REJECT;
	}
	while (d->depth > 0) {
		v = next_record(d, ev, reason, &pushed);
		if (v != VERDICT_END && !pushed)
			return v;
		if (v == VERDICT_END)
			d->c.peeled = d->frame[--d->depth].outer;
	}
	return VERDICT_END;
}

enum verdict
decode_flush(struct decoder *d, struct falco_event *ev, enum reject_reason *reason)
{
	struct inner left;

	if (!pieces_take(d->c.pieces, &left))
		return VERDICT_END;
	event_begin(ev);
	ev->raw = left.text;
	*reason = left.text.len > 0 && left.text.p[0] == '{' ? REJECT_BAD_JSON : REJECT_NOT_FALCO;
	return VERDICT_REJECT;
}
