/*
 * gzip by zlib, zstd by libzstd, xz by liblzma behind one call (inflate_codec.h). Not here: files,
 * threads and lines (inflate.c).
 */
#include "source/inflate_codec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "config.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif

#include "base/xalloc.h"
#include "base/banned.h"

/* zstd --long=27 and xz -9 need half of these. */
#define ZSTD_WINDOW_LOG 27
#define XZ_MEMORY	((uint64_t)256 << 20)

struct inflate {
	enum inflate_format format;
	bool whole; /* nothing was begun that has no end yet */
	bool any;   /* a member was read */
	uint64_t in, out;
	uint64_t window_in, window_out; /* since the proportion was looked at */
	z_stream z;
#ifdef HAVE_ZSTD
	ZSTD_DStream *zstd;
#endif
#ifdef HAVE_LZMA
	lzma_stream lzma;
#endif
};

/* What one step made of its input. */
struct step {
	const unsigned char *in;
	size_t nin;
	char *out;
	size_t nout;
};

enum inflate_format
inflate_format(const unsigned char m[INFLATE_MAGIC])
{
	if (m[0] == 0x1f && m[1] == 0x8b && m[2] == 8)
		return INFLATE_GZIP;
	if (memcmp(m, "\x28\xb5\x2f\xfd", 4) == 0)
		return INFLATE_ZSTD;
	/* a frame to be skipped: what pzstd and others begin with */
	if ((m[0] & 0xf0) == 0x50 && memcmp(m + 1, "\x2a\x4d\x18", 3) == 0)
		return INFLATE_ZSTD;
	if (memcmp(m,
		"\xfd"
		"7zXZ",
		6) == 0)
		return INFLATE_XZ;
	return INFLATE_NONE;
}

const char *
inflate_name(enum inflate_format f)
{
	static const char *const names[] = { "plain", "gzip", "zstd", "xz" };

	return names[f];
}

bool
inflate_can(enum inflate_format f)
{
	switch (f) {
	case INFLATE_GZIP: return true;
	case INFLATE_ZSTD:
#ifdef HAVE_ZSTD
		return true;
#else
		return false;
#endif
	case INFLATE_XZ:
#ifdef HAVE_LZMA
		return true;
#else
		return false;
#endif
	default: return false;
	}
}

/* --- gzip ------------------------------------------------------------------------------------- */

static bool
only_zeros(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static enum inflate_status
run_gzip(struct inflate *i, struct step *s)
{
	uInt nin = s->nin > INT_MAX ? INT_MAX : (uInt)s->nin;
	uInt nout = s->nout > INT_MAX ? INT_MAX : (uInt)s->nout;
	int r;

	if (i->whole && i->any && only_zeros(s->in, s->nin)) { /* padding, as tar has it */
		s->nin = 0;
		return INFLATE_OK;
	}
	i->z.next_in = (z_const Bytef *)(uintptr_t)s->in;
	i->z.avail_in = nin;
	i->z.next_out = (Bytef *)s->out;
	i->z.avail_out = nout;
	r = inflate(&i->z, Z_NO_FLUSH);
	s->in += nin - i->z.avail_in;
	s->nin -= nin - i->z.avail_in;
	s->out += nout - i->z.avail_out;
	s->nout -= nout - i->z.avail_out;
	if (r == Z_MEM_ERROR)
		fatal("out of memory");
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return i->whole && i->any ? INFLATE_TRAILING : INFLATE_CORRUPT;
	i->whole = r == Z_STREAM_END;
	if (r == Z_STREAM_END) {
		i->any = true;
		(void)inflateReset(&i->z);
	}
	return INFLATE_OK;
}

/* --- zstd ------------------------------------------------------------------------------------- */

#ifdef HAVE_ZSTD
static enum inflate_status
run_zstd(struct inflate *i, struct step *s)
{
	ZSTD_inBuffer in = { s->in, s->nin, 0 };
	ZSTD_outBuffer out = { s->out, s->nout, 0 };
	size_t r = ZSTD_decompressStream(i->zstd, &out, &in);

	s->in += in.pos;
	s->nin -= in.pos;
	s->out += out.pos;
	s->nout -= out.pos;
	if (ZSTD_isError(r)) {
		bool window = strstr(ZSTD_getErrorName(r), "memory") != NULL;

		if (i->whole && i->any && !window)
			return INFLATE_TRAILING;
		return window ? INFLATE_MEMORY : INFLATE_CORRUPT;
	}
	i->whole = r == 0;
	i->any |= i->whole;
	return INFLATE_OK;
}
#endif

/* --- xz --------------------------------------------------------------------------------------- */

#ifdef HAVE_LZMA
static enum inflate_status
start_xz(struct inflate *i)
{
	if (lzma_stream_decoder(&i->lzma, XZ_MEMORY, 0) != LZMA_OK)
		fatal("cannot start liblzma");
	return INFLATE_OK;
}

static enum inflate_status
run_xz(struct inflate *i, struct step *s)
{
	lzma_ret r;

	if (i->whole && i->any && only_zeros(s->in, s->nin)) { /* stream padding */
		s->nin = 0;
		return INFLATE_OK;
	}
	i->lzma.next_in = s->in;
	i->lzma.avail_in = s->nin;
	i->lzma.next_out = (uint8_t *)s->out;
	i->lzma.avail_out = s->nout;
	r = lzma_code(&i->lzma, LZMA_RUN);
	s->in = i->lzma.next_in;
	s->nin = i->lzma.avail_in;
	s->out = (char *)i->lzma.next_out;
	s->nout = i->lzma.avail_out;
	switch (r) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: i->whole = false; return INFLATE_OK;
	case LZMA_STREAM_END: i->whole = i->any = true; return start_xz(i);
	case LZMA_MEM_ERROR: fatal("out of memory");
	case LZMA_MEMLIMIT_ERROR: return INFLATE_MEMORY;
	default: return i->whole && i->any ? INFLATE_TRAILING : INFLATE_CORRUPT;
	}
}
#endif

/* --- any -------------------------------------------------------------------------------------- */

struct inflate *
inflate_new(enum inflate_format f)
{
	struct inflate *i = xcalloc(1, sizeof(*i));

	i->format = f;
	i->whole = true;
	if (f == INFLATE_GZIP && inflateInit2(&i->z, 15 + 16) != Z_OK)
		fatal("cannot start zlib");
#ifdef HAVE_ZSTD
	if (f == INFLATE_ZSTD) {
		i->zstd = ZSTD_createDStream();
		if (i->zstd == NULL)
			fatal("cannot start libzstd");
		ZSTD_DCtx_setParameter(i->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	}
#endif
#ifdef HAVE_LZMA
	if (f == INFLATE_XZ)
		(void)start_xz(i);
#endif
	return i;
}

void
inflate_free(struct inflate *i)
{
	if (i == NULL)
		return;
	if (i->format == INFLATE_GZIP)
		inflateEnd(&i->z);
#ifdef HAVE_ZSTD
	ZSTD_freeDStream(i->zstd);
#endif
#ifdef HAVE_LZMA
	if (i->format == INFLATE_XZ)
		lzma_end(&i->lzma);
#endif
	free(i);
}

static enum inflate_status
run(struct inflate *i, struct step *s)
{
	switch (i->format) {
	case INFLATE_GZIP: return run_gzip(i, s);
#ifdef HAVE_ZSTD
	case INFLATE_ZSTD: return run_zstd(i, s);
#endif
#ifdef HAVE_LZMA
	case INFLATE_XZ: return run_xz(i, s);
#endif
	default: return INFLATE_CORRUPT;
	}
}

/* Looked at once in a window: a run of equal lines is no bomb, a file of nothing else is. */
static bool
bomb(struct inflate *i)
{
	bool is;

	if (i->out - i->window_out < INFLATE_WINDOW)
		return false;
	is = (i->out - i->window_out) / INFLATE_RATIO > i->in - i->window_in;
	i->window_out = i->out;
	i->window_in = i->in;
	return is;
}

enum inflate_status
inflate_run(struct inflate *i, const unsigned char **in, size_t *nin, char **out, size_t *nout)
{
	enum inflate_status st = INFLATE_OK;
	struct step s = { *in, *nin, *out, *nout };

	while (st == INFLATE_OK && s.nout > 0) {
		struct step before = s;

		if (s.nin == 0 && i->whole)
			break;
		st = run(i, &s);
		if (s.nin == before.nin && s.nout == before.nout)
			break;
	}
	i->in += *nin - s.nin;
	i->out += *nout - s.nout;
	*in = s.in;
	*nin = s.nin;
	*out = s.out;
	*nout = s.nout;
	if (st == INFLATE_OK && bomb(i))
		st = INFLATE_BOMB;
	return st;
}

bool
inflate_whole(const struct inflate *i)
{
	return i->whole;
}
