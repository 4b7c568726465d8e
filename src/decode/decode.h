/*
 * Bytes to events: pure, no I/O, no clock. One decoder belongs to one thread.
 *
 * A line is one record, except where events are glued together or with other text (then several)
 * and where an envelope splits an event over lines (CRI "P", docker chunks: then the pieces are
 * pending and the last one is the record). Every record gets exactly one verdict, so that records =
 * events + rejected + noise + blank + internal always holds (duplicates are found later, by the
 * pipeline).
 */
#ifndef FALCOTOP_DECODE_DECODE_H
#define FALCOTOP_DECODE_DECODE_H

#include "event/event.h"

#define DECODE_MAX_LINE	  (1u << 20) /* bytes of a line; longer is REJECT_LINE_TOO_LONG */
#define DECODE_MAX_DEPTH  64
#define DECODE_MAX_TOKENS 16384
#define DECODE_MAX_KEYS	  4096

enum verdict {
	VERDICT_END,	  /* no more records in this line */
	VERDICT_EVENT,	  /* an alert: the event is filled */
	VERDICT_INTERNAL, /* a "Falco internal" record (drops, metrics): the event is filled, it is
			     health */
	VERDICT_NOISE,	  /* Falco's own log line, start-up banner, exit statistics */
	VERDICT_BLANK,
	VERDICT_PENDING, /* a piece of a split event was kept: not a record */
	VERDICT_REJECT	 /* see reason and raw */
};

/* Names as in the hostile set's INDEX.tsv. */
enum reject_reason {
	REJECT_BAD_JSON,
	REJECT_BAD_TYPE,
	REJECT_NOT_OBJECT,
	REJECT_NOT_EVENT,
	REJECT_TOO_DEEP,
	REJECT_TOO_MANY_TOKENS,
	REJECT_TOO_MANY_KEYS,
	REJECT_LINE_TOO_LONG,
	REJECT_NOT_FALCO, /* neither JSON nor Falco text nor Falco's own log */
	REJECT_REASONS
};

/* "bad_json", ...: the key in reports. */
const char *reject_name(enum reject_reason r);
/* "not JSON and not Falco text", ...: for people. */
const char *reject_text(enum reject_reason r);

struct decoder;

struct decoder *decoder_new(void);
void decoder_free(struct decoder *d);

/*
 * output_fields keys outside the catalogue to keep in event.extra[i]: names[i] for i < n <=
 * EVENT_EXTRAS. The names are copied. "output_fields" spelling only (Falco's names).
 */
void decoder_want(struct decoder *d, const char *const *names, unsigned n);

/*
 * Where the line at p ends: at its newline, or at end, where the bytes do. Text events of Falco
 * before 0.45 hold the newlines of command lines as they are: such an event is one line here, up to
 * the end of the last of its *lines lines. The same bytes always give the same answer.
 */
const char *decode_line_end(const char *p, const char *end, unsigned *lines);
/*
 * Starts a line: len bytes without the line end. The bytes must stay until the line was read to
 * VERDICT_END. first_of_source: a byte-order mark is skipped. Lines longer than DECODE_MAX_LINE are
 * one rejected record. The lines between two calls of decode_flush() lie in one buffer, in order:
 * the raw bytes of an event that came in pieces reach from its first line to its last.
 */
void decode_line(struct decoder *d, const char *line, size_t len, bool first_of_source);
/* The next record of the line. After VERDICT_REJECT, *reason and ev->raw tell what and where. */
enum verdict decode_next(struct decoder *d, struct falco_event *ev, enum reject_reason *reason);
/*
 * End of a batch or source: pending pieces that never got their end. VERDICT_REJECT for each (raw
 * is what there is of it, in memory of the decoder), then VERDICT_END. Call it before the buffer
 * goes.
 */
enum verdict decode_flush(struct decoder *d, struct falco_event *ev, enum reject_reason *reason);

/*
 * Where a batch may be cut so that no split event straddles the cut: the number of bytes of whole
 * lines up to which nothing is pending (0: nowhere). *joins is the memory of the source: start with
 * false; it becomes true once CRI or docker framing was seen. Cheap when the source does not split
 * events: then just the last newline.
 */
size_t decode_safe_cut(const char *p, size_t len, bool *joins);
/*
 * The same for text events on several lines: what decode_safe_cut() said, or less, where the last
 * text event begins when what comes next may be more lines of it. more: more bytes will come, as
 * from a recorded file. Else it is held back only when such a line has begun already.
 */
size_t decode_text_cut(const char *p, size_t cut, size_t len, bool more);

/*
 * The same event again from its kept bytes, for the event page: every key with its type, in order.
 * Calls each(name, value, arg) for every top-level key and every output_fields key ("output_fields"
 * itself is not reported); text events report what was split, by Falco's names where known. False
 * when the bytes hold no event.
 */
struct event_key {
	struct slice name;
	struct value value;
	bool top_level;
};
bool decode_every_key(struct decoder *d, const char *raw, size_t len,
    void (*each)(const struct event_key *key, void *arg), void *arg);

/* Rows of the built-in message table: the rule of a text message, or an empty slice. */
struct slice rule_of_message(struct slice message);

#endif
