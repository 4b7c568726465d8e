/*
 * What the engine is told of detections and what its snapshots say about them: the risk of users,
 * the ledger of one, the state of every detection, mutes. The risk book is read in a snapshot as it
 * stood at one moment; `now` is the wall clock when events come as they happen, else the time of
 * the newest event.
 */
#ifndef FALCOTOP_PIPELINE_RISK_H
#define FALCOTOP_PIPELINE_RISK_H

#include "detect/book.h"
#include "detect/mute.h"
#include "detect/run.h"
#include "store/history.h"

#define RISK_USERS_MAX	10000
#define RISK_LEDGER_MAX 10000
#define RISK_VALUES_MAX 1000 /* listed of one column; `total` counts all */

/* In engine_options. All of it may be absent; what is borrowed outlives the engine. */
struct risk_options {
	struct detection_set *detections; /* the engine takes a hold of its own */
	struct history *history; /* borrowed; its `wake` should call engine_history_wake() */
	const struct book_options *book;	/* copied; NULL: the default */
	const struct risk_factors *factors;	/* borrowed */
	const struct detect_run_options *local; /* copied; called on the engine thread */
	/* Taken over; NULL: none yet. */
	struct mutes *mutes;
	/* They are other ones now, and engine_mutes_print() says which: from any thread. */
	void (*mutes_changed)(void *arg);
	void *mutes_arg;
	bool fill;	/* the book starts with the last 7 days of the history */
	bool keep_seen; /* remember in the history what was met, for the flag of new things */
};

/* Distinct values, sorted bytewise. */
struct snap_values {
	uint32_t n, total;
	struct slice *v;
};

/* One risk object: the user page and the page of risk. */
struct snap_object {
	bool found; /* something of it lies in the 7 days; else row has its names and zeros */
	struct book_row row;
	struct book_outlook outlook;
	/* its risk events of 7 days, in order of time: the newest ones of `total` */
	uint32_t total, nentries;
	struct book_entry *entry;
	unsigned ntactics; /* the attack strip */
	struct book_tactic *tactic;
	/* Splunk's 7-day drilldown: values of each column over the same risk events */
	struct snap_values searches, messages, stories, techniques, tactics;
};

struct snap_risk {
	bool on;     /* the engine was given detections or a history */
	int64_t now; /* what windows are counted back from; TIME_NONE: no event yet */
	struct book_options options; /* thresholds */
	struct book_status book;
	bool loading; /* risk events of the last 7 days are still being read from the history */
	uint64_t loaded;
	bool partial; /* some of them did not fit: sums of 7 days are less than the history's */
	struct history_status history;
	/* with want_risk: highest 24-hour sum first */
	uint32_t total, nusers;
	struct book_row *user;
	/* with risk_object */
	struct snap_object object;
};

struct snap_detection {
	const struct detection *detection; /* of snapshot.detections, which holds it */
	struct detect_state state;
	uint64_t risk_events; /* that this run's events made */
	const char *filter;   /* text of its filter macro; NULL: the macro's own */
};

/* A mute and what it hides now. Its base is not here. */
struct snap_mute {
	struct mute mute;
	struct mute_sight sight; /* without parents */
	const char *problem;	 /* why it cannot be counted, NULL: nothing wrong */
};

#endif
