/*
 * Envelopes that are JSON objects: container runtimes, journald, log shippers, Splunk,
 * Elasticsearch, Loki, OpenTelemetry, CloudEvents. A row looks at the members that make its shape
 * and at nothing else; what it finds inside is taken apart like a line. Several lines in one
 * envelope are joined with line ends between them.
 */
#include "decode/envelope.h"

#include "base/banned.h"

#define NS_PER_US 1000
#define NS_PER_S  INT64_C(1000000000)
#define ROOT	  0

bool
envelope_member(struct decode_context *c, const struct json *j, unsigned object, struct slice name,
    enum value_kind kind, unsigned *node)
{
	return json_kind(j, object) == VALUE_OBJECT &&
	       json_find(j, object, name, node, &c->scratch) && json_kind(j, *node) == kind;
}

bool
envelope_string(struct decode_context *c, const struct json *j, unsigned object, struct slice name,
    struct slice *out)
{
	unsigned node;

	if (!envelope_member(c, j, object, name, VALUE_STRING, &node))
		return false;
	*out = json_value(j, node, &c->scratch).text;
	return true;
}

static void
set_host(struct decode_context *c, const struct json *j, unsigned object, struct slice name)
{
	struct slice host;

	if (envelope_string(c, j, object, name, &host) && host.len > 0)
		c->peeled.hostname = host;
}

void
envelope_time(struct decode_context *c, const struct json *j, unsigned object, struct slice name)
{
	struct slice text;
	int64_t time;

	if (envelope_string(c, j, object, name, &text) && time_parse_iso(text, &time))
		c->peeled.time = time;
}

/* Digits, perhaps with a fraction, in units of `unit` nanoseconds (a power of ten). */
static bool
parse_number(struct slice s, int64_t unit, int64_t *out)
{
	int64_t n = 0;
	size_t i = 0;

	for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, s.p[i] - '0', &n))
			return false;
	if (i == 0 || __builtin_mul_overflow(n, unit, &n))
		return false;
	if (i < s.len && s.p[i] == '.')
		for (i++; i < s.len && s.p[i] >= '0' && s.p[i] <= '9' && unit >= 10; i++) {
			unit /= 10;
			if (__builtin_add_overflow(n, (s.p[i] - '0') * unit, &n))
				return false;
		}
	*out = n;
	return true;
}

/* The member as written, of a string what is in its quotes; p NULL when there is none. */
static struct slice
text_member(struct decode_context *c, const struct json *j, unsigned object, struct slice name)
{
	unsigned node;

	if (json_kind(j, object) != VALUE_OBJECT || !json_find(j, object, name, &node, &c->scratch))
		return (struct slice){ NULL, 0 };
	return json_text(j, node);
}

void
envelope_time_number(struct decode_context *c, const struct json *j, unsigned object,
    struct slice name, int64_t unit)
{
	int64_t time;

	if (parse_number(text_member(c, j, object, name), unit, &time))
		c->peeled.time = time;
}

static enum peel
yield(struct inner *inner, struct slice text)
{
	inner->text = text;
	inner->first = NULL;
	return PEEL_INNER;
}

/* An object inside, or a line in a string. */
static enum peel
yield_node(struct decode_context *c, const struct json *j, unsigned node, struct inner *inner)
{
	if (json_kind(j, node) == VALUE_OBJECT)
		return yield(inner, json_text(j, node));
	if (json_kind(j, node) == VALUE_STRING)
		return yield(inner, trim_frame(json_value(j, node, &c->scratch).text));
	return PEEL_NONE;
}

/* Whether the object has docker's own members only: then a "log" without a line end is a piece. */
static bool
plain_docker(struct decode_context *c, const struct json *j)
{
	struct json_walk w = json_walk(j, ROOT);

	while (json_next(&w)) {
		struct slice name = json_name(&w, &c->scratch);

		if (!slice_eq(name, SLICE("log")) && !slice_eq(name, SLICE("stream")) &&
		    !slice_eq(name, SLICE("time")) && !slice_eq(name, SLICE("attrs")))
			return false;
	}
	return true;
}

/* A whole JSON object: the end of a container's last line may lack its line end. */
static bool
whole_object(struct slice s)
{
	struct json_scan scan;

	return s.len > 1 && s.p[0] == '{' && s.p[s.len - 1] == '}' &&
	       json_validate(s, &scan) == JSON_OK && scan.end == s.len;
}

enum peel
docker_line(struct decode_context *c, struct slice log, struct slice stream, bool plain,
    struct inner *inner)
{
	enum piece_stream s;
	bool last;

	if (stream.p == NULL || !plain)
		return yield(inner, trim_frame(log));
	s = slice_eq(stream, SLICE("stderr")) ? PIECE_DOCKER_ERR : PIECE_DOCKER_OUT;
	last = (log.len > 0 && log.p[log.len - 1] == '\n') ||
	       (!piece_pending(c, s) && whole_object(log));
	return piece_add(c, s, log, last, inner);
}

/* {"log":"...\n","stream":"stdout","time":"..."}; fluent-bit and fluentd add "kubernetes" and drop
 * the line end. */
static enum peel
peel_docker(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice log, stream = { NULL, 0 };
	unsigned kubernetes;

	if (!envelope_string(c, j, ROOT, SLICE("log"), &log))
		return PEEL_NONE;
	envelope_time(c, j, ROOT, SLICE("time"));
	if (envelope_member(c, j, ROOT, SLICE("kubernetes"), VALUE_OBJECT, &kubernetes))
		set_host(c, j, kubernetes, SLICE("host"));
	envelope_string(c, j, ROOT, SLICE("stream"), &stream);
	return docker_line(c, log, stream, plain_docker(c, j), inner);
}

/* journald prints what is not UTF-8 as an array of byte values. */
static bool
bytes_of(struct decode_context *c, const struct json *j, unsigned array, struct slice *out)
{
	struct json_walk w = json_walk(j, array);
	char *p = arena_alloc(&c->scratch, json_text(j, array).len / 2 + 1);
	size_t n = 0;

	while (json_next(&w)) {
		int64_t byte;

		if (json_kind(j, w.value) != VALUE_NUMBER ||
		    !parse_number(json_text(j, w.value), 1, &byte) || byte > 255)
			return false;
		p[n++] = (char)(unsigned char)byte;
	}
	*out = (struct slice){ p, n };
	return true;
}

enum peel
journald_line(struct decode_context *c, struct slice message, struct slice source_time,
    struct slice journal_time, struct slice host, struct inner *inner)
{
	int64_t time;

	if (parse_number(source_time, NS_PER_US, &time) ||
	    parse_number(journal_time, NS_PER_US, &time))
		c->peeled.time = time;
	if (host.len > 0)
		c->peeled.hostname = host;
	return yield(inner, trim_frame(message));
}

/* journalctl -o json. A message that journalctl left out (null) is no event and stays a bad record.
 */
static enum peel
peel_journald(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice message, host = { NULL, 0 };
	unsigned node;

	if (!json_find(j, ROOT, SLICE("MESSAGE"), &node, &c->scratch))
		return PEEL_NONE;
	if (json_kind(j, node) == VALUE_STRING)
		message = json_value(j, node, &c->scratch).text;
	else if (json_kind(j, node) != VALUE_ARRAY || !bytes_of(c, j, node, &message))
		return PEEL_NONE;
	envelope_string(c, j, ROOT, SLICE("_HOSTNAME"), &host);
	return journald_line(c, message,
	    text_member(c, j, ROOT, SLICE("_SOURCE_REALTIME_TIMESTAMP")),
	    text_member(c, j, ROOT, SLICE("__REALTIME_TIMESTAMP")), host, inner);
}

enum peel
splunk_line(struct decode_context *c, struct slice raw, struct slice time, struct slice host,
    struct inner *inner)
{
	int64_t ns;

	if (time_parse_iso(time, &ns))
		c->peeled.time = ns;
	if (host.len > 0)
		c->peeled.hostname = host;
	return yield(inner, trim_frame(raw));
}

/* Splunk: an export's {"preview":...,"result":{"_raw":"..."}}, or the result alone. */
static enum peel
peel_splunk(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice raw, time = { NULL, 0 }, host = { NULL, 0 };
	unsigned result = ROOT;

	if (!envelope_string(c, j, ROOT, SLICE("_raw"), &raw) &&
	    (!envelope_member(c, j, ROOT, SLICE("result"), VALUE_OBJECT, &result) ||
		!envelope_string(c, j, result, SLICE("_raw"), &raw)))
		return PEEL_NONE;
	envelope_string(c, j, result, SLICE("_time"), &time);
	envelope_string(c, j, result, SLICE("host"), &host);
	return splunk_line(c, raw, time, host, inner);
}

/* What a logging library or driver put around the line: Splunk's own say {"message":...} and
 * {"line":...}. An event of Falco may have a "message", too. */
static unsigned
hec_line(struct decode_context *c, const struct json *j, unsigned event)
{
	unsigned node;

	if (json_kind(j, event) != VALUE_OBJECT ||
	    json_find(j, event, SLICE("rule"), &node, &c->scratch))
		return event;
	if (!json_find(j, event, SLICE("line"), &node, &c->scratch) &&
	    !json_find(j, event, SLICE("message"), &node, &c->scratch))
		return event;
	return json_kind(j, node) == VALUE_OBJECT || json_kind(j, node) == VALUE_STRING ? node
											: event;
}

/* Splunk's HTTP event collector, falcosidekick's Splunk output; Elastic's event.original. */
static enum peel
peel_hec(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice original;
	unsigned node;

	if (!json_find(j, ROOT, SLICE("event"), &node, &c->scratch))
		return PEEL_NONE;
	if (envelope_string(c, j, node, SLICE("original"), &original)) {
		envelope_time(c, j, ROOT, SLICE("@timestamp"));
		return yield(inner, trim_frame(original));
	}
	envelope_time_number(c, j, ROOT, SLICE("time"), NS_PER_S);
	set_host(c, j, ROOT, SLICE("host"));
	return yield_node(c, j, hec_line(c, j, node), inner);
}

/* A hit of Elasticsearch. */
static enum peel
peel_elastic(struct decode_context *c, const struct json *j, struct inner *inner)
{
	unsigned node;

	if (!envelope_member(c, j, ROOT, SLICE("_source"), VALUE_OBJECT, &node))
		return PEEL_NONE;
	envelope_time(c, j, node, SLICE("@timestamp"));
	return yield_node(c, j, node, inner);
}

/* CloudEvents, structured mode. */
static enum peel
peel_cloudevent(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice data;
	unsigned node;

	if (!json_find(j, ROOT, SLICE("specversion"), &node, &c->scratch))
		return PEEL_NONE;
	if (json_find(j, ROOT, SLICE("data"), &node, &c->scratch)) {
		envelope_time(c, j, ROOT, SLICE("time"));
		return yield_node(c, j, node, inner);
	}
	if (!envelope_string(c, j, ROOT, SLICE("data_base64"), &data) ||
	    !awslogs_unpack(c, data, &data))
		return PEEL_NONE;
	envelope_time(c, j, ROOT, SLICE("time"));
	return yield(inner, trim_frame(data));
}

void
gather_line(struct gather *g, unsigned node)
{
	struct slice line;

	if (json_kind(g->j, node) == VALUE_STRING)
		line = trim_frame(json_value(g->j, node, &g->c->scratch).text);
	else if (json_kind(g->j, node) == VALUE_OBJECT)
		line = json_text(g->j, node);
	else
		return;
	if (g->p == NULL) {
		/* Mending a string makes three bytes of one at most; a line end takes the place of
		 * a quote. */
		g->room = json_text(g->j, ROOT).len * 3;
		g->p = arena_alloc(&g->c->scratch, g->room);
	}
	if (line.len + 1 > g->room - g->len)
		return;
	if (g->len > 0)
		g->p[g->len++] = '\n';
	memcpy(g->p + g->len, line.p, line.len);
	g->len += line.len;
}

enum peel
gathered(const struct gather *g, struct inner *inner)
{
	return g->len == 0 ? PEEL_NONE : yield(inner, (struct slice){ g->p, g->len });
}

/* {"streams":[{"stream":{...},"values":[["<ns>","line"],...]}]} */
static enum peel
peel_loki(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	struct json_walk streams, values, pair;
	unsigned node;

	if (!envelope_member(c, j, ROOT, SLICE("streams"), VALUE_ARRAY, &node))
		return PEEL_NONE;
	for (streams = json_walk(j, node); json_next(&streams);) {
		if (!envelope_member(c, j, streams.value, SLICE("values"), VALUE_ARRAY, &node))
			continue;
		for (values = json_walk(j, node); json_next(&values);) {
			if (json_kind(j, values.value) != VALUE_ARRAY)
				continue;
			pair = json_walk(j, values.value);
			if (json_next(&pair) && json_next(&pair))
				gather_line(&g, pair.value);
		}
	}
	return gathered(&g, inner);
}

/* The bodies of one scopeLogs[] of OpenTelemetry. */
static void
gather_scope(struct gather *g, unsigned scope)
{
	struct json_walk records;
	unsigned node, body, text;

	if (!envelope_member(g->c, g->j, scope, SLICE("logRecords"), VALUE_ARRAY, &node))
		return;
	for (records = json_walk(g->j, node); json_next(&records);) {
		if (!envelope_member(
			g->c, g->j, records.value, SLICE("body"), VALUE_OBJECT, &body) ||
		    !envelope_member(g->c, g->j, body, SLICE("stringValue"), VALUE_STRING, &text))
			continue;
		envelope_time_number(g->c, g->j, records.value, SLICE("timeUnixNano"), 1);
		gather_line(g, text);
	}
}

/* {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"line"}}]}]}]} */
static enum peel
peel_otlp(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	struct json_walk resources, scopes;
	unsigned node;

	if (!envelope_member(c, j, ROOT, SLICE("resourceLogs"), VALUE_ARRAY, &node))
		return PEEL_NONE;
	for (resources = json_walk(j, node); json_next(&resources);) {
		if (!envelope_member(c, j, resources.value, SLICE("scopeLogs"), VALUE_ARRAY, &node))
			continue;
		for (scopes = json_walk(j, node); json_next(&scopes);)
			gather_scope(&g, scopes.value);
	}
	return gathered(&g, inner);
}

/* {"message":"line"} of any log shipper: only when the line is surely Falco's. */
static enum peel
peel_shipper(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice line;

	if (!envelope_string(c, j, ROOT, SLICE("message"), &line))
		return PEEL_NONE;
	line = trim_frame(line);
	if (!clearly_falco(line))
		return PEEL_NONE;
	envelope_time(c, j, ROOT, SLICE("timestamp"));
	envelope_time(c, j, ROOT, SLICE("@timestamp"));
	set_host(c, j, ROOT, SLICE("host"));
	set_host(c, j, ROOT, SLICE("hostname"));
	return yield(inner, line);
}

const struct json_envelope json_envelopes[] = {
	{ .name = "docker", .peel = peel_docker },
	{ .name = "journald", .peel = peel_journald },
	{ .name = "splunk", .peel = peel_splunk },
	{ .name = "hec", .peel = peel_hec },
	{ .name = "elasticsearch", .peel = peel_elastic },
	{ .name = "cloudevent", .peel = peel_cloudevent },
	{ .name = "loki", .peel = peel_loki },
	{ .name = "otlp", .peel = peel_otlp },
	{ .name = "audit list", .peel = peel_audit_list },
	{ .name = "cloudwatch", .peel = peel_cloudwatch },
	{ .name = "insights", .peel = peel_insights },
	{ .name = "awslogs", .peel = peel_awslogs },
	{ .name = "azure", .peel = peel_azure },
	{ .name = "records", .peel = peel_records },
	{ .name = "shipper", .peel = peel_shipper },
};
const unsigned json_envelope_count = sizeof(json_envelopes) / sizeof(json_envelopes[0]);
