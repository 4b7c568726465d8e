/*
 * The engine thread: the one owner of the model. It applies batches in order, and between them
 * serves those who ask: a new request gets its first snapshot within some 10 ms, scans and searches
 * go on in slices, changed data gives at most 20 snapshots a second. With nothing to do it sleeps
 * on a condition; only rates that still fall wake it by the clock.
 */
#include "pipeline/engine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "pipeline/state.h"
#include "base/banned.h"

#define MSEC	    (NSEC_PER_SEC / 1000)
#define TURN	    (5 * MSEC) /* of applying, scanning, searching */
#define BUILD_EVERY (50 * MSEC)
/* Rates of sources fall to nothing within these seconds, those of groups within as many minutes. */
#define TICK_SECONDS ((RATE_SECONDS + 2) * NSEC_PER_SEC)
#define TICK_MINUTES ((GROUP_MINUTES + 2) * 60 * NSEC_PER_SEC)

/* What the thread has to do next. */
struct task {
	struct request *request; /* new */
	struct answer *answers;	 /* new */
	struct batch *batch;	 /* decoded, next in order */
	struct batch *raw;	 /* to be decoded here */
	bool build;		 /* a snapshot is due */
	struct detection_set *reload;
	bool risk; /* something is due there */
};

/* --- applying -------------------------------------------------------------------------------- */

static void
apply(struct engine *e, struct batch *b)
{
	struct feed *f;

	pthread_mutex_lock(&e->pool.lock);
	f = e->feed[b->source];
	pthread_mutex_unlock(&e->pool.lock);
	order_batch(&e->order, f, b);
	if (b->block.n > 0)
		model_apply(e->model, &b->block);
	table_release(b->table);
	b->table = NULL;
	e->changed_at = clock_mono();
	if (e->next_tick > e->changed_at + NSEC_PER_SEC)
		e->next_tick = e->changed_at + NSEC_PER_SEC;
	rate_add(&e->rate, e->changed_at, b->block.n);
	risk_touch(e->risk);
	e->version++;
	batch_clear(b);
	b->block.schema = schema_view(model_schema(e->model));
	pool_put(&e->pool, b);
}

/* Applies what is ready for up to a slice, or until somebody asks. */
static void
apply_ready(struct engine *e, struct task *t)
{
	int64_t until = clock_mono() + (e->urgent ? 0 : TURN);
	struct batch *b = t->batch, *raw = t->raw;
	bool asked = false;

	while (b != NULL || raw != NULL) {
		if (raw != NULL) {
			worker_decode(e->worker[0], raw);
			pool_done(&e->pool, raw);
		}
		if (b != NULL)
			apply(e, b);
		pthread_mutex_lock(&e->pool.lock);
		asked = e->wanted != NULL || e->inbox != NULL || e->pool.stopping;
		raw = NULL;
		b = asked || clock_mono() > until ? NULL : pool_next(&e->pool);
		if (b == NULL && !asked && e->pool.inline_decode && clock_mono() <= until)
			raw = pool_work_locked(&e->pool);
		pthread_mutex_unlock(&e->pool.lock);
	}
}

/* --- asking ---------------------------------------------------------------------------------- */

/*
 * Idle and queued batches carry the newest schema to the workers. Those being decoded keep theirs;
 * the model knows what a block was decoded for.
 */
static void
refresh_schema(struct engine *e)
{
	struct schema *schema = model_schema(e->model);
	const struct schema_view *v = schema_view(schema);

	if (v->version != e->schema_version) {
		e->schema_version = v->version;
		pthread_mutex_lock(&e->pool.lock);
		for (unsigned i = 0; i < e->pool.count; i++) {
			struct batch *b = e->pool.all[i];

			if (b->busy)
				continue;
			schema_view_release(b->block.schema);
			b->block.schema = schema_view(schema);
		}
		pthread_mutex_unlock(&e->pool.lock);
	}
	schema_view_release(v);
}

/* The UI asks the same, but what is behind it is another: a detection, what is muted. */
static void
ask_again(struct engine *e)
{
	struct request r;

	e->version++;
	e->scanning = true;
	if (!e->ui.set)
		return;
	request_copy(&r, &e->ui.request);
	asker_set(&e->ui, e->model, e->risk, &r);
	request_release(&r);
	refresh_schema(e);
}

static void
take_reload(struct engine *e, struct detection_set *set)
{
	if (set == NULL)
		return;
	if (e->risk != NULL) {
		risk_swap(e->risk, set);
		ask_again(e);
	}
	detection_set_drop(set);
}

static void
take_questions(struct engine *e, struct task *t)
{
	take_reload(e, t->reload);
	if (e->risk != NULL && (t->request != NULL || t->answers != NULL) &&
	    risk_mutes_work(e->risk, clock_mono()))
		ask_again(e);
	if (t->request != NULL) {
		asker_set(&e->ui, e->model, e->risk, t->request);
		request_release(t->request);
		free(t->request);
		e->urgent = e->scanning = true;
	}
	while (t->answers != NULL) {
		struct answer *a = t->answers;

		t->answers = a->next;
		asker_set(&a->asker, e->model, e->risk, a->request);
		a->next = e->answers;
		e->answers = a;
		e->scanning = true;
	}
	refresh_schema(e);
	if (t->request == NULL)
		return;
	pthread_mutex_lock(&e->pool.lock);
	e->pool.held = false;
	pthread_cond_broadcast(&e->pool.work);
	pthread_mutex_unlock(&e->pool.lock);
}

static bool
search_panels(struct engine *e, struct asker *a)
{
	bool more = false;

	for (unsigned i = 0; a->set && i < REQUEST_PANELS; i++)
		more |= snap_find(&e->snap, &a->panel[i], &a->request.panel[i], TURN);
	return more;
}

/*
 * A slice of the scans and searches; those of an answer wait for the batches it waits for. The
 * first snapshot after their end does not wait.
 */
static void
scan(struct engine *e)
{
	if (!e->scanning && e->answers == NULL)
		return;
	e->scanning = live_work(e->model, TURN);
	e->scanning |= search_panels(e, &e->ui);
	for (struct answer *a = e->answers; a != NULL; a = a->next)
		if (e->pool.taken >= a->target)
			e->scanning |= search_panels(e, &a->asker);
	e->version++;
	if (!e->scanning)
		e->next_build = 0;
}

/* Risk events, once a second; when nothing came for half of one, all that is left. */
static void
watch_risk(struct engine *e)
{
	int64_t mono = clock_mono();
	bool quiet = !e->scanning && mono - e->changed_at > NSEC_PER_SEC / 2;

	if (e->risk == NULL || e->answers != NULL)
		return;
	if (risk_mutes_work(e->risk, mono))
		ask_again(e);
	if (risk_work(e->risk, mono, engine_now(e), quiet))
		e->version++;
}

static void
give_answer(struct engine *e, struct answer *a, struct snapshot *result)
{
	asker_clear(&a->asker, e->model);
	pthread_mutex_lock(&e->pool.lock);
	a->result = result;
	a->done = true;
	pthread_cond_broadcast(&e->answered);
	pthread_mutex_unlock(&e->pool.lock);
}

static void
give_answers(struct engine *e)
{
	struct answer **at = &e->answers;

	while (*at != NULL) {
		struct answer *a = *at;

		if (e->pool.taken < a->target || !asker_complete(&a->asker) ||
		    (e->risk != NULL && e->scanning)) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		if (e->risk != NULL)
			risk_drain(e->risk, engine_now(e));
		give_answer(e, a, engine_snapshot(e, &a->asker));
	}
}

static void
build(struct engine *e)
{
	int64_t start = clock_mono();
	struct snapshot *s = engine_snapshot(e, &e->ui);
	struct snapshot *old;
	int64_t end = clock_mono();
	int64_t pause = 4 * (end - start);

	e->built = e->version;
	e->urgent = false;
	e->next_build = end + (pause > BUILD_EVERY ? pause : BUILD_EVERY);
	pthread_mutex_lock(&e->pool.lock);
	old = e->out;
	e->out = s;
	pthread_mutex_unlock(&e->pool.lock);
	snapshot_free(old);
	if (e->o.wake != NULL)
		e->o.wake(e->o.wake_arg);
}

/* --- waiting --------------------------------------------------------------------------------- */

/* With the lock held: when rates on screen are due to fall next; INT64_MAX: they do not. */
static int64_t
tick_at(const struct engine *e, int64_t now)
{
	int64_t quiet = now - e->changed_at;
	bool live = false;

	if (!e->ui.set || e->changed_at == 0)
		return INT64_MAX;
	if (quiet < TICK_SECONDS)
		return e->next_tick;
	for (unsigned i = 0; i < e->nfeed; i++)
		live |= e->feed[i]->live;
	return live && quiet < TICK_MINUTES ? e->next_tick : INT64_MAX;
}

static void
tick(struct engine *e, int64_t now)
{
	bool fast = now - e->changed_at < TICK_SECONDS;

	if (now < tick_at(e, now))
		return;
	e->version++;
	e->next_tick = now + (fast ? 1 : 60) * NSEC_PER_SEC;
}

/* With the lock held: collects what there is to do; *until is when there may be something without a
 * signal. */
static bool
gather(struct engine *e, struct task *t, int64_t *until)
{
	int64_t now = clock_mono();
	bool changed;

	memset(t, 0, sizeof(*t));
	if (e->seen_touched != e->touched) {
		e->seen_touched = e->touched;
		e->version++;
	}
	tick(e, now);
	t->request = e->wanted;
	e->wanted = NULL;
	t->answers = e->inbox;
	e->inbox = NULL;
	t->reload = e->reload;
	e->reload = NULL;
	if (e->rules_news && e->risk != NULL) /* once in a blue moon: the lock may wait */
		risk_rules(e->risk, &e->book, e->factors);
	e->rules_news = false;
	t->risk = e->risk_news || now >= risk_due(e->risk);
	e->version += e->risk_news;
	e->risk_news = false;
	t->batch = pool_next(&e->pool);
	if (t->batch == NULL && e->pool.inline_decode)
		t->raw = pool_work_locked(&e->pool);
	changed = e->ui.set && e->version != e->built && e->out == NULL;
	t->build = e->urgent || (changed && now >= e->next_build);
	*until = tick_at(e, now);
	if (changed && e->next_build < *until)
		*until = e->next_build;
	if (risk_due(e->risk) < *until)
		*until = risk_due(e->risk);
	return t->reload != NULL || t->risk || t->request != NULL || t->answers != NULL ||
	       t->batch != NULL || t->raw != NULL || t->build || e->scanning;
}

/* With the lock held: sleeps until something is signalled or the time comes. */
static void
doze(struct engine *e, int64_t until)
{
	struct timespec t;
	int64_t now = clock_mono();

	if (until == INT64_MAX) {
		pthread_cond_wait(&e->pool.ready, &e->pool.lock);
		return;
	}
	t = pool_deadline(until > now ? until - now : 0);
	pthread_cond_timedwait(&e->pool.ready, &e->pool.lock, &t);
}

static bool
next_task(struct engine *e, struct task *t)
{
	int64_t until;
	bool go;

	pthread_mutex_lock(&e->pool.lock);
	while (!e->pool.stopping && !gather(e, t, &until))
		doze(e, until);
	go = !e->pool.stopping;
	pthread_mutex_unlock(&e->pool.lock);
	return go;
}

/* Nobody is left waiting. Batches on their way stay with the pool, which frees all it made. */
static void
let_go(struct engine *e)
{
	struct answer *a;

	pthread_mutex_lock(&e->pool.lock);
	while ((a = e->inbox) != NULL) {
		e->inbox = a->next;
		a->next = e->answers;
		e->answers = a;
	}
	pthread_mutex_unlock(&e->pool.lock);
	while ((a = e->answers) != NULL) {
		e->answers = a->next;
		give_answer(e, a, NULL);
	}
	asker_clear(&e->ui, e->model);
}

void *
engine_main(void *arg)
{
	struct engine *e = arg;
	struct task t = { 0 };

	while (next_task(e, &t)) {
		take_questions(e, &t);
		apply_ready(e, &t);
		scan(e);
		watch_risk(e);
		give_answers(e);
		if (t.build || e->urgent ||
		    (e->ui.set && e->next_build == 0 && e->version != e->built))
			build(e);
	}
	let_go(e);
	return NULL;
}
