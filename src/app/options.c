/*
 * The command line to struct options. Everything that can be refused without reading an event is
 * refused here. Not here: help texts (usage.c) and what the options do.
 */
#include "app/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/settings.h"
#include "base/clock.h"
#include "base/xalloc.h"

#include "base/banned.h"

const struct option_info option_table[OPTION_COUNT] = {
#define OPTION(id, short_name, long_name, arg, help) { short_name, long_name, arg, help, true },
#define OPTION_LINE(id, short_name, long_name, arg, help)                                          \
	{ short_name, long_name, arg, help, false },
#include "app/options.def"
#undef OPTION
#undef OPTION_LINE
};

/* getopt's value of option n is LONG_BASE + n, whichever way it was spelt. */
#define LONG_BASE	   256
#define THREADS_MAX	   64
#define MEMORY_MIN	   ((size_t)16 << 20)
#define MEMORY_DEFAULT_MAX ((size_t)2 << 30)

bool
size_parse(const char *s, size_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	unsigned long long v;
	unsigned shift = 0;

	if (*s < '0' || *s > '9')
		return false;
	v = strtoull(s, &end, 10);
	if (*end != '\0') {
		char c = *end >= 'a' && *end <= 'z' ? (char)(*end - 'a' + 'A') : *end;

		if ((unit = strchr(units, c)) == NULL)
			return false;
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
		if (strcmp(end, "B") == 0 || strcmp(end, "iB") == 0)
			end += strlen(end);
		if (*end != '\0')
			return false;
	}
	if (v > (SIZE_MAX >> shift) >> 1)
		return false;
	*out = (size_t)v << shift;
	return true;
}

size_t
memory_default(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	size_t quarter = MEMORY_DEFAULT_MAX;

	if (pages > 0 && size > 0)
		quarter = (size_t)pages / 4 * (size_t)size;
	if (quarter > MEMORY_DEFAULT_MAX)
		quarter = MEMORY_DEFAULT_MAX;
	return quarter < MEMORY_MIN ? MEMORY_MIN : quarter;
}

static bool
number(const char *s, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long v;

	if (*s < '0' || *s > '9')
		return false;
	v = strtoull(s, &end, 10);
	if (*end != '\0' || v > max)
		return false;
	*out = v;
	return true;
}

static int
bad_value(enum option_id id, const char *value, const char *expected)
{
	complain("--%s: '%s' is not %s", option_table[id].long_name, value, expected);
	return -1;
}

static int
set_view(struct options *o, const char *name)
{
	struct buf names = { 0 };

	if (strcmp(name, "health") == 0) {
		o->health = true;
		o->view = NULL;
		return 0;
	}
	o->health = false;
	if ((o->view = view_def(name)) != NULL)
		return 0;
	for (unsigned i = 0; i < view_count; i++)
		buf_addf(&names, "%s ", view_defs[i].name);
	complain("there is no view '%s'; there are: %shealth", name, names.p);
	buf_release(&names);
	return -1;
}

static int
set_format(struct options *o, const char *name)
{
	struct buf names = { 0 };

	if ((o->format = report_format(name)) != NULL)
		return 0;
	for (unsigned i = 0; report_formats[i] != NULL; i++)
		buf_addf(&names, " %s", report_formats[i]->name);
	complain("there is no format '%s'; there are:%s", name, names.p);
	buf_release(&names);
	return -1;
}

static int
set_filter(struct options *o, const char *text)
{
	struct filter_error err;
	struct filter *f = filter_parse(text, &err);

	if (f == NULL) {
		complain_at("filter", text, &err);
		return -1;
	}
	filter_free(f);
	o->filter = text;
	return 0;
}

static int
set_number(struct options *o, enum option_id id, const char *value)
{
	uint64_t v;

	if (id == OPTION_THREADS) {
		if (!number(value, THREADS_MAX, &v))
			return bad_value(id, value, "a number from 0 to 64");
		o->threads = (unsigned)v;
	} else {
		if (!number(value, UINT64_MAX / 2, &v) || v == 0)
			return bad_value(id, value, "a number of rows");
		o->limit = v;
	}
	return 0;
}

static int
set_time(enum option_id id, const char *value, int64_t *out)
{
	char ago[32];

	if (time_parse_user(slice_of(value), clock_wall(), out))
		return 0;
	/* "7d" as "-7d" */
	if (*value >= '0' && *value <= '9' &&
	    (size_t)snprintf(ago, sizeof(ago), "-%s", value) < sizeof(ago) &&
	    time_parse_user(slice_of(ago), clock_wall(), out))
		return 0;
	return bad_value(
	    id, value, "a time: 2026-11-24T08:00:00Z, 2026-11-24, 08:00, -15m, -7d, now");
}

static int
set_memory(struct options *o, const char *value)
{
	if (size_parse(value, &o->memory) && o->memory >= MEMORY_MIN)
		return 0;
	return bad_value(OPTION_MEMORY, value, "a size of at least 16M, such as 512M or 2G");
}

static int
add_path(struct option_paths *p, enum option_id id, const char *path)
{
	if (p->n == OPTIONS_PATHS)
		return bad_value(id, path, "taken: there are too many of them");
	p->v[p->n++] = path;
	return 0;
}

static int
set(struct options *o, enum option_id id, const char *value)
{
	switch (id) {
	case OPTION_FOLLOW: o->follow = true; return 0;
	case OPTION_RESUME: o->resume = true; return 0;
	case OPTION_FILTER: return set_filter(o, value);
	case OPTION_VIEW: return set_view(o, value);
	case OPTION_BY: o->by = value; return 0;
	case OPTION_SORT:
		o->descending = *value == '-';
		o->sort = value + (*value == '-' || *value == '+');
		return 0;
	case OPTION_LIMIT:
	case OPTION_THREADS: return set_number(o, id, value);
	case OPTION_SINCE: return set_time(id, value, &o->since);
	case OPTION_UNTIL: return set_time(id, value, &o->until);
	case OPTION_FORMAT: return set_format(o, value);
	case OPTION_OUTPUT: o->output = value; return 0;
	case OPTION_FILLNULL: o->fillnull = value; return 0;
	case OPTION_RAW: o->raw = true; return 0;
	case OPTION_MEMORY: return set_memory(o, value);
	case OPTION_HISTORY: o->history = value; return 0;
	case OPTION_DETECTION: o->detection = value; return 0;
	case OPTION_USER: o->user = value; return 0;
	case OPTION_DATA: o->data = value; return 0;
	case OPTION_DATA_DIR: o->data_dir = value; return 0;
	case OPTION_DETECTIONS: return add_path(&o->detections, id, value);
	case OPTION_RULES: return add_path(&o->rules, id, value);
	case OPTION_TOKEN_FILE: o->token_file = value; return 0;
	case OPTION_TLS_CERT: o->tls_cert = value; return 0;
	case OPTION_TLS_KEY: o->tls_key = value; return 0;
	case OPTION_TLS_CLIENT_CA: o->tls_client_ca = value; return 0;
	case OPTION_INSECURE: o->insecure = true; return 0;
	case OPTION_COLOR:
		if (color_mode_parse(value, &o->color))
			return 0;
		return bad_value(id, value, "one of auto always never 8 16 256");
	case OPTION_ASCII: o->ascii = true; return 0;
	case OPTION_HELP: o->command = COMMAND_HELP; return 0;
	case OPTION_VERSION: o->command = COMMAND_VERSION; return 0;
	case OPTION_DEBUG_INFO: o->command = COMMAND_DEBUG_INFO; return 0;
	case OPTION_CONFIG: return 0; /* looked for before all others */
	case OPTION_PRINT_CONFIG: o->command = COMMAND_PRINT_CONFIG; return 0;
	case OPTION_CHECK_CONFIG: o->command = COMMAND_CHECK_CONFIG; return 0;
	case OPTION_COUNT: break;
	}
	return -1;
}

bool
options_set_key(struct options *o, const char *key, const char *value)
{
	static const char *const yes[] = { "yes", "true", "on" }, *const no[] = { "no", "false",
		"off" };
	int id = 0;

	while (id < OPTION_COUNT && strcmp(option_table[id].long_name, key) != 0)
		id++;
	if (id == OPTION_COUNT) {
		complain("there is no key '%s'", key);
		return false;
	}
	if (!option_table[id].key) {
		complain("'%s' is for the command line alone", key);
		return false;
	}
	if (option_table[id].arg != NULL) {
		o->given[id] = value;
		return set(o, (enum option_id)id, value) == 0;
	}
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(value, no[i]) == 0)
			return true;
		if (strcmp(value, yes[i]) != 0)
			continue;
		o->given[id] = "";
		return set(o, (enum option_id)id, value) == 0;
	}
	(void)bad_value((enum option_id)id, value, "yes or no");
	return false;
}

/* getopt's tables from ours. */
static void
getopt_tables(struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_info *t = &option_table[i];

		longs[i] = (struct option){ t->long_name,
			t->arg != NULL ? required_argument : no_argument, NULL, LONG_BASE + i };
		if (t->short_name == 0)
			continue;
		*shorts++ = t->short_name;
		if (t->arg != NULL)
			*shorts++ = ':';
	}
	longs[OPTION_COUNT] = (struct option){ 0 };
	*shorts = '\0';
}

static int
option_of(int c)
{
	if (c >= LONG_BASE)
		return c - LONG_BASE;
	for (int i = 0; i < OPTION_COUNT; i++)
		if (option_table[i].short_name == c)
			return i;
	return -1;
}

static int
unknown(int c, char **argv)
{
	if (c == ':')
		complain("option %s needs a value", argv[optind - 1]);
	else if (optopt != 0 && optopt < LONG_BASE)
		complain("unknown option -%c (see falcotop --help)", optopt);
	else if (optopt >= LONG_BASE)
		complain("option --%s takes no value", option_table[optopt - LONG_BASE].long_name);
	else
		complain("unknown option %s (see falcotop --help)", argv[optind - 1]);
	return -1;
}

static int
parse_flags(struct options *o, int argc, char **argv)
{
	struct option longs[OPTION_COUNT + 1];
	char shorts[2 * OPTION_COUNT + 2];
	int c, id;

	getopt_tables(longs, shorts);
	opterr = 0;
	optind = 0; /* GNU: start anew, also for tests that parse twice */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':' || (id = option_of(c)) < 0)
			return unknown(c, argv);
		o->given[id] = optarg != NULL ? optarg : "";
		if (set(o, (enum option_id)id, optarg) != 0)
			return -1;
	}
	o->source = argv + optind;
	o->nsources = argc - optind;
	return 0;
}

/* The first word that is no option may be a command. */
static void
parse_command(struct options *o)
{
	static const struct {
		const char *word;
		enum command command;
	} commands[] = { { "report", COMMAND_REPORT }, { "test", COMMAND_TEST },
		{ "risk", COMMAND_RISK }, { "collect", COMMAND_COLLECT } };

	if (o->nsources == 0 || o->command != COMMAND_WATCH)
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(o->source[0], commands[i].word) != 0)
			continue;
		o->command = commands[i].command;
		o->source++;
		o->nsources--;
		return;
	}
}

/* What does not go together. */
static int
check(const struct options *o)
{
	if (o->detection != NULL &&
	    (o->view != NULL || o->health || o->by != NULL || o->sort != NULL)) {
		complain(
		    "--detection has columns and an order of its own: not with --view, --by or --sort");
		return -1;
	}
	if (o->user != NULL && o->detection == NULL && o->command != COMMAND_RISK) {
		complain("--user goes with --detection, or with the command risk");
		return -1;
	}
	if ((o->data != NULL || o->data_dir != NULL) && o->command != COMMAND_TEST) {
		complain("--data and --data-dir go with the command test");
		return -1;
	}
	if (o->command == COMMAND_TEST && o->nsources == 0) {
		complain("test: name a detection's file");
		return -1;
	}
	if (o->command == COMMAND_RISK && o->nsources > 0) {
		complain("risk reads the history alone: '%s' is one too many", o->source[0]);
		return -1;
	}
	return 0;
}

/* The value of --config, NULL: not given. True when the config file is not wanted at all. */
static bool
look_ahead(int argc, char **argv, const char **named)
{
	struct option longs[OPTION_COUNT + 1];
	char shorts[2 * OPTION_COUNT + 2];
	bool unwanted = false;
	int c, id;

	getopt_tables(longs, shorts);
	opterr = 0;
	optind = 0;
	*named = NULL;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':' || (id = option_of(c)) < 0)
			return true; /* which is said later */
		if (id == OPTION_CONFIG)
			*named = optarg;
		unwanted |= id == OPTION_HELP || id == OPTION_VERSION || id == OPTION_DEBUG_INFO;
	}
	return unwanted || (*named != NULL && strcmp(*named, "none") == 0);
}

/* Defaults, then the config file, then the command line. */
static int
parse_all(struct options *o, int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct view_def *view;
	const char *named;
	bool health;

	*o = (struct options){ .argc = argc,
		.argv = argv,
		.since = TIME_NONE,
		.until = TIME_NONE,
		.format = report_formats[0] };
	o->threads = cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : (unsigned)cpus;
	o->memory = memory_default();
	if (!look_ahead(argc, argv, &named) && !config_read(&o->config, named, o))
		return -1;
	view = o->view;
	health = o->health;
	o->view = NULL;
	o->health = false;
	if (parse_flags(o, argc, argv) != 0)
		return -1;
	/* A view of the config file stands back behind what asks for other rows. */
	if (o->view == NULL && !o->health && o->detection == NULL && o->by == NULL) {
		o->view = view;
		o->health = health;
	}
	parse_command(o);
	return check(o);
}

void
options_release(struct options *o)
{
	config_free(o->config);
	o->config = NULL;
}

int
options_again(struct options *o, const struct options *old)
{
	return options_parse(o, old->argc, old->argv);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	struct query q;

	if (parse_all(o, argc, argv) != 0) {
		options_release(o);
		return -1;
	}
	if (o->health || o->detection != NULL)
		return 0;
	if (!options_query(o, &q)) {
		options_release(o);
		return -1;
	}
	query_release(&q);
	return 0;
}

/* Whether rows of q can be sorted by this name. */
static bool
sortable(const struct query *q, const char *name)
{
	static const char *const aggregates[] = { "count", "first", "last", "priority", "rate" };

	if (q->kind == QUERY_EVENTS)
		return strcmp(name, "time") == 0;
	for (size_t i = 0; i < sizeof(aggregates) / sizeof(aggregates[0]); i++)
		if (strcmp(name, aggregates[i]) == 0)
			return true;
	for (unsigned i = 0; i < q->nby; i++)
		if (strcmp(name, q->by[i]) == 0)
			return true;
	for (unsigned i = 0; i < q->ndistinct; i++)
		if (strcmp(name, q->distinct[i]) == 0)
			return true;
	return false;
}

/* --by without --view counts all events; with neither, the first view. */
static void
start_query(const struct options *o, struct query *q)
{
	if (o->view != NULL)
		view_query(o->view, q);
	else if (o->by == NULL)
		view_query(&view_defs[0], q);
	else
		query_init(q);
}

bool
options_query(const struct options *o, struct query *q)
{
	struct filter_error err;

	start_query(o, q);
	if (o->by != NULL) {
		for (unsigned i = 0; i < q->nby; i++)
			free(q->by[i]);
		q->nby = 0;
		for (unsigned i = 0; i < q->ndistinct; i++)
			free(q->distinct[i]);
		q->ndistinct = 0;
		if (!query_set_by(q, o->by, &err)) {
			complain_at("--by", o->by, &err);
			goto fail;
		}
	}
	if (o->filter != NULL)
		query_and(q, o->filter);
	q->since = o->since;
	q->until = o->until;
	if (o->sort != NULL && !sortable(q, o->sort)) {
		complain("--sort: there is no column '%s'", o->sort);
		goto fail;
	}
	return true;
fail:
	query_release(q);
	return false;
}
