/*
 * Risk in snapshots: copies out of the book, which changes under its readers, into the snapshot's
 * own memory. What the numbers mean is the book's (detect/book.h).
 */
#include "pipeline/risk_private.h"

#include "event/timestamp.h"
#include "base/banned.h"

static const struct slice user_type = { "user", 4 };

static void
copy_row(struct arena *a, struct book_row *row)
{
	row->object = arena_copy(a, row->object);
	row->type = arena_copy(a, row->type);
}

static void
users(struct risk *r, struct arena *a, struct snap_risk *to)
{
	struct book_row one;
	uint32_t n, total = book_users(r->book, r->now, (struct slice){ NULL, 0 }, &one, 1, &n);
	uint32_t room = total < RISK_USERS_MAX ? total : RISK_USERS_MAX;

	to->user = arena_alloc(a, (room + 1) * sizeof(*to->user));
	to->total =
	    book_users(r->book, r->now, (struct slice){ NULL, 0 }, to->user, room, &to->nusers);
	for (uint32_t i = 0; i < to->nusers; i++)
		copy_row(a, &to->user[i]);
}

static void
copy_entry(struct arena *a, struct book_entry *e)
{
	struct slice *text[] = { &e->search, &e->message, &e->row, &e->stories, &e->techniques,
		&e->tactics };

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		*text[i] = arena_copy(a, *text[i]);
}

static void
values(struct risk *r, struct arena *a, struct slice object, struct slice type,
    enum book_value which, struct snap_values *to)
{
	to->v = arena_alloc(a, RISK_VALUES_MAX * sizeof(*to->v));
	to->total = book_values(
	    r->book, r->now, BOOK_WEEK, object, type, which, to->v, RISK_VALUES_MAX, &to->n);
	for (uint32_t i = 0; i < to->n; i++)
		to->v[i] = arena_copy(a, to->v[i]);
}

static void
object(
    struct risk *r, struct arena *a, struct slice name, struct slice type, struct snap_object *to)
{
	uint32_t n, total;
	struct book_entry one;

	to->found = book_row(r->book, r->now, name, type, &to->row);
	copy_row(a, &to->row);
	book_outlook(r->book, r->now, name, type, &to->outlook);
	total = book_ledger(r->book, r->now, BOOK_WEEK, name, type, &one, 1, &n);
	n = total < RISK_LEDGER_MAX ? total : RISK_LEDGER_MAX;
	to->entry = arena_alloc(a, (n + 1) * sizeof(*to->entry));
	to->total =
	    book_ledger(r->book, r->now, BOOK_WEEK, name, type, to->entry, n, &to->nentries);
	for (uint32_t i = 0; i < to->nentries; i++)
		copy_entry(a, &to->entry[i]);
	to->tactic = arena_alloc(a, BOOK_TACTICS * sizeof(*to->tactic));
	to->ntactics = book_strip(r->book, r->now, BOOK_WEEK, name, type, to->tactic);
	for (unsigned i = 0; i < to->ntactics; i++)
		to->tactic[i].id = arena_copy(a, to->tactic[i].id);
	values(r, a, name, type, BOOK_SEARCH, &to->searches);
	values(r, a, name, type, BOOK_MESSAGE, &to->messages);
	values(r, a, name, type, BOOK_STORY, &to->stories);
	values(r, a, name, type, BOOK_TECHNIQUE, &to->techniques);
	values(r, a, name, type, BOOK_TACTIC, &to->tactics);
}

static void
detections(struct risk *r, struct snapshot *s)
{
	s->ndetections = r->set->n;
	s->detection = arena_alloc(&s->arena, (r->set->n + 1) * sizeof(*s->detection));
	for (unsigned i = 0; i < r->set->n; i++) {
		struct snap_detection *d = &s->detection[i];

		*d =
		    (struct snap_detection){ .detection = r->set->v[i], .risk_events = r->made[i] };
		detect_run_state(r->run, i, &d->state);
		if (d->state.problem != NULL)
			d->state.problem = arena_strdup(&s->arena, d->state.problem);
	}
}

void
risk_row(struct risk *r, const struct risk_columns *c, struct snap_row *to)
{
	struct slice user = { "0", 1 }; /* what a missing user is to a search with fillnull */
	struct book_row row;

	/* An empty name is no risk object. */
	if (r->now != TIME_NONE && c->user >= 0 && to->symbol[c->user] != SYM_EMPTY) {
		if (to->symbol[c->user] >= SYM_FIRST || to->symbol[c->user] == SYM_NA)
			user = to->cell[c->user];
		to->has_risk = true;
		(void)book_row(r->book, r->now, user, user_type, &row);
		to->risk = row.sum24;
		to->risk_severity = row.severity;
	}
	to->is_new = risk_row_is_new(r, c, to);
}

void
risk_snapshot(struct risk *r, const struct request *q, struct snapshot *s)
{
	struct snap_risk *to = &s->risk;

	to->now = TIME_NONE;
	if (r == NULL)
		return;
	to->on = true;
	to->now = r->now;
	to->options = *book_get_options(r->book);
	to->loading = risk_loading(r);
	to->loaded = r->load.taken;
	if (r->o.history != NULL)
		history_status(r->o.history, &to->history);
	book_status(r->book, &to->book);
	to->partial = r->load.cut || to->book.evicted > 0;
	risk_mutes_snapshot(r, q, s);
	if (r->set != NULL)
		s->detections = detection_set_hold(r->set);
	if (q->want_detections && r->set != NULL)
		detections(r, s);
	if (r->now == TIME_NONE)
		return;
	if (q->want_risk)
		users(r, &s->arena, to);
	if (q->risk_object != NULL)
		object(r, &s->arena, slice_of(q->risk_object),
		    q->risk_type[0] != '\0' ? slice_of(q->risk_type) : user_type, &to->object);
}
