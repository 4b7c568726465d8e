/*
 * UTF-8 (RFC 3629) and cell widths. Widths come from the C library's C.UTF-8 locale whatever the
 * locale of the process is, so that a report does not depend on the environment; pages of 256 code
 * points are asked for once. What is fit to be shown is the sanitiser's business, not decided here.
 */
#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <wchar.h>

#include "base/banned.h"

#define CP_COUNT  0x110000u
#define PAGE	  256u
#define PER_WORD  32u /* two bits a code point */
#define HIGH_BITS 0x8080808080808080u

/* Two bits a code point: the width, or WIDTH_BAD for what the C library calls unprintable. */
#define WIDTH_BAD 3u
static _Atomic uint64_t width_bits[CP_COUNT / PER_WORD];
static _Atomic uint8_t width_ready[CP_COUNT / PAGE];

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale;

static void
open_locale(void)
{
	static const char *const names[] = { "C.UTF-8", "C.utf8", "en_US.UTF-8", "POSIX.UTF-8" };

	for (size_t i = 0; utf8_locale == (locale_t)0 && i < sizeof(names) / sizeof(names[0]); i++)
		utf8_locale = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
}

/* Two threads may fill the same page: they store the same values. */
static void
fill_page(uint32_t page)
{
	locale_t old = (locale_t)0;
	uint32_t first = page * PAGE, cp;
	uint64_t word = 0, w;
	int n;

	pthread_once(&locale_once, open_locale);
	if (utf8_locale != (locale_t)0)
		old = uselocale(utf8_locale);
	for (cp = first; cp < first + PAGE; cp++) {
		/* Without any UTF-8 locale only ASCII is known to be printable. */
		if (utf8_locale == (locale_t)0)
			n = cp >= 0x20 && cp < 0x7f ? 1 : -1;
		else
			n = cp == 0 ? -1 : wcwidth((wchar_t)cp);
		w = n < 0 || n > 2 ? WIDTH_BAD : (uint64_t)n;
		word |= w << cp % PER_WORD * 2;
		if (cp % PER_WORD == PER_WORD - 1) {
			atomic_store_explicit(
			    &width_bits[cp / PER_WORD], word, memory_order_relaxed);
			word = 0;
		}
	}
	if (utf8_locale != (locale_t)0)
		uselocale(old);
	atomic_store_explicit(&width_ready[page], 1, memory_order_release);
}

static unsigned
width_class(uint32_t cp)
{
	uint64_t word;

	if (cp >= CP_COUNT)
		return WIDTH_BAD;
	if (!atomic_load_explicit(&width_ready[cp / PAGE], memory_order_acquire))
		fill_page(cp / PAGE);
	word = atomic_load_explicit(&width_bits[cp / PER_WORD], memory_order_relaxed);
	return (unsigned)(word >> cp % PER_WORD * 2) & 3;
}

int
utf8_width(uint32_t cp)
{
	unsigned w = width_class(cp);

	if (w != WIDTH_BAD)
		return (int)w;
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ? 0 : 1;
}

int
utf8_cells(uint32_t cp)
{
	unsigned w = width_class(cp);

	return w != WIDTH_BAD ? (int)w : -1;
}

bool
utf8_printable(uint32_t cp)
{
	return width_class(cp) != WIDTH_BAD;
}

static inline bool
is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

unsigned
utf8_decode(const char *p, size_t len, uint32_t *cp)
{
	unsigned char c = (unsigned char)p[0];
	uint32_t v;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c < 0xc2 || c > 0xf4 || len < 2 || !is_tail(p[1]))
		return 0;
	v = (unsigned char)p[1] & 0x3fu;
	if (c < 0xe0) {
		*cp = (c & 0x1fu) << 6 | v;
		return 2;
	}
	if (len < 3 || !is_tail(p[2]))
		return 0;
	v = v << 6 | ((unsigned char)p[2] & 0x3fu);
	if (c < 0xf0) {
		v |= (c & 0x0fu) << 12;
		if (v < 0x800 || (v >= 0xd800 && v < 0xe000))
			return 0;
		*cp = v;
		return 3;
	}
	if (len < 4 || !is_tail(p[3]))
		return 0;
	v = (c & 0x07u) << 18 | v << 6 | ((unsigned char)p[3] & 0x3fu);
	if (v < 0x10000 || v >= CP_COUNT)
		return 0;
	*cp = v;
	return 4;
}

unsigned
utf8_encode(uint32_t cp, char out[4])
{
	if (cp >= CP_COUNT || (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

size_t
utf8_valid_prefix(const char *p, size_t len)
{
	const char *start = p, *end = p + len, *q;
	uint64_t a, b;

	while (p < end) {
		while (end - p >= 16) {
			memcpy(&a, p, 8);
			memcpy(&b, p + 8, 8);
			if (((a | b) & HIGH_BITS) != 0)
				break;
			p += 16;
		}
		/* Up to one block a byte at a time, then try the fast loop again. */
		for (const char *stop = end - p < 16 ? end : p + 16; p < stop; p = q) {
			q = (unsigned char)*p < 0x80 ? p + 1 : utf8_run(p, end);
			if (q == p)
				return (size_t)(p - start);
		}
	}
	return len;
}

bool
utf8_valid(const char *p, size_t len)
{
	return utf8_valid_prefix(p, len) == len;
}
