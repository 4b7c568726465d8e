/*
 * From sums to rows: walks the hours of a window and adds up, an object at a time, scores, spans,
 * trend and the set of profiles; then sorts the objects and spells them out. Hours that are in
 * whole come from the sums kept with the rows, so the cost goes with objects and hours and not with
 * risk events; the two or three that the window cuts come from the rows.
 */
#include "store/read.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "store/write.h"

#include "base/banned.h"

#define SLOT_HOURS 4

struct object {
	int64_t id;
	int64_t score, score_24h, first, last;
	uint64_t events, muted;
	uint32_t profiles;	 /* first link + 1 */
	struct slice name, type; /* when spelled out */
	bool known;
};

/* Which profiles an object has: a set of pairs, linked by object. */
struct link {
	uint32_t object, next; /* + 1 */
	int64_t profile;
};

struct sums {
	struct window w;
	struct object *object;
	uint32_t n, room;
	uint32_t *slot; /* index + 1 of object, by id */
	uint32_t nslots;
	struct link *link;
	uint32_t nlinks, link_room;
	uint32_t *pair; /* index + 1 of link, by (object, profile) */
	uint32_t npairs;
	struct profiles *profiles;
	uint32_t last; /* the object met last */
};

struct sums *
sums_new(const struct window *w)
{
	struct sums *s = xcalloc(1, sizeof(*s));

	s->w = *w;
	s->nslots = s->npairs = 256;
	s->slot = xcalloc(s->nslots, sizeof(*s->slot));
	s->pair = xcalloc(s->npairs, sizeof(*s->pair));
	s->profiles = profiles_new();
	return s;
}

void
sums_free(struct sums *s)
{
	profiles_free(s->profiles);
	free(s->object);
	free(s->slot);
	free(s->link);
	free(s->pair);
	free(s);
}

static uint32_t
object_slot(const struct sums *s, int64_t id)
{
	uint32_t i = (uint32_t)hash_mix((uint64_t)id, 1) & (s->nslots - 1);

	while (s->slot[i] != 0 && s->object[s->slot[i] - 1].id != id)
		i = (i + 1) & (s->nslots - 1);
	return i;
}

static void
grow_objects(struct sums *s)
{
	if (s->n == s->room) {
		s->room = s->room == 0 ? 64 : s->room * 2;
		s->object = xreallocarray(s->object, s->room, sizeof(*s->object));
	}
	if (2 * s->n < s->nslots)
		return;
	free(s->slot);
	s->nslots *= 2;
	s->slot = xcalloc(s->nslots, sizeof(*s->slot));
	for (uint32_t i = 0; i < s->n; i++)
		s->slot[object_slot(s, s->object[i].id)] = i + 1;
}

static uint32_t
object_of(struct sums *s, int64_t id)
{
	uint32_t at;

	if (s->last < s->n && s->object[s->last].id == id)
		return s->last;
	at = s->slot[object_slot(s, id)];
	if (at == 0) {
		grow_objects(s);
		s->object[s->n] =
		    (struct object){ .id = id, .first = INT64_MAX, .last = INT64_MIN };
		at = ++s->n;
		s->slot[object_slot(s, id)] = at;
	}
	return s->last = at - 1;
}

static uint32_t
pair_slot(const struct sums *s, uint32_t object, int64_t profile)
{
	uint32_t i = (uint32_t)hash_mix((uint64_t)profile, object) & (s->npairs - 1);

	while (s->pair[i] != 0) {
		const struct link *l = &s->link[s->pair[i] - 1];

		if (l->object == object && l->profile == profile)
			break;
		i = (i + 1) & (s->npairs - 1);
	}
	return i;
}

static void
add_profile(struct sums *s, uint32_t object, int64_t profile)
{
	if (s->pair[pair_slot(s, object, profile)] != 0)
		return;
	if (2 * s->nlinks >= s->npairs) {
		free(s->pair);
		s->npairs *= 2;
		s->pair = xcalloc(s->npairs, sizeof(*s->pair));
		for (uint32_t i = 0; i < s->nlinks; i++)
			s->pair[pair_slot(s, s->link[i].object, s->link[i].profile)] = i + 1;
	}
	if (s->nlinks == s->link_room) {
		s->link_room = s->link_room == 0 ? 64 : s->link_room * 2;
		s->link = xreallocarray(s->link, s->link_room, sizeof(*s->link));
	}
	s->link[s->nlinks] = (struct link){ object, s->object[object].profiles, profile };
	s->object[object].profiles = ++s->nlinks;
	s->pair[pair_slot(s, object, profile)] = s->nlinks;
}

static void
add_share(struct sums *s, const struct share *h)
{
	uint32_t at = object_of(s, h->object);
	struct object *o = &s->object[at];

	if (h->muted && h->in_span)
		o->muted += (uint64_t)h->events;
	if (h->muted && !s->w.muted)
		return;
	if (h->in_24h)
		o->score_24h += h->score;
	if (!h->in_span)
		return;
	o->events += (uint64_t)h->events;
	o->score += h->score;
	if (h->first < o->first)
		o->first = h->first;
	if (h->last > o->last)
		o->last = h->last;
	add_profile(s, at, h->profile);
}

static void
take(struct share *h, sqlite3_stmt *st)
{
	h->hour = sqlite3_column_int64(st, 0);
	h->object = sqlite3_column_int64(st, 1);
	h->profile = sqlite3_column_int64(st, 2);
	h->events = sqlite3_column_int64(st, 3);
	if (h->events < 0)
		h->events = 0;
	h->score = sqlite3_column_int64(st, 4);
	h->first = sqlite3_column_int64(st, 5);
	h->last = sqlite3_column_int64(st, 6);
	h->muted = sqlite3_column_int64(st, 7) != 0;
}

static void
walk_edge(struct sums *s, struct db *db, int64_t object, int64_t hour)
{
	sqlite3_stmt *st = db_get(db, object != 0 ? ST_EDGE_OF : ST_EDGE);
	struct share h;

	db_int(st, 1, hour);
	if (object != 0)
		db_int(st, 2, object);
	while (db_step(db, st)) {
		take(&h, st);
		h.in_span = h.first > s->w.from && h.first <= s->w.to;
		h.in_24h = h.first > s->w.from_24h && h.first <= s->w.to;
		if (h.in_span || h.in_24h)
			add_share(s, &h);
	}
}

/* Whole hours or days from one number to another: what SUMS, SUMS_OF and SUMS_BY_DAY give. */
static void
walk_sums(struct sums *s, struct db *db, enum statement what, int64_t object, int64_t a, int64_t b)
{
	sqlite3_stmt *st;
	struct share h;

	if (a > b)
		return;
	st = db_get(db, what);
	db_int(st, 1, a);
	db_int(st, 2, b);
	if (object != 0)
		db_int(st, 3, object);
	while (db_step(db, st)) {
		take(&h, st);
		h.in_span = h.hour > s->w.edge[0];
		h.in_24h = h.hour > s->w.edge[1];
		add_share(s, &h);
	}
}

/* Hours a to b, no edge among them; of all objects, the days that are in whole at once. */
static void
walk_between(struct sums *s, struct db *db, int64_t object, int64_t a, int64_t b)
{
	int64_t first_day = day_of(a + 23), last_day = day_of(b + 1) - 1;

	if (object != 0) {
		walk_sums(s, db, ST_SUMS_OF, object, a, b);
	} else if (first_day > last_day) {
		walk_sums(s, db, ST_SUMS, 0, a, b);
	} else {
		walk_sums(s, db, ST_SUMS, 0, a, first_day * 24 - 1);
		walk_sums(s, db, ST_SUMS_BY_DAY, 0, first_day, last_day);
		walk_sums(s, db, ST_SUMS, 0, (last_day + 1) * 24, b);
	}
}

void
sums_walk(struct sums *s, struct db *db, int64_t object)
{
	const struct window *w = &s->w;
	bool day_first = w->edge[1] < w->edge[0];
	int64_t edge[3] = { w->edge[day_first], w->edge[!day_first], w->edge[2] };

	for (unsigned i = 0; i < 3; i++) {
		if (i > 0 && edge[i] <= edge[i - 1])
			continue;
		if (i > 0)
			walk_between(s, db, object, edge[i - 1] + 1, edge[i] - 1);
		walk_edge(s, db, object, edge[i]);
	}
}

static void
spell(struct object *o, struct db *db, struct arena *memory)
{
	sqlite3_stmt *st = db_get(db, ST_OBJECT_GET);

	db_int(st, 1, o->id);
	o->known = db_step(db, st);
	if (!o->known)
		return;
	o->name = arena_copy(memory, db_column(st, 0));
	o->type = arena_copy(memory, db_column(st, 1));
	sqlite3_reset(st);
}

static int
by_score(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	int c;

	if (x->score_24h != y->score_24h)
		return x->score_24h > y->score_24h ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	c = slice_cmp(x->type, y->type);
	return c != 0 ? c : slice_cmp(x->name, y->name);
}

/* The parts of a list in one text. */
static void
split(struct slice text, int by, struct slice **v, size_t *n, size_t *room)
{
	while (text.len > 0) {
		const char *end = by < 0 ? NULL : memchr(text.p, by, text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.p);

		if (*n == *room) {
			*room = *room == 0 ? 64 : *room * 2;
			*v = xreallocarray(*v, *room, sizeof(**v));
		}
		if (len > 0)
			(*v)[(*n)++] = (struct slice){ text.p, len };
		len += end != NULL;
		text.p += len;
		text.len -= len;
	}
}

/* One list of a row: that member of all profiles of the object. by: what separates the parts;
 * negative: the whole is one value. */
static void
list(struct sums *s, struct db *db, const struct object *o, size_t member, int by,
    struct history_values *out, struct arena *memory)
{
	struct slice *v = NULL;
	size_t n = 0, room = 0;

	for (uint32_t at = o->profiles; at != 0; at = s->link[at - 1].next) {
		const struct profile *p =
		    profiles_get(s->profiles, db, memory, s->link[at - 1].profile);
		struct slice text;

		if (p == NULL)
			continue;
		memcpy(&text, (const char *)p + member, sizeof(text));
		split(text, by, &v, &n, &room);
	}
	values_set(out, memory, v, n);
	free(v);
}

/* By whole hours, the one of now included. */
static void
trend(const struct sums *s, struct db *db, const struct object *o, float slot[HISTORY_SLOTS])
{
	sqlite3_stmt *st = db_get(db, ST_TREND);

	db_int(st, 1, o->id);
	db_int(st, 2, s->w.edge[2] - HISTORY_SLOTS * SLOT_HOURS + 1);
	db_int(st, 3, s->w.edge[2]);
	db_int(st, 4, s->w.muted);
	while (db_step(db, st)) {
		int64_t ago = (s->w.edge[2] - sqlite3_column_int64(st, 0)) / SLOT_HOURS;

		if (ago >= 0 && ago < HISTORY_SLOTS)
			slot[HISTORY_SLOTS - 1 - ago] +=
			    (float)((double)sqlite3_column_int64(st, 1) / SCORE_UNIT);
	}
}

static void
fill_row(struct sums *s, struct db *db, const struct object *o, struct history_row *row,
    struct arena *memory)
{
	row->object = o->name;
	row->object_type = o->type;
	row->score_24h = (double)o->score_24h / SCORE_UNIT;
	row->score_span = (double)o->score / SCORE_UNIT;
	row->severity = history_severity(row->score_24h);
	row->events = o->events;
	row->muted = o->muted;
	row->first = o->first;
	row->last = o->last;
	list(s, db, o, offsetof(struct profile, search), -1, &row->searches, memory);
	list(s, db, o, offsetof(struct profile, stories), '\n', &row->stories, memory);
	list(s, db, o, offsetof(struct profile, techniques), ' ', &row->techniques, memory);
	list(s, db, o, offsetof(struct profile, tactics), ' ', &row->tactics, memory);
}

void
sums_rows(struct sums *s, struct db *db, const struct history_query *q, struct history_answer *a)
{
	uint32_t max = q->rows == 0 || q->rows > HISTORY_ROWS_MAX ? HISTORY_ROWS_MAX : q->rows;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n && !db_failed(db); i++) {
		struct object *o = &s->object[i];

		if (o->events == 0)
			continue;
		spell(o, db, &a->memory);
		if (o->known && (q->object_type.len == 0 || slice_eq(q->object_type, o->type)))
			s->object[n++] = *o;
	}
	if (db_failed(db))
		return;
	qsort(s->object, n, sizeof(*s->object), by_score);
	a->total_rows = n;
	a->nrows = n < max ? n : max;
	a->row = arena_alloc(&a->memory, a->nrows * sizeof(*a->row));
	memset(a->row, 0, a->nrows * sizeof(*a->row));
	for (uint32_t i = 0; i < a->nrows; i++) {
		const struct object *o = &s->object[i];

		fill_row(s, db, o, &a->row[i], &a->memory);
		if (i < HISTORY_TRENDS && !q->no_trend)
			trend(s, db, o, a->row[i].trend);
		if (q->messages || q->object.len > 0)
			read_messages(db, &s->w, o->id, o->events, a, &a->row[i].messages);
	}
}
