/*
 * Mark and sweep over the interned things: one pass over the risk events marks what they use, all
 * else is deleted. Exact, because it is one transaction, and rare, because it is only run after
 * many rows were deleted. Every writer notices by the count of sweeps.
 */
#include "store/retain.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define IDS_A_TIME 1024
#define ID_MAX	   (1u << 31) /* rows beyond are never deleted: 256 MiB of marks is enough */

enum { OBJECT, PROFILE, TEXT, KINDS };

static const struct {
	enum statement ids, drop;
} kinds[KINDS] = {
	[OBJECT] = { ST_OBJECT_IDS, ST_OBJECT_DROP },
	[PROFILE] = { ST_PROFILE_IDS, ST_PROFILE_DROP },
	[TEXT] = { ST_TEXT_IDS, ST_TEXT_DROP },
};

struct marks {
	uint64_t *bit;
	uint32_t n; /* bits there is room for */
};

static void
mark(struct marks *m, int64_t id)
{
	if (id < 0 || id >= ID_MAX)
		return;
	if (id >= m->n) {
		uint32_t n = m->n == 0 ? 1u << 16 : m->n;

		while (n <= id)
			n *= 2;
		m->bit = xreallocarray(m->bit, bit_words(n), sizeof(uint64_t));
		memset(m->bit + bit_words(m->n), 0,
		    (bit_words(n) - bit_words(m->n)) * sizeof(uint64_t));
		m->n = n;
	}
	bit_set(m->bit, (uint32_t)id);
}

static bool
marked(const struct marks *m, int64_t id)
{
	if (id < 0 || id >= ID_MAX)
		return true;
	return id < m->n && bit_get(m->bit, (uint32_t)id);
}

static void
mark_all(struct db *db, struct marks m[KINDS])
{
	sqlite3_stmt *st = db_get(db, ST_EVENT_REFERENCES);

	while (db_step(db, st)) {
		mark(&m[OBJECT], sqlite3_column_int64(st, 0));
		mark(&m[PROFILE], sqlite3_column_int64(st, 1));
		mark(&m[TEXT], sqlite3_column_int64(st, 2));
		mark(&m[TEXT], sqlite3_column_int64(st, 3));
	}
	st = db_get(db, ST_NOTE_REFERENCES);
	while (db_step(db, st))
		mark(&m[OBJECT], sqlite3_column_int64(st, 0));
}

static void
drop_unmarked(struct db *db, unsigned kind, const struct marks *m)
{
	int64_t id[IDS_A_TIME];
	int64_t after = INT64_MIN;
	unsigned n;

	do {
		sqlite3_stmt *st = db_get(db, kinds[kind].ids);

		db_int(st, 1, after);
		db_int(st, 2, IDS_A_TIME);
		for (n = 0; n < IDS_A_TIME && db_step(db, st); n++)
			id[n] = sqlite3_column_int64(st, 0);
		if (st != NULL)
			sqlite3_reset(st);
		for (unsigned i = 0; i < n; i++) {
			after = id[i];
			if (marked(m, id[i]))
				continue;
			st = db_get(db, kinds[kind].drop);
			db_int(st, 1, id[i]);
			db_run(db, st);
		}
	} while (n == IDS_A_TIME && !db_failed(db));
}

bool
retain_sweep(struct db *db)
{
	struct marks m[KINDS] = { 0 };

	if (!db_begin(db))
		return false;
	mark_all(db, m);
	for (unsigned k = 0; k < KINDS; k++) {
		/* After a fault in marking nothing is run any more. */
		drop_unmarked(db, k, &m[k]);
		free(m[k].bit);
	}
	db_run(db, db_get(db, ST_SWEPT));
	if (!db_failed(db))
		return db_commit(db);
	db_rollback(db);
	return false;
}
