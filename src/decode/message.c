/*
 * Falco's output text "<time>: <Priority> <message> | key=value ...": where its parts are. Both
 * decoders use it: JSON events carry the text in "output", text events are nothing else. The values
 * are split in falco_text.c.
 */
#include "decode/parts.h"

#include "decode/vec.h"

#include "base/banned.h"

#define TIME_BYTES_MIN 8 /* HH:MM:SS */
#define TIME_BYTES_MAX 48

bool
priority_word(struct slice s, enum priority *out)
{
	static const struct {
		const char *text;
		size_t len;
		enum priority priority;
	} usual[] = {
		{ "Notice", 6, PRIORITY_NOTICE },
		{ "Warning", 7, PRIORITY_WARNING },
		{ "Critical", 8, PRIORITY_CRITICAL },
		{ "Error", 5, PRIORITY_ERROR },
		{ "Informational", 13, PRIORITY_INFORMATIONAL },
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (s.len == usual[i].len && memcmp(s.p, usual[i].text, s.len) == 0) {
			*out = usual[i].priority;
			return true;
		}
	}
	return priority_parse(s, out);
}

size_t
message_prefix(struct slice text, struct slice *time, struct slice *priority)
{
	const char *end = text.p + text.len, *p, *word;
	enum priority parsed;

	if (text.len < TIME_BYTES_MIN + 2 || text.p[0] < '0' || text.p[0] > '9')
		return 0;
	p = skip_time(text.p, text.len > TIME_BYTES_MAX ? text.p + TIME_BYTES_MAX : end);
	if (p == end || *p != ' ' || p - text.p <= TIME_BYTES_MIN || p[-1] != ':')
		return 0;
	*time = (struct slice){ text.p, (size_t)(p - 1 - text.p) };
	word = p + 1;
	for (p = word; p < end && p - word < 16 && *p != ' ';)
		p++;
	if (p == end || *p != ' ')
		return 0;
	*priority = (struct slice){ word, (size_t)(p - word) };
	if (!priority_word(*priority, &parsed))
		return 0;
	return (size_t)(p + 1 - text.p);
}

static struct slice
trim(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	while (p < end && end[-1] == ' ')
		end--;
	return (struct slice){ p, (size_t)(end - p) };
}

/* Start of the key that an '=' ends. */
static const char *
key_before(const char *start, const char *equals)
{
	while (equals > start && equals[-1] != ' ' && equals[-1] != '(')
		equals--;
	return equals > start && equals[-1] == '(' ? equals - 1 : equals;
}

struct slice
message_of(struct slice output)
{
	struct slice time, priority;
	const char *end = output.p + output.len, *start, *p, *paren = NULL;

	if (output.len == 0)
		return output;
	start = output.p + message_prefix(output, &time, &priority);
	for (p = start; (p = find_any3(p, end, '|', '=', '(')) < end; p++) {
		if (*p == '=')
			return trim(start, paren != NULL ? paren : key_before(start, p));
		if (p == start || p[-1] != ' ')
			continue;
		if (*p == '|' && p + 1 < end && p[1] == ' ')
			return trim(start, p - 1);
		if (*p == '(' && paren == NULL)
			paren = p - 1;
	}
	return trim(start, end);
}

bool
is_internal_rule(struct slice rule)
{
	static const struct slice prefix = SLICE("Falco internal:");

	return rule.len >= prefix.len && memcmp(rule.p, prefix.p, prefix.len) == 0;
}
