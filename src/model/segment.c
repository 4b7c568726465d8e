/*
 * Sealed segments. Sealing looks at each cell once or twice: a column that holds one value costs a
 * comparison, the others a look in `place`, where a symbol's number leads to where it stands in the
 * dictionary of this column, if it does. Nothing is searched or hashed. A column that another one
 * determines (the pod's name by the container's id, the event type by the rule) uses the codes of
 * that one with a dictionary of its own: two columns of five do in real recordings.
 */
#include "model/segment.h"

#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

static const sym_t absent_dict[1] = { SYM_ABSENT };
static const uint32_t no_tests[SEGMENT_ROWS];
static const uint16_t no_flags[SEGMENT_ROWS];

static void
scratch_prepare(struct seal_scratch *s, uint32_t symbols)
{
	if (s->dict == NULL) {
		s->dict = xreallocarray(NULL, SEGMENT_ROWS, sizeof(*s->dict));
		s->code = xreallocarray(NULL, SEGMENT_ROWS, sizeof(*s->code));
		s->number = xreallocarray(NULL, SEGMENT_ROWS, sizeof(*s->number));
	}
	if (s->nplace < symbols) {
		free(s->place);
		s->nplace = symbols + symbols / 2;
		s->place = xcalloc(s->nplace, sizeof(*s->place));
	}
}

void
seal_scratch_release(struct seal_scratch *s)
{
	free(s->place);
	free(s->dict);
	free(s->code);
	free(s->number);
	memset(s, 0, sizeof(*s));
}

size_t
seal_scratch_memory(const struct seal_scratch *s)
{
	size_t n = s->nplace * sizeof(*s->place);

	if (s->dict != NULL)
		n += SEGMENT_ROWS * (sizeof(*s->dict) + sizeof(*s->code) + sizeof(*s->number));
	return n;
}

static bool
is_constant(const sym_t *v, uint32_t n)
{
	sym_t differ = 0;

	for (uint32_t i = 0; i < n; i++)
		differ |= v[i] ^ v[0];
	return differ == 0;
}

/* Fills scratch->code and ->dict; returns the size of the dictionary. */
static uint32_t
build_dict(struct seal_scratch *scratch, const sym_t *v, uint32_t n)
{
	uint16_t *restrict place = scratch->place, *restrict code = scratch->code;
	sym_t *restrict dict = scratch->dict;
	uint32_t ndict = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = place[v[i]];

		/* what another column left in `place` shows by the dictionary having something else
		 * there */
		if (at >= ndict || dict[at] != v[i]) {
			at = ndict++;
			dict[at] = v[i];
			place[v[i]] = (uint16_t)at;
		}
		code[i] = (uint16_t)at;
	}
	return ndict;
}

#define BASES_MAX 24

/* Codes of one byte that further columns of the segment may share. */
struct base {
	const uint8_t *code;
	uint32_t ndict;
};

/* Where encoded columns go: the segment's chunks, or one heap block when filled later. */
struct target {
	struct store *store;
	struct store_span *span;
	void *heap;
	size_t size;
	unsigned nbases;
	struct base base[BASES_MAX];
};

static void *
target_alloc(struct target *t, size_t size)
{
	if (t->store != NULL)
		return store_alloc(t->store, t->span, size);
	t->size = size;
	return t->heap = xmalloc(size);
}

static void
take_symbols(struct column *col, struct symbol_run *symbols, const void *code, sym_t *dict,
    uint32_t ndict, uint8_t width)
{
	*col = (struct column){ code, dict, ndict, width };
	*symbols = (struct symbol_run){ dict, ndict };
}

/* Whether each code of the base comes with one code of the column; fills code_of for them. */
static bool
determines(const struct base *base, const uint16_t *code, uint32_t n, uint16_t code_of[256])
{
	memset(code_of, 0xff, base->ndict * sizeof(*code_of));
	for (uint32_t i = 0; i < n; i++) {
		uint16_t *c = &code_of[base->code[i]];

		if (*c == UINT16_MAX)
			*c = code[i];
		else if (*c != code[i])
			return false;
	}
	return true;
}

static bool
share_codes(struct target *t, const struct seal_scratch *scratch, uint32_t n, struct column *col,
    struct symbol_run *symbols)
{
	uint16_t code_of[256];

	for (unsigned i = 0; i < t->nbases; i++) {
		const struct base *b = &t->base[i];
		sym_t *dict;

		if (!determines(b, scratch->code, n, code_of))
			continue;
		dict = target_alloc(t, b->ndict * sizeof(*dict));
		for (uint32_t k = 0; k < b->ndict; k++)
			dict[k] = scratch->dict[code_of[k]];
		take_symbols(col, symbols, b->code, dict, b->ndict, 1);
		return true;
	}
	return false;
}

/* The codes stand behind the dictionary, in one array. */
static void
encode_codes(struct target *t, const struct seal_scratch *scratch, uint32_t n, uint32_t ndict,
    struct column *col, struct symbol_run *symbols)
{
	uint8_t width = ndict == 1 ? 0 : ndict <= 256 ? 1 : 2;
	sym_t *dict;
	uint8_t *codes;

	if (width == 1 && share_codes(t, scratch, n, col, symbols))
		return;
	dict = target_alloc(t, ndict * sizeof(*dict) + (size_t)width * n);
	codes = (uint8_t *)(dict + ndict);
	memcpy(dict, scratch->dict, ndict * sizeof(*dict));
	if (width == 2)
		memcpy(codes, scratch->code, n * sizeof(uint16_t));
	for (uint32_t i = 0; width == 1 && i < n; i++)
		codes[i] = (uint8_t)scratch->code[i];
	if (width == 1 && t->nbases < BASES_MAX)
		t->base[t->nbases++] = (struct base){ codes, ndict };
	take_symbols(col, symbols, codes, dict, ndict, width);
}

static void
encode(struct target *t, struct seal_scratch *scratch, const sym_t *v, uint32_t n,
    struct column *col, struct symbol_run *symbols)
{
	uint32_t ndict = 1;
	sym_t *p;

	if (is_constant(v, n))
		scratch->dict[0] = v[0];
	else
		ndict = build_dict(scratch, v, n);
	if (ndict <= n / 2) {
		encode_codes(t, scratch, n, ndict, col, symbols);
		return;
	}
	p = target_alloc(t, n * sizeof(*p));
	memcpy(p, v, n * sizeof(*p));
	*col = (struct column){ p, NULL, 0, 4 };
	*symbols = (struct symbol_run){ p, n };
}

static const void *
keep(struct store *store, struct store_span *span, const void *from, size_t size)
{
	return memcpy(store_alloc(store, span, size), from, size);
}

/* Packs scratch->number[0..n). */
static struct packed
pack(struct store *store, struct store_span *span, const uint64_t *v, uint32_t n)
{
	uint64_t min = v[0], max = v[0], range;
	struct packed out = { 0 };
	void *p;

	for (uint32_t i = 1; i < n; i++) {
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
	}
	range = max - min;
	out.base = min;
	out.width = range == 0		  ? 0
		    : range <= UINT8_MAX  ? 1
		    : range <= UINT16_MAX ? 2
		    : range <= UINT32_MAX ? 4
					  : 8;
	if (out.width == 0)
		return out;
	out.p = p = store_alloc(store, span, (size_t)out.width * n);
	for (uint32_t i = 0; i < n; i++) {
		switch (out.width) {
		case 1: ((uint8_t *)p)[i] = (uint8_t)(v[i] - min); break;
		case 2: ((uint16_t *)p)[i] = (uint16_t)(v[i] - min); break;
		case 4: ((uint32_t *)p)[i] = (uint32_t)(v[i] - min); break;
		default: ((uint64_t *)p)[i] = v[i] - min; break;
		}
	}
	return out;
}

static void
seal_numbers(struct segment *s, const struct open_segment *o, struct store *store,
    struct seal_scratch *scratch)
{
	uint64_t *v = scratch->number;

	s->time = keep(store, &s->span, o->time, o->n * sizeof(*o->time));
	s->priority = keep(store, &s->span, o->priority, o->n * sizeof(*o->priority));
	s->flags = memcmp(o->flags, no_flags, o->n * sizeof(*o->flags)) == 0
		       ? no_flags
		       : keep(store, &s->span, o->flags, o->n * sizeof(*o->flags));
	s->tests = memcmp(o->tests, no_tests, o->n * sizeof(*o->tests)) == 0
		       ? no_tests
		       : keep(store, &s->span, o->tests, o->n * sizeof(*o->tests));
	s->offset = pack(store, &s->span, o->offset, o->n);
	for (uint32_t i = 0; i < o->n; i++)
		v[i] = o->length[i];
	s->length = pack(store, &s->span, v, o->n);
	/* a full segment's lines grow with the rows; what is below the row number gets room to stay
	 * positive */
	for (uint32_t i = 0; i < o->n; i++)
		v[i] = (uint64_t)o->line[i] + SEGMENT_ROWS - i;
	s->line = pack(store, &s->span, v, o->n);
	s->run = keep(store, &s->span, o->run, o->nruns * sizeof(*o->run));
	s->nruns = o->nruns;
}

/* Slots of which some rows were never filled are not taken over: they count as not filled. */
static void
seal_slots(struct segment *s, const struct open_segment *o)
{
	for (unsigned i = 0; i < SCHEMA_FIELDS; i++)
		s->field_gen[i] = o->field_todo[i] == 0 ? o->field_gen[i] : 0;
	for (unsigned i = 0; i < SCHEMA_TESTS; i++)
		s->test_gen[i] = o->test_todo[i] == 0 ? o->test_gen[i] : 0;
	s->unreadable = o->unreadable;
}

struct segment *
segment_seal(const struct open_segment *o, struct store *store, struct seal_scratch *scratch,
    uint32_t symbols, const sym_t *priority_dict)
{
	struct segment *s = xcalloc(1, sizeof(*s));
	struct target target = { .store = store, .span = &s->span };

	scratch_prepare(scratch, symbols);
	s->first = o->first;
	s->n = o->n;
	s->min_time = o->min_time;
	s->max_time = o->max_time;
	memcpy(s->by_priority, o->by_priority, sizeof(s->by_priority));
	seal_numbers(s, o, store, scratch);
	seal_slots(s, o);
	for (unsigned c = 0; c < COLUMNS_MAX; c++) {
		bool dropped = c >= FIELD_KNOWN && s->field_gen[c - FIELD_KNOWN] == 0;

		if (open_has(o, c) && !dropped)
			encode(&target, scratch, o->col[c], o->n, &s->col[c], &s->symbols[c]);
		else
			s->col[c] = (struct column){ NULL, absent_dict, 1, 0 };
	}
	s->col[FIELD_PRIORITY] = (struct column){ s->priority, priority_dict, PRIORITY_COUNT, 1 };
	return s;
}

void
segment_free(struct segment *s, struct store *store)
{
	for (unsigned i = 0; i < SCHEMA_FIELDS; i++)
		free(s->field_mem[i]);
	free(s->test_mem);
	store_free_span(store, &s->span);
	free(s);
}

void
segment_set_field(struct segment *s, struct seal_scratch *scratch, uint32_t symbols, unsigned slot,
    const sym_t *column)
{
	struct target target = { .store = NULL };
	unsigned c = FIELD_KNOWN + slot;

	scratch_prepare(scratch, symbols);
	free(s->field_mem[slot]);
	encode(&target, scratch, column, s->n, &s->col[c], &s->symbols[c]);
	s->field_mem[slot] = target.heap;
	s->extra_memory += target.size - s->field_size[slot];
	s->field_size[slot] = target.size;
}

void
segment_set_tests(struct segment *s, uint32_t mask, const uint32_t *tests)
{
	if (s->test_mem == NULL) {
		s->test_mem = xreallocarray(NULL, SEGMENT_ROWS, sizeof(*s->test_mem));
		memcpy(s->test_mem, s->tests, s->n * sizeof(*s->tests));
		s->tests = s->test_mem;
		s->extra_memory += SEGMENT_ROWS * sizeof(*s->test_mem);
	}
	for (uint32_t i = 0; i < s->n; i++)
		s->test_mem[i] = (s->test_mem[i] & ~mask) | (tests[i] & mask);
}

void
segment_rows(const struct segment *s, uint32_t from, uint32_t n, const struct symtab *symbols,
    struct rows *out)
{
	out->n = n;
	out->time = s->time + from;
	out->priority = s->priority + from;
	out->flags = s->flags + from;
	out->tests = s->tests + from;
	out->symbols = symbols;
	memcpy(out->col, s->col, sizeof(out->col));
	if (from == 0)
		return;
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		if (out->col[c].width > 0)
			out->col[c].code =
			    (const char *)out->col[c].code + (size_t)out->col[c].width * from;
}
