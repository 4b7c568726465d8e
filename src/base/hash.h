/*
 * The seeded hash of the program. Every table keyed by event text uses it with hash_seed(), so that
 * names chosen to collide do not (faults.md M02 in the design; see tests for the flood test).
 */
#ifndef FALCOTOP_BASE_HASH_H
#define FALCOTOP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 64-bit hash of len bytes; fast for short strings, never reads outside [p, p + len). */
uint64_t hash_bytes(const void *p, size_t len, uint64_t seed);
/* A seed from getrandom(2), the same for the life of the process. */
uint64_t hash_seed(void);

static inline uint64_t
hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xbf58476d1ce4e5b9u);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

#endif
