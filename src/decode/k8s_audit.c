/*
 * Kubernetes audit events: what is one, what its members must look like, and the fields that come
 * of it. Not here: lists and wrappers (envelope_cloud.c), names that are no catalogue field
 * (k8s_audit_want.c), Google's form (k8s_gke.c).
 */
#include "decode/k8s_audit.h"

#include "base/hash.h"

#include "base/banned.h"

#define ROOT	   0
#define WORD_MAX   64 /* bytes of verb, resource and subresource in a rule */
#define RULE_START "K8s audit: "

/* Members of an audit event that mean something. */
enum part {
	KIND,
	API_VERSION,
	LEVEL,
	AUDIT_ID,
	STAGE,
	VERB,
	URI,
	AGENT,
	RECEIVED,
	STAGED,
	STAMP,
	USER,
	IMPERSONATED,
	OBJECT,
	STATUS,
	ANNOTATIONS,
	ADDRESSES,
	RESPONSE,
	PARTS
};

static const struct {
	struct slice name;
	enum value_kind kind;
	enum field_id field; /* FIELD_NONE: none */
} parts[PARTS] = {
	[KIND] = { SLICE("kind"), VALUE_STRING, FIELD_NONE },
	[API_VERSION] = { SLICE("apiVersion"), VALUE_STRING, FIELD_NONE },
	[LEVEL] = { SLICE("level"), VALUE_STRING, FIELD_NONE },
	[AUDIT_ID] = { SLICE("auditID"), VALUE_STRING, FIELD_NONE },
	[STAGE] = { SLICE("stage"), VALUE_STRING, FIELD_NONE },
	[VERB] = { SLICE("verb"), VALUE_STRING, FIELD_KA_VERB },
	[URI] = { SLICE("requestURI"), VALUE_STRING, FIELD_KA_URI },
	[AGENT] = { SLICE("userAgent"), VALUE_STRING, FIELD_KA_AGENT },
	[RECEIVED] = { SLICE("requestReceivedTimestamp"), VALUE_STRING, FIELD_NONE },
	[STAGED] = { SLICE("stageTimestamp"), VALUE_STRING, FIELD_NONE },
	[STAMP] = { SLICE("timestamp"), VALUE_STRING, FIELD_NONE },
	[USER] = { SLICE("user"), VALUE_OBJECT, FIELD_NONE },
	[IMPERSONATED] = { SLICE("impersonatedUser"), VALUE_OBJECT, FIELD_NONE },
	[OBJECT] = { SLICE("objectRef"), VALUE_OBJECT, FIELD_NONE },
	[STATUS] = { SLICE("responseStatus"), VALUE_OBJECT, FIELD_NONE },
	[ANNOTATIONS] = { SLICE("annotations"), VALUE_OBJECT, FIELD_NONE },
	[ADDRESSES] = { SLICE("sourceIPs"), VALUE_ARRAY, FIELD_KA_ADDRESSES },
	/* any kind */
	[RESPONSE] = { SLICE("responseObject"), VALUE_NULL, FIELD_NONE },
};

static const struct {
	enum part part;
	struct slice name;
	enum value_kind kind;
	enum field_id field;
} members[] = {
	{ USER, SLICE("username"), VALUE_STRING, FIELD_KA_USER },
	{ USER, SLICE("uid"), VALUE_STRING, FIELD_USER_UID },
	{ USER, SLICE("groups"), VALUE_ARRAY, FIELD_KA_GROUPS },
	{ OBJECT, SLICE("resource"), VALUE_STRING, FIELD_KA_RESOURCE },
	{ OBJECT, SLICE("namespace"), VALUE_STRING, FIELD_KA_NAMESPACE },
	{ OBJECT, SLICE("name"), VALUE_STRING, FIELD_KA_TARGET },
	{ OBJECT, SLICE("subresource"), VALUE_STRING, FIELD_NONE },
	{ STATUS, SLICE("code"), VALUE_NUMBER, FIELD_KA_RESPONSE },
	{ STATUS, SLICE("reason"), VALUE_STRING, FIELD_NONE },
	{ ANNOTATIONS, SLICE("authorization.k8s.io/reason"), VALUE_STRING, FIELD_KA_REASON },
	{ ANNOTATIONS, SLICE("authorization.k8s.io/decision"), VALUE_STRING, FIELD_NONE },
};

static void
read_parts(struct decode_context *c, const struct json *j, unsigned *top)
{
	struct json_walk w = json_walk(j, ROOT);

	memset(top, 0, PARTS * sizeof(*top));
	while (json_next(&w)) {
		struct slice name = json_name(&w, &c->scratch);

		for (unsigned i = 0; i < PARTS; i++)
			if (slice_eq(name, parts[i].name))
				top[i] = w.value;
	}
}

/* A string at the top, unescaped; p NULL when there is none. */
static struct slice
top_text(struct decode_context *c, const struct json *j, const unsigned *top, enum part p)
{
	if (top[p] == 0 || json_kind(j, top[p]) != VALUE_STRING)
		return (struct slice){ NULL, 0 };
	return json_value(j, top[p], &c->scratch).text;
}

static bool
has_prefix(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && memcmp(s.p, prefix.p, prefix.len) == 0;
}

/* Its kind says so, or it has an auditID and says what was done or how far it got. */
static bool
has_shape(struct decode_context *c, const struct json *j, const unsigned *top)
{
	struct slice id = top_text(c, j, top, AUDIT_ID);

	if (slice_eq(top_text(c, j, top, KIND), SLICE("Event")) &&
	    has_prefix(top_text(c, j, top, API_VERSION), SLICE("audit.k8s.io/")))
		return true;
	return id.len > 0 && (top[VERB] != 0 || top[STAGE] != 0);
}

static bool
is_gke(struct decode_context *c, const struct json *j)
{
	unsigned payload, node;

	return json_find(j, ROOT, SLICE("protoPayload"), &payload, &c->scratch) &&
	       json_kind(j, payload) == VALUE_OBJECT &&
	       json_find(j, payload, SLICE("serviceName"), &node, &c->scratch) &&
	       slice_eq(json_text(j, node), SLICE("k8s.io"));
}

bool
audit_is_event(struct decode_context *c, const struct json *j)
{
	unsigned top[PARTS];

	if (json_kind(j, ROOT) != VALUE_OBJECT)
		return false;
	read_parts(c, j, top);
	return has_shape(c, j, top) || is_gke(c, j);
}

bool
audit_is_start(struct slice key)
{
	return slice_eq(key, SLICE("kind")) || slice_eq(key, SLICE("apiVersion")) ||
	       slice_eq(key, SLICE("auditID")) || slice_eq(key, SLICE("level")) ||
	       slice_eq(key, SLICE("protoPayload"));
}

static bool
has_kind(const struct json *j, unsigned node, enum value_kind kind)
{
	enum value_kind k = json_kind(j, node);

	return k == kind || k == VALUE_NULL;
}

static void
set_node(struct decode_context *c, const struct json *j, unsigned node, enum field_id f,
    struct falco_event *ev)
{
	if (f < FIELD_COLUMNS && json_kind(j, node) != VALUE_NULL) {
		ev->field[f] = json_value(j, node, &c->scratch);
		ev->present |= (uint64_t)1 << f;
	}
}

/* The catalogue's fields; false when something has the wrong type. */
static bool
take_fields(
    struct decode_context *c, const struct json *j, const unsigned *top, struct falco_event *ev)
{
	unsigned node;

	for (unsigned i = 0; i < PARTS; i++) {
		if (top[i] == 0 || parts[i].kind == VALUE_NULL)
			continue;
		if (!has_kind(j, top[i], parts[i].kind))
			return false;
		set_node(c, j, top[i], parts[i].field, ev);
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		unsigned object = top[members[i].part];

		if (object == 0 || json_kind(j, object) != VALUE_OBJECT ||
		    !json_find(j, object, members[i].name, &node, &c->scratch))
			continue;
		if (!has_kind(j, node, members[i].kind))
			return false;
		set_node(c, j, node, members[i].field, ev);
	}
	if (top[RESPONSE] != 0 && json_kind(j, top[RESPONSE]) == VALUE_OBJECT &&
	    json_find(j, top[RESPONSE], SLICE("metadata"), &node, &c->scratch) &&
	    json_kind(j, node) == VALUE_OBJECT &&
	    json_find(j, node, SLICE("name"), &node, &c->scratch) &&
	    json_kind(j, node) == VALUE_STRING)
		set_node(c, j, node, FIELD_KA_RESP_NAME, ev);
	return true;
}

/* When the request came in, else when its stage was reached, else what the envelope says. */
static void
take_time(
    struct decode_context *c, const struct json *j, const unsigned *top, struct falco_event *ev)
{
	static const uint8_t from[] = { RECEIVED, STAGED, STAMP };

	for (size_t i = 0; i < sizeof(from); i++) {
		struct slice s = top_text(c, j, top, (enum part)from[i]);

		if (s.len > 0 && time_parse_iso(s, &ev->time))
			return;
		if (s.len > 0)
			ev->flags |= EVENT_REPAIRED;
	}
	ev->flags |= c->peeled.time != TIME_NONE ? EVENT_TIME_PEELED : EVENT_TIME_ARRIVAL;
	ev->time = c->peeled.time;
}

static struct slice
member_text(struct decode_context *c, const struct json *j, unsigned object, struct slice name)
{
	unsigned node;

	if (object == 0 || json_kind(j, object) != VALUE_OBJECT ||
	    !json_find(j, object, name, &node, &c->scratch) || json_kind(j, node) == VALUE_NULL)
		return (struct slice){ NULL, 0 };
	return json_value(j, node, &c->scratch).text;
}

static struct slice
first_address(struct decode_context *c, const struct json *j, unsigned array)
{
	struct json_walk w;

	if (array == 0 || json_kind(j, array) != VALUE_ARRAY)
		return (struct slice){ NULL, 0 };
	w = json_walk(j, array);
	if (!json_next(&w) || json_kind(j, w.value) != VALUE_STRING)
		return (struct slice){ NULL, 0 };
	return json_value(j, w.value, &c->scratch).text;
}

enum verdict
audit_event(
    struct decode_context *c, struct json *j, struct falco_event *ev, enum reject_reason *reason)
{
	struct audit_facts f = { .verb = { NULL, 0 } };
	struct slice code;
	unsigned top[PARTS];

	read_parts(c, j, top);
	if (!has_shape(c, j, top))
		return VERDICT_END;
	if (!take_fields(c, j, top, ev)) {
		*reason = REJECT_BAD_TYPE;
		return VERDICT_REJECT;
	}
	take_time(c, j, top, ev);
	f.verb = top_text(c, j, top, VERB);
	f.resource = member_text(c, j, top[OBJECT], SLICE("resource"));
	f.subresource = member_text(c, j, top[OBJECT], SLICE("subresource"));
	f.decision = member_text(c, j, top[ANNOTATIONS], SLICE("authorization.k8s.io/decision"));
	f.uri = top_text(c, j, top, URI);
	f.ip = first_address(c, j, top[ADDRESSES]);
	code = member_text(c, j, top[STATUS], SLICE("code"));
	f.refused = slice_eq(f.decision, SLICE("forbid")) || slice_eq(code, SLICE("401")) ||
		    slice_eq(code, SLICE("403"));
	f.id = top_text(c, j, top, AUDIT_ID);
	f.stage = top_text(c, j, top, STAGE);
	f.stamp = top_text(c, j, top, STAGED);
	if (f.stamp.len == 0)
		f.stamp = top_text(c, j, top, RECEIVED);
	if (c->nwant > 0)
		audit_take_wanted(c, j, false, ev);
	audit_finish(c, j, &f, ev);
	return VERDICT_EVENT;
}

/* --- what is made from the facts -------------------------------------------------------------- */

struct text {
	char *p;
	size_t len;
};

static void
add(struct text *t, struct slice s)
{
	if (s.len > 0)
		memcpy(t->p + t->len, s.p, s.len);
	t->len += s.len;
}

/* A word of a rule: not longer than words are. Cut in front of a character. */
static struct slice
word(struct slice s)
{
	if (s.len <= WORD_MAX)
		return s;
	s.len = WORD_MAX;
	while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

static struct slice
rule_of(struct decode_context *c, const struct audit_facts *f)
{
	struct text t = { arena_alloc(&c->scratch, sizeof(RULE_START) + 3 * (WORD_MAX + 1) + 32),
		0 };

	add(&t, SLICE(RULE_START));
	add(&t, f->verb.len > 0 ? word(f->verb) : SLICE("request"));
	if (f->resource.len == 0) {
		add(&t, f->uri.len > 0 ? SLICE(" (no resource)") : SLICE(""));
		return (struct slice){ t.p, t.len };
	}
	add(&t, SLICE(" "));
	add(&t, word(f->resource));
	if (f->subresource.len > 0) {
		add(&t, SLICE("/"));
		add(&t, word(f->subresource));
	}
	return (struct slice){ t.p, t.len };
}

static struct slice
field_text(const struct falco_event *ev, enum field_id f)
{
	return event_has(ev, f) ? ev->field[f].text : (struct slice){ NULL, 0 };
}

/* One line for people. */
static struct slice
output_of(struct decode_context *c, const struct audit_facts *f, const struct falco_event *ev)
{
	const struct {
		struct slice key, value;
	} pair[] = {
		{ SLICE(" user="), field_text(ev, FIELD_KA_USER) },
		{ SLICE(" ns="), field_text(ev, FIELD_KA_NAMESPACE) },
		{ SLICE(" name="), field_text(ev, FIELD_KA_TARGET) },
		{ SLICE(" uri="), f->resource.len > 0 ? (struct slice){ NULL, 0 } : f->uri },
		{ SLICE(" code="), field_text(ev, FIELD_KA_RESPONSE) },
		{ SLICE(" decision="), f->decision },
		{ SLICE(" from="), f->ip },
		{ SLICE(" stage="), f->stage },
	};
	struct slice rule = ev->field[FIELD_RULE].text;
	struct text t = { NULL, 0 };
	size_t n = rule.len + 2;

	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++)
		n += pair[i].key.len + pair[i].value.len;
	t.p = arena_alloc(&c->scratch, n);
	add(&t, rule);
	add(&t, SLICE(" |"));
	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		if (pair[i].value.len == 0)
			continue;
		add(&t, pair[i].key);
		add(&t, pair[i].value);
	}
	return (struct slice){ t.p, t.len };
}

/*
 * The auditID alone does not do: a client may choose it (Audit-ID header), and could make its other
 * requests look like repeats. The time and all bytes of the event belong to it.
 */
static struct slice
identity_of(struct decode_context *c, const struct json *j, const struct audit_facts *f)
{
	static const char digits[] = "0123456789abcdef";
	const struct slice s[] = { f->id, f->stage, f->stamp };
	struct slice bytes = json_text(j, ROOT);
	uint64_t hash = hash_bytes(bytes.p, bytes.len, 0);
	struct text t = { NULL, 0 };

	if (f->id.len == 0 || f->stamp.len == 0)
		return (struct slice){ NULL, 0 };
	t.p = arena_alloc(&c->scratch, f->id.len + f->stage.len + f->stamp.len + 3 + 16);
	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++) {
		add(&t, s[i]);
		add(&t, SLICE(" "));
	}
	for (int shift = 60; shift >= 0; shift -= 4)
		t.p[t.len++] = digits[hash >> shift & 15];
	return (struct slice){ t.p, t.len };
}

/* exec, attach and log name their container in the URI: ?container=NAME */
static void
take_container(const struct audit_facts *f, struct falco_event *ev)
{
	const struct slice key = SLICE("container=");
	const char *p = f->uri.p, *end = p + f->uri.len, *q;

	if (f->subresource.len == 0 || f->uri.len == 0 || !slice_eq(f->resource, SLICE("pods")))
		return;
	p = memchr(p, '?', f->uri.len);
	while (p != NULL && (size_t)(end - ++p) > key.len) {
		if (memcmp(p, key.p, key.len) != 0) {
			p = memchr(p, '&', (size_t)(end - p));
			continue;
		}
		p += key.len;
		q = memchr(p, '&', (size_t)(end - p));
		event_set(ev, FIELD_CONTAINER_NAME,
		    (struct slice){ p, (size_t)((q == NULL ? end : q) - p) }, VALUE_STRING);
		return;
	}
}

void
audit_finish(struct decode_context *c, const struct json *j, const struct audit_facts *f,
    struct falco_event *ev)
{
	event_set(ev, FIELD_RULE, rule_of(c, f), VALUE_STRING);
	event_set(ev, FIELD_SOURCE, SLICE("k8s_audit"), VALUE_STRING);
	ev->flags |= EVENT_RULE_GUESSED;
	ev->priority = f->refused ? PRIORITY_NOTICE : PRIORITY_INFORMATIONAL;
	ev->message = ev->field[FIELD_RULE].text;
	ev->output = output_of(c, f, ev);
	ev->uuid = identity_of(c, j, f);
	take_container(f, ev);
	event_add_peeled(c, ev);
	event_fill_plugin(ev);
	event_check_hostile(ev);
}
