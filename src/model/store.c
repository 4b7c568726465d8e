/*
 * Chunks of segment memory. First touch is the dearest thing there is on a virtual machine, so
 * chunks are huge pages and are recycled; one is kept spare, the others go back to the system,
 * which keeps the budget honest.
 */
#include "model/store.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define SPARE_MAX 1

struct store_chunk {
	struct store_chunk *next; /* of the spare ones */
	char *p;
	size_t used;
	unsigned segments;
};

static struct store_chunk *
take_chunk(struct store *s)
{
	struct store_chunk *c = s->spare;

	if (c != NULL) {
		s->spare = c->next;
		s->nspare--;
	} else {
		c = xcalloc(1, sizeof(*c));
		c->p = huge_alloc(STORE_CHUNK);
		s->memory += STORE_CHUNK;
	}
	c->used = 0;
	c->segments = 0;
	return c;
}

static void
free_chunk(struct store *s, struct store_chunk *c)
{
	huge_free(c->p, STORE_CHUNK);
	free(c);
	s->memory -= STORE_CHUNK;
}

static void
drop_chunk(struct store *s, struct store_chunk *c)
{
	if (s->nspare == SPARE_MAX) {
		free_chunk(s, c);
		return;
	}
	c->next = s->spare;
	s->spare = c;
	s->nspare++;
}

void *
store_alloc(struct store *s, struct store_span *span, size_t size)
{
	struct store_chunk *c = s->current;
	void *p;

	size = (size + 63) & ~(size_t)63;
	if (size > STORE_CHUNK)
		fatal("bug: segment array of %zu bytes", size);
	if (c == NULL || STORE_CHUNK - c->used < size) {
		if (c != NULL && c->segments == 0)
			drop_chunk(s, c);
		c = s->current = take_chunk(s);
	}
	if (span->n == 0 || span->chunk[span->n - 1] != c) {
		if (span->n == sizeof(span->chunk) / sizeof(span->chunk[0]))
			fatal("bug: segment in too many chunks");
		span->chunk[span->n++] = c;
		c->segments++;
	}
	p = c->p + c->used;
	c->used += size;
	return p;
}

void
store_free_span(struct store *s, struct store_span *span)
{
	for (unsigned i = 0; i < span->n; i++) {
		struct store_chunk *c = span->chunk[i];

		if (--c->segments > 0)
			continue;
		if (c == s->current)
			c->used = 0;
		else
			drop_chunk(s, c);
	}
	span->n = 0;
}

void
store_release(struct store *s)
{
	struct store_chunk *c;

	if (s->current != NULL)
		free_chunk(s, s->current);
	s->current = NULL;
	while ((c = s->spare) != NULL) {
		s->spare = c->next;
		free_chunk(s, c);
	}
	s->nspare = 0;
}
