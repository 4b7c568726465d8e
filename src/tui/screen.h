/*
 * The terminal: opening, size, keys, frames, suspend, and giving it back whatever happens. One
 * screen in a process; all functions but screen_restore() are called from the UI thread.
 */
#ifndef FALCOTOP_TUI_SCREEN_H
#define FALCOTOP_TUI_SCREEN_H

#include <stdio.h>

#include "tui/keys.h"
#include "tui/theme.h"

/* More is not drawn: a terminal may claim any size. */
#define SCREEN_ROWS_MAX 200
#define SCREEN_COLS_MAX 500

struct screen_options {
	bool stdin_is_data; /* keys from /dev/tty */
	enum color_mode color;
	bool ascii; /* also when the locale is not UTF-8 */
};

/* 0, or -1 with a one-line message (no terminal, TERM unknown or too poor). */
int screen_open(const struct screen_options *o, char *err, size_t errlen);
/* For tests: a screen of this TERM and size that writes to out and reads no keys. */
int screen_open_fake(
    const char *term, FILE *out, FILE *in, int rows, int cols, const struct screen_options *o);
/* Gives the terminal back. Idempotent. */
void screen_close(void);
/* Descriptor to watch for keys. */
int screen_fd(void);
/* The next key, 0 when there is none now, -1 when the terminal is gone (hang-up, end of file). */
int screen_key(void);
/* Puts the composed frame out. A frame equal to the last one writes nothing. show_cursor: at
 * draw_cursor(). */
void screen_flush(bool show_cursor);
/* Everything is sent anew with the next frame. */
void screen_repaint(void);
/* The terminal has a new size. */
void screen_resize(void);
/* Hands the terminal to the shell, and takes it back. */
void screen_suspend(void);
void screen_resume(void);
/*
 * Async-signal-safe: write(2) of a prepared string and tcsetattr(3). discard: throws away what the
 * terminal has not taken, and never waits for it. For crashes, fatal errors, and a terminal that is
 * not read: then from a signal handler in the thread that writes, because a blocked write(2) holds
 * the terminal's write lock until it is interrupted.
 */
void screen_restore(bool discard);

#endif
