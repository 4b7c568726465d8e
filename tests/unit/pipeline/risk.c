/*
 * Detections inside the engine: risk of rows and users, the ledger, rows of a search, another set
 * while it runs, what the history gives back, what is new, mutes.
 */
#include "pipeline/engine.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "pipeline/sample.h"

#define MTIME (1768500000 * NSEC_PER_SEC)

static char dir[] = "/tmp/falcotop-risk-XXXXXX";

static char *
file_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void
setup(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *path = file_of(e->d_name);

		if (e->d_name[0] != '.')
			ck_assert_int_eq(unlink(path), 0);
		free(path);
	}
	closedir(d);
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct detection_set *
set_of(const char *name, const char *search, unsigned score)
{
	char *path = file_of("set.yml");
	const char *extra[] = { path };
	const struct detection_paths p = { .extra = extra, .nextra = 1, .only_extra = true };
	struct detection_set *s;
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "name: %s\nid: 11111111-2222-3333-4444-555555555555\nversion: 1\ndate: 2026-01-01\n"
	    "author: x\nstatus: production\ntype: Anomaly\ndescription: x\nsearch: '%s'\n"
	    "rba:\n  message: by $user$\n  risk_objects:\n  - {field: user, type: user, score: %u}\n"
	    "tags:\n  analytic_story: [A]\n  mitre_attack_id: [T1204]\n",
	    name, search, score);
	ck_assert_int_eq(fclose(f), 0);
	s = detection_set_load(&p);
	ck_assert_uint_eq(s->n, 1);
	free(path);
	return s;
}

#define SEARCH "\"shell was spawned\" | stats count by user container_name"

static void
event(struct buf *out, const char *user, const char *container, const char *time)
{
	buf_addf(out,
	    "{\"output\":\"A shell was spawned\",\"output_fields\":{\"container.name\":\"%s\","
	    "\"container.image.repository\":\"i\",\"container.image.tag\":\"1\","
	    "\"proc.exepath\":\"/bin/sh\",\"proc.name\":\"sh\",\"proc.pname\":\"runc\","
	    "\"user.name\":\"%s\"},\"priority\":\"Notice\",\"rule\":\"R\",\"source\":\"syscall\","
	    "\"tags\":[\"mitre_execution\"],\"time\":\"%s\"}\n",
	    container, user, time);
}

struct rig {
	struct engine *e;
	uint32_t source;
	uint16_t origin;
	uint64_t offset;
};

static void
rig_open(struct rig *r, const struct risk_options *o)
{
	const struct engine_options eo = {
		.threads = 1, .memory = 64 << 20, .spool = 16 << 20, .risk = o
	};

	r->e = engine_new(&eo);
	r->source = engine_add_source(r->e, "s");
	r->origin = rawstore_add(engine_raw(r->e), "s", -1);
	r->offset = 0;
}

static void
push(struct rig *r, struct buf *text)
{
	struct batch *b = engine_batch(r->e, true);

	batch_reserve(b, text->len);
	memcpy(b->data, text->p, text->len);
	b->len = text->len;
	b->source = r->source;
	b->origin = r->origin;
	b->first = r->offset == 0;
	b->streamed = b->recorded = true;
	b->offset = r->offset;
	b->arrival = clock_wall();
	b->reference = MTIME;
	r->offset += text->len;
	engine_push(r->e, b);
	buf_clear(text);
}

static struct snapshot *
ask(struct rig *r, const char *user)
{
	struct request q;
	struct snapshot *s;

	request_init(&q);
	q.want_risk = q.want_detections = q.want_mutes = true;
	q.risk_object = xstrdup(user);
	q.panel[0].used = true;
	q.panel[0].rows = 100;
	q.panel[0].descending = true;
	memcpy(q.panel[0].sort, "count", sizeof("count"));
	set_by(&q.panel[0].query, "user.name,container.name");
	s = engine_answer(r->e, &q);
	request_release(&q);
	ck_assert_ptr_nonnull(s);
	return s;
}

static void
some_events(struct buf *text)
{
	for (char c[] = "a"; c[0] <= 'f'; c[0]++) {
		event(text, "six", c, "2026-01-15T08:00:00Z");
		event(text, "six", c, "2026-01-15T08:10:00Z");
	}
	event(text, "one", "a", "2026-01-15T08:30:00Z");
}

static double
risk_of(const struct snapshot *s, const char *user)
{
	for (unsigned i = 0; i < s->panel[0].nrows; i++)
		if (slice_eq(s->panel[0].row[i].cell[0], slice_of(user))) {
			ck_assert(s->panel[0].row[i].has_risk);
			return s->panel[0].row[i].risk;
		}
	ck_abort_msg("no row of %s", user);
	return 0;
}

START_TEST(snapshots)
{
	struct detection_set *set = set_of("Mine", SEARCH, 20);
	const struct detect_run_options local = { .no_local = true };
	const struct risk_options o = { .detections = set, .local = &local };
	struct buf text = { 0 };
	struct snapshot *s;
	struct rig r;

	rig_open(&r, &o);
	detection_set_drop(set); /* the engine has its own hold */
	some_events(&text);
	push(&r, &text);
	s = ask(&r, "six");
	ck_assert(s->risk.on && !s->risk.loading);
	ck_assert_uint_eq(s->risk.total, 2);
	ck_assert_uint_eq(s->risk.nusers, 2);
	ck_assert(slice_eq(s->risk.user[0].object, SLICE("six")));
	ck_assert_double_eq(s->risk.user[0].sum24, 120);
	ck_assert_int_eq(s->risk.user[0].severity, RISK_MEDIUM);
	ck_assert_double_eq(risk_of(s, "six"), 120);
	ck_assert_double_eq(risk_of(s, "one"), 20);
	ck_assert(s->risk.object.found);
	ck_assert_uint_eq(s->risk.object.total, 6);
	ck_assert_uint_eq(s->risk.object.nentries, 6);
	ck_assert_double_eq(s->risk.object.entry[5].running, 120);
	ck_assert_uint_eq(s->risk.object.entry[5].count, 2);
	ck_assert_uint_eq(s->risk.object.ntactics, 1);
	ck_assert(slice_eq(s->risk.object.tactic[0].id, SLICE("TA0002")));
	ck_assert_uint_eq(s->risk.object.searches.n, 1);
	ck_assert(slice_eq(s->risk.object.messages.v[0], SLICE("by six")));
	ck_assert_uint_eq(s->ndetections, 1);
	ck_assert_str_eq(s->detection[0].detection->name, "Mine");
	ck_assert_uint_eq(s->detection[0].risk_events, 7);
	ck_assert_uint_eq(s->detection[0].state.matched, 13);
	engine_free(r.e); /* the snapshot outlives it */
	ck_assert_str_eq(s->detections->v[0]->name, "Mine");
	snapshot_free(s);
	buf_release(&text);
}
END_TEST

START_TEST(search_rows)
{
	struct detection_set *set = set_of("Mine", SEARCH, 20);
	const struct risk_options o = { .detections = set };
	struct buf text = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;

	rig_open(&r, &o);
	some_events(&text);
	push(&r, &text);
	request_init(&q);
	q.panel[0].used = q.panel[1].used = true;
	memcpy(q.panel[0].detection, "Mine", sizeof("Mine"));
	query_and(&q.panel[0].query, "user.name=six");
	memcpy(q.panel[1].detection, "Other", sizeof("Other"));
	s = engine_answer(r.e, &q);
	ck_assert_ptr_nonnull(s->panel[0].result);
	ck_assert_uint_eq(s->panel[0].total, 6);
	ck_assert_uint_eq(s->panel[0].matched, 12);
	ck_assert_uint_eq(s->panel[0].result->nrows, 6);
	ck_assert(slice_eq(s->panel[0].result->row[0].cell[1].text, SLICE("a")));
	ck_assert_uint_eq(s->panel[0].result->row[0].count, 2);
	ck_assert(s->panel[1].bad_query);
	ck_assert_ptr_null(s->panel[1].result);
	snapshot_free(s);
	request_release(&q);
	engine_free(r.e);
	detection_set_drop(set);
	buf_release(&text);
}
END_TEST

/* What was counted stays; the new detection counts what is there, too. */
START_TEST(reload)
{
	struct detection_set *set = set_of("Mine", SEARCH, 20);
	const struct detect_run_options local = { .no_local = true };
	const struct risk_options o = { .detections = set, .local = &local };
	struct buf text = { 0 };
	struct snapshot *s;
	struct rig r;

	rig_open(&r, &o);
	some_events(&text);
	push(&r, &text);
	snapshot_free(ask(&r, "six"));
	detection_set_drop(set);
	set = set_of("Mine", SEARCH, 20);
	engine_detections(r.e, set);
	detection_set_drop(set);
	event(&text, "six", "g", "2026-01-15T08:20:00Z");
	push(&r, &text);
	s = ask(&r, "six");
	ck_assert_double_eq(risk_of(s, "six"), 140);
	ck_assert_uint_eq(s->detection[0].risk_events, 8);
	snapshot_free(s);
	set = set_of("Another", SEARCH, 1);
	engine_detections(r.e, set);
	detection_set_drop(set);
	s = ask(&r, "six");
	ck_assert_double_eq(risk_of(s, "six"), 147);
	ck_assert_str_eq(s->detection[0].detection->name, "Another");
	snapshot_free(s);
	engine_free(r.e);
	buf_release(&text);
}
END_TEST

static struct snapshot *
ask_until_loaded(struct rig *r, const char *user)
{
	int64_t end = clock_mono() + 20 * NSEC_PER_SEC;
	struct request q;

	request_init(&q);
	engine_request(r->e, &q); /* between answers the engine fills the book */
	request_release(&q);
	for (;;) {
		struct snapshot *s = ask(r, user);

		if (s->risk.loaded > 0 && !s->risk.loading)
			return s;
		snapshot_free(s);
		ck_assert(clock_mono() < end);
		engine_history_wake(r->e);
		usleep(2000);
	}
}

START_TEST(remembered)
{
	struct detection_set *set = set_of("Mine", SEARCH, 20);
	const struct detect_run_options local = { .no_local = true };
	char *path = file_of("history.db");
	const struct history_options ho = { .path = path };
	struct history *h = history_new(&ho);
	struct risk_options o = {
		.detections = set, .local = &local, .history = h, .fill = true, .keep_seen = true
	};
	struct buf text = { 0 };
	struct snapshot *s;
	struct rig r;

	ck_assert_int_eq(history_settle(h, 10 * NSEC_PER_SEC), HISTORY_OK);
	rig_open(&r, &o);
	some_events(&text);
	push(&r, &text);
	s = ask(&r, "six");
	ck_assert_double_eq(risk_of(s, "six"), 120);
	ck_assert(s->panel[0].row[0].is_new);
	snapshot_free(s);
	engine_free(r.e);
	ck_assert(history_flush(h, 10 * NSEC_PER_SEC));
	history_free(h);

	/* another run: one row is met again, one is new, the rest is known from the history */
	o.history = h = history_new(&ho);
	ck_assert_int_eq(history_settle(h, 10 * NSEC_PER_SEC), HISTORY_OK);
	rig_open(&r, &o);
	event(&text, "six", "a", "2026-01-15T08:00:00Z");
	event(&text, "six", "z", "2026-01-15T08:00:00Z");
	push(&r, &text);
	s = ask_until_loaded(&r, "six");
	ck_assert_double_eq(risk_of(s, "six"), 140);
	ck_assert_uint_ge(s->risk.loaded, 7); /* and what this run wrote before */
	ck_assert_uint_eq(s->risk.object.nentries, 7);
	ck_assert_uint_eq(s->panel[0].nrows, 2);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(
		    s->panel[0].row[i].is_new, slice_eq(s->panel[0].row[i].cell[1], SLICE("z")));
	snapshot_free(s);
	engine_free(r.e);
	history_free(h);
	detection_set_drop(set);
	buf_release(&text);
	free(path);
}
END_TEST

static void
count_changes(void *arg)
{
	__atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_RELAXED);
}

START_TEST(mutes)
{
	unsigned changes = 0;
	const struct risk_options o = { .mutes_changed = count_changes, .mutes_arg = &changes };
	struct filter_error err;
	struct buf text = { 0 };
	struct snapshot *s;
	struct request q;
	struct rig r;

	rig_open(&r, &o);
	some_events(&text);
	push(&r, &text);
	ck_assert(!engine_mute_add(r.e, "user.name = ", "", "", TIME_NONE, &err));
	ck_assert(err.message[0] != '\0');
	ck_assert(!engine_mute_add(r.e, "", "", "", TIME_NONE, &err));
	ck_assert_uint_eq(__atomic_load_n(&changes, __ATOMIC_RELAXED), 0);
	ck_assert(engine_mute_add(r.e, "user.name=six", "noise", "me", TIME_NONE, &err));
	ck_assert_uint_ge(__atomic_load_n(&changes, __ATOMIC_RELAXED), 1);
	s = ask(&r, "six");
	ck_assert_uint_eq(s->panel[0].nrows, 1);
	ck_assert_uint_eq(s->nmutes, 1);
	ck_assert_uint_eq(s->muted, 12);
	ck_assert_uint_eq(s->nmute, 1);
	ck_assert_str_eq(s->mute[0].mute.reason, "noise");
	ck_assert_uint_eq(s->mute[0].sight.events, 12);
	request_init(&q);
	q.show_muted = true;
	q.panel[0].used = true;
	q.panel[0].rows = 100;
	set_by(&q.panel[0].query, "user.name,container.name");
	snapshot_free(s);
	s = engine_answer(r.e, &q);
	ck_assert_uint_eq(s->panel[0].nrows, 7);
	request_release(&q);
	snapshot_free(s);
	engine_mutes_print(r.e, &text);
	ck_assert_ptr_nonnull(memmem(text.p, text.len, "user.name=six", 13));
	s = ask(&r, "six");
	ck_assert(!engine_mute_lift(r.e, s->mute[0].mute.id + 1));
	ck_assert(engine_mute_lift(r.e, s->mute[0].mute.id));
	snapshot_free(s);
	s = ask(&r, "six");
	ck_assert_uint_eq(s->panel[0].nrows, 7);
	ck_assert_uint_eq(s->nmutes + s->muted, 0);
	snapshot_free(s);
	engine_free(r.e);
	buf_release(&text);
}
END_TEST

/* Muted risk is in the ledger and in no sum, while the mute is on. */
START_TEST(mutes_and_risk)
{
	struct detection_set *set = set_of("Mine", SEARCH, 20);
	const struct detect_run_options local = { .no_local = true };
	const struct risk_options o = { .detections = set, .local = &local };
	struct filter_error err;
	struct buf text = { 0 };
	struct snapshot *s;
	unsigned muted = 0;
	struct rig r;

	rig_open(&r, &o);
	detection_set_drop(set);
	some_events(&text);
	push(&r, &text);
	ck_assert(engine_mute_add(
	    r.e, "user.name=six and container.name in (a, b)", "x", "", TIME_NONE, &err));
	s = ask(&r, "six");
	ck_assert_double_eq(s->risk.object.row.sum24, 80);
	ck_assert_double_eq(s->risk.object.row.sum7d, 80);
	ck_assert_int_eq(s->risk.object.row.severity, RISK_NONE);
	ck_assert_uint_eq(s->risk.object.row.events, 4);
	ck_assert_uint_eq(s->risk.object.row.muted, 2);
	ck_assert_uint_eq(s->risk.object.nentries, 6);
	for (unsigned i = 0; i < 6; i++) {
		muted += s->risk.object.entry[i].muted;
		ck_assert(s->risk.object.entry[i].muted != s->risk.object.entry[i].counts);
	}
	ck_assert_uint_eq(muted, 2);
	event(&text, "six", "a", "2026-01-15T08:20:00Z"); /* grows, and stays flagged */
	push(&r, &text);
	ck_assert(engine_mute_lift(r.e, s->mute[0].mute.id + 1) == false);
	snapshot_free(s);
	s = ask(&r, "six");
	ck_assert_double_eq(s->risk.object.row.sum24, 80);
	ck_assert(engine_mute_lift(r.e, s->mute[0].mute.id));
	snapshot_free(s);
	s = ask(&r, "six");
	ck_assert_double_eq(s->risk.object.row.sum24, 120);
	ck_assert_uint_eq(s->risk.object.row.muted, 0);
	ck_assert_uint_eq(s->risk.object.nentries, 6); /* the same ones */
	snapshot_free(s);
	engine_free(r.e);
	buf_release(&text);
}
END_TEST

/* The UI's panels follow a mute that is made while they are open. */
START_TEST(mutes_reach_the_screen)
{
	const struct risk_options o = { 0 };
	int64_t end = clock_mono() + 20 * NSEC_PER_SEC;
	struct filter_error err;
	struct buf text = { 0 };
	unsigned rows = 7;
	struct request q;
	struct rig r;

	rig_open(&r, &o);
	request_init(&q);
	q.panel[0].used = true;
	q.panel[0].rows = 100;
	set_by(&q.panel[0].query, "user.name,container.name");
	engine_request(r.e, &q);
	some_events(&text);
	push(&r, &text);
	ck_assert(engine_mute_add(r.e, "user.name=six", "", "", TIME_NONE, &err));
	while (rows != 1) {
		struct snapshot *s = engine_take(r.e);

		if (s != NULL)
			rows = s->panel[0].nrows;
		snapshot_free(s);
		ck_assert(clock_mono() < end);
		usleep(1000);
	}
	request_release(&q);
	engine_free(r.e);
	buf_release(&text);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("risk");
	TCase *t = tcase_create("risk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, snapshots);
	tcase_add_test(t, search_rows);
	tcase_add_test(t, reload);
	tcase_add_test(t, remembered);
	tcase_add_test(t, mutes);
	tcase_add_test(t, mutes_and_risk);
	tcase_add_test(t, mutes_reach_the_screen);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
