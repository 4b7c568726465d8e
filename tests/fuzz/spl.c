/*
 * Searches: what compiles has a filter that parses and gives rows of its columns, in any bucket;
 * what does not has its error inside the text.
 */
#include "detect/spl.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "event/timestamp.h"
#include "synth.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS 24

/* A few rows of missing, empty, numeric and other values in each of the columns. */
static struct group_table *
make_table(const struct query *q, const struct symtab *symbols, struct synth *s, int64_t bucket)
{
	struct group_spec spec = { .nby = q->nby, .bucket = bucket };
	struct group_table *t;
	uint64_t seed = 1;

	synth_init(s, symbols, ROWS);
	for (unsigned i = 0; i < ROWS; i++)
		s->time[i] = (int64_t)i * 600 * 1000000000;
	for (unsigned k = 0; k < q->nby; k++) {
		sym_t value[ROWS];

		for (unsigned i = 0; i < ROWS; i++)
			value[i] = (sym_t)(synth_random(&seed) % symtab_count(symbols));
		spec.by[k] = (uint16_t)k;
		synth_column(s, k, value, 4);
	}
	t = group_new(&spec, 0);
	group_add(t, &s->rows, NULL, 0, ROWS);
	return t;
}

static void
check_rows(const struct spl *s, const struct query *q, const struct symtab *symbols, int64_t bucket)
{
	struct spl_result r;
	struct synth synth;
	struct group_table *t = make_table(q, symbols, &synth, bucket);

	spl_rows(s, t, symbols, NULL, 0, &r);
	if (r.ncolumns != spl_ncolumns(s))
		abort();
	for (uint32_t i = 0; i < r.nrows; i++) {
		if (r.row[i].count == 0 && r.nrows != 1)
			abort();
		for (unsigned c = 0; c < r.ncolumns; c++)
			if (r.row[i].cell[c].kind != SPL_MISSING && r.row[i].cell[c].text.p == NULL)
				abort();
	}
	spl_result_release(&r);
	group_free(t);
	synth_release(&synth);
}

static void
check_compiled(const struct spl *s)
{
	struct symtab *symbols = symtab_new(100, 10000);
	struct filter_error err;
	struct filter *f = filter_parse(spl_filter(s), &err);
	struct query q;

	if (f == NULL)
		abort();
	filter_free(f);
	(void)symtab_intern(symbols, "7", 1);
	(void)symtab_intern(symbols, "10", 2);
	(void)symtab_intern(symbols, "root", 4);
	(void)symtab_intern(symbols, "a*b", 3);
	spl_query(s, &q);
	check_rows(s, &q, symbols, 0);
	check_rows(s, &q, symbols, INT64_C(3600000000000));
	query_release(&q);
	symtab_free(symbols);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct macros *m;
	struct spl_error err;
	struct spl *s;

	if (m == NULL) {
		m = macros_new();
		macros_set(m, "two", "a, b", "user=$a$ process=$b$ `kube_audit`");
		macros_set(m, "again", NULL, "`again`");
	}
	s = spl_compile((struct slice){ (const char *)data, size }, m, NULL, &err);
	if (s == NULL && (err.message[0] == '\0' || err.offset > size || err.line == 0))
		abort();
	if (s != NULL)
		check_compiled(s);
	spl_free(s);
	return 0;
}
