/*
 * Reads the head of a text event and finds heads inside other text: where a torn line or prose ends
 * and the next event begins, and where Falco's exit statistics were glued to the last event. Falco
 * prints the time as HH:MM:SS.nnnnnnnnn (local) or, with time_format_iso_8601, as
 * 2026-04-06T19:31:30.725992942+0000; always nine digits, which is what tells an event from the log
 * lines of any other program (and of Falco).
 */
#include "decode/text_head.h"

#include "decode/envelope.h"
#include "decode/message_rules.h"
#include "decode/vec.h"

#include "base/banned.h"

#define CLOCK_LEN  18 /* HH:MM:SS.nnnnnnnnn */
#define ISO_LEN	   34 /* YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000 */
#define MAX_TIME   64
#define MAX_WORD   24
#define GLUE_TRIES 8	/* heads of JSON events looked at in one text */
#define PAIR_NEAR  1024 /* bytes behind a damaged head within which a pair has to come */

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of the time at p if it has one of Falco's two shapes, else 0. */
static size_t
time_shape(const char *p, const char *end)
{
	static const char clock[] = "00:00:00.000000000",
			  iso[] = "0000-00-00T00:00:00.000000000?0000";

	if (end - p > CLOCK_LEN && p[2] == ':' && has_shape(p, clock, CLOCK_LEN))
		return CLOCK_LEN;
	if (end - p > ISO_LEN && p[10] == 'T' && (p[29] == '+' || p[29] == '-') &&
	    has_shape(p, iso, ISO_LEN))
		return ISO_LEN;
	return 0;
}

/* The priority and the blank behind it. */
static const char *
priority_at(const char *p, const char *end, enum priority *out)
{
	const char *word = p;

	while (p < end && p - word < MAX_WORD && *p != ' ' && *p != '\x1b')
		p++;
	if (!priority_word((struct slice){ word, (size_t)(p - word) }, out))
		return NULL;
	p = skip_colour(p, end);
	return p < end && *p == ' ' ? p + 1 : NULL;
}

bool
text_head_at(const char *p, const char *end)
{
	size_t n = time_shape(p, end);
	enum priority ignored;

	return n > 0 && end - p > (ptrdiff_t)n + 2 && p[n] == ':' && p[n + 1] == ' ' &&
	       priority_at(p + n + 2, end, &ignored) != NULL;
}

static bool
read_time(struct slice s, bool clock, int64_t *ns)
{
	return clock ? time_parse_clock(s, ns) : time_parse_iso(s, ns);
}

/* A time that cannot be read but was one: enough digits and colons. */
static bool
was_time(struct slice s)
{
	unsigned digits = 0, colons = 0;

	for (size_t i = 0; i < s.len; i++) {
		digits += digit(s.p[i]);
		colons += s.p[i] == ':';
	}
	return digits >= 8 && colons >= 2;
}

/* The time token of a head that is not as Falco writes it. */
static bool
odd_time(const char *p, const char *end, struct text_head *out)
{
	const char *colon =
	    memchr(p, ' ', end - p < MAX_TIME + 1 ? (size_t)(end - p) : MAX_TIME + 1);

	if (colon == NULL || colon - p < 2 || colon[-1] != ':')
		return false;
	out->time = (struct slice){ p, (size_t)(colon - 1 - p) };
	out->mended = true;
	out->clock = time_parse_clock(out->time, &out->ns);
	if (out->clock || time_parse_iso(out->time, &out->ns))
		return true;
	out->ns = TIME_NONE;
	out->lost = !was_time(out->time);
	return true;
}

bool
text_head(struct slice text, struct text_head *out)
{
	const char *end = text.p + text.len, *p = skip_colour(text.p, end), *next;
	size_t n = time_shape(p, end);

	out->start = (size_t)(p - text.p);
	out->mended = out->lost = false;
	out->priority = PRIORITY_UNKNOWN;
	if (n > 0) {
		out->time = (struct slice){ p, n };
		out->clock = n == CLOCK_LEN;
		if (!read_time(out->time, out->clock, &out->ns)) {
			out->ns = TIME_NONE;
			out->mended = true;
		}
	} else if (odd_time(p, end, out)) {
		n = out->time.len;
	} else {
		return false;
	}
	p = skip_colour(p + n, end);
	if (end - p < 2 || p[0] != ':' || p[1] != ' ')
		return false;
	p = skip_colour(p + 2, end);
	next = priority_at(p, end, &out->priority);
	if (next == NULL) {
		/* Falco's own log has no fraction: with one, the priority is what is damaged. */
		if (out->mended || p == end)
			return false;
		out->mended = true;
		next = memchr(p, ' ', (size_t)(end - p));
		if (next == NULL || next - p > MAX_WORD)
			return false;
		next++;
	}
	out->len = (size_t)(next - text.p);
	return true;
}

/*
 * Whether what follows a damaged head makes it an event: pairs behind what was a time, or a message
 * that is known. Only near by: prose between events that looks like this is asked many times in a
 * line.
 */
static bool
is_backed(const struct text_head *head, struct slice body)
{
	size_t near = body.len < PAIR_NEAR ? body.len : PAIR_NEAR;

	return !head->mended || (!head->lost && memchr(body.p, '=', near) != NULL) ||
	       message_rule_find(body) != NULL;
}

bool
text_probe(struct slice text)
{
	const char *end = text.p + text.len;
	struct text_head head;

	if (text.len <= 8)
		return false;
	return text_head_at(text.p, end) ||
	       (text_head(text, &head) &&
		   is_backed(&head, (struct slice){ text.p + head.len, text.len - head.len }));
}

/* Start of the head whose ": " is at colon, behind low; NULL when there is none. */
static const char *
head_before(const char *low, const char *colon, const char *end)
{
	if (colon - low >= ISO_LEN && colon[-5] != '.' && text_head_at(colon - ISO_LEN, end))
		return colon - ISO_LEN;
	if (colon - low >= CLOCK_LEN && text_head_at(colon - CLOCK_LEN, end))
		return colon - CLOCK_LEN;
	return NULL;
}

/* The next head at p or later; NULL when there is none. */
static const char *
next_head(const char *p, const char *end)
{
	const char *low = p, *colon = p;

	while ((colon = memchr(colon, ':', (size_t)(end - colon))) != NULL) {
		if (colon > low && end - colon > 1 && colon[1] == ' ' && digit(colon[-1])) {
			const char *head = head_before(low, colon, end);

			if (head != NULL)
				return head;
		}
		colon++;
	}
	return NULL;
}

/* "...Events detected: 12" at the end: where it starts, or end. Falco prints it without a line end
 * before it. */
static const char *
footer(const char *start, const char *end)
{
	static const char text[] = "Events detected: ";
	const size_t len = sizeof(text) - 1;
	const char *p = end;

	while (p > start && end - p < 20 && digit(p[-1]))
		p--;
	if (p == end || (size_t)(p - start) <= len || memcmp(p - len, text, len) != 0)
		return end;
	return p - len;
}

/* Whether the text holds the word at `from` or later. *at: where it was found last; NULL to start.
 */
static bool
holds(struct slice word, const char *from, const char *end, const char **at)
{
	if (*at != NULL && *at < from)
		*at = NULL;
	if (*at == NULL)
		*at = memmem(from, (size_t)(end - from), word.p, word.len);
	return *at != NULL;
}

/*
 * A JSON event of Falco's that goes on to the very end: nothing that stands in a value does. What
 * is inside of an object that was tried ends with it, or breaks where it broke.
 */
static const char *
glued_json(const char *p, const char *end)
{
	const char *priority = NULL, *rule = NULL;
	struct json_scan scan;

	for (unsigned tries = 0; tries < GLUE_TRIES; p++) {
		p = memchr(p, '{', (size_t)(end - p));
		if (p == NULL || end - p < 2)
			break;
		if (p[1] != '"')
			continue;
		if (!holds(SLICE("\"priority\""), p, end, &priority) ||
		    !holds(SLICE("\"rule\""), p, end, &rule))
			break;
		tries++;
		if (strchr(" =\"", p[-1]) != NULL)
			continue;
		json_validate((struct slice){ p, (size_t)(end - p) }, &scan);
		if (scan.status == JSON_OK && p + scan.end == end)
			return p;
		p += scan.end > 0 ? scan.end - 1 : 0;
	}
	return end;
}

/*
 * A head inside a text counts as an event only when no blank, quote or '=' is before it: then it is
 * glued to a torn line, where a command that prints a line like Falco's has it as a word of its
 * own.
 */
static bool
is_torn_before(const char *head)
{
	return strchr(" \"'=\\", head[-1]) == NULL;
}

size_t
text_end(struct slice text)
{
	const char *end = text.p + text.len, *start, *p, *head;
	size_t n = time_shape(text.p, end);
	struct text_head first;

	if (n == 0 && text_head(text, &first))
		n = first.start + first.time.len;
	if (n + 2 >= text.len)
		return text.len;
	start = text.p + n + 2; /* behind the time's ": " */
	end = footer(start, end);
	for (p = start; (head = next_head(p, end)) != NULL; p = head + CLOCK_LEN) {
		if (is_torn_before(head)) {
			end = head;
			break;
		}
	}
	return (size_t)(glued_json(start, end) - text.p);
}

/*
 * The same for what could not be read: a head behind a blank may be the words of a command that a
 * raw line end brought to the start of a line.
 */
size_t
text_find(struct slice text, size_t from)
{
	const char *end = text.p + text.len, *p = text.p + from, *head;

	for (; p < end && (head = next_head(p, end)) != NULL; p = head + CLOCK_LEN)
		if (head == text.p || is_torn_before(head))
			return (size_t)(head - text.p);
	return text.len;
}
