/*
 * Memory of sealed segments: arrays carved from large aligned chunks that are used again once every
 * segment in them has left. Segments come and go in the same order. Private to the model.
 */
#ifndef FALCOTOP_MODEL_STORE_H
#define FALCOTOP_MODEL_STORE_H

#include <stddef.h>
#include <stdint.h>

#define STORE_CHUNK ((size_t)4 << 20) /* no array may be larger */

struct store_chunk;

struct store {
	struct store_chunk *current; /* the one being carved */
	struct store_chunk *spare;
	unsigned nspare;
	size_t memory; /* of all chunks, spare ones too */
};

#define SPAN_CHUNKS 12 /* even with SEGMENT_ROWS of 65536 a segment needs but 7 */

/* The chunks one segment has arrays in. */
struct store_span {
	struct store_chunk *chunk[SPAN_CHUNKS];
	unsigned n;
};

/* 64-byte aligned, not cleared; lives until the span is freed. */
void *store_alloc(struct store *s, struct store_span *span, size_t size);
void store_free_span(struct store *s, struct store_span *span);
/* Everything; all spans must be gone. */
void store_release(struct store *s);

#endif
