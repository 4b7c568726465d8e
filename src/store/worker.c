/*
 * The history thread: opens, writes what was delivered, answers questions, lets old things go, and
 * when something does not work, keeps what it has and tries again. All waiting for disks and locks
 * of the whole program happens here.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/read.h"

#include "base/banned.h"

#define ANSWER_NS (2 * NSEC_PER_SEC) /* a question may take */
#define RETAIN_NS (NSEC_PER_SEC / 50)
#define SHRINK_NS NSEC_PER_SEC /* at a time, while the file is too large */

static void
wake(struct history *h)
{
	if (h->o.wake != NULL)
		h->o.wake(h->o.wake_arg);
}

void
history_set_state(struct history *h, enum history_state s, const char *error)
{
	bool changed;

	pthread_mutex_lock(&h->lock);
	changed = h->status.state != s || strcmp(h->status.error, error) != 0;
	h->status.state = s;
	snprintf(h->status.error, sizeof(h->status.error), "%s", error);
	h->settled = true;
	if (s == HISTORY_REFUSED) {
		delivery_clear(&h->box[0]);
		delivery_clear(&h->box[1]);
		h->held = NULL;
	}
	pthread_cond_broadcast(&h->done);
	pthread_mutex_unlock(&h->lock);
	if (changed)
		wake(h);
}

int64_t
history_arrived(struct history *h)
{
	return arrival_now(&h->arrival, clock_wall() / NSEC_PER_SEC, clock_mono() / NSEC_PER_SEC);
}

static bool
in_a_hurry(struct history *h)
{
	bool hurry;

	pthread_mutex_lock(&h->lock);
	hurry = h->flushers > 0;
	pthread_mutex_unlock(&h->lock);
	return hurry;
}

static void
wait_before_retry(struct history *h)
{
	h->retry_wait = h->retry_wait == 0 ? RETRY_MIN : h->retry_wait * 2;
	if (h->retry_wait > RETRY_MAX)
		h->retry_wait = RETRY_MAX;
	h->retry_at = clock_mono() + (in_a_hurry(h) ? RETRY_RUSH : h->retry_wait);
}

/* The damaged file out of the way; a new one is made at the next opening. False: it has to stay. */
static bool
set_aside(struct history *h, const char *why)
{
	char name[PATH_MAX + 64];
	bool moved = false;

	if (h->status.moved_aside < ASIDE_MAX)
		moved = place_move_aside(&h->place, clock_wall(), name, sizeof(name));
	if (!moved)
		return false;
	pthread_mutex_lock(&h->lock);
	if (name[0] != '\0') {
		h->status.moved_aside++;
		snprintf(h->status.note, sizeof(h->status.note),
		    "the history was damaged (%.60s), moved to %.150s", why, name);
	}
	pthread_mutex_unlock(&h->lock);
	h->retry_at = 0;
	wake(h);
	return true;
}

void
history_fault(struct history *h)
{
	enum db_fault fault = h->db.fault;
	enum history_state state = HISTORY_RETRYING;
	char why[256];

	snprintf(why, sizeof(why), "%s", h->db.error);
	pthread_mutex_lock(&h->lock);
	h->status.failures++;
	pthread_mutex_unlock(&h->lock);
	db_rollback(&h->db);
	db_clear(&h->db);
	/* What is merely busy or full stays open. */
	if (fault == DB_LOST || fault == DB_DAMAGED || fault == DB_REFUSED || !h->is_open)
		history_close(h);
	if (fault == DB_DAMAGED && set_aside(h, why))
		return;
	if (fault == DB_REFUSED || (fault == DB_DAMAGED && h->status.moved_aside >= ASIDE_MAX))
		state = HISTORY_REFUSED;
	else
		wait_before_retry(h);
	history_set_state(h, state, why);
}

/* Something waits that should be written now. Under the lock. */
static bool
write_due(const struct history *h)
{
	if (delivery_empty(h->filling))
		return false;
	if (h->flush_wanted > h->flush_done || h->filling->events.n >= WAKE_AT)
		return true;
	return clock_mono() >= h->filling_since + h->o.commit_every;
}

static void
committed(struct history *h, const struct written *n, uint32_t done)
{
	struct history_status *s = &h->status;
	uint64_t file, wal;

	place_sizes(&h->place, &file, &wal);
	pthread_mutex_lock(&h->lock);
	s->inserted += n->inserted;
	s->updated += n->updated;
	s->unchanged += n->unchanged;
	s->commits++;
	s->last_commit = clock_wall();
	s->file_bytes = file;
	s->wal_bytes = wal;
	if (h->held->nmutes > 0)
		h->data_version = -1;
	h->held_done = done;
	if (done == h->held->events.n) {
		delivery_clear(h->held);
		h->held = NULL;
	}
	pthread_mutex_unlock(&h->lock);
	h->retry_wait = 0;
	h->retain_more = true;
	history_set_state(h, HISTORY_OK, "");
}

static void
step_retain(struct history *h)
{
	int64_t start = clock_mono();
	int64_t arrived = history_arrived(h);
	uint64_t expired = 0;

	if (!h->is_open || start < h->retry_at)
		return;
	while (h->retain_more) {
		int64_t spent = clock_mono() - start;

		if (spent > (h->retain.shrinking ? SHRINK_NS : RETAIN_NS) || atomic_load(&h->stop))
			break;
		h->retain_more = retain_step(&h->retain, &h->db, arrived, &expired);
	}
	pthread_mutex_lock(&h->lock);
	h->status.expired += expired;
	pthread_mutex_unlock(&h->lock);
	/* Another instance is writing: there is no hurry. */
	if (h->db.fault == DB_BUSY)
		db_clear(&h->db);
	else if (db_failed(&h->db))
		history_fault(h);
}

static bool
can_write(const struct history *h)
{
	return h->is_open && clock_mono() >= h->retry_at;
}

/* now: whatever waits, due or not. */
static void
step_write(struct history *h, bool now)
{
	struct written n;
	uint32_t done;

	pthread_mutex_lock(&h->lock);
	if (h->held == NULL && (write_due(h) || (now && !delivery_empty(h->filling)))) {
		h->held = h->filling;
		h->held_done = 0;
		h->filling = h->filling == &h->box[0] ? &h->box[1] : &h->box[0];
	}
	pthread_mutex_unlock(&h->lock);
	if (h->held == NULL || !can_write(h))
		return;
	if (!place_same(&h->place)) {
		/* Moved or deleted under our feet: what we would write nobody would find. */
		history_close(h);
		h->retry_at = 0;
		return;
	}
	done = h->held_done;
	if (writer_write(h->writer, h->held, &done, history_arrived(h), clock_wall(), &n)) {
		committed(h, &n, done);
		step_retain(h);
	} else {
		history_fault(h);
	}
}

/* What was given before a question is in its answer, when it can be written at all. */
static void
write_before_answer(struct history *h)
{
	unsigned boxes = h->held != NULL ? 2 : 1;

	for (unsigned i = 0; i < boxes; i++) {
		step_write(h, true);
		while (h->held != NULL && can_write(h))
			step_write(h, false);
	}
}

/* A question waiting, taken out of its place: its texts are the caller's to free. */
static bool
take_ask(struct history *h, unsigned place, struct ask *out)
{
	struct ask *a = &h->ask[place];

	pthread_mutex_lock(&h->lock);
	*out = *a;
	if (a->waiting)
		*a = (struct ask){ 0 };
	pthread_mutex_unlock(&h->lock);
	return out->waiting;
}

uint64_t
history_waiting(const struct history *h)
{
	uint64_t n = h->filling->events.n;

	return h->held == NULL ? n : n + h->held->events.n - h->held_done;
}

static void
answer(struct history *h, unsigned place, const struct history_query *q)
{
	struct history_answer *a, *old;

	h->db.deadline = clock_mono() + ANSWER_NS;
	a = h->is_open ? read_answer(&h->db, q) : read_nothing(q, h->status.error);
	h->db.deadline = 0;
	pthread_mutex_lock(&h->lock);
	old = h->answer[place];
	h->answer[place] = a;
	a->uncommitted = history_waiting(h);
	pthread_mutex_unlock(&h->lock);
	history_answer_free(old);
	if (h->db.fault == DB_STOPPED || h->db.fault == DB_BUSY)
		db_clear(&h->db);
	else if (db_failed(&h->db))
		history_fault(h);
}

static void
step_answer(struct history *h)
{
	struct ask ask[HISTORY_ASKS];
	bool any = false;

	for (unsigned i = 0; i < HISTORY_ASKS; i++)
		any = take_ask(h, i, &ask[i]) || any;
	if (!any)
		return;
	write_before_answer(h);
	for (unsigned i = 0; i < HISTORY_ASKS; i++) {
		if (!ask[i].waiting)
			continue;
		answer(h, i, &ask[i].query);
		free(ask[i].text);
	}
	wake(h);
}

/* The mutes anew when any instance has written to the file. */
static void
step_mutes(struct history *h)
{
	struct history_mutes *m, *old;
	sqlite3_stmt *st;
	int64_t version;

	if (!h->is_open || (clock_mono() < h->next_tick && h->data_version >= 0))
		return;
	h->next_tick = clock_mono() + TICK;
	h->retain_more = true;
	st = db_get(&h->db, ST_DATA_VERSION);
	version = db_step(&h->db, st) ? sqlite3_column_int64(st, 0) : 0;
	if (st != NULL)
		sqlite3_reset(st);
	if (version == h->data_version || db_failed(&h->db))
		goto out;
	m = read_mutes(&h->db);
	if (db_failed(&h->db)) {
		history_mutes_free(m);
		goto out;
	}
	h->data_version = version;
	pthread_mutex_lock(&h->lock);
	old = h->mutes;
	h->mutes = m;
	pthread_mutex_unlock(&h->lock);
	history_mutes_free(old);
	wake(h);
out:
	if (db_failed(&h->db))
		history_fault(h);
}

/* All that was given is in the file, or there is no file: those who wait may go. */
static void
step_flush(struct history *h)
{
	uint64_t wanted;
	bool ready;

	pthread_mutex_lock(&h->lock);
	wanted = h->flush_wanted;
	ready = wanted > h->flush_done &&
		(h->status.state == HISTORY_REFUSED ||
		    (h->is_open && h->held == NULL && delivery_empty(h->filling)));
	pthread_mutex_unlock(&h->lock);
	if (!ready)
		return;
	if (h->is_open)
		(void)sqlite3_wal_checkpoint_v2(
		    h->db.sq, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	pthread_mutex_lock(&h->lock);
	h->flush_done = wanted;
	pthread_cond_broadcast(&h->done);
	pthread_mutex_unlock(&h->lock);
}

/* When the thread must look again by itself; under the lock. */
static int64_t
next_look(const struct history *h, int64_t now)
{
	bool waiting = false;

	for (unsigned i = 0; i < HISTORY_ASKS; i++)
		waiting = waiting || h->ask[i].waiting;
	if (waiting && !h->is_open)
		return now;
	if (h->status.state == HISTORY_REFUSED)
		return INT64_MAX;
	if (!h->is_open || h->held != NULL)
		return h->retry_at;
	if (waiting || h->retain_more || write_due(h))
		return now > h->retry_at ? now : h->retry_at;
	if (!delivery_empty(h->filling) && h->filling_since + h->o.commit_every < h->next_tick)
		return h->filling_since + h->o.commit_every;
	return h->next_tick;
}

static void
wait_for_work(struct history *h)
{
	int64_t now, until;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		struct timespec t;

		now = clock_mono();
		if (h->hurry) {
			h->hurry = false;
			h->retry_at = 0;
			break;
		}
		until = next_look(h, now);
		if (h->quit || until <= now)
			break;
		if (until == INT64_MAX) {
			pthread_cond_wait(&h->work, &h->lock);
			continue;
		}
		t.tv_sec = until / NSEC_PER_SEC;
		t.tv_nsec = until % NSEC_PER_SEC;
		pthread_cond_timedwait(&h->work, &h->lock, &t);
	}
	pthread_mutex_unlock(&h->lock);
}

static bool
quitting(struct history *h)
{
	bool quit;

	pthread_mutex_lock(&h->lock);
	quit = h->quit;
	pthread_mutex_unlock(&h->lock);
	return quit;
}

void *
history_worker(void *arg)
{
	struct history *h = arg;

	while (!quitting(h)) {
		bool refused = h->status.state == HISTORY_REFUSED;

		if (!h->is_open && !refused && clock_mono() >= h->retry_at)
			history_try_open(h);
		step_write(h, false);
		step_answer(h);
		step_mutes(h);
		step_retain(h);
		step_flush(h);
		wait_for_work(h);
	}
	history_close(h);
	pthread_mutex_lock(&h->lock);
	h->ended = true;
	pthread_cond_broadcast(&h->done);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}
