/* Risk events out of running detections: hours, identity, growth, objects, Falco's own rules, audit
 * searches, reloads. */
#include "detect/run.h"

#include <unistd.h>

#include "lines.h"

#define HOUR (3600 * NSEC_PER_SEC)

static char dir[] = "/tmp/falcotop-test.XXXXXX";

struct got {
	struct buf text; /* a line an event, as they came */
	uint64_t id[64][2];
	unsigned n, muted;
};

static void
take(void *arg, const struct risk_event *e)
{
	struct got *g = arg;

	MUST(g->n < 64);
	g->id[g->n][0] = e->id[0];
	g->id[g->n++][1] = e->id[1];
	buf_addf(&g->text, "%02d:00 %llu x %g %.*s/%.*s [%.*s] %.*s | %.*s | %.*s\n",
	    (int)((e->hour - LINES_DAY) / HOUR), (unsigned long long)e->count, e->score,
	    (int)e->object.len, e->object.p, (int)e->object_type.len, e->object_type.p,
	    (int)e->search.len, e->search.p, (int)e->message.len, e->message.p,
	    (int)e->techniques.len, e->techniques.p, (int)e->tactics.len, e->tactics.p);
	MUST(e->first <= e->last && e->first >= e->hour && e->last < e->hour + HOUR);
	g->muted += e->muted;
}

static void
clear(struct got *g)
{
	buf_clear(&g->text);
	g->n = g->muted = 0;
}

static void
write_detection(const char *name, const char *search, const char *risk)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.yml", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "name: %s\nsearch: '%s'\nrba:\n  message: In $where$ by $user$.\n  risk_objects:\n%s"
	    "tags: {mitre_attack_id: [T1204, T1611], analytic_story: [S]}\n",
	    name, search, risk);
	fclose(f);
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
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static struct detection_set *
load(void)
{
	const char *extra[] = { dir };
	const struct detection_paths p = { .extra = extra, .nextra = 1, .only_extra = true };
	struct detection_set *s = detection_set_load(&p);

	for (unsigned i = 0; i < s->n; i++)
		ck_assert_msg(s->v[i]->state == DETECTION_RUNNABLE, "%s", s->v[i]->reason);
	ck_assert_uint_eq(s->nproblem, 0);
	return s;
}

static struct detect_run *
start(struct lines *l, const struct detect_run_options *o)
{
	struct detection_set *s = load();
	struct detect_run *r = detect_run_new(l->model, s, o);

	detection_set_drop(s);
	return r;
}

static void
feed_shell(struct lines *l, const char *time, const char *user, const char *where)
{
	struct buf b = { 0 };

	buf_addf(&b,
	    "{\"output\":\"A shell was spawned in a container\",\"priority\":\"Notice\",\"rule\":\"Terminal shell in container\","
	    "\"source\":\"syscall\",\"tags\":[\"T1059\",\"mitre_execution\",\"shell\"],\"time\":\"2026-01-15T%sZ\",\"output_fields\":{%s%s%s\"container.name\":\"%s\"}}\n",
	    time, user != NULL ? "\"user.name\":\"" : "", user != NULL ? user : "",
	    user != NULL ? "\"," : "", where);
	lines_feed(l, b.p, b.len);
	buf_release(&b);
}

static uint64_t
collect(struct detect_run *r, struct lines *l, struct got *g)
{
	while (live_work(l->model, 1000000))
		;
	return detect_run_collect(r, true, take, g);
}

static const struct detect_run_options only_detections = { .no_local = true };

#define SHELLS                                                                                     \
	"\"a shell was\" | fillnull | stats count by container_name user | rename container_name as where"
#define ON_USER "  - {field: user, type: user, score: 20}\n"

/* One event a row and hour, grown ones again, nothing when nothing changed; the same whatever the
 * order they came in. */
START_TEST(test_hours)
{
	struct got g = { 0 }, h = { 0 };
	struct detect_run *r;
	struct lines l, m;

	write_detection("Shells", SHELLS, ON_USER);
	lines_init(&l);
	r = start(&l, &only_detections);
	ck_assert_uint_eq(collect(r, &l, &g), 0);
	feed_shell(&l, "08:10:00", "root", "web");
	feed_shell(&l, "08:59:59", "root", "web");
	feed_shell(&l, "09:00:00", "root", "web");
	feed_shell(&l, "08:20:00", NULL, "db");
	ck_assert_uint_eq(collect(r, &l, &g), 3);
	ck_assert_str_eq(g.text.p,
	    "08:00 1 x 20 0/user [ESCU - Shells - Rule] In db by 0. | T1204 T1611 | TA0002 TA0004\n"
	    "08:00 2 x 20 root/user [ESCU - Shells - Rule] In web by root. | T1204 T1611 | TA0002 TA0004\n"
	    "09:00 1 x 20 root/user [ESCU - Shells - Rule] In web by root. | T1204 T1611 | TA0002 TA0004\n");
	ck_assert_uint_eq(collect(r, &l, &h), 0);
	feed_shell(&l, "08:00:00", "root",
	    "web"); /* late: the row of its own hour grows, no other is told again */
	ck_assert_uint_eq(collect(r, &l, &h), 1);
	ck_assert_str_eq(h.text.p,
	    "08:00 3 x 20 root/user [ESCU - Shells - Rule] In web by root. | T1204 T1611 | TA0002 TA0004\n");
	ck_assert(h.id[0][0] == g.id[1][0] && h.id[0][1] == g.id[1][1]);
	ck_assert(g.id[1][0] != g.id[2][0] && g.id[1][1] != g.id[2][1]);
	/* another instance that reads the same makes the same */
	clear(&h);
	lines_init(&m);
	feed_shell(&m, "09:00:00", "root", "web");
	feed_shell(&m, "08:59:59", "root", "web");
	detect_run_free(r);
	r = start(&m, &only_detections);
	ck_assert_uint_eq(collect(r, &m, &h), 2);
	ck_assert(h.id[0][0] == g.id[1][0] && h.id[0][1] == g.id[1][1]);
	ck_assert(h.id[1][0] == g.id[2][0] && h.id[1][1] == g.id[2][1]);
	clear(&h);
	detect_run_again(r);
	ck_assert_uint_eq(collect(r, &m, &h), 2);
	detect_run_free(r);
	lines_release(&m);
	lines_release(&l);
	buf_release(&g.text);
	buf_release(&h.text);
}
END_TEST

/* The objects: several fields, several values of one, a column that is missing or not there, a
 * where per hour. */
START_TEST(test_objects)
{
	struct got g = { 0 };
	struct detect_run *r;
	struct lines l;

	write_detection("Many",
	    "\"a shell was\" | stats count values(user) as user by container_name | where count > 1 | rename container_name as where",
	    "  - {field: user, type: user, score: 5}\n  - {field: where, type: system, score: 7}\n  - {field: nosuch, type: other, score: 9}\n");
	lines_init(&l);
	r = start(&l, &only_detections);
	feed_shell(&l, "08:10:00", "root", "web");
	feed_shell(&l, "08:10:01", "bob", "web");
	feed_shell(&l, "08:10:00", NULL, "db");
	feed_shell(&l, "08:10:01", NULL, "db");
	feed_shell(&l, "08:10:00", "eve", "once");
	feed_shell(&l, "09:10:00", "eve", "once");
	ck_assert_uint_eq(collect(r, &l, &g), 4);
	ck_assert_str_eq(g.text.p,
	    "08:00 2 x 7 db/system [ESCU - Many - Rule] In db by $user$. | T1204 T1611 | TA0002 TA0004\n"
	    "08:00 2 x 5 bob/user [ESCU - Many - Rule] In web by bob, root. | T1204 T1611 | TA0002 TA0004\n"
	    "08:00 2 x 5 root/user [ESCU - Many - Rule] In web by bob, root. | T1204 T1611 | TA0002 TA0004\n"
	    "08:00 2 x 7 web/system [ESCU - Many - Rule] In web by bob, root. | T1204 T1611 | TA0002 TA0004\n");
	clear(&g);
	feed_shell(&l, "09:10:01", "eve", "once"); /* now there are two in that hour */
	ck_assert_uint_eq(collect(r, &l, &g), 2);
	detect_run_free(r);
	lines_release(&l);
	buf_release(&g.text);
}
END_TEST

static double
score(void *arg, struct slice rule, enum priority priority)
{
	(void)arg;
	return slice_eq(rule, SLICE("Odd")) ? 3 : priority == PRIORITY_NOTICE ? 1 : 0;
}

static void
tags(void *arg, struct slice rule, struct buf *out)
{
	(void)arg;
	if (slice_eq(rule, SLICE("Odd")))
		buf_adds(out, "TA0003 T1546.004");
}

/* Falco's own rules: a source each, with the tactics of their tags; nobody to count for without a
 * user. */
START_TEST(test_local)
{
	const struct detect_run_options o = { .local_score = score, .rule_tags = tags };
	struct got g = { 0 };
	struct detect_run *r;
	struct lines l;

	lines_init(&l);
	r = start(&l, &o);
	feed_shell(&l, "08:10:00", "root", "web");
	feed_shell(&l, "08:11:00", "root", "db");
	feed_shell(&l, "08:12:00", NULL, "db");
	lines_feed_text(&l,
	    "{\"output\":\"o\",\"priority\":\"Debug\",\"rule\":\"Odd\",\"time\":\"2026-01-15T09:00:00Z\",\"output_fields\":{\"user.name\":\"bob\"}}\n"
	    "{\"output\":\"o\",\"priority\":\"Debug\",\"rule\":\"Odd\",\"time\":\"2026-01-15T09:00:00Z\",\"output_fields\":{\"user.name\":\"<NA>\"}}\n");
	ck_assert_uint_eq(collect(r, &l, &g), 2);
	ck_assert_str_eq(g.text.p,
	    "08:00 2 x 1 root/user [local: Terminal shell in container] Terminal shell in container by user root | T1059 | TA0002\n"
	    "09:00 1 x 3 bob/user [local: Odd] Odd by user bob | T1546.004 | TA0003\n");
	detect_run_free(r);
	lines_release(&l);
	buf_release(&g.text);
}
END_TEST

/* Audit searches take no slots of the schema until there is an audit event; then they find it. */
START_TEST(test_audit)
{
	struct got g = { 0 };
	struct detect_state state;
	struct detect_run *r;
	struct lines l;

	write_detection("Audit",
	    "source=kubernetes requestURI=/api* | stats count by user.username | rename user.username as user | fillnull where",
	    ON_USER);
	lines_init(&l);
	r = start(&l, &only_detections);
	feed_shell(&l, "08:10:00", "root", "web");
	ck_assert_uint_eq(collect(r, &l, &g), 0);
	detect_run_state(r, 0, &state);
	ck_assert(!state.open);
	lines_feed_text(&l,
	    "{\"output\":\"o\",\"priority\":\"Notice\",\"rule\":\"K\",\"source\":\"k8s_audit\",\"time\":\"2026-01-15T09:00:00Z\",\"output_fields\":{\"ka.user.name\":\"eve\",\"ka.uri\":\"/api/v1/secrets\"}}\n");
	collect(r, &l, &g);
	ck_assert_uint_eq(collect(r, &l, &g) + g.n, 1 + g.n);
	ck_assert_str_eq(g.text.p,
	    "09:00 1 x 20 eve/user [ESCU - Audit - Rule] In 0 by eve. | T1204 T1611 | TA0002 TA0004\n");
	detect_run_state(r, 0, &state);
	ck_assert(state.open && state.complete);
	ck_assert_uint_eq(state.matched, 1);
	ck_assert_uint_eq(state.rows, 1);
	ck_assert_int_eq(state.last, LINES_DAY + 9 * HOUR);
	detect_run_free(r);
	lines_release(&l);
	buf_release(&g.text);
}
END_TEST

/* A reload: what is the same goes on, what is new or changed is told. */
START_TEST(test_swap)
{
	struct got g = { 0 };
	struct detection_set *s;
	struct detect_run *r;
	struct lines l;

	write_detection("Shells", SHELLS, ON_USER);
	lines_init(&l);
	r = start(&l, &only_detections);
	feed_shell(&l, "08:10:00", "root", "web");
	ck_assert_uint_eq(collect(r, &l, &g), 1);
	detect_run_swap(r, s = load());
	ck_assert_ptr_eq(detect_run_set(r), s);
	detection_set_drop(s);
	clear(&g);
	ck_assert_uint_eq(collect(r, &l, &g), 0);
	feed_shell(&l, "08:11:00", "root", "web");
	ck_assert_uint_eq(collect(r, &l, &g), 1);
	write_detection("Another", SHELLS, "  - {field: where, type: system, score: 1}\n");
	write_detection("Shells", SHELLS, "  - {field: user, type: user, score: 21}\n");
	detect_run_swap(r, s = load());
	detection_set_drop(s);
	clear(&g);
	ck_assert_uint_eq(collect(r, &l, &g), 2);
	ck_assert_ptr_nonnull(strstr(g.text.p, "x 1 web/system [ESCU - Another"));
	ck_assert_ptr_nonnull(strstr(g.text.p, "2 x 21 root/user [ESCU - Shells"));
	detect_run_free(r);
	lines_release(&l);
	buf_release(&g.text);
}
END_TEST

/* A row all of whose events are hidden is flagged, its identity stays; one with a single visible
 * event is not, and without the mute none is. Reloads keep the flags. */
START_TEST(test_mutes)
{
	struct got g = { 0 }, h = { 0 };
	struct detection_set *s;
	struct detect_run *r;
	struct lines l;

	write_detection("Shells", SHELLS, ON_USER);
	lines_init(&l);
	r = start(&l, NULL);
	feed_shell(&l, "08:10:00", "root", "web");
	feed_shell(&l, "08:20:00", "root", "db");
	feed_shell(&l, "09:00:00", "ann", "web");
	ck_assert_uint_eq(collect(r, &l, &g), 5); /* with two of the rule itself */
	ck_assert_uint_eq(g.muted, 0);
	detect_run_mute(r, "(user.name = root and container.name = web)");
	ck_assert_uint_eq(collect(r, &l, &h), 5);
	ck_assert_uint_eq(h.muted, 1); /* the rule's has the event of db */
	ck_assert_mem_eq(h.id, g.id, sizeof(g.id));
	clear(&h);
	feed_shell(&l, "08:30:00", "root", "web");
	ck_assert_uint_eq(collect(r, &l, &h), 2);
	ck_assert_uint_eq(h.muted, 1);
	detect_run_swap(r, s = load());
	detection_set_drop(s);
	clear(&h);
	feed_shell(&l, "08:31:00", "root", "web");
	ck_assert_uint_eq(collect(r, &l, &h), 2);
	ck_assert_uint_eq(h.muted, 1);
	detect_run_mute(r, "(proc.name = sh) or (user.name = root)");
	clear(&h);
	ck_assert_uint_eq(collect(r, &l, &h), 5);
	ck_assert_uint_eq(h.muted, 3);
	detect_run_mute(r, "");
	clear(&h);
	ck_assert_uint_eq(collect(r, &l, &h), 5);
	ck_assert_uint_eq(h.muted, 0);
	detect_run_free(r);
	lines_release(&l);
	buf_release(&g.text);
	buf_release(&h.text);
}
END_TEST

/* No two lists of parts have one identity, and it is the same on every machine for ever. */
START_TEST(test_identity)
{
	uint64_t a[2], b[2];

	risk_identity(
	    a, SLICE("ESCU - Shells - Rule"), LINES_DAY, SLICE("web\nroot"), SLICE("root"));
	ck_assert_uint_eq(a[0], UINT64_C(0x4ba0b15249ed59a3));
	ck_assert_uint_eq(a[1], UINT64_C(0x92e77e752769982a));
	risk_identity(
	    b, SLICE("ESCU - Shells - Rule"), LINES_DAY, SLICE("web\nrootr"), SLICE("oot"));
	ck_assert(a[0] != b[0] && a[1] != b[1]);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("run");
	TCase *t = tcase_create("run");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_hours);
	tcase_add_test(t, test_objects);
	tcase_add_test(t, test_local);
	tcase_add_test(t, test_audit);
	tcase_add_test(t, test_swap);
	tcase_add_test(t, test_mutes);
	tcase_add_test(t, test_identity);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
