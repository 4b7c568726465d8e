/*
 * Looking beside a log (rotated.h). Names are only a hint here: what counts is the content, the
 * inode, or the moment a file was made. Not here: reading them (follow.c).
 */
#include "source/rotated.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define SIBLINGS_MAX 256   /* looked at more closely */
#define ENTRIES_MAX  20000 /* of the directory */

struct sibling {
	int64_t born; /* 0: unknown */
	dev_t dev;
	ino_t ino;
	uint64_t size;
	int fd;
};

struct siblings {
	struct sibling v[SIBLINGS_MAX];
	unsigned n;
};

static int64_t
born_of(const struct statx *x)
{
	if ((x->stx_mask & STATX_BTIME) == 0)
		return 0;
	return x->stx_btime.tv_sec * NSEC_PER_SEC + x->stx_btime.tv_nsec;
}

int64_t
rotated_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

int64_t
rotated_born(int fd)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &x) != 0)
		return 0;
	return born_of(&x);
}

/* What rotation puts behind a name: a number, a date, a word of age. */
static bool
is_age(const char *s)
{
	static const char *const words[] = { "old", "bak", "prev", "save", "copy", "tmp" };

	if (*s != '.' && *s != '-' && *s != '_' && *s != '~')
		return false;
	if (*++s == '\0' || (*s >= '0' && *s <= '9'))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(s, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* "falco.log" has "falco.log.1", "falco.log-20261124", "falco-20261124.log". */
static bool
looks_related(const char *name, const char *base)
{
	const char *dot = strrchr(base, '.');
	size_t len = strlen(base);

	if (strncmp(name, base, len) == 0)
		return is_age(name + len);
	len = dot == NULL || dot == base ? len : (size_t)(dot - base);
	return strncmp(name, base, len) == 0 && is_age(name + len);
}

/* gzip, zstd, xz: what is in there was read before it was packed, or cannot be compared. */
static bool
packed(int fd)
{
	static const unsigned char magic[][4] = { { 0x1f, 0x8b }, { 0x28, 0xb5, 0x2f, 0xfd },
		{ 0xfd, '7', 'z', 'X' } };
	unsigned char p[4] = { 0 };

	if (pread(fd, p, sizeof(p), 0) < 2)
		return false;
	return memcmp(p, magic[0], 2) == 0 || memcmp(p, magic[1], 4) == 0 ||
	       memcmp(p, magic[2], 4) == 0;
}

static void
take(struct siblings *s, int dir, const char *name)
{
	struct sibling *to = &s->v[s->n];
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 || packed(fd)) {
		close(fd);
		return;
	}
	*to = (struct sibling){ rotated_born(fd), st.st_dev, st.st_ino, (uint64_t)st.st_size, fd };
	s->n++;
}

/* Which of them may be left out without opening it. */
typedef bool (*wanted_fn)(const struct stat *st, const void *arg);

static void
gather(struct siblings *s, const char *path, wanted_fn wanted, const void *arg)
{
	char *real = realpath(path, NULL);
	const char *at = real != NULL ? real : path;
	const char *slash = strrchr(at, '/');
	const char *base = slash != NULL ? slash + 1 : at;
	char *dir =
	    slash == NULL ? xstrdup(".") : xstrndup(at, slash == at ? 1 : (size_t)(slash - at));
	DIR *d = opendir(dir);
	struct dirent *e;

	s->n = 0;
	for (unsigned i = 0; d != NULL && i < ENTRIES_MAX && s->n < SIBLINGS_MAX; i++) {
		struct stat st;

		if ((e = readdir(d)) == NULL)
			break;
		if (looks_related(e->d_name, base) &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && wanted(&st, arg))
			take(s, dirfd(d), e->d_name);
	}
	if (d != NULL)
		closedir(d);
	free(dir);
	free(real);
}

static void
close_all(struct siblings *s, int but)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i].fd >= 0 && s->v[i].fd != but)
			close(s->v[i].fd);
	free(s);
}

static bool
changed_since(const struct stat *st, const void *arg)
{
	const int64_t *from = arg;

	/* whatever was made since then has also changed since then */
	return st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec >= *from;
}

/* --- the copy -------------------------------------------------------------------------------- */

struct identity {
	uint64_t at;
	dev_t dev;
	ino_t ino;
	int64_t from;
};

static bool
may_be_copy(const struct stat *st, const void *arg)
{
	const struct identity *id = arg;

	return changed_since(st, &id->from) && (uint64_t)st->st_size >= id->at &&
	       (st->st_ino != id->ino || st->st_dev != id->dev);
}

int
rotated_copy(const char *path, const struct mark *m, dev_t dev, ino_t ino, int64_t from)
{
	struct siblings *s;
	struct identity id = { m->at, dev, ino, from };
	int64_t born = -1;
	int best = -1;

	if (m->nhead == 0)
		return -1;
	s = xcalloc(1, sizeof(*s));
	gather(s, path, may_be_copy, &id);
	for (unsigned i = 0; i < s->n; i++) {
		if (s->v[i].born < born || !mark_holds(m, s->v[i].fd))
			continue;
		born = s->v[i].born;
		best = s->v[i].fd;
	}
	close_all(s, best);
	return best;
}

/* --- the same file --------------------------------------------------------------------------- */

static bool
is_inode(const struct stat *st, const void *arg)
{
	const struct identity *id = arg;

	return st->st_ino == id->ino && st->st_dev == id->dev && (uint64_t)st->st_size >= id->at;
}

int
rotated_same(const char *path, const struct mark *m, dev_t dev, ino_t ino)
{
	struct siblings *s = xcalloc(1, sizeof(*s));
	struct identity id = { m->at, dev, ino, 0 };
	int fd = -1;

	gather(s, path, is_inode, &id);
	if (s->n > 0 && mark_holds(m, s->v[0].fd))
		fd = s->v[0].fd;
	close_all(s, fd);
	return fd;
}

/* --- those in between ------------------------------------------------------------------------ */

static int
older(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	return x->born < y->born ? -1 : x->born > y->born;
}

static bool
listed(ino_t ino, const ino_t * not, unsigned nnot)
{
	for (unsigned i = 0; i < nnot; i++)
		if (not [i] == ino)
			return true;
	return false;
}

unsigned
rotated_between(const char *path, int64_t from, int64_t to, const struct mark *m, const ino_t * not,
    unsigned nnot, int *fd, unsigned max)
{
	struct siblings *s = xcalloc(1, sizeof(*s));
	unsigned n = 0;

	gather(s, path, changed_since, &from);
	qsort(s->v, s->n, sizeof(s->v[0]), older);
	for (unsigned i = 0; i < s->n && n < max; i++) {
		struct sibling *v = &s->v[i];

		if (v->born < from || v->born > to || listed(v->ino, not, nnot))
			continue;
		if (m != NULL && m->nhead > 0 && mark_begins(m, v->fd))
			continue;
		fd[n++] = v->fd;
		v->fd = -1;
	}
	close_all(s, -1);
	return n;
}
