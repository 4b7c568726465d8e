/*
 * The history: what outlives the process. Risk events (90 days), the memory of what was ever seen,
 * mutes, in one SQLite file that several instances may share. A thread of its own does all reading
 * and writing of the file; nothing here waits for a disk or a lock, except history_flush(),
 * history_free() and the reader at the end, which say so. Every function may be called from any
 * thread.
 *
 * What is kept is kept as it came (nothing is escaped): whoever shows it sanitises it.
 */
#ifndef FALCOTOP_STORE_HISTORY_H
#define FALCOTOP_STORE_HISTORY_H

#include "base/arena.h"
#include "base/clock.h"
#include "detect/risk.h"

#define HISTORY_HOUR	   (3600 * NSEC_PER_SEC)
#define HISTORY_DAY	   (24 * HISTORY_HOUR)
#define HISTORY_WEEK	   (7 * HISTORY_DAY)
#define HISTORY_SLOTS	   42  /* of the trend: 4 hours each of 7 days */
#define HISTORY_TRENDS	   256 /* rows whose trend is filled in, the first ones */
#define HISTORY_ASKS	   4   /* questions that can wait at a time, one for each pane */
#define HISTORY_ROWS_MAX   10000
#define HISTORY_VALUES_MAX 1000 /* distinct values listed of one row; `more` counts the others */
#define HISTORY_TEXT_MAX   8192 /* bytes of one text kept; longer ones are cut */

struct history;

enum history_state {
	HISTORY_OFF,	  /* not wanted, or there is no directory for it */
	HISTORY_OPENING,  /* not open yet */
	HISTORY_OK,	  /* what was given is written within about a second */
	HISTORY_RETRYING, /* disk full, locked, read-only, …: kept in memory, tried again and again
			   */
	HISTORY_REFUSED	  /* newer schema, unsafe file, another program's database: not touched */
};
/* "off", "opening", "ok", "retrying", "refused" */
const char *history_state_name(enum history_state s);

struct history_options {
	const char *path;     /* NULL: $XDG_STATE_HOME/falcotop/history.db; "none": no history */
	uint64_t max_bytes;   /* size of the file, oldest arrivals go first; 0: 1 GiB */
	int64_t keep;	      /* ns a risk event stays after its arrival; 0: 90 days */
	uint32_t pending_max; /* risk events that wait in memory; 0: 32,768 */
	uint32_t seen_max;    /* names remembered as seen, the newest; 0: 1,048,576 */
	int64_t commit_every; /* ns; 0: one second */
	void (*wake)(
	    void *arg); /* from the history thread: state, an answer or the mutes are new */
	void *wake_arg;
};

/* Starts the thread and returns at once; never NULL. An unusable place is a state. */
struct history *history_new(const struct history_options *o);
/* history_flush() of at most 900 ms, then everything is closed. NULL is fine. */
void history_free(struct history *h);
/*
 * Commits everything given before and checkpoints. Waits for at most timeout_ns; false when
 * something could not be written.
 */
bool history_flush(struct history *h, int64_t timeout_ns);
/* Waits until the first attempt to open has ended one way or the other, at most timeout_ns. */
enum history_state history_settle(struct history *h, int64_t timeout_ns);

struct history_status {
	enum history_state state;
	char path[512];
	char error[256]; /* why it is retrying or refused; empty when all is well */
	char note[256];	 /* what stays worth knowing in this run: a damaged file was moved aside */
	uint64_t given;	 /* risk events taken by history_add() */
	uint64_t coalesced; /* of them: merged with one still waiting */
	uint64_t inserted;  /* new rows committed */
	uint64_t updated;   /* rows whose count, first, last or mute changed */
	uint64_t unchanged; /* were there already, as they are */
	uint64_t dropped; /* risk events not taken: memory full while the file cannot be written */
	uint64_t pending; /* risk events that wait to be written */
	uint64_t commits, failures;
	uint64_t expired;      /* risk events deleted for age or size */
	uint64_t seen;	       /* names in memory */
	uint64_t seen_dropped; /* names that could not be written */
	uint64_t file_bytes, wal_bytes;
	unsigned moved_aside; /* damaged files set aside in this run */
	int64_t last_commit;  /* wall clock, ns; 0 = none yet */
};
void history_status(struct history *h, struct history_status *out);

/* --- risk events --- */

/*
 * Keeps a risk event, or the news of one (same id: the greater count, the earlier first, the later
 * last, the mute of now; all else stays as it was first given). Copies what it needs. False: not
 * taken, memory is full; counted in `dropped`; give it again later. With HISTORY_OFF and
 * HISTORY_REFUSED it is true and nothing is kept. Scores are kept to a thousandth.
 */
bool history_add(struct history *h, const struct risk_event *e);

/* A place between two risk events: all zeros is before the first. */
struct history_cursor {
	int64_t hour, object;
	uint64_t id[2];
	bool set;
};

/*
 * One question: the objects with risk in (now - span, now], and/or the ledger of one of them. A
 * risk event stands at its `first`; the 24 hours are those before now too.
 */
struct history_query {
	uint64_t number;	  /* of the caller's choosing; the answer carries it */
	int64_t now;		  /* ns, event time */
	int64_t span;		  /* 0: 7 days; negative: everything up to now */
	struct slice object;	  /* only this one; empty: all */
	struct slice object_type; /* only this type; empty: all */
	bool muted;		  /* muted risk events count too */
	bool messages;		  /* fill in row.messages (always so when `object` is given) */
	bool no_trend;		  /* leave row.trend out */
	uint32_t rows;		  /* at most; 0: HISTORY_ROWS_MAX */
	uint32_t ledger;	  /* newest entries of the ledger wanted; needs `object` */
	/*
	 * Not 0: instead of all that, so many risk events of all objects (muted ones too) of the
	 * hours in the span, newest hour first, from a place on. For filling a book, a page at a
	 * time.
	 */
	uint32_t events;
	struct history_cursor after;
};

/* Distinct values, sorted bytewise. */
struct history_values {
	uint32_t n;
	struct slice *v;
	uint64_t more; /* that are not listed */
};

enum history_severity { SEVERITY_NONE, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
/* Of a 24-hour sum, as Splunk ES has it: over 100 medium, from 250 high, from 500 critical. */
enum history_severity history_severity(double score_24h);
const char *history_severity_name(enum history_severity s); /* "", "medium", "high", "critical" */

struct history_row {
	struct slice object, object_type;
	double score_24h, score_span;
	enum history_severity severity;
	uint64_t events; /* risk events in the span */
	uint64_t muted;	 /* muted ones in the span, whether counted above or not */
	int64_t first, last;
	struct history_values searches; /* the sources */
	struct history_values tactics;	/* TA0002 */
	struct history_values techniques;
	struct history_values stories;
	struct history_values messages; /* when asked for */
	float trend[HISTORY_SLOTS]; /* score by 4 hours, the last slot ends at the end of now's hour
				     */
};

struct history_ledger {
	int64_t hour, first, last;
	uint64_t count;
	double score;
	bool muted;
	struct slice search, message, row, stories, techniques, tactics;
};

/* Rows: highest 24-hour sum first, then the span's sum, then type and name. Ledger: newest `first`
 * first, then search, message, row. */
struct history_answer {
	uint64_t number;
	struct slice error; /* not empty: nothing could be read, and why */
	int64_t from, to;   /* the span asked for */
	uint64_t total_rows, total_ledger;
	uint32_t nrows, nledger;
	struct history_row *row;
	struct history_ledger *ledger;
	uint32_t nevents; /* with query.events */
	struct risk_event *event;
	struct history_cursor next; /* where the next page starts; not set: there is none */
	uint64_t uncommitted;	    /* risk events that wait and are not in the answer */
	struct arena memory;
};
void history_answer_free(struct history_answer *a);

/*
 * Puts a question in one of HISTORY_ASKS places, instead of one there that was not answered yet.
 * The answer: wake(), then history_take().
 */
void history_ask(struct history *h, unsigned place, const struct history_query *q);
/* The newest answer of that place, once; NULL when there is none. The caller frees it. */
struct history_answer *history_take(struct history *h, unsigned place);

/* --- seen before --- */

enum seen_kind { SEEN_ROW, SEEN_USER_CONTAINER, SEEN_EXE_IMAGE, SEEN_KINDS };
enum seen_answer {
	SEEN_UNKNOWN, /* no memory to compare with (off, refused) or it is not read in yet */
	SEEN_NEW,     /* first met in this run */
	SEEN_BEFORE   /* known from an earlier run */
};
/*
 * Was this name (a hash of 128 bits that is the same in every run) ever seen before? Remembers it.
 * At once, from memory. The answer stays NEW through the run that met the name first.
 */
enum seen_answer history_seen(struct history *h, enum seen_kind kind, const uint64_t hash[2]);
/* Asks without remembering; SEEN_UNKNOWN for a name that was never met. */
enum seen_answer history_seen_peek(struct history *h, enum seen_kind kind, const uint64_t hash[2]);

/* --- mutes --- */

enum history_mute_state {
	HISTORY_MUTE_ACTIVE,
	HISTORY_MUTE_BROKEN,
	HISTORY_MUTE_LIFTED,
	HISTORY_MUTE_STATES
};

struct history_mute {
	uint64_t id; /* 0: a new one, given a number */
	enum history_mute_state state;
	int64_t created, expires; /* wall clock, ns; expires 0: never */
	struct slice expression, reason, owner;
	struct slice detail; /* the caller's: what it hid when it was made, why it broke */
};
struct history_mutes {
	uint32_t n;
	struct history_mute *mute; /* by id: oldest first */
	struct arena memory;
};
/* Keeps a mute or its change (same id: replaced). Its id; 0: not taken, too many wait. */
uint64_t history_mute(struct history *h, const struct history_mute *m);
/* The list, when it is new since the last call (read in, changed here or by another instance); else
 * NULL. The caller frees it. */
struct history_mutes *history_take_mutes(struct history *h);
void history_mutes_free(struct history_mutes *m);

/* --- reading without the thread --- */

struct history_reader;
/*
 * Opens the file for reading only; waits for a lock at most 2 s. path as in history_options. NULL,
 * with a line in err, when that cannot be; then *missing tells whether there simply is no history
 * yet.
 */
struct history_reader *history_open_reader(
    const char *path, bool *missing, char *err, size_t errlen);
/* Never NULL; look at error. */
struct history_answer *history_read(struct history_reader *r, const struct history_query *q);
struct history_mutes *history_read_mutes(struct history_reader *r);
void history_close_reader(struct history_reader *r);

#endif
