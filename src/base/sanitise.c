/*
 * The sanitiser. Its output is one of four things at each place, and can be read back
 * unambiguously:
 *
 *   ^[  ^?       a control character or DEL          \xff       a byte that is not UTF-8
 *   <U+202E>     a code point not fit to be shown    \\ \^ \<   a real '\', '^', '<' that would
 *                                                               otherwise read as one of the others
 *   anything else is itself
 *
 * Hence sanitise() is injective for each character set. Widths are those of base/utf8.h; colours,
 * quoting and formula guards are the business of the writers above.
 */
#include "base/sanitise.h"

#include <pthread.h>

#include "base/utf8.h"

#include "base/banned.h"

#define ONES	      (~(uint64_t)0 / 255)
#define HIGHS	      (ONES * 0x80)
#define COMBINING_MAX 2

/* What to do with a byte: copy it, look at what follows, or mark it. */
enum byte_class {
	BYTE_PLAIN,
	BYTE_AMBIGUOUS, /* ^ \ < */
	BYTE_CONTROL,
	BYTE_HIGH
};

static const uint8_t byte_class[256] = {
	[0x00 ... 0x1f] = BYTE_CONTROL,
	[0x7f] = BYTE_CONTROL,
	[0x80 ... 0xff] = BYTE_HIGH,
	['^'] = BYTE_AMBIGUOUS,
	['\\'] = BYTE_AMBIGUOUS,
	['<'] = BYTE_AMBIGUOUS,
};

/*
 * Code points that the C library calls printable but that hide, reorder or imitate: format controls
 * (Unicode category Cf), blanks other than the space (Zs, Zl, Zp), variation selectors, fillers,
 * private use, non-characters and tags. Ascending. Unassigned ones are found by utf8_printable().
 */
static const struct {
	uint32_t first, last;
} forbidden[] = {
	{ 0x80, 0xa0 },	      /* C1, no-break space */
	{ 0xad, 0xad },	      /* soft hyphen */
	{ 0x34f, 0x34f },     /* combining grapheme joiner: no shape */
	{ 0x600, 0x605 },     /* Arabic number signs (Cf) */
	{ 0x61c, 0x61c },     /* Arabic letter mark (bidi) */
	{ 0x6dd, 0x6dd },     /* (Cf) */
	{ 0x70f, 0x70f },     /* (Cf) */
	{ 0x890, 0x891 },     /* (Cf) */
	{ 0x8e2, 0x8e2 },     /* (Cf) */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x1680, 0x1680 },   /* Ogham space */
	{ 0x17b4, 0x17b5 },   /* Khmer vowels without shape */
	{ 0x180b, 0x180f },   /* Mongolian selectors and separator */
	{ 0x2000, 0x200f },   /* spaces, zero-width, LRM, RLM */
	{ 0x2028, 0x202f },   /* separators, bidi embeddings and overrides, narrow space */
	{ 0x205f, 0x206f },   /* mathematical space, word joiner, isolates, deprecated */
	{ 0x2800, 0x2800 },   /* blank Braille pattern */
	{ 0x3000, 0x3000 },   /* ideographic space */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xd800, 0xf8ff },   /* surrogates, private use */
	{ 0xfdd0, 0xfdef },   /* non-characters */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* half-width Hangul filler */
	{ 0xfff0, 0xfffc },   /* interlinear annotation, object replacement */
	{ 0xfffe, 0xffff },   /* non-characters */
	{ 0x110bd, 0x110bd }, /* (Cf) */
	{ 0x110cd, 0x110cd }, /* (Cf) */
	{ 0x13430, 0x1343f }, /* hieroglyph joiners (Cf) */
	{ 0x1bca0, 0x1bca3 }, /* shorthand controls (Cf) */
	{ 0x1d159, 0x1d159 }, /* null note head: no shape */
	{ 0x1d173, 0x1d17a }, /* musical controls (Cf) */
	{ 0xe0000, 0xe0fff }, /* tags, variation selectors supplement */
	{ 0xf0000, 0x10ffff } /* private use */
};

/* The table again for the first 65536 code points, a bit each: it is asked for every letter. */
#define PLANE 0x10000u
static uint64_t forbidden_bits[PLANE / 64];
static pthread_once_t bits_once = PTHREAD_ONCE_INIT;

static void
fill_bits(void)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		for (uint32_t cp = forbidden[i].first; cp <= forbidden[i].last && cp < PLANE; cp++)
			forbidden_bits[cp / 64] |= (uint64_t)1 << cp % 64;
}

static bool
is_forbidden(uint32_t cp)
{
	size_t lo = 0, hi = sizeof(forbidden) / sizeof(forbidden[0]), mid;

	if ((cp & 0xfffe) == 0xfffe)
		return true;
	if (cp < PLANE) {
		pthread_once(&bits_once, fill_bits);
		return (forbidden_bits[cp / 64] >> cp % 64 & 1) != 0;
	}
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (cp > forbidden[mid].last)
			lo = mid + 1;
		else if (cp < forbidden[mid].first)
			hi = mid;
		else
			return true;
	}
	return false;
}

/* One indivisible piece of output: at most a backslash pair, a mark or a code point. */
struct unit {
	char text[12];
	unsigned len;
	int width;
	bool marked;
};

/* What the next combining mark would stand on. */
struct state {
	enum sanitise_charset set;
	bool base;	    /* a character of the text that a mark may join */
	unsigned combining; /* marks already on it */
};

static void
unit_byte(struct unit *u, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	u->text[0] = '\\';
	u->text[1] = 'x';
	u->text[2] = hex[c >> 4];
	u->text[3] = hex[c & 15];
	u->len = 4;
	u->width = 4;
	u->marked = true;
}

static void
unit_cp(struct unit *u, uint32_t cp)
{
	static const char hex[] = "0123456789ABCDEF";
	int shift = 12;
	unsigned n = 3;

	while (shift < 20 && cp >> (shift + 4) != 0)
		shift += 4;
	memcpy(u->text, "<U+", 3);
	for (; shift >= 0; shift -= 4)
		u->text[n++] = hex[cp >> shift & 15];
	u->text[n++] = '>';
	u->len = n;
	u->width = (int)n;
	u->marked = true;
}

static bool
is_lower_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/*
 * Would the character p[0] read as the start of a mark, given what sanitise() writes for the bytes
 * after it? May say yes without need for bytes above 0x7f: an escape too many stays unambiguous.
 */
static bool
reads_as_mark(const char *p, size_t len)
{
	unsigned char next;

	if (len < 2)
		return false;
	next = (unsigned char)p[1];
	switch (p[0]) {
	case '^': return (next >= '?' && next <= '_') || byte_class[next] != BYTE_PLAIN;
	case '\\':
		return byte_class[next] != BYTE_PLAIN ||
		       (next == 'x' && len >= 4 && is_lower_hex(p[2]) && is_lower_hex(p[3]));
	default: return len >= 3 && next == 'U' && p[2] == '+';
	}
}

/*
 * Reads the code point at p: its length, 0 when it is none. *width is -1 when it must be marked:
 * not fit to be shown, or a combining mark that would stand on a cell of our own or be the third.
 */
static unsigned
take_cp(struct state *st, const char *p, size_t len, uint32_t *cp, int *width)
{
	unsigned n = utf8_decode(p, len, cp);

	*width = n == 0 || is_forbidden(*cp) ? -1 : utf8_cells(*cp);
	if (*width > 0) {
		st->base = true;
		st->combining = 0;
		return n;
	}
	if (*width == 0 && st->base && st->combining < COMBINING_MAX) {
		st->combining++;
		return n;
	}
	st->base = false;
	*width = -1;
	return n;
}

static unsigned
high_unit(struct unit *u, struct state *st, const char *p, size_t len)
{
	uint32_t cp;
	int width;
	unsigned n = take_cp(st, p, len, &cp, &width);

	if (n == 0) {
		unit_byte(u, (unsigned char)p[0]);
		return 1;
	}
	if (width < 0 || st->set == SANITISE_ASCII) {
		unit_cp(u, cp);
		u->marked = width < 0;
		return n;
	}
	memcpy(u->text, p, n);
	u->len = n;
	u->width = width;
	u->marked = false;
	return n;
}

/* The unit of the character at p; returns the bytes of p it stands for. */
static unsigned
next_unit(struct unit *u, struct state *st, const char *p, size_t len)
{
	unsigned char c = (unsigned char)p[0];

	switch ((enum byte_class)byte_class[c]) {
	case BYTE_HIGH: return high_unit(u, st, p, len);
	case BYTE_CONTROL:
		u->text[0] = '^';
		u->text[1] = (char)(c ^ 0x40);
		u->len = 2;
		u->marked = true;
		st->base = false;
		break;
	case BYTE_AMBIGUOUS:
		u->len = 0;
		if (reads_as_mark(p, len))
			u->text[u->len++] = '\\';
		u->text[u->len++] = (char)c;
		u->marked = false;
		st->base = true;
		st->combining = 0;
		break;
	case BYTE_PLAIN:
		u->text[0] = (char)c;
		u->len = 1;
		u->marked = false;
		st->base = c != ' ';
		st->combining = 0;
		break;
	}
	u->width = (int)u->len;
	return 1;
}

static size_t
plain_run(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && byte_class[(unsigned char)p[n]] == BYTE_PLAIN)
		n++;
	return n;
}

static void
add_run(struct buf *out, struct state *st, const char *p, size_t n)
{
	buf_add(out, p, n);
	st->base = p[n - 1] != ' ';
	st->combining = 0;
}

bool
sanitise(struct buf *out, struct slice s, enum sanitise_charset set)
{
	struct state st = { .set = set };
	struct unit u;
	bool marked = false;
	size_t i = 0, n;

	while (i < s.len) {
		n = plain_run(s.p + i, s.len - i);
		if (n > 0) {
			add_run(out, &st, s.p + i, n);
			i += n;
			continue;
		}
		i += next_unit(&u, &st, s.p + i, s.len - i);
		buf_add(out, u.text, u.len);
		marked = marked || u.marked;
	}
	return marked;
}

/* Length of the leading part that is printable ASCII, eight bytes at a time. */
static size_t
ascii_run(const char *p, size_t len)
{
	size_t i = 0;
	uint64_t v;

	for (; len - i >= 8; i += 8) {
		memcpy(&v, p + i, 8);
		/* High bit of v: not ASCII; of v - 0x20: a control; of v + 1: DEL. */
		if (((v | (v - ONES * 0x20) | (v + ONES)) & HIGHS) != 0)
			break;
	}
	while (i < len && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x7f)
		i++;
	return i;
}

/* sanitise_hostile() of what comes after the text that left this state. */
static bool
hostile_after(struct state st, struct slice s)
{
	size_t i = 0, n;
	uint32_t cp;
	int width;

	while (i < s.len) {
		if (s.len - i >= 3 && memcmp(s.p + i, "\xef\xbf\xbd", 3) == 0) {
			/* Mended text is full of it. */
			st.base = true;
			st.combining = 0;
			i += 3;
			continue;
		}
		if ((s.p[i] & 0x80) != 0) {
			i += take_cp(&st, s.p + i, s.len - i, &cp, &width);
			if (width < 0)
				return true;
			continue;
		}
		n = ascii_run(s.p + i, s.len - i);
		if (n == 0)
			return true;
		i += n;
		st.base = s.p[i - 1] != ' ';
		st.combining = 0;
	}
	return false;
}

bool
sanitise_hostile(struct slice s)
{
	return hostile_after((struct state){ .set = SANITISE_UTF8 }, s);
}

/* The blanks at the ends of a value, [0, *lead) and [*tail, len): nobody would see them. */
static void
find_edges(struct slice s, size_t *lead, size_t *tail)
{
	*lead = 0;
	*tail = s.len;
	while (*lead < s.len && s.p[*lead] == ' ')
		(*lead)++;
	while (*tail > *lead && s.p[*tail - 1] == ' ')
		(*tail)--;
}

static bool
in_cells(struct buf *out, struct slice s, enum sanitise_charset set, bool edges, int cells,
    const char *mark, int *used)
{
	struct state st = { .set = set };
	struct unit u;
	bool marked = false, has_mark = mark != NULL && mark[0] != '\0';
	/* Where the text ends if it must be cut: room for the mark is left after it. */
	size_t i = 0, n, cut = out->len;
	size_t lead = 0, tail = s.len;
	int w = 0, cut_w = 0, limit = has_mark ? cells - 1 : cells;

	if (cells <= 0) {
		*used = 0;
		return sanitise_hostile(s);
	}
	if (edges)
		find_edges(s, &lead, &tail);
	while (i < s.len) {
		bool edge = i < lead || i >= tail;

		n = tail - i < (size_t)(cells - w) ? tail - i : (size_t)(cells - w);
		n = edge ? 0 : plain_run(s.p + i, n);
		if (n > 0) {
			add_run(out, &st, s.p + i, n);
			i += n;
			w += (int)n;
			cut_w = w < limit ? w : limit;
			cut = out->len - (size_t)(w - cut_w);
			continue;
		}
		if (edge) {
			unit_byte(&u, ' ');
			st.base = false;
			i++;
		} else {
			i += next_unit(&u, &st, s.p + i, s.len - i);
			marked = marked || u.marked;
		}
		if (w + u.width > cells)
			goto cut;
		buf_add(out, u.text, u.len);
		w += u.width;
		if (w <= limit) {
			cut = out->len;
			cut_w = w;
		}
	}
	*used = w;
	return marked;
cut:
	out->len = cut;
	if (has_mark) {
		buf_adds(out, mark);
		cut_w++;
	}
	if (out->p != NULL)
		out->p[out->len] = '\0';
	*used = cut_w;
	return marked || hostile_after(st, (struct slice){ s.p + i, s.len - i });
}

bool
sanitise_cells(struct buf *out, struct slice s, enum sanitise_charset set, int cells,
    const char *mark, int *used)
{
	return in_cells(out, s, set, false, cells, mark, used);
}

bool
sanitise_value(struct buf *out, struct slice s, enum sanitise_charset set, int cells,
    const char *mark, int *used)
{
	return in_cells(out, s, set, true, cells, mark, used);
}
