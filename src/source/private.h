/* Inside the source layer: a source, the set of them, and what the kinds use of it. */
#ifndef FALCOTOP_SOURCE_PRIVATE_H
#define FALCOTOP_SOURCE_PRIVATE_H

#include <pthread.h>

#include "source/framer.h"
#include "source/source.h"

struct files;
struct inflates;
struct net;

struct source {
	const struct source_ops *ops;
	struct source_set *set;
	char *where;	 /* what stood behind the prefix */
	char *name;	 /* on screen and in messages */
	uint32_t number; /* the engine's */
	bool finished;
	uint64_t pushed; /* batches; counted by the file thread, for the places of files */
	void *state;	 /* the kind's own, freed by close */
};

struct source_set {
	struct engine *engine;
	struct source_options options;
	struct files *files;
	struct inflates *inflates;
	struct net *net;
	struct source **source;
	unsigned nsource, cap;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	unsigned unfinished;
	bool started, stopping, stopped;
};

/* Gives the source its name and its number with the engine: when nothing can go wrong any more. */
void source_register(struct source *s, const char *name);
/* It was read to its end, or failed: it will give no more. From any thread, once. */
void source_finish(struct source *s, enum source_state state, const char *error);
/* "what: why" of errno into err; returns -1. */
int source_error(char *err, size_t errlen, const char *what, int error);

extern const struct source_ops source_file, source_stdin, source_unix, source_tcp, source_http;
extern const struct source_ops source_syslog, source_unixgram;
extern const struct source_ops source_kube;
extern const struct source_ops source_exec;
extern const struct source_ops source_connect;

/* How long what is under way may take after a stop. */
#define STOP_GRACE (250 * 1000 * 1000LL)

/* --- files.c: the thread that reads files in order, then follows ------------------------------ */

enum file_follow {
	FOLLOW_NEVER,
	FOLLOW_GROWN, /* a recording until it grows */
	FOLLOW_ALWAYS,
};

struct files *files_new(struct source_set *set);
/*
 * Takes over fd (-1: not there yet, follow waits for it). path NULL: cannot be followed. streamed:
 * no regular file, its bytes cannot be had again.
 */
void files_add(
    struct files *f, struct source *s, const char *path, int fd, enum file_follow follow);
bool files_any(const struct files *f);
void files_start(struct files *f);
void files_stop(struct files *f); /* waits for the thread */
/* After files_stop(): writes the places of files. */
void files_keep(struct files *f, bool last);
void files_free(struct files *f);

/* --- net.c: the thread of sockets and pipes --------------------------------------------------- */

struct event_base;
struct stream;

struct net *net_new(struct source_set *set);
struct event_base *net_base(struct net *n);
bool net_any(const struct net *n);
void net_start(struct net *n);
void net_stop(struct net *n); /* waits for the thread */
void net_free(struct net *n);

/* Where a source's streams stand in its origin: connections share it. */
struct stream_origin {
	uint16_t number;
	uint64_t offset;
};

/*
 * Reads fd (taken over) until its end. closed: called on the net thread when it has ended, error ""
 * or why. False when fd cannot be waited for (a regular file, some devices): then it is still the
 * caller's.
 */
bool stream_open(struct net *n, struct source *s, int fd, struct stream_origin *origin,
    void (*closed)(struct source *s, const char *error));
/*
 * Rewrites what came before it is cut into lines: `n` bytes at `from` become those at `to`, which
 * lies `room` bytes before it; returns their number, at most n + room. end: what was held back.
 */
struct stream_filter {
	size_t size; /* of its state: zeroed memory, one a stream */
	size_t room;
	size_t (*bytes)(void *state, char *to, const char *from, size_t n);
	size_t (*end)(void *state, char *to);
};

/* A stream whose owner is told with an argument of its own. */
struct stream_spec {
	struct stream_origin *origin;
	void (*closed)(void *arg, const char *error); /* on the net thread, as for stream_open() */
	/* Looks at whole lines before they go on and may take some out, in place: returns how many
	 * bytes are left. A last line without its end comes when the stream has ended. */
	size_t (*lines)(void *arg, char *p, size_t n);
	void *arg;
};
bool stream_start(struct net *n, struct source *s, int fd, const struct stream_spec *spec);

/* A listening socket (taken over) whose connections are streams of the source; filter may be NULL.
 */
void net_listen(struct net *n, struct source *s, int fd);
void net_listen_filtered(
    struct net *n, struct source *s, int fd, const struct stream_filter *filter);

/*
 * A kind with events of its own on the net thread: without one, the thread runs only when there
 * are streams. Both are called on that thread. stop: no new work from now on, what was sent is
 * still read for STOP_GRACE. end: the last moment.
 */
struct net_part {
	void (*stop)(void *arg);
	void (*end)(void *arg);
	void *arg;
	struct net_part *next;
};
void net_join(struct net *n, struct net_part *p);
/* Something was read: a stop waits for more, for a moment. */
void net_progress(struct net *n);

/* Who got no batch: resume is called on the net thread, once, when one may be free. */
struct net_waiter {
	void (*resume)(void *arg);
	void *arg;
	bool waiting;
	struct net_waiter *next;
};
void net_wait(struct net *n, struct net_waiter *w);
void net_wait_cancel(struct net *n, struct net_waiter *w);

/* --- tcp.c: addresses ------------------------------------------------------------------------- */

/* "PORT", "HOST:PORT", "[V6]:PORT": host and port point into text, which is cut; host is the
 * loopback address when there is none. False when it is none of these. */
bool address_split(char *text, const char **host, const char **port);
/* A non-blocking socket bound to it (listening when it is a stream), or -1 with a message. */
int address_listen(const char *kind, const char *where, int type, char *err, size_t errlen);
/* "tcp:127.0.0.1:2801" of a bound socket: with the port that it really is. The caller's. */
char *address_name(const char *kind, int fd);

#endif
