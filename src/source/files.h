/* Shared by files.c (reading in order), follow.c (waiting for more) and watch.c (inotify). Their
 * one thread owns it all once it runs. */
#ifndef FALCOTOP_SOURCE_FILES_H
#define FALCOTOP_SOURCE_FILES_H

#include <stdatomic.h>
#include <sys/types.h>

#include "source/mark.h"
#include "source/private.h"

/* Up to here the lines of a file were pushed: as the end of the batch-th batch of its source. */
struct checkpoint {
	uint64_t batch, offset;
	uint32_t lines;
	int64_t applied; /* when that was seen; 0: not yet */
};
#define CHECKPOINTS 16

struct resume;

struct file {
	struct source *source;
	char *path; /* NULL: has none */
	int fd;	    /* -1: not there (any more) */
	enum file_follow follow;
	bool streamed;
	bool caught_up;		/* read to its end once: from now on its events are live */
	uint64_t at;		/* bytes read: where the next read is */
	uint64_t origin_offset; /* the framer's */
	dev_t dev;
	ino_t ino;
	struct framer framer;
	/* follow.c */
	struct mark mark;
	bool dirty;
	bool departing; /* lost its name; read on for a while: its writer may not know yet */
	int64_t closes; /* departing: when nothing more is expected */
	int64_t born;	/* wall clock: when the file was made; 0: the file system does not tell */
	int64_t gone;	/* monotonic: since when the name is nobody's; 0: it is somebody's */
	int64_t line_ends; /* FOLLOW_GROWN: when what has no line end is the last line */
	int64_t held;	   /* when what was read was still in it; rotated_now() */
	unsigned losses;   /* times that lines may have been lost */
	char *was;	   /* departing: the name that it had */
	/* resume.c */
	uint32_t lines; /* pushed of the file */
	struct checkpoint pushed, safe, point[CHECKPOINTS];
	unsigned npoints;
	/* watch.c */
	int watch;	  /* of the file: inotify's number; -1: none */
	int dir_watch;	  /* of the directory in which it lies */
	int link_watch;	  /* of the one in which a symbolic link to it lies */
	unsigned created; /* files that took its name since the last look, as inotify tells */
};

struct files {
	struct source_set *set;
	struct resume *resume; /* NULL: places are not kept */
	struct file **file;
	unsigned n, cap;
	pthread_t thread;
	bool running;
	int stop_fd; /* eventfd */
	int inotify; /* -1: none */
	bool polled; /* inotify does not tell of all of them */
	atomic_bool stopping;
};

enum file_result { FILE_END, FILE_FAILED, FILE_STOPPED };

/* Reads on to the end that the file has now; what is not a whole line stays. */
enum file_result file_read(struct files *fs, struct file *f);
/* What is left is the last line. */
void file_finish_line(struct files *fs, struct file *f);
/* FOLLOW_GROWN: nothing more is expected of what may be a recording. */
void file_done(struct files *fs, struct file *f);
/* Begins with the file that fd is: a new origin, from where the descriptor stands. */
void file_begin(struct files *fs, struct file *f);
void file_close(struct file *f);
/* Takes over fd, which had f's name or is a copy of what it held, reads it from `at` on (that many
 * lines before it) and lets it depart. */
void file_read_aside(struct files *fs, const struct file *f, int fd, uint64_t at, uint32_t lines);
/* Adds one to those the thread knows. */
void files_insert(struct files *fs, struct file *f);

/* Follows every file that wants it until it is time to stop. */
void follow(struct files *fs);

/* --- watch.c: inotify ------------------------------------------------------------------------- */

/* Watches the file, its name, and what takes its name. False, and said: this file has to be
 * polled. */
bool watch_file(struct files *fs, struct file *f);
/* Of the file alone, not of its name; not when another source still follows it. */
void watch_drop(struct files *fs, struct file *f);
/* Marks what changed as dirty. */
void watch_take(struct files *fs);

#endif
