/*
 * Escapes and UTF-8 of JSON strings, one step at a time. Nothing here knows where a string ends:
 * the callers scan for the quote.
 */
#include "decode/strings.h"

#include "base/banned.h"

int
hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = (unsigned char)p[i];

		if (d >= '0' && d <= '9')
			d -= '0';
		else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
			d = (d | 0x20) - 'a' + 10;
		else
			return -1;
		v = v * 16 + d;
	}
	return v;
}

size_t
escape_length(const char *p, const char *end, bool *lone)
{
	int u, low;

	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': return 2;
	case 'u': break;
	default: return 0;
	}
	u = hex4(p + 2, end);
	if (u < 0)
		return 0;
	if (u < 0xd800 || u > 0xdfff)
		return 6;
	if (u < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
		low = hex4(p + 8, end);
		if (low >= 0xdc00 && low <= 0xdfff)
			return 12;
	}
	*lone = true;
	return 6;
}

uint32_t
escape_value(const char *p, size_t len)
{
	int u;

	switch (p[1]) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'u': break;
	default: return (unsigned char)p[1];
	}
	u = hex4(p + 2, p + len);
	if (len == 12)
		return 0x10000 + (((uint32_t)u - 0xd800) << 10) +
		       ((uint32_t)hex4(p + 8, p + len) - 0xdc00);
	return u >= 0xd800 && u <= 0xdfff ? 0xfffd : (uint32_t)u;
}

size_t
utf8_step(const char *p, size_t len, bool *bad)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned low = 0x80, high = 0xbf;
	size_t need;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		need = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		need = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		need = 4;
	else
		need = 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* no overlong forms, */
	else if (s[0] == 0xed)
		high = 0x9f; /* no surrogates, */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f; /* nothing above U+10FFFF */
	for (size_t i = 1; i < need; i++) {
		if (i >= len || s[i] < low || s[i] > high) {
			*bad = true;
			return i;
		}
		low = 0x80;
		high = 0xbf;
	}
	*bad = need == 0;
	return need == 0 ? 1 : need;
}
