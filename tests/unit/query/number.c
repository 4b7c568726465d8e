/* Decimal numbers: what reads as one, and their order against 128-bit integers. */
#include "query/number.h"

#include <inttypes.h>
#include <stdio.h>

#include "harness.h"

static struct number
number(const char *s)
{
	struct number n;

	ck_assert_msg(number_parse(slice_of(s), &n), "%s is a number", s);
	return n;
}

START_TEST(test_reads)
{
	static const char *const good[] = { "0", "-0", "+1", "1", "007", "1.5", ".5", "5.", "1e3",
		"1E+3", "1.25e-7", "1768464000161934674",
		"99999999999999999999999999999999999999999", "1e999999999999" };
	static const char *const bad[] = { "", "-", "+", ".", "e3", "1e", "1e+", "1.2.3", "1 ",
		" 1", "0x1f", "1,5", "--1", "nan", "inf", "1e3.5", "<NA>" };
	struct number n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(number_parse(slice_of(good[i]), &n), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!number_parse(slice_of(bad[i]), &n), "%s", bad[i]);
}
END_TEST

/* In ascending order; equal ones are separated by "=". */
START_TEST(test_order)
{
	static const char *const sorted[] = { "-1e400", "-100000000000000000000", "-2", "=", "-2.0",
		"-1.5", "-1", "-0.001", "0", "=", "-0.00", "=", "0e5", "1e-400", "0.0009", "0.001",
		"=", "1e-3", "0.5", "=", ".50", "1", "=", "01.0", "=", "10e-1", "1.5", "2", "9",
		"10", "=", "1e1", "99.9", "100", "1768464000161934674", "1768464000161934675", "=",
		"1.768464000161934675e18", "18446744073709551615", "18446744073709551616", "1e400",
		"1e401" };
	const size_t n = sizeof(sorted) / sizeof(sorted[0]);

	for (size_t i = 1; i < n; i++) {
		const bool equal = sorted[i][0] == '=';
		struct number a = number(sorted[i - 1]), b = number(sorted[equal ? i + 1 : i]);

		if (equal) {
			ck_assert_msg(
			    number_cmp(&a, &b) == 0, "%s = %s", sorted[i - 1], sorted[i + 1]);
			ck_assert_uint_eq(number_key(&a), number_key(&b));
			i++;
			continue;
		}
		ck_assert_msg(number_cmp(&a, &b) < 0, "%s < %s", sorted[i - 1], sorted[i]);
		ck_assert_int_gt(number_cmp(&b, &a), 0);
		ck_assert_msg(
		    number_key(&a) <= number_key(&b), "keys of %s, %s", sorted[i - 1], sorted[i]);
	}
}
END_TEST

START_TEST(test_integers)
{
	uint64_t state = 88172645463325252u;
	char x[32], y[32];

	for (int i = 0; i < 20000; i++) {
		int64_t a, b;
		struct number p, q;

		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		a = (int64_t)state >> (state & 63);
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		b = i % 3 == 0 ? a + (int64_t)(state % 3) - 1 : (int64_t)state >> (state & 63);
		snprintf(x, sizeof(x), "%" PRId64, a);
		snprintf(y, sizeof(y), "%" PRId64, b);
		p = number(x);
		q = number(y);
		ck_assert_int_eq(number_cmp(&p, &q), (a > b) - (a < b));
		ck_assert((a <= b && number_key(&p) <= number_key(&q)) ||
			  (a >= b && number_key(&p) >= number_key(&q)));
		ck_assert_uint_lt(number_key(&p), (uint64_t)1 << 62);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("number");
	TCase *t = tcase_create("number");

	tcase_add_test(t, test_reads);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_integers);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
