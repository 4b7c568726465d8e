/* Standard input: a pipe or socket is read as it comes, a redirected file like any file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "source/private.h"
#include "base/banned.h"

static void
stdin_closed(struct source *s, const char *error)
{
	source_finish(
	    s, error[0] == '\0' ? SOURCE_DONE : SOURCE_FAILED, error[0] == '\0' ? NULL : error);
}

/* Two readers would share the bytes between them. */
static bool
is_taken(const struct source_set *set)
{
	for (unsigned i = 0; i < set->nsource; i++)
		if (set->source[i]->ops == &source_stdin)
			return true;
	return false;
}

static int
stdin_open(struct source *s, char *err, size_t errlen)
{
	struct source_set *set = s->set;
	struct stream_origin *origin;
	struct stat st;
	int fd;

	if (is_taken(set)) {
		snprintf(err, errlen, "standard input is given twice");
		return -1;
	}
	fd = fcntl(set->options.stdin_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		source_error(err, errlen, "standard input", fd < 0 ? errno : EISDIR);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	source_register(s, "stdin");
	if (S_ISREG(st.st_mode)) {
		files_add(set->files, s, NULL, fd, FOLLOW_NEVER);
		return 0;
	}
	s->state = origin = xcalloc(1, sizeof(*origin));
	origin->number = rawstore_add(engine_raw(set->engine), s->name, -1);
	if (stream_open(set->net, s, fd, origin, stdin_closed))
		engine_source_state(set->engine, s->number, SOURCE_OK, NULL);
	else
		files_add(set->files, s, NULL, fd, FOLLOW_NEVER);
	return 0;
}

static void
stdin_close(struct source *s)
{
	free(s->state);
	s->state = NULL;
}

const struct source_ops source_stdin = {
	.prefix = "-",
	.form = "-",
	.help = "standard input",
	.open = stdin_open,
	.close = stdin_close,
};
