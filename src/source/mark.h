/*
 * What tells a file apart from another that took its name, its inode or its place: how it begins
 * and what stands before the point up to which it was read.
 */
#ifndef FALCOTOP_SOURCE_MARK_H
#define FALCOTOP_SOURCE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_HEAD 256
#define MARK_TAIL 64

struct mark {
	uint64_t at; /* bytes read; the tail stands before it */
	uint32_t nhead, ntail;
	unsigned char head[MARK_HEAD], tail[MARK_TAIL];
};

/* Of a file that is read from `at` on. */
void mark_begin(struct mark *m, int fd, uint64_t at);
/* These bytes were read next. */
void mark_add(struct mark *m, const char *p, size_t n);
/* The same file up to an earlier point, where a line ends. */
void mark_before(struct mark *to, const struct mark *m, int fd, uint64_t at);
/* False when the file does not hold what was read any more. A file that cannot be read is not
 * doubted. */
bool mark_holds(const struct mark *m, int fd);
/* It begins the same way, however long it is. */
bool mark_begins(const struct mark *m, int fd);

#endif
