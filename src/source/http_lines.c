/*
 * Between answers and the pipeline: lines gathered into batches, and a bounded queue of those that
 * found no free batch, so that a request is answered whatever the pipeline does. What does not fit
 * is counted as dropped. Line ends inside a record become blanks: one record can never make two.
 */
#include "source/http.h"

#include <stdlib.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define GATHER_MS 20

struct http_chunk {
	char *p;
	size_t len, cap;
	uint64_t lines;
	struct http_chunk *next;
};

static void
tell_drops(struct http_lines *l)
{
	if (l->dropped == 0)
		return;
	engine_source_drop(l->source->set->engine, l->source->number, l->dropped);
	l->dropped = 0;
}

static void
give_back(struct http_lines *l, char *p, size_t cap)
{
	if (p == NULL || cap <= l->spare_cap) {
		free(p);
		return;
	}
	free(l->spare);
	l->spare = p;
	l->spare_cap = cap;
}

/* The batch takes the chunk's buffer, we take the batch's. */
static void
push(struct http_lines *l, struct http_chunk *c, struct batch *b)
{
	char *p = b->data;
	size_t cap = b->cap;

	b->source = l->source->number;
	b->origin = l->origin.number;
	b->first = l->first;
	b->streamed = true;
	b->recorded = false;
	b->arrival = b->reference = clock_wall();
	b->offset = l->origin.offset;
	b->data = c->p;
	b->cap = c->cap;
	b->len = c->len;
	l->origin.offset += c->len;
	l->first = false;
	l->bytes -= c->len;
	free(c);
	give_back(l, p, cap);
	engine_push(l->source->set->engine, b);
}

/* As far as there are batches. */
static void
push_queue(struct http_lines *l)
{
	while (l->queue != NULL) {
		struct http_chunk *c = l->queue;
		struct batch *b = engine_batch(l->source->set->engine, false);

		if (b == NULL) {
			if (!l->waiter.waiting)
				net_wait(l->net, &l->waiter);
			return;
		}
		l->queue = c->next;
		if (l->queue == NULL)
			l->tail = &l->queue;
		push(l, c, b);
	}
}

static void
close_chunk(struct http_lines *l)
{
	struct http_chunk *c = l->filling;

	if (c == NULL)
		return;
	l->filling = NULL;
	*l->tail = c;
	l->tail = &c->next;
}

static void
on_room(void *arg)
{
	struct http_lines *l = arg;

	push_queue(l);
	if (l->queue == NULL) {
		close_chunk(l);
		push_queue(l);
	}
}

/* While the pipeline is full, lines go on gathering: small chunks would only cost memory. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_lines *l = arg;

	(void)fd;
	(void)what;
	tell_drops(l);
	if (l->queue == NULL)
		close_chunk(l);
	push_queue(l);
}

void
http_lines_init(struct http_lines *l, struct net *n, struct source *s)
{
	memset(l, 0, sizeof(*l));
	l->net = n;
	l->source = s;
	l->chunk = engine_batch_size(s->set->engine);
	l->origin.number = rawstore_add(engine_raw(s->set->engine), s->name, -1);
	l->tail = &l->queue;
	l->first = true;
	l->waiter = (struct net_waiter){ .resume = on_room, .arg = l };
	l->timer = evtimer_new(net_base(n), on_timer, l);
	if (l->timer == NULL)
		fatal("no memory for a timer");
}

static void
start_timer(struct http_lines *l)
{
	const struct timeval t = { .tv_usec = GATHER_MS * 1000 };

	if (!evtimer_pending(l->timer, NULL))
		evtimer_add(l->timer, &t);
}

static struct http_chunk *
chunk_for(struct http_lines *l, size_t room)
{
	struct http_chunk *c = l->filling;
	size_t cap = room > l->chunk ? room : l->chunk;

	if (c != NULL && c->cap - c->len >= room)
		return c;
	close_chunk(l);
	push_queue(l);
	c = xcalloc(1, sizeof(*c));
	if (l->spare != NULL && l->spare_cap >= cap) {
		c->p = l->spare;
		c->cap = l->spare_cap;
		l->spare = NULL;
		l->spare_cap = 0;
	} else {
		c->p = batch_buffer(NULL, cap);
		c->cap = cap;
	}
	l->filling = c;
	start_timer(l);
	return c;
}

void
http_lines_drop(struct http_lines *l, uint64_t lines)
{
	l->dropped += lines;
	start_timer(l);
}

void
http_lines_add(struct http_lines *l, struct slice text)
{
	struct http_chunk *c;
	char *p, *nl;

	if (text.len > DECODE_MAX_LINE)
		text.len = DECODE_MAX_LINE + 1; /* enough to be rejected as too long */
	if (l->bytes + text.len >= HTTP_QUEUE_MAX) {
		http_lines_drop(l, 1);
		return;
	}
	c = chunk_for(l, text.len + 1);
	p = c->p + c->len;
	memcpy(p, text.p, text.len);
	for (nl = p; (nl = memchr(nl, '\n', (size_t)(p + text.len - nl))) != NULL;)
		*nl = ' ';
	p[text.len] = '\n';
	c->len += text.len + 1;
	c->lines++;
	l->bytes += text.len + 1;
}

void
http_lines_end(struct http_lines *l)
{
	int64_t until = clock_mono() + STOP_GRACE;

	net_wait_cancel(l->net, &l->waiter);
	close_chunk(l);
	while (l->queue != NULL) {
		struct http_chunk *c = l->queue;
		int64_t left = until - clock_mono();
		struct batch *b = engine_batch_within(l->source->set->engine, left > 0 ? left : 0);

		l->queue = c->next;
		if (b != NULL) {
			push(l, c, b);
			continue;
		}
		l->dropped += c->lines;
		l->bytes -= c->len;
		free(c->p);
		free(c);
	}
	l->tail = &l->queue;
	tell_drops(l);
}

void
http_lines_release(struct http_lines *l)
{
	net_wait_cancel(l->net, &l->waiter);
	close_chunk(l);
	while (l->queue != NULL) {
		struct http_chunk *c = l->queue;

		l->queue = c->next;
		free(c->p);
		free(c);
	}
	l->tail = &l->queue;
	if (l->timer != NULL)
		event_free(l->timer);
	free(l->spare);
}
