/* Memory of group tables that grow by chunks or by doubling. What is in it is the caller's. */
#include "query/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "query/group.h"
#include "base/banned.h"

#define BLOCK	  ((size_t)2 << 20)
#define PAGE	  4096
#define FROM_HEAP (BLOCK / 2) /* bytes, before blocks are worth it */

/* A block of the size from the pool, NULL when it has none. */
static void *
pool_take(struct group_pool *pool, size_t size)
{
	for (unsigned i = pool == NULL ? 0 : pool->n; i-- > 0;) {
		void *p = pool->block[i].p;

		if (pool->block[i].size != size)
			continue;
		pool->block[i] = pool->block[--pool->n];
		pool->bytes -= size;
		return p;
	}
	return NULL;
}

static void
pool_give(struct group_pool *pool, void *p, size_t size)
{
	if (pool == NULL || pool->n == POOL_BLOCKS || size > pool->most - pool->bytes) {
		huge_free(p, size);
		return;
	}
	pool->block[pool->n].p = p;
	pool->block[pool->n++].size = size;
	pool->bytes += size;
}

struct group_pool *
group_pool_new(size_t most)
{
	struct group_pool *pool = xcalloc(1, sizeof(*pool));

	pool->most = most;
	return pool;
}

/* The first two are for the slots of tables of 100,000 rows and more: that of the question asked
 * and that of the one before. */
void
group_pool_warm(struct group_pool *pool, size_t want)
{
	const size_t size = pool->n < 2 ? 2 * BLOCK : BLOCK;
	char *p;

	if (size > want || pool->bytes > want - size)
		return;
	p = huge_alloc(size);
	for (size_t at = 0; at < size; at += PAGE)
		p[at] = 0;
	pool_give(pool, p, size);
}

bool
group_pool_trim(struct group_pool *pool, size_t keep)
{
	const unsigned before = pool->n;

	while (pool->n > 0 && pool->bytes > keep) {
		pool->n--;
		pool->bytes -= pool->block[pool->n].size;
		huge_free(pool->block[pool->n].p, pool->block[pool->n].size);
	}
	return pool->n < before;
}

void
group_pool_free(struct group_pool *pool)
{
	if (pool == NULL)
		return;
	(void)group_pool_trim(pool, 0);
	free(pool);
}

size_t
group_pool_memory(const struct group_pool *pool)
{
	return sizeof(*pool) + pool->bytes;
}

void
chunks_add(struct chunks *c, size_t size)
{
	char *p;

	c->chunk = xreallocarray(c->chunk, c->n + 1, sizeof(*c->chunk));
	if (c->nblocks == 0 && (c->n + 1) * size <= FROM_HEAP) {
		p = xmalloc(size);
		c->nheap++;
		c->bytes += size;
	} else {
		if (c->left < size) {
			c->block = xreallocarray(c->block, c->nblocks + 1, sizeof(*c->block));
			p = pool_take(c->pool, BLOCK);
			c->block[c->nblocks++] = p != NULL ? p : huge_alloc(BLOCK);
			c->left = BLOCK;
			c->bytes += BLOCK;
		}
		p = (char *)c->block[c->nblocks - 1] + (BLOCK - c->left);
		c->left -= size;
	}
	c->chunk[c->n++] = p;
}

void
chunks_release(struct chunks *c)
{
	for (uint32_t i = 0; i < c->nheap; i++)
		free(c->chunk[i]);
	for (uint32_t i = 0; i < c->nblocks; i++)
		pool_give(c->pool, c->block[i], BLOCK);
	free(c->chunk);
	free(c->block);
	*c = (struct chunks){ .pool = c->pool };
}

void *
array_new(struct group_pool *pool, size_t bytes)
{
	void *p;

	if (bytes < BLOCK)
		return xcalloc(bytes, 1);
	p = pool_take(pool, bytes);
	return p != NULL ? memset(p, 0, bytes) : huge_alloc(bytes);
}

void
array_free(struct group_pool *pool, void *p, size_t bytes)
{
	if (bytes >= BLOCK)
		pool_give(pool, p, bytes);
	else
		free(p);
}
