/*
 * What the program says about itself: help, versions, facts for a bug report; and how it complains.
 * The lists come from the tables of options, views, sources and formats.
 */
#include "app/options.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/settings.h"
#include "config.h"
#include "source/source.h"

#include "base/banned.h"

/* Bytes that are shown around the spot of an error. */
#define SPOT_BEFORE 100
#define SPOT_AFTER  60

static _Thread_local struct buf *said_into; /* NULL: standard error */

static bool
utf8_locale(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void
print_safe(FILE *f, const char *text, size_t len)
{
	struct buf safe = { 0 };

	(void)sanitise(
	    &safe, (struct slice){ text, len }, utf8_locale() ? SANITISE_UTF8 : SANITISE_ASCII);
	if (safe.len > 0)
		(void)fwrite(safe.p, 1, safe.len, f);
	buf_release(&safe);
}

void
complain(const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (said_into != NULL) {
		buf_adds(said_into, text);
		buf_addc(said_into, '\n');
		return;
	}
	flockfile(stderr);
	(void)fputs("falcotop: ", stderr);
	print_safe(stderr, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	(void)fputc('\n', stderr);
	funlockfile(stderr);
}

struct buf *
complain_into(struct buf *said)
{
	struct buf *before = said_into;

	said_into = said;
	return before;
}

void
complain_at(const char *what, const char *text, const struct filter_error *err)
{
	struct buf before = { 0 };
	size_t len = strlen(text);
	size_t at = err->offset < len ? err->offset : len;
	size_t from = at > SPOT_BEFORE ? at - SPOT_BEFORE : 0;
	size_t to = len - at > SPOT_AFTER ? at + SPOT_AFTER : len;
	int cells = 0;

	while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80)
		from--;
	while (to < len && ((unsigned char)text[to] & 0xc0) == 0x80)
		to++;
	complain("%s: %s", what, err->message);
	if (said_into != NULL)
		return;
	(void)sanitise_cells(&before, (struct slice){ text + from, at - from },
	    utf8_locale() ? SANITISE_UTF8 : SANITISE_ASCII, 1 << 20, "", &cells);
	buf_release(&before);
	(void)fputs(from > 0 ? "  ..." : "  ", stderr);
	print_safe(stderr, text + from, to - from);
	(void)fprintf(
	    stderr, "%s\n  %*s^\n", to < len ? "..." : "", cells + (from > 0 ? 3 : 0), "");
}

static void
help_options(void)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_info *t = &option_table[i];
		char left[40];

		(void)snprintf(left, sizeof(left), "%c%c%s --%s %s", t->short_name != 0 ? '-' : ' ',
		    t->short_name != 0 ? t->short_name : ' ', t->short_name != 0 ? "," : " ",
		    t->long_name, t->arg != NULL ? t->arg : "");
		(void)printf("  %-25s %s\n", left, t->help);
	}
}

void
usage_help(void)
{
	(void)printf(
	    "falcotop: a live monitor for Falco security events\n\n"
	    "usage: falcotop [OPTION]... [SOURCE]...         the dashboard; a report when stdout is no terminal\n"
	    "       falcotop report [OPTION]... [SOURCE]...  the same numbers on standard output\n"
	    "       falcotop test [OPTION]... DETECTION...   prove detections on data: PASS or FAIL\n"
	    "       falcotop risk [OPTION]...                the risk of users, from the history\n"
	    "       falcotop collect [OPTION]... [SOURCE]... keep the history without a screen\n\n"
	    "SOURCE, any number (default: standard input when it is no terminal):\n");
	for (const struct source_ops *const *s = source_table; *s != NULL; s++)
		(void)printf("  %-25s %s\n", (*s)->form, (*s)->help);
	(void)printf("  a path that looks like one of these is reached as ./PATH\n\noptions:\n");
	help_options();
	(void)printf("\nviews:\n");
	for (unsigned i = 0; i < view_count; i++)
		(void)printf("  %-10s %s\n", view_defs[i].name, view_defs[i].help);
	(void)printf(
	    "  %-10s %s\n", "health", "Sources and their counters; rejected lines by reason.");
	(void)printf("\nformats:\n");
	for (const struct report_format *const *f = report_formats; *f != NULL; f++)
		(void)printf("  %-10s %s\n", (*f)->name, (*f)->help);
	(void)printf(
	    "\nexit status: 0 done, 1 nothing found, 2 bad usage or an unreadable source, 128+n on signal n\n"
	    "keys of the dashboard: ? inside it, or falcotop(1)\n");
}

void
usage_version(void)
{
	(void)printf("falcotop %s\n"
		     "ncurses %s, libevent %s, OpenSSL %s, zlib %s, http_parser\n"
		     "PCRE2 %s, libyaml %s, SQLite %s, jsmn\n"
		     "Licence: MIT. Not affiliated with the Falco project.\n",
	    PACKAGE_VERSION, VERSION_NCURSES, VERSION_LIBEVENT, VERSION_OPENSSL, VERSION_ZLIB,
	    VERSION_PCRE2, VERSION_YAML, VERSION_SQLITE);
}

void
usage_config(const struct options *o)
{
	(void)printf("# %s\n", o->config != NULL ? o->config->path : "no config file");
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_info *t = &option_table[i];
		const struct option_paths *many = i == OPTION_RULES	   ? &o->rules
						  : i == OPTION_DETECTIONS ? &o->detections
									   : NULL;

		for (unsigned k = 0; many != NULL && k < many->n; k++)
			(void)printf("%s = %s\n", t->long_name, many->v[k]);
		if (!t->key || (many != NULL && many->n > 0))
			continue;
		if (o->given[i] == NULL)
			(void)printf("#%s = %s\n", t->long_name, t->arg != NULL ? t->arg : "no");
		else
			(void)printf(
			    "%s = %s\n", t->long_name, t->arg != NULL ? o->given[i] : "yes");
	}
	(void)printf(
	    "\n[risk]\n%s", o->config != NULL && o->config->risk.len > 0 ? o->config->risk.p : "");
}

static const char *
env(const char *name)
{
	const char *v = getenv(name);

	return v != NULL ? v : "(not set)";
}

void
usage_debug_info(const struct options *o)
{
	static const char *const vars[] = { "TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE",
		"LANG", "TZ" };
	struct utsname u;

	usage_version();
	(void)printf("built with: %s, C %ld\n", FALCOTOP_CC " " __VERSION__, __STDC_VERSION__);
	if (uname(&u) == 0)
		(void)printf("system: %s %s %s\n", u.sysname, u.release, u.machine);
	(void)printf("character set: %s\n", nl_langinfo(CODESET));
	(void)printf("terminals: stdin %s, stdout %s, stderr %s\n", isatty(0) ? "yes" : "no",
	    isatty(1) ? "yes" : "no", isatty(2) ? "yes" : "no");
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
		(void)printf("%s: ", vars[i]);
		print_safe(stdout, env(vars[i]), strlen(env(vars[i])));
		(void)putchar('\n');
	}
	(void)printf(
	    "CPUs online: %ld, decode workers: %u\n", sysconf(_SC_NPROCESSORS_ONLN), o->threads);
	(void)printf("index budget: %zu MiB\n", o->memory >> 20);
	(void)printf("catalogue: %u fields, %u views\n", (unsigned)FIELD_COLUMNS, view_count);
	(void)printf("limits: line %u bytes, depth %u, %u tokens, %u keys, %u rows\n",
	    DECODE_MAX_LINE, DECODE_MAX_DEPTH, DECODE_MAX_TOKENS, DECODE_MAX_KEYS, GROUP_ROWS_MAX);
}
