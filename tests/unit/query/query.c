/* Questions as values, and the table of views: every declaration means something. */
#include "query/viewdef.h"

#include <stdlib.h>

#include "harness.h"

static const struct {
	const char *old, *term, *joined;
} ands[] = {
	{ NULL, "user = root", "user = root" },
	{ " ", "user = root", "user = root" },
	{ "user = root", "", "user = root" },
	{ "user = root", "proc.name=sh", "user = root and proc.name=sh" },
	{ "a = 1 or b = 2", "c = 3", "(a = 1 or b = 2) and c = 3" },
	{ "a = 1", "b = 2 or c = 3", "a = 1 and (b = 2 or c = 3)" },
	{ "a = 1 and b = 2", "not c = 3", "a = 1 and b = 2 and not c = 3" },
	{ "(a = 1 or b = 2)", "c", "((a = 1 or b = 2)) and c" },
	/* what does not parse gets no meaning from what is joined to it */
	{ "a) or (b", "c = 3", "a) or (b" },
	{ "c = 3", "a) or (b", "a) or (b" },
	{ "a = 'x", "c = 'y'", "a = 'x" },
};

START_TEST(test_and)
{
	struct query q;

	query_init(&q);
	if (ands[_i].old != NULL)
		q.filter = strdup(ands[_i].old);
	query_and(&q, ands[_i].term);
	ck_assert_str_eq(q.filter, ands[_i].joined);
	query_release(&q);
	ck_assert_ptr_null(q.filter);
}
END_TEST

/* Many drilldowns do not make the filter too deep. */
START_TEST(test_many_ands)
{
	struct filter_error err;
	struct filter *f;
	struct query q;

	query_init(&q);
	query_and(&q, "a or b");
	for (int i = 0; i < 200; i++)
		query_and(&q, "user = root");
	f = filter_parse(q.filter, &err);
	ck_assert_msg(f != NULL, "%s", err.message);
	filter_free(f);
	query_release(&q);
}
END_TEST

START_TEST(test_set_by)
{
	struct filter_error err;
	struct query q;

	query_init(&q);
	ck_assert(query_set_by(&q, "user, k8s.ns.name ,json.value[/a,b]", &err));
	ck_assert_uint_eq(q.nby, 3);
	ck_assert_str_eq(q.by[1], "k8s.ns.name");
	ck_assert_str_eq(q.by[2], "json.value[/a,b]");
	ck_assert(!query_set_by(&q, "user,,rule", &err));
	ck_assert_uint_eq(err.offset, 5);
	ck_assert(!query_set_by(&q, "", &err));
	ck_assert(!query_set_by(&q, "user, ", &err));
	ck_assert_uint_eq(err.offset, 6);
	ck_assert(!query_set_by(&q, "a,b,c,d,e,f,g,h,i", &err));
	ck_assert_uint_eq(err.offset, 16);
	ck_assert_str_eq(err.message, "at most 8 fields to group by");
	ck_assert_uint_eq(q.nby, 3); /* a bad list changes nothing */
	ck_assert(query_set_by(&q, "a,b,c,d,e,f,g,h", &err));
	ck_assert_uint_eq(q.nby, 8);
	query_release(&q);
}
END_TEST

START_TEST(test_copy)
{
	struct filter_error err;
	struct query a, b;

	query_init(&a);
	query_and(&a, "x");
	ck_assert(query_set_by(&a, "user,rule", &err));
	a.distinct[a.ndistinct++] = strdup("hostname");
	a.since = 5;
	query_copy(&b, &a);
	ck_assert(query_equal(&a, &b));
	ck_assert_ptr_ne(a.filter, b.filter);
	b.since = 6;
	ck_assert(!query_equal(&a, &b));
	b.since = 5;
	b.filter[0] = 'y';
	ck_assert(!query_equal(&a, &b));
	b.filter[0] = 'x';
	ck_assert(query_set_by(&b, "rule,user", &err));
	ck_assert(!query_equal(&a, &b));
	query_release(&a);
	query_release(&b);
	query_init(&a);
	query_init(&b);
	b.filter = strdup("");
	ck_assert(query_equal(&a, &b));
	query_release(&b);
}
END_TEST

static bool
is_column(const struct view_def *v, const char *name)
{
	static const char *const computed[] = { "priority", "count", "rate", "trend", "first",
		"last", "output", "time", "risk" };

	for (size_t i = 0; i < sizeof(computed) / sizeof(computed[0]); i++)
		if (strcmp(name, computed[i]) == 0)
			return true;
	for (unsigned i = 0; v->by[i] != NULL; i++)
		if (strcmp(name, v->by[i]) == 0)
			return true;
	for (unsigned i = 0; v->distinct[i] != NULL; i++)
		if (strcmp(name, v->distinct[i]) == 0)
			return true;
	return false;
}

START_TEST(test_views)
{
	struct filter_error err;

	ck_assert_uint_ge(view_count, 8);
	ck_assert_ptr_null(view_defs[view_count].name);
	for (const struct view_def *v = view_defs; v->name != NULL; v++) {
		struct filter *f;
		struct query q;

		ck_assert_ptr_eq(view_def(v->name), v);
		ck_assert_msg(v->help != NULL && v->title != NULL, "%s", v->name);
		view_query(v, &q);
		ck_assert_uint_eq(q.kind, v->kind);
		f = filter_parse(q.filter == NULL ? "" : q.filter, &err);
		ck_assert_msg(f != NULL, "%s: %s", v->name, err.message);
		filter_free(f);
		for (unsigned i = 0; i < q.nby; i++)
			ck_assert_msg(field_by_name(slice_of(q.by[i])) != FIELD_NONE, "%s: %s",
			    v->name, q.by[i]);
		for (unsigned i = 0; i < q.ndistinct; i++)
			ck_assert_msg(field_by_name(slice_of(q.distinct[i])) != FIELD_NONE,
			    "%s: %s", v->name, q.distinct[i]);
		ck_assert_msg(is_column(v, v->sort), "%s sorts by %s", v->name, v->sort);
		for (const struct view_column *c = v->column; c->name != NULL; c++) {
			ck_assert_msg(is_column(v, c->name), "%s: %s", v->name, c->name);
			ck_assert_msg(
			    c->join == NULL || is_column(v, c->join), "%s: %s", v->name, c->name);
		}
		query_release(&q);
	}
	ck_assert_ptr_null(view_def("no such view"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("query");
	TCase *t = tcase_create("query");

	tcase_add_loop_test(t, test_and, 0, (int)(sizeof(ands) / sizeof(ands[0])));
	tcase_add_test(t, test_many_ands);
	tcase_add_test(t, test_set_by);
	tcase_add_test(t, test_copy);
	tcase_add_test(t, test_views);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
