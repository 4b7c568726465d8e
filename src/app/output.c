/*
 * Whole-or-nothing output: a temporary file beside the target, renamed over it at the end. Devices
 * and pipes are written in place. Not here: what is written.
 */
#include "app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options.h"
#include "base/xalloc.h"

#include "base/banned.h"

/* The temporary file that a signal must remove. */
static pthread_mutex_t temp_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *temp_path;

static void
remember(const char *path)
{
	(void)pthread_mutex_lock(&temp_lock);
	temp_path = path;
	(void)pthread_mutex_unlock(&temp_lock);
}

void
output_abandon(void)
{
	(void)pthread_mutex_lock(&temp_lock);
	if (temp_path != NULL)
		(void)unlink(temp_path);
	temp_path = NULL;
	(void)pthread_mutex_unlock(&temp_lock);
}

static mode_t
usual_mode(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return 0666 & ~mask;
}

static int
open_temp(struct output *o)
{
	o->temp = xasprintf("%s.XXXXXX", o->path);
	if ((o->fd = mkostemp(o->temp, O_CLOEXEC)) < 0)
		return -1;
	remember(o->temp);
	return fchmod(o->fd, usual_mode());
}

static void
release(struct output *o)
{
	free(o->path);
	free(o->temp);
	*o = (struct output){ .fd = -1 };
}

void
output_drop(struct output *o)
{
	if (o->path != NULL && o->fd >= 0)
		(void)close(o->fd);
	output_abandon();
	release(o);
}

int
output_open(struct output *o, const char *path)
{
	struct stat st;
	int rc;

	*o = (struct output){ .fd = STDOUT_FILENO };
	if (path == NULL || strcmp(path, "-") == 0)
		return 0;
	o->path = xstrdup(path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		rc = o->fd = open(path, O_WRONLY | O_CLOEXEC);
	else
		rc = open_temp(o);
	if (rc >= 0)
		return 0;
	complain("%s: %s", path, strerror(errno));
	output_drop(o);
	return -1;
}

void
output_write(struct output *o, struct buf *b)
{
	for (size_t done = 0; done < b->len && o->error == 0;) {
		ssize_t n = write(o->fd, b->p + done, b->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			o->error = errno;
	}
	buf_clear(b);
}

int
output_close(struct output *o)
{
	int error = o->error == EPIPE && o->path == NULL ? 0 : o->error;

	if (o->path != NULL && close(o->fd) != 0 && error == 0)
		error = errno;
	if (o->temp != NULL && error == 0 && rename(o->temp, o->path) != 0)
		error = errno;
	if (error == 0)
		remember(NULL);
	else
		output_abandon();
	if (error != 0)
		complain("%s: %s", o->path != NULL ? o->path : "standard output", strerror(error));
	release(o);
	return error == 0 ? 0 : -1;
}
