/*
 * Logs of pods: no line twice and none lost over any number of runs, and the whole source with a
 * stand-in for kubectl (tests/e2e/kubectl): pods that come and go, logs that are cut, refusals.
 */
#include "source/kube_log.h"

#include <errno.h>
#include <sys/wait.h>

#include "rig.h"

static const struct source_options options = { .follow_auto = true };

/* --- resuming */

/* Lines "T.N text": run by run, '|' between runs; each run is what the API would send. */
static const struct {
	const char *in, *out;
	unsigned repeats;
} runs[] = {
	{ "1.1 a\n2.1 b\n", "1.1 a\n2.1 b\n", 0 },
	{ "1.1 a\n2.1 b\n|2.1 b\n3.1 c\n", "1.1 a\n2.1 b\n3.1 c\n", 1 },
	{ "2.1 a\n2.2 b\n|2.1 a\n2.2 b\n2.3 c\n", "2.1 a\n2.2 b\n2.3 c\n", 2 },
	{ "2.1 a\n2.1 b\n|2.1 a\n2.1 b\n2.1 c\n", "2.1 a\n2.1 b\n2.1 c\n", 2 },
	{ "2.1 a\n2.1 a\n|2.1 a\n2.1 a\n2.1 a\n", "2.1 a\n2.1 a\n2.1 a\n", 2 },
	{ "2.1 a\n|2.1 a\n2.1 b\n|2.1 a\n2.1 b\n2.1 c\n|2.1 a\n2.1 b\n2.1 c\n",
	    "2.1 a\n2.1 b\n2.1 c\n", 6 },
	{ "2.1 a\n2.2 to|2.1 a\n2.2 torn\n", "2.1 a\n2.2 torn\n", 1 },
	{ "2.1 a\n|", "2.1 a\n", 0 },
	{ "2.1 a\n|3.1 b\n2.2 back\n", "2.1 a\n3.1 b\n2.2 back\n", 0 }, /* the clock was set back */
	{ "3.1 b\n2.2 back\n|3.1 b\n3.2 c\n", "3.1 b\n2.2 back\n3.2 c\n", 1 },
	{ "no time\n2.1 a\n|no time\n2.1 a\n", "no time\n2.1 a\nno time\n", 1 },
};

/* "2.1 a" to "2026-11-24T08:00:02.000000001Z a". */
static void
spell(struct buf *out, const char *p, size_t len)
{
	if (len > 4 && p[0] >= '0' && p[0] <= '9')
		buf_addf(out, "2026-11-24T08:00:0%c.00000000%cZ", p[0], p[2]);
	else
		buf_add(out, p, len < 3 ? len : 3);
	if (len > 3)
		buf_add(out, p + 3, len - 3);
}

static void
spell_all(struct buf *out, const char *text, size_t len)
{
	for (const char *p = text, *end = text + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl == NULL ? (size_t)(end - p) : (size_t)(nl - p) + 1;

		spell(out, p, n);
		p += n;
	}
}

START_TEST(resume)
{
	struct buf got = { 0 }, want = { 0 };
	struct kube_log l;
	char since[32];

	kube_log_init(&l);
	for (const char *run = runs[_i].in;; run++) {
		size_t len = strcspn(run, "|");
		struct buf b = { 0 };

		kube_log_resume(&l, since);
		ck_assert_int_eq(since[0] == '\0', run == runs[_i].in);
		spell_all(&b, run, len);
		if (b.len > 0)
			buf_add(&got, b.p, kube_log_lines(&l, b.p, b.len));
		buf_release(&b);
		run += len;
		if (*run == '\0')
			break;
	}
	spell_all(&want, runs[_i].out, strlen(runs[_i].out));
	ck_assert_str_eq(got.p, want.p);
	ck_assert_uint_eq(l.repeats, runs[_i].repeats);
	ck_assert(!l.torn);
	buf_release(&got);
	buf_release(&want);
}
END_TEST

START_TEST(whole_seconds)
{
	char line[] = "2026-11-24T08:59:59.999999999Z x\n", since[32];
	char torn[] = "2026-11-24T09:00";
	struct kube_log l;

	kube_log_init(&l);
	kube_log_resume(&l, since);
	ck_assert_str_eq(since, "");
	ck_assert_uint_eq(kube_log_lines(&l, line, strlen(line)), strlen(line));
	ck_assert_uint_eq(kube_log_lines(&l, torn, strlen(torn)), 0);
	ck_assert(l.torn);
	kube_log_resume(&l, since);
	ck_assert_str_eq(since, "2026-11-24T08:59:59Z");
	ck_assert(l.torn);
}
END_TEST

/* --- with the stand-in */

struct cluster {
	struct rig r;
	unsigned line; /* of all logs */
};

static const char *
in(struct cluster *c, const char *name)
{
	return rig_path(&c->r, name);
}

static void
put(struct cluster *c, const char *name, const char *text)
{
	char *new = xasprintf("%s.new", in(c, name));
	FILE *f = fopen(new, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(rename(new, in(c, name)), 0);
	free(new);
}

/* n more lines in the log of a pod; three of them share each nanosecond. */
static void
log_lines(struct cluster *c, const char *pod, unsigned n)
{
	struct buf b = { 0 };
	char name[80];

	snprintf(name, sizeof(name), "log.%s", pod);
	for (unsigned i = 0; i < n; i++, c->line++) {
		buf_addf(&b, "2026-11-24T08:%02u:%02u.%09uZ ", c->line / 3000 % 60,
		    c->line / 50 % 60, c->line / 3);
		sample_event(&b, c->line, -1);
	}
	rig_append(&c->r, name, b.p == NULL ? "" : b.p, b.len);
	buf_release(&b);
}

static void
cluster_init(struct cluster *c, const char *spec, const char *pods)
{
	const char *top = getenv("srcdir");
	char path[512];
	const char *old = getenv("PATH");

	memset(c, 0, sizeof(*c));
	rig_init(&c->r, 2, 0, &options);
	if (strstr(old, "tests/e2e:") == NULL) {
		char *real = realpath(top == NULL ? "." : top, NULL);

		ck_assert_ptr_nonnull(real);
		snprintf(path, sizeof(path), "%s/tests/e2e:%s", real, old);
		free(real);
		setenv("PATH", path, 1);
	}
	setenv("FAKE_CLUSTER", c->r.dir, 1);
	put(c, "pods", pods);
	ck_assert_msg(
	    source_set_add(c->r.set, spec, c->r.err, sizeof(c->r.err)) == 0, "%s", c->r.err);
}

static void
cluster_release(struct cluster *c)
{
	char *command = xasprintf("rm -f %s/*", c->r.dir);

	source_set_stop(c->r.set);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(system(command), 0);
	free(command);
	rig_release(&c->r);
}

static bool
error_says(const struct snap_source *f, const char *text)
{
	return f->error.len > 0 && memmem(f->error.p, f->error.len, text, strlen(text)) != NULL;
}

static bool
started(struct cluster *c, const char *arguments)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(in(c, "started"), "r");

	ck_assert_ptr_nonnull(f);
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, arguments) != NULL;
	fclose(f);
	return found;
}

/* Pods come and go; logs are cut off again and again: every line once. */
START_TEST(pods)
{
	struct cluster c;
	struct snapshot *s;

	cluster_init(&c, "kube:", "falco-a Running\nfalco-b Pending\n");
	log_lines(&c, "falco-a", 1000);
	log_lines(&c, "falco-b", 0);
	source_set_start(c.r.set);
	RIG_WAIT(&c.r, 0, f->tally.accepted == 1000 && f->state == SOURCE_OK);
	ck_assert(started(&c, "get pods --namespace=falco --selector=app.kubernetes.io/name=falco "
			      "--watch --output-watch-events --output=jsonpath="));
	ck_assert(
	    started(&c, "logs --namespace=falco --container=falco --follow --timestamps falco-a"));
	ck_assert(!started(&c, "falco-b"));
	log_lines(&c, "falco-b", 500);
	put(&c, "pods", "falco-a Running\nfalco-b Running\n");
	RIG_WAIT(&c.r, 0, f->tally.accepted == 1500);
	for (unsigned i = 0; i < 3; i++) {
		put(&c, "cut.falco-a", "x");
		RIG_WAIT(&c.r, 0, error_says(f, "falco-a: exit status 1: error: unexpected EOF"));
		log_lines(&c, "falco-a", 100);
		RIG_WAIT(&c.r, 0, f->tally.accepted == 1600 + i * 100);
	}
	ck_assert(started(&c, "--since-time=2026-11-24T08:00:"));
	put(&c, "end.watch", "x");
	put(&c, "pods", "falco-b Running\n");
	log_lines(&c, "falco-b", 10);
	RIG_WAIT(&c.r, 0, f->tally.accepted == 1810);
	put(&c, "pods", "");
	RIG_WAIT(&c.r, 0, f->state == SOURCE_WAITING);
	/* as if it had only seemed to be gone; and one that dies in a line */
	log_lines(&c, "falco-b", 1);
	put(&c, "pods", "falco-b Running\n");
	RIG_WAIT(&c.r, 0, f->tally.accepted == 1811);
	put(&c, "pods", "");
	put(&c, "cut.falco-b", "x");
	RIG_WAIT(&c.r, 0, f->state == SOURCE_WAITING);
	s = rig_snapshot(&c.r);
	ck_assert_uint_eq(s->tally.accepted, 1811);
	ck_assert_uint_eq(s->tally.records, 1811);
	snapshot_free(s);
	cluster_release(&c);
}
END_TEST

START_TEST(refused)
{
	static const char forbidden[] =
	    "Error from server (Forbidden): pods is forbidden: User \"eve\" cannot list resource "
	    "\"pods\"\n";
	struct cluster c;

	cluster_init(&c, "kube:sec/app=x,tier in (a,b)", "p Running\n");
	log_lines(&c, "p", 10);
	put(&c, "refuse.get", forbidden);
	put(&c, "refuse.logs", "Error from server (BadRequest): container falco is not valid\n");
	source_set_start(c.r.set);
	RIG_WAIT(
	    &c.r, 0, f->state == SOURCE_RETRY && error_says(f, "(Forbidden): pods is forbidden"));
	ck_assert(started(&c, "--namespace=sec --selector=app=x,tier in (a,b)"));
	put(&c, "refuse.get", "error: context \"prod\" does not exist\n");
	RIG_WAIT(
	    &c.r, 0, f->state == SOURCE_RETRY && error_says(f, "context \"prod\" does not exist"));
	put(&c, "refuse.get", "");
	RIG_WAIT(&c.r, 0,
	    f->state == SOURCE_RETRY &&
		error_says(f, "p: exit status 1: Error from server (BadRequest)"));
	put(&c, "refuse.logs", "");
	RIG_WAIT(&c.r, 0, f->tally.accepted == 10 && f->state == SOURCE_OK);
	cluster_release(&c);
}
END_TEST

/* More pods than are read, with names that are none between them. */
START_TEST(many)
{
	struct buf b = { 0 };
	struct cluster c;

	buf_adds(&b, "--help Running\n../x Running\n.x Running\n");
	for (unsigned i = 0; i < 70; i++)
		buf_addf(&b, "p%u Running\n", i);
	cluster_init(&c, "kube:", b.p);
	for (unsigned i = 0; i < 70; i++) {
		char pod[16];

		snprintf(pod, sizeof(pod), "p%u", i);
		log_lines(&c, pod, 5);
	}
	source_set_start(c.r.set);
	RIG_WAIT(&c.r, 0, error_says(f, "more than 64 pods"));
	RIG_WAIT(&c.r, 0, f->tally.accepted == 64 * 5);
	ck_assert(!started(&c, "--timestamps --help"));
	cluster_release(&c);
	buf_release(&b);
}
END_TEST

START_TEST(arguments)
{
	static const char *const bad[] = { "kube:-n", "kube:a.b", "kube:A", "kube:a b/c",
		"kube:--all-namespaces" };
	struct cluster c;
	char *path;

	cluster_init(&c, "kube:", "");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(source_set_add(c.r.set, bad[i], c.r.err, sizeof(c.r.err)), -1);
		ck_assert_ptr_nonnull(strstr(c.r.err, bad[i]));
	}
	path = xstrdup(getenv("PATH"));
	setenv("PATH", "/nonexistent", 1);
	ck_assert_int_eq(source_set_add(c.r.set, "kube:", c.r.err, sizeof(c.r.err)), -1);
	ck_assert_ptr_nonnull(strstr(c.r.err, "no kubectl in PATH"));
	setenv("PATH", path, 1);
	free(path);
	cluster_release(&c);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("kube");
	TCase *t = tcase_create("kube");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, resume, 0, (int)(sizeof(runs) / sizeof(runs[0])));
	tcase_add_test(t, whole_seconds);
	tcase_add_test(t, pods);
	tcase_add_test(t, refused);
	tcase_add_test(t, many);
	tcase_add_test(t, arguments);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
