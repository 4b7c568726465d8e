/*
 * The net thread: one libevent loop for pipes, FIFOs and the connections of listening sockets. A
 * stream reads only when a batch is free: that is how a slow pipeline holds the writers back. One
 * turn is at most one buffer, so no stream starves another. Not here: making sockets (unix.c,
 * tcp.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/private.h"
#include "base/banned.h"

#define CONNECTIONS_MAX 1024
/* Unfinished lines of all streams together: who goes over it is closed. */
#define HELD_MAX	((size_t)64 << 20)
#define ACCEPT_PAUSE_MS 100
/* What a filter gains must be little against what is read. */
#define FILTER_CHUNK_MIN 4096
#define PIPE_FS		 0x50495045 /* linux/magic.h */

struct stream {
	struct net *net;
	struct source *source;
	int fd;
	struct event *ev;
	struct framer framer;
	size_t held; /* counted in net->held */
	struct net_waiter waiter;
	struct listener *listener; /* whose connection it is, or NULL */
	const struct stream_filter *filter;
	void *filter_state;
	void (*closed)(struct source *s, const char *error);
	struct stream_spec spec;     /* of stream_start() */
	struct stream *next, **link; /* all streams */
};

struct listener {
	struct net *net;
	struct source *source;
	struct evconnlistener *ev;
	struct event *pause;
	const struct stream_filter *filter;
	struct stream_origin origin;
	unsigned connections;
	uint64_t refused;
	struct listener *next;
};

struct net {
	struct source_set *set;
	struct event_base *base;
	struct event *wake;
	int wake_fd; /* eventfd: room, or stop */
	struct stream *streams;
	struct net_waiter *paused, **paused_tail; /* in the order they came to a halt */
	struct net_part *parts;
	struct listener *listeners;
	struct framer_spare spare;
	size_t held;
	unsigned connections;
	bool progress; /* something was read or accepted */
	bool running;
	atomic_bool stopping;
	pthread_t thread;
};

static void
wake(void *arg)
{
	struct net *n = arg;
	uint64_t one = 1;
	ssize_t done = write(n->wake_fd, &one, sizeof(one));

	(void)done; /* full means: already told */
}

/* There is room again, or it is time to stop. */
static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct net *n = arg;
	struct net_waiter *w = n->paused;
	uint64_t count;

	(void)what;
	if (read((int)fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	n->paused = NULL;
	n->paused_tail = &n->paused;
	while (w != NULL) {
		struct net_waiter *next = w->next;

		w->waiting = false;
		w->resume(w->arg);
		w = next;
	}
	if (atomic_load(&n->stopping))
		event_base_loopbreak(n->base);
}

/* Nothing but the screen and our own messages belongs on the terminal. */
static void
no_log(int severity, const char *message)
{
	(void)severity;
	(void)message;
}

struct net *
net_new(struct source_set *set)
{
	struct net *n = xcalloc(1, sizeof(*n));

	n->set = set;
	n->paused_tail = &n->paused;
	event_set_log_callback(no_log);
	n->base = event_base_new();
	n->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->base == NULL || n->wake_fd < 0)
		fatal("cannot make an event loop: %s", strerror(errno));
	n->wake = event_new(n->base, n->wake_fd, EV_READ | EV_PERSIST, on_wake, n);
	if (n->wake == NULL || event_add(n->wake, NULL) != 0)
		fatal("cannot make an event loop: %s", strerror(errno));
	return n;
}

struct event_base *
net_base(struct net *n)
{
	return n->base;
}

bool
net_any(const struct net *n)
{
	return n->streams != NULL || n->listeners != NULL || n->parts != NULL;
}

void
net_join(struct net *n, struct net_part *p)
{
	p->next = n->parts;
	n->parts = p;
}

void
net_progress(struct net *n)
{
	n->progress = true;
}

void
net_wait(struct net *n, struct net_waiter *w)
{
	w->waiting = true;
	w->next = NULL;
	*n->paused_tail = w;
	n->paused_tail = &w->next;
	engine_on_room(n->set->engine, wake, n);
}

void
net_wait_cancel(struct net *n, struct net_waiter *w)
{
	struct net_waiter **at = &n->paused;

	if (!w->waiting)
		return;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (n->paused_tail == &w->next)
		n->paused_tail = at;
	w->waiting = false;
}

/* --- streams --------------------------------------------------------------------------------- */

static void
stream_free(struct stream *s)
{
	struct net *n = s->net;

	net_wait_cancel(n, &s->waiter);
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	n->held -= s->held;
	event_free(s->ev);
	close(s->fd);
	framer_release(&s->framer);
	free(s->filter_state);
	free(s);
}

static void
stream_close(struct stream *s, const char *error)
{
	struct source *source = s->source;
	void (*closed)(struct source *, const char *) = s->closed;
	const struct stream_spec spec = s->spec;
	struct listener *l = s->listener;
	struct net *n = s->net;

	stream_free(s);
	if (l == NULL) {
		if (spec.closed != NULL)
			spec.closed(spec.arg, error);
		else
			closed(source, error);
		return;
	}
	n->connections--;
	if (--l->connections == 0)
		engine_source_state(n->set->engine, source->number, SOURCE_WAITING, NULL);
}

static void
resume_stream(void *arg)
{
	struct stream *s = arg;

	event_add(s->ev, NULL);
}

static void
pause_stream(struct stream *s)
{
	event_del(s->ev);
	net_wait(s->net, &s->waiter);
}

/* Hands on the whole lines that the owner leaves; b is used or given back. */
static void
push_lines(struct stream *s, struct batch *b)
{
	struct engine *e = s->net->set->engine;
	struct framer *f = &s->framer;
	size_t left = f->cut;

	if (s->spec.lines != NULL && f->cut > 0) {
		left = s->spec.lines(s->spec.arg, f->p, f->cut);
		memmove(f->p + left, f->p + f->cut, f->len - f->cut);
		f->len -= f->cut - left;
		f->cut = left;
	}
	if (left > 0 || f->long_done)
		framer_push(f, e, b);
	else
		engine_batch_return(e, b);
}

/* What the filter still held back, too. True when there is something to push. */
static bool
finish(struct stream *s)
{
	size_t room, n;
	char *p;

	if (s->filter != NULL) {
		p = framer_room(&s->framer, &room);
		n = s->filter->end(s->filter_state, p);
		if (n > 0)
			framer_added(&s->framer, n);
	}
	return framer_finish(&s->framer);
}

/* Counts what waits in the framer. False when all streams together hold too much. */
static bool
account(struct stream *s)
{
	struct net *n = s->net;

	n->held += s->framer.len - s->held;
	s->held = s->framer.len;
	return n->held <= HELD_MAX || s->held < 4096;
}

/* The end: what is left is the last line. b is used or given back. */
static void
stream_end(struct stream *s, struct batch *b, const char *error)
{
	struct engine *e = s->net->set->engine;

	if (finish(s))
		push_lines(s, b);
	else
		engine_batch_return(e, b);
	stream_close(s, error);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	struct net *n = s->net;
	struct engine *e = n->set->engine;
	struct batch *b = engine_batch(e, false);
	size_t ahead = s->filter != NULL ? s->filter->room : 0;
	size_t room;
	char *p;
	ssize_t got;

	(void)what;
	if (b == NULL) {
		pause_stream(s);
		return;
	}
	framer_borrow(&s->framer, &n->spare);
	p = framer_room(&s->framer, &room);
	got = read((int)fd, p + ahead, room - ahead);
	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
		n->progress = true;
		stream_end(s, b, got == 0 ? "" : strerror(errno));
		return;
	}
	n->progress |= got > 0;
	if (got > 0 && s->filter != NULL)
		got = (ssize_t)s->filter->bytes(s->filter_state, p, p + ahead, (size_t)got);
	if (got > 0 && framer_added(&s->framer, (size_t)got))
		push_lines(s, b);
	else
		engine_batch_return(e, b);
	framer_give_back(&s->framer, &n->spare);
	if (!account(s)) {
		engine_source_drop(e, s->source->number, 1);
		engine_source_state(e, s->source->number, SOURCE_OK,
		    "too many unfinished lines: closed a connection");
		stream_close(s, "too many unfinished lines");
	}
}

/* A pipe opened by path (/dev/fd/N) whose writer is gone already never becomes ready: it is looked
 * at once. */
static bool
may_have_ended(int fd)
{
	struct statfs fs;

	return (fcntl(fd, F_GETFL) & O_NONBLOCK) && fstatfs(fd, &fs) == 0 && fs.f_type == PIPE_FS;
}

static struct stream *
stream_new(struct net *n, struct source *s, int fd, struct stream_origin *origin,
    const struct stream_filter *filter)
{
	struct stream *st = xcalloc(1, sizeof(*st));
	size_t chunk = engine_batch_size(n->set->engine);

	st->ev = event_new(n->base, fd, EV_READ | EV_PERSIST, on_readable, st);
	if (st->ev == NULL || event_add(st->ev, NULL) != 0) {
		if (st->ev != NULL)
			event_free(st->ev);
		free(st);
		return NULL;
	}
	st->net = n;
	st->source = s;
	st->fd = fd;
	st->waiter = (struct net_waiter){ .resume = resume_stream, .arg = st };
	if (filter != NULL) {
		st->filter = filter;
		st->filter_state = xcalloc(1, filter->size);
		if (chunk < FILTER_CHUNK_MIN)
			chunk = FILTER_CHUNK_MIN;
	}
	framer_init(&st->framer, chunk, &origin->offset);
	st->framer.source = s->number;
	st->framer.origin = origin->number;
	st->framer.streamed = true;
	st->next = n->streams;
	st->link = &n->streams;
	if (st->next != NULL)
		st->next->link = &st->next;
	n->streams = st;
	if (may_have_ended(fd))
		event_active(st->ev, EV_READ, 0);
	return st;
}

bool
stream_open(struct net *n, struct source *s, int fd, struct stream_origin *origin,
    void (*closed)(struct source *s, const char *error))
{
	struct stream *st = stream_new(n, s, fd, origin, NULL);

	if (st != NULL)
		st->closed = closed;
	return st != NULL;
}

bool
stream_start(struct net *n, struct source *s, int fd, const struct stream_spec *spec)
{
	struct stream *st = stream_new(n, s, fd, spec->origin, NULL);

	if (st != NULL)
		st->spec = *spec;
	return st != NULL;
}

/* --- listening ------------------------------------------------------------------------------- */

static void
on_accept(struct evconnlistener *ev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct listener *l = arg;
	struct net *n = l->net;
	struct engine *e = n->set->engine;
	struct stream *s;

	(void)ev;
	(void)sa;
	(void)len;
	n->progress = true;
	s = NULL;
	if (n->connections < CONNECTIONS_MAX)
		s = stream_new(n, l->source, (int)fd, &l->origin, l->filter);
	if (s == NULL) {
		close((int)fd);
		if (l->refused++ == 0)
			engine_source_state(
			    e, l->source->number, SOURCE_OK, "too many connections: refused");
		return;
	}
	s->listener = l;
	n->connections++;
	if (l->connections++ == 0)
		engine_source_state(e, l->source->number, SOURCE_OK, NULL);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(l->ev);
}

/* Out of descriptors, mostly: the kernel would report it again at once, without end. */
static void
on_accept_error(struct evconnlistener *ev, void *arg)
{
	const struct timeval t = { .tv_usec = ACCEPT_PAUSE_MS * 1000 };
	struct listener *l = arg;
	char why[128];

	source_error(why, sizeof(why), "accept", errno);
	evconnlistener_disable(ev);
	event_add(l->pause, &t);
	engine_source_state(l->net->set->engine, l->source->number,
	    l->connections > 0 ? SOURCE_OK : SOURCE_WAITING, why);
}

void
net_listen(struct net *n, struct source *s, int fd)
{
	net_listen_filtered(n, s, fd, NULL);
}

void
net_listen_filtered(struct net *n, struct source *s, int fd, const struct stream_filter *filter)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->net = n;
	l->filter = filter;
	l->source = s;
	l->origin.number = rawstore_add(engine_raw(n->set->engine), s->name, -1);
	l->ev = evconnlistener_new(
	    n->base, on_accept, l, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	l->pause = evtimer_new(n->base, on_pause_over, l);
	if (l->ev == NULL || l->pause == NULL)
		fatal("cannot listen on %s", s->name);
	evconnlistener_set_error_cb(l->ev, on_accept_error);
	l->next = n->listeners;
	n->listeners = l;
	engine_source_state(n->set->engine, s->number, SOURCE_WAITING, NULL);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* What was sent before we were asked to stop is still read, for as long as that is quick. */
static void
drain(struct net *n)
{
	int64_t until = clock_mono() + STOP_GRACE;

	do {
		n->progress = false;
		event_base_loop(n->base, EVLOOP_NONBLOCK);
		if (!n->progress && n->paused != NULL)
			usleep(500); /* full: until a batch comes back */
	} while ((n->progress || n->paused != NULL) && clock_mono() < until);
}

/* The lines that have no end yet. */
static void
end_streams(struct net *n)
{
	struct engine *e = n->set->engine;
	int64_t until = clock_mono() + STOP_GRACE / 2;

	while (n->streams != NULL) {
		struct stream *s = n->streams;
		struct batch *b;

		if (finish(s)) {
			int64_t left = until - clock_mono();

			b = engine_batch_within(e, left > 0 ? left : 0);
			if (b != NULL)
				push_lines(s, b);
			else
				engine_source_drop(e, s->source->number, 1);
		}
		stream_free(s);
	}
}

static void *
net_main(void *arg)
{
	struct net *n = arg;

	while (!atomic_load(&n->stopping))
		event_base_loop(n->base, EVLOOP_NO_EXIT_ON_EMPTY);
	for (struct net_part *p = n->parts; p != NULL; p = p->next)
		if (p->stop != NULL)
			p->stop(p->arg);
	drain(n);
	end_streams(n);
	for (struct net_part *p = n->parts; p != NULL; p = p->next)
		if (p->end != NULL)
			p->end(p->arg);
	return NULL;
}

void
net_start(struct net *n)
{
	if (pthread_create(&n->thread, NULL, net_main, n) != 0)
		fatal("cannot start the net thread");
	n->running = true;
}

void
net_stop(struct net *n)
{
	if (!n->running)
		return;
	atomic_store(&n->stopping, true);
	wake(n);
	pthread_join(n->thread, NULL);
	n->running = false;
}

void
net_free(struct net *n)
{
	if (n == NULL)
		return;
	engine_off_room(n->set->engine, wake, n);
	while (n->streams != NULL)
		stream_free(n->streams);
	while (n->listeners != NULL) {
		struct listener *l = n->listeners;

		n->listeners = l->next;
		evconnlistener_free(l->ev);
		event_free(l->pause);
		free(l);
	}
	event_free(n->wake);
	event_base_free(n->base);
	close(n->wake_fd);
	free(n->spare.p);
	free(n);
}
