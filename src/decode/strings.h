/* Escapes and damaged bytes of JSON strings: the steps that the validating scan and the unescaper
 * share. */
#ifndef FALCOTOP_DECODE_STRINGS_H
#define FALCOTOP_DECODE_STRINGS_H

#include "base/utf8.h"

/* Value of the four hex digits at p, or -1. */
int hex4(const char *p, const char *end);

/*
 * Length of the escape whose backslash is at p: 2, 6, or 12 for a surrogate pair; 0 when it is
 * none. *lone: a surrogate without its other half (6 bytes).
 */
size_t escape_length(const char *p, const char *end, bool *lone);

/* The code point of an escape that escape_length() measured; a lone surrogate is U+FFFD. */
uint32_t escape_value(const char *p, size_t len);

/*
 * Length of the UTF-8 sequence at p (first byte >= 0x80), or of the maximal subpart to replace by
 * one U+FFFD (Unicode 15, 3.9, "substitution of maximal subparts"): then *bad is true. At least 1.
 */
size_t utf8_step(const char *p, size_t len, bool *bad);

/* utf8_step() where utf8_run() stopped: what is there is damaged. */
static inline size_t
damaged_length(const char *p, const char *end)
{
	bool bad;

	if ((unsigned char)*p < 0xc2 || (unsigned char)*p > 0xf4)
		return 1;
	return utf8_step(p, (size_t)(end - p), &bad);
}

#endif
