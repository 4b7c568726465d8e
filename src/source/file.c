/* A path: a regular file (recorded or growing), a FIFO or a device. Not here: reading (files.c,
 * net.c). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "source/inflate.h"
#include "source/private.h"
#include "base/banned.h"

/*
 * The last writer of a FIFO has gone: the end, unless we follow; then the next writer is waited
 * for, with a new descriptor (the old one would say "end" for ever).
 */
static void
pipe_closed(struct source *s, const char *error)
{
	int fd = -1;

	if (error[0] == '\0' && s->set->options.follow)
		fd = open(s->where, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && stream_open(s->set->net, s, fd, s->state, pipe_closed)) {
		engine_source_state(s->set->engine, s->number, SOURCE_WAITING, NULL);
		return;
	}
	if (fd >= 0)
		close(fd);
	source_finish(
	    s, error[0] == '\0' ? SOURCE_DONE : SOURCE_FAILED, error[0] == '\0' ? NULL : error);
}

static void
pipe_open(struct source *s, int fd)
{
	struct stream_origin *origin = xcalloc(1, sizeof(*origin));

	s->state = origin;
	origin->number = rawstore_add(engine_raw(s->set->engine), s->name, -1);
	if (stream_open(s->set->net, s, fd, origin, pipe_closed))
		engine_source_state(s->set->engine, s->number, SOURCE_OK, NULL);
	else /* a device that cannot be waited for is read like a file */
		files_add(s->set->files, s, NULL, fd, FOLLOW_NEVER);
}

static enum file_follow
wants_follow(const struct source_options *o)
{
	return o->follow ? FOLLOW_ALWAYS : o->follow_auto ? FOLLOW_GROWN : FOLLOW_NEVER;
}

static int
refuse(int fd, char *err, size_t errlen, const char *what, int error)
{
	if (fd >= 0)
		close(fd);
	return source_error(err, errlen, what, error);
}

/* -F waits for a file that is not there yet. */
static int
wait_for(struct source *s)
{
	source_register(s, s->where);
	files_add(s->set->files, s, s->where, -1, FOLLOW_ALWAYS);
	engine_source_state(s->set->engine, s->number, SOURCE_WAITING, "not there yet");
	return 0;
}

static int
file_open(struct source *s, char *err, size_t errlen)
{
	struct stat st;
	int fd;

	if (s->where[0] == '\0') {
		snprintf(err, errlen, "a source without a name");
		return -1;
	}
	/* O_NONBLOCK: neither a FIFO without a writer nor a device may hold us up */
	fd = open(s->where, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && s->set->options.follow)
		return wait_for(s);
	if (fd < 0 || fstat(fd, &st) != 0)
		return refuse(fd, err, errlen, s->where, errno);
	if (S_ISDIR(st.st_mode))
		return refuse(fd, err, errlen, s->where, EISDIR);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)) {
		snprintf(err, errlen, "%s: neither a file nor a pipe", s->where);
		close(fd);
		return -1;
	}
	if (S_ISREG(st.st_mode)) {
		int packed =
		    inflates_try(s->set->inflates, s, fd, s->set->options.follow, err, errlen);

		if (packed < 0)
			close(fd);
		if (packed != 0)
			return packed < 0 ? -1 : 0;
	}
	source_register(s, s->where);
	if (S_ISREG(st.st_mode))
		files_add(s->set->files, s, s->where, fd, wants_follow(&s->set->options));
	else
		pipe_open(s, fd);
	return 0;
}

static void
file_source_close(struct source *s)
{
	free(s->state);
	s->state = NULL;
}

const struct source_ops source_file = {
	.prefix = "",
	.form = "FILE",
	.help = "a recorded or growing file (.gz, .zst, .xz too), a FIFO",
	.open = file_open,
	.close = file_source_close,
};
