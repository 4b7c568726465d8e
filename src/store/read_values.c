/* Lists of values in answers: profiles by number, messages, sorting and doubles. */
#include "store/read.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

struct profiles {
	struct profile *v;
	uint32_t n, room;
	uint32_t *slot;
	uint32_t nslots;
};

struct profiles *
profiles_new(void)
{
	struct profiles *p = xcalloc(1, sizeof(*p));

	p->nslots = 64;
	p->slot = xcalloc(p->nslots, sizeof(*p->slot));
	return p;
}

void
profiles_free(struct profiles *p)
{
	free(p->v);
	free(p->slot);
	free(p);
}

static uint32_t
slot_of(const struct profiles *p, int64_t id)
{
	uint32_t i = (uint32_t)hash_mix((uint64_t)id, 2) & (p->nslots - 1);

	while (p->slot[i] != 0 && p->v[p->slot[i] - 1].id != id)
		i = (i + 1) & (p->nslots - 1);
	return i;
}

static void
grow(struct profiles *p)
{
	if (p->n == p->room) {
		p->room = p->room == 0 ? 16 : p->room * 2;
		p->v = xreallocarray(p->v, p->room, sizeof(*p->v));
	}
	if (2 * p->n < p->nslots)
		return;
	free(p->slot);
	p->nslots *= 2;
	p->slot = xcalloc(p->nslots, sizeof(*p->slot));
	for (uint32_t i = 0; i < p->n; i++)
		p->slot[slot_of(p, p->v[i].id)] = i + 1;
}

const struct profile *
profiles_get(struct profiles *p, struct db *db, struct arena *memory, int64_t id)
{
	uint32_t at = p->slot[slot_of(p, id)];
	struct profile *to;
	sqlite3_stmt *st;

	if (at != 0)
		return &p->v[at - 1];
	st = db_get(db, ST_PROFILE_GET);
	db_int(st, 1, id);
	if (!db_step(db, st))
		return NULL;
	grow(p);
	to = &p->v[p->n++];
	to->id = id;
	to->search = arena_copy(memory, db_column(st, 0));
	to->stories = arena_copy(memory, db_column(st, 1));
	to->techniques = arena_copy(memory, db_column(st, 2));
	to->tactics = arena_copy(memory, db_column(st, 3));
	sqlite3_reset(st);
	p->slot[slot_of(p, id)] = p->n;
	return to;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	return slice_cmp(*x, *y);
}

void
values_set(struct history_values *out, struct arena *memory, struct slice *v, size_t n)
{
	size_t kept = 0;

	*out = (struct history_values){ 0 };
	if (n == 0)
		return;
	qsort(v, n, sizeof(*v), by_bytes);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !slice_eq(v[kept - 1], v[i]))
			v[kept++] = v[i];
	out->n = kept < HISTORY_VALUES_MAX ? (uint32_t)kept : HISTORY_VALUES_MAX;
	out->more = kept - out->n;
	out->v = arena_alloc(memory, out->n * sizeof(*out->v));
	memcpy(out->v, v, out->n * sizeof(*out->v));
}

struct slice
read_text(struct db *db, struct arena *memory, int64_t id)
{
	sqlite3_stmt *st = db_get(db, ST_TEXT_GET);
	struct slice s = { "", 0 };

	db_int(st, 1, id);
	if (!db_step(db, st))
		return s;
	s = arena_copy(memory, db_column(st, 0));
	sqlite3_reset(st);
	return s;
}
