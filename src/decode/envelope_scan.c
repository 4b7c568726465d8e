/*
 * One pass over the members of a JSON object that is no event: the few that make a line of
 * docker, journald or Splunk are kept, the rest is only checked for grammar, and the line inside is
 * unescaped on the way, 64 bytes at a time. Strict: what the reference reader would refuse, mend or
 * read differently is left to it.
 */
#include "decode/envelope_scan.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "decode/scan.h"
#include "decode/strings.h"
#include "decode/vec.h"

#include "base/banned.h"

#define BLOCK	    64 /* bytes of a string looked at at once */
#define SLACK	    32 /* bytes that a copy may write too many */
#define MAX_MEMBERS 1024
#define MAX_TOKENS  (DECODE_MAX_TOKENS / 2)

/* The members that mean something; OTHER and what follows has no value kept. */
enum member {
	LOG,
	STREAM,
	TIME,
	KUBERNETES,
	MESSAGE,
	SOURCE_TIME,
	JOURNAL_TIME,
	HOSTNAME,
	RAW,
	RAW_TIME,
	HOST,
	ATTRS,
	OTHER,
	FOREIGN /* a member of events, or of other envelopes */
};

static const struct {
	struct slice name;
	enum member member;
} names[] = {
	{ { "log", 3 }, LOG },
	{ { "stream", 6 }, STREAM },
	{ { "time", 4 }, TIME },
	{ { "kubernetes", 10 }, KUBERNETES },
	{ { "MESSAGE", 7 }, MESSAGE },
	{ { "_SOURCE_REALTIME_TIMESTAMP", 26 }, SOURCE_TIME },
	{ { "__REALTIME_TIMESTAMP", 20 }, JOURNAL_TIME },
	{ { "_HOSTNAME", 9 }, HOSTNAME },
	{ { "attrs", 5 }, ATTRS },
	{ { "rule", 4 }, FOREIGN },
	{ { "sample", 6 }, FOREIGN },
	{ { "_raw", 4 }, RAW },
	{ { "_time", 5 }, RAW_TIME },
	{ { "host", 4 }, HOST },
	{ { "_source", 7 }, FOREIGN },
	{ { "event", 5 }, FOREIGN },
	{ { "message", 7 }, FOREIGN },
};

struct envelope_scan {
	struct {
		char *p;
		size_t cap;
	} out[ENVELOPE_LEVELS + 1];
};

struct run {
	const char *end;
	struct json *j;
	struct slice value[OTHER]; /* p NULL: not there */
	char *to;		   /* unescaped lines */
	unsigned members, tokens;
	bool others; /* there are members that docker does not write */
};

struct envelope_scan *
envelope_scan_new(void)
{
	return xcalloc(1, sizeof(struct envelope_scan));
}

void
envelope_scan_free(struct envelope_scan *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i <= ENVELOPE_LEVELS; i++)
		free(s->out[i].p);
	free(s);
}

static enum member
member_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].name.len == name.len && memcmp(names[i].name.p, name.p, name.len) == 0)
			return names[i].member;
	return OTHER;
}

/* Bit n: byte n is a quote or a backslash. *high: some byte is no ASCII. */
static inline uint64_t
marks_of(const char *p, bool *high)
{
	uint64_t marks = 0;

#ifdef __SSE2__
	__m128i all = _mm_setzero_si128();

	for (unsigned i = 0; i < BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i hit = _mm_or_si128(
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

		all = _mm_or_si128(all, v);
		marks |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << i;
	}
	*high = *high || _mm_movemask_epi8(all) != 0;
#else
	for (unsigned i = 0; i < BLOCK; i++) {
		marks |= (uint64_t)(p[i] == '"' || p[i] == '\\') << i;
		*high = *high || (p[i] & 0x80) != 0;
	}
#endif
	return marks;
}

/* Copies n bytes, up to SLACK more on both sides being there. */
static inline char *
copy_run(char *to, const char *p, size_t n)
{
	memcpy(to, p, SLACK);
	if (__builtin_expect(n > SLACK, 0))
		memcpy(to + SLACK, p + SLACK, n - SLACK);
	return to + n;
}

/* The escape at p: behind it, or NULL when it is none. */
static const char *
take_escape(char **to, const char *p, const char *end)
{
	bool lone = false;
	size_t n = escape_length(p, end, &lone);

	if (n == 0)
		return NULL;
	*to += utf8_encode(escape_value(p, n), *to);
	return p + n;
}

/* The rest of a string near the end of the text, byte by byte: its quote, or NULL. */
static const char *
unescape_tail(struct run *r, const char *p, bool *high)
{
	while (p != NULL && p < r->end && *p != '"') {
		if (*p == '\\') {
			p = take_escape(&r->to, p, r->end);
		} else {
			*high = *high || (*p & 0x80) != 0;
			*r->to++ = *p++;
		}
	}
	return p == r->end ? NULL : p;
}

/* Unescapes the string behind the quote before p: its closing quote, or NULL. */
static const char *
unescape(struct run *r, const char *p, bool *high)
{
	while (r->end - p >= BLOCK + SLACK) {
		const char *block = p;
		uint64_t marks = marks_of(p, high);

		while (marks != 0) {
			const char *mark = block + __builtin_ctzll(marks);

			r->to = copy_run(r->to, p, (size_t)(mark - p));
			p = mark;
			if (*p == '"')
				return p;
			marks &= marks - 1;
			if (p[1] == '"' || p[1] == '\\') {
				*r->to++ = p[1];
				p += 2;
				marks &= marks - 1;
				continue;
			}
			p = take_escape(&r->to, p, r->end);
			if (p == NULL)
				return NULL;
			/* The second half of a surrogate pair. */
			if (p - mark == 12)
				marks &= marks - 1;
		}
		if (p - block < BLOCK) {
			r->to = copy_run(r->to, p, (size_t)(block + BLOCK - p));
			p = block + BLOCK;
		}
	}
	return unescape_tail(r, p, high);
}

/* The line inside, from behind its opening quote on: its closing quote, or NULL. */
static const char *
take_line(struct run *r, const char *p, struct slice *out)
{
	char *start = r->to;
	bool high = false;

	p = unescape(r, p, &high);
	if (p == NULL)
		return NULL;
	*out = (struct slice){ start, (size_t)(r->to - start) };
	return !high || utf8_valid(out->p, out->len) ? p : NULL;
}

/* A string that nobody reads: its closing quote, or NULL. */
static const char *
skip_string(const char *p, const char *end)
{
	while ((p = skip_plain(p, end)) < end && *p != '"') {
		const char *next = utf8_run(p, end);
		bool lone = false;

		if (*p == '\\')
			next += escape_length(p, end, &lone);
		else if (next == p)
			next++;
		if (next == p)
			return NULL;
		p = next;
	}
	return p < end ? p : NULL;
}

/* An object or array inside: behind it, or NULL. */
static const char *
skip_container(struct run *r, const char *p)
{
	struct json_scan scan;

	if (json_validate((struct slice){ p, (size_t)(r->end - p) }, &scan) != JSON_OK ||
	    scan.deepest == DECODE_MAX_DEPTH)
		return NULL;
	r->tokens += scan.tokens;
	return p + scan.value_end;
}

/* A string value; those that are read as they are must be plain. */
static const char *
take_string(struct run *r, enum member m, const char *p, struct slice *value)
{
	const char *q;

	if (m == LOG || m == MESSAGE || m == RAW) {
		q = take_line(r, p, value);
	} else {
		q = m < OTHER && m != ATTRS ? skip_plain(p, r->end) : skip_string(p, r->end);
		if (q == r->end || (q != NULL && *q != '"'))
			return NULL;
		*value = (struct slice){ p, (size_t)(q - p) };
	}
	return q == NULL ? NULL : q + 1;
}

static const char *
take_value(struct run *r, enum member m, const char *p)
{
	struct slice value = { p, 0 };
	struct value ignored;
	const char *q;

	r->tokens += 2;
	r->others = r->others || (m != LOG && m != STREAM && m != TIME && m != ATTRS);
	if (m < OTHER && r->value[m].p != NULL)
		return NULL;
	if (*p == '"')
		q = take_string(r, m, p + 1, &value);
	else if (m <= TIME || m == MESSAGE || (m >= HOSTNAME && m <= HOST))
		return NULL;
	else if (*p == '{' || *p == '[')
		q = skip_container(r, p);
	else if (*p == '-' || (*p >= '0' && *p <= '9'))
		q = scan_number(p, r->end);
	else
		q = scan_word(p, r->end, &ignored);
	if (q != NULL && value.p == p)
		value.len = (size_t)(q - p);
	if (m < OTHER)
		r->value[m] = value;
	return q;
}

static const char *
skip_one_blank(const struct run *r, const char *p)
{
	return p < r->end && *p == ' ' ? p + 1 : p;
}

/* From behind the opening brace to behind the closing one, or NULL. */
static const char *
take_members(struct run *r, const char *p)
{
	enum member m;
	const char *q;

	for (;;) {
		if (p >= r->end || *p != '"' || ++r->members > MAX_MEMBERS)
			return NULL;
		q = skip_plain(p + 1, r->end);
		if (r->end - q < 2 || q[0] != '"' || q[1] != ':')
			return NULL;
		m = member_of((struct slice){ p + 1, (size_t)(q - p - 1) });
		p = skip_one_blank(r, q + 2);
		if (m == FOREIGN || p >= r->end)
			return NULL;
		p = take_value(r, m, p);
		if (p == NULL || p >= r->end || r->tokens > MAX_TOKENS)
			return NULL;
		if (*p == '}')
			return p + 1;
		if (*p != ',')
			return NULL;
		p = skip_one_blank(r, p + 1);
	}
}

/* The node that a shipper's "kubernetes" object names. */
static void
set_kubernetes(struct decode_context *c, struct json *j, struct slice object)
{
	struct json_scan scan;
	struct slice host;
	unsigned node;

	if (object.p == NULL || *object.p != '{' || json_parse(j, object, &scan) != JSON_OK ||
	    !json_find(j, 0, SLICE("host"), &node, &c->scratch) ||
	    json_kind(j, node) != VALUE_STRING)
		return;
	host = json_value(j, node, &c->scratch).text;
	if (host.len > 0)
		c->peeled.hostname = host;
}

static enum peel
peel(struct run *r, struct decode_context *c, struct inner *inner)
{
	int64_t time;

	if (r->value[LOG].p != NULL) {
		if (time_parse_iso(r->value[TIME], &time))
			c->peeled.time = time;
		set_kubernetes(c, r->j, r->value[KUBERNETES]);
		return docker_line(c, r->value[LOG], r->value[STREAM], !r->others, inner);
	}
	if (r->value[MESSAGE].p == NULL)
		return splunk_line(c, r->value[RAW], r->value[RAW_TIME], r->value[HOST], inner);
	return journald_line(c, r->value[MESSAGE], r->value[SOURCE_TIME], r->value[JOURNAL_TIME],
	    r->value[HOSTNAME], inner);
}

size_t
envelope_scan(struct envelope_scan *s, struct decode_context *c, struct json *j, struct slice text,
    unsigned level, enum peel *peeled, struct inner *inner)
{
	struct run r = { .end = text.p + text.len, .j = j };
	const char *p;

	if (s->out[level].cap < text.len + SLACK) {
		free(s->out[level].p);
		s->out[level].cap = text.len + SLACK < 65536 ? 65536 : text.len + SLACK;
		s->out[level].p = xmalloc(s->out[level].cap);
	}
	r.to = s->out[level].p;
	p = take_members(&r, text.p + 1);
	if (p == NULL ||
	    (r.value[LOG].p == NULL && r.value[MESSAGE].p == NULL && r.value[RAW].p == NULL))
		return 0;
	*peeled = peel(&r, c, inner);
	return (size_t)(p - text.p);
}
