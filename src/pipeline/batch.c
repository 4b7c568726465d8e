/*
 * Batches and tallies as plain data: making, recycling, adding up. Not here: who holds a batch when
 * (pool.c) and what a worker does with it (worker.c).
 */
#include "pipeline/batch.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

/* Decoders may read whole vectors: what lies behind the data is ours, whatever it holds. */
#define BATCH_SLACK 64

/* A buffer that grew for long lines shrinks again when its batch is recycled. */
#define BATCH_KEEP (4 * BATCH_SIZE)

uint64_t
tally_rejected(const struct tally *t)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < REJECT_REASONS; i++)
		n += t->rejected_by[i];
	return n;
}

void
tally_add(struct tally *to, const struct tally *from)
{
	to->bytes += from->bytes;
	to->lines += from->lines;
	to->records += from->records;
	to->accepted += from->accepted;
	to->noise += from->noise;
	to->blank += from->blank;
	to->internal += from->internal;
	to->duplicates += from->duplicates;
	for (unsigned i = 0; i < REJECT_REASONS; i++)
		to->rejected_by[i] += from->rejected_by[i];
	to->repaired += from->repaired;
	to->dropped += from->dropped;
	to->possible_loss += from->possible_loss;
	to->kernel_drops += from->kernel_drops;
}

char *
batch_buffer(char *p, size_t cap)
{
	return xreallocarray(p, 1, cap + BATCH_SLACK);
}

void
batch_reserve(struct batch *b, size_t cap)
{
	if (cap <= b->cap)
		return;
	b->data = batch_buffer(b->data, cap);
	b->cap = cap;
}

struct batch *
batch_new(size_t size)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	block_init(&b->block);
	batch_reserve(b, size);
	return b;
}

void
batch_clear(struct batch *b)
{
	block_clear(&b->block);
	buf_clear(&b->long_head);
	buf_clear(&b->bad_text);
	memset(&b->tally, 0, sizeof(b->tally));
	b->len = 0;
	b->long_bytes = b->long_offset = 0;
	b->first = b->last = b->streamed = b->recorded = false;
	b->nbad = 0;
	b->nuuid = 0;
	if (b->cap > BATCH_KEEP) {
		free(b->data);
		b->data = NULL;
		b->cap = 0;
		batch_reserve(b, BATCH_SIZE);
	}
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	block_release(&b->block);
	buf_release(&b->long_head);
	buf_release(&b->bad_text);
	free(b->uuid);
	free(b->data);
	free(b);
}

void
batch_keep_bad(
    struct batch *b, enum reject_reason reason, uint32_t line, uint64_t offset, struct slice text)
{
	unsigned at = b->nbad == 0 ? 0 : 1 + (unsigned)((b->nbad - 1) % (BATCH_BAD_MAX - 1));
	struct bad_line *bad = &b->bad[at];

	b->nbad++;
	bad->reason = reason;
	bad->source = b->source;
	bad->line = line;
	bad->offset = offset;
	bad->text.p = NULL;
	bad->text.len = text.len < BATCH_BAD_TEXT ? text.len : BATCH_BAD_TEXT;
	b->bad_at[at] = b->bad_text.len;
	if (bad->text.len > 0)
		buf_add(&b->bad_text, text.p, bad->text.len);
}

unsigned
batch_bad_count(const struct batch *b)
{
	return b->nbad < BATCH_BAD_MAX ? (unsigned)b->nbad : BATCH_BAD_MAX;
}

unsigned
batch_bad_index(const struct batch *b, unsigned i)
{
	if (i == 0 || b->nbad <= BATCH_BAD_MAX)
		return i;
	return 1 + (unsigned)((b->nbad - 1 + i - 1) % (BATCH_BAD_MAX - 1));
}
