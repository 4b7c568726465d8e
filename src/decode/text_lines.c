/*
 * Text events on several lines. Falco before 0.45 prints the newlines of a command line or a file's
 * name as they are, so the rest of the event comes on lines of its own. Such a line is known by
 * three things: it starts no record, the newline before it stands in a value that somebody watched
 * wrote, and it (or a later one) brings a pair that the event lacks, or closes its parenthesis. All
 * is decided from the bytes alone. Not here: what the values are (text_split.c).
 */
#include "decode/decode.h"

#include "decode/envelope.h"
#include "decode/text_head.h"
#include "decode/text_split.h"
#include "decode/text_unescape.h"

#include "base/banned.h"

#define MORE_LINES 16 /* behind the first */
#define TRIES	   3  /* fewer lines may be split otherwise than more */

/* A text event's line and the lines behind it that start no record. */
struct lines {
	const char *start[MORE_LINES + 1], *end[MORE_LINES + 1];
	unsigned last;
};

static struct slice
between(const char *p, const char *end)
{
	return (struct slice){ p, (size_t)(end - p) };
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

static bool
starts_json(const char *p, const char *end)
{
	char open = *p;

	p = skip_blanks(p + 1, end);
	return (open == '{' && (p == end || *p == '"' || *p == '}')) ||
	       (open == '[' && (p == end || *p == '{'));
}

/* Whether an envelope is around the line. Nothing of it is kept: the row of CRI, which would keep
 * pieces, has no line left. */
static bool
in_envelope(struct slice line)
{
	struct decode_context none = { .peeled = { .time = TIME_NONE } };
	struct inner inner;
	struct cri_line cri;

	if (cri_parse(line, &cri))
		return true;
	for (unsigned i = 0; i < line_envelope_count; i++)
		if (line_envelopes[i].peel(&none, line, &inner) != PEEL_NONE)
			return true;
	return false;
}

/* Whether a line is a record by itself, or none because it is blank. */
static bool
starts_record(struct slice line)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *end = line.p + line.len, *p = skip_blanks(skip_colour(line.p, end), end);

	if (p == end || starts_json(p, end) || (line.len >= 3 && memcmp(line.p, bom, 3) == 0))
		return true;
	line = between(skip_colour(line.p, end), end);
	return text_probe(between(p, end)) || text_is_noise(line) || in_envelope(line);
}

static void
collect(struct lines *l, const char *p, const char *nl, const char *end)
{
	const char *next = nl + 1, *next_end;

	l->start[0] = p;
	l->end[0] = nl;
	l->last = 0;
	while (l->last < MORE_LINES && next < end) {
		next_end = memchr(next, '\n', (size_t)(end - next));
		if (next_end == NULL)
			next_end = end;
		if (next_end - p > DECODE_MAX_LINE || starts_record(between(next, next_end)))
			return;
		l->start[++l->last] = next;
		l->end[l->last] = next_end;
		next = next_end + 1;
	}
}

/* Index of the first ')' that closes more than the bytes opened; their number when there is none.
 */
static size_t
closes_at(struct slice v)
{
	unsigned open = 0;

	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] == '(')
			open++;
		else if (v.p[i] == ')' && open-- == 0)
			return i;
	}
	return v.len;
}

static bool
plain_number(struct slice v)
{
	size_t i = v.len > 0 && v.p[0] == '-';

	for (; i < v.len; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	return v.len > 0;
}

/* Where a newline stands. */
struct place {
	const struct text_split *split;
	unsigned mark; /* of the pair; split->n: before the first */
	bool paren;    /* the pairs are in parentheses */
	bool block;    /* "evt_type= user=" came before */
	bool command;  /* so, and the command */
	bool terminal; /* so, and the terminal behind it: only appended pairs follow */
};

static void
go_to(struct place *at, const char *nl)
{
	const struct text_split *s = at->split;
	unsigned next = at->mark == s->n ? 0 : at->mark + 1;

	for (; next < s->n && s->mark[next].name.p < nl; next++) {
		enum field_id field = s->mark[next].field;

		at->mark = next;
		at->block |= field == FIELD_EVT_TYPE;
		at->command |= at->block && field == FIELD_CMDLINE;
		at->terminal |= at->command && field == FIELD_TTY;
	}
}

/* Whether the newline can be part of a value, or of the message before the first pair. */
static bool
may_hold(const struct place *at, const char *nl)
{
	const struct text_split *s = at->split;
	const struct text_mark *m;
	struct slice before;

	if (at->mark == s->n)
		return true;
	m = &s->mark[at->mark];
	if (nl < m->value.p || (s->close != NULL && nl > s->close) ||
	    (m->flags & (TEXT_SUFFIX | TEXT_INFO)) != 0)
		return false;
	before = between(m->value.p, nl);
	while (before.len > 0 && before.p[before.len - 1] == '\r')
		before.len--;
	/* The command of the block is closed by its terminal alone. */
	if (at->command && !at->terminal && (m->flags & TEXT_COMMAND) != 0)
		return true;
	if (at->paren && before.len > 0 && closes_at(before) == before.len - 1)
		return false;
	if ((m->flags & TEXT_WRITTEN) != 0)
		return true;
	return !at->terminal && !plain_number(before) && !slice_eq(before, SLICE("<NA>"));
}

/* The last line up to k before which all newlines can be part of the event. */
static unsigned
open_lines(const struct lines *l, unsigned k, struct place *at)
{
	for (unsigned i = 1; i <= k; i++) {
		go_to(at, l->end[i - 1]);
		if (!may_hold(at, l->end[i - 1]))
			return i - 1;
	}
	return k;
}

/* Whether the parenthesis that closes the pairs is on the line and there is no better one. */
static bool
closes_on(const struct lines *l, unsigned line, const struct text_split *s)
{
	struct slice last;

	if (s->close == NULL || s->close < l->start[line] || s->close > l->end[line])
		return false;
	last = between(s->mark[s->closed].value.p, s->close + 1);
	return closes_at(last) == last.len - 1;
}

/* Whether the line brings a pair that the event has not got. */
static bool
brings_pair(const struct lines *l, unsigned line, const struct text_split *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct text_mark *m = &s->mark[i];

		if (m->key != NULL && !m->known_twice && m->name.p >= l->start[line] &&
		    m->name.p < l->end[line])
			return true;
	}
	return false;
}

/* The first k lines as one event: how many there are up to the last that brings it something. */
static unsigned
event_lines(const struct lines *l, unsigned k)
{
	struct slice text = between(l->start[0], l->end[k]);
	struct text_split split;
	struct text_head head;
	struct place at = { .split = &split };

	text.len = text_end(text); /* another event may be glued to one of the lines */
	while (k > 0 && l->start[k] >= text.p + text.len)
		k--;
	if (k == 0 || !text_head(text, &head))
		return 0;
	text_split((struct slice){ text.p + head.len, text.len - head.len }, &split);
	at.mark = split.n;
	at.paren = split.n > 0 && split.mark[0].name.p[-1] == '(';
	k = open_lines(l, k, &at);
	while (k > 0 && !brings_pair(l, k, &split) && !closes_on(l, k, &split))
		k--;
	return k;
}

static bool
starts_event(struct slice line)
{
	return text_probe(line) && !text_is_escaped(line);
}

/* Where the event whose first line is p to nl ends. */
static const char *
event_end(const char *p, const char *nl, const char *end, unsigned *n)
{
	struct lines l;
	unsigned k, before;

	if (!starts_event(between(p, nl)))
		return nl;
	collect(&l, p, nl, end);
	k = l.last;
	for (unsigned i = 0; i < TRIES && k > 0; i++) {
		before = k;
		k = event_lines(&l, k);
		if (k == before) {
			*n += k;
			return l.end[k];
		}
	}
	return nl;
}

const char *
decode_line_end(const char *p, const char *end, unsigned *lines)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	*lines = 1;
	if (nl == NULL)
		return end;
	if (*p == '{' || end - nl < 2 || (nl[1] == '{' && end - nl > 2 && nl[2] == '"') ||
	    text_head_at(nl + 1, end))
		return nl;
	return event_end(p, nl, end, lines);
}

/* The line that ends at the newline before `end`. */
static struct slice
line_before(const char *p, const char *end)
{
	const char *start = end - 1 > p ? memrchr(p, '\n', (size_t)(end - 1 - p)) : NULL;

	return between(start == NULL ? p : start + 1, end - 1);
}

/* A line has begun of which enough is there to say that it can go on with an event. */
static bool
goes_on(const char *p, const char *end)
{
	return p < end && *p != '{' && *p != '\x1b' && (*p < '0' || *p > '9');
}

size_t
decode_text_cut(const char *p, size_t cut, size_t len, bool more)
{
	const char *end = p + cut;

	if (!more && !goes_on(end, p + len))
		return cut;
	for (unsigned i = 0; i < MORE_LINES && end > p; i++) {
		struct slice line = line_before(p, end);

		if (starts_record(line))
			return starts_event(line) ? (size_t)(line.p - p) : cut;
		end = line.p;
	}
	return cut;
}
