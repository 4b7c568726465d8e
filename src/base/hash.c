/*
 * The seeded hash: blocks of 16 bytes folded through 64x64->128 multiplication, both factors
 * blinded with numbers drawn from the seed, so that neither a zero factor nor a collision can be
 * prepared without it. Not a cryptographic digest: its values never leave the process as a promise.
 */
#include "base/hash.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define K0 0xa0761d6478bd642fu
#define K1 0xe7037ed1a0b428dbu
#define K2 0x8ebc6af09c88c6e3u

static inline uint64_t
load8(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
load4(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The middle of more than 16 bytes: two lanes, so that two multiplications run at a time. */
static inline uint64_t
blocks(const unsigned char **pp, size_t *left, uint64_t s0, uint64_t s1)
{
	const unsigned char *p = *pp;
	size_t n = *left;
	uint64_t h0 = s0, h1 = s1 ^ K2;

	while (n > 32) {
		h0 = fold(load8(p) ^ s1, load8(p + 8) ^ h0);
		h1 = fold(load8(p + 16) ^ s0, load8(p + 24) ^ h1);
		p += 32;
		n -= 32;
	}
	if (n > 16) {
		h0 = fold(load8(p) ^ s1, load8(p + 8) ^ h0);
		p += 16;
		n -= 16;
	}
	*pp = p;
	*left = n;
	return h0 ^ (h1 << 1 | h1 >> 63);
}

uint64_t
hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
	const unsigned char *p = bytes;
	uint64_t s0 = seed ^ K0;
	uint64_t s1 = (seed << 32 | seed >> 32) * K1 ^ K2;
	uint64_t a, b;
	size_t n = len;

	if (n > 16) {
		s0 = blocks(&p, &n, s0, s1);
		/* The last 16 bytes, some of them for the second time: len > 16, so they are ours.
		 */
		a = load8(p + n - 16);
		b = load8(p + n - 8);
	} else if (n >= 8) {
		a = load8(p);
		b = load8(p + n - 8);
	} else if (n >= 4) {
		a = load4(p);
		b = load4(p + n - 4);
	} else if (n > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[n >> 1] << 8 | p[n - 1];
		b = 0;
	} else {
		a = b = 0;
	}
	a = fold(a ^ s1, b ^ s0);
	return fold(a ^ K1, s1 ^ (uint64_t)len * K0);
}

static _Atomic uint64_t the_seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void
draw_seed(void)
{
	struct timespec ts = { 0 };
	uint64_t s = 0;
	ssize_t n;

	do
		n = getrandom(&s, sizeof(s), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(s)) {
		/* No getrandom (a sandbox): weaker, but still not known in advance. */
		clock_gettime(CLOCK_MONOTONIC, &ts);
		s ^= (uint64_t)ts.tv_nsec * K0 ^ (uint64_t)ts.tv_sec * K1 ^ (uint64_t)getpid() * K2;
		s = hash_mix(s, (uint64_t)(uintptr_t)&ts);
	}
	atomic_store(&the_seed, s == 0 ? K0 : s);
}

uint64_t
hash_seed(void)
{
	uint64_t s = atomic_load_explicit(&the_seed, memory_order_relaxed);

	if (s == 0) {
		pthread_once(&seed_once, draw_seed);
		s = atomic_load(&the_seed);
	}
	return s;
}
