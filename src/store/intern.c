/*
 * Interning in the tables text, object and profile. The cache maps a 128-bit seeded hash to a
 * number; whoever owns it forgets it when numbers may have gone: after a rollback, and after any
 * instance has swept (sweep.c).
 */
#include "store/intern.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define OTHER_SEED 0x5851f42d4c957f2du

struct entry {
	uint64_t hash[2];
	int64_t id;
};

static const struct kind {
	unsigned parts;
	uint32_t cache; /* entries, a power of two */
	enum statement find, add;
	bool hashed; /* the first value bound is the hash of the text */
} kinds[INTERN_KINDS] = {
	[INTERN_TEXT] = { 1, 1u << 16, ST_TEXT_FIND, ST_TEXT_ADD, true },
	[INTERN_OBJECT] = { 2, 1u << 14, ST_OBJECT_FIND, ST_OBJECT_ADD, false },
	[INTERN_PROFILE] = { 4, 1u << 12, ST_PROFILE_FIND, ST_PROFILE_ADD, false },
};

struct intern {
	struct entry *cache[INTERN_KINDS];
	int64_t seed;
};

struct intern *
intern_new(void)
{
	struct intern *in = xcalloc(1, sizeof(*in));

	for (unsigned k = 0; k < INTERN_KINDS; k++)
		in->cache[k] = xcalloc(kinds[k].cache, sizeof(struct entry));
	return in;
}

void
intern_free(struct intern *in)
{
	for (unsigned k = 0; k < INTERN_KINDS; k++)
		free(in->cache[k]);
	free(in);
}

void
intern_forget(struct intern *in)
{
	for (unsigned k = 0; k < INTERN_KINDS; k++)
		memset(in->cache[k], 0, kinds[k].cache * sizeof(struct entry));
}

void
intern_seed(struct intern *in, int64_t seed)
{
	in->seed = seed;
}

static void
hash_parts(const struct slice *part, unsigned parts, uint64_t hash[2])
{
	hash[0] = hash_seed();
	hash[1] = hash_seed() ^ OTHER_SEED;
	/* The length closes each part: ("ab", "c") is not ("a", "bc"). */
	for (unsigned i = 0; i < parts; i++) {
		hash[0] = hash_mix(hash_bytes(part[i].p, part[i].len, hash[0]), part[i].len);
		hash[1] = hash_mix(hash_bytes(part[i].p, part[i].len, hash[1]), part[i].len);
	}
}

static void
bind_parts(
    const struct intern *in, const struct kind *k, sqlite3_stmt *st, const struct slice *part)
{
	int at = 1;

	if (k->hashed)
		db_int(st, at++, (int64_t)hash_bytes(part[0].p, part[0].len, (uint64_t)in->seed));
	for (unsigned i = 0; i < k->parts; i++)
		db_text(st, at++, part[i]);
}

/* In the table: found or added. */
static int64_t
look_up(struct intern *in, struct db *db, const struct kind *k, const struct slice *part)
{
	sqlite3_stmt *st = db_get(db, k->find);
	int64_t id;

	bind_parts(in, k, st, part);
	if (db_step(db, st)) {
		id = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
		return id;
	}
	st = db_get(db, k->add);
	bind_parts(in, k, st, part);
	return db_run(db, st) ? sqlite3_last_insert_rowid(db->sq) : 0;
}

int64_t
intern_get(struct intern *in, struct db *db, enum intern_kind kind, const struct slice *part)
{
	const struct kind *k = &kinds[kind];
	struct entry *e;
	uint64_t hash[2];
	int64_t id;

	hash_parts(part, k->parts, hash);
	e = &in->cache[kind][hash[0] & (k->cache - 1)];
	if (e->id != 0 && e->hash[0] == hash[0] && e->hash[1] == hash[1])
		return e->id;
	id = look_up(in, db, k, part);
	*e = (struct entry){ .hash = { hash[0], hash[1] }, .id = id };
	return id;
}
