/*
 * Where the raw bytes of events can be had again: a descriptor for a regular file (pread), a ring
 * in an unlinked spool file for what came through pipes and sockets. Appending and reading are safe
 * from any thread.
 */
#ifndef FALCOTOP_MODEL_RAWSTORE_H
#define FALCOTOP_MODEL_RAWSTORE_H

#include "base/buf.h"

struct rawstore;

/* spool_max: bytes kept of each streamed origin; older ones read as gone. */
struct rawstore *rawstore_new(uint64_t spool_max);
void rawstore_free(struct rawstore *r);
/*
 * A new origin with its display name; fd >= 0: a regular file (dup'ed), -1: streamed. At most
 * 65,535 origins: then the last one is shared, and keeps no bytes.
 */
uint16_t rawstore_add(struct rawstore *r, const char *name, int fd);
/* "" for a number that was not given out. */
const char *rawstore_name(const struct rawstore *r, uint16_t origin);
/*
 * Streamed origins: keeps len bytes, which start at `offset` of the stream; workers may come out of
 * order. False (and counted) when the spool cannot be written: events stay, their raw bytes do not.
 */
bool rawstore_append(
    struct rawstore *r, uint16_t origin, uint64_t offset, const char *p, size_t len);
/*
 * Adds exactly len bytes to out; false when they are gone (spool went round, file shrank or was
 * forgotten). A ring never gives back bytes that a later part of the stream has written over.
 */
bool rawstore_read(
    const struct rawstore *r, uint16_t origin, uint64_t offset, uint32_t len, struct buf *out);
/* The bytes of this origin are no longer what they were (a file was truncated and written anew):
 * all read as gone. */
void rawstore_forget(struct rawstore *r, uint16_t origin);
/* The bytes of this origin are to be had from this file now (dup'ed): a copy of what was read, made
 * before the file was truncated. */
void rawstore_moved(struct rawstore *r, uint16_t origin, int fd);
/* Appends that failed, and the last reason ("" = none). */
uint64_t rawstore_failures(const struct rawstore *r, char *why, size_t size);

#endif
