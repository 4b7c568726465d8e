/*
 * Writing the file of mutes when they change. What is in it is detect/mute.h's; who changes it is
 * the engine or a screen.
 */
#include "app/saver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "app/options.h"
#include "base/xalloc.h"
#include "detect/mute.h"

#include "base/banned.h"

struct saver {
	void (*print)(void *arg, struct buf *out);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool dirty, quit;
};

/* The file anew, whole or not at all. A failure shows in the next run; it is said at the end of
 * this one, when there is no screen. */
static bool
save(const struct saver *s, char err[MUTES_ERROR_MAX])
{
	struct mutes *copy = mutes_new();
	struct buf bytes = { 0 };
	bool ok = true;

	s->print(s->arg, &bytes);
	if (mutes_parse(copy, buf_slice(&bytes), err))
		ok = mutes_save(copy, NULL, err);
	else
		ok = false;
	mutes_free(copy);
	buf_release(&bytes);
	return ok;
}

static void *
saver_main(void *arg)
{
	struct saver *s = arg;
	char err[MUTES_ERROR_MAX] = "";
	bool ok = true;

	(void)pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->dirty && !s->quit)
			(void)pthread_cond_wait(&s->work, &s->lock);
		if (!s->dirty)
			break;
		s->dirty = false;
		(void)pthread_mutex_unlock(&s->lock);
		ok = save(s, err);
		(void)pthread_mutex_lock(&s->lock);
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (!ok)
		complain("mutes: %s", err);
	return NULL;
}

struct saver *
saver_new(void (*print)(void *arg, struct buf *out), void *arg)
{
	struct saver *s = xcalloc(1, sizeof(*s));
	sigset_t all, before;
	int error;

	s->print = print;
	s->arg = arg;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->work, NULL);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&s->thread, NULL, saver_main, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		fatal("cannot start a thread: %s", strerror(error));
	return s;
}

void
saver_wake(struct saver *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->dirty = true;
	(void)pthread_cond_signal(&s->work);
	(void)pthread_mutex_unlock(&s->lock);
}

void
saver_free(struct saver *s)
{
	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->quit = true;
	(void)pthread_cond_signal(&s->work);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
	(void)pthread_cond_destroy(&s->work);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
