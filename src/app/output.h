/* Where a report goes: standard output, or a file that appears whole or not at all. */
#ifndef FALCOTOP_APP_OUTPUT_H
#define FALCOTOP_APP_OUTPUT_H

#include "base/buf.h"

struct output {
	int fd;
	int error;  /* errno of the first write that failed; 0: none */
	char *path; /* NULL: standard output */
	char *temp; /* NULL: written in place (standard output, a device) */
};

/* path NULL or "-": standard output. 0, or -1 after a complaint. */
int output_open(struct output *o, const char *path);
/* Writes and empties b. After the first error nothing more is written. */
void output_write(struct output *o, struct buf *b);
/* Puts the file in its place. 0, or -1 after a complaint; a reader of the pipe that went away is
 * not an error. */
int output_close(struct output *o);
/* Drops what was written, instead of output_close(). */
void output_drop(struct output *o);
/* Removes the temporary file, if there is one: for a signal, from any thread. */
void output_abandon(void);

#endif
