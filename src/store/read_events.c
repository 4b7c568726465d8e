/*
 * Risk events themselves, a page at a time, newest hour first in the order of their table: what a
 * book in memory is filled from. Sums and ledgers are not made from them here.
 */
#include "store/read.h"

#include "store/write.h"

#include "base/banned.h"

#define OBJECTS_NEAR 256

/* Names of the objects met last: a page holds few of them again and again. */
struct near {
	int64_t id;
	struct slice name, type;
};

static const struct near *
object_of(struct near *near, struct db *db, struct arena *memory, int64_t id)
{
	struct near *o = &near[(uint64_t)id % OBJECTS_NEAR];
	sqlite3_stmt *st;

	if (o->id == id && o->name.p != NULL)
		return o;
	st = db_get(db, ST_OBJECT_GET);
	db_int(st, 1, id);
	*o = (struct near){ .id = id };
	if (db_step(db, st)) {
		o->name = arena_copy(memory, db_column(st, 0));
		o->type = arena_copy(memory, db_column(st, 1));
	}
	if (st != NULL)
		sqlite3_reset(st);
	return o;
}

/* The columns that stand in the row itself. */
static void
take_row(struct risk_event *e, struct history_cursor *at, sqlite3_stmt *st)
{
	int64_t count = sqlite3_column_int64(st, 5);
	struct slice id = db_column(st, 2);

	*e = (struct risk_event){ .hour = sqlite3_column_int64(st, 0) * HISTORY_HOUR };
	if (id.len == sizeof(e->id))
		memcpy(e->id, id.p, sizeof(e->id));
	*at = (struct history_cursor){ .hour = sqlite3_column_int64(st, 0),
		.object = sqlite3_column_int64(st, 1),
		.id = { e->id[0], e->id[1] },
		.set = true };
	e->first = sqlite3_column_int64(st, 3);
	e->last = sqlite3_column_int64(st, 4);
	e->count = count < 0 ? 0 : (uint64_t)count;
	e->score = (double)sqlite3_column_int64(st, 6) / SCORE_UNIT;
	e->muted = sqlite3_column_int64(st, 7) != 0;
}

static void
take_texts(struct risk_event *e, const struct history_cursor *at, sqlite3_stmt *st, struct db *db,
    struct near *near, struct profiles *profiles, struct arena *memory)
{
	const struct near *o = object_of(near, db, memory, at->object);
	const struct profile *p = profiles_get(profiles, db, memory, sqlite3_column_int64(st, 8));

	e->message = read_text(db, memory, sqlite3_column_int64(st, 9));
	e->row = read_text(db, memory, sqlite3_column_int64(st, 10));
	e->object = o->name;
	e->object_type = o->type;
	if (p == NULL)
		return;
	e->search = p->search;
	e->stories = p->stories;
	e->techniques = p->techniques;
	e->tactics = p->tactics;
}

void
read_events(
    struct db *db, const struct window *w, const struct history_query *q, struct history_answer *a)
{
	uint32_t max = q->events < HISTORY_ROWS_MAX ? q->events : HISTORY_ROWS_MAX;
	const struct history_cursor *after = &q->after;
	struct near near[OBJECTS_NEAR] = { 0 };
	struct profiles *profiles = profiles_new();
	sqlite3_stmt *st = db_get(db, ST_EVENTS_BACK);

	a->event = arena_alloc(&a->memory, max * sizeof(*a->event));
	db_int(st, 1, after->set ? after->hour : w->edge[2] + 1);
	db_int(st, 2, after->set ? after->object : INT64_MIN);
	db_blob(st, 3, after->id, after->set ? sizeof(after->id) : 0);
	db_int(st, 4, w->edge[0]);
	db_int(st, 5, max);
	while (a->nevents < max && db_step(db, st)) {
		struct risk_event *e = &a->event[a->nevents++];

		take_row(e, &a->next, st);
		take_texts(e, &a->next, st, db, near, profiles, &a->memory);
	}
	if (a->nevents < max)
		a->next.set = false;
	if (st != NULL)
		sqlite3_reset(st);
	profiles_free(profiles);
}
