/*
 * The HTTP receiver's parsers. The first byte says which: f, e, r, a bodies of Falco, HEC events,
 * HEC lines, audit; h a head for the gate, t a token header, g gzip. In the rest ~ is a line feed
 * and ` a carriage return. Lines lie in the body and do not overlap; pieces give what the whole
 * gives.
 */
#include "source/http.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct slice body;
	const char *behind; /* the last line */
};

static void
look(void *arg, struct slice line)
{
	struct seen *s = arg;

	if (line.len == 0 || line.p < s->behind || line.p + line.len > s->body.p + s->body.len)
		abort();
	s->behind = line.p + line.len;
}

static void
body(enum http_kind kind, struct slice text)
{
	struct seen s = { text, text.p };
	const struct http_sink sink = { look, &s };
	struct http_answer a = http_body(kind, text, &sink);

	if (a.status != 200 && a.status != 400)
		abort();
	if ((a.code >= 0) != http_kind_is_hec(kind) || (a.status == 200 && a.invalid >= 0))
		abort();
}

static void
head(struct slice text)
{
	struct http_gate whole = { 0 }, piece = { 0 };
	enum http_gate_result want, got = HTTP_GATE_MORE;
	size_t end = 0, at = 0;

	want = http_gate(&whole, text.p, text.len, &end);
	for (size_t n = 0; n <= text.len && got == HTTP_GATE_MORE; n++)
		got = http_gate(&piece, text.p, n, &at);
	if (got != want || (got == HTTP_GATE_HEAD && (at != end || end > text.len)))
		abort();
	(void)http_host_is_ours(text);
	(void)http_kind_of(text);
}

static void
token(struct slice text)
{
	static const struct http_tokens tokens = { .n = 1 };

	if (http_auth(&tokens, text) == HTTP_AUTH_OK)
		abort(); /* nothing has a digest of zeros */
}

static void
gzip(struct slice text)
{
	struct http_gzip *z = http_gzip_new(HTTP_BATCH_MAX);
	enum http_gzip_result r = HTTP_GZIP_OK;
	struct buf out = { 0 };

	for (size_t at = 0; r == HTTP_GZIP_OK && at < text.len; at += 7)
		r = http_gzip_add(z, &out, text.p + at, text.len - at < 7 ? text.len - at : 7);
	if (r == HTTP_GZIP_OK && out.len > HTTP_BATCH_MAX)
		abort();
	http_gzip_free(z);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;
	char *copy;

	if (size == 0)
		return 0;
	copy = xmalloc(size);
	for (size_t i = 1; i < size; i++)
		copy[i - 1] = data[i] == '~' ? '\n' : data[i] == '`' ? '\r' : (char)data[i];
	text = (struct slice){ copy, size - 1 };
	switch (data[0]) {
	case 'f': body(HTTP_FALCO, text); break;
	case 'e': body(HTTP_HEC_EVENT, text); break;
	case 'r': body(HTTP_HEC_RAW, text); break;
	case 'a': body(HTTP_AUDIT, text); break;
	case 'h': head(text); break;
	case 't': token(text); break;
	case 'g': gzip(text); break;
	default: break;
	}
	free(copy);
	return 0;
}
