/*
 * The terminal through ncurses: the only file beside draw.c and theme.c that knows curses. Signals
 * are the main loop's business, except crashes: those handlers are set here, because they must give
 * the terminal back before the process dies.
 */
#include "tui/screen.h"

#include <curses.h>
#include <term.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "tui/draw.h"
#include "base/banned.h"

#define ESC_DELAY_MS 25

static struct {
	SCREEN *screen;
	WINDOW *keys; /* a pad: reading keys from it never refreshes the screen */
	FILE *in, *out;
	int in_fd, out_fd;
	struct termios saved;
	bool have_saved;
	bool own_files;
	bool cursor;		      /* shown */
	volatile sig_atomic_t active; /* the terminal is ours now */
	char reset[512];
	size_t reset_len;
} scr = { .in_fd = -1, .out_fd = -1 };

/* A string of terminfo without its $<padding>. */
static void
reset_add(const char *cap)
{
	const char *s = tigetstr(cap);

	if (s == NULL || s == (char *)-1)
		return;
	while (*s != '\0' && scr.reset_len < sizeof(scr.reset)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>') != NULL) {
			s = strchr(s, '>') + 1;
			continue;
		}
		scr.reset[scr.reset_len++] = *s++;
	}
}

static void
reset_prepare(void)
{
	static char names[][6] = { "sgr0", "op", "rmkx", "cnorm", "rmcup" };

	scr.reset_len = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		reset_add(names[i]);
}

/* Writes the reset string; false when the terminal takes nothing (more) now. */
static bool
reset_write(void)
{
	size_t done = 0;

	while (done < scr.reset_len) {
		ssize_t n = write(scr.out_fd, scr.reset + done, scr.reset_len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void
reset_force(void)
{
	(void)fcntl(scr.out_fd, F_SETFL, fcntl(scr.out_fd, F_GETFL) | O_NONBLOCK);
	(void)tcflush(scr.out_fd, TCOFLUSH);
	/* CAN: what was cut off may have been the beginning of an escape sequence. */
	if (write(scr.out_fd, "\030", 1) == 1)
		(void)reset_write();
}

void
screen_restore(bool discard)
{
	if (discard ? scr.reset_len == 0 || scr.out_fd < 0 : !scr.active)
		return;
	scr.active = 0;
	if (discard)
		reset_force();
	else
		(void)reset_write();
	if (scr.have_saved)
		(void)tcsetattr(scr.in_fd, TCSANOW, &scr.saved);
}

static void
restore_for_fatal(void)
{
	screen_restore(false);
}

/* SA_RESETHAND: the second time the signal does what it always does. */
static void
on_crash(int sig)
{
	screen_restore(false);
	(void)raise(sig);
}

static void
crash_handlers(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static char stack[32768];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_handler = on_crash,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK) };

	(void)sigaltstack(&alt, NULL);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &sa, NULL);
}

static bool
locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void
clamp(int *rows, int *cols)
{
	*rows = *rows < 1 ? 1 : *rows > SCREEN_ROWS_MAX ? SCREEN_ROWS_MAX : *rows;
	*cols = *cols < 1 ? 1 : *cols > SCREEN_COLS_MAX ? SCREEN_COLS_MAX : *cols;
}

static void
size_of_terminal(int *rows, int *cols)
{
	struct winsize ws;

	if (ioctl(scr.out_fd, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0) {
		*rows = ws.ws_row;
		*cols = ws.ws_col;
	}
	clamp(rows, cols);
}

/* Terminals differ in whether they heed the mode that terminfo's arrow keys are for. */
static void
more_keys(void)
{
	static const struct {
		const char *string;
		int code;
	} keys[] = { { "\033[A", KEY_UP }, { "\033[B", KEY_DOWN }, { "\033[C", KEY_RIGHT },
		{ "\033[D", KEY_LEFT }, { "\033[H", KEY_HOME }, { "\033[F", KEY_END },
		{ "\033OA", KEY_UP }, { "\033OB", KEY_DOWN }, { "\033OC", KEY_RIGHT },
		{ "\033OD", KEY_LEFT }, { "\033OH", KEY_HOME }, { "\033OF", KEY_END } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (key_defined(keys[i].string) == 0)
			(void)define_key(keys[i].string, keys[i].code);
}

static int
start(const char *term, int rows, int cols, const struct screen_options *o)
{
	char *type = term == NULL ? NULL : xstrdup(term), number[16];

	/* newterm() would allocate whatever size the terminal or the environment claims: it gets
	 * ours. */
	(void)snprintf(number, sizeof(number), "%d", rows);
	(void)setenv("LINES", number, 1);
	(void)snprintf(number, sizeof(number), "%d", cols);
	(void)setenv("COLUMNS", number, 1);
	use_env(TRUE);
	use_tioctl(FALSE);
	scr.screen = newterm(type, scr.out, scr.in);
	(void)unsetenv("LINES");
	(void)unsetenv("COLUMNS");
	free(type);
	if (scr.screen == NULL)
		return -1;
	(void)resizeterm(rows, cols);
	scr.active = 1;
	set_escdelay(ESC_DELAY_MS);
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)leaveok(stdscr, FALSE);
	(void)curs_set(0);
	scr.cursor = false;
	scr.keys = newpad(1, 1);
	if (scr.keys != NULL) {
		(void)keypad(scr.keys, TRUE);
		(void)nodelay(scr.keys, TRUE);
	}
	more_keys();
	theme_init(o->color);
	draw_init(o->ascii || !locale_is_utf8());
	reset_prepare();
	return 0;
}

static bool
has_cap(const char *name)
{
	char cap[16];
	const char *s;

	(void)snprintf(cap, sizeof(cap), "%s", name);
	s = tigetstr(cap);
	return s != NULL && s != (char *)-1;
}

/* Looks before newterm(), which would clear the screen of a terminal that cannot be used. */
static int
check_term(char *err, size_t errlen)
{
	const char *term = getenv("TERM");
	int bad = 0;
	bool able;

	if (term == NULL || *term == '\0') {
		(void)snprintf(err, errlen, "TERM is not set; falcotop report needs no terminal");
		return -1;
	}
	if (setupterm(NULL, scr.out_fd, &bad) != OK) {
		(void)snprintf(err, errlen, "terminal type not known: TERM=%.40s", term);
		return -1;
	}
	able = has_cap("cup") && has_cap("clear");
	(void)del_curterm(cur_term);
	if (!able) {
		(void)snprintf(
		    err, errlen, "the terminal cannot place its cursor: TERM=%.40s", term);
		return -1;
	}
	return 0;
}

static int
open_files(const struct screen_options *o, char *err, size_t errlen)
{
	bool in_tty = !o->stdin_is_data && isatty(STDIN_FILENO), out_tty = isatty(STDOUT_FILENO);
	int in = in_tty ? dup(STDIN_FILENO) : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int out = out_tty ? dup(STDOUT_FILENO) : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (in < 0 || out < 0) {
		(void)snprintf(
		    err, errlen, "no terminal: %s; falcotop report needs none", strerror(errno));
		if (in >= 0)
			(void)close(in);
		if (out >= 0)
			(void)close(out);
		return -1;
	}
	(void)fcntl(in, F_SETFD, FD_CLOEXEC);
	(void)fcntl(out, F_SETFD, FD_CLOEXEC);
	scr.in_fd = in;
	scr.out_fd = out;
	scr.in = fdopen(in, "r");
	scr.out = fdopen(out, "w");
	if (scr.in == NULL || scr.out == NULL)
		fatal("fdopen: %s", strerror(errno));
	scr.own_files = true;
	return 0;
}

static void
close_files(void)
{
	if (scr.own_files) {
		(void)fclose(scr.in);
		(void)fclose(scr.out);
	}
	scr.own_files = false;
	scr.in_fd = scr.out_fd = -1;
}

int
screen_open(const struct screen_options *o, char *err, size_t errlen)
{
	int rows = 24, cols = 80;

	if (open_files(o, err, errlen) != 0)
		return -1;
	if (check_term(err, errlen) != 0) {
		close_files();
		return -1;
	}
	scr.have_saved = tcgetattr(scr.in_fd, &scr.saved) == 0;
	size_of_terminal(&rows, &cols);
	if (start(NULL, rows, cols, o) != 0) {
		(void)snprintf(
		    err, errlen, "the terminal cannot be set up: TERM=%.40s", getenv("TERM"));
		close_files();
		return -1;
	}
	fatal_hook(restore_for_fatal);
	crash_handlers();
	return 0;
}

int
screen_open_fake(
    const char *term, FILE *out, FILE *in, int rows, int cols, const struct screen_options *o)
{
	scr.in = in;
	scr.out = out;
	scr.in_fd = fileno(in);
	scr.out_fd = fileno(out);
	scr.have_saved = false;
	return start(term, rows, cols, o);
}

void
screen_close(void)
{
	if (scr.screen == NULL)
		return;
	if (scr.active) {
		/* First: who sees the screen restored shall find the terminal's modes restored too.
		 */
		if (scr.have_saved)
			(void)tcsetattr(scr.in_fd, TCSANOW, &scr.saved);
		(void)curs_set(1);
		(void)endwin();
		scr.active = 0;
		if (scr.have_saved)
			(void)tcsetattr(scr.in_fd, TCSANOW, &scr.saved);
	}
	if (scr.keys != NULL)
		(void)delwin(scr.keys);
	delscreen(scr.screen);
	scr.screen = NULL;
	scr.keys = NULL;
	close_files();
}

int
screen_fd(void)
{
	return scr.in_fd;
}

/* Readable, yet no key came of it: is anybody there? */
static bool
gone(void)
{
	struct pollfd p = { .fd = scr.in_fd, .events = POLLIN };
	int n = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return (p.revents & POLLIN) && ioctl(scr.in_fd, FIONREAD, &n) == 0 && n == 0;
}

static int
special(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} keys[] = {
		{ KEY_UP, KEYS_UP },
		{ KEY_DOWN, KEYS_DOWN },
		{ KEY_LEFT, KEYS_LEFT },
		{ KEY_RIGHT, KEYS_RIGHT },
		{ KEY_PPAGE, KEYS_PGUP },
		{ KEY_NPAGE, KEYS_PGDN },
		{ KEY_HOME, KEYS_HOME },
		{ KEY_END, KEYS_END },
		{ KEY_ENTER, KEYS_ENTER },
		{ KEY_BACKSPACE, KEYS_BACKSPACE },
		{ KEY_DC, KEYS_DELETE },
		{ KEY_BTAB, KEYS_BACKTAB },
		{ KEY_FIND, KEYS_HOME },
		{ KEY_SELECT, KEYS_END },
		{ KEY_RESIZE, KEYS_RESIZE },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return KEYS_F1 + (int)(code - KEY_F(1));
	return KEYS_COUNT; /* a key that means nothing here */
}

int
screen_key(void)
{
	wint_t code = 0;
	int r = scr.keys == NULL ? ERR : wget_wch(scr.keys, &code);

	if (r == ERR)
		return gone() ? -1 : 0;
	if (r == KEY_CODE_YES)
		return special(code);
	switch (code) {
	case '\r':
	case '\n': return KEYS_ENTER;
	case '\t': return KEYS_TAB;
	case 27: return KEYS_ESC;
	case 8:
	case 127: return KEYS_BACKSPACE;
	case 0: return KEYS_COUNT;
	default: return code < KEYS_SPECIAL ? (int)code : KEYS_COUNT;
	}
}

void
screen_flush(bool show_cursor)
{
	if (scr.cursor != show_cursor)
		(void)curs_set(show_cursor);
	scr.cursor = show_cursor;
	if (!show_cursor)
		(void)wmove(stdscr, getmaxy(stdscr) - 1, getmaxx(stdscr) - 1);
	(void)wnoutrefresh(stdscr);
	(void)doupdate();
}

void
screen_repaint(void)
{
	(void)clearok(curscr, TRUE);
}

void
screen_resize(void)
{
	int rows = getmaxy(stdscr), cols = getmaxx(stdscr);

	size_of_terminal(&rows, &cols);
	if (rows != getmaxy(stdscr) || cols != getmaxx(stdscr))
		(void)resizeterm(rows, cols);
	screen_repaint();
}

void
screen_suspend(void)
{
	(void)curs_set(1);
	(void)endwin();
	scr.active = 0;
	if (scr.have_saved)
		(void)tcsetattr(scr.in_fd, TCSANOW, &scr.saved);
}

void
screen_resume(void)
{
	(void)reset_prog_mode();
	scr.active = 1;
	(void)curs_set(0);
	scr.cursor = false;
	screen_resize();
	(void)wnoutrefresh(stdscr);
	(void)doupdate();
}
