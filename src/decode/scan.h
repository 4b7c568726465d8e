/*
 * Inside the quick scan of Falco's JSON: what falco_scan.c (keys, odd strings, tags) and the cores
 * (one for each vector width, scan_core.h) share.
 *
 * The scan knows the keys it has met. Falco writes the keys of a rule always in the same order, so
 * the key behind a key is predicted (by the key before and the message) and compared, not read; a
 * wrong guess costs a look-up. Nothing depends on a guess being right.
 */
#ifndef FALCOTOP_DECODE_SCAN_H
#define FALCOTOP_DECODE_SCAN_H

#include "decode/falco_json.h"

#define SCAN_KEYS	1024 /* keys known at a time; then all but Falco's own are forgotten */
#define SCAN_KEY_TEXT	88   /* bytes of "name": */
#define SCAN_KEY_VECTOR 32   /* bytes of a key that are compared at once */
#define SCAN_GUESSES	4096
#define SCAN_TAG_SETS	256
#define SCAN_TAG_BYTES	480
#define SCAN_ELEMENTS                                                                              \
	8192 /* of all arrays of an event: with two tokens a key that stays under the cap */
#define SCAN_ODD 16
#define SCAN_MIN 96 /* shorter texts are left to the reference reader */

/* Which values of a key are regular. */
enum scan_need {
	NEED_ANY, /* a string, number, word, or a flat array of plain ones */
	NEED_STRING,
	NEED_FIELDS, /* the object output_fields */
	NEED_TAGS,   /* an array of plain strings */
	NEED_NEVER
};

struct scan_key {
	_Alignas(64) char text[SCAN_KEY_TEXT]; /* with quotes and colon, zero-filled */
	uint64_t present; /* bit in the event's mask, 0 for what is no catalogue field */
	uint32_t extra_present;
	uint32_t seen;	 /* number of the event that had it last: a second time is a duplicate */
	uint16_t len;	 /* of text */
	uint16_t offset; /* of the value in its home */
	uint8_t home;	 /* 0: the event, 1: the scanner */
	uint8_t level;	 /* 0: top, 1: in output_fields */
	uint8_t role;	 /* enum json_role at the top */
	uint8_t need;
	bool watch; /* shown: hostile bytes flag the event */
};

struct scan_tags {
	uint16_t raw_len, text_len;
	char raw[SCAN_TAG_BYTES];
	char text[SCAN_TAG_BYTES];
};

/* First key of each level: where the guesses start. Key 0 matches nothing. */
enum {
	SCAN_ROOT = 0,
	SCAN_INSIDE = SCAN_KEYS /* in front of the first key of output_fields */
};

struct scanner {
	struct value misc[ROLES]; /* top-level values without a column */
	struct value junk;	  /* values nobody asked for */
	uint32_t serial;	  /* number of the event */
	unsigned nkeys;
	unsigned elements; /* in the arrays of the current event so far */
	unsigned nodd;
	struct slice odd[SCAN_ODD]; /* odd strings of the current event that will be shown */
	bool hostile;		    /* an odd string of the current event must be shown with care */
	char *out;		    /* unescaped strings of the current event */
	size_t out_used, out_cap;
	uint16_t guess[SCAN_GUESSES];
	uint16_t slot[SCAN_KEYS * 2];
	struct scan_key key[SCAN_KEYS];
	struct scan_tags tags[SCAN_TAG_SETS];
};

/* The key at p (on its opening quote), looked up, made when new; NULL when it is irregular. */
struct scan_key *scan_find_key(struct scanner *s, const struct decode_context *c, const char *p,
    const char *end, unsigned level);
/*
 * The rest of a string that starts at `start` and is not plain at p: sets *text, unescaped; NULL
 * when it needs mending or never ends, else its closing quote.
 */
const char *scan_odd_string(struct scanner *s, const char *start, const char *p, const char *end,
    bool watch, struct slice *text);
/* An array from its bracket on: behind it, or NULL when it is irregular. */
const char *scan_tags(
    struct scanner *s, const char *p, const char *end, unsigned set, struct value *out);
const char *scan_array(struct scanner *s, const char *p, const char *end);
/* A number whose digits do not tell all (fraction, exponent), or true, false, null: behind it, or
 * NULL. */
const char *scan_number(const char *p, const char *end);
const char *scan_word(const char *p, const char *end, struct value *out);

/*
 * The cores: bytes of the object at the start of the text, with the event's values, output, message
 * and s->misc filled; or 0.
 */
typedef size_t scan_core(
    struct scanner *s, const struct decode_context *c, struct slice text, struct falco_event *ev);
scan_core scan_core_base;
#if defined(__x86_64__) && defined(__GNUC__)
#define SCAN_HAVE_AVX2 1
scan_core scan_core_avx2;
#endif

_Static_assert(SCAN_ELEMENTS + SCAN_TAG_BYTES + 2 * SCAN_KEYS + 4 < DECODE_MAX_TOKENS &&
		   SCAN_KEYS < DECODE_MAX_KEYS,
    "the scan passes nothing that the reference reader refuses");

/* For tests: the core to use, NULL for the best of this machine. */
void scan_set_core(scan_core *core);

#endif
