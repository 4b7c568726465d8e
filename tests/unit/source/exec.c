/* exec: words, exact counts, starting again, standard error, and that nothing outlives a stop. */
#include "source/exec_words.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "rig.h"

static const struct source_options once = { 0 }, watching = { .follow_auto = true };

/* --- words */

static const struct {
	const char *command, *words; /* joined by '|'; '!' and a part of the message */
} words[] = {
	{ "a b  c", "a|b|c" },
	{ "  a\tb\nc ", "a|b|c" },
	{ "a 'b c' d", "a|b c|d" },
	{ "a 'b'\\''c'", "a|b'c" },
	{ "a \"b 'c' \\\" \\\\ \\$x \\n\"", "a|b 'c' \" \\ $x \\n" },
	{ "a b\\ c \\| \\$", "a|b c|||$" },
	{ "a '' \"\"", "a||" },
	{ "a'b'\"c\"d", "abcd" },
	{ "sh -c 'x | y > z; $HOME'", "sh|-c|x | y > z; $HOME" },
	{ "a b\\\nc", "a|bc" },
	{ "ls *.log ~ a=b #x", "ls|*.log|~|a=b|#x" },
	{ "a|b", "!'|' wants a shell" },
	{ "a & b", "!'&' wants a shell" },
	{ "a > b", "!'>' wants a shell" },
	{ "a $HOME", "!'$' wants a shell" },
	{ "a \"$HOME\"", "!'$' wants a shell" },
	{ "a `b`", "!'`' wants a shell" },
	{ "a (b)", "!'(' wants a shell" },
	{ "a 'b", "!no end" },
	{ "a \"b", "!no end" },
	{ "a \\", "!nothing follows" },
	{ "", "!needs a command" },
	{ "   ", "!needs a command" },
	{ "''", "!needs a command" },
};

START_TEST(splitting)
{
	char err[160] = "";
	char **w = words_split(words[_i].command, err, sizeof(err));
	struct buf b = { 0 };

	if (words[_i].words[0] == '!') {
		ck_assert_ptr_null(w);
		ck_assert_msg(strstr(err, words[_i].words + 1) != NULL, "%s", err);
		return;
	}
	ck_assert_msg(w != NULL, "%s", err);
	for (unsigned i = 0; w[i] != NULL; i++)
		buf_addf(&b, "%s%s", i > 0 ? "|" : "", w[i]);
	ck_assert_str_eq(b.p, words[_i].words);
	words_free(w);
	buf_release(&b);
}
END_TEST

START_TEST(many_words)
{
	struct buf b = { 0 };
	char err[160] = "";

	for (unsigned i = 0; i <= WORDS_MAX; i++)
		buf_adds(&b, "x ");
	ck_assert_ptr_null(words_split(b.p, err, sizeof(err)));
	ck_assert_ptr_nonnull(strstr(err, "too many"));
	buf_release(&b);
}
END_TEST

/* --- running */

static int
add(struct rig *r, const char *command)
{
	char *spec = xasprintf("exec:%s", command);
	int done = source_set_add(r->set, spec, r->err, sizeof(r->err));

	free(spec);
	return done;
}

static bool
error_says(const struct snap_source *f, const char *text)
{
	return f->error.len > 0 && memmem(f->error.p, f->error.len, text, strlen(text)) != NULL;
}

/* No child of ours is there, dead or alive: what lost its parent comes to us. */
static void
no_children(void)
{
	int64_t until = clock_mono() + 5 * NSEC_PER_SEC;

	while (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD) {
		ck_assert_msg(clock_mono() < until, "a child is left");
		usleep(1000);
	}
}

/* A report: every line once, then done. */
START_TEST(ends_well)
{
	struct buf b = { 0 };
	char command[256];
	struct rig r;

	rig_init(&r, 2, 0, &once);
	for (unsigned i = 0; i < 20000; i++)
		sample_event(&b, i, -1);
	rig_append(&r, "a", b.p, b.len);
	snprintf(command, sizeof(command), "cat %s", rig_path(&r, "a"));
	ck_assert_int_eq(add(&r, command), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 20000 && f->state == SOURCE_DONE);
	RIG_WAIT(&r, 0, f->name.len == 8 && memcmp(f->name.p, "exec:cat", 8) == 0);
	rig_release(&r);
	no_children();
	buf_release(&b);
}
END_TEST

/* It fails, says why, and is tried again until it works. */
START_TEST(again)
{
	struct buf b = { 0 };
	char command[512];
	struct rig r;

	rig_init(&r, 1, 0, &once);
	sample_event(&b, 1, -1);
	rig_append(&r, "a", b.p, b.len);
	snprintf(command, sizeof(command),
	    "sh -c 'echo first >&2; if [ -e %s ]; then cat %s; exit 0; fi; "
	    "printf \"no \\033[31mb\\n\\n\" >&2; exit 7'",
	    rig_path(&r, "b"), rig_path(&r, "a"));
	ck_assert_int_eq(add(&r, command), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0,
	    f->state == SOURCE_RETRY && error_says(f, "exit status 7: no ^[[31mb; again in 0."));
	rig_append(&r, "b", "", 0);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 1 && f->state == SOURCE_DONE);
	rig_release(&r);
	no_children();
	buf_release(&b);
}
END_TEST

/* On screen it runs for ever; what it says while it runs is heard. */
START_TEST(ends_and_starts)
{
	char command[256];
	struct buf b = { 0 };
	struct rig r;

	rig_init(&r, 1, 0, &watching);
	sample_event(&b, 1, -1);
	rig_append(&r, "a", b.p, b.len);
	snprintf(command, sizeof(command), "cat %s", rig_path(&r, "a"));
	ck_assert_int_eq(add(&r, command), 0);
	ck_assert_int_eq(add(&r, "sh -c 'echo heard >&2; exec sleep 1000'"), 0);
	ck_assert_int_eq(add(&r, "sh -c 'kill -KILL $$'"), 0);
	source_set_start(r.set);
	RIG_WAIT(&r, 0, f->tally.accepted == 3 && error_says(f, "exit status 0"));
	RIG_WAIT(&r, 1, f->state == SOURCE_OK && error_says(f, "heard"));
	RIG_WAIT(&r, 2, error_says(f, "killed by signal 9"));
	RIG_WAIT(&r, 2, f->name.len == 9 && memcmp(f->name.p, "exec:sh#2", 9) == 0);
	ck_assert(!source_set_done(r.set));
	rig_release(&r);
	no_children();
	buf_release(&b);
}
END_TEST

static bool
exists(struct rig *r, const char *name)
{
	return access(rig_path(r, name), F_OK) == 0;
}

/* Deaf to TERM, with children of its own that are deaf too: all are gone after about a second. */
START_TEST(deaf)
{
	char command[512];
	struct rig r;
	int64_t start;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rig_init(&r, 1, 0, &watching);
	snprintf(command, sizeof(command),
	    "sh -c 'trap \"\" TERM; (while :; do sleep 0.01; done) & : >%s; "
	    "while :; do sleep 0.01; done'",
	    rig_path(&r, "a"));
	ck_assert_int_eq(add(&r, command), 0);
	source_set_start(r.set);
	for (int64_t until = clock_mono() + 10 * NSEC_PER_SEC; !exists(&r, "a"); usleep(1000))
		ck_assert_int_lt(clock_mono(), until);
	start = clock_mono();
	source_set_stop(r.set);
	ck_assert_int_ge(clock_mono() - start, NSEC_PER_SEC * 9 / 10);
	ck_assert_int_lt(clock_mono() - start, NSEC_PER_SEC * 5 / 2);
	rig_release(&r);
	no_children();
}
END_TEST

/* What can end in peace does so at once, and what it writes then is read. */
START_TEST(last_words)
{
	char command[512];
	struct buf b = { 0 };
	struct snapshot *s;
	struct rig r;
	int64_t start;

	rig_init(&r, 1, 0, &watching);
	sample_event(&b, 1, -1);
	rig_append(&r, "b", b.p, b.len);
	snprintf(command, sizeof(command),
	    "sh -c 'trap \"cat %s; exit 0\" TERM; : >%s; while :; do sleep 0.01; done'",
	    rig_path(&r, "b"), rig_path(&r, "a"));
	ck_assert_int_eq(add(&r, command), 0);
	source_set_start(r.set);
	for (int64_t until = clock_mono() + 10 * NSEC_PER_SEC; !exists(&r, "a"); usleep(1000))
		ck_assert_int_lt(clock_mono(), until);
	start = clock_mono();
	source_set_stop(r.set);
	ck_assert_int_lt(clock_mono() - start, NSEC_PER_SEC * 9 / 10);
	s = rig_snapshot(&r);
	ck_assert_uint_le(s->tally.accepted, 1);
	snapshot_free(s);
	rig_release(&r);
	no_children();
	buf_release(&b);
}
END_TEST

/* Something in the background holds its output: it goes with the command. */
START_TEST(leftovers)
{
	struct rig r;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rig_init(&r, 1, 0, &once);
	ck_assert_int_eq(add(&r, "sh -c 'sleep 1000 & trap \"\" TERM; sleep 1000 & exit 0'"), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, f->state == SOURCE_DONE);
	rig_release(&r);
	no_children();
}
END_TEST

static unsigned
count_fds(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* It has its three descriptors, no signal blocked or ignored, a session of its own. */
START_TEST(clean)
{
	static const char probe[] =
	    "sh -c 'ls /proc/self/fd | tr \"\\n\" \" \"; grep -E \"^Sig(Blk|Ign)\" "
	    "/proc/self/status | tr -d \"\\n\\t\"; "
	    "readlink /proc/self/fd/0' ";
	sigset_t set;
	struct snapshot *s;
	struct rig r;
	unsigned before = count_fds("/proc/self/fd");
	bool fds, blocked, ignored, null;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	rig_init(&r, 0, 0, &once);
	ck_assert_int_eq(add(&r, probe), 0);
	source_set_start(r.set);
	source_set_wait(r.set);
	RIG_WAIT(&r, 0, tally_rejected(&f->tally) == 1);
	s = rig_snapshot(&r);
	ck_assert_uint_eq(s->nbad, 1);
	/* the fourth is the directory that ls reads */
	fds = strncmp(s->bad[0].text.p, "0 1 2 3 Sig", 11) == 0;
	blocked = memmem(s->bad[0].text.p, s->bad[0].text.len, "SigBlk:0000000000000000", 23);
	/* but for the two that are the C library's own: no program can set those */
	ignored = memmem(s->bad[0].text.p, s->bad[0].text.len, "SigIgn:0000000000000000", 23) ||
		  memmem(s->bad[0].text.p, s->bad[0].text.len, "SigIgn:0000000080000000", 23) ||
		  memmem(s->bad[0].text.p, s->bad[0].text.len, "SigIgn:0000000180000000", 23);
	null = memmem(s->bad[0].text.p, s->bad[0].text.len, "/dev/null", 9) != NULL;
	ck_assert_msg(
	    fds && blocked && ignored && null, "%.*s", (int)s->bad[0].text.len, s->bad[0].text.p);
	snapshot_free(s);
	rig_release(&r);
	ck_assert_uint_eq(count_fds("/proc/self/fd"), before);
	no_children();
}
END_TEST

START_TEST(arguments)
{
	struct rig r;

	rig_init(&r, 0, 0, &once);
	ck_assert_int_eq(add(&r, ""), -1);
	ck_assert_int_eq(add(&r, "no-such-program-here --password=secret"), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "no-such-program-here"));
	ck_assert_ptr_null(strstr(r.err, "secret"));
	ck_assert_int_eq(add(&r, "/no/such/program"), -1);
	ck_assert_int_eq(add(&r, "cat x | grep secret"), -1);
	ck_assert_ptr_nonnull(strstr(r.err, "shell"));
	ck_assert_ptr_null(strstr(r.err, "secret"));
	ck_assert_int_eq(add(&r, "true"), 0); /* and never started */
	rig_release(&r);
	no_children();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("exec");
	TCase *t = tcase_create("exec");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, splitting, 0, (int)(sizeof(words) / sizeof(words[0])));
	tcase_add_test(t, many_words);
	tcase_add_test(t, ends_well);
	tcase_add_test(t, again);
	tcase_add_test(t, ends_and_starts);
	tcase_add_test(t, deaf);
	tcase_add_test(t, last_words);
	tcase_add_test(t, leftovers);
	tcase_add_test(t, clean);
	tcase_add_test(t, arguments);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
