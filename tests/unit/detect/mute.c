/* Mutes: when they break, their file, and what they hide over a small index. */
#include "detect/mute.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "detect/mute_watch.h"
#include "event/timestamp.h"
#include "harness.h"

#define NOW  1768464000000000000
#define HOUR (3600 * NSEC_PER_SEC)

/* --- breaking */

struct check_case {
	unsigned base_parents; /* of names[] */
	enum priority base_priority;
	uint64_t base_rate;
	unsigned from, to; /* names seen: [from, to) */
	enum priority priority;
	uint64_t last_hour;
	const char *why; /* start of it; NULL: it holds */
};

static const char *const names[] = { "cron", "bash", "sh", "e\033[2Jvil" };

static const struct check_case checks[] = {
	{ 1, PRIORITY_NOTICE, 12, 0, 1, PRIORITY_NOTICE, 12, NULL },
	{ 2, PRIORITY_NOTICE, 12, 1, 2, PRIORITY_NOTICE, 12, NULL },
	{ 1, PRIORITY_NOTICE, 12, 0, 2, PRIORITY_NOTICE, 12, "a new parent process: bash" },
	{ 3, PRIORITY_NOTICE, 12, 0, 4, PRIORITY_NOTICE, 12, "a new parent process: e^[[2Jvil" },
	{ 0, PRIORITY_NOTICE, 12, 0, 1, PRIORITY_NOTICE, 12, "a new parent process: cron" },
	{ 1, PRIORITY_NOTICE, 12, 0, 0, PRIORITY_NOTICE, 12, NULL },
	{ 1, PRIORITY_NOTICE, 12, 0, 1, PRIORITY_DEBUG, 12, NULL },
	{ 1, PRIORITY_NOTICE, 12, 0, 1, PRIORITY_WARNING, 12,
	    "a higher priority: Warning, it was Notice" },
	{ 1, PRIORITY_NOTICE, 12, 0, 1, PRIORITY_NOTICE, 119, NULL },
	{ 1, PRIORITY_NOTICE, 12, 0, 1, PRIORITY_NOTICE, 120,
	    "120 events in the last hour, it was 12 an hour" },
	{ 1, PRIORITY_NOTICE, 0, 0, 1, PRIORITY_NOTICE, 9, NULL },
	{ 1, PRIORITY_NOTICE, 0, 0, 1, PRIORITY_NOTICE, 10, "10 events in the last hour" },
	{ 1, PRIORITY_NOTICE, UINT64_MAX, 0, 1, PRIORITY_NOTICE, UINT64_MAX, NULL },
};

static struct mute_sight
sight_of(unsigned from, unsigned to, enum priority p, uint64_t last_hour)
{
	struct mute_sight s = { .events = 1, .last_hour = last_hour };

	s.by_priority[p] = 1;
	for (unsigned i = from; i < to; i++)
		s.parent[s.nparents++] = slice_of(names[i]);
	return s;
}

START_TEST(breaking)
{
	const struct check_case *c = &checks[_i];
	struct mute_base base = { .known = true,
		.highest = c->base_priority,
		.per_hour = c->base_rate,
		.nparents = c->base_parents };
	struct mute_sight s = sight_of(c->from, c->to, c->priority, c->last_hour);
	struct buf why = { 0 };

	for (unsigned i = 0; i < c->base_parents; i++)
		base.parent[i] = xstrdup(names[i]);
	ck_assert_int_eq(mute_check(&base, &s, &why), c->why != NULL);
	if (c->why != NULL)
		ck_assert_msg(strncmp(why.p, c->why, strlen(c->why)) == 0, "%s", why.p);
	for (unsigned i = 0; i < c->base_parents; i++)
		free(base.parent[i]);
	buf_release(&why);
}
END_TEST

START_TEST(not_compared)
{
	struct mute_base base = { .known = false };
	struct mute_sight s = sight_of(0, 2, PRIORITY_CRITICAL, 1000);
	struct buf why = { 0 };

	ck_assert(!mute_check(&base, &s, &why)); /* nothing to compare with */
	base.known = true;
	base.highest = PRIORITY_CRITICAL;
	base.per_hour = 1000;
	base.nparents = MUTE_PARENTS_MAX + 1; /* too many to know them all */
	ck_assert(!mute_check(&base, &s, &why));
	s.events = 0;
	s.last_hour = UINT64_MAX;
	ck_assert(!mute_check(&base, &s, &why));
	buf_release(&why);
}
END_TEST

/* --- the list */

START_TEST(list)
{
	struct mutes *m = mutes_new();
	struct mute_sight s = sight_of(0, 1, PRIORITY_NOTICE, 3);
	struct filter_error err;
	uint64_t a, b, version = mutes_version(m);

	ck_assert_str_eq(mutes_term(m), "");
	ck_assert_str_eq(mutes_hidden_term(m), "");
	a = mutes_add(m, "user.name=jenkins", "CI", "ana", NOW, NOW + HOUR, &s, &err);
	ck_assert_uint_ne(a, 0);
	ck_assert_uint_ne(mutes_version(m), version);
	b = mutes_add(m, "rule=x or rule=y", NULL, NULL, NOW, TIME_NONE, NULL, &err);
	ck_assert_str_eq(mutes_term(m), "not (user.name=jenkins) and not (rule=x or rule=y)");
	ck_assert_str_eq(mutes_hidden_term(m), "(user.name=jenkins) or (rule=x or rule=y)");
	ck_assert(!mutes_expire(m, NOW + HOUR - 1));
	ck_assert(mutes_expire(m, NOW + HOUR));
	ck_assert_int_eq(mutes_find(m, a)->is, MUTE_IS_EXPIRED);
	ck_assert_str_eq(mutes_term(m), "not (rule=x or rule=y)");
	ck_assert(!mutes_compare(m, a, &s)); /* not on */
	ck_assert(mutes_arm(m, a, NOW, TIME_NONE, &s));
	ck_assert(!mutes_expire(m, INT64_MAX));
	/* the first sight becomes the base of one made without */
	ck_assert(!mutes_find(m, b)->base.known);
	ck_assert(mutes_compare(m, b, &s));
	ck_assert(mutes_find(m, b)->base.known);
	ck_assert(!mutes_compare(m, b, &s));
	s.by_priority[PRIORITY_ALERT] = 1;
	ck_assert(mutes_compare(m, b, &s));
	ck_assert_int_eq(mutes_find(m, b)->is, MUTE_IS_BROKEN);
	ck_assert_str_eq(mutes_find(m, b)->why, "a higher priority: Alert, it was Notice");
	ck_assert_str_eq(mutes_term(m), "not (user.name=jenkins)");
	ck_assert(mutes_arm(m, b, NOW, TIME_NONE, &s));
	ck_assert_str_eq(mutes_find(m, b)->why, "");
	ck_assert(!mutes_compare(m, b, &s));
	ck_assert(mutes_lift(m, a));
	ck_assert(!mutes_lift(m, a));
	ck_assert_uint_eq(mutes_count(m), 1);
	ck_assert_uint_eq(mutes_get(m, 0)->id, b);
	mutes_free(m);
}
END_TEST

START_TEST(refused)
{
	struct mutes *m = mutes_new();
	struct filter_error err;
	char big[MUTE_FILTER_MAX + 2];
	struct filter *f;
	unsigned n = 0;

	ck_assert_uint_eq(mutes_add(m, "user.name=", "", "", NOW, TIME_NONE, NULL, &err), 0);
	ck_assert_uint_eq(err.offset, 10);
	ck_assert_uint_eq(mutes_add(m, "", "", "", NOW, TIME_NONE, NULL, &err), 0);
	ck_assert_str_eq(err.message, "this would hide everything");
	ck_assert_uint_eq(mutes_add(m, "a=b) or (c=d", "", "", NOW, TIME_NONE, NULL, &err), 0);
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	ck_assert_uint_eq(mutes_add(m, big, "", "", NOW, TIME_NONE, NULL, &err), 0);
	/* all of them together stay a filter that parses */
	big[MUTE_FILTER_MAX - 1] = '\0';
	while (mutes_add(m, big, "", "", NOW, TIME_NONE, NULL, &err) != 0)
		n++;
	ck_assert_uint_gt(n, 3);
	ck_assert_uint_lt(n, MUTES_MAX);
	f = filter_parse(mutes_term(m), &err);
	ck_assert_ptr_nonnull(f);
	filter_free(f);
	mutes_free(m);
	m = mutes_new();
	for (n = 0; n < MUTES_MAX; n++)
		ck_assert_uint_ne(mutes_add(m, "a=b", "", "", NOW, TIME_NONE, NULL, &err), 0);
	ck_assert_uint_eq(mutes_add(m, "a=b", "", "", NOW, TIME_NONE, NULL, &err), 0);
	mutes_free(m);
}
END_TEST

/* --- the file */

static struct mutes *
some(void)
{
	struct mutes *m = mutes_new();
	struct mute_sight s = sight_of(0, 4, PRIORITY_NOTICE, 3);
	struct filter_error err;
	char filter[] = "proc.cmdline='\t\033[2J\n\\x, \xe2\x80\xae\xc3\xa4\xff'";

	s.parent[1] = SLICE(",\\x");
	mutes_add(m, filter, "be\tcause\n", "an\xc3\xa4", NOW + 5, NOW + HOUR, &s, &err);
	mutes_add(m, "a=b", "", "", NOW, TIME_NONE, NULL, &err);
	s.by_priority[PRIORITY_ALERT] = 1;
	mutes_compare(m, mutes_add(m, "c=d", "r", "o", NOW, TIME_NONE, NULL, &err), &s);
	s.parent[1] = SLICE("quite new");
	mutes_compare(m, mutes_get(m, 2)->id, &s);
	ck_assert_int_eq(mutes_get(m, 2)->is, MUTE_IS_BROKEN);
	s.nparents = MUTE_PARENTS_MAX + 3;
	for (unsigned i = 0; i < MUTE_PARENTS_MAX; i++)
		s.parent[i] = SLICE("p");
	mutes_add(m, "e=f", "", "", NOW, NOW + 1, &s, &err);
	mutes_expire(m, NOW + 2);
	return m;
}

START_TEST(round_trip)
{
	struct mutes *a = some(), *b = mutes_new();
	struct buf one = { 0 }, two = { 0 };
	char err[MUTES_ERROR_MAX];
	struct filter_error ferr;

	mutes_add(b, "gone=1", "", "", NOW, TIME_NONE, NULL, &ferr);
	mutes_print(a, &one);
	for (size_t i = 0; i < one.len; i++)
		MUST(one.p[i] == '\n' || one.p[i] == '\t' || (unsigned char)one.p[i] >= 0x20);
	ck_assert_msg(mutes_parse(b, buf_slice(&one), err), "%s", err);
	mutes_print(b, &two);
	ck_assert_str_eq(one.p, two.p);
	ck_assert_uint_eq(mutes_count(b), 4);
	ck_assert_str_eq(mutes_term(b), mutes_term(a));
	ck_assert_str_eq(mutes_get(b, 0)->filter, mutes_get(a, 0)->filter);
	ck_assert_str_eq(mutes_get(b, 0)->base.parent[1], ",\\x");
	ck_assert_uint_gt(mutes_get(b, 3)->base.nparents, MUTE_PARENTS_MAX);
	ck_assert_int_eq(mutes_get(b, 3)->is, MUTE_IS_EXPIRED);
	buf_release(&one);
	buf_release(&two);
	mutes_free(a);
	mutes_free(b);
}
END_TEST

static const struct {
	const char *text, *error;
} bad_files[] = {
	{ "# x\n\nnonsense\n", "3: expected 10 columns" },
	{ "on\t2026-01-15T08:00:00Z\t-\t-\t0\t\ta=\t\t\t\n", "1: " },
	{ "on\t2026-01-15T08:00:00Z\t-\t-\t0\t\t\t\t\t\n", "1: this would hide everything" },
	{ "on\tnever\t-\t-\t0\t\ta=b\t\t\t\n", "1: not a mute" },
	{ "on\t-\t-\t-\t0\t\ta=b\t\t\t\n", "1: not a mute" },
	{ "off\t2026-01-15T08:00:00Z\t-\t-\t0\t\ta=b\t\t\t\n", "1: not a mute" },
	{ "on\t2026-01-15T08:00:00Z\t-\tLoud\t0\t\ta=b\t\t\t\n", "1: not a mute" },
	{ "on\t2026-01-15T08:00:00Z\t-\t-\t-1\t\ta=b\t\t\t\n", "1: not a mute" },
	{ "on\t2026-01-15T08:00:00Z\t-\t-\t0\t\ta=b\\x00\t\t\t\n", "1: not a mute" },
	{ "on\t2026-01-15T08:00:00Z\t-\t-\t0\tb\\x4,c\ta=b\t\t\t\n", "1: not a mute" },
	{ "on\t2026-01-15T08:00:00Z\t-\t-\t0\t\ta=b\t\t\t\t\n", "1: expected 10 columns" },
};

START_TEST(bad_file)
{
	struct mutes *m = mutes_new();
	struct filter_error ferr;
	char err[MUTES_ERROR_MAX];

	mutes_add(m, "stays=1", "", "", NOW, TIME_NONE, NULL, &ferr);
	ck_assert(!mutes_parse(m, slice_of(bad_files[_i].text), err));
	ck_assert_msg(
	    strncmp(err, bad_files[_i].error, strlen(bad_files[_i].error)) == 0, "%s", err);
	ck_assert_str_eq(mutes_term(m), "not (stays=1)");
	mutes_free(m);
}
END_TEST

START_TEST(on_disk)
{
	char dir[] = "/tmp/falcotop-mutes-XXXXXX", err[MUTES_ERROR_MAX];
	char *path, *sub;
	struct mutes *m = some(), *again = mutes_new();
	struct filter_error ferr;
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", dir, 1), 0);
	sub = xasprintf("%s/falcotop", dir);
	path = xasprintf("%s/mutes", sub);
	ck_assert(mutes_load(again, NULL, err)); /* not there: none */
	ck_assert_msg(mutes_save(m, NULL, err), "%s", err);
	ck_assert_msg(mutes_save(m, path, err), "%s", err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(stat(sub, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_msg(mutes_load(again, NULL, err), "%s", err);
	ck_assert_str_eq(mutes_term(again), mutes_term(m));
	/* not to be trusted: neither read nor written over */
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert(!mutes_load(again, NULL, err));
	ck_assert_ptr_nonnull(strstr(err, "anyone may write to it"));
	ck_assert_uint_ne(mutes_add(again, "x=y", "", "", NOW, TIME_NONE, NULL, &ferr), 0);
	ck_assert(!mutes_save(again, NULL, err));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	ck_assert_int_eq(unlink(path), 0);
	/* a directory in its place */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!mutes_load(again, NULL, err));
	ck_assert(!mutes_save(m, NULL, err));
	ck_assert_int_eq(rmdir(path), 0);
	/* no leftover of the failed write */
	ck_assert_int_eq(rmdir(sub), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
	ck_assert_int_eq(unsetenv("HOME"), 0);
	ck_assert(!mutes_save(m, NULL, err));
	free(path);
	free(sub);
	mutes_free(m);
	mutes_free(again);
}
END_TEST

/* --- over an index */

struct index {
	struct model *model;
	struct block block;
	struct symtab *symbols;
	sym_t known;
};

static void
index_init(struct index *x)
{
	struct model_options o = { .memory = (size_t)256 << 20 };

	x->model = model_new(&o);
	x->symbols = symtab_new(1u << 20, (size_t)1 << 28);
	x->known = SYM_FIRST;
	block_init(&x->block);
}

static void
index_free(struct index *x)
{
	block_release(&x->block);
	model_free(x->model);
	symtab_free(x->symbols);
}

static void
put(struct falco_event *ev, enum field_id f, const char *text)
{
	ev->field[f].text = slice_of(text);
	ev->field[f].kind = VALUE_STRING;
	ev->present |= (uint64_t)1 << f;
}

static void
feed(struct index *x, unsigned n, const char *user, const char *parent, enum priority p,
    int64_t time)
{
	static struct falco_event ev;

	block_clear(&x->block);
	for (unsigned i = 0; i < n; i++) {
		memset(&ev, 0, sizeof(ev));
		ev.time = time + i;
		ev.priority = p;
		put(&ev, FIELD_RULE, "Terminal shell in container");
		put(&ev, FIELD_USER, user);
		put(&ev, FIELD_PARENT, parent);
		block_add(&x->block, x->symbols, &ev, 0, 0, 0, 0);
	}
	x->block.symbols = x->symbols;
	x->block.arrival = NOW;
	x->block.new_from = x->known;
	x->block.new_to = x->known = symtab_count(x->symbols);
	model_apply(x->model, &x->block);
	while (live_work(x->model, 1000000))
		;
}

static void
work(struct index *x)
{
	while (live_work(x->model, 1000000))
		;
}

START_TEST(watching)
{
	struct index x;
	struct mutes *m = mutes_new();
	struct mute_watch *w;
	struct mute_sight s;
	struct filter_error err;
	uint64_t id;

	index_init(&x);
	w = mute_watch_new(x.model);
	feed(&x, 5, "jenkins", "java", PRIORITY_NOTICE, NOW - 2 * HOUR);
	feed(&x, 2, "jenkins", "cron", PRIORITY_NOTICE, NOW - HOUR / 2);
	feed(&x, 9, "root", "runc", PRIORITY_CRITICAL, NOW);
	id = mutes_add(m, "user.name=jenkins", "CI", "me", NOW, TIME_NONE, NULL, &err);
	ck_assert(!mute_watch_step(w, m, NOW, NOW)); /* not counted yet */
	work(&x);
	ck_assert(mute_watch_step(w, m, NOW, NOW)); /* now it has its base */
	ck_assert(mute_watch_sight(w, id, NOW, &s));
	ck_assert_uint_eq(s.events, 7);
	ck_assert_uint_eq(s.by_priority[PRIORITY_NOTICE], 7);
	ck_assert_uint_eq(s.users, 1);
	ck_assert_uint_eq(s.last_hour, 2);
	ck_assert_uint_eq(s.nparents, 2);
	ck_assert(slice_eq(s.parent[0], SLICE("cron")));
	ck_assert(slice_eq(s.parent[1], SLICE("java")));
	ck_assert_uint_eq(mutes_find(m, id)->base.per_hour, 2);
	ck_assert_ptr_null(mute_watch_problem(w, id));

	ck_assert(!mute_watch_step(w, m, NOW, NOW));
	feed(&x, 17, "jenkins", "cron", PRIORITY_NOTICE, NOW - HOUR / 2); /* 19 in the hour */
	ck_assert(!mute_watch_step(w, m, NOW, NOW));
	feed(&x, 1, "jenkins", "cron", PRIORITY_NOTICE, NOW - HOUR / 2);
	ck_assert(mute_watch_step(w, m, NOW, NOW));
	ck_assert_int_eq(mutes_find(m, id)->is, MUTE_IS_BROKEN);
	ck_assert_str_eq(mutes_find(m, id)->why, "20 events in the last hour, it was 2 an hour");

	ck_assert(mute_watch_sight(w, id, NOW, &s));
	mutes_arm(m, id, NOW, TIME_NONE, &s);
	ck_assert(!mute_watch_step(w, m, NOW, NOW));
	feed(&x, 1, "jenkins", "runc", PRIORITY_NOTICE, NOW);
	ck_assert(mute_watch_step(w, m, NOW, NOW));
	ck_assert_str_eq(mutes_find(m, id)->why, "a new parent process: runc");

	ck_assert(mute_watch_sight(w, id, NOW, &s));
	mutes_arm(m, id, NOW, NOW + HOUR, &s);
	feed(&x, 1, "jenkins", "runc", PRIORITY_CRITICAL, NOW);
	ck_assert(mute_watch_step(w, m, NOW, NOW));
	ck_assert_str_eq(mutes_find(m, id)->why, "a higher priority: Critical, it was Notice");

	mutes_arm(m, id, NOW, NOW + HOUR, NULL);
	ck_assert(mute_watch_step(w, m, NOW + HOUR, NOW));
	ck_assert_int_eq(mutes_find(m, id)->is, MUTE_IS_EXPIRED);
	mutes_lift(m, id);
	ck_assert(!mute_watch_step(w, m, NOW, NOW));
	ck_assert(!mute_watch_sight(w, id, NOW, &s));
	mute_watch_free(w);
	mutes_free(m);
	index_free(&x);
}
END_TEST

static const struct {
	const char *base, *term;
	bool hides;
	const char *text;
} costs[] = {
	{ NULL, "user.name=jenkins", true, "hides 1,204 of 7,000 events, 0 critical, 1 user" },
	{ "", "user.name in (jenkins, ci, root)", true,
	    "hides 7,000 of 7,000 events, 5 critical, 3 users" },
	{ "proc.pname=runc", "user.name=root", false, "hides 0 of 5 events, 0 critical, 0 users" },
	{ "proc.pname=java", "user.name!=jenkins", false,
	    "hides 1,204 of 6,995 events, 0 critical, 1 user" },
	{ "rule=Nothing", "user.name=root", true, "hides 0 of 0 events, 0 critical, 0 users" },
	{ NULL, "", false, "hides 0 of 7,000 events, 0 critical, 0 users" },
	{ "user.name=root or user.name=ci", "proc.pname=runc or a=b", true,
	    "hides 5 of 5,796 events, 5 critical, 1 user" },
};

START_TEST(costs_of_filters)
{
	struct index x;
	struct hidden_cost c;
	struct filter_error err;
	struct buf text = { 0 };
	struct hiding *h;

	index_init(&x);
	feed(&x, 1204, "jenkins", "java", PRIORITY_NOTICE, NOW);
	feed(&x, 5791, "ci", "java", PRIORITY_NOTICE, NOW);
	feed(&x, 5, "root", "runc", PRIORITY_CRITICAL, NOW);
	h = hiding_open(x.model, costs[_i].base, costs[_i].term, costs[_i].hides, &err);
	ck_assert_ptr_nonnull(h);
	work(&x);
	ck_assert(hiding_read(h, &c));
	hiding_text(&text, &c);
	ck_assert_str_eq(text.p, costs[_i].text);
	hiding_close(h);
	ck_assert_ptr_null(hiding_open(x.model, NULL, "a=", true, &err));
	ck_assert_ptr_null(hiding_open(x.model, "b=", "a=b", true, &err));
	buf_release(&text);
	index_free(&x);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("detect/mute");
	TCase *t = tcase_create("mute");

	tcase_add_loop_test(t, breaking, 0, sizeof(checks) / sizeof(checks[0]));
	tcase_add_test(t, not_compared);
	tcase_add_test(t, list);
	tcase_add_test(t, refused);
	tcase_add_test(t, round_trip);
	tcase_add_loop_test(t, bad_file, 0, sizeof(bad_files) / sizeof(bad_files[0]));
	tcase_add_test(t, on_disk);
	tcase_add_test(t, watching);
	tcase_add_loop_test(t, costs_of_filters, 0, sizeof(costs) / sizeof(costs[0]));
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
