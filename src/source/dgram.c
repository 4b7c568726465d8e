/*
 * Datagrams as lines: of UDP (syslog.c) and of a Unix socket like /dev/log (unixgram:PATH). One is
 * one line or several: Falco's text up to 0.44 may hold bare newlines, and what follows one is a
 * line here as it is in a file. When the pipeline is full we stop reading: a Unix socket holds its
 * senders back, of UDP the kernel drops the rest and we say how many. Not here: stream sockets
 * (net.c).
 */
#include "source/dgram.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/xalloc.h"
#include "base/banned.h"

/* Bursts wait in the kernel while we decode: it gives as much of this as it may. */
#define RECEIVE_BUFFER (8 << 20)

struct dgram {
	struct source *source;
	struct net *net;
	int fd;
	size_t max;
	struct event *ev;
	struct framer framer;
	struct stream_origin origin;
	struct net_waiter waiter;
	struct net_part part;
	uint32_t dropped; /* as the kernel counts, from the socket's beginning */
	bool cut;
};

/* The kernel's count of what had no room: with a datagram, and of the socket itself. */
static void
count_dropped(struct dgram *d, uint32_t dropped)
{
	struct engine *e = d->source->set->engine;
	uint32_t more = dropped - d->dropped;
	char why[96];

	if (more == 0 || more > UINT32_MAX / 2)
		return;
	d->dropped = dropped;
	engine_source_drop(e, d->source->number, more);
	snprintf(why, sizeof(why), "the kernel dropped %u datagrams: they came too fast", dropped);
	engine_source_state(e, d->source->number, SOURCE_OK, why);
}

static void
ask_dropped(struct dgram *d)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(d->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0 && len == sizeof(info))
		count_dropped(d, info[SK_MEMINFO_DROPS]);
}

static void
look_at_control(struct dgram *d, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		uint32_t dropped;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
		count_dropped(d, dropped);
	}
}

/* One datagram at p, room for d->max bytes and a newline; -1: there is none. */
static ssize_t
receive(struct dgram *d, char *p)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(uint32_t))];
	} control;
	struct iovec v = { p, d->max };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(d->fd, &m, MSG_DONTWAIT);

	if (n < 0)
		return n;
	look_at_control(d, &m);
	if ((m.msg_flags & MSG_TRUNC) && !d->cut) {
		d->cut = true;
		engine_source_state(d->source->set->engine, d->source->number, SOURCE_OK,
		    "a datagram was too long: its end is lost");
	}
	while (n > 0 && (p[n - 1] == '\0' || p[n - 1] == '\n'))
		n--;
	if (n > 0)
		p[n++] = '\n';
	return n;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dgram *d = arg;
	struct engine *e = d->source->set->engine;
	struct batch *b = engine_batch(e, false);
	size_t room, used = 0;
	ssize_t n = 0;
	char *p;

	(void)fd;
	(void)what;
	if (b == NULL) {
		event_del(d->ev);
		net_wait(d->net, &d->waiter);
		return;
	}
	p = framer_room(&d->framer, &room);
	while (room - used > d->max) {
		n = receive(d, p + used);
		if (n < 0)
			break;
		used += (size_t)n;
		net_progress(d->net);
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		engine_source_state(e, d->source->number, SOURCE_OK, strerror(errno));
	else if (used > 0)
		engine_source_state(e, d->source->number, SOURCE_OK, NULL);
	ask_dropped(d);
	if (used > 0 && framer_added(&d->framer, used))
		framer_push(&d->framer, e, b);
	else
		engine_batch_return(e, b);
}

static void
on_room(void *arg)
{
	struct dgram *d = arg;

	event_add(d->ev, NULL);
}

/* Pieces of an event whose last one did not come. */
static void
on_end(void *arg)
{
	struct dgram *d = arg;
	struct engine *e = d->source->set->engine;
	struct batch *b;

	ask_dropped(d);
	if (!framer_finish(&d->framer))
		return;
	b = engine_batch_within(e, STOP_GRACE / 2);
	if (b != NULL)
		framer_push(&d->framer, e, b);
	else
		engine_source_drop(e, d->source->number, 1);
}

static void
prepare_socket(int fd)
{
	int size = RECEIVE_BUFFER, one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
}

struct dgram *
dgram_new(struct source *s, int fd, size_t max)
{
	struct dgram *d = xcalloc(1, sizeof(*d));
	struct engine *e = s->set->engine;
	size_t chunk = engine_batch_size(e);

	d->source = s;
	d->net = s->set->net;
	d->fd = fd;
	d->max = max;
	prepare_socket(fd);
	/* a quarter of it is always free (framer.c) and must hold one datagram */
	if (chunk < 4 * (max + 1))
		chunk = 4 * (max + 1);
	d->origin.number = rawstore_add(engine_raw(e), s->name, -1);
	framer_init(&d->framer, chunk, &d->origin.offset);
	d->framer.source = s->number;
	d->framer.origin = d->origin.number;
	d->framer.streamed = true;
	d->waiter = (struct net_waiter){ .resume = on_room, .arg = d };
	d->part = (struct net_part){ .end = on_end, .arg = d };
	d->ev = event_new(net_base(d->net), fd, EV_READ | EV_PERSIST, on_readable, d);
	if (d->ev == NULL || event_add(d->ev, NULL) != 0)
		fatal("cannot wait for datagrams on %s", s->name);
	net_join(d->net, &d->part);
	engine_source_state(e, s->number, SOURCE_WAITING, NULL);
	return d;
}

void
dgram_free(struct dgram *d)
{
	if (d == NULL)
		return;
	net_wait_cancel(d->net, &d->waiter);
	event_free(d->ev);
	close(d->fd);
	framer_release(&d->framer);
	free(d);
}
