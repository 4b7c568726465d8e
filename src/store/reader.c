/* The history read by a program that does not keep one: a connection for reading, no thread. */
#include "store/history.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "store/place.h"
#include "store/read.h"

#include "base/banned.h"

/* Messages of all objects lie all over the file: pages that are read twice cost more than memory.
 */
#define READER_CACHE   "PRAGMA cache_size = -131072"
#define READER_BUSY_MS 2000
#define READER_NS      (30 * NSEC_PER_SEC)

struct history_reader {
	struct db db;
};

struct history_reader *
history_open_reader(const char *path, bool *missing, char *err, size_t errlen)
{
	struct history_reader *r = NULL;
	enum place_verdict v;
	struct place place;
	bool own;
	char *wanted = place_path(path, &own);

	*missing = wanted == NULL;
	if (wanted == NULL) {
		snprintf(err, errlen, "no home directory");
		return NULL;
	}
	v = place_check(&place, wanted, false, false, err, errlen);
	*missing = v == PLACE_MISSING;
	if (v != PLACE_OK)
		goto out;
	if (place.stub) {
		snprintf(err, errlen, "%s: not a database", wanted);
		goto out;
	}
	r = xcalloc(1, sizeof(*r));
	if (!db_open(&r->db, place.path, true, READER_BUSY_MS, NULL)) {
		snprintf(err, errlen, "%s: %s", wanted, r->db.error);
		history_close_reader(r);
		r = NULL;
		goto out;
	}
	db_exec(&r->db, READER_CACHE);
out:
	free(wanted);
	return r;
}

struct history_answer *
history_read(struct history_reader *r, const struct history_query *q)
{
	struct history_answer *a;

	r->db.deadline = clock_mono() + READER_NS;
	a = read_answer(&r->db, q);
	r->db.deadline = 0;
	db_clear(&r->db);
	return a;
}

struct history_mutes *
history_read_mutes(struct history_reader *r)
{
	struct history_mutes *m = read_mutes(&r->db);

	db_clear(&r->db);
	return m;
}

void
history_close_reader(struct history_reader *r)
{
	if (r == NULL)
		return;
	db_close(&r->db);
	free(r);
}
