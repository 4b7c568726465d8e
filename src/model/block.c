/*
 * Blocks: events as columns of a worker's own symbols. Runs on the decode workers, once an event
 * and once a present field, so: no allocation once the block has grown, no look at fields that are
 * not there. What the symbols mean to the index is for remap.c.
 */
#include "model/block.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define BLOCK_CAP   256
#define CACHE_SLOTS 4096 /* 128 KiB */

struct cached {
	uint64_t head, tail; /* first and last bytes */
	const char *p;	     /* the symbol's own text */
	uint32_t len;	     /* 0: free */
	sym_t symbol;
};

struct block_cache {
	struct cached slot[CACHE_SLOTS]; /* by hash; the later value takes the place */
};

_Static_assert(COLUMNS_MAX <= 128, "the present mask of a block has 128 bits");

struct block_cache *
block_cache_new(void)
{
	return xcalloc(1, sizeof(struct block_cache));
}

void
block_cache_clear(struct block_cache *c)
{
	memset(c, 0, sizeof(*c));
}

void
block_cache_free(struct block_cache *c)
{
	free(c);
}

void
block_init(struct block *b)
{
	memset(b, 0, sizeof(*b));
}

void
block_clear(struct block *b)
{
	if (b->schema != NULL)
		schema_view_release(b->schema);
	b->schema = NULL;
	b->n = 0;
	memset(b->present, 0, sizeof(b->present));
	b->symbols = NULL;
	b->new_from = b->new_to = 0;
}

void
block_release(struct block *b)
{
	block_clear(b);
	free(b->time);
	free(b->priority);
	free(b->flags);
	free(b->tests);
	free(b->offset);
	free(b->length);
	free(b->line);
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		free(b->col[c]);
	block_init(b);
}

static void
grow(struct block *b)
{
	uint32_t cap = b->cap == 0 ? BLOCK_CAP : b->cap * 2;

	b->time = xreallocarray(b->time, cap, sizeof(*b->time));
	b->priority = xreallocarray(b->priority, cap, sizeof(*b->priority));
	b->flags = xreallocarray(b->flags, cap, sizeof(*b->flags));
	b->tests = xreallocarray(b->tests, cap, sizeof(*b->tests));
	b->offset = xreallocarray(b->offset, cap, sizeof(*b->offset));
	b->length = xreallocarray(b->length, cap, sizeof(*b->length));
	b->line = xreallocarray(b->line, cap, sizeof(*b->line));
	for (unsigned c = 0; c < COLUMNS_MAX; c++) {
		if (b->col[c] == NULL)
			continue;
		b->col[c] = xreallocarray(b->col[c], cap, sizeof(sym_t));
		memset(b->col[c] + b->n, 0, (cap - b->n) * sizeof(sym_t));
	}
	b->cap = cap;
}

/* First sight in this block: all rows read as absent until set. */
static void
start_column(struct block *b, unsigned c)
{
	_Static_assert(SYM_ABSENT == 0, "absent is what memset leaves");
	if (b->col[c] == NULL)
		b->col[c] = xreallocarray(NULL, b->cap, sizeof(sym_t));
	memset(b->col[c], 0, b->cap * sizeof(sym_t));
	b->present[c >> 6] |= (uint64_t)1 << (c & 63);
}

static inline uint64_t
load(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* The first and last bytes: all of them, with the length, when there are at most 16. */
static inline void
ends_of(struct slice s, uint64_t *head, uint64_t *tail)
{
	*tail = 0;
	if (s.len >= 8) {
		*head = load(s.p, 8);
		*tail = load(s.p + s.len - 8, 8);
	} else if (s.len >= 4) {
		*head = load(s.p, 4) | load(s.p + s.len - 4, 4) << 32;
	} else {
		*head = (uint8_t)s.p[0] | (uint64_t)(uint8_t)s.p[s.len / 2] << 8 |
			(uint64_t)(uint8_t)s.p[s.len - 1] << 16;
	}
}

/*
 * Values of up to 16 bytes are compared without a look at their text. One that is new to the table
 * gets no place yet: many never come again.
 */
static inline sym_t
intern(struct block_cache *cache, struct symtab *symbols, struct slice text)
{
	struct cached *e;
	uint64_t head, tail;
	struct slice own;
	uint32_t known;
	sym_t s;

	if (cache == NULL)
		return symtab_intern(symbols, text.p, text.len);
	ends_of(text, &head, &tail);
	e = &cache->slot[hash_mix(head ^ text.len, tail) & (CACHE_SLOTS - 1)];
	if (e->head == head && e->tail == tail && e->len == text.len &&
	    (text.len <= 16 || memcmp(text.p + 8, e->p + 8, text.len - 16) == 0))
		return e->symbol;
	known = symtab_count(symbols);
	s = symtab_intern(symbols, text.p, text.len);
	if (s >= known || s == SYM_OTHER)
		return s;
	own = symtab_text(symbols, s);
	if (own.len == text.len) /* else it was cut and must not stand for the next one */
		*e = (struct cached){ head, tail, own.p, (uint32_t)own.len, s };
	return s;
}

static inline void
set_cell(struct block *b, struct symtab *symbols, unsigned c, uint32_t row, const struct value *v)
{
	if (!(b->present[c >> 6] >> (c & 63) & 1))
		start_column(b, c);
	if (v->kind == VALUE_NULL)
		b->col[c][row] = SYM_NULL;
	else if (v->text.len == 0)
		b->col[c][row] = SYM_EMPTY;
	else
		b->col[c][row] = intern(b->cache, symbols, v->text);
}

uint32_t
block_add(struct block *b, struct symtab *symbols, const struct falco_event *ev, uint32_t tests,
    uint64_t offset, uint32_t length, uint32_t line)
{
	uint32_t row = b->n;
	struct value message = { ev->message, VALUE_STRING };

	if (row == b->cap)
		grow(b);
	b->time[row] = ev->time;
	b->priority[row] = (uint8_t)ev->priority;
	b->flags[row] = ev->flags;
	b->tests[row] = tests;
	b->offset[row] = offset;
	b->length[row] = length;
	b->line[row] = line;
	for (uint64_t left = ev->present; left != 0; left &= left - 1) {
		unsigned c = (unsigned)__builtin_ctzll(left);

		set_cell(b, symbols, c, row, &ev->field[c]);
	}
	if (ev->message.p != NULL)
		set_cell(b, symbols, FIELD_MESSAGE, row, &message);
	for (uint32_t left = ev->extra_present; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		set_cell(b, symbols, column_index(FIELD_DYNAMIC + i), row, &ev->extra[i]);
	}
	b->n = row + 1;
	return row;
}

bool
block_is_pseudo(const char *name)
{
	return strcmp(name, "output") == 0 || strcmp(name, "raw") == 0 ||
	       strcmp(name, "uuid") == 0 || strcmp(name, "time") == 0;
}

void
block_pseudo_fields(const struct schema_view *v, struct falco_event *ev)
{
	for (unsigned i = 0; i < v->nfields; i++) {
		const char *name = v->field_name[i];
		struct slice text;

		if (v->field_gen[i] == 0 || name == NULL || !block_is_pseudo(name))
			continue;
		ev->extra_present &= ~((uint32_t)1 << i);
		switch (name[0]) {
		case 'o': text = ev->output; break;
		case 'r': text = ev->raw; break;
		case 'u': text = ev->uuid; break;
		default: continue; /* time: the model's */
		}
		if (text.p == NULL)
			continue;
		ev->extra[i] = (struct value){ text, VALUE_STRING };
		ev->extra_present |= (uint32_t)1 << i;
	}
}
