/*
 * What a request is and whether it may be: path, method, headers, token. From what http_parser
 * found in the head to an answer or the permission to send the body. No sockets here.
 */
#include "source/http.h"

#include <strings.h>

#include "base/banned.h"

static const struct {
	const char *path;
	enum http_kind kind;
} paths[] = {
	{ "/services/collector", HTTP_HEC_EVENT },
	{ "/services/collector/event", HTTP_HEC_EVENT },
	{ "/services/collector/raw", HTTP_HEC_RAW },
	{ "/services/collector/health", HTTP_HEC_HEALTH },
	{ "/services/collector/ack", HTTP_HEC_ACK },
	{ "/k8s-audit", HTTP_AUDIT },
	{ "/audit", HTTP_AUDIT },
};

/* HEC's paths may carry its version. */
static struct slice
without(struct slice path, struct slice end)
{
	if (path.len > end.len && memcmp(path.p + path.len - end.len, end.p, end.len) == 0)
		path.len -= end.len;
	return path;
}

enum http_kind
http_kind_of(struct slice path)
{
	static const struct slice hec = { "/services/", sizeof("/services/") - 1 };

	path = without(without(path, SLICE("/")), SLICE("/1.0"));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (slice_eq(path, slice_of(paths[i].path)))
			return paths[i].kind;
	if (path.len >= hec.len && memcmp(path.p, hec.p, hec.len) == 0)
		return HTTP_HEC_UNKNOWN;
	return HTTP_FALCO;
}

static bool
same(struct slice a, struct slice b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

static struct slice
unpadded(struct slice s)
{
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

void
http_head_header(struct http_head *h, struct slice name, struct slice value)
{
	value = unpadded(value);
	if (same(name, SLICE("host"))) {
		h->host = value;
		h->hosts++;
	} else if (same(name, SLICE("authorization"))) {
		h->authorization = value;
		h->authorizations++;
	} else if (same(name, SLICE("expect"))) {
		h->expect = value;
	} else if (same(name, SLICE("content-encoding"))) {
		h->coding = value;
	} else if (same(name, SLICE("transfer-encoding"))) {
		h->transfer = value;
		h->transfers++;
	} else if (same(name, SLICE("origin")) || same(name, SLICE("sec-fetch-site"))) {
		h->browser = true;
	}
}

struct http_answer
http_plain(unsigned status)
{
	return (struct http_answer){ .status = status, .code = -1, .invalid = -1 };
}

static const struct {
	int code;
	unsigned status;
	const char *text;
} hec_codes[] = {
	{ HEC_SUCCESS, 200, "Success" },
	{ HEC_TOKEN_REQUIRED, 401, "Token is required" },
	{ HEC_INVALID_AUTHORIZATION, 401, "Invalid authorization" },
	{ HEC_INVALID_TOKEN, 403, "Invalid token" },
	{ HEC_NO_DATA, 400, "No data" },
	{ HEC_INVALID_FORMAT, 400, "Invalid data format" },
	{ HEC_BUSY, 503, "Server is busy" },
	{ HEC_EVENT_REQUIRED, 400, "Event field is required" },
	{ HEC_EVENT_BLANK, 400, "Event field cannot be blank" },
	{ HEC_ACK_DISABLED, 400, "ACK is disabled" },
	{ HEC_FIELDS, 400, "Error in handling indexed fields" },
	{ HEC_HEALTHY, 200, "HEC is healthy" },
	{ HEC_QUEUES_FULL, 503, "HEC is unhealthy, queues are full" },
};

struct http_answer
http_hec(enum hec_code code)
{
	struct http_answer a = { .status = 500, .code = code, .invalid = -1 };

	for (size_t i = 0; i < sizeof(hec_codes) / sizeof(hec_codes[0]); i++)
		if (hec_codes[i].code == (int)code)
			a.status = hec_codes[i].status;
	return a;
}

const char *
hec_text(int code)
{
	for (size_t i = 0; i < sizeof(hec_codes) / sizeof(hec_codes[0]); i++)
		if (hec_codes[i].code == code)
			return hec_codes[i].text;
	return "Internal server error";
}

const char *
http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

/* 0, or the status of what is wrong with path and method. */
static unsigned
check_method(const struct http_head *h, enum http_kind kind)
{
	if (h->path.len == 0 || h->path.p[0] != '/')
		return h->get || h->post || h->put ? 400 : 405;
	if (kind == HTTP_HEC_UNKNOWN)
		return 404;
	if (kind == HTTP_HEC_HEALTH)
		return h->get ? 0 : 405;
	if (h->get)
		return kind == HTTP_FALCO ? 404 : 405; /* there is nothing here to be read */
	return h->post || (h->put && !http_kind_is_hec(kind)) ? 0 : 405;
}

/* How the body is framed: nothing that two readers could understand in two ways. */
static unsigned
check_framing(const struct http_head *h)
{
	if (h->minor > 0 ? h->hosts != 1 : h->hosts > 1)
		return 400;
	if (h->transfers == 0)
		return 0;
	if (h->transfers > 1 || h->has_length || h->minor == 0)
		return 400;
	return same(h->transfer, SLICE("chunked")) ? 0 : 501;
}

static bool
check_token(const struct http_head *h, const struct http_tokens *tokens, enum http_kind kind,
    struct http_answer *a)
{
	enum http_auth auth = http_auth(tokens, h->authorization);

	if (kind == HTTP_HEC_HEALTH || (auth == HTTP_AUTH_OK && h->authorizations < 2))
		return true;
	if (!http_kind_is_hec(kind))
		*a = http_plain(401);
	else if (auth == HTTP_AUTH_MISSING)
		*a = http_hec(HEC_TOKEN_REQUIRED);
	else if (auth == HTTP_AUTH_WRONG)
		*a = http_hec(HEC_INVALID_TOKEN);
	else
		*a = http_hec(HEC_INVALID_AUTHORIZATION);
	return false;
}

static unsigned
check_body(const struct http_head *h, struct http_request *r)
{
	r->max = r->kind == HTTP_FALCO ? HTTP_FALCO_MAX : HTTP_BATCH_MAX;
	if (h->coding.len > 0 && !same(h->coding, SLICE("identity"))) {
		if (r->kind != HTTP_HEC_EVENT && r->kind != HTTP_HEC_RAW)
			return 415;
		if (!same(h->coding, SLICE("gzip")) && !same(h->coding, SLICE("x-gzip")))
			return 415;
		r->gzip = true;
	}
	if (h->has_length && h->length > r->max)
		return 413;
	return 0;
}

bool
http_head_check(const struct http_head *h, const struct http_tokens *tokens, bool loopback,
    struct http_request *r, struct http_answer *a)
{
	unsigned status;

	*r = (struct http_request){ .kind = http_kind_of(h->path) };
	status = check_framing(h);
	if (status == 0)
		status = check_method(h, r->kind);
	if (status == 0 &&
	    (h->browser || (loopback && h->hosts > 0 && !http_host_is_ours(h->host))))
		status = 403;
	if (status == 0 && h->expect.len > 0) {
		if (!same(h->expect, SLICE("100-continue")))
			status = 417;
		r->expects = h->minor > 0;
	}
	if (status == 0 && !check_token(h, tokens, r->kind, a))
		return false;
	if (status == 0)
		status = check_body(h, r);
	*a = http_plain(status);
	return status == 0;
}
