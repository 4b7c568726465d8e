/*
 * One connection to the history's file: opened with everything a hostile file could use switched
 * off, statements prepared once, errors sorted by what is to be done about them. Private to store/,
 * the only layer that knows SQLite. One thread at a time.
 *
 * Errors stick: after the first, db_step() and db_run() do nothing and fail, so that a run of
 * statements is checked once, at its end (db_failed()), and cleared by db_rollback() or db_clear().
 */
#ifndef FALCOTOP_STORE_DB_H
#define FALCOTOP_STORE_DB_H

#include "base/slice.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum statement {
#define STATEMENT(name, text) ST_##name,
#include "store/statements.def"
#undef STATEMENT
	ST_COUNT
};

enum db_fault {
	DB_OK,
	DB_BUSY,    /* somebody else writes: again soon */
	DB_FULL,    /* no space */
	DB_STOPPED, /* took too long or was told to stop */
	DB_LOST,    /* close, open again later */
	DB_DAMAGED, /* not a database any more, or not what we made */
	DB_REFUSED  /* not ours, or made by a newer version */
};

struct db {
	sqlite3 *sq;
	sqlite3_stmt *stmt[ST_COUNT];
	const atomic_bool *stop; /* checked by long statements; may be NULL */
	int64_t deadline;	 /* clock_mono() at which statements give up; 0 = never */
	enum db_fault fault;	 /* the first since it was cleared */
	int code;		 /* SQLite's, of that fault */
	char error[256];
};

/*
 * Opens the file at path (checked by place_check() before; it must exist). read_only: for a reader.
 * On failure db->fault and db->error say why, and the caller calls db_close() all the same.
 */
bool db_open(struct db *db, const char *path, bool read_only, int busy_ms, const atomic_bool *stop);
void db_close(struct db *db);

/* The statement, ready to be bound; NULL after a fault. */
sqlite3_stmt *db_get(struct db *db, enum statement s);
void db_int(sqlite3_stmt *st, int at, int64_t v);
void db_text(sqlite3_stmt *st, int at, struct slice v);
void db_blob(sqlite3_stmt *st, int at, const void *p, size_t len);
/* True: there is a row. False: no more, or a fault. */
bool db_step(struct db *db, sqlite3_stmt *st);
/* For statements without rows; false on a fault. */
bool db_run(struct db *db, sqlite3_stmt *st);
/* The text of a column, valid until the next step. */
struct slice db_column(sqlite3_stmt *st, int at);
/* The first column of the first row of a constant query that is run once; `none` when there is no
 * row. */
int64_t db_ask(struct db *db, const char *sql, int64_t none);
/* Runs constant SQL, one statement or several. */
bool db_exec(struct db *db, const char *sql);

static inline bool
db_failed(const struct db *db)
{
	return db->fault != DB_OK;
}

/* Notes a fault of our own finding. */
void db_fault(struct db *db, enum db_fault fault, const char *why);
void db_clear(struct db *db);
bool db_begin(struct db *db);
bool db_begin_read(struct db *db);
/* False: nothing of the transaction was kept; the fault stays for the caller to look at. */
bool db_commit(struct db *db);
/* Ends the transaction if one is open; the fault stays. */
void db_rollback(struct db *db);

#endif
