/* A snapshot as a whole: sources, totals, and the panels one by one. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "pipeline/state.h"
#include "base/banned.h"

static int64_t
rate_now(struct feed *const *feed, unsigned n)
{
	int64_t newest = TIME_NONE;

	for (unsigned i = 0; i < n; i++) {
		if (feed[i]->live)
			return clock_wall();
		if (feed[i]->newest > newest)
			newest = feed[i]->newest;
	}
	return newest != TIME_NONE ? newest : clock_wall();
}

int64_t
engine_now(struct engine *e)
{
	int64_t now;

	pthread_mutex_lock(&e->pool.lock);
	now = rate_now(e->feed, e->nfeed);
	pthread_mutex_unlock(&e->pool.lock);
	return now;
}

/* With the lock held: state, error and totals belong to the sources' threads. */
static uint64_t
read_of(const struct feed *f)
{
	uint64_t read = f->progress > 0 ? f->progress : f->tally.bytes;

	return read < f->total ? read : f->total;
}

static void
add_source(struct snapshot *s, const struct feed *f, int64_t mono, struct snap_source *to)
{
	bool over = f->state == SOURCE_DONE || f->state == SOURCE_FAILED ||
		    f->state == SOURCE_IDLE || f->state == SOURCE_WAITING;

	to->name = arena_copy(&s->arena, slice_of(f->name));
	to->state = f->state;
	to->error = f->error != NULL ? arena_copy(&s->arena, slice_of(f->error))
				     : (struct slice){ NULL, 0 };
	to->tally = f->tally;
	to->tally.dropped += f->dropped;
	to->tally.possible_loss += f->losses;
	to->total = f->total;
	to->rate = rate_read(&f->rate, mono);
	to->lag = f->lag;
	to->last_arrival = f->last_arrival;
	tally_add(&s->tally, &to->tally);
	if (f->total == 0)
		return;
	s->loading |= !over || f->applied < f->sent;
	s->to_read += f->total;
	s->read += read_of(f);
}

static struct feed **
add_sources(struct engine *e, struct snapshot *s, unsigned *n)
{
	int64_t mono = clock_mono();
	struct feed **copy;

	pthread_mutex_lock(&e->pool.lock);
	*n = e->nfeed;
	copy = arena_alloc(&s->arena, (*n + 1) * sizeof(struct feed *));
	if (*n > 0)
		memcpy(copy, e->feed, *n * sizeof(struct feed *));
	s->source = arena_alloc(&s->arena, (*n + 1) * sizeof(*s->source));
	for (unsigned i = 0; i < *n; i++)
		add_source(s, copy[i], mono, &s->source[i]);
	pthread_mutex_unlock(&e->pool.lock);
	s->nsources = *n;
	s->rate = rate_read(&e->rate, mono);
	return copy;
}

struct snapshot *
engine_snapshot(struct engine *e, struct asker *a)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));
	struct feed **feed;
	unsigned nfeed;

	s->number = a->request.number;
	s->version = e->version;
	model_stats(e->model, &s->stats);
	feed = add_sources(e, s, &nfeed);
	e->snap.out = s;
	e->snap.now = rate_now(feed, nfeed);
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		snap_panel(&e->snap, &a->panel[i], &a->request.panel[i], &s->panel[i]);
	if (a->request.want_bad)
		snap_bad_lines(s, &e->order, feed, nfeed);
	snap_event(&e->snap, a->request.event, &s->event);
	risk_snapshot(e->risk, &a->request, s);
	e->snap.out = NULL;
	return s;
}
