/*
 * Unpacks what Amazon CloudWatch puts into "data": base64, inside of it gzip. What comes out is
 * bounded by line, however small what went in: no record is a bomb.
 */
#include "decode/envelope.h"

#include <zlib.h>

#include "base/banned.h"

#define GZIP	     16		       /* added to the window bits: gzip's header, no other */
#define GZIP_MIN     18		       /* header and trailer */
#define UNPACKED_MAX ((size_t)4 << 20) /* of one line */

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict: alphabet and padding as RFC 4648 says. False when it is no base64. */
static bool
from_base64(struct decode_context *c, struct slice s, struct slice *out)
{
	size_t pad = 0, n = 0;
	uint32_t bits = 0;
	char *p;

	if (s.len == 0 || s.len % 4 != 0)
		return false;
	while (pad < 2 && s.p[s.len - 1 - pad] == '=')
		pad++;
	p = arena_alloc(&c->scratch, s.len / 4 * 3);
	for (size_t i = 0; i < s.len; i++) {
		int d = i >= s.len - pad ? 0 : digit(s.p[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 != 3)
			continue;
		p[n++] = (char)(bits >> 16 & 0xff);
		p[n++] = (char)(bits >> 8 & 0xff);
		p[n++] = (char)(bits & 0xff);
	}
	*out = (struct slice){ p, n - pad };
	return true;
}

/* What the trailer says that comes out. */
static size_t
unpacked_size(struct slice in)
{
	const unsigned char *p = (const unsigned char *)in.p + in.len - 4;

	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

/* One gzip member, all of it. */
static bool
gunzip(struct decode_context *c, struct slice in, struct slice *out)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.len };
	size_t size = unpacked_size(in);
	bool ok;
	char *p;

	if (size == 0 || size > UNPACKED_MAX - c->unpacked ||
	    inflateInit2(&z, MAX_WBITS + GZIP) != Z_OK)
		return false;
	c->unpacked += size;
	p = arena_alloc(&c->scratch, size);
	z.next_out = (Bytef *)p;
	z.avail_out = (uInt)size;
	ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0;
	inflateEnd(&z);
	*out = (struct slice){ p, size };
	return ok;
}

bool
awslogs_unpack(struct decode_context *c, struct slice data, struct slice *out)
{
	if (!from_base64(c, data, out))
		return false;
	if (out->len < GZIP_MIN || (unsigned char)out->p[0] != 0x1f ||
	    (unsigned char)out->p[1] != 0x8b)
		return true;
	return gunzip(c, *out, out);
}
