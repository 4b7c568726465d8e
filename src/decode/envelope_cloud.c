/*
 * Envelopes around Kubernetes audit events: lists of the API server's webhook, what Amazon
 * CloudWatch makes of EKS's log on its ways (subscription, Lambda, Firehose, filter-log-events,
 * Insights), Azure's diagnostic logs of AKS. A row looks at the members that make its shape. Not
 * here: Splunk's add-on, which is an envelope of HEC.
 */
#include "decode/envelope.h"

#include "base/banned.h"

#define ROOT	  0
#define NS_PER_MS INT64_C(1000000)

static bool
is_text(struct decode_context *c, const struct json *j, struct slice name, struct slice wanted)
{
	struct slice s;

	return envelope_string(c, j, ROOT, name, &s) && slice_eq(s, wanted);
}

/* {"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{...},...]} */
enum peel
peel_audit_list(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	struct json_walk w;
	unsigned items;

	if (!is_text(c, j, SLICE("kind"), SLICE("EventList")) ||
	    !envelope_member(c, j, ROOT, SLICE("items"), VALUE_ARRAY, &items))
		return PEEL_NONE;
	for (w = json_walk(j, items); json_next(&w);)
		gather_line(&g, w.value);
	if (g.len == 0)
		return PEEL_NOISE; /* an empty list is in order */
	return gathered(&g, inner);
}

/*
 * A subscription's {"messageType":"DATA_MESSAGE","logEvents":[{"message":"..."}]}, or
 * filter-log-events' {"events":[{"message":"..."}]}. What CloudWatch sends to see whether somebody
 * is there is noise.
 */
enum peel
peel_cloudwatch(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	struct json_walk w;
	unsigned list, node;

	if (is_text(c, j, SLICE("messageType"), SLICE("CONTROL_MESSAGE")))
		return PEEL_NOISE;
	if (!envelope_member(c, j, ROOT, SLICE("logEvents"), VALUE_ARRAY, &list) &&
	    !envelope_member(c, j, ROOT, SLICE("events"), VALUE_ARRAY, &list))
		return PEEL_NONE;
	for (w = json_walk(j, list); json_next(&w);) {
		if (!envelope_member(c, j, w.value, SLICE("message"), VALUE_STRING, &node))
			continue;
		envelope_time_number(c, j, w.value, SLICE("timestamp"), NS_PER_MS);
		gather_line(&g, node);
	}
	return gathered(&g, inner);
}

/* One row of a CloudWatch Insights answer: [{"field":"@message","value":"..."},...] */
static void
gather_row(struct gather *g, unsigned row)
{
	struct json_walk w;
	struct slice field;
	unsigned node;

	if (json_kind(g->j, row) != VALUE_ARRAY)
		return;
	for (w = json_walk(g->j, row); json_next(&w);)
		if (envelope_string(g->c, g->j, w.value, SLICE("field"), &field) &&
		    slice_eq(field, SLICE("@message")) &&
		    envelope_member(g->c, g->j, w.value, SLICE("value"), VALUE_STRING, &node))
			gather_line(g, node);
}

/* {"results":[[...],...]}, or a row of an export: {"@timestamp":"...","@message":"..."} */
enum peel
peel_insights(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	struct json_walk w;
	unsigned node;

	if (json_find(j, ROOT, SLICE("@message"), &node, &c->scratch)) {
		envelope_time(c, j, ROOT, SLICE("@timestamp"));
		gather_line(&g, node);
		return gathered(&g, inner);
	}
	if (!envelope_member(c, j, ROOT, SLICE("results"), VALUE_ARRAY, &node))
		return PEEL_NONE;
	for (w = json_walk(j, node); json_next(&w);)
		gather_row(&g, w.value);
	return gathered(&g, inner);
}

/* What a Lambda function gets: {"awslogs":{"data":"<base64 of gzip>"}} */
enum peel
peel_awslogs(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct slice data;
	unsigned logs;

	inner->first = NULL;
	if (!envelope_member(c, j, ROOT, SLICE("awslogs"), VALUE_OBJECT, &logs) ||
	    !envelope_string(c, j, logs, SLICE("data"), &data) ||
	    !awslogs_unpack(c, data, &inner->text))
		return PEEL_NONE;
	return PEEL_INNER;
}

static bool
is_audit_category(struct slice s)
{
	return slice_eq(s, SLICE("kube-audit")) || slice_eq(s, SLICE("kube-audit-admin"));
}

/* {"category":"kube-audit","properties":{"log":"..."}} of AKS: the node of the line. */
static bool
azure_line(struct decode_context *c, const struct json *j, unsigned object, unsigned *log)
{
	struct slice category;
	unsigned properties;

	return envelope_string(c, j, object, SLICE("category"), &category) &&
	       is_audit_category(category) &&
	       envelope_member(c, j, object, SLICE("properties"), VALUE_OBJECT, &properties) &&
	       envelope_member(c, j, properties, SLICE("log"), VALUE_STRING, log);
}

enum peel
peel_azure(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	unsigned log;

	if (!azure_line(c, j, ROOT, &log))
		return PEEL_NONE;
	envelope_time(c, j, ROOT, SLICE("time"));
	gather_line(&g, log);
	return gathered(&g, inner);
}

/* The records of Firehose, each base64 of gzip, with line ends between them. Not in part. */
static enum peel
unpack_records(
    struct decode_context *c, const struct json *j, unsigned records, struct inner *inner)
{
	struct json_walk w;
	struct slice data, *part;
	size_t n = 0, bytes = 0;
	char *to;

	for (w = json_walk(j, records); json_next(&w);)
		n++;
	part = arena_alloc(&c->scratch, (n + 1) * sizeof(*part));
	n = 0;
	for (w = json_walk(j, records); json_next(&w); n++) {
		if (!envelope_string(c, j, w.value, SLICE("data"), &data) ||
		    !awslogs_unpack(c, data, &part[n]))
			return PEEL_NONE;
		bytes += part[n].len + 1;
	}
	if (n == 0 || bytes > DECODE_MAX_LINE)
		return PEEL_NONE;
	to = arena_alloc(&c->scratch, bytes);
	*inner = (struct inner){ { to, bytes }, NULL };
	for (size_t i = 0; i < n; i++) {
		memcpy(to, part[i].p, part[i].len);
		to[part[i].len] = '\n';
		to += part[i].len + 1;
	}
	return PEEL_INNER;
}

/* {"records":[...]}: Azure's on their way through an event hub, or Firehose's. */
enum peel
peel_records(struct decode_context *c, const struct json *j, struct inner *inner)
{
	struct gather g = { .c = c, .j = j };
	struct json_walk w;
	unsigned records, log;

	if (!envelope_member(c, j, ROOT, SLICE("records"), VALUE_ARRAY, &records))
		return PEEL_NONE;
	for (w = json_walk(j, records); json_next(&w);)
		if (azure_line(c, j, w.value, &log))
			gather_line(&g, log);
	return g.len > 0 ? gathered(&g, inner) : unpack_records(c, j, records, inner);
}
