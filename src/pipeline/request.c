/* Requests as plain data: life and copies. */
#include "pipeline/ask.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

void
request_init(struct request *r)
{
	memset(r, 0, sizeof(*r));
	r->event = UINT64_MAX;
	for (unsigned i = 0; i < REQUEST_PANELS; i++) {
		query_init(&r->panel[i].query);
		r->panel[i].span_from = r->panel[i].span_to = TIME_NONE;
	}
}

void
request_release(struct request *r)
{
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		query_release(&r->panel[i].query);
	free(r->risk_object);
	r->risk_object = NULL;
}

void
request_copy(struct request *to, const struct request *from)
{
	*to = *from;
	for (unsigned i = 0; i < REQUEST_PANELS; i++) {
		query_init(&to->panel[i].query);
		query_copy(&to->panel[i].query, &from->panel[i].query);
	}
	if (from->risk_object != NULL)
		to->risk_object = xstrdup(from->risk_object);
}
