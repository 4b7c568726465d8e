/* Columnar evaluation against a plain one, on random filters and random columns of all widths. */
#include "query/filter.h"

#include <stdio.h>

#include "harness.h"
#include "synth.h"

#define ROWS   3000
#define FIELDS 4

static const unsigned fields[FIELDS] = { FIELD_USER, FIELD_PROCESS, FIELD_POD, FIELD_USER_UID };
static const unsigned widths[] = { 0, 1, 2, 4 };

struct data {
	struct symtab *symbols;
	struct schema *schema;
	struct synth s;
	sym_t value[FIELDS][ROWS];
};

/* What a generated filter means for one row. */
struct meaning {
	enum { EQ, NE, CONTAINS, LESS, EXISTS, LEVEL, TIME, WORD, AND, OR, NOT } kind;
	unsigned field;
	int number;
	struct meaning *a, *b;
};

static struct meaning *
generate(uint64_t *seed, unsigned depth, struct buf *text)
{
	static const char *const ops[] = { "=", "!=", "contains", "<" };
	struct meaning *m = xcalloc(1, sizeof(*m));
	const char *name;

	m->kind = synth_random(seed) % (depth > 4 ? 8 : 11);
	m->field = (unsigned)(synth_random(seed) % FIELDS);
	m->number = (int)(synth_random(seed) % 12);
	name = field_info((enum field_id)fields[m->field])->name;
	switch (m->kind) {
	case EQ:
	case NE:
	case CONTAINS:
	case LESS: buf_addf(text, "%s %s %d", name, ops[m->kind], m->number); break;
	case EXISTS: buf_addf(text, "%s exists", name); break;
	case LEVEL:
		buf_addf(text, "priority >= %s", priority_name((enum priority)(m->number % 8 + 1)));
		break;
	case TIME: buf_addf(text, "time < 1970-01-01T00:00:%02dZ", m->number * 4); break;
	case WORD: buf_addf(text, "w%d", m->number % 3); break;
	case NOT:
		buf_adds(text, "not (");
		m->a = generate(seed, depth + 1, text);
		buf_addc(text, ')');
		break;
	default:
		buf_addc(text, '(');
		m->a = generate(seed, depth + 1, text);
		buf_adds(text, m->kind == AND ? ") and (" : ") or (");
		m->b = generate(seed, depth + 1, text);
		buf_addc(text, ')');
		break;
	}
	return m;
}

static void
free_meaning(struct meaning *m)
{
	if (m == NULL)
		return;
	free_meaning(m->a);
	free_meaning(m->b);
	free(m);
}

static bool
means(const struct meaning *m, const struct data *d, uint32_t i, const int slot[3])
{
	const sym_t symbol = d->value[m->field][i];
	const bool absent = symbol == SYM_ABSENT || symbol == SYM_NULL;
	const struct slice s = symtab_text(d->symbols, symbol);
	char number[16], value[64];

	snprintf(number, sizeof(number), "%d", m->number);
	snprintf(value, sizeof(value), "%.*s", (int)s.len, s.len == 0 ? "" : s.p);
	switch (m->kind) {
	case EQ: return !absent && strcmp(value, number) == 0;
	case NE: return absent || strcmp(value, number) != 0;
	case CONTAINS: return !absent && strstr(value, number) != NULL;
	case LESS:
		return !absent && value[0] >= '0' && value[0] <= '9' &&
		       strtol(value, NULL, 10) < m->number;
	case EXISTS: return !absent;
	case LEVEL: return d->s.priority[i] >= m->number % 8 + 1;
	case TIME: return d->s.time[i] < m->number * INT64_C(4000000000);
	case WORD:
		return slot[m->number % 3] >= 0 && (d->s.tests[i] >> slot[m->number % 3] & 1) != 0;
	case AND: return means(m->a, d, i, slot) && means(m->b, d, i, slot);
	case OR: return means(m->a, d, i, slot) || means(m->b, d, i, slot);
	case NOT: return !means(m->a, d, i, slot);
	}
	return false;
}

static void
make_data(struct data *d, uint64_t *seed, uint32_t n, unsigned width)
{
	synth_init(&d->s, d->symbols, n);
	for (uint32_t i = 0; i < n; i++) {
		d->s.time[i] = (int64_t)(synth_random(seed) % 48) * 1000000000;
		d->s.priority[i] = (uint8_t)(synth_random(seed) % PRIORITY_COUNT);
		d->s.tests[i] = (uint32_t)synth_random(seed);
	}
	for (unsigned f = 0; f < FIELDS; f++) {
		const uint64_t most = width == 0 ? 1 : width == 1 ? 30 : 500;
		const uint64_t base = synth_random(seed) % 20;

		for (uint32_t i = 0; i < n; i++) {
			uint64_t v = (base + synth_random(seed) % most) % 520;
			char text[16];

			snprintf(text, sizeof(text), v % 7 == 6 ? "x%d" : "%d", (int)v);
			d->value[f][i] = v < SYM_OTHER
					     ? (sym_t)v
					     : symtab_intern(d->symbols, text, strlen(text));
		}
		synth_column(&d->s, fields[f], d->value[f], width);
	}
}

static void
check_one(struct data *d, uint64_t *seed, uint32_t n)
{
	static uint64_t out[ROWS / 64 + 2];
	struct buf text = { 0 };
	struct meaning *m = generate(seed, 0, &text);
	struct filter_error err;
	struct filter *f = filter_parse(text.p, &err);
	const struct schema_view *v;
	int slot[3] = { -1, -1, -1 };

	MUST(f != NULL && filter_bind(f, d->schema, &err));
	v = schema_view(d->schema);
	for (unsigned i = 0; i < v->ntests; i++)
		for (int w = 0; w < 3; w++)
			if (v->test[i] != NULL &&
			    predicate_match(v->test[i], slice_of(w == 0	  ? "w0"
								 : w == 1 ? "w1"
									  : "w2")))
				slot[w] = (int)i;
	schema_view_release(v);
	for (unsigned w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		make_data(d, seed, n, widths[w]);
		memset(out, 0x55, sizeof(out));
		filter_eval(f, &d->s.rows, out);
		for (uint32_t i = 0; i < n; i++)
			if (bit_get(out, i) != means(m, d, i, slot))
				ck_abort_msg("row %u of %s", i, text.p);
		/* no bit beyond the last row, nothing written beyond the last word */
		if ((n & 63) != 0)
			MUST(out[n >> 6] >> (n & 63) == 0);
		MUST(out[bit_words(n)] == 0x5555555555555555u);
		synth_release(&d->s);
	}
	filter_unbind(f, d->schema);
	filter_free(f);
	free_meaning(m);
	buf_release(&text);
}

START_TEST(test_random)
{
	struct data *d = xcalloc(1, sizeof(*d));
	uint64_t seed = 20260115 + (uint64_t)_i;

	d->symbols = symtab_new(10000, 1 << 20);
	d->schema = schema_new();
	for (int round = 0; round < 60; round++) {
		const uint32_t n = round == 0  ? 0
				   : round < 5 ? (uint32_t)round * 64
					       : (uint32_t)(synth_random(&seed) % ROWS);

		check_one(d, &seed, n);
	}
	schema_free(d->schema);
	symtab_free(d->symbols);
	free(d);
}
END_TEST

/* Verdicts are kept by symbol: new symbols are asked for, renumbered ones anew. */
START_TEST(test_forget)
{
	struct symtab *a = symtab_new(100, 1000), *b = symtab_new(100, 1000);
	struct schema *schema = schema_new();
	struct filter_error err;
	struct filter *f = filter_parse("user = root", &err);
	sym_t x, root;
	struct synth s;
	uint64_t out;

	ck_assert(filter_bind(f, schema, &err));
	root = symtab_intern(a, "root", 4);
	x = symtab_intern(b, "x", 1);
	ck_assert_uint_eq(root, x);
	synth_init(&s, a, 1);
	synth_column(&s, FIELD_USER, &root, 0);
	filter_eval(f, &s.rows, &out);
	ck_assert_uint_eq(out, 1);
	filter_forget(f);
	s.rows.symbols = b;
	filter_eval(f, &s.rows, &out);
	ck_assert_uint_eq(out, 0);
	root = symtab_intern(b, "root", 4);
	synth_column(&s, FIELD_USER, &root, 4);
	filter_eval(f, &s.rows, &out);
	ck_assert_uint_eq(out, 1);
	synth_release(&s);
	filter_unbind(f, schema);
	filter_free(f);
	schema_free(schema);
	symtab_free(a);
	symtab_free(b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("eval");
	TCase *t = tcase_create("eval");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_random, 0, 8);
	tcase_add_test(t, test_forget);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
