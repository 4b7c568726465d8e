/*
 * Loading what the engine detects with, and loading it again while the engine runs. Not here: what
 * detections are (detect/), when risk events are made (pipeline/risk.c).
 */
#include "app/detecting.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/saver.h"
#include "app/settings.h"
#include "base/xalloc.h"
#include "decode/message_table.h"
#include "detect/rules_file.h"
#include "detect/tune.h"

#include "base/banned.h"

#define RELOADS_MAX 256 /* of rules files: decoders may look into old tables until the end */
#define NEAR_MAX    5
#define WORD_MAX    100

/* Options of the newest config file; older ones stay, what they were made of may be in use. */
struct again {
	struct options o;
	struct again *next;
};

struct detecting {
	const struct options *o; /* of now: those given, or again->o */
	struct again *again;
	_Atomic(const struct risk_scores *) scores; /* the engine thread asks it; may be NULL */
	unsigned use;
	struct risk_options risk;
	struct detect_run_options local;
	struct ui_services services;
	struct saver *saver; /* NULL: mutes are not kept */
	char *only;
	struct detection_set *set;
	struct history *history;
	struct rules *rules[RELOADS_MAX];
	unsigned nrules;
	_Atomic(struct rules *) current; /* the engine thread asks it for tags */
	pthread_mutex_t lock;		 /* of: */
	struct engine *engine;
};

/* --- rules ----------------------------------------------------------------------------------- */

static void
say_rules(const struct rules *r)
{
	for (unsigned i = 0; i < rules_problems(r); i++)
		complain("%s", rules_problem(r, i));
}

static void
load_rules(struct detecting *d)
{
	struct rules *r;

	if (d->nrules == RELOADS_MAX) {
		complain("rules files were read too often: they stay as they are");
		return;
	}
	r = rules_new();
	if (d->o->rules.n == 0)
		(void)rules_add_default(r);
	for (unsigned i = 0; i < d->o->rules.n; i++)
		rules_add_path(r, d->o->rules.v[i]);
	decode_set_rules(rules_table(r));
	say_rules(r);
	d->rules[d->nrules++] = r;
	atomic_store(&d->current, r);
}

static void
tags(void *arg, struct slice rule, struct buf *out)
{
	const struct detecting *d = arg;

	rules_tags(atomic_load(&d->current), rule, out);
}

static double
local_score(void *arg, struct slice rule, enum priority priority)
{
	const struct detecting *d = arg;

	return risk_scores_get(atomic_load(&d->scores), rule, priority);
}

/* --- the config file -------------------------------------------------------------------------- */

static bool
same_config(const struct config *a, const struct config *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a->path, b->path) == 0 && a->bytes == b->bytes && a->hash == b->hash;
}

/* False after a complaint: the old one holds. */
static bool
load_config(struct detecting *d)
{
	struct again *new = xcalloc(1, sizeof(*new));
	const struct config *c;

	if (options_again(&new->o, d->o) != 0) {
		complain("the config file of before holds");
		free(new);
		return false;
	}
	c = new->o.config;
	if (same_config(c, d->o->config)) {
		options_release(&new->o);
		free(new);
		return true;
	}
	new->next = d->again;
	d->again = new;
	d->o = &new->o;
	atomic_store(&d->scores, c != NULL ? c->scores : NULL);
	(void)pthread_mutex_lock(&d->lock);
	if (d->engine != NULL)
		engine_risk_rules(d->engine, c != NULL ? &c->book : &book_options_default,
		    c != NULL ? c->factors : NULL);
	(void)pthread_mutex_unlock(&d->lock);
	return true;
}

/* --- detections ------------------------------------------------------------------------------ */

static const char *
filter(void *arg, const char *macro)
{
	return tunes_get(arg, macro);
}

static struct detection_set *
load_set(const struct detecting *d, bool quiet)
{
	struct tunes *t = tunes_new(NULL);
	struct detection_paths p = { .extra = d->o->detections.v,
		.nextra = d->o->detections.n,
		.only_extra = (d->use & DETECTING_ONLY_NAMED) != 0,
		.filter = (d->use & DETECTING_ONLY_NAMED) != 0 ? NULL : filter,
		.arg = t };
	struct detection_set *set;

	tunes_load(t);
	for (unsigned i = 0; !quiet && i < tunes_problems(t); i++)
		complain("%s", tunes_problem(t, i));
	set = detection_set_load(&p);
	for (unsigned i = 0; !quiet && i < set->nproblem; i++)
		complain("%s", set->problem[i]);
	tunes_free(t);
	return set;
}

/* How many letters differ, ignoring case: insertions, deletions, changes. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t na = strnlen(a, WORD_MAX), nb = strnlen(b, WORD_MAX);

	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned change = corner + ((a[i - 1] | 32) != (b[j - 1] | 32));
			unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			corner = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[nb];
}

/* The nearest names not listed yet, one after the other. */
static void
say_near(const struct detection_set *s, const char *name)
{
	struct buf list = { 0 };
	bool *listed = xcalloc(s->n + 1, sizeof(*listed));

	for (unsigned n = 0; n < NEAR_MAX && n < s->n; n++) {
		unsigned best = UINT32_MAX, at = 0;

		for (unsigned i = 0; i < s->n; i++) {
			unsigned far = listed[i] ? UINT32_MAX : distance(name, s->v[i]->name);

			if (far < best) {
				best = far;
				at = i;
			}
		}
		listed[at] = true;
		buf_addf(&list, "%s'%s'", n > 0 ? ", " : "", s->v[at]->name);
	}
	if (s->n == 0)
		complain("there is no detection '%s'; none are loaded (--detections PATH)", name);
	else
		complain("there is no detection '%s'; nearest: %s", name, list.p);
	buf_release(&list);
	free(listed);
}

const struct detection *
detecting_find(const struct detecting *d, const char *name)
{
	const struct detection *found = detection_find(d->set, name);

	if (found == NULL) {
		say_near(d->set, name);
	} else if (found->state != DETECTION_RUNNABLE) {
		complain("'%s' does not run: %s", found->name, found->reason);
		found = NULL;
	}
	return found;
}

/* --- the history ----------------------------------------------------------------------------- */

static void
wake(void *arg)
{
	struct detecting *d = arg;

	(void)pthread_mutex_lock(&d->lock);
	if (d->engine != NULL)
		engine_history_wake(d->engine);
	(void)pthread_mutex_unlock(&d->lock);
}

static void
open_history(struct detecting *d)
{
	struct history_options ho = {
		.path = d->o->history, .pending_max = 131072, .wake = wake, .wake_arg = d
	};

	if (d->o->history != NULL && strcmp(d->o->history, "none") == 0)
		return;
	d->history = history_new(&ho);
}

/* False when something was not written. */
static bool
close_history(struct detecting *d, int64_t timeout_ns)
{
	struct history_status st;
	bool ok;

	if (d->history == NULL)
		return true;
	ok = history_flush(d->history, timeout_ns);
	history_status(d->history, &st);
	if (st.state == HISTORY_REFUSED || st.state == HISTORY_OFF || !ok)
		complain(
		    "history: %s", st.error[0] != '\0' ? st.error : "not everything was written");
	else if (st.note[0] != '\0')
		complain("history: %s", st.note);
	history_free(d->history);
	return ok;
}

/* quiet: nothing is said of what goes wrong. */
static void
reload(struct detecting *d, bool quiet)
{
	struct detection_set *set = d->use & DETECTING_SET ? load_set(d, quiet) : NULL;
	struct detection_set *old = set;

	(void)pthread_mutex_lock(&d->lock);
	if (d->engine != NULL && set != NULL) {
		engine_detections(d->engine, set);
		old = d->set;
		d->set = set;
	}
	(void)pthread_mutex_unlock(&d->lock);
	if (old != NULL)
		detection_set_drop(old);
}

/* --- mutes and filter macros ------------------------------------------------------------------ */

static void
mutes_changed(void *arg)
{
	struct detecting *d = arg;

	(void)pthread_mutex_lock(&d->lock);
	if (d->saver != NULL)
		saver_wake(d->saver);
	(void)pthread_mutex_unlock(&d->lock);
}

/* On the saver's thread. */
static void
print_mutes(void *arg, struct buf *out)
{
	struct detecting *d = arg;

	(void)pthread_mutex_lock(&d->lock);
	if (d->engine != NULL)
		engine_mutes_print(d->engine, out);
	(void)pthread_mutex_unlock(&d->lock);
}

static struct mutes *
load_mutes(struct detecting *d)
{
	struct mutes *m = mutes_new();
	char err[MUTES_ERROR_MAX];

	if (mutes_load(m, NULL, err))
		d->saver = (d->use & DETECTING_KEEP_MUTES) != 0 ? saver_new(print_mutes, d) : NULL;
	else
		complain("mutes: %s (they are left alone, and none are kept in this run)", err);
	return m;
}

static bool
service_mute(void *arg, const char *filter_text, const char *reason, int64_t expires, char *err)
{
	const struct detecting *d = arg;
	const char *user = getenv("USER");
	struct filter_error why = { 0 };
	bool ok = engine_mute_add(
	    d->engine, filter_text, reason, user != NULL ? user : "", expires, &why);

	if (!ok)
		(void)snprintf(err, UI_ERROR_MAX, "%s", why.message);
	return ok;
}

static void
service_lift(void *arg, uint64_t id)
{
	(void)engine_mute_lift(((const struct detecting *)arg)->engine, id);
}

static void
service_arm(void *arg, uint64_t id, int64_t expires)
{
	(void)engine_mute_arm(((const struct detecting *)arg)->engine, id, expires);
}

/* What a screen may not do: standard error is behind it. */
static bool
service_filter(void *arg, const char *macro, const char *text, char *err)
{
	char why[TUNE_ERROR_MAX];
	struct tunes *t = tunes_new(NULL);
	bool ok;

	tunes_load(t);
	ok = tunes_set(t, macro, text, why);
	tunes_free(t);
	if (ok)
		reload(arg, true);
	else
		(void)snprintf(err, UI_ERROR_MAX, "%s", why);
	return ok;
}

const struct ui_services *
detecting_services(struct detecting *d)
{
	d->services = (struct ui_services){ .arg = d,
		.mute_add = service_mute,
		.mute_lift = service_lift,
		.mute_arm = service_arm,
		.filter_set = service_filter };
	return &d->services;
}

/* --- all of it ------------------------------------------------------------------------------- */

struct detecting *
detecting_new(const struct options *o, unsigned use)
{
	struct detecting *d = xcalloc(1, sizeof(*d));

	d->o = o;
	d->use = use;
	(void)pthread_mutex_init(&d->lock, NULL);
	if (use & DETECTING_RULES)
		load_rules(d);
	if (use & (DETECTING_SET | DETECTING_ONLY_NAMED))
		d->set = load_set(d, false);
	if (use & DETECTING_HISTORY)
		open_history(d);
	d->local =
	    (struct detect_run_options){ .rule_tags = tags, .local_score = local_score, .arg = d };
	if (o->config != NULL)
		atomic_store(&d->scores, o->config->scores);
	d->risk = (struct risk_options){ .detections = d->set,
		.history = d->history,
		.book = o->config != NULL ? &o->config->book : NULL,
		.factors = o->config != NULL ? o->config->factors : NULL,
		.local = &d->local,
		.fill = (use & DETECTING_MEMORY) != 0,
		.keep_seen = (use & DETECTING_MEMORY) != 0,
		.mutes_changed = mutes_changed,
		.mutes_arg = d };
	return d;
}

const struct risk_options *
detecting_risk(struct detecting *d)
{
	if ((d->use & DETECTING_MUTES) != 0 && d->risk.mutes == NULL)
		d->risk.mutes = load_mutes(d);
	return d->set != NULL || d->history != NULL ? &d->risk : NULL;
}

struct detection_set *
detecting_set(const struct detecting *d)
{
	return d->set;
}

struct history *
detecting_history(const struct detecting *d)
{
	return d->history;
}

void
detecting_only(struct detecting *d, const struct detection *only)
{
	d->only = xstrdup(only->name);
	d->local.no_local = true;
	d->local.only = d->only;
}

void
detecting_attach(struct detecting *d, struct engine *e)
{
	(void)pthread_mutex_lock(&d->lock);
	d->engine = e;
	(void)pthread_mutex_unlock(&d->lock);
}

void
detecting_detach(struct detecting *d)
{
	struct saver *s;

	(void)pthread_mutex_lock(&d->lock);
	s = d->saver;
	d->saver = NULL;
	(void)pthread_mutex_unlock(&d->lock);
	saver_free(s); /* what it saves, the engine still has */
	detecting_attach(d, NULL);
}

void
detecting_reload(void *detecting)
{
	struct detecting *d = detecting;

	(void)load_config(d);
	if (d->use & DETECTING_RULES)
		load_rules(d);
	reload(d, false);
}

bool
detecting_reload_said(void *detecting, struct buf *said)
{
	const struct detecting *d = detecting;
	struct buf problems = { 0 }, *before = complain_into(&problems);
	unsigned n = 0;

	detecting_reload(detecting);
	(void)complain_into(before);
	for (size_t i = 0; i < problems.len; i++)
		n += problems.p[i] == '\n';
	if (n == 0) /* nobody else changes the set */
		buf_addf(said, "read again: config, rules, macros, %u detection%s", d->set->n,
		    d->set->n == 1 ? "" : "s");
	else
		buf_addf(said, "read again, with %u problem%s: %.*s", n, n == 1 ? "" : "s",
		    (int)strcspn(problems.p, "\n"), problems.p);
	buf_release(&problems);
	return n == 0;
}

bool
detecting_free(struct detecting *d, int64_t timeout_ns)
{
	bool ok;

	if (d == NULL)
		return true;
	ok = close_history(d, timeout_ns);
	if (d->set != NULL)
		detection_set_drop(d->set);
	decode_set_rules(NULL);
	for (unsigned i = 0; i < d->nrules; i++)
		rules_free(d->rules[i]);
	for (struct again *a = d->again, *next; a != NULL; a = next) {
		next = a->next;
		options_release(&a->o);
		free(a);
	}
	(void)pthread_mutex_destroy(&d->lock);
	free(d->only);
	free(d);
	return ok;
}
