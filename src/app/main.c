/* The program's entry: what it was asked to do, and nothing of how. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/collect.h"
#include "app/datadir.h"
#include "app/headless.h"
#include "app/options.h"
#include "app/risk.h"
#include "app/search.h"
#include "app/settings.h"
#include "app/test.h"
#include "app/watch.h"

#include "base/banned.h"

/* Descriptors 0 to 2 are taken, so that no file of ours becomes "standard error". A closed standard
 * output stays unwritable. */
static void
reserve_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) < 0)
			abort();
}

/* No SOURCE: standard input, when something is piped in. */
static bool
have_sources(struct options *o)
{
	static char standard_input[] = "-";
	static char *only[] = { standard_input, NULL };

	if (o->nsources > 0)
		return true;
	if (isatty(STDIN_FILENO))
		return false;
	o->source = only;
	o->nsources = 1;
	return true;
}

static int
read_events(struct options *o)
{
	if (!have_sources(o)) {
		complain(
		    "nothing to read: name a file or a socket, or pipe events in (see falcotop --help)");
		return 2;
	}
	if (o->command == COMMAND_COLLECT)
		return collect_run(o);
	if (o->detection != NULL)
		return search_run(o);
	if (o->command == COMMAND_WATCH && o->output == NULL && isatty(STDOUT_FILENO))
		return watch_run(o);
	return headless_run(o);
}

static int
run(struct options *o)
{
	int status = 0;

	switch (o->command) {
	case COMMAND_HELP: usage_help(); break;
	case COMMAND_VERSION: usage_version(); break;
	case COMMAND_DEBUG_INFO: usage_debug_info(o); break;
	case COMMAND_PRINT_CONFIG: usage_config(o); break;
	case COMMAND_CHECK_CONFIG:
		(void)printf("%s: %s\n", o->config != NULL ? o->config->path : "falcotop",
		    o->config != NULL ? "nothing wrong" : "there is no config file");
		break;
	case COMMAND_TEST: status = test_run(o); break;
	case COMMAND_RISK: return risk_run(o);
	case COMMAND_WATCH:
	case COMMAND_REPORT:
	case COMMAND_COLLECT: return read_events(o);
	}
	if (fflush(stdout) != 0) {
		complain("standard output: cannot write");
		return 2;
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct options o;
	int status;

	reserve_descriptors();
	/* Only how characters look: numbers have points and dates have English names everywhere. */
	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	datadir_find();
	if (options_parse(&o, argc, argv) != 0)
		return 2;
	status = run(&o);
	options_release(&o);
	return status;
}
