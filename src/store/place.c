/*
 * The place of the history in the file system. The file is opened by SQLite alone; here it is only
 * looked at, so nothing here is a defence against somebody who can write to the directory: such a
 * directory is refused.
 */
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "base/banned.h"

static const char *const sides[] = { "-wal", "-shm", "-journal" };
#define PAGE_MIN 512 /* SQLite's smallest page */
#define SIDES	 (sizeof(sides) / sizeof(sides[0]))

char *
place_path(const char *given, bool *own)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	*own = given == NULL;
	if (given != NULL)
		return xstrdup(given);
	/* The specification: a path that is not absolute is to be ignored. */
	if (state != NULL && state[0] == '/')
		return xasprintf("%s/falcotop/history.db", state);
	if (home != NULL && home[0] == '/')
		return xasprintf("%s/.local/state/falcotop/history.db", home);
	return NULL;
}

static enum place_verdict
say(enum place_verdict v, char *err, size_t errlen, const char *what, const char *why)
{
	snprintf(err, errlen, "%s: %s", what, why);
	return v;
}

static enum place_verdict
say_errno(char *err, size_t errlen, const char *what)
{
	int e = errno;
	enum place_verdict v = PLACE_AGAIN;

	if (e == ELOOP || e == ENAMETOOLONG)
		v = PLACE_REFUSED;
	else if (e == ENOENT)
		v = PLACE_MISSING;
	return say(v, err, errlen, what, strerror(e));
}

/* mkdir -p, 0700. */
static void
make_directories(const char *dir)
{
	char part[PATH_MAX];
	size_t len = strlen(dir);

	if (len >= sizeof(part))
		return;
	memcpy(part, dir, len + 1);
	for (size_t i = 1; i <= len; i++) {
		char c = part[i];

		if (c != '/' && c != '\0')
			continue;
		part[i] = '\0';
		(void)mkdir(part, 0700); /* what failed shows when the directory is used */
		part[i] = c;
	}
}

/* What stands at a path may be used: a plain file, ours, not open to everybody. */
static const char *
unsafe(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (!S_ISREG(st->st_mode))
		return "is not a plain file";
	if (st->st_uid != geteuid())
		return "belongs to another user";
	if (st->st_mode & S_IWOTH)
		return "can be written by everybody";
	return NULL;
}

/* The directory part without links, and the name, in p->path. */
static enum place_verdict
resolve(struct place *p, const char *path, bool own, char *err, size_t errlen)
{
	const char *name = strrchr(path, '/');
	char *dir =
	    name == NULL ? xstrdup(".") : xstrndup(path, (size_t)(name - path) + (name == path));
	char real[PATH_MAX];
	enum place_verdict v = PLACE_OK;
	struct stat st;
	int n;

	name = name == NULL ? path : name + 1;
	if (own)
		make_directories(dir);
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		v = say(PLACE_REFUSED, err, errlen, path, "is a directory");
	else if (realpath(dir, real) == NULL || stat(real, &st) != 0)
		v = say_errno(err, errlen, dir);
	else if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		v = say(PLACE_REFUSED, err, errlen, dir, "can be written by everybody");
	free(dir);
	if (v != PLACE_OK)
		return v;
	n = snprintf(p->path, sizeof(p->path), "%s/%s", real[1] == '\0' ? "" : real, name);
	/* Room for the longest suffix of move_aside(). */
	if (n < 0 || (size_t)n > sizeof(p->path) - 64)
		return say(PLACE_REFUSED, err, errlen, "history", "path too long");
	return PLACE_OK;
}

static enum place_verdict
check_sides(const struct place *p, char *err, size_t errlen)
{
	char side[PATH_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < SIDES; i++) {
		const char *why = NULL;

		snprintf(side, sizeof(side), "%s%s", p->path, sides[i]);
		if (lstat(side, &st) == 0)
			why = unsafe(&st);
		if (why != NULL)
			return say(PLACE_REFUSED, err, errlen, side, why);
	}
	return PLACE_OK;
}

enum place_verdict
place_check(struct place *p, const char *path, bool own, bool create, char *err, size_t errlen)
{
	enum place_verdict v = resolve(p, path, own, err, errlen);
	const char *why;
	struct stat st;
	int r;

	if (v != PLACE_OK)
		return v == PLACE_MISSING && create ? PLACE_AGAIN : v;
	r = lstat(p->path, &st);
	if (r != 0 && errno == ENOENT && create) {
		if (mknod(p->path, S_IFREG | 0600, 0) != 0 && errno != EEXIST)
			return say_errno(err, errlen, p->path);
		r = lstat(p->path, &st);
	}
	if (r != 0)
		return say_errno(err, errlen, p->path);
	why = unsafe(&st);
	if (why != NULL)
		return say(PLACE_REFUSED, err, errlen, p->path, why);
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	p->stub = st.st_size > 0 && st.st_size < PAGE_MIN;
	return check_sides(p, err, errlen);
}

bool
place_same(const struct place *p)
{
	struct stat st;

	return lstat(p->path, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino;
}

/* A free name for the damaged file. */
static bool
aside_name(const struct place *p, int64_t now, char *name, size_t namelen)
{
	time_t t = (time_t)(now / NSEC_PER_SEC);
	char stamp[32];
	struct stat st;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return false;
	for (unsigned i = 0; i < 100; i++) {
		int n = i == 0 ? snprintf(name, namelen, "%s.corrupt-%s", p->path, stamp)
			       : snprintf(name, namelen, "%s.corrupt-%s.%u", p->path, stamp, i);

		if (n < 0 || (size_t)n >= namelen)
			return false;
		if (lstat(name, &st) != 0 && errno == ENOENT)
			return true;
	}
	return false;
}

/* Never over another file, where the file system can promise that. */
static bool
move(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && rename(from, to) == 0;
}

bool
place_move_aside(const struct place *p, int64_t now, char *name, size_t namelen)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 64];
	char *slash;
	bool ok;
	int dir;

	snprintf(from, sizeof(from), "%s", p->path);
	slash = strrchr(from, '/');
	slash[slash == from] = '\0';
	name[0] = '\0';
	/* One at a time, so that no instance moves away the new file of another. */
	dir = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	if (flock(dir, LOCK_EX | LOCK_NB) != 0 || !place_same(p)) {
		ok = !place_same(p);
		close(dir);
		return ok;
	}
	ok = aside_name(p, now, name, namelen) && move(p->path, name);
	for (size_t i = 0; ok && i < SIDES; i++) {
		snprintf(from, sizeof(from), "%s%s", p->path, sides[i]);
		snprintf(to, sizeof(to), "%s%s", name, sides[i]);
		(void)move(from, to);
	}
	if (!ok)
		name[0] = '\0';
	close(dir);
	return ok;
}

void
place_sizes(const struct place *p, uint64_t *file, uint64_t *wal)
{
	char side[PATH_MAX + 16];
	struct stat st;

	*file = stat(p->path, &st) == 0 ? (uint64_t)st.st_size : 0;
	snprintf(side, sizeof(side), "%s-wal", p->path);
	*wal = stat(side, &st) == 0 ? (uint64_t)st.st_size : 0;
}
