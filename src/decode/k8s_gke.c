/*
 * Google's audit log entries about Kubernetes (GKE): {"protoPayload":{...,"serviceName":"k8s.io"},
 * "resource":...}. The same facts as in an audit event, told otherwise: methodName
 * "io.k8s.core.v1.pods.create", resourceName "core/v1/namespaces/NS/pods/NAME/SUBRESOURCE", status
 * codes of gRPC. What they do not say (groups, stage) is absent.
 */
#include "decode/k8s_audit.h"

#include "base/banned.h"

#define ROOT 0

static struct slice
text_at(struct decode_context *c, const struct json *j, unsigned object, struct slice name)
{
	unsigned node;

	if (json_kind(j, object) != VALUE_OBJECT ||
	    !json_find(j, object, name, &node, &c->scratch) || json_kind(j, node) == VALUE_NULL)
		return (struct slice){ NULL, 0 };
	return json_value(j, node, &c->scratch).text;
}

/* The object of that name; false when it has another type. 0: there is none. */
static bool
object_at(struct decode_context *c, const struct json *j, unsigned object, struct slice name,
    unsigned *out)
{
	if (!json_find(j, object, name, out, &c->scratch) || json_kind(j, *out) == VALUE_NULL) {
		*out = 0;
		return true;
	}
	return json_kind(j, *out) == VALUE_OBJECT;
}

/* Cuts the next part off a path. */
static struct slice
next_part(struct slice *rest)
{
	const char *slash = rest->len == 0 ? NULL : memchr(rest->p, '/', rest->len);
	struct slice part = *rest;

	if (slash == NULL) {
		*rest = (struct slice){ NULL, 0 };
		return part;
	}
	part.len = (size_t)(slash - rest->p);
	*rest = (struct slice){ slash + 1, rest->len - part.len - 1 };
	return part;
}

static bool
is_version(struct slice s)
{
	return s.len >= 2 && s.p[0] == 'v' && s.p[1] >= '0' && s.p[1] <= '9';
}

static void
set_text(struct falco_event *ev, enum field_id f, struct slice s)
{
	if (s.len > 0)
		event_set(ev, f, s, VALUE_STRING);
}

/* core/v1/namespaces/NS/pods/NAME/SUB, core/v1/nodes/NAME, readyz */
static void
take_resource(struct slice rest, struct audit_facts *f, struct falco_event *ev)
{
	struct slice whole = rest, part;

	next_part(&rest);
	if (!is_version(next_part(&rest))) {
		f->uri = whole;
		return;
	}
	part = next_part(&rest);
	if (slice_eq(part, SLICE("namespaces")) && rest.len > 0) {
		struct slice namespace = next_part(&rest);

		set_text(ev, FIELD_KA_NAMESPACE, namespace);
		if (rest.len == 0) {
			f->resource = part;
			set_text(ev, FIELD_KA_TARGET, namespace);
		} else {
			f->resource = next_part(&rest);
			set_text(ev, FIELD_KA_TARGET, next_part(&rest));
		}
	} else {
		f->resource = part;
		set_text(ev, FIELD_KA_TARGET, next_part(&rest));
	}
	f->subresource = next_part(&rest);
	set_text(ev, FIELD_KA_RESOURCE, f->resource);
}

/* The HTTP code that the API server answered for a code of gRPC. */
static struct slice
http_code(struct slice grpc)
{
	static const struct {
		struct slice grpc, http;
	} codes[] = { { SLICE(""), SLICE("200") }, { SLICE("0"), SLICE("200") },
		{ SLICE("3"), SLICE("400") }, { SLICE("5"), SLICE("404") },
		{ SLICE("6"), SLICE("409") }, { SLICE("7"), SLICE("403") },
		{ SLICE("8"), SLICE("429") }, { SLICE("10"), SLICE("409") },
		{ SLICE("16"), SLICE("401") } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (slice_eq(grpc, codes[i].grpc))
			return codes[i].http;
	return SLICE("500");
}

static void
take_addresses(struct decode_context *c, const struct audit_facts *f, struct falco_event *ev)
{
	char *p;

	if (f->ip.len == 0 || memchr(f->ip.p, '"', f->ip.len) != NULL ||
	    memchr(f->ip.p, '\\', f->ip.len) != NULL)
		return;
	p = arena_alloc(&c->scratch, f->ip.len + 4);
	memcpy(p, "[\"", 2);
	memcpy(p + 2, f->ip.p, f->ip.len);
	memcpy(p + 2 + f->ip.len, "\"]", 2);
	event_set(ev, FIELD_KA_ADDRESSES, (struct slice){ p, f->ip.len + 4 }, VALUE_ARRAY);
}

static struct slice
last_word(struct slice s)
{
	const char *dot = s.len == 0 ? NULL : memrchr(s.p, '.', s.len);

	if (dot == NULL)
		return s;
	return (struct slice){ dot + 1, (size_t)(s.p + s.len - dot - 1) };
}

static void
take_time(struct decode_context *c, struct slice stamp, struct falco_event *ev)
{
	if (stamp.len > 0 && time_parse_iso(stamp, &ev->time))
		return;
	if (stamp.len > 0)
		ev->flags |= EVENT_REPAIRED;
	ev->flags |= c->peeled.time != TIME_NONE ? EVENT_TIME_PEELED : EVENT_TIME_ARRIVAL;
	ev->time = c->peeled.time;
}

enum verdict
gke_event(
    struct decode_context *c, struct json *j, struct falco_event *ev, enum reject_reason *reason)
{
	struct audit_facts f = { .verb = { NULL, 0 } };
	unsigned payload, who = 0, how = 0, status = 0, labels = 0;
	struct slice code;

	if (!json_find(j, ROOT, SLICE("protoPayload"), &payload, &c->scratch) ||
	    json_kind(j, payload) != VALUE_OBJECT ||
	    !slice_eq(text_at(c, j, payload, SLICE("serviceName")), SLICE("k8s.io")))
		return VERDICT_END;
	*reason = REJECT_BAD_TYPE;
	if (!object_at(c, j, payload, SLICE("authenticationInfo"), &who) ||
	    !object_at(c, j, payload, SLICE("requestMetadata"), &how) ||
	    !object_at(c, j, payload, SLICE("status"), &status) ||
	    !object_at(c, j, ROOT, SLICE("labels"), &labels))
		return VERDICT_REJECT;
	f.verb = last_word(text_at(c, j, payload, SLICE("methodName")));
	take_resource(text_at(c, j, payload, SLICE("resourceName")), &f, ev);
	if (labels != 0)
		f.decision = text_at(c, j, labels, SLICE("authorization.k8s.io/decision"));
	if (how != 0)
		f.ip = text_at(c, j, how, SLICE("callerIp"));
	f.id = text_at(c, j, ROOT, SLICE("insertId"));
	f.stamp = text_at(c, j, ROOT, SLICE("timestamp"));
	code = http_code(status == 0 ? SLICE("") : text_at(c, j, status, SLICE("code")));
	f.refused = slice_eq(f.decision, SLICE("forbid")) || slice_eq(code, SLICE("401")) ||
		    slice_eq(code, SLICE("403"));
	set_text(ev, FIELD_KA_VERB, f.verb);
	set_text(ev, FIELD_KA_URI, text_at(c, j, payload, SLICE("resourceName")));
	event_set(ev, FIELD_KA_RESPONSE, code, VALUE_NUMBER);
	if (who != 0)
		set_text(ev, FIELD_KA_USER, text_at(c, j, who, SLICE("principalEmail")));
	if (how != 0)
		set_text(ev, FIELD_KA_AGENT, text_at(c, j, how, SLICE("callerSuppliedUserAgent")));
	if (labels != 0)
		set_text(ev, FIELD_KA_REASON,
		    text_at(c, j, labels, SLICE("authorization.k8s.io/reason")));
	take_addresses(c, &f, ev);
	take_time(c, f.stamp, ev);
	if (c->nwant > 0)
		audit_take_wanted(c, j, true, ev);
	audit_finish(c, j, &f, ev);
	return VERDICT_EVENT;
}
