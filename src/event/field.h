/*
 * Fields by number. Catalogue fields (fields.def) come first and have columns in the index; virtual
 * fields are computed (time, priority) or read from the event's bytes (output, raw); a number from
 * FIELD_DYNAMIC up is a slot of a schema (query/schema.h): an output_fields key outside the
 * catalogue.
 */
#ifndef FALCOTOP_EVENT_FIELD_H
#define FALCOTOP_EVENT_FIELD_H

#include "base/slice.h"

enum field_id {
#define FIELD(id, name, escu, keys, title, width, help) FIELD_##id,
#include "event/fields.def"
#undef FIELD
	FIELD_COLUMNS, /* number of catalogue fields */
	FIELD_TIME = FIELD_COLUMNS,
	FIELD_PRIORITY,
	FIELD_OUTPUT,  /* the whole output string (text events: the whole Falco line) */
	FIELD_MESSAGE, /* output without time, priority and the key=value part */
	FIELD_RAW,     /* the bytes of the record as they came in */
	FIELD_ORIGIN,  /* name of the source (file, socket) it came from */
	FIELD_KNOWN,   /* number of all fields above */
	FIELD_NONE = 0xffff,
	FIELD_DYNAMIC = 128 /* slot n of the schema is field FIELD_DYNAMIC + n */
};

_Static_assert(FIELD_COLUMNS <= 64, "the present mask of an event has 64 bits");

struct field_info {
	const char *name;  /* Falco's name: user.name */
	const char *escu;  /* Splunk ESCU's name: user; "" when it has none */
	const char *keys;  /* spellings in text output, separated by blanks */
	const char *title; /* column header */
	int width;	   /* usual column width in cells */
	const char *help;
};

/* The row of a catalogue or virtual field: id < FIELD_KNOWN. */
const struct field_info *field_info(enum field_id id);
/* By Falco's or ESCU's name, exactly; FIELD_NONE when not known. */
enum field_id field_by_name(struct slice name);
/* Catalogue fields by Falco's name only: what a decoder asks for an output_fields key. */
enum field_id field_by_falco_name(struct slice name);
/*
 * By a key of the text output (user, k8s.ns, container_image_tag, user.name, user_name); FIELD_NONE
 * when not known.
 */
enum field_id field_by_text_key(struct slice key);

#endif
