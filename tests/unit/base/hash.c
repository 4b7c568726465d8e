/* The hash: reads nothing outside its bytes, depends on all of them, on their number and on the
 * seed. */
#include "base/hash.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

#include "base/banned.h"

/* Text that ends, and text that starts, at a page that cannot be read. */
START_TEST(stays_inside)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char copy[256];
	char *p = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *mid;

	ck_assert(p != MAP_FAILED);
	mid = p + page;
	ck_assert_int_eq(mprotect(mid, page, PROT_READ | PROT_WRITE), 0);
	for (size_t i = 0; i < page; i++)
		mid[i] = (char)(i * 131 + (i >> 8));
	for (size_t len = 0; len < sizeof(copy); len++) {
		memcpy(copy, mid + page - len, len);
		MUST(hash_bytes(mid + page - len, len, 7) == hash_bytes(copy, len, 7));
		memcpy(copy, mid, len);
		MUST(hash_bytes(mid, len, 7) == hash_bytes(copy, len, 7));
	}
	munmap(p, 3 * page);
}
END_TEST

static int
bits(uint64_t x)
{
	return __builtin_popcountll(x);
}

/* Any changed bit of the text changes about half of the hash. */
START_TEST(every_bit_counts)
{
	unsigned char d[100];
	uint64_t h;
	long changed, flips;

	for (size_t i = 0; i < sizeof(d); i++)
		d[i] = (unsigned char)(i * 37 + 11);
	for (size_t len = 1; len <= sizeof(d); len++) {
		h = hash_bytes(d, len, 1234567);
		changed = flips = 0;
		for (size_t b = 0; b < len * 8; b++) {
			d[b / 8] ^= (unsigned char)(1 << b % 8);
			MUST(hash_bytes(d, len, 1234567) != h);
			changed += bits(hash_bytes(d, len, 1234567) ^ h);
			flips++;
			d[b / 8] ^= (unsigned char)(1 << b % 8);
		}
		MUST(changed > flips * 24 && changed < flips * 40);
	}
}
END_TEST

START_TEST(length_and_seed_count)
{
	static const char zeros[64];
	uint64_t seen[65 * 2];
	size_t n = 0;

	for (size_t len = 0; len <= 64; len++) {
		seen[n++] = hash_bytes(zeros, len, 0);
		seen[n++] = hash_bytes(zeros, len, 1);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			MUST(seen[i] != seen[j]);
}
END_TEST

/* Buckets by low and by high bits fill evenly with names that differ in a few digits. */
START_TEST(spreads)
{
	enum { N = 1 << 12, PER = 16 };
	static int low[N], high[N];
	char k[8];
	uint64_t h;

	for (unsigned i = 0; i < N * PER; i++) {
		memcpy(k, "pod-", 4);
		for (unsigned d = 0, v = i; d < 4; d++, v /= 16)
			k[4 + d] = "0123456789abcdef"[v % 16];
		h = hash_bytes(k, sizeof(k), hash_seed());
		low[h % N]++;
		high[h >> 52]++;
	}
	/* Poisson with mean 16: more than 56 in one of 4096 buckets has odds below 1e-10. */
	for (int i = 0; i < N; i++)
		MUST(low[i] <= 56 && high[i] <= 56);
}
END_TEST

START_TEST(seed_is_drawn_once)
{
	ck_assert_uint_eq(hash_seed(), hash_seed());
	ck_assert_uint_ne(hash_seed(), 0);
}
END_TEST

START_TEST(seed_differs_between_runs)
{
	uint64_t seed[2];
	int fd[2];

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pipe(fd), 0);
		if (fork() == 0) {
			seed[0] = hash_seed();
			_exit(write(fd[1], seed, sizeof(seed[0])) != sizeof(seed[0]));
		}
		ck_assert_int_eq(read(fd[0], &seed[i], sizeof(seed[i])), sizeof(seed[i]));
		close(fd[0]);
		close(fd[1]);
	}
	ck_assert_uint_ne(seed[0], seed[1]);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("base/hash");
	TCase *tc = tcase_create("hash");

	tcase_add_test(tc, stays_inside);
	tcase_add_test(tc, every_bit_counts);
	tcase_add_test(tc, length_and_seed_count);
	tcase_add_test(tc, spreads);
	tcase_add_test(tc, seed_is_drawn_once);
	tcase_add_test(tc, seed_differs_between_runs);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
