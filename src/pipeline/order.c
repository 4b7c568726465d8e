/* The ordered stage (order.h). A few loops over arrays of the batch; nothing here looks at text. */
#include "pipeline/order.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

void
order_release(struct order *o)
{
	recent_free(o->recent);
	for (unsigned i = 0; i < BAD_RING; i++)
		free((void *)(uintptr_t)o->bad[i].text.p);
	free((void *)(uintptr_t)o->first_bad.text.p);
}

static struct bad_line
copy_bad(const struct batch *b, unsigned i, uint32_t lines)
{
	struct bad_line c = b->bad[i];

	c.line += lines + 1;
	c.text.p = c.text.len == 0 ? NULL : xstrndup(b->bad_text.p + b->bad_at[i], c.text.len);
	return c;
}

static void
keep_bad(struct order *o, const struct batch *b, uint32_t lines)
{
	unsigned n = batch_bad_count(b);

	for (unsigned i = 0; i < n; i++) {
		struct bad_line *to = &o->bad[o->nbad % BAD_RING];

		if (o->nbad++ == 0)
			o->first_bad = copy_bad(b, 0, lines);
		free((void *)(uintptr_t)to->text.p);
		*to = copy_bad(b, batch_bad_index(b, i), lines);
	}
}

/* Takes a row out of the block: the rows behind it move up. */
static void
remove_row(struct block *k, uint32_t row)
{
	uint32_t n = k->n - row - 1;

	memmove(&k->time[row], &k->time[row + 1], n * sizeof(k->time[0]));
	memmove(&k->priority[row], &k->priority[row + 1], n * sizeof(k->priority[0]));
	memmove(&k->flags[row], &k->flags[row + 1], n * sizeof(k->flags[0]));
	memmove(&k->tests[row], &k->tests[row + 1], n * sizeof(k->tests[0]));
	memmove(&k->offset[row], &k->offset[row + 1], n * sizeof(k->offset[0]));
	memmove(&k->length[row], &k->length[row + 1], n * sizeof(k->length[0]));
	memmove(&k->line[row], &k->line[row + 1], n * sizeof(k->line[0]));
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		if (k->present[c >> 6] >> (c & 63) & 1)
			memmove(&k->col[c][row], &k->col[c][row + 1], n * sizeof(sym_t));
	k->n--;
}

static void
drop_duplicates(struct order *o, struct batch *b)
{
	struct block *k = &b->block;
	uint32_t gone = 0;

	if (b->nuuid == 0)
		return;
	if (o->recent == NULL)
		o->recent = recent_new(RECENT_UUIDS);
	for (uint32_t i = 0; i < b->nuuid; i++) {
		uint32_t row = b->uuid[i].row - gone;

		if (!recent_seen(o->recent, b->uuid[i].hash))
			continue;
		b->tally.repaired -= (k->flags[row] & EVENT_REPAIRED) != 0;
		b->tally.accepted--;
		b->tally.duplicates++;
		remove_row(k, row);
		gone++;
	}
}

static void
date_and_number(struct feed *f, struct batch *b)
{
	struct block *k = &b->block;

	for (uint32_t i = 0; i < k->n; i++) {
		k->line[i] += f->lines + 1;
		k->time[i] =
		    when_resolve(&f->when, k->time[i], k->flags[i], b->reference, b->recorded);
	}
}

/* A far time in one event must not stand for the clock: what lies more than a day ahead is not
 * taken. */
static void
take_newest(struct feed *f, const struct batch *b)
{
	const int64_t day = 86400 * NSEC_PER_SEC;
	const struct block *k = &b->block;
	int64_t newest = TIME_NONE;

	for (uint32_t i = 0; i < k->n; i++)
		if (k->time[i] > newest && k->time[i] < b->arrival + day)
			newest = k->time[i];
	if (newest == TIME_NONE)
		return;
	f->lag = b->recorded ? NAN : (double)(b->arrival - newest) / (double)NSEC_PER_SEC;
	f->live = !b->recorded && b->arrival - newest < 3600 * NSEC_PER_SEC;
	if (newest > f->newest)
		f->newest = newest;
}

void
order_batch(struct order *o, struct feed *f, struct batch *b)
{
	if (b->first && !b->streamed)
		f->lines = b->lines_before;
	keep_bad(o, b, f->lines);
	drop_duplicates(o, b);
	date_and_number(f, b);
	f->lines += (uint32_t)b->tally.lines;
	take_newest(f, b);
	tally_add(&f->tally, &b->tally);
	rate_add(&f->rate, clock_mono(), b->block.n);
	f->last_arrival = b->arrival;
	f->applied++;
}
