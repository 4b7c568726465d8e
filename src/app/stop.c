/*
 * A thread that waits for signals, so that no handler runs in the middle of anything. Not here: the
 * dashboard's signals, which go through its loop (interactive.c).
 */
#include "app/stop.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/output.h"
#include "base/xalloc.h"

#include "base/banned.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct source_set *watched; /* NULL: a signal ends the program */
static void (*reload)(void *arg);
static void *reload_arg;

static sigset_t
signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	return set;
}

/* Dies of the signal, so that the shell sees 128 + n. */
static void
die(int sig)
{
	sigset_t set = signals();

	output_abandon();
	(void)signal(sig, SIG_DFL);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(sig);
}

/* One wish to stop may come twice: timeout(1) sends it to its child and to the whole group. */
static void
swallow_repeat(const sigset_t *set)
{
	const struct timespec t = { .tv_nsec = 100 * 1000 * 1000 };

	(void)sigtimedwait(set, NULL, &t);
}

static void *
wait_for_signals(void *arg)
{
	sigset_t set = signals();
	bool stopped;
	int sig;

	(void)arg;
	for (;;) {
		if (sigwait(&set, &sig) != 0)
			continue;
		stopped = false;
		(void)pthread_mutex_lock(&lock);
		if (sig == SIGHUP && reload != NULL) {
			reload(reload_arg);
		} else {
			if (watched == NULL || sig == SIGHUP)
				die(sig);
			source_set_stop(watched);
			watched = NULL;
			stopped = true;
		}
		(void)pthread_mutex_unlock(&lock);
		if (stopped)
			swallow_repeat(&set);
	}
	return NULL;
}

void
stop_prepare(void)
{
	sigset_t set = signals();

	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void
stop_watch(struct source_set *sources, bool live)
{
	pthread_t thread;
	int error;

	watched = live ? sources : NULL;
	error = pthread_create(&thread, NULL, wait_for_signals, NULL);
	if (error != 0)
		fatal("cannot start a thread: %s", strerror(error));
	(void)pthread_detach(thread);
}

void
stop_on_reload(void (*fn)(void *arg), void *arg)
{
	(void)pthread_mutex_lock(&lock);
	reload = fn;
	reload_arg = arg;
	(void)pthread_mutex_unlock(&lock);
}

void
stop_unwatch(void)
{
	(void)pthread_mutex_lock(&lock);
	watched = NULL;
	reload = NULL;
	(void)pthread_mutex_unlock(&lock);
}
