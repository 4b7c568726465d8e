/* The rule behind a message of Falco's text output, from a small built-in table
 * (message_rules.def). */
#ifndef FALCOTOP_DECODE_MESSAGE_RULES_H
#define FALCOTOP_DECODE_MESSAGE_RULES_H

#include "base/slice.h"

struct message_rule {
	struct slice message; /* start of the message */
	struct slice rule;
	struct slice source;
	struct slice tags; /* separated by blanks; may be empty */
};

/* The row with the longest start of the message, or NULL. In the table of decode_set_rules()
 * (message_table.h) when there is one. */
const struct message_rule *message_rule_find(struct slice message);
/* All built-in rows, in order; for the test that they are. */
const struct message_rule *message_rule_rows(unsigned *n);

#endif
