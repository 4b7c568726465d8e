/* Where the history is: its path, whether what is there may be used, and putting a damaged file out
 * of the way. Private to store/. */
#ifndef FALCOTOP_STORE_PLACE_H
#define FALCOTOP_STORE_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum place_verdict {
	PLACE_OK,
	PLACE_MISSING, /* no such file, and none was to be made */
	PLACE_AGAIN,   /* cannot be used now: no directory, no rights, no space */
	PLACE_REFUSED  /* unsafe: a link, no plain file, somebody else's, open to everybody */
};

struct place {
	char path[PATH_MAX]; /* absolute, the directory free of links */
	dev_t dev;
	ino_t ino;
	bool stub; /* not empty, and too short for a database: SQLite would write over it */
};

/*
 * The path wanted: a copy of `given`, or the default: $XDG_STATE_HOME/falcotop/history.db, else
 * ~/.local/state/falcotop/history.db. NULL when there is no home. To be freed. *own: the directory
 * is ours to make.
 */
char *place_path(const char *given, bool *own);
/*
 * Looks at the place; `create` makes an empty file (0600) when there is none, `own` its directory
 * (0700) too. Never opens the file: closing it again would end the locks of another connection of
 * this process.
 */
enum place_verdict place_check(
    struct place *p, const char *path, bool own, bool create, char *err, size_t errlen);
/* Still the file that place_check() found? */
bool place_same(const struct place *p);
/*
 * Renames the file (and its -wal, -shm, -journal) to PATH.corrupt-<UTC time>; name: what it is
 * called now. True as well when another instance was faster: then name is empty.
 */
bool place_move_aside(const struct place *p, int64_t now, char *name, size_t namelen);
/* Sizes now; 0 for what is not there. */
void place_sizes(const struct place *p, uint64_t *file, uint64_t *wal);

#endif
