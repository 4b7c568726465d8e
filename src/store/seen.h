/*
 * The names that were ever seen, in memory: the newest `max` of them, the oldest leaving first. No
 * lock: the history's. Private to store/.
 */
#ifndef FALCOTOP_STORE_SEEN_H
#define FALCOTOP_STORE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct seen_key {
	uint64_t hash[2];
	uint32_t kind;
	bool before; /* known from an earlier run */
};

struct seen {
	uint32_t max;
	uint32_t n, room;     /* entries in the ring; its size */
	uint32_t head;	      /* the oldest, once the ring is full */
	struct seen_key *key; /* ring, oldest first */
	uint32_t *slot;	      /* index + 1 by hash */
	uint32_t nslots;
};

void seen_init(struct seen *s, uint32_t max);
void seen_release(struct seen *s);
struct seen_key *seen_find(const struct seen *s, uint32_t kind, const uint64_t hash[2]);
/* Adds what is not there. */
void seen_add(struct seen *s, uint32_t kind, const uint64_t hash[2], bool before);

#endif
