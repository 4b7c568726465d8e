/*
 * Reading and writing of the files that mutes and filters are kept in: who may have written them,
 * and nothing half written. What is in them is not known here.
 */
#include "detect/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "base/banned.h"

bool
kept_path(struct buf *out, const char *name)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	buf_clear(out);
	if (dir != NULL && dir[0] == '/')
		buf_addf(out, "%s/falcotop/%s", dir, name);
	else if (home != NULL && home[0] == '/')
		buf_addf(out, "%s/.config/falcotop/%s", home, name);
	else
		return false;
	return true;
}

static bool
say(char err[KEPT_ERROR_MAX], const char *path, const char *what)
{
	snprintf(err, KEPT_ERROR_MAX, "%.160s: %s", path, what);
	return false;
}

/* Whether the file can be trusted to be the user's own. */
static bool
is_ours(int fd, const char *path, size_t max, char err[KEPT_ERROR_MAX])
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return say(err, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return say(err, path, "not a regular file");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return say(err, path, "belongs to another user");
	if ((st.st_mode & S_IWOTH) != 0)
		return say(err, path, "anyone may write to it: refused");
	if (st.st_size < 0 || (size_t)st.st_size > max)
		return say(err, path, "too large");
	return true;
}

enum kept
kept_read(const char *path, size_t max, struct buf *out, char err[KEPT_ERROR_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum kept result = KEPT_REFUSED;
	ssize_t got;

	buf_clear(out);
	if (fd < 0) {
		say(err, path, strerror(errno));
		return errno == ENOENT || errno == ENOTDIR ? KEPT_MISSING : KEPT_REFUSED;
	}
	if (!is_ours(fd, path, max, err))
		goto out;
	do {
		got = read(fd, buf_room(out, 4096), 4096);
		if (got > 0)
			out->len += (size_t)got;
	} while (out->len <= max && (got > 0 || (got < 0 && errno == EINTR)));
	if (got < 0 || out->len > max) {
		say(err, path, got < 0 ? strerror(errno) : "too large");
		goto out;
	}
	buf_add(out, "", 0);
	result = KEPT_READ;
out:
	close(fd);
	return result;
}

/* The directories above a path. */
static bool
make_directories(const char *path, char err[KEPT_ERROR_MAX])
{
	char *dir = xstrdup(path);
	bool ok = true;

	for (char *p = strchr(dir + 1, '/'); ok && p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			ok = say(err, dir, strerror(errno));
		*p = '/';
	}
	free(dir);
	return ok;
}

static bool
write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = (struct slice){ bytes.p + n, bytes.len - (size_t)n };
	}
	return true;
}

/* The rename itself reaches the disk with its directory; where that cannot be, the file is old or
 * new, never half. */
static void
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, (size_t)(slash - path));
	int fd = open(dir[0] == '\0' ? "/" : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(dir);
}

bool
kept_write(const char *path, struct slice bytes, char err[KEPT_ERROR_MAX])
{
	char *temp;
	bool ok;
	int fd;

	if (path[0] != '/')
		return say(err, path, "not an absolute path");
	if (!make_directories(path, err))
		return false;
	temp = xasprintf("%s.XXXXXX", path);
	fd = mkostemp(temp, O_CLOEXEC);
	ok = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, bytes) && fsync(fd) == 0;
	if (!ok)
		say(err, path, strerror(errno));
	if (fd >= 0 && close(fd) != 0 && ok)
		ok = say(err, path, strerror(errno));
	if (ok && rename(temp, path) != 0)
		ok = say(err, path, strerror(errno));
	if (ok)
		sync_directory(path);
	else if (fd >= 0)
		(void)unlink(temp);
	free(temp);
	return ok;
}

bool
kept_remove(const char *path, char err[KEPT_ERROR_MAX])
{
	if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return true;
	return say(err, path, strerror(errno));
}
