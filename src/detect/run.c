/*
 * Live queries in buckets of an hour for the detections of a set, and one over everything for
 * Falco's own rules. Only hours with a change are looked at again, and no more than a tenth of the
 * time goes here.
 */
#include "detect/run.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "detect/attack.h"
#include "detect/run_private.h"
#include "base/banned.h"

#define HOUR  (3600 * NSEC_PER_SEC)
#define SHARE 9 /* as long as a collect took it rests so many times */

static void
shadow_close(struct detect_run *r, struct watch *w)
{
	if (w->shadow == NULL)
		return;
	live_close(r->model, w->shadow->live);
	free(w->shadow->count);
	free(w->shadow->tactics);
	free(w->shadow);
	w->shadow = NULL;
}

static void
watch_close(struct detect_run *r, struct watch *w)
{
	shadow_close(r, w);
	live_close(r->model, w->live);
	free(w->problem);
	free(w->count);
	free(w->tactics);
	*w = (struct watch){ 0 };
}

/* NULL, with why in err: no more slots. */
static struct live *
query_open(struct detect_run *r, const struct spl *spl, const char *term, struct filter_error *err)
{
	struct live *l;
	struct query q;

	spl_query(spl, &q);
	q.bucket = HOUR;
	query_and(&q, term);
	l = live_open(r->model, &q, err);
	query_release(&q);
	return l;
}

/* One that cannot be opened flags nothing: what it hides counts. */
static void
shadow_open(struct detect_run *r, struct watch *w)
{
	struct filter_error err;
	struct live *l;

	if (r->hidden.term == NULL || w->live == NULL)
		return;
	l = query_open(r, w->spl, r->hidden.term, &err);
	if (l == NULL)
		return;
	w->shadow = xcalloc(1, sizeof(*w->shadow));
	w->shadow->detection = w->detection;
	w->shadow->spl = w->spl;
	w->shadow->live = l;
	w->shadow->version = UINT64_MAX;
	w->shadow->tactics = xstrdup("");
}

static void
watch_open(struct detect_run *r, struct watch *w)
{
	struct filter_error err;

	w->live = query_open(r, w->spl, "", &err);
	if (w->live == NULL)
		w->problem = xstrdup(err.message);
	w->version = UINT64_MAX;
	shadow_open(r, w);
}

/* Whether some event came from the source of Kubernetes audit events. */
static bool
has_audit(const struct detect_run *r)
{
	const struct group_table *t = live_groups(r->sources);
	const struct symtab *symbols = model_symbols(r->model);

	for (uint32_t i = 0; i < group_count(t); i++)
		if (slice_eq(symtab_text(symbols, group_key(t, i)[0]), SLICE("k8s_audit")))
			return true;
	return false;
}

/* Audit searches name many fields that only their events have: they wait for the first one. */
static void
open_sources(struct detect_run *r)
{
	struct filter_error err;
	struct query q;
	bool any = false;

	for (unsigned i = 0; i < r->set->n; i++)
		any |= r->watch[i].spl != NULL && spl_is_audit(r->watch[i].spl);
	if (!any || r->audit || r->sources != NULL)
		return;
	query_init(&q);
	q.by[q.nby++] = xstrdup("source");
	r->sources = live_open(r->model, &q, &err);
	query_release(&q);
}

static void
open_audit(struct detect_run *r)
{
	if (r->sources == NULL || !has_audit(r))
		return;
	live_close(r->model, r->sources);
	r->sources = NULL;
	r->audit = true;
	for (unsigned i = 0; i < r->set->n; i++) {
		struct watch *w = &r->watch[i];

		if (w->spl != NULL && spl_is_audit(w->spl) && w->live == NULL && w->problem == NULL)
			watch_open(r, w);
	}
}

static void
open_set(struct detect_run *r, struct detection_set *set)
{
	r->set = detection_set_hold(set);
	r->watch = xcalloc((size_t)set->n + 1, sizeof(*r->watch));
	for (unsigned i = 0; i < set->n; i++) {
		const struct detection *d = set->v[i];
		struct watch *w = &r->watch[i];
		struct buf tactics = { 0 };

		w->detection = d;
		if (d->state != DETECTION_RUNNABLE ||
		    (r->options.only != NULL && strcmp(d->name, r->options.only) != 0))
			continue;
		w->spl = d->spl;
		buf_adds(&tactics, "");
		attack_tactics_of(slice_of(d->techniques), &tactics);
		w->tactics = buf_steal(&tactics);
		if (!spl_is_audit(d->spl) || r->audit)
			watch_open(r, w);
	}
	open_sources(r);
}

struct detect_run *
detect_run_new(struct model *m, struct detection_set *set, const struct detect_run_options *o)
{
	struct detect_run *r = xcalloc(1, sizeof(*r));
	const struct macros *none = set->macros;
	struct spl_error err;

	r->model = m;
	if (o != NULL)
		r->options = *o;
	open_set(r, set);
	if (!r->options.no_local) {
		r->local_spl = spl_compile(SLICE(LOCAL_SEARCH), none, NULL, &err);
		if (r->local_spl == NULL)
			fatal("local rules: %s", err.message);
		r->local.spl = r->local_spl;
		watch_open(r, &r->local);
	}
	return r;
}

static void
close_set(struct detect_run *r, struct watch *watch, struct detection_set *set)
{
	for (unsigned i = 0; i < set->n; i++)
		watch_close(r, &watch[i]);
	free(watch);
	detection_set_drop(set);
}

void
detect_run_free(struct detect_run *r)
{
	if (r == NULL)
		return;
	close_set(r, r->watch, r->set);
	watch_close(r, &r->local);
	run_hidden_clear(&r->hidden);
	live_close(r->model, r->sources);
	spl_free(r->local_spl);
	buf_release(&r->texts.message);
	buf_release(&r->texts.row);
	buf_release(&r->texts.techniques);
	buf_release(&r->texts.tactics);
	buf_release(&r->texts.search);
	free(r->hour);
	free(r->changed);
	free(r);
}

/* The same detection with the same search and the same risk goes on where it was. */
static bool
is_same(const struct detection *a, const struct detection *b)
{
	if (strcmp(a->name, b->name) != 0 || strcmp(a->search, b->search) != 0 ||
	    a->nrisk != b->nrisk)
		return false;
	for (unsigned i = 0; i < a->nrisk; i++)
		if (strcmp(a->risk[i].field, b->risk[i].field) != 0 ||
		    a->risk[i].score != b->risk[i].score ||
		    strcmp(a->risk[i].message, b->risk[i].message) != 0)
			return false;
	return true;
}

static void
take_counts(struct watch *to, struct watch *from)
{
	if (to->live == NULL || to->live != from->live || from->count == NULL ||
	    !is_same(to->detection, from->detection))
		return;
	to->count = from->count;
	to->ncount = from->ncount;
	to->cap = from->cap;
	to->version = from->version;
	from->count = NULL;
}

void
detect_run_swap(struct detect_run *r, struct detection_set *set)
{
	struct watch *old = r->watch;
	struct detection_set *before = r->set;

	open_set(r, set);
	for (unsigned i = 0; i < before->n; i++)
		for (unsigned k = 0; k < set->n; k++)
			take_counts(&r->watch[k], &old[i]);
	close_set(r, old, before);
}

struct detection_set *
detect_run_set(const struct detect_run *r)
{
	return r->set;
}

/* --- what grew */

static void
add_hour(struct detect_run *r, int64_t hour)
{
	if (r->nhour > 0 && r->hour[r->nhour - 1] == hour)
		return;
	if (r->nhour == r->hour_cap) {
		r->hour_cap = r->hour_cap == 0 ? 64 : r->hour_cap * 2;
		r->hour = xreallocarray(r->hour, r->hour_cap, sizeof(*r->hour));
	}
	r->hour[r->nhour++] = hour;
}

static int
compare_hours(const void *pa, const void *pb)
{
	const int64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static void
sort_hours(struct detect_run *r)
{
	size_t left = 0;

	if (r->nhour > 1)
		qsort(r->hour, r->nhour, sizeof(*r->hour), compare_hours);
	for (size_t i = 0; i < r->nhour; i++)
		if (left == 0 || r->hour[left - 1] != r->hour[i])
			r->hour[left++] = r->hour[i];
	r->nhour = left;
}

static void
make_room(struct detect_run *r, struct watch *w, uint32_t n)
{
	if (n > w->cap) {
		w->cap = n + n / 2;
		w->count = xreallocarray(w->count, w->cap, sizeof(*w->count));
	}
	for (; w->ncount < n; w->ncount++)
		w->count[w->ncount] = 0;
	if (bit_words(n) > r->nchanged) {
		r->nchanged = bit_words(n + n / 2);
		r->changed = xreallocarray(r->changed, r->nchanged, sizeof(*r->changed));
	}
	memset(r->changed, 0, bit_words(n) * sizeof(*r->changed));
}

/* Marks the groups that grew and collects their hours. What had no room of its own has no hour
 * either. */
static void
find_changes(struct detect_run *r, struct watch *w)
{
	const struct group_table *t = live_groups(w->live);
	uint32_t n = group_count(t);

	r->nhour = 0;
	if (n < w->ncount)
		w->ncount = 0;
	if (n == 0)
		return;
	make_room(r, w, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t count = group_row(t, i)->count;
		int64_t hour;

		if (count == w->count[i])
			continue;
		w->count[i] = count;
		hour = group_bucket(t, i);
		if (hour == INT64_MIN)
			continue;
		bit_set(r->changed, i);
		add_hour(r, hour);
	}
	sort_hours(r);
}

static void
emit_changed(struct emit *e, const struct watch *w)
{
	struct detect_run *r = e->run;
	struct spl_result result;

	spl_rows_changed(w->spl, live_groups(w->live), model_symbols(r->model), r->hour, r->nhour,
	    r->changed, &result);
	e->result = &result;
	for (uint32_t i = 0; i < result.nrows; i++) {
		if (!result.row[i].changed)
			continue;
		if (w->detection != NULL)
			run_emit_detection(e, &result.row[i]);
		else
			run_emit_local(e, &result.row[i]);
	}
	spl_result_release(&result);
}

/* Whether what is hidden is still being looked for. */
static bool
is_scanning(const struct watch *w)
{
	uint64_t done, total;

	if (w->shadow == NULL)
		return false;
	live_progress(w->shadow->live, &done, &total);
	return done < total;
}

static uint64_t
collect_watch(struct emit e, struct watch *w)
{
	uint64_t version;

	if (w->live == NULL || (w->detection != NULL && w->detection->nrisk == 0))
		return 0;
	version = live_version(w->live);
	if (version == w->version || is_scanning(w))
		return 0;
	if (w->shadow != NULL) { /* the flags are there before the events */
		struct emit hide = e;

		hide.shadow = true;
		(void)collect_watch(hide, w->shadow);
	}
	w->version = version;
	find_changes(e.run, w);
	if (e.run->nhour == 0)
		return 0;
	e.watch = w;
	emit_changed(&e, w);
	return e.n;
}

uint64_t
detect_run_collect(struct detect_run *r, bool last, detect_risk_fn *fn, void *arg)
{
	const struct emit e = { .run = r, .fn = fn, .arg = arg };
	int64_t began = clock_mono();
	uint64_t n = 0;

	if (!last && began - r->finished < SHARE * r->cost)
		return 0;
	open_audit(r);
	for (unsigned i = 0; i < r->set->n; i++)
		n += collect_watch(e, &r->watch[i]);
	n += collect_watch(e, &r->local);
	r->finished = clock_mono();
	r->cost = r->finished - began;
	return n;
}

static void
forget(struct watch *w)
{
	w->ncount = 0;
	w->version = UINT64_MAX;
}

void
detect_run_again(struct detect_run *r)
{
	for (unsigned i = 0; i < r->set->n; i++)
		forget(&r->watch[i]);
	forget(&r->local);
}

void
detect_run_mute(struct detect_run *r, const char *hidden_term)
{
	run_hidden_clear(&r->hidden);
	if (hidden_term != NULL && hidden_term[0] != '\0')
		r->hidden.term = xstrdup(hidden_term);
	for (unsigned i = 0; i < r->set->n; i++) {
		shadow_close(r, &r->watch[i]);
		shadow_open(r, &r->watch[i]);
	}
	shadow_close(r, &r->local);
	shadow_open(r, &r->local);
	detect_run_again(r);
}

void
detect_run_state(const struct detect_run *r, unsigned i, struct detect_state *out)
{
	const struct watch *w = i < r->set->n ? &r->watch[i] : &r->local;
	uint64_t done, total;
	int64_t first;

	*out = (struct detect_state){ .last = TIME_NONE, .problem = w->problem };
	if (w->live == NULL)
		return;
	live_progress(w->live, &done, &total);
	out->open = true;
	out->complete = done == total;
	out->matched = live_matched(w->live);
	out->rows = group_count(live_groups(w->live));
	if (!live_span(w->live, &first, &out->last))
		out->last = TIME_NONE;
}
