/*
 * The answer of a QUERY_EVENTS: event numbers in order of time, then of arrival. Sorted when looked
 * at. Private to the model.
 */
#ifndef FALCOTOP_MODEL_EVENTLIST_H
#define FALCOTOP_MODEL_EVENTLIST_H

#include "model/internal.h"

struct event_list {
	uint64_t base; /* numbers are kept relative to it */
	uint32_t *v;   /* [head, n) are in use */
	size_t head, n, cap;
	size_t sorted; /* [head, sorted) is in order */
};

/* Rows of the view whose bit is set (NULL: all n) and the first of which is event `number`. */
void event_list_add(struct event_list *l, const struct model *m, const uint64_t *selected,
    uint32_t n, uint64_t number);
void event_list_sort(struct event_list *l, const struct model *m);
/* Drops the events of the segment, which is still in the index. */
void event_list_evict(struct event_list *l, const struct model *m, const struct segment *s);
void event_list_clear(struct event_list *l);
void event_list_release(struct event_list *l);
uint64_t event_list_at(const struct event_list *l, uint64_t i);
bool event_list_find(
    const struct event_list *l, const struct model *m, uint64_t number, uint64_t *i);

#endif
