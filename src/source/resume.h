/*
 * --resume: up to where each file was read, applied and given to the history is kept in a small
 * file, so that the next run goes on there. A file that is not what it was is read from its start;
 * what lost its name meanwhile is searched for beside it. After kill -9 what came in the last
 * seconds is read again: risk events are the same ones then, counts on screen start at nothing
 * anyway.
 */
#ifndef FALCOTOP_SOURCE_RESUME_H
#define FALCOTOP_SOURCE_RESUME_H

#include "source/files.h"

struct resume;

/* path: of the file with the places. settle: how long after a batch was applied its place counts.
 */
struct resume *resume_new(const char *path, int64_t settle);
void resume_free(struct resume *r);
/*
 * Before a file is read for the first time: moves its descriptor (-1: not there) to where the last
 * run left it, and reads first what was its name's then and is elsewhere now.
 */
void resume_begin(struct files *fs, struct file *f);
/* The lines that are about to be pushed, and that they were. */
void resume_count(struct file *f);
void resume_pushed(struct file *f);
/* Writes the places, at most once a second; last: now, and nothing more is waited for. */
void resume_keep(struct files *fs, bool last);
/* Nothing of it is left that a later run would miss. */
bool resume_settled(struct files *fs, struct file *f);

#endif
