/* Bitmaps of rows, one bit a row, 64 rows a word. */
#ifndef FALCOTOP_BASE_BITS_H
#define FALCOTOP_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool
bit_get(const uint64_t *b, uint32_t i)
{
	return (b[i >> 6] >> (i & 63)) & 1;
}

static inline void
bit_set(uint64_t *b, uint32_t i)
{
	b[i >> 6] |= (uint64_t)1 << (i & 63);
}

static inline uint32_t
bit_words(uint32_t n)
{
	return (n + 63) >> 6;
}

#endif
