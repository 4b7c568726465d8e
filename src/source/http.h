/*
 * Inside the HTTP receiver: bytes of a connection -> gate (strict framing of the head) ->
 * http_parser
 * -> request (who may, what is it) -> body to lines -> a bounded buffer -> batches. Everything runs
 * on the net thread and nothing of it waits.
 */
#ifndef FALCOTOP_SOURCE_HTTP_H
#define FALCOTOP_SOURCE_HTTP_H

#include "base/buf.h"
#include "source/private.h"

#define HTTP_HEAD_MAX	 16384 /* request line and headers */
#define HTTP_HEADERS_MAX 100
#define HTTP_FALCO_MAX	 (1u << 20)	    /* one event: as long as a line may be */
#define HTTP_BATCH_MAX	 (8u << 20)	    /* HEC, audit: also of what a gzip body makes */
#define HTTP_HELD_MAX	 ((size_t)64 << 20) /* half-read bodies of all connections */

/* --- http_gate.c: what http_parser lets pass and we do not ------------------------------------ */

enum http_gate_result {
	HTTP_GATE_MORE, /* the head has no end yet */
	HTTP_GATE_HEAD, /* it has: *head bytes */
	HTTP_GATE_BAD,
	HTTP_GATE_LARGE,
};

/* Zeroed at the start of a request. */
struct http_gate {
	size_t at; /* where the line begins that has no end yet */
	unsigned lines;
};

/* p[0] is the first byte of the request; what was there before may be so again, with more behind.
 */
enum http_gate_result http_gate(struct http_gate *g, const char *p, size_t len, size_t *head);
/* Whether a Host is one by which nobody can be lured here: an address, localhost, a name without a
 * dot or in a private zone, this machine's own. */
bool http_host_is_ours(struct slice host);

/* --- http_auth.c: tokens ---------------------------------------------------------------------- */

#define HTTP_TOKENS    16
#define HTTP_DIGEST    32
#define HTTP_TOKEN_MAX 1024

struct http_tokens {
	unsigned n; /* 0: none is wanted */
	unsigned char digest[HTTP_TOKENS][HTTP_DIGEST];
};

enum http_auth {
	HTTP_AUTH_OK,
	HTTP_AUTH_MISSING,
	HTTP_AUTH_MALFORMED,
	HTTP_AUTH_WRONG,
};

/* One token a line. 0, or -1 with a message. */
int http_tokens_read(struct http_tokens *t, const char *path, char *err, size_t errlen);
/* header: of Authorization, p NULL: there is none. "Splunk T", "Bearer T", Basic with password T.
 */
enum http_auth http_auth(const struct http_tokens *t, struct slice header);

/* --- http_tls.c ------------------------------------------------------------------------------- */

struct ssl_ctx_st;

/* NULL with a message. */
struct ssl_ctx_st *http_tls_new(
    const char *cert, const char *key, const char *client_ca, char *err, size_t errlen);
void http_tls_free(struct ssl_ctx_st *tls);

/* --- http_request.c: from a path to what it is ------------------------------------------------ */

enum http_kind {
	HTTP_FALCO, /* every path that is none of these */
	HTTP_HEC_EVENT,
	HTTP_HEC_RAW,
	HTTP_HEC_HEALTH,
	HTTP_HEC_ACK,
	HTTP_HEC_UNKNOWN,
	HTTP_AUDIT,
};

/* HEC's own codes, with their status and text. */
enum hec_code {
	HEC_SUCCESS = 0,
	HEC_TOKEN_REQUIRED = 2,
	HEC_INVALID_AUTHORIZATION = 3,
	HEC_INVALID_TOKEN = 4,
	HEC_NO_DATA = 5,
	HEC_INVALID_FORMAT = 6,
	HEC_BUSY = 9,
	HEC_EVENT_REQUIRED = 12,
	HEC_EVENT_BLANK = 13,
	HEC_ACK_DISABLED = 14,
	HEC_FIELDS = 15,
	HEC_HEALTHY = 17,
	HEC_QUEUES_FULL = 18,
};

/* What a request is answered. */
struct http_answer {
	unsigned status;
	int code;	 /* of HEC; -1: a plain answer */
	int64_t invalid; /* HEC: number of the bad event, -1 = none */
};

/* What is kept of a head while it is parsed; slices are good until the parser returns. */
struct http_head {
	struct slice path; /* without the query */
	struct slice authorization, host, expect, coding, transfer;
	unsigned hosts, authorizations, transfers;
	bool browser; /* Origin or Sec-Fetch-Site */
	unsigned minor;
	bool get, post, put;
	bool has_length;
	uint64_t length;
};

/* What the head says about the body to come. */
struct http_request {
	enum http_kind kind;
	size_t max; /* of the body */
	bool gzip;
	bool expects;
};

enum http_kind http_kind_of(struct slice path);
static inline bool
http_kind_is_hec(enum http_kind k)
{
	return k >= HTTP_HEC_EVENT && k <= HTTP_HEC_UNKNOWN;
}
/* Name and value of a header, whole. */
void http_head_header(struct http_head *h, struct slice name, struct slice value);
/* Whether the body may come; otherwise what to answer. */
bool http_head_check(const struct http_head *h, const struct http_tokens *tokens, bool loopback,
    struct http_request *r, struct http_answer *a);
struct http_answer http_plain(unsigned status);
struct http_answer http_hec(enum hec_code code);
const char *http_reason(unsigned status);
const char *hec_text(int code);

/* --- http_body.c: bodies to lines ------------------------------------------------------------- */

struct http_sink {
	/* One record; line ends in it are to become blanks. */
	void (*line)(void *arg, struct slice text);
	void *arg;
};

/* Bad records are handed on, too: they are counted and shown with all others. */
struct http_answer http_body(enum http_kind kind, struct slice body, const struct http_sink *sink);

/* --- http_gzip.c ------------------------------------------------------------------------------ */

struct http_gzip;

enum http_gzip_result {
	HTTP_GZIP_OK,
	HTTP_GZIP_BAD,
	HTTP_GZIP_LARGE, /* more than max, or out of proportion */
};

struct http_gzip *http_gzip_new(size_t max);
void http_gzip_free(struct http_gzip *z);
enum http_gzip_result http_gzip_add(
    struct http_gzip *z, struct buf *out, const char *p, size_t len);
/* Whether the stream came to its end. */
bool http_gzip_ended(const struct http_gzip *z);

/* --- http_lines.c: the bounded buffer between answers and the pipeline ------------------------ */

#define HTTP_QUEUE_MAX ((size_t)32 << 20)
/* Up to here bodies are taken whose senders come again: what they were promised always fits. */
#define HTTP_QUEUE_BUSY (HTTP_QUEUE_MAX / 2)

struct http_chunk;

struct http_lines {
	struct net *net;
	struct source *source;
	struct stream_origin origin;
	struct http_chunk *filling;
	struct http_chunk *queue, **tail;
	size_t bytes; /* in all of them */
	size_t chunk; /* bytes that make a batch */
	char *spare;
	size_t spare_cap;
	uint64_t dropped; /* not told yet */
	bool first;
	struct net_waiter waiter;
	struct event *timer;
};

void http_lines_init(struct http_lines *l, struct net *n, struct source *s);
void http_lines_add(struct http_lines *l, struct slice text);
void http_lines_drop(struct http_lines *l, uint64_t lines);
static inline bool
http_lines_busy(const struct http_lines *l)
{
	return l->bytes > HTTP_QUEUE_BUSY;
}
/* The last moment: what still waits goes, or is counted as dropped. */
void http_lines_end(struct http_lines *l);
void http_lines_release(struct http_lines *l);

/* --- http.c: the listener; http_conn.c: its connections --------------------------------------- */

struct http_conn;
struct evconnlistener;

struct http {
	struct source *source;
	struct net *net;
	struct engine *engine;
	struct evconnlistener *listener;
	struct event *sweep, *pause;
	struct ssl_ctx_st *tls; /* NULL: plain */
	struct http_tokens tokens;
	bool loopback;
	struct http_lines lines;
	struct http_conn *conns;
	unsigned nconns;
	size_t held; /* bytes of half-read bodies */
	bool used;   /* a request was taken */
	uint64_t refused, told;
	char why[160]; /* of the last one */
	const char *notice;
	struct net_part part;
};

/* One more that was turned away: said with the next sweep. */
void http_refused(struct http *h, const char *why);

/* Of one address, IPv4 as ::ffff:a.b.c.d. */
struct http_peer {
	unsigned char v6[16];
};

void http_conn_open(struct http *h, int fd, const struct http_peer *peer);
/* Closes what has taken too long. */
void http_conn_sweep(struct http *h, int64_t now);
/* Makes room for one more: of that address (or NULL: of any). */
void http_conn_evict(struct http *h, const struct http_peer *peer);
unsigned http_conn_count(const struct http *h, const struct http_peer *peer);
void http_conn_free_all(struct http *h);

#endif
