/*
 * Slots for what the index keeps beyond the catalogue. The owner takes and drops slots; workers
 * read immutable views. A view holds what its slots point to, so a slot may be dropped and taken
 * anew while workers still decode by an old view.
 */
#include "query/schema.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

/* What a slot holds: a name or a predicate, shared by the schema and by the views that show it. */
struct item {
	atomic_uint refs;
	char *name;
	struct predicate *test;
};

struct slot {
	struct item *item; /* NULL: free */
	unsigned users;
	uint32_t generation;
	enum field_id field; /* of a test */
};

struct view_box {
	struct schema_view view; /* first: the caller's pointer is ours */
	atomic_uint refs;
	struct item *held[SCHEMA_FIELDS + SCHEMA_TESTS];
};

struct schema {
	struct slot field[SCHEMA_FIELDS];
	struct slot test[SCHEMA_TESTS];
	uint32_t generation;
	uint64_t version;
	struct view_box *current; /* NULL after a change */
};

static struct item *
item_hold(struct item *it)
{
	if (it != NULL)
		atomic_fetch_add_explicit(&it->refs, 1, memory_order_relaxed);
	return it;
}

static void
item_drop(struct item *it)
{
	if (it == NULL || atomic_fetch_sub_explicit(&it->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(it->name);
	predicate_free(it->test);
	free(it);
}

static struct item *
item_new(char *name, struct predicate *test)
{
	struct item *it = xcalloc(1, sizeof(*it));

	atomic_init(&it->refs, 1);
	it->name = name;
	it->test = test;
	return it;
}

struct schema *
schema_new(void)
{
	struct schema *s = xcalloc(1, sizeof(*s));

	s->version = 1;
	return s;
}

static void
changed(struct schema *s)
{
	s->version++;
	if (s->current != NULL)
		schema_view_release(&s->current->view);
	s->current = NULL;
}

void
schema_free(struct schema *s)
{
	if (s == NULL)
		return;
	changed(s);
	for (unsigned i = 0; i < SCHEMA_FIELDS; i++)
		item_drop(s->field[i].item);
	for (unsigned i = 0; i < SCHEMA_TESTS; i++)
		item_drop(s->test[i].item);
	free(s);
}

static void
slot_fill(struct schema *s, struct slot *slot, struct item *item)
{
	slot->item = item;
	slot->users = 1;
	slot->generation = ++s->generation;
	changed(s);
}

static void
slot_drop(struct schema *s, struct slot *slot)
{
	if (slot->item == NULL || --slot->users > 0)
		return;
	item_drop(slot->item);
	slot->item = NULL;
	slot->generation = 0;
	changed(s);
}

unsigned
schema_take_field(struct schema *s, struct slice name)
{
	unsigned room = SCHEMA_FIELDS;

	for (unsigned i = 0; i < SCHEMA_FIELDS; i++) {
		struct slot *slot = &s->field[i];

		if (slot->item == NULL) {
			if (room == SCHEMA_FIELDS)
				room = i;
		} else if (slice_eq(slice_of(slot->item->name), name)) {
			slot->users++;
			return FIELD_DYNAMIC + i;
		}
	}
	if (room == SCHEMA_FIELDS)
		return FIELD_NONE;
	slot_fill(
	    s, &s->field[room], item_new(xstrndup(name.len == 0 ? "" : name.p, name.len), NULL));
	return FIELD_DYNAMIC + room;
}

void
schema_drop_field(struct schema *s, unsigned field)
{
	if (field >= FIELD_DYNAMIC && field < FIELD_DYNAMIC + SCHEMA_FIELDS)
		slot_drop(s, &s->field[field - FIELD_DYNAMIC]);
}

const char *
schema_field_name(const struct schema *s, unsigned field)
{
	const struct item *it;

	if (field < FIELD_DYNAMIC || field >= FIELD_DYNAMIC + SCHEMA_FIELDS)
		return NULL;
	it = s->field[field - FIELD_DYNAMIC].item;
	return it == NULL ? NULL : it->name;
}

int
schema_take_test(struct schema *s, enum field_id field, struct predicate *p)
{
	int room = -1;

	for (int i = 0; i < SCHEMA_TESTS; i++) {
		struct slot *slot = &s->test[i];

		if (slot->item == NULL) {
			if (room < 0)
				room = i;
		} else if (slot->field == field && predicate_same(slot->item->test, p)) {
			slot->users++;
			predicate_free(p);
			return i;
		}
	}
	if (room < 0) {
		predicate_free(p);
		return -1;
	}
	s->test[room].field = field;
	slot_fill(s, &s->test[room], item_new(NULL, p));
	return room;
}

void
schema_drop_test(struct schema *s, int slot)
{
	if (slot >= 0 && slot < SCHEMA_TESTS)
		slot_drop(s, &s->test[slot]);
}

static struct view_box *
view_build(const struct schema *s)
{
	struct view_box *b = xcalloc(1, sizeof(*b));
	struct schema_view *v = &b->view;
	unsigned held = 0;

	atomic_init(&b->refs, 1);
	v->version = s->version;
	for (unsigned i = 0; i < SCHEMA_FIELDS; i++) {
		if (s->field[i].item == NULL)
			continue;
		b->held[held++] = item_hold(s->field[i].item);
		v->field_gen[i] = s->field[i].generation;
		v->field_name[i] = s->field[i].item->name;
		v->nfields = i + 1;
	}
	for (unsigned i = 0; i < SCHEMA_TESTS; i++) {
		if (s->test[i].item == NULL)
			continue;
		b->held[held++] = item_hold(s->test[i].item);
		v->test_gen[i] = s->test[i].generation;
		v->test_field[i] = s->test[i].field;
		v->test[i] = s->test[i].item->test;
		v->ntests = i + 1;
	}
	return b;
}

const struct schema_view *
schema_view(struct schema *s)
{
	if (s->current == NULL)
		s->current = view_build(s);
	atomic_fetch_add_explicit(&s->current->refs, 1, memory_order_relaxed);
	return &s->current->view;
}

void
schema_view_release(const struct schema_view *v)
{
	struct view_box *b = (struct view_box *)(uintptr_t)v;

	if (b == NULL || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < SCHEMA_FIELDS + SCHEMA_TESTS; i++)
		item_drop(b->held[i]);
	free(b);
}

uint32_t
schema_run_tests(const struct schema_view *v, struct slice output, struct slice raw)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < v->ntests; i++) {
		const struct slice text = v->test_field[i] == FIELD_RAW ? raw : output;

		if (v->test[i] == NULL)
			continue;
		if (text.p == NULL ? predicate_absent(v->test[i])
				   : predicate_match(v->test[i], text))
			bits |= (uint32_t)1 << i;
	}
	return bits;
}
