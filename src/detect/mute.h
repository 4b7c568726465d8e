/*
 * Mutes: what an analyst does not want to see for a while, and why. A mute hides the events its
 * filter matches; they stay in the index and the history. It breaks by itself when what it hides is
 * no longer what it was made for: a new parent process, a higher priority, or ten times its rate. A
 * broken or expired one hides nothing and stays in the list until it is lifted or armed again.
 *
 * Kept in $XDG_CONFIG_HOME/falcotop/mutes, one line each. Counting is done by mute_watch.h.
 */
#ifndef FALCOTOP_DETECT_MUTE_H
#define FALCOTOP_DETECT_MUTE_H

#include "base/buf.h"
#include "event/priority.h"
#include "query/filter.h"

#define MUTES_MAX	 32
#define MUTE_FILTER_MAX	 2048 /* bytes */
#define MUTE_REASON_MAX	 512
#define MUTE_OWNER_MAX	 64
#define MUTE_PARENTS_MAX 32  /* with more, new ones do not break it */
#define MUTE_PARENT_MAX	 256 /* bytes of a name; longer ones are cut */
#define MUTE_RATE	 10
#define MUTES_ERROR_MAX	 256

enum mute_is { MUTE_IS_ON, MUTE_IS_BROKEN, MUTE_IS_EXPIRED };
/* "on", "broken", "expired" */
const char *mute_is_name(enum mute_is s);

/* What a mute hides, at a moment. */
struct mute_sight {
	uint64_t events; /* in the index */
	uint64_t by_priority[PRIORITY_COUNT];
	uint32_t users;
	uint64_t last_hour; /* events in the hour before now */
	unsigned nparents; /* distinct parent processes; only the first MUTE_PARENTS_MAX are here */
	struct slice parent[MUTE_PARENTS_MAX];
};

/* What it hid when it was made. */
struct mute_base {
	bool known; /* false: nothing yet; the first sight of events becomes it */
	enum priority highest;
	uint64_t per_hour;
	unsigned nparents; /* more than MUTE_PARENTS_MAX: not compared */
	char *parent[MUTE_PARENTS_MAX];
};

struct mute {
	uint64_t id; /* unique in this run */
	char *filter, *reason, *owner;
	int64_t created, expires; /* wall clock, ns; TIME_NONE: never */
	enum mute_is is;
	char *why; /* it broke; "" */
	struct mute_base base;
};

/*
 * Whether the sight breaks a mute made on `base`; then the reason, in words that may be shown, is
 * appended to why. At a rate below one event an hour, ten events in an hour do.
 */
bool mute_check(const struct mute_base *base, const struct mute_sight *now, struct buf *why);

struct mutes;

struct mutes *mutes_new(void);
void mutes_free(struct mutes *m);
unsigned mutes_count(const struct mutes *m);
const struct mute *mutes_get(const struct mutes *m, unsigned i); /* in order of making */
const struct mute *mutes_find(const struct mutes *m, uint64_t id);
uint64_t mutes_version(const struct mutes *m); /* changes when any of them does */

/*
 * A new mute; its id, or 0 and err: a filter that is no good or keeps everything, too many or too
 * long. sight: what it hides now, NULL when that is not known yet.
 */
uint64_t mutes_add(struct mutes *m, const char *filter, const char *reason, const char *owner,
    int64_t now, int64_t expires, const struct mute_sight *sight, struct filter_error *err);
bool mutes_lift(struct mutes *m, uint64_t id);
/* On again, with what it hides now as what it was made for. */
bool mutes_arm(
    struct mutes *m, uint64_t id, int64_t now, int64_t expires, const struct mute_sight *sight);
/* Those whose time is over expire; true when there were any. */
bool mutes_expire(struct mutes *m, int64_t now);
/* Compares one that is on with what it hides now; true when it changed: broke, or got its base. */
bool mutes_compare(struct mutes *m, uint64_t id, const struct mute_sight *sight);

/* What to AND to a screen's filter, "not (…) and not (…)", "" with nothing to hide; good until the
 * next change. */
const char *mutes_term(const struct mutes *m);
/* The opposite: what is hidden, "(…) or (…)"; "" when nothing is. */
const char *mutes_hidden_term(const struct mutes *m);

/*
 * path NULL: the usual place. A file that is not there is no mutes. False and err ("FILE:LINE:
 * what"): nothing is read, and nothing will be written over the file in this run.
 */
bool mutes_load(struct mutes *m, const char *path, char err[MUTES_ERROR_MAX]);
bool mutes_save(const struct mutes *m, const char *path, char err[MUTES_ERROR_MAX]);
/* The same as bytes. */
void mutes_print(const struct mutes *m, struct buf *out);
bool mutes_parse(struct mutes *m, struct slice bytes, char err[MUTES_ERROR_MAX]);

#endif
