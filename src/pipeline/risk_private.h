/*
 * Risk inside the engine: detections run over the model, their risk events go to the book and to
 * the history, and the book is filled from the history. The engine thread's; only risk_wake() and
 * risk_give() are for others. Private to the layer.
 */
#ifndef FALCOTOP_PIPELINE_RISK_PRIVATE_H
#define FALCOTOP_PIPELINE_RISK_PRIVATE_H

#include <pthread.h>

#include "detect/mute_watch.h"
#include "pipeline/engine.h"

#define RISK_HISTORY_PLACE 0 /* of HISTORY_ASKS: filling the book */
#define RISK_EVERY	   NSEC_PER_SEC
/* A bucket for every time there is: rows with one have no counts by minute, which cost. */
#define RISK_ALL_TIME (1000000 * BOOK_HOUR)

/* How far back the book was filled from the history. */
struct risk_load {
	bool asked;	  /* a page is on its way */
	bool any;	  /* from and to say something */
	int64_t from, to; /* read in whole */
	int64_t want_from, want_to;
	struct history_cursor next; /* of the page to come */
	uint64_t number;
	uint32_t room; /* risk events that still may be read of this stretch */
	uint64_t taken;
	bool cut; /* there were more than fit */
};

/* A live query whose new rows are told to the memory of what was seen. */
struct risk_memory {
	struct live *live;
	uint32_t done; /* rows told */
};

struct risk_seen {
	struct risk_memory row, pairs;
};

struct risk_mutes {
	pthread_mutex_t lock;
	struct mutes *list; /* under the lock */
	/* the engine thread's */
	struct mute_watch *watch;
	uint64_t version;    /* of the list */
	char *term;	     /* what screens AND to their filter */
	struct live *hidden; /* what all of them hide; NULL: nothing */
	int64_t next;
};

struct risk {
	struct risk_options o;
	struct model *model;
	struct detect_run *run; /* NULL: no detections */
	struct book *book;
	struct detection_set *set; /* held; of `run` */
	uint64_t *made;		   /* risk events in the book by detection */
	struct risk_load load;
	struct risk_seen seen;
	struct risk_mutes mutes;
	int64_t now;	       /* of the last look, TIME_NONE: none yet */
	int64_t next;	       /* monotonic: when to collect again */
	bool dirty;	       /* events came since everything was collected */
	bool refused;	       /* the history had no room: all is given again */
	uint64_t given, added; /* by the run; of them new in the book */
};

/* Before the threads start: the queries of detections are there for the first line. */
struct risk *risk_new(struct model *m, const struct risk_options *o);
/* With the model still there. */
void risk_free(struct risk *r);
void risk_swap(struct risk *r, struct detection_set *set);
/* Other thresholds and factors. */
void risk_rules(
    struct risk *r, const struct book_options *book, const struct risk_factors *factors);

/* Events were applied. */
static inline void
risk_touch(struct risk *r)
{
	if (r != NULL)
		r->dirty = true;
}

/* When something is to be done without a signal; INT64_MAX: nothing. r may be NULL. */
int64_t risk_due(const struct risk *r);
/*
 * Collects when it is due and takes what the history answered. quiet: nothing came for a while.
 * True when anything a screen shows may have changed.
 */
bool risk_work(struct risk *r, int64_t mono, int64_t now, bool quiet);
/* Everything that the events so far make, in the book and with the history. */
void risk_drain(struct risk *r, int64_t now);

/* --- risk_load.c */
/* Takes a page that came, asks for the next one when something of the days before now is missing.
 * True when the book changed. */
bool risk_load_work(struct risk *r);
bool risk_loading(const struct risk *r);

/* --- risk_seen.c */
void risk_seen_open(struct risk *r);
void risk_seen_close(struct risk *r);
void risk_seen_work(struct risk *r);

/* Where in the rows of a query the fields are that their flags go by; -1: not there. */
struct risk_columns {
	int user, pair[4];
	int row[GROUP_BY_MAX]; /* the view of shells: all there when `whole` */
	unsigned nrow;
	bool whole;
};
void risk_columns(const struct query *q, struct risk_columns *out);
bool risk_row_is_new(
    const struct risk *r, const struct risk_columns *c, const struct snap_row *row);

/* --- risk_mute.c */
/* Takes over the list; NULL: an empty one. */
void risk_mutes_open(struct risk *r, struct mutes *list);
void risk_mutes_close(struct risk *r);
/* True when screens have to leave out something else now. */
bool risk_mutes_work(struct risk *r, int64_t mono);
/* Detections started to run: they learn what is muted. */
void risk_mutes_again(struct risk *r);
/* "" when nothing is muted. r may be NULL. */
const char *risk_mute_term(const struct risk *r);
void risk_mutes_snapshot(struct risk *r, const struct request *q, struct snapshot *s);
/* From any thread. */
bool risk_mute_add(struct risk *r, const char *filter, const char *reason, const char *owner,
    int64_t expires, struct filter_error *err);
bool risk_mute_lift(struct risk *r, uint64_t id);
bool risk_mute_arm(struct risk *r, uint64_t id, int64_t expires);
void risk_mutes_print(struct risk *r, struct buf *out);

/* --- risk_snap.c */
/* What the row of a panel gets: the user's risk, the flag of new things. */
void risk_row(struct risk *r, const struct risk_columns *c, struct snap_row *to);
/* Everything of a snapshot but the panels. r may be NULL. */
void risk_snapshot(struct risk *r, const struct request *q, struct snapshot *s);

/* --- risk.c, for the files above */
/* Risk events with hidden events alone are flagged from now on; all are given again. */
void risk_mute_events(struct risk *r, const char *hidden_term);
/* One more risk event of a search is in the book. */
void risk_count_made(struct risk *r, struct slice search);

#endif
