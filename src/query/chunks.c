/* Memory of group tables that grow by chunks or by doubling. What is in it is the caller's. */
#include "query/chunks.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define BLOCK	  ((size_t)2 << 20)
#define FROM_HEAP (BLOCK / 2) /* bytes, before blocks are worth it */

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
			c->block[c->nblocks++] = huge_alloc(BLOCK);
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
		huge_free(c->block[i], BLOCK);
	free(c->chunk);
	free(c->block);
	*c = (struct chunks){ 0 };
}

void *
array_new(size_t bytes)
{
	return bytes >= BLOCK ? huge_alloc(bytes) : xcalloc(bytes, 1);
}

void
array_free(void *p, size_t bytes)
{
	if (bytes >= BLOCK)
		huge_free(p, bytes);
	else
		free(p);
}
