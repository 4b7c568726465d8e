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
/* Length of the longest valid prefix. */
size_t utf8_valid_prefix(const char *p, size_t len);
/*
 * Terminal cells: 0, 1 or 2, never negative: wcwidth(3) of the C.UTF-8 locale, whatever the locale
 * of the process. Controls take 0, what is not printable otherwise 1. Safe from any thread.
 */
int utf8_width(uint32_t cp);
/*
 * Assigned and printable in C.UTF-8 (says nothing of bidi and invisible characters:
 * base/sanitise.h).
 */
bool utf8_printable(uint32_t cp);

#endif
