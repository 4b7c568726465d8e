/*
 * connect:tcp:HOST:PORT and connect:unix:PATH: lines from a server that we go to, as often as it
 * takes: the name is looked up again each time, every address of it is tried, and the waits in
 * between grow. Not here: reading (net.c) and looking up (connect_lookup.c).
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/xalloc.h"
#include "source/connect_backoff.h"
#include "source/connect_lookup.h"
#include "source/private.h"
#include "base/banned.h"

#define ADDRESS_PATIENCE 10 /* seconds for one address to answer */
#define ADDRESSES_MAX	 16 /* of a name, tried in one go */

struct connector {
	struct source *source;
	struct net *net;
	/* where to */
	char *text;		 /* cut into: */
	const char *host, *port; /* NULL: a Unix socket */
	struct sockaddr_un path;
	/* what is under way: one of waiting (timer), looking up, connecting (fd), reading */
	struct event *timer;
	struct lookup *lookup;
	struct event *looked_up;
	struct addrinfo *addresses, *next;
	unsigned tried;
	int fd;
	struct event *connected;
	int64_t since; /* reading */
	struct backoff backoff;
	char why[160]; /* the last try did not succeed */
	struct stream_origin origin;
	struct net_part part;
	bool stopping;
};

static void try_next(struct connector *c);

static void
state(struct connector *c, enum source_state state, const char *error)
{
	engine_source_state(c->source->set->engine, c->source->number, state, error);
}

static void
forget_addresses(struct connector *c)
{
	if (c->addresses != NULL)
		freeaddrinfo(c->addresses);
	c->addresses = c->next = NULL;
	c->tried = 0;
}

/* All addresses were tried, or there is none: later again. */
static void
retry(struct connector *c)
{
	unsigned ms = backoff_next(&c->backoff);
	const struct timeval t = backoff_time(ms);
	char text[224];

	forget_addresses(c);
	if (c->stopping)
		return;
	snprintf(text, sizeof(text), "%s; again in %u.%u s", c->why, ms / 1000, ms / 100 % 10);
	state(c, SOURCE_RETRY, text);
	evtimer_add(c->timer, &t);
}

static void
on_closed(void *arg, const char *error)
{
	struct connector *c = arg;

	if (clock_mono() - c->since > BACKOFF_GOOD)
		backoff_reset(&c->backoff);
	snprintf(c->why, sizeof(c->why), "%s",
	    error[0] == '\0' ? "the server closed the connection" : error);
	retry(c);
}

/* A server that is gone without a word is noticed within a minute. */
static void
keep_alive(int fd)
{
	int one = 1, idle = 30, every = 10, times = 3;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
}

static void
start_reading(struct connector *c)
{
	const struct stream_spec spec = { .origin = &c->origin, .closed = on_closed, .arg = c };
	int fd = c->fd;

	c->fd = -1;
	if (c->host != NULL)
		keep_alive(fd);
	c->since = clock_mono();
	if (!stream_start(c->net, c->source, fd, &spec)) {
		snprintf(c->why, sizeof(c->why), "cannot wait for the connection");
		close(fd);
		retry(c);
		return;
	}
	forget_addresses(c);
	state(c, SOURCE_OK, NULL);
}

static void
failed(struct connector *c, int error)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	snprintf(c->why, sizeof(c->why), "%s", strerror(error));
	try_next(c);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct connector *c = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	event_free(c->connected);
	c->connected = NULL;
	if (what & EV_TIMEOUT)
		error = ETIMEDOUT;
	else if (getsockopt((int)fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		failed(c, error);
	else
		start_reading(c);
}

static void
go_to(struct connector *c, int family, const struct sockaddr *a, socklen_t len)
{
	const struct timeval t = { ADDRESS_PATIENCE, 0 };

	c->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd >= 0 && connect(c->fd, a, len) == 0) {
		start_reading(c);
		return;
	}
	if (c->fd < 0 || errno != EINPROGRESS) {
		failed(c, errno);
		return;
	}
	c->connected = event_new(net_base(c->net), c->fd, EV_WRITE, on_connected, c);
	if (c->connected == NULL || event_add(c->connected, &t) != 0)
		fatal("cannot wait for %s", c->source->name);
}

static void
try_next(struct connector *c)
{
	const struct addrinfo *a = c->next;

	if (a == NULL || c->stopping || c->tried++ == ADDRESSES_MAX) {
		retry(c);
		return;
	}
	c->next = a->ai_next;
	go_to(c, a->ai_family, a->ai_addr, a->ai_addrlen);
}

static void
on_looked_up(evutil_socket_t fd, short what, void *arg)
{
	struct connector *c = arg;
	struct lookup *l = c->lookup;
	const char *why = "";

	(void)fd;
	(void)what;
	event_free(c->looked_up);
	c->looked_up = NULL;
	c->lookup = NULL;
	c->addresses = c->next = lookup_take(l, &why);
	if (c->addresses == NULL)
		snprintf(c->why, sizeof(c->why), "%s: %s", c->host, why);
	try_next(c);
}

static void
look_up(struct connector *c)
{
	const struct addrinfo numbers = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };

	if (getaddrinfo(c->host, c->port, &numbers, &c->addresses) == 0) {
		c->next = c->addresses;
		try_next(c);
		return;
	}
	c->lookup = lookup_start(c->host, c->port);
	if (c->lookup == NULL) {
		snprintf(c->why, sizeof(c->why), "cannot look up %s: %s", c->host, strerror(errno));
		retry(c);
		return;
	}
	c->looked_up = event_new(net_base(c->net), lookup_fd(c->lookup), EV_READ, on_looked_up, c);
	if (c->looked_up == NULL || event_add(c->looked_up, NULL) != 0)
		fatal("cannot wait for the address of %s", c->source->name);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct connector *c = arg;

	(void)fd;
	(void)what;
	if (c->stopping)
		return;
	if (c->host != NULL)
		look_up(c);
	else
		go_to(c, AF_UNIX, (const struct sockaddr *)&c->path, sizeof(c->path));
}

static void
on_stop(void *arg)
{
	struct connector *c = arg;

	c->stopping = true;
	evtimer_del(c->timer);
}

/* Takes the argument apart; false with a message. */
static bool
understand(struct connector *c, const char *where, char *err, size_t errlen)
{
	if (strncmp(where, "tcp:", 4) == 0) {
		c->text = xstrdup(where + 4);
		if (address_split(c->text, &c->host, &c->port) && strtoul(c->port, NULL, 10) > 0)
			return true;
		snprintf(err, errlen, "connect:%s: not tcp:HOST:PORT", where);
		return false;
	}
	if (strncmp(where, "unix:", 5) == 0 && where[5] != '\0') {
		size_t len = strlen(where + 5);

		c->path.sun_family = AF_UNIX;
		if (len < sizeof(c->path.sun_path)) {
			memcpy(c->path.sun_path, where + 5, len);
			return true;
		}
		snprintf(err, errlen, "connect:%s: the path is too long for a socket", where);
		return false;
	}
	snprintf(err, errlen, "connect:%s: not connect:tcp:HOST:PORT or connect:unix:PATH", where);
	return false;
}

static int
connect_open(struct source *s, char *err, size_t errlen)
{
	static const struct timeval now = { 0, 0 };
	struct connector *c = xcalloc(1, sizeof(*c));
	char *name;

	if (!understand(c, s->where, err, errlen)) {
		free(c->text);
		free(c);
		return -1;
	}
	s->state = c;
	c->source = s;
	c->net = s->set->net;
	c->fd = -1;
	name = xasprintf("connect:%s", s->where);
	source_register(s, name);
	free(name);
	c->origin.number = rawstore_add(engine_raw(s->set->engine), s->name, -1);
	c->part = (struct net_part){ .stop = on_stop, .arg = c };
	net_join(c->net, &c->part);
	c->timer = evtimer_new(net_base(c->net), on_timer, c);
	if (c->timer == NULL || evtimer_add(c->timer, &now) != 0)
		fatal("cannot set a timer for %s", s->name);
	return 0;
}

static void
connect_close(struct source *s)
{
	struct connector *c = s->state;

	if (c == NULL)
		return;
	event_free(c->timer);
	if (c->looked_up != NULL)
		event_free(c->looked_up);
	lookup_drop(c->lookup);
	if (c->connected != NULL)
		event_free(c->connected);
	if (c->fd >= 0)
		close(c->fd);
	forget_addresses(c);
	free(c->text);
	free(c);
	s->state = NULL;
}

const struct source_ops source_connect = {
	.prefix = "connect:",
	.form = "connect:tcp:HOST:PORT",
	.help = "lines from a server, or of connect:unix:PATH; tried again until it is there",
	.live = true,
	.open = connect_open,
	.close = connect_close,
};
