/*
 * The dashboard's main loop: the terminal, keys, signals and snapshots meet here and nowhere else.
 *
 *	if (interactive_prepare() != 0) …       before any thread is started: signal mask and wake
 *descriptor eo.wake = interactive_wake;             struct engine_options e = engine_new(&eo); …
 *source_set_add() … status = interactive_run(&o);           starts the sources once the screen is
 *up source_set_stop(), engine_free()
 */
#ifndef FALCOTOP_APP_INTERACTIVE_H
#define FALCOTOP_APP_INTERACTIVE_H

#include "pipeline/engine.h"
#include "source/source.h"
#include "tui/theme.h"
#include "view/stack.h"

struct interactive_options {
	struct engine *engine;
	struct source_set *sources; /* started here; NULL: the caller feeds the engine */
	const char *view;	    /* name of a view; NULL = the first of viewdef.c */
	const char *by; /* --by: group by these fields instead of the view's; NULL = not given */
	const char *filter;		    /* checked by the caller; NULL = none */
	const char *sort;		    /* "[-]COLUMN", as --sort; NULL = the view's own */
	int64_t since, until;		    /* TIME_NONE = open */
	const struct ui_services *services; /* borrowed; NULL: nothing can be changed */
	/* SIGHUP while the terminal is there: called on another thread, appends one line about how
	 * it went; true: well. NULL: SIGHUP ends the program. */
	bool (*reload)(void *arg, struct buf *said);
	void *reload_arg;
	uint64_t limit;	       /* at most this many rows; 0 = no limit */
	enum color_mode color; /* --color; NO_COLOR is looked at here */
	bool ascii;	       /* --ascii; also when the locale is not UTF-8 */
	bool stdin_is_data;    /* events come through standard input: keys from /dev/tty */
};

/*
 * Before any thread exists: blocks SIGTERM SIGINT SIGHUP (a thread of this file waits for them, so
 * that a frozen terminal cannot keep the process alive) and makes the wake descriptor. 0, or -1
 * with a line on standard error.
 */
int interactive_prepare(void);
/* For engine_options.wake; from any thread. */
void interactive_wake(void *arg);

/*
 * Runs the dashboard until the user quits (0), a signal (128 + n) or the terminal is lost (128 +
 * SIGHUP). SIGHUP with the terminal still there is a wish to reload. 2 with one line on standard
 * error when there is no usable terminal, or a sort column that the view does not have.
 */
int interactive_run(const struct interactive_options *o);

#endif
