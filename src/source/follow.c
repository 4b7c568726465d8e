/*
 * Following files: inotify says that one changed, and every two seconds all are looked at whatever
 * it says (network file systems say nothing). Where inotify does not work, a look every 250 ms. A
 * look compares size and identity with what was read: a file that became shorter starts anew, a new
 * file of the same name is read after the old one's last byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/files.h"
#include "base/banned.h"

#define LOOK_MS 2000
#define POLL_MS 250

#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define DIR_EVENTS  (IN_CREATE | IN_MOVED_TO)

static void
say(struct files *fs, const struct file *f, enum source_state state, const char *what)
{
	engine_source_state(fs->set->engine, f->source->number, state, what);
}

/* --- watching -------------------------------------------------------------------------------- */

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

/* True when inotify will tell of this file. */
static bool
watch(struct files *fs, struct file *f, int inotify)
{
	bool whole = f->follow == FOLLOW_ALWAYS; /* and what takes its name */
	char why[96];
	bool good;

	if (f->path == NULL)
		return false;
	if (inotify >= 0) {
		f->watch = f->fd >= 0 ? inotify_add_watch(inotify, f->path, FILE_EVENTS) : -1;
		f->dir_watch = whole ? watch_dir(inotify, f->path) : -1;
	}
	good = (f->dir_watch >= 0 || !whole) && (f->watch >= 0 || f->fd < 0);
	if (!good && whole) {
		snprintf(why, sizeof(why), "inotify: %s: polling", strerror(errno));
		say(fs, f, f->fd >= 0 ? SOURCE_OK : SOURCE_WAITING, why);
	}
	return good;
}

static void
mark(struct files *fs, int wd)
{
	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i]->watch == wd || fs->file[i]->dir_watch == wd)
			fs->file[i]->dirty = true;
}

static void
mark_all(struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++)
		fs->file[i]->dirty = true;
}

static void
take_events(struct files *fs, int inotify)
{
	_Alignas(struct inotify_event) char data[4096];
	ssize_t n = read(inotify, data, sizeof(data));

	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		struct inotify_event ev;

		memcpy(&ev, data + at, sizeof(ev));
		if (ev.mask & IN_Q_OVERFLOW)
			mark_all(fs);
		mark(fs, ev.wd);
		at += (ssize_t)(sizeof(ev) + ev.len);
	}
}

/* The watch of the file that lost its name; not when another source still follows it. */
static void
unwatch(struct files *fs, struct file *f, int inotify)
{
	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i] != f && fs->file[i]->watch == f->watch)
			f->watch = -1;
	if (inotify >= 0 && f->watch >= 0)
		inotify_rm_watch(inotify, f->watch);
	f->watch = -1;
}

/* --- looking --------------------------------------------------------------------------------- */

/* What was read is no longer what the file holds: its bytes are forgotten, and it is read from its
 * start. */
static void
start_anew(struct files *fs, struct file *f)
{
	struct engine *e = fs->set->engine;

	rawstore_forget(engine_raw(e), f->framer.origin);
	if (framer_reset(&f->framer))
		engine_source_drop(e, f->source->number, 1);
	lseek(f->fd, 0, SEEK_SET);
	file_begin(fs, f);
	say(fs, f, SOURCE_OK, "truncated: reading from its start");
}

/* The file of that name as it is now, or -1: not there, or nothing to follow. */
static int
open_now(const struct file *f)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* True when another file has taken the name. */
static bool
replaced(const struct file *f)
{
	struct stat st;

	if (f->path == NULL || stat(f->path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	return f->fd < 0 || st.st_dev != f->dev || st.st_ino != f->ino;
}

static bool
read_more(struct files *fs, struct file *f)
{
	struct stat st;
	char why[160];

	if (fstat(f->fd, &st) == 0 && st.st_size >= 0 && (uint64_t)st.st_size < f->at)
		start_anew(fs, f);
	switch (file_read(fs, f)) {
	case FILE_END: return true;
	case FILE_STOPPED: return false;
	case FILE_FAILED: break;
	}
	snprintf(
	    why, sizeof(why), "read at byte %llu: %s", (unsigned long long)f->at, strerror(errno));
	say(fs, f, SOURCE_RETRY, why);
	return false;
}

/* What was taken for a recording has grown, or was written anew: from now on it is live. */
static bool
comes_alive(struct files *fs, struct file *f, int inotify)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0 || st.st_size < 0 || (uint64_t)st.st_size == f->at)
		return false;
	f->follow = FOLLOW_ALWAYS;
	f->caught_up = true;
	f->framer.recorded = false;
	engine_source_total(fs->set->engine, f->source->number, 0);
	say(fs, f, SOURCE_OK, NULL);
	fs->polled |= !watch(fs, f, inotify);
	return true;
}

static void
look(struct files *fs, struct file *f, int inotify)
{
	int fd;

	f->dirty = false;
	if (f->follow == FOLLOW_GROWN && !comes_alive(fs, f, inotify))
		return;
	if (f->fd >= 0 && !read_more(fs, f))
		return;
	if (!replaced(f))
		return;
	if (f->fd >= 0 && !read_more(fs, f)) /* what was written before the name changed hands */
		return;
	fd = open_now(f);
	if (fd < 0)
		return;
	if (f->fd >= 0) {
		file_finish_line(fs, f);
		file_close(f);
		unwatch(fs, f, inotify);
	}
	f->fd = fd;
	f->caught_up = true;
	file_begin(fs, f);
	if (watch(fs, f, inotify))
		say(fs, f, SOURCE_OK, ""); /* it is there now */
	read_more(fs, f);
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Forgets those that are not followed; false when none is left. */
static bool
keep_followed(struct files *fs)
{
	bool any = false;

	for (unsigned i = 0; i < fs->n; i++)
		any |= fs->file[i]->follow != FOLLOW_NEVER && !fs->file[i]->source->finished;
	return any;
}

static void
begin(struct files *fs, int inotify)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		if (f->follow == FOLLOW_NEVER || f->source->finished)
			continue;
		if (f->follow == FOLLOW_ALWAYS)
			engine_source_total(fs->set->engine, f->source->number, 0);
		fs->polled |= !watch(fs, f, inotify);
		if (f->fd < 0)
			say(fs, f, SOURCE_WAITING, NULL);
		f->dirty = true;
	}
}

static void
look_at_dirty(struct files *fs, int inotify)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		if (f->follow != FOLLOW_NEVER && f->dirty && !f->source->finished)
			look(fs, f, inotify);
		if (f->follow == FOLLOW_GROWN && clock_mono() >= f->line_ends)
			file_done(fs, f);
	}
}

/* What came until now, and the line that has no end yet. */
static void
end(struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		if (f->fd < 0 || !f->caught_up)
			continue;
		read_more(fs, f);
		file_finish_line(fs, f);
	}
}

void
follow(struct files *fs)
{
	int inotify = -1;

	if (!keep_followed(fs))
		return;
	inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	begin(fs, inotify);
	while (!atomic_load(&fs->stopping)) {
		struct pollfd p[2] = { { .fd = fs->stop_fd, .events = POLLIN },
			{ .fd = inotify, .events = POLLIN } };

		look_at_dirty(fs, inotify);
		if (poll(p, 2, fs->polled ? POLL_MS : LOOK_MS) == 0)
			mark_all(fs);
		else if (p[1].revents != 0)
			take_events(fs, inotify);
	}
	end(fs);
	if (inotify >= 0)
		close(inotify);
}
