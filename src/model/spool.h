/*
 * A spool: the newest bytes of one stream in a ring in an unlinked file. Private to the raw store.
 * Writers may come out of order; what was written over or never written reads as gone. Safe from
 * any thread.
 */
#ifndef FALCOTOP_MODEL_SPOOL_H
#define FALCOTOP_MODEL_SPOOL_H

#include "base/buf.h"

struct spool;

struct spool *spool_new(uint64_t max);
void spool_free(struct spool *s);
/* 0, or an errno when the bytes were not kept. */
int spool_write(struct spool *s, uint64_t offset, const char *p, size_t len);
bool spool_read(struct spool *s, uint64_t offset, uint32_t len, struct buf *out);

#endif
