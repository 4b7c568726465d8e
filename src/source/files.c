/*
 * The file thread: reads recorded files one after the other, in the order they were given, straight
 * into the buffers that become batches; then follows those that grow (follow.c). Not here: what may
 * be opened (file.c, stdin.c).
 */
#include "source/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/resume.h"
#include "source/rotated.h"
#include "base/banned.h"

/* A line that a writer has begun is finished by then. */
#define LINE_PATIENCE (2 * NSEC_PER_SEC)

/* A file that is followed keeps two descriptors, its own and the one of its raw bytes. */
static void
allow_many_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

struct files *
files_new(struct source_set *set)
{
	struct files *fs = xcalloc(1, sizeof(*fs));

	allow_many_files();
	fs->set = set;
	fs->stop_fd = fs->inotify = -1;
	if (set->options.places != NULL)
		fs->resume = resume_new(set->options.places, set->options.settle);
	return fs;
}

void
files_insert(struct files *fs, struct file *f)
{
	if (fs->n == fs->cap) {
		fs->cap = fs->cap == 0 ? 8 : fs->cap * 2;
		fs->file = xreallocarray(fs->file, fs->cap, sizeof(struct file *));
	}
	fs->file[fs->n++] = f;
}

void
files_add(struct files *fs, struct source *s, const char *path, int fd, enum file_follow how)
{
	struct file *f = xcalloc(1, sizeof(*f));

	f->source = s;
	f->path = path != NULL ? xstrdup(path) : NULL;
	f->fd = fd;
	f->follow = how;
	f->line_ends = INT64_MAX;
	f->watch = f->dir_watch = f->link_watch = -1;
	files_insert(fs, f);
	if (fd >= 0) {
		struct stat st;

		f->streamed = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
		if (!f->streamed && st.st_size > 0)
			engine_source_total(fs->set->engine, s->number, (uint64_t)st.st_size);
	}
}

bool
files_any(const struct files *fs)
{
	return fs->n > 0;
}

void
file_begin(struct files *fs, struct file *f)
{
	struct engine *e = fs->set->engine;
	struct stat st = { 0 };
	off_t at = lseek(f->fd, 0, SEEK_CUR);

	fstat(f->fd, &st);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->born = rotated_born(f->fd);
	f->at = f->origin_offset = at > 0 ? (uint64_t)at : 0;
	if (f->follow != FOLLOW_NEVER || fs->resume != NULL)
		mark_begin(&f->mark, f->fd, f->at);
	f->safe = f->pushed = (struct checkpoint){ 0, f->at, f->lines, 0 };
	f->npoints = 0;
	framer_release(&f->framer);
	framer_init(&f->framer, engine_batch_size(e), &f->origin_offset);
	f->framer.source = f->source->number;
	f->framer.lines_before = f->lines;
	f->framer.streamed = f->streamed;
	f->framer.recorded = !f->streamed && !f->caught_up;
	f->framer.reference = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
	f->framer.origin = rawstore_add(engine_raw(e), f->source->name, f->streamed ? -1 : f->fd);
}

void
file_close(struct file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static bool
push(struct files *fs, struct file *f)
{
	struct batch *b = atomic_load(&fs->stopping)
			      ? engine_batch_within(fs->set->engine, STOP_GRACE)
			      : engine_batch(fs->set->engine, true);

	if (b == NULL)
		return false;
	if (fs->resume != NULL)
		resume_count(f);
	framer_push(&f->framer, fs->set->engine, b);
	if (fs->resume != NULL)
		resume_pushed(f);
	resume_keep(fs, false);
	return true;
}

/*
 * What a writer that does not append leaves in a truncated file before its own place: NUL bytes at
 * the start of a line. Returns how many of n are left.
 */
static size_t
skip_nuls(struct file *f, char *p, size_t n)
{
	size_t k = 0;

	if (f->follow == FOLLOW_NEVER || p[0] != '\0' || f->framer.len > 0 ||
	    framer_holds(&f->framer))
		return n;
	while (k < n && p[k] == '\0')
		k++;
	memmove(p, p + k, n - k);
	f->origin_offset += k;
	return n - k;
}

enum file_result
file_read(struct files *fs, struct file *f)
{
	bool stopping = atomic_load(&fs->stopping); /* then one last time */

	while (stopping || !atomic_load(&fs->stopping)) {
		size_t room;
		char *p = framer_room(&f->framer, &room);
		ssize_t n = read(f->fd, p, room);

		if (n == 0) {
			if (f->follow == FOLLOW_ALWAYS && framer_settle(&f->framer))
				push(fs, f);
			return FILE_END;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? FILE_END : FILE_FAILED;
		f->at += (uint64_t)n;
		if (f->follow != FOLLOW_NEVER || fs->resume != NULL)
			mark_add(&f->mark, p, (size_t)n);
		if (framer_added(&f->framer, skip_nuls(f, p, (size_t)n)) && !push(fs, f))
			return FILE_STOPPED;
	}
	return FILE_STOPPED;
}

void
file_finish_line(struct files *fs, struct file *f)
{
	if (framer_finish(&f->framer))
		push(fs, f);
}

void
file_read_aside(struct files *fs, const struct file *f, int fd, uint64_t at, uint32_t lines)
{
	struct file *g = xcalloc(1, sizeof(*g));

	g->source = f->source;
	g->was = xstrdup(f->path);
	g->fd = fd;
	g->follow = f->follow;
	g->line_ends = INT64_MAX;
	g->watch = g->dir_watch = g->link_watch = -1;
	g->departing = true;
	g->closes = clock_mono();
	g->lines = lines;
	(void)lseek(fd, (off_t)at, SEEK_SET);
	file_begin(fs, g);
	g->caught_up = true;
	(void)file_read(fs, g);
	files_insert(fs, g);
}

static void
read_failed(struct file *f, int error)
{
	char why[160];

	snprintf(
	    why, sizeof(why), "read at byte %llu: %s", (unsigned long long)f->at, strerror(error));
	source_finish(f->source, SOURCE_FAILED, why);
}

void
file_done(struct files *fs, struct file *f)
{
	f->line_ends = INT64_MAX;
	file_finish_line(fs, f);
	framer_release(&f->framer);
	engine_source_state(fs->set->engine, f->source->number, SOURCE_DONE, NULL);
}

/* From the beginning to the end it has now. Followed files stay open and keep their unfinished
 * line. */
static void
read_whole(struct files *fs, struct file *f)
{
	enum file_result r;
	int error;

	engine_source_state(fs->set->engine, f->source->number, SOURCE_OK, NULL);
	resume_begin(fs, f);
	file_begin(fs, f);
	r = file_read(fs, f);
	error = errno;
	if (r == FILE_END && f->follow == FOLLOW_ALWAYS) {
		f->caught_up = true;
		f->framer.recorded = false;
		return;
	}
	if (r == FILE_END && f->follow == FOLLOW_GROWN) {
		f->line_ends = clock_mono() + LINE_PATIENCE;
		if (!framer_holds(&f->framer))
			file_done(fs, f);
		return;
	}
	if (r != FILE_STOPPED)
		file_finish_line(fs, f);
	if (r == FILE_FAILED)
		read_failed(f, error);
	else if (r == FILE_END)
		source_finish(f->source, SOURCE_DONE, NULL);
	file_close(f);
	framer_release(&f->framer);
}

static void *
files_main(void *arg)
{
	struct files *fs = arg;

	for (unsigned i = 0; i < fs->n && !atomic_load(&fs->stopping); i++)
		if (fs->file[i]->fd >= 0)
			read_whole(fs, fs->file[i]);
	follow(fs);
	return NULL;
}

void
files_start(struct files *fs)
{
	fs->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fs->stop_fd < 0 || pthread_create(&fs->thread, NULL, files_main, fs) != 0)
		fatal("cannot start the file thread: %s", strerror(errno));
	fs->running = true;
}

void
files_stop(struct files *fs)
{
	uint64_t one = 1;

	if (!fs->running)
		return;
	atomic_store(&fs->stopping, true);
	if (write(fs->stop_fd, &one, sizeof(one)) < 0)
		fatal("cannot wake the file thread: %s", strerror(errno));
	pthread_join(fs->thread, NULL);
	fs->running = false;
}

void
files_keep(struct files *fs, bool last)
{
	resume_keep(fs, last);
}

void
files_free(struct files *fs)
{
	if (fs == NULL)
		return;
	for (unsigned i = 0; i < fs->n; i++) {
		struct file *f = fs->file[i];

		file_close(f);
		framer_release(&f->framer);
		free(f->path);
		free(f->was);
		free(f);
	}
	if (fs->stop_fd >= 0)
		close(fs->stop_fd);
	resume_free(fs->resume);
	free(fs->file);
	free(fs);
}
