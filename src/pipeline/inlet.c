/*
 * The engine's front: its life, and what sources, the UI and reports may call from their threads.
 * Everything here takes the lock for a moment and leaves the work to the engine thread (engine.c).
 */
#include "pipeline/engine.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "pipeline/state.h"
#include "base/banned.h"

/* What the thread of a worker needs. */
struct decode_thread {
	struct engine *engine;
	struct worker *worker;
};

static void *
worker_main(void *arg)
{
	struct decode_thread *t = arg;
	struct batch *b;

	while ((b = pool_work(&t->engine->pool)) != NULL) {
		worker_decode(t->worker, b);
		pool_done(&t->engine->pool, b);
	}
	return NULL;
}

static void
init_batches(struct engine *e)
{
	const struct schema_view *v = schema_view(model_schema(e->model));

	e->schema_version = v->version;
	schema_view_release(v);
	for (unsigned i = 0; i < e->pool.count; i++)
		e->pool.all[i]->block.schema = schema_view(model_schema(e->model));
}

static void
start_threads(struct engine *e)
{
	unsigned n = e->o.threads > 0 ? e->o.threads : 1;

	e->worker = xcalloc(n, sizeof(struct worker *));
	for (unsigned i = 0; i < n; i++)
		e->worker[i] = worker_new(i, e->raw);
	e->worker_thread = xcalloc(n, sizeof(*e->worker_thread));
	e->decode_thread = xcalloc(n, sizeof(*e->decode_thread));
	for (unsigned i = 0; i < e->o.threads; i++) {
		e->decode_thread[i] = (struct decode_thread){ e, e->worker[i] };
		if (pthread_create(&e->worker_thread[i], NULL, worker_main, &e->decode_thread[i]) !=
		    0)
			fatal("cannot start a decode thread");
	}
	if (pthread_create(&e->thread, NULL, engine_main, e) != 0)
		fatal("cannot start the engine thread");
}

struct engine *
engine_new(const struct engine_options *o)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	struct model_options mo = { .memory = o->memory };

	e->o = *o;
	if (e->o.batch_size == 0)
		e->o.batch_size = BATCH_SIZE;
	pool_init(&e->pool, 2 * o->threads + 4, e->o.batch_size);
	e->pool.inline_decode = o->threads == 0;
	pthread_cond_init(&e->answered, NULL);
	e->raw = rawstore_new(o->spool);
	mo.raw = e->raw;
	e->model = model_new(&mo);
	e->snap.model = e->model;
	e->snap.raw = e->raw;
	e->snap.decoder = decoder_new();
	if (o->risk != NULL)
		e->risk = e->snap.risk = risk_new(e->model, o->risk);
	e->o.risk = NULL;
	e->version = 1;
	init_batches(e);
	start_threads(e);
	return e;
}

static void
free_feeds(struct engine *e)
{
	for (unsigned i = 0; i < e->nfeed; i++) {
		free(e->feed[i]->name);
		free(e->feed[i]->error);
		free(e->feed[i]);
	}
	free(e->feed);
}

void
engine_free(struct engine *e)
{
	unsigned n;

	if (e == NULL)
		return;
	n = e->o.threads > 0 ? e->o.threads : 1;
	pool_stop(&e->pool);
	pthread_join(e->thread, NULL);
	for (unsigned i = 0; i < e->o.threads; i++)
		pthread_join(e->worker_thread[i], NULL);
	for (unsigned i = 0; i < e->pool.count; i++)
		table_release(e->pool.all[i]->table);
	for (unsigned i = 0; i < n; i++)
		worker_free(e->worker[i]);
	free(e->worker);
	free(e->worker_thread);
	free(e->decode_thread);
	pool_release(&e->pool);
	risk_free(e->risk);
	if (e->reload != NULL)
		detection_set_drop(e->reload);
	model_free(e->model);
	rawstore_free(e->raw);
	decoder_free(e->snap.decoder);
	buf_release(&e->snap.scratch);
	order_release(&e->order);
	if (e->wanted != NULL) {
		request_release(e->wanted);
		free(e->wanted);
	}
	snapshot_free(e->out);
	free_feeds(e);
	pthread_cond_destroy(&e->answered);
	free(e);
}

struct rawstore *
engine_raw(struct engine *e)
{
	return e->raw;
}

size_t
engine_batch_size(const struct engine *e)
{
	return e->o.batch_size;
}

const char *
source_state_name(enum source_state s)
{
	switch (s) {
	case SOURCE_STARTING: return "starting";
	case SOURCE_OK: return "ok";
	case SOURCE_IDLE: return "idle";
	case SOURCE_WAITING: return "waiting";
	case SOURCE_RETRY: return "retry";
	case SOURCE_DONE: return "done";
	case SOURCE_FAILED: return "failed";
	}
	return "?";
}

/* --- sources --------------------------------------------------------------------------------- */

uint32_t
engine_add_source(struct engine *e, const char *name)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	uint32_t n;

	f->name = xstrdup(name);
	f->lag = __builtin_nan("");
	f->newest = TIME_NONE;
	f->last_arrival = TIME_NONE;
	pthread_mutex_lock(&e->pool.lock);
	if (e->nfeed == e->feed_cap) {
		e->feed_cap = e->feed_cap == 0 ? 16 : e->feed_cap * 2;
		e->feed = xreallocarray(e->feed, e->feed_cap, sizeof(struct feed *));
	}
	n = e->nfeed++;
	e->feed[n] = f;
	pthread_mutex_unlock(&e->pool.lock);
	return n;
}

/* With the lock held: the engine thread looks at the feeds again. */
static void
touch(struct engine *e)
{
	e->touched++;
	pthread_cond_signal(&e->pool.ready);
}

void
engine_source_state(struct engine *e, uint32_t source, enum source_state state, const char *error)
{
	struct feed *f;

	pthread_mutex_lock(&e->pool.lock);
	f = e->feed[source];
	if (f->state != state || error != NULL)
		touch(e);
	f->state = state;
	if (error != NULL) {
		free(f->error);
		f->error = xstrdup(error);
	}
	pthread_mutex_unlock(&e->pool.lock);
}

void
engine_source_total(struct engine *e, uint32_t source, uint64_t total)
{
	pthread_mutex_lock(&e->pool.lock);
	e->feed[source]->total = total;
	touch(e);
	pthread_mutex_unlock(&e->pool.lock);
}

void
engine_source_progress(struct engine *e, uint32_t source, uint64_t done)
{
	pthread_mutex_lock(&e->pool.lock);
	e->feed[source]->progress = done;
	touch(e);
	pthread_mutex_unlock(&e->pool.lock);
}

void
engine_source_drop(struct engine *e, uint32_t source, uint64_t lines)
{
	pthread_mutex_lock(&e->pool.lock);
	e->feed[source]->dropped += lines;
	touch(e);
	pthread_mutex_unlock(&e->pool.lock);
}

void
engine_source_loss(struct engine *e, uint32_t source, uint64_t times)
{
	pthread_mutex_lock(&e->pool.lock);
	e->feed[source]->losses += times;
	touch(e);
	pthread_mutex_unlock(&e->pool.lock);
}

uint64_t
engine_applied(struct engine *e, uint32_t source)
{
	const struct feed *f;

	pthread_mutex_lock(&e->pool.lock);
	f = e->feed[source];
	pthread_mutex_unlock(&e->pool.lock);
	return atomic_load(&f->applied);
}

struct batch *
engine_batch(struct engine *e, bool wait)
{
	return pool_get(&e->pool, wait ? -1 : 0);
}

struct batch *
engine_batch_within(struct engine *e, int64_t timeout_ns)
{
	return pool_get(&e->pool, timeout_ns);
}

void
engine_interrupt(struct engine *e, bool on)
{
	pthread_mutex_lock(&e->pool.lock);
	e->pool.interrupted = on;
	pthread_cond_broadcast(&e->pool.room);
	pthread_mutex_unlock(&e->pool.lock);
}

void
engine_on_room(struct engine *e, void (*cb)(void *arg), void *arg)
{
	pool_on_room(&e->pool, cb, arg);
}

void
engine_off_room(struct engine *e, void (*cb)(void *arg), void *arg)
{
	pool_off_room(&e->pool, cb, arg);
}

void
engine_push(struct engine *e, struct batch *b)
{
	pthread_mutex_lock(&e->pool.lock);
	e->feed[b->source]->sent++;
	pthread_mutex_unlock(&e->pool.lock);
	pool_push(&e->pool, b);
}

void
engine_batch_return(struct engine *e, struct batch *b)
{
	b->len = 0;
	b->long_bytes = 0;
	buf_clear(&b->long_head);
	pool_put(&e->pool, b);
}

/* --- detections ------------------------------------------------------------------------------ */

void
engine_detections(struct engine *e, struct detection_set *set)
{
	struct detection_set *old;

	set = detection_set_hold(set);
	pthread_mutex_lock(&e->pool.lock);
	old = e->reload;
	e->reload = set;
	pthread_cond_signal(&e->pool.ready);
	pthread_mutex_unlock(&e->pool.lock);
	if (old != NULL)
		detection_set_drop(old);
}

void
engine_risk_rules(
    struct engine *e, const struct book_options *book, const struct risk_factors *factors)
{
	pthread_mutex_lock(&e->pool.lock);
	e->book = *book;
	e->factors = factors;
	e->rules_news = e->risk_news = true;
	pthread_cond_signal(&e->pool.ready);
	pthread_mutex_unlock(&e->pool.lock);
}

void
engine_history_wake(void *engine)
{
	struct engine *e = engine;

	pthread_mutex_lock(&e->pool.lock);
	e->risk_news = true;
	pthread_cond_signal(&e->pool.ready);
	pthread_mutex_unlock(&e->pool.lock);
}

bool
engine_mute_add(struct engine *e, const char *filter, const char *reason, const char *owner,
    int64_t expires, struct filter_error *err)
{
	bool ok;

	if (e->risk == NULL) {
		*err = (struct filter_error){ .message = "nothing can be muted here" };
		return false;
	}
	ok = risk_mute_add(e->risk, filter, reason, owner, expires, err);
	engine_history_wake(e);
	return ok;
}

bool
engine_mute_lift(struct engine *e, uint64_t id)
{
	bool ok = e->risk != NULL && risk_mute_lift(e->risk, id);

	engine_history_wake(e);
	return ok;
}

bool
engine_mute_arm(struct engine *e, uint64_t id, int64_t expires)
{
	bool ok = e->risk != NULL && risk_mute_arm(e->risk, id, expires);

	engine_history_wake(e);
	return ok;
}

void
engine_mutes_print(struct engine *e, struct buf *out)
{
	if (e->risk != NULL)
		risk_mutes_print(e->risk, out);
}

/* --- the UI and reports ---------------------------------------------------------------------- */

/* The workers wait until the first request was compiled: then they decode for it from the first
 * line on. */
void
engine_request(struct engine *e, const struct request *r)
{
	struct request *copy = xcalloc(1, sizeof(*copy));
	struct request *old;

	request_copy(copy, r);
	pthread_mutex_lock(&e->pool.lock);
	old = e->wanted;
	e->wanted = copy;
	if (!e->asked)
		e->pool.held = true;
	e->asked = true;
	pthread_cond_signal(&e->pool.ready);
	pthread_mutex_unlock(&e->pool.lock);
	if (old != NULL) {
		request_release(old);
		free(old);
	}
}

struct snapshot *
engine_take(struct engine *e)
{
	struct snapshot *s;

	pthread_mutex_lock(&e->pool.lock);
	s = e->out;
	e->out = NULL;
	if (s != NULL) /* the next one may be due */
		pthread_cond_signal(&e->pool.ready);
	pthread_mutex_unlock(&e->pool.lock);
	return s;
}

struct snapshot *
engine_answer(struct engine *e, const struct request *r)
{
	struct answer a = { .request = r };
	struct answer **tail = &e->inbox;

	pthread_mutex_lock(&e->pool.lock);
	a.target = e->pool.pushed;
	a.done = e->pool.stopping;
	while (*tail != NULL)
		tail = &(*tail)->next;
	if (!a.done)
		*tail = &a;
	pthread_cond_signal(&e->pool.ready);
	while (!a.done)
		pthread_cond_wait(&e->answered, &e->pool.lock);
	pthread_mutex_unlock(&e->pool.lock);
	return a.result;
}

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < REQUEST_PANELS; i++)
		if (s->panel[i].result != NULL)
			spl_result_release(s->panel[i].result);
	if (s->detections != NULL)
		detection_set_drop(s->detections);
	arena_release(&s->arena);
	free(s);
}
