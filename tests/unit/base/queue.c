/* The queue between threads, and the clocks it waits by. */
#include "base/queue.h"

#include <pthread.h>
#include <stdint.h>

#include "base/clock.h"
#include "harness.h"

#include "base/banned.h"

static int item[8];

START_TEST(first_in_first_out)
{
	struct queue *q = queue_new(3);

	ck_assert_ptr_null(queue_try_pop(q));
	for (int round = 0; round < 5; round++) {
		ck_assert(queue_try_push(q, &item[0]));
		ck_assert(queue_push(q, &item[1]));
		ck_assert(queue_try_push(q, &item[2]));
		ck_assert(!queue_try_push(q, &item[3]));
		ck_assert_uint_eq(queue_count(q), 3);
		ck_assert_ptr_eq(queue_pop(q), &item[0]);
		ck_assert_ptr_eq(queue_try_pop(q), &item[1]);
		ck_assert(queue_try_push(q, &item[4]));
		ck_assert_ptr_eq(queue_pop_timed(q, 0), &item[2]);
		ck_assert_ptr_eq(queue_pop(q), &item[4]);
	}
	queue_free(q);
	queue_free(NULL);
}
END_TEST

START_TEST(closing)
{
	struct queue *q = queue_new(0);

	ck_assert(queue_push(q, &item[0]));
	queue_close(q);
	queue_close(q);
	ck_assert(!queue_push(q, &item[1]));
	ck_assert(!queue_try_push(q, &item[1]));
	ck_assert_ptr_eq(queue_pop(q), &item[0]);
	ck_assert_ptr_null(queue_pop(q));
	ck_assert_ptr_null(queue_pop_timed(q, 1000000000000));
	queue_free(q);
}
END_TEST

START_TEST(times_out)
{
	struct queue *q = queue_new(1);
	int64_t start = clock_mono();

	ck_assert_ptr_null(queue_pop_timed(q, 5000000));
	ck_assert_int_ge(clock_mono() - start, 5000000);
	ck_assert_ptr_null(queue_pop_timed(q, -1));
	queue_free(q);
}
END_TEST

#define PER_THREAD 20000

struct party {
	struct queue *q;
	uint64_t sum, count;
};

static void *
produce(void *arg)
{
	struct party *p = arg;

	for (uintptr_t i = 1; i <= PER_THREAD; i++)
		p->count += queue_push(p->q, (void *)i);
	return NULL;
}

static void *
consume(void *arg)
{
	struct party *p = arg;
	void *v;

	while ((v = queue_pop(p->q)) != NULL) {
		p->sum += (uintptr_t)v;
		p->count++;
	}
	return NULL;
}

START_TEST(many_threads)
{
	struct queue *q = queue_new(7);
	struct party in[3] = { { .q = q }, { .q = q }, { .q = q } };
	struct party out[2] = { { .q = q }, { .q = q } };
	pthread_t a[3], b[2];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&a[i], NULL, produce, &in[i]), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&b[i], NULL, consume, &out[i]), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(a[i], NULL);
	queue_close(q);
	for (int i = 0; i < 2; i++)
		pthread_join(b[i], NULL);
	ck_assert_uint_eq(out[0].count + out[1].count, 3 * PER_THREAD);
	ck_assert_uint_eq(out[0].sum + out[1].sum, 3ull * PER_THREAD * (PER_THREAD + 1) / 2);
	queue_free(q);
}
END_TEST

/* A producer that waits for room is let go by the close. */
START_TEST(close_wakes_a_producer)
{
	struct queue *q = queue_new(1);
	struct party p = { .q = q };
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, produce, &p), 0);
	while (queue_count(q) == 0)
		;
	queue_close(q);
	pthread_join(t, NULL);
	ck_assert_uint_eq(p.count, 1);
	queue_free(q);
}
END_TEST

START_TEST(clocks)
{
	int64_t a = clock_mono(), w = clock_wall();

	ck_assert_int_ge(clock_mono(), a);
	/* After the beginning of 2024. */
	ck_assert_int_gt(w, 1704067200 * NSEC_PER_SEC);
	clock_set(42);
	ck_assert_int_eq(clock_wall(), 42);
	ck_assert_int_ge(clock_mono(), a);
	clock_set(0);
	ck_assert_int_gt(clock_wall(), 1704067200 * NSEC_PER_SEC);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("base/queue");
	TCase *tc = tcase_create("queue");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, first_in_first_out);
	tcase_add_test(tc, closing);
	tcase_add_test(tc, times_out);
	tcase_add_test(tc, many_threads);
	tcase_add_test(tc, close_wakes_a_producer);
	tcase_add_test(tc, clocks);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
