/*
 * inotify for followed files: which of them changed, and how often their names went to a new file.
 * Not here: what is done about it (follow.c). Where it does not work (no watches left, no inotify),
 * that is said and the file is polled.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "source/files.h"
#include "base/banned.h"

#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
/* Two equal events in a row become one: going is asked for so that no two comings are in a row. */
#define COMING	   (IN_CREATE | IN_MOVED_TO)
#define DIR_EVENTS (COMING | IN_DELETE | IN_MOVED_FROM)

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static int
watch_dir(int inotify, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int w;

	if (slash == NULL)
		return inotify_add_watch(inotify, ".", DIR_EVENTS);
	dir = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	w = inotify_add_watch(inotify, dir, DIR_EVENTS);
	free(dir);
	return w;
}

/* By the descriptor, when that can be: its name may be another file's already. */
static int
watch_open_file(const struct files *fs, const struct file *f)
{
	char self[40];
	int w;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	w = inotify_add_watch(fs->inotify, self, FILE_EVENTS);
	if (w < 0 && errno == ENOENT)
		w = inotify_add_watch(fs->inotify, f->path, FILE_EVENTS);
	return w;
}

/* Where the name is, and where the file lies when the name is a symbolic link. */
static void
watch_names(struct files *fs, struct file *f)
{
	struct stat st;
	char *real = NULL;

	f->link_watch = -1;
	if (lstat(f->path, &st) == 0 && S_ISLNK(st.st_mode))
		real = realpath(f->path, NULL);
	f->dir_watch = watch_dir(fs->inotify, real != NULL ? real : f->path);
	if (real != NULL)
		f->link_watch = watch_dir(fs->inotify, f->path);
	free(real);
}

bool
watch_file(struct files *fs, struct file *f)
{
	bool whole = f->follow == FOLLOW_ALWAYS; /* and what takes its name */
	char why[96];
	bool good;

	if (f->path == NULL)
		return false;
	if (fs->inotify >= 0) {
		f->watch = f->fd >= 0 ? watch_open_file(fs, f) : -1;
		if (whole)
			watch_names(fs, f);
	}
	good = (f->dir_watch >= 0 || !whole) && (f->watch >= 0 || f->fd < 0);
	if (!good && whole) {
		snprintf(why, sizeof(why), "inotify: %s: polling", strerror(errno));
		engine_source_state(fs->set->engine, f->source->number,
		    f->fd >= 0 ? SOURCE_OK : SOURCE_WAITING, why);
	}
	fs->polled |= !good;
	return good;
}

void
watch_drop(struct files *fs, struct file *f)
{
	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i] != f && fs->file[i]->watch == f->watch)
			f->watch = -1;
	if (fs->inotify >= 0 && f->watch >= 0)
		inotify_rm_watch(fs->inotify, f->watch);
	f->watch = -1;
}

static void
mark_all(struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++)
		fs->file[i]->dirty = true;
}

/* name: in the directory that is watched; "" for a watched file. */
static void
tell(struct files *fs, int wd, const char *name, bool coming)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		if (f->watch == wd || f->link_watch == wd)
			f->dirty = true;
		if (f->dir_watch != wd || f->path == NULL)
			continue;
		f->dirty = true;
		f->created += coming && strcmp(name, base_of(f->path)) == 0;
	}
}

void
watch_take(struct files *fs)
{
	_Alignas(struct inotify_event) char data[16384];
	ssize_t n;

	if (fs->inotify < 0)
		return;
	while ((n = read(fs->inotify, data, sizeof(data))) > 0) {
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
			struct inotify_event ev;

			memcpy(&ev, data + at, sizeof(ev));
			if (ev.mask & IN_Q_OVERFLOW)
				mark_all(fs);
			tell(fs, ev.wd, ev.len > 0 ? data + at + sizeof(ev) : "",
			    (ev.mask & COMING) != 0);
			at += (ssize_t)(sizeof(ev) + ev.len);
		}
	}
}
