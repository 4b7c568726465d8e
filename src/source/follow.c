/*
 * Following files: inotify says that one changed, and every two seconds all are looked at whatever
 * it says (network file systems say nothing). Where inotify does not work, a look every 250 ms. A
 * look compares size and content with what was read: a file that is no longer what it was starts
 * anew, after what its copy has of it (copytruncate). A new file of the same name is read after the
 * old one's last byte, and the old one stays open for a while: its writer may be slow to notice.
 * Files that had the name only between two looks are searched for beside it. What may have been
 * lost is counted and said.
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
#include "source/resume.h"
#include "source/rotated.h"
#include "base/banned.h"

#define LOOK_MS 2000
#define POLL_MS 250
#define KEEP_MS 1000 /* places are kept that often */

/* How long a file is read on after it lost its name and last grew. */
#define DEPART_NS      (5 * NSEC_PER_SEC)
#define DEPARTING_MAX  16 /* of one source */
#define COPIES_MAX     8  /* of truncations between two looks */
#define SUCCESSORS_MAX 8  /* files that had the name between two looks */
/* A name that is nobody's for that long is no rotation under way. */
#define GONE_NS (2 * NSEC_PER_SEC)

static void
say(struct files *fs, const struct file *f, enum source_state state, const char *what)
{
	engine_source_state(fs->set->engine, f->source->number, state, what);
}

static void
lost(struct files *fs, struct file *f, unsigned times, const char *how)
{
	char what[160];

	f->losses += times;
	engine_source_loss(fs->set->engine, f->source->number, times);
	snprintf(what, sizeof(what), "%s: lines may be lost (%u time%s so far)", how, f->losses,
	    f->losses == 1 ? "" : "s");
	say(fs, f, SOURCE_OK, what);
}

static bool
read_failed(struct files *fs, const struct file *f)
{
	char why[160];

	snprintf(
	    why, sizeof(why), "read at byte %llu: %s", (unsigned long long)f->at, strerror(errno));
	say(fs, f, SOURCE_RETRY, why);
	return false;
}

/* --- a file that was truncated ---------------------------------------------------------------- */

/* What a writer that does not append leaves before its place in a truncated file: NUL bytes. */
static uint64_t
leading_nuls(int fd)
{
	off_t data = lseek(fd, 0, SEEK_DATA);
	uint64_t at = data > 0 ? (uint64_t)data : 0;
	char p[4096];
	ssize_t n;

	while ((n = pread(fd, p, sizeof(p), (off_t)at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (p[i] != '\0')
				return at + (uint64_t)i;
		at += (uint64_t)n;
	}
	return at;
}

/* Reads what the copy has beyond our place; its bytes stand for those that are no more. */
static bool
read_copy(struct files *fs, struct file *f)
{
	int copy = f->path != NULL ? rotated_copy(f->path, &f->mark, f->dev, f->ino, f->held) : -1;
	int live = f->fd;

	if (copy < 0)
		return false;
	rawstore_moved(engine_raw(fs->set->engine), f->framer.origin, copy);
	if (lseek(copy, (off_t)f->at, SEEK_SET) >= 0) {
		f->fd = copy;
		(void)file_read(fs, f);
		f->fd = live;
	}
	close(copy);
	return true;
}

/*
 * Truncated more than once between two looks: the other copies are read whole. No copy is a file
 * that begins as this one does now; one made after we asked for the time may be. Returns how many
 * there were.
 */
static unsigned
read_copies(struct files *fs, struct file *f)
{
	int64_t to = rotated_now();
	struct mark live;
	struct stat st;
	int fd[COPIES_MAX];
	unsigned n = 0, found = 0;

	if (f->path != NULL && f->held != 0 && fstat(f->fd, &st) == 0) {
		mark_begin(&live, f->fd, (uint64_t)st.st_size);
		n = rotated_between(f->path, f->held, to, &f->mark, NULL, 0, fd, COPIES_MAX);
	}
	for (unsigned i = 0; i < n; i++) {
		if (live.nhead > 0 && mark_begins(&live, fd[i])) {
			close(fd[i]);
			continue;
		}
		file_read_aside(fs, f, fd[i], 0, 0);
		found++;
	}
	f->held = to;
	return found;
}

/* What was read is no longer what the file holds: it is read from its start. */
static void
start_anew(struct files *fs, struct file *f)
{
	struct engine *e = fs->set->engine;
	unsigned more;

	if (!read_copy(fs, f))
		rawstore_forget(engine_raw(e), f->framer.origin);
	more = read_copies(fs, f);
	if (framer_reset(&f->framer))
		engine_source_drop(e, f->source->number, 1);
	lseek(f->fd, (off_t)leading_nuls(f->fd), SEEK_SET);
	f->lines = 0;
	file_begin(fs, f);
	lost(fs, f, 1 + more, "truncated: reading from its start");
}

/* It became shorter, or begins or goes on otherwise than it did. */
static bool
rewritten(struct file *f)
{
	int64_t now = rotated_now();
	struct stat st;

	if (fstat(f->fd, &st) != 0 || st.st_size < 0)
		return false;
	if ((uint64_t)st.st_size < f->at || !mark_holds(&f->mark, f->fd))
		return true;
	f->held = now;
	return false;
}

static bool
read_more(struct files *fs, struct file *f)
{
	uint64_t before = f->at;

	if (rewritten(f))
		start_anew(fs, f);
	switch (file_read(fs, f)) {
	case FILE_END: break;
	case FILE_STOPPED: return false;
	case FILE_FAILED: return read_failed(fs, f);
	}
	if (f->departing && f->at != before)
		f->closes = clock_mono() + DEPART_NS;
	return true;
}

/* --- a name that went to another file --------------------------------------------------------- */

/* The file of that name as it is now, or -1: not there, or nothing to follow. */
static int
open_now(struct files *fs, const struct file *f)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		say(fs, f, SOURCE_RETRY, strerror(errno));
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
named(const struct file *f, int fd)
{
	struct stat a, b;

	return stat(f->path, &a) != 0 || !S_ISREG(a.st_mode) ||
	       (fstat(fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* True when another file has taken the name. */
static bool
replaced(struct files *fs, struct file *f)
{
	struct stat st;

	if (stat(f->path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			say(fs, f, SOURCE_RETRY, strerror(errno));
		if (f->gone == 0)
			f->gone = clock_mono();
		return false;
	}
	f->gone = 0;
	if (!S_ISREG(st.st_mode)) {
		say(fs, f, SOURCE_WAITING, "the name is no file's now");
		return false;
	}
	if (f->fd < 0 || st.st_dev != f->dev || st.st_ino != f->ino)
		return true;
	return false;
}

static void
close_departing(struct files *fs, struct file *f)
{
	if (f->fd < 0)
		return;
	file_finish_line(fs, f);
	watch_drop(fs, f);
	file_close(f);
	framer_release(&f->framer);
}

static void
remove_departing(struct files *fs, unsigned i)
{
	struct file *f = fs->file[i];

	close_departing(fs, f);
	free(f->was);
	free(f);
	fs->file[i] = fs->file[--fs->n];
}

/* At most so many files of a source are waited for: the first to go is the one longest quiet. */
static void
limit_departing(struct files *fs, const struct source *s)
{
	unsigned n = 0, first = 0;

	for (unsigned i = 0; i < fs->n; i++) {
		const struct file *f = fs->file[i];

		if (f->source != s || !f->departing || f->fd < 0)
			continue;
		if (n++ == 0 || f->closes < fs->file[first]->closes)
			first = i;
	}
	if (n > DEPARTING_MAX) /* its place may still be wanted */
		close_departing(fs, fs->file[first]);
}

/* Its file has no name any more and lives on as one that departs; f is without a file. */
static void
depart(struct files *fs, struct file *f)
{
	struct file *g = xcalloc(1, sizeof(*g));

	*g = *f;
	g->path = NULL;
	g->was = xstrdup(f->path);
	g->dir_watch = g->link_watch = -1;
	g->framer.offset = &g->origin_offset;
	g->departing = true;
	g->closes = clock_mono() + DEPART_NS;
	if (!framer_holds(&g->framer))
		framer_release(&g->framer);
	f->fd = f->watch = -1;
	memset(&f->framer, 0, sizeof(f->framer));
	files_insert(fs, g);
	limit_departing(fs, f->source);
}

static void
take_over(struct files *fs, struct file *f, int fd)
{
	if (f->fd >= 0)
		depart(fs, f);
	f->fd = fd;
	f->caught_up = true;
	f->lines = 0;
	file_begin(fs, f);
	(void)read_more(fs, f);
}

/* Which inodes of this source we have, or had a moment ago. */
static unsigned
known(const struct files *fs, const struct file *f, const int *fd, unsigned n, ino_t *ino)
{
	struct stat st;
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		if (fstat(fd[i], &st) == 0)
			ino[k++] = st.st_ino;
	for (unsigned i = 0; i < fs->n && k < SUCCESSORS_MAX + DEPARTING_MAX + 1; i++)
		if (fs->file[i]->source == f->source && fs->file[i]->fd >= 0)
			ino[k++] = fs->file[i]->ino;
	return k;
}

/*
 * Files that had the name and lost it before we looked, when inotify says that there were more than
 * the n we have, or there is no inotify. Those that are found are read; the rest is lost.
 */
static void
read_missed(struct files *fs, struct file *f, const int *next, unsigned n)
{
	unsigned missed = f->created > n ? f->created - n : 0;
	ino_t not [SUCCESSORS_MAX + DEPARTING_MAX + 1];
	int fd[SUCCESSORS_MAX];
	unsigned found;

	if (f->fd < 0 || (missed == 0 && f->dir_watch >= 0))
		return;
	found = f->born == 0 ? 0
			     : rotated_between(f->path, f->born, rotated_born(next[0]), &f->mark,
				   not, known(fs, f, next, n, not ), fd, SUCCESSORS_MAX);
	for (unsigned i = 0; i < found; i++)
		take_over(fs, f, fd[i]);
	if (missed > found)
		lost(fs, f, missed - found, "rotated more than once between two looks");
}

/* All that have the name until it stays with one. */
static unsigned
successors(struct files *fs, struct file *f, int *fd)
{
	unsigned n = 0;

	do {
		fd[n] = open_now(fs, f);
		if (fd[n] < 0)
			break;
		n++;
		watch_take(fs);
	} while (n < SUCCESSORS_MAX && !named(f, fd[n - 1]));
	return n;
}

static void
switch_over(struct files *fs, struct file *f)
{
	int fd[SUCCESSORS_MAX];
	unsigned n = successors(fs, f, fd);

	if (n == 0)
		return;
	read_missed(fs, f, fd, n);
	f->created = 0;
	f->dirty = true; /* once more: what comes until the watch stands */
	for (unsigned i = 0; i < n; i++)
		take_over(fs, f, fd[i]);
	if (watch_file(fs, f)) /* it is there now; what was lost stays said */
		say(fs, f, SOURCE_OK, f->losses == 0 ? "" : NULL);
}

/* --- looking ---------------------------------------------------------------------------------- */

/* What was taken for a recording has grown, or was written anew: from now on it is live. */
static bool
comes_alive(struct files *fs, struct file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0 || st.st_size < 0 || (uint64_t)st.st_size == f->at)
		return false;
	f->follow = FOLLOW_ALWAYS;
	f->caught_up = true;
	f->framer.recorded = false;
	engine_source_total(fs->set->engine, f->source->number, 0);
	say(fs, f, SOURCE_OK, NULL);
	watch_file(fs, f);
	return true;
}

static void
look(struct files *fs, struct file *f)
{
	f->dirty = false;
	if (f->follow == FOLLOW_GROWN && !comes_alive(fs, f))
		return;
	if (f->fd >= 0 && !read_more(fs, f))
		return;
	if (f->path == NULL)
		return;
	if (replaced(fs, f)) {
		/* what was written before the name changed hands */
		if (f->fd < 0 || read_more(fs, f))
			switch_over(fs, f);
	} else if (f->gone != 0 && f->fd >= 0 && clock_mono() - f->gone > GONE_NS) {
		depart(fs, f);
		say(fs, f, SOURCE_WAITING, "it is gone: waiting for one of that name");
	}
}

/* --- the loop --------------------------------------------------------------------------------- */

/* False when none wants to be followed. */
static bool
any_followed(struct files *fs)
{
	bool any = false;

	for (unsigned i = 0; i < fs->n; i++)
		any |= fs->file[i]->follow != FOLLOW_NEVER && !fs->file[i]->source->finished;
	return any;
}

static void
begin(struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		if (f->follow == FOLLOW_NEVER || f->source->finished)
			continue;
		if (f->follow == FOLLOW_ALWAYS)
			engine_source_total(fs->set->engine, f->source->number, 0);
		watch_file(fs, f);
		if (f->fd < 0) {
			say(fs, f, SOURCE_WAITING, NULL);
			resume_begin(fs, f);
		}
		f->dirty = true;
	}
}

static void
look_at_dirty(struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		if (f->follow != FOLLOW_NEVER && f->dirty && !f->source->finished)
			look(fs, f);
		if (f->follow == FOLLOW_GROWN && clock_mono() >= f->line_ends)
			file_done(fs, f);
	}
	for (unsigned i = fs->n; i-- > 0;)
		if (fs->file[i]->departing &&
		    (fs->file[i]->fd < 0 || clock_mono() >= fs->file[i]->closes) &&
		    resume_settled(fs, fs->file[i]))
			remove_departing(fs, i);
}

static bool
any_dirty(const struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i]->dirty && fs->file[i]->follow != FOLLOW_NEVER &&
		    !fs->file[i]->source->finished)
			return true;
	return false;
}

static void
mark_all(struct files *fs)
{
	for (unsigned i = 0; i < fs->n; i++)
		fs->file[i]->dirty = true;
}

/* What came until now, and the line that has no end yet. */
static void
end(struct files *fs)
{
	unsigned n = fs->n;

	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i]->caught_up && i < n)
			look(fs, fs->file[i]);
	for (unsigned i = 0; i < fs->n; i++)
		/* a line that has no end yet is the next run's, when that goes on here */
		if (fs->file[i]->fd >= 0 && fs->file[i]->caught_up && fs->resume == NULL)
			file_finish_line(fs, fs->file[i]);
}

void
follow(struct files *fs)
{
	int64_t all = 0;

	if (!any_followed(fs))
		return;
	fs->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	begin(fs);
	while (!atomic_load(&fs->stopping)) {
		struct pollfd p[2] = { { .fd = fs->stop_fd, .events = POLLIN },
			{ .fd = fs->inotify, .events = POLLIN } };
		int wait = fs->polled ? POLL_MS : fs->resume != NULL ? KEEP_MS : LOOK_MS;

		look_at_dirty(fs);
		resume_keep(fs, false);
		(void)poll(p, 2, any_dirty(fs) ? 0 : wait);
		watch_take(fs);
		if (clock_mono() < all)
			continue;
		mark_all(fs);
		all = clock_mono() + wait * (NSEC_PER_SEC / 1000);
	}
	end(fs);
	if (fs->inotify >= 0)
		close(fs->inotify);
	fs->inotify = -1;
}
