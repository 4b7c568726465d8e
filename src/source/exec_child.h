/*
 * A program that runs for us: a session (and process group) of its own, killed when we die, reaped
 * when it does. All on the net thread.
 */
#ifndef FALCOTOP_SOURCE_EXEC_CHILD_H
#define FALCOTOP_SOURCE_EXEC_CHILD_H

#include <sys/types.h>

#include "source/private.h"

#define CHILD_SAYS  200		 /* bytes of the last line that it wrote to standard error */
#define CHILD_GRACE NSEC_PER_SEC /* between asking to end and killing */

struct child {
	/* the owner's, before child_start() */
	struct net *net;
	void (*said)(void *arg);  /* says is new; seldom. NULL: not wanted */
	void (*ended)(void *arg); /* it is gone and its output was read to the end */
	void *arg;
	/* to read */
	char says[CHILD_SAYS]; /* sanitised; "" = nothing yet */
	bool running;	       /* from child_start() until ended() */
	int code, status;      /* as waitid(2) has them */
	/* its own */
	pid_t pid; /* 0: reaped */
	int watch; /* pidfd */
	int err;
	struct event *exit_event, *err_event, *timer, *say_timer;
	bool exited, out_open, told;
	int64_t told_at; /* to end */
	char line[CHILD_SAYS];
	unsigned nline;
};

/* Runs argv; *out is its standard output, for the owner to read, who says when that has ended.
 * False with errno: it does not run. */
bool child_start(struct child *c, char *const argv[], int *out);
void child_out_ended(struct child *c);
/* Asks the whole group to end, kills it after CHILD_GRACE. */
void child_stop(struct child *c);
/* At the end of the net thread, after child_stop(): waits until it is gone. */
void child_end(struct child *c);
/* Forgets it: not running, or after child_end(). */
void child_release(struct child *c);
/* "exit status 1: last line", "killed by signal 9". */
void child_reason(const struct child *c, char *text, size_t len);

#endif
