/*
 * Removal by age and size, in whole buckets: all risk events of one object in one hour, with their
 * sums, once the newest of them came too long ago (arrival, not event time: an old recording read
 * today stays its 90 days). Under pressure of size the oldest arrivals go until a good part of the
 * file is free. The texts they used are swept.c's.
 */
#include "store/retain.h"

#include "store/write.h"

#include "base/banned.h"

#define BUCKETS_A_STEP	64
#define ROWS_A_STEP	4096
#define ROWS_A_SWEEP	50000
#define VACUUM_FREE_MIN 1024 /* pages */

struct bucket {
	int64_t object, hour, arrived;
};

static int64_t
number(struct db *db, enum statement s)
{
	sqlite3_stmt *st = db_get(db, s);
	int64_t n = 0;

	if (db_step(db, st)) {
		n = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	return n < 0 ? 0 : n;
}

static unsigned
oldest(struct db *db, struct bucket *b, unsigned max)
{
	sqlite3_stmt *st = db_get(db, ST_BUCKET_OLDEST);
	unsigned n = 0;

	db_int(st, 1, max);
	for (; n < max && db_step(db, st); n++)
		b[n] = (struct bucket){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2) };
	if (st != NULL)
		sqlite3_reset(st);
	return n;
}

/* The risk events deleted. */
static uint64_t
drop(struct db *db, const struct bucket *b)
{
	static const enum statement all[] = { ST_SAID_CLEAR, ST_HOUR_CLEAR, ST_BUCKET_DROP,
		ST_EVENT_CLEAR };
	uint64_t rows;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		sqlite3_stmt *st = db_get(db, all[i]);

		db_int(st, 1, b->hour);
		db_int(st, 2, b->object);
		db_run(db, st);
	}
	rows = (uint64_t)sqlite3_changes64(db->sq);
	day_rebuild(db, b->object, day_of(b->hour));
	return db_failed(db) ? 0 : rows;
}

/* Deletes from the oldest on; the number of risk events deleted. */
static uint64_t
drop_oldest(struct db *db, int64_t before_hour, bool any)
{
	struct bucket b[BUCKETS_A_STEP];
	uint64_t rows = 0;
	unsigned n;

	/* A look without the write lock first: mostly there is nothing to do. */
	if (oldest(db, b, 1) == 0 || (!any && b[0].arrived >= before_hour) || !db_begin(db))
		return 0;
	n = oldest(db, b, BUCKETS_A_STEP);
	for (unsigned i = 0; i < n && rows < ROWS_A_STEP; i++) {
		if (!any && b[i].arrived >= before_hour)
			break;
		rows += drop(db, &b[i]);
	}
	if (db_failed(db)) {
		db_rollback(db);
		return 0;
	}
	return db_commit(db) ? rows : 0;
}

/* Space in use; *free_pages besides. */
static uint64_t
pages_used(struct db *db, uint64_t *free_pages)
{
	uint64_t all = (uint64_t)number(db, ST_PAGE_COUNT);

	*free_pages = (uint64_t)number(db, ST_FREE_COUNT);
	return all > *free_pages ? all - *free_pages : 0;
}

static bool
sweep_if_due(struct retain *r, struct db *db, bool idle, uint64_t used)
{
	bool much = r->unswept >= ROWS_A_SWEEP || (r->shrinking && used * 20 < r->pages_then * 19);

	if (r->unswept == 0 || (!idle && !much))
		return false;
	r->unswept = 0;
	if (!retain_sweep(db))
		return false;
	r->pages_then = used;
	return true;
}

/* Free pages go back to the file system when they are many. */
static bool
give_back(struct db *db, uint64_t used, uint64_t free_pages)
{
	if (free_pages < VACUUM_FREE_MIN || free_pages < used / 3)
		return false;
	return db_run(db, db_get(db, ST_VACUUM));
}

bool
retain_step(struct retain *r, struct db *db, int64_t arrived, uint64_t *expired)
{
	uint64_t max = r->max_bytes / (uint64_t)(db_ask(db, "PRAGMA page_size", 4096));
	uint64_t free_pages, used = pages_used(db, &free_pages), rows;

	/* Well below the limit, because the write-ahead log comes on top of it. */
	if (used > max / 10 * 8 && !r->shrinking) {
		r->shrinking = true;
		r->pages_then = used;
	} else if (used <= max / 10 * 7) {
		r->shrinking = false;
	}
	rows = drop_oldest(db, arrived / 3600 - r->keep_hours, r->shrinking);
	*expired += rows;
	r->unswept += rows;
	if (db_failed(db))
		return false;
	used = pages_used(db, &free_pages);
	if (sweep_if_due(r, db, rows == 0, used) || rows > 0)
		return !db_failed(db);
	return give_back(db, used, free_pages);
}
