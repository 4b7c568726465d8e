/*
 * The arena: blocks in two lists, those in use and those spare after a reset. Blocks grow up to
 * BLOCK_MAX; a larger request has a block of its own, which a reset gives back to the system.
 */
#include "base/arena.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define BLOCK_MIN ((size_t)16 << 10)
#define BLOCK_MAX ((size_t)1 << 20)
#define ALIGN	  16

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(ALIGN) char data[];
};

static struct arena_block *
block_for(struct arena *a, size_t n)
{
	struct arena_block *b;
	size_t size = BLOCK_MIN;

	/* Spare blocks that are too small go: requests that grow and grow would pile them up. */
	while ((b = a->spare) != NULL && b->size < n && n <= BLOCK_MAX) {
		a->spare = b->next;
		free(b);
	}
	if (b != NULL && b->size >= n) {
		a->spare = b->next;
		b->used = 0;
		return b;
	}
	if (a->head != NULL && a->head->size < BLOCK_MAX)
		size = a->head->size * 2;
	else if (a->head != NULL)
		size = BLOCK_MAX;
	if (size < n)
		size = n;
	if (size > SIZE_MAX - sizeof(*b))
		fatal("arena block too large");
	b = xmalloc(sizeof(*b) + size);
	b->size = size;
	b->used = 0;
	return b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	void *p;

	if (n > SIZE_MAX - ALIGN)
		fatal("arena request too large");
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (n == 0)
		n = ALIGN;
	if (b == NULL || b->size - b->used < n) {
		b = block_for(a, n);
		b->next = a->head;
		a->head = b;
	}
	p = b->data + b->used;
	b->used += n;
	a->used += n;
	return p;
}

struct slice
arena_copy(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct slice){ p, s.len };
}

char *
arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = arena_alloc(a, n);

	memcpy(p, s, n);
	return p;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		if (b->size > BLOCK_MAX) {
			free(b);
			continue;
		}
		b->next = a->spare;
		a->spare = b;
	}
	a->head = NULL;
	a->used = 0;
}

static void
free_blocks(struct arena_block *b)
{
	struct arena_block *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void
arena_release(struct arena *a)
{
	free_blocks(a->head);
	free_blocks(a->spare);
	*a = (struct arena){ 0 };
}
