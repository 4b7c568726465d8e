/*
 * Starting, watching and ending a child. It is started with vfork(): a copy of our page tables
 * would take long, and threads make fork() no safer. A child that has ended stays a zombie until
 * what else is in its group was killed too, for as long its number cannot be somebody else's. Not
 * here: when to start one again (exec.c, kube.c).
 */
#include "source/exec_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/sanitise.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define SAY_EVERY_MS 200

/* --- starting -------------------------------------------------------------------------------- */

struct launch {
	char *const *argv;
	int null, out, err;
	pid_t parent;
	volatile int error; /* of the child, in our memory */
};

/* In the child, which shares our memory until it is another program: system calls and nothing else.
 */
static void __attribute__((noreturn)) become(struct launch *l)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != l->parent) /* it died before that */
		_exit(127);
	if (dup2(l->null, STDIN_FILENO) >= 0 && dup2(l->out, STDOUT_FILENO) >= 0 &&
	    dup2(l->err, STDERR_FILENO) >= 0) {
		(void)close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
		execvp(l->argv[0], l->argv);
	}
	l->error = errno;
	_exit(127);
}

static pid_t __attribute__((noinline)) launch(struct launch *l)
{
	pid_t pid = vfork();

	if (pid == 0)
		become(l);
	return pid;
}

static void
close_pair(int fd[2])
{
	int error = errno;

	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	errno = error;
}

/* The child with the far ends of both pipes; 0 when it did not become the program. */
static pid_t
run(char *const argv[], int out, int err)
{
	struct launch l = { .argv = argv, .out = out, .err = err, .parent = getpid() };
	sigset_t all, before;
	pid_t pid;

	l.null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (l.null < 0)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = launch(&l);
	if (pid < 0)
		l.error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(l.null);
	if (pid > 0 && l.error != 0)
		waitpid(pid, NULL, 0);
	errno = l.error;
	return l.error == 0 ? pid : 0;
}

/* --- what it says on standard error ---------------------------------------------------------- */

static void
end_of_line(struct child *c)
{
	const struct slice s = { c->line, c->nline };
	struct buf safe = { 0 };
	int cells;

	c->nline = 0;
	sanitise_cells(&safe, s, SANITISE_UTF8, CHILD_SAYS / 2, "+", &cells);
	if (safe.len > 0 && strspn(safe.p, " ") < safe.len)
		snprintf(c->says, sizeof(c->says), "%s", safe.p);
	buf_release(&safe);
}

static void
hear(struct child *c, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\r')
			end_of_line(c);
		else if (c->nline < sizeof(c->line))
			c->line[c->nline++] = p[i];
	}
}

/* Everything that is there, but not without end. */
static bool
read_err(struct child *c, unsigned rounds)
{
	char text[4096];
	ssize_t n = -1;

	while (rounds-- > 0 && (n = read(c->err, text, sizeof(text))) > 0)
		hear(c, text, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void
on_say(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (c->said != NULL && c->running && !c->exited && c->says[0] != '\0')
		c->said(c->arg);
}

static void
on_err(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval soon = { 0, SAY_EVERY_MS * 1000 };
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (!read_err(c, 1))
		event_del(c->err_event);
	if (!evtimer_pending(c->say_timer, NULL))
		evtimer_add(c->say_timer, &soon);
}

/* --- ending ---------------------------------------------------------------------------------- */

static void
set_timer(struct child *c)
{
	static const struct timeval grace = { CHILD_GRACE / NSEC_PER_SEC, 0 };

	evtimer_add(c->timer, &grace);
}

static void
reap(struct child *c)
{
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
}

static void
forget(struct child *c)
{
	struct event **events[] = { &c->exit_event, &c->err_event, &c->timer, &c->say_timer };

	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (*events[i] != NULL)
			event_free(*events[i]);
		*events[i] = NULL;
	}
	if (c->watch >= 0)
		close(c->watch);
	if (c->err >= 0)
		close(c->err);
	c->watch = c->err = -1;
	c->running = false;
}

/* Gone and read to the end. */
static void
finish(struct child *c)
{
	if (c->pid != 0)
		reap(c);
	if (c->out_open)
		return;
	read_err(c, 16);
	end_of_line(c);
	forget(c);
	c->ended(c->arg);
}

static bool
look(struct child *c)
{
	siginfo_t info = { 0 };

	if (c->exited || c->pid == 0)
		return true;
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid == 0)
		return false;
	c->code = info.si_code;
	c->status = info.si_status;
	c->exited = true;
	return true;
}

static void
on_exit_event(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (!look(c))
		return;
	event_del(c->exit_event);
	/* what it has started may end in peace, but must */
	kill(-c->pid, SIGTERM);
	if (c->out_open)
		set_timer(c);
	else
		finish(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (c->exited)
		finish(c);
	else if (c->told)
		kill(-c->pid, SIGKILL);
	else
		child_stop(c); /* without output it is of no use */
}

/* --- for owners ------------------------------------------------------------------------------ */

static bool
watch(struct child *c, int err)
{
	struct event_base *base = net_base(c->net);

	c->err = err;
	c->watch = pidfd_open(c->pid, 0);
	if (c->watch < 0)
		return false;
	fcntl(err, F_SETFL, O_NONBLOCK);
	c->exit_event = event_new(base, c->watch, EV_READ | EV_PERSIST, on_exit_event, c);
	c->err_event = event_new(base, err, EV_READ | EV_PERSIST, on_err, c);
	c->timer = evtimer_new(base, on_timer, c);
	c->say_timer = evtimer_new(base, on_say, c);
	return c->exit_event != NULL && c->err_event != NULL && c->timer != NULL &&
	       c->say_timer != NULL && event_add(c->exit_event, NULL) == 0 &&
	       event_add(c->err_event, NULL) == 0;
}

bool
child_start(struct child *c, char *const argv[], int *out)
{
	int o[2] = { -1, -1 }, e[2] = { -1, -1 };
	int error;

	c->watch = c->err = -1;
	c->exited = c->told = false;
	c->nline = 0;
	c->says[0] = '\0';
	if (pipe2(o, O_CLOEXEC) != 0 || pipe2(e, O_CLOEXEC) != 0 ||
	    (c->pid = run(argv, o[1], e[1])) == 0) {
		close_pair(o);
		close_pair(e);
		return false;
	}
	close(o[1]);
	close(e[1]);
	c->running = true;
	if (!watch(c, e[0])) {
		error = errno;
		reap(c);
		forget(c);
		close(o[0]);
		errno = error;
		return false;
	}
	fcntl(o[0], F_SETFL, O_NONBLOCK);
	c->out_open = true;
	*out = o[0];
	return true;
}

void
child_out_ended(struct child *c)
{
	c->out_open = false;
	if (c->exited)
		finish(c);
	else
		set_timer(c);
}

void
child_stop(struct child *c)
{
	if (!c->running || c->pid == 0 || c->told)
		return;
	c->told = true;
	c->told_at = clock_mono();
	kill(-c->pid, SIGTERM);
	set_timer(c);
}

void
child_end(struct child *c)
{
	int64_t until = c->told_at + CHILD_GRACE, left;
	struct pollfd p = { .fd = c->watch, .events = POLLIN };
	pid_t group = c->pid;

	if (!c->running || c->pid == 0)
		return;
	while (!look(c) && (left = until - clock_mono()) > 0)
		poll(&p, 1, (int)(left / 1000000) + 1);
	if (c->exited) {
		/* as a zombie it would count as a member of its group */
		waitpid(c->pid, NULL, 0);
		c->pid = 0;
		while (kill(-group, 0) == 0 && clock_mono() < until)
			usleep(2000);
		kill(-group, SIGKILL);
	} else {
		reap(c);
	}
}

void
child_release(struct child *c)
{
	if (!c->running)
		return;
	if (c->pid != 0)
		reap(c);
	forget(c);
}

void
child_reason(const struct child *c, char *text, size_t len)
{
	const char *colon = c->says[0] != '\0' ? ": " : "";

	if (c->code == CLD_EXITED)
		snprintf(text, len, "exit status %d%s%s", c->status, colon, c->says);
	else
		snprintf(text, len, "killed by signal %d%s%s", c->status, colon, c->says);
}
