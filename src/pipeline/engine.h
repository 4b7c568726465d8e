/*
 * The engine: decode workers and the one thread that owns the model. Sources push batches in; the
 * UI or the report sends requests (by value) and gets snapshots (immutable) back. This is the only
 * way to the model.
 */
#ifndef FALCOTOP_PIPELINE_ENGINE_H
#define FALCOTOP_PIPELINE_ENGINE_H

#include "base/arena.h"
#include "model/live.h"
#include "pipeline/batch.h"
#include "pipeline/risk.h"

struct engine;

struct engine_options {
	unsigned threads;	 /* decode workers; 0: the engine thread decodes */
	size_t memory;		 /* budget of the index */
	uint64_t spool;		 /* bytes of raw text kept of each streamed source */
	size_t batch_size;	 /* 0 = BATCH_SIZE; tests make it tiny */
	void (*wake)(void *arg); /* called from the engine thread when a new snapshot can be taken
				    (engine_take()) */
	void *wake_arg;
	const struct risk_options *risk; /* copied; NULL: no detections, no risk */
};

struct engine *engine_new(const struct engine_options *o);
/* Stops the threads, drops what is queued. */
void engine_free(struct engine *e);
struct rawstore *engine_raw(struct engine *e);

/* Another set of detections from now on (a reload): nothing that was counted is lost. From any
 * thread; takes a hold of its own. */
void engine_detections(struct engine *e, struct detection_set *set);
/* Thresholds and factors from now on; the factors are borrowed until engine_free(). */
void engine_risk_rules(
    struct engine *e, const struct book_options *book, const struct risk_factors *factors);
/* For history_options.wake, with the engine as argument: an answer or the mutes are new. */
void engine_history_wake(void *engine);

/*
 * Mutes, from any thread. False: err says why, or there is no such mute. owner: who did it, may be
 * "". What screens leave out changes with the next snapshots.
 */
bool engine_mute_add(struct engine *e, const char *filter, const char *reason, const char *owner,
    int64_t expires, struct filter_error *err);
bool engine_mute_lift(struct engine *e, uint64_t id);
bool engine_mute_arm(struct engine *e, uint64_t id, int64_t expires);
/* The list as its file has it. */
void engine_mutes_print(struct engine *e, struct buf *out);

/* --- for sources: any thread
 * ---------------------------------------------------------------------------------- */

enum source_state {
	SOURCE_STARTING,
	SOURCE_OK,
	SOURCE_IDLE,
	SOURCE_WAITING, /* no peer, file not there yet */
	SOURCE_RETRY,
	SOURCE_DONE, /* read to its end */
	SOURCE_FAILED
};
const char *source_state_name(
    enum source_state s); /* "ok", "idle", "waiting", "retry", "done", "failed", "starting" */

/* A source gets a number, in the order of calls. */
uint32_t engine_add_source(struct engine *e, const char *name);
/* State and, when not NULL, the text of the last error; total: bytes to read in all (progress), 0 =
 * unknown. */
void engine_source_state(
    struct engine *e, uint32_t source, enum source_state state, const char *error);
void engine_source_total(struct engine *e, uint32_t source, uint64_t total);
/* How much of the total was read, when that is not what lines come to: compressed files. */
void engine_source_progress(struct engine *e, uint32_t source, uint64_t done);
void engine_source_drop(struct engine *e, uint32_t source, uint64_t lines);
/* So many times lines may have been lost before we saw them; how many nobody knows. */
void engine_source_loss(struct engine *e, uint32_t source, uint64_t times);
/* How many of the batches that this source pushed have been applied. */
uint64_t engine_applied(struct engine *e, uint32_t source);
/* An empty batch to fill. Waits while the pipeline is full; NULL when the engine stops or is
 * interrupted, or at once when wait is false and none is free. */
struct batch *engine_batch(struct engine *e, bool wait);
/* Waits no longer than timeout_ns, interrupted or not: for the last lines of a source that is being
 * stopped. */
struct batch *engine_batch_within(struct engine *e, int64_t timeout_ns);
/* While on, engine_batch(e, true) does not wait: how sources are stopped in the middle of
 * back-pressure. */
void engine_interrupt(struct engine *e, bool on);
size_t engine_batch_size(const struct engine *e);
/*
 * cb is called once, from any thread, when a batch is free again after engine_batch(e, false) said
 * NULL. It must be short and must not call the engine: it wakes the source's own thread.
 */
void engine_on_room(struct engine *e, void (*cb)(void *arg), void *arg);
/* It will not be called any more. */
void engine_off_room(struct engine *e, void (*cb)(void *arg), void *arg);
/* Hands a filled batch over; numbers it. Order of calls is the order of events. */
void engine_push(struct engine *e, struct batch *b);
void engine_batch_return(struct engine *e, struct batch *b); /* unused */

/* --- requests and snapshots
 * ------------------------------------------------------------------------------------ */

#define REQUEST_PANELS 13 /* the last five: dialogs over a page, and what mutes hide of it */

/* One question of a screen and the part of its answer that is on screen. */
struct panel_request {
	bool used;
	struct query query;
	char sort[QUERY_NAME_MAX]; /* column name */
	bool descending;
	bool hold;	    /* keep the order, new rows last */
	uint64_t from;	    /* first row wanted */
	unsigned rows;	    /* how many */
	uint64_t anchor;    /* identity (groups) or event number: its position is reported; 0 = none
			       for groups, UINT64_MAX for events */
	bool follow_anchor; /* move the window so that the anchor is shown */
	/* histogram */
	int64_t span_from, span_to; /* TIME_NONE: the span of the answer */
	unsigned buckets;
	/* find: position of the next (dir 1) or previous (dir -1) row after `find_from` that holds
	 * the text, ignoring case */
	char find[QUERY_NAME_MAX];
	int find_dir;
	uint64_t find_from;
	bool want_output; /* events: decode the raw bytes for the output text */
	/*
	 * Name of a detection: the panel is the rows of its search, in its order, for the events
	 * that pass query.filter, since and until as well (snap_panel.result). "": none.
	 */
	char detection[QUERY_NAME_MAX];
	bool muted_too; /* counts what mutes hide, whatever show_muted says */
};

struct request {
	uint64_t number; /* of the UI's choosing; the snapshot carries the latest one answered */
	struct panel_request panel[REQUEST_PANELS];
	bool want_sources;  /* the table of sources in full */
	bool want_bad;	    /* the ring of rejected lines */
	uint64_t event;	    /* an event to show in full; UINT64_MAX = none */
	bool want_risk;	    /* users by risk */
	char *risk_object;  /* owned; NULL = none: everything about one risk object */
	char risk_type[16]; /* its type: "user" when empty */
	bool want_detections;
	bool want_mutes;
	bool show_muted; /* panels show what mutes hide */
};

void request_init(struct request *r);
void request_release(struct request *r);

struct snap_row {
	uint64_t identity;  /* groups: cursor identity; events: event number */
	struct slice *cell; /* the by-fields in order (groups); for events see SNAP_EVENT_CELLS */
	sym_t *symbol; /* same order: tells absent, null and empty apart (below SYM_FIRST only; else
			  SYM_FIRST) */
	struct group_row group;		     /* groups */
	struct slice values[GROUP_DISTINCT]; /* first distinct values, comma separated, when few */
	double rate;
	/* groups with a user among the by-fields, when the engine keeps risk */
	bool has_risk;
	double risk; /* of the user, last 24 hours */
	enum risk_severity risk_severity;
	bool is_new; /* first met in this run: the row, this user in this container, this
			executable in this image */
	/* events */
	struct model_event event;
};

/* Cells of an event row: the query's by-fields, then output when asked for. */
struct snap_panel {
	bool used;
	bool bad_query;
	struct filter_error error;
	uint64_t total;		/* rows in the whole answer */
	uint64_t matched;	/* events that passed the filter */
	uint64_t missed;	/* events that had left the index before the question came */
	uint64_t done, to_scan; /* progress of the scan; equal when complete */
	uint64_t from;
	unsigned nrows;
	struct snap_row *row;
	uint64_t anchor_at; /* position of the anchor, UINT64_MAX = not there */
	uint64_t found_at;  /* of find, UINT64_MAX = none */
	uint64_t overflow;
	/* totals over the matched events */
	int64_t first, last;
	uint64_t by_priority[PRIORITY_COUNT];
	/* histogram */
	int64_t span_from, span_to;
	unsigned nbuckets;
	struct histogram_bucket *bucket;
	struct spl_result *result; /* of a detection's rows: all of them; total is their number */
};

struct snap_source {
	struct slice name;
	enum source_state state;
	struct slice error;
	struct tally tally;
	uint64_t total; /* bytes in all, 0 = unknown */
	double rate;	/* events a second, last seconds */
	double lag; /* seconds between event time and arrival of the newest event; NAN when none */
	int64_t last_arrival;
};

struct snap_key {
	struct slice name;
	struct slice text;
	enum value_kind kind;
	bool top_level;
	uint64_t seen; /* events in the index with the same value; 0 = not counted */
};

struct snap_event {
	bool found;	/* still in the index */
	bool raw_found; /* its bytes could be read */
	struct model_event event;
	struct slice rule, origin, output, raw;
	unsigned nkeys;
	struct snap_key *key;
};

struct snapshot {
	uint64_t number;  /* of the request answered */
	uint64_t version; /* of the data: unchanged data and request give no new snapshot */
	struct model_stats stats;
	struct tally tally;	/* all sources */
	double rate;		/* events a second, all sources */
	bool loading;		/* a recorded source is still being read */
	uint64_t read, to_read; /* bytes, recorded sources */
	unsigned nsources;
	struct snap_source *source;
	struct snap_panel panel[REQUEST_PANELS];
	unsigned nbad;
	struct bad_line *bad;	  /* newest first; the last one is the first of the run, always */
	struct slice *bad_source; /* names, same order */
	struct snap_event event;
	struct snap_risk risk;
	struct detection_set *detections; /* held; NULL: none */
	unsigned ndetections;		  /* with want_detections; by name */
	struct snap_detection *detection;
	unsigned nmutes; /* that are active */
	uint64_t muted;	 /* events in the index that they hide */
	unsigned nmute;	 /* with want_mutes: of every state */
	struct snap_mute *mute;
	struct arena arena; /* everything above lives here */
};

/*
 * Sends a request: the latest one counts. Copies r. The first request should come before the first
 * batch: then the workers fill the test and field slots it needs while decoding; otherwise what was
 * decoded before is decoded again.
 */
void engine_request(struct engine *e, const struct request *r);
/* The newest snapshot not yet taken, NULL when nothing is new. The caller owns it: snapshot_free().
 * Never waits. */
struct snapshot *engine_take(struct engine *e);
/* A snapshot for r with everything pushed so far applied and every query complete. Waits: for
 * reports and tests. NULL when the engine stops. */
struct snapshot *engine_answer(struct engine *e, const struct request *r);
void snapshot_free(struct snapshot *s);

#endif
