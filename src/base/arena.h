/* Bump allocation released as a whole; blocks are reused after arena_reset(). */
#ifndef FALCOTOP_BASE_ARENA_H
#define FALCOTOP_BASE_ARENA_H

#include "base/slice.h"

struct arena {
	struct arena_block *head;  /* in use, the newest first */
	struct arena_block *spare; /* kept by arena_reset() */
	size_t used;		   /* bytes handed out since the last reset */
};

/* 16-byte aligned, not cleared. */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
struct slice arena_copy(struct arena *a, struct slice s); /* adds a NUL after the copy */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
