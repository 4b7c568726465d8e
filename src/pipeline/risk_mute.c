/*
 * Mutes in the engine: the list is shared with who changes it, under a lock of its own; the engine
 * thread counts what they hide, lets them break or expire, and has the terms that screens leave
 * out. Keeping the list on disk is the owner's, who is told of every change.
 */
#include "pipeline/risk_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define STEP_EVERY (NSEC_PER_SEC / 4)

void
risk_mutes_open(struct risk *r, struct mutes *list)
{
	struct risk_mutes *m = &r->mutes;

	(void)pthread_mutex_init(&m->lock, NULL);
	m->list = list != NULL ? list : mutes_new();
	m->watch = mute_watch_new(r->model);
	m->term = xstrdup("");
	m->version = UINT64_MAX;
}

void
risk_mutes_close(struct risk *r)
{
	struct risk_mutes *m = &r->mutes;

	live_close(r->model, m->hidden);
	mute_watch_free(m->watch);
	mutes_free(m->list);
	free(m->term);
	(void)pthread_mutex_destroy(&m->lock);
}

static void
changed(struct risk *r)
{
	if (r->o.mutes_changed != NULL)
		r->o.mutes_changed(r->o.mutes_arg);
}

/* --- for other threads ----------------------------------------------------------------------- */

bool
risk_mute_add(struct risk *r, const char *filter, const char *reason, const char *owner,
    int64_t expires, struct filter_error *err)
{
	uint64_t id;

	(void)pthread_mutex_lock(&r->mutes.lock);
	id = mutes_add(r->mutes.list, filter, reason, owner, clock_wall(), expires, NULL, err);
	(void)pthread_mutex_unlock(&r->mutes.lock);
	if (id != 0)
		changed(r);
	return id != 0;
}

bool
risk_mute_lift(struct risk *r, uint64_t id)
{
	bool ok;

	(void)pthread_mutex_lock(&r->mutes.lock);
	ok = mutes_lift(r->mutes.list, id);
	(void)pthread_mutex_unlock(&r->mutes.lock);
	if (ok)
		changed(r);
	return ok;
}

bool
risk_mute_arm(struct risk *r, uint64_t id, int64_t expires)
{
	bool ok;

	(void)pthread_mutex_lock(&r->mutes.lock);
	ok = mutes_arm(r->mutes.list, id, clock_wall(), expires, NULL);
	(void)pthread_mutex_unlock(&r->mutes.lock);
	if (ok)
		changed(r);
	return ok;
}

void
risk_mutes_print(struct risk *r, struct buf *out)
{
	(void)pthread_mutex_lock(&r->mutes.lock);
	mutes_print(r->mutes.list, out);
	(void)pthread_mutex_unlock(&r->mutes.lock);
}

/* --- the engine thread ----------------------------------------------------------------------- */

static struct live *
open_hidden(struct risk *r, const char *filter)
{
	struct filter_error err;
	struct live *l;
	struct query q;

	if (filter[0] == '\0')
		return NULL;
	query_init(&q);
	q.filter = xstrdup(filter);
	q.bucket = RISK_ALL_TIME;
	l = live_open(r->model, &q, &err);
	query_release(&q);
	return l;
}

bool
risk_mutes_work(struct risk *r, int64_t mono)
{
	struct risk_mutes *m = &r->mutes;
	bool kept = true, other = false;
	struct live *old = m->hidden;

	(void)pthread_mutex_lock(&m->lock);
	if (mono >= m->next || mutes_version(m->list) != m->version) {
		kept = !mute_watch_step(m->watch, m->list, clock_wall(), r->now);
		m->next = mono + STEP_EVERY;
	}
	if (mutes_version(m->list) != m->version) {
		m->version = mutes_version(m->list);
		other = strcmp(m->term, mutes_term(m->list)) != 0;
	}
	if (other) {
		free(m->term);
		m->term = xstrdup(mutes_term(m->list));
		m->hidden = open_hidden(r, mutes_hidden_term(m->list));
		risk_mute_events(r, mutes_hidden_term(m->list));
		live_close(r->model, old);
	}
	(void)pthread_mutex_unlock(&m->lock);
	if (!kept)
		changed(r);
	return other;
}

void
risk_mutes_again(struct risk *r)
{
	(void)pthread_mutex_lock(&r->mutes.lock);
	risk_mute_events(r, mutes_hidden_term(r->mutes.list));
	(void)pthread_mutex_unlock(&r->mutes.lock);
}

const char *
risk_mute_term(const struct risk *r)
{
	return r == NULL ? "" : r->mutes.term;
}

static char *
copy(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_strdup(a, s);
}

static void
copy_mute(struct risk *r, const struct mute *from, struct arena *a, struct snap_mute *to)
{
	*to = (struct snap_mute){ .mute = *from };
	to->mute.filter = copy(a, from->filter);
	to->mute.reason = copy(a, from->reason);
	to->mute.owner = copy(a, from->owner);
	to->mute.why = copy(a, from->why);
	for (unsigned i = 0; i < MUTE_PARENTS_MAX; i++)
		to->mute.base.parent[i] = NULL;
	(void)mute_watch_sight(r->mutes.watch, from->id, r->now, &to->sight);
	for (unsigned i = 0; i < MUTE_PARENTS_MAX; i++)
		to->sight.parent[i] = (struct slice){ NULL, 0 };
	to->problem = copy(a, mute_watch_problem(r->mutes.watch, from->id));
}

void
risk_mutes_snapshot(struct risk *r, const struct request *q, struct snapshot *s)
{
	struct risk_mutes *m = &r->mutes;
	unsigned n;

	if (m->hidden != NULL)
		s->muted = live_matched(m->hidden);
	(void)pthread_mutex_lock(&m->lock);
	n = mutes_count(m->list);
	for (unsigned i = 0; i < n; i++)
		s->nmutes += mutes_get(m->list, i)->is == MUTE_IS_ON;
	if (q->want_mutes && n > 0) {
		s->nmute = n;
		s->mute = arena_alloc(&s->arena, n * sizeof(*s->mute));
		for (unsigned i = 0; i < n; i++)
			copy_mute(r, mutes_get(m->list, i), &s->arena, &s->mute[i]);
	}
	(void)pthread_mutex_unlock(&m->lock);
}
