/*
 * What mutes hide, kept up to date over the index by two live queries for each mute (a table of one
 * row, a histogram), whether it is on or not. Belongs to the model's thread.
 */
#ifndef FALCOTOP_DETECT_MUTE_WATCH_H
#define FALCOTOP_DETECT_MUTE_WATCH_H

#include "detect/mute.h"
#include "model/live.h"

struct mute_watch;

struct mute_watch *mute_watch_new(struct model *m);
void mute_watch_free(struct mute_watch *w);
/*
 * Opens what is new in the list, closes what left it, lets those expire whose time is over (wall),
 * and breaks those that no longer hide what they were made for (now: wall clock when live, newest
 * event time when replaying). True when the list changed: save it. Cheap when nothing happened.
 */
bool mute_watch_step(struct mute_watch *w, struct mutes *m, int64_t wall, int64_t now);
/* What a mute hides; false while it is still being counted, or its query could not be opened.
 * Slices are good until the next model_apply(). */
bool mute_watch_sight(const struct mute_watch *w, uint64_t id, int64_t now, struct mute_sight *out);
/* Why a mute's query could not be opened (no more slots); NULL: nothing wrong. */
const char *mute_watch_problem(const struct mute_watch *w, uint64_t id);

/*
 * What a filter would hide of what another keeps, before it is saved: both counted over the index.
 */
struct hiding;

struct hidden_cost {
	uint64_t events, of; /* hidden, and all that the base keeps */
	uint64_t critical;   /* of the hidden: critical and above */
	uint32_t users;	     /* distinct among the hidden */
};

/*
 * base: what is looked at (NULL or "": everything). term: with hides, what is hidden (a mute);
 * without, what is kept (a filter macro: the rest is hidden). NULL and *err on a bad term.
 */
struct hiding *hiding_open(
    struct model *m, const char *base, const char *term, bool hides, struct filter_error *err);
void hiding_close(struct hiding *h);
/* True when the count is complete. */
bool hiding_read(const struct hiding *h, struct hidden_cost *out);
/* "hides 1,204 of 7,000 events, 0 critical, 3 users" */
void hiding_text(struct buf *out, const struct hidden_cost *c);

#endif
