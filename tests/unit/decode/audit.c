/*
 * Kubernetes audit events: fields, the rule made from the facts, wanted paths, every wrapper, and
 * shapes that are none or are wrong. With ../shared/data: every record of its files is an event.
 */
#include "decode/decode.h"

#include "harness.h"

#include "base/arena.h"
#include "decode/lines.h"
#include "decode/shared.h"
#include "event/priority.h"

#include "base/banned.h"

static struct decoder *d;

static void
setup(void)
{
	d = decoder_new();
}

static void
teardown(void)
{
	decoder_free(d);
}

#define EXEC                                                                                            \
	"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Request\","                 \
	"\"auditID\":\"a-1\",\"stage\":\"ResponseComplete\","                                           \
	"\"requestURI\":\"/api/v1/namespaces/prod/pods/web-0/exec?command=sh&container=app&tty=true\"," \
	"\"verb\":\"create\",\"user\":{\"username\":\"jane@acme.com\",\"uid\":\"u7\","                  \
	"\"groups\":[\"dev\",\"system:authenticated\"]},"                                               \
	"\"impersonatedUser\":{\"username\":\"root\"},"                                                 \
	"\"sourceIPs\":[\"203.0.113.7\",\"10.0.0.1\"],\"userAgent\":\"kubectl/v1.29\","                 \
	"\"objectRef\":{\"resource\":\"pods\",\"namespace\":\"prod\",\"name\":\"web-0\","               \
	"\"apiVersion\":\"v1\",\"subresource\":\"exec\"},"                                              \
	"\"responseStatus\":{\"metadata\":{},\"code\":101},"                                            \
	"\"requestReceivedTimestamp\":\"2026-01-15T10:00:00.000001Z\","                                 \
	"\"stageTimestamp\":\"2026-01-15T10:00:01.000002Z\","                                           \
	"\"annotations\":{\"authorization.k8s.io/decision\":\"allow\","                                 \
	"\"authorization.k8s.io/reason\":\"RBAC: allowed\"}}"

#define POD                                                                                                     \
	"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"stage\":\"ResponseComplete\","                \
	"\"verb\":\"create\",\"user\":{\"username\":\"u\"},"                                                    \
	"\"objectRef\":{\"resource\":\"pods\",\"namespace\":\"prod\"},"                                         \
	"\"requestObject\":{\"kind\":\"Pod\",\"spec\":{\"hostNetwork\":true,\"containers\":["                   \
	"{\"name\":\"a\",\"image\":\"reg:5000/x/nginx:1.2@sha256:00\",\"ports\":[{\"hostPort\":80},{\"p\":1}]," \
	"\"securityContext\":{\"privileged\":false}},"                                                          \
	"{\"name\":\"b\",\"image\":\"busy\\\"box\",\"securityContext\":{\"privileged\":true}},3,null,"          \
	"{\"name\":\"c\",\"image\":null}]}},"                                                                   \
	"\"responseObject\":{\"metadata\":{\"name\":\"web-5d\"}}}"

#define GKE                                                                                           \
	"{\"protoPayload\":{\"serviceName\":\"k8s.io\","                                              \
	"\"methodName\":\"io.k8s.core.v1.pods.exec.create\","                                         \
	"\"resourceName\":\"core/v1/namespaces/prod/pods/web-0/exec\","                               \
	"\"authenticationInfo\":{\"principalEmail\":\"jane@acme.com\"},"                              \
	"\"requestMetadata\":{\"callerIp\":\"203.0.113.7\",\"callerSuppliedUserAgent\":\"kubectl\"}," \
	"\"request\":{\"spec\":{\"hostPID\":true}},"                                                  \
	"\"status\":{\"code\":7,\"message\":\"Forbidden\"}},\"insertId\":\"i1\","                     \
	"\"labels\":{\"authorization.k8s.io/decision\":\"forbid\"},"                                  \
	"\"timestamp\":\"2026-01-15T10:00:00.5Z\"}"

static const struct {
	const char *line;
	const char *says[16];
	enum priority priority;
} fields[] = {
	{ EXEC,
	    { "rule=K8s audit: create pods/exec", "source=k8s_audit", "hostname!",
		"user.name=jane@acme.com", "user.uid=u7", "k8s.ns.name=prod", "k8s.pod.name=web-0",
		"container.name=app", "ka.user.name=jane@acme.com", "ka.verb=create",
		"ka.target.resource=pods", "ka.target.name=web-0", "ka.response.code=101",
		"ka.auth.reason=RBAC: allowed", "ka.user.groups=[\"dev\",\"system:authenticated\"]",
		"ka.sourceips=[\"203.0.113.7\",\"10.0.0.1\"]" },
	    PRIORITY_INFORMATIONAL },
	{ POD,
	    { "rule=K8s audit: create pods", "k8s.pod.name=web-5d", "ka.resp.name=web-5d",
		"ka.target.name!", "container.name!" },
	    PRIORITY_INFORMATIONAL },
	{ GKE,
	    { "rule=K8s audit: create pods/exec", "source=k8s_audit", "user.name=jane@acme.com",
		"k8s.ns.name=prod", "k8s.pod.name=web-0", "ka.response.code=403",
		"ka.sourceips=[\"203.0.113.7\"]", "ka.useragent=kubectl" },
	    PRIORITY_NOTICE },
	{ "{\"protoPayload\":{\"serviceName\":\"k8s.io\",\"methodName\":\"io.k8s.get\","
	  "\"resourceName\":\"readyz\"}}",
	    { "rule=K8s audit: get (no resource)", "ka.uri=readyz", "k8s.ns.name!",
		"ka.response.code=200" },
	    PRIORITY_INFORMATIONAL },
	{ "{\"protoPayload\":{\"serviceName\":\"k8s.io\",\"methodName\":\"io.k8s.core.v1.namespaces.delete\","
	  "\"resourceName\":\"core/v1/namespaces/prod\"}}",
	    { "rule=K8s audit: delete namespaces", "k8s.ns.name=prod", "ka.target.name=prod" },
	    PRIORITY_INFORMATIONAL },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"requestURI\":\"/healthz\",\"user\":null,\"objectRef\":null,"
	  "\"responseStatus\":{\"code\":403}}",
	    { "rule=K8s audit: get (no resource)", "ka.uri=/healthz", "user.name!" },
	    PRIORITY_NOTICE },
	{ "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1beta1\",\"annotations\":"
	  "{\"authorization.k8s.io/decision\":\"forbid\"}}",
	    { "rule=K8s audit: request", "k8s.pod.name!" }, PRIORITY_NOTICE },
	/* pods in the name of another resource; a container that is no query parameter */
	{ "{\"auditID\":\"x\",\"stage\":\"Panic\",\"requestURI\":\"/container=x\",\"objectRef\":"
	  "{\"resource\":\"pods\",\"subresource\":\"log\",\"name\":\"\"}}",
	    { "rule=K8s audit: request pods/log", "container.name!" }, PRIORITY_INFORMATIONAL },
};

START_TEST(test_fields)
{
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		decode_line(d, fields[i].line, strlen(fields[i].line), false);
		ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
		for (unsigned k = 0; k < 16 && fields[i].says[k] != NULL; k++)
			ck_assert_msg(
			    event_says(ev, fields[i].says[k]), "%zu: %s", i, fields[i].says[k]);
		ck_assert_int_eq(ev->priority, fields[i].priority);
		ck_assert_uint_eq(ev->raw.len, strlen(fields[i].line));
		ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_END);
	}
	free(ev);
}
END_TEST

START_TEST(test_facts)
{
	static const char output[] = "K8s audit: create pods/exec | user=jane@acme.com ns=prod "
				     "name=web-0 code=101 decision=allow from=203.0.113.7 "
				     "stage=ResponseComplete";
	char other[] = EXEC;
	struct arena keep = { 0 };
	struct slice first;
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;
	int64_t time;

	memcpy(strstr(other, "jane"), "joan", 4);
	decode_line(d, EXEC, sizeof(EXEC) - 1, false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
	ck_assert(time_parse_iso(SLICE("2026-01-15T10:00:00.000001Z"), &time));
	ck_assert_int_eq(ev->time, time);
	ck_assert(slice_eq(ev->output, SLICE(output)));
	ck_assert(slice_eq(ev->message, SLICE("K8s audit: create pods/exec")));
	first = arena_copy(&keep, ev->uuid);
	ck_assert_uint_eq(
	    first.len, strlen("a-1 ResponseComplete 2026-01-15T10:00:01.000002Z ") + 16);
	ck_assert(memcmp(first.p, "a-1 ResponseComplete 2026-01-15T10:00:01.000002Z ", 49) == 0);
	decode_line(d, EXEC, sizeof(EXEC) - 1, false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
	ck_assert(slice_eq(ev->uuid, first));
	/* The client chooses the auditID: what differs anywhere is no repeat. */
	decode_line(d, other, sizeof(other) - 1, false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
	ck_assert_uint_eq(ev->uuid.len, first.len);
	ck_assert(!slice_eq(ev->uuid, first));
	arena_release(&keep);
	decode_line(d, POD, sizeof(POD) - 1, false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
	ck_assert_ptr_null(ev->uuid.p);
	ck_assert((ev->flags & EVENT_TIME_ARRIVAL) != 0);
	free(ev);
}
END_TEST

static const struct {
	const char *line, *name, *value; /* value NULL: absent */
	enum value_kind kind;
} wanted[] = {
	{ EXEC, "ka.stage", "ResponseComplete", VALUE_STRING },
	{ EXEC, "stage", "ResponseComplete", VALUE_STRING },
	{ EXEC, "auditID", "a-1", VALUE_STRING },
	{ EXEC, "ka.target.subresource", "exec", VALUE_STRING },
	{ EXEC, "ka.impuser.name", "root", VALUE_STRING },
	{ EXEC, "ka.auth.decision", "allow", VALUE_STRING },
	{ EXEC, "annotations.authorization.k8s.io/decision", "allow", VALUE_STRING },
	{ EXEC, "user.groups{}", "[\"dev\",\"system:authenticated\"]", VALUE_ARRAY },
	{ EXEC, "user.groups", "[\"dev\",\"system:authenticated\"]", VALUE_ARRAY },
	{ EXEC, "responseStatus.metadata", "{}", VALUE_OBJECT },
	{ EXEC, "responseStatus.code", "101", VALUE_NUMBER },
	{ EXEC, "kind", "Event", VALUE_STRING },
	{ EXEC, "user.groups{}.x", NULL, VALUE_NULL },
	{ EXEC, "user.username.x", NULL, VALUE_NULL },
	{ EXEC, "kin", NULL, VALUE_NULL },
	{ EXEC, "", NULL, VALUE_NULL },
	{ POD, "requestObject.kind", "Pod", VALUE_STRING },
	{ POD, "ka.req.pod.host_network", "true", VALUE_BOOL },
	{ POD, "ka.req.pod.containers.image",
	    "[\"reg:5000/x/nginx:1.2@sha256:00\",\"busy\\\"box\"]", VALUE_ARRAY },
	{ POD, "requestObject.spec.containers{}.image",
	    "[\"reg:5000/x/nginx:1.2@sha256:00\",\"busy\\\"box\"]", VALUE_ARRAY },
	{ POD, "requestObject.spec.containers{}.name", "[\"a\",\"b\",\"c\"]", VALUE_ARRAY },
	{ POD, "ka.req.pod.containers.image.repository", "[\"reg:5000/x/nginx\",\"busy\\\"box\"]",
	    VALUE_ARRAY },
	{ POD, "ka.req.container.image", "reg:5000/x/nginx:1.2@sha256:00", VALUE_STRING },
	{ POD, "ka.req.container.image.repository", "reg:5000/x/nginx", VALUE_STRING },
	{ POD, "ka.req.pod.containers.privileged", "[false,true]", VALUE_ARRAY },
	{ POD, "ka.req.container.privileged", "true", VALUE_BOOL },
	{ POD, "ka.req.pod.containers.host_port", "[80]", VALUE_ARRAY },
	{ POD, "ka.req.pod.volumes.hostpath", NULL, VALUE_NULL },
	{ GKE, "ka.auth.decision", "forbid", VALUE_STRING },
	{ GKE, "responseStatus.message", "Forbidden", VALUE_STRING },
	{ GKE, "ka.req.pod.host_pid", "true", VALUE_BOOL },
	{ GKE, "protoPayload.serviceName", "k8s.io", VALUE_STRING },
};

START_TEST(test_wanted)
{
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *names[] = { "not.there", wanted[i].name };
		bool has;

		decoder_want(d, names, 2);
		decode_line(d, wanted[i].line, strlen(wanted[i].line), false);
		ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
		has = (ev->extra_present & 2) != 0;
		ck_assert_msg((ev->extra_present & 1) == 0 && has == (wanted[i].value != NULL),
		    "%s", wanted[i].name);
		if (!has)
			continue;
		ck_assert_msg(slice_eq(ev->extra[1].text, slice_of(wanted[i].value)), "%s: %.*s",
		    wanted[i].name, (int)ev->extra[1].text.len, ev->extra[1].text.p);
		ck_assert_int_eq(ev->extra[1].kind, wanted[i].kind);
	}
	free(ev);
}
END_TEST

/* Twice the same arrays by one path, the second larger: what fits of it, no more. */
START_TEST(test_path_twice)
{
	static const char line[] =
	    "{\"auditID\":\"x\",\"verb\":\"v\",\"a\":[{\"b\":1}],\"a\":[{\"b\":123456789},{\"b\":123456789}]}";
	const char *names[] = { "a{}.b" };
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;

	decoder_want(d, names, 1);
	decode_line(d, line, sizeof(line) - 1, false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
	ck_assert((ev->flags & EVENT_DUP_KEYS) != 0);
	ck_assert(slice_eq(ev->extra[0].text, SLICE("[1]")));
	free(ev);
}
END_TEST

/* --- what is none ----------------------------------------------------------------------------- */

static const struct {
	const char *line, *reason; /* NULL: an event */
} shapes[] = {
	{ "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"reason\":\"Pulled\"}", "not_event" },
	{ "{\"kind\":\"Event\"}", "not_event" },
	{ "{\"auditID\":\"\",\"verb\":\"get\"}", "not_event" },
	{ "{\"auditID\":\"x\"}", "not_event" },
	{ "{\"auditID\":7,\"verb\":\"get\"}", "not_event" },
	{ "{\"verb\":\"get\",\"user\":{\"username\":\"x\"}}", "not_event" },
	{ "{\"kind\":[\"Event\"],\"apiVersion\":\"audit.k8s.io/v1\"}", "not_event" },
	{ "{\"protoPayload\":{\"serviceName\":\"compute.googleapis.com\"}}", "not_event" },
	{ "{\"protoPayload\":[\"k8s.io\"]}", "not_event" },
	{ "{\"protoPayload\":{\"serviceName\":\"k8s.io\",\"status\":[]}}", "bad_type" },
	{ "{\"protoPayload\":{\"serviceName\":\"k8s.io\",\"status\":null}}", NULL },
	{ "{\"auditID\":\"x\",\"verb\":1}", "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"user\":\"root\"}", "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"user\":{\"username\":{\"a\":1}}}", "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"user\":{\"groups\":\"system:masters\"}}",
	    "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"objectRef\":[]}", "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"objectRef\":{\"resource\":1}}", "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"responseStatus\":{\"code\":\"403\"}}",
	    "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"sourceIPs\":\"1.2.3.4\"}", "bad_type" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"requestObject\":\"any\",\"responseObject\":[{}]}",
	    NULL },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"time\":5,\"source\":[]}", NULL },
	/* Falco's keys make it Falco's, whatever else is there */
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"rule\":\"r\"}", "not_event" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\",\"output_fields\":{}}", "not_event" },
	{ "{\"auditID\":\"x\",\"verb\":\"get\"", "bad_json" },
};

START_TEST(test_shapes)
{
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		enum verdict v;

		decode_line(d, shapes[i].line, strlen(shapes[i].line), false);
		v = decode_next(d, ev, &reason);
		ck_assert_msg(v == (shapes[i].reason == NULL ? VERDICT_EVENT : VERDICT_REJECT),
		    "%s", shapes[i].line);
		if (v == VERDICT_REJECT)
			ck_assert_str_eq(reject_name(reason), shapes[i].reason);
		ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_END);
	}
	free(ev);
}
END_TEST

START_TEST(test_falco_first)
{
	static const char line[] =
	    "{\"rule\":\"r\",\"priority\":\"Notice\",\"output\":\"o\",\"time\":\"2026-01-15T10:00:00Z\","
	    "\"auditID\":\"x\",\"verb\":\"get\",\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}";
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;

	decode_line(d, line, sizeof(line) - 1, false);
	ck_assert_int_eq(decode_next(d, ev, &reason), VERDICT_EVENT);
	ck_assert(event_says(ev, "rule=r") && event_says(ev, "source!"));
	free(ev);
}
END_TEST

/* --- wrappers --------------------------------------------------------------------------------- */

#define E1 "{\"auditID\":\"1\",\"verb\":\"get\"}"
#define Q1 "{\\\"auditID\\\":\\\"1\\\",\\\"verb\\\":\\\"get\\\"}"

static const struct {
	const char *line, *verdicts;
} wrappers[] = {
	{ E1 E1, "EE" },
	{ "torn " E1, "RE" },
	{ "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[" E1 "," E1 "]}",
	    "EE" },
	{ "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[]}", "N" },
	{ "{\"kind\":\"EventList\",\"items\":[" E1 ",{\"a\":1}," E1 "]}", "ERE" },
	{ "{\"kind\":\"EventList\",\"items\":{}}", "R" },
	{ "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"message\":\"" Q1
	  "\"},{\"message\":\"" Q1 "\\n\"}]}",
	    "EE" },
	{ "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{\"message\":\"CWL\"}]}", "N" },
	{ "{\"logEvents\":[]}", "R" },
	{ "{\"logEvents\":[{\"message\":\"I0115 kube-apiserver says\"}]}", "R" },
	{ "{\"events\":[{\"message\":\"" Q1 "\",\"timestamp\":1690768692101}]}", "E" },
	{ "{\"results\":[[{\"field\":\"@log\",\"value\":\"x\"},{\"field\":\"@message\",\"value\":\"" Q1
	  "\"}],[7]]}",
	    "E" },
	{ "{\"@timestamp\":\"2023-07-31 01:58:12.101\",\"@message\":\"" Q1 "\"}", "E" },
	{ "{\"@message\":{\"auditID\":\"1\",\"verb\":\"get\"}}", "E" },
	{ "{\"category\":\"kube-audit\",\"properties\":{\"log\":\"" Q1 "\\n\"}}", "E" },
	{ "{\"category\":\"kube-scheduler\",\"properties\":{\"log\":\"" Q1 "\"}}", "R" },
	{ "{\"records\":[{\"category\":\"kube-audit-admin\",\"properties\":{\"log\":\"" Q1
	  "\"}},{\"category\":\"guard\"}]}",
	    "E" },
	{ "{\"time\":1690768692.1,\"host\":\"h\",\"event\":" E1 "}", "E" },
	{ "{\"time\":1690768692.1,\"event\":\"" Q1 "\"}", "E" },
	{ "{\"_raw\":\"" Q1 "\"}", "E" },
	{ "2026-01-15T10:00:00.000000000Z stdout F " E1, "E" },
	/* base64 of E1, as it is and in gzip; damage */
	{ "{\"awslogs\":{\"data\":\"eyJhdWRpdElEIjoiMSIsInZlcmIiOiJnZXQifQ==\"}}", "E" },
	{ "{\"records\":[{\"data\":\"eyJhdWRpdElEIjoiMSIsInZlcmIiOiJnZXQifQ==\"},"
	  "{\"data\":\"eyJhdWRpdElEIjoiMSIsInZlcmIiOiJnZXQifQ==\"}]}",
	    "EE" },
	{ "{\"awslogs\":{\"data\":\"H4sIAAAAAAACA6tWSixNySzxdFGyUjJU0lEqSy1KAjLTU0uUagG3F09IHAAAAA==\"}}",
	    "E" },
	{ "{\"awslogs\":{\"data\":\"H4sIAAAAAAACA6tWSixNySzxdFGyUjJU0lEqSy1KAjLTU0uUarcXT0gcAAAA\"}}",
	    "R" },
	{ "{\"awslogs\":{\"data\":\"eyJhdWRpdElEIjoiMSIsInZlcmIiOiJnZXQifQ=\"}}", "R" },
	{ "{\"awslogs\":{\"data\":\"!!!!\"}}", "R" },
	{ "{\"awslogs\":{\"data\":\"\"}}", "R" },
	{ "{\"awslogs\":{\"data\":\"====\"}}", "R" },
	{ "{\"records\":[{\"data\":\"eyJh\"},{\"data\":\"*\"}]}", "R" },
	{ "{\"records\":[]}", "R" },
};

START_TEST(test_wrappers)
{
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		struct records r = { .n = 0 };

		decode_records(d, slice_of(wrappers[i].line), &r, NULL, NULL);
		ck_assert_msg(strcmp(r.verdicts, wrappers[i].verdicts) == 0, "%s: %s",
		    wrappers[i].line, r.verdicts);
	}
}
END_TEST

/* --- the real ones ---------------------------------------------------------------------------- */

static const struct {
	const char *file;
	unsigned long events;
} files[] = {
	{ "data/k8s_audit/events.jsonl", 184 },
	{ "data/k8s_audit/eventlist_bodies.jsonl", 8 },
	{ "data/k8s_audit/wrapped_cloud.jsonl", 25 },
	{ "data/cloudwatch_eks/filter_log_events.constructed.json", 8 },
	{ "data/cloudwatch_eks/firehose_records.constructed.json", 5 },
	{ "data/cloudwatch_eks/insights_get_query_results.jsonl", 2 },
	{ "data/cloudwatch_eks/lambda_awslogs_event.constructed.jsonl", 6 },
	{ "data/cloudwatch_eks/splunk_aws_cloudwatchlogs_eks.constructed.jsonl", 21 },
	{ "data/cloudwatch_eks/subscription_data_message.constructed.jsonl", 32 },
};

static void
count_record(enum verdict v, const struct falco_event *ev, void *arg)
{
	unsigned long *n = arg;

	if (v == VERDICT_NOISE)
		return; /* CloudWatch's control message */
	ck_assert_int_eq(v, VERDICT_EVENT);
	ck_assert(event_says(ev, "source=k8s_audit"));
	ck_assert(ev->output.len > 0 && ev->message.len > 0);
	++*n;
}

START_TEST(test_shared)
{
	struct buf path = { 0 }, text = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unsigned long n = 0;

		if (!shared_path(&path, files[i].file))
			continue;
		ck_assert(read_file(&text, path.p));
		for (char *p = text.p, *end = text.p + text.len, *nl; p < end; p = nl + 1) {
			struct records r = { .n = 0 };

			nl = memchr(p, '\n', (size_t)(end - p));
			nl = nl == NULL ? end : nl;
			decode_records(
			    d, (struct slice){ p, (size_t)(nl - p) }, &r, count_record, &n);
		}
		ck_assert_msg(n == files[i].events, "%s: %lu", files[i].file, n);
	}
	buf_release(&path);
	buf_release(&text);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("audit");
	TCase *t = tcase_create("audit");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_facts);
	tcase_add_test(t, test_wanted);
	tcase_add_test(t, test_path_twice);
	tcase_add_test(t, test_shapes);
	tcase_add_test(t, test_falco_first);
	tcase_add_test(t, test_wrappers);
	tcase_add_test(t, test_shared);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
