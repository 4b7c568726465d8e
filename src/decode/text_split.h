/* Splits the body of a Falco text event into its key=value pairs. */
#ifndef FALCOTOP_DECODE_TEXT_SPLIT_H
#define FALCOTOP_DECODE_TEXT_SPLIT_H

#include "decode/text_keys.h"

#define TEXT_MARKS 192 /* pairs of one event; what comes behind belongs to the last one */

struct text_mark {
	const struct text_key *key; /* NULL: not a known key */
	struct slice name;	    /* the key as written; of "name (id=...)" the name */
	struct slice value;
	enum field_id field; /* of the key: FIELD_NONE when it has none */
	uint16_t flags;	     /* so, enum text_key_flag */
	bool known_twice;    /* an earlier pair has the same field */
};

struct text_split {
	unsigned n;
	unsigned suffix; /* pairs from here on were appended by Falco itself; n when none were */
	bool
	    cut; /* the end of the text is missing: the last value is not whole and not in mark[] */
	const char *close; /* the ')' that closes "(k=v ... k=v)"; NULL when none does */
	unsigned closed;   /* the pair before it */
	struct text_mark mark[TEXT_MARKS];
};

/* body: what follows the priority. Linear; looks at each '=' once. The slices borrow from body. */
void text_split(struct slice body, struct text_split *out);

#endif
