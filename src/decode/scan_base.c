/* The quick scan with what every processor of the architecture has: SSE2 on x86-64, elsewhere a
 * 64-bit word. */
#include "decode/scan.h"

#include "decode/vec.h"

#define SCAN_CORE scan_core_base

#ifdef __SSE2__

#define VEC_BYTES 16

static inline uint64_t
vec_odd(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i high = _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
	__m128i odd = _mm_or_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(odd, high));
}

static inline uint64_t
vec_no_digit(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i d = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	__m128i in = _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d);

	return (uint32_t)_mm_movemask_epi8(in) ^ 0xffffu;
}

static inline bool
key_equal(const char *p, const struct scan_key *k)
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
	__m128i x = _mm_load_si128((const __m128i *)(const void *)k->text);
	__m128i y = _mm_load_si128((const __m128i *)(const void *)(k->text + 16));
	uint64_t same = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, x)) |
			(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b, y)) << 16;

	return (~same & (((uint64_t)1 << k->len) - 1)) == 0;
}

#else

#define VEC_BYTES 8

static inline uint64_t
load_word(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* One bit for the high bit of each byte. */
static inline uint64_t
bits_of(uint64_t m)
{
	return ((m & SWAR_HIGH) >> 7) * 0x0102040810204080u >> 56;
}

static inline uint64_t
vec_odd(const char *p)
{
	return bits_of(swar_special(load_word(p)));
}

static inline uint64_t
vec_no_digit(const char *p)
{
	uint64_t m = 0;

	for (unsigned i = 0; i < 8; i++)
		m |= (uint64_t)(p[i] < '0' || p[i] > '9') << i;
	return m;
}

static inline bool
key_equal(const char *p, const struct scan_key *k)
{
	return memcmp(p, k->text, k->len) == 0;
}

#endif

#include "decode/scan_core.h"
