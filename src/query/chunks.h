/*
 * Chunks of one size that never move: arrays that grow without being copied. The first few come
 * from the heap, later ones from blocks of 2 MiB with huge pages: touching fresh memory page by
 * page costs more than all the rest of a large group-by. Private to the layer.
 */
#ifndef FALCOTOP_QUERY_CHUNKS_H
#define FALCOTOP_QUERY_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Blocks given back by tables that are gone, for those that come: memory that was touched once is
 * several times cheaper than new memory. Of one thread.
 */
#define POOL_BLOCKS 128

struct group_pool {
	struct {
		void *p;
		size_t size;
	} block[POOL_BLOCKS];
	unsigned n;
	size_t bytes, most;
};

struct chunks {
	char **chunk;
	uint32_t n, nheap; /* all, and those from the heap, which come first */
	void **block;
	uint32_t nblocks;
	size_t left; /* bytes of the last block not given out */
	size_t bytes;
	struct group_pool *pool; /* NULL: none */
};

/* One more chunk of `size` bytes, the same size each time; not cleared. */
void chunks_add(struct chunks *c, size_t size);
void chunks_release(struct chunks *c);
static inline size_t
chunks_memory(const struct chunks *c)
{
	return c->bytes + c->n * sizeof(*c->chunk);
}

/* A cleared array of a size that is a power of two; with huge pages when it is large. */
void *array_new(struct group_pool *pool, size_t bytes);
void array_free(struct group_pool *pool, void *p, size_t bytes);

#endif
