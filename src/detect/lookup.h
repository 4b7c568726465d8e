/* Numbers found by hash: open addressing, seeded by the caller's hash, entries can go. Private to
 * the layer. */
#ifndef FALCOTOP_DETECT_LOOKUP_H
#define FALCOTOP_DETECT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#define LOOKUP_NONE UINT32_MAX

struct lookup {
	struct lookup_slot *slot;
	uint32_t n, mask; /* mask 0: nothing allocated yet */
};

/* Whether the thing with this number is the one that `key` describes. */
typedef bool lookup_same(const void *arg, uint32_t number, const void *key);

uint32_t lookup_find(
    const struct lookup *l, uint64_t hash, lookup_same *same, const void *arg, const void *key);
/* The caller knows that it is not there. */
void lookup_add(struct lookup *l, uint64_t hash, uint32_t number);
/* The caller knows that it is there. */
void lookup_remove(struct lookup *l, uint64_t hash, uint32_t number);
void lookup_release(struct lookup *l);

#endif
