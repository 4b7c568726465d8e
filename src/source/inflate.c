/*
 * Compressed files (inflate.h): inflating is slower than all else, so each file has a thread of its
 * own, some of them at a time. The plain bytes can be had again from the spool, as those of a
 * stream. A file that ends within a member gives what is there, and with -F what comes after. Not
 * here: formats (inflate_codec.c).
 */
#include "source/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/inflate_codec.h"
#include "base/banned.h"

#define READ_SIZE ((size_t)128 << 10)
#define AT_A_TIME 4   /* threads that inflate; others wait for their turn, or for more */
#define GROWN_MS  500 /* a growing file is looked at that often */

struct packed {
	struct inflates *all;
	struct source *source;
	int fd;
	bool follow;
	enum inflate_format format;
	struct inflate *codec;
	struct framer framer;
	uint64_t offset; /* of the plain bytes */
	uint64_t read;	 /* compressed bytes */
	int64_t reference;
	bool started;
	pthread_t thread;
	struct packed *next;
};

struct inflates {
	struct source_set *set;
	struct packed *first, **last;
	int stop_fd;
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	unsigned running;
};

struct inflates *
inflates_new(struct source_set *set)
{
	struct inflates *is = xcalloc(1, sizeof(*is));

	is->set = set;
	is->last = &is->first;
	is->stop_fd = -1;
	pthread_mutex_init(&is->lock, NULL);
	pthread_cond_init(&is->turn, NULL);
	return is;
}

int
inflates_try(struct inflates *is, struct source *s, int fd, bool follow, char *err, size_t errlen)
{
	unsigned char magic[INFLATE_MAGIC] = { 0 };
	enum inflate_format format;
	struct packed *p;
	struct stat st;

	if (pread(fd, magic, sizeof(magic), 0) < 3)
		return 0;
	format = inflate_format(magic);
	if (format == INFLATE_NONE)
		return 0;
	if (!inflate_can(format)) {
		snprintf(err, errlen, "%s: packed with %s, which this build cannot read", s->where,
		    inflate_name(format));
		return -1;
	}
	p = xcalloc(1, sizeof(*p));
	p->all = is;
	p->source = s;
	p->fd = fd;
	p->follow = follow;
	p->format = format;
	*is->last = p;
	is->last = &p->next;
	source_register(s, s->where);
	if (fstat(fd, &st) == 0) {
		p->reference = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
		if (st.st_size > 0)
			engine_source_total(is->set->engine, s->number, (uint64_t)st.st_size);
	}
	return 1;
}

/* --- turns ------------------------------------------------------------------------------------ */

static bool
take_turn(struct inflates *is)
{
	bool go;

	pthread_mutex_lock(&is->lock);
	while (is->running >= AT_A_TIME && !atomic_load(&is->stopping))
		pthread_cond_wait(&is->turn, &is->lock);
	go = !atomic_load(&is->stopping);
	is->running += go;
	pthread_mutex_unlock(&is->lock);
	return go;
}

static void
give_turn(struct inflates *is)
{
	pthread_mutex_lock(&is->lock);
	is->running--;
	pthread_cond_signal(&is->turn);
	pthread_mutex_unlock(&is->lock);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
push(struct packed *p)
{
	struct engine *e = p->all->set->engine;
	struct batch *b = atomic_load(&p->all->stopping) ? engine_batch_within(e, STOP_GRACE)
							 : engine_batch(e, true);

	if (b == NULL)
		return false;
	framer_push(&p->framer, e, b);
	engine_source_progress(e, p->source->number, p->read);
	return true;
}

/* All that is in these bytes. False: stopped. */
static bool
inflate_some(struct packed *p, const unsigned char *in, size_t n, enum inflate_status *st)
{
	*st = INFLATE_OK;
	for (size_t room = 0; *st == INFLATE_OK && (n > 0 || room == 0);) {
		char *out = framer_room(&p->framer, &room);
		size_t before = room;

		if (atomic_load(&p->all->stopping))
			return false;
		*st = inflate_run(p->codec, &in, &n, &out, &room);
		if (before == room && n > 0 && *st == INFLATE_OK)
			*st = INFLATE_CORRUPT; /* neither takes nor gives */
		if (before != room && framer_added(&p->framer, before - room) && !push(p))
			return false;
	}
	return true;
}

/* The end of what is there. False: there will be no more. */
static bool
wait_for_more(struct packed *p)
{
	struct pollfd stop = { .fd = p->all->stop_fd, .events = POLLIN };
	struct stat st;

	if (!p->follow)
		return false;
	engine_source_state(p->all->set->engine, p->source->number, SOURCE_WAITING, NULL);
	give_turn(p->all);
	do {
		if (poll(&stop, 1, GROWN_MS) != 0 || fstat(p->fd, &st) != 0)
			break;
	} while ((uint64_t)st.st_size <= p->read);
	if (!take_turn(p->all)) {
		pthread_mutex_lock(&p->all->lock);
		p->all->running++; /* the caller gives it back */
		pthread_mutex_unlock(&p->all->lock);
		return false;
	}
	p->framer.recorded = false;
	engine_source_state(p->all->set->engine, p->source->number, SOURCE_OK, NULL);
	return true;
}

static const char *
text_of(enum inflate_status st)
{
	switch (st) {
	case INFLATE_CORRUPT: return "damaged";
	case INFLATE_MEMORY: return "refused: it asks for too much memory";
	case INFLATE_BOMB: return "refused: over 1000 times its size, 64 MiB long";
	default: return "";
	}
}

static void
finish(struct packed *p, enum inflate_status st, int error)
{
	struct engine *e = p->all->set->engine;
	bool torn = st == INFLATE_OK && error == 0 && !inflate_whole(p->codec);
	char what[160] = "";

	if (torn) /* half a line is none: the rest of it is still to come */
		(void)framer_reset(&p->framer);
	else if (framer_finish(&p->framer))
		(void)push(p);
	engine_source_progress(e, p->source->number, p->read);
	if (error != 0)
		snprintf(what, sizeof(what), "read at byte %llu: %s", (unsigned long long)p->read,
		    strerror(error));
	else if (st == INFLATE_TRAILING)
		snprintf(what, sizeof(what), "what follows the %s data is ignored",
		    inflate_name(p->format));
	else if (st != INFLATE_OK)
		snprintf(what, sizeof(what), "%s data, before byte %llu: %s",
		    inflate_name(p->format), (unsigned long long)p->read, text_of(st));
	else if (torn) {
		snprintf(what, sizeof(what), "the %s data has no end yet: lines may be missing",
		    inflate_name(p->format));
		engine_source_loss(e, p->source->number, 1);
	}
	source_finish(p->source,
	    error != 0 || (st != INFLATE_OK && st != INFLATE_TRAILING) ? SOURCE_FAILED
								       : SOURCE_DONE,
	    what[0] != '\0' ? what : NULL);
}

static void
read_all(struct packed *p, unsigned char *data)
{
	enum inflate_status st = INFLATE_OK;
	int error = 0;

	while (st == INFLATE_OK) {
		ssize_t n = read(p->fd, data, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error = errno;
			break;
		}
		if (n == 0 && !wait_for_more(p))
			break;
		p->read += (uint64_t)n;
		if (!inflate_some(p, data, (size_t)n, &st))
			break;
	}
	finish(p, st, error);
}

static void *
packed_main(void *arg)
{
	struct packed *p = arg;
	struct engine *e = p->all->set->engine;
	unsigned char *data;

	if (!take_turn(p->all))
		return NULL;
	data = xmalloc(READ_SIZE);
	p->codec = inflate_new(p->format);
	framer_init(&p->framer, engine_batch_size(e), &p->offset);
	p->framer.source = p->source->number;
	p->framer.streamed = p->framer.recorded = true;
	p->framer.reference = p->reference;
	p->framer.origin = rawstore_add(engine_raw(e), p->source->name, -1);
	engine_source_state(e, p->source->number, SOURCE_OK, NULL);
	(void)posix_fadvise(p->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	read_all(p, data);
	give_turn(p->all);
	framer_release(&p->framer);
	inflate_free(p->codec);
	free(data);
	return NULL;
}

/* --- the threads ------------------------------------------------------------------------------ */

void
inflates_start(struct inflates *is)
{
	if (is->first == NULL)
		return;
	is->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (is->stop_fd < 0)
		fatal("cannot start reading compressed files: %s", strerror(errno));
	for (struct packed *p = is->first; p != NULL; p = p->next) {
		int error = pthread_create(&p->thread, NULL, packed_main, p);

		p->started = error == 0;
		if (error != 0)
			source_finish(p->source, SOURCE_FAILED, strerror(error));
	}
}

void
inflates_stop(struct inflates *is)
{
	uint64_t one = 1;

	if (is->stop_fd < 0)
		return;
	pthread_mutex_lock(&is->lock);
	atomic_store(&is->stopping, true);
	pthread_cond_broadcast(&is->turn);
	pthread_mutex_unlock(&is->lock);
	if (write(is->stop_fd, &one, sizeof(one)) < 0)
		fatal("cannot wake the threads of compressed files: %s", strerror(errno));
	for (struct packed *p = is->first; p != NULL; p = p->next)
		if (p->started)
			pthread_join(p->thread, NULL);
	close(is->stop_fd);
	is->stop_fd = -1;
}

void
inflates_free(struct inflates *is)
{
	struct packed *next;

	if (is == NULL)
		return;
	for (struct packed *p = is->first; p != NULL; p = next) {
		next = p->next;
		close(p->fd);
		free(p);
	}
	pthread_mutex_destroy(&is->lock);
	pthread_cond_destroy(&is->turn);
	free(is);
}
