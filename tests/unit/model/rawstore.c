/* The raw store: bytes come back as they were, or not at all. */
#include "model/rawstore.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"

static struct rawstore *store;

static void
stop(void)
{
	rawstore_free(store);
}

/* Byte x of every stream here. */
static char
byte_of(uint64_t x)
{
	return (char)(x * 2654435761u >> 13);
}

static bool
append(uint16_t origin, uint64_t from, size_t len)
{
	char p[4096];

	ck_assert_uint_le(len, sizeof(p));
	for (size_t i = 0; i < len; i++)
		p[i] = byte_of(from + i);
	return rawstore_append(store, origin, from, p, len);
}

/* True when they are there; fails when they are there and wrong. */
static bool
reads(uint16_t origin, uint64_t from, uint32_t len)
{
	struct buf b = { 0 };
	bool ok = rawstore_read(store, origin, from, len, &b);

	MUST(b.len == (ok ? len : 0));
	for (uint32_t i = 0; ok && i < len; i++)
		MUST(b.p[i] == byte_of(from + i));
	buf_release(&b);
	return ok;
}

START_TEST(files)
{
	FILE *f = tmpfile();
	uint16_t o;

	ck_assert_ptr_nonnull(f);
	for (unsigned i = 0; i < 1000; i++)
		fputc(byte_of(i), f);
	fflush(f);
	store = rawstore_new(1000);
	o = rawstore_add(store, "a.jsonl", fileno(f));
	ck_assert_str_eq(rawstore_name(store, o), "a.jsonl");
	ck_assert_str_eq(rawstore_name(store, 77), "");
	ck_assert(reads(o, 0, 1000));
	ck_assert(reads(o, 999, 1));
	ck_assert(!reads(o, 999, 2));
	ck_assert(!reads(o, UINT64_MAX - 1, 10));
	ck_assert(!append(o, 0, 10));
	ck_assert(!reads(77, 0, 1));
	/* growing is fine, the descriptor is our own */
	fputc(byte_of(1000), f);
	fflush(f);
	ck_assert(reads(o, 0, 1001));
	ck_assert_int_eq(ftruncate(fileno(f), 500), 0);
	fclose(f);
	ck_assert(!reads(o, 600, 1));
	ck_assert(!reads(o, 0, 10)); /* what shrank may have been written anew */
}
END_TEST

START_TEST(forgotten)
{
	uint16_t o;

	store = rawstore_new(1000);
	o = rawstore_add(store, "s", -1);
	ck_assert(append(o, 0, 100));
	ck_assert(reads(o, 0, 100));
	rawstore_forget(store, o);
	ck_assert(!reads(o, 0, 100));
	ck_assert(!append(o, 100, 100));
	ck_assert_uint_eq(rawstore_failures(store, NULL, 0), 0);
}
END_TEST

START_TEST(ring_goes_round)
{
	uint16_t o;

	store = rawstore_new(1000);
	o = rawstore_add(store, "s", -1);
	for (uint64_t at = 0; at < 5000; at += 70) {
		ck_assert(append(o, at, 70));
		for (uint64_t from = at > 1200 ? at - 1200 : 0; from + 35 <= at + 70; from += 35)
			MUST(reads(o, from, 35) == (from + 1000 >= at + 70));
		ck_assert(!reads(o, at + 35, 36));
	}
	/* more than the ring holds: its end is kept */
	ck_assert(append(o, 5040, 2500));
	ck_assert(reads(o, 6540, 1000));
	ck_assert(!reads(o, 6539, 2));
}
END_TEST

START_TEST(out_of_order)
{
	uint16_t o;

	store = rawstore_new(1000);
	o = rawstore_add(store, "s", -1);
	ck_assert(append(o, 200, 100));
	ck_assert(!reads(o, 0, 100)); /* not written: a hole, not zeros */
	ck_assert(!reads(o, 150, 100));
	ck_assert(reads(o, 200, 100));
	ck_assert(append(o, 0, 100));
	ck_assert(reads(o, 0, 100));
	ck_assert(!reads(o, 50, 100));
	ck_assert(append(o, 100, 100));
	ck_assert(reads(o, 0, 300));
	/* late for a place that was given away: nothing is spoilt */
	ck_assert(append(o, 300, 1000));
	ck_assert(append(o, 250, 40));
	ck_assert(reads(o, 300, 1000));
	ck_assert(!reads(o, 250, 40));
}
END_TEST

START_TEST(many_holes)
{
	uint16_t o;

	store = rawstore_new(1u << 20);
	o = rawstore_add(store, "s", -1);
	for (uint64_t i = 0; i < 2000; i++)
		ck_assert(append(o, i * 20, 10));
	ck_assert(reads(o, 1999 * 20, 10));
	ck_assert(reads(o, 1900 * 20, 10));
	for (uint64_t i = 0; i < 2000; i++) {
		(void)reads(o, i * 20, 10);
		ck_assert(!reads(o, i * 20 + 5, 10));
	}
}
END_TEST

START_TEST(no_spool)
{
	char why[96];
	uint16_t o;

	store = rawstore_new(0);
	o = rawstore_add(store, "s", -1);
	ck_assert(!append(o, 0, 10));
	ck_assert(!reads(o, 0, 10));
	ck_assert_uint_eq(rawstore_failures(store, why, sizeof(why)), 1);
	ck_assert_int_ne(why[0], '\0');
}
END_TEST

START_TEST(origins_run_out)
{
	uint16_t last = 0;

	store = rawstore_new(1000);
	for (unsigned i = 0; i < 65540; i++)
		last = rawstore_add(store, "x", -1);
	ck_assert_uint_eq(last, 65534);
	ck_assert(!append(last, 0, 10));
	ck_assert(!reads(last, 0, 10));
	ck_assert(append(65533, 0, 10));
	ck_assert(reads(65533, 0, 10));
}
END_TEST

/* Writers take turns at pieces of one stream while a reader asks for what may be there. */
#define PIECES 3000
static atomic_uint next_piece, written[PIECES];

static void *
write_pieces(void *arg)
{
	unsigned i;

	while ((i = atomic_fetch_add(&next_piece, 1)) < PIECES) {
		char p[100];

		for (unsigned k = 0; k < sizeof(p); k++)
			p[k] = byte_of(i * sizeof(p) + k);
		rawstore_append(store, 0, i * sizeof(p), p, sizeof(p));
		atomic_store(&written[i], 1);
	}
	return arg;
}

START_TEST(threads)
{
	pthread_t t[3];
	unsigned done = 0;

	store = rawstore_new(5000);
	rawstore_add(store, "s", -1);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, write_pieces, NULL), 0);
	while (done < PIECES) {
		unsigned at = atomic_load(&next_piece);

		at = at > PIECES ? PIECES : at;
		for (unsigned i = at > 60 ? at - 60 : 0; i < at; i++)
			(void)reads(0, i * 100, 100); /* right or gone: which is luck */
		for (done = 0; done < PIECES && atomic_load(&written[done]);)
			done++;
	}
	for (unsigned i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	/* all at rest: what comes now stays */
	ck_assert(append(0, PIECES * 100, 2500));
	ck_assert(reads(0, PIECES * 100, 2500));
}
END_TEST

static Suite *
rawstore_suite(void)
{
	Suite *s = suite_create("rawstore");
	TCase *c = tcase_create("rawstore");

	tcase_add_checked_fixture(c, NULL, stop);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, files);
	tcase_add_test(c, forgotten);
	tcase_add_test(c, ring_goes_round);
	tcase_add_test(c, out_of_order);
	tcase_add_test(c, many_holes);
	tcase_add_test(c, no_spool);
	tcase_add_test(c, origins_run_out);
	tcase_add_test(c, threads);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(rawstore_suite)
