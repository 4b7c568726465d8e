/*
 * One connection of the HTTP receiver: request after request from its bytes, and an answer to each,
 * at once. A request has 5 seconds from its first byte to its last, whatever trickles in; after an
 * error the answer is sent and the rest thrown away. Not here: what a request means
 * (http_request.c), what its body holds (http_body.c).
 */
#include "source/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <http_parser.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define REQUEST_NS   (5 * NSEC_PER_SEC)
#define IDLE_NS	     (300 * NSEC_PER_SEC) /* Falco may be silent for long */
#define LINGER_NS    (2 * NSEC_PER_SEC)
#define LINGER_BYTES ((uint64_t)64 << 20)
#define ANSWERS_MAX  65536 /* bytes that a peer leaves unread before it is not read either */
#define BODY_KEPT    65536 /* memory a connection keeps between requests */

enum conn_state {
	CONN_OPEN,
	CONN_LINGER, /* answered for the last time: what comes is thrown away */
	CONN_DEAD,
};

struct http_conn {
	struct http *http;
	struct bufferevent *bev;
	struct http_peer peer;
	struct http_conn *next, **link;
	enum conn_state state;
	bool busy;	/* in a request; a new connection is, too */
	bool blocked;	/* the peer does not read its answers */
	bool eof, shut; /* it sends no more; we do not */
	int64_t since;	/* when that began */
	uint64_t requests, thrown;
	/* the request */
	http_parser parser;
	struct http_gate gate;
	struct http_head head;
	struct http_request request;
	struct slice name; /* of the header whose value comes next */
	bool in_body, complete, keep, old;
	struct http_answer refusal; /* status 0: none */
	struct slice whole;	    /* a body that lies in one piece in what was read */
	struct buf body;
	struct http_gzip *gzip;
	size_t held; /* counted in http->held */
};

/* --- answers ---------------------------------------------------------------------------------- */

static void
linger(struct http_conn *c)
{
	c->state = CONN_LINGER;
	c->since = clock_mono();
	c->thrown = 0;
	bufferevent_enable(c->bev, EV_READ);
}

static void
answer(struct http_conn *c, struct http_answer a)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	char body[128];
	int n = 0;

	if (a.code >= 0 && a.invalid >= 0)
		n = snprintf(body, sizeof(body),
		    "{\"text\":\"%s\",\"code\":%d,\"invalid-event-number\":%lld}", hec_text(a.code),
		    a.code, (long long)a.invalid);
	else if (a.code >= 0)
		n = snprintf(
		    body, sizeof(body), "{\"text\":\"%s\",\"code\":%d}", hec_text(a.code), a.code);
	else if (a.status != 200)
		n = snprintf(body, sizeof(body), "%s\n", http_reason(a.status));
	if (a.status == 200 && n == 0 && c->keep && !c->old) {
		static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

		bufferevent_write(c->bev, ok, sizeof(ok) - 1);
		return;
	}
	evbuffer_add_printf(out,
	    "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s%s%s\r\n%.*s", a.status,
	    http_reason(a.status), a.code >= 0 ? "application/json" : "text/plain", n,
	    a.status == 405 ? "Allow: POST, PUT\r\n" : "",
	    a.status == 401 ? "WWW-Authenticate: Basic realm=\"falcotop\"\r\n" : "",
	    !c->keep ? "Connection: close\r\n"
	    : c->old ? "Connection: keep-alive\r\n"
		     : "",
	    n, n > 0 ? body : "");
}

/* The last answer on this connection: what else comes cannot be told from a body. */
static void
refuse(struct http_conn *c, struct http_answer a)
{
	c->keep = false;
	answer(c, a);
	http_refused(c->http, http_reason(a.status));
	linger(c);
}

/* --- what http_parser finds ------------------------------------------------------------------- */

static int
on_url(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;
	const char *end = memchr(at, '?', len);

	c->head.path = (struct slice){ at, end == NULL ? len : (size_t)(end - at) };
	return 0;
}

/* Trailers come after the body, and mean nothing here. */
static int
on_header_field(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	if (c->in_body)
		return 0;
	c->name = (struct slice){ at, len };
	if (memchr(at, ' ', len) == NULL)
		return 0;
	c->refusal = http_plain(400);
	return 1;
}

static int
on_header_value(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	if (!c->in_body)
		http_head_header(&c->head, c->name, (struct slice){ at, len });
	return 0;
}

static int
on_headers_complete(http_parser *p)
{
	static const char more[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_conn *c = p->data;
	struct http_head *h = &c->head;
	struct http *http = c->http;

	c->in_body = true;
	p->upgrade = 0; /* nothing here to be upgraded to */
	h->minor = p->http_minor;
	h->get = p->method == HTTP_GET || p->method == HTTP_HEAD;
	h->post = p->method == HTTP_POST;
	h->put = p->method == HTTP_PUT;
	h->has_length = (p->flags & F_CONTENTLENGTH) != 0;
	h->length = h->has_length ? p->content_length : 0;
	c->keep = http_should_keep_alive(p) != 0;
	c->old = p->http_minor == 0;
	if (p->http_major != 1 || p->http_minor > 1)
		c->refusal = http_plain(400);
	else if (http_head_check(h, &http->tokens, http->loopback, &c->request, &c->refusal))
		c->refusal.status = 0;
	if (c->refusal.status == 0 && http->held > HTTP_HELD_MAX)
		c->refusal =
		    http_kind_is_hec(c->request.kind) ? http_hec(HEC_BUSY) : http_plain(503);
	if (c->refusal.status == 413 || c->refusal.status == 503)
		http_lines_drop(&http->lines, c->request.kind == HTTP_FALCO);
	if (c->refusal.status != 0)
		return -1;
	if (c->request.expects)
		bufferevent_write(c->bev, more, sizeof(more) - 1);
	if (c->request.gzip)
		c->gzip = http_gzip_new(c->request.max);
	return 0;
}

static void
account(struct http_conn *c)
{
	c->http->held += c->body.len - c->held;
	c->held = c->body.len;
}

static int
too_large(struct http_conn *c)
{
	http_lines_drop(&c->http->lines, c->request.kind == HTTP_FALCO);
	c->refusal = http_plain(413);
	return 1;
}

/* Of a chunk the size is known before its bytes. */
static int
on_chunk_header(http_parser *p)
{
	struct http_conn *c = p->data;

	return p->content_length > c->request.max - c->body.len ? too_large(c) : 0;
}

static int
on_body(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	if (c->gzip != NULL) {
		switch (http_gzip_add(c->gzip, &c->body, at, len)) {
		case HTTP_GZIP_OK: account(c); return 0;
		case HTTP_GZIP_BAD: c->refusal = http_hec(HEC_INVALID_FORMAT); return 1;
		case HTTP_GZIP_LARGE: return too_large(c);
		}
	}
	if (c->body.len == 0 && c->head.has_length && len == c->head.length) {
		c->whole = (struct slice){ at, len };
		return 0;
	}
	if (len > c->request.max - c->body.len)
		return too_large(c);
	buf_add(&c->body, at, len);
	account(c);
	return 0;
}

static int
on_message_complete(http_parser *p)
{
	struct http_conn *c = p->data;

	c->complete = true;
	http_parser_pause(p, 1); /* the next head goes through the gate */
	return 0;
}

static const http_parser_settings settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
	.on_chunk_header = on_chunk_header,
};

/* What a failed parse is answered; `at` is the byte that it did not like. */
static struct http_answer
parse_failure(const struct http_conn *c, char at)
{
	if (c->refusal.status != 0)
		return c->refusal;
	switch (HTTP_PARSER_ERRNO(&c->parser)) {
	case HPE_INVALID_CONTENT_LENGTH: /* a digit can only be one too many */
		return http_plain(
		    (at >= '0' && at <= '9') || (at >= 'a' && at <= 'f') || (at >= 'A' && at <= 'F')
			? 413
			: 400);
	case HPE_HEADER_OVERFLOW: return http_plain(c->in_body ? 400 : 431);
	default: return http_plain(400);
	}
}

/* --- requests --------------------------------------------------------------------------------- */

static void
start_request(struct http_conn *c)
{
	http_parser_init(&c->parser, HTTP_REQUEST);
	c->parser.lenient_http_headers = 1; /* what must not be in a head, the gate knows */
	c->parser.data = c;
	c->head = (struct http_head){ 0 };
	c->refusal = (struct http_answer){ 0 };
	c->whole = (struct slice){ NULL, 0 };
	c->complete = false;
	c->keep = false;
}

static void
end_request(struct http_conn *c)
{
	http_gzip_free(c->gzip);
	c->gzip = NULL;
	buf_clear(&c->body);
	account(c);
	if (c->body.cap > BODY_KEPT)
		buf_release(&c->body);
	c->gate = (struct http_gate){ 0 };
	c->in_body = false;
	c->busy = false;
}

static void
add_line(void *arg, struct slice text)
{
	http_lines_add(arg, text);
}

static void
first_request(struct http *h)
{
	h->used = true;
	engine_source_state(h->engine, h->source->number, SOURCE_OK, NULL);
}

/* The whole request is here. */
static void
finish_request(struct http_conn *c)
{
	struct http *h = c->http;
	const struct http_sink sink = { add_line, &h->lines };
	enum http_kind kind = c->request.kind;
	struct slice body = c->whole.p != NULL ? c->whole : buf_slice(&c->body);
	struct http_answer a;

	c->requests++;
	if (!h->used && kind != HTTP_HEC_HEALTH)
		first_request(h);
	if (kind != HTTP_FALCO && http_lines_busy(&h->lines))
		a = kind == HTTP_AUDIT
			? http_plain(503)
			: http_hec(kind == HTTP_HEC_HEALTH ? HEC_QUEUES_FULL : HEC_BUSY);
	else if (c->gzip != NULL && !http_gzip_ended(c->gzip))
		a = http_hec(HEC_INVALID_FORMAT);
	else
		a = http_body(kind, body, &sink);
	if (a.status == 400 && !http_kind_is_hec(kind)) {
		refuse(c, a);
	} else {
		if (a.status != 200)
			http_refused(h, a.code >= 0 ? hec_text(a.code) : http_reason(a.status));
		answer(c, a);
		if (!c->keep)
			linger(c);
	}
	end_request(c);
}

/* Runs the parser over bytes of the request; how many it took. */
static size_t
parse(struct http_conn *c, const char *p, size_t len)
{
	size_t done = http_parser_execute(&c->parser, &settings, p, len);

	if (c->complete)
		finish_request(c);
	else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK || done != len)
		refuse(c, parse_failure(c, done < len ? p[done] : '\0'));
	return done;
}

/* False when more bytes are needed. */
static bool
take_head(struct http_conn *c, struct evbuffer *in)
{
	size_t len = evbuffer_get_length(in), head = 0;
	const char *p;

	if (len > HTTP_HEAD_MAX)
		len = HTTP_HEAD_MAX;
	p = (const char *)evbuffer_pullup(in, (ev_ssize_t)len);
	if (!c->busy) {
		c->busy = true;
		c->since = clock_mono();
	}
	switch (http_gate(&c->gate, p, len, &head)) {
	case HTTP_GATE_MORE: return false;
	case HTTP_GATE_BAD: refuse(c, http_plain(400)); return true;
	case HTTP_GATE_LARGE: refuse(c, http_plain(431)); return true;
	case HTTP_GATE_HEAD: break;
	}
	start_request(c);
	parse(c, p, head);
	evbuffer_drain(in, head);
	return true;
}

static void
take_body(struct http_conn *c, struct evbuffer *in)
{
	struct evbuffer_iovec v;

	if (evbuffer_peek(in, -1, NULL, &v, 1) < 1)
		return;
	evbuffer_drain(in, parse(c, v.iov_base, v.iov_len));
}

static void
throw_away(struct http_conn *c, struct evbuffer *in)
{
	c->thrown += evbuffer_get_length(in);
	evbuffer_drain(in, evbuffer_get_length(in));
	if (c->thrown > LINGER_BYTES)
		c->state = CONN_DEAD;
}

/* --- the connection --------------------------------------------------------------------------- */

static void
conn_free(struct http_conn *c)
{
	struct http *h = c->http;

	/* an event that began and did not come */
	if (c->state != CONN_LINGER && c->in_body && c->request.kind == HTTP_FALCO)
		http_lines_drop(&h->lines, 1);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	h->nconns--;
	h->held -= c->held;
	http_gzip_free(c->gzip);
	buf_release(&c->body);
	bufferevent_free(c->bev);
	free(c);
}

/* Takes what there is. c may be gone afterwards. */
static void
run(struct http_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer *out = bufferevent_get_output(c->bev);

	while (c->state == CONN_OPEN && !c->blocked && evbuffer_get_length(in) > 0) {
		if (c->in_body)
			take_body(c, in);
		else if (!take_head(c, in))
			break;
		if (evbuffer_get_length(out) > ANSWERS_MAX) {
			c->blocked = true;
			c->since = clock_mono();
			bufferevent_disable(c->bev, EV_READ);
		}
	}
	if (!c->busy && !c->blocked && c->state == CONN_OPEN)
		c->since = clock_mono();
	if (c->state == CONN_LINGER)
		throw_away(c, in);
	if (c->eof && evbuffer_get_length(out) == 0)
		c->state = CONN_DEAD;
	if (c->state == CONN_DEAD)
		conn_free(c);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	(void)bev;
	net_progress(c->http->net);
	run(c);
}

/* Every answer was sent. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	if (c->blocked) {
		c->blocked = false;
		c->since = clock_mono();
		bufferevent_enable(bev, EV_READ);
		run(c);
		return;
	}
	if (c->eof) {
		conn_free(c);
	} else if (c->state == CONN_LINGER && !c->shut) {
		c->shut = true;
		if (c->http->tls == NULL)
			shutdown(bufferevent_getfd(bev), SHUT_WR);
	}
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_conn *c = arg;

	if (what & BEV_EVENT_CONNECTED)
		return; /* TLS is up */
	net_progress(c->http->net);
	if ((what & BEV_EVENT_EOF) && evbuffer_get_length(bufferevent_get_output(bev)) > 0) {
		c->eof = true; /* half closed: it may still read */
		return;
	}
	if (c->http->tls != NULL && c->requests == 0 && (what & BEV_EVENT_ERROR))
		http_refused(c->http, "TLS failed");
	conn_free(c);
}

static struct bufferevent *
open_bev(struct http *h, int fd)
{
	struct bufferevent *bev;
	SSL *ssl;

	if (h->tls == NULL)
		return bufferevent_socket_new(net_base(h->net), fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(h->tls);
	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(
	    net_base(h->net), fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

void
http_conn_open(struct http *h, int fd, const struct http_peer *peer)
{
	struct bufferevent *bev = open_bev(h, fd);
	struct http_conn *c;

	if (bev == NULL) {
		evutil_closesocket(fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->http = h;
	c->bev = bev;
	c->peer = *peer;
	c->busy = true;
	c->since = clock_mono();
	c->next = h->conns;
	c->link = &h->conns;
	if (c->next != NULL)
		c->next->link = &c->next;
	h->conns = c;
	h->nconns++;
	bufferevent_setcb(bev, on_read, on_written, on_event, c);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool
overdue(const struct http_conn *c, int64_t now)
{
	if (c->state == CONN_LINGER)
		return now - c->since > LINGER_NS;
	return now - c->since > (c->busy || c->blocked ? REQUEST_NS : IDLE_NS);
}

void
http_conn_sweep(struct http *h, int64_t now)
{
	struct http_conn *c, *next;

	for (c = h->conns; c != NULL; c = next) {
		next = c->next;
		if (!overdue(c, now))
			continue;
		if (c->state == CONN_OPEN && c->busy && (c->in_body || c->gate.at > 0))
			http_refused(h, http_reason(408));
		conn_free(c);
	}
}

/* Who goes first: who never asked anything, then who asks nothing now, then who takes longest. */
static int
rank(const struct http_conn *c)
{
	if (c->state == CONN_LINGER)
		return 0;
	if (c->requests == 0 && !c->in_body)
		return 1;
	return c->busy ? 3 : 2;
}

void
http_conn_evict(struct http *h, const struct http_peer *peer)
{
	struct http_conn *victim = NULL;

	for (struct http_conn *c = h->conns; c != NULL; c = c->next) {
		if (peer != NULL && memcmp(&c->peer, peer, sizeof(*peer)) != 0)
			continue;
		if (victim == NULL || rank(c) < rank(victim) ||
		    (rank(c) == rank(victim) && c->since < victim->since))
			victim = c;
	}
	if (victim != NULL)
		conn_free(victim);
}

unsigned
http_conn_count(const struct http *h, const struct http_peer *peer)
{
	unsigned n = 0;

	for (const struct http_conn *c = h->conns; c != NULL; c = c->next)
		n += memcmp(&c->peer, peer, sizeof(*peer)) == 0;
	return n;
}

void
http_conn_free_all(struct http *h)
{
	while (h->conns != NULL)
		conn_free(h->conns);
}
