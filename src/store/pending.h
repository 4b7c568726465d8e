/*
 * Risk events that wait to be written, one entry an id: news of one that waits is merged into it.
 * Bounded in number and bytes. No lock: the history's. Private to store/.
 */
#ifndef FALCOTOP_STORE_PENDING_H
#define FALCOTOP_STORE_PENDING_H

#include "base/arena.h"
#include "detect/risk.h"

struct pending {
	uint32_t max; /* entries */
	uint32_t n, room;
	struct risk_event *v; /* in the order they came; their texts are in `text` */
	uint32_t *slot;	      /* index + 1 by id */
	uint32_t nslots;
	struct arena text;
};

enum pending_result { PENDING_ADDED, PENDING_MERGED, PENDING_NO_ROOM };

void pending_init(struct pending *p, uint32_t max);
void pending_release(struct pending *p);
void pending_clear(struct pending *p); /* keeps the memory */
/* Normalises what it copies: hour is that of first, first <= last, texts cut to HISTORY_TEXT_MAX.
 */
enum pending_result pending_add(struct pending *p, const struct risk_event *e);
/* The entry with that id; NULL when none. */
struct risk_event *pending_find(const struct pending *p, const uint64_t id[2]);

#endif
