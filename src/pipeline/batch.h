/*
 * A batch: whole lines of one source, read in one go, on their way from a source to a decode worker to the engine.
 * Batches are recycled; a source that finds none free waits (back-pressure).
 */
#ifndef FALCOTOP_PIPELINE_BATCH_H
#define FALCOTOP_PIPELINE_BATCH_H

#include "decode/decode.h"
#include "model/block.h"

#define BATCH_SIZE (256u << 10) /* usual size of a batch's buffer; a longer line grows it up to DECODE_MAX_LINE */

/* What became of the records: added up per source. */
struct tally {
	uint64_t bytes, lines, records;
	uint64_t accepted, noise, blank, internal, duplicates;
	uint64_t rejected_by[REJECT_REASONS];
	uint64_t repaired;     /* of the accepted */
	uint64_t dropped;      /* bytes or lines we could not take: lines */
	uint64_t kernel_drops; /* Falco's own n_drops, from its internal records */
};

uint64_t tally_rejected(const struct tally *t);
void tally_add(struct tally *to, const struct tally *from);

/* A rejected record kept for inspection. */
struct bad_line {
	enum reject_reason reason;
	uint32_t source; /* number of the source */
	uint32_t line;   /* 1-based */
	uint64_t offset;
	struct slice text; /* at most 4 KiB of it */
};

#define BATCH_BAD_MAX 16 /* kept of one batch; all are counted */

struct batch {
	uint64_t sequence;  /* order of application */
	uint32_t source;    /* number of the source */
	uint16_t origin;    /* of the raw store */
	bool first;         /* starts its source: a byte-order mark is skipped */
	bool last;          /* ends its source: what is pending is flushed */
	bool streamed;      /* the worker stores the bytes in the raw store */
	uint64_t offset;    /* of data[0] in the origin */
	uint32_t line;      /* number of its first line, 1-based */
	int64_t arrival;    /* wall clock, ns */
	char *data;
	size_t len, cap;
	/* filled by the worker */
	struct block block;
	struct tally tally;
	struct bad_line bad[BATCH_BAD_MAX];
	unsigned nbad;
	struct buf bad_text;
};

#endif
