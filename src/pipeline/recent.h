/* A bounded set of the newest 64-bit hashes seen: is this the second delivery of the same event? */
#ifndef FALCOTOP_PIPELINE_RECENT_H
#define FALCOTOP_PIPELINE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

struct recent;

/* Remembers the last `keep` hashes, a power of two. */
struct recent *recent_new(uint32_t keep);
void recent_free(struct recent *r);
/* True when the hash is among the remembered; else it is remembered and the oldest forgotten. */
bool recent_seen(struct recent *r, uint64_t hash);

#endif
