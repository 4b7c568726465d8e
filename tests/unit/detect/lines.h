/* Lines of Falco's output through the real decoder into a real index, and the rows of a search over
 * it as text. */
#ifndef FALCOTOP_TESTS_LINES_H
#define FALCOTOP_TESTS_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "decode/decode.h"
#include "detect/spl.h"
#include "model/live.h"
#include "harness.h"

#define LINES_DAY (INT64_C(1768435200) * NSEC_PER_SEC) /* 2026-01-15, for times without a date */

struct lines {
	struct rawstore *raw;
	struct model *model;
	struct block block;
	struct symtab *symbols;
	struct decoder *decoder;
	sym_t known;
	uint16_t origin;
	uint64_t offset, events;
	uint32_t line;
};

static inline void
lines_init(struct lines *l)
{
	struct model_options o = { .memory = (size_t)512 << 20 };

	memset(l, 0, sizeof(*l));
	l->raw = o.raw = rawstore_new(64u << 20);
	l->model = model_new(&o);
	l->origin = rawstore_add(l->raw, "lines", -1);
	block_init(&l->block);
	l->symbols = symtab_new(1u << 22, 1u << 28);
	l->known = SYM_FIRST;
	l->decoder = decoder_new();
}

static inline void
lines_release(struct lines *l)
{
	decoder_free(l->decoder);
	block_release(&l->block);
	model_free(l->model);
	symtab_free(l->symbols);
	rawstore_free(l->raw);
}

static inline void
lines_event(struct lines *l, const struct schema_view *v, struct falco_event *ev, const char *line,
    size_t len)
{
	if (ev->time == TIME_NONE)
		ev->time = LINES_DAY;
	else if (ev->flags & EVENT_TIME_CLOCK)
		ev->time += LINES_DAY;
	(void)line;
	block_pseudo_fields(v, ev);
	block_add(&l->block, l->symbols, ev, schema_run_tests(v, ev->output, ev->raw), l->offset,
	    (uint32_t)len, l->line);
	l->events++;
}

/* Some lines, each ending in a newline, as one block. */
static inline void
lines_feed(struct lines *l, const char *text, size_t len)
{
	const struct schema_view *v = schema_view(model_schema(l->model));
	const char *name[SCHEMA_FIELDS];
	struct falco_event *ev = calloc(1, sizeof(*ev));
	enum reject_reason reason;

	for (unsigned i = 0; i < v->nfields; i++)
		name[i] = v->field_gen[i] == 0 || block_is_pseudo(v->field_name[i])
			      ? ""
			      : v->field_name[i];
	decoder_want(l->decoder, name, v->nfields);
	block_clear(&l->block);
	MUST(rawstore_append(l->raw, l->origin, l->offset, text, len));
	for (const char *p = text, *end = text + len, *nl; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl == NULL ? end : nl;
		l->line++;
		decode_line(l->decoder, p, (size_t)(nl - p), false);
		for (enum verdict d; (d = decode_next(l->decoder, ev, &reason)) != VERDICT_END;)
			if (d == VERDICT_EVENT)
				lines_event(l, v, ev, p, (size_t)(nl - p));
		l->offset += (uint64_t)(nl - p) + 1;
	}
	l->block.origin = l->origin;
	l->block.symbols = l->symbols;
	l->block.new_from = l->known;
	l->block.new_to = l->known = symtab_count(l->symbols);
	l->block.schema = v;
	model_apply(l->model, &l->block);
	l->block.schema = NULL;
	schema_view_release(v);
	free(ev);
}

static inline void
lines_feed_text(struct lines *l, const char *text)
{
	lines_feed(l, text, strlen(text));
}

/* A whole file in blocks of a few hundred lines; false when it is not there. */
static inline bool
lines_feed_file(struct lines *l, const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf b = { 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		return false;
	while ((n = getline(&line, &cap, f)) > 0) {
		buf_add(&b, line, (size_t)n);
		if (b.len < 200000)
			continue;
		lines_feed(l, b.p, b.len);
		buf_clear(&b);
	}
	if (b.len > 0)
		lines_feed(l, b.p, b.len);
	free(line);
	buf_release(&b);
	fclose(f);
	return true;
}

/* A result as lines of cells with | between them; missing is "-", values of a list have a comma
 * between them. */
static inline char *
lines_print(const struct spl_result *r)
{
	struct buf out = { 0 };

	for (unsigned i = 0; i < r->ncolumns; i++)
		buf_addf(&out, "%s%.*s", i > 0 ? "|" : "", (int)r->column[i].len, r->column[i].p);
	buf_addc(&out, '\n');
	for (uint32_t k = 0; k < r->nrows; k++) {
		for (unsigned i = 0; i < r->ncolumns; i++) {
			const struct spl_cell *c = &r->row[k].cell[i];

			if (i > 0)
				buf_addc(&out, '|');
			if (c->kind == SPL_MISSING)
				buf_addc(&out, '-');
			else if (c->nitem == 0)
				buf_add(&out, c->text.p, c->text.len);
			for (uint32_t n = 0; n < c->nitem; n++)
				buf_addf(&out, "%s%.*s", n > 0 ? "," : "", (int)c->item[n].len,
				    c->item[n].p);
		}
		buf_addc(&out, '\n');
	}
	return buf_steal(&out);
}

/* The rows of a compiled search over what is in the index. */
static inline char *
lines_rows(struct lines *l, const struct spl *s)
{
	struct filter_error err;
	struct spl_result r;
	struct query q;
	struct live *live;
	char *text;

	spl_query(s, &q);
	live = live_open(l->model, &q, &err);
	query_release(&q);
	if (live == NULL)
		return strdup(err.message);
	while (live_work(l->model, 1000000))
		;
	spl_rows(s, live_groups(live), model_symbols(l->model), NULL, 0, &r);
	text = lines_print(&r);
	spl_result_release(&r);
	live_close(l->model, live);
	return text;
}

#endif
