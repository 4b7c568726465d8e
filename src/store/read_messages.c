/*
 * What was said of an object in a window: its distinct messages. Two ways, the cheaper is taken:
 * through the rows of its hours, or, when they are many, from message to message in risk_said with
 * one look each whether it fell into the window.
 */
#include "store/read.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define ROWS_WORTH_WALKING 1000

struct ids {
	int64_t *v;
	size_t n, room;
};

static void
ids_add(struct ids *l, int64_t id)
{
	if (l->n > 0 && l->v[l->n - 1] == id)
		return;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->v = xreallocarray(l->v, l->room, sizeof(*l->v));
	}
	l->v[l->n++] = id;
}

static void
add_hour(struct ids *l, struct db *db, const struct window *w, int64_t object, int64_t hour)
{
	sqlite3_stmt *st = db_get(db, ST_SAID_ROWS);

	db_int(st, 1, hour);
	db_int(st, 2, object);
	db_int(st, 3, w->from);
	db_int(st, 4, w->to);
	db_int(st, 5, w->muted);
	while (db_step(db, st))
		ids_add(l, sqlite3_column_int64(st, 0));
}

static void
by_rows(struct ids *l, struct db *db, const struct window *w, int64_t object)
{
	sqlite3_stmt *st = db_get(db, ST_HOURS_BACK);

	db_int(st, 1, object);
	db_int(st, 2, w->edge[0]);
	db_int(st, 3, w->edge[2]);
	while (db_step(db, st))
		add_hour(l, db, w, object, sqlite3_column_int64(st, 0));
}

static bool
within(struct db *db, const struct window *w, int64_t object, int64_t message)
{
	sqlite3_stmt *st = db_get(db, ST_SAID_WITHIN);
	bool is;

	db_int(st, 1, object);
	db_int(st, 2, message);
	db_int(st, 3, w->edge[0]);
	db_int(st, 4, w->edge[2]);
	db_int(st, 5, w->muted);
	is = db_step(db, st);
	if (is)
		sqlite3_reset(st);
	return is;
}

static void
by_message(struct ids *l, struct db *db, const struct window *w, int64_t object)
{
	int64_t message = INT64_MIN;

	for (;;) {
		sqlite3_stmt *st = db_get(db, ST_SAID_NEXT);

		db_int(st, 1, object);
		db_int(st, 2, message);
		if (!db_step(db, st))
			break;
		message = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
		if (within(db, w, object, message))
			ids_add(l, message);
	}
	add_hour(l, db, w, object, w->edge[0]);
	if (w->edge[2] != w->edge[0])
		add_hour(l, db, w, object, w->edge[2]);
}

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
read_messages(struct db *db, const struct window *w, int64_t object, uint64_t events,
    struct history_answer *a, struct history_values *out)
{
	struct ids l = { 0 };
	struct slice *text;
	size_t n = 0;

	if (events <= ROWS_WORTH_WALKING)
		by_rows(&l, db, w, object);
	else
		by_message(&l, db, w, object);
	if (l.n == 0 || db_failed(db))
		goto out;
	qsort(l.v, l.n, sizeof(*l.v), by_number);
	text = xreallocarray(NULL, l.n, sizeof(*text));
	for (size_t i = 0; i < l.n; i++)
		if (i == 0 || l.v[i] != l.v[i - 1])
			text[n++] = read_text(db, &a->memory, l.v[i]);
	values_set(out, &a->memory, text, n);
	free(text);
out:
	free(l.v);
}
