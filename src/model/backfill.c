/*
 * Slots of the schema in the index: which are in use, which segments have them, and how the others
 * get them, by decoding rows again. Workers fill slots as soon as they know of them; everything
 * here is about rows decoded before that. A slot counts as filled in a segment only when the
 * segment has it in the schema's present generation.
 */
#include "model/internal.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define PIECE 64 /* rows between looks at the clock */

static void
start_field(struct open_segment *o, unsigned slot, uint32_t gen)
{
	unsigned c = FIELD_KNOWN + slot;

	o->field_gen[slot] = gen;
	o->field_todo[slot] = gen == 0 ? 0 : o->n;
	if (open_has(o, c))
		memset(o->col[c], 0, o->n * sizeof(sym_t));
}

static void
start_test(struct open_segment *o, unsigned slot, uint32_t gen)
{
	o->test_gen[slot] = gen;
	o->test_todo[slot] = gen == 0 ? 0 : o->n;
	for (uint32_t i = 0; i < o->n; i++)
		o->tests[i] &= ~((uint32_t)1 << slot);
}

void
slots_sync(struct model *m)
{
	const struct schema_view *v = schema_view(m->schema);

	if (m->view != NULL && v->version == m->view->version) {
		schema_view_release(v);
		return;
	}
	if (m->view != NULL)
		schema_view_release(m->view);
	m->view = v;
	m->fields_used = m->tests_used = m->time_slots = 0;
	for (unsigned i = 0; i < SCHEMA_FIELDS; i++) {
		if (v->field_gen[i] != 0)
			m->fields_used |= (uint32_t)1 << i;
		if (v->field_gen[i] != 0 && strcmp(v->field_name[i], "time") == 0)
			m->time_slots |= (uint32_t)1 << i;
		if (m->open.field_gen[i] != v->field_gen[i])
			start_field(&m->open, i, v->field_gen[i]);
	}
	for (unsigned i = 0; i < SCHEMA_TESTS; i++) {
		if (v->test_gen[i] != 0)
			m->tests_used |= (uint32_t)1 << i;
		if (m->open.test_gen[i] != v->test_gen[i])
			start_test(&m->open, i, v->test_gen[i]);
	}
}

/* Slots in use that the segment of `number` lacks. */
static void
lacking(const struct model *m, uint64_t number, uint32_t *fields, uint32_t *tests)
{
	const struct segment *s = model_segment(m, number);
	const struct schema_view *v = m->view;

	*fields = *tests = 0;
	for (uint32_t left = m->fields_used; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		bool has =
		    s != NULL ? s->field_gen[i] == v->field_gen[i] : m->open.field_todo[i] == 0;

		*fields |= has ? 0 : (uint32_t)1 << i;
	}
	for (uint32_t left = m->tests_used; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		bool has = s != NULL ? s->test_gen[i] == v->test_gen[i] : m->open.test_todo[i] == 0;

		*tests |= has ? 0 : (uint32_t)1 << i;
	}
}

bool
slots_ready(const struct model *m, uint64_t number, uint32_t fields, uint32_t tests)
{
	uint32_t no_fields, no_tests;

	if ((fields | tests) == 0)
		return true;
	lacking(m, number, &no_fields, &no_tests);
	return (no_fields & fields) == 0 && (no_tests & tests) == 0;
}

uint32_t
slots_unreadable(const struct model *m, uint64_t number)
{
	const struct segment *s = model_segment(m, number);

	return s != NULL ? s->unreadable : m->open.unreadable;
}

static sym_t
time_symbol(struct model *m, int64_t t)
{
	struct buf *b = &m->again.text;

	buf_clear(b);
	time_print(b, t, TIME_ISO_NANO, false);
	return symtab_intern(m->symbols, b->p, b->len);
}

static sym_t
extra_symbol(struct model *m, const struct falco_event *ev, unsigned slot)
{
	const struct value *v = &ev->extra[slot];

	if (!(ev->extra_present >> slot & 1))
		return SYM_ABSENT;
	if (v->kind == VALUE_NULL)
		return SYM_NULL;
	return symtab_intern(m->symbols, v->text.p, v->text.len);
}

/* Row `at` of the columns from the event of this number; false when its bytes are gone. */
static bool
fill_row(struct model *m, uint64_t number, uint32_t fields, uint32_t tests, uint32_t at,
    sym_t *const *column, uint32_t *bits)
{
	const struct falco_event *ev = NULL;
	uint32_t timed = fields & m->time_slots;
	struct model_event e;

	if (!model_event(m, number, &e))
		return false;
	for (uint32_t left = timed; left != 0; left &= left - 1)
		column[__builtin_ctz(left)][at] = time_symbol(m, e.time);
	fields &= ~timed;
	if ((fields | tests) == 0)
		return true;
	ev = again_slots(m, &e);
	for (uint32_t left = fields; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		column[i][at] = ev == NULL ? SYM_ABSENT : extra_symbol(m, ev, i);
	}
	if (tests != 0) {
		uint32_t b = ev == NULL ? 0 : schema_run_tests(m->view, ev->output, ev->raw);

		bits[at] = (bits[at] & ~tests) | (b & tests);
	}
	return ev != NULL;
}

void
backfill_last(struct model *m, uint32_t n, uint32_t fields, uint32_t tests)
{
	struct open_segment *o = &m->open;
	sym_t *column[SCHEMA_FIELDS] = { NULL };

	for (uint32_t left = fields; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		column[i] = open_column(o, FIELD_KNOWN + i);
	}
	again_window(m, model_next(m) - n, model_next(m));
	for (uint32_t i = o->n - n; i < o->n; i++) {
		if (!fill_row(m, o->first + i, fields, tests, i, column, o->tests)) {
			o->unreadable++;
			m->unreadable++;
		}
	}
	m->again.window_valid = false;
}

void
backfill_time(struct model *m, uint32_t n)
{
	struct open_segment *o = &m->open;

	for (uint32_t left = m->time_slots; left != 0; left &= left - 1) {
		sym_t *column = open_column(o, FIELD_KNOWN + (unsigned)__builtin_ctz(left));

		for (uint32_t i = o->n - n; i < o->n; i++)
			column[i] = time_symbol(m, o->time[i]);
	}
}

static void
start(struct model *m, uint64_t number)
{
	struct backfill *b = &m->backfill;
	const struct segment *s = model_segment(m, number);

	b->active = true;
	b->first = s != NULL ? s->first : m->open.first;
	b->n = s != NULL ? s->n : m->open.n;
	b->done = 0;
	b->unreadable = 0;
	lacking(m, number, &b->fields, &b->tests);
	memcpy(b->field_gen, m->view->field_gen, sizeof(b->field_gen));
	memcpy(b->test_gen, m->view->test_gen, sizeof(b->test_gen));
	for (uint32_t left = b->fields; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (b->column[i] == NULL)
			b->column[i] = xreallocarray(NULL, SEGMENT_ROWS, sizeof(sym_t));
	}
	if (b->tests != 0 && b->bits == NULL)
		b->bits = xreallocarray(NULL, SEGMENT_ROWS, sizeof(*b->bits));
	if (b->tests != 0)
		memset(b->bits, 0, b->n * sizeof(*b->bits));
}

/* The schema may have changed while the segment was worked on: what is no longer wanted is dropped.
 */
static void
forget_changed(struct model *m)
{
	struct backfill *b = &m->backfill;

	for (unsigned i = 0; i < SCHEMA_FIELDS; i++)
		if (b->field_gen[i] != m->view->field_gen[i])
			b->fields &= ~((uint32_t)1 << i);
	for (unsigned i = 0; i < SCHEMA_TESTS; i++)
		if (b->test_gen[i] != m->view->test_gen[i])
			b->tests &= ~((uint32_t)1 << i);
}

static void
finish_sealed(struct model *m, struct segment *s)
{
	struct backfill *b = &m->backfill;

	for (uint32_t left = b->fields; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		segment_set_field(s, &m->scratch, symtab_count(m->symbols), i, b->column[i]);
		s->field_gen[i] = b->field_gen[i];
	}
	if (b->tests != 0)
		segment_set_tests(s, b->tests, b->bits);
	for (uint32_t left = b->tests; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		s->test_gen[i] = b->test_gen[i];
	}
	s->unreadable = b->unreadable > s->unreadable ? b->unreadable : s->unreadable;
}

/* Rows that came in meanwhile have the slots already. */
static void
finish_open(struct model *m)
{
	struct backfill *b = &m->backfill;
	struct open_segment *o = &m->open;

	for (uint32_t left = b->fields; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		sym_t *column = open_column(o, FIELD_KNOWN + i);

		memcpy(column, b->column[i], o->field_todo[i] * sizeof(*column));
		o->field_todo[i] = 0;
	}
	for (uint32_t left = b->tests; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		uint32_t bit = (uint32_t)1 << i;

		for (uint32_t r = 0; r < o->test_todo[i]; r++)
			o->tests[r] = (o->tests[r] & ~bit) | (b->bits[r] & bit);
		o->test_todo[i] = 0;
	}
	o->unreadable = b->unreadable > o->unreadable ? b->unreadable : o->unreadable;
}

static bool
is_current(const struct model *m, uint64_t number)
{
	const struct segment *s = model_segment(m, number);

	return m->backfill.active && m->backfill.first == (s != NULL ? s->first : m->open.first);
}

bool
backfill_work(struct model *m, uint64_t number, int64_t deadline)
{
	struct backfill *b = &m->backfill;
	struct segment *s = model_segment(m, number);

	if (!is_current(m, number))
		start(m, number);
	forget_changed(m);
	while (b->done < b->n) {
		uint32_t to = b->n - b->done < PIECE ? b->n : b->done + PIECE;

		again_window(m, b->first + b->done, b->first + to);
		for (; b->done < to; b->done++)
			if (!fill_row(m, b->first + b->done, b->fields, b->tests, b->done,
				b->column, b->bits))
				b->unreadable++;
		if (b->done < b->n && clock_mono() >= deadline)
			return false;
	}
	m->again.window_valid = false;
	m->unreadable += b->unreadable;
	if (s != NULL)
		finish_sealed(m, s);
	else
		finish_open(m);
	b->active = false;
	m->version++;
	return true;
}

void
backfill_cancel(struct model *m)
{
	m->backfill.active = false;
}

void
backfill_release(struct model *m)
{
	for (unsigned i = 0; i < SCHEMA_FIELDS; i++)
		free(m->backfill.column[i]);
	free(m->backfill.bits);
}

size_t
backfill_memory(const struct model *m)
{
	size_t n = m->backfill.bits != NULL ? SEGMENT_ROWS * sizeof(uint32_t) : 0;

	for (unsigned i = 0; i < SCHEMA_FIELDS; i++)
		n += m->backfill.column[i] != NULL ? SEGMENT_ROWS * sizeof(sym_t) : 0;
	return n;
}
