/*
 * exec:COMMAND: what a command writes to its standard output. It is started again when it ends,
 * after a wait that grows; a report of a command that ends well ends with it. The screen shows the
 * program's name alone: arguments may hold secrets. Not here: running it (exec_child.c), its words
 * (exec_words.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/xalloc.h"
#include "source/connect_backoff.h"
#include "source/exec_child.h"
#include "source/exec_words.h"
#include "base/banned.h"

struct exec {
	struct source *source;
	char **argv;
	struct child child;
	struct event *timer; /* until the next start */
	struct backoff backoff;
	int64_t since;
	struct stream_origin origin;
	struct net_part part;
	bool stopping;
};

static void
state(struct exec *x, enum source_state state, const char *error)
{
	engine_source_state(x->source->set->engine, x->source->number, state, error);
}

static void
retry(struct exec *x, const char *why)
{
	unsigned ms = backoff_next(&x->backoff);
	const struct timeval t = backoff_time(ms);
	char text[CHILD_SAYS + 80];

	if (x->stopping)
		return;
	snprintf(text, sizeof(text), "%s; again in %u.%u s", why, ms / 1000, ms / 100 % 10);
	state(x, SOURCE_RETRY, text);
	evtimer_add(x->timer, &t);
}

static void
on_said(void *arg)
{
	struct exec *x = arg;

	state(x, SOURCE_OK, x->child.says);
}

static void
on_ended(void *arg)
{
	const struct source_options *o;
	struct exec *x = arg;
	char why[CHILD_SAYS + 40];

	o = &x->source->set->options;
	child_reason(&x->child, why, sizeof(why));
	if (x->child.code == CLD_EXITED && x->child.status == 0 && !o->follow && !o->follow_auto) {
		source_finish(x->source, SOURCE_DONE, NULL);
		return;
	}
	if (clock_mono() - x->since > BACKOFF_GOOD)
		backoff_reset(&x->backoff);
	retry(x, why);
}

static void
on_out_closed(void *arg, const char *error)
{
	struct exec *x = arg;

	(void)error; /* the child's own words say more */
	child_out_ended(&x->child);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct exec *x = arg;
	const struct stream_spec spec = { .origin = &x->origin, .closed = on_out_closed, .arg = x };
	char why[160];
	int out;

	(void)fd;
	(void)what;
	if (x->stopping)
		return;
	x->since = clock_mono();
	if (!child_start(&x->child, x->argv, &out)) {
		source_error(why, sizeof(why), x->source->name, errno);
		retry(x, why);
		return;
	}
	if (!stream_start(x->source->set->net, x->source, out, &spec)) {
		close(out); /* no epoll for it: it ends, and is tried again */
		child_out_ended(&x->child);
		return;
	}
	state(x, SOURCE_OK, NULL);
}

static void
on_stop(void *arg)
{
	struct exec *x = arg;

	x->stopping = true;
	evtimer_del(x->timer);
	child_stop(&x->child);
}

static void
on_end(void *arg)
{
	struct exec *x = arg;

	child_end(&x->child);
}

/* "exec:ssh", "exec:ssh#2". */
static void
register_name(struct source *s, const char *program)
{
	const char *slash = strrchr(program, '/');
	char *name = xasprintf("exec:%s", slash != NULL ? slash + 1 : program);
	unsigned same = 1;

	for (unsigned i = 0; i < s->set->nsource; i++) {
		const struct source *other = s->set->source[i];
		size_t len = strlen(name);

		if (strncmp(other->name, name, len) == 0 &&
		    (other->name[len] == '\0' || other->name[len] == '#'))
			same++;
	}
	if (same > 1) {
		char *numbered = xasprintf("%s#%u", name, same);

		free(name);
		name = numbered;
	}
	source_register(s, name);
	free(name);
}

static int
exec_open(struct source *s, char *err, size_t errlen)
{
	static const struct timeval now = { 0, 0 };
	struct net *n = s->set->net;
	char why[160] = "";
	char **argv = words_split(s->where, why, sizeof(why));
	struct exec *x;

	if (argv != NULL && !words_runnable(argv[0]))
		snprintf(why, sizeof(why), "no program %.120s", argv[0]);
	if (why[0] != '\0') {
		snprintf(err, errlen, "exec: %s", why);
		words_free(argv);
		return -1;
	}
	s->state = x = xcalloc(1, sizeof(*x));
	x->source = s;
	x->argv = argv;
	register_name(s, argv[0]);
	x->origin.number = rawstore_add(engine_raw(s->set->engine), s->name, -1);
	x->child = (struct child){ .net = n, .said = on_said, .ended = on_ended, .arg = x };
	x->part = (struct net_part){ .stop = on_stop, .end = on_end, .arg = x };
	net_join(n, &x->part);
	x->timer = evtimer_new(net_base(n), on_timer, x);
	if (x->timer == NULL || evtimer_add(x->timer, &now) != 0)
		fatal("cannot set a timer for %s", s->name);
	return 0;
}

static void
exec_close(struct source *s)
{
	struct exec *x = s->state;

	if (x == NULL)
		return;
	child_release(&x->child);
	event_free(x->timer);
	words_free(x->argv);
	free(x);
	s->state = NULL;
}

const struct source_ops source_exec = {
	.prefix = "exec:",
	.form = "exec:COMMAND",
	.help = "what a command writes; started again when it ends (no shell: exec:sh -c '...')",
	.live = true,
	.open = exec_open,
	.close = exec_close,
};
