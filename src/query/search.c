/*
 * Searching and shell-style matching of bytes. Case folds for ASCII letters only: names in Falco
 * events are bytes, and a fold that depends on a locale would make filters depend on it.
 */
#include "query/predicate.h"

#ifdef __x86_64__
#include <immintrin.h>
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

#ifdef __x86_64__
/* What is looked for in a vector: a byte of the needle in either case, at its place. */
struct probe {
	size_t at;
	char byte, bit;
};

static struct probe
probe_of(const char *needle, size_t at)
{
	return (struct probe){ at, needle[at], (char)case_bit(needle[at]) };
}

/* Which of the 16 positions from p have both bytes. */
static unsigned
candidates16(const char *p, const struct probe q[2])
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + q[0].at));
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + q[1].at));

	a = _mm_cmpeq_epi8(_mm_or_si128(a, _mm_set1_epi8(q[0].bit)), _mm_set1_epi8(q[0].byte));
	b = _mm_cmpeq_epi8(_mm_or_si128(b, _mm_set1_epi8(q[1].bit)), _mm_set1_epi8(q[1].byte));
	return (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b));
}

__attribute__((target("avx2"))) static unsigned
candidates32(const char *p, const struct probe q[2])
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(p + q[0].at));
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + q[1].at));

	a = _mm256_cmpeq_epi8(
	    _mm256_or_si256(a, _mm256_set1_epi8(q[0].bit)), _mm256_set1_epi8(q[0].byte));
	b = _mm256_cmpeq_epi8(
	    _mm256_or_si256(b, _mm256_set1_epi8(q[1].bit)), _mm256_set1_epi8(q[1].byte));
	return (unsigned)_mm256_movemask_epi8(_mm256_and_si256(a, b));
}

/* The first of some candidates from p that is one, or NULL. */
static const char *
first_of(const char *p, unsigned hits, const char *needle, size_t len)
{
	for (; hits != 0; hits &= hits - 1) {
		const char *at = p + (unsigned)__builtin_ctz(hits);

		if (equal_icase(at, needle, len))
			return at;
	}
	return NULL;
}

/* From *i on, whole vectors of 32; *i is where it stopped. */
__attribute__((target("avx2"))) static const char *
find_avx2(const char *hay, size_t *i, size_t positions, const char *needle, size_t len,
    const struct probe q[2])
{
	const char *found = NULL;

	for (; *i + 32 <= positions && found == NULL; *i += 32) {
		unsigned hits = candidates32(hay + *i, q);

		if (__builtin_expect(hits != 0, 0))
			found = first_of(hay + *i, hits, needle, len);
	}
	return found;
}

static const char *
find_vectors(
    const char *hay, size_t positions, const char *needle, size_t len, const struct find_plan *plan)
{
	const struct probe q[2] = { probe_of(needle, plan->at[0]), probe_of(needle, plan->at[1]) };
	const char *found = NULL;
	size_t i = 0;

	if (__builtin_cpu_supports("avx2"))
		found = find_avx2(hay, &i, positions, needle, len, q);
	for (; found == NULL && i + 16 <= positions; i += 16)
		found = first_of(hay + i, candidates16(hay + i, q), needle, len);
	return found != NULL ? found : find_scalar(hay, i, positions, needle, len);
}
#else
static const char *
find_vectors(
    const char *hay, size_t positions, const char *needle, size_t len, const struct find_plan *plan)
{
	(void)plan;
	return find_scalar(hay, 0, positions, needle, len);
}
#endif

const char *
find_icase_by(const char *hay, size_t len, const char *lower_needle, size_t needle_len,
    const struct find_plan *plan)
{
	if (needle_len == 0)
		return hay;
	if (needle_len > len)
		return NULL;
	return find_vectors(hay, len - needle_len + 1, lower_needle, needle_len, plan);
}

const char *
find_icase(const char *hay, size_t len, const char *lower_needle, size_t needle_len)
{
	const struct find_plan ends = { { 0, needle_len > 0 ? needle_len - 1 : 0 } };

	return find_icase_by(hay, len, lower_needle, needle_len, &ends);
}

/* How common a byte is in events, roughly: quotes, blanks and the letters of English first. */
static size_t
commonness(char c)
{
	static const char common[] = "\"eatoinrs ,c:lu._pdm-=/0123f4a5b6g7h8y9kv";
	const char *at = c == '\0' ? NULL : strchr(common, c);

	return at == NULL ? 0 : sizeof(common) - (size_t)(at - common);
}

struct find_plan
find_plan(const char *lower_needle, size_t needle_len)
{
	struct find_plan p = { { 0, needle_len > 0 ? needle_len - 1 : 0 } };

	for (size_t i = 0; i < needle_len; i++)
		if (commonness(lower_needle[i]) < commonness(lower_needle[p.at[0]]))
			p.at[0] = i;
	for (size_t i = 0; i < needle_len; i++)
		if (i != p.at[0] && lower_needle[i] != lower_needle[p.at[0]] &&
		    (p.at[1] == p.at[0] ||
			commonness(lower_needle[i]) < commonness(lower_needle[p.at[1]])))
			p.at[1] = i;
	return p;
}

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
