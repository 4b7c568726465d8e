/*
 * Live queries in buckets of an hour for the detections of a set, and one over everything for
 * Falco's own rules; risk events out of the rows that grew. Only hours with a change are looked at
 * again, and no more than a tenth of the time goes here.
 */
#include "detect/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "detect/attack.h"
#include "base/banned.h"

#define HOUR  (3600 * NSEC_PER_SEC)
#define SHARE 9 /* as long as a collect took it rests so many times */

/* Every rule for every user, as a search: what has no user has nobody to count for. */
#define LOCAL_SEARCH "* | stats count values(tags) as tags by rule user"

/* A detection, or the rules themselves (detection NULL). */
struct watch {
	const struct detection *detection;
	const struct spl *spl;
	struct live *live;
	char *problem;
	uint64_t version; /* of the live query at the last collect */
	uint64_t *count;  /* of each group at the last collect */
	uint32_t ncount, cap;
	char *tactics;
};

/* Texts of the event that is being made. */
struct texts {
	struct buf message, row, techniques, tactics, search;
};

struct detect_run {
	struct model *model;
	struct detection_set *set;
	struct detect_run_options options;
	struct watch *watch; /* one a detection of the set */
	struct watch local;
	struct spl *local_spl;
	struct live *sources; /* which event sources there are; NULL: no detection wants to know */
	bool audit;	      /* an audit event was seen: the detections of those are open */
	int64_t finished, cost; /* of the last collect, ns */
	struct texts texts;
	int64_t *hour;
	size_t nhour, hour_cap;
	uint64_t *changed;
	uint32_t nchanged; /* words */
};

/* --- identity */

#define FNV_PRIME ((__uint128_t)1 << 88 | 0x13b)

static __uint128_t
fnv(__uint128_t h, const void *p, size_t len)
{
	const unsigned char *byte = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ byte[i]) * FNV_PRIME;
	return h;
}

/* With its length before it, so that no two lists of parts are the same bytes. */
static __uint128_t
fnv_part(__uint128_t h, struct slice s)
{
	unsigned char len[8];

	for (unsigned i = 0; i < 8; i++)
		len[i] = (unsigned char)((uint64_t)s.len >> (8 * i));
	return fnv(fnv(h, len, sizeof(len)), s.p, s.len);
}

void
risk_identity(
    uint64_t id[2], struct slice search, int64_t hour, struct slice row, struct slice object)
{
	__uint128_t h = (__uint128_t)0x6c62272e07bb0142u << 64 | 0x62b821756295c58du;
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)(hour / NSEC_PER_SEC));

	h = fnv_part(h, search);
	h = fnv_part(h, (struct slice){ text, (size_t)n });
	h = fnv_part(h, row);
	h = fnv_part(h, object);
	id[0] = (uint64_t)(h >> 64);
	id[1] = (uint64_t)h;
}

/* --- queries */

static void
watch_close(struct detect_run *r, struct watch *w)
{
	live_close(r->model, w->live);
	free(w->problem);
	free(w->count);
	free(w->tactics);
	*w = (struct watch){ 0 };
}

static void
watch_open(struct detect_run *r, struct watch *w)
{
	struct filter_error err;
	struct query q;

	spl_query(w->spl, &q);
	q.bucket = HOUR;
	w->live = live_open(r->model, &q, &err);
	if (w->live == NULL)
		w->problem = xstrdup(err.message);
	w->version = UINT64_MAX;
	query_release(&q);
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

/* --- events */

struct emit {
	struct detect_run *run;
	const struct watch *watch;
	const struct spl_result *result;
	detect_risk_fn *fn;
	void *arg;
	uint64_t n;
};

/* The values of the by-fields in sight, a line each; a newline or backslash inside is written \n,
 * \\. */
static void
print_row(const struct spl *s, const struct spl_row *row, struct buf *out)
{
	bool first = true;

	buf_clear(out);
	buf_adds(out, "");
	for (unsigned i = 0; i < spl_ncolumns(s); i++) {
		const struct slice text = row->cell[i].text;

		if (spl_column_field(s, i, NULL) == NULL)
			continue;
		if (!first)
			buf_addc(out, '\n');
		first = false;
		for (size_t k = 0; k < text.len; k++) {
			if (text.p[k] == '\n')
				buf_adds(out, "\\n");
			else if (text.p[k] == '\\')
				buf_adds(out, "\\\\");
			else
				buf_addc(out, text.p[k]);
		}
	}
}

static struct risk_event
base_event(const struct spl_row *row)
{
	return (struct risk_event){
		.hour = row->bucket, .first = row->first, .last = row->last, .count = row->count
	};
}

static void
send(struct emit *e, struct risk_event *ev, struct slice object)
{
	if (object.len == 0)
		return;
	ev->object = object;
	risk_identity(ev->id, ev->search, ev->hour, ev->row, object);
	e->fn(e->arg, ev);
	e->n++;
}

/*
 * As Splunk scores it: whoever the field says, also the "0" of fillnull and "<NA>"; nobody when
 * there is no value. Several values are several objects.
 */
static void
send_objects(struct emit *e, struct risk_event *ev, const struct spl_cell *c)
{
	if (c->kind == SPL_MISSING)
		return;
	if (c->nitem == 0)
		send(e, ev, c->text);
	for (uint32_t i = 0; i < c->nitem; i++)
		send(e, ev, c->item[i]);
}

static void
emit_detection(struct emit *e, const struct spl_row *row)
{
	const struct detection *d = e->watch->detection;
	struct texts *t = &e->run->texts;
	struct risk_event ev = base_event(row);

	print_row(e->watch->spl, row, &t->row);
	ev.row = buf_slice(&t->row);
	ev.search = slice_of(d->search_name);
	ev.stories = slice_of(d->stories);
	ev.techniques = slice_of(d->techniques);
	ev.tactics = slice_of(e->watch->tactics);
	for (unsigned i = 0; i < d->nrisk; i++) {
		const struct risk_object *o = &d->risk[i];
		int column = spl_column_index(e->watch->spl, slice_of(o->field));

		if (column < 0)
			continue;
		buf_clear(&t->message);
		(void)detection_expand(o->message, e->result, row, &t->message);
		ev.message = buf_slice(&t->message);
		ev.object_type = slice_of(o->type);
		ev.score = o->score;
		send_objects(e, &ev, &row->cell[column]);
	}
}

/* Columns of LOCAL_SEARCH. */
enum { LOCAL_RULE, LOCAL_USER, LOCAL_COUNT, LOCAL_TAGS };

static void
local_tags(struct emit *e, const struct spl_row *row)
{
	const struct detect_run_options *o = &e->run->options;
	const struct spl_cell *c = &row->cell[LOCAL_TAGS];
	struct texts *t = &e->run->texts;
	struct buf tags = { 0 };

	buf_adds(&tags, "");
	if (c->nitem == 0)
		buf_add(&tags, c->text.p, c->text.len);
	for (uint32_t i = 0; i < c->nitem; i++) {
		buf_add(&tags, c->item[i].p, c->item[i].len);
		buf_addc(&tags, ' ');
	}
	if (c->kind == SPL_MISSING && o->rule_tags != NULL)
		o->rule_tags(o->arg, row->cell[LOCAL_RULE].text, &tags);
	buf_clear(&t->techniques);
	buf_clear(&t->tactics);
	attack_from_tags(buf_slice(&tags), &t->techniques, &t->tactics);
	buf_release(&tags);
}

static void
emit_local(struct emit *e, const struct spl_row *row)
{
	const struct detect_run_options *o = &e->run->options;
	const struct slice rule = row->cell[LOCAL_RULE].text, user = row->cell[LOCAL_USER].text;
	struct texts *t = &e->run->texts;
	struct risk_event ev = base_event(row);

	if (user.len == 0 || slice_eq(user, SLICE("<NA>")))
		return;
	local_tags(e, row);
	print_row(e->watch->spl, row, &t->row);
	buf_clear(&t->search);
	buf_adds(&t->search, "local: ");
	buf_add(&t->search, rule.p, rule.len);
	buf_clear(&t->message);
	buf_add(&t->message, rule.p, rule.len);
	buf_adds(&t->message, " by user ");
	buf_add(&t->message, user.p, user.len);
	ev.row = buf_slice(&t->row);
	ev.search = buf_slice(&t->search);
	ev.message = buf_slice(&t->message);
	ev.techniques = buf_slice(&t->techniques);
	ev.tactics = buf_slice(&t->tactics);
	ev.stories = SLICE("");
	ev.object_type = SLICE("user");
	if (o->local_score != NULL)
		ev.score = o->local_score(o->arg, rule, (enum priority)row->priority);
	send(e, &ev, user);
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

static uint64_t
collect_watch(struct detect_run *r, struct watch *w, detect_risk_fn *fn, void *arg)
{
	struct emit e = { .run = r, .watch = w, .fn = fn, .arg = arg };
	struct spl_result result;
	uint64_t version;

	if (w->live == NULL || (w->detection != NULL && w->detection->nrisk == 0))
		return 0;
	version = live_version(w->live);
	if (version == w->version)
		return 0;
	w->version = version;
	find_changes(r, w);
	if (r->nhour == 0)
		return 0;
	spl_rows_changed(w->spl, live_groups(w->live), model_symbols(r->model), r->hour, r->nhour,
	    r->changed, &result);
	e.result = &result;
	for (uint32_t i = 0; i < result.nrows; i++) {
		if (!result.row[i].changed)
			continue;
		if (w->detection != NULL)
			emit_detection(&e, &result.row[i]);
		else
			emit_local(&e, &result.row[i]);
	}
	spl_result_release(&result);
	return e.n;
}

uint64_t
detect_run_collect(struct detect_run *r, bool last, detect_risk_fn *fn, void *arg)
{
	int64_t began = clock_mono();
	uint64_t n = 0;

	if (!last && began - r->finished < SHARE * r->cost)
		return 0;
	open_audit(r);
	for (unsigned i = 0; i < r->set->n; i++)
		n += collect_watch(r, &r->watch[i], fn, arg);
	n += collect_watch(r, &r->local, fn, arg);
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
