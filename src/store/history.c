/*
 * What callers do: everything here is done under one lock that is never held over a file operation,
 * so nobody waits. The thread that does the rest is worker.c.
 */
#include "store/history.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "store/internal.h"
#include "store/read.h"

#include "base/banned.h"

#define FREE_FLUSH (900 * (NSEC_PER_SEC / 1000))

static const char *const state_names[] = {
	[HISTORY_OFF] = "off",
	[HISTORY_OPENING] = "opening",
	[HISTORY_OK] = "ok",
	[HISTORY_RETRYING] = "retrying",
	[HISTORY_REFUSED] = "refused",
};

static const char *const severity_names[] = {
	[SEVERITY_NONE] = "",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
};

const char *
history_state_name(enum history_state s)
{
	return state_names[s];
}

enum history_severity
history_severity(double score_24h)
{
	if (!(score_24h > 100))
		return SEVERITY_NONE;
	return score_24h >= 500	  ? SEVERITY_CRITICAL
	       : score_24h >= 250 ? SEVERITY_HIGH
				  : SEVERITY_MEDIUM;
}

const char *
history_severity_name(enum history_severity s)
{
	return severity_names[s];
}

static void
cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	if (pthread_condattr_init(&attr) != 0 ||
	    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(c, &attr) != 0)
		fatal("history: no condition variable");
	pthread_condattr_destroy(&attr);
}

static void
defaults(struct history_options *o)
{
	if (o->max_bytes == 0)
		o->max_bytes = (uint64_t)1 << 30;
	if (o->keep <= 0)
		o->keep = 90 * HISTORY_DAY;
	if (o->pending_max == 0)
		o->pending_max = 32768;
	if (o->seen_max == 0)
		o->seen_max = 1u << 20;
	if (o->commit_every <= 0)
		o->commit_every = NSEC_PER_SEC;
	/* The names may take a tenth of the file. */
	if (o->seen_max > o->max_bytes / 1000)
		o->seen_max = (uint32_t)(o->max_bytes / 1000) + 1;
}

/* Signals are for the other threads. */
static void
start_thread(struct history *h)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	h->started = pthread_create(&h->thread, NULL, history_worker, h) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct history *
history_new(const struct history_options *o)
{
	struct history *h = xcalloc(1, sizeof(*h));
	bool off = o->path != NULL && strcmp(o->path, "none") == 0;

	h->o = *o;
	defaults(&h->o);
	if (pthread_mutex_init(&h->lock, NULL) != 0)
		fatal("history: no lock");
	cond_init(&h->work);
	cond_init(&h->done);
	for (unsigned i = 0; i < 2; i++)
		delivery_init(&h->box[i], h->o.pending_max);
	h->filling = &h->box[0];
	seen_init(&h->seen, h->o.seen_max);
	h->retain =
	    (struct retain){ .keep_hours = h->o.keep / HISTORY_HOUR, .max_bytes = h->o.max_bytes };
	h->path = off ? NULL : place_path(o->path, &h->own);
	h->settled = h->path == NULL;
	if (h->path == NULL) {
		snprintf(
		    h->status.error, sizeof(h->status.error), "%s", off ? "" : "no home directory");
		return h;
	}
	h->writer = writer_new(h->o.seen_max);
	snprintf(h->status.path, sizeof(h->status.path), "%s", h->path);
	h->status.state = HISTORY_OPENING;
	start_thread(h);
	if (!h->started) {
		h->status.state = HISTORY_OFF;
		h->settled = true;
		snprintf(h->status.error, sizeof(h->status.error), "no thread for it");
	}
	return h;
}

static struct timespec
at_mono(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}

/* Waits for the thread to end. */
static bool
join_within(struct history *h, int64_t ns)
{
	struct timespec t = at_mono(clock_mono() + ns);
	bool ended;

	pthread_mutex_lock(&h->lock);
	while (!h->ended)
		if (pthread_cond_clockwait(&h->done, &h->lock, CLOCK_MONOTONIC, &t) != 0)
			break;
	ended = h->ended;
	pthread_mutex_unlock(&h->lock);
	return ended && pthread_join(h->thread, NULL) == 0;
}

static void
release(struct history *h)
{
	for (unsigned i = 0; i < HISTORY_ASKS; i++) {
		free(h->ask[i].text);
		history_answer_free(h->answer[i]);
	}
	history_mutes_free(h->mutes);
	for (unsigned i = 0; i < 2; i++)
		delivery_release(&h->box[i]);
	seen_release(&h->seen);
	writer_free(h->writer);
	pthread_cond_destroy(&h->work);
	pthread_cond_destroy(&h->done);
	pthread_mutex_destroy(&h->lock);
	free(h->path);
	free(h);
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	if (h->started) {
		(void)history_flush(h, FREE_FLUSH);
		pthread_mutex_lock(&h->lock);
		h->quit = true;
		pthread_cond_signal(&h->work);
		pthread_mutex_unlock(&h->lock);
		if (!join_within(h, NSEC_PER_SEC / 4)) {
			atomic_store(&h->stop, true);
			/* A disk that does not answer: the process ends without it. */
			if (!join_within(h, NSEC_PER_SEC / 4))
				return;
		}
	}
	release(h);
}

bool
history_flush(struct history *h, int64_t timeout_ns)
{
	struct timespec t = at_mono(clock_mono() + timeout_ns);
	uint64_t mine;
	bool done;

	pthread_mutex_lock(&h->lock);
	mine = ++h->flush_wanted;
	h->flushers++;
	h->hurry = true;
	pthread_cond_signal(&h->work);
	while (h->started && h->flush_done < mine)
		if (pthread_cond_clockwait(&h->done, &h->lock, CLOCK_MONOTONIC, &t) != 0)
			break;
	done = !h->started || h->flush_done >= mine;
	h->flushers--;
	pthread_mutex_unlock(&h->lock);
	return done;
}

enum history_state
history_settle(struct history *h, int64_t timeout_ns)
{
	struct timespec t = at_mono(clock_mono() + timeout_ns);
	enum history_state s;

	pthread_mutex_lock(&h->lock);
	while (!h->settled)
		if (pthread_cond_clockwait(&h->done, &h->lock, CLOCK_MONOTONIC, &t) != 0)
			break;
	s = h->status.state;
	pthread_mutex_unlock(&h->lock);
	return s;
}

void
history_status(struct history *h, struct history_status *out)
{
	pthread_mutex_lock(&h->lock);
	*out = h->status;
	out->pending = history_waiting(h);
	out->seen = h->seen.n;
	pthread_mutex_unlock(&h->lock);
}

/* Nothing is kept, now or later. */
static bool
keeps(const struct history *h)
{
	return h->status.state != HISTORY_OFF && h->status.state != HISTORY_REFUSED;
}

/* Something was put into the empty box, or it has become a good load: the thread should know. Under
 * the lock. */
static void
notify(struct history *h, bool was_empty)
{
	if (was_empty)
		h->filling_since = clock_mono();
	if (was_empty || h->filling->events.n == WAKE_AT)
		pthread_cond_signal(&h->work);
}

bool
history_add(struct history *h, const struct risk_event *e)
{
	enum pending_result r = PENDING_MERGED;
	bool was_empty;

	pthread_mutex_lock(&h->lock);
	if (keeps(h)) {
		was_empty = delivery_empty(h->filling);
		r = pending_add(&h->filling->events, e);
		h->status.given += r != PENDING_NO_ROOM;
		h->status.coalesced += r == PENDING_MERGED;
		h->status.dropped += r == PENDING_NO_ROOM;
		notify(h, was_empty && r == PENDING_ADDED);
	}
	pthread_mutex_unlock(&h->lock);
	return r != PENDING_NO_ROOM;
}

static enum seen_answer
answer_of(const struct history *h, const struct seen_key *k)
{
	if (k != NULL && k->before)
		return SEEN_BEFORE;
	if (k == NULL || !h->seen_ready)
		return SEEN_UNKNOWN;
	return SEEN_NEW;
}

enum seen_answer
history_seen(struct history *h, enum seen_kind kind, const uint64_t hash[2])
{
	enum seen_answer a = SEEN_UNKNOWN;

	pthread_mutex_lock(&h->lock);
	if (keeps(h)) {
		if (seen_find(&h->seen, kind, hash) == NULL) {
			bool was_empty = delivery_empty(h->filling);

			seen_add(&h->seen, kind, hash, false);
			if (!delivery_seen(h->filling, kind, hash))
				h->status.seen_dropped++;
			notify(h, was_empty);
		}
		a = answer_of(h, seen_find(&h->seen, kind, hash));
	}
	pthread_mutex_unlock(&h->lock);
	return a;
}

enum seen_answer
history_seen_peek(struct history *h, enum seen_kind kind, const uint64_t hash[2])
{
	enum seen_answer a;

	pthread_mutex_lock(&h->lock);
	a = answer_of(h, seen_find(&h->seen, kind, hash));
	pthread_mutex_unlock(&h->lock);
	return a;
}

static uint64_t
new_id(void)
{
	uint64_t id = 0;

	while (id == 0) {
		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			id = hash_mix((uint64_t)clock_wall(), hash_seed());
		id &= INT64_MAX;
	}
	return id;
}

uint64_t
history_mute(struct history *h, const struct history_mute *m)
{
	struct history_mute copy = *m;
	bool taken = false;

	if (copy.id == 0)
		copy.id = new_id();
	pthread_mutex_lock(&h->lock);
	if (keeps(h)) {
		bool was_empty = delivery_empty(h->filling);

		taken = delivery_mute(h->filling, &copy);
		notify(h, was_empty);
	}
	pthread_mutex_unlock(&h->lock);
	return taken ? copy.id : 0;
}

struct history_mutes *
history_take_mutes(struct history *h)
{
	struct history_mutes *m;

	pthread_mutex_lock(&h->lock);
	m = h->mutes;
	h->mutes = NULL;
	pthread_mutex_unlock(&h->lock);
	return m;
}

void
history_ask(struct history *h, unsigned place, const struct history_query *q)
{
	struct ask *a = &h->ask[place];
	char *text = xmalloc(q->object.len + q->object_type.len + 1);
	char *old;

	if (q->object.len > 0)
		memcpy(text, q->object.p, q->object.len);
	if (q->object_type.len > 0)
		memcpy(text + q->object.len, q->object_type.p, q->object_type.len);
	pthread_mutex_lock(&h->lock);
	old = a->text;
	a->text = text;
	a->query = *q;
	a->query.object.p = text;
	a->query.object_type.p = text + q->object.len;
	a->waiting = true;
	if (!h->started && h->answer[place] == NULL)
		h->answer[place] = read_nothing(q, h->status.error);
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	free(old);
}

struct history_answer *
history_take(struct history *h, unsigned place)
{
	struct history_answer *a;

	pthread_mutex_lock(&h->lock);
	a = h->answer[place];
	h->answer[place] = NULL;
	pthread_mutex_unlock(&h->lock);
	return a;
}
