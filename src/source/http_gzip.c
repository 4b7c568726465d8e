/* Inflating the body of a HEC request as it comes, with an end to it: of size and of proportion. */
#include "source/http.h"

#include <stdlib.h>

#include <zlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

/* Events of one rule pack well; nothing honest packs better than this. */
#define RATIO_MAX  200
#define RATIO_FREE (256u << 10) /* so much may come of anything */
#define STEP	   16384u

struct http_gzip {
	z_stream z;
	size_t max;
	uint64_t in, out;
	bool ended;
};

struct http_gzip *
http_gzip_new(size_t max)
{
	struct http_gzip *z = xcalloc(1, sizeof(*z));

	z->max = max;
	if (inflateInit2(&z->z, 15 + 16) != Z_OK)
		fatal("cannot start zlib");
	return z;
}

void
http_gzip_free(struct http_gzip *z)
{
	if (z == NULL)
		return;
	inflateEnd(&z->z);
	free(z);
}

bool
http_gzip_ended(const struct http_gzip *z)
{
	return z->ended;
}

enum http_gzip_result
http_gzip_add(struct http_gzip *z, struct buf *out, const char *p, size_t len)
{
	int r = Z_OK;

	z->in += len;
	z->z.next_in = (z_const Bytef *)(uintptr_t)p;
	z->z.avail_in = (uInt)len;
	while (r == Z_OK && (z->z.avail_in > 0 || z->z.avail_out == 0)) {
		char *room = buf_room(out, STEP);

		if (z->ended)
			return HTTP_GZIP_BAD; /* something behind the end */
		z->z.next_out = (Bytef *)room;
		z->z.avail_out = STEP;
		r = inflate(&z->z, Z_NO_FLUSH);
		out->len += STEP - z->z.avail_out;
		z->out += STEP - z->z.avail_out;
		if (z->out > z->max || (z->out > RATIO_FREE && z->out / RATIO_MAX > z->in))
			return HTTP_GZIP_LARGE;
		z->ended = r == Z_STREAM_END;
	}
	if (r == Z_BUF_ERROR) /* only that there was nothing more to do */
		r = Z_OK;
	return (r == Z_OK || r == Z_STREAM_END) && (!z->ended || z->z.avail_in == 0)
		   ? HTTP_GZIP_OK
		   : HTTP_GZIP_BAD;
}
