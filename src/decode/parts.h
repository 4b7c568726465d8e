/*
 * How the parts of this layer fit together; private to it.
 *
 * decode.c takes a line apart. At the start of what is left of it, in this order:
 *   `{` first          the JSON decoder (falco_scan.c, else falco_json.c); a JSON object that is no
 * event is offered to the rows of json_envelopes[]; else               text_probe() ->
 * text_decode(); then the rows of line_envelopes[]; then text_is_noise(); then whatever is left is
 * a rejected record, up to the next whole JSON event in it. What an envelope yields is taken apart
 * the same way, at most ENVELOPE_LEVELS deep. The shapes of the rows exclude each other, so that
 * the result for a line never depends on the lines before it (but for pieces).
 */
#ifndef FALCOTOP_DECODE_PARTS_H
#define FALCOTOP_DECODE_PARTS_H

#include "base/arena.h"
#include "decode/decode.h"
#include "decode/json.h"

#define ENVELOPE_LEVELS 3

/* What the envelopes around the current text said. Inner layers win over outer ones. */
struct peeled {
	int64_t time;	       /* TIME_NONE when none gave one */
	struct slice hostname; /* p NULL = none */
};

/* What every part gets. */
struct decode_context {
	struct arena
	    scratch; /* memory of the current line: reset by decode_line(), never within a line */
	struct peeled peeled;
	unsigned nwant; /* output_fields keys outside the catalogue to put in ev->extra[] */
	struct slice want[EVENT_EXTRAS];
	/* where audit events have them, and how to make the value: k8s_audit.h */
	struct slice audit_path[EVENT_EXTRAS];
	uint8_t audit_how[EVENT_EXTRAS];
	struct pieces *pieces; /* envelope.c's memory of split lines */
	const char *line;      /* start of the line that decode_line() got */
	size_t unpacked;       /* bytes that came out of packed parts of this line */
};

/* Empties an event: the fields of before are dead because `present` says so. */
static inline void
event_begin(struct falco_event *ev)
{
	ev->time = TIME_NONE;
	ev->flags = 0;
	ev->priority = PRIORITY_UNKNOWN;
	ev->present = 0;
	ev->output = (struct slice){ NULL, 0 };
	ev->message = (struct slice){ NULL, 0 };
	ev->raw = (struct slice){ NULL, 0 };
	ev->uuid = (struct slice){ NULL, 0 };
	ev->extra_present = 0;
	ev->kernel_drops = 0;
}

static inline void
event_set(struct falco_event *ev, enum field_id f, struct slice text, enum value_kind kind)
{
	ev->field[f].text = text;
	ev->field[f].kind = kind;
	ev->present |= (uint64_t)1 << f;
}

static inline bool
event_has(const struct falco_event *ev, enum field_id f)
{
	return (ev->present >> f) & 1;
}

/* Inside this layer: the context of a decoder; a decoder without the quick scan (tests compare the
 * two). */
struct decode_context *decoder_context(struct decoder *d);
struct json *decoder_json(struct decoder *d);
void decoder_reference_only(struct decoder *d);
/* The text of the event that decode_next() gave last, without its envelopes; good until the next
 * decode_line(). */
struct slice decoder_found(const struct decoder *d);

/* Index of an output_fields key among the wanted extras, or -1. */
int wanted_key(const struct decode_context *c, struct slice name);

/* --- message.c
 * -------------------------------------------------------------------------------------------------
 */

/* Length of "<time>: <Priority> " at the start of a text, 0 when it has none; *priority gets the
 * word's slice. */
size_t message_prefix(struct slice text, struct slice *time, struct slice *priority);
/*
 * The fixed part of an output text: without "<time>: <Priority> ", up to the key=value part: " | "
 * before the first '=', else " (" before it, else the word the first '=' ends; the whole when there
 * is no '='. Trimmed.
 */
struct slice message_of(struct slice output);
/* priority_parse(), the usual words first. */
bool priority_word(struct slice s, enum priority *out);
/* "Falco internal: ...": rule names and messages of Falco's own records. */
bool is_internal_rule(struct slice rule);

/* --- finish.c: what is the same for JSON and text
 * --------------------------------------------------------------- */

/* Fills user, namespace and pod of plugin events from the plugin's own fields where they are
 * absent. */
void event_fill_plugin(struct falco_event *ev);
/* What the envelopes know and the event does not say: its node. */
void event_add_peeled(const struct decode_context *c, struct falco_event *ev);
/* Whether the sanitiser would mark something in a value. Quick for plain text. */
bool value_is_hostile(struct slice s);
/* Sets EVENT_HOSTILE after looking at every catalogue value and the output. */
void event_check_hostile(struct falco_event *ev);

/* --- falco_text.c (Falco's text output)
 * ------------------------------------------------------------------------- */

/* Whether the text starts like a Falco text event: time, ": ", priority, blank. Must be cheap. */
bool text_probe(struct slice text);
/*
 * Where the text event at the start of the text ends: its length, or where the next event or
 * Falco's exit statistics is glued to it (no blank between). decode.c hands text_decode() what is
 * before it and goes on there.
 */
size_t text_end(struct slice text);
/* Start of the first text event inside other text, at `from` or later; text.len when there is none.
 */
size_t text_find(struct slice text, size_t from);
/*
 * The text is one event to its end. VERDICT_EVENT or VERDICT_INTERNAL with the event filled except
 * raw (flags, peeled time and hostname, message, rule by message, plugin fields, hostile flag,
 * wanted extras included); VERDICT_NOISE; or VERDICT_END when it is none of these after all.
 */
enum verdict text_decode(struct decode_context *c, struct slice text, struct falco_event *ev);
/* Falco's own log lines, banners, exit statistics. */
bool text_is_noise(struct slice text);
/* decode_every_key() for a text event: false when it is none. */
bool text_every_key(struct decode_context *c, struct slice text,
    void (*each)(const struct event_key *key, void *arg), void *arg);

/* --- envelope.c (what is around a line)
 * ------------------------------------------------------------------------- */

enum peel {
	PEEL_NONE,    /* not the shape of this envelope */
	PEEL_INNER,   /* *inner is what was in it */
	PEEL_PENDING, /* a piece of a line that goes on in a later record: kept in c->pieces */
	PEEL_NOISE    /* an envelope around nothing of interest (an empty line): a noise record */
};

/*
 * Where a peeled line came from: `first` is the start of the line that held the first piece when
 * the inner text was joined from several, else NULL. (Lines between two calls of decode_flush() lie
 * in one buffer.)
 */
struct inner {
	struct slice text;
	const char *first;
};

/* Lines: kubectl prefix, timestamps, CRI, syslog header, ANSI colours, trailing CR. First match
 * wins. */
struct line_envelope {
	const char *name;
	enum peel (*peel)(struct decode_context *c, struct slice line, struct inner *inner);
};
extern const struct line_envelope line_envelopes[];
extern const unsigned line_envelope_count;

/* JSON objects: docker json-file, journald, Splunk, HEC, Loki, ... root is node 0 of j. */
struct json_envelope {
	const char *name;
	enum peel (*peel)(struct decode_context *c, const struct json *j, struct inner *inner);
};
extern const struct json_envelope json_envelopes[];
extern const unsigned json_envelope_count;

struct pieces *pieces_new(void);
void pieces_free(struct pieces *p);
/* Takes out one pending line that never got its end: what there is of it. False when nothing is
 * pending. */
bool pieces_take(struct pieces *p, struct inner *left);

#endif
