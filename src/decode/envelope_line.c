/*
 * Envelopes around lines: what kubectl, stern, docker compose, container runtimes, syslog daemons
 * and journalctl put before a line, and colour around it. A prefix that any text could start with
 * is taken off only when Falco surely follows. The name of the pod in such a prefix is that of
 * Falco's own pod and says nothing about the event.
 */
#include "decode/envelope.h"

#include "base/banned.h"

#define MAX_STAMP 40
#define MAX_NAME  253 /* bytes of a name in Kubernetes, and of a host name */

static struct slice
from(const char *p, const char *end)
{
	return (struct slice){ p, (size_t)(end - p) };
}

/* The word at p, up to a blank; empty when there is none within max bytes. */
static struct slice
word_at(const char *p, const char *end, size_t max)
{
	const char *blank = memchr(p, ' ', (size_t)(end - p) < max ? (size_t)(end - p) : max);

	return from(p, blank == NULL ? p : blank);
}

static bool
name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '/';
}

static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!name_byte(s.p[i]))
			return false;
	return s.len > 0;
}

/* An RFC 3339 time and a blank; where the rest starts, NULL when there is none. */
static const char *
stamp_at(const char *p, const char *end, int64_t *time)
{
	struct slice word = word_at(p, end, MAX_STAMP);

	/* No cheap look-alikes: a date, and more than that. */
	if (word.len < 19 || word.p[4] != '-' || word.p[7] != '-' || word.p[10] != 'T')
		return NULL;
	return time_parse_iso(word, time) ? word.p + word.len + 1 : NULL;
}

static enum peel
yield(struct inner *inner, const char *p, const char *end)
{
	inner->text = trim_frame(from(p, end));
	inner->first = NULL;
	return PEEL_INNER;
}

static enum peel
peel_colour(struct decode_context *c, struct slice line, struct inner *inner)
{
	const char *end = line.p + line.len, *p = skip_colour(line.p, end);

	(void)c;
	return p == line.p ? PEEL_NONE : yield(inner, p, end);
}

/* "[pod/falco-7bfl4/falco] " of kubectl logs --prefix; "[falco-7bfl4 falco] " of its imitators. */
static enum peel
peel_kubectl(struct decode_context *c, struct slice line, struct inner *inner)
{
	static const char pod[] = "[pod/";
	const char *end = line.p + line.len, *close, *p;

	(void)c;
	if (line.len < 4 || line.p[0] != '[')
		return PEEL_NONE;
	close = memchr(line.p, ']', line.len < 2 * MAX_NAME ? line.len : 2 * MAX_NAME);
	if (close == NULL || close == line.p + 1)
		return PEEL_NONE;
	for (p = line.p + 1; p < close; p++)
		if (!name_byte(*p) && *p != ' ')
			return PEEL_NONE;
	p = skip_colour(close + 1, end);
	if (p == end || *p != ' ')
		return PEEL_NONE;
	p = skip_colour(p + 1, end);
	if (line.len > 5 && memcmp(line.p, pod, 5) == 0)
		return yield(inner, p, end);
	return clearly_falco(from(p, end)) ? yield(inner, p, end) : PEEL_NONE;
}

bool
cri_parse(struct slice line, struct cri_line *out)
{
	const char *end = line.p + line.len, *p = stamp_at(line.p, end, &out->time);

	if (p == NULL || end - p < 8 || memcmp(p, "std", 3) != 0)
		return false;
	out->error_stream = memcmp(p, "stderr ", 7) == 0;
	if (!out->error_stream && memcmp(p, "stdout ", 7) != 0)
		return false;
	p += 7;
	/* The tag is "F" or "P", perhaps with more behind ':'. */
	if ((*p != 'F' && *p != 'P') || (p + 1 < end && p[1] != ' ' && p[1] != ':'))
		return false;
	out->partial = *p == 'P';
	while (p < end && *p != ' ')
		p++;
	out->text = from(p < end ? p + 1 : end, end);
	return true;
}

static enum peel
peel_cri(struct decode_context *c, struct slice line, struct inner *inner)
{
	struct cri_line cri;

	if (!cri_parse(line, &cri))
		return PEEL_NONE;
	c->peeled.time = cri.time;
	return piece_add(
	    c, cri.error_stream ? PIECE_CRI_ERR : PIECE_CRI_OUT, cri.text, !cri.partial, inner);
}

static bool
two_digits(const char *p, bool blank_first)
{
	return ((p[0] >= '0' && p[0] <= '9') || (blank_first && p[0] == ' ')) && p[1] >= '0' &&
	       p[1] <= '9';
}

/* "Nov 18 13:04:40[.123456] ": no year, so it dates nothing. Where the rest starts, or NULL. */
static const char *
month_stamp(const char *p, const char *end)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	unsigned m = 0;

	if (end - p < 17)
		return NULL;
	while (m < 36 && memcmp(p, months + m, 3) != 0)
		m += 3;
	if (m == 36 || p[3] != ' ' || !two_digits(p + 4, true) || p[6] != ' ' ||
	    !two_digits(p + 7, false) || p[9] != ':' || !two_digits(p + 10, false) ||
	    p[12] != ':' || !two_digits(p + 13, false))
		return NULL;
	p += 15;
	if (*p == '.')
		for (p++; p < end && *p >= '0' && *p <= '9';)
			p++;
	return p < end && *p == ' ' ? p + 1 : NULL;
}

/* "falco[699]: " or "falco: ": the program's name; where the message starts, or NULL. */
static const char *
tag_at(const char *p, const char *end, struct slice *tag)
{
	struct slice word = word_at(p, end, MAX_NAME);
	size_t n = 0;

	if (word.len < 2 || word.p[word.len - 1] != ':')
		return NULL;
	while (n < word.len - 1 && name_byte(word.p[n]))
		n++;
	*tag = (struct slice){ word.p, n };
	if (n == 0 || (n < word.len - 1 && (word.p[n] != '[' || word.p[word.len - 2] != ']')))
		return NULL;
	return word.p + word.len + 1;
}

static bool
is_falco(struct slice tag)
{
	return tag.len == 5 && strncasecmp(tag.p, "falco", 5) == 0;
}

/* "<13>": the priority of syslog. */
static const char *
pri_at(const char *p, const char *end)
{
	const char *digit = p + 1;

	if (p == end || *p != '<')
		return p;
	while (digit < end && digit - p < 4 && *digit >= '0' && *digit <= '9')
		digit++;
	return digit > p + 1 && digit < end && *digit == '>' ? digit + 1 : p;
}

/* RFC 5424: "1 <time> host app procid msgid - message"; structured data is stepped over. */
static enum peel
peel_5424(struct decode_context *c, const char *p, const char *end, struct inner *inner)
{
	struct slice host = { NULL, 0 }, word;
	int64_t time = TIME_NONE;

	if (end - p < 16 || p[0] != '1' || p[1] != ' ')
		return PEEL_NONE;
	p += 2;
	for (unsigned i = 0; i < 5; i++) {
		word = word_at(p, end, MAX_NAME);
		if (word.len == 0)
			return PEEL_NONE;
		if (i == 0 && !time_parse_iso(word, &time) && !slice_eq(word, SLICE("-")))
			return PEEL_NONE;
		if (i == 1 && !slice_eq(word, SLICE("-")))
			host = word;
		p = word.p + word.len + 1;
	}
	if (p < end && *p == '-') {
		p++;
	} else {
		while (p < end && *p == '[') {
			for (p++; p < end && *p != ']'; p++)
				p += *p == '\\' && p + 1 < end;
			p += p < end;
		}
	}
	if (p < end && *p == ' ')
		p++;
	if (end - p > 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	c->peeled.time = time;
	if (host.p != NULL)
		c->peeled.hostname = host;
	return yield(inner, p, end);
}

/*
 * "[<pri>]Nov 18 13:04:40 host falco[699]: ", the same with an RFC 3339 time (rsyslog, journalctl
 * -o short-iso, falcosidekick), and without the host, as written to /dev/log.
 */
static enum peel
peel_syslog(struct decode_context *c, struct slice line, struct inner *inner)
{
	const char *end = line.p + line.len, *start = pri_at(line.p, end), *p, *message;
	struct slice tag, host = { NULL, 0 };
	int64_t time = TIME_NONE;

	if (start != line.p) {
		enum peel peel = peel_5424(c, start, end, inner);

		if (peel != PEEL_NONE)
			return peel;
	}
	p = month_stamp(start, end);
	if (p == NULL) {
		p = stamp_at(start, end, &time);
		/* "<time> Falco version: ..." is no host and no program. */
		if (p != NULL && text_is_noise(from(p, end)))
			return PEEL_NONE;
	}
	if (p == NULL)
		return PEEL_NONE;
	message = tag_at(p, end, &tag);
	if (message == NULL) {
		host = word_at(p, end, MAX_NAME);
		if (!is_name(host))
			return PEEL_NONE;
		message = tag_at(host.p + host.len + 1, end, &tag);
	}
	if (message == NULL)
		return PEEL_NONE;
	if (time != TIME_NONE)
		c->peeled.time = time;
	if (host.p != NULL)
		c->peeled.hostname = host;
	/* What Falco logs about itself has no values; whatever has must be shown as what it is. */
	if (is_falco(tag) && memchr(message, '"', (size_t)(end - message)) == NULL &&
	    memchr(message, '=', (size_t)(end - message)) == NULL &&
	    !text_probe(from(message, end)))
		return PEEL_NOISE;
	return yield(inner, message, end);
}

/* kubectl logs --timestamps, docker logs -t. */
static enum peel
peel_timestamp(struct decode_context *c, struct slice line, struct inner *inner)
{
	const char *end = line.p + line.len;
	int64_t time;
	const char *p = stamp_at(line.p, end, &time);

	if (p == NULL)
		return PEEL_NONE;
	c->peeled.time = time;
	return yield(inner, p, end);
}

/* "falco-1  | " of docker compose. */
static enum peel
peel_compose(struct decode_context *c, struct slice line, struct inner *inner)
{
	const char *end = line.p + line.len, *p;
	struct slice name = word_at(line.p, end, MAX_NAME);

	(void)c;
	if (!is_name(name))
		return PEEL_NONE;
	p = name.p + name.len;
	while (p < end && *p == ' ')
		p++;
	if (end - p < 3 || p[0] != '|' || p[1] != ' ')
		return PEEL_NONE;
	p = skip_colour(p + 2, end);
	return clearly_falco(from(p, end)) ? yield(inner, p, end) : PEEL_NONE;
}

/* "falco-7bfl4 falco " of stern, perhaps with the namespace first; each may be coloured. */
static enum peel
peel_stern(struct decode_context *c, struct slice line, struct inner *inner)
{
	const char *end = line.p + line.len, *p = line.p;
	bool pod = false;

	(void)c;
	for (unsigned words = 0; words < 3; words++) {
		const char *word = p = skip_colour(p, end);

		while (p < end && name_byte(*p))
			p++;
		/* The name of a pod ends in what its controller made up. */
		pod = pod || memchr(word, '-', (size_t)(p - word)) != NULL;
		if (p == word)
			return PEEL_NONE;
		p = skip_colour(p, end);
		if (p == end || *p != ' ')
			return PEEL_NONE;
		p = skip_colour(p + 1, end);
		if (words > 0 && pod && clearly_falco(from(p, end)))
			return yield(inner, p, end);
	}
	return PEEL_NONE;
}

const struct line_envelope line_envelopes[] = {
	{ .name = "colour", .peel = peel_colour },
	{ .name = "cri", .peel = peel_cri },
	{ .name = "kubectl", .peel = peel_kubectl },
	{ .name = "syslog", .peel = peel_syslog },
	{ .name = "timestamp", .peel = peel_timestamp },
	{ .name = "compose", .peel = peel_compose },
	{ .name = "stern", .peel = peel_stern },
};
const unsigned line_envelope_count = sizeof(line_envelopes) / sizeof(line_envelopes[0]);
