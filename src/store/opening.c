/* Getting hold of the file: the place, the connection, what is read in at once (the names seen);
 * and letting go of it. */
#include "store/internal.h"

#include <stdio.h>

#include "base/banned.h"

#define CHUNK 1024 /* names between two turns of the lock */

void
history_close(struct history *h)
{
	h->is_open = false;
	db_close(&h->db);
}

static void
add_seen(struct history *h, const struct seen_key *key, unsigned n)
{
	pthread_mutex_lock(&h->lock);
	for (unsigned i = 0; i < n; i++) {
		struct seen_key *k = seen_find(&h->seen, key[i].kind, key[i].hash);

		/* Asked for while the file was being opened: it turns out to be known. */
		if (k != NULL)
			k->before = true;
		else
			seen_add(&h->seen, key[i].kind, key[i].hash, true);
	}
	pthread_mutex_unlock(&h->lock);
}

/* Once a run: after a reopening the memory is ahead of the file. */
static void
read_seen(struct history *h)
{
	sqlite3_stmt *st;
	struct seen_key key[CHUNK];
	unsigned n = 0;

	if (h->seen_ready)
		return;
	st = db_get(&h->db, ST_SEEN_NEWEST);
	/* Some room is left for names that were met meanwhile. */
	db_int(st, 1, h->o.seen_max - h->o.seen_max / 8);
	while (db_step(&h->db, st)) {
		key[n++] = (struct seen_key){
			.kind = (uint32_t)sqlite3_column_int64(st, 0),
			.hash = { (uint64_t)sqlite3_column_int64(st, 1),
			    (uint64_t)sqlite3_column_int64(st, 2) },
		};
		if (n == CHUNK) {
			add_seen(h, key, n);
			n = 0;
		}
	}
	add_seen(h, key, n);
	if (db_failed(&h->db))
		return;
	pthread_mutex_lock(&h->lock);
	h->seen_ready = true;
	pthread_mutex_unlock(&h->lock);
}

static void
read_clock(struct history *h)
{
	sqlite3_stmt *st = db_get(&h->db, ST_META_GET);

	db_text(st, 1, SLICE("clock"));
	if (!db_step(&h->db, st))
		return;
	if (sqlite3_column_int64(st, 0) > h->arrival.now)
		h->arrival.now = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
}

void
history_try_open(struct history *h)
{
	char err[256];
	enum place_verdict v = place_check(&h->place, h->path, h->own, true, err, sizeof(err));

	if (v != PLACE_OK) {
		db_clear(&h->db);
		db_fault(&h->db, v == PLACE_REFUSED ? DB_REFUSED : DB_LOST, err);
		history_fault(h);
		return;
	}
	h->is_open = !h->place.stub && db_open(&h->db, h->place.path, false, BUSY_MS, &h->stop);
	if (h->place.stub) {
		db_clear(&h->db);
		db_fault(&h->db, DB_DAMAGED, "not a database");
	}
	if (h->is_open && !place_same(&h->place))
		db_fault(&h->db, DB_LOST, "the file was exchanged while it was opened");
	if (h->is_open && writer_attach(h->writer, &h->db)) {
		read_clock(h);
		read_seen(h);
	}
	if (db_failed(&h->db)) {
		history_fault(h);
		return;
	}
	h->data_version = -1;
	history_set_state(h, HISTORY_OK, "");
}
