/* The symbol table: fixed numbers, caps, long texts, prepared collisions, a reading thread, its
 * memory. */
#include "base/symtab.h"

#include <time.h>
#include <pthread.h>
#include <stdio.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/queue.h"
#include "base/xalloc.h"
#include "harness.h"

#include "base/banned.h"

#define MIB ((size_t)1 << 20)

static sym_t
add(struct symtab *t, const char *s)
{
	return symtab_intern(t, s, strlen(s));
}

static void
number_text(char *text, unsigned i)
{
	memset(text, 'x', 16);
	text[snprintf(text, 16, "%u-", i)] = 'x';
}

/* Some of many symbols of all lengths, over several chunks, twice: texts, hashes, order; what was
 * dropped is unknown and can come again. */
START_TEST(test_keep)
{
	enum { N = 300000 };
	struct symtab *t = symtab_new(1u << 20, (size_t)256 << 20);
	uint64_t *used = xcalloc(bit_words(N + SYM_FIRST), sizeof(*used));
	sym_t *map = xcalloc(N + SYM_FIRST, sizeof(*map));
	static char text[70000];
	size_t before;

	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < N; i++) {
		number_text(text, i);
		ck_assert_uint_eq(
		    symtab_intern(t, text, i % 5000 == 0 ? 60000 : 16 + i % 40), SYM_FIRST + i);
	}
	before = symtab_memory(t);
	for (sym_t s = SYM_FIRST; s < SYM_FIRST + N; s++)
		if (s % 7 == 0)
			bit_set(used, s);
	symtab_keep(t, used, map);
	ck_assert_uint_lt(symtab_memory(t), before / 3);
	for (unsigned i = 0, next = SYM_FIRST; i < N; i++) {
		const size_t len = i % 5000 == 0 ? 60000 : 16 + i % 40;
		const sym_t s = map[SYM_FIRST + i];

		number_text(text, i);
		ck_assert_uint_eq(s, (SYM_FIRST + i) % 7 == 0 ? next : SYM_ABSENT);
		ck_assert_uint_eq(symtab_find(t, text, len), s);
		if (s == SYM_ABSENT)
			continue;
		next++;
		ck_assert_uint_eq(symtab_hash(t, s), hash_bytes(text, len, hash_seed()));
		ck_assert_uint_eq(symtab_text(t, s).len, len);
		ck_assert(memcmp(symtab_text(t, s).p, text, len) == 0);
	}
	for (sym_t s = 0; s < SYM_FIRST; s++)
		ck_assert_uint_eq(map[s], s);
	for (unsigned i = 0; i < 100000; i++) {
		int n = snprintf(text, 16, "again %u", i);

		ck_assert_uint_eq(symtab_intern(t, text, (size_t)n), symtab_count(t) - 1);
	}
	memset(used, 0, bit_words(N + SYM_FIRST) * sizeof(*used));
	symtab_keep(t, used, map);
	ck_assert_uint_eq(symtab_count(t), SYM_FIRST);
	ck_assert_uint_eq(symtab_intern(t, "a", 1), SYM_FIRST);
	symtab_free(t);
	free(used);
	free(map);
}
END_TEST

START_TEST(fixed_numbers)
{
	struct symtab *t = symtab_new(100, MIB);

	ck_assert_uint_eq(symtab_count(t), SYM_FIRST);
	ck_assert_uint_eq(symtab_intern(t, NULL, 0), SYM_EMPTY);
	ck_assert_uint_eq(add(t, "<NA>"), SYM_NA);
	ck_assert_uint_eq(symtab_find(t, "", 0), SYM_EMPTY);
	ck_assert_uint_eq(symtab_find(t, "<NA>", 4), SYM_NA);
	ck_assert_uint_eq(symtab_find(t, "root", 4), SYM_ABSENT);
	ck_assert_uint_eq(symtab_text(t, SYM_ABSENT).len, 0);
	ck_assert_uint_eq(symtab_text(t, SYM_NULL).len, 0);
	ck_assert_uint_eq(symtab_text(t, SYM_EMPTY).len, 0);
	ck_assert(slice_eq(symtab_text(t, SYM_NA), SLICE("<NA>")));
	ck_assert(slice_eq(symtab_text(t, SYM_OTHER), SLICE("(other)")));
	/* An event that says "(other)" is not the rest bin, nor does it hash like it. */
	ck_assert_uint_eq(add(t, "(other)"), SYM_FIRST);
	for (sym_t a = 0; a <= SYM_FIRST; a++)
		for (sym_t b = 0; b < a; b++)
			ck_assert_uint_ne(symtab_hash(t, a), symtab_hash(t, b));
	symtab_free(t);
	symtab_free(NULL);
}
END_TEST

START_TEST(same_text_same_number)
{
	static const struct slice texts[] = { SLICE("root"), SLICE("roo"), SLICE("root "),
		SLICE("a\0b"), SLICE("a\0c"), SLICE("\xff"), SLICE("<na>"), SLICE("\0") };
	const size_t n = sizeof(texts) / sizeof(texts[0]);
	struct symtab *t = symtab_new(100, MIB);
	sym_t s;

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < n; i++) {
			s = symtab_intern(t, texts[i].p, texts[i].len);
			ck_assert_uint_eq(s, SYM_FIRST + i);
			ck_assert(slice_eq(symtab_text(t, s), texts[i]));
			ck_assert_uint_eq(
			    symtab_hash(t, s), hash_bytes(texts[i].p, texts[i].len, hash_seed()));
			ck_assert_uint_eq(symtab_find(t, texts[i].p, texts[i].len), s);
			ck_assert_uint_eq(
			    symtab_intern_hashed(t, texts[i].p, texts[i].len, symtab_hash(t, s)),
			    s);
		}
	ck_assert_uint_eq(symtab_count(t), SYM_FIRST + n);
	symtab_free(t);
}
END_TEST

/* Through growth of the slots and into the second and third chunk of entries and text. */
START_TEST(many)
{
	enum { N = 300000 };
	struct symtab *t = symtab_new(N + SYM_FIRST, 64 * MIB);
	char k[32], want[32];
	struct slice x;

	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < N; i++) {
			int n = snprintf(k, sizeof(k), "/usr/bin/process-%u", i);

			MUST(symtab_intern(t, k, (size_t)n) == SYM_FIRST + i);
		}
	for (unsigned i = 0; i < N; i++) {
		int n = snprintf(want, sizeof(want), "/usr/bin/process-%u", i);

		x = symtab_text(t, SYM_FIRST + i);
		MUST(slice_eq(x, (struct slice){ want, (size_t)n }));
	}
	ck_assert_uint_eq(symtab_overflow(t), 0);
	ck_assert_uint_eq(add(t, "one more"), SYM_OTHER);
	symtab_free(t);
}
END_TEST

START_TEST(equal_hashes)
{
	struct symtab *t = symtab_new(5000, MIB);
	char k[16];

	/* All in one chain, with the same tag: only the text tells them apart. */
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 2000; i++) {
			int n = snprintf(k, sizeof(k), "%u", i);

			MUST(symtab_intern_hashed(t, k, (size_t)n, 42) == SYM_FIRST + i);
		}
	symtab_free(t);
}
END_TEST

START_TEST(cap_of_symbols)
{
	struct symtab *t = symtab_new(SYM_FIRST + 2, MIB);

	ck_assert_uint_eq(add(t, "a"), SYM_FIRST);
	ck_assert_uint_eq(add(t, "b"), SYM_FIRST + 1);
	ck_assert_uint_eq(add(t, "c"), SYM_OTHER);
	ck_assert_uint_eq(add(t, "c"), SYM_OTHER);
	ck_assert_uint_eq(add(t, "a"), SYM_FIRST);
	ck_assert_uint_eq(add(t, "<NA>"), SYM_NA);
	ck_assert_uint_eq(symtab_overflow(t), 2);
	ck_assert_uint_eq(symtab_count(t), SYM_FIRST + 2);
	symtab_free(t);
	/* No room at all is no reason to fail. */
	t = symtab_new(0, 0);
	ck_assert_uint_eq(add(t, "a"), SYM_OTHER);
	ck_assert_uint_eq(add(t, ""), SYM_EMPTY);
	symtab_free(t);
	t = symtab_new(UINT32_MAX, SIZE_MAX);
	ck_assert_uint_eq(add(t, "a"), SYM_FIRST);
	symtab_free(t);
}
END_TEST

START_TEST(cap_of_bytes)
{
	struct symtab *t = symtab_new(1000, 10);

	ck_assert_uint_eq(add(t, "12345"), SYM_FIRST);
	ck_assert_uint_eq(add(t, "123456"), SYM_OTHER);
	ck_assert_uint_eq(add(t, "abcde"), SYM_FIRST + 1);
	ck_assert_uint_eq(add(t, "x"), SYM_OTHER);
	ck_assert_uint_eq(symtab_overflow(t), 2);
	symtab_free(t);
}
END_TEST

START_TEST(long_texts)
{
	const size_t len = 1 << 20;
	struct symtab *t = symtab_new(1000, 64 * MIB), *other = symtab_new(1000, 64 * MIB);
	char *p = xmalloc(len);
	struct slice x;
	sym_t a, b;

	memset(p, 'A', len);
	/* The longest that is kept whole, and through more than one chunk of text. */
	for (size_t n = SYM_TEXT_MAX - 40; n <= SYM_TEXT_MAX; n++) {
		a = symtab_intern(t, p, n);
		ck_assert(slice_eq(symtab_text(t, a), (struct slice){ p, n }));
	}
	a = symtab_intern(t, p, len);
	x = symtab_text(t, a);
	ck_assert_uint_eq(x.len, SYM_TEXT_MAX + 17);
	ck_assert(memcmp(x.p, p, SYM_TEXT_MAX) == 0 && x.p[SYM_TEXT_MAX] == '~');
	ck_assert_uint_eq(symtab_hash(t, a), hash_bytes(x.p, x.len, hash_seed()));
	ck_assert_uint_eq(symtab_intern(t, p, len), a);
	ck_assert_uint_eq(symtab_find(t, p, len), a);
	/* Handed on to another table it stays what it is. */
	b = symtab_intern_hashed(other, x.p, x.len, symtab_hash(t, a));
	ck_assert(slice_eq(symtab_text(other, b), x));
	ck_assert_uint_eq(symtab_intern(other, p, len), b);
	/* A difference far behind the cut is not lost. */
	p[len - 1] = 'B';
	ck_assert_uint_eq(symtab_find(t, p, len), SYM_ABSENT);
	ck_assert_uint_ne(symtab_intern(t, p, len), a);
	free(p);
	symtab_free(t);
	symtab_free(other);
}
END_TEST

/* The i-th of 65536 texts that are one value to djb2 ("Ez", "FY") or to Java's hash ("Aa", "BB").
 */
static void
colliding(char k[32], const char pair[2][3], unsigned i)
{
	for (unsigned b = 0; b < 16; b++)
		memcpy(k + b * 2, pair[i >> b & 1], 2);
}

/* Of this thread: other work on the machine must not count. */
static int64_t
cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static int64_t
time_of(const char pair[2][3])
{
	enum { N = 65536 };
	struct symtab *t = symtab_new(N + SYM_FIRST, 64 * MIB);
	int64_t start = cpu_time();
	char k[32];

	for (unsigned i = 0; i < N; i++) {
		if (pair != NULL)
			colliding(k, pair, i);
		else
			for (unsigned b = 0; b < 4; b++)
				memcpy(k + b * 8, &(uint64_t){ hash_mix(i, b) }, 8);
		MUST(symtab_intern(t, k, sizeof(k)) == SYM_FIRST + i);
	}
	start = cpu_time() - start;
	symtab_free(t);
	return start;
}

/* Quadratic behaviour would be a thousand times slower: the margin is for a busy machine. */
START_TEST(prepared_collisions)
{
	static const char djb2[2][3] = { "Ez", "FY" }, java[2][3] = { "Aa", "BB" };
	int64_t random = time_of(NULL) + 1000000;

	ck_assert_int_lt(time_of(djb2), random * 20);
	ck_assert_int_lt(time_of(java), random * 20);
}
END_TEST

struct reader {
	const struct symtab *t;
	struct queue *q;
	unsigned bad, seen;
};

#define BATCH 500

static void *
read_symbols(void *arg)
{
	struct reader *r = arg;
	char want[32];
	sym_t *batch;

	while ((batch = queue_pop(r->q)) != NULL) {
		for (int i = 0; i < BATCH; i++) {
			int n = snprintf(want, sizeof(want), "container-%u", batch[i] - SYM_FIRST);
			struct slice x = symtab_text(r->t, batch[i]);

			r->bad += !slice_eq(x, (struct slice){ want, (size_t)n });
			r->bad +=
			    symtab_hash(r->t, batch[i]) != hash_bytes(x.p, x.len, hash_seed());
			r->seen++;
		}
		free(batch);
	}
	return NULL;
}

/* Another thread reads what was handed over while the owner adds more (run under TSan as well). */
START_TEST(read_by_another_thread)
{
	enum { BATCHES = 400 };
	struct symtab *t = symtab_new(BATCHES * BATCH + SYM_FIRST, 64 * MIB);
	struct reader r = { .t = t, .q = queue_new(4) };
	pthread_t th;
	char k[32];
	sym_t *batch;

	ck_assert_int_eq(pthread_create(&th, NULL, read_symbols, &r), 0);
	for (unsigned i = 0; i < BATCHES; i++) {
		batch = xcalloc(BATCH, sizeof(*batch));
		for (unsigned j = 0; j < BATCH; j++) {
			int n = snprintf(k, sizeof(k), "container-%u", i * BATCH + j);

			batch[j] = symtab_intern(t, k, (size_t)n);
		}
		MUST(queue_push(r.q, batch));
	}
	queue_close(r.q);
	pthread_join(th, NULL);
	ck_assert_uint_eq(r.seen, BATCHES * BATCH);
	ck_assert_uint_eq(r.bad, 0);
	queue_free(r.q);
	symtab_free(t);
}
END_TEST

START_TEST(memory)
{
	enum { N = 1000000 };
	struct symtab *t = symtab_new(N + SYM_FIRST, 256 * MIB);
	size_t text = 0, first = symtab_memory(t);
	char k[32];

	ck_assert_uint_lt(first, 192 << 10);
	for (unsigned i = 0; i < N; i++) {
		int n = snprintf(k, sizeof(k), "%u", i);

		symtab_intern(t, k, (size_t)n);
		text += (size_t)n;
	}
	/* Slots double, the last chunks are half full: 24 bytes a symbol and some MiB. */
	ck_assert_uint_lt(symtab_memory(t) - text, (size_t)N * 24 + 5 * MIB);
	symtab_free(t);
}
END_TEST

/* Emptied, it is as a new one, and needs no more memory than before. */
START_TEST(cleared)
{
	struct symtab *t = symtab_new(1 << 20, 64 * MIB);
	char k[64];
	size_t first = 0;

	for (unsigned turn = 0; turn < 5; turn++) {
		for (unsigned i = 0; i < 60000; i++) {
			int n =
			    snprintf(k, sizeof(k), "turn %u, name number %u of this turn", turn, i);

			MUST(symtab_find(t, k, (size_t)n) == SYM_ABSENT);
			MUST(symtab_intern(t, k, (size_t)n) == SYM_FIRST + i);
			MUST(slice_eq(
			    symtab_text(t, SYM_FIRST + i), (struct slice){ k, (size_t)n }));
		}
		if (turn == 0)
			first = symtab_memory(t);
		ck_assert_uint_eq(symtab_memory(t), first);
		symtab_clear(t);
		ck_assert_uint_eq(symtab_count(t), SYM_FIRST);
		ck_assert(slice_eq(symtab_text(t, SYM_NA), SLICE("<NA>")));
		ck_assert_uint_eq(symtab_intern(t, "<NA>", 4), SYM_NA);
	}
	symtab_free(t);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("base/symtab");
	TCase *tc = tcase_create("symtab");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fixed_numbers);
	tcase_add_test(tc, same_text_same_number);
	tcase_add_test(tc, many);
	tcase_add_test(tc, equal_hashes);
	tcase_add_test(tc, cap_of_symbols);
	tcase_add_test(tc, cap_of_bytes);
	tcase_add_test(tc, long_texts);
	tcase_add_test(tc, prepared_collisions);
	tcase_add_test(tc, read_by_another_thread);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, test_keep);
	tcase_add_test(tc, cleared);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
