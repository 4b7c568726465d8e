/* Compressed files: each has a thread of its own. */
#ifndef FALCOTOP_SOURCE_INFLATE_H
#define FALCOTOP_SOURCE_INFLATE_H

#include "source/private.h"

struct inflates; /* those of a set */

struct inflates *inflates_new(struct source_set *set);
/*
 * Takes over fd when it is a compressed file and returns 1; 0: it is none; -1: it is one that this
 * build cannot read, with a message. Names the source.
 */
int inflates_try(
    struct inflates *is, struct source *s, int fd, bool follow, char *err, size_t errlen);
void inflates_start(struct inflates *is);
void inflates_stop(struct inflates *is); /* waits for the threads */
void inflates_free(struct inflates *is);

#endif
