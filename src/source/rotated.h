/*
 * The files that lie beside a log and were it once: where rotation puts what had the name before,
 * and the copy that is made before a log is truncated.
 */
#ifndef FALCOTOP_SOURCE_ROTATED_H
#define FALCOTOP_SOURCE_ROTATED_H

#include <sys/types.h>

#include "source/mark.h"

/*
 * The file beside `path` that holds what was read of it, and is not the inode `dev`, `ino`: its
 * copy, made no earlier than `from` (0: whenever). A descriptor, or -1.
 */
int rotated_copy(const char *path, const struct mark *m, dev_t dev, ino_t ino, int64_t from);
/* The file beside `path` that is this inode and holds the mark: it was renamed. Or -1. */
int rotated_same(const char *path, const struct mark *m, dev_t dev, ino_t ino);
/*
 * Those that were made in [from, to] (rotated_born()), oldest first, are no copies of m's file
 * (NULL: of none) and none of the nnot inodes: they had the name for a moment. Descriptors, at most
 * max.
 */
unsigned rotated_between(const char *path, int64_t from, int64_t to, const struct mark *m,
    const ino_t * not, unsigned nnot, int *fd, unsigned max);
/* Now, by the clock that stamps files. */
int64_t rotated_now(void);
/* When the file was made; 0: the file system does not tell. */
int64_t rotated_born(int fd);

#endif
