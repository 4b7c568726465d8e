/*
 * A fuzz target without libFuzzer, for `make check`: the inputs of tests/fuzz/corpus/NAME (one a line), each also cut at every byte and with
 * every byte flipped, then lines of the bundled recording cut in places. What a target finds it says by abort(), so the
 * plan is printed first and the verdict last.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLIP_MAX 600   /* longer inputs are not flipped byte by byte */
#define DEMO_LINES 400 /* lines of the recording */

static unsigned long inputs;

/* From memory of its own, so that a sanitizer sees a read past the end. */
static void
feed(const char *p, size_t len)
{
	uint8_t *copy = xmalloc(len + 1);

	memcpy(copy, p, len);
	copy = xreallocarray(copy, 1, len > 0 ? len : 1);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	inputs++;
}

static void
cut(const char *p, size_t len, size_t step)
{
	for (size_t n = 0; n <= len; n += step)
		feed(p, n);
}

static void
flip(char *p, size_t len)
{
	static const char with[] = { 1, 0x20, (char)0x80, 0x7f };

	for (size_t i = 0; i < len; i++)
		for (size_t k = 0; k < sizeof(with); k++) {
			p[i] = (char)(p[i] ^ with[k]);
			feed(p, len);
			p[i] = (char)(p[i] ^ with[k]);
		}
}

/* Calls each() for at most max lines; false when the file cannot be read. */
static bool
lines(const char *path, unsigned long max, void (*each)(char *p, size_t len))
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (f == NULL) {
		(void)printf("# %s: %s\n", path, strerror(errno));
		return false;
	}
	while (max-- > 0 && (len = getline(&line, &cap, f)) > 0)
		each(line, (size_t)len - (line[len - 1] == '\n'));
	free(line);
	(void)fclose(f);
	return true;
}

static void
corpus_line(char *p, size_t len)
{
	feed(p, len);
	if (len > FLIP_MAX)
		return;
	cut(p, len, 1);
	flip(p, len);
}

static void
demo_line(char *p, size_t len)
{
	feed(p, len);
	cut(p, len, 97);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strrchr(argv[0], '/');
	char *corpus, *demo;
	bool ok;

	(void)argc;
	srcdir = srcdir != NULL ? srcdir : ".";
	name = name != NULL ? name + 1 : argv[0];
	corpus = xasprintf("%s/tests/fuzz/corpus/%s", srcdir, name);
	demo = xasprintf("%s/data/demo.log", srcdir);
	(void)printf("1..1\n");
	(void)fflush(stdout);
	ok = lines(corpus, ULONG_MAX, corpus_line);
	ok = lines(demo, DEMO_LINES, demo_line) && ok;
	(void)printf("%sok 1 - %s: %lu inputs\n", ok ? "" : "not ", name, inputs);
	free(corpus);
	free(demo);
	return ok ? 0 : 1;
}
