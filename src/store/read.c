/*
 * Questions: the window they ask for, the rows and the ledger they get, in one snapshot of the
 * file. How sums become rows is read_sums.c's.
 */
#include "store/read.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "store/write.h"

#include "base/banned.h"

#define MUTES_MAX 4096

static int64_t
floor_hour(int64_t ns)
{
	return ns / HISTORY_HOUR - (ns % HISTORY_HOUR < 0);
}

static int64_t
back(int64_t now, int64_t span)
{
	return now < INT64_MIN + span ? INT64_MIN : now - span;
}

static void
window_of(const struct history_query *q, struct window *w)
{
	int64_t span = q->span == 0 ? HISTORY_WEEK : q->span;

	w->to = q->now;
	w->from = span < 0 ? INT64_MIN : back(q->now, span);
	w->from_24h = back(q->now, HISTORY_DAY);
	w->edge[0] = floor_hour(w->from);
	w->edge[1] = floor_hour(w->from_24h);
	w->edge[2] = floor_hour(w->to);
	w->muted = q->muted;
}

/* One entry; the profile's texts are filled in after the statement is done. */
static void
take(struct history_ledger *l, struct db *db, sqlite3_stmt *st, struct profiles *profiles,
    struct arena *memory)
{
	const struct profile *p;
	int64_t count = sqlite3_column_int64(st, 3);

	l->hour = sqlite3_column_int64(st, 0) * HISTORY_HOUR;
	l->first = sqlite3_column_int64(st, 1);
	l->last = sqlite3_column_int64(st, 2);
	l->count = count < 0 ? 0 : (uint64_t)count;
	l->score = (double)sqlite3_column_int64(st, 4) / SCORE_UNIT;
	l->muted = sqlite3_column_int64(st, 5) != 0;
	l->message = read_text(db, memory, sqlite3_column_int64(st, 7));
	l->row = read_text(db, memory, sqlite3_column_int64(st, 8));
	p = profiles_get(profiles, db, memory, sqlite3_column_int64(st, 6));
	if (p == NULL)
		return;
	l->search = p->search;
	l->stories = p->stories;
	l->techniques = p->techniques;
	l->tactics = p->tactics;
}

void
read_ledger(
    struct db *db, const struct window *w, int64_t object, uint32_t max, struct history_answer *a)
{
	struct profiles *profiles = profiles_new();
	sqlite3_stmt *hours = db_get(db, ST_HOURS_BACK);

	a->ledger = arena_alloc(&a->memory, max * sizeof(*a->ledger));
	memset(a->ledger, 0, max * sizeof(*a->ledger));
	db_int(hours, 1, object);
	db_int(hours, 2, w->edge[0]);
	db_int(hours, 3, w->edge[2]);
	while (a->nledger < max && db_step(db, hours)) {
		sqlite3_stmt *st = db_get(db, ST_LEDGER);

		db_int(st, 1, sqlite3_column_int64(hours, 0));
		db_int(st, 2, object);
		db_int(st, 3, w->from);
		db_int(st, 4, w->to);
		db_int(st, 5, w->muted);
		db_int(st, 6, max - a->nledger);
		while (a->nledger < max && db_step(db, st))
			take(&a->ledger[a->nledger++], db, st, profiles, &a->memory);
		if (st != NULL)
			sqlite3_reset(st);
	}
	if (hours != NULL)
		sqlite3_reset(hours);
	profiles_free(profiles);
}

/* The first object of that name and, when one is given, type; 0 when there is none. */
static int64_t
find_object(struct db *db, const struct history_query *q)
{
	sqlite3_stmt *st = db_get(db, ST_OBJECT_NAMED);
	int64_t id = 0;

	db_text(st, 1, q->object);
	while (id == 0 && db_step(db, st))
		if (q->object_type.len == 0 || slice_eq(db_column(st, 1), q->object_type))
			id = sqlite3_column_int64(st, 0);
	if (st != NULL)
		sqlite3_reset(st);
	return id;
}

static void
fill(struct db *db, const struct history_query *q, struct history_answer *a)
{
	int64_t object = q->object.len > 0 ? find_object(db, q) : 0;
	uint32_t ledger = q->ledger < HISTORY_ROWS_MAX ? q->ledger : HISTORY_ROWS_MAX;
	struct window w;
	struct sums *s;

	window_of(q, &w);
	if (q->events > 0) {
		read_events(db, &w, q, a);
		return;
	}
	if (db_failed(db) || (q->object.len > 0 && object == 0))
		return;
	s = sums_new(&w);
	sums_walk(s, db, object);
	sums_rows(s, db, q, a);
	sums_free(s);
	if (object == 0 || ledger == 0)
		return;
	a->total_ledger = a->nrows > 0 ? a->row[0].events : 0;
	read_ledger(db, &w, object, ledger, a);
}

static struct history_answer *
new_answer(const struct history_query *q)
{
	struct history_answer *a = xcalloc(1, sizeof(*a));
	struct window w;

	window_of(q, &w);
	a->number = q->number;
	a->from = w.from;
	a->to = w.to;
	return a;
}

struct history_answer *
read_nothing(const struct history_query *q, const char *why)
{
	struct history_answer *a = new_answer(q);

	a->error = arena_copy(&a->memory, slice_of(why[0] == '\0' ? "no history" : why));
	return a;
}

struct history_answer *
read_answer(struct db *db, const struct history_query *q)
{
	struct history_answer *a = new_answer(q);

	if (db_begin_read(db))
		fill(db, q, a);
	if (!db_failed(db))
		db_commit(db);
	if (db_failed(db)) {
		db_rollback(db);
		a->nrows = a->nledger = a->nevents = 0;
		a->next.set = false;
		a->total_rows = a->total_ledger = 0;
		a->error = arena_copy(&a->memory,
		    db->fault == DB_STOPPED ? SLICE("took too long") : slice_of(db->error));
	}
	return a;
}

void
history_answer_free(struct history_answer *a)
{
	if (a == NULL)
		return;
	arena_release(&a->memory);
	free(a);
}

struct history_mutes *
read_mutes(struct db *db)
{
	struct history_mutes *m = xcalloc(1, sizeof(*m));
	sqlite3_stmt *st = db_get(db, ST_MUTE_LIST);
	uint32_t room = 0;

	db_int(st, 1, MUTES_MAX);
	while (db_step(db, st)) {
		struct history_mute *to;
		int64_t state = sqlite3_column_int64(st, 1);

		if (m->n == room) {
			room = room == 0 ? 16 : room * 2;
			m->mute = xreallocarray(m->mute, room, sizeof(*m->mute));
		}
		to = &m->mute[m->n++];
		to->id = (uint64_t)sqlite3_column_int64(st, 0);
		to->state = state >= 0 && state < HISTORY_MUTE_STATES
				? (enum history_mute_state)state
				: HISTORY_MUTE_BROKEN;
		to->created = sqlite3_column_int64(st, 2);
		to->expires = sqlite3_column_int64(st, 3);
		to->expression = arena_copy(&m->memory, db_column(st, 4));
		to->reason = arena_copy(&m->memory, db_column(st, 5));
		to->owner = arena_copy(&m->memory, db_column(st, 6));
		to->detail = arena_copy(&m->memory, db_column(st, 7));
	}
	return m;
}

void
history_mutes_free(struct history_mutes *m)
{
	if (m == NULL)
		return;
	free(m->mute);
	arena_release(&m->memory);
	free(m);
}
