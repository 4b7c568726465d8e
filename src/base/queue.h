/*
 * A bounded queue of pointers between threads (mutex and condition variable; one entry is a batch
 * of hundreds of events).
 */
#ifndef FALCOTOP_BASE_QUEUE_H
#define FALCOTOP_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

struct queue *queue_new(size_t cap);
void queue_free(struct queue *q);
/* Waits for room. False when the queue was closed. */
bool queue_push(struct queue *q, void *item);
/* False at once when full or closed. */
bool queue_try_push(struct queue *q, void *item);
/* Waits for an item; NULL when closed and empty. */
void *queue_pop(struct queue *q);
void *queue_try_pop(struct queue *q);
/* Waits at most timeout_ns. NULL on time-out. */
void *queue_pop_timed(struct queue *q, long timeout_ns);
size_t queue_count(struct queue *q);
/* No more pushes; waiters wake. */
void queue_close(struct queue *q);

#endif
