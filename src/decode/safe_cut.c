/*
 * Where input may be cut into batches: decode workers know nothing of each other, so the pieces of
 * a split line have to stay in one batch. Only sources with CRI or docker framing split lines; for
 * all others the last line end will do, and finding out costs a look at two lines. What is a piece
 * is decided as in the envelope rows, from the bytes alone.
 */
#include "decode/envelope.h"

#include "base/banned.h"

static const char docker_start[] = "{\"log\":\"";

static bool
is_docker(struct slice line)
{
	return line.len > sizeof(docker_start) &&
	       memcmp(line.p, docker_start, sizeof(docker_start) - 1) == 0;
}

/* Where the string at p ends: at its closing quote, or end. */
static const char *
string_end(const char *p, const char *end)
{
	const char *q;

	for (; (q = memchr(p, '"', (size_t)(end - p))) != NULL; p = q + 1) {
		const char *b = q;

		while (b > p && b[-1] == '\\')
			b--;
		if (((q - b) & 1) == 0)
			return q;
	}
	return end;
}

/*
 * A docker line ends an event if its text ends in "\n", or is one whole object without. *stream is
 * 1 for standard error.
 */
static bool
docker_ends(struct slice line, unsigned *stream)
{
	const char *p = line.p + sizeof(docker_start) - 1, *end = line.p + line.len;
	const char *quote = string_end(p, end);

	*stream = memmem(quote, (size_t)(end - quote), "\"stderr\"", 8) != NULL;
	if (quote == end)
		return true; /* torn: the decoder will say so */
	if (quote - p >= 2 && quote[-1] == 'n' && quote[-2] == '\\') {
		const char *b = quote - 1;

		while (b > p && b[-1] == '\\')
			b--;
		return ((quote - 1 - b) & 1) == 1;
	}
	return quote > p && quote[-1] == '}';
}

/* Follows what is pending through a line. */
static void
follow(struct slice line, unsigned *pending)
{
	struct cri_line cri;
	unsigned bit, stream;

	if (is_docker(line)) {
		bool ends = docker_ends(line, &stream);

		bit = 4u << stream;
		*pending = ends ? *pending & ~bit : *pending | bit;
	} else if (cri_parse(line, &cri)) {
		bit = cri.error_stream ? 2 : 1;
		*pending = cri.partial ? *pending | bit : *pending & ~bit;
	}
}

static bool
splits(struct slice line)
{
	struct cri_line cri;

	return is_docker(line) || cri_parse(line, &cri);
}

/* The line before the line end at `end`. */
static struct slice
last_line(const char *p, const char *end)
{
	const char *start = end > p ? memrchr(p, '\n', (size_t)(end - p)) : NULL;

	start = start == NULL ? p : start + 1;
	return (struct slice){ start, (size_t)(end - start) };
}

size_t
decode_safe_cut(const char *p, size_t len, bool *joins)
{
	const char *last = len == 0 ? NULL : memrchr(p, '\n', len), *line, *end;
	size_t whole, safe = 0;
	unsigned pending = 0;

	if (last == NULL)
		return 0;
	whole = (size_t)(last - p) + 1;
	if (!*joins) {
		end = memchr(p, '\n', whole);
		*joins =
		    splits((struct slice){ p, (size_t)(end - p) }) || splits(last_line(p, last));
		if (!*joins)
			return whole;
	}
	for (line = p; line < p + whole; line = end + 1) {
		end = memchr(line, '\n', whole - (size_t)(line - p));
		follow((struct slice){ line, (size_t)(end - line) }, &pending);
		if (pending == 0)
			safe = (size_t)(end - p) + 1;
	}
	return safe;
}
