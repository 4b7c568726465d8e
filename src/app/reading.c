/*
 * Reading sources to their end, or until a signal says that it is enough: what reports, tests and
 * collecting have in common. Not here: what is asked of the engine, signals themselves (stop.c).
 */
#include "app/reading.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/options.h"
#include "app/stop.h"
#include "base/clock.h"

#include "base/banned.h"

/* Risk is looked for once a second and written within another one. */
#define SETTLE_NS (3 * NSEC_PER_SEC)

/* --- standard error: what was no event, what is missing, what failed */

static void
say_lost(const struct snapshot *s)
{
	for (unsigned i = 0; i < s->nsources; i++) {
		const struct snap_source *src = &s->source[i];

		if (src->tally.possible_loss > 0)
			complain("%.*s: %.*s", (int)src->name.len, src->name.p, (int)src->error.len,
			    src->error.p);
	}
}

void
reading_say_bad(const struct snapshot *s)
{
	uint64_t bad = tally_rejected(&s->tally);
	const struct bad_line *b;

	say_lost(s);
	if (bad == 0)
		return;
	if (s->nbad == 0) {
		complain("%llu bad line%s", (unsigned long long)bad, bad == 1 ? "" : "s");
		return;
	}
	b = &s->bad[s->nbad - 1];
	complain("%llu bad line%s (first at %.*s:%u: %s)", (unsigned long long)bad,
	    bad == 1 ? "" : "s", (int)s->bad_source[s->nbad - 1].len, s->bad_source[s->nbad - 1].p,
	    b->line, reject_text(b->reason));
}

bool
reading_say_failed(const struct snapshot *s)
{
	bool failed = false;

	for (unsigned i = 0; i < s->nsources; i++) {
		const struct snap_source *src = &s->source[i];

		if (src->state != SOURCE_FAILED)
			continue;
		failed = true;
		complain("%.*s: %.*s", (int)src->name.len, src->name.p, (int)src->error.len,
		    src->error.p);
	}
	return failed;
}

/* --- the run */

static bool
pipe_like(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Whether reading ends only when somebody says so: sockets, growing files, pipes. */
static bool
is_live(const char *spec)
{
	if (strcmp(spec, "-") == 0)
		return pipe_like(0);
	for (const struct source_ops *const *ops = source_table; *ops != NULL; ops++)
		if ((*ops)->live && strncmp(spec, (*ops)->prefix, strlen((*ops)->prefix)) == 0)
			return true;
	return false;
}

/* Beside the history: FILE.places of --history FILE. NULL after a complaint. */
static const char *
places_path(const struct options *o)
{
	static char path[PATH_MAX];
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	bool given = o->history != NULL && strcmp(o->history, "none") != 0;
	int n = -1;

	if (given)
		n = snprintf(path, sizeof(path), "%s.places", o->history);
	else if (state != NULL && state[0] == '/')
		n = snprintf(path, sizeof(path), "%s/falcotop/places", state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(path, sizeof(path), "%s/.local/state/falcotop/places", home);
	if (n > 0 && (size_t)n < sizeof(path))
		return path;
	complain("--resume: no directory to keep the places of files in (HOME is not set)");
	return NULL;
}

struct source_options
reading_options(const struct options *o)
{
	return (struct source_options){
		.follow = o->follow,
		.places = o->resume ? places_path(o) : NULL,
		/* what a report has read counts once it is written */
		.settle = o->command == COMMAND_REPORT ? INT64_MAX : SETTLE_NS,
		.token_file = o->token_file,
		.tls_cert = o->tls_cert,
		.tls_key = o->tls_key,
		.tls_client_ca = o->tls_client_ca,
		.insecure = o->insecure,
	};
}

bool
reading_open(struct reading *r, const struct engine_options *eo, const char *const *source, int n,
    const struct source_options *so)
{
	char err[512];

	stop_prepare();
	r->live = so->follow;
	r->engine = engine_new(eo);
	r->sources = source_set_new(r->engine, so);
	for (int i = 0; i < n; i++) {
		if (source_set_add(r->sources, source[i], err, sizeof(err)) != 0) {
			complain("%s", err);
			return false;
		}
		r->live |= is_live(source[i]);
	}
	return true;
}

void
reading_start(struct reading *r)
{
	stop_watch(r->sources, r->live);
	source_set_start(r->sources);
}

void
reading_wait(struct reading *r)
{
	source_set_wait(r->sources);
	stop_unwatch();
	source_set_stop(r->sources);
}

void
reading_close(struct reading *r)
{
	source_set_free(r->sources);
	engine_free(r->engine);
}
