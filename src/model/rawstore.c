/*
 * The raw store: one entry an origin, either a descriptor of the file the events were read from or
 * a spool (spool.c). It knows bytes and offsets, nothing of events. Entries are never removed, so
 * readers need no lock to find one.
 */
#include "model/rawstore.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "model/spool.h"

#include "base/banned.h"

#define ORIGINS_MAX 65535u

struct origin {
	char *name;
	int fd;		     /* of a regular file, -1: none */
	struct spool *spool; /* of a stream; NULL: none */
	atomic_bool forgotten;
	_Atomic(int64_t) size; /* of the file when it was largest */
};

struct rawstore {
	uint64_t spool_max;
	pthread_mutex_t lock; /* of adding, and of `why` */
	atomic_uint count;
	atomic_ullong failures;
	char why[96];
	struct origin *_Atomic *origin; /* ORIGINS_MAX places, touched as they are used */
};

struct rawstore *
rawstore_new(uint64_t spool_max)
{
	struct rawstore *r = xcalloc(1, sizeof(*r));

	r->spool_max = spool_max;
	pthread_mutex_init(&r->lock, NULL);
	r->origin = xcalloc(ORIGINS_MAX, sizeof(*r->origin));
	return r;
}

void
rawstore_free(struct rawstore *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < atomic_load(&r->count); i++) {
		struct origin *o = atomic_load(&r->origin[i]);

		if (o->fd >= 0)
			close(o->fd);
		spool_free(o->spool);
		free(o->name);
		free(o);
	}
	free(r->origin);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static struct origin *
find(const struct rawstore *r, uint16_t origin)
{
	return origin < atomic_load(&r->count) ? atomic_load(&r->origin[origin]) : NULL;
}

uint16_t
rawstore_add(struct rawstore *r, const char *name, int fd)
{
	struct origin *o = xcalloc(1, sizeof(*o));
	unsigned n;

	o->name = xstrdup(name);
	o->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	pthread_mutex_lock(&r->lock);
	n = atomic_load(&r->count);
	if (n == ORIGINS_MAX) {
		pthread_mutex_unlock(&r->lock);
		if (o->fd >= 0)
			close(o->fd);
		free(o->name);
		free(o);
		return (uint16_t)(ORIGINS_MAX - 1);
	}
	if (n ==
	    ORIGINS_MAX - 1) { /* shared by all that follow: it could not tell their bytes apart */
		atomic_store(&o->forgotten, true);
	} else if (fd < 0) {
		o->spool = spool_new(r->spool_max);
	}
	atomic_store(&r->origin[n], o);
	atomic_store(&r->count, n + 1);
	pthread_mutex_unlock(&r->lock);
	return (uint16_t)n;
}

const char *
rawstore_name(const struct rawstore *r, uint16_t origin)
{
	const struct origin *o = find(r, origin);

	return o == NULL ? "" : o->name;
}

static void
count_failure(struct rawstore *r, int error)
{
	char text[96];

	atomic_fetch_add(&r->failures, 1);
	pthread_mutex_lock(&r->lock);
	snprintf(r->why, sizeof(r->why), "%s", strerror_r(error, text, sizeof(text)));
	pthread_mutex_unlock(&r->lock);
}

bool
rawstore_append(struct rawstore *r, uint16_t origin, uint64_t offset, const char *p, size_t len)
{
	struct origin *o = find(r, origin);
	int error;

	if (o == NULL || o->spool == NULL || atomic_load(&o->forgotten))
		return false;
	error = spool_write(o->spool, offset, p, len);
	if (error != 0)
		count_failure(r, error);
	return error == 0;
}

/* A file that became shorter was written anew: what it holds now is not what was read. */
static bool
file_is_whole(struct origin *o)
{
	struct stat st;
	int64_t largest = atomic_load(&o->size);

	if (fstat(o->fd, &st) != 0)
		return false;
	if (st.st_size < largest) {
		atomic_store(&o->forgotten, true);
		return false;
	}
	while (st.st_size > largest &&
	       !atomic_compare_exchange_weak(&o->size, &largest, (int64_t)st.st_size))
		;
	return true;
}

static bool
file_read(struct origin *o, uint64_t offset, uint32_t len, struct buf *out)
{
	char *p = buf_room(out, len);
	uint32_t done = 0;

	if (offset > INT64_MAX - (uint64_t)len || !file_is_whole(o))
		return false;
	while (done < len) {
		ssize_t n = pread(o->fd, p + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (uint32_t)n;
	}
	out->len += len;
	out->p[out->len] = '\0';
	return true;
}

bool
rawstore_read(
    const struct rawstore *r, uint16_t origin, uint64_t offset, uint32_t len, struct buf *out)
{
	struct origin *o = find(r, origin);

	if (o == NULL || atomic_load(&o->forgotten))
		return false;
	if (o->spool != NULL)
		return spool_read(o->spool, offset, len, out);
	return o->fd >= 0 && file_read(o, offset, len, out);
}

void
rawstore_forget(struct rawstore *r, uint16_t origin)
{
	struct origin *o = find(r, origin);

	if (o != NULL)
		atomic_store(&o->forgotten, true);
}

/* In place of the descriptor, so that whoever reads has the one file or the other. */
void
rawstore_moved(struct rawstore *r, uint16_t origin, int fd)
{
	struct origin *o = find(r, origin);

	if (o != NULL && (o->fd < 0 || dup3(fd, o->fd, O_CLOEXEC) < 0))
		atomic_store(&o->forgotten, true);
}

uint64_t
rawstore_failures(const struct rawstore *r, char *why, size_t size)
{
	struct rawstore *w = (struct rawstore *)(uintptr_t)r; /* for its lock alone */

	if (why != NULL) {
		pthread_mutex_lock(&w->lock);
		snprintf(why, size, "%s", r->why);
		pthread_mutex_unlock(&w->lock);
	}
	return atomic_load(&r->failures);
}
