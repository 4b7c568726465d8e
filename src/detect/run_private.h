/*
 * Inside of a run. Private: run.c keeps the queries and finds what grew, run_event.c makes risk
 * events of rows, run_hidden.c knows which of them mutes hide.
 */
#ifndef FALCOTOP_DETECT_RUN_PRIVATE_H
#define FALCOTOP_DETECT_RUN_PRIVATE_H

#include "detect/lookup.h"
#include "detect/run.h"

/* Every rule for every user, as a search: what has no user has nobody to count for. */
#define LOCAL_SEARCH "* | stats count values(tags) as tags by rule user"

/* Its columns. */
enum { LOCAL_RULE, LOCAL_USER, LOCAL_COUNT, LOCAL_TAGS };

/* A detection, or the rules themselves (detection NULL). */
struct watch {
	const struct detection *detection;
	const struct spl *spl;
	struct live *live;
	char *problem;
	uint64_t version; /* of the live query at the last collect */
	uint64_t *count;  /* of each group at the last collect */
	uint32_t ncount, cap;
	char *tactics;
	struct watch *shadow; /* the same over what mutes hide; NULL: nothing is muted */
};

struct run_hidden {
	char *term; /* of the events that mutes hide; NULL: none */
	struct hidden_note *note;
	uint32_t n, room;
	struct lookup index;
};

/* Texts of the event that is being made. */
struct texts {
	struct buf message, row, techniques, tactics, search;
};

struct detect_run {
	struct model *model;
	struct detection_set *set;
	struct detect_run_options options;
	struct watch *watch; /* one a detection of the set */
	struct watch local;
	struct spl *local_spl;
	struct live *sources; /* which event sources there are; NULL: no detection wants to know */
	bool audit;	      /* an audit event was seen: the detections of those are open */
	int64_t finished, cost; /* of the last collect, ns */
	struct run_hidden hidden;
	struct texts texts;
	int64_t *hour;
	size_t nhour, hour_cap;
	uint64_t *changed;
	uint32_t nchanged; /* words */
};

struct emit {
	struct detect_run *run;
	const struct watch *watch;
	const struct spl_result *result;
	bool shadow; /* events are noted, not handed out */
	detect_risk_fn *fn;
	void *arg;
	uint64_t n;
};

/* Hands out the events of a row; of the rules themselves. */
void run_emit_detection(struct emit *e, const struct spl_row *row);
void run_emit_local(struct emit *e, const struct spl_row *row);

/* So many of its events are hidden. */
void run_hidden_note(struct run_hidden *h, const struct risk_event *e);
/* Whether all of its events are. */
bool run_hidden_all(const struct run_hidden *h, const struct risk_event *e);
void run_hidden_clear(struct run_hidden *h);

#endif
