/*
 * The rules behind messages as a user's own rules files have them: rows of those files before the
 * built-in ones. Whoever reads the files builds a table and sets it before decoding starts.
 */
#ifndef FALCOTOP_DECODE_MESSAGE_TABLE_H
#define FALCOTOP_DECODE_MESSAGE_TABLE_H

#include "decode/message_rules.h"

struct message_table;

/*
 * The rows and, where none of them has the same message, the built-in ones. Of rows with the same
 * message the first stands; empty messages are left out. Texts are borrowed and must outlive it.
 */
struct message_table *message_table_new(const struct message_rule *rows, unsigned n);
void message_table_free(struct message_table *t);
/* The row with the longest start of the message that ends where a word does, or NULL. */
const struct message_rule *message_table_find(const struct message_table *t, struct slice message);

/*
 * What decoders look rules up in from now on, NULL: the built-in table alone. The old table may be
 * freed when every decoder has ended the line it was on.
 */
void decode_set_rules(const struct message_table *t);
const struct message_table *decode_rules(void);

#endif
