/* UTF-8: decoding (RFC 3629, strictly), validity, and the cells a code point takes. */
#ifndef FALCOTOP_BASE_UTF8_H
#define FALCOTOP_BASE_UTF8_H

#include "base/slice.h"

/*
 * Decodes one code point; returns its length, or 0 when p does not start one (then skip one byte).
 * len > 0.
 */
unsigned utf8_decode(const char *p, size_t len, uint32_t *cp);
/* Writes 1 to 4 bytes and returns how many; what is no code point is written as U+FFFD. */
unsigned utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *p, size_t len);
static inline bool
utf8_tail(char c, unsigned char low, unsigned char high)
{
	return (unsigned char)c >= low && (unsigned char)c <= high;
}

/* Whether the eight bytes at p are four sequences of two bytes: most letters outside ASCII. */
static inline bool
utf8_four_pairs(const char *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	/* Heads 110xxxxx and tails 10xxxxxx; of the heads, 0xc0 and 0xc1 have no bit of 0x1e. */
	return (v & 0xc0e0c0e0c0e0c0e0u) == 0x80c080c080c080c0u &&
	       (((v & 0x001e001e001e001eu) + 0x00fe00fe00fe00feu) & 0x0100010001000100u) ==
		   0x0100010001000100u;
#else
	(void)p;
	return false;
#endif
}

/* Behind the whole sequences at p that are not ASCII: at an ASCII byte, at a damaged one, or at
 * end. */
static inline const char *
utf8_run(const char *p, const char *end)
{
	while (end - p >= 8 && utf8_four_pairs(p))
		p += 8;
	while (p < end) {
		unsigned char c = (unsigned char)*p;
		unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
		unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
		unsigned n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

		if (n == 0 || end - p < n || !utf8_tail(p[1], low, high) ||
		    (n > 2 && !utf8_tail(p[2], 0x80, 0xbf)) ||
		    (n > 3 && !utf8_tail(p[3], 0x80, 0xbf)))
			break;
		p += n;
	}
	return p;
}

/* Length of the longest valid prefix. */
size_t utf8_valid_prefix(const char *p, size_t len);
/*
 * Terminal cells: 0, 1 or 2, never negative: wcwidth(3) of the C.UTF-8 locale, whatever the locale
 * of the process. Controls take 0, what is not printable otherwise 1. Safe from any thread.
 */
int utf8_width(uint32_t cp);
/* The same for what is printable, -1 for what is not: both questions at once. */
int utf8_cells(uint32_t cp);
/*
 * Assigned and printable in C.UTF-8 (says nothing of bidi and invisible characters:
 * base/sanitise.h).
 */
bool utf8_printable(uint32_t cp);

#endif
