/*
 * The ring behind a streamed origin. Byte x of the stream lies at x % max of the file. [start, end)
 * is what the ring can hold; `hole` lists the parts of it that are not (or not yet) written.
 * Writing happens outside the lock: a part is a hole while it is being written, so a reader never
 * takes half of it, and a reader looks again after it has read, so it never takes what was written
 * over meanwhile.
 */
#include "model/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define HOLES_MAX 256

struct range {
	uint64_t from, to;
};

struct spool {
	pthread_mutex_t lock;
	uint64_t max;
	int fd;	   /* -1: not opened yet */
	int error; /* why it cannot be opened */
	uint64_t start, end;
	unsigned nholes, cap;
	struct range *hole;
};

struct spool *
spool_new(uint64_t max)
{
	struct spool *s = xcalloc(1, sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	s->max = max;
	s->fd = -1;
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s->hole);
	free(s);
}

/* A file without a name in dir, or -1. */
static int
open_nameless(const char *dir)
{
	struct buf path = { 0 };
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0)
		return fd;
	buf_adds(&path, dir);
	buf_adds(&path, "/falcotop.XXXXXX");
	fd = mkostemp(path.p, O_CLOEXEC);
	if (fd >= 0)
		unlink(path.p);
	buf_release(&path);
	return fd;
}

static bool
open_file(struct spool *s)
{
	const char *dir[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };

	if (s->fd >= 0)
		return true;
	for (unsigned i = 0; i < sizeof(dir) / sizeof(dir[0]) && s->fd < 0; i++)
		if (dir[i] != NULL && dir[i][0] == '/')
			s->fd = open_nameless(dir[i]);
	if (s->fd < 0)
		s->error = errno;
	return s->fd >= 0;
}

/* With too many holes the oldest part of the ring is given up, up to the end of its first hole. */
static void
trim_holes(struct spool *s)
{
	while (s->nholes > HOLES_MAX) {
		unsigned oldest = 0;

		for (unsigned i = 1; i < s->nholes; i++)
			if (s->hole[i].to < s->hole[oldest].to)
				oldest = i;
		if (s->hole[oldest].to > s->start)
			s->start = s->hole[oldest].to;
		s->hole[oldest] = s->hole[--s->nholes];
	}
}

static void
push_hole(struct spool *s, struct range hole)
{
	if (s->nholes == s->cap) {
		s->cap = s->cap == 0 ? 4 : s->cap * 2;
		s->hole = xreallocarray(s->hole, s->cap, sizeof(*s->hole));
	}
	s->hole[s->nholes++] = hole;
}

/* Takes [from, to) out of the holes: it is written. Holes are disjoint, so at most one becomes two.
 */
static void
fill_hole(struct spool *s, uint64_t from, uint64_t to)
{
	struct range kept[HOLES_MAX + 3];
	unsigned n = 0;

	for (unsigned i = 0; i < s->nholes; i++) {
		struct range h = s->hole[i];

		if (h.from < s->start)
			h.from = s->start;
		if (h.from < h.to && h.from < from)
			kept[n++] = (struct range){ h.from, h.to < from ? h.to : from };
		if (h.from < h.to && h.to > to)
			kept[n++] = (struct range){ h.from > to ? h.from : to, h.to };
	}
	s->nholes = 0;
	for (unsigned i = 0; i < n; i++)
		push_hole(s, kept[i]);
	trim_holes(s);
}

static void
add_hole(struct spool *s, uint64_t from, uint64_t to)
{
	if (from < s->start)
		from = s->start;
	if (to > s->end)
		to = s->end;
	if (from >= to)
		return;
	fill_hole(s, from, to);
	push_hole(s, (struct range){ from, to });
	trim_holes(s);
}

/* Makes room for [from, to), a hole until written; cuts *from to what fits. False when newer bytes
 * have all its places. */
static bool
reserve(struct spool *s, uint64_t *from, uint64_t to)
{
	if (to > s->end) {
		uint64_t old = s->end;

		s->end = to;
		if (s->end - s->start > s->max)
			s->start = s->end - s->max;
		add_hole(s, old, s->end);
	}
	if (*from < s->start)
		*from = s->start;
	add_hole(s, *from, to);
	return *from < to;
}

/* The ring came round while [from, to) was being written: what now has its places may be spoilt. */
static void
spoil(struct spool *s, uint64_t from, uint64_t to)
{
	uint64_t lap = (s->start - from) / s->max * s->max;

	add_hole(s, from + lap, to + lap);
	add_hole(s, from + lap + s->max, to + lap + s->max);
}

/* Writes or reads at the places of [offset, offset + len); at most two runs. 0 or an errno. */
static int
transfer(const struct spool *s, uint64_t offset, char *in, const char *out, size_t len)
{
	while (len > 0) {
		uint64_t at = offset % s->max;
		size_t run = len < s->max - at ? len : (size_t)(s->max - at);
		ssize_t n = in != NULL ? pread(s->fd, in, run, (off_t)at)
				       : pwrite(s->fd, out, run, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		offset += (size_t)n;
		len -= (size_t)n;
		if (in != NULL)
			in += n;
		else
			out += n;
	}
	return 0;
}

int
spool_write(struct spool *s, uint64_t offset, const char *p, size_t len)
{
	uint64_t from = offset, to = offset + len;
	int error = 0;
	bool room;

	if (len == 0)
		return 0;
	if (s->max == 0)
		return ENOSPC;
	pthread_mutex_lock(&s->lock);
	room = open_file(s);
	if (!room)
		error = s->error;
	else
		room = reserve(s, &from, to);
	pthread_mutex_unlock(&s->lock);
	if (!room)
		return error;
	error = transfer(s, from, NULL, p + (from - offset), (size_t)(to - from));
	pthread_mutex_lock(&s->lock);
	if (from < s->start)
		spoil(s, from, to);
	if (error == 0)
		fill_hole(s, from, to);
	pthread_mutex_unlock(&s->lock);
	return error;
}

static bool
is_kept(const struct spool *s, uint64_t from, uint64_t to)
{
	if (from < s->start || to > s->end)
		return false;
	for (unsigned i = 0; i < s->nholes; i++)
		if (from < s->hole[i].to && to > s->hole[i].from)
			return false;
	return true;
}

bool
spool_read(struct spool *s, uint64_t offset, uint32_t len, struct buf *out)
{
	uint64_t to = offset + len;
	bool ok;
	char *p;

	if (len == 0)
		return true;
	if (to < offset)
		return false;
	pthread_mutex_lock(&s->lock);
	ok = is_kept(s, offset, to);
	pthread_mutex_unlock(&s->lock);
	if (!ok)
		return false;
	p = buf_room(out, len);
	if (transfer(s, offset, p, NULL, len) != 0)
		return false;
	pthread_mutex_lock(&s->lock);
	ok = is_kept(s, offset, to);
	pthread_mutex_unlock(&s->lock);
	if (!ok)
		return false;
	out->len += len;
	out->p[out->len] = '\0';
	return true;
}
