/*
 * The reference reader of Falco's JSON: from tokens to an event, in any key order, with nested or
 * duplicate keys, escaped keys, missing keys and damaged bytes. It says what an event is; the quick
 * scan must agree. Not here: JSON itself (json.c), envelopes, and what to do with what surrounds an
 * event (decode.c).
 */
#include "decode/falco_json.h"

#include "decode/k8s_audit.h"

#include "base/banned.h"

#define LONGEST_ROLE 13 /* output_fields; an escape takes six bytes */

static const struct slice role_names[ROLES] = {
	[ROLE_RULE] = SLICE("rule"),
	[ROLE_PRIORITY] = SLICE("priority"),
	[ROLE_OUTPUT] = SLICE("output"),
	[ROLE_TIME] = SLICE("time"),
	[ROLE_HOSTNAME] = SLICE("hostname"),
	[ROLE_SOURCE] = SLICE("source"),
	[ROLE_TAGS] = SLICE("tags"),
	[ROLE_FIELDS] = SLICE("output_fields"),
	[ROLE_MESSAGE] = SLICE("message"),
	[ROLE_UUID] = SLICE("uuid"),
	[ROLE_SAMPLE] = SLICE("sample"),
};

enum json_role
json_role(struct slice name)
{
	for (int r = 0; r < ROLES; r++)
		if (role_names[r].p != NULL && slice_eq(name, role_names[r]))
			return (enum json_role)r;
	return ROLE_OTHER;
}

struct slice
json_role_name(enum json_role r)
{
	return role_names[r];
}

/* rule, source, hostname and tags are top-level keys: an output_fields key of that name is another
 * thing. */
static bool
is_top_level(enum field_id f)
{
	return f == FIELD_RULE || f == FIELD_SOURCE || f == FIELD_HOSTNAME || f == FIELD_TAGS;
}

enum field_id
json_field(struct slice name)
{
	enum field_id f = field_by_falco_name(name);

	return is_top_level(f) ? FIELD_NONE : f;
}

enum field_id
json_field_alias(struct slice name)
{
	enum field_id f;
	const char *full;

	if (name.len == 0 || memchr(name.p, '_', name.len) == NULL ||
	    memchr(name.p, '.', name.len) != NULL)
		return FIELD_NONE;
	f = field_by_text_key(name);
	if (f >= FIELD_COLUMNS || is_top_level(f))
		return FIELD_NONE;
	full = field_info(f)->name;
	for (size_t i = 0; i < name.len; i++)
		if (full[i] == '\0' || name.p[i] != (full[i] == '.' ? '_' : full[i]))
			return FIELD_NONE;
	return full[name.len] == '\0' ? f : FIELD_NONE;
}

void
json_fields_start(struct json_fields *w, const struct json *j, unsigned fields)
{
	w->depth = 1;
	w->prefix[0] = 0;
	w->level[0] = json_walk(j, fields);
}

bool
json_fields_next(struct json_fields *w, struct arena *scratch)
{
	while (w->depth > 0) {
		struct json_walk *top = &w->level[w->depth - 1];
		size_t prefix = w->prefix[w->depth - 1];

		if (!json_next(top)) {
			w->depth--;
			continue;
		}
		w->name = json_name(top, scratch);
		w->value = top->value;
		if (prefix > 0) {
			size_t n = w->name.len, room = sizeof(w->path) - prefix;

			n = n < room ? n : room;
			if (n > 0)
				memcpy(w->path + prefix, w->name.p, n);
			w->name = (struct slice){ w->path, prefix + n };
		}
		return true;
	}
	return false;
}

void
json_fields_descend(struct json_fields *w)
{
	const struct json *j = w->level[0].j;

	if (json_kind(j, w->value) != VALUE_OBJECT || w->depth == DECODE_MAX_DEPTH ||
	    w->name.len + 1 > sizeof(w->path))
		return;
	if (w->name.p != w->path && w->name.len > 0)
		memcpy(w->path, w->name.p, w->name.len);
	w->path[w->name.len] = '.';
	w->prefix[w->depth] = w->name.len + 1;
	w->level[w->depth] = json_walk(j, w->value);
	w->depth++;
}

/* Takes in one output_fields key. */
static void
take_field(
    struct decode_context *c, const struct json *j, struct json_fields *w, struct falco_event *ev)
{
	enum field_id f = json_field(w->name);
	bool alias = false;
	int extra;

	if (f == FIELD_NONE) {
		f = json_field_alias(w->name);
		alias = f != FIELD_NONE;
	}
	if (f != FIELD_NONE) {
		if (!alias || !event_has(ev, f)) {
			ev->field[f] = json_value(j, w->value, &c->scratch);
			ev->present |= (uint64_t)1 << f;
		}
		return;
	}
	extra = c->nwant > 0 ? wanted_key(c, w->name) : -1;
	if (extra >= 0) {
		ev->extra[extra] = json_value(j, w->value, &c->scratch);
		ev->extra_present |= (uint32_t)1 << extra;
		return;
	}
	json_fields_descend(w);
}

static void
take_fields(struct decode_context *c, const struct json *j, unsigned node, struct falco_event *ev)
{
	struct json_fields w;

	json_fields_start(&w, j, node);
	while (json_fields_next(&w, &c->scratch))
		take_field(c, j, &w, ev);
}

/* The strings among the tags, separated by blanks. */
static void
take_tags(struct decode_context *c, const struct json *j, unsigned node, struct falco_event *ev)
{
	struct json_walk w = json_walk(j, node);
	char *out, *to;

	if (json_kind(j, node) == VALUE_NULL) {
		event_set(ev, FIELD_TAGS, json_text(j, node), VALUE_NULL);
		return;
	}
	/* A mended byte takes three; the quotes make room for the blanks. */
	out = to = arena_alloc(&c->scratch, json_text(j, node).len * 3);
	while (json_next(&w)) {
		struct slice s;

		if (json_kind(j, w.value) != VALUE_STRING)
			continue;
		s = json_unescape(json_text(j, w.value), &c->scratch);
		if (to != out)
			*to++ = ' ';
		if (s.len > 0)
			memcpy(to, s.p, s.len);
		to += s.len;
	}
	event_set(ev, FIELD_TAGS, (struct slice){ out, (size_t)(to - out) }, VALUE_STRING);
}

static bool
digits_value(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 19)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

/* The event's time from its output_fields: nanoseconds as a number, in old audit events a text. */
static bool
time_from_fields(struct decode_context *c, const struct json *j, unsigned fields, int64_t *out)
{
	static const struct slice names[] = { SLICE("evt.time"), SLICE("evt.time.iso8601"),
		SLICE("evt.rawtime"), SLICE("jevt.time"), SLICE("jevt.time.iso8601") };
	unsigned node;
	uint64_t ns;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct slice s;

		if (!json_find(j, fields, names[i], &node, &c->scratch))
			continue;
		s = json_value(j, node, &c->scratch).text;
		if (json_kind(j, node) == VALUE_NUMBER && digits_value(s, &ns) && ns <= INT64_MAX) {
			*out = (int64_t)ns;
			return true;
		}
		if (json_kind(j, node) == VALUE_STRING && time_parse_iso(s, out))
			return true;
	}
	return false;
}

/* An event without a readable time is dated by what else there is. */
static void
take_time(
    struct decode_context *c, const struct json *j, const unsigned *top, struct falco_event *ev)
{
	unsigned node = top[ROLE_TIME];

	if (node != 0) {
		if (time_parse_iso(json_value(j, node, &c->scratch).text, &ev->time))
			return;
		ev->flags |= EVENT_REPAIRED;
	}
	if (top[ROLE_FIELDS] != 0 && json_kind(j, top[ROLE_FIELDS]) == VALUE_OBJECT &&
	    time_from_fields(c, j, top[ROLE_FIELDS], &ev->time))
		return;
	if (c->peeled.time != TIME_NONE) {
		ev->time = c->peeled.time;
		ev->flags |= EVENT_TIME_PEELED;
		return;
	}
	ev->flags |= EVENT_TIME_ARRIVAL;
}

static void
take_drops(struct decode_context *c, const struct json *j, unsigned fields, struct falco_event *ev)
{
	unsigned node;
	uint64_t n;

	if (fields == 0 || !json_find(j, fields, SLICE("n_drops"), &node, &c->scratch))
		return;
	if (digits_value(json_value(j, node, &c->scratch).text, &n))
		ev->kernel_drops = n;
}

/* Whether the keys have the types of an event; what must be there is. Order of the checks: as
 * documented. */
static bool
check_types(const struct json *j, const unsigned *top, enum reject_reason *reason)
{
	static const uint8_t strings[] = { ROLE_RULE, ROLE_PRIORITY, ROLE_OUTPUT, ROLE_TIME,
		ROLE_HOSTNAME, ROLE_SOURCE };
	enum value_kind kind;

	*reason = REJECT_BAD_TYPE;
	for (size_t i = 0; i < sizeof(strings); i++)
		if (top[strings[i]] != 0 && json_kind(j, top[strings[i]]) != VALUE_STRING)
			return false;
	if (top[ROLE_RULE] == 0 || json_text(j, top[ROLE_RULE]).len == 0 ||
	    top[ROLE_PRIORITY] == 0) {
		*reason = REJECT_NOT_EVENT;
		return false;
	}
	if (top[ROLE_FIELDS] != 0) {
		kind = json_kind(j, top[ROLE_FIELDS]);
		if (kind != VALUE_OBJECT && kind != VALUE_NULL)
			return false;
	}
	if (top[ROLE_TAGS] != 0) {
		kind = json_kind(j, top[ROLE_TAGS]);
		if (kind != VALUE_ARRAY && kind != VALUE_NULL)
			return false;
	}
	return true;
}

static void
set_string(struct decode_context *c, const struct json *j, unsigned node, enum field_id f,
    struct falco_event *ev)
{
	if (node != 0)
		event_set(ev, f, json_unescape(json_text(j, node), &c->scratch), VALUE_STRING);
}

void
json_event_finish(const struct decode_context *c, struct falco_event *ev)
{
	static const struct slice cut = SLICE("[...]");

	event_add_peeled(c, ev);
	event_fill_plugin(ev);
	if (ev->uuid.p != NULL && ev->output.len >= cut.len &&
	    memcmp(ev->output.p + ev->output.len - cut.len, cut.p, cut.len) == 0)
		ev->flags |= EVENT_CUT;
}

static void
fill_event(
    struct decode_context *c, const struct json *j, const unsigned *top, struct falco_event *ev)
{
	struct slice priority = json_value(j, top[ROLE_PRIORITY], &c->scratch).text;
	unsigned fields = top[ROLE_FIELDS];

	set_string(c, j, top[ROLE_RULE], FIELD_RULE, ev);
	set_string(c, j, top[ROLE_SOURCE], FIELD_SOURCE, ev);
	set_string(c, j, top[ROLE_HOSTNAME], FIELD_HOSTNAME, ev);
	if (!priority_word(priority, &ev->priority)) {
		ev->priority = PRIORITY_UNKNOWN;
		ev->flags |= EVENT_REPAIRED;
	}
	take_time(c, j, top, ev);
	if (top[ROLE_OUTPUT] != 0) {
		ev->output = json_unescape(json_text(j, top[ROLE_OUTPUT]), &c->scratch);
		ev->message = message_of(ev->output);
	} else if (top[ROLE_MESSAGE] != 0 && json_kind(j, top[ROLE_MESSAGE]) == VALUE_STRING) {
		ev->message = message_of(json_value(j, top[ROLE_MESSAGE], &c->scratch).text);
	}
	if (top[ROLE_UUID] != 0 && json_kind(j, top[ROLE_UUID]) == VALUE_STRING)
		ev->uuid = json_value(j, top[ROLE_UUID], &c->scratch).text;
	if (fields != 0 && json_kind(j, fields) == VALUE_OBJECT)
		take_fields(c, j, fields, ev);
	if (top[ROLE_TAGS] != 0)
		take_tags(c, j, top[ROLE_TAGS], ev);
	json_event_finish(c, ev);
	event_check_hostile(ev);
}

static enum reject_reason
reason_of(enum json_status st)
{
	switch (st) {
	case JSON_DEEP: return REJECT_TOO_DEEP;
	case JSON_MANY: return REJECT_TOO_MANY_TOKENS;
	case JSON_MANY_KEYS: return REJECT_TOO_MANY_KEYS;
	default: return REJECT_BAD_JSON;
	}
}

static bool
is_internal(const struct falco_event *ev)
{
	return is_internal_rule(ev->field[FIELD_RULE].text) ||
	       (event_has(ev, FIELD_SOURCE) &&
		   slice_eq(ev->field[FIELD_SOURCE].text, SLICE("internal")));
}

/* A line of Falco's metrics file: {"output_fields":{...},"sample":N}. */
static bool
is_metrics(const struct json *j, const unsigned *top)
{
	return top[ROLE_RULE] == 0 && top[ROLE_PRIORITY] == 0 && top[ROLE_SAMPLE] != 0 &&
	       json_kind(j, top[ROLE_SAMPLE]) == VALUE_NUMBER && top[ROLE_FIELDS] != 0 &&
	       json_kind(j, top[ROLE_FIELDS]) == VALUE_OBJECT;
}

/* None of the keys that make an event Falco's. */
static bool
is_foreign(const unsigned *top)
{
	return top[ROLE_RULE] == 0 && top[ROLE_PRIORITY] == 0 && top[ROLE_OUTPUT] == 0 &&
	       top[ROLE_FIELDS] == 0;
}

/* An event of Kubernetes itself, or nothing. */
static enum verdict
foreign_event(
    struct decode_context *c, struct json *j, struct falco_event *ev, enum reject_reason *reason)
{
	enum reject_reason why = *reason;
	enum verdict v = audit_event(c, j, ev, &why);

	if (v == VERDICT_END)
		v = gke_event(c, j, ev, &why);
	if (v == VERDICT_END)
		return VERDICT_REJECT;
	*reason = why;
	if (v == VERDICT_EVENT && json_has_duplicates(j, &c->scratch))
		ev->flags |= EVENT_DUP_KEYS;
	return v;
}

static enum verdict
from_object(struct decode_context *c, struct json *j, struct falco_event *ev,
    const struct json_scan *scan, enum reject_reason *reason)
{
	unsigned top[ROLES] = { 0 };
	struct json_walk w = json_walk(j, 0);

	while (json_next(&w))
		if (json_text(j, w.key).len <= LONGEST_ROLE * 6)
			top[json_role(json_name(&w, &c->scratch))] = w.value;
	event_begin(ev);
	if (scan->repairs > 0)
		ev->flags |= EVENT_REPAIRED;
	if (is_metrics(j, top)) {
		take_time(c, j, top, ev);
		take_fields(c, j, top[ROLE_FIELDS], ev);
		json_event_finish(c, ev);
		event_check_hostile(ev);
		return VERDICT_INTERNAL;
	}
	if (!check_types(j, top, reason))
		return is_foreign(top) ? foreign_event(c, j, ev, reason) : VERDICT_REJECT;
	if (json_has_duplicates(j, &c->scratch))
		ev->flags |= EVENT_DUP_KEYS;
	fill_event(c, j, top, ev);
	if (!is_internal(ev))
		return VERDICT_EVENT;
	if (top[ROLE_FIELDS] != 0 && json_kind(j, top[ROLE_FIELDS]) == VALUE_OBJECT)
		take_drops(c, j, top[ROLE_FIELDS], ev);
	return VERDICT_INTERNAL;
}

enum verdict
falco_json(struct decode_context *c, struct json *j, struct slice text, struct falco_event *ev,
    struct json_scan *scan, enum reject_reason *reason)
{
	enum json_status st = json_parse(j, text, scan);

	if (st == JSON_BLANK)
		return VERDICT_BLANK;
	if (st != JSON_OK) {
		*reason = reason_of(st);
		return VERDICT_REJECT;
	}
	if (json_kind(j, 0) != VALUE_OBJECT) {
		*reason = scan->end < text.len ? REJECT_BAD_JSON : REJECT_NOT_OBJECT;
		return VERDICT_REJECT;
	}
	return from_object(c, j, ev, scan, reason);
}
