/*
 * Numbers for texts, risk objects and profiles (search, stories, techniques, tactics): each is
 * stored once. A small cache saves most look-ups. Private to store/; only inside a transaction of
 * the history thread.
 */
#ifndef FALCOTOP_STORE_INTERN_H
#define FALCOTOP_STORE_INTERN_H

#include "store/db.h"

enum intern_kind { INTERN_TEXT, INTERN_OBJECT, INTERN_PROFILE, INTERN_KINDS };
#define INTERN_PARTS 4

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *in);
/* After a rollback, a sweep, and for another file: numbers it knew may not be there. */
void intern_forget(struct intern *in);
void intern_seed(struct intern *in, int64_t seed);
/* The number of a thing of so many parts as its kind has; 0 on a fault. */
int64_t intern_get(
    struct intern *in, struct db *db, enum intern_kind kind, const struct slice *part);

#endif
