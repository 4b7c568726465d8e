/*
 * Falco's rules files: what a rule says of itself, and the messages of its text output, so that a
 * text event gets its rule, source and tags (decode/message_table.h). Conditions, lists, macros and
 * exceptions mean nothing here and are passed over; so is whatever a newer Falco adds.
 *
 * Files are read in order, as Falco does: a later rule of the same name stands instead of the
 * earlier; "override" replaces or appends fields; "append: true" (conditions and exceptions alone)
 * changes nothing here; an item with nothing but "enabled" switches an earlier rule.
 */
#ifndef FALCOTOP_DETECT_RULES_FILE_H
#define FALCOTOP_DETECT_RULES_FILE_H

#include "base/buf.h"
#include "decode/message_table.h"
#include "event/priority.h"

#define RULES_MAX	4096
#define RULES_FILES_MAX 256
#define RULES_FILE_MAX	(4u << 20)  /* bytes of a file */
#define RULES_BYTES_MAX (16u << 20) /* of all files */
#define RULES_TEXT_MAX	8192	    /* of one text; longer ones are cut */
#define RULES_PROBLEMS	64	    /* lines kept */

struct falco_rule {
	struct slice name;
	struct slice source; /* "syscall" when the file gives none */
	struct slice tags;   /* separated by blanks, sorted, each once */
	struct slice description;
	struct slice output;  /* the template */
	struct slice message; /* its fixed start; empty: none that would tell it */
	enum priority priority;
	bool enabled;
	const char *file;
	unsigned line;
};

struct rules;

struct rules *rules_new(void);
/* Any decoder that was given its table must be done with it. */
void rules_free(struct rules *r);
/* A file, or the *.yaml and *.yml of a directory by name. What goes wrong is a problem. */
void rules_add_path(struct rules *r, const char *path);
/* /etc/falco/falco_rules.yaml, falco_rules.local.yaml and rules.d: those that can be read. How
 * many there were. */
unsigned rules_add_default(struct rules *r);
void rules_add_bytes(struct rules *r, const char *name, struct slice bytes);
/* After the last file: the table of messages, owned by r; give it to decode_set_rules(). */
const struct message_table *rules_table(struct rules *r);

unsigned rules_count(const struct rules *r);
unsigned rules_files(const struct rules *r);			       /* read without an error */
const struct falco_rule *rules_get(const struct rules *r, unsigned i); /* in order of definition */
/* By name; NULL when no file has it. r may be NULL. */
const struct falco_rule *rules_find(const struct rules *r, struct slice name);
/* By the message of a text event: the longest start. After rules_table(). */
const struct falco_rule *rules_of_message(const struct rules *r, struct slice message);
/* Appends the tags of a rule, if it is known. */
void rules_tags(const struct rules *r, struct slice name, struct buf *out);

/* "FILE:LINE: what", in order; at most RULES_PROBLEMS, the last one counts those left out. */
unsigned rules_problems(const struct rules *r);
const char *rules_problem(const struct rules *r, unsigned i);

/* The fixed start of an output template: up to the first %field, without " (key=" or " | key=". */
struct slice rules_message_of(struct slice output);

#endif
