/*
 * Runs of plain string bytes, a machine word at a time: SSE2 on x86-64 (always there), else eight
 * bytes in a register. Never reads outside [p, end).
 */
#ifndef FALCOTOP_DECODE_VEC_H
#define FALCOTOP_DECODE_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A byte that a JSON string can hold as it is and that needs no second look: 0x20 to 0x7e but '"'
 * and '\'. */
static inline int
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define SWAR_ONES 0x0101010101010101u
#define SWAR_HIGH 0x8080808080808080u

/* High bit set at least in the first byte that is not plain, and in no byte before it. */
static inline uint64_t
swar_special(uint64_t v)
{
	uint64_t quote = v ^ (SWAR_ONES * '"'), slash = v ^ (SWAR_ONES * '\\');
	uint64_t del = v ^ (SWAR_ONES * 0x7f);
	uint64_t m = v;

	m |= (v - SWAR_ONES * 0x20) & ~v;
	m |= (quote - SWAR_ONES) & ~quote;
	m |= (slash - SWAR_ONES) & ~slash;
	m |= (del - SWAR_ONES) & ~del;
	return m & SWAR_HIGH;
}

/* The first byte that is not plain, or end. */
static inline const char *
skip_plain(const char *p, const char *end)
{
	/* Odd bytes come in runs. */
	if (p < end && !is_plain((unsigned char)*p))
		return p;
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i odd =
		    _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
		int m;

		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		m = _mm_movemask_epi8(odd);
		if (m != 0)
			return p + __builtin_ctz((unsigned)m);
	}
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; end - p >= 8; p += 8) {
		uint64_t v, m;

		memcpy(&v, p, sizeof(v));
		m = swar_special(v);
		if (m != 0)
			return p + (__builtin_ctzll(m) >> 3);
	}
#endif
	while (p < end && is_plain((unsigned char)*p))
		p++;
	return p;
}

/* The first of three bytes, or end. */
static inline const char *
find_any3(const char *p, const char *end, char a, char b, char c)
{
	/* They may come in runs. */
	if (p < end && (*p == a || *p == b || *p == c))
		return p;
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(a)),
		    _mm_or_si128(
			_mm_cmpeq_epi8(v, _mm_set1_epi8(b)), _mm_cmpeq_epi8(v, _mm_set1_epi8(c))));
		int m = _mm_movemask_epi8(hit);

		if (m != 0)
			return p + __builtin_ctz((unsigned)m);
	}
#endif
	while (p < end && *p != a && *p != b && *p != c)
		p++;
	return p;
}

/*
 * Whether the len >= 16 bytes at p are as in the pattern, in which '0' stands for any digit and '?'
 * for any byte.
 */
static inline int
has_shape(const char *p, const char *pattern, size_t len)
{
#ifdef __SSE2__
	for (size_t i = 0; i < len; i += 16) {
		size_t at = len - i < 16 ? len - 16 : i; /* the last one may overlap */
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + at));
		__m128i want = _mm_loadu_si128((const __m128i *)(const void *)(pattern + at));
		__m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
		__m128i same = _mm_cmpeq_epi8(v, want);

		digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
		same = _mm_or_si128(
		    same, _mm_and_si128(digit, _mm_cmpeq_epi8(want, _mm_set1_epi8('0'))));
		same = _mm_or_si128(same, _mm_cmpeq_epi8(want, _mm_set1_epi8('?')));
		if (_mm_movemask_epi8(same) != 0xffff)
			return 0;
	}
#else
	for (size_t i = 0; i < len; i++)
		if (pattern[i] == '0' ? p[i] < '0' || p[i] > '9'
				      : pattern[i] != '?' && p[i] != pattern[i])
			return 0;
#endif
	return 1;
}

#define TEXT_BLOCK_BYTES 64

/* Of 64 bytes of a text with pairs, bit n for byte n: an '='; a byte that is in no key (A-Z a-z 0-9
 * _ . [ ]); a '(' or ','. */
struct text_masks {
	uint64_t equals, no_key, open;
};

static inline int
is_key_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '.' || c == '[' || c == ']';
}

static inline struct text_masks
text_masks(const char *p)
{
	struct text_masks m = { 0, 0, 0 };

#ifdef __SSE2__
	for (unsigned i = 0; i < TEXT_BLOCK_BYTES; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i alpha =
		    _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
		__m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
		__m128i key =
		    _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(alpha, _mm_set1_epi8(25)), alpha),
			_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit));
		__m128i open = _mm_or_si128(
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('(')), _mm_cmpeq_epi8(v, _mm_set1_epi8(',')));
		__m128i equals = _mm_cmpeq_epi8(v, _mm_set1_epi8('='));

		key = _mm_or_si128(key, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
		key = _mm_or_si128(key, _mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
		key = _mm_or_si128(key, _mm_cmpeq_epi8(v, _mm_set1_epi8('[')));
		key = _mm_or_si128(key, _mm_cmpeq_epi8(v, _mm_set1_epi8(']')));
		m.equals |= (uint64_t)(uint32_t)_mm_movemask_epi8(equals) << i;
		m.no_key |= (uint64_t)(uint32_t)(_mm_movemask_epi8(key) ^ 0xffff) << i;
		m.open |= (uint64_t)(uint32_t)_mm_movemask_epi8(open) << i;
	}
#else
	for (unsigned i = 0; i < TEXT_BLOCK_BYTES; i++) {
		m.equals |= (uint64_t)(p[i] == '=') << i;
		m.no_key |= (uint64_t)!is_key_byte((unsigned char)p[i]) << i;
		m.open |= (uint64_t)(p[i] == '(' || p[i] == ',') << i;
	}
#endif
	return m;
}

static inline int
is_time_byte(char c)
{
	return (c >= '+' && c <= ':') || c == 'T' || c == 'Z' || c == 't' || c == 'z';
}

/* Behind the run of bytes that times are written with. */
static inline const char *
skip_time(const char *p, const char *end)
{
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
		__m128i in = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('+' - 1)),
		    _mm_cmplt_epi8(v, _mm_set1_epi8(':' + 1)));
		int m;

		in = _mm_or_si128(in, _mm_cmpeq_epi8(lower, _mm_set1_epi8('t')));
		in = _mm_or_si128(in, _mm_cmpeq_epi8(lower, _mm_set1_epi8('z')));
		m = _mm_movemask_epi8(in) ^ 0xffff;
		if (m != 0)
			return p + __builtin_ctz((unsigned)m);
	}
#endif
	while (p < end && is_time_byte(*p))
		p++;
	return p;
}

#endif
