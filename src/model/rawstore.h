/*
 * Where the raw bytes of events can be had again: a descriptor for a regular file (pread), a ring in an unlinked spool
 * file for what came through pipes and sockets. Appending and reading are safe from any thread.
 */
#ifndef FALCOTOP_MODEL_RAWSTORE_H
#define FALCOTOP_MODEL_RAWSTORE_H

#include "base/buf.h"

struct rawstore;

/* spool_max: bytes kept of each streamed origin; older ones read as gone. */
struct rawstore *rawstore_new(uint64_t spool_max);
void rawstore_free(struct rawstore *r);
/* A new origin with its display name; fd >= 0: a regular file (dup'ed), -1: streamed. At most 65,535 origins: then the last one is shared. */
uint16_t rawstore_add(struct rawstore *r, const char *name, int fd);
const char *rawstore_name(const struct rawstore *r, uint16_t origin);
/* Streamed origins: keeps len bytes, which start at `offset` of the stream. False (and counted) when the spool cannot be written: events stay, their raw bytes do not. */
bool rawstore_append(struct rawstore *r, uint16_t origin, uint64_t offset, const char *p, size_t len);
/* Adds exactly len bytes to out; false when they are gone (spool went round, file shrank or changed). */
bool rawstore_read(const struct rawstore *r, uint16_t origin, uint64_t offset, uint32_t len, struct buf *out);

#endif
