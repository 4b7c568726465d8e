/*
 * unix:PATH and unixgram:PATH: a stream or datagram socket made here, for this user alone (0600). A
 * socket file that nobody listens on any more is replaced; one in use, somebody else's, or a file
 * of another type never is. The file is removed at the end if it is still ours. Not here: reading
 * (net.c, dgram.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "source/dgram.h"
#include "source/private.h"
#include "base/banned.h"

#define BACKLOG 128

struct unix_source {
	dev_t dev;
	ino_t ino;
	struct dgram *dgram; /* of unixgram: */
};

static int
socket_new(int type)
{
	return socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether somebody listens on the socket file: 1, 0, or -1 with errno. */
static int
alive(const struct sockaddr_un *a)
{
	int fd = socket_new(SOCK_STREAM);
	int r, error;

	if (fd < 0)
		return -1;
	r = connect(fd, (const struct sockaddr *)a, sizeof(*a));
	error = errno;
	close(fd);
	errno = error;
	/* EPROTOTYPE: it takes datagrams, and is there */
	if (r == 0 || error == EAGAIN || error == EINPROGRESS || error == EPROTOTYPE)
		return 1;
	return error == ECONNREFUSED || error == ENOENT ? 0 : -1;
}

static int
refuse(char *err, size_t errlen, const struct source *s, const char *why)
{
	snprintf(err, errlen, "%s: %s", s->where, why);
	return -1;
}

/* Makes way for our socket file, or says why not. */
static int
clear_path(struct source *s, const struct sockaddr_un *a, char *err, size_t errlen)
{
	struct stat st;

	if (lstat(s->where, &st) != 0)
		return errno == ENOENT ? 0 : source_error(err, errlen, s->where, errno);
	if (!S_ISSOCK(st.st_mode))
		return refuse(err, errlen, s, "exists and is no socket");
	if (st.st_uid != geteuid())
		return refuse(err, errlen, s, "is the socket of another user");
	switch (alive(a)) {
	case 0: break;
	case 1: return refuse(err, errlen, s, "another program listens there");
	default: return source_error(err, errlen, s->where, errno);
	}
	if (unlink(s->where) != 0 && errno != ENOENT)
		return source_error(err, errlen, s->where, errno);
	return 0;
}

/* Bound (a stream: and listening), the file readable and writable by its owner only from its first
 * moment; -1 with err. */
static int
bind_socket(struct source *s, const struct sockaddr_un *a, int type, char *err, size_t errlen)
{
	int fd = socket_new(type);
	mode_t mask;
	int r, error;

	if (fd < 0)
		return source_error(err, errlen, s->where, errno);
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)a, sizeof(*a));
	error = errno;
	umask(mask);
	if (r == 0 && type == SOCK_STREAM && (r = listen(fd, BACKLOG)) != 0) {
		error = errno;
		unlink(s->where);
	}
	if (r == 0)
		return fd;
	close(fd);
	return source_error(err, errlen, s->where, error);
}

/* The socket, with its source registered; -1 with err. */
static int
open_path(struct source *s, int type, char *err, size_t errlen)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(s->where);
	struct unix_source *u;
	struct stat st;
	char *name;
	int fd;

	if (len == 0) {
		snprintf(err, errlen, "unix: without a path");
		return -1;
	}
	if (len >= sizeof(a.sun_path))
		return refuse(err, errlen, s, "the path is too long for a socket");
	memcpy(a.sun_path, s->where, len);
	if (clear_path(s, &a, err, errlen) != 0)
		return -1;
	fd = bind_socket(s, &a, type, err, errlen);
	if (fd < 0)
		return -1;
	s->state = u = xcalloc(1, sizeof(*u));
	if (lstat(s->where, &st) == 0) {
		u->dev = st.st_dev;
		u->ino = st.st_ino;
	}
	name = xasprintf("%s%s", s->ops->prefix, s->where);
	source_register(s, name);
	free(name);
	return fd;
}

static int
unix_open(struct source *s, char *err, size_t errlen)
{
	int fd = open_path(s, SOCK_STREAM, err, errlen);

	if (fd < 0)
		return -1;
	net_listen(s->set->net, s, fd);
	return 0;
}

static int
unixgram_open(struct source *s, char *err, size_t errlen)
{
	int fd = open_path(s, SOCK_DGRAM, err, errlen);
	struct unix_source *u = s->state;

	if (fd < 0)
		return -1;
	u->dgram = dgram_new(s, fd, DGRAM_MAX_UNIX);
	return 0;
}

static void
unix_close(struct source *s)
{
	struct unix_source *u = s->state;
	struct stat st;

	if (u == NULL)
		return;
	if (lstat(s->where, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == u->dev &&
	    st.st_ino == u->ino)
		unlink(s->where);
	dgram_free(u->dgram);
	free(u);
	s->state = NULL;
}

const struct source_ops source_unix = {
	.prefix = "unix:",
	.form = "unix:PATH",
	.help = "listen on a Unix socket, made for this user alone",
	.live = true,
	.open = unix_open,
	.close = unix_close,
};

const struct source_ops source_unixgram = {
	.prefix = "unixgram:",
	.form = "unixgram:PATH",
	.help = "take datagrams on a Unix socket, like /dev/log",
	.live = true,
	.open = unixgram_open,
	.close = unix_close,
};
