/*
 * Counts what mutes and filters hide with the model's own live queries. Whether that breaks a mute
 * is decided in mute.c.
 */
#include "detect/mute_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "event/timestamp.h"
#include "base/banned.h"

#define HOUR (3600 * NSEC_PER_SEC)

enum { DISTINCT_PARENT, DISTINCT_USER };

struct watched {
	uint64_t id;
	struct live *table, *histogram;
	uint64_t version; /* of the table when last compared */
	char problem[160];
};

struct mute_watch {
	struct model *model;
	unsigned n;
	struct watched watched[MUTES_MAX];
	uint64_t version; /* of the list when last synchronised */
};

struct mute_watch *
mute_watch_new(struct model *m)
{
	struct mute_watch *w = xcalloc(1, sizeof(*w));

	w->model = m;
	return w;
}

static void
close_watched(struct mute_watch *w, struct watched *x)
{
	if (x->table != NULL)
		live_close(w->model, x->table);
	if (x->histogram != NULL)
		live_close(w->model, x->histogram);
}

void
mute_watch_free(struct mute_watch *w)
{
	if (w == NULL)
		return;
	for (unsigned i = 0; i < w->n; i++)
		close_watched(w, &w->watched[i]);
	free(w);
}

/* A table of one row: all events of the filter, with their parents and users. */
static struct live *
open_table(struct model *m, const char *filter, struct filter_error *err)
{
	struct query q;
	struct live *l;

	query_init(&q);
	q.kind = QUERY_GROUPS;
	query_and(&q, filter);
	q.ndistinct = 2;
	q.distinct[DISTINCT_PARENT] = xstrdup("proc.pname");
	q.distinct[DISTINCT_USER] = xstrdup("user.name");
	l = live_open(m, &q, err);
	query_release(&q);
	return l;
}

static struct live *
open_histogram(struct model *m, const char *filter, struct filter_error *err)
{
	struct query q;
	struct live *l;

	query_init(&q);
	q.kind = QUERY_HISTOGRAM;
	query_and(&q, filter);
	l = live_open(m, &q, err);
	query_release(&q);
	return l;
}

static void
open_watched(struct mute_watch *w, const struct mute *x)
{
	struct watched *v = &w->watched[w->n++];
	struct filter_error err;

	*v = (struct watched){ .id = x->id };
	v->table = open_table(w->model, x->filter, &err);
	if (v->table != NULL)
		v->histogram = open_histogram(w->model, x->filter, &err);
	if (v->histogram == NULL)
		snprintf(v->problem, sizeof(v->problem), "%s", err.message);
}

static const struct watched *
find(const struct mute_watch *w, uint64_t id)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->watched[i].id == id)
			return &w->watched[i];
	return NULL;
}

static void
synchronise(struct mute_watch *w, const struct mutes *m)
{
	for (unsigned i = 0; i < w->n;) {
		if (mutes_find(m, w->watched[i].id) != NULL) {
			i++;
			continue;
		}
		close_watched(w, &w->watched[i]);
		w->watched[i] = w->watched[--w->n];
	}
	for (unsigned i = 0; i < mutes_count(m) && w->n < MUTES_MAX; i++)
		if (find(w, mutes_get(m, i)->id) == NULL)
			open_watched(w, mutes_get(m, i));
}

static bool
is_complete(const struct live *l)
{
	uint64_t done, total;

	live_progress(l, &done, &total);
	return done == total;
}

static void
fill_parents(const struct mute_watch *w, const struct live *l, struct mute_sight *out)
{
	const struct group_table *t = live_groups(l);
	const struct symtab *symbols = model_symbols(w->model);
	sym_t parent[MUTE_PARENTS_MAX];
	uint32_t n;

	if (group_count(t) == 0)
		return;
	out->nparents = group_row(t, 0)->distinct[DISTINCT_PARENT];
	out->users = group_row(t, 0)->distinct[DISTINCT_USER];
	n = group_values(t, 0, DISTINCT_PARENT, symbols, parent, MUTE_PARENTS_MAX);
	for (uint32_t i = 0; i < n; i++)
		out->parent[i] = symtab_text(symbols, parent[i]);
	if (n < MUTE_PARENTS_MAX)
		out->nparents = n;
}

bool
mute_watch_sight(const struct mute_watch *w, uint64_t id, int64_t now, struct mute_sight *out)
{
	const struct watched *v = find(w, id);
	struct histogram_bucket hour;

	*out = (struct mute_sight){ 0 };
	if (v == NULL || v->histogram == NULL || !is_complete(v->table) ||
	    !is_complete(v->histogram))
		return false;
	out->events = live_matched(v->table);
	memcpy(out->by_priority, live_by_priority(v->table), sizeof(out->by_priority));
	fill_parents(w, v->table, out);
	live_histogram(v->histogram, now < INT64_MIN + HOUR ? INT64_MIN : now - HOUR,
	    now == INT64_MAX ? now : now + 1, &hour, 1);
	for (unsigned p = 0; p < PRIORITY_COUNT; p++)
		out->last_hour += hour.count[p];
	return true;
}

const char *
mute_watch_problem(const struct mute_watch *w, uint64_t id)
{
	const struct watched *v = find(w, id);

	return v == NULL || v->problem[0] == '\0' ? NULL : v->problem;
}

bool
mute_watch_step(struct mute_watch *w, struct mutes *m, int64_t wall, int64_t now)
{
	bool changed = mutes_expire(m, wall);

	if (w->version != mutes_version(m))
		synchronise(w, m);
	w->version = mutes_version(m);
	for (unsigned i = 0; i < w->n; i++) {
		struct watched *v = &w->watched[i];
		struct mute_sight sight;

		/* what it hides only grows with its events; the last hour only shrinks without */
		if (v->table == NULL || v->version == live_version(v->table) ||
		    !mute_watch_sight(w, v->id, now, &sight))
			continue;
		v->version = live_version(v->table);
		changed = mutes_compare(m, v->id, &sight) || changed;
	}
	w->version = mutes_version(m);
	return changed;
}

/* --- what would be hidden */

struct hiding {
	struct model *model;
	struct live *all, *hidden;
};

struct hiding *
hiding_open(
    struct model *m, const char *base, const char *term, bool hides, struct filter_error *err)
{
	struct hiding *h;
	struct filter *f = filter_parse(term, err);
	char *both;

	if (f == NULL)
		return NULL;
	filter_free(f);
	h = xcalloc(1, sizeof(*h));
	h->model = m;
	if (base == NULL || base[strspn(base, " \t\n")] == '\0')
		both = xasprintf("%s(%s)", hides ? "" : "not ", term);
	else
		both = xasprintf("(%s) and %s(%s)", base, hides ? "" : "not ", term);
	if (term[strspn(term, " \t\n")] == '\0') { /* keeps everything, so nothing is hidden */
		free(both);
		both = xstrdup(
		    hides ? (base == NULL ? "" : base) : "rule exists and not (rule exists)");
	}
	h->all = open_table(m, base == NULL ? "" : base, err);
	h->hidden = h->all == NULL ? NULL : open_table(m, both, err);
	free(both);
	if (h->hidden == NULL) {
		hiding_close(h);
		return NULL;
	}
	return h;
}

void
hiding_close(struct hiding *h)
{
	if (h == NULL)
		return;
	if (h->all != NULL)
		live_close(h->model, h->all);
	if (h->hidden != NULL)
		live_close(h->model, h->hidden);
	free(h);
}

bool
hiding_read(const struct hiding *h, struct hidden_cost *out)
{
	const uint64_t *p = live_by_priority(h->hidden);
	const struct group_table *t = live_groups(h->hidden);

	*out = (struct hidden_cost){ live_matched(h->hidden), live_matched(h->all), 0, 0 };
	for (unsigned i = PRIORITY_CRITICAL; i < PRIORITY_COUNT; i++)
		out->critical += p[i];
	if (group_count(t) > 0)
		out->users = group_row(t, 0)->distinct[DISTINCT_USER];
	return is_complete(h->hidden) && is_complete(h->all);
}

/* 7,000 */
static void
put_count(struct buf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}

void
hiding_text(struct buf *out, const struct hidden_cost *c)
{
	buf_adds(out, "hides ");
	put_count(out, c->events);
	buf_adds(out, " of ");
	put_count(out, c->of);
	buf_adds(out, c->of == 1 ? " event, " : " events, ");
	put_count(out, c->critical);
	buf_adds(out, " critical, ");
	put_count(out, c->users);
	buf_adds(out, c->users == 1 ? " user" : " users");
}
