/*
 * Detections in the engine: their run over the model is asked about once a second for risk events
 * that are new or grew; those go to the book and the history. Not here: what the history knew
 * before (risk_load.c), what was seen before (risk_seen.c), what screens get (risk_snap.c).
 */
#include "pipeline/risk_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define FLUSH_NS (NSEC_PER_SEC / 10)
#define DRAINS	 600 /* times the history is waited for at the end of input */

/* Where collected risk events go. */
struct sink {
	struct risk *risk;
	int64_t now;
	bool changed;
};

static void
open_run(struct risk *r, struct detection_set *set)
{
	r->set = detection_set_hold(set);
	r->made = xcalloc(set->n + 1, sizeof(*r->made));
	r->run = detect_run_new(r->model, set, r->o.local);
}

struct risk *
risk_new(struct model *m, const struct risk_options *o)
{
	struct risk *r = xcalloc(1, sizeof(*r));

	r->o = *o;
	r->model = m;
	r->now = TIME_NONE;
	r->book = book_new(o->book);
	book_set_factors(r->book, o->factors);
	if (o->detections != NULL)
		open_run(r, o->detections);
	r->o.detections = NULL;
	if (o->keep_seen && o->history != NULL)
		risk_seen_open(r);
	risk_mutes_open(r, o->mutes);
	return r;
}

void
risk_free(struct risk *r)
{
	if (r == NULL)
		return;
	risk_seen_close(r);
	risk_mutes_close(r);
	detect_run_free(r->run);
	if (r->set != NULL)
		detection_set_drop(r->set);
	free(r->made);
	book_free(r->book);
	free(r);
}

/* Counters go by name: a detection that stays keeps its own. */
static uint64_t *
move_counters(const struct risk *r, const struct detection_set *to)
{
	uint64_t *made = xcalloc(to->n + 1, sizeof(*made));

	for (unsigned i = 0; i < to->n; i++)
		for (unsigned j = 0; j < r->set->n; j++)
			if (strcmp(to->v[i]->search_name, r->set->v[j]->search_name) == 0)
				made[i] = r->made[j];
	return made;
}

void
risk_swap(struct risk *r, struct detection_set *set)
{
	uint64_t *made;

	r->dirty = true;
	r->next = 0;
	if (r->run == NULL) {
		open_run(r, set);
		risk_mutes_again(r);
		return;
	}
	made = move_counters(r, set);
	detect_run_swap(r->run, set);
	free(r->made);
	r->made = made;
	detection_set_drop(r->set);
	r->set = detection_set_hold(set);
}

void
risk_mute_events(struct risk *r, const char *hidden_term)
{
	if (r->run == NULL)
		return;
	detect_run_mute(r->run, hidden_term);
	r->dirty = true;
	r->next = 0;
}

void
risk_rules(struct risk *r, const struct book_options *book, const struct risk_factors *factors)
{
	book_set_options(r->book, book);
	book_set_factors(r->book, factors);
}

void
risk_count_made(struct risk *r, struct slice search)
{
	for (unsigned i = 0; r->set != NULL && i < r->set->n; i++) {
		if (!slice_eq(slice_of(r->set->v[i]->search_name), search))
			continue;
		r->made[i]++;
		return;
	}
}

static void
take(void *arg, const struct risk_event *e)
{
	struct sink *to = arg;
	struct risk *r = to->risk;
	enum book_added how = book_add(r->book, e, to->now);

	r->given++;
	to->changed |= how == BOOK_NEW || how == BOOK_GREW;
	if (how == BOOK_NEW) {
		r->added++;
		risk_count_made(r, e->search);
	}
	if (r->o.history != NULL && !history_add(r->o.history, e))
		r->refused = true;
}

/* True when the book changed. */
static bool
collect(struct risk *r, int64_t now, bool last)
{
	struct sink to = { .risk = r, .now = now };

	if (r->run == NULL)
		return false;
	if (r->refused) {
		r->refused = false;
		detect_run_again(r->run);
	}
	(void)detect_run_collect(r->run, last, take, &to);
	return to.changed;
}

int64_t
risk_due(const struct risk *r)
{
	return r != NULL && (r->dirty || r->refused) ? r->next : INT64_MAX;
}

bool
risk_work(struct risk *r, int64_t mono, int64_t now, bool quiet)
{
	bool changed = false;

	r->now = now;
	if (mono >= risk_due(r)) {
		changed = collect(r, now, quiet);
		risk_seen_work(r);
		r->next = clock_mono() + RISK_EVERY;
		r->dirty = !quiet;
	}
	return risk_load_work(r) || changed;
}

void
risk_drain(struct risk *r, int64_t now)
{
	r->now = now;
	if (!r->dirty && !r->refused)
		return;
	(void)collect(r, now, true);
	/* The end of input waits for the disk; it gives up when that takes nothing. */
	for (unsigned i = 0; r->refused && i < DRAINS; i++) {
		(void)history_flush(r->o.history, FLUSH_NS);
		(void)collect(r, now, true);
	}
	risk_seen_work(r);
	r->dirty = false;
}
