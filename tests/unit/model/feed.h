/*
 * A stream of made-up events that tests feed to an index, and the answers counted the simple way
 * from the same events. Event i is a function of i alone, so nothing needs to be kept.
 */
#ifndef FALCOTOP_TESTS_FEED_H
#define FALCOTOP_TESTS_FEED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/live.h"
#include "harness.h"

#define FEED_WORKERS 3
#define FEED_START   1768464000000000000

struct feed {
	struct model *model;
	struct block block;
	struct symtab *symbols[FEED_WORKERS];
	struct block_cache *cache[FEED_WORKERS];
	sym_t known[FEED_WORKERS];
	uint32_t generation[FEED_WORKERS];
	unsigned workers, turn;
	uint64_t n;	 /* events fed so far */
	unsigned unique; /* one command line in so many is new; 0: none */
	size_t length;	 /* at least, of those */
};

static inline uint64_t
feed_random(uint64_t i, unsigned salt)
{
	uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + salt * 0xbf58476d1ce4e5b9u;

	x = (x ^ (x >> 31)) * 0x94d049bb133111ebu;
	return x ^ (x >> 29);
}

static inline int64_t
feed_time(uint64_t i)
{
	int64_t t = FEED_START + (int64_t)i * 40000000;

	/* one in nine is up to a minute late, one in twelve shares its time with others */
	if (feed_random(i, 1) % 9 == 0)
		t -= (int64_t)(feed_random(i, 2) % 60000) * 1000000;
	if (feed_random(i, 1) % 12 == 1)
		t = FEED_START + (int64_t)(i / 50) * 2000000000;
	return t;
}

static inline enum priority
feed_priority(uint64_t i)
{
	return (enum priority)(feed_random(i, 3) % PRIORITY_COUNT);
}

/* Text of a field of event i; false: absent. *null: JSON null. */
static inline bool
feed_field(const struct feed *f, uint64_t i, unsigned field, char *out, size_t size, bool *null)
{
	static const char *const user[] = { "root", "www-data", "", "<NA>", "nobody", "root " };
	uint64_t x = feed_random(i, 10 + field);

	*null = false;
	switch (field) {
	case FIELD_RULE: snprintf(out, size, "Rule %u", (unsigned)(x % 9)); return true;
	case FIELD_USER:
		*null = x % 8 == 6;
		snprintf(out, size, "%s", x % 8 < 6 ? user[x % 8] : "null");
		return x % 8 != 7;
	case FIELD_PROCESS: snprintf(out, size, "p%u", (unsigned)(x % 300)); return x % 5 != 0;
	case FIELD_CMDLINE:
		if (f->unique != 0 && x % f->unique == 0)
			snprintf(out, size, "cmd %0*llu", (int)f->length, (unsigned long long)i);
		else
			snprintf(out, size, "cmd %u", (unsigned)(x % 1000));
		return true;
	case FIELD_POD: /* comes and goes */
		snprintf(out, size, "pod-%u", (unsigned)(x % 4));
		return i / 7000 % 3 == 1;
	case FIELD_TTY: snprintf(out, size, "0"); return true;
	default: return false;
	}
}

static inline void
feed_event(const struct feed *f, uint64_t i, struct falco_event *ev, char text[FIELD_COLUMNS][512])
{
	memset(ev, 0, sizeof(*ev));
	ev->time = feed_time(i);
	ev->priority = feed_priority(i);
	ev->flags = i % 50 == 0 ? EVENT_HOSTILE : 0;
	ev->message = i % 3 == 0 ? SLICE("a shell") : SLICE("a file");
	for (unsigned c = 0; c < FIELD_COLUMNS; c++) {
		bool null;

		if (!feed_field(f, i, c, text[c], sizeof(text[c]), &null))
			continue;
		ev->present |= (uint64_t)1 << c;
		ev->field[c].text = slice_of(text[c]);
		ev->field[c].kind = null ? VALUE_NULL : VALUE_STRING;
	}
}

static inline void
feed_init(struct feed *f, size_t memory, unsigned workers)
{
	struct model_options o = { .memory = memory };

	memset(f, 0, sizeof(*f));
	f->model = model_new(&o);
	f->workers = workers;
	block_init(&f->block);
	for (unsigned w = 0; w < workers; w++) {
		f->symbols[w] = symtab_new(1u << 22, (size_t)1 << 30);
		f->cache[w] = block_cache_new();
		f->known[w] = SYM_FIRST;
	}
}

static inline void
feed_release(struct feed *f)
{
	block_release(&f->block);
	model_free(f->model);
	for (unsigned w = 0; w < f->workers; w++) {
		symtab_free(f->symbols[w]);
		block_cache_free(f->cache[w]);
	}
}

/* n more events in blocks of `size`, by the workers in turn. */
static inline void
feed(struct feed *f, uint64_t n, uint32_t size)
{
	static char text[FIELD_COLUMNS][512];
	static struct falco_event ev;

	while (n > 0) {
		unsigned w = f->turn++ % f->workers;
		struct block *b = &f->block;
		uint32_t k = n < size ? (uint32_t)n : size;

		block_clear(b);
		b->cache = f->cache[w];
		for (uint32_t i = 0; i < k; i++, f->n++) {
			feed_event(f, f->n, &ev, text);
			block_add(b, f->symbols[w], &ev, 0, f->n * 100, (uint32_t)(f->n % 99),
			    (uint32_t)(f->n + f->n / 10 + 1));
		}
		b->symbols = f->symbols[w];
		b->worker = w;
		b->generation = f->generation[w];
		b->arrival = FEED_START + (int64_t)f->n;
		b->new_from = f->known[w];
		b->new_to = f->known[w] = symtab_count(f->symbols[w]);
		model_apply(f->model, b);
		n -= k;
	}
}

/* The worker starts a new table. */
static inline void
feed_renew(struct feed *f, unsigned w)
{
	symtab_free(f->symbols[w]);
	f->symbols[w] = symtab_new(1u << 22, (size_t)1 << 30);
	f->known[w] = SYM_FIRST;
	block_cache_clear(f->cache[w]);
	f->generation[w]++;
}

static inline bool
feed_work(struct model *m)
{
	while (live_work(m, 1000000))
		;
	return true;
}

/* --- answers as text: one line a group, sorted
 * ---------------------------------------------------------------- */

static inline void
put_cell(struct buf *b, bool present, bool null, const char *text)
{
	buf_addf(b, "%s%s|",
	    !present ? "#absent"
	    : null   ? "#null"
		     : "",
	    present && !null ? text : "");
}

struct tally {
	char *key;
	uint64_t count;
	int64_t first, last;
	unsigned priority, hostile;
};

static inline int
tally_cmp(const void *a, const void *b)
{
	return strcmp(((const struct tally *)a)->key, ((const struct tally *)b)->key);
}

static inline void
put_lines(struct buf *out, struct tally *t, size_t n)
{
	size_t k = 0;

	qsort(t, n, sizeof(*t), tally_cmp);
	for (size_t i = 0; i < n; i++) {
		if (k > 0 && strcmp(t[k - 1].key, t[i].key) == 0) {
			t[k - 1].count += t[i].count;
			if (t[i].first < t[k - 1].first)
				t[k - 1].first = t[i].first;
			if (t[i].last > t[k - 1].last)
				t[k - 1].last = t[i].last;
			if (t[i].priority > t[k - 1].priority)
				t[k - 1].priority = t[i].priority;
			t[k - 1].hostile |= t[i].hostile;
			free(t[i].key);
		} else {
			t[k++] = t[i];
		}
	}
	for (size_t i = 0; i < k; i++) {
		buf_addf(out, "%s %llu %lld %lld %u %u\n", t[i].key, (unsigned long long)t[i].count,
		    (long long)t[i].first, (long long)t[i].last, t[i].priority, t[i].hostile);
		free(t[i].key);
	}
}

/* Groups of events [from, to) that `keep` keeps, counted the simple way. */
static inline char *
feed_groups(const struct feed *f, uint64_t from, uint64_t to, const unsigned *by, unsigned nby,
    bool (*keep)(const struct feed *f, uint64_t i))
{
	struct tally *t = calloc(to - from + 1, sizeof(*t));
	struct buf out = { 0 };
	size_t n = 0;

	for (uint64_t i = from; i < to; i++) {
		struct buf key = { 0 };
		char text[512];

		if (keep != NULL && !keep(f, i))
			continue;
		for (unsigned k = 0; k < nby; k++) {
			bool null, present = feed_field(f, i, by[k], text, sizeof(text), &null);

			put_cell(&key, present, null, text);
		}
		buf_addc(&key, ' ');
		t[n++] = (struct tally){ buf_steal(&key), 1, feed_time(i), feed_time(i),
			feed_priority(i), i % 50 == 0 };
	}
	put_lines(&out, t, n);
	free(t);
	buf_addc(&out, '\n');
	return buf_steal(&out);
}

/* The same text from a live query. */
static inline char *
live_text(const struct feed *f, const struct live *l, unsigned nby)
{
	const struct group_table *g = live_groups(l);
	struct tally *t = calloc(group_count(g) + 1, sizeof(*t));
	const struct symtab *symbols = model_symbols(f->model);
	struct buf out = { 0 };

	for (uint32_t i = 0; i < group_count(g); i++) {
		const struct group_row *r = group_row(g, i);
		struct buf key = { 0 };

		for (unsigned k = 0; k < nby; k++) {
			sym_t s = group_key(g, i)[k];
			struct slice text = symtab_text(symbols, s);
			char *copy = strndup(text.len == 0 ? "" : text.p, text.len);

			put_cell(&key, s != SYM_ABSENT, s == SYM_NULL, copy);
			free(copy);
		}
		buf_addc(&key, ' ');
		t[i] = (struct tally){ buf_steal(&key), r->count, r->first, r->last, r->priority,
			r->hostile };
	}
	put_lines(&out, t, group_count(g));
	free(t);
	buf_addc(&out, '\n');
	return buf_steal(&out);
}

static inline void
same_text(char *a, char *b)
{
	size_t at = 0;

	while (a[at] != '\0' && a[at] == b[at])
		at++;
	if (a[at] != b[at])
		ck_abort_msg("differ at %zu: '%.60s' '%.60s'", at, a + (at > 20 ? at - 20 : 0),
		    b + (at > 20 ? at - 20 : 0));
	free(a);
	free(b);
}

/* A query as one line of text; released by the caller. */
static inline void
make_query(struct query *q, enum query_kind kind, const char *by, const char *filter)
{
	struct filter_error err;

	query_init(q);
	q->kind = kind;
	if (by != NULL)
		ck_assert(query_set_by(q, by, &err));
	if (filter != NULL)
		query_and(q, filter);
}

static inline struct live *
open_query(struct model *m, enum query_kind kind, const char *by, const char *filter)
{
	struct filter_error err;
	struct query q;
	struct live *l;

	make_query(&q, kind, by, filter);
	l = live_open(m, &q, &err);
	if (l == NULL)
		ck_abort_msg("%s: %s", filter != NULL ? filter : "", err.message);
	query_release(&q);
	return l;
}

#endif
