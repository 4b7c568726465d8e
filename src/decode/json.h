/*
 * JSON for this layer: one linear validating scan of our own (RFC 8259 grammar, caps, bytes to
 * repair), then jsmn over what passed, then a walk that cannot leave the token array. json.c is the
 * only file that includes jsmn.h.
 */
#ifndef FALCOTOP_DECODE_JSON_H
#define FALCOTOP_DECODE_JSON_H

#include "base/arena.h"
#include "decode/decode.h"

struct json;

struct json *json_new(void);
void json_free(struct json *j);

enum json_status {
	JSON_OK,
	JSON_BAD,	/* grammar */
	JSON_DEEP,	/* more than DECODE_MAX_DEPTH levels */
	JSON_MANY,	/* more than DECODE_MAX_TOKENS strings, scalars and containers */
	JSON_MANY_KEYS, /* more than DECODE_MAX_KEYS members in one object */
	JSON_BLANK	/* nothing but white space */
};

/* What the validating scan found. */
struct json_scan {
	enum json_status status;
	size_t start;	  /* of the value, behind leading white space */
	size_t end;	  /* behind the value and the white space that follows it; where it failed
			     otherwise */
	size_t value_end; /* behind the value */
	unsigned tokens;
	unsigned
	    repairs;	/* control bytes, bytes that are not UTF-8 and lone surrogates in strings */
	unsigned depth; /* containers open where the scan ended */
	unsigned deepest;		 /* most containers open at a time */
	uint32_t open[DECODE_MAX_DEPTH]; /* where they start */
};

/* Validates the one value at the start of the text; what follows it is not looked at. Linear. */
enum json_status json_validate(struct slice text, struct json_scan *out);

/*
 * Validates and tokenises the value at the start of the text. The document borrows the text and is
 * good until the next json_parse() with the same j. Node 0 is the root.
 */
enum json_status json_parse(struct json *j, struct slice text, struct json_scan *out);

/* Kind of a node; VALUE_STRING for strings, VALUE_OBJECT, VALUE_ARRAY, ... */
enum value_kind json_kind(const struct json *j, unsigned node);
/* Bytes of the node as written; of a string without its quotes, still escaped. */
struct slice json_text(const struct json *j, unsigned node);
/*
 * Value of a node: strings are unescaped and mended (bytes that are not UTF-8 and lone surrogates
 * become U+FFFD), in place when nothing is to be done, else into the arena; everything else is the
 * text as written.
 */
struct value json_value(const struct json *j, unsigned node, struct arena *scratch);

/* Walks the members of an object or the elements of an array: start with json_walk(), then
 * json_next() until false. */
struct json_walk {
	const struct json *j;
	unsigned parent, next, end; /* nodes */
	unsigned key;		    /* node of the key (objects) */
	unsigned value;		    /* node of the value or element */
};
struct json_walk json_walk(const struct json *j, unsigned node);
bool json_next(struct json_walk *w);
/* Name of the current member, unescaped. */
struct slice json_name(const struct json_walk *w, struct arena *scratch);
/* The last member of that name; false when there is none. */
bool json_find(const struct json *j, unsigned object, struct slice name, unsigned *value,
    struct arena *scratch);

/* Whether any object of the document has a key twice (compared unescaped). Linear, seeded hashes.
 */
bool json_has_duplicates(struct json *j, struct arena *scratch);

/* Unescapes a string that json_validate() passed: the bytes between its quotes. */
struct slice json_unescape(struct slice raw, struct arena *scratch);

#endif
