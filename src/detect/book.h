/*
 * The risk book: the risk events of the last days in memory, by risk object, and what Splunk ES
 * makes of them: sums over 24 hours and 7 days, thresholds, the ledger of one object.
 *
 * When a risk event counts. It stands at its `first`: the event time of its first contributing
 * event, and counts in (now - window, now]: 24 hours later to the nanosecond it is out. Splunk's
 * stands at the run of the scheduled search, some minutes past the hour that ends the bucket; here
 * it is on screen with the event that made it. `first` comes from the events alone, so a recording
 * gives the same sums as the live stream did; it can only move back, when an earlier event of the
 * same hour is read later. The history (store/history.h) counts the same way. What lies after `now`
 * counts when now gets there; an event that stands more than a day after it is not taken, so that a
 * clock gone wrong can push nothing out.
 *
 * One thread. Scores are exact to a thousandth: sums do not depend on the order of adding.
 */
#ifndef FALCOTOP_DETECT_BOOK_H
#define FALCOTOP_DETECT_BOOK_H

#include "base/buf.h"
#include "base/clock.h"
#include "detect/factors.h"
#include "detect/risk.h"

#define BOOK_HOUR	(3600 * NSEC_PER_SEC)
#define BOOK_DAY	(24 * BOOK_HOUR)
#define BOOK_WEEK	(7 * BOOK_DAY)
#define BOOK_EVENTS_MAX 262144
#define BOOK_TEXT_MAX	4096		   /* bytes of one text; longer ones are cut */
#define BOOK_TEXTS_MAX	((size_t)96 << 20) /* bytes of all texts */
#define BOOK_TREND	24
#define BOOK_TACTICS	64 /* distinct ids (TA0002); events of more are counted, the ids are not */

struct book;

struct book_options {
	uint32_t events_max;	       /* 0: BOOK_EVENTS_MAX, which is also the most */
	size_t texts_max;	       /* 0: BOOK_TEXTS_MAX */
	double medium, high, critical; /* of the 24-hour sum: > medium, >= high, >= critical */
	unsigned tactics, sources;     /* in 7 days: at least so many of each */
	/* a source counts for at most cap times its highest single score in a window; 0: off */
	double cap;
	bool muted; /* muted risk events count too */
};
/* 100, 250, 500; 3 tactics, 4 sources; no cap; muted ones do not count. */
extern const struct book_options book_options_default;

/* options NULL: the default. */
struct book *book_new(const struct book_options *o);
void book_free(struct book *b);
void book_clear(struct book *b);
/* Thresholds, cap and muted of now on; the sizes stay. */
void book_set_options(struct book *b, const struct book_options *o);
const struct book_options *book_get_options(const struct book *b);
/* Borrowed until the next call; NULL: none. All scores are worked out again. */
void book_set_factors(struct book *b, const struct risk_factors *f);

enum book_added {
	BOOK_NEW,
	BOOK_GREW, /* known: its count, first, last or mute changed */
	BOOK_SAME, /* known, nothing new */
	BOOK_LEFT  /* not taken: no time, no object, more than a day ahead, or older than all in a
		      full book */
};
/*
 * Takes a risk event or the news of one (same id): the greater count, the earlier first, the later
 * last, the mute of now; all else stays as first given. now: event time or the wall clock,
 * TIME_NONE to take what is ahead too. When the book is full the oldest hour loses its oldest
 * entry.
 */
enum book_added book_add(struct book *b, const struct risk_event *e, int64_t now);

struct book_status {
	uint32_t events, objects;
	size_t bytes;
	uint64_t evicted; /* left for want of room */
	uint64_t ahead;	  /* not taken: more than a day ahead */
	uint64_t refused; /* not taken: no time or no object */
	uint64_t tactics_lost;
	uint64_t version; /* changes when anything does */
};
void book_status(const struct book *b, struct book_status *out);

enum risk_severity { RISK_NONE, RISK_MEDIUM, RISK_HIGH, RISK_CRITICAL };
/* "", "medium", "high", "critical" */
const char *risk_severity_name(enum risk_severity s);
/* o NULL: the default thresholds. 100 is none, 101 is medium. */
enum risk_severity risk_severity(const struct book_options *o, double sum24);

/* Slices here and below: good until the book changes. */
struct book_row {
	struct slice object, type;
	double sum24, sum7d;
	enum risk_severity severity; /* of sum24 */
	/* of the last 7 days: */
	uint32_t events;	 /* risk events that count */
	uint32_t muted;		 /* muted ones, whether they count or not */
	uint32_t sources;	 /* distinct searches */
	uint32_t tactics;	 /* distinct */
	uint32_t tactic_sources; /* searches with a tactic: what the tactic rule counts */
	bool tactic_rule;
	int64_t first, last;	 /* of contributing events */
	float trend[BOOK_TREND]; /* score by hour, [23] is the last hour before now; together they
				    are sum24 (without the cap) */
};

/*
 * The objects with a risk event in the 7 days before now, the first max of them: highest 24-hour
 * sum first, then 7 days, then type and name. type empty: all. *n rows are filled in; returns how
 * many objects there are.
 */
uint32_t book_users(struct book *b, int64_t now, struct slice type, struct book_row *out,
    uint32_t max, uint32_t *n);
/* One object; false when nothing of it lies in the 7 days (its names and zeros are given). Costs
 * nothing while neither the book nor now changes: for the RISK column. */
bool book_row(
    struct book *b, int64_t now, struct slice object, struct slice type, struct book_row *out);

struct book_entry {
	int64_t hour, first, last;
	uint64_t count;		     /* contributing events */
	double score;		     /* with the factors */
	double base;		     /* without */
	double running;		     /* the 24-hour sum just after it, as it was then */
	enum risk_severity severity; /* of running */
	int64_t leaves;		     /* when it is out of the 24 hours */
	double one_more;	     /* the 24-hour sum of now with one more row of its search */
	bool muted, counts;
	struct slice search, message, row, stories, techniques, tactics;
};
/*
 * The ledger of one object over the span before now, in order of time: the newest max. Returns how
 * many there are in the span; *n are filled in.
 */
uint32_t book_ledger(struct book *b, int64_t now, int64_t span, struct slice object,
    struct slice type, struct book_entry *out, uint32_t max, uint32_t *n);

/* What comes next for an object. */
struct book_outlook {
	double sum24;
	int64_t next_leaves; /* TIME_NONE: nothing is in the 24 hours */
	double next_sum;     /* the sum then, if nothing comes */
	double threshold;    /* the next one above the sum; 0: it is critical */
	unsigned tactics_missing, sources_missing; /* for the tactic rule */
};
void book_outlook(
    struct book *b, int64_t now, struct slice object, struct slice type, struct book_outlook *out);

struct book_tactic {
	struct slice id; /* TA0002 */
	int64_t first, last;
	uint32_t risk_events;
	uint64_t events; /* contributing ones */
};
/* The attack strip: tactics of the span before now in order of first sight. out has BOOK_TACTICS.
 */
unsigned book_strip(struct book *b, int64_t now, int64_t span, struct slice object,
    struct slice type, struct book_tactic *out);

/* Distinct values of an object's risk events in the span, sorted bytewise: Splunk's values(). */
enum book_value { BOOK_SEARCH, BOOK_MESSAGE, BOOK_STORY, BOOK_TECHNIQUE, BOOK_TACTIC };
uint32_t book_values(struct book *b, int64_t now, int64_t span, struct slice object,
    struct slice type, enum book_value which, struct slice *out, uint32_t max, uint32_t *n);

#endif
