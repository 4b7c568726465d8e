/*
 * Puts engine, sources and dashboard together and takes them apart again. Not here: the loop
 * (interactive.c).
 */
#include "app/watch.h"

#include <stdio.h>

#include "app/detecting.h"
#include "app/interactive.h"
#include "app/reading.h"

#include "base/banned.h"

static bool
add_sources(struct source_set *set, const struct options *o, bool *from_stdin)
{
	char err[512];

	for (int i = 0; i < o->nsources; i++) {
		if (source_set_add(set, o->source[i], err, sizeof(err)) != 0) {
			complain("%s", err);
			return false;
		}
		*from_stdin |= strcmp(o->source[i], "-") == 0;
	}
	return true;
}

static const char *
view_name(const struct options *o)
{
	return o->health ? "health" : o->view != NULL ? o->view->name : NULL;
}

int
watch_run(const struct options *o)
{
	struct interactive_options io = {
		.view = view_name(o),
		.by = o->by,
		.since = o->since,
		.until = o->until,
		.limit = o->limit,
		.color = o->color,
		.ascii = o->ascii,
	};
	struct detecting *d = NULL;
	struct engine_options eo = { .threads = o->threads,
		.memory = o->memory,
		.spool = o->memory,
		.wake = interactive_wake };
	struct source_options so = reading_options(o);
	char sort[QUERY_NAME_MAX + 2];
	struct query q;
	int status = 2;

	query_init(&q);
	so.follow_auto = true;
	io.filter = o->filter;
	/* --by with --view: the view's filter stays, as in a report. */
	if (o->by != NULL && !o->health) {
		if (!options_query(o, &q))
			return 2;
		io.filter = q.filter;
	}
	if (o->sort != NULL) {
		(void)snprintf(sort, sizeof(sort), "%s%s", o->descending ? "-" : "", o->sort);
		io.sort = sort;
	}
	if (interactive_prepare() != 0)
		goto out;
	d = detecting_new(o, DETECTING_RULES | DETECTING_SET | DETECTING_HISTORY |
				 DETECTING_MEMORY | DETECTING_MUTES | DETECTING_KEEP_MUTES);
	eo.risk = detecting_risk(d);
	io.engine = engine_new(&eo);
	detecting_attach(d, io.engine);
	io.services = detecting_services(d);
	io.reload = detecting_reload_said;
	io.reload_arg = d;
	io.sources = source_set_new(io.engine, &so);
	if (add_sources(io.sources, o, &io.stdin_is_data))
		status = interactive_run(&io);
	source_set_stop(io.sources);
	source_set_keep(io.sources, false);
	source_set_free(io.sources);
	detecting_detach(d);
	engine_free(io.engine);
	(void)detecting_free(d, DETECTING_BRIEF);
out:
	query_release(&q);
	return status;
}
