/* Cutting a stream of bytes into batches (framer.h). No descriptors, no threads: the owner reads,
 * waits and pushes. */
#include "source/framer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/banned.h"

void
framer_init(struct framer *f, size_t chunk, uint64_t *offset)
{
	memset(f, 0, sizeof(*f));
	f->chunk = chunk;
	f->offset = offset;
	f->first = true;
}

void
framer_release(struct framer *f)
{
	free(f->p);
	buf_release(&f->long_head);
	f->p = NULL;
	f->len = f->cap = 0;
}

bool
framer_holds(const struct framer *f)
{
	bool whole = f->held && f->len > 0 && f->p[f->len - 1] == '\n';

	return (f->len > 0 && !whole) || f->skipping || f->long_done;
}

bool
framer_reset(struct framer *f)
{
	bool any = framer_holds(f);

	f->len = f->cut = 0;
	f->skipping = f->long_done = f->held = false;
	f->long_bytes = 0;
	f->first = true;
	return any;
}

static void
reserve(struct framer *f, size_t cap)
{
	if (cap <= f->cap)
		return;
	f->p = batch_buffer(f->p, cap);
	f->cap = cap;
}

char *
framer_room(struct framer *f, size_t *n)
{
	*n = f->len < f->chunk ? f->chunk - f->len : 0;
	if (*n < (f->chunk + 3) / 4)
		*n = f->chunk;
	reserve(f, f->len + *n);
	return f->p + f->len;
}

/* The line got too long: its beginning is kept, the rest is only counted. */
static void
start_skipping(struct framer *f)
{
	buf_clear(&f->long_head);
	buf_add(&f->long_head, f->p, f->len < BATCH_BAD_TEXT ? f->len : BATCH_BAD_TEXT);
	f->long_bytes = f->len;
	f->skipping = true;
	f->len = 0;
}

/* While skipping, the buffer holds what came last and no more. */
static void
skip(struct framer *f)
{
	const char *nl = memchr(f->p, '\n', f->len);
	size_t n = nl == NULL ? f->len : (size_t)(nl - f->p) + 1;

	f->long_bytes += n;
	f->len -= n;
	if (nl == NULL)
		return;
	memmove(f->p, f->p + n, f->len);
	f->skipping = false;
	f->long_done = true;
}

bool
framer_added(struct framer *f, size_t n)
{
	size_t before = f->len, whole;
	const char *nl;

	f->len += n;
	f->cut = 0;
	if (f->skipping) {
		skip(f);
		before = 0;
	}
	nl = f->len > before ? memrchr(f->p + before, '\n', f->len - before) : NULL;
	if (nl != NULL) {
		whole = decode_safe_cut(f->p, f->len, &f->joins);
		f->cut = decode_text_cut(f->p, whole, f->len, f->recorded);
		f->held = f->cut < whole;
	}
	if (f->cut == 0 && f->len > DECODE_MAX_LINE && !f->long_done) {
		/* pieces without an end are cut somewhere; a line without an end is skipped */
		nl = memrchr(f->p, '\n', f->len);
		if (nl != NULL)
			f->cut = (size_t)(nl - f->p) + 1;
		else
			start_skipping(f);
	}
	return f->cut > 0 || f->long_done;
}

bool
framer_settle(struct framer *f)
{
	if (!f->held)
		return false;
	f->held = false;
	f->cut = decode_safe_cut(f->p, f->len, &f->joins);
	return f->cut > 0;
}

bool
framer_finish(struct framer *f)
{
	f->held = false;
	f->cut = f->len;
	if (f->skipping)
		f->long_done = true;
	f->skipping = false;
	return f->cut > 0 || f->long_done;
}

/* The batch takes the buffer, and the framer the batch's with the rest. */
static void
swap_buffers(struct framer *f, struct batch *b)
{
	size_t rest = f->len - f->cut;
	char *p = f->p;
	size_t cap = f->cap;

	f->p = b->data;
	f->cap = b->cap;
	b->data = p;
	b->cap = cap;
	b->len = f->cut;
	f->len = 0;
	reserve(f, rest);
	if (rest > 0)
		memcpy(f->p, b->data + b->len, rest);
	f->len = rest;
	f->cut = 0;
}

void
framer_push(struct framer *f, struct engine *e, struct batch *b)
{
	struct buf head = b->long_head;

	b->source = f->source;
	b->origin = f->origin;
	b->first = f->first;
	b->lines_before = f->lines_before;
	b->streamed = f->streamed;
	b->recorded = f->recorded;
	b->arrival = clock_wall();
	b->reference = f->recorded ? f->reference : b->arrival;
	if (f->long_done) {
		b->long_head = f->long_head;
		b->long_bytes = f->long_bytes;
		b->long_offset = *f->offset;
		*f->offset += f->long_bytes;
		f->long_head = head;
		f->long_bytes = 0;
		f->long_done = false;
	}
	b->offset = *f->offset;
	*f->offset += f->cut;
	b->len = 0;
	if (f->cut > 0)
		swap_buffers(f, b);
	f->first = false;
	engine_push(e, b);
}

void
framer_borrow(struct framer *f, struct framer_spare *spare)
{
	char *p = spare->p;

	if (p == NULL || f->cap >= spare->cap || f->len > spare->cap / 2)
		return;
	if (f->len > 0)
		memcpy(p, f->p, f->len);
	free(f->p);
	f->p = p;
	f->cap = spare->cap;
	spare->p = NULL;
	spare->cap = 0;
}

void
framer_give_back(struct framer *f, struct framer_spare *spare)
{
	char *p = f->p;
	size_t cap = f->cap;

	if (f->len > f->cap / 2)
		return;
	f->p = NULL;
	f->cap = 0;
	if (f->len > 0) {
		reserve(f, f->len);
		memcpy(f->p, p, f->len);
	}
	if (spare->cap >= cap) {
		free(p);
		return;
	}
	free(spare->p);
	spare->p = p;
	spare->cap = cap;
}
