/*
 * Filter macros of detections as the user has them: an expression for each, kept in
 * $XDG_CONFIG_HOME/falcotop/filters/NAME.filter. What an expression means is the compiler's of the
 * detection; what it costs is told by hiding_open() (mute_watch.h).
 */
#ifndef FALCOTOP_DETECT_TUNE_H
#define FALCOTOP_DETECT_TUNE_H

#include "base/buf.h"

#define TUNES_MAX      1024
#define TUNE_NAME_MAX  160  /* bytes of a detection's name that count */
#define TUNE_TEXT_MAX  8192 /* bytes of an expression */
#define TUNE_ERROR_MAX 256

struct tunes;

/* directory NULL: the usual one. */
struct tunes *tunes_new(const char *directory);
void tunes_free(struct tunes *t);
/* Reads what is there; what cannot be read or is not to be trusted is a problem, and stays. */
void tunes_load(struct tunes *t);
unsigned tunes_problems(const struct tunes *t);
const char *tunes_problem(const struct tunes *t, unsigned i);

/*
 * The expression for a detection ("Kubernetes Falco Shell Spawned") or its macro
 * (kubernetes_falco_shell_spawned_filter); NULL when the user has none. Good until the next change.
 */
const char *tunes_get(const struct tunes *t, const char *name);
/* Saves an expression, "" to remove it. False and err: nothing is changed. */
bool tunes_set(struct tunes *t, const char *name, const char *text, char err[TUNE_ERROR_MAX]);

/* The name of a detection or macro as its file has it: kubernetes_falco_shell_spawned. False when
 * nothing of it is left or it is too long. */
bool tune_name(struct buf *out, const char *name);
/* Path of the file. */
bool tune_path(const struct tunes *t, struct buf *out, const char *name);

#endif
