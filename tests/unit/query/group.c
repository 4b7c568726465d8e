/* Group tables against a naive model, on random data of all widths, in partial ranges; caps,
 * renumbering, identity. */
#include "query/group.h"

#include <stdio.h>

#include "base/clock.h"

#include "harness.h"
#include "synth.h"

#define ROWS	   2000
#define FIELDS	   5
#define GROUPS_MAX 8192
#define MINUTE	   INT64_C(60000000000)

static const unsigned fields[FIELDS] = { FIELD_USER, FIELD_PROCESS, FIELD_POD, FIELD_DYNAMIC + 3,
	FIELD_PRIORITY };

struct segment {
	struct synth s;
	sym_t value[FIELDS][ROWS];
};

/* The model: one entry a group, found by looking at all of them. */
struct naive_group {
	sym_t key[GROUP_BY_MAX];
	int64_t bucket;
	uint64_t count;
	int64_t first, last;
	uint8_t priority, hostile;
	uint32_t ntimes;
	int64_t *times;
	uint32_t nvalues[GROUP_DISTINCT];
	sym_t *values[GROUP_DISTINCT];
};

struct naive {
	struct group_spec spec;
	struct naive_group group[GROUPS_MAX];
	uint32_t n;
};

static unsigned
index_of(unsigned field)
{
	for (unsigned f = 0; f < FIELDS; f++)
		if (fields[f] == field)
			return f;
	return 0;
}

static void
naive_value(struct naive_group *g, unsigned d, sym_t v)
{
	if (v <= SYM_NA)
		return;
	for (uint32_t i = 0; i < g->nvalues[d]; i++)
		if (g->values[d][i] == v)
			return;
	g->values[d] = xreallocarray(g->values[d], g->nvalues[d] + 1, sizeof(sym_t));
	g->values[d][g->nvalues[d]++] = v;
}

static void
naive_add(struct naive *m, const struct segment *seg, uint32_t i)
{
	sym_t key[GROUP_BY_MAX] = { 0 };
	int64_t bucket = INT64_MIN;
	struct naive_group *g;
	uint32_t k;

	if (m->spec.bucket > 0)
		for (bucket = -5 * m->spec.bucket; bucket + m->spec.bucket <= seg->s.time[i];)
			bucket += m->spec.bucket;

	for (unsigned b = 0; b < m->spec.nby; b++)
		key[b] = seg->value[index_of(m->spec.by[b])][i];
	for (k = 0; k < m->n && (memcmp(m->group[k].key, key, sizeof(key)) != 0 ||
				    m->group[k].bucket != bucket);
	     k++)
		;
	MUST(k < GROUPS_MAX);
	g = &m->group[k];
	if (k == m->n) {
		*g =
		    (struct naive_group){ .bucket = bucket, .first = INT64_MAX, .last = INT64_MIN };
		memcpy(g->key, key, sizeof(key));
		m->n++;
	}
	g->count++;
	g->first = seg->s.time[i] < g->first ? seg->s.time[i] : g->first;
	g->last = seg->s.time[i] > g->last ? seg->s.time[i] : g->last;
	g->priority = seg->s.priority[i] > g->priority ? seg->s.priority[i] : g->priority;
	g->hostile |= (seg->s.flags[i] & EVENT_HOSTILE) != 0;
	g->times = xreallocarray(g->times, g->ntimes + 1, sizeof(int64_t));
	g->times[g->ntimes++] = seg->s.time[i];
	for (unsigned d = 0; d < m->spec.ndistinct; d++)
		naive_value(g, d, seg->value[index_of(m->spec.distinct[d])][i]);
}

static void
naive_free(struct naive *m)
{
	for (uint32_t k = 0; k < m->n; k++) {
		free(m->group[k].times);
		for (unsigned d = 0; d < GROUP_DISTINCT; d++)
			free(m->group[k].values[d]);
	}
	free(m);
}

static int64_t
minute(int64_t t)
{
	return t / MINUTE - (t % MINUTE < 0);
}

static void
check_minutes(const struct naive_group *g, const struct group_row *r)
{
	uint32_t want[GROUP_MINUTES] = { 0 };

	MUST(r->minute == minute(g->last));
	for (uint32_t i = 0; i < g->ntimes; i++) {
		int64_t back = minute(g->last) - minute(g->times[i]);

		if (back < GROUP_MINUTES)
			want[back]++;
	}
	MUST(memcmp(want, r->per_minute, sizeof(want)) == 0);
}

static void
check_values(const struct naive_group *g, const struct group_table *t, uint32_t i, unsigned d,
    const struct symtab *symbols)
{
	static sym_t out[4096];
	const uint32_t n = group_values(t, i, d, symbols, out, 4096);

	MUST(n == g->nvalues[d] && n == group_row(t, i)->distinct[d]);
	for (uint32_t k = 0; k < n; k++) {
		bool found = false;

		for (uint32_t v = 0; v < n; v++)
			found |= g->values[d][v] == out[k];
		MUST(found);
		MUST(k == 0 ||
		     slice_cmp(symtab_text(symbols, out[k - 1]), symtab_text(symbols, out[k])) < 0);
	}
	if (n > 3) {
		sym_t first[3];

		MUST(group_values(t, i, d, symbols, first, 3) == 3);
		MUST(memcmp(first, out, sizeof(first)) == 0);
	}
}

static void
check_equal(const struct naive *m, const struct group_table *t, const struct symtab *symbols)
{
	MUST(group_count(t) == m->n);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct naive_group *g = NULL;
		const struct group_row *r = group_row(t, i);

		for (uint32_t k = 0; k < m->n && g == NULL; k++)
			if (memcmp(m->group[k].key, group_key(t, i), m->spec.nby * sizeof(sym_t)) ==
				0 &&
			    m->group[k].bucket == group_bucket(t, i))
				g = &m->group[k];
		MUST(g != NULL);
		MUST(r->count == g->count && r->first == g->first && r->last == g->last);
		MUST(r->priority == g->priority && r->hostile == g->hostile);
		if (m->spec.minutes)
			check_minutes(g, r);
		for (unsigned d = 0; d < m->spec.ndistinct; d++)
			check_values(g, t, i, d, symbols);
	}
}

static void
make_segment(struct segment *seg, struct symtab *symbols, uint64_t *seed, uint32_t n, int64_t base)
{
	static const unsigned widths[] = { 0, 1, 2, 4 };

	synth_init(&seg->s, symbols, n);
	for (uint32_t i = 0; i < n; i++) {
		seg->s.time[i] = base + (int64_t)i * 100000000 -
				 (int64_t)(synth_random(seed) % (1200 * UINT64_C(1000000000)));
		seg->s.priority[i] = (uint8_t)(synth_random(seed) % PRIORITY_COUNT);
		seg->s.flags[i] = synth_random(seed) % 50 == 0 ? EVENT_HOSTILE : EVENT_TEXT;
	}
	for (unsigned f = 0; f < FIELDS; f++) {
		static const uint64_t spread[] = { 1, 3, 40, 400 };
		const uint64_t most = spread[synth_random(seed) % 4];

		for (uint32_t i = 0; i < n; i++) {
			uint64_t v = synth_random(seed) % most;
			char text[16];

			snprintf(text, sizeof(text), "%x", (unsigned)(v * 2654435761u));
			seg->value[f][i] =
			    v < 5 ? (sym_t)v : symtab_intern(symbols, text, strlen(text));
		}
		synth_column(&seg->s, fields[f], seg->value[f], widths[synth_random(seed) % 4]);
	}
}

static struct group_spec
random_spec(uint64_t *seed, unsigned i)
{
	/* none, some, and one for all */
	static const int64_t bucket[] = { 0, 600 * NSEC_PER_SEC, 1000000 * NSEC_PER_SEC };
	struct group_spec spec = { .nby = i % 4,
		.ndistinct = i / 4 % 3,
		.minutes = i / 12 % 2,
		.bucket = bucket[i / 24 % 3] };

	for (unsigned b = 0; b < spec.nby; b++)
		spec.by[b] = (uint16_t)fields[(b + i) % FIELDS];
	for (unsigned d = 0; d < spec.ndistinct; d++)
		spec.distinct[d] = (uint16_t)fields[synth_random(seed) % FIELDS];
	return spec;
}

START_TEST(test_random)
{
	uint64_t seed = 7 + (uint64_t)_i;
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	struct segment *seg = xcalloc(1, sizeof(*seg));
	struct naive *m = xcalloc(1, sizeof(*m));
	struct group_table *t;

	m->spec = random_spec(&seed, (unsigned)_i);
	t = group_new(&m->spec, 0);
	for (int round = 0; round < 6; round++) {
		const uint32_t n = (uint32_t)(synth_random(&seed) % ROWS);
		const uint32_t from =
		    round % 2 == 0 ? 0 : (uint32_t)(synth_random(&seed) % (n + 1));
		const uint32_t to =
		    round < 3 ? n : from + (uint32_t)(synth_random(&seed) % (n - from + 1));
		const uint64_t dense = synth_random(&seed) % 3;
		uint64_t selected[ROWS / 64 + 1];

		make_segment(
		    seg, symbols, &seed, n, round * 400 * INT64_C(1000000000) - MINUTE * 20);
		for (size_t w = 0; w < sizeof(selected) / sizeof(selected[0]); w++) {
			selected[w] = synth_random(&seed);
			for (uint64_t k = 0; k < dense * 3; k++)
				selected[w] &= synth_random(&seed);
		}
		group_add(t, &seg->s.rows, round == 0 ? NULL : selected, from, to);
		for (uint32_t i = from; i < to; i++)
			if (round == 0 || bit_get(selected, i))
				naive_add(m, seg, i);
		check_equal(m, t, symbols);
		synth_release(&seg->s);
	}
	MUST(group_overflow(t) == 0 && group_values_overflow(t) == 0);
	group_free(t);
	naive_free(m);
	free(seg);
	symtab_free(symbols);
}
END_TEST

/* One batch after the other gives what all at once gives, also where cells are not worth it. */
START_TEST(test_incremental)
{
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	struct segment *seg = xcalloc(1, sizeof(*seg));
	struct naive *m = xcalloc(1, sizeof(*m));
	struct group_table *t;
	uint64_t seed = 5;

	m->spec = (struct group_spec){ .nby = 2,
		.by = { FIELD_USER, FIELD_POD },
		.ndistinct = 1,
		.distinct = { FIELD_PROCESS },
		.minutes = true };
	make_segment(seg, symbols, &seed, ROWS, 0);
	t = group_new(&m->spec, 0);
	for (uint32_t at = 0, step = 1; at < ROWS; at += step, step = step % 70 + 1) {
		const uint64_t version = group_version(t);
		const uint32_t to = at + step > ROWS ? ROWS : at + step;

		group_add(t, &seg->s.rows, NULL, at, to);
		MUST(group_version(t) != version);
		for (uint32_t i = at; i < to; i++)
			naive_add(m, seg, i);
	}
	check_equal(m, t, symbols);
	synth_release(&seg->s);
	group_free(t);
	naive_free(m);
	free(seg);
	symtab_free(symbols);
}
END_TEST

/* n rows of users u0 … and one value of FIELD_POD a row. */
static void
many(struct synth *s, struct symtab *symbols, uint32_t n, unsigned width)
{
	sym_t *user = xcalloc(n, sizeof(*user));

	synth_init(s, symbols, n);
	for (uint32_t i = 0; i < n; i++) {
		char text[16];

		snprintf(text, sizeof(text), "u%u", i);
		user[i] = symtab_intern(symbols, text, strlen(text));
		s->time[i] = i;
	}
	synth_column(s, FIELD_USER, user, width);
	free(user);
}

START_TEST(test_cap)
{
	static const unsigned widths[] = { 2, 4 };
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	const struct group_spec spec = { .nby = 2, .by = { FIELD_USER, FIELD_POD } };
	struct group_table *t = group_new(&spec, 100);
	uint64_t selected = 0;
	struct synth s;

	many(&s, symbols, 1000, widths[_i]);
	group_add(t, &s.rows, NULL, 0, 1000);
	ck_assert_uint_eq(group_count(t), 101);
	ck_assert_uint_eq(group_overflow(t), 900);
	ck_assert_uint_eq(group_key(t, 100)[0], SYM_OTHER);
	ck_assert_uint_eq(group_key(t, 100)[1], SYM_OTHER);
	ck_assert_uint_eq(group_row(t, 100)->count, 900);
	ck_assert_int_eq(group_row(t, 100)->first, 100);
	ck_assert_int_eq(group_row(t, 100)->last, 999);
	group_add(t, &s.rows, NULL, 50, 150); /* the known ones still find their rows */
	ck_assert_uint_eq(group_row(t, 50)->count, 2);
	ck_assert_uint_eq(group_row(t, 100)->count, 950);
	ck_assert_uint_eq(group_overflow(t), 950);
	bit_set(&selected, 3);
	group_add(t, &s.rows, &selected, 0, 64);
	ck_assert_uint_eq(group_row(t, 3)->count, 2);
	group_clear(t);
	ck_assert_uint_eq(group_count(t) + group_overflow(t), 0);
	group_add(t, &s.rows, NULL, 999, 1000);
	ck_assert_uint_eq(group_count(t), 1);
	synth_release(&s);
	group_free(t);
	symtab_free(symbols);
}
END_TEST

/* Memory of one table serves the next; what a pool may not keep goes back. */
START_TEST(test_pool)
{
	enum { N = 60000 };
	const size_t most = (size_t)16 << 20;
	const struct group_spec spec = { .nby = 1, .by = { FIELD_USER }, .minutes = true };
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	struct group_pool *pool = group_pool_new(most);
	struct synth s;
	size_t kept = 0;

	many(&s, symbols, N, 4);
	for (int round = 0; round < 3; round++) {
		struct group_table *t = group_new(&spec, 0);

		group_use_pool(t, pool);
		group_add(t, &s.rows, NULL, 0, N);
		group_add(t, &s.rows, NULL, 0, N);
		ck_assert_uint_eq(group_count(t), N);
		ck_assert_uint_eq(group_row(t, N - 1)->count, 2);
		ck_assert_uint_eq(group_row(t, N - 1)->per_minute[0], 2);
		ck_assert_uint_eq(group_row(t, N - 1)->per_minute[1], 0);
		group_free(t);
		ck_assert_uint_gt(group_pool_memory(pool), 1 << 20);
		ck_assert(round == 0 || group_pool_memory(pool) == kept);
		kept = group_pool_memory(pool);
	}
	for (int i = 0; i < 20; i++)
		group_pool_warm(pool, most);
	ck_assert_uint_le(group_pool_memory(pool), most + (64 << 10));
	ck_assert(group_pool_trim(pool, 0));
	ck_assert(!group_pool_trim(pool, 0));
	ck_assert_uint_lt(group_pool_memory(pool), 64 << 10);
	group_pool_free(pool);
	synth_release(&s);
	symtab_free(symbols);
}
END_TEST

START_TEST(test_version)
{
	struct symtab *symbols = symtab_new(1000, 1 << 20);
	const struct group_spec spec = { .nby = 1, .by = { FIELD_USER } };
	struct group_table *t = group_new(&spec, 0);
	uint64_t none[2] = { 0, 0 }, version;
	struct synth s;

	many(&s, symbols, 100, 4);
	version = group_version(t);
	group_add(t, &s.rows, none, 0, 100);
	group_add(t, &s.rows, NULL, 7, 7);
	ck_assert_uint_eq(group_version(t), version);
	ck_assert_uint_eq(group_count(t), 0);
	synth_release(&s);
	group_free(t);
	symtab_free(symbols);
}
END_TEST

START_TEST(test_renumber)
{
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	struct segment *seg = xcalloc(1, sizeof(*seg));
	struct naive *m = xcalloc(1, sizeof(*m));
	struct group_table *t;
	uint64_t seed = 11, *used;
	uint32_t count;
	sym_t *map;

	m->spec = (struct group_spec){ .nby = 2,
		.by = { FIELD_USER, FIELD_POD },
		.ndistinct = 2,
		.distinct = { FIELD_PROCESS, FIELD_USER } };
	make_segment(seg, symbols, &seed, ROWS, 0);
	t = group_new(&m->spec, 0);
	group_add(t, &seg->s.rows, NULL, 0, ROWS);
	count = symtab_count(symbols);
	used = xcalloc(bit_words(count), sizeof(*used));
	map = xcalloc(count, sizeof(*map));
	group_mark(t, used);
	for (uint32_t s = 0; s < count; s++)
		map[s] = s < SYM_FIRST	    ? s
			 : bit_get(used, s) ? count - 1 - s + SYM_FIRST
					    : SYM_ABSENT;
	group_renumber(t, map);
	/* the model under the new numbers; then more events, which must find the old rows */
	for (unsigned f = 0; f < FIELDS; f++) {
		for (uint32_t i = 0; i < ROWS; i++)
			if (bit_get(used, seg->value[f][i]))
				seg->value[f][i] = map[seg->value[f][i]];
		synth_column(&seg->s, fields[f], seg->value[f], 4);
	}
	group_add(t, &seg->s.rows, NULL, 0, ROWS);
	for (int twice = 0; twice < 2; twice++)
		for (uint32_t i = 0; i < ROWS; i++)
			naive_add(m, seg, i);
	MUST(group_count(t) == m->n);
	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->n; k++)
			if (memcmp(m->group[k].key, group_key(t, i), 2 * sizeof(sym_t)) == 0) {
				MUST(m->group[k].count == group_row(t, i)->count);
				MUST(m->group[k].nvalues[0] == group_row(t, i)->distinct[0]);
				MUST(m->group[k].nvalues[1] == group_row(t, i)->distinct[1]);
			}
	synth_release(&seg->s);
	group_free(t);
	naive_free(m);
	free(seg);
	free(used);
	free(map);
	symtab_free(symbols);
}
END_TEST

/* The same texts under other numbers have the same identity; absent, null, empty and <NA> have
 * four. */
START_TEST(test_identity)
{
	struct symtab *a = symtab_new(1000, 1 << 20), *b = symtab_new(1000, 1 << 20);
	const struct group_spec spec = { .nby = 2, .by = { FIELD_USER, FIELD_POD } };
	struct group_table *ta = group_new(&spec, 0), *tb = group_new(&spec, 0);
	sym_t user[6] = { SYM_ABSENT, SYM_NULL, SYM_EMPTY, SYM_NA }, pod[6] = { 0 };
	struct synth s;

	user[4] = symtab_intern(a, "root", 4);
	user[5] = symtab_intern(a, "x", 1);
	synth_init(&s, a, 6);
	synth_column(&s, FIELD_USER, user, 1);
	synth_column(&s, FIELD_POD, pod, 0);
	group_add(ta, &s.rows, NULL, 0, 6);
	synth_release(&s);
	user[5] = symtab_intern(b, "x", 1);
	user[4] = symtab_intern(b, "root", 4);
	synth_init(&s, b, 6);
	synth_column(&s, FIELD_USER, user, 4);
	group_add(tb, &s.rows, NULL, 0, 6);
	synth_release(&s);
	for (uint32_t i = 0; i < 6; i++) {
		ck_assert_uint_ne(group_identity(ta, i, a), 0);
		for (uint32_t k = 0; k < 6; k++)
			ck_assert(
			    (group_identity(ta, i, a) == group_identity(tb, k, b)) == (i == k));
	}
	group_free(ta);
	group_free(tb);
	symtab_free(a);
	symtab_free(b);
}
END_TEST

START_TEST(test_total)
{
	struct symtab *symbols = symtab_new(1000, 1 << 20);
	const struct group_spec spec = { .nby = 0, .minutes = true };
	struct group_table *t = group_new(&spec, 0);
	struct synth s;

	many(&s, symbols, 130, 4);
	s.time[5] = INT64_MIN + 1; /* the ends of time do no harm */
	s.time[6] = INT64_MAX;
	group_add(t, &s.rows, NULL, 0, 130);
	ck_assert_uint_eq(group_count(t), 1);
	ck_assert_uint_eq(group_row(t, 0)->count, 130);
	ck_assert_uint_eq(group_row(t, 0)->per_minute[0], 1);
	ck_assert_uint_gt(group_memory(t), 0);
	synth_release(&s);
	group_free(t);
	symtab_free(symbols);
}
END_TEST

/* Tables without minutes stay small: the design's reason for two records a row. */
START_TEST(test_memory)
{
	struct symtab *symbols = symtab_new(100000, 1 << 22);
	struct group_spec spec = { .nby = 1, .by = { FIELD_USER } };
	struct group_table *lean = group_new(&spec, 0), *full;
	struct synth s;

	spec.minutes = true;
	full = group_new(&spec, 0);
	many(&s, symbols, 60000, 4);
	group_add(lean, &s.rows, NULL, 0, 60000);
	group_add(full, &s.rows, NULL, 0, 60000);
	ck_assert_uint_lt(group_memory(lean), 60000 * 100);
	ck_assert_uint_lt(group_memory(full), 60000 * 230);
	synth_release(&s);
	group_free(lean);
	group_free(full);
	symtab_free(symbols);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("group");
	TCase *t = tcase_create("group");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_random, 0, 72);
	tcase_add_test(t, test_incremental);
	tcase_add_loop_test(t, test_cap, 0, 2);
	tcase_add_test(t, test_pool);
	tcase_add_test(t, test_version);
	tcase_add_test(t, test_renumber);
	tcase_add_test(t, test_identity);
	tcase_add_test(t, test_total);
	tcase_add_test(t, test_memory);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
