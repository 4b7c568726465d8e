/*
 * What the index keeps beyond the catalogue: slots, taken by queries that need them.
 *
 *   field slot n  an output_fields key outside the catalogue (or "output", "raw", "time", "uuid"):
 * FIELD_DYNAMIC + n test slot n   one predicate on the output or raw text, one bit a row: no text
 * is kept in the index
 *
 * Workers fill slots while decoding; rows decoded before the slot was taken are filled by decoding
 * their raw bytes again (slower, same answer). One thread owns the schema (the model's); workers
 * read an immutable view. A slot is free when its last user lets go; taking it anew changes its
 * generation.
 */
#ifndef FALCOTOP_QUERY_SCHEMA_H
#define FALCOTOP_QUERY_SCHEMA_H

#include "event/event.h"
#include "query/predicate.h"

#define SCHEMA_FIELDS EVENT_EXTRAS
#define SCHEMA_TESTS  32

struct schema;

struct schema *schema_new(void);
void schema_free(struct schema *s);

/* The slot of this name, taken or shared; FIELD_NONE when all are in use. Balance with
 * schema_drop_field(). */
unsigned schema_take_field(struct schema *s, struct slice name);
void schema_drop_field(struct schema *s, unsigned field);
/* Name of a dynamic field. */
const char *schema_field_name(const struct schema *s, unsigned field);
/* Slot 0..31 of a predicate on FIELD_OUTPUT or FIELD_RAW; takes over p (frees it when the slot
 * exists or all are in use). -1 when full. */
int schema_take_test(struct schema *s, enum field_id field, struct predicate *p);
void schema_drop_test(struct schema *s, int slot);

/* The state of all slots at one moment, immutable, reference-counted, readable from any thread. */
struct schema_view {
	uint64_t version; /* grows with every change */
	unsigned nfields; /* highest field slot in use + 1 */
	unsigned ntests;
	uint32_t field_gen[SCHEMA_FIELDS]; /* 0: slot not in use */
	uint32_t test_gen[SCHEMA_TESTS];
	const char *field_name[SCHEMA_FIELDS];
	enum field_id test_field[SCHEMA_TESTS];
	const struct predicate *test[SCHEMA_TESTS];
};
const struct schema_view *schema_view(
    struct schema *s); /* takes a reference; from the owner's thread */
void schema_view_release(const struct schema_view *v); /* from any thread */

/* Bits of all test slots for one event. */
uint32_t schema_run_tests(const struct schema_view *v, struct slice output, struct slice raw);

#endif
