/*
 * Blocks: events as columns of a worker's own symbols. Runs on the decode workers, once an event
 * and once a present field, so: no allocation once the block has grown, no look at fields that are
 * not there. What the symbols mean to the index is for remap.c.
 */
#include "model/block.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define BLOCK_CAP 256

_Static_assert(COLUMNS_MAX <= 128, "the present mask of a block has 128 bits");

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
	memset(b->last, 0, sizeof(b->last));
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

static sym_t
intern(struct block_last *last, struct symtab *symbols, struct slice text)
{
	sym_t s = symtab_intern(symbols, text.p, text.len);
	struct slice own = symtab_text(symbols, s);

	/* a text that was cut, or found no room, must not stand for the next one */
	if (own.len == text.len && s != SYM_OTHER)
		*last = (struct block_last){ own.p, own.len, s };
	return s;
}

static inline void
set_cell(struct block *b, struct symtab *symbols, unsigned c, uint32_t row, const struct value *v)
{
	struct block_last *last = &b->last[c];
	sym_t s;

	if (!(b->present[c >> 6] >> (c & 63) & 1))
		start_column(b, c);
	if (v->kind == VALUE_NULL)
		s = SYM_NULL;
	else if (v->text.len == 0)
		s = SYM_EMPTY;
	else if (v->text.len == last->len && memcmp(v->text.p, last->p, last->len) == 0)
		s = last->symbol;
	else
		s = intern(last, symbols, v->text);
	b->col[c][row] = s;
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
