/*
 * The normalised event: what every decoder produces, whatever the bytes looked like. (libevent owns
 * the name struct event.) All slices borrow from the line or from the decoder's scratch and die
 * with the next call of decode_next().
 */
#ifndef FALCOTOP_EVENT_EVENT_H
#define FALCOTOP_EVENT_EVENT_H

#include "event/field.h"
#include "event/priority.h"
#include "event/timestamp.h"

/* JSON type of a value; text has VALUE_STRING only. Absent: its bit in `present` is missing. */
enum value_kind {
	VALUE_NULL,
	VALUE_STRING, /* unescaped */
	VALUE_NUMBER, /* its digits as written */
	VALUE_BOOL,   /* true or false as written */
	VALUE_ARRAY,  /* JSON text as written */
	VALUE_OBJECT  /* JSON text as written */
};

struct value {
	struct slice text;
	enum value_kind kind;
};

enum event_flag {
	/* Bytes, time or priority had to be mended. */
	EVENT_REPAIRED = 1 << 0,
	/* A catalogue value or the output holds bytes that the sanitiser marks, or what can be
	 * taken for other text (base/lookalike.h). */
	EVENT_HOSTILE = 1 << 1,
	/* A JSON key came twice: the last one counts. */
	EVENT_DUP_KEYS = 1 << 2,
	/* No readable time: `time` is TIME_NONE, the pipeline dates it by arrival. */
	EVENT_TIME_ARRIVAL = 1 << 3,
	/* No date: `time` is ns since local midnight, the pipeline finds the day. */
	EVENT_TIME_CLOCK = 1 << 4,
	/* The time (or its date) came from an envelope. */
	EVENT_TIME_PEELED = 1 << 5,
	/* From Falco's text output. */
	EVENT_TEXT = 1 << 6,
	/* Text: the rule was found by its message, or the message stands in. */
	EVENT_RULE_GUESSED = 1 << 7,
	/* Cut by a pager or by falcosidekick's size limit. */
	EVENT_CUT = 1 << 8
};

/* What a row is flagged for: its text is not to be trusted at first sight. */
#define EVENT_ODD (EVENT_REPAIRED | EVENT_HOSTILE)

/* output_fields keys outside the catalogue that a decoder can be asked to keep. */
#define EVENT_EXTRAS 16

struct falco_event {
	int64_t time; /* ns since 1970 UTC; see the flags */
	uint16_t flags;
	enum priority priority;
	uint64_t present; /* bit n: field[n] is set */
	struct value field[FIELD_COLUMNS];
	/* Unescaped output text; text events: the Falco line. p NULL = absent. */
	struct slice output;
	struct slice message; /* its fixed part, without time, priority and key=value part */
	/* The record's own bytes in the line handed to the decoder, envelope included. */
	struct slice raw;
	struct slice uuid; /* falcosidekick's; p NULL = none */
	uint32_t extra_present;
	struct value extra[EVENT_EXTRAS];
	uint64_t kernel_drops; /* internal records: n_drops of a drop record, else 0 */
};

#endif
