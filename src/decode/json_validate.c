/*
 * The validating scan: is the value at the start of a text JSON by RFC 8259, how many tokens has
 * it, how deep is it, which bytes must be mended. One pass, no memory, no recursion. It decides
 * what is structure damage (reject) and what is byte damage inside a string (mend); jsmn, which
 * comes after, could not (it takes
 * `{"a" "b"}`, `tru` and raw control bytes, and needs quadratic time on deep nesting).
 * It does not unescape and keeps nothing of the text.
 */
#include "decode/json.h"

#include "decode/vec.h"
#include "decode/strings.h"

#include "base/banned.h"

struct cursor {
	const char *p;
	size_t at, len;
	struct json_scan *out;
	bool closed;	 /* the last step ended a value */
	bool done;	 /* the root value is complete */
	uint64_t object; /* bit n: the container at depth n + 1 is an object */
	unsigned members[DECODE_MAX_DEPTH];
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blank(struct cursor *c)
{
	while (c->at < c->len && is_blank(c->p[c->at]))
		c->at++;
}

static bool
in_object(const struct cursor *c)
{
	return (c->object >> (c->out->depth - 1)) & 1;
}

/* The cursor is on the opening quote. */
static enum json_status
check_string(struct cursor *c)
{
	const char *end = c->p + c->len, *q = c->p + c->at + 1;

	for (;;) {
		q = skip_plain(q, end);
		if (q == end)
			break;
		if (*q == '"') {
			c->at = (size_t)(q + 1 - c->p);
			return ++c->out->tokens > DECODE_MAX_TOKENS ? JSON_MANY : JSON_OK;
		}
		if (*q == '\\') {
			bool lone = false;
			size_t n = escape_length(q, end, &lone);

			if (n == 0)
				break;
			c->out->repairs += lone;
			q += n;
		} else if ((unsigned char)*q < 0x20) {
			c->out->repairs++;
			q++;
		} else if (*q == 0x7f) {
			q++;
		} else {
			const char *next = utf8_run(q, end);

			if (next == q) {
				next += damaged_length(q, end);
				c->out->repairs++;
			}
			q = next;
		}
	}
	c->at = (size_t)(q - c->p);
	return JSON_BAD;
}

static bool
digit_at(const struct cursor *c, size_t i)
{
	return i < c->len && c->p[i] >= '0' && c->p[i] <= '9';
}

/* Behind the number that starts at i, or i when there is none. */
static size_t
number_end(const struct cursor *c, size_t i)
{
	size_t start = i, mark;

	if (c->p[i] == '-')
		i++;
	if (!digit_at(c, i))
		return start;
	if (c->p[i] == '0')
		i++;
	else
		while (digit_at(c, i))
			i++;
	if (i < c->len && c->p[i] == '.' && digit_at(c, i + 1))
		for (i++; digit_at(c, i);)
			i++;
	if (i < c->len && (c->p[i] == 'e' || c->p[i] == 'E')) {
		mark = i++;
		if (i < c->len && (c->p[i] == '+' || c->p[i] == '-'))
			i++;
		if (!digit_at(c, i))
			return mark;
		while (digit_at(c, i))
			i++;
	}
	return i;
}

static enum json_status
check_scalar(struct cursor *c)
{
	static const struct slice words[] = { SLICE("true"), SLICE("false"), SLICE("null") };
	size_t end = c->at;

	for (size_t i = 0; i < 3 && end == c->at; i++)
		if (c->len - c->at >= words[i].len &&
		    memcmp(c->p + c->at, words[i].p, words[i].len) == 0)
			end = c->at + words[i].len;
	if (end == c->at)
		end = number_end(c, c->at);
	if (end == c->at)
		return JSON_BAD;
	c->at = end;
	if (end < c->len && !is_blank(c->p[end]) && c->p[end] != ',' && c->p[end] != ']' &&
	    c->p[end] != '}')
		return JSON_BAD;
	return ++c->out->tokens > DECODE_MAX_TOKENS ? JSON_MANY : JSON_OK;
}

/* A key and its colon are due. */
static enum json_status
check_key(struct cursor *c)
{
	enum json_status st;

	skip_blank(c);
	if (c->at == c->len || c->p[c->at] != '"')
		return JSON_BAD;
	st = check_string(c);
	if (st != JSON_OK)
		return st;
	skip_blank(c);
	if (c->at == c->len || c->p[c->at] != ':')
		return JSON_BAD;
	c->at++;
	return JSON_OK;
}

/* Opens an object or array; an empty one is closed at once. */
static enum json_status
check_open(struct cursor *c)
{
	struct json_scan *o = c->out;
	bool object = c->p[c->at] == '{';

	if (o->depth == DECODE_MAX_DEPTH)
		return JSON_DEEP;
	o->tokens++;
	o->open[o->depth] = (uint32_t)c->at;
	c->members[o->depth] = 0;
	c->object &= ~((uint64_t)1 << o->depth);
	c->object |= (uint64_t)object << o->depth;
	o->depth++;
	if (o->depth > o->deepest)
		o->deepest = o->depth;
	c->at++;
	skip_blank(c);
	if (c->at < c->len && c->p[c->at] == (object ? '}' : ']')) {
		c->at++;
		o->depth--;
		c->closed = true;
		return JSON_OK;
	}
	c->closed = false;
	return object ? check_key(c) : JSON_OK;
}

/* A value is due: takes a whole scalar, or a container's start up to where its first value is due.
 */
static enum json_status
check_value(struct cursor *c)
{
	skip_blank(c);
	if (c->at == c->len)
		return JSON_BAD;
	if (c->p[c->at] == '{' || c->p[c->at] == '[')
		return check_open(c);
	c->closed = true;
	return c->p[c->at] == '"' ? check_string(c) : check_scalar(c);
}

/* A value ended: closes containers, takes a comma (and the next key), or finds the root complete.
 */
static enum json_status
check_after(struct cursor *c)
{
	struct json_scan *o = c->out;

	for (;;) {
		bool object;

		if (o->depth == 0) {
			c->done = true;
			return JSON_OK;
		}
		object = in_object(c);
		c->members[o->depth - 1]++;
		skip_blank(c);
		if (c->at == c->len)
			return JSON_BAD;
		if (c->p[c->at] == ',') {
			c->at++;
			if (!object)
				return JSON_OK;
			return c->members[o->depth - 1] > DECODE_MAX_KEYS ? JSON_MANY_KEYS
									  : check_key(c);
		}
		if (c->p[c->at] != (object ? '}' : ']'))
			return JSON_BAD;
		c->at++;
		o->depth--;
		if (o->depth == 0 && object && c->members[0] > DECODE_MAX_KEYS)
			return JSON_MANY_KEYS;
	}
}

enum json_status
json_validate(struct slice text, struct json_scan *out)
{
	struct cursor c = { .p = text.p, .len = text.len, .out = out };
	enum json_status st = JSON_OK;

	out->tokens = out->repairs = out->depth = out->deepest = 0;
	skip_blank(&c);
	out->start = c.at;
	if (c.at == c.len)
		st = JSON_BLANK;
	while (st == JSON_OK && !c.done) {
		st = check_value(&c);
		if (st == JSON_OK && c.closed)
			st = check_after(&c);
	}
	out->value_end = c.at;
	if (st == JSON_OK)
		skip_blank(&c);
	out->end = c.at;
	out->status = st;
	return st;
}
