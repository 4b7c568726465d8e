/*
 * An event again from its kept bytes, with every key and its type: for the page of one event. Slow,
 * and only for events that somebody looks at.
 */
#include "decode/decode.h"

#include "base/buf.h"
#include "decode/falco_json.h"
#include "decode/k8s_audit.h"
#include "decode/parts.h"

#include "base/banned.h"

struct report {
	struct decode_context *c;
	const struct json *j;
	void (*each)(const struct event_key *key, void *arg);
	void *arg;
};

static void
report_key(const struct report *r, struct slice name, unsigned node, bool top_level)
{
	struct event_key k = { .name = name,
		.value = json_value(r->j, node, &r->c->scratch),
		.top_level = top_level };

	r->each(&k, r->arg);
}

static void
report_fields(const struct report *r, unsigned fields)
{
	struct json_fields w;

	json_fields_start(&w, r->j, fields);
	while (json_fields_next(&w, &r->c->scratch)) {
		struct slice text = json_text(r->j, w.value);
		bool nested = json_kind(r->j, w.value) == VALUE_OBJECT && text.len > 2;

		if (nested && json_field(w.name) == FIELD_NONE && w.depth < DECODE_MAX_DEPTH)
			json_fields_descend(&w);
		else
			report_key(r, w.name, w.value, false);
	}
}

/* An event of Kubernetes is told by having none of Falco's keys. */
static bool
is_falco(const struct report *r)
{
	static const enum json_role roles[] = { ROLE_RULE, ROLE_PRIORITY, ROLE_OUTPUT,
		ROLE_FIELDS };
	unsigned node;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (json_find(r->j, 0, json_role_name(roles[i]), &node, &r->c->scratch))
			return true;
	return false;
}

static bool
report_json(const struct report *r)
{
	struct json_walk w = json_walk(r->j, 0);

	if (json_kind(r->j, 0) != VALUE_OBJECT)
		return false;
	if (!is_falco(r) && audit_is_event(r->c, r->j)) {
		report_fields(r, 0);
		return true;
	}
	while (json_next(&w)) {
		struct slice name = json_name(&w, &r->c->scratch);

		if (json_role(name) == ROLE_FIELDS && json_kind(r->j, w.value) == VALUE_OBJECT)
			report_fields(r, w.value);
		else
			report_key(r, name, w.value, true);
	}
	return true;
}

/* Pieces of split events must neither come from before nor stay behind. */
static void
drop_pieces(struct decoder *d)
{
	struct inner left;

	while (pieces_take(decoder_context(d)->pieces, &left))
		continue;
}

/* The text of the last event of the lines. */
static bool
last_event(struct decoder *d, const char *raw, size_t len, struct buf *out)
{
	const char *p = raw, *end = raw + len, *nl;
	unsigned lines;
	struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;
	bool any = false;

	while (p < end) {
		nl = decode_line_end(p, end, &lines);
		decode_line(d, p, (size_t)(nl - p), false);
		while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
			if (v != VERDICT_EVENT && v != VERDICT_INTERNAL)
				continue;
			buf_clear(out);
			buf_add(out, decoder_found(d).p, decoder_found(d).len);
			any = true;
		}
		p = nl + 1;
	}
	return any;
}

bool
decode_every_key(struct decoder *d, const char *raw, size_t len,
    void (*each)(const struct event_key *key, void *arg), void *arg)
{
	struct report r = {
		.c = decoder_context(d), .j = decoder_json(d), .each = each, .arg = arg
	};
	struct buf text = { NULL, 0, 0 };
	struct json_scan scan;
	bool ok;

	drop_pieces(d);
	ok = last_event(d, raw, len, &text);
	drop_pieces(d);
	if (ok && text.p[0] == '{')
		ok = json_parse(decoder_json(d), buf_slice(&text), &scan) == JSON_OK &&
		     report_json(&r);
	else if (ok)
		ok = text_every_key(r.c, buf_slice(&text), each, arg);
	buf_release(&text);
	return ok;
}
