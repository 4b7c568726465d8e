/*
 * The memory budget. What it covers: segments, symbols, the tables of live queries. When it is
 * passed the memory that tables left and the queries nobody looks at go first, then the oldest
 * segment; symbols that only evicted
 * events had are left behind and leave when those still used are moved together and everything is
 * renumbered; half a table is kept in reserve for that and for growing.
 */
#include "model/internal.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define SYMBOLS_MIN (1u << 16)
#define SYMBOLS_MAX (1u << 27)
#define TEXT_MIN    ((size_t)1 << 20)
#define RESERVE_MAX ((size_t)64 << 20)
#define INDEX_SMALL ((size_t)48 << 20) /* an index that needs no reserve */

struct symtab *
model_new_symbols(const struct model *m)
{
	size_t symbols = m->budget / 32, text = m->budget / 2;

	symbols = symbols < SYMBOLS_MIN	  ? SYMBOLS_MIN
		  : symbols > SYMBOLS_MAX ? SYMBOLS_MAX
					  : symbols;
	return symtab_new((uint32_t)symbols, text < TEXT_MIN ? TEXT_MIN : text);
}

size_t
model_memory(const struct model *m)
{
	size_t n = m->store.memory + open_memory(&m->open) + symtab_memory(m->symbols);

	for (uint32_t i = 0; i < m->nsegments; i++)
		n += sizeof(struct segment) + m->segment[i]->extra_memory;
	n += seal_scratch_memory(&m->scratch) + remap_memory(m) + backfill_memory(m);
	return n + lives_memory(m) + group_pool_memory(m->pool);
}

/* Grows with the index: a small one makes do with new memory, and one that is read once for a
 * report should not pay for a second question. */
size_t
model_reserve(const struct model *m)
{
	size_t most = m->budget / 32 < RESERVE_MAX ? m->budget / 32 : RESERVE_MAX;

	if (m->store.memory <= INDEX_SMALL)
		return 0;
	return (m->store.memory - INDEX_SMALL) / 2 < most ? (m->store.memory - INDEX_SMALL) / 2
							  : most;
}

static void
evict_oldest(struct model *m)
{
	struct segment *s = m->segment[0];

	lives_evict(m, s);
	if (m->backfill.active && m->backfill.first == s->first)
		backfill_cancel(m);
	m->evicted += s->n;
	m->version++;
	m->nsegments--;
	memmove(m->segment, m->segment + 1, m->nsegments * sizeof(struct segment *));
	segment_free(s, &m->store);
}

static void
mark(uint64_t *used, const sym_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bit_set(used, p[i]);
}

static void
renumber(sym_t *p, uint32_t n, const sym_t *map)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = map[p[i]];
}

static void
mark_all(const struct model *m, uint64_t *used)
{
	for (uint32_t i = 0; i < m->nsegments; i++)
		for (unsigned c = 0; c < COLUMNS_MAX; c++)
			mark(used, m->segment[i]->symbols[c].p, m->segment[i]->symbols[c].n);
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		if (open_has(&m->open, c))
			mark(used, m->open.col[c], m->open.n);
	mark(used, m->priority_dict, PRIORITY_COUNT);
	mark(used, m->origin, m->norigins);
	lives_mark(m, used);
}

static void
renumber_all(struct model *m, const sym_t *map)
{
	for (uint32_t i = 0; i < m->nsegments; i++)
		for (unsigned c = 0; c < COLUMNS_MAX; c++)
			renumber(m->segment[i]->symbols[c].p, m->segment[i]->symbols[c].n, map);
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		if (open_has(&m->open, c))
			renumber(m->open.col[c], m->open.n, map);
	renumber(m->priority_dict, PRIORITY_COUNT, map);
	renumber(m->origin, m->norigins, map);
	lives_renumber(m, map);
	remap_reset(m);
}

static void
compact(struct model *m)
{
	uint32_t n = symtab_count(m->symbols);
	uint64_t *used = xcalloc(bit_words(n), sizeof(*used));
	sym_t *map = xreallocarray(NULL, n, sizeof(*map));

	backfill_cancel(m);
	mark_all(m, used);
	m->overflow += symtab_overflow(m->symbols);
	symtab_keep(m->symbols, used, map);
	renumber_all(m, map);
	m->evicted_when_compacted = m->evicted;
	m->compactions++;
	m->version++;
	free(map);
	free(used);
}

/* Worth it when a third of the events that the table served are gone, and the table is no small
 * part of the memory. */
static bool
compaction_pays(const struct model *m, bool full)
{
	uint64_t gone = m->evicted - m->evicted_when_compacted;
	uint64_t retained = model_next(m) - m->evicted;

	if (gone == 0)
		return false;
	if (m->nsegments == 0)
		return true;
	if (!full && symtab_memory(m->symbols) < m->budget / 8)
		return false;
	return gone * 2 >= retained;
}

static bool
is_over(const struct model *m)
{
	return model_memory(m) + symtab_memory(m->symbols) / 2 > m->budget;
}

void
model_keep_budget(struct model *m)
{
	bool full;

	m->blocks = 0;
	while (is_over(m) && (group_pool_trim(m->pool, model_reserve(m)) || lives_drop_closed(m)))
		;
	/* text that found no room is as urgent as bytes */
	while ((full = symtab_overflow(m->symbols) > 0) || is_over(m)) {
		if (compaction_pays(m, full))
			compact(m);
		else if (m->nsegments > 0)
			evict_oldest(m);
		else
			break;
	}
}
