/*
 * Writing a delivery (what was given to the history since the last commit) to the tables in one
 * transaction, sums included. Private to store/; history thread only.
 */
#ifndef FALCOTOP_STORE_WRITE_H
#define FALCOTOP_STORE_WRITE_H

#include "store/db.h"
#include "store/history.h"
#include "store/pending.h"
#include "store/seen.h"

#define DELIVERY_SEEN_MAX  (1u << 17)
#define DELIVERY_MUTES_MAX 4096u
#define WRITE_AT_ONCE	   8192u

struct delivery {
	struct pending events;
	struct seen_key *seen;
	uint32_t nseen, seen_room;
	struct history_mute *mute; /* texts in mute_text */
	uint32_t nmutes, mutes_room;
	struct arena mute_text;
};

void delivery_init(struct delivery *d, uint32_t events_max);
void delivery_release(struct delivery *d);
void delivery_clear(struct delivery *d);
bool delivery_empty(const struct delivery *d);
/* False: full. */
bool delivery_seen(struct delivery *d, uint32_t kind, const uint64_t hash[2]);
bool delivery_mute(struct delivery *d, const struct history_mute *m);

struct writer;

/* seen_max: names kept in the file, the newest. */
struct writer *writer_new(uint32_t seen_max);
void writer_free(struct writer *w);
/* Forgets what it knows of the file: after another file was opened. Reads the seed of this one. */
bool writer_attach(struct writer *w, struct db *db);

struct written {
	uint64_t inserted, updated, unchanged;
};
/*
 * One transaction, of at most WRITE_AT_ONCE risk events from *at on (moved on by those written),
 * and at *at = 0 of all else: all of it or, when false, nothing. arrived: seconds (arrival.h);
 * wall: ns.
 */
bool writer_write(struct writer *w, const struct delivery *d, uint32_t *at, int64_t arrived,
    int64_t wall, struct written *out);

/* Makes the sums of an object's day again from those of its hours. */
void day_rebuild(struct db *db, int64_t object, int64_t day);

static inline int64_t
day_of(int64_t hour)
{
	return hour / 24 - (hour % 24 < 0);
}

/* A score in the unit of the tables. */
int64_t score_units(double score);
#define SCORE_UNIT 1000.0

#endif
