/*
 * Writes the demo recording on standard output: eight hours of a small cluster, what its nodes
 * would have logged in the formats of several Falco generations, and one attack. The same bytes on
 * every run. An argument asks for another number of events (for benchmarks). Not part of the
 * program.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "event/timestamp.h"
#include "report/report.h"

#include "base/banned.h"

#define EVENTS	4900
#define START   1795392000LL /* 2026-11-23T00:00:00Z */
#define SECONDS (8 * 3600)
#define PAIRS	40

/* --- the tables */

enum kind { KIND_EXEC, KIND_FILE, KIND_NET, KIND_AUDIT, KIND_CLOUD };
enum rule_id {
#define RULE(id, name, priority, kind, tags, message) RULE_##id,
#include "gen_demo.def"
#undef RULE
};

struct rule {
	const char *name, *priority;
	enum kind kind;
	const char *tags, *message;
};
static const struct rule rules[] = {
#define RULE(id, name, priority, kind, tags, message) { name, priority, kind, tags, message },
#include "gen_demo.def"
#undef RULE
};

/* weight: of the day's noise; seconds after midnight: of the attack. */
struct act {
	unsigned weight;
	enum rule_id rule;
	const char *where, *user, *proc, *exepath, *parent, *gparent, *command, *file;
};
static const struct act acts[] = {
#define ACT(weight, rule, ...) { weight, RULE_##rule, __VA_ARGS__ },
#include "gen_demo.def"
#undef ACT
};
static const struct act story[] = {
#define STORY(seconds, rule, ...) { seconds, RULE_##rule, __VA_ARGS__ },
#include "gen_demo.def"
#undef STORY
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct workload {
	const char *name, *namespace, *image, *tag, *user;
	unsigned uid, replicas;
};
static const struct workload workloads[] = {
	{ "web-frontend", "shop", "docker.io/library/nginx", "1.27.2", "nginx", 101, 3 },
	{ "checkout", "shop", "registry.example.net/shop/checkout", "2.14.0", "app", 10001, 3 },
	{ "cart-redis", "shop", "docker.io/library/redis", "7.4.1", "redis", 999, 2 },
	{ "orders-db", "shop", "docker.io/library/postgres", "16.4", "postgres", 70, 2 },
	{ "ledger", "payments", "registry.example.net/payments/ledger", "5.3.1", "ledger", 10002,
	    2 },
	{ "wiki", "intranet", "docker.io/library/wordpress", "6.6.2-php8.2", "www-data", 33, 1 },
	{ "prometheus", "monitoring", "quay.io/prometheus/prometheus", "v2.55.0", "nobody", 65534,
	    1 },
	{ "otel-collector", "monitoring", "docker.io/otel/opentelemetry-collector-contrib",
	    "0.112.0", "root", 0, 5 },
	{ "fluent-bit", "logging", "cr.fluentbit.io/fluent/fluent-bit", "3.1.9", "root", 0, 5 },
	{ "ci-runner", "ci", "ghcr.io/actions/actions-runner", "2.320.0", "runner", 1001, 4 },
	{ "jupyter", "research", "quay.io/jupyter/scipy-notebook", "2024-10-14", "jovyan", 1000,
	    3 },
	{ "airflow", "research", "docker.io/apache/airflow", "2.10.2", "airflow", 50000, 2 },
	{ "coredns", "kube-system", "registry.k8s.io/coredns/coredns", "v1.11.3", "", 65532, 2 },
	{ "kube-proxy", "kube-system", "registry.k8s.io/kube-proxy", "v1.31.2", "root", 0, 5 },
};

static const struct {
	const char *name;
	unsigned uid;
} people[] = {
	{ "root", 0 },
	{ "alice", 1000 },
	{ "bob", 1001 },
	{ "deploy", 1100 },
	{ "backup", 34 },
};

/* --- chance, the same on every run */

static uint64_t state = 0x66616c636f746f70u;

static uint64_t
chance(uint64_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % n;
}

/* --- events */

struct event_seed {
	int64_t time; /* ns */
	const struct act *act;
	unsigned number;
};

/* A field as text and JSON name it. NULL text: no part of the message; NULL value: null and <NA>.
 */
struct pair {
	const char *text, *json;
	char *value;
	bool number;
};

struct draft {
	struct pair pair[PAIRS];
	unsigned n;
};

static void
add(struct draft *d, const char *text, const char *json, const char *value)
{
	if (d->n < PAIRS)
		d->pair[d->n++] =
		    (struct pair){ text, json, value != NULL ? xstrdup(value) : NULL, false };
}

static void
add_number(struct draft *d, const char *text, const char *json, long long value)
{
	if (d->n < PAIRS)
		d->pair[d->n++] = (struct pair){ text, json, xasprintf("%lld", value), true };
}

static const char *
or_null(const char *s)
{
	return strcmp(s, "<NA>") == 0 ? NULL : s;
}

static bool
word_in(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; (p = strstr(p, word)) != NULL; p += len)
		if ((p == words || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

/* NULL: the host itself. */
static const struct workload *
workload_of(const struct act *a)
{
	const struct workload *fit[LENGTH(workloads)];
	size_t n = 0;

	if (strcmp(a->where, "host") == 0)
		return NULL;
	for (size_t i = 0; i < LENGTH(workloads); i++)
		if (*a->where == '*' || word_in(a->where, workloads[i].name))
			fit[n++] = &workloads[i];
	return fit[chance(n)];
}

static void
add_user(struct draft *d, const struct act *a, const struct workload *w, bool terminal)
{
	const char *user = *a->user != '\0' ? a->user : w != NULL ? w->user : "root";
	long long uid = w != NULL && *a->user == '\0' ? (long long)w->uid : 0;

	for (size_t i = 0; i < LENGTH(people); i++)
		if (strcmp(user, people[i].name) == 0)
			uid = people[i].uid;
	add(d, "user", "user.name", user);
	add_number(d, "user_uid", "user.uid", uid);
	add_number(d, "user_loginuid", "user.loginuid", w == NULL && terminal ? uid : -1);
}

static void
add_process(struct draft *d, const struct act *a, bool terminal)
{
	add(d, "process", "proc.name", a->proc);
	add(d, "proc_exepath", "proc.exepath", or_null(a->exepath));
	add(d, "parent", "proc.pname", or_null(a->parent));
	add(d, "command", "proc.cmdline", a->command);
	add_number(d, "terminal", "proc.tty", terminal ? 34816 + (long long)chance(4) : 0);
}

static void
add_container(struct draft *d, const struct workload *w, uint64_t replica)
{
	char *id, *pod;
	uint64_t h;

	if (w == NULL) {
		add(d, "container_id", "container.id", "host");
		add(d, "container_name", "container.name", "host");
		add(d, "container_image_repository", "container.image.repository", NULL);
		add(d, "container_image_tag", "container.image.tag", NULL);
		add(d, "k8s_pod_name", "k8s.pod.name", NULL);
		add(d, "k8s_ns_name", "k8s.ns.name", NULL);
		return;
	}
	h = ((uint64_t)(w - workloads) + 1) * 0x9e3779b97f4a7c15u + replica * 0xbf58476d1ce4e5b9u;
	h ^= h >> 29;
	id = xasprintf("%012llx", (unsigned long long)(h & 0xffffffffffffu));
	pod = xasprintf("%s-6d9c7f8b5-%05llx", w->name, (unsigned long long)(h >> 44));
	add(d, "container_id", "container.id", id);
	add(d, "container_name", "container.name", w->name);
	add(d, "container_image_repository", "container.image.repository", w->image);
	add(d, "container_image_tag", "container.image.tag", w->tag);
	add(d, "k8s_pod_name", "k8s.pod.name", pod);
	add(d, "k8s_ns_name", "k8s.ns.name", w->namespace);
	free(id);
	free(pod);
}

static void
draft_syscall(struct draft *d, const struct rule *r, const struct act *a, const struct workload *w,
    uint64_t replica)
{
	bool terminal = a->rule == RULE_TERMINAL || a->rule == RULE_SYSTEM_USER ||
			strcmp(a->gparent, "sshd") == 0;

	if (r->kind == KIND_FILE) {
		add(d, "file", "fd.name", a->file);
		add(d, "gparent", "proc.aname[2]", or_null(a->gparent));
		add(d, "ggparent", "proc.aname[3]", NULL);
		add(d, "gggparent", "proc.aname[4]", NULL);
	} else if (r->kind == KIND_NET) {
		add(d, "connection", "fd.name", a->file);
		add_number(d, "lport", "fd.lport", strtol(strchr(a->file, ':') + 1, NULL, 10));
		add_number(d, "rport", "fd.rport", strtol(strrchr(a->file, ':') + 1, NULL, 10));
		add(d, "fd_type", "fd.type", "ipv4");
		add(d, "fd_proto", "fd.l4proto", a->rule == RULE_UDP ? "udp" : "tcp");
	}
	add(d, "evt_type", "evt.type",
	    r->kind == KIND_EXEC  ? "execve"
	    : r->kind == KIND_NET ? "connect"
				  : "openat");
	add_user(d, a, w, terminal);
	add_process(d, a, terminal);
	if (r->kind == KIND_EXEC)
		add(d, "exe_flags", "evt.arg.flags",
		    a->rule == RULE_DROP_EXEC ? "EXE_WRITABLE|EXE_UPPER_LAYER" : "EXE_WRITABLE");
	add_container(d, w, replica);
}

static void
draft_plugin(struct draft *d, const struct rule *r, const struct act *a)
{
	if (r->kind == KIND_AUDIT) {
		add(d, "user", "ka.user.name", a->user);
		add(d, "verb", "ka.verb", a->proc);
		add(d, "resource", "ka.target.resource", a->exepath);
		add(d, "name", "ka.target.name", a->command);
		add(d, "ns", "ka.target.namespace", a->file);
		add(d, NULL, "ka.response.code", a->rule == RULE_AUDIT_SECRET_NO ? "403" : "200");
		add(d, NULL, "ka.auth.reason", "RBAC");
	} else {
		add(d, "requesting user", "ct.user", a->user);
		add(d, "requesting IP", "ct.srcip", a->command);
		add(d, "AWS region", "ct.region", a->file);
		add(d, NULL, "ct.name", a->proc);
	}
}

static void
draft_release(struct draft *d)
{
	for (unsigned i = 0; i < d->n; i++)
		free(d->pair[i].value);
	d->n = 0;
}

/* --- formats */

enum style {
	MODERN_JSON,  /* Falco 0.39 and later */
	CLASSIC_JSON, /* before: output_fields last, after a blank */
	MODERN_TEXT,  /* rules 4 and later: | */
	CLASSIC_TEXT, /* before: parentheses, the container outside */
	STYLES
};

static void
add_time(struct buf *out, int64_t t, bool text)
{
	time_print(out, t, TIME_ISO_NANO, false);
	if (text) { /* Falco's text output writes +0000 */
		out->len--;
		buf_adds(out, "+0000");
	}
}

static void
message(struct buf *out, const struct rule *r, const struct draft *d, bool bar)
{
	bool open = !bar, first = true;

	buf_adds(out, r->message);
	buf_adds(out, bar ? " | " : " (");
	for (unsigned i = 0; i < d->n; i++) {
		const struct pair *p = &d->pair[i];

		if (p->text == NULL)
			continue;
		if (open && strcmp(p->text, "container_id") == 0) {
			buf_addc(out, ')');
			open = false;
		}
		if (!first)
			buf_adds(out, r->kind == KIND_CLOUD ? ", " : " ");
		buf_addf(out, "%s=%s", p->text, p->value != NULL ? p->value : "<NA>");
		first = false;
	}
	if (open)
		buf_addc(out, ')');
}

static int
pair_cmp(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->json, ((const struct pair *)b)->json);
}

static void
json_fields(struct buf *out, struct draft *d, int64_t time)
{
	add_number(d, NULL, "evt.time", time);
	qsort(d->pair, d->n, sizeof(d->pair[0]), pair_cmp);
	buf_addc(out, '{');
	for (unsigned i = 0; i < d->n; i++) {
		buf_addf(out, "%s\"%s\":", i > 0 ? "," : "", d->pair[i].json);
		if (d->pair[i].value == NULL)
			buf_adds(out, "null");
		else if (d->pair[i].number)
			buf_adds(out, d->pair[i].value);
		else
			json_string(out, slice_of(d->pair[i].value));
	}
	buf_addc(out, '}');
}

static void
json_tags(struct buf *out, const char *tags)
{
	buf_addc(out, '[');
	for (const char *p = tags; *p != '\0';) {
		size_t len = strcspn(p, " ");

		buf_addf(out, "%s\"%.*s\"", p != tags ? "," : "", (int)len, p);
		p += len + (p[len] == ' ');
	}
	buf_addc(out, ']');
}

static void
write_json(struct buf *out, const struct rule *r, struct draft *d, int64_t time, const char *node,
    enum style style)
{
	static const char *const sources[] = {
		[KIND_AUDIT] = "k8s_audit", [KIND_CLOUD] = "aws_cloudtrail"
	};
	const char *source =
	    r->kind == KIND_AUDIT || r->kind == KIND_CLOUD ? sources[r->kind] : "syscall";
	struct buf text = { 0 };

	time_print(&text, time, TIME_ISO_NANO, false);
	buf_addf(&text, ": %s ", r->priority);
	message(&text, r, d, style == MODERN_JSON);
	buf_addf(out, "{\"hostname\":\"%s\",\"output\":", node);
	json_string(out, buf_slice(&text));
	if (style == MODERN_JSON) {
		buf_adds(out, ",\"output_fields\":");
		json_fields(out, d, time);
	}
	buf_addf(out,
	    ",\"priority\":\"%s\",\"rule\":\"%s\",\"source\":\"%s\",\"tags\":", r->priority,
	    r->name, source);
	json_tags(out, r->tags);
	buf_adds(out, ",\"time\":\"");
	add_time(out, time, false);
	buf_addc(out, '"');
	if (style == CLASSIC_JSON) {
		buf_adds(out, ", \"output_fields\": ");
		json_fields(out, d, time);
	}
	buf_adds(out, "}\n");
	buf_release(&text);
}

static void
write_text(
    struct buf *out, const struct rule *r, const struct draft *d, int64_t time, enum style style)
{
	add_time(out, time, true);
	buf_addf(out, ": %s ", r->priority);
	message(out, r, d, style == MODERN_TEXT);
	buf_addc(out, '\n');
}

/* Each node has its Falco. The last one's log came through kubectl logs --prefix. */
static const struct {
	const char *name;
	enum style style;
	const char *prefix;
} nodes[] = {
	{ "node-a1", MODERN_JSON, "" },
	{ "node-a2", MODERN_JSON, "" },
	{ "node-b1", CLASSIC_JSON, "" },
	{ "node-b2", MODERN_TEXT, "" },
	{ "node-c1", CLASSIC_TEXT, "[pod/falco-9w2kd/falco] " },
};

static void
write_event(struct buf *out, const struct event_seed *e)
{
	const struct act *a = e->act;
	const struct rule *r = &rules[a->rule];
	const struct workload *w = workload_of(a);
	bool attack = a >= story && a < story + LENGTH(story);
	uint64_t replica = w != NULL && !attack ? chance(w->replicas) : 0;
	/* a container stays on its node */
	size_t n = w != NULL ? ((size_t)(w - workloads) * 3 + replica) % LENGTH(nodes)
			     : chance(LENGTH(nodes));
	struct draft d = { .n = 0 };

	if (r->kind == KIND_AUDIT || r->kind == KIND_CLOUD) {
		draft_plugin(&d, r, a);
		n = 0;
	} else {
		draft_syscall(&d, r, a, w, replica);
	}
	if (attack && n > 1)
		n = 1; /* text output would lose the escape sequences' line */
	buf_adds(out, nodes[n].prefix);
	if (nodes[n].style == MODERN_JSON || nodes[n].style == CLASSIC_JSON)
		write_json(out, r, &d, e->time, nodes[n].name, nodes[n].style);
	else
		write_text(out, r, &d, e->time, nodes[n].style);
	draft_release(&d);
}

/* --- Falco's own lines */

static void
write_startup(struct buf *out)
{
	static const char *const lines[] = {
		"Falco version: 0.43.0 (x86_64)",
		"Falco initialized with configuration files:",
		"   /etc/falco/falco.yaml | schema validation: ok",
		"System info: Linux version 6.1.0-27-amd64 (debian-kernel@lists.debian.org)",
		"Loading rules from:",
		"   /etc/falco/falco_rules.yaml | schema validation: ok",
		"Loaded event sources: syscall",
		"Enabled event sources: syscall",
		"Opening 'syscall' source with modern BPF probe.",
	};

	for (size_t i = 0; i < LENGTH(lines); i++)
		buf_addf(out, "2026-11-23T00:00:00+0000: %s\n", lines[i]);
}

static void
write_internal(struct buf *out, int64_t time, unsigned n)
{
	if (n % 4 == 3)
		buf_addf(out,
		    "{\"hostname\":\"node-a1\",\"output\":\"Falco internal: syscall event drop. %u system calls "
		    "dropped in last second.\",\"output_fields\":{\"n_drops\":\"%u\",\"n_evts\":\"%u\"},"
		    "\"priority\":\"Debug\",\"rule\":\"Falco internal: syscall event drop\",",
		    17 * n, 17 * n, 90210 + n);
	else
		buf_addf(out,
		    "{\"hostname\":\"node-a2\",\"output\":\"Falco metrics snapshot\",\"output_fields\":"
		    "{\"evt.time\":%lld,\"falco.cpu_usage_perc\":%u.5,\"falco.num_evts\":%u,\"falco.version\":\"0.43.0\"},"
		    "\"priority\":\"Informational\",\"rule\":\"Falco internal: metrics snapshot\",",
		    (long long)time, 3 + n % 5, 812331 * (n + 1));
	buf_adds(out, "\"source\":\"internal\",\"time\":\"");
	add_time(out, time, false);
	buf_adds(out, "\"}\n");
}

/* What a full disk and a pager leave behind: nothing that can be read as an event. */
static const char *const damage[] = {
	"{\"hostname\":\"node-b1\",\"output\":\"03:12:44.120094123: Notice A shell was spaw\n",
	"tail: /var/log/falco/events.log: file truncated\n",
};

/* Values that a screen must tell apart: null, "", <NA>, and a user who is really called null. */
static void
write_missing(struct buf *out, int64_t time)
{
	static const char *const users[] = { "null", "\"\"", "\"<NA>\"", "\"null\"" };

	for (size_t i = 0; i < LENGTH(users); i++) {
		time += NSEC_PER_SEC;
		buf_addf(out,
		    "{\"hostname\":\"node-a2\",\"output\":\"Shell spawned by untrusted binary\",\"output_fields\":"
		    "{\"container.id\":\"\",\"container.name\":null,\"proc.name\":\"sh\",\"proc.pname\":\"entrypoint\",\"user.name\":%s},"
		    "\"priority\":\"Notice\",\"rule\":\"Run shell untrusted\",\"source\":\"syscall\",\"tags\":[],\"time\":\"",
		    users[i]);
		add_time(out, time, false);
		buf_adds(out, "\"}\n");
	}
}

/* --- the day */

static const struct act *
pick_act(void)
{
	uint64_t total = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < LENGTH(acts); k++)
		total += acts[k].weight;
	for (at = chance(total); at >= acts[i].weight; i++)
		at -= acts[i].weight;
	return &acts[i];
}

static int
seed_cmp(const void *a, const void *b)
{
	const struct event_seed *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

/* The morning is busier than the night. */
static int64_t
daytime(void)
{
	uint64_t a = chance(SECONDS), b = chance(SECONDS);
	uint64_t second = chance(3) == 0 ? a : (a > b ? a : b);

	return (START + (int64_t)second) * NSEC_PER_SEC + (int64_t)chance(NSEC_PER_SEC);
}

static struct event_seed *
make_day(size_t n)
{
	struct event_seed *e = xcalloc(n, sizeof(*e));
	size_t noise = n > LENGTH(story) ? n - LENGTH(story) : 0;

	for (size_t i = 0; i < n; i++) {
		e[i].number = (unsigned)i;
		if (i < noise) {
			e[i].time = daytime();
			e[i].act = pick_act();
		} else {
			const struct act *a = &story[i - noise];

			e[i].time =
			    (START + a->weight) * NSEC_PER_SEC + (int64_t)chance(NSEC_PER_SEC);
			e[i].act = a;
		}
	}
	qsort(e, n, sizeof(*e), seed_cmp);
	return e;
}

int
main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : EVENTS;
	struct event_seed *e;
	struct buf out = { 0 };

	if (n < LENGTH(story))
		n = LENGTH(story);
	e = make_day(n);
	write_startup(&out);
	for (size_t i = 0; i < n; i++) {
		write_event(&out, &e[i]);
		if (i % (n / 24 + 1) == n / 48)
			write_internal(&out, e[i].time, (unsigned)(i / (n / 24 + 1)));
		if (i == n / 3 || i == n / 2)
			buf_adds(&out, damage[i == n / 2]);
		if (i == n / 4)
			write_missing(&out, e[i].time);
		(void)fwrite(out.p, 1, out.len, stdout);
		buf_clear(&out);
	}
	free(e);
	buf_release(&out);
	return fflush(stdout) == 0 ? 0 : 1;
}
