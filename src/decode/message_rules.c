/*
 * Finds the rule of a text message. Falco's text output names no rule, so the fixed start of the
 * message has to do. This file holds no rule text of its own: the rows are in message_rules.def,
 * sorted, and the search relies on that order. What a message means to an analyst is not decided
 * here.
 */
#include "decode/message_rules.h"

#include "decode/decode.h"
#include "decode/message_table.h"

#include "base/banned.h"

#define LITERAL(s)                                                                                 \
	{                                                                                          \
		(s), sizeof(s) - 1                                                                 \
	}

static const struct message_rule rules[] = {
#define MESSAGE(message, rule, source, tags)                                                       \
	{ LITERAL(message), LITERAL(rule), LITERAL(source), LITERAL(tags) },
#include "decode/message_rules.def"
#undef MESSAGE
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static bool
word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Whether the row's message starts this one and ends at the end of a word. */
static bool
starts(const struct message_rule *r, struct slice message)
{
	if (message.len < r->message.len || memcmp(message.p, r->message.p, r->message.len) != 0)
		return false;
	return message.len == r->message.len || !word_byte(message.p[r->message.len]);
}

/*
 * A row that starts the message sorts before it, and everything between the two starts with that
 * row too; so the last row at or before the message is the longest one, or a neighbour of it with
 * the same first byte.
 */
const struct message_rule *
message_rule_find(struct slice message)
{
	const struct message_table *users = decode_rules();
	size_t low = 0, high = RULES;

	if (users != NULL)
		return message_table_find(users, message);
	if (message.len == 0)
		return NULL;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (slice_cmp(rules[mid].message, message) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low-- > 0 && rules[low].message.p[0] == message.p[0])
		if (starts(&rules[low], message))
			return &rules[low];
	return NULL;
}

const struct message_rule *
message_rule_rows(unsigned *n)
{
	*n = RULES;
	return rules;
}

struct slice
rule_of_message(struct slice message)
{
	const struct message_rule *r = message_rule_find(message);

	return r == NULL ? (struct slice){ NULL, 0 } : r->rule;
}
