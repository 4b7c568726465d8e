/* Opening and closing the live queries of a request. What is done with their answers: snap_panel.c.
 */
#include "pipeline/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

/* A search starts beside the row it starts from and goes round once. */
static void
start_find(struct finder *f, const struct panel_request *r)
{
	f->found = UINT64_MAX;
	f->active = r->find[0] != '\0' && r->find_dir != 0;
	f->at = r->find_from;
	f->left = UINT64_MAX; /* how many rows there are is known when the scan is done */
}

/* The query of a detection's search with the terms of the panel; false: it does not run. */
static bool
detection_query(
    struct ask_panel *p, const struct risk *risk, const struct panel_request *r, struct query *q)
{
	const struct detection *d =
	    risk != NULL && risk->set != NULL ? detection_find(risk->set, r->detection) : NULL;

	if (d == NULL || d->state != DETECTION_RUNNABLE) {
		(void)snprintf(p->error.message, sizeof(p->error.message), "%s",
		    d == NULL ? "there is no such detection" : d->reason);
		return false;
	}
	p->set = detection_set_hold(risk->set);
	p->detection = d;
	spl_query(d->spl, q);
	if (r->query.filter != NULL)
		query_and(q, r->query.filter);
	q->since = r->query.since;
	q->until = r->query.until;
	return true;
}

static void
open_panel(struct ask_panel *p, struct model *m, const struct risk *risk,
    const struct panel_request *r, const char *muted)
{
	struct query q;

	memset(p, 0, sizeof(*p));
	if (!r->used)
		return;
	query_init(&q);
	if (r->detection[0] == '\0')
		query_copy(&q, &r->query);
	else
		p->bad = !detection_query(p, risk, r, &q);
	query_and(&q, r->muted_too ? "" : muted);
	if (!p->bad)
		p->live = live_open(m, &q, &p->error);
	p->bad = p->live == NULL;
	query_release(&q);
	start_find(&p->find, r);
}

/* The same question again costs nothing: the open query goes over. */
static bool
take_over(struct ask_panel *to, const struct risk *risk, const struct panel_request *r,
    struct ask_panel *from, const struct panel_request *old)
{
	if (!r->used || !old->used || from->live == NULL || !query_equal(&r->query, &old->query))
		return false;
	if (strcmp(r->detection, old->detection) != 0 || r->muted_too != old->muted_too ||
	    (from->set != NULL && from->set != risk->set))
		return false;
	*to = *from;
	from->live = NULL;
	from->set = NULL;
	start_find(&to->find, r);
	return true;
}

void
asker_set(struct asker *a, struct model *m, const struct risk *risk, const struct request *r)
{
	struct asker old = *a;
	bool same;

	request_copy(&a->request, r);
	a->muted = xstrdup(r->show_muted ? "" : risk_mute_term(risk));
	same = old.set && strcmp(old.muted, a->muted) == 0;
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		if (!same || !take_over(&a->panel[i], risk, &a->request.panel[i], &old.panel[i],
				 &old.request.panel[i]))
			open_panel(&a->panel[i], m, risk, &a->request.panel[i], a->muted);
	a->set = true;
	asker_clear(&old, m);
}

void
asker_clear(struct asker *a, struct model *m)
{
	if (!a->set)
		return;
	for (unsigned i = 0; i < REQUEST_PANELS; i++) {
		if (a->panel[i].live != NULL)
			live_close(m, a->panel[i].live);
		if (a->panel[i].set != NULL)
			detection_set_drop(a->panel[i].set);
	}
	request_release(&a->request);
	free(a->muted);
	a->muted = NULL;
	memset(a->panel, 0, sizeof(a->panel));
	a->set = false;
}

bool
asker_complete(const struct asker *a)
{
	uint64_t done, total;

	for (unsigned i = 0; a->set && i < REQUEST_PANELS; i++) {
		if (a->panel[i].live == NULL)
			continue;
		live_progress(a->panel[i].live, &done, &total);
		if (done != total || a->panel[i].find.active)
			return false;
	}
	return true;
}
