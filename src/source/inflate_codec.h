/*
 * Streams of gzip, zstd and xz: told by their first bytes, and turned into plain ones within bounds
 * of memory and of proportion. The libraries are known to inflate_codec.c alone.
 */
#ifndef FALCOTOP_SOURCE_INFLATE_CODEC_H
#define FALCOTOP_SOURCE_INFLATE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INFLATE_MAGIC 6 /* bytes that tell what it is */

/*
 * More than that much for one byte, over that much, is no log. The best that deflate can do is
 * 1032:1, and zstd does more with lines that are all the same; events have a time, and pack to 5:1
 * to 60:1.
 */
#define INFLATE_RATIO  1000
#define INFLATE_WINDOW ((uint64_t)64 << 20)

enum inflate_format { INFLATE_NONE, INFLATE_GZIP, INFLATE_ZSTD, INFLATE_XZ, INFLATE_FORMATS };

enum inflate_status {
	INFLATE_OK,
	INFLATE_CORRUPT,  /* what follows cannot be read */
	INFLATE_TRAILING, /* bytes after the end that are none of it; gzip ignores them, too */
	INFLATE_MEMORY,	  /* asks for a window that no honest file needs */
	INFLATE_BOMB	  /* grows beyond all proportion */
};

struct inflate;

enum inflate_format inflate_format(const unsigned char magic[INFLATE_MAGIC]);
const char *inflate_name(enum inflate_format f);
/* False: this build is without the library. */
bool inflate_can(enum inflate_format f);

struct inflate *inflate_new(enum inflate_format f);
void inflate_free(struct inflate *i);
/* Takes from *in and gives to *out, and moves both on; OK with room left: it wants more. */
enum inflate_status inflate_run(
    struct inflate *i, const unsigned char **in, size_t *nin, char **out, size_t *nout);
/* Between two members or frames: it may end here. */
bool inflate_whole(const struct inflate *i);

#endif
