/*
 * Undoes the escaping of a whole text line, where it is sure that there was one: Falco 0.45 escapes
 * every quote, backslash and control character. A line with a bare quote, a raw control character
 * or a backslash that starts no escape is raw; so is one whose only sign is something like "\n",
 * which commands hold by themselves. Left raw, an escaped line shows its backslashes; unescaped, a
 * raw line would show what nobody wrote: so when in doubt, leave.
 */
#include "decode/text_unescape.h"

#include "decode/json.h"

#include "base/banned.h"

static bool
hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of the escape at p, 0 when it is none. *sure: nobody writes this one by hand. */
static size_t
escape_at(const char *p, const char *end, bool *sure)
{
	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"': *sure = true; return 2;
	case '\\':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': return 2;
	default: break;
	}
	if (p[1] != 'u' || end - p < 6)
		return 0;
	for (int i = 2; i < 6; i++)
		if (!hex_digit(p[i]))
			return 0;
	if (p[2] == '0' && p[3] == '0' && (p[4] == '0' || p[4] == '1'))
		*sure = true;
	return 6;
}

static bool
is_escaped(struct slice text, const char *first)
{
	const char *p = text.p, *end = text.p + text.len;
	bool sure = false;

	if (memchr(p, '"', (size_t)(first - p)) != NULL)
		return false;
	while (p < end) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c < 0x20)
			return false;
		if (c == '\\') {
			size_t n = escape_at(p, end, &sure);

			if (n == 0)
				return false;
			p += n;
		} else {
			p++;
		}
	}
	return sure;
}

bool
text_is_escaped(struct slice text)
{
	const char *first = memchr(text.p, '\\', text.len);

	return first != NULL && is_escaped(text, first);
}

struct slice
text_unescape(struct slice text, struct arena *scratch)
{
	return text_is_escaped(text) ? json_unescape(text, scratch) : text;
}
