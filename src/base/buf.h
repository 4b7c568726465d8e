/* A growable byte string. Zero-initialise to start; the data is always followed by a NUL. */
#ifndef FALCOTOP_BASE_BUF_H
#define FALCOTOP_BASE_BUF_H

#include "base/slice.h"

struct buf {
	char *p; /* NULL until something was added */
	size_t len;
	size_t cap;
};

void buf_add(struct buf *b, const void *p, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes; returns where they go. The caller then adds to b->len. */
char *buf_room(struct buf *b, size_t n);
/* Empties and keeps the memory. */
void buf_clear(struct buf *b);
void buf_release(struct buf *b);
/* The content as a C string owned by the caller; b is empty afterwards. */
char *buf_steal(struct buf *b);

static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->len };
}

#endif
