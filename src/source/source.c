/*
 * The set of sources of a run: which kind an argument is, the two threads, and when everything was
 * read. Not here: any reading (files.c, net.c) and any kind (file.c, stdin.c, unix.c, tcp.c).
 */
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "source/inflate.h"
#include "source/private.h"
#include "base/banned.h"

/* The file is last: it takes everything. */
const struct source_ops *const source_table[] = {
	&source_stdin,
	&source_unix,
	&source_tcp,
	&source_http,
	&source_syslog,
	&source_unixgram,
	&source_connect,
	&source_exec,
	&source_kube,
	&source_file,
	NULL,
};

int
source_error(char *err, size_t errlen, const char *what, int error)
{
	snprintf(err, errlen, "%s: %s", what, strerror(error));
	return -1;
}

static const struct source_ops *
kind_of(const char *spec)
{
	for (unsigned i = 0; source_table[i] != NULL; i++) {
		const struct source_ops *o = source_table[i];

		if (strcmp(o->prefix, "-") == 0) {
			if (strcmp(spec, "-") == 0)
				return o;
		} else if (strncmp(spec, o->prefix, strlen(o->prefix)) == 0) {
			return o;
		}
	}
	return &source_file;
}

struct source_set *
source_set_new(struct engine *e, const struct source_options *o)
{
	struct source_set *s = xcalloc(1, sizeof(*s));

	s->engine = e;
	s->options = *o;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->files = files_new(s);
	s->inflates = inflates_new(s);
	s->net = net_new(s);
	engine_interrupt(e, false);
	return s;
}

static void
source_free(struct source *s)
{
	free(s->where);
	free(s->name);
	free(s);
}

int
source_set_add(struct source_set *set, const char *spec, char *err, size_t errlen)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->set = set;
	s->ops = kind_of(spec);
	s->where = xstrdup(spec + strlen(s->ops->prefix));
	err[0] = '\0';
	if (s->ops->open(s, err, errlen) != 0) {
		source_free(s);
		return -1;
	}
	if (set->nsource == set->cap) {
		set->cap = set->cap == 0 ? 8 : set->cap * 2;
		set->source = xreallocarray(set->source, set->cap, sizeof(struct source *));
	}
	set->source[set->nsource++] = s;
	return 0;
}

void
source_register(struct source *s, const char *name)
{
	s->name = xstrdup(name);
	s->number = engine_add_source(s->set->engine, name);
	pthread_mutex_lock(&s->set->lock);
	s->set->unfinished++;
	pthread_mutex_unlock(&s->set->lock);
}

void
source_finish(struct source *s, enum source_state state, const char *error)
{
	engine_source_state(s->set->engine, s->number, state, error);
	pthread_mutex_lock(&s->set->lock);
	if (!s->finished)
		s->set->unfinished--;
	s->finished = true;
	pthread_cond_broadcast(&s->set->changed);
	pthread_mutex_unlock(&s->set->lock);
}

void
source_set_start(struct source_set *s)
{
	if (s->started)
		return;
	s->started = true;
	if (net_any(s->net))
		net_start(s->net);
	if (files_any(s->files))
		files_start(s->files);
	inflates_start(s->inflates);
}

bool
source_set_done(struct source_set *s)
{
	bool done;

	pthread_mutex_lock(&s->lock);
	done = s->unfinished == 0;
	pthread_mutex_unlock(&s->lock);
	return done;
}

void
source_set_wait(struct source_set *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->unfinished > 0 && !s->stopping)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* The first caller does the work, others wait for it. */
void
source_set_stop(struct source_set *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->stopping && !s->stopped)
		pthread_cond_wait(&s->changed, &s->lock);
	if (s->stopped) {
		pthread_mutex_unlock(&s->lock);
		return;
	}
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	engine_interrupt(s->engine, true);
	files_stop(s->files);
	inflates_stop(s->inflates);
	net_stop(s->net);
	for (unsigned i = 0; i < s->nsource; i++)
		if (s->source[i]->ops->close != NULL)
			s->source[i]->ops->close(s->source[i]);
	pthread_mutex_lock(&s->lock);
	s->stopped = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void
source_set_keep(struct source_set *s, bool all)
{
	source_set_stop(s);
	files_keep(s->files, all);
}

void
source_set_free(struct source_set *s)
{
	if (s == NULL)
		return;
	source_set_stop(s);
	files_free(s->files);
	inflates_free(s->inflates);
	net_free(s->net);
	for (unsigned i = 0; i < s->nsource; i++)
		source_free(s->source[i]);
	free(s->source);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
