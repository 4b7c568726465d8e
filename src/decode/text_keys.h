/* The keys of Falco's text output, of all generations of its rules: what they mean and how they end
 * a value. */
#ifndef FALCOTOP_DECODE_TEXT_KEYS_H
#define FALCOTOP_DECODE_TEXT_KEYS_H

#include "event/field.h"

enum text_key_flag {
	TEXT_WRITTEN = 1 << 0, /* a file's name or the like: it may hold what looks like a pair */
	TEXT_COMMAND = 1 << 1, /* so, and it is a command line */
	TEXT_WEAK = 1 << 2,    /* a word that is common in command lines too */
	TEXT_SUFFIX =
	    1 << 3, /* Falco appends it behind the message, outside the rule's own output */
	TEXT_BLOCK =
	    1 << 4, /* of the block "evt_type= user= ... command= terminal=" of rules 2 and later */
	TEXT_INFO = 1 << 5 /* the id of "name (id=...)", %container.info of old */
};

struct text_key {
	struct slice key;
	struct slice name;   /* Falco's name of the field; p NULL when it depends on the rule */
	enum field_id field; /* FIELD_NONE when it is not of the catalogue */
	unsigned flags;
	unsigned id; /* the same for all spellings of one field */
};

/* The row of a key; NULL when it is not known. Thread-safe. */
const struct text_key *text_key_find(struct slice key);
/* Whether an unknown key is spelled like a field of Falco's: proc_vpid, fd.cip. */
bool text_key_namespaced(struct slice key);

#endif
