/*
 * Who holds which batch. Bounded on purpose: when nothing is free, sources wait, and that is the
 * program's back-pressure. Not here: what is in a batch.
 */
#include "pipeline/pool.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

static void
cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

void
pool_init(struct pool *p, unsigned count, size_t size)
{
	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->lock, NULL);
	cond_init(&p->room);
	cond_init(&p->work);
	cond_init(&p->ready);
	p->count = count;
	p->all = xcalloc(count, sizeof(struct batch *));
	p->idle = xcalloc(count, sizeof(struct batch *));
	p->queue = xcalloc(count, sizeof(struct batch *));
	p->done = xcalloc(count, sizeof(struct batch *));
	for (unsigned i = 0; i < count; i++)
		p->idle[p->nidle++] = p->all[i] = batch_new(size);
}

void
pool_release(struct pool *p)
{
	for (unsigned i = 0; i < p->count; i++)
		batch_free(p->all[i]);
	free(p->all);
	free(p->idle);
	free(p->queue);
	free(p->done);
	pthread_cond_destroy(&p->room);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->ready);
	pthread_mutex_destroy(&p->lock);
}

struct timespec
pool_deadline(int64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ns += t.tv_nsec;
	t.tv_sec += (time_t)(ns / NSEC_PER_SEC);
	t.tv_nsec = (long)(ns % NSEC_PER_SEC);
	return t;
}

struct batch *
pool_get(struct pool *p, int64_t timeout_ns)
{
	struct timespec until = { 0 };
	struct batch *b = NULL;

	if (timeout_ns > 0)
		until = pool_deadline(timeout_ns);
	pthread_mutex_lock(&p->lock);
	while (p->nidle == 0 && !p->stopping && timeout_ns != 0) {
		if (timeout_ns < 0) {
			if (p->interrupted)
				break;
			pthread_cond_wait(&p->room, &p->lock);
		} else if (pthread_cond_timedwait(&p->room, &p->lock, &until) != 0)
			break;
	}
	if (p->nidle > 0 && !p->stopping)
		b = p->idle[--p->nidle]; /* the one used last: warm in the cache */
	pthread_mutex_unlock(&p->lock);
	return b;
}

void
pool_put(struct pool *p, struct batch *b)
{
	pthread_mutex_lock(&p->lock);
	b->busy = false;
	p->idle[p->nidle++] = b;
	for (unsigned i = 0; i < p->ncallback; i++)
		p->callback[i].fn(p->callback[i].arg);
	p->ncallback = 0;
	pthread_cond_signal(&p->room);
	pthread_mutex_unlock(&p->lock);
}

void
pool_off_room(struct pool *p, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < p->ncallback; i++)
		if (p->callback[i].fn == fn && p->callback[i].arg == arg)
			p->callback[i--] = p->callback[--p->ncallback];
	pthread_mutex_unlock(&p->lock);
}

/* The same callback waits only once. Room that came back in between is told at once. */
void
pool_on_room(struct pool *p, void (*fn)(void *arg), void *arg)
{
	bool now;

	pthread_mutex_lock(&p->lock);
	now = p->nidle > 0;
	for (unsigned i = 0; !now && i < p->ncallback; i++)
		if (p->callback[i].fn == fn && p->callback[i].arg == arg)
			goto out;
	if (p->ncallback == POOL_CALLBACKS)
		now = true; /* it will ask again */
	else if (!now)
		p->callback[p->ncallback++] = (struct pool_callback){ fn, arg };
out:
	pthread_mutex_unlock(&p->lock);
	if (now)
		fn(arg);
}

void
pool_push(struct pool *p, struct batch *b)
{
	pthread_mutex_lock(&p->lock);
	b->sequence = p->pushed++;
	p->queue[(p->head + p->nqueue++) % p->count] = b;
	pthread_cond_signal(p->inline_decode ? &p->ready : &p->work);
	pthread_mutex_unlock(&p->lock);
}

struct batch *
pool_work_locked(struct pool *p)
{
	struct batch *b;

	if (p->nqueue == 0 || p->held)
		return NULL;
	b = p->queue[p->head];
	p->head = (p->head + 1) % p->count;
	p->nqueue--;
	b->busy = true;
	return b;
}

struct batch *
pool_work(struct pool *p)
{
	struct batch *b = NULL;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping && (b = pool_work_locked(p)) == NULL)
		pthread_cond_wait(&p->work, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return b;
}

void
pool_done(struct pool *p, struct batch *b)
{
	pthread_mutex_lock(&p->lock);
	p->done[b->sequence % p->count] = b;
	if (b->sequence == p->taken)
		pthread_cond_signal(&p->ready);
	pthread_mutex_unlock(&p->lock);
}

struct batch *
pool_next(struct pool *p)
{
	struct batch **slot = &p->done[p->taken % p->count];
	struct batch *b = *slot;

	if (b == NULL)
		return NULL;
	*slot = NULL;
	p->taken++;
	return b;
}

void
pool_stop(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->room);
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->ready);
	pthread_mutex_unlock(&p->lock);
}
