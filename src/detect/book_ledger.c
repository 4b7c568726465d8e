/*
 * One risk object in full: every point of its sum explained, what comes next, its tactics and its
 * distinct values. Works on the entries of that object alone; tables of all objects are in
 * book_sum.c.
 */
#include "detect/book_private.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

/* The entries of an object, picked and in order. */
struct picked {
	uint32_t *place;
	uint32_t n;
};

static int
compare_places(const void *x, const void *y, void *book)
{
	const struct book *b = book;
	uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
	const struct book_cold *p = &b->cold[i], *q = &b->cold[j];

	if (b->hot[i].first != b->hot[j].first)
		return b->hot[i].first < b->hot[j].first ? -1 : 1;
	if (p->id[0] != q->id[0])
		return p->id[0] < q->id[0] ? -1 : 1;
	return (p->id[1] > q->id[1]) - (p->id[1] < q->id[1]);
}

/* Those that stand in (from, now], muted ones too when asked for, by time. */
static struct picked
pick(struct book *b, uint32_t object, int64_t from, int64_t now, bool muted)
{
	struct picked p = { NULL, 0 };

	if (object == LOOKUP_NONE)
		return p;
	p.place = xcalloc((size_t)b->object[object].events + 1, sizeof(*p.place));
	for (uint32_t i = b->object[object].head; i != NOWHERE; i = b->cold[i].object_next) {
		const struct book_hot *h = &b->hot[i];

		if (h->first > from && h->first <= now && (!h->muted || muted))
			p.place[p.n++] = i;
	}
	qsort_r(p.place, p.n, sizeof(*p.place), compare_places, b);
	return p;
}

/* The sum of 24 hours as it slides over the entries, with the cap. */
struct window {
	struct book *b;
	const struct picked *all;
	uint32_t
	    *queue; /* of each pair: places with falling scores, so that its highest is at hand */
	uint32_t tail; /* first entry still in the window */
	int64_t total;
};

/* Gives each pair as much of the queue as it has entries. */
static void
window_open(struct window *w, struct book *b, const struct picked *all)
{
	uint32_t at = 0;

	*w = (struct window){ .b = b, .all = all };
	w->queue = xcalloc((size_t)all->n + 1, sizeof(*w->queue));
	for (uint32_t i = 0; i < all->n; i++) {
		struct book_pair *p = &b->pair[b->hot[all->place[i]].pair];

		p->high = p->low = 0;
		p->start = NOWHERE;
		p->window = 0;
	}
	for (uint32_t i = 0; i < all->n; i++)
		b->pair[b->hot[all->place[i]].pair].low++;
	for (uint32_t i = 0; i < all->n; i++) {
		struct book_pair *p = &b->pair[b->hot[all->place[i]].pair];

		if (p->start != NOWHERE)
			continue;
		p->start = at;
		at += p->low;
		p->high = p->low = p->start;
	}
}

static int32_t
window_max(const struct window *w, const struct book_pair *p)
{
	return p->high == p->low ? 0 : w->b->hot[w->queue[p->high]].score;
}

static bool
counts(const struct book *b, uint32_t place)
{
	return !b->hot[place].muted || b->options.muted;
}

static void
window_add(struct window *w, uint32_t place)
{
	const struct book_hot *h = &w->b->hot[place];
	struct book_pair *p = &w->b->pair[h->pair];

	if (!counts(w->b, place))
		return;
	w->total -= book_share(w->b, p->window, window_max(w, p));
	p->window += h->score;
	while (p->low > p->high && w->b->hot[w->queue[p->low - 1]].score <= h->score)
		p->low--;
	w->queue[p->low++] = place;
	w->total += book_share(w->b, p->window, window_max(w, p));
}

static void
window_remove(struct window *w, uint32_t place)
{
	const struct book_hot *h = &w->b->hot[place];
	struct book_pair *p = &w->b->pair[h->pair];

	if (!counts(w->b, place))
		return;
	w->total -= book_share(w->b, p->window, window_max(w, p));
	p->window -= h->score;
	if (p->high < p->low && w->queue[p->high] == place)
		p->high++;
	w->total += book_share(w->b, p->window, window_max(w, p));
}

/* Lets what is 24 hours old at t leave. */
static void
window_slide(struct window *w, int64_t t)
{
	int64_t day = book_before(t, BOOK_DAY);

	while (w->tail < w->all->n && w->b->hot[w->all->place[w->tail]].first <= day)
		window_remove(w, w->all->place[w->tail++]);
}

static int64_t
after(int64_t t, int64_t span)
{
	return t > INT64_MAX - span ? INT64_MAX : t + span;
}

static void
fill_entry(const struct window *w, uint32_t place, struct book_entry *e)
{
	const struct book *b = w->b;
	const struct book_hot *h = &b->hot[place];
	const struct book_cold *c = &b->cold[place];

	*e = (struct book_entry){
		.hour = c->hour,
		.first = h->first,
		.last = h->last,
		.count = c->count,
		.score = (double)h->score / SCORE_UNIT,
		.base = (double)c->base / SCORE_UNIT,
		.running = (double)w->total / SCORE_UNIT,
		.leaves = after(h->first, BOOK_DAY),
		.muted = h->muted,
		.counts = counts(b, place),
		.search = texts_get(&b->texts, b->pair[h->pair].search),
		.message = texts_get(&b->texts, c->message),
		.row = texts_get(&b->texts, c->row),
		.stories = texts_get(&b->texts, c->stories),
		.techniques = texts_get(&b->texts, c->techniques),
		.tactics = texts_get(&b->texts, c->tactics),
	};
	e->severity = risk_severity(&b->options, e->running);
}

/* The sum of now with one more row that scores as this one does. */
static double
one_more(const struct window *w, uint32_t place)
{
	const struct book_hot *h = &w->b->hot[place];
	const struct book_pair *p = &w->b->pair[h->pair];
	int32_t max = window_max(w, p);
	int64_t total = w->total - book_share(w->b, p->window, max);

	total += book_share(w->b, p->window + h->score, h->score > max ? h->score : max);
	return (double)total / SCORE_UNIT;
}

uint32_t
book_ledger(struct book *b, int64_t now, int64_t span, struct slice object, struct slice type,
    struct book_entry *out, uint32_t max, uint32_t *n)
{
	int64_t from = book_before(now, span);
	struct picked all =
	    pick(b, book_find_object(b, object, type), book_before(from, BOOK_DAY), now, true);
	uint32_t start = 0, skip;
	struct window w;

	while (start < all.n && b->hot[all.place[start]].first <= from)
		start++;
	skip = all.n - start > max ? all.n - max : start;
	*n = all.n - skip;
	window_open(&w, b, &all);
	for (uint32_t i = 0; i < all.n; i++) {
		window_slide(&w, b->hot[all.place[i]].first);
		window_add(&w, all.place[i]);
		if (i >= skip)
			fill_entry(&w, all.place[i], &out[i - skip]);
	}
	window_slide(&w, now);
	for (uint32_t i = skip; i < all.n; i++)
		out[i - skip].one_more = one_more(&w, all.place[i]);
	free(w.queue);
	free(all.place);
	return all.n - start;
}

static double
next_threshold(const struct book_options *o, double sum)
{
	if (sum <= o->medium)
		return o->medium;
	if (sum < o->high)
		return o->high;
	return sum < o->critical ? o->critical : 0;
}

void
book_outlook(
    struct book *b, int64_t now, struct slice object, struct slice type, struct book_outlook *out)
{
	const struct book_options *o = &b->options;
	struct picked day = pick(b, book_find_object(b, object, type), book_before(now, BOOK_DAY),
	    now, b->options.muted);
	struct book_row row;

	*out = (struct book_outlook){ .next_leaves = TIME_NONE };
	book_row(b, now, object, type, &row);
	out->sum24 = out->next_sum = row.sum24;
	out->threshold = next_threshold(o, row.sum24);
	out->tactics_missing = row.tactics < o->tactics ? o->tactics - row.tactics : 0;
	out->sources_missing =
	    row.tactic_sources < o->sources ? o->sources - row.tactic_sources : 0;
	if (day.n > 0) {
		struct window w;

		out->next_leaves = after(b->hot[day.place[0]].first, BOOK_DAY);
		window_open(&w, b, &day);
		for (uint32_t i = 0; i < day.n; i++)
			window_add(&w, day.place[i]);
		window_slide(&w, out->next_leaves);
		out->next_sum = (double)w.total / SCORE_UNIT;
		free(w.queue);
	}
	free(day.place);
}

unsigned
book_strip(struct book *b, int64_t now, int64_t span, struct slice object, struct slice type,
    struct book_tactic *out)
{
	struct picked all = pick(
	    b, book_find_object(b, object, type), book_before(now, span), now, b->options.muted);
	unsigned slot[BOOK_TACTICS], n = 0;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < all.n; i++) {
		const struct book_hot *h = &b->hot[all.place[i]];

		for (uint64_t bits = h->tactics; bits != 0; bits &= bits - 1) {
			unsigned t = (unsigned)__builtin_ctzll(bits);
			struct book_tactic *x;

			if ((seen >> t & 1) == 0) {
				slot[t] = n;
				out[n++] = (struct book_tactic){ .id = { b->tactic[t], 6 },
					.first = h->first,
					.last = h->last };
				seen |= (uint64_t)1 << t;
			}
			x = &out[slot[t]];
			x->risk_events++;
			x->events += b->cold[all.place[i]].count;
			if (h->last > x->last)
				x->last = h->last;
		}
	}
	free(all.place);
	return n;
}

/* --- distinct values */

struct values {
	struct slice *v;
	uint32_t n, room;
};

static void
add_value(struct values *l, struct slice s)
{
	if (s.len == 0)
		return;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->v = xreallocarray(l->v, l->room, sizeof(*l->v));
	}
	l->v[l->n++] = s;
}

static void
add_list(struct values *l, struct slice list, char separator)
{
	size_t start = 0;

	for (size_t i = 0; i <= list.len; i++) {
		if (i < list.len && (separator == 0 || list.p[i] != separator))
			continue;
		add_value(l, (struct slice){ list.p + start, i - start });
		start = i + 1;
	}
}

static uint32_t
text_of(const struct book *b, uint32_t place, enum book_value which)
{
	const struct book_cold *c = &b->cold[place];

	switch (which) {
	case BOOK_SEARCH: return b->pair[b->hot[place].pair].search;
	case BOOK_STORY: return c->stories;
	case BOOK_TECHNIQUE: return c->techniques;
	case BOOK_TACTIC: return c->tactics;
	default: return c->message;
	}
}

static int
compare_slices(const void *x, const void *y)
{
	return slice_cmp(*(const struct slice *)x, *(const struct slice *)y);
}

uint32_t
book_values(struct book *b, int64_t now, int64_t span, struct slice object, struct slice type,
    enum book_value which, struct slice *out, uint32_t max, uint32_t *n)
{
	static const char separator[] = {
		[BOOK_STORY] = '\n', [BOOK_TECHNIQUE] = ' ', [BOOK_TACTIC] = ' '
	};
	struct picked all = pick(
	    b, book_find_object(b, object, type), book_before(now, span), now, b->options.muted);
	bool *met = xcalloc((size_t)b->texts.n + 1, sizeof(*met));
	struct values l = { 0 };
	uint32_t total = 0;

	for (uint32_t i = 0; i < all.n; i++) {
		uint32_t text = text_of(b, all.place[i], which);

		if (!met[text])
			add_list(&l, texts_get(&b->texts, text), separator[which]);
		met[text] = true;
	}
	if (l.n > 0)
		qsort(l.v, l.n, sizeof(*l.v), compare_slices);
	*n = 0;
	for (uint32_t i = 0; i < l.n; i++) {
		if (i > 0 && slice_eq(l.v[i], l.v[i - 1]))
			continue;
		total++;
		if (*n < max)
			out[(*n)++] = l.v[i];
	}
	free(l.v);
	free(met);
	free(all.place);
	return total;
}
