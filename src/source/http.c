/*
 * http:[HOST:]PORT: the receiver of Falco, falcosidekick, Splunk HEC clients and the Kubernetes
 * audit webhook. Here: opening the listener, who may connect, and saying what was turned away. Each
 * connection is http_conn.c's.
 */
#include "source/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>
#include <http_parser.h>
#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define DEFAULT_PORT	"2801"
#define CONNECTIONS_MAX 1024
#define PER_ADDRESS_MAX 128
#define SWEEP_MS	250
#define ACCEPT_PAUSE_MS 100

static const char open_notice[] = "open to the network: anybody may send events (--insecure)";

void
http_refused(struct http *h, const char *why)
{
	h->refused++;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

static struct http_peer
peer_of(const struct sockaddr *sa)
{
	struct http_peer p = { { 0 } };
	union {
		const struct sockaddr *sa;
		const struct sockaddr_in *in4;
		const struct sockaddr_in6 *in6;
	} a = { sa };

	if (sa->sa_family == AF_INET6) {
		memcpy(p.v6, &a.in6->sin6_addr, sizeof(p.v6));
	} else if (sa->sa_family == AF_INET) {
		p.v6[10] = p.v6[11] = 0xff;
		memcpy(p.v6 + 12, &a.in4->sin_addr, 4);
	}
	return p;
}

/* A full house never shuts out who comes: the one that uses its place least gives it up. */
static void
on_accept(struct evconnlistener *ev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct http *h = arg;
	struct http_peer peer = peer_of(sa);
	int one = 1;

	(void)ev;
	(void)len;
	net_progress(h->net);
	if (http_conn_count(h, &peer) >= PER_ADDRESS_MAX) {
		http_conn_evict(h, &peer);
		http_refused(h, "too many connections of one address");
	} else if (h->nconns >= CONNECTIONS_MAX) {
		http_conn_evict(h, NULL);
		http_refused(h, "too many connections");
	}
	setsockopt((int)fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	http_conn_open(h, (int)fd, &peer);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	if (h->listener != NULL)
		evconnlistener_enable(h->listener);
}

/* Out of descriptors, mostly: the kernel would report it again at once, without end. */
static void
on_accept_error(struct evconnlistener *ev, void *arg)
{
	const struct timeval t = { .tv_usec = ACCEPT_PAUSE_MS * 1000 };
	struct http *h = arg;
	char why[128];

	source_error(why, sizeof(why), "accept", errno);
	evconnlistener_disable(ev);
	evtimer_add(h->pause, &t);
	http_refused(h, why);
}

static void
say_refused(struct http *h)
{
	char text[400];

	if (h->refused == h->told)
		return;
	h->told = h->refused;
	snprintf(text, sizeof(text), "%llu refused (last: %s)%s%s", (unsigned long long)h->refused,
	    h->why, h->notice != NULL ? "; " : "", h->notice != NULL ? h->notice : "");
	engine_source_state(
	    h->engine, h->source->number, h->used ? SOURCE_OK : SOURCE_WAITING, text);
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	http_conn_sweep(h, clock_mono());
	say_refused(h);
}

/* --- stopping, on the net thread -------------------------------------------------------------- */

static void
on_stop(void *arg)
{
	struct http *h = arg;

	event_del(h->pause);
	evconnlistener_disable(h->listener);
}

static void
on_end(void *arg)
{
	struct http *h = arg;

	http_conn_free_all(h);
	http_lines_end(&h->lines);
	say_refused(h);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* What address_split() wants: the port may be left out. */
static char *
with_port(const char *where)
{
	size_t len = strlen(where);

	if (len == 0)
		return xstrdup(DEFAULT_PORT);
	if (strspn(where, "0123456789") == len)
		return xstrdup(where);
	if (strchr(where, ':') == NULL || where[len - 1] == ']')
		return xasprintf("%s:" DEFAULT_PORT, where);
	return xstrdup(where);
}

static bool
is_loopback(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct http_peer p;
	struct in6_addr v6;

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return false;
	p = peer_of((struct sockaddr *)&a);
	memcpy(&v6, p.v6, sizeof(v6));
	return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && p.v6[12] == 127);
}

/* Tokens and certificates. */
static bool
load_secrets(struct http *h, const struct source_options *o, char *err, size_t errlen)
{
	const char *key = o->tls_key != NULL ? o->tls_key : o->tls_cert;

	if (o->token_file != NULL && http_tokens_read(&h->tokens, o->token_file, err, errlen) != 0)
		return false;
	if (o->tls_cert == NULL) {
		if (o->tls_key == NULL && o->tls_client_ca == NULL)
			return true;
		snprintf(err, errlen, "--tls-key and --tls-client-ca need --tls-cert");
		return false;
	}
	h->tls = http_tls_new(o->tls_cert, key, o->tls_client_ca, err, errlen);
	return h->tls != NULL;
}

static bool
may_listen(struct http *h, const struct source_options *o, int fd, const char *where, char *err,
    size_t errlen)
{
	h->loopback = is_loopback(fd);
	if (h->loopback || h->tokens.n > 0 || o->tls_client_ca != NULL)
		return true;
	if (!o->insecure) {
		snprintf(err, errlen,
		    "http:%s: anybody could send events: give --token-file or --tls-client-ca, or "
		    "say --insecure",
		    where);
		return false;
	}
	h->notice = open_notice;
	return true;
}

static void
start_events(struct http *h, int fd)
{
	const struct timeval sweep = { .tv_usec = SWEEP_MS * 1000 };
	struct event_base *base = net_base(h->net);

	http_parser_set_max_header_size(HTTP_HEAD_MAX);
	h->listener = evconnlistener_new(
	    base, on_accept, h, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	h->pause = evtimer_new(base, on_pause_over, h);
	h->sweep = event_new(base, -1, EV_PERSIST, on_sweep, h);
	if (h->listener == NULL || h->pause == NULL || h->sweep == NULL)
		fatal("cannot listen on %s", h->source->name);
	evconnlistener_set_error_cb(h->listener, on_accept_error);
	event_add(h->sweep, &sweep);
	h->part = (struct net_part){ .stop = on_stop, .end = on_end, .arg = h };
	net_join(h->net, &h->part);
}

static int
http_open(struct source *s, char *err, size_t errlen)
{
	const struct source_options *o = &s->set->options;
	struct http *h = xcalloc(1, sizeof(*h));
	char *where = with_port(s->where);
	char *name;
	int fd = -1;

	if (load_secrets(h, o, err, errlen))
		fd = address_listen("http", where, SOCK_STREAM, err, errlen);
	if (fd < 0 || !may_listen(h, o, fd, where, err, errlen)) {
		if (fd >= 0)
			close(fd);
		http_tls_free(h->tls);
		free(where);
		free(h);
		return -1;
	}
	free(where);
	name = address_name("http", fd);
	source_register(s, name);
	free(name);
	s->state = h;
	h->source = s;
	h->net = s->set->net;
	h->engine = s->set->engine;
	http_lines_init(&h->lines, h->net, s);
	start_events(h, fd);
	engine_source_state(h->engine, s->number, SOURCE_WAITING, h->notice);
	return 0;
}

/* The net thread has ended, or never began. */
static void
http_close(struct source *s)
{
	struct http *h = s->state;

	if (h == NULL)
		return;
	http_conn_free_all(h);
	evconnlistener_free(h->listener);
	event_free(h->pause);
	event_free(h->sweep);
	http_lines_release(&h->lines);
	http_tls_free(h->tls);
	OPENSSL_cleanse(&h->tokens, sizeof(h->tokens));
	free(h);
	s->state = NULL;
}

const struct source_ops source_http = {
	.prefix = "http:",
	.form = "http:[HOST:]PORT",
	.help = "receive from Falco, falcosidekick, Splunk HEC clients, audit webhooks",
	.live = true,
	.open = http_open,
	.close = http_close,
};
