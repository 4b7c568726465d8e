/*
 * kube:[NAMESPACE[/SELECTOR]]: the logs of every Falco pod of a cluster, by kubectl, with whatever
 * configuration and login it has. One `kubectl get --watch` tells which pods there are, one
 * `kubectl logs -f` for each reads, and begins again where it ended (kube_log.c). Not here: running
 * kubectl (exec_child.c).
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
#include "source/kube_log.h"
#include "base/banned.h"

#define NAMESPACE   "falco"
#define SELECTOR    "app.kubernetes.io/name=falco"
#define CONTAINER   "falco"
#define PODS_MAX    64
#define NAME_MAX_K8 253
/* Of a pod that was deleted: its last lines come, if they come. */
#define GONE_PATIENCE 5
/* Many pods are started one after the other: kubectl is heavy. */
#define START_EVERY_MS 20
#define FORMAT                                                                                     \
	"jsonpath={.type}{\" \"}{.object.metadata.name}{\" \"}{.object.status.phase}{\"\\n\"}"

struct pod {
	struct kube *kube;
	char name[NAME_MAX_K8 + 1];
	struct child child;
	struct event *timer; /* until the next run; when gone: until it is ended */
	struct backoff backoff;
	int64_t since;
	struct kube_log log;
	bool gone;
	struct pod *next;
};

/* Where the log of a pod was left that is gone, or seems so: should its name come again. */
struct past {
	char name[NAME_MAX_K8 + 1];
	struct kube_log log;
};

struct kube {
	struct source *source;
	struct net *net;
	char *namespace_arg, *selector_arg; /* "--namespace=falco" */
	struct child watch;
	int out;
	struct event *out_event, *timer;
	struct backoff backoff;
	int64_t since;
	char line[NAME_MAX_K8 + 64]; /* of what the watch says */
	unsigned nline;
	struct pod *pods;
	unsigned npods, running;
	struct past past[PODS_MAX];
	unsigned npast; /* ever; the newest ones are kept */
	bool too_many;
	struct stream_origin origin;
	struct net_part part;
	bool stopping;
};

/* --- state ----------------------------------------------------------------------------------- */

/* One source, many programs: it is as well as the best of them; the last complaint is shown. */
static void
state(struct kube *k, const char *error)
{
	enum source_state s = SOURCE_RETRY;

	if (k->running > 0)
		s = SOURCE_OK;
	else if (k->watch.running && k->npods == 0)
		s = SOURCE_WAITING;
	engine_source_state(k->source->set->engine, k->source->number, s, error);
}

static void
complain(struct kube *k, const char *what, const char *why, unsigned ms)
{
	char text[CHILD_SAYS + NAME_MAX_K8 + 80];

	snprintf(
	    text, sizeof(text), "%s: %s; again in %u.%u s", what, why, ms / 1000, ms / 100 % 10);
	state(k, text);
}

static void
start_timer(struct event *timer, unsigned ms)
{
	const struct timeval t = backoff_time(ms);

	evtimer_add(timer, &t);
}

/* --- one pod --------------------------------------------------------------------------------- */

static void
pod_free(struct pod *p)
{
	struct kube *k = p->kube;
	struct pod **at = &k->pods;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	k->npods--;
	child_release(&p->child);
	event_free(p->timer);
	free(p);
}

/* It is not there any more. */
static void
pod_gone(struct pod *p)
{
	struct kube *k = p->kube;
	struct past *past = &k->past[k->npast++ % PODS_MAX];

	/* the line that it died in will not come again */
	if (p->log.torn)
		engine_source_drop(k->source->set->engine, k->source->number, 1);
	p->log.torn = false;
	memcpy(past->name, p->name, sizeof(past->name));
	past->log = p->log;
	pod_free(p);
	state(k, k->npods == 0 ? "no pod is left" : NULL);
}

static void
pod_log(struct pod *p)
{
	struct kube *k = p->kube;

	kube_log_init(&p->log);
	for (unsigned i = 0; i < PODS_MAX; i++)
		if (strcmp(k->past[i].name, p->name) == 0) {
			p->log = k->past[i].log;
			k->past[i].name[0] = '\0';
		}
}

static void
pod_retry(struct pod *p, const char *why)
{
	unsigned ms = backoff_next(&p->backoff);

	if (p->kube->stopping)
		return;
	start_timer(p->timer, ms);
	if (why != NULL)
		complain(p->kube, p->name, why, ms);
	else
		state(p->kube, NULL);
}

static void
on_pod_ended(void *arg)
{
	struct pod *p = arg;
	struct kube *k = p->kube;
	char why[CHILD_SAYS + 40];
	bool well = p->child.code == CLD_EXITED && p->child.status == 0;

	k->running--;
	if (k->stopping)
		return;
	if (p->gone || strstr(p->child.says, "(NotFound)") != NULL) {
		pod_gone(p);
		return;
	}
	if (clock_mono() - p->since > BACKOFF_GOOD)
		backoff_reset(&p->backoff);
	child_reason(&p->child, why, sizeof(why));
	/* the container has ended, or the API server ends a long answer: nothing to speak of */
	pod_retry(p, well && p->child.says[0] == '\0' ? NULL : why);
}

static void
on_pod_said(void *arg)
{
	struct pod *p = arg;
	char text[CHILD_SAYS + NAME_MAX_K8 + 4];

	snprintf(text, sizeof(text), "%s: %s", p->name, p->child.says);
	state(p->kube, text);
}

static void
on_log_closed(void *arg, const char *error)
{
	struct pod *p = arg;

	(void)error;
	child_out_ended(&p->child);
}

static size_t
on_log_lines(void *arg, char *text, size_t n)
{
	struct pod *p = arg;

	return kube_log_lines(&p->log, text, n);
}

static void
pod_start(struct pod *p)
{
	const struct stream_spec spec = {
		.origin = &p->kube->origin, .closed = on_log_closed, .lines = on_log_lines, .arg = p
	};
	char since[32], since_arg[64], why[160];
	const char *argv[10] = { "kubectl", "logs", p->kube->namespace_arg,
		"--container=" CONTAINER, "--follow", "--timestamps" };
	unsigned n = 6;
	int out;

	kube_log_resume(&p->log, since);
	if (since[0] != '\0') {
		snprintf(since_arg, sizeof(since_arg), "--since-time=%s", since);
		argv[n++] = since_arg;
	}
	argv[n] = p->name;
	p->since = clock_mono();
	if (!child_start(&p->child, (char *const *)(uintptr_t)argv, &out)) {
		source_error(why, sizeof(why), "kubectl", errno);
		pod_retry(p, why);
		return;
	}
	p->kube->running++;
	if (!stream_start(p->kube->net, p->kube->source, out, &spec)) {
		close(out); /* no epoll for it: it ends, and is tried again */
		child_out_ended(&p->child);
		return;
	}
	state(p->kube, NULL);
}

static void
on_pod_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pod *p = arg;

	(void)fd;
	(void)what;
	if (p->kube->stopping)
		return;
	if (p->child.running)
		child_stop(&p->child);
	else if (p->gone)
		pod_gone(p);
	else
		pod_start(p);
}

/* --- which pods there are -------------------------------------------------------------------- */

static bool
is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return n > 0 && n <= NAME_MAX_K8 && s[n] == '\0' && s[0] != '-' && s[0] != '.';
}

static struct pod *
find(struct kube *k, const char *name)
{
	for (struct pod *p = k->pods; p != NULL; p = p->next)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static struct pod *
pod_new(struct kube *k, const char *name)
{
	struct pod *p;

	if (k->npods == PODS_MAX) {
		if (!k->too_many)
			state(k, "more than 64 pods: the others are not read");
		k->too_many = true;
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->kube = k;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->child =
	    (struct child){ .net = k->net, .said = on_pod_said, .ended = on_pod_ended, .arg = p };
	p->timer = evtimer_new(net_base(k->net), on_pod_timer, p);
	if (p->timer == NULL)
		fatal("cannot set a timer for %s", k->source->name);
	pod_log(p);
	p->next = k->pods;
	k->pods = p;
	k->npods++;
	return p;
}

static void
pod_deleted(struct pod *p)
{
	p->gone = true;
	start_timer(p->timer, p->child.running ? GONE_PATIENCE * 1000 : 0);
}

/* "ADDED falco-7bfl4 Running". */
static void
on_news(struct kube *k, char *line)
{
	char *save = NULL;
	const char *type = strtok_r(line, " ", &save), *name = strtok_r(NULL, " ", &save);
	const char *phase = strtok_r(NULL, " ", &save);
	struct pod *p;

	if (type == NULL || name == NULL || !is_name(name))
		return;
	p = find(k, name);
	if (strcmp(type, "DELETED") == 0) {
		if (p != NULL)
			pod_deleted(p);
		return;
	}
	if (phase == NULL || strcmp(phase, "Pending") == 0)
		return;
	if (p != NULL) {
		/* a name that comes again, or news that may end a wait */
		p->gone = false;
		if (!p->child.running && strcmp(phase, "Running") == 0)
			start_timer(p->timer, BACKOFF_FIRST_MS);
		return;
	}
	p = pod_new(k, name);
	if (p != NULL)
		start_timer(p->timer, k->npods * START_EVERY_MS);
}

static void
read_news(struct kube *k, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\n') {
			if (k->nline < sizeof(k->line))
				k->line[k->nline++] = text[i];
			continue;
		}
		if (k->nline < sizeof(k->line)) {
			k->line[k->nline] = '\0';
			on_news(k, k->line);
		}
		k->nline = 0;
	}
}

static void
close_out(struct kube *k)
{
	if (k->out_event != NULL)
		event_free(k->out_event);
	k->out_event = NULL;
	if (k->out >= 0)
		close(k->out);
	k->out = -1;
}

static void
on_out(evutil_socket_t fd, short what, void *arg)
{
	struct kube *k = arg;
	char text[4096];
	ssize_t n = read((int)fd, text, sizeof(text));

	(void)what;
	if (n > 0) {
		if (!k->stopping)
			read_news(k, text, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close_out(k);
	child_out_ended(&k->watch);
}

static void
on_watch_said(void *arg)
{
	struct kube *k = arg;

	state(k, k->watch.says);
}

static void
watch_retry(struct kube *k, const char *why)
{
	unsigned ms = backoff_next(&k->backoff);

	if (k->stopping)
		return;
	start_timer(k->timer, ms);
	if (why != NULL)
		complain(k, "kubectl", why, ms);
}

static void
on_watch_ended(void *arg)
{
	struct kube *k = arg;
	char why[CHILD_SAYS + 40];
	bool well = k->watch.code == CLD_EXITED && k->watch.status == 0;

	if (clock_mono() - k->since > BACKOFF_GOOD)
		backoff_reset(&k->backoff);
	child_reason(&k->watch, why, sizeof(why));
	watch_retry(k, well && k->watch.says[0] == '\0' ? NULL : why);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct kube *k = arg;
	const char *argv[] = { "kubectl", "get", "pods", k->namespace_arg, k->selector_arg,
		"--watch", "--output-watch-events", "--output=" FORMAT, NULL };
	char why[160];

	(void)fd;
	(void)what;
	if (k->stopping)
		return;
	k->since = clock_mono();
	k->nline = 0;
	k->too_many = false;
	if (!child_start(&k->watch, (char *const *)(uintptr_t)argv, &k->out)) {
		k->out = -1;
		source_error(why, sizeof(why), "cannot run it", errno);
		watch_retry(k, why);
		return;
	}
	k->out_event = event_new(net_base(k->net), k->out, EV_READ | EV_PERSIST, on_out, k);
	if (k->out_event == NULL || event_add(k->out_event, NULL) != 0) {
		close_out(k);
		child_out_ended(&k->watch);
		return;
	}
	state(k, NULL);
}

/* --- the source ------------------------------------------------------------------------------ */

static void
on_stop(void *arg)
{
	struct kube *k = arg;

	k->stopping = true;
	evtimer_del(k->timer);
	child_stop(&k->watch);
	for (struct pod *p = k->pods; p != NULL; p = p->next) {
		evtimer_del(p->timer);
		child_stop(&p->child);
	}
}

static void
on_end(void *arg)
{
	struct kube *k = arg;

	child_end(&k->watch);
	for (struct pod *p = k->pods; p != NULL; p = p->next)
		child_end(&p->child);
}

/* "falco/app=x" into the two arguments; false when the namespace cannot be one. */
static bool
understand(struct kube *k, const char *where)
{
	const char *slash = strchr(where, '/');
	size_t len = slash != NULL ? (size_t)(slash - where) : strlen(where);
	char *namespace = len > 0 ? xstrndup(where, len) : xstrdup(NAMESPACE);
	const char *selector = slash != NULL && slash[1] != '\0' ? slash + 1 : SELECTOR;
	bool fine = is_name(namespace) && strchr(namespace, '.') == NULL && strlen(namespace) < 64;

	k->namespace_arg = xasprintf("--namespace=%s", namespace);
	k->selector_arg = xasprintf("--selector=%s", selector);
	free(namespace);
	return fine;
}

static void
kube_free(struct kube *k)
{
	while (k->pods != NULL)
		pod_free(k->pods);
	child_release(&k->watch);
	close_out(k);
	if (k->timer != NULL)
		event_free(k->timer);
	free(k->namespace_arg);
	free(k->selector_arg);
	free(k);
}

static int
kube_open(struct source *s, char *err, size_t errlen)
{
	static const struct timeval now = { 0, 0 };
	struct net *n = s->set->net;
	struct kube *k = xcalloc(1, sizeof(*k));
	char *name;

	k->out = -1;
	if (!understand(k, s->where) || !words_runnable("kubectl")) {
		snprintf(err, errlen,
		    words_runnable("kubectl") ? "kube:%s: not [NAMESPACE[/SELECTOR]]"
					      : "kube:%s: there is no kubectl in PATH",
		    s->where);
		kube_free(k);
		return -1;
	}
	s->state = k;
	k->source = s;
	k->net = n;
	name = xasprintf("kube:%s", s->where[0] != '\0' ? s->where : NAMESPACE);
	source_register(s, name);
	free(name);
	k->origin.number = rawstore_add(engine_raw(s->set->engine), s->name, -1);
	k->watch =
	    (struct child){ .net = n, .said = on_watch_said, .ended = on_watch_ended, .arg = k };
	k->part = (struct net_part){ .stop = on_stop, .end = on_end, .arg = k };
	net_join(n, &k->part);
	k->timer = evtimer_new(net_base(n), on_timer, k);
	if (k->timer == NULL || evtimer_add(k->timer, &now) != 0)
		fatal("cannot set a timer for %s", s->name);
	return 0;
}

static void
kube_close(struct source *s)
{
	if (s->state != NULL)
		kube_free(s->state);
	s->state = NULL;
}

const struct source_ops source_kube = {
	.prefix = "kube:",
	.form = "kube:[NAMESPACE[/SELECTOR]]",
	.help = "every Falco pod of a cluster, by kubectl; namespace " NAMESPACE " unless named",
	.live = true,
	.open = kube_open,
	.close = kube_close,
};
