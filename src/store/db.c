/*
 * The connection: opening it so that a file somebody prepared can do no harm, and the few verbs all
 * statements go through. What the tables are is schema.c's, which file it is place.c's.
 */
#include "store/db.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/schema.h"

#include "base/banned.h"

#define STEPS_BETWEEN_LOOKS 4000 /* of SQLite's machine, between looks at deadline and stop */

static const char *const text_of[ST_COUNT] = {
#define STATEMENT(name, text) [ST_##name] = text,
#include "store/statements.def"
#undef STATEMENT
};

static const struct {
	int id, value;
} limits[] = {
	/* A row holds at most four texts of HISTORY_TEXT_MAX bytes. */
	{ SQLITE_LIMIT_LENGTH, 1 << 20 },
	{ SQLITE_LIMIT_SQL_LENGTH, 4096 },
	{ SQLITE_LIMIT_COLUMN, 32 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 32 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 4 },
	{ SQLITE_LIMIT_VDBE_OP, 10000 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 16 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 16 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const struct {
	int op, value;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
};

static enum db_fault
fault_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: return DB_BUSY;
	case SQLITE_FULL: return DB_FULL;
	case SQLITE_INTERRUPT: return DB_STOPPED;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_TOOBIG: return DB_DAMAGED;
	default: return DB_LOST;
	}
}

void
db_fault(struct db *db, enum db_fault fault, const char *why)
{
	if (db->fault != DB_OK)
		return;
	db->fault = fault;
	snprintf(db->error, sizeof(db->error), "%s", why);
}

static void
note(struct db *db, int rc)
{
	const char *what = db->sq != NULL ? sqlite3_errmsg(db->sq) : sqlite3_errstr(rc);

	if (db->fault != DB_OK)
		return;
	db->fault = fault_of(rc);
	db->code = rc;
	if ((rc & 0xff) == SQLITE_IOERR)
		snprintf(db->error, sizeof(db->error), "%s (%d): %s", what, rc >> 8,
		    strerror(db->sq != NULL ? sqlite3_system_errno(db->sq) : 0));
	else
		snprintf(db->error, sizeof(db->error), "%s", what);
}

void
db_clear(struct db *db)
{
	db->fault = DB_OK;
	db->code = 0;
	db->error[0] = '\0';
}

static int
progress(void *arg)
{
	const struct db *db = arg;

	if (db->stop != NULL && atomic_load_explicit(db->stop, memory_order_relaxed))
		return 1;
	return db->deadline != 0 && clock_mono() > db->deadline;
}

bool
db_open(struct db *db, const char *path, bool read_only, int busy_ms, const atomic_bool *stop)
{
	int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc;

	memset(db, 0, sizeof(*db));
	db->stop = stop;
	flags |= SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
		 SQLITE_OPEN_EXRESCODE;
	rc = sqlite3_open_v2(path, &db->sq, flags, "unix");
	if (rc != SQLITE_OK) {
		note(db, rc);
		return false;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db->sq, limits[i].id, limits[i].value);
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		sqlite3_db_config(db->sq, switches[i].op, switches[i].value, (int *)NULL);
	sqlite3_busy_timeout(db->sq, busy_ms);
	sqlite3_progress_handler(db->sq, STEPS_BETWEEN_LOOKS, progress, db);
	return schema_open(db, read_only);
}

void
db_close(struct db *db)
{
	for (unsigned i = 0; i < ST_COUNT; i++)
		sqlite3_finalize(db->stmt[i]);
	memset(db->stmt, 0, sizeof(db->stmt));
	sqlite3_close_v2(db->sq);
	db->sq = NULL;
}

sqlite3_stmt *
db_get(struct db *db, enum statement s)
{
	sqlite3_stmt *st = db->stmt[s];
	int rc;

	if (db_failed(db))
		return NULL;
	if (st != NULL) {
		sqlite3_reset(st);
		return st;
	}
	rc = sqlite3_prepare_v3(db->sq, text_of[s], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc != SQLITE_OK)
		note(db, rc);
	db->stmt[s] = st;
	return st;
}

/* A failed bind (no memory, too big) leaves NULL, which no column takes: the statement then fails.
 */
void
db_int(sqlite3_stmt *st, int at, int64_t v)
{
	if (st != NULL)
		(void)sqlite3_bind_int64(st, at, v);
}

void
db_text(sqlite3_stmt *st, int at, struct slice v)
{
	if (st != NULL)
		(void)sqlite3_bind_text64(
		    st, at, v.p == NULL ? "" : v.p, v.len, SQLITE_STATIC, SQLITE_UTF8);
}

void
db_blob(sqlite3_stmt *st, int at, const void *p, size_t len)
{
	if (st != NULL)
		(void)sqlite3_bind_blob64(st, at, p, len, SQLITE_STATIC);
}

bool
db_step(struct db *db, sqlite3_stmt *st)
{
	int rc;

	if (st == NULL || db_failed(db))
		return false;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		note(db, rc);
	sqlite3_reset(st);
	return false;
}

bool
db_run(struct db *db, sqlite3_stmt *st)
{
	while (db_step(db, st))
		;
	return !db_failed(db);
}

struct slice
db_column(sqlite3_stmt *st, int at)
{
	const char *p = sqlite3_column_blob(st, at);
	int n = sqlite3_column_bytes(st, at);

	return (struct slice){ p == NULL ? "" : p, p == NULL ? 0 : (size_t)n };
}

int64_t
db_ask(struct db *db, const char *sql, int64_t none)
{
	sqlite3_stmt *st = NULL;
	int rc;

	if (db_failed(db))
		return none;
	rc = sqlite3_prepare_v2(db->sq, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		note(db, rc);
	if (db_step(db, st))
		none = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return none;
}

bool
db_exec(struct db *db, const char *sql)
{
	while (!db_failed(db) && *sql != '\0') {
		sqlite3_stmt *st = NULL;
		int rc = sqlite3_prepare_v2(db->sq, sql, -1, &st, &sql);

		if (rc != SQLITE_OK)
			note(db, rc);
		db_run(db, st);
		sqlite3_finalize(st);
		if (st == NULL)
			break;
	}
	return !db_failed(db);
}

bool
db_begin(struct db *db)
{
	return db_run(db, db_get(db, ST_BEGIN));
}

bool
db_begin_read(struct db *db)
{
	return db_run(db, db_get(db, ST_BEGIN_READ));
}

bool
db_commit(struct db *db)
{
	if (db_run(db, db_get(db, ST_COMMIT)))
		return true;
	db_rollback(db);
	return false;
}

void
db_rollback(struct db *db)
{
	struct db keep = *db;

	if (db->sq == NULL)
		return;
	for (unsigned i = 0; i < ST_COUNT; i++)
		if (db->stmt[i] != NULL)
			sqlite3_reset(db->stmt[i]);
	if (sqlite3_get_autocommit(db->sq))
		return;
	db_clear(db);
	db->deadline = 0;
	db_run(db, db_get(db, ST_ROLLBACK));
	db->deadline = keep.deadline;
	db->fault = keep.fault;
	memcpy(db->error, keep.error, sizeof(db->error));
}
