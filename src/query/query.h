/*
 * The one question: filter | stats by … over a time range. Plain data by value and by name, so that
 * it can be sent between threads, compared, printed and kept; the model compiles it (model/live.h).
 */
#ifndef FALCOTOP_QUERY_QUERY_H
#define FALCOTOP_QUERY_QUERY_H

#include "query/filter.h"
#include "query/group.h"

enum query_kind {
	QUERY_GROUPS,	/* a table of groups */
	QUERY_EVENTS,	/* the events themselves, in time order */
	QUERY_HISTOGRAM /* counts by time bucket and priority */
};

#define QUERY_NAME_MAX 128
#define QUERY_BY_TYPED 8 /* by-fields that query_set_by() takes: what a table has room for */

struct query {
	enum query_kind kind;
	char *filter; /* owned; NULL = everything */
	unsigned nby;
	char *by[GROUP_BY_MAX]; /* owned; names as asked for */
	unsigned ndistinct;
	char *distinct[GROUP_DISTINCT]; /* owned */
	int64_t since, until;		/* event time: since <= t < until; TIME_NONE = open */
	int64_t bucket;			/* QUERY_GROUPS: see group_spec; 0: none */
};

void query_init(struct query *q);
void query_release(struct query *q);
void query_copy(struct query *to, const struct query *from);
bool query_equal(const struct query *a, const struct query *b);
/* ANDs one more term to the filter: "old and term", in parentheses where an "or" wants them. A bad
 * text stands alone. */
void query_and(struct query *q, const char *term);
/* Comma-separated field names into q->by; false and *err (offset in text) on an empty or too long
 * list. */
bool query_set_by(struct query *q, const char *text, struct filter_error *err);

#endif
