/*
 * Events mostly come in order of time, so adding is appending, and sorting is a look that they did.
 * What came late is sorted by itself and merged in from where it belongs on; nothing before that
 * moves. Times are looked up in the index, not kept.
 */
#include "model/eventlist.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define UNSORTED_MAX 262144 /* then it is sorted though nobody looks: eviction wants it in order   \
			     */

struct timed {
	int64_t time;
	uint32_t v;
};

static void
make_room(struct event_list *l, size_t n)
{
	if (l->head > 0 && l->n + n > l->cap && l->head >= l->n / 2) {
		memmove(l->v, l->v + l->head, (l->n - l->head) * sizeof(*l->v));
		l->n -= l->head;
		l->sorted -= l->head;
		l->head = 0;
	}
	if (l->n + n <= l->cap)
		return;
	l->cap = l->cap < 1024 ? 1024 : l->cap;
	while (l->cap < l->n + n)
		l->cap += l->cap / 2;
	l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
}

/* Numbers are never reused, so after four billion events the base has to follow. */
static void
move_base(struct event_list *l, const struct model *m)
{
	uint64_t first = model_first(m), by = first - l->base;

	for (size_t i = l->head; i < l->n; i++)
		l->v[i] -= (uint32_t)by;
	l->base = first;
}

void
event_list_add(struct event_list *l, const struct model *m, const uint64_t *selected, uint32_t n,
    uint64_t number)
{
	uint32_t *to;

	if (number + n - l->base > UINT32_MAX)
		move_base(l, m);
	make_room(l, n);
	to = l->v + l->n;
	if (selected == NULL) {
		for (uint32_t i = 0; i < n; i++)
			*to++ = (uint32_t)(number + i - l->base);
	} else {
		for (uint32_t w = 0; w < bit_words(n); w++)
			for (uint64_t left = selected[w]; left != 0; left &= left - 1)
				*to++ = (uint32_t)(number - l->base) + w * 64 +
					(uint32_t)__builtin_ctzll(left);
	}
	l->n = (size_t)(to - l->v);
	if (l->n - l->sorted > UNSORTED_MAX)
		event_list_sort(l, m);
}

static inline struct timed
timed_at(const struct event_list *l, const struct model *m, size_t i)
{
	return (struct timed){ model_time(m, l->base + l->v[i]), l->v[i] };
}

static inline int
timed_cmp(const struct timed *a, const struct timed *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return (a->v > b->v) - (a->v < b->v);
}

static int
timed_qsort(const void *a, const void *b)
{
	return timed_cmp(a, b);
}

/* The first place in [head, sorted) that is not before t. */
static size_t
lower_bound(const struct event_list *l, const struct model *m, struct timed t)
{
	size_t lo = l->head, hi = l->sorted;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct timed at = timed_at(l, m, mid);

		if (timed_cmp(&at, &t) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What is in order already joins the sorted part. */
static void
extend_sorted(struct event_list *l, const struct model *m)
{
	struct timed last, next;

	if (l->sorted == l->head && l->n > l->head)
		l->sorted++;
	if (l->sorted == l->n)
		return;
	last = timed_at(l, m, l->sorted - 1);
	for (; l->sorted < l->n; l->sorted++, last = next) {
		next = timed_at(l, m, l->sorted);
		if (timed_cmp(&next, &last) < 0)
			return;
	}
}

void
event_list_sort(struct event_list *l, const struct model *m)
{
	struct timed *tail, a;
	uint32_t *moved;
	size_t n, at, nmoved, i = 0, j = 0;

	extend_sorted(l, m);
	if (l->sorted == l->n)
		return;
	n = l->n - l->sorted;
	tail = xreallocarray(NULL, n, sizeof(*tail));
	for (i = 0; i < n; i++)
		tail[i] = timed_at(l, m, l->sorted + i);
	qsort(tail, n, sizeof(*tail), timed_qsort);
	at = lower_bound(l, m, tail[0]);
	nmoved = l->sorted - at;
	moved = xreallocarray(NULL, nmoved + 1, sizeof(*moved));
	memcpy(moved, l->v + at, nmoved * sizeof(*moved));
	for (i = 0; i < nmoved && j < n; at++) {
		a = (struct timed){ model_time(m, l->base + moved[i]), moved[i] };
		l->v[at] = timed_cmp(&a, &tail[j]) < 0 ? moved[i++] : tail[j++].v;
	}
	while (i < nmoved)
		l->v[at++] = moved[i++];
	while (j < n)
		l->v[at++] = tail[j++].v;
	l->sorted = l->n;
	free(moved);
	free(tail);
}

void
event_list_evict(struct event_list *l, const struct model *m, const struct segment *s)
{
	uint64_t limit = s->first + s->n;
	size_t from, to;

	if (l->n == l->head)
		return;
	event_list_sort(l, m);
	from = to = lower_bound(l, m, (struct timed){ s->max_time, UINT32_MAX });
	while (from > l->head) {
		from--;
		if (l->base + l->v[from] >= limit)
			l->v[--to] = l->v[from];
	}
	l->head = to;
}

void
event_list_clear(struct event_list *l)
{
	l->head = l->n = l->sorted = 0;
}

void
event_list_release(struct event_list *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

uint64_t
event_list_at(const struct event_list *l, uint64_t i)
{
	return l->base + l->v[l->head + i];
}

bool
event_list_find(const struct event_list *l, const struct model *m, uint64_t number, uint64_t *i)
{
	size_t at;

	if (number < model_first(m) || number >= model_next(m) || number < l->base ||
	    number - l->base > UINT32_MAX)
		return false;
	at = lower_bound(
	    l, m, (struct timed){ model_time(m, number), (uint32_t)(number - l->base) });
	if (at == l->n || l->base + l->v[at] != number)
		return false;
	*i = at - l->head;
	return true;
}
