/* Answering questions from the tables, on any connection. Private to store/. */
#ifndef FALCOTOP_STORE_READ_H
#define FALCOTOP_STORE_READ_H

#include "store/db.h"
#include "store/history.h"

/* Never NULL; after a fault db->fault stays set and the answer carries its text. */
struct history_answer *read_answer(struct db *db, const struct history_query *q);
/* The answer when there is no file to read. */
struct history_answer *read_nothing(const struct history_query *q, const char *why);
struct history_mutes *read_mutes(struct db *db);

/* --- between the files of the reading side --- */

/* The question in the units of the tables. */
struct window {
	int64_t from, from_24h, to; /* ns: in when from < first <= to */
	int64_t edge[3]; /* hours of from, from_24h, to: in only in part, looked at row by row */
	bool muted;
};

/* What one row of the tables adds to its object. */
struct share {
	int64_t hour, object, profile, events, score, first, last;
	bool muted, in_span, in_24h;
};

struct sums;

struct sums *sums_new(const struct window *w);
void sums_free(struct sums *s);
/* Walks the window: all objects, or one (0: all). */
void sums_walk(struct sums *s, struct db *db, int64_t object);
/* Makes the rows of the answer, sorted and cut to `max`; sets nrows and total_rows. */
void sums_rows(
    struct sums *s, struct db *db, const struct history_query *q, struct history_answer *a);
/* The messages of one object in the window, of that many risk events. */
void read_messages(struct db *db, const struct window *w, int64_t object, uint64_t events,
    struct history_answer *a, struct history_values *out);
void read_ledger(
    struct db *db, const struct window *w, int64_t object, uint32_t max, struct history_answer *a);
/* A page of risk events. */
void read_events(
    struct db *db, const struct window *w, const struct history_query *q, struct history_answer *a);

struct profile {
	int64_t id;
	struct slice search, stories, techniques, tactics; /* in the answer's memory */
};
/* By number, each read once an answer. NULL on a fault. */
struct profiles;
struct profiles *profiles_new(void);
void profiles_free(struct profiles *p);
const struct profile *profiles_get(
    struct profiles *p, struct db *db, struct arena *memory, int64_t id);

/* Sorts, removes doubles, cuts to HISTORY_VALUES_MAX, copies the array into the arena. */
void values_set(struct history_values *out, struct arena *memory, struct slice *v, size_t n);
/* A text by its number, copied into the arena; empty when it is not there. */
struct slice read_text(struct db *db, struct arena *memory, int64_t id);

#endif
