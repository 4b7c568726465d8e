/*
 * Places of files across runs (resume.h): the text file, and which of its lines is about which file
 * now. A place counts when the batch that ends there was applied, and some seconds later: then the
 * history has its risk events. Not here: telling files apart (mark.c), finding renamed ones
 * (rotated.c).
 */
#include "source/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "source/rotated.h"
#include "base/banned.h"

#define FIRST_LINE "falcotop places 1"
#define PLACES_MAX 4096
#define FILE_MAX   ((size_t)8 << 20)
#define BETWEEN	   32 /* files that had the name between two runs */

struct place {
	char *path;
	dev_t dev;
	ino_t ino;
	struct mark mark; /* at: the place */
	uint32_t lines;	  /* before it */
	int64_t born;	  /* when it was made; 0: the file system does not tell */
	bool mine;	  /* of a file of this run: written anew */
};

struct resume {
	char *path, *temp;
	int64_t settle, next;
	int lock; /* -1: not ours */
	bool busy;
	char why[160];
	struct place *place;
	unsigned n;
	struct buf text, last;
};

/* --- the file with the places ----------------------------------------------------------------- */

static void
add_hex(struct buf *to, const unsigned char *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";

	if (n == 0)
		buf_addc(to, '-');
	for (size_t i = 0; i < n; i++) {
		buf_addc(to, digit[p[i] >> 4]);
		buf_addc(to, digit[p[i] & 15]);
	}
}

static void
add_path(struct buf *to, const char *path)
{
	for (; *path != '\0'; path++) {
		if (*path == '\n' || *path == '\\')
			buf_adds(to, *path == '\n' ? "\\n" : "\\\\");
		else
			buf_addc(to, *path);
	}
}

static void
add_place(struct buf *to, const struct place *p)
{
	buf_addf(to, "%ju %ju %" PRIu64 " %u %" PRId64 " ", (uintmax_t)p->dev, (uintmax_t)p->ino,
	    p->mark.at, p->lines, p->born);
	add_hex(to, p->mark.head, p->mark.nhead);
	buf_addc(to, ' ');
	add_hex(to, p->mark.tail, p->mark.ntail);
	buf_addc(to, ' ');
	add_path(to, p->path);
	buf_addc(to, '\n');
}

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits up to a blank, which is passed. False when it is none, or too much. */
static bool
take_hex(char **p, unsigned char *to, size_t max, uint32_t *n)
{
	char *s = *p;

	*n = 0;
	if (*s == '-')
		s++;
	while (*s != ' ') {
		int a = nibble(s[0]), b = a < 0 ? -1 : nibble(s[1]);

		if (b < 0 || *n == max)
			return false;
		to[(*n)++] = (unsigned char)(a << 4 | b);
		s += 2;
	}
	*p = s + 1;
	return true;
}

static char *
take_path(const char *s)
{
	char *path = xmalloc(strlen(s) + 1), *to = path;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			*to++ = *++s == 'n' ? '\n' : *s;
		else
			*to++ = *s;
	}
	*to = '\0';
	return path;
}

static bool
take_place(char *line, struct place *p)
{
	uintmax_t dev, ino;
	int used = 0;

	memset(p, 0, sizeof(*p));
	if (sscanf(line, "%ju %ju %" SCNu64 " %" SCNu32 " %" SCNd64 " %n", &dev, &ino, &p->mark.at,
		&p->lines, &p->born, &used) != 5 ||
	    used == 0 || p->mark.at > INT64_MAX)
		return false;
	p->dev = (dev_t)dev;
	p->ino = (ino_t)ino;
	line += used;
	if (!take_hex(&line, p->mark.head, MARK_HEAD, &p->mark.nhead) ||
	    !take_hex(&line, p->mark.tail, MARK_TAIL, &p->mark.ntail) ||
	    p->mark.nhead > p->mark.at || p->mark.ntail > p->mark.at)
		return false;
	p->path = take_path(line);
	return true;
}

static bool
read_text(struct resume *r, int fd)
{
	ssize_t n;

	do {
		char *room = buf_room(&r->text, 65536);

		n = read(fd, room, 65536);
		if (n > 0)
			r->text.len += (size_t)n;
	} while ((n > 0 || (n < 0 && errno == EINTR)) && r->text.len < FILE_MAX);
	buf_addc(&r->text, '\0');
	return n == 0;
}

/* A damaged line is left out: its file is read from the start. */
static void
take_places(struct resume *r)
{
	char *save = NULL;
	char *line = strtok_r(r->text.p, "\n", &save);

	if (line == NULL || strcmp(line, FIRST_LINE) != 0)
		return;
	r->place = xcalloc(PLACES_MAX, sizeof(*r->place));
	while ((line = strtok_r(NULL, "\n", &save)) != NULL && r->n < PLACES_MAX)
		if (take_place(line, &r->place[r->n]))
			r->n++;
}

static void
load(struct resume *r)
{
	int fd = open(r->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		if (errno != ENOENT)
			snprintf(r->why, sizeof(r->why), "places of files: %s", strerror(errno));
		return;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022) != 0)
		snprintf(r->why, sizeof(r->why),
		    "places of files: others may write them: not used, not kept");
	else if (read_text(r, fd))
		take_places(r);
	buf_clear(&r->text);
	close(fd);
}

/* One run at a time keeps them. */
static void
lock(struct resume *r)
{
	char *path = xasprintf("%s.lock", r->path);

	r->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r->lock < 0) {
		snprintf(r->why, sizeof(r->why), "places of files: %s: not kept", strerror(errno));
	} else if (flock(r->lock, LOCK_EX | LOCK_NB) != 0) {
		snprintf(r->why, sizeof(r->why),
		    "places of files: another falcotop keeps them: not used");
		close(r->lock);
		r->lock = -1;
	}
	free(path);
}

static void
make_directory(const char *path)
{
	char *dir = xstrdup(path);

	for (char *s = dir + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		(void)mkdir(dir, 0700); /* what failed shows when the directory is used */
		*s = '/';
	}
	free(dir);
}

struct resume *
resume_new(const char *path, int64_t settle)
{
	struct resume *r = xcalloc(1, sizeof(*r));

	r->path = xstrdup(path);
	r->temp = xasprintf("%s.new", path);
	r->settle = settle;
	make_directory(path);
	lock(r);
	if (r->lock >= 0)
		load(r);
	return r;
}

void
resume_free(struct resume *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->n; i++)
		free(r->place[i].path);
	free(r->place);
	buf_release(&r->text);
	buf_release(&r->last);
	if (r->lock >= 0)
		close(r->lock);
	free(r->path);
	free(r->temp);
	free(r);
}

/* --- at the start of a file ------------------------------------------------------------------- */

static bool
is_file(const struct place *p, int fd, const struct stat *st)
{
	return fd >= 0 && st->st_dev == p->dev && st->st_ino == p->ino &&
	       (uint64_t)st->st_size >= p->mark.at && mark_holds(&p->mark, fd);
}

/* The rest of a file that has not the name any more. False: it is gone. */
static bool
read_rest(struct files *fs, const struct file *f, const struct place *p)
{
	int fd = rotated_same(f->path, &p->mark, p->dev, p->ino);

	if (fd < 0) /* truncated: its copy */
		fd = rotated_copy(f->path, &p->mark, p->dev, p->ino, 0);
	if (fd < 0)
		return false;
	file_read_aside(fs, f, fd, p->mark.at, p->lines);
	return true;
}

/* Files that had the name after the last one we know and before the one that has it now. */
static void
read_between(struct files *fs, const struct file *f, const struct place *last, int64_t until)
{
	const struct resume *r = fs->resume;
	ino_t not [64];
	int fd[BETWEEN];
	struct stat st;
	unsigned nnot = 0, n;

	for (unsigned i = 0; i < r->n && nnot < 63; i++)
		if (strcmp(r->place[i].path, f->path) == 0)
			not [nnot++] = r->place[i].ino;
	if (f->fd >= 0 && fstat(f->fd, &st) == 0)
		not [nnot++] = st.st_ino;
	n = rotated_between(f->path, last->born, until, &last->mark, not, nnot, fd, BETWEEN);
	for (unsigned i = 0; i < n; i++)
		file_read_aside(fs, f, fd[i], 0, 0);
}

/* What the places say of this name; the one that is f's file now, or NULL. */
static const struct place *
take_others(struct files *fs, struct file *f)
{
	struct resume *r = fs->resume;
	const struct place *same = NULL, *last = NULL;
	struct stat st = { 0 };
	unsigned gone = 0;

	if (f->fd >= 0 && fstat(f->fd, &st) != 0)
		return NULL;
	for (unsigned i = 0; i < r->n; i++) {
		struct place *p = &r->place[i];

		if (p->mine || strcmp(p->path, f->path) != 0)
			continue;
		p->mine = true;
		last = p;
		if (same == NULL && is_file(p, f->fd, &st))
			same = p;
		else
			gone += !read_rest(fs, f, p);
	}
	if (last != NULL && last != same && last->born != 0)
		read_between(fs, f, last, f->fd >= 0 ? rotated_born(f->fd) : clock_wall());
	if (gone > 0) {
		engine_source_loss(fs->set->engine, f->source->number, gone);
		engine_source_state(fs->set->engine, f->source->number, SOURCE_OK,
		    "what it was in the last run is gone: lines may be lost");
	}
	return same;
}

void
resume_begin(struct files *fs, struct file *f)
{
	const struct resume *r = fs->resume;
	const struct place *p;

	if (r == NULL || f->path == NULL || f->streamed)
		return;
	if (r->why[0] != '\0')
		engine_source_state(fs->set->engine, f->source->number, SOURCE_OK, r->why);
	fs->resume->busy = true; /* what they say is half taken: not the moment to write them */
	p = take_others(fs, f);
	fs->resume->busy = false;
	if (p == NULL || lseek(f->fd, (off_t)p->mark.at, SEEK_SET) < 0)
		return;
	f->lines = p->lines;
}

/* --- while reading ---------------------------------------------------------------------------- */

void
resume_count(struct file *f)
{
	const char *at = f->framer.p, *end = at + f->framer.cut;

	f->lines += f->framer.long_done;
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		f->lines++;
		if (nl == NULL)
			break;
		at = nl + 1;
	}
}

void
resume_pushed(struct file *f)
{
	f->pushed = (struct checkpoint){ ++f->source->pushed, f->origin_offset, f->lines, 0 };
}

/* Batches that were applied get their time; the last one that is old enough is the place. */
static void
advance(struct files *fs, struct file *f, bool last)
{
	uint64_t applied = engine_applied(fs->set->engine, f->source->number);
	int64_t now = clock_mono();
	unsigned kept = 0;

	if (f->npoints < CHECKPOINTS && f->pushed.batch > 0 &&
	    (f->npoints == 0 || f->point[f->npoints - 1].batch != f->pushed.batch) &&
	    f->pushed.batch != f->safe.batch)
		f->point[f->npoints++] = f->pushed;
	for (unsigned i = 0; i < f->npoints; i++) {
		struct checkpoint *c = &f->point[i];

		if (c->batch <= applied && c->applied == 0)
			c->applied = now;
		if (c->applied != 0 && (last || now - c->applied >= fs->resume->settle))
			f->safe = *c;
		else
			f->point[kept++] = *c;
	}
	f->npoints = kept;
	if (last && f->pushed.batch <= applied) {
		f->safe = f->pushed;
		f->npoints = 0;
	}
}

bool
resume_settled(struct files *fs, struct file *f)
{
	if (fs->resume == NULL || f->was == NULL)
		return true;
	advance(fs, f, false);
	return f->safe.batch == f->pushed.batch;
}

/* --- keeping ---------------------------------------------------------------------------------- */

static void
write_places(struct resume *r)
{
	int fd = open(r->temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t at = 0;
	int error = fd < 0 ? errno : 0;

	while (error == 0 && at < r->text.len) {
		ssize_t n = write(fd, r->text.p + at, r->text.len - at);

		if (n < 0 && errno != EINTR)
			error = errno;
		at += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0 && close(fd) != 0 && error == 0)
		error = errno;
	if (error == 0 && rename(r->temp, r->path) != 0)
		error = errno;
	r->why[0] = '\0';
	if (error != 0)
		snprintf(r->why, sizeof(r->why), "places of files: %s: not kept", strerror(error));
}

static void
add_file(struct files *fs, struct file *f, bool last)
{
	struct resume *r = fs->resume;
	const char *path = f->path != NULL ? f->path : f->was;
	struct place p = { .path = (char *)(uintptr_t)path };

	if (path == NULL || f->streamed || f->ino == 0)
		return;
	advance(fs, f, last);
	p.dev = f->dev;
	p.ino = f->ino;
	p.lines = f->safe.lines;
	p.born = f->born;
	mark_before(&p.mark, &f->mark, f->fd, f->safe.offset);
	add_place(&r->text, &p);
}

void
resume_keep(struct files *fs, bool last)
{
	struct resume *r = fs->resume;
	int64_t now = clock_mono();
	bool failed;

	if (r == NULL || r->lock < 0 || r->busy || (!last && now < r->next))
		return;
	r->next = now + NSEC_PER_SEC;
	buf_clear(&r->text);
	buf_adds(&r->text, FIRST_LINE "\n");
	/* those that lost their name come before the one that has it */
	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i]->path == NULL)
			add_file(fs, fs->file[i], last);
	for (unsigned i = 0; i < fs->n; i++)
		if (fs->file[i]->path != NULL)
			add_file(fs, fs->file[i], last);
	for (unsigned i = 0; i < r->n; i++)
		if (!r->place[i].mine)
			add_place(&r->text, &r->place[i]);
	if (r->text.len == r->last.len && memcmp(r->text.p, r->last.p, r->text.len) == 0)
		return;
	failed = r->why[0] != '\0';
	write_places(r);
	if (r->why[0] != '\0' && fs->n > 0 && !failed)
		engine_source_state(
		    fs->set->engine, fs->file[0]->source->number, SOURCE_OK, r->why);
	buf_clear(&r->last);
	if (r->why[0] == '\0')
		buf_add(&r->last, r->text.p, r->text.len);
}
