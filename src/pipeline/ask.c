/* Opening and closing the live queries of a request. What is done with their answers: snap_panel.c.
 */
#include "pipeline/ask.h"
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

static void
open_panel(struct ask_panel *p, struct model *m, const struct panel_request *r)
{
	memset(p, 0, sizeof(*p));
	if (!r->used)
		return;
	p->live = live_open(m, &r->query, &p->error);
	p->bad = p->live == NULL;
	start_find(&p->find, r);
}

/* The same question again costs nothing: the open query goes over. */
static bool
take_over(struct ask_panel *to, const struct panel_request *r, struct ask_panel *from,
    const struct panel_request *old)
{
	if (!r->used || !old->used || from->live == NULL || !query_equal(&r->query, &old->query))
		return false;
	*to = *from;
	from->live = NULL;
	start_find(&to->find, r);
	return true;
}

void
asker_set(struct asker *a, struct model *m, const struct request *r)
{
	struct asker old = *a;

	request_copy(&a->request, r);
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		if (!old.set || !take_over(&a->panel[i], &a->request.panel[i], &old.panel[i],
				    &old.request.panel[i]))
			open_panel(&a->panel[i], m, &a->request.panel[i]);
	a->set = true;
	asker_clear(&old, m);
}

void
asker_clear(struct asker *a, struct model *m)
{
	if (!a->set)
		return;
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		if (a->panel[i].live != NULL)
			live_close(m, a->panel[i].live);
	request_release(&a->request);
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
