/* The engine's insides, shared by engine.c (its thread), inlet.c (what other threads call) and
 * snapshot.c. */
#ifndef FALCOTOP_PIPELINE_STATE_H
#define FALCOTOP_PIPELINE_STATE_H

#include "pipeline/pool.h"
#include "pipeline/risk_private.h"
#include "pipeline/snap.h"
#include "pipeline/worker.h"

/* One that waits in engine_answer(), on the waiter's stack. */
struct answer {
	const struct request *request;
	uint64_t target; /* batches below this number are to be applied first */
	struct asker asker;
	struct snapshot *result;
	bool done;
	struct answer *next;
};

struct engine {
	struct engine_options o;
	struct pool pool; /* its lock guards everything down to the next mark */
	struct feed **feed;
	unsigned nfeed, feed_cap;
	uint64_t touched;	/* changes of the feeds from outside */
	struct request *wanted; /* the newest request, not yet looked at */
	bool asked;		/* a request came */
	struct snapshot *out;	/* not yet taken */
	struct answer *inbox;
	struct detection_set *reload; /* held: takes the place of what runs */
	bool risk_news;		      /* an answer of the history, a mute */
	bool rules_news;	      /* other thresholds and factors: */
	struct book_options book;
	const struct risk_factors *factors;
	pthread_cond_t answered;

	/* set before the threads start */
	struct rawstore *raw;
	pthread_t thread;
	struct worker **worker; /* at least one: number 0 decodes on the engine thread when there
				   are no others */
	pthread_t *worker_thread;
	struct decode_thread *decode_thread;

	/* the engine thread's */
	struct model *model;
	struct risk *risk; /* NULL: no detections */
	struct asker ui;
	struct answer *answers;
	struct order order;
	struct snap snap;
	struct rate rate;
	uint64_t schema_version; /* of the view that idle batches carry */
	uint64_t seen_touched;
	uint64_t version, built;       /* of the data, and of the last snapshot */
	bool urgent;		       /* a new request waits for its first snapshot */
	bool scanning;		       /* some query or search is not complete */
	int64_t next_build, next_tick; /* monotonic */
	int64_t changed_at;	       /* when a batch was applied last, monotonic */
};

void *engine_main(void *e);
/* What rates and windows are counted back from: the wall clock when events come as they happen;
 * the newest event when old ones are replayed, so that a report on a recording says the same on
 * every day. */
int64_t engine_now(struct engine *e);
/* The answer to what `a` asks, from what is there now. */
struct snapshot *engine_snapshot(struct engine *e, struct asker *a);

#endif
