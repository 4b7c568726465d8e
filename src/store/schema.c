/*
 * The tables, and the way from each version to the next: one row of `steps` a version. What a file
 * must look like to be used is here as well: ours by application id, of a version we know, with
 * exactly our tables. Not here: what goes into them (write.c).
 *
 * Numbers: hours since 1970 (event time for `hour`, arrival.h's clock for `arrived`); first, last,
 * created, expires, first_seen in ns; scores in thousandths, so that sums are exact.
 */
#include "store/schema.h"

#include <stdio.h>

#include "base/clock.h"

#include "base/banned.h"

#define LOOK_NS (NSEC_PER_SEC / 4) /* at most, checking pages when opening */
#define OPEN_NS                                                                                    \
	NSEC_PER_SEC /* for all other statements of opening; a prepared file could ask for ever */

struct table {
	const char *name;
	const char *sql; /* as sqlite_schema has it */
};

/* The schema of SCHEMA_VERSION. */
static const struct table tables[] = {
	{ "meta",
	    "CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID" },
	{ "text",
	    "CREATE TABLE text(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, s TEXT NOT NULL)" },
	{ "object",
	    "CREATE TABLE object(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL)" },
	{ "profile",
	    "CREATE TABLE profile(id INTEGER PRIMARY KEY, search TEXT NOT NULL, stories TEXT NOT NULL, "
	    "techniques TEXT NOT NULL, tactics TEXT NOT NULL)" },
	{ "risk_event",
	    "CREATE TABLE risk_event(hour INTEGER NOT NULL, object INTEGER NOT NULL, id BLOB NOT NULL, "
	    "first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, score INTEGER NOT NULL, "
	    "profile INTEGER NOT NULL, message INTEGER NOT NULL, row INTEGER NOT NULL, muted INTEGER NOT NULL, "
	    "PRIMARY KEY(hour, object, id)) WITHOUT ROWID" },
	{ "risk_hour",
	    "CREATE TABLE risk_hour(hour INTEGER NOT NULL, object INTEGER NOT NULL, profile INTEGER NOT NULL, "
	    "muted INTEGER NOT NULL, events INTEGER NOT NULL, score INTEGER NOT NULL, first INTEGER NOT NULL, "
	    "last INTEGER NOT NULL, PRIMARY KEY(hour, object, profile, muted)) WITHOUT ROWID" },
	{ "risk_day",
	    "CREATE TABLE risk_day(day INTEGER NOT NULL, object INTEGER NOT NULL, profile INTEGER NOT NULL, "
	    "muted INTEGER NOT NULL, events INTEGER NOT NULL, score INTEGER NOT NULL, first INTEGER NOT NULL, "
	    "last INTEGER NOT NULL, PRIMARY KEY(day, object, profile, muted)) WITHOUT ROWID" },
	{ "risk_said",
	    "CREATE TABLE risk_said(object INTEGER NOT NULL, message INTEGER NOT NULL, hour INTEGER NOT NULL, "
	    "muted INTEGER NOT NULL, PRIMARY KEY(object, message, hour, muted)) WITHOUT ROWID" },
	{ "risk_bucket",
	    "CREATE TABLE risk_bucket(object INTEGER NOT NULL, hour INTEGER NOT NULL, arrived INTEGER NOT NULL, PRIMARY KEY(object, hour)) WITHOUT ROWID" },
	{ "seen",
	    "CREATE TABLE seen(n INTEGER PRIMARY KEY, kind INTEGER NOT NULL, hi INTEGER NOT NULL, "
	    "lo INTEGER NOT NULL, first_seen INTEGER NOT NULL)" },
	{ "mute",
	    "CREATE TABLE mute(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, created INTEGER NOT NULL, "
	    "expires INTEGER NOT NULL, expression TEXT NOT NULL, reason TEXT NOT NULL, owner TEXT NOT NULL, "
	    "detail TEXT NOT NULL)" },
	{ "note",
	    "CREATE TABLE note(id INTEGER PRIMARY KEY, object INTEGER NOT NULL, created INTEGER NOT NULL, "
	    "owner TEXT NOT NULL, text TEXT NOT NULL)" },
	{ "text_hash", "CREATE INDEX text_hash ON text(hash)" },
	{ "object_name", "CREATE UNIQUE INDEX object_name ON object(name, type)" },
	{ "profile_all",
	    "CREATE UNIQUE INDEX profile_all ON profile(search, stories, techniques, tactics)" },
	{ "risk_bucket_arrived", "CREATE INDEX risk_bucket_arrived ON risk_bucket(arrived, hour)" },
	{ "seen_hash", "CREATE UNIQUE INDEX seen_hash ON seen(hi, lo, kind)" },
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static bool
make_tables(struct db *db)
{
	for (size_t i = 0; i < TABLES; i++)
		db_exec(db, tables[i].sql);
	/* The seed of text.hash, so that nobody can prepare texts of one hash. */
	return db_exec(db, "INSERT INTO meta VALUES('seed', random())");
}

/* From version i to i + 1, inside a transaction. `tables` is always the newest: a step that changes
 * one says so in SQL of its own. */
static bool (*const steps[SCHEMA_VERSION])(struct db *db) = {
	make_tables,
};

/* Settings that touch nothing but the connection. */
static bool
careful(struct db *db)
{
	db_exec(db, "PRAGMA cell_size_check = ON");
	db_exec(db, "PRAGMA mmap_size = 0"); /* a file cut short would be a SIGBUS */
	db_exec(db, "PRAGMA temp_store = MEMORY");
	return db_exec(db, "PRAGMA cache_size = -16384");
}

static bool
settings(struct db *db, bool read_only)
{
	if (read_only)
		return db_exec(db, "PRAGMA query_only = ON");
	db_exec(db, "PRAGMA secure_delete = FAST");
	db_exec(db, "PRAGMA auto_vacuum = INCREMENTAL"); /* has effect in an empty file only */
	db_exec(db, "PRAGMA journal_mode = WAL");
	db_exec(db, "PRAGMA synchronous = NORMAL");
	return db_exec(db, "PRAGMA journal_size_limit = 4194304");
}

/* Whose file this is. The number of tables tells an empty file from another program's that has no
 * application id. */
static bool
recognise(struct db *db, int64_t *version)
{
	int64_t app = db_ask(db, "PRAGMA application_id", 0);
	int64_t things = db_ask(db, "SELECT count(*) FROM sqlite_schema", 0);

	*version = db_ask(db, "PRAGMA user_version", 0);
	if (db_failed(db))
		return false;
	if (app == SCHEMA_APPLICATION ? *version > SCHEMA_VERSION
				      : app == 0 && *version > SCHEMA_VERSION) {
		char why[128];

		snprintf(why, sizeof(why),
		    "made by a newer version (schema %lld, this program knows %d)",
		    (long long)*version, SCHEMA_VERSION);
		db_fault(db, DB_REFUSED, why);
	} else if (app == SCHEMA_APPLICATION ? *version < 1
					     : app != 0 || *version != 0 || things != 0) {
		db_fault(db, DB_REFUSED, "a database, but not a history of falcotop");
	}
	return !db_failed(db);
}

/* Of one moment: between two looks another instance may make the tables, and then they would be
 * taken for another program's. */
static bool
recognise_at_once(struct db *db, int64_t *version)
{
	bool ok = db_begin_read(db) && recognise(db, version);

	db_rollback(db);
	return ok;
}

static bool
migrate(struct db *db, bool read_only)
{
	char sql[64];
	int64_t version;

	if (!recognise_at_once(db, &version) || !settings(db, read_only) ||
	    version == SCHEMA_VERSION)
		return !db_failed(db);
	if (read_only) {
		db_fault(db, DB_REFUSED,
		    version == 0 ? "empty" : "made by an older version; start falcotop on it once");
		return false;
	}
	/* Once more inside the transaction: another instance may have been faster. */
	if (!db_begin(db) || !recognise(db, &version))
		goto out;
	for (; version < SCHEMA_VERSION && !db_failed(db); version++)
		steps[version](db);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", SCHEMA_APPLICATION);
	db_exec(db, sql);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", SCHEMA_VERSION);
	if (db_exec(db, sql))
		return db_commit(db);
out:
	db_rollback(db);
	return false;
}

/* Exactly our tables and indexes, word for word. Others beside them are left alone: triggers and
 * views are off. */
static bool
verify(struct db *db)
{
	sqlite3_stmt *st = NULL;
	size_t good = 0;
	int rc = sqlite3_prepare_v2(db->sq, "SELECT name, sql FROM sqlite_schema", -1, &st, NULL);

	if (rc != SQLITE_OK)
		db_fault(db, DB_DAMAGED, sqlite3_errmsg(db->sq));
	while (db_step(db, st)) {
		struct slice name = db_column(st, 0);
		struct slice sql = db_column(st, 1);

		for (size_t i = 0; i < TABLES; i++)
			if (slice_eq(name, slice_of(tables[i].name)))
				good += slice_eq(sql, slice_of(tables[i].sql));
	}
	sqlite3_finalize(st);
	if (!db_failed(db) && good != TABLES)
		db_fault(db, DB_DAMAGED, "its tables are not those of a history");
	return !db_failed(db);
}

/* A look at the pages, as far as it goes in a moment: a small file is checked whole, of a large one
 * the beginning. */
static bool
look(struct db *db)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->sq, "PRAGMA quick_check(1)", -1, &st, NULL);

	if (rc != SQLITE_OK)
		db_fault(db, DB_DAMAGED, sqlite3_errmsg(db->sq));
	db->deadline = clock_mono() + LOOK_NS;
	if (db_step(db, st) && !slice_eq(db_column(st, 0), SLICE("ok"))) {
		char why[200];
		struct slice what = db_column(st, 0);

		snprintf(why, sizeof(why), "damaged: %.*s", (int)(what.len > 150 ? 150 : what.len),
		    what.p);
		db_fault(db, DB_DAMAGED, why);
	}
	sqlite3_finalize(st);
	if (db->fault == DB_STOPPED && (db->stop == NULL || !atomic_load(db->stop)))
		db_clear(db);
	return !db_failed(db);
}

bool
schema_open(struct db *db, bool read_only)
{
	bool ok;

	db->deadline = clock_mono() + OPEN_NS;
	ok = careful(db) && migrate(db, read_only) && verify(db) && (read_only || look(db));
	db->deadline = 0;
	/* A statement of ours that SQLite does not take: the file is of a format it does not know,
	 * or not the one it says. */
	if (db->fault == DB_LOST && db->code == SQLITE_ERROR)
		db->fault = DB_DAMAGED;
	return ok;
}
