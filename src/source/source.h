/*
 * Where bytes come from. One file and one row in the table a kind; a source knows only the engine's
 * sink. libevent lives here (net thread) and in app/.
 */
#ifndef FALCOTOP_SOURCE_SOURCE_H
#define FALCOTOP_SOURCE_SOURCE_H

#include "pipeline/engine.h"

struct source;
struct source_set; /* all sources of this run and their threads */

struct source_options {
	bool follow;	    /* -F: keep reading files at their end */
	bool follow_auto;   /* watching: a file that grows after its end was reached is followed */
	const char *places; /* the file where the places of files are kept; NULL: they are not */
	int64_t settle;	    /* how long after its lines were applied a place counts: until the
			       history has what came of them */
	int stdin_fd;	    /* descriptor of the event pipe when "-" is a source */
	/* http: files, borrowed until the set is freed; NULL = none */
	const char *token_file, *tls_cert, *tls_key, *tls_client_ca;
	bool insecure; /* listens beyond the loopback interface without token or client CA */
};

/* What a kind of source must do: one const row each. */
struct source_ops {
	const char *prefix; /* "unix:", "tcp:"; "" = a file; "-" = standard input */
	const char *form;   /* "unix:PATH", for help and man page */
	const char *help;
	bool live; /* runs until stopped (sockets) */
	/* Opens; 0, or -1 with a one-line message in err. */
	int (*open)(struct source *s, char *err, size_t errlen);
	void (*close)(struct source *s);
};
extern const struct source_ops *const source_table[]; /* NULL-terminated */

struct source_set *source_set_new(struct engine *e, const struct source_options *o);
/* Opens one SOURCE argument. 0, or -1 with a one-line message: what and where. */
int source_set_add(struct source_set *s, const char *spec, char *err, size_t errlen);
/* Starts the threads. */
void source_set_start(struct source_set *s);
/* True once every recorded source was read to its end and no live one is left. */
bool source_set_done(struct source_set *s);
/* Waits for that; returns at once when source_set_stop() was called. */
void source_set_wait(struct source_set *s);
/* Stops reading, closes, removes our socket files. Idempotent, from any thread but the sources'
 * own. */
void source_set_stop(struct source_set *s);
/* After that: keeps the places of files. all: what was applied has reached the history, too. */
void source_set_keep(struct source_set *s, bool all);
void source_set_free(struct source_set *s);

#endif
