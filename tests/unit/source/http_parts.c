/* The receiver's parts without a socket: gate, hosts, paths, tokens, bodies, gzip. */
#include "source/http.h"

#include <stdio.h>
#include <unistd.h>

#include <zlib.h>

#include "harness.h"

/* --- the gate --------------------------------------------------------------------------------- */

#define R "POST / HTTP/1.1\r\n"

static const struct {
	const char *text;
	size_t len; /* 0: up to the NUL */
	enum http_gate_result want;
} heads[] = {
	{ R "Host: a\r\n\r\n", 0, HTTP_GATE_HEAD },
	{ R "Host: a\r\n\r\nbody\n\n", 0, HTTP_GATE_HEAD },
	{ R "\r\n", 0, HTTP_GATE_HEAD },
	{ "", 0, HTTP_GATE_MORE },
	{ "P", 0, HTTP_GATE_MORE },
	{ R "Host: a\r\n", 0, HTTP_GATE_MORE },
	{ R "Host: a\r\n\r", 0, HTTP_GATE_MORE },
	{ "POST / HTTP/1.1\n\n", 0, HTTP_GATE_BAD },
	{ R "Host: a\n\r\n", 0, HTTP_GATE_BAD },
	{ R "Host: a\r\n\n", 0, HTTP_GATE_BAD },
	{ R "X: a\r\n b\r\n\r\n", 0, HTTP_GATE_BAD },
	{ R "X: a\r\n\tb\r\n\r\n", 0, HTTP_GATE_BAD },
	{ R "X: a\rb\r\n\r\n", 0, HTTP_GATE_BAD },
	{ R "X: a\0b\r\n\r\n", sizeof(R "X: a\0b\r\n\r\n") - 1, HTTP_GATE_BAD },
	{ "\r\n" R "\r\n", 0, HTTP_GATE_BAD },
	{ "\x16\x03\x01", 0, HTTP_GATE_BAD },
	{ "post / HTTP/1.1\r\n\r\n", 0, HTTP_GATE_BAD },
};

/* In one piece, and byte by byte: the same, and the same end. */
START_TEST(gate)
{
	size_t len = heads[_i].len > 0 ? heads[_i].len : strlen(heads[_i].text);
	enum http_gate_result got = HTTP_GATE_MORE;
	struct http_gate g = { 0 };
	size_t head = 0, end = 0;

	ck_assert_int_eq(http_gate(&g, heads[_i].text, len, &head), heads[_i].want);
	g = (struct http_gate){ 0 };
	for (size_t n = 1; n <= len && got == HTTP_GATE_MORE; n++)
		got = http_gate(&g, heads[_i].text, n, &end);
	ck_assert_int_eq(got, heads[_i].want);
	ck_assert_uint_eq(head, end);
}
END_TEST

START_TEST(gate_caps)
{
	struct http_gate g = { 0 };
	struct buf b = { 0 };
	size_t head;

	buf_adds(&b, R "X: ");
	while (b.len < HTTP_HEAD_MAX - 1)
		buf_addc(&b, 'a');
	ck_assert_int_eq(http_gate(&g, b.p, b.len, &head), HTTP_GATE_MORE);
	buf_addc(&b, 'a');
	ck_assert_int_eq(http_gate(&g, b.p, b.len, &head), HTTP_GATE_LARGE);
	buf_clear(&b);
	buf_adds(&b, R);
	for (unsigned i = 0; i < HTTP_HEADERS_MAX; i++)
		buf_adds(&b, "X: a\r\n");
	g = (struct http_gate){ 0 };
	ck_assert_int_eq(http_gate(&g, b.p, b.len, &head), HTTP_GATE_MORE);
	buf_adds(&b, "X: a\r\n\r\n");
	ck_assert_int_eq(http_gate(&g, b.p, b.len, &head), HTTP_GATE_LARGE);
	buf_release(&b);
}
END_TEST

static const struct {
	const char *host;
	bool ours;
} hosts[] = {
	{ "127.0.0.1", true },
	{ "127.0.0.1:2801", true },
	{ "10.1.2.3:2801", true },
	{ "[::1]:2801", true },
	{ "localhost", true },
	{ "LocalHost:80", true },
	{ "falcotop:2801", true },
	{ "x.localhost", true },
	{ "host.docker.internal:2801", true },
	{ "falcotop.falco.svc", true },
	{ "evil.example", false },
	{ "evil.example:2801", false },
	{ "127.0.0.1.evil.example", false },
	{ "localhost.evil.example:2801", false },
	{ "evil.internal.example", false },
	{ ".internal", false },
	{ "", false },
	{ ":2801", false },
};

START_TEST(host)
{
	ck_assert_int_eq(http_host_is_ours(slice_of(hosts[_i].host)), hosts[_i].ours);
}
END_TEST

static const struct {
	const char *path;
	enum http_kind kind;
} kinds[] = {
	{ "/", HTTP_FALCO },
	{ "", HTTP_FALCO },
	{ "/in", HTTP_FALCO },
	{ "/auditor", HTTP_FALCO },
	{ "/services", HTTP_FALCO },
	{ "/k8s-audit", HTTP_AUDIT },
	{ "/audit/", HTTP_AUDIT },
	{ "/services/collector", HTTP_HEC_EVENT },
	{ "/services/collector/1.0", HTTP_HEC_EVENT },
	{ "/services/collector/event", HTTP_HEC_EVENT },
	{ "/services/collector/event/1.0", HTTP_HEC_EVENT },
	{ "/services/collector/raw", HTTP_HEC_RAW },
	{ "/services/collector/raw/1.0", HTTP_HEC_RAW },
	{ "/services/collector/health", HTTP_HEC_HEALTH },
	{ "/services/collector/health/1.0", HTTP_HEC_HEALTH },
	{ "/services/collector/ack", HTTP_HEC_ACK },
	{ "/services/collector/mint", HTTP_HEC_UNKNOWN },
	{ "/services/x", HTTP_HEC_UNKNOWN },
};

START_TEST(which_kind)
{
	ck_assert_int_eq(http_kind_of(slice_of(kinds[_i].path)), kinds[_i].kind);
}
END_TEST

/* --- tokens ----------------------------------------------------------------------------------- */

static int
load(struct http_tokens *t, const char *text, size_t len)
{
	char path[] = "/tmp/falcotop-token.XXXXXX", err[200] = "";
	int fd = mkstemp(path), r;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
	r = http_tokens_read(t, path, err, sizeof(err));
	unlink(path);
	if (r != 0)
		ck_assert_ptr_nonnull(strstr(err, path));
	return r;
}

static const struct {
	const char *header; /* NULL: none */
	enum http_auth want;
} auths[] = {
	{ NULL, HTTP_AUTH_MISSING },
	{ "Splunk abc123", HTTP_AUTH_OK },
	{ "splunk abc123", HTTP_AUTH_OK },
	{ "Bearer abc123", HTTP_AUTH_OK },
	{ "Bearer  abc123", HTTP_AUTH_OK },
	{ "Bearer second", HTTP_AUTH_OK },
	{ "Basic eDphYmMxMjM=", HTTP_AUTH_OK },	   /* x:abc123 */
	{ "Basic OnNlY29uZA==", HTTP_AUTH_OK },	   /* :second */
	{ "Basic YTpzZWNvbmQ=", HTTP_AUTH_OK },	   /* a:second */
	{ "Basic eDphYmMxMjQ=", HTTP_AUTH_WRONG }, /* x:abc124 */
	{ "Basic eDo=", HTTP_AUTH_WRONG },	   /* x: */
	{ "Basic YWJjMTIz", HTTP_AUTH_MALFORMED }, /* no colon */
	{ "Basic !!!!", HTTP_AUTH_MALFORMED },
	{ "Basic eDo", HTTP_AUTH_MALFORMED },
	{ "Basic ====", HTTP_AUTH_MALFORMED },
	{ "Basic ", HTTP_AUTH_MALFORMED },
	{ "Bearer abc12", HTTP_AUTH_WRONG },
	{ "Bearer abc1234", HTTP_AUTH_WRONG },
	{ "Bearer ", HTTP_AUTH_WRONG },
	{ "Bearer", HTTP_AUTH_MALFORMED },
	{ "abc123", HTTP_AUTH_MALFORMED },
	{ "", HTTP_AUTH_MALFORMED },
	{ "Digest abc123", HTTP_AUTH_MALFORMED },
};

START_TEST(auth)
{
	static const char text[] = "abc123\r\n\n  second\t\n";
	struct http_tokens t;

	ck_assert_int_eq(load(&t, text, sizeof(text) - 1), 0);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_int_eq(http_auth(&t, slice_of(auths[_i].header)), auths[_i].want);
}
END_TEST

START_TEST(token_files)
{
	struct http_tokens t, none = { 0 };
	char err[200], many[2 * (HTTP_TOKENS + 1)], large[HTTP_TOKEN_MAX + 2];

	ck_assert_int_eq(load(&t, "", 0), -1);
	ck_assert_int_eq(load(&t, " \n\n", 3), -1);
	for (unsigned i = 0; i < sizeof(many); i++)
		many[i] = i % 2 == 0 ? 'a' : '\n';
	ck_assert_int_eq(load(&t, many, sizeof(many)), -1);
	ck_assert_int_eq(load(&t, many, sizeof(many) - 2), 0);
	memset(large, 'a', sizeof(large));
	ck_assert_int_eq(load(&t, large, sizeof(large) - 1), -1);
	ck_assert_int_eq(load(&t, large, HTTP_TOKEN_MAX), 0);
	ck_assert_int_eq(http_tokens_read(&t, "/nowhere/token", err, sizeof(err)), -1);
	ck_assert_int_eq(http_tokens_read(&t, "/", err, sizeof(err)), -1);
	ck_assert_int_eq(http_auth(&none, (struct slice){ NULL, 0 }), HTTP_AUTH_OK);
}
END_TEST

/* --- bodies ----------------------------------------------------------------------------------- */

static void
gather(void *arg, struct slice line)
{
	struct buf *b = arg;

	buf_add(b, line.p, line.len);
	buf_addc(b, '|');
}

#define ITEM "{\"auditID\":\"1\",\"x\":[1,{\"items\":[]}]}"

static const struct {
	enum http_kind kind;
	const char *body;
	unsigned status;
	int code;
	const char *lines;
} bodies[] = {
	{ HTTP_FALCO, "{\"a\":1}", 200, -1, "{\"a\":1}|" },
	{ HTTP_FALCO, " {\"a\":1}\r\n", 200, -1, "{\"a\":1}|" },
	{ HTTP_FALCO, "{\"a\":1}\n{\"b\":2}", 200, -1, "{\"a\":1}|{\"b\":2}|" },
	{ HTTP_FALCO, "{\"a\":1}{\"b\":2}", 200, -1, "{\"a\":1}|{\"b\":2}|" },
	{ HTTP_FALCO, "{\n \"a\":\n1}", 200, -1, "{\n \"a\":\n1}|" },
	{ HTTP_FALCO, "[{\"a\":1} , {\"b\":2}]", 200, -1, "{\"a\":1}|{\"b\":2}|" },
	{ HTTP_FALCO, "[]", 200, -1, "" },
	{ HTTP_FALCO, "12:00:00.0: Notice a\nb: Critical c\n", 200, -1,
	    "12:00:00.0: Notice a\nb: Critical c|" },
	{ HTTP_FALCO, "", 400, -1, "" },
	{ HTTP_FALCO, " \r\n", 400, -1, "" },
	{ HTTP_FALCO, "{bad}", 400, -1, "{bad}|" },
	{ HTTP_FALCO, "{\"a\":1", 400, -1, "{\"a\":1|" },
	{ HTTP_FALCO, "{\"a\":1}x", 400, -1, "{\"a\":1}|x|" },
	{ HTTP_FALCO, "[{\"a\":1},", 400, -1, "{\"a\":1}|,|" },
	{ HTTP_FALCO, "[{\"a\":1}{\"b\":1}]", 400, -1, "{\"a\":1}|{\"b\":1}]|" },
	{ HTTP_AUDIT, "{\"kind\":\"EventList\",\"items\":[" ITEM "," ITEM "]}", 200, -1,
	    ITEM "|" ITEM "|" },
	{ HTTP_AUDIT, " { \"items\" : [ " ITEM " ] , \"kind\" : \"EventList\" } ", 200, -1,
	    ITEM "|" },
	{ HTTP_AUDIT, "{\"auditID\":\"1\"}", 200, -1, "{\"auditID\":\"1\"}|" },
	{ HTTP_AUDIT, "{\"items\":[" ITEM ",}", 400, -1, ITEM "|,}|" },
	{ HTTP_AUDIT, "{\"items\":{}}", 400, -1, "" },
	{ HTTP_AUDIT, "x", 400, -1, "x|" },
	{ HTTP_AUDIT, "", 400, -1, "" },
	{ HTTP_HEC_EVENT, "{\"event\":\"a\"}", 200, 0, "{\"event\":\"a\"}|" },
	{ HTTP_HEC_EVENT, "{\"event\":\"a\"}\n \n{\"event\":{\"}{\":1}}", 200, 0,
	    "{\"event\":\"a\"}|{\"event\":{\"}{\":1}}|" },
	{ HTTP_HEC_EVENT, "{\"event\":1,\"time\":1.5}{\"time\":\"1.5\",\"event\":1}", 200, 0,
	    "{\"event\":1,\"time\":1.5}|{\"time\":\"1.5\",\"event\":1}|" },
	{ HTTP_HEC_EVENT, "{\"event\":1,\"fields\":{\"a\":[1,2],\"b\":\"c\"}}", 200, 0,
	    "{\"event\":1,\"fields\":{\"a\":[1,2],\"b\":\"c\"}}|" },
	{ HTTP_HEC_EVENT, "", 400, HEC_NO_DATA, "" },
	{ HTTP_HEC_EVENT, "hello", 400, HEC_INVALID_FORMAT, "hello|" },
	{ HTTP_HEC_EVENT, "[{\"event\":\"a\"}]", 400, HEC_INVALID_FORMAT, "[{\"event\":\"a\"}]|" },
	{ HTTP_HEC_EVENT, "{\"event\":\"a\"}{\"event\":\"b\"", 400, HEC_INVALID_FORMAT,
	    "{\"event\":\"a\"}|{\"event\":\"b\"|" },
	{ HTTP_HEC_EVENT, "{\"host\":\"h\"}", 400, HEC_EVENT_REQUIRED, "{\"host\":\"h\"}|" },
	{ HTTP_HEC_EVENT, "{\"event\":null}", 400, HEC_EVENT_REQUIRED, "{\"event\":null}|" },
	{ HTTP_HEC_EVENT, "{\"event\":\"\"}", 400, HEC_EVENT_BLANK, "{\"event\":\"\"}|" },
	{ HTTP_HEC_EVENT, "{\"event\":1,\"time\":\"yesterday\"}", 400, HEC_INVALID_FORMAT,
	    "{\"event\":1,\"time\":\"yesterday\"}|" },
	{ HTTP_HEC_EVENT, "{\"event\":1,\"fields\":{\"a\":{}}}", 400, HEC_FIELDS,
	    "{\"event\":1,\"fields\":{\"a\":{}}}|" },
	{ HTTP_HEC_EVENT, "{\"event\":1,}", 400, HEC_INVALID_FORMAT, "{\"event\":1,}|" },
	{ HTTP_HEC_RAW, "a\r\n\n  b\nc", 200, 0, "a|b|c|" },
	{ HTTP_HEC_RAW, "\n", 400, HEC_NO_DATA, "" },
	{ HTTP_HEC_HEALTH, "", 200, HEC_HEALTHY, "" },
	{ HTTP_HEC_ACK, "{\"acks\":[1]}", 400, HEC_ACK_DISABLED, "" },
};

START_TEST(body)
{
	struct buf out = { 0 };
	const struct http_sink sink = { gather, &out };
	struct http_answer a = http_body(bodies[_i].kind, slice_of(bodies[_i].body), &sink);

	ck_assert_uint_eq(a.status, bodies[_i].status);
	ck_assert_int_eq(a.code, bodies[_i].code);
	ck_assert_msg(slice_eq(buf_slice(&out), slice_of(bodies[_i].lines)), "%.*s", (int)out.len,
	    out.p == NULL ? "" : out.p);
	buf_release(&out);
}
END_TEST

/* More items than one JSON value may have tokens: each is looked at alone. */
START_TEST(many_items)
{
	struct buf in = { 0 }, out = { 0 };
	const struct http_sink sink = { gather, &out };

	buf_adds(&in, "{\"items\":[");
	for (unsigned i = 0; i < 20000; i++)
		buf_adds(&in, i == 0 ? ITEM : "," ITEM);
	buf_adds(&in, "]}");
	ck_assert_uint_eq(http_body(HTTP_AUDIT, buf_slice(&in), &sink).status, 200);
	ck_assert_uint_eq(out.len, 20000 * sizeof(ITEM));
	buf_release(&in);
	buf_release(&out);
}
END_TEST

/* --- gzip ------------------------------------------------------------------------------------- */

static void
pack(struct buf *out, const char *p, size_t len)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)p, .avail_in = (uInt)len };

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.avail_out = (uInt)deflateBound(&z, len);
	z.next_out = (Bytef *)buf_room(out, z.avail_out);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

START_TEST(gzip)
{
	struct buf plain = { 0 }, packed = { 0 }, out = { 0 };
	struct http_gzip *z;

	for (unsigned i = 0; i < 20000; i++)
		buf_addf(&plain, "{\"event\":\"%u\"}", i * 2654435761u);
	pack(&packed, plain.p, plain.len);
	for (size_t step = 1; step <= packed.len; step = step * 7 + 1) {
		z = http_gzip_new(plain.len);
		buf_clear(&out);
		for (size_t at = 0; at < packed.len; at += step) {
			ck_assert(!http_gzip_ended(z));
			ck_assert_int_eq(http_gzip_add(z, &out, packed.p + at,
					     step < packed.len - at ? step : packed.len - at),
			    HTTP_GZIP_OK);
		}
		ck_assert(http_gzip_ended(z));
		ck_assert(slice_eq(buf_slice(&out), buf_slice(&plain)));
		http_gzip_free(z);
	}
	/* one byte more than may be */
	z = http_gzip_new(plain.len - 1);
	buf_clear(&out);
	ck_assert_int_eq(http_gzip_add(z, &out, packed.p, packed.len), HTTP_GZIP_LARGE);
	http_gzip_free(z);
	/* something behind the end; no gzip at all */
	z = http_gzip_new(HTTP_BATCH_MAX);
	buf_addc(&packed, 'x');
	ck_assert_int_eq(http_gzip_add(z, &out, packed.p, packed.len), HTTP_GZIP_BAD);
	http_gzip_free(z);
	z = http_gzip_new(HTTP_BATCH_MAX);
	ck_assert_int_eq(http_gzip_add(z, &out, plain.p, plain.len), HTTP_GZIP_BAD);
	http_gzip_free(z);
	buf_release(&plain);
	buf_release(&packed);
	buf_release(&out);
}
END_TEST

/* 64 MiB of one letter in 64 KiB: stopped by proportion, long before any size. */
START_TEST(gzip_bomb)
{
	size_t size = (size_t)64 << 20;
	char *plain = malloc(size);
	struct buf packed = { 0 }, out = { 0 };
	struct http_gzip *z = http_gzip_new(HTTP_BATCH_MAX);
	enum http_gzip_result r = HTTP_GZIP_OK;

	ck_assert_ptr_nonnull(plain);
	memset(plain, 'A', size);
	pack(&packed, plain, size);
	for (size_t at = 0; r == HTTP_GZIP_OK && at < packed.len; at += 512)
		r = http_gzip_add(
		    z, &out, packed.p + at, packed.len - at < 512 ? packed.len - at : 512);
	ck_assert_int_eq(r, HTTP_GZIP_LARGE);
	ck_assert_uint_lt(out.len, 1 << 20);
	http_gzip_free(z);
	buf_release(&packed);
	buf_release(&out);
	free(plain);
}
END_TEST

#define LOOP(c, test, table) tcase_add_loop_test(c, test, 0, sizeof(table) / sizeof((table)[0]))

static Suite *
suite(void)
{
	Suite *s = suite_create("http_parts");
	TCase *c = tcase_create("parts");

	LOOP(c, gate, heads);
	tcase_add_test(c, gate_caps);
	LOOP(c, host, hosts);
	LOOP(c, which_kind, kinds);
	LOOP(c, auth, auths);
	tcase_add_test(c, token_files);
	LOOP(c, body, bodies);
	tcase_add_test(c, many_items);
	tcase_add_test(c, gzip);
	tcase_add_test(c, gzip_bomb);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(suite)
