/*
 * Bodies to lines, one a record. What JSON is, decode/json.h says: here its values are only told
 * apart, so that objects which stand one behind another, or in a list, become lines of their own.
 * Everything in a body is hostile. No sockets here.
 */
#include "source/http.h"

#include "decode/json.h"
#include "base/banned.h"

#define BAD_KEPT 4096 /* of what is not understood */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct slice
skip_blank(struct slice s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	return s;
}

static struct slice
trim(struct slice s)
{
	s = skip_blank(s);
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static void
advance(struct slice *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

/* The value at the start of *s, which goes on behind it and the white space there. */
static bool
take_value(struct slice *s, struct slice *value)
{
	struct json_scan scan;

	if (json_validate(*s, &scan) != JSON_OK)
		return false;
	*value = (struct slice){ s->p + scan.start, scan.value_end - scan.start };
	advance(s, scan.end);
	return true;
}

/* The byte c, and the white space behind it. */
static bool
take_byte(struct slice *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	advance(s, 1);
	*s = skip_blank(*s);
	return true;
}

/* --- lists and members, one after another ----------------------------------------------------- */

enum step {
	STEP_VALUE,
	STEP_END, /* behind the closing bracket */
	STEP_BAD,
};

/* *s stands behind the opening bracket or behind the last value; first: before the first one. */
static enum step
next_element(struct slice *s, bool *first, struct slice *value)
{
	if (take_byte(s, ']'))
		return STEP_END;
	if (!*first && !take_byte(s, ','))
		return STEP_BAD;
	*first = false;
	return take_value(s, value) ? STEP_VALUE : STEP_BAD;
}

/* The name of a member comes with its quotes, *s then stands before the value. */
static enum step
next_name(struct slice *s, bool *first, struct slice *name)
{
	if (take_byte(s, '}'))
		return STEP_END;
	if (!*first && !take_byte(s, ','))
		return STEP_BAD;
	*first = false;
	if (s->len == 0 || s->p[0] != '"' || !take_value(s, name) || !take_byte(s, ':'))
		return STEP_BAD;
	return STEP_VALUE;
}

static void
keep_bad(const struct http_sink *sink, struct slice rest, size_t max)
{
	rest = trim(rest);
	if (rest.len > max)
		rest.len = max;
	if (rest.len > 0)
		sink->line(sink->arg, rest);
}

/* --- Falco, falcosidekick, CloudEvents -------------------------------------------------------- */

/* A batch of CloudEvents: each is a line. */
static bool
list_lines(struct slice *s, const struct http_sink *sink)
{
	bool first = true;
	struct slice value;

	if (!take_byte(s, '['))
		return false;
	for (;;) {
		struct slice at = *s;

		switch (next_element(s, &first, &value)) {
		case STEP_END: return true;
		case STEP_BAD: *s = at; return false;
		case STEP_VALUE: sink->line(sink->arg, value); break;
		}
	}
}

/*
 * Objects are lines, as many as there are. Text is one record however many lines it has: Falco
 * sends one event a request, and a line end in it is somebody's file name.
 */
static struct http_answer
falco_body(struct slice rest, const struct http_sink *sink)
{
	struct slice value;
	bool good = true;

	if (rest.len == 0)
		return http_plain(400);
	if (rest.p[0] != '{' && rest.p[0] != '[') {
		sink->line(sink->arg, trim(rest));
		return http_plain(200);
	}
	while (good && rest.len > 0) {
		if (rest.p[0] == '[') {
			good = list_lines(&rest, sink);
		} else {
			good = rest.p[0] == '{' && take_value(&rest, &value);
			if (good)
				sink->line(sink->arg, value);
		}
	}
	if (!good)
		keep_bad(sink, rest, HTTP_FALCO_MAX);
	return http_plain(good ? 200 : 400);
}

/* --- Kubernetes audit ------------------------------------------------------------------------- */

static bool
audit_lines(struct slice rest, const struct http_sink *sink)
{
	struct slice name, value;
	bool first = true, any = false;
	enum step step;

	if (!take_byte(&rest, '{'))
		return false;
	while ((step = next_name(&rest, &first, &name)) == STEP_VALUE) {
		if (slice_eq(name, SLICE("\"items\"")) && rest.len > 0 && rest.p[0] == '[') {
			any = true;
			if (!list_lines(&rest, sink))
				break;
			rest = skip_blank(rest);
		} else if (!take_value(&rest, &value)) {
			break;
		}
	}
	if (step == STEP_END && any)
		return true;
	keep_bad(sink, rest, BAD_KEPT);
	return false;
}

/* A single event may come as well as a list of them. */
static struct http_answer
audit_body(struct slice body, const struct http_sink *sink)
{
	struct slice rest = body, value;

	if (body.len == 0)
		return http_plain(400);
	if (memmem(body.p, body.len, "\"items\"", 7) != NULL)
		return http_plain(audit_lines(body, sink) ? 200 : 400);
	if (body.p[0] == '{' && take_value(&rest, &value) && rest.len == 0) {
		sink->line(sink->arg, value);
		return http_plain(200);
	}
	keep_bad(sink, body, BAD_KEPT);
	return http_plain(400);
}

/* --- Splunk HEC ------------------------------------------------------------------------------- */

/* Digits, perhaps with a fraction; a number, or the same in quotes. */
static bool
is_time(struct slice v)
{
	bool digit = false, dot = false;

	if (v.len >= 2 && v.p[0] == '"') {
		v.p++;
		v.len -= 2;
	}
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] >= '0' && v.p[i] <= '9')
			digit = true;
		else if (v.p[i] == '.' && digit && !dot)
			dot = true;
		else
			return false;
	}
	return digit;
}

/* Indexed fields are flat. */
static bool
fields_are_flat(struct slice v)
{
	struct slice name, value;
	bool first = true;

	if (!take_byte(&v, '{'))
		return false;
	while (next_name(&v, &first, &name) == STEP_VALUE) {
		if (!take_value(&v, &value) || value.p[0] == '{')
			return false;
	}
	return true;
}

/* The object at the start of *s, which goes on behind it. */
static enum hec_code
hec_object(struct slice *s)
{
	struct slice name, value;
	enum hec_code code = HEC_EVENT_REQUIRED, other = HEC_SUCCESS;
	bool first = true;
	enum step step;

	if (!take_byte(s, '{'))
		return HEC_INVALID_FORMAT;
	while ((step = next_name(s, &first, &name)) == STEP_VALUE) {
		if (!take_value(s, &value))
			return HEC_INVALID_FORMAT;
		if (slice_eq(name, SLICE("\"event\""))) {
			code = HEC_SUCCESS;
			if (slice_eq(value, SLICE("null")))
				code = HEC_EVENT_REQUIRED;
			else if (slice_eq(value, SLICE("\"\"")))
				code = HEC_EVENT_BLANK;
		} else if (slice_eq(name, SLICE("\"time\"")) && !is_time(value)) {
			other = HEC_INVALID_FORMAT;
		} else if (slice_eq(name, SLICE("\"fields\"")) && !fields_are_flat(value)) {
			other = HEC_FIELDS;
		}
	}
	if (step == STEP_BAD)
		return HEC_INVALID_FORMAT;
	return code != HEC_SUCCESS ? code : other;
}

static struct http_answer
hec_events(struct slice rest, const struct http_sink *sink)
{
	struct http_answer a = http_hec(HEC_NO_DATA);

	for (int64_t n = 0; rest.len > 0; n++) {
		struct slice at = rest;
		enum hec_code code = hec_object(&rest);

		if (code != HEC_SUCCESS) {
			/* what was before it is in */
			a = http_hec(code);
			a.invalid = n;
			keep_bad(sink, at, BAD_KEPT);
			return a;
		}
		sink->line(sink->arg, trim((struct slice){ at.p, (size_t)(rest.p - at.p) }));
		a = http_hec(HEC_SUCCESS);
	}
	return a;
}

static struct http_answer
hec_raw(struct slice rest, const struct http_sink *sink)
{
	struct http_answer a = http_hec(HEC_NO_DATA);

	while (rest.len > 0) {
		const char *nl = memchr(rest.p, '\n', rest.len);
		size_t n = nl == NULL ? rest.len : (size_t)(nl - rest.p) + 1;
		struct slice line = trim((struct slice){ rest.p, n });

		advance(&rest, n);
		if (line.len == 0)
			continue;
		sink->line(sink->arg, line);
		a = http_hec(HEC_SUCCESS);
	}
	return a;
}

struct http_answer
http_body(enum http_kind kind, struct slice body, const struct http_sink *sink)
{
	body = skip_blank(body);
	switch (kind) {
	case HTTP_FALCO: return falco_body(body, sink);
	case HTTP_HEC_EVENT: return hec_events(body, sink);
	case HTTP_HEC_RAW: return hec_raw(body, sink);
	case HTTP_AUDIT: return audit_body(body, sink);
	case HTTP_HEC_HEALTH: return http_hec(HEC_HEALTHY);
	case HTTP_HEC_ACK: return http_hec(HEC_ACK_DISABLED);
	case HTTP_HEC_UNKNOWN: break;
	}
	return http_plain(404);
}
