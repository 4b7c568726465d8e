/*
 * SIGHUP of the dashboard: with the terminal there it reads config, rules and detections again and
 * says so, however many come; when the terminal goes away the program ends, as ever.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define STORM	   300
#define PATIENCE   (20 * NSEC_PER_SEC)
#define SCREEN_MAX 65536

static unsigned tests;
static char directory[] = "/tmp/falcotop-hangup-XXXXXX";
static char config[sizeof(directory) + 16];

static bool
ok(bool good, const char *name)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, name);
	return good;
}

static bool
write_config(const char *text)
{
	FILE *f = fopen(config, "w");

	if (f == NULL)
		return false;
	fputs(text, f);
	return fclose(f) == 0 && chmod(config, 0600) == 0;
}

static pid_t
start(const char *program, const char *recording, int *terminal)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 100 };
	pid_t pid = forkpty(terminal, NULL, NULL, &size);

	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("XDG_CONFIG_HOME", directory, 1);
		execl(program, program, "--history", "none", "--config", config, recording,
		    (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Reads what is drawn until the words are there. Text of one attribute comes in one piece. */
static bool
draws(int terminal, const char *words)
{
	static char screen[SCREEN_MAX + 1];
	int64_t until = clock_mono() + PATIENCE;
	size_t len = 0;

	while (clock_mono() < until) {
		struct pollfd p = { .fd = terminal, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, 100) <= 0)
			continue;
		if (len > SCREEN_MAX / 2) {
			memmove(screen, screen + len - 256, 256);
			len = 256;
		}
		n = read(terminal, screen + len, SCREEN_MAX - len);
		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (screen[len + (size_t)i] == '\0')
				screen[len + (size_t)i] = ' ';
		len += (size_t)n;
		screen[len] = '\0';
		if (strstr(screen, words) != NULL)
			return true;
	}
	return false;
}

/* What is drawn now is thrown away, until nothing comes for a while. */
static void
drain(int terminal)
{
	struct pollfd p = { .fd = terminal, .events = POLLIN };
	char bytes[4096];

	while (poll(&p, 1, 50) > 0 && read(terminal, bytes, sizeof(bytes)) > 0)
		;
}

/* Its wait status, -1 when it does not end. */
static int
ended(pid_t pid)
{
	int64_t until = clock_mono() + PATIENCE;
	int status;

	while (clock_mono() < until) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

static bool
reloads(pid_t pid, int terminal)
{
	bool good;

	kill(pid, SIGHUP);
	good = ok(draws(terminal, "read again: config"), "SIGHUP reads again and says so");
	good &= write_config("[risk]\ncap = much\n");
	kill(pid, SIGHUP);
	good &= ok(draws(terminal, "falcotop.conf:2: 'much'"), "an error in the config is said");
	good &= write_config("[risk]\ncap = 2\n");
	for (unsigned i = 0; i < STORM; i++) {
		kill(pid, SIGHUP);
		if (i % 20 == 0)
			drain(terminal);
	}
	drain(terminal);
	good &= ok(waitpid(pid, NULL, WNOHANG) == 0, "300 of them in a row");
	good &= write_config("cap\n");
	kill(pid, SIGHUP);
	good &= ok(draws(terminal, "falcotop.conf:1: 'cap'"), "and the next one is served");
	return good;
}

int
main(void)
{
	const char *program = getenv("FALCOTOP"), *top = getenv("srcdir");
	char recording[4096];
	int terminal, status;
	bool good;
	pid_t pid;

	if (program == NULL) {
		printf("1..0 # SKIP $FALCOTOP is not set\n");
		return 77;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(recording, sizeof(recording), "%s/data/demo.log", top != NULL ? top : ".");
	if (mkdtemp(directory) == NULL)
		return 99;
	snprintf(config, sizeof(config), "%s/falcotop.conf", directory);
	printf("1..6\n");
	good = write_config("[risk]\ncap = 3\n");
	pid = start(program, recording, &terminal);
	good &= ok(draws(terminal, "Shells"), "the dashboard is there");
	good &= reloads(pid, terminal);
	close(terminal);
	status = ended(pid);
	good &= ok(status >= 0 && (WIFEXITED(status) ? WEXITSTATUS(status) == 128 + SIGHUP
						     : WTERMSIG(status) == SIGHUP),
	    "the terminal goes away: it ends");
	(void)unlink(config);
	(void)rmdir(directory);
	return good ? 0 : 1;
}
