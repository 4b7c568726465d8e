/* Rows made for a test or a benchmark: columns of any width from plain arrays of symbols. */
#ifndef FALCOTOP_TESTS_SYNTH_H
#define FALCOTOP_TESTS_SYNTH_H

#include <stdlib.h>

#include "base/xalloc.h"
#include "query/rows.h"

struct synth {
	struct rows rows;
	int64_t *time;
	uint8_t *priority;
	uint16_t *flags;
	uint32_t *tests;
	void *owned[2 * COLUMNS_MAX];
	unsigned nowned;
};

static const sym_t synth_absent = SYM_ABSENT;

/* xorshift64*: the same numbers everywhere. */
static inline uint64_t
synth_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static inline void
synth_init(struct synth *s, const struct symtab *symbols, uint32_t n)
{
	*s = (struct synth){ 0 };
	s->time = xcalloc(n + 1, sizeof(*s->time));
	s->priority = xcalloc(n + 1, sizeof(*s->priority));
	s->flags = xcalloc(n + 1, sizeof(*s->flags));
	s->tests = xcalloc(n + 1, sizeof(*s->tests));
	s->rows = (struct rows){ .n = n,
		.time = s->time,
		.priority = s->priority,
		.flags = s->flags,
		.tests = s->tests,
		.symbols = symbols };
	for (unsigned c = 0; c < COLUMNS_MAX; c++)
		s->rows.col[c] = (struct column){ .dict = &synth_absent, .ndict = 1 };
}

static inline void
synth_release(struct synth *s)
{
	free(s->time);
	free(s->priority);
	free(s->flags);
	free(s->tests);
	for (unsigned i = 0; i < s->nowned; i++)
		free(s->owned[i]);
}

/* Codes of values[], in order of appearance; returns how many there are, or 0 when over `most`. */
static inline uint32_t
synth_encode(const sym_t *values, uint32_t n, sym_t *dict, uint16_t *code, uint32_t most)
{
	sym_t top = 0;
	uint32_t *seen, ndict = 0;

	for (uint32_t i = 0; i < n; i++)
		top = values[i] > top ? values[i] : top;
	seen = xcalloc((size_t)top + 1, sizeof(*seen));
	for (uint32_t i = 0; i < n; i++) {
		if (seen[values[i]] == 0) {
			if (ndict == most) {
				ndict = 0;
				break;
			}
			dict[ndict] = values[i];
			seen[values[i]] = ++ndict;
		}
		code[i] = (uint16_t)(seen[values[i]] - 1);
	}
	free(seen);
	return ndict;
}

/* A column of these values in the width asked for (0: by what fits best), or a wider one when they
 * do not fit. */
static inline void
synth_column(struct synth *s, unsigned field, const sym_t *values, unsigned width)
{
	struct column *c = &s->rows.col[column_index(field)];
	const uint32_t n = s->rows.n;
	sym_t *dict = xcalloc(n + 1, sizeof(*dict));
	uint16_t *code = xcalloc(n + 1, sizeof(*code));
	uint32_t ndict = width == 4 ? 0 : synth_encode(values, n, dict, code, 65536);

	s->owned[s->nowned++] = dict;
	s->owned[s->nowned++] = code;
	if (ndict == 0 && n > 0) {
		memcpy(dict, values, n * sizeof(*dict));
		*c = (struct column){ .code = dict, .width = 4 };
	} else if (ndict <= 1 && width == 0) {
		*c = (struct column){ .dict = dict, .ndict = 1 };
	} else if (ndict <= 256 && width != 2) {
		uint8_t *narrow = (uint8_t *)code;

		for (uint32_t i = 0; i < n; i++)
			narrow[i] = (uint8_t)code[i];
		*c = (struct column){ .code = code, .dict = dict, .ndict = ndict, .width = 1 };
	} else {
		*c = (struct column){ .code = code, .dict = dict, .ndict = ndict, .width = 2 };
	}
}

#endif
