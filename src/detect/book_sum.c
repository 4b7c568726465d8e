/*
 * Sums of the risk book: one pass over all entries gives every object its row. The pass is made
 * when the book or `now` changed; until then rows are read off.
 */
#include "detect/book_private.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define AHEAD 12 /* entries: their pairs are on the way from memory */

const char *
risk_severity_name(enum risk_severity s)
{
	static const char *const names[] = { "", "medium", "high", "critical" };

	return names[s];
}

enum risk_severity
risk_severity(const struct book_options *o, double sum24)
{
	if (o == NULL)
		o = &book_options_default;
	if (sum24 >= o->critical)
		return RISK_CRITICAL;
	if (sum24 >= o->high)
		return RISK_HIGH;
	return sum24 > o->medium ? RISK_MEDIUM : RISK_NONE;
}

int64_t
book_share(const struct book *b, int64_t sum, int32_t max)
{
	double most;

	if (b->options.cap <= 0)
		return sum;
	most = b->options.cap * max;
	return (double)sum <= most ? sum : llround(most);
}

static struct book_object *
touch_object(struct book *b, uint32_t i)
{
	struct book_object *o = &b->object[i];

	if (o->mark == b->mark)
		return o;
	o->mark = b->mark;
	o->counted = o->muted = o->sources = o->tactic_sources = 0;
	o->tactics = 0;
	o->sum24 = o->sum7d = 0;
	o->first = INT64_MAX;
	o->last = INT64_MIN;
	memset(o->trend, 0, sizeof(o->trend));
	b->touched[b->ntouched++] = i;
	return o;
}

static struct book_pair *
touch_pair(struct book *b, uint32_t i, struct book_object *o)
{
	struct book_pair *p = &b->pair[i];

	if (p->mark == b->mark)
		return p;
	p->mark = b->mark;
	p->sum24 = p->sum7d = 0;
	p->max24 = p->max7d = 0;
	p->has_tactic = false;
	o->sources++;
	b->touched_pair[b->ntouched_pair++] = i;
	return p;
}

static void
add_entry(struct book *b, const struct book_hot *h, int64_t now, int64_t day)
{
	struct book_object *o = touch_object(b, h->object);
	struct book_pair *p;

	o->muted += h->muted;
	if (h->muted && !b->options.muted)
		return;
	p = touch_pair(b, h->pair, o);
	o->counted++;
	o->tactics |= h->tactics;
	if (h->first < o->first)
		o->first = h->first;
	if (h->last > o->last)
		o->last = h->last;
	if (h->tactics != 0 && !p->has_tactic) {
		p->has_tactic = true;
		o->tactic_sources++;
	}
	p->sum7d += h->score;
	if (h->score > p->max7d)
		p->max7d = h->score;
	if (h->first <= day)
		return;
	p->sum24 += h->score;
	if (h->score > p->max24)
		p->max24 = h->score;
	o->trend[BOOK_TREND - 1 - (now - h->first) / BOOK_HOUR] += (float)h->score / SCORE_UNIT;
}

/* Marks start anew when they run out, and belong to no object that is free. */
static void
next_mark(struct book *b)
{
	if (++b->mark != 0)
		return;
	for (uint32_t i = 0; i < b->nobjects; i++)
		b->object[i].mark = 0;
	for (uint32_t i = 0; i < b->npairs; i++)
		b->pair[i].mark = 0;
	b->mark = 1;
}

static void
make_room(uint32_t **list, uint32_t *room, uint32_t wanted)
{
	if (*room >= wanted)
		return;
	*list = xreallocarray(*list, wanted, sizeof(**list));
	*room = wanted;
}

void
book_sum(struct book *b, int64_t now)
{
	int64_t day = book_before(now, BOOK_DAY), week = book_before(now, BOOK_WEEK);

	if (b->mark != 0 && b->summed == b->status.version && b->summed_at == now)
		return;
	next_mark(b);
	make_room(&b->touched, &b->touched_room, b->object_room);
	make_room(&b->touched_pair, &b->touched_pair_room, b->pair_room);
	b->ntouched = b->ntouched_pair = 0;
	for (uint32_t i = 0; i < b->places; i++) {
		const struct book_hot *h = &b->hot[i];

		if (i + AHEAD < b->places && h[AHEAD].pair != NOWHERE) {
			__builtin_prefetch(&b->pair[h[AHEAD].pair], 1);
			__builtin_prefetch(&b->object[h[AHEAD].object].mark, 1);
		}
		if (h->pair != NOWHERE && h->first > week && h->first <= now)
			add_entry(b, h, now, day);
	}
	for (uint32_t i = 0; i < b->ntouched_pair; i++) {
		const struct book_pair *p = &b->pair[b->touched_pair[i]];
		struct book_object *o = &b->object[p->object];

		o->sum24 += book_share(b, p->sum24, p->max24);
		o->sum7d += book_share(b, p->sum7d, p->max7d);
	}
	b->summed = b->status.version;
	b->summed_at = now;
}

static void
fill_row(const struct book *b, const struct book_object *o, struct book_row *r)
{
	*r = (struct book_row){
		.object = texts_get(&b->texts, o->name),
		.type = texts_get(&b->texts, o->type),
		.sum24 = (double)o->sum24 / SCORE_UNIT,
		.sum7d = (double)o->sum7d / SCORE_UNIT,
		.events = o->counted,
		.muted = o->muted,
		.sources = o->sources,
		.tactics = (uint32_t)__builtin_popcountll(o->tactics),
		.tactic_sources = o->tactic_sources,
		.first = o->counted == 0 ? TIME_NONE : o->first,
		.last = o->counted == 0 ? TIME_NONE : o->last,
	};
	r->severity = risk_severity(&b->options, r->sum24);
	r->tactic_rule =
	    r->tactics >= b->options.tactics && r->tactic_sources >= b->options.sources;
	memcpy(r->trend, o->trend, sizeof(r->trend));
}

/* Order of the table: negative when x comes first. */
static int
compare(const struct book *b, uint32_t x, uint32_t y)
{
	const struct book_object *p = &b->object[x], *q = &b->object[y];
	int c;

	if (p->sum24 != q->sum24)
		return p->sum24 > q->sum24 ? -1 : 1;
	if (p->sum7d != q->sum7d)
		return p->sum7d > q->sum7d ? -1 : 1;
	c = slice_cmp(texts_get(&b->texts, p->type), texts_get(&b->texts, q->type));
	if (c != 0)
		return c;
	return slice_cmp(texts_get(&b->texts, p->name), texts_get(&b->texts, q->name));
}

static int
compare_r(const void *x, const void *y, void *book)
{
	return compare(book, *(const uint32_t *)x, *(const uint32_t *)y);
}

/* Puts what is at the top of a heap whose top comes last in the order to its place. */
static void
sift_down(const struct book *b, uint32_t *heap, uint32_t n)
{
	uint32_t at = 0;

	while (2 * at + 1 < n) {
		uint32_t child = 2 * at + 1, t = heap[at];

		if (child + 1 < n && compare(b, heap[child + 1], heap[child]) > 0)
			child++;
		if (compare(b, t, heap[child]) >= 0)
			return;
		heap[at] = heap[child];
		heap[child] = t;
		at = child;
	}
}

/* The first `max` of the objects in best[], in order: most of a large book is never sorted. */
static uint32_t
select_first(struct book *b, uint32_t *best, uint32_t n, uint32_t max)
{
	if (n > max) {
		/* last one first: a sorted run read backwards is such a heap */
		qsort_r(best, max, sizeof(*best), compare_r, b);
		for (uint32_t i = 0; i < max / 2; i++) {
			uint32_t t = best[i];

			best[i] = best[max - 1 - i];
			best[max - 1 - i] = t;
		}
		for (uint32_t i = max; max > 0 && i < n; i++) {
			if (compare(b, best[i], best[0]) >= 0)
				continue;
			best[0] = best[i];
			sift_down(b, best, max);
		}
		n = max;
	}
	qsort_r(best, n, sizeof(*best), compare_r, b);
	return n;
}

uint32_t
book_users(
    struct book *b, int64_t now, struct slice type, struct book_row *out, uint32_t max, uint32_t *n)
{
	uint32_t *best, total = 0;

	book_sum(b, now);
	best = xcalloc((size_t)b->ntouched + 1, sizeof(*best));
	for (uint32_t i = 0; i < b->ntouched; i++) {
		const struct book_object *o = &b->object[b->touched[i]];

		if (type.len == 0 || slice_eq(type, texts_get(&b->texts, o->type)))
			best[total++] = b->touched[i];
	}
	*n = select_first(b, best, total, max);
	for (uint32_t i = 0; i < *n; i++)
		fill_row(b, &b->object[best[i]], &out[i]);
	free(best);
	return total;
}

bool
book_row(struct book *b, int64_t now, struct slice object, struct slice type, struct book_row *out)
{
	uint32_t i = book_find_object(b, object, type);

	book_sum(b, now);
	if (i == LOOKUP_NONE || b->object[i].mark != b->mark) {
		*out = (struct book_row){
			.object = object, .type = type, .first = TIME_NONE, .last = TIME_NONE
		};
		return false;
	}
	fill_row(b, &b->object[i], out);
	return true;
}
