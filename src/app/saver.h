/* Keeps the list of mutes on disk: a thread of its own, so that no screen waits for a disk. */
#ifndef FALCOTOP_APP_SAVER_H
#define FALCOTOP_APP_SAVER_H

#include "base/buf.h"

struct saver;

/* print gives the bytes of the file; it is called on the saver's thread. */
struct saver *saver_new(void (*print)(void *arg, struct buf *out), void *arg);
/* Something changed. From any thread, does not wait. */
void saver_wake(struct saver *s);
/* Saves what is left; waits for it. NULL is fine. */
void saver_free(struct saver *s);

#endif
