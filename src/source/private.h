/* Inside the source layer: a source, the set of them, and what the kinds use of it. */
#ifndef FALCOTOP_SOURCE_PRIVATE_H
#define FALCOTOP_SOURCE_PRIVATE_H

#include <pthread.h>

#include "source/framer.h"
#include "source/source.h"

struct files;
struct net;

struct source {
	const struct source_ops *ops;
	struct source_set *set;
	char *where;	 /* what stood behind the prefix */
	char *name;	 /* on screen and in messages */
	uint32_t number; /* the engine's */
	bool finished;
	void *state; /* the kind's own, freed by close */
};

struct source_set {
	struct engine *engine;
	struct source_options options;
	struct files *files;
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

extern const struct source_ops source_file, source_stdin, source_unix, source_tcp;

/* How long what is under way may take after a stop. */
#define STOP_GRACE (100 * 1000 * 1000LL)

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
/* A listening socket (taken over) whose connections are streams of the source. */
void net_listen(struct net *n, struct source *s, int fd);

#endif
