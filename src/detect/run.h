/*
 * Detections run over the index: a live query each, in buckets of an hour of event time, and risk
 * events out of their rows. Belongs to the model's thread. What becomes of the events (the book,
 * the history) is the caller's.
 */
#ifndef FALCOTOP_DETECT_RUN_H
#define FALCOTOP_DETECT_RUN_H

#include "detect/detection.h"
#include "detect/risk.h"
#include "model/live.h"

struct detect_run;

struct detect_run_options {
	/* points of one of Falco's own rules ("local: RULE") at this priority; NULL: 0 */
	double (*local_score)(void *arg, struct slice rule, enum priority priority);
	/* tags of a rule whose events carry none (text); NULL: none. Appends to out. */
	void (*rule_tags)(void *arg, struct slice rule, struct buf *out);
	void *arg;
	bool no_local;	  /* only the detections */
	const char *only; /* only the detection of this name; NULL: all. Borrowed */
};

/* Holds the set. options may be NULL. Detections that cannot be opened (no more slots) are listed
 * by detect_run_problem(). */
struct detect_run *detect_run_new(
    struct model *m, struct detection_set *set, const struct detect_run_options *o);
void detect_run_free(struct detect_run *r);
/* Another set (a reload): queries that ask the same go on where they are. */
void detect_run_swap(struct detect_run *r, struct detection_set *set);
struct detection_set *detect_run_set(const struct detect_run *r);

/* What mutes hide, as a filter; "" or NULL: nothing. All risk events are given again: those with
 * hidden events alone are flagged as muted. */
void detect_run_mute(struct detect_run *r, const char *hidden_term);

/* Slices of e are good until the callback returns. */
typedef void detect_risk_fn(void *arg, const struct risk_event *e);
/*
 * Risk events that are new or grew since the last call. Call about once a second and, with last
 * true, when the input has ended; without it, a call that comes too soon for what the previous one
 * cost does nothing (at most a tenth of the time is spent here). Returns how many were given out.
 */
uint64_t detect_run_collect(struct detect_run *r, bool last, detect_risk_fn *fn, void *arg);
/* Everything again at the next call: for a book that was emptied. */
void detect_run_again(struct detect_run *r);

/* State of detection i of the set, for the page of detections. */
struct detect_state {
	uint64_t matched; /* events that passed its filter */
	uint32_t rows;	  /* groups: rows an hour */
	int64_t last;	  /* event time of the last hit, TIME_NONE: none */
	bool open, complete;
	const char *problem; /* why it is not open, NULL: nothing wrong */
};
void detect_run_state(const struct detect_run *r, unsigned i, struct detect_state *out);

/* Identity of a risk event: of search name, hour, row values (separated by '\n') and object. Stable
 * over runs and machines. */
void risk_identity(
    uint64_t id[2], struct slice search, int64_t hour, struct slice row, struct slice object);

#endif
