/*
 * The event index: blocks come in, rows of symbols stay. Owns the open segment and the sealed ones;
 * what questions are asked of them is live.c's, what must go when memory runs short budget.c's,
 * late slots backfill.c's.
 */
#include "model/internal.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define BLOCKS_BETWEEN_LOOKS 256 /* at the budget, besides at every full segment */

struct model *
model_new(const struct model_options *o)
{
	struct model *m = xcalloc(1, sizeof(*m));

	m->budget = o->memory;
	m->max_rows = o->max_rows != 0 ? o->max_rows : GROUP_ROWS_MAX;
	m->raw = o->raw;
	m->first = m->last = TIME_NONE;
	m->schema = schema_new();
	m->pool = group_pool_new(m->budget / 16);
	m->symbols = model_new_symbols(m);
	open_init(&m->open);
	for (unsigned p = 0; p < PRIORITY_COUNT; p++) {
		const char *name = priority_name((enum priority)p);

		m->priority_dict[p] = symtab_intern(m->symbols, name, strlen(name));
	}
	slots_sync(m);
	return m;
}

void
model_free(struct model *m)
{
	if (m == NULL)
		return;
	lives_release(m);
	group_pool_free(m->pool);
	for (uint32_t i = 0; i < m->nsegments; i++)
		segment_free(m->segment[i], &m->store);
	free(m->segment);
	store_release(&m->store);
	open_release(&m->open);
	seal_scratch_release(&m->scratch);
	remap_release(m);
	backfill_release(m);
	again_release(m);
	free(m->origin);
	schema_view_release(m->view);
	schema_free(m->schema);
	symtab_free(m->symbols);
	free(m);
}

struct schema *
model_schema(struct model *m)
{
	return m->schema;
}

const struct symtab *
model_symbols(const struct model *m)
{
	return m->symbols;
}

static sym_t
origin_symbol(struct model *m, uint16_t origin)
{
	if (origin >= m->norigins) {
		uint32_t n = (uint32_t)origin + 1;

		m->origin = xreallocarray(m->origin, n, sizeof(*m->origin));
		memset(m->origin + m->norigins, 0, (n - m->norigins) * sizeof(*m->origin));
		m->norigins = n;
	}
	if (m->origin[origin] == SYM_ABSENT) {
		const char *name = m->raw == NULL ? "" : rawstore_name(m->raw, origin);

		m->origin[origin] = symtab_intern(m->symbols, name, strlen(name));
	}
	return m->origin[origin];
}

/* What of the slots in use the block was not decoded for. */
static void
stale_slots(const struct model *m, const struct block *b, uint32_t *fields, uint32_t *tests)
{
	*fields = *tests = 0;
	if (b->schema != NULL && b->schema->version == m->view->version)
		return;
	for (uint32_t left = m->fields_used; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (b->schema == NULL || b->schema->field_gen[i] != m->view->field_gen[i])
			*fields |= (uint32_t)1 << i;
	}
	for (uint32_t left = m->tests_used; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (b->schema == NULL || b->schema->test_gen[i] != m->view->test_gen[i])
			*tests |= (uint32_t)1 << i;
	}
}

static void
append_numbers(struct model *m, const struct block *b, uint32_t from, uint32_t n, uint32_t tests)
{
	struct open_segment *o = &m->open;
	uint32_t at = o->n;

	memcpy(o->time + at, b->time + from, n * sizeof(*o->time));
	memcpy(o->flags + at, b->flags + from, n * sizeof(*o->flags));
	memcpy(o->offset + at, b->offset + from, n * sizeof(*o->offset));
	memcpy(o->length + at, b->length + from, n * sizeof(*o->length));
	memcpy(o->line + at, b->line + from, n * sizeof(*o->line));
	for (uint32_t i = 0; i < n; i++) {
		int64_t t = b->time[from + i];
		uint8_t p = b->priority[from + i];

		p = p < PRIORITY_COUNT ? p : PRIORITY_UNKNOWN;
		o->tests[at + i] = b->tests[from + i] & tests;
		o->priority[at + i] = p;
		o->by_priority[p]++;
		o->min_time = t < o->min_time ? t : o->min_time;
		o->max_time = t > o->max_time ? t : o->max_time;
	}
}

/* The columns of the block to take over: slots only when it was decoded for them. */
static void
usable_columns(const struct model *m, const struct block *b, uint32_t stale, uint64_t in[2])
{
	uint32_t usable = m->fields_used & ~stale & ~m->time_slots;

	memcpy(in, b->present, sizeof(b->present));
	for (unsigned i = 0; i < EVENT_EXTRAS; i++) {
		unsigned c = FIELD_KNOWN + i;

		if (!(usable >> i & 1))
			in[c >> 6] &= ~((uint64_t)1 << (c & 63));
	}
}

/* Every column that either side has: what the block lacks is absent in the new rows. */
static void
append_columns(struct model *m, struct remap *r, const struct block *b, uint32_t from, uint32_t n,
    uint32_t stale)
{
	struct open_segment *o = &m->open;
	uint64_t in[2];

	usable_columns(m, b, stale, in);
	for (unsigned w = 0; w < 2; w++) {
		for (uint64_t left = in[w]; left != 0; left &= left - 1) {
			unsigned c = w * 64 + (unsigned)__builtin_ctzll(left);
			sym_t *col = open_column(o, c);

			remap_column(m, r, b->col[c] + from, col + o->n, n);
		}
		for (uint64_t left = o->present[w] & ~in[w]; left != 0; left &= left - 1) {
			unsigned c = w * 64 + (unsigned)__builtin_ctzll(left);

			memset(o->col[c] + o->n, 0, n * sizeof(sym_t));
		}
	}
}

static void
append_origin(struct model *m, const struct block *b, uint32_t n)
{
	struct open_segment *o = &m->open;
	sym_t *col = open_column(o, FIELD_ORIGIN);
	sym_t s = origin_symbol(m, b->origin);

	open_add_run(o, b->origin, b->arrival);
	for (uint32_t i = 0; i < n; i++)
		col[o->n + i] = s;
}

static void
seal(struct model *m)
{
	struct open_segment *o = &m->open;

	if (m->backfill.active && m->backfill.first == o->first)
		backfill_cancel(m);
	if (m->nsegments == m->segments_cap) {
		m->segments_cap = m->segments_cap == 0 ? 64 : m->segments_cap * 2;
		m->segment = xreallocarray(m->segment, m->segments_cap, sizeof(*m->segment));
	}
	m->segment[m->nsegments++] =
	    segment_seal(o, &m->store, &m->scratch, symtab_count(m->symbols), m->priority_dict);
	open_restart(o, o->first + o->n);
	group_pool_warm(m->pool, model_reserve(m));
	model_keep_budget(m);
}

static void
append(struct model *m, struct remap *r, const struct block *b, uint32_t from, uint32_t n,
    uint32_t stale_fields, uint32_t stale_tests)
{
	struct open_segment *o = &m->open;
	uint64_t number = model_next(m);

	append_columns(m, r, b, from, n, stale_fields);
	append_origin(m, b, n);
	append_numbers(m, b, from, n, m->tests_used & ~stale_tests);
	o->n += n;
	if (m->time_slots != 0)
		backfill_time(m, n);
	stale_fields &= ~m->time_slots;
	if ((stale_fields | stale_tests) != 0)
		backfill_last(m, n, stale_fields, stale_tests);
	open_rows(o, o->n - n, n, m->symbols, m->priority_dict, &m->rows);
	lives_add(m, number);
}

static void
count_totals(struct model *m, const struct block *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		int64_t t = b->time[i];
		uint8_t p = b->priority[i];

		m->by_priority[p < PRIORITY_COUNT ? p : PRIORITY_UNKNOWN]++;
		if (m->first == TIME_NONE || t < m->first)
			m->first = t;
		if (m->last == TIME_NONE || t > m->last)
			m->last = t;
	}
}

void
model_apply(struct model *m, const struct block *b)
{
	uint32_t stale_fields, stale_tests;
	struct remap *r;

	if (b->n == 0)
		return;
	slots_sync(m);
	r = remap_begin(m, b);
	stale_slots(m, b, &stale_fields, &stale_tests);
	count_totals(m, b);
	for (uint32_t from = 0; from < b->n;) {
		uint32_t room = SEGMENT_ROWS - m->open.n, left = b->n - from;
		uint32_t n = left < room ? left : room;

		append(m, r, b, from, n, stale_fields, stale_tests);
		from += n;
		if (m->open.n == SEGMENT_ROWS)
			seal(m);
	}
	m->version++;
	if (++m->blocks >= BLOCKS_BETWEEN_LOOKS)
		model_keep_budget(m);
}

void
model_stats(const struct model *m, struct model_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->events = model_next(m);
	out->evicted = m->evicted;
	out->retained = out->events - m->evicted;
	out->index_from = TIME_NONE;
	if (m->nsegments > 0)
		out->index_from = m->segment[0]->min_time;
	else if (m->open.n > 0)
		out->index_from = m->open.min_time;
	out->first = m->first;
	out->last = m->last;
	memcpy(out->by_priority, m->by_priority, sizeof(out->by_priority));
	out->memory = model_memory(m);
	out->budget = m->budget;
	out->symbols = symtab_count(m->symbols);
	out->symbols_overflow = m->overflow + symtab_overflow(m->symbols);
	out->version = m->version;
	out->unreadable = m->unreadable;
	out->compactions = m->compactions;
}

static void
fill_numbers(const struct model *m, const struct segment *s, uint32_t row, struct model_event *out)
{
	const struct open_segment *o = &m->open;
	const struct run *run;

	if (s != NULL) {
		run = run_find(s->run, s->nruns, row);
		out->time = s->time[row];
		out->priority = (enum priority)s->priority[row];
		out->flags = s->flags[row];
		out->offset = packed_get(&s->offset, row);
		out->length = (uint32_t)packed_get(&s->length, row);
		out->line = (uint32_t)(packed_get(&s->line, row) + row - SEGMENT_ROWS);
	} else {
		run = run_find(o->run, o->nruns, row);
		out->time = o->time[row];
		out->priority = (enum priority)o->priority[row];
		out->flags = o->flags[row];
		out->offset = o->offset[row];
		out->length = o->length[row];
		out->line = o->line[row];
	}
	out->origin = run->origin;
	out->arrival = run->arrival;
}

bool
model_event(const struct model *m, uint64_t number, struct model_event *out)
{
	const struct segment *s;

	if (number < model_first(m) || number >= model_next(m))
		return false;
	s = model_segment(m, number);
	out->number = number;
	fill_numbers(m, s, (uint32_t)(number - (s != NULL ? s->first : m->open.first)), out);
	return true;
}

/* A slot is there when it is filled in its present generation. */
static bool
has_slot(const struct model *m, const struct segment *s, unsigned slot)
{
	uint32_t gen = m->view->field_gen[slot];

	return gen != 0 && (s != NULL ? s->field_gen[slot] == gen : m->open.field_todo[slot] == 0);
}

sym_t
model_field(const struct model *m, uint64_t number, unsigned field)
{
	const struct segment *s;
	unsigned c = column_index(field);
	struct rows one = { .n = 1 };

	if (number < model_first(m) || number >= model_next(m) || c >= COLUMNS_MAX ||
	    (field >= FIELD_KNOWN && field < FIELD_DYNAMIC))
		return SYM_ABSENT;
	s = model_segment(m, number);
	if (field >= FIELD_DYNAMIC && !has_slot(m, s, field - FIELD_DYNAMIC))
		return SYM_ABSENT;
	if (s != NULL) {
		one.col[c] = s->col[c];
		return rows_symbol(&one, field, (uint32_t)(number - s->first));
	}
	if (field == FIELD_PRIORITY)
		return m->priority_dict[m->open.priority[number - m->open.first]];
	return open_has(&m->open, c) ? m->open.col[c][number - m->open.first] : SYM_ABSENT;
}

bool
model_raw(const struct model *m, const struct model_event *e, struct buf *out)
{
	return m->raw != NULL && rawstore_read(m->raw, e->origin, e->offset, e->length, out);
}

const struct falco_event *
model_decode(struct model *m, uint64_t number, const char *const *names, unsigned n)
{
	struct model_event e;

	if (!model_event(m, number, &e))
		return NULL;
	return again_names(m, &e, names, n < EVENT_EXTRAS ? n : EVENT_EXTRAS);
}
