/* What the command line asks for, checked and by value. */
#ifndef FALCOTOP_APP_OPTIONS_H
#define FALCOTOP_APP_OPTIONS_H

#include "query/query.h"
#include "query/viewdef.h"
#include "report/report.h"
#include "tui/theme.h"

enum option_id {
#define OPTION(id, short_name, long_name, arg, help) OPTION_##id,
#define OPTION_LINE				     OPTION
#include "app/options.def"
#undef OPTION
#undef OPTION_LINE
	OPTION_COUNT
};

struct option_info {
	char short_name; /* 0: none */
	const char *long_name;
	const char *arg; /* NULL: a flag */
	const char *help;
	bool key; /* of the config file */
};
extern const struct option_info option_table[OPTION_COUNT];

enum command {
	COMMAND_WATCH,
	COMMAND_REPORT,
	COMMAND_TEST,
	COMMAND_RISK,
	COMMAND_COLLECT,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_DEBUG_INFO,
	COMMAND_PRINT_CONFIG,
	COMMAND_CHECK_CONFIG
};

struct config;

#define OPTIONS_PATHS 64 /* of --detections, and of --rules */

/* What --detections and --rules name, in order. */
struct option_paths {
	const char *v[OPTIONS_PATHS];
	unsigned n;
};

/* Strings are borrowed from argv and from the config file, which the options own. */
struct options {
	int argc; /* what they were made of */
	char **argv;
	struct config *config;		 /* NULL: there is none */
	const char *given[OPTION_COUNT]; /* last value as text, "" of a flag; NULL: not given */
	enum command command;
	const char *filter;
	const struct view_def *view; /* NULL: not given */
	bool health;		     /* --view health, which is no table of events */
	const char *by;
	const char *sort; /* without the sign; NULL: not given */
	bool descending;
	uint64_t limit;	      /* 0: none */
	int64_t since, until; /* TIME_NONE: open */
	const struct report_format *format;
	const char *output;
	const char *fillnull;
	const char *detection, *user;
	const char *data, *data_dir;
	const char *history; /* NULL: the usual place; "none" */
	struct option_paths detections, rules;
	const char *token_file, *tls_cert, *tls_key, *tls_client_ca;
	bool insecure;
	unsigned threads;
	size_t memory;
	enum color_mode color;
	bool follow, resume, raw, ascii;
	char **source;
	int nsources;
};

/*
 * Reads argv (it may be reordered). 0, or -1 after one line on standard error that says what is
 * wrong (a caret under it for a filter): the program exits with 2.
 */
int options_parse(struct options *o, int argc, char **argv);
void options_release(struct options *o);
/* The same command line, the config file as it is now; one thread at a time. */
int options_again(struct options *o, const struct options *old);
/* One option by its long name, as a line of the config file. False after a complaint. */
bool options_set_key(struct options *o, const char *key, const char *value);
/* "512M" in bytes; units K M G T of 1024, none is bytes. False when it is no size or does not fit.
 */
bool size_parse(const char *s, size_t *out);
/* The budget when none was asked for: a quarter of RAM, at most 2 GiB. */
size_t memory_default(void);
/* The query these options ask for. False after a message. */
bool options_query(const struct options *o, struct query *q);

void usage_help(void);
void usage_version(void);
void usage_debug_info(const struct options *o);
/* What holds, as a config file. */
void usage_config(const struct options *o);

/* "falcotop: ..." and a line end on standard error; the text goes through the sanitiser. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Complaints of this thread go there from now on, a line each; NULL: to standard error. Returns
 * where they went before. */
struct buf *complain_into(struct buf *said);
/* The same for text with an offset, which is shown with a caret under it. */
void complain_at(const char *what, const char *text, const struct filter_error *err);

#endif
