/*
 * Searching and shell-style matching of bytes. Case folds for ASCII letters only: names in Falco
 * events are bytes, and a fold that depends on a locale would make filters depend on it.
 */
#include "query/predicate.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/banned.h"

static unsigned char
lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? u | 0x20 : u;
}

static bool
equal_icase(const char *p, const char *lowered, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(p[i]) != (unsigned char)lowered[i])
			return false;
	return true;
}

/* The bit that tells the cases of this (lower-case) byte apart; 0 when it is no letter. */
static unsigned char
case_bit(char c)
{
	return c >= 'a' && c <= 'z' ? 0x20 : 0;
}

static const char *
find_scalar(const char *hay, size_t from, size_t positions, const char *needle, size_t len)
{
	for (size_t i = from; i < positions; i++)
		if (lower(hay[i]) == (unsigned char)needle[0] && equal_icase(hay + i, needle, len))
			return hay + i;
	return NULL;
}

#ifdef __SSE2__
/* Which of the 16 positions from p have the needle's first byte there and its last byte `span`
 * further on. */
static unsigned
candidates(const char *p, size_t span, const __m128i first[2], const __m128i last[2])
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + span));

	a = _mm_cmpeq_epi8(_mm_or_si128(a, first[1]), first[0]);
	b = _mm_cmpeq_epi8(_mm_or_si128(b, last[1]), last[0]);
	return (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b));
}

const char *
find_icase(const char *hay, size_t len, const char *lower_needle, size_t needle_len)
{
	size_t positions, i = 0, span;
	__m128i first[2], last[2];

	if (needle_len == 0)
		return hay;
	if (needle_len > len)
		return NULL;
	positions = len - needle_len + 1;
	span = needle_len - 1;
	first[0] = _mm_set1_epi8(lower_needle[0]);
	first[1] = _mm_set1_epi8((char)case_bit(lower_needle[0]));
	last[0] = _mm_set1_epi8(lower_needle[span]);
	last[1] = _mm_set1_epi8((char)case_bit(lower_needle[span]));
	for (; i + 16 <= positions; i += 16) {
		unsigned hits = candidates(hay + i, span, first, last);

		for (; hits != 0; hits &= hits - 1) {
			const char *at = hay + i + (unsigned)__builtin_ctz(hits);

			if (equal_icase(at, lower_needle, needle_len))
				return at;
		}
	}
	return find_scalar(hay, i, positions, lower_needle, needle_len);
}
#else
const char *
find_icase(const char *hay, size_t len, const char *lower_needle, size_t needle_len)
{
	if (needle_len == 0)
		return hay;
	if (needle_len > len)
		return NULL;
	return find_scalar(hay, 0, len - needle_len + 1, lower_needle, needle_len);
}
#endif

static unsigned char
fold(char c, bool icase)
{
	return icase ? lower(c) : (unsigned char)c;
}

/*
 * Matches c against the set that starts at pattern[i] == '['. Returns the index after the ']' and
 * sets *hit; 0 when there is no closing bracket: then '[' is an ordinary byte, as in the shell. A
 * ']' right after '[' or '[!' belongs to the set.
 */
static size_t
glob_set(struct slice pattern, size_t i, unsigned char c, bool icase, bool *hit)
{
	bool negated = false, found = false;
	size_t start;

	i++;
	if (i < pattern.len && (pattern.p[i] == '!' || pattern.p[i] == '^')) {
		negated = true;
		i++;
	}
	for (start = i; i < pattern.len && (pattern.p[i] != ']' || i == start); i++) {
		unsigned char from, to;

		if (pattern.p[i] == '\\' && i + 1 < pattern.len)
			i++;
		from = to = fold(pattern.p[i], icase);
		if (i + 2 < pattern.len && pattern.p[i + 1] == '-' && pattern.p[i + 2] != ']') {
			to = fold(pattern.p[i + 2], icase);
			i += 2;
		}
		found |= c >= from && c <= to;
	}
	if (i >= pattern.len)
		return 0;
	*hit = found != negated;
	return i + 1;
}

/* Matches one pattern element other than '*' against c; returns the index after it, or 0 when it
 * does not match. */
static size_t
glob_one(struct slice pattern, size_t i, char value, bool icase)
{
	unsigned char c = fold(value, icase);
	bool hit = false;
	size_t next;

	switch (pattern.p[i]) {
	case '?': return i + 1;
	case '[':
		next = glob_set(pattern, i, c, icase, &hit);
		if (next != 0)
			return hit ? next : 0;
		break;
	case '\\':
		if (i + 1 < pattern.len)
			i++;
		break;
	}
	return fold(pattern.p[i], icase) == c ? i + 1 : 0;
}

/*
 * Only the last '*' ever has to be widened: what the earlier ones took is settled by the leftmost
 * match. No recursion, at most pattern times value steps, whatever the two hold.
 */
bool
glob_match(struct slice pattern, struct slice value, bool icase)
{
	size_t i = 0, v = 0, star = SIZE_MAX, star_v = 0;

	while (v < value.len) {
		size_t next = 0;

		if (i < pattern.len && pattern.p[i] == '*') {
			star = ++i;
			star_v = v;
			continue;
		}
		if (i < pattern.len)
			next = glob_one(pattern, i, value.p[v], icase);
		if (next != 0) {
			i = next;
			v++;
		} else if (star != SIZE_MAX) {
			i = star;
			v = ++star_v;
		} else {
			return false;
		}
		if (i == star && star == pattern.len)
			return true;
	}
	while (i < pattern.len && pattern.p[i] == '*')
		i++;
	return i == pattern.len;
}
