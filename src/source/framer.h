/*
 * Bytes to batches of whole lines. The one place that knows what a line is: unfinished lines wait
 * here, split events (decode_safe_cut()) and text events on several lines stay together, lines over
 * DECODE_MAX_LINE are skipped in bounded memory and become one record each. Buffers change owners
 * with the batch; nothing is copied but the unfinished line.
 */
#ifndef FALCOTOP_SOURCE_FRAMER_H
#define FALCOTOP_SOURCE_FRAMER_H

#include "pipeline/engine.h"

struct framer {
	/* set by the owner after framer_init() */
	uint32_t source;
	uint16_t origin;
	bool streamed;
	bool recorded;
	uint32_t lines_before; /* in the origin, before the first byte that is read */
	int64_t reference;     /* of recorded ones; live ones are dated by arrival */
	uint64_t *offset; /* place in the origin of the first byte not pushed yet; may be shared by
			     connections */
	/* the framer's own */
	char *p;
	size_t len, cap;
	size_t chunk;	/* bytes to read at a time */
	size_t cut;	/* bytes that are whole lines */
	bool joins;	/* memory of decode_safe_cut() */
	bool held;	/* a whole text event waits for the line behind it */
	bool first;	/* nothing was pushed yet */
	bool skipping;	/* in a line that is too long */
	bool long_done; /* it has ended and waits to be pushed */
	uint64_t long_bytes;
	struct buf long_head;
};

/* A buffer that connections lend each other: idle ones keep only what they hold. */
struct framer_spare {
	char *p;
	size_t cap;
};

void framer_init(struct framer *f, size_t chunk, uint64_t *offset);
void framer_release(struct framer *f);
/* True when a line has begun that has no end yet. */
bool framer_holds(const struct framer *f);
/* Forgets what is held: the file was truncated. True when there was something. */
bool framer_reset(struct framer *f);

/* Where to read to and how much; then tell what came. True when there are lines to push. */
char *framer_room(struct framer *f, size_t *n);
bool framer_added(struct framer *f, size_t n);
/* Nothing more is there for now: a text event that may go on waits no longer. True when there are
 * lines to push. */
bool framer_settle(struct framer *f);
/* No more will come: what is left is a line. True when there is something to push. */
bool framer_finish(struct framer *f);
/* Pushes what framer_added() or framer_finish() said is there. */
void framer_push(struct framer *f, struct engine *e, struct batch *b);

void framer_borrow(struct framer *f, struct framer_spare *spare);
void framer_give_back(struct framer *f, struct framer_spare *spare);

#endif
