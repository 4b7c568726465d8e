/*
 * One delivery, one transaction. A risk event that is new is inserted and added to the sums of its
 * hour; one that is there only has its count and span widened. When a mute turned, the sums of that
 * object's hour are made again from its rows, at the end, once.
 */
#include "store/write.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "store/intern.h"

#include "base/banned.h"

#define RECENT	  4096 /* a power of two */
#define SCORE_MAX 1e9

struct bucket {
	int64_t hour, object;
};

/* What an event is in numbers. */
struct keys {
	struct bucket at;
	int64_t profile, message, row;
	uint32_t event; /* index in the delivery */
};

struct writer {
	struct db *db;
	struct intern *in;
	int64_t arrived_hour;
	uint32_t seen_max;
	int64_t swept; /* the count of sweeps its numbers are good for */
	/* of this transaction: what needs no second statement */
	struct bucket bucket_done[RECENT];
	struct {
		struct bucket bucket;
		int64_t message;
	} said_done[RECENT];
	/* whose sums must be made again */
	struct bucket *dirty;
	size_t ndirty, dirty_room;
	struct keys keys[WRITE_AT_ONCE];
	struct written n;
};

struct writer *
writer_new(uint32_t seen_max)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->seen_max = seen_max;
	w->in = intern_new();
	return w;
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	intern_free(w->in);
	free(w->dirty);
	free(w);
}

bool
writer_attach(struct writer *w, struct db *db)
{
	w->db = db;
	intern_forget(w->in);
	intern_seed(w->in, db_ask(db, "SELECT value FROM meta WHERE key = 'seed'", 0));
	return !db_failed(db);
}

int64_t
score_units(double score)
{
	if (isnan(score))
		return 0;
	score = fmin(fmax(score, -SCORE_MAX), SCORE_MAX);
	return llround(score * SCORE_UNIT);
}

static uint32_t
recent_at(int64_t a, int64_t b, int64_t c)
{
	return (uint32_t)hash_mix((uint64_t)a * 31 + (uint64_t)b, (uint64_t)c) & (RECENT - 1);
}

static void
add_sum(struct writer *w, enum statement s, int64_t when, const struct keys *k,
    const struct risk_event *e)
{
	sqlite3_stmt *st = db_get(w->db, s);

	db_int(st, 1, when);
	db_int(st, 2, k->at.object);
	db_int(st, 3, k->profile);
	db_int(st, 4, e->muted);
	db_int(st, 5, score_units(e->score));
	db_int(st, 6, e->first);
	db_int(st, 7, e->last);
	db_run(w->db, st);
}

static void
add_sums(struct writer *w, const struct keys *k, const struct risk_event *e)
{
	uint32_t i = recent_at(k->at.hour, k->at.object, 0);
	uint32_t j = recent_at(k->at.hour, k->at.object, k->message * 2 + e->muted);
	struct bucket *b = &w->bucket_done[i];
	int64_t message = k->message * 2 + e->muted;
	sqlite3_stmt *st;

	add_sum(w, ST_HOUR_ADD, k->at.hour, k, e);
	add_sum(w, ST_DAY_ADD, day_of(k->at.hour), k, e);
	if (w->said_done[j].message != message || w->said_done[j].bucket.hour != k->at.hour ||
	    w->said_done[j].bucket.object != k->at.object) {
		st = db_get(w->db, ST_SAID_ADD);
		db_int(st, 1, k->at.object);
		db_int(st, 2, k->message);
		db_int(st, 3, k->at.hour);
		db_int(st, 4, e->muted);
		db_run(w->db, st);
		w->said_done[j].bucket = k->at;
		w->said_done[j].message = message;
	}
	if (b->hour == k->at.hour && b->object == k->at.object)
		return;
	st = db_get(w->db, ST_BUCKET_ADD);
	db_int(st, 1, k->at.object);
	db_int(st, 2, k->at.hour);
	db_int(st, 3, w->arrived_hour);
	db_run(w->db, st);
	*b = k->at;
}

static bool
insert(struct writer *w, const struct keys *k, const struct risk_event *e)
{
	sqlite3_stmt *st = db_get(w->db, ST_EVENT_ADD);

	db_int(st, 1, k->at.hour);
	db_int(st, 2, k->at.object);
	db_blob(st, 3, e->id, sizeof(e->id));
	db_int(st, 4, e->first);
	db_int(st, 5, e->last);
	db_int(st, 6, e->count > INT64_MAX ? INT64_MAX : (int64_t)e->count);
	db_int(st, 7, score_units(e->score));
	db_int(st, 8, k->profile);
	db_int(st, 9, k->message);
	db_int(st, 10, k->row);
	db_int(st, 11, e->muted);
	return db_run(w->db, st) && sqlite3_changes(w->db->sq) == 1;
}

static void
mark_dirty(struct writer *w, struct bucket b)
{
	if (w->ndirty > 0 && memcmp(&w->dirty[w->ndirty - 1], &b, sizeof(b)) == 0)
		return;
	if (w->ndirty == w->dirty_room) {
		w->dirty_room = w->dirty_room == 0 ? 64 : w->dirty_room * 2;
		w->dirty = xreallocarray(w->dirty, w->dirty_room, sizeof(*w->dirty));
	}
	w->dirty[w->ndirty++] = b;
}

/* The row is there: its news. */
static void
update(struct writer *w, const struct keys *k, const struct risk_event *e)
{
	sqlite3_stmt *st = db_get(w->db, ST_EVENT_GET);
	int64_t first, last, count, profile, muted;
	int64_t n = e->count > INT64_MAX ? INT64_MAX : (int64_t)e->count;

	db_int(st, 1, k->at.hour);
	db_int(st, 2, k->at.object);
	db_blob(st, 3, e->id, sizeof(e->id));
	if (!db_step(w->db, st))
		return;
	first = sqlite3_column_int64(st, 0);
	last = sqlite3_column_int64(st, 1);
	count = sqlite3_column_int64(st, 2);
	profile = sqlite3_column_int64(st, 3);
	muted = sqlite3_column_int64(st, 4);
	sqlite3_reset(st);
	if (first <= e->first && last >= e->last && count >= n && muted == e->muted) {
		w->n.unchanged++;
		return;
	}
	st = db_get(w->db, ST_EVENT_SET);
	db_int(st, 1, k->at.hour);
	db_int(st, 2, k->at.object);
	db_blob(st, 3, e->id, sizeof(e->id));
	db_int(st, 4, e->first < first ? e->first : first);
	db_int(st, 5, e->last > last ? e->last : last);
	db_int(st, 6, n > count ? n : count);
	db_int(st, 7, e->muted);
	db_run(w->db, st);
	w->n.updated++;
	if (muted != e->muted) {
		mark_dirty(w, k->at);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		st = db_get(w->db, i == 0 ? ST_HOUR_SPAN : ST_DAY_SPAN);
		db_int(st, 1, i == 0 ? k->at.hour : day_of(k->at.hour));
		db_int(st, 2, k->at.object);
		db_int(st, 3, profile);
		db_int(st, 4, muted);
		db_int(st, 5, e->first);
		db_int(st, 6, e->last);
		db_run(w->db, st);
	}
}

static int
by_bucket(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	if (x->hour != y->hour)
		return x->hour < y->hour ? -1 : 1;
	return (x->object > y->object) - (x->object < y->object);
}

static int
by_place(const void *a, const void *b)
{
	const struct keys *x = a, *y = b;
	int c = by_bucket(&x->at, &y->at);

	return c != 0 ? c : (x->event > y->event) - (x->event < y->event);
}

/* The events in the order of the tables, which touches each page once. */
static void
number_events(struct writer *w, const struct risk_event *v, uint32_t n)
{
	for (uint32_t i = 0; i < n && !db_failed(w->db); i++) {
		const struct risk_event *e = &v[i];
		const struct slice object[] = { e->object, e->object_type };
		const struct slice profile[] = { e->search, e->stories, e->techniques, e->tactics };
		struct keys *k = &w->keys[i];

		k->event = i;
		k->at.hour = e->hour / HISTORY_HOUR;
		k->at.object = intern_get(w->in, w->db, INTERN_OBJECT, object);
		k->profile = intern_get(w->in, w->db, INTERN_PROFILE, profile);
		k->message = intern_get(w->in, w->db, INTERN_TEXT, &e->message);
		k->row = intern_get(w->in, w->db, INTERN_TEXT, &e->row);
	}
	if (n > 0 && !db_failed(w->db))
		qsort(w->keys, n, sizeof(*w->keys), by_place);
}

static void
write_events(struct writer *w, const struct risk_event *v, uint32_t n)
{
	number_events(w, v, n);
	for (uint32_t i = 0; i < n && !db_failed(w->db); i++) {
		const struct keys *k = &w->keys[i];
		const struct risk_event *e = &v[k->event];

		if (insert(w, k, e)) {
			add_sums(w, k, e);
			w->n.inserted++;
		} else if (!db_failed(w->db)) {
			update(w, k, e);
		}
	}
}

void
day_rebuild(struct db *db, int64_t object, int64_t day)
{
	for (unsigned i = 0; i < 2; i++) {
		sqlite3_stmt *st = db_get(db, i == 0 ? ST_DAY_CLEAR : ST_DAY_REBUILD);

		db_int(st, 1, day);
		db_int(st, 2, object);
		db_run(db, st);
	}
}

static void
rebuild_sums(struct writer *w)
{
	static const enum statement again[] = { ST_HOUR_CLEAR, ST_HOUR_REBUILD, ST_SAID_CLEAR,
		ST_SAID_REBUILD };

	if (w->ndirty == 0)
		return;
	qsort(w->dirty, w->ndirty, sizeof(*w->dirty), by_bucket);
	for (size_t i = 0; i < w->ndirty; i++) {
		if (i > 0 && by_bucket(&w->dirty[i - 1], &w->dirty[i]) == 0)
			continue;
		for (size_t s = 0; s < sizeof(again) / sizeof(again[0]); s++) {
			sqlite3_stmt *st = db_get(w->db, again[s]);

			db_int(st, 1, w->dirty[i].hour);
			db_int(st, 2, w->dirty[i].object);
			db_run(w->db, st);
		}
		day_rebuild(w->db, w->dirty[i].object, day_of(w->dirty[i].hour));
	}
	w->ndirty = 0;
}

static void
write_seen(struct writer *w, const struct delivery *d, int64_t wall)
{
	struct db *db = w->db;
	sqlite3_stmt *drop;

	for (uint32_t i = 0; i < d->nseen; i++) {
		sqlite3_stmt *st = db_get(db, ST_SEEN_ADD);

		db_int(st, 1, d->seen[i].kind);
		db_int(st, 2, (int64_t)d->seen[i].hash[0]);
		db_int(st, 3, (int64_t)d->seen[i].hash[1]);
		db_int(st, 4, wall);
		db_run(db, st);
	}
	if (d->nseen == 0)
		return;
	drop = db_get(db, ST_SEEN_DROP);
	db_int(drop, 1, w->seen_max);
	db_run(db, drop);
}

static void
write_mutes(struct db *db, const struct delivery *d)
{
	for (uint32_t i = 0; i < d->nmutes; i++) {
		const struct history_mute *m = &d->mute[i];
		sqlite3_stmt *st = db_get(db, ST_MUTE_PUT);

		db_int(st, 1, (int64_t)m->id);
		db_int(st, 2, m->state);
		db_int(st, 3, m->created);
		db_int(st, 4, m->expires);
		db_text(st, 5, m->expression);
		db_text(st, 6, m->reason);
		db_text(st, 7, m->owner);
		db_text(st, 8, m->detail);
		db_run(db, st);
	}
}

static void
start(struct writer *w, int64_t arrived)
{
	w->arrived_hour = arrived / 3600;
	w->ndirty = 0;
	w->n = (struct written){ 0 };
	/* No object has the number -1. */
	memset(w->bucket_done, 0xff, sizeof(w->bucket_done));
	memset(w->said_done, 0xff, sizeof(w->said_done));
}

/* Numbers known from before a sweep, ours or another instance's, may have gone. */
static void
notice_sweeps(struct writer *w)
{
	sqlite3_stmt *st = db_get(w->db, ST_META_GET);
	int64_t swept = 0;

	db_text(st, 1, SLICE("swept"));
	if (db_step(w->db, st)) {
		swept = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	if (swept != w->swept)
		intern_forget(w->in);
	w->swept = swept;
}

bool
writer_write(struct writer *w, const struct delivery *d, uint32_t *at, int64_t arrived,
    int64_t wall, struct written *out)
{
	struct db *db = w->db;
	uint32_t n = d->events.n - *at;
	sqlite3_stmt *st;

	if (n > WRITE_AT_ONCE)
		n = WRITE_AT_ONCE;
	start(w, arrived);
	if (!db_begin(db))
		return false;
	notice_sweeps(w);
	if (*at == 0) {
		write_mutes(db, d);
		write_seen(w, d, wall);
	}
	if (n > 0)
		write_events(w, d->events.v + *at, n);
	rebuild_sums(w);
	st = db_get(db, ST_META_MAX);
	db_text(st, 1, SLICE("clock"));
	db_int(st, 2, arrived);
	db_run(db, st);
	if (db_failed(db))
		db_rollback(db);
	else
		db_commit(db);
	if (db_failed(db)) {
		intern_forget(w->in);
		return false;
	}
	*at += n;
	*out = w->n;
	return true;
}
