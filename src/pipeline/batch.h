/*
 * A batch: whole lines of one source, read in one go, on their way from a source to a decode worker
 * to the engine. Batches are recycled; a source that finds none free waits (back-pressure).
 */
#ifndef FALCOTOP_PIPELINE_BATCH_H
#define FALCOTOP_PIPELINE_BATCH_H

#include "decode/decode.h"
#include "model/block.h"

#define BATCH_SIZE                                                                                 \
	(256u << 10) /* usual size of a batch's buffer; a longer line grows it up to               \
			DECODE_MAX_LINE */

/* What became of the records: added up per source. */
struct tally {
	uint64_t bytes, lines, records;
	uint64_t accepted, noise, blank, internal, duplicates;
	uint64_t rejected_by[REJECT_REASONS];
	uint64_t repaired;	/* of the accepted */
	uint64_t dropped;	/* bytes or lines we could not take: lines */
	uint64_t possible_loss; /* times that lines may have been lost before we saw them: a file
				   was truncated, or rotated away */
	uint64_t kernel_drops;	/* Falco's own n_drops, from its internal records */
};

uint64_t tally_rejected(const struct tally *t);
void tally_add(struct tally *to, const struct tally *from);

/* A rejected record kept for inspection. */
struct bad_line {
	enum reject_reason reason;
	uint32_t source; /* number of the source */
	uint32_t line;	 /* 1-based */
	uint64_t offset;
	struct slice text; /* at most 4 KiB of it */
};

/* Rejected records kept of one batch: the first, and the last ones of the rest. All are counted. */
#define BATCH_BAD_MAX  256
#define BATCH_BAD_TEXT 4096 /* bytes kept of a rejected record */

/* An event that carries falcosidekick's uuid: what the ordered stage needs to tell a second
 * delivery. */
struct batch_uuid {
	uint32_t row; /* of the block */
	uint64_t hash;
};

struct table_ref; /* a worker's symbol table, counted: pipeline/worker.h */

/*
 * The source fills the first part and pushes; everything below "filled by the worker" belongs to
 * the pipeline. Line numbers are not the source's: the ordered stage counts them.
 */
struct batch {
	uint64_t sequence; /* order of application */
	uint32_t source;   /* number of the source */
	uint16_t origin;   /* of the raw store */
	bool first;	   /* starts its origin: a byte-order mark is skipped, lines count from 1 */
	bool last;	   /* ends its source */
	uint32_t lines_before; /* of the origin, when it is the first: a file is read from there */
	bool streamed;	       /* the worker stores the bytes in the raw store */
	bool recorded;	       /* of a recorded file: `reference` is its modification time */
	uint64_t offset;       /* of data[0] in the origin */
	int64_t arrival;       /* wall clock, ns */
	int64_t reference; /* the latest time its events can have happened: what undated ones are
			      dated by */
	char *data;
	size_t len, cap;
	/* A line longer than DECODE_MAX_LINE came before data[0]: its bytes with the line end (0:
	 * none), place and beginning. */
	uint64_t long_bytes, long_offset;
	struct buf long_head;
	/* filled by the worker */
	struct block block;
	struct tally tally;
	struct bad_line
	    bad[BATCH_BAD_MAX];	      /* line: relative to the batch, from 0; text: see bad_at */
	size_t bad_at[BATCH_BAD_MAX]; /* where it starts in bad_text */
	uint64_t nbad;		      /* ever: of them the first and the last ones are here */
	struct buf bad_text;
	struct batch_uuid *uuid;
	uint32_t nuuid, uuid_cap;
	bool busy; /* a worker has it, or it waits to be applied (guarded by the pool) */
	struct table_ref *table; /* keeps block.symbols alive until the block was applied */
};

struct batch *batch_new(size_t size);
/* Ready for the next source; keeps the memory. */
void batch_clear(struct batch *b);
void batch_free(struct batch *b);
/*
 * A buffer of at least `cap` bytes for batch.data, which a source may swap for its own: p (NULL or
 * from here) grown, its content kept. Some bytes behind it are ours too, so that decoders may read
 * whole vectors.
 */
char *batch_buffer(char *p, size_t cap);
/* Room for at least `cap` bytes of data; keeps what is there. */
void batch_reserve(struct batch *b, size_t cap);
/* Keeps a rejected record; counting is the caller's. */
void batch_keep_bad(
    struct batch *b, enum reject_reason reason, uint32_t line, uint64_t offset, struct slice text);
/* How many were kept, and where in bad[] the i-th of them is, in the order of the lines. */
unsigned batch_bad_count(const struct batch *b);
unsigned batch_bad_index(const struct batch *b, unsigned i);

#endif
