/*
 * The quick scan with 32-byte vectors, for x86-64 processors that have AVX2: chosen at run time
 * (falco_scan.c), so the file compiles for the baseline and only these functions use more.
 */
#include "decode/scan.h"

#ifdef SCAN_HAVE_AVX2

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt")
#endif

#define SCAN_CORE scan_core_avx2
#define VEC_BYTES 32

static inline uint64_t
vec_odd(const char *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high =
	    _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), _mm256_add_epi8(v, _mm256_set1_epi8(1)));
	__m256i odd = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),
	    _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));

	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(odd, high));
}

static inline uint64_t
vec_no_digit(const char *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i d = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
	__m256i in = _mm256_cmpeq_epi8(_mm256_min_epu8(d, _mm256_set1_epi8(9)), d);

	return (uint32_t)~_mm256_movemask_epi8(in);
}

static inline bool
key_equal(const char *p, const struct scan_key *k)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i b = _mm256_load_si256((const __m256i *)(const void *)k->text);
	uint32_t differ = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b));

	return _bzhi_u32(differ, k->len) == 0;
}

#include "decode/scan_core.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
/* An empty file is no translation unit. */
extern int scan_avx2_unused;
#endif
