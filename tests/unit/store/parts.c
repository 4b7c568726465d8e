/* The parts of the history that need no file: waiting risk events, the names seen, the clock of
 * arrival. */
#include "store/arrival.h"

#include "store.h"
#include "store/pending.h"
#include "store/seen.h"

#include "base/banned.h"

START_TEST(pending_merges)
{
	struct pending p;
	char text[256];
	struct risk_event e = risk_number(3, text), *kept;
	int64_t first = e.first;

	pending_init(&p, 100);
	ck_assert_ptr_null(pending_find(&p, e.id));
	ck_assert_int_eq(pending_add(&p, &e), PENDING_ADDED);
	memset(text, '?', sizeof(text));
	e.count = 2;
	ck_assert_int_eq(pending_add(&p, &e), PENDING_MERGED);
	e.count = 50;
	e.first -= 10;
	e.last += 10;
	e.muted = true;
	ck_assert_int_eq(pending_add(&p, &e), PENDING_MERGED);
	kept = pending_find(&p, e.id);
	ck_assert_ptr_nonnull(kept);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_uint_eq(kept->count, 50);
	ck_assert_int_eq(kept->first, first - 10);
	ck_assert_int_eq(kept->last, e.last);
	ck_assert(kept->muted);
	ck_assert(kept->message.p[0] == 'A');
	/* The hour is part of the identity: an earlier first does not leave it. */
	e.first -= 2 * HISTORY_HOUR;
	ck_assert_int_eq(pending_add(&p, &e), PENDING_MERGED);
	ck_assert_int_eq(kept->first, kept->hour);
	pending_release(&p);
}
END_TEST

START_TEST(pending_is_bounded)
{
	struct pending p;
	char text[256];

	pending_init(&p, 1000);
	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t n = 0; n < 1000; n++) {
			struct risk_event e = risk_number(n, text);

			MUST(pending_add(&p, &e) == PENDING_ADDED);
		}
		for (uint64_t n = 0; n < 2000; n++) {
			struct risk_event e = risk_number(n, text);
			enum pending_result r = pending_add(&p, &e);

			MUST(r == (n < 1000 ? PENDING_MERGED : PENDING_NO_ROOM));
			MUST((pending_find(&p, e.id) != NULL) == (n < 1000));
		}
		ck_assert_uint_eq(p.n, 1000);
		pending_clear(&p);
	}
	pending_release(&p);
}
END_TEST

/* Long texts fill the bytes before the number is reached. */
START_TEST(pending_bytes)
{
	static char big[HISTORY_TEXT_MAX];
	struct pending p;
	uint64_t n = 0;

	memset(big, 'x', sizeof(big));
	pending_init(&p, 1u << 20);
	for (;; n++) {
		struct risk_event e = { .id = { n, 1 }, .message = { big, sizeof(big) } };

		if (pending_add(&p, &e) == PENDING_NO_ROOM)
			break;
	}
	ck_assert_uint_gt(n, 3000);
	ck_assert_uint_lt(n, 5000);
	pending_release(&p);
}
END_TEST

static const struct {
	int64_t first, hour;
} hours[] = {
	{ 0, 0 },
	{ 1, 0 },
	{ -1, -HISTORY_HOUR },
	{ -HISTORY_HOUR, -HISTORY_HOUR },
	{ HISTORY_HOUR - 1, 0 },
	{ NOW, NOW - 40 * MINUTE },
	{ INT64_MAX, INT64_MAX - HISTORY_DAY - (INT64_MAX - HISTORY_DAY) % HISTORY_HOUR },
};

START_TEST(pending_hours)
{
	struct pending p;

	pending_init(&p, 100);
	for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
		struct risk_event e = { .id = { i, 1 }, .first = hours[i].first, .hour = 12345 };

		ck_assert_int_eq(pending_add(&p, &e), PENDING_ADDED);
		ck_assert_int_eq(p.v[i].hour, hours[i].hour);
		ck_assert_int_ge(p.v[i].last, p.v[i].first);
	}
	pending_release(&p);
}
END_TEST

static void
key(uint64_t n, uint64_t hash[2])
{
	/* A few start values only, so that runs of taken slots are long. */
	hash[0] = n % 3;
	hash[1] = n;
}

START_TEST(seen_keeps_the_newest)
{
	struct seen s;
	uint64_t hash[2];

	seen_init(&s, 5000);
	for (uint64_t n = 0; n < 20000; n++) {
		key(n, hash);
		seen_add(&s, n % 2, hash, n % 7 == 0);
		seen_add(&s, n % 2, hash, true);
	}
	ck_assert_uint_eq(s.n, 5000);
	for (uint64_t n = 0; n < 20000; n++) {
		struct seen_key *k;

		key(n, hash);
		k = seen_find(&s, n % 2, hash);
		MUST((k != NULL) == (n >= 15000));
		MUST(k == NULL || k->before == (n % 7 == 0));
		MUST(seen_find(&s, 1 - n % 2, hash) == NULL);
	}
	seen_release(&s);
	seen_init(&s, 0);
	seen_add(&s, 0, hash, false);
	ck_assert_ptr_null(seen_find(&s, 0, hash));
	seen_release(&s);
}
END_TEST

#define H	  3600LL
#define D	  (24 * H)
#define TEN_YEARS (3652 * D)

static const struct {
	const char *what;
	int64_t wall, passed; /* wall clock relative to the start; what truly went by */
	int64_t low, high;    /* the clock of arrival afterwards, relative to the start */
} jumps[] = {
	{ "an hour goes by", H, H, H, H },
	{ "a week switched off", H + 7 * D, 0, H + 7 * D, H + 7 * D },
	{ "ten years ahead", TEN_YEARS, 1, H + 7 * D, H + 7 * D + 24 },
	{ "and an hour there", TEN_YEARS + H, H, 7 * D + 2 * H, 8 * D + 2 * H },
	{ "back", 7 * D + 3 * H, 1, 7 * D + 2 * H, 8 * D + 3 * H },
	{ "and the right time again", 9 * D, D + 20 * H, 9 * D, 10 * D },
	{ "ten years back", -TEN_YEARS, 60, 9 * D, 10 * D },
	{ "an hour there", -TEN_YEARS + H, H, 9 * D + H, 10 * D + H },
	{ "home", 11 * D, 60, 11 * D, 11 * D },
};

START_TEST(arrival_does_not_leap)
{
	struct arrival a = { 0 };
	int64_t start = NOW / NSEC_PER_SEC, mono = 1000;

	ck_assert_int_eq(arrival_now(&a, start, mono), start);
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		int64_t before = a.now, t;

		mono += jumps[i].passed;
		t = arrival_now(&a, start + jumps[i].wall, mono) - start;
		ck_assert_msg(t >= jumps[i].low && t <= jumps[i].high, "%s: %lld", jumps[i].what,
		    (long long)t);
		ck_assert_msg(a.now >= before, "%s: back", jumps[i].what);
	}
}
END_TEST

/* A leap that is real (half a year switched off) is made up for within days. */
START_TEST(arrival_catches_up)
{
	struct arrival a = { .now = NOW / NSEC_PER_SEC };
	int64_t wall = a.now + 180 * D, mono = 50;

	arrival_now(&a, wall, mono);
	for (unsigned i = 0; i < 190 * 60; i++)
		arrival_now(&a, wall += 60, mono += 60);
	ck_assert_int_eq(a.now, wall);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("parts");
	TCase *t = tcase_create("parts");

	tcase_add_test(t, pending_merges);
	tcase_add_test(t, pending_is_bounded);
	tcase_add_test(t, pending_bytes);
	tcase_add_test(t, pending_hours);
	tcase_add_test(t, seen_keeps_the_newest);
	tcase_add_test(t, arrival_does_not_leap);
	tcase_add_test(t, arrival_catches_up);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
