/*
 * Look-alikes: whether a text should be read with care. A word is a run of letters and digits; one
 * that has both Latin letters and letters of a script of look_alikes is suspicious ("rооt" with two
 * Cyrillic letters), one that is wholly of another script is a name like any other. The scripts go
 * by Unicode block. Not here: what may not be shown at all (sanitise.c), nor any change of the
 * text.
 */
#include "base/lookalike.h"

#include "base/utf8.h"

#include "base/banned.h"

struct block {
	uint32_t first, last;
};

/* Blocks whose letters are drawn like Latin ones. Ascending. */
static const struct block look_alikes[] = {
	{ 0x370, 0x3ff },     /* Greek and Coptic */
	{ 0x400, 0x52f },     /* Cyrillic and its supplement */
	{ 0x530, 0x58f },     /* Armenian */
	{ 0x13a0, 0x13ff },   /* Cherokee */
	{ 0x1c80, 0x1c8f },   /* Cyrillic extended C */
	{ 0x1f00, 0x1fff },   /* Greek extended */
	{ 0x2c80, 0x2cff },   /* Coptic */
	{ 0xa4d0, 0xa4ff },   /* Lisu */
	{ 0xa640, 0xa69f },   /* Cyrillic extended B */
	{ 0xab70, 0xabbf },   /* Cherokee supplement */
	{ 0xff21, 0xff5a },   /* full-width Latin */
	{ 0x10400, 0x1044f }, /* Deseret */
	{ 0x1d400, 0x1d7ff }, /* mathematical alphabets */
};

/* Marks that change the letter before them into one that may have a code point of its own. Vowel
 * signs of scripts that are written with such marks (Arabic, Indic, Thai) are not among them. */
static const struct block marks[] = {
	{ 0x300, 0x36f },   /* combining diacritical marks */
	{ 0x1100, 0x11ff }, /* Hangul jamo: parts of syllables */
	{ 0x1ab0, 0x1aff }, /* their extensions */
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff },
	{ 0xfe20, 0xfe2f },
};

static bool
in_blocks(uint32_t cp, const struct block *block, size_t n)
{
	for (size_t i = 0; i < n && block[i].first <= cp; i++)
		if (cp <= block[i].last)
			return true;
	return false;
}

#define IN(cp, table) in_blocks(cp, table, sizeof(table) / sizeof((table)[0]))

/* What the word so far has. */
struct word {
	bool latin, other;
};

static bool
latin_beyond_ascii(uint32_t cp)
{
	return (cp >= 0xc0 && cp <= 0x24f && cp != 0xd7 && cp != 0xf7) ||
	       (cp >= 0x1e00 && cp <= 0x1eff);
}

/* One code point from 0x80 on; true: that settles it. */
static bool
add_wide(struct word *w, uint32_t cp)
{
	if (cp == 0xfffd || IN(cp, marks))
		return true;
	if (IN(cp, look_alikes))
		w->other = true;
	else if (latin_beyond_ascii(cp))
		w->latin = true;
	else
		*w = (struct word){ false, false };
	return w->latin && w->other;
}

static void
add_ascii(struct word *w, char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		w->latin = true;
	else if (c < '0' || c > '9')
		*w = (struct word){ false, false };
}

bool
lookalike(struct slice s)
{
	struct word w = { false, false };
	size_t i = 0;
	uint32_t cp;
	unsigned n;

	while (i < s.len) {
		if ((s.p[i] & 0x80) == 0) {
			add_ascii(&w, s.p[i++]);
			if (w.latin && w.other)
				return true;
			continue;
		}
		n = utf8_decode(s.p + i, s.len - i, &cp);
		if (n == 0 || add_wide(&w, cp))
			return true;
		i += n;
	}
	return false;
}
