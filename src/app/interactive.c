/*
 * The main loop of the dashboard, on the main thread: keys, signals and snapshots come in,
 * reactions are carried out, frames go out. Every call of ncurses happens here or below. Not here:
 * what is on the screen (view/), the terminal itself (tui/screen.c).
 *
 * A terminal that is not read (XOFF, a stalled ssh) blocks this thread in write(2) for ever. The
 * thread of watch_signals() takes the signals that end the program: it gives the loop 300 ms, then
 * interrupts the write with SIGUSR2, whose handler throws the terminal's output away, restores it
 * and ends the process.
 */
#include "app/interactive.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "tui/screen.h"
#include "view/pages.h"
#include "view/stack.h"
#include "base/banned.h"

#define FRAME_NS  (50 * 1000000LL) /* at most 20 frames a second when nobody types */
#define ANSWER_NS (25 * 1000000LL) /* how long a frame waits for the answer to a new question */
#define GRACE_MS  300		   /* for the loop to end by itself */
#define FORCE_MS  200		   /* for on_stuck() */
#define LEAVE_MS  600 /* more, for the rest of the program, once the terminal is restored */

#define AHEAD_NS                                                                                   \
	(250 * 1000000LL) /* how long keys typed ahead wait for the page they are meant for */

static int wake_fd = -1;
static pthread_t ui_thread;
static atomic_int ended_by;	/* the signal that ends the program; 0: none */
static atomic_bool screen_done; /* the terminal is restored */

/* What the thread of signals and the loop tell each other of reloads. */
static struct {
	pthread_mutex_t lock; /* held while reloading */
	bool (*reload)(
	    void *arg, struct buf *said); /* NULL: there is no screen, or none any more */
	void *arg;
	pthread_mutex_t said_lock; /* never held for long: the loop takes it */
	struct buf said;
	bool well;
} again = { .lock = PTHREAD_MUTEX_INITIALIZER, .said_lock = PTHREAD_MUTEX_INITIALIZER };

struct loop {
	struct event_base *base;
	struct event *tty, *wake, *timer, *winch, *tstp, *cont;
	struct engine *engine;
	struct ui ui;
	int64_t drawn;	 /* clock_mono() of the last frame */
	int64_t draw_at; /* a frame is due then; 0: none */
	int64_t ticked;
	int64_t asked_at; /* when the page changed to one that has no answer yet */
	bool held;	  /* keys wait for that answer */
	int status;
};

static void
sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static void
ending_signals(sigset_t *set)
{
	static const int all[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct sigaction old;

		/* nohup: stays ignored; a terminal that goes away is noticed by its hang-up. */
		if (sigaction(all[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaddset(set, all[i]);
	}
}

void
interactive_wake(void *arg)
{
	uint64_t one = 1;

	(void)arg;
	if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0) {
		/* The counter is full: a wake-up is pending anyway. */
	}
}

/* A terminal that went away sends SIGHUP, and so does who wants a reload. */
static bool
terminal_is_there(void)
{
	struct pollfd p = { .fd = screen_fd() };
	struct termios t;

	return tcgetattr(p.fd, &t) == 0 && poll(&p, 1, 0) >= 0 &&
	       (p.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

/* False: there is nothing to reload, or nobody to tell. */
static bool
reload(void)
{
	struct buf said = { 0 };
	bool wanted, well = false;

	(void)pthread_mutex_lock(&again.lock);
	wanted = again.reload != NULL && terminal_is_there();
	if (wanted)
		well = again.reload(again.arg, &said);
	(void)pthread_mutex_unlock(&again.lock);
	if (wanted) {
		(void)pthread_mutex_lock(&again.said_lock);
		buf_release(&again.said);
		again.said = said;
		again.well = well;
		(void)pthread_mutex_unlock(&again.said_lock);
		interactive_wake(NULL);
	}
	return wanted;
}

static void *
watch_signals(void *arg)
{
	sigset_t *set = arg;
	int sig = 0;

	do {
		if (sigwait(set, &sig) != 0)
			return NULL;
	} while (sig == SIGHUP && reload());
	atomic_store(&ended_by, sig);
	interactive_wake(NULL);
	for (int ms = 0; ms < GRACE_MS && !atomic_load(&screen_done); ms += 10)
		sleep_ms(10);
	if (atomic_load(&screen_done))
		sleep_ms(LEAVE_MS);
	else {
		(void)pthread_kill(ui_thread, SIGUSR2);
		sleep_ms(FORCE_MS);
	}
	_exit(128 + sig);
}

/* In the UI thread, out of the write that did not end. */
static void
on_stuck(int unused)
{
	(void)unused;
	screen_restore(true);
	_exit(128 + atomic_load(&ended_by));
}

int
interactive_prepare(void)
{
	static sigset_t set;
	struct sigaction stuck = { .sa_handler = on_stuck };
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0) {
		(void)fprintf(stderr, "falcotop: eventfd: %s\n", strerror(errno));
		return -1;
	}
	ui_thread = pthread_self();
	(void)sigaction(SIGUSR2, &stuck, NULL);
	ending_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, watch_signals, &set);
	(void)pthread_attr_destroy(&attr);
	if (err != 0) {
		(void)fprintf(stderr, "falcotop: cannot start a thread: %s\n", strerror(err));
		return -1;
	}
	return 0;
}

/* --- frames
 * -----------------------------------------------------------------------------------------------------
 */

static void
arm_timer(struct loop *l)
{
	int64_t now = clock_mono(), at = l->ticked + NSEC_PER_SEC, wakes = ui_wakes(&l->ui), ns;
	struct timeval tv;

	at = wakes < at ? wakes : at;
	at = l->draw_at != 0 && l->draw_at < at ? l->draw_at : at;
	at = l->held && l->asked_at + AHEAD_NS < at ? l->asked_at + AHEAD_NS : at;
	ns = at > now ? at - now : 0;
	tv.tv_sec = (time_t)(ns / NSEC_PER_SEC);
	tv.tv_usec = (suseconds_t)(ns % NSEC_PER_SEC / 1000 + 1);
	(void)event_add(l->timer, &tv);
}

static void
draw(struct loop *l)
{
	bool cursor = ui_draw(&l->ui);

	screen_flush(cursor);
	l->drawn = clock_mono();
	l->draw_at = 0;
}

static void
draw_by(struct loop *l, int64_t at)
{
	if (at <= clock_mono())
		draw(l);
	else if (l->draw_at == 0 || at < l->draw_at)
		l->draw_at = at;
}

static void
send_request(struct loop *l)
{
	struct request r;

	ui_request(&l->ui, &r);
	if (ui_snapshot(&l->ui) == NULL)
		l->asked_at = clock_mono();
	engine_request(l->engine, &r);
	request_release(&r);
}

static void
suspend(struct loop *l)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;

	screen_suspend();
	(void)sigaction(SIGTSTP, &dfl, &old);
	(void)raise(SIGTSTP); /* here the process stands still until SIGCONT */
	(void)sigaction(SIGTSTP, &old, NULL);
	screen_resume();
	send_request(l);
	draw(l);
}

/* typed: somebody waits for the answer. */
static void
react(struct loop *l, unsigned what, bool typed)
{
	if (what & REACT_QUIT) {
		l->status = 0;
		(void)event_base_loopbreak(l->base);
		return;
	}
	if (what & REACT_SUSPEND) {
		suspend(l);
		return;
	}
	if (what & REACT_REPAINT)
		screen_repaint();
	if (what & REACT_REQUEST)
		send_request(l);
	if (what & (REACT_REDRAW | REACT_REPAINT)) {
		if (ui_snapshot(&l->ui) == NULL)
			draw_by(l, clock_mono() + ANSWER_NS);
		else
			draw_by(l, typed ? 0 : l->drawn + FRAME_NS);
	}
}

/* --- what comes in
 * ---------------------------------------------------------------------------------------------- */

/* "9 Enter" typed in one go: Enter is meant for a row of the page that 9 opens, so it waits for the
 * rows. */
static bool
hold_keys(struct loop *l)
{
	if (ui_snapshot(&l->ui) != NULL || clock_mono() >= l->asked_at + AHEAD_NS)
		return false;
	if (!l->held)
		(void)event_del(l->tty);
	l->held = true;
	return true;
}

static void
on_tty(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	unsigned all = 0;
	int key = 0;

	(void)fd;
	(void)what;
	while (!hold_keys(l) && (key = screen_key()) > 0) {
		all |= ui_key(&l->ui, key);
		if (all & (REACT_QUIT | REACT_SUSPEND))
			break;
		if (all &
		    REACT_REQUEST) { /* so that a later key sees the number of this question */
			send_request(l);
			all &= ~(unsigned)REACT_REQUEST;
		}
	}
	if (key < 0) {
		l->status = 128 + SIGHUP;
		(void)event_base_loopbreak(l->base);
		return;
	}
	react(l, all, true);
	arm_timer(l);
}

static void
release_keys(struct loop *l)
{
	if (!l->held || (ui_snapshot(&l->ui) == NULL && clock_mono() < l->asked_at + AHEAD_NS))
		return;
	l->held = false;
	(void)event_add(l->tty, NULL);
	on_tty(screen_fd(), EV_READ,
	    l); /* ncurses may hold keys that the descriptor no longer shows */
}

/* In the message line, how the last reload went. */
static void
say_reload(struct loop *l)
{
	(void)pthread_mutex_lock(&again.said_lock);
	if (again.said.len > 0) {
		ui_say(&l->ui, again.well ? STYLE_OK : STYLE_WARN, "%s", again.said.p);
		draw_by(l, 0);
	}
	buf_release(&again.said);
	(void)pthread_mutex_unlock(&again.said_lock);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	struct snapshot *s;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	if (atomic_load(&ended_by) != 0) {
		l->status = 128 + atomic_load(&ended_by);
		(void)event_base_loopbreak(l->base);
		return;
	}
	say_reload(l);
	s = engine_take(l->engine);
	if (s != NULL) {
		bool awaited = ui_waits(&l->ui) && s->number >= l->ui.asked;

		react(l, ui_offer(&l->ui, s), awaited);
		release_keys(l);
	}
	arm_timer(l);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	int64_t now = clock_mono();

	(void)fd;
	(void)what;
	if (now >= l->ticked + NSEC_PER_SEC || now >= ui_wakes(&l->ui)) {
		l->ticked = now;
		react(l, ui_tick(&l->ui), false);
	}
	if (l->draw_at != 0 && now >= l->draw_at)
		draw(l);
	release_keys(l);
	arm_timer(l);
}

static void
on_winch(evutil_socket_t sig, short what, void *arg)
{
	struct loop *l = arg;

	(void)sig;
	(void)what;
	screen_resize();
	react(l, ui_key(&l->ui, KEYS_RESIZE), false);
	arm_timer(l);
}

static void
on_tstp(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	suspend(arg);
}

/* Somebody else stopped and continued us: the terminal may be in any state. */
static void
on_cont(evutil_socket_t sig, short what, void *arg)
{
	struct loop *l = arg;

	(void)sig;
	(void)what;
	screen_resume();
	draw(l);
}

/* --- start and end
 * ---------------------------------------------------------------------------------------------- */

static struct view *
first_view(const struct interactive_options *o, char *err, size_t errlen)
{
	const struct view_def *def = o->view == NULL ? NULL : view_def(o->view);
	struct view_def *owned = NULL;
	struct filter_error bad;
	struct view *v;

	if (o->by != NULL) {
		def = owned = def_by(o->by, &bad);
		if (def == NULL) {
			(void)snprintf(err, errlen, "--by %s: %s", o->by, bad.message);
			return NULL;
		}
	}
	if (def == NULL)
		def = &view_defs[0];
	v = table_new(def, owned, NULL, NULL);
	if (o->sort != NULL && !table_sort(v, o->sort + (*o->sort == '-'), *o->sort == '-')) {
		(void)snprintf(
		    err, errlen, "--sort %s: no such column in the view %s", o->sort, def->title);
		v->ops->close(v);
		return NULL;
	}
	return v;
}

static void
ui_start(struct ui *ui, const struct interactive_options *o, struct view *v)
{
	ui_init(ui, v);
	ui->filter = o->filter == NULL || *o->filter == '\0' ? NULL : xstrdup(o->filter);
	ui->since = o->since;
	ui->until = o->until;
	ui->limit = o->limit;
	ui->services = o->services;
	if (o->view != NULL && strcmp(o->view, "health") == 0)
		(void)ui_open(ui, health_new());
}

static bool
loop_start(struct loop *l)
{
	struct event_config *config = event_config_new();

	if (config == NULL)
		return false;
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	if (l->base == NULL)
		return false;
	l->tty = event_new(l->base, screen_fd(), EV_READ | EV_PERSIST, on_tty, l);
	l->wake = event_new(l->base, wake_fd, EV_READ | EV_PERSIST, on_wake, l);
	l->timer = evtimer_new(l->base, on_timer, l);
	l->winch = evsignal_new(l->base, SIGWINCH, on_winch, l);
	l->tstp = evsignal_new(l->base, SIGTSTP, on_tstp, l);
	l->cont = evsignal_new(l->base, SIGCONT, on_cont, l);
	return l->tty != NULL && l->wake != NULL && l->timer != NULL && l->winch != NULL &&
	       l->tstp != NULL && l->cont != NULL && event_add(l->tty, NULL) == 0 &&
	       event_add(l->wake, NULL) == 0 && event_add(l->winch, NULL) == 0 &&
	       event_add(l->tstp, NULL) == 0 && event_add(l->cont, NULL) == 0;
}

static void
loop_stop(struct loop *l)
{
	struct event *all[] = { l->tty, l->wake, l->timer, l->winch, l->tstp, l->cont };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] != NULL)
			event_free(all[i]);
	if (l->base != NULL)
		event_base_free(l->base);
}

/* NULL: from now on SIGHUP ends the program; waits for a reload that runs. */
static void
set_reload(bool (*fn)(void *arg, struct buf *said), void *arg)
{
	(void)pthread_mutex_lock(&again.lock);
	again.reload = fn;
	again.arg = arg;
	(void)pthread_mutex_unlock(&again.lock);
}

int
interactive_run(const struct interactive_options *o)
{
	struct screen_options so = {
		.stdin_is_data = o->stdin_is_data, .color = o->color, .ascii = o->ascii
	};
	struct loop l = { .engine = o->engine, .status = 2 };
	char err[256] = "the event loop cannot be set up";
	struct view *v = first_view(o, err, sizeof(err));

	if (v == NULL || screen_open(&so, err, sizeof(err)) != 0) {
		if (v != NULL)
			v->ops->close(v);
		(void)fprintf(stderr, "falcotop: %s\n", err);
		return 2;
	}
	ui_start(&l.ui, o, v);
	if (loop_start(&l)) {
		if (o->sources != NULL)
			source_set_start(o->sources);
		set_reload(o->reload, o->reload_arg);
		l.ticked = clock_mono();
		draw(&l); /* the lists learn how many rows they show */
		send_request(&l);
		arm_timer(&l);
		(void)event_base_dispatch(l.base);
		set_reload(NULL, NULL);
		err[0] = '\0';
	}
	screen_close();
	atomic_store(&screen_done, true);
	if (err[0] != '\0')
		(void)fprintf(stderr, "falcotop: %s\n", err);
	loop_stop(&l);
	ui_release(&l.ui);
	return l.status;
}
