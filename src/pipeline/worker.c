/*
 * The decode stage. Everything here works on one batch and the worker's own tables; order, dates
 * and duplicates are the ordered stage's (order.c), because they need what came before.
 */
#include "pipeline/worker.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "base/banned.h"

/* A new symbol table starts when the old one passed these; what one batch can add on top has room.
 */
/* A table that fits the cache, cleared when full: names that matter come back at once, and memory
 * that was never touched is the dearest. */
#define TABLE_SYMBOLS	  (12u << 10)
#define TABLE_BYTES	  ((size_t)10 << 20)
#define TABLES		  4 /* of a worker, taken in turn */
#define TABLE_MAX_SYMBOLS (256u << 10)
#define TABLE_MAX_BYTES	  ((size_t)16 << 20)

struct table_ref {
	atomic_uint refs;
	struct symtab *symbols;
};

struct worker {
	unsigned number;
	struct rawstore *raw;
	struct decoder *decoder;
	struct table_ref *table;
	struct table_ref
	    *pool[TABLES];	   /* with a reference of the worker's own; table is one of them */
	struct block_cache *cache; /* of the table */
	uint32_t generation;
	uint64_t schema_version; /* the decoder was told the fields of this one */
	bool schema_known;
	struct falco_event ev;
};

/* Where the worker is in a batch. */
struct cursor {
	const char *line;    /* start of the line */
	size_t len;	     /* with the line end */
	const char *pending; /* start of the first line of a split event; NULL = none */
	uint32_t number;     /* of the line in the batch, from 0 */
	uint32_t pending_number;
};

static struct table_ref *
table_new(void)
{
	struct table_ref *t = xcalloc(1, sizeof(*t));

	atomic_init(&t->refs, 1);
	t->symbols = symtab_new(TABLE_MAX_SYMBOLS, TABLE_MAX_BYTES);
	return t;
}

void
table_release(struct table_ref *t)
{
	if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	symtab_free(t->symbols);
	free(t);
}

struct worker *
worker_new(unsigned number, struct rawstore *raw)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->number = number;
	w->raw = raw;
	w->decoder = decoder_new();
	w->table = w->pool[0] = table_new();
	w->cache = block_cache_new();
	w->generation = 1;
	return w;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	decoder_free(w->decoder);
	for (unsigned i = 0; i < TABLES; i++)
		table_release(w->pool[i]);
	block_cache_free(w->cache);
	free(w);
}

/* An empty table in this place of the pool: the one there, when no batch refers to it and it did
 * not grow large; false when batches still do. */
static bool
table_again(struct table_ref **place)
{
	struct table_ref *t = *place;

	if (t != NULL && atomic_load(&t->refs) > 1)
		return false;
	if (t != NULL && symtab_memory(t->symbols) <= TABLE_BYTES) {
		symtab_clear(t->symbols);
		return true;
	}
	table_release(t);
	*place = table_new();
	return true;
}

/* The old table waits in the pool, or dies with the last batch that refers to it. */
static void
renew_table(struct worker *w)
{
	unsigned i;

	if (symtab_count(w->table->symbols) <= TABLE_SYMBOLS &&
	    symtab_memory(w->table->symbols) <= TABLE_BYTES)
		return;
	for (i = 0; i < TABLES && !table_again(&w->pool[i]); i++)
		;
	if (i == TABLES) {
		i = 0;
		table_release(w->pool[i]);
		w->pool[i] = table_new();
	}
	w->table = w->pool[i];
	block_cache_clear(w->cache);
	w->generation++;
}

/* Tells the decoder which keys outside the catalogue are wanted. */
static void
follow_schema(struct worker *w, const struct schema_view *v)
{
	const char *names[EVENT_EXTRAS];
	unsigned n = v->nfields < EVENT_EXTRAS ? v->nfields : EVENT_EXTRAS;

	if (w->schema_known && w->schema_version == v->version)
		return;
	for (unsigned i = 0; i < n; i++)
		names[i] = v->field_name[i] != NULL ? v->field_name[i] : "";
	decoder_want(w->decoder, names, n);
	w->schema_version = v->version;
	w->schema_known = true;
}

static void
keep_uuid(struct batch *b, uint32_t row, struct slice uuid)
{
	if (b->nuuid == b->uuid_cap) {
		b->uuid_cap = b->uuid_cap == 0 ? 256 : b->uuid_cap * 2;
		b->uuid = xreallocarray(b->uuid, b->uuid_cap, sizeof(*b->uuid));
	}
	b->uuid[b->nuuid].row = row;
	b->uuid[b->nuuid++].hash = hash_bytes(uuid.p, uuid.len, hash_seed());
}

/* The bytes of the record in the batch: its own, or all lines since the first piece of a split one.
 */
static struct slice
record_bytes(const struct batch *b, const struct cursor *c, struct slice raw)
{
	const char *end = c->line + c->len;

	if (c->pending != NULL)
		return (struct slice){ c->pending, (size_t)(end - c->pending) };
	if (raw.p >= b->data && raw.p + raw.len <= b->data + b->len)
		return raw;
	return (struct slice){ c->line, c->len };
}

static void
add_event(struct worker *w, struct batch *b, const struct cursor *c)
{
	struct falco_event *ev = &w->ev;
	const struct schema_view *v = b->block.schema;
	struct slice raw = record_bytes(b, c, ev->raw);
	uint32_t tests = 0;
	uint32_t row;

	if (v->ntests > 0)
		tests = schema_run_tests(v, ev->output, ev->raw);
	if (v->nfields > 0)
		block_pseudo_fields(v, ev);
	row = block_add(&b->block, w->table->symbols, ev, tests,
	    b->offset + (uint64_t)(raw.p - b->data), (uint32_t)raw.len,
	    c->pending != NULL ? c->pending_number : c->number);
	if (ev->uuid.p != NULL && ev->uuid.len > 0)
		keep_uuid(b, row, ev->uuid);
	b->tally.accepted++;
	b->tally.repaired += (ev->flags & EVENT_REPAIRED) != 0;
}

static void
reject(struct worker *w, struct batch *b, const struct cursor *c, enum reject_reason reason)
{
	struct slice raw = record_bytes(b, c, w->ev.raw);

	b->tally.rejected_by[reason]++;
	batch_keep_bad(b, reason, c->pending != NULL ? c->pending_number : c->number,
	    b->offset + (uint64_t)(raw.p - b->data), raw);
}

/* Counts one verdict; true when it was a record. */
static bool
take_verdict(
    struct worker *w, struct batch *b, struct cursor *c, enum verdict v, enum reject_reason reason)
{
	switch (v) {
	case VERDICT_EVENT: add_event(w, b, c); break;
	case VERDICT_INTERNAL:
		b->tally.internal++;
		b->tally.kernel_drops += w->ev.kernel_drops;
		break;
	case VERDICT_NOISE: b->tally.noise++; break;
	case VERDICT_BLANK: b->tally.blank++; break;
	case VERDICT_REJECT: reject(w, b, c, reason); break;
	case VERDICT_PENDING:
		if (c->pending == NULL) {
			c->pending = c->line;
			c->pending_number = c->number;
		}
		return false;
	case VERDICT_END: return false;
	}
	b->tally.records++;
	return true;
}

static void
decode_one_line(struct worker *w, struct batch *b, struct cursor *c, size_t len, bool first)
{
	enum reject_reason reason = REJECT_NOT_FALCO;
	enum verdict v;

	decode_line(w->decoder, c->line, len, first);
	while ((v = decode_next(w->decoder, &w->ev, &reason)) != VERDICT_END)
		if (take_verdict(w, b, c, v, reason))
			c->pending = NULL;
}

static void
decode_lines(struct worker *w, struct batch *b, struct cursor *c)
{
	enum reject_reason reason = REJECT_NOT_FALCO;
	const char *end = b->data + b->len;
	unsigned lines;
	enum verdict v;

	for (const char *p = b->data; p < end; p += c->len) {
		const char *line_end = decode_line_end(p, end, &lines);
		size_t len = (size_t)(line_end - p);

		c->line = p;
		c->len = len + (line_end < end);
		decode_one_line(w, b, c, len, b->first && p == b->data);
		c->number += lines;
		b->tally.lines += lines;
	}
	if (b->len == 0)
		return;
	c->number--; /* what is pending ends with the last line */
	while ((v = decode_flush(w->decoder, &w->ev, &reason)) != VERDICT_END)
		take_verdict(w, b, c, v, reason);
}

/* The source skipped a line that was too long: one record, of which the beginning is kept. */
static void
count_long_line(struct batch *b, struct cursor *c)
{
	if (b->long_bytes == 0)
		return;
	b->tally.lines++;
	b->tally.records++;
	b->tally.rejected_by[REJECT_LINE_TOO_LONG]++;
	batch_keep_bad(
	    b, REJECT_LINE_TOO_LONG, c->number++, b->long_offset, buf_slice(&b->long_head));
}

void
worker_decode(struct worker *w, struct batch *b)
{
	struct cursor c = { 0 };
	struct block *k = &b->block;

	renew_table(w);
	follow_schema(w, k->schema);
	k->origin = b->origin;
	k->arrival = b->arrival;
	k->symbols = w->table->symbols;
	k->cache = w->cache;
	k->worker = w->number;
	k->generation = w->generation;
	k->new_from = (sym_t)symtab_count(w->table->symbols);
	b->table = w->table;
	atomic_fetch_add(&w->table->refs, 1);
	b->tally.bytes = b->len + b->long_bytes;
	count_long_line(b, &c);
	decode_lines(w, b, &c);
	k->new_to = (sym_t)symtab_count(w->table->symbols);
	if (b->streamed)
		rawstore_append(w->raw, b->origin, b->offset, b->data, b->len);
}
