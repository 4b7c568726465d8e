/*
 * Falco's JSON: the reference reader (falco_json.c), which decides, and the scan (falco_scan.c),
 * which reads the regular shapes several times as fast and gives up on everything else. Both give
 * the same event; the tests and a fuzz target compare them.
 */
#ifndef FALCOTOP_DECODE_FALCO_JSON_H
#define FALCOTOP_DECODE_FALCO_JSON_H

#include "decode/parts.h"

/* The top-level keys of an event that mean something. */
enum json_role {
	ROLE_OTHER,
	ROLE_RULE,
	ROLE_PRIORITY,
	ROLE_OUTPUT,
	ROLE_TIME,
	ROLE_HOSTNAME,
	ROLE_SOURCE,
	ROLE_TAGS,
	ROLE_FIELDS,
	ROLE_MESSAGE,
	ROLE_UUID,
	ROLE_SAMPLE, /* of Falco's metrics file */
	ROLES
};

enum json_role json_role(struct slice name);
struct slice json_role_name(enum json_role r);

/* The catalogue field of an output_fields key by its exact name; FIELD_NONE when it has none. */
enum field_id json_field(struct slice name);
/* The same for a key whose dots became underscores on the way (proc_name): only when json_field()
 * has none. */
enum field_id json_field_alias(struct slice name);

/*
 * The JSON value at the start of the text as an event: VERDICT_EVENT, VERDICT_INTERNAL,
 * VERDICT_BLANK, or VERDICT_REJECT with a reason. scan tells where the value ends; ev->raw is left
 * to the caller.
 */
enum verdict falco_json(struct decode_context *c, struct json *j, struct slice text,
    struct falco_event *ev, struct json_scan *scan, enum reject_reason *reason);

/* Walks all keys of output_fields, nested objects as dotted keys. */
struct json_fields {
	struct json_walk level[DECODE_MAX_DEPTH];
	unsigned depth;
	size_t prefix[DECODE_MAX_DEPTH]; /* bytes of path at each level */
	char path[256];
	struct slice name; /* of the current key */
	unsigned value;	   /* its node */
};
void json_fields_start(struct json_fields *w, const struct json *j, unsigned fields);
bool json_fields_next(struct json_fields *w, struct arena *scratch);
/* Goes into the object that is the value of the current key; else json_fields_next() passes over
 * it. */
void json_fields_descend(struct json_fields *w);

struct scanner;

struct scanner *scanner_new(void);
void scanner_free(struct scanner *s);
/* The wanted extras changed. */
void scanner_forget(struct scanner *s);
/*
 * Reads the event at the start of the text: the number of bytes of its object when it is of a
 * regular shape and nothing in it has to be mended, else 0 (and the event is undefined): then
 * falco_json() decides.
 */
size_t scanner_event(
    struct scanner *s, const struct decode_context *c, struct slice text, struct falco_event *ev);

/* Last steps of both readers: envelope data, plugin fields, cut payloads. */
void json_event_finish(const struct decode_context *c, struct falco_event *ev);

#endif
