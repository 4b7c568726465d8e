/* Where the shared test data is, if it is: $FALCOTOP_SHARED, else ../shared next to the source
 * tree. */
#ifndef FALCOTOP_TESTS_SHARED_H
#define FALCOTOP_TESTS_SHARED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

/* Path of a name in it, or false with a note on standard output (TAP passes comments on). */
static inline bool
shared_path(struct buf *out, const char *name)
{
	const char *dir = getenv("FALCOTOP_SHARED"), *src = getenv("srcdir");

	buf_clear(out);
	if (dir != NULL)
		buf_addf(out, "%s/%s", dir, name);
	else
		buf_addf(out, "%s/../shared/%s", src == NULL ? "." : src, name);
	if (access(out->p, R_OK) == 0)
		return true;
	printf("# skipped: no %s here\n", out->p);
	fflush(stdout);
	return false;
}

/* The whole file; false when it cannot be read. */
static inline bool
read_file(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t got;

	buf_clear(out);
	if (f == NULL)
		return false;
	while ((got = fread(buf_room(out, 65536), 1, 65536, f)) > 0)
		out->len += got;
	fclose(f);
	return true;
}

#endif
