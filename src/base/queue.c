/*
 * The bounded queue: a ring under one mutex. An entry stands for hundreds of events, so the lock is
 * not on the hot path. Not for single events.
 */
#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "base/banned.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_full;
	pthread_cond_t not_empty;
	size_t cap, head, count;
	bool closed;
	void *ring[];
};

struct queue *
queue_new(size_t cap)
{
	struct queue *q;
	pthread_condattr_t attr;

	if (cap == 0)
		cap = 1;
	if (cap > SIZE_MAX / sizeof(void *) / 2)
		fatal("queue too long");
	q = xcalloc(1, sizeof(*q) + cap * sizeof(q->ring[0]));
	q->cap = cap;
	if (pthread_condattr_init(&attr) != 0)
		fatal("queue: no condition attribute");
	/* Time-outs do not move with the wall clock. */
	if (pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_mutex_init(&q->lock, NULL) != 0 ||
	    pthread_cond_init(&q->not_full, &attr) != 0 ||
	    pthread_cond_init(&q->not_empty, &attr) != 0)
		fatal("queue: no lock");
	pthread_condattr_destroy(&attr);
	return q;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	pthread_cond_destroy(&q->not_empty);
	pthread_cond_destroy(&q->not_full);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void
put(struct queue *q, void *item)
{
	q->ring[(q->head + q->count) % q->cap] = item;
	q->count++;
	pthread_cond_signal(&q->not_empty);
}

static void *
take(struct queue *q)
{
	void *item;

	if (q->count == 0)
		return NULL;
	item = q->ring[q->head];
	q->head = (q->head + 1) % q->cap;
	q->count--;
	pthread_cond_signal(&q->not_full);
	return item;
}

bool
queue_push(struct queue *q, void *item)
{
	bool ok;

	pthread_mutex_lock(&q->lock);
	while (q->count == q->cap && !q->closed)
		pthread_cond_wait(&q->not_full, &q->lock);
	ok = !q->closed;
	if (ok)
		put(q, item);
	pthread_mutex_unlock(&q->lock);
	return ok;
}

bool
queue_try_push(struct queue *q, void *item)
{
	bool ok;

	pthread_mutex_lock(&q->lock);
	ok = !q->closed && q->count < q->cap;
	if (ok)
		put(q, item);
	pthread_mutex_unlock(&q->lock);
	return ok;
}

void *
queue_pop(struct queue *q)
{
	void *item;

	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed)
		pthread_cond_wait(&q->not_empty, &q->lock);
	item = take(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

void *
queue_try_pop(struct queue *q)
{
	void *item;

	pthread_mutex_lock(&q->lock);
	item = take(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

void *
queue_pop_timed(struct queue *q, long timeout_ns)
{
	int64_t until = clock_mono() + (timeout_ns > 0 ? timeout_ns : 0);
	struct timespec ts = { .tv_sec = (time_t)(until / NSEC_PER_SEC),
		.tv_nsec = (long)(until % NSEC_PER_SEC) };
	void *item;

	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed)
		if (pthread_cond_timedwait(&q->not_empty, &q->lock, &ts) == ETIMEDOUT)
			break;
	item = take(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

size_t
queue_count(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->count;
	pthread_mutex_unlock(&q->lock);
	return n;
}

void
queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->not_full);
	pthread_cond_broadcast(&q->not_empty);
	pthread_mutex_unlock(&q->lock);
}
