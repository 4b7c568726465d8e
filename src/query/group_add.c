/*
 * Adding events to a group table. When the dictionaries of the by-columns are small enough, events
 * meet in cells, one a combination of codes, and a row is looked up once a cell; else batches of
 * keys are looked up with their cache misses overlapped. Both give the same rows.
 */
#include "query/group_table.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define CELLS_MAX 65536
#define SEEN_MAX  (CELLS_MAX * 8) /* bits: cells times the dictionary of a distinct column */
#define MINUTE	  (60 * NSEC_PER_SEC)

/* Walks over the selected rows, a batch at a time. */
struct cursor {
	const uint64_t *selected;
	uint32_t at, to; /* of the next word, when selected */
	uint64_t word;
};

static uint64_t
load_word(const struct cursor *c)
{
	uint64_t word = c->selected[c->at >> 6];

	if (c->to - c->at < 64)
		word &= ((uint64_t)1 << (c->to - c->at)) - 1;
	return word;
}

static struct cursor
cursor_start(const uint64_t *selected, uint32_t from, uint32_t to)
{
	struct cursor c = { .selected = selected, .at = from, .to = to };

	if (selected != NULL && from < to) {
		c.at = from & ~(uint32_t)63;
		c.word = load_word(&c) & ~(((uint64_t)1 << (from & 63)) - 1);
	}
	return c;
}

static uint32_t
next_run(struct cursor *c, uint32_t idx[GROUP_BATCH])
{
	uint32_t n = c->to - c->at < GROUP_BATCH ? c->to - c->at : GROUP_BATCH;

	for (uint32_t j = 0; j < n; j++)
		idx[j] = c->at + j;
	c->at += n;
	return n;
}

/* Row numbers of the next batch; 0 at the end. */
static uint32_t
next_batch(struct cursor *c, uint32_t idx[GROUP_BATCH])
{
	uint32_t n = 0;

	if (c->at >= c->to)
		return 0;
	if (c->selected == NULL)
		return next_run(c, idx);
	while (n < GROUP_BATCH) {
		while (c->word == 0) {
			c->at += 64;
			if (c->at >= c->to)
				return n;
			c->word = load_word(c);
		}
		for (; c->word != 0 && n < GROUP_BATCH; c->word &= c->word - 1)
			idx[n++] = c->at + (uint32_t)__builtin_ctzll(c->word);
	}
	return n;
}

static void
gather_symbols(const struct column *c, const uint32_t *idx, uint32_t n, sym_t *out)
{
	const uint8_t *code8 = c->code;
	const uint16_t *code16 = c->code;
	const sym_t *symbol = c->code;

	switch (c->width) {
	case 0:
		for (uint32_t j = 0; j < n; j++)
			out[j] = c->dict[0];
		break;
	case 1:
		for (uint32_t j = 0; j < n; j++)
			out[j] = c->dict[code8[idx[j]]];
		break;
	case 2:
		for (uint32_t j = 0; j < n; j++)
			out[j] = c->dict[code16[idx[j]]];
		break;
	default:
		for (uint32_t j = 0; j < n; j++)
			out[j] = symbol[idx[j]];
		break;
	}
}

/* code = code * ndict + the column's code; a column of one value changes nothing. */
static void
gather_codes(const struct column *c, const uint32_t *idx, uint32_t n, uint32_t *code)
{
	const uint8_t *code8 = c->code;
	const uint16_t *code16 = c->code;

	if (c->width == 1) {
		for (uint32_t j = 0; j < n; j++)
			code[j] = code[j] * c->ndict + code8[idx[j]];
	} else if (c->width == 2) {
		for (uint32_t j = 0; j < n; j++)
			code[j] = code[j] * c->ndict + code16[idx[j]];
	}
}

static void
gather_keys(const struct group_table *t, const struct rows *rows, const uint32_t *idx,
    struct group_keys *keys)
{
	for (unsigned k = 0; k < t->spec.nby; k++)
		gather_symbols(
		    &rows->col[column_index(t->spec.by[k])], idx, keys->n, keys->symbol[k]);
	for (uint32_t j = 0; t->spec.bucket > 0 && j < keys->n; j++)
		keys->symbol[t->spec.nby][j] = group_bucket_word(t, rows->time[idx[j]]);
}

/* Cells know nothing of buckets: they will do when all the times lie in one, as those of a batch
 * mostly do. */
static bool
is_one_bucket(const struct group_table *t, const struct rows *rows, uint32_t from, uint32_t to)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	if (t->spec.bucket <= 0)
		return true;
	for (uint32_t i = from; i < to; i++) {
		first = rows->time[i] < first ? rows->time[i] : first;
		last = rows->time[i] > last ? rows->time[i] : last;
	}
	return group_bucket_word(t, first) == group_bucket_word(t, last);
}

/* Another column determines this one: both have the same codes. */
static bool
is_shared(const struct group_table *t, const struct column *c)
{
	for (unsigned i = 0; i < t->naxes; i++)
		if (t->axis[i]->code == c->code && t->axis[i]->width == c->width)
			return true;
	return false;
}

/* Cells that the by-columns need, and the columns that tell them apart; 0 when too many. */
static uint32_t
cells_needed(struct group_table *t, const struct rows *rows)
{
	uint64_t product = 1;

	t->naxes = 0;
	for (unsigned k = 0; k < t->spec.nby; k++) {
		const struct column *c = &rows->col[column_index(t->spec.by[k])];

		if (c->width == 4)
			return 0;
		if (c->width == 0 || is_shared(t, c))
			continue;
		t->axis[t->naxes++] = c;
		product *= c->ndict;
		if (product > CELLS_MAX)
			return 0;
	}
	return (uint32_t)product;
}

static void
make_cells(struct group_table *t, uint32_t n)
{
	if (n <= t->ncells)
		return;
	free(t->cell);
	t->cell = xcalloc(n, sizeof(*t->cell));
	t->met = xreallocarray(t->met, n, sizeof(*t->met));
	t->ncells = n;
}

static void
batch_codes(const struct group_table *t, const uint32_t *idx, uint32_t n, uint32_t *code)
{
	memset(code, 0, n * sizeof(*code));
	for (unsigned k = 0; k < t->naxes; k++)
		gather_codes(t->axis[k], idx, n, code);
}

/* Puts the selected events into cells; returns how many cells were met, and in t->met their first
 * events' row numbers. */
static uint32_t
fill_cells(struct group_table *t, const struct rows *rows, struct cursor c)
{
	uint32_t idx[GROUP_BATCH], code[GROUP_BATCH], n, met = 0;

	while ((n = next_batch(&c, idx)) > 0) {
		batch_codes(t, idx, n, code);
		for (uint32_t j = 0; j < n; j++) {
			struct cell *cell = &t->cell[code[j]];
			const int64_t time = rows->time[idx[j]];
			const uint8_t priority = rows->priority[idx[j]];

			if (cell->count++ == 0) {
				t->met[met++] = idx[j];
				cell->first = cell->last = time;
				cell->priority = priority;
				cell->hostile = 0;
			}
			cell->first = time < cell->first ? time : cell->first;
			cell->last = time > cell->last ? time : cell->last;
			cell->priority = priority > cell->priority ? priority : cell->priority;
			cell->hostile |= (rows->flags[idx[j]] & EVENT_ODD) != 0;
		}
	}
	return met;
}

/* Minute numbers of times that mostly stay within one minute. */
struct minutes {
	int64_t start;
	int32_t minute;
};

static int32_t
minute_of(struct minutes *m, int64_t time)
{
	if (time < m->start || (uint64_t)time - (uint64_t)m->start >= MINUTE) {
		int64_t minute = time / MINUTE - (time % MINUTE < 0);

		m->minute = (int32_t)minute;
		/* the first minute that 64 bits can hold is not whole */
		m->start = minute < INT64_MIN / MINUTE ? INT64_MIN : minute * MINUTE;
	}
	return m->minute;
}

static void
add_minute(struct cold *c, int32_t minute)
{
	int64_t ahead = (int64_t)minute - c->minute;

	if (ahead > 0) {
		if (ahead >= GROUP_MINUTES) {
			memset(c->per_minute, 0, sizeof(c->per_minute));
		} else {
			memmove(c->per_minute + ahead, c->per_minute,
			    (size_t)(GROUP_MINUTES - ahead) * sizeof(c->per_minute[0]));
			memset(c->per_minute, 0, (size_t)ahead * sizeof(c->per_minute[0]));
		}
		c->minute = minute;
		ahead = 0;
	}
	if (-ahead < GROUP_MINUTES)
		c->per_minute[-ahead]++;
}

/* Whether an event at `time` is too old for the minutes of a row whose newest event is not older
 * than `last`. */
static bool
is_past(int64_t time, int64_t last)
{
	return last > INT64_MIN + GROUP_MINUTES * MINUTE && time < last - GROUP_MINUTES * MINUTE;
}

/* n events of one minute, not counted yet in the row's time span: true when a row without a cold
 * record can take them and stay without. */
static bool
add_recent(struct hot *h, int32_t minute, uint32_t n)
{
	const int64_t ahead = hot_count(h) == 0 ? GROUP_MINUTES : minute - group_minute(h->last);
	const uint64_t sum = (ahead == 0 ? h->bits.minutes : 0) + (uint64_t)n;

	if (ahead <= -GROUP_MINUTES)
		return true;
	if ((ahead != 0 && ahead < GROUP_MINUTES) || sum > GROUP_RECENT_MAX)
		return false;
	h->bits.minutes = sum & GROUP_RECENT_MAX;
	return true;
}

/* The rarer cases of an event's minute, before the event is counted in the row. */
static void
add_row_minute(struct group_table *t, struct hot *h, struct minutes *m, int64_t time)
{
	const int32_t minute = minute_of(m, time);

	if (!h->bits.has_cold) {
		if (add_recent(h, minute, 1))
			return;
		group_cool(t, h);
	}
	add_minute(group_cold(t, h->bits.minutes), minute);
}

/* The usual cases of a row without a cold record, without a division: all its other events are long
 * before this one, if there are any; or its last one is of the same minute. */
static inline bool
set_recent(struct hot_bits *b, const struct hot *h, const struct minutes *m, int64_t time)
{
	if (b->has_cold)
		return false;
	if (time > h->last &&
	    (uint64_t)time - (uint64_t)h->last > (GROUP_MINUTES + 1) * (uint64_t)MINUTE) {
		b->minutes = 1;
		return true;
	}
	if (h->last < m->start || (uint64_t)h->last - (uint64_t)m->start >= MINUTE ||
	    time < m->start || (uint64_t)time - (uint64_t)m->start >= MINUTE ||
	    b->minutes == GROUP_RECENT_MAX)
		return false;
	b->minutes++;
	return true;
}

/* Where the minutes of a cell's events are to be counted one by one; GROUP_NONE: nowhere, or it was
 * done here. Before the cell is counted in the row. */
static uint32_t
cell_cold(struct group_table *t, struct hot *h, const struct cell *c)
{
	const int32_t minute = group_minute(c->last);

	if (group_all_cold(t))
		return c->row;
	if (!h->bits.has_cold) {
		if (group_minute(c->first) == minute && add_recent(h, minute, c->count))
			return GROUP_NONE;
		group_cool(t, h);
	}
	return h->bits.minutes;
}

static void
merge_cell(struct hot *h, const struct cell *c)
{
	const uint64_t sum = hot_count(h) + c->count;
	const uint64_t count = sum < GROUP_COUNT_MAX ? sum : GROUP_COUNT_MAX;
	struct hot_bits b = h->bits;

	b.count_high = (count >> 32) & 31u;
	if (c->priority > b.priority)
		b.priority = c->priority & 0xfu;
	b.hostile |= c->hostile & 1u;
	h->bits = b;
	h->count_low = (uint32_t)count;
	h->first = c->first < h->first ? c->first : h->first;
	h->last = c->last > h->last ? c->last : h->last;
}

/* Returns whether minutes are left to be counted. */
static bool
merge_cells(struct group_table *t, const struct rows *rows, uint32_t met)
{
	uint32_t code[GROUP_BATCH], row[GROUP_BATCH];
	struct group_keys keys;
	bool left = false;

	for (uint32_t i = 0; i < met; i += keys.n) {
		uint64_t overflowed;

		keys.n = met - i < GROUP_BATCH ? met - i : GROUP_BATCH;
		gather_keys(t, rows, t->met + i, &keys);
		group_hash(t, &keys);
		batch_codes(t, t->met + i, keys.n, code);
		group_fetch(t, &keys);
		overflowed = group_find(t, &keys, NULL, row);
		for (uint32_t j = 0; j < keys.n; j++) {
			struct cell *cell = &t->cell[code[j]];
			struct hot *h = group_hot(t, row[j]);

			cell->row = row[j];
			if (t->spec.minutes) {
				cell->cold = cell_cold(t, h, cell);
				left |= cell->cold != GROUP_NONE;
			}
			merge_cell(h, cell);
			if (overflowed >> j & 1)
				t->overflow += cell->count;
			t->met[i + j] = code[j];
		}
	}
	return left;
}

static void
cells_minutes(struct group_table *t, const struct rows *rows, struct cursor c)
{
	uint32_t idx[GROUP_BATCH], code[GROUP_BATCH], n;
	struct minutes m = { .start = INT64_MAX };

	while ((n = next_batch(&c, idx)) > 0) {
		batch_codes(t, idx, n, code);
		for (uint32_t j = 0; j < n; j++) {
			const struct cell *cell = &t->cell[code[j]];
			const int64_t time = rows->time[idx[j]];

			if (cell->cold != GROUP_NONE && !is_past(time, cell->last))
				add_minute(group_cold(t, cell->cold), minute_of(&m, time));
		}
	}
}

static void
make_seen(struct group_table *t, uint32_t words)
{
	if (words > t->nseen) {
		t->seen = xreallocarray(t->seen, words, sizeof(*t->seen));
		t->nseen = words;
	}
	memset(t->seen, 0, words * sizeof(*t->seen));
}

/* One distinct field. A bit for each cell and code lets a repeated value through without a look-up
 * when that fits. */
static void
cells_values(
    struct group_table *t, const struct rows *rows, struct cursor c, unsigned which, uint32_t cells)
{
	const struct column *col = &rows->col[column_index(t->spec.distinct[which])];
	const bool fits =
	    col->width != 4 && (uint64_t)cells * (col->width == 0 ? 1 : col->ndict) <= SEEN_MAX;
	uint32_t idx[GROUP_BATCH], code[GROUP_BATCH], row[GROUP_BATCH], n;
	sym_t symbol[GROUP_BATCH];

	if (col->width == 0 && group_is_missing(col->dict[0]))
		return;
	if (fits)
		make_seen(t, bit_words(cells * (col->width == 0 ? 1 : col->ndict)));
	while ((n = next_batch(&c, idx)) > 0) {
		uint32_t fresh = 0, at[GROUP_BATCH];

		batch_codes(t, idx, n, code);
		for (uint32_t j = 0; j < n; j++)
			row[j] = t->cell[code[j]].row;
		if (fits)
			gather_codes(col, idx, n, code);
		for (uint32_t j = 0; j < n; j++) {
			if (fits && bit_get(t->seen, code[j]))
				continue;
			if (fits)
				bit_set(t->seen, code[j]);
			row[fresh] = row[j];
			at[fresh++] = idx[j];
		}
		gather_symbols(col, at, fresh, symbol);
		values_add(t, which, row, symbol, fresh);
	}
}

static void
add_by_cells(struct group_table *t, const struct rows *rows, struct cursor c, uint32_t cells)
{
	uint32_t met;

	make_cells(t, cells);
	met = fill_cells(t, rows, c);
	t->version += met > 0;
	if (merge_cells(t, rows, met))
		cells_minutes(t, rows, c);
	for (unsigned d = 0; d < t->spec.ndistinct; d++)
		cells_values(t, rows, c, d, cells);
	for (uint32_t i = 0; i < met; i++)
		t->cell[t->met[i]].count = 0;
}

static void
count_high(struct hot_bits *b, struct hot *h)
{
	if (b->count_high == 31)
		return;
	b->count_high = (b->count_high + 1) & 31u;
	h->count_low = 0;
}

/* minutes: of a table whose rows have them without a cold record; NULL: of another. */
static inline void
add_event(struct group_table *t, struct hot *h, const struct rows *rows, uint32_t i,
    struct minutes *minutes)
{
	const int64_t time = rows->time[i];
	const uint8_t priority = rows->priority[i];
	struct hot_bits b = h->bits;

	if (minutes != NULL && !set_recent(&b, h, minutes, time)) {
		add_row_minute(t, h, minutes, time);
		b = h->bits;
	}
	if (h->count_low != UINT32_MAX)
		h->count_low++;
	else
		count_high(&b, h);
	if (priority > b.priority)
		b.priority = priority & 0xfu;
	b.hostile |= (rows->flags[i] & EVENT_ODD) != 0;
	h->bits = b;
	h->first = time < h->first ? time : h->first;
	h->last = time > h->last ? time : h->last;
}

static void
prefetch_cold(const struct group_table *t, const uint32_t *row, uint32_t n)
{
	for (uint32_t j = 0; j < n; j++) {
		const struct hot *h = group_hot(t, row[j]);
		const char *c;

		if (!group_all_cold(t) && !h->bits.has_cold)
			continue;
		c = (const char *)group_cold(t, group_all_cold(t) ? row[j] : h->bits.minutes);
		__builtin_prefetch(c, 1);
		__builtin_prefetch(c + group_cold_size(t) - 1, 1);
	}
}

/* A batch of events on its way into rows. */
struct batch {
	uint32_t idx[GROUP_BATCH];
	struct group_keys keys;
};

static void
add_batch(struct group_table *t, const struct rows *rows, const struct batch *b,
    const struct batch *next, struct minutes *m)
{
	const uint32_t n = b->keys.n, *idx = b->idx;
	uint32_t row[GROUP_BATCH];
	sym_t symbol[GROUP_BATCH];

	t->overflow += (unsigned)__builtin_popcountll(group_find(t, &b->keys, &next->keys, row));
	if (group_all_cold(t) || group_some_cold(t))
		prefetch_cold(t, row, n);
	for (uint32_t j = 0; j < n; j++)
		add_event(t, group_hot(t, row[j]), rows, idx[j], group_some_cold(t) ? m : NULL);
	for (uint32_t j = 0; t->spec.minutes && group_all_cold(t) && j < n; j++)
		add_minute(group_cold(t, row[j]), minute_of(m, rows->time[idx[j]]));
	for (unsigned d = 0; d < t->spec.ndistinct; d++) {
		gather_symbols(&rows->col[column_index(t->spec.distinct[d])], idx, n, symbol);
		values_add(t, d, row, symbol, n);
	}
}

static void
start_batch(const struct group_table *t, const struct rows *rows, struct cursor *c, struct batch *b)
{
	b->keys.n = next_batch(c, b->idx);
	if (b->keys.n == 0)
		return;
	gather_keys(t, rows, b->idx, &b->keys);
	group_hash(t, &b->keys);
}

/* Three batches at a time: while one is added, the rows of the next one are on their way from
 * memory, and the slots of the one after that. */
static void
add_by_keys(struct group_table *t, const struct rows *rows, struct cursor c)
{
	struct minutes m = { .start = INT64_MAX };
	struct batch batch[3];
	unsigned now = 0;

	for (unsigned i = 0; i < 2; i++)
		start_batch(t, rows, &c, &batch[i]);
	group_fetch(t, &batch[0].keys);
	while (batch[now].keys.n > 0) {
		const unsigned next = (now + 1) % 3;

		start_batch(t, rows, &c, &batch[(now + 2) % 3]);
		add_batch(t, rows, &batch[now], &batch[next], &m);
		t->version++;
		now = next;
	}
}

void
group_add(struct group_table *t, const struct rows *rows, const uint64_t *selected, uint32_t from,
    uint32_t to)
{
	struct cursor c = cursor_start(selected, from, to);
	const uint32_t cells = cells_needed(t, rows);

	if (from >= to)
		return;
	/* cells pay when several events meet in one */
	if (cells > 0 && (cells <= 256 || cells <= (to - from) / 4) &&
	    is_one_bucket(t, rows, from, to))
		add_by_cells(t, rows, c, cells);
	else
		add_by_keys(t, rows, c);
}
