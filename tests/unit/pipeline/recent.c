/* The set of recent hashes against a plain list. */
#include "pipeline/recent.h"

#include <string.h>

#include "harness.h"

#define KEEP 64

/* Few different hashes, close together, so that they collide and chains move up. */
static uint64_t
draw(uint64_t *state, uint64_t range)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 40) % range;
}

START_TEST(like_a_list)
{
	static const uint64_t ranges[] = { 40, 70, 130, 1000 };
	struct recent *r = recent_new(KEEP);
	uint64_t list[KEEP] = { 0 };
	uint64_t state = 7;
	unsigned added = 0, seen = 0;

	memset(list, 0xff, sizeof(list));
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t hash = draw(&state, ranges[_i]) * (KEEP / 8) + 1;
		bool want = false;

		for (unsigned k = 0; k < KEEP; k++)
			want |= list[k] == hash;
		ck_assert_int_eq(recent_seen(r, hash), want);
		seen += want;
		if (!want)
			list[added++ % KEEP] = hash;
	}
	ck_assert_uint_gt(seen, 0);
	ck_assert_uint_gt(added, ranges[_i] <= KEEP ? 0 : KEEP);
	recent_free(r);
}
END_TEST

START_TEST(zero_is_a_hash)
{
	struct recent *r = recent_new(KEEP);

	ck_assert(!recent_seen(r, 0));
	ck_assert(recent_seen(r, 0));
	recent_free(r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("recent");
	TCase *t = tcase_create("recent");

	tcase_add_loop_test(t, like_a_list, 0, 4);
	tcase_add_test(t, zero_is_a_hash);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
