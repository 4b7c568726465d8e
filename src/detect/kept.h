/* Small files of the user's config directory that the program itself writes; and its config file,
 * which it only reads. */
#ifndef FALCOTOP_DETECT_KEPT_H
#define FALCOTOP_DETECT_KEPT_H

#include "base/buf.h"

#define KEPT_ERROR_MAX 256

/* $XDG_CONFIG_HOME/falcotop/NAME, else ~/.config/falcotop/NAME; false when neither is an absolute
 * path. */
bool kept_path(struct buf *out, const char *name);

enum kept { KEPT_READ, KEPT_MISSING, KEPT_REFUSED };
/*
 * The whole file. KEPT_REFUSED, with a line in err: it cannot be read, is no regular file, larger
 * than max, not of this user or root, or anyone may write to it.
 */
enum kept kept_read(const char *path, size_t max, struct buf *out, char err[KEPT_ERROR_MAX]);
/*
 * Writes it whole or not at all (a new file, renamed), readable by its owner alone, and makes the
 * directories that are missing. False and a line in err.
 */
bool kept_write(const char *path, struct slice bytes, char err[KEPT_ERROR_MAX]);
/* True when it is gone, or was not there. */
bool kept_remove(const char *path, char err[KEPT_ERROR_MAX]);

#endif
