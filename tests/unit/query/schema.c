/* Slots: shared, dropped, taken anew, full; views that outlive what they show, from many threads.
 */
#include "query/schema.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "harness.h"

static struct predicate *
contains(const char *text)
{
	struct slice operand = slice_of(text);
	char err[80];

	return predicate_new(OP_CONTAINS, &operand, 1, err, sizeof(err));
}

START_TEST(test_fields)
{
	struct schema *s = schema_new();
	unsigned a = schema_take_field(s, SLICE("evt.num")),
		 b = schema_take_field(s, SLICE("evt.cpu"));
	const struct schema_view *v = schema_view(s);

	ck_assert_uint_eq(a, FIELD_DYNAMIC);
	ck_assert_uint_eq(b, FIELD_DYNAMIC + 1);
	ck_assert_uint_eq(schema_take_field(s, SLICE("evt.num")), a);
	ck_assert_str_eq(schema_field_name(s, b), "evt.cpu");
	ck_assert_uint_eq(v->nfields, 2);
	ck_assert_str_eq(v->field_name[0], "evt.num");
	schema_drop_field(s, a);
	ck_assert_str_eq(schema_field_name(s, a), "evt.num"); /* one user is left */
	schema_drop_field(s, a);
	ck_assert_ptr_null(schema_field_name(s, a));
	ck_assert_str_eq(v->field_name[0], "evt.num"); /* the old view still shows it */
	schema_view_release(v);
	schema_free(s);
}
END_TEST

START_TEST(test_generations)
{
	struct schema *s = schema_new();
	unsigned a = schema_take_field(s, SLICE("x"));
	const struct schema_view *v = schema_view(s), *w = schema_view(s);

	ck_assert_ptr_eq(v, w); /* no change, same view */
	schema_drop_field(s, a);
	ck_assert_uint_eq(schema_take_field(s, SLICE("x")), a);
	schema_view_release(w);
	w = schema_view(s);
	ck_assert_uint_gt(w->version, v->version);
	ck_assert_uint_ne(w->field_gen[0], v->field_gen[0]);
	ck_assert_uint_ne(w->field_gen[0], 0);
	ck_assert_uint_eq(w->field_gen[1], 0);
	schema_view_release(v);
	schema_view_release(w);
	schema_free(s);
}
END_TEST

START_TEST(test_full)
{
	struct schema *s = schema_new();
	char name[16];

	for (unsigned i = 0; i < SCHEMA_FIELDS; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		ck_assert_uint_eq(schema_take_field(s, slice_of(name)), FIELD_DYNAMIC + i);
	}
	ck_assert_uint_eq(schema_take_field(s, SLICE("more")), FIELD_NONE);
	ck_assert_uint_eq(schema_take_field(s, SLICE("f3")), FIELD_DYNAMIC + 3);
	schema_drop_field(s, FIELD_DYNAMIC + 7);
	ck_assert_uint_eq(schema_take_field(s, SLICE("more")), FIELD_DYNAMIC + 7);
	for (int i = 0; i < SCHEMA_TESTS; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		ck_assert_int_eq(schema_take_test(s, FIELD_OUTPUT, contains(name)), i);
	}
	ck_assert_int_eq(schema_take_test(s, FIELD_OUTPUT, contains("more")), -1);
	ck_assert_int_eq(
	    schema_take_test(s, FIELD_RAW, contains("t5")), -1); /* another text is another test */
	ck_assert_int_eq(schema_take_test(s, FIELD_OUTPUT, contains("t5")), 5);
	schema_free(s);
}
END_TEST

START_TEST(test_run)
{
	struct schema *s = schema_new();
	struct slice operand = SLICE("x");
	char err[80];
	int a = schema_take_test(s, FIELD_OUTPUT, contains("shell"));
	int b = schema_take_test(s, FIELD_RAW, contains("shell"));
	int c =
	    schema_take_test(s, FIELD_OUTPUT, predicate_new(OP_NE, &operand, 1, err, sizeof(err)));
	const struct schema_view *v;

	schema_drop_test(s, schema_take_test(s, FIELD_RAW, contains("gone")));
	v = schema_view(s);
	ck_assert_uint_eq(schema_run_tests(v, SLICE("a shell"), SLICE("{}")), 1u << a | 1u << c);
	ck_assert_uint_eq(schema_run_tests(v, SLICE("x"), SLICE("{shell}")), 1u << b);
	/* an event without output: absent, not empty */
	ck_assert_uint_eq(schema_run_tests(v, (struct slice){ NULL, 0 }, SLICE("")), 1u << c);
	schema_view_release(v);
	schema_free(s);
}
END_TEST

static const struct schema_view *_Atomic current;
static atomic_bool stop;

/* Takes a view from the owner's hand, uses it, lets go: as a worker does. */
static void *
reader(void *arg)
{
	uint64_t used = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		const struct schema_view *v = atomic_exchange(&current, NULL);

		if (v == NULL)
			continue;
		used += schema_run_tests(v, SLICE("shell 7"), SLICE("raw"));
		for (unsigned i = 0; i < v->nfields; i++)
			used += v->field_name[i] == NULL ? 0 : strlen(v->field_name[i]);
		schema_view_release(v);
	}
	return (void *)(uintptr_t)used;
}

START_TEST(test_threads)
{
	struct schema *s = schema_new();
	pthread_t thread[3];
	uintptr_t used = 0;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, reader, NULL), 0);
	for (int i = 0; i < 20000; i++) {
		char name[16];
		unsigned field;
		int test;

		snprintf(name, sizeof(name), "%d", i % 10);
		field = schema_take_field(s, slice_of(name));
		test = schema_take_test(s, FIELD_OUTPUT, contains(name));
		schema_view_release(atomic_exchange(&current, schema_view(s)));
		schema_drop_field(s, field);
		schema_drop_test(s, test);
		schema_view_release(atomic_exchange(&current, schema_view(s)));
	}
	/* the last one is used by somebody */
	schema_take_test(s, FIELD_OUTPUT, contains("shell"));
	schema_view_release(atomic_exchange(&current, schema_view(s)));
	while (atomic_load(&current) != NULL)
		;
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++) {
		void *n;

		pthread_join(thread[i], &n);
		used += (uintptr_t)n;
	}
	ck_assert_uint_gt(used, 0);
	schema_free(s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("schema");
	TCase *t = tcase_create("schema");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_generations);
	tcase_add_test(t, test_full);
	tcase_add_test(t, test_run);
	tcase_add_test(t, test_threads);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
