/*
 * From a worker's symbols to the index's. A block's new symbols are taken over first, in order of
 * appearance, which makes the numbering of the index the same for any number of workers and any
 * size of batch; all the rest is array look-ups.
 */
#include "model/internal.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define AHEAD 8 /* how far the hash slots are fetched in advance */

/* Room for symbols below n. */
static void
map_grow(struct remap *r, uint32_t n)
{
	uint32_t size = r->size < 1024 ? 1024 : r->size;

	if (n <= r->size)
		return;
	while (size < n)
		size *= 2;
	r->map = xreallocarray(r->map, size, sizeof(*r->map));
	memset(r->map + r->size, 0, (size - r->size) * sizeof(*r->map));
	r->size = size;
}

static void
map_restart(struct remap *r)
{
	if (r->size > 0)
		memset(r->map, 0, r->size * sizeof(*r->map));
	map_grow(r, SYM_FIRST);
	for (sym_t s = 0; s < SYM_FIRST; s++)
		r->map[s] = s;
}

static sym_t
take_over(struct model *m, struct remap *r, sym_t s)
{
	struct slice text = symtab_text(r->table, s);

	return r->map[s] =
		   symtab_intern_hashed(m->symbols, text.p, text.len, symtab_hash(r->table, s));
}

struct remap *
remap_begin(struct model *m, const struct block *b)
{
	struct remap *r;

	if (b->worker >= REMAPS_MAX)
		fatal("bug: decode worker %u", b->worker);
	if (b->worker >= m->nremaps) {
		m->remap = xreallocarray(m->remap, b->worker + 1, sizeof(*m->remap));
		memset(m->remap + m->nremaps, 0, (b->worker + 1 - m->nremaps) * sizeof(*m->remap));
		m->nremaps = b->worker + 1;
	}
	r = &m->remap[b->worker];
	if (r->table != b->symbols || r->generation != b->generation || r->size == 0) {
		r->table = b->symbols;
		r->generation = b->generation;
		map_restart(r);
	}
	map_grow(r, b->new_to);
	for (sym_t s = b->new_from < SYM_FIRST ? SYM_FIRST : b->new_from; s < b->new_to; s++) {
		if (b->new_to - s > AHEAD)
			symtab_prefetch(m->symbols, symtab_hash(r->table, s + AHEAD));
		take_over(m, r, s);
	}
	return r;
}

void
remap_column(struct model *m, struct remap *r, const sym_t *in, sym_t *out, uint32_t n)
{
	const sym_t *map;
	sym_t max = 0;
	uint32_t missing = 0;

	for (uint32_t i = 0; i < n; i++)
		max = in[i] > max ? in[i] : max;
	map_grow(r, max + 1);
	map = r->map;
	for (uint32_t i = 0; i < n; i++) {
		out[i] = map[in[i]];
		missing |= (out[i] == 0) & (in[i] != 0);
	}
	if (!missing)
		return;
	/* after the index was renumbered, or a block before this one was never applied */
	for (uint32_t i = 0; i < n; i++)
		if (out[i] == 0 && in[i] != 0)
			out[i] = r->map[in[i]] != 0 ? r->map[in[i]] : take_over(m, r, in[i]);
}

void
remap_reset(struct model *m)
{
	for (unsigned i = 0; i < m->nremaps; i++)
		if (m->remap[i].size > 0)
			map_restart(&m->remap[i]);
}

void
remap_release(struct model *m)
{
	for (unsigned i = 0; i < m->nremaps; i++)
		free(m->remap[i].map);
	free(m->remap);
}

size_t
remap_memory(const struct model *m)
{
	size_t n = 0;

	for (unsigned i = 0; i < m->nremaps; i++)
		n += m->remap[i].size * sizeof(sym_t);
	return n;
}
