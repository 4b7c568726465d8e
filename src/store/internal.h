/*
 * The history as its own files see it: history.c what callers do under the lock, worker.c the
 * thread, opening.c getting hold of the file. Private to store/.
 */
#ifndef FALCOTOP_STORE_INTERNAL_H
#define FALCOTOP_STORE_INTERNAL_H

#include "store/arrival.h"
#include "store/history.h"
#include "store/place.h"
#include "store/retain.h"
#include "store/seen.h"
#include "store/write.h"

#include <pthread.h>

#define WAKE_AT	   WRITE_AT_ONCE      /* risk events waiting that are written at once */
#define BUSY_MS	   250		      /* waited for another instance's lock, by the thread */
#define RETRY_MIN  (NSEC_PER_SEC / 5) /* after the first failure; doubled up to */
#define RETRY_MAX  (5 * NSEC_PER_SEC)
#define RETRY_RUSH (NSEC_PER_SEC / 20) /* while somebody waits for a flush */
#define TICK	   (2 * NSEC_PER_SEC)  /* a look for what other instances did to the mutes */
#define ASIDE_MAX  3		       /* damaged files moved aside in a run; then it is given up */

struct ask {
	bool waiting;
	struct history_query query; /* its texts are in `text` */
	char *text;
};

struct history {
	struct history_options o; /* defaults filled in; path is `path` */
	char *path;
	bool own; /* the directory is ours to make */
	bool started;
	pthread_t thread;

	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t work; /* to the thread */
	pthread_cond_t done; /* to who waits in history_flush(), history_settle(), history_free() */
	bool quit, settled, hurry;
	bool ended; /* the thread has nothing more to do */
	struct delivery box[2];
	struct delivery *filling;
	struct delivery *held; /* with the thread until all of it is committed */
	uint32_t held_done;    /* risk events of it that are */
	int64_t filling_since; /* monotonic */
	struct seen seen;
	bool seen_ready;
	struct ask ask[HISTORY_ASKS];
	struct history_answer *answer[HISTORY_ASKS];
	struct history_mutes *mutes;
	struct history_status status;
	uint64_t flush_wanted, flush_done;
	unsigned flushers; /* that wait now */

	/* the thread's */
	atomic_bool stop; /* set by others: give up whatever runs */
	struct db db;
	bool is_open;
	struct place place;
	struct writer *writer;
	struct retain retain;
	struct arrival arrival;
	int64_t retry_at, retry_wait, next_tick;
	int64_t data_version; /* of the mutes read last; -1: read them */
	bool retain_more;
};

/* --- worker.c --- */

void *history_worker(void *arg);
void history_set_state(struct history *h, enum history_state s, const char *error);
/* A statement failed: closes, sets aside, waits, or gives up, as the fault wants. Clears it. */
void history_fault(struct history *h);
/* Risk events not written yet; under the lock. */
uint64_t history_waiting(const struct history *h);
int64_t history_arrived(struct history *h);

/* --- opening.c --- */

void history_try_open(struct history *h);
void history_close(struct history *h);

#endif
