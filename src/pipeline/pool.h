/*
 * The batches of an engine and whose turn each is: free -> filled by a source -> queued for a
 * worker -> decoded -> applied in order -> free. One mutex for a few pointer moves a batch (a batch
 * is hundreds of events); it also guards what the engine shares with the threads outside
 * (engine.c).
 */
#ifndef FALCOTOP_PIPELINE_POOL_H
#define FALCOTOP_PIPELINE_POOL_H

#include <pthread.h>

#include "pipeline/batch.h"

#define POOL_CALLBACKS 16

struct pool_callback {
	void (*fn)(void *arg);
	void *arg;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t room;  /* a batch is free */
	pthread_cond_t work;  /* a batch waits for a worker */
	pthread_cond_t ready; /* the engine thread has something to do */
	bool stopping;
	bool interrupted;   /* sources do not wait for room */
	bool held;	    /* workers wait: the queries are being compiled */
	bool inline_decode; /* no workers: the engine thread takes what is queued */
	unsigned count;	    /* of batches; every array below has as many places */
	struct batch **all;
	struct batch **idle;
	unsigned nidle;
	struct batch **queue; /* ring */
	unsigned head, nqueue;
	struct batch **done; /* by sequence modulo count: never more than count are on their way */
	uint64_t pushed;     /* the next sequence number */
	uint64_t taken;	     /* the next one to apply */
	struct pool_callback callback[POOL_CALLBACKS]; /* called once when there is room again */
	unsigned ncallback;
};

void pool_init(struct pool *p, unsigned count, size_t size);
/* All threads that use it have ended. */
void pool_release(struct pool *p);

/* A free batch. timeout_ns: 0 does not wait, < 0 waits for ever (until interrupted or stopped),
 * else so long. */
struct batch *pool_get(struct pool *p, int64_t timeout_ns);
/* Cleared by the caller. */
void pool_put(struct pool *p, struct batch *b);
/* fn is called with the lock held. */
void pool_on_room(struct pool *p, void (*fn)(void *arg), void *arg);
void pool_off_room(struct pool *p, void (*fn)(void *arg), void *arg);
/* Numbers it and queues it for decoding. */
void pool_push(struct pool *p, struct batch *b);
/* For workers: the next one to decode; NULL when stopping. */
struct batch *pool_work(struct pool *p);
/* Decoded. */
void pool_done(struct pool *p, struct batch *b);

/* For the engine thread, with the lock held: the next in order when it is decoded, else NULL. */
struct batch *pool_next(struct pool *p);
/* The same for decoding on the engine thread: the next in the queue, else NULL. */
struct batch *pool_work_locked(struct pool *p);
/* Wakes everybody for good. */
void pool_stop(struct pool *p);

/* now + ns as pthread_cond_timedwait() wants it; the conditions here run on the monotonic clock. */
struct timespec pool_deadline(int64_t ns);

#endif
