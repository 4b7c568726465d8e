/*
 * `--view health`: the counters of every source. JSON is an object with sources and their total;
 * the other formats are a table with a row a source and one for the total. One list of counters
 * serves both.
 */
#include "app/headless.h"

#include <math.h>
#include <stddef.h>

#include "base/banned.h"

struct counter {
	const char *name;
	size_t offset; /* in struct tally */
};

#define COUNTER(name)                                                                              \
	{                                                                                          \
#name, offsetof(struct tally, name)                                                \
	}

/* In order of the columns; "rejected" and its reasons stand after `accepted`. */
static const struct counter before_rejected[] = {
	COUNTER(bytes),
	COUNTER(lines),
	COUNTER(records),
	COUNTER(accepted),
};
static const struct counter after_rejected[] = {
	COUNTER(repaired),
	COUNTER(noise),
	COUNTER(blank),
	COUNTER(internal),
	COUNTER(dropped),
	COUNTER(possible_loss),
	COUNTER(duplicates),
	COUNTER(kernel_drops),
};

#define NBEFORE	 (sizeof(before_rejected) / sizeof(before_rejected[0]))
#define NAFTER	 (sizeof(after_rejected) / sizeof(after_rejected[0]))
#define NCOLUMNS (2 + NBEFORE + 1 + REJECT_REASONS + NAFTER + 2)

static uint64_t
counter_of(const struct counter *c, const struct tally *t)
{
	uint64_t v;

	memcpy(&v, (const char *)t + c->offset, sizeof(v));
	return v;
}

/* --- JSON */

static void
json_counters(struct buf *out, const struct counter *c, size_t n, const struct tally *t)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(
		    out, "\"%s\": %llu, ", c[i].name, (unsigned long long)counter_of(&c[i], t));
}

static void
json_tally(struct buf *out, const struct tally *t)
{
	json_counters(out, before_rejected, NBEFORE, t);
	buf_addf(
	    out, "\"rejected\": %llu, \"rejected_by\": {", (unsigned long long)tally_rejected(t));
	for (unsigned i = 0, n = 0; i < REJECT_REASONS; i++) {
		if (t->rejected_by[i] == 0)
			continue;
		buf_addf(out, "%s\"%s\": %llu", n++ > 0 ? ", " : "",
		    reject_name((enum reject_reason)i), (unsigned long long)t->rejected_by[i]);
	}
	buf_adds(out, "}, ");
	json_counters(out, after_rejected, NAFTER, t);
}

static void
json_text(struct report *r, struct slice s)
{
	buf_clear(&r->scratch);
	text_print(&r->scratch, s, &r->options);
	json_string(&r->out, buf_slice(&r->scratch));
}

static void
json_source(struct report *r, const struct snap_source *s)
{
	buf_adds(&r->out, "{\"source\": ");
	json_text(r, s->name);
	buf_addf(&r->out, ", \"state\": \"%s\", ", source_state_name(s->state));
	json_tally(&r->out, &s->tally);
	buf_adds(&r->out, "\"lag_seconds\": ");
	json_real(&r->out, s->lag);
	buf_adds(&r->out, ", \"last_error\": ");
	if (s->error.len == 0)
		buf_adds(&r->out, "null");
	else
		json_text(r, s->error);
	buf_addc(&r->out, '}');
}

static void
json_health(struct report *r, const struct snapshot *s)
{
	buf_adds(&r->out, "{\"sources\": [");
	for (unsigned i = 0; i < s->nsources; i++) {
		buf_adds(&r->out, i > 0 ? ",\n  " : "\n  ");
		json_source(r, &s->source[i]);
	}
	buf_adds(&r->out, "\n ],\n \"total\": {");
	json_tally(&r->out, &s->tally);
	r->out.len -= 2; /* the last ", " */
	buf_adds(&r->out, "}}\n");
}

/* --- a table */

static unsigned
columns_of(struct table_column *c, const struct counter *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		c[i] = (struct table_column){ list[i].name, true };
	return (unsigned)n;
}

static unsigned
columns(struct table_column *c)
{
	unsigned n = 0;

	c[n++] = (struct table_column){ "source", false };
	c[n++] = (struct table_column){ "state", false };
	n += columns_of(c + n, before_rejected, NBEFORE);
	c[n++] = (struct table_column){ "rejected", true };
	for (unsigned i = 0; i < REJECT_REASONS; i++)
		c[n++] = (struct table_column){ reject_name((enum reject_reason)i), true };
	n += columns_of(c + n, after_rejected, NAFTER);
	c[n++] = (struct table_column){ "lag_seconds", true };
	c[n++] = (struct table_column){ "last_error", false };
	return n;
}

static unsigned
count_cells(struct cell *c, const struct counter *list, size_t n, const struct tally *t)
{
	for (size_t i = 0; i < n; i++)
		c[i] = (struct cell){ .type = CELL_COUNT, .count = counter_of(&list[i], t) };
	return (unsigned)n;
}

static void
row(struct report *r, struct slice name, const char *state, const struct tally *t, double lag,
    struct slice error)
{
	struct cell c[NCOLUMNS];
	unsigned n = 0;

	c[n++] = (struct cell){ .type = CELL_TEXT, .text = name };
	c[n++] = (struct cell){ .type = CELL_TEXT, .text = slice_of(state) };
	n += count_cells(c + n, before_rejected, NBEFORE, t);
	c[n++] = (struct cell){ .type = CELL_COUNT, .count = tally_rejected(t) };
	for (unsigned i = 0; i < REJECT_REASONS; i++)
		c[n++] = (struct cell){ .type = CELL_COUNT, .count = t->rejected_by[i] };
	n += count_cells(c + n, after_rejected, NAFTER, t);
	c[n++] = (struct cell){ .type = isfinite(lag) ? CELL_REAL : CELL_MISSING, .real = lag };
	c[n++] = (struct cell){ .type = error.len > 0 ? CELL_TEXT : CELL_MISSING, .text = error };
	report_row(r, c);
}

static void
table_health(struct report *r, const struct snapshot *s, const struct options *o,
    const struct report_options *ro)
{
	static struct table_column c[NCOLUMNS];

	report_begin(r, o->format, c, columns(c), ro);
	for (unsigned i = 0; i < s->nsources; i++) {
		const struct snap_source *src = &s->source[i];

		row(r, src->name, source_state_name(src->state), &src->tally, src->lag, src->error);
	}
	row(r, SLICE("total"), "", &s->tally, NAN, (struct slice){ 0 });
	report_end(r);
}

uint64_t
health_write(struct report *r, const struct snapshot *s, const struct options *o)
{
	struct report_options ro = { .fillnull = o->fillnull, .raw = o->raw, .ascii = o->ascii };

	if (strcmp(o->format->name, "json") == 0) {
		*r = (struct report){ .options = ro };
		json_health(r, s);
	} else {
		table_health(r, s, o, &ro);
	}
	return s->nsources;
}
