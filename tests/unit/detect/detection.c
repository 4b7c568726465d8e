/* Detections from YAML: the three generations, what is refused and how, real ESCU files, the same
 * row from every kind of output. */
#include "detect/detection.h"

#include <sys/stat.h>
#include <unistd.h>

#include "../decode/shared.h"
#include "lines.h"

static char dir[] = "/tmp/falcotop-test.XXXXXX";

static void
make_dir(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
remove_dir(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static char *
write_file(const char *name, const char *text, size_t len)
{
	struct buf path = { 0 };
	FILE *f;

	buf_addf(&path, "%s/%s", dir, name);
	f = fopen(path.p, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	fclose(f);
	return buf_steal(&path);
}

#define HEAD                                                                                       \
	"name: Shells\nid: x\nversion: 2\ntype: Anomaly\nstatus: production\ndescription: d\n"     \
	"search: '`kube_container_falco` \"shell\" | fillnull | stats count by user | `shells_filter`'\n"

static struct detection *
load_text(const char *text, char *err)
{
	struct macros *m = macros_new();
	char *path = write_file("d.yml", text, strlen(text));
	struct detection *d = detection_load(path, m, err);

	free(path);
	macros_free(m);
	return d;
}

static struct detection *
must_load(const char *text)
{
	char err[YAML_ERROR_MAX + 512];
	struct detection *d = load_text(text, err);

	ck_assert_msg(d != NULL, "%s", err);
	return d;
}

START_TEST(test_generation_a)
{
	struct detection *d = must_load(HEAD
	    "date: '2024-01-01'\nodd_key: 1\ndrilldown_searches:\n- name: View $user$\n  search: '%original_detection_search% | search user=$user$'\n"
	    "tags:\n  analytic_story:\n  - Kubernetes Security\n  - Other\n  message: By $user$.\n  mitre_attack_id: [T1204, T1059.004]\n"
	    "  observable:\n  - name: user\n    type: User\n    role: [Victim]\n  - name: src_ip\n    type: IP Address\n    role: [Attacker]\n  risk_score: 49\n"
	    "tests:\n- name: True Positive\n  attack_data:\n  - data: https://example.com/a.log\n    source: kubernetes\n    sourcetype: _json\n");

	ck_assert_int_eq((int)d->generation, 'A');
	ck_assert_int_eq(d->state, DETECTION_RUNNABLE);
	ck_assert_str_eq(d->search_name, "ESCU - Shells - Rule");
	ck_assert_uint_eq(d->nrisk, 1);
	ck_assert_str_eq(d->risk[0].field, "user");
	ck_assert_str_eq(d->risk[0].type, "user");
	ck_assert_double_eq(d->risk[0].score, 49);
	ck_assert_str_eq(d->risk[0].message, "By $user$.");
	ck_assert_uint_eq(d->nthreat, 1);
	ck_assert_str_eq(d->threat[0].field, "src_ip");
	ck_assert_str_eq(d->techniques, "T1204 T1059.004");
	ck_assert_str_eq(d->stories, "Kubernetes Security\nOther");
	ck_assert_uint_eq(d->ndrilldown, 1);
	ck_assert_str_eq(d->drilldown[0].name, "View $user$");
	ck_assert_uint_eq(d->ntest, 1);
	ck_assert_str_eq(d->test[0].data, "https://example.com/a.log");
	ck_assert_str_eq(d->test[0].source, "kubernetes");
	ck_assert_str_eq(d->filter_macro, "shells_filter");
	ck_assert_uint_eq(d->nwarning, 1);
	ck_assert_str_eq(d->warning[0], "line 9: unknown key \"odd_key\"");
	ck_assert_int_eq(d->version, 2);
	detection_free(d);
}
END_TEST

START_TEST(test_generation_b)
{
	struct detection *d = must_load(HEAD
	    "rba:\n  message: M $user$\n  risk_objects:\n  - {field: user, type: user, score: 20}\n  - {field: host, type: system, score: 300}\n"
	    "  threat_objects:\n  - {field: process, type: process_name}\n"
	    "tags:\n  analytic_story: [S]\n  mitre_attack_id: [T1204]\nmitre_attack_id: [T9999]\n");

	ck_assert_int_eq((int)d->generation, 'B');
	ck_assert_uint_eq(d->nrisk, 2);
	ck_assert_double_eq(d->risk[0].score, 20);
	ck_assert_double_eq(d->risk[1].score, 100); /* and a warning */
	ck_assert_uint_eq(d->nwarning, 1);
	ck_assert_str_eq(d->risk[1].message, "M $user$");
	ck_assert_str_eq(d->threat[0].type, "process_name");
	ck_assert_str_eq(d->techniques, "T1204"); /* what is nested wins */
	detection_free(d);
}
END_TEST

START_TEST(test_generation_c)
{
	struct detection *d = must_load(HEAD
	    "modification_date: '2026-05-13'\nanalytic_story: [S]\nmitre_attack_id: [T1053.003, T1053.007]\n"
	    "finding: {title: T $user$, entity: {field: user, type: user, score: 50}}\n"
	    "intermediate_findings:\n  entities:\n  - {field: process, type: other, score: 20, message: own $process$}\n"
	    "threat_objects:\n- {field: process, type: process_name}\n");

	ck_assert_int_eq((int)d->generation, 'C');
	ck_assert_uint_eq(d->nrisk, 2);
	ck_assert_str_eq(d->risk[0].message, "T $user$");
	ck_assert_str_eq(d->risk[1].message, "own $process$");
	ck_assert_uint_eq(d->nthreat, 1);
	ck_assert_str_eq(d->techniques, "T1053.003 T1053.007");
	ck_assert_str_eq(d->date, "2026-05-13");
	ck_assert_uint_eq(d->nwarning, 0);
	detection_free(d);
}
END_TEST

/* Where a search stops, in the words of an editor: a block says the line of the file. */
START_TEST(test_not_run)
{
	struct detection *d =
	    must_load("name: N\nsearch: |-\n  user=root\n  | frobnicate x\n  | stats count\n");
	char want[128];

	ck_assert_int_eq(d->state, DETECTION_NOT_RUN);
	ck_assert_uint_eq(d->error.line, 2);
	ck_assert_uint_eq(d->error.column, 3);
	ck_assert_str_eq(d->error.word, "frobnicate");
	snprintf(want, sizeof(want),
	    "%s/d.yml:4: search line 2 column 3: frobnicate: this command is not supported", dir);
	ck_assert_str_eq(d->reason, want);
	ck_assert_uint_eq(d->nrisk, 0);
	ck_assert_uint_eq(d->generation, 0);
	detection_free(d);
	d = must_load("name: N\nversion: 1\nsearch: user=root | mstats x\n");
	snprintf(want, sizeof(want),
	    "%s/d.yml:3: search line 1 column 13: mstats: this command is not supported", dir);
	ck_assert_str_eq(d->reason, want);
	detection_free(d);
}
END_TEST

/* --- hostile files */

static char *
repeat(const char *head, const char *part, unsigned n, const char *tail)
{
	struct buf b = { 0 };

	buf_adds(&b, head);
	for (unsigned i = 0; i < n; i++)
		buf_adds(&b, part);
	buf_adds(&b, tail);
	return buf_steal(&b);
}

static char *
steps(unsigned n)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < n; i++)
		buf_addf(&b, "%*sa:\n", (int)i, "");
	return buf_steal(&b);
}

static void
check_refused(const char *text, size_t len, const char *want)
{
	char err[YAML_ERROR_MAX] = "";
	int64_t began = clock_mono();
	char *path = write_file("h.yaml", text, len);
	struct yaml *y = yaml_load(path, NULL, err);

	ck_assert_msg(y == NULL, "taken: %.60s", text);
	ck_assert_msg(strstr(err, want) != NULL, "%.60s: %s, wanted %s", text, err, want);
	ck_assert_ptr_null(strchr(err, '\n'));
	ck_assert_int_lt(clock_mono() - began, NSEC_PER_SEC);
	free(path);
}

START_TEST(test_hostile)
{
	static const struct {
		const char *text, *want;
	} refused[] = {
		{ "a: &a [x,x]\nb: [*a,*a]\n", "2:5: aliases are not supported: *a" },
		{ "a: &a [*a]\n", "1:8: aliases are not supported: *a" },
		{ "a: &a {k: v}\nb: {<<: *a}\n", "2:9: aliases" },
		{ "---\na: 1\n---\nb: 1\n", "3:1: more than one document" },
		{ "rules:\n - {id: a, id: b}\n", "2:12: the key \"id\" is there twice" },
		{ "a:\n\tb: 1\n", "2:1: " },
		{ "a: !!python/object/apply:os.system ['id']\n", "1:4: tags are not supported" },
		{ "a: !x 1\n", "1:4: tags are not supported" },
		{ "a: \"\\0\"\n", "1:4: a NUL in a text" },
		{ "a: \xff\n", "byte 3: " },
		{ "rules:\n - {id: a, match: 'x", "2:" },
		{ "? [a, b]\n: c\n", "expected a key" },
		{ "a: \x01\n", "control characters are not allowed" },
	};
	char *text;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check_refused(refused[i].text, strlen(refused[i].text), refused[i].want);
	text = repeat("", "[", 20000, "");
	check_refused(text, strlen(text), "nested more than 32 deep");
	free(text);
	text = steps(500);
	check_refused(text, strlen(text), "33:33: nested more than 32 deep");
	free(text);
	text = repeat("a: ", "xxxxxxxxxx", 112640, "\n");
	check_refused(text, strlen(text), "larger than 1048576 bytes");
	free(text);
	text = repeat("rules:\n", " - {id: r}\n", 20000, "");
	check_refused(text, strlen(text), "more than 4096 values");
	free(text);
	check_refused("\0\1\2\3\377\376ELF", 9, "");
}
END_TEST

/* 100 MB of nothing, a directory, a pipe, no file at all. */
START_TEST(test_odd_files)
{
	char err[YAML_ERROR_MAX], *path = write_file("big.yml", "", 0);
	int64_t began = clock_mono();

	ck_assert_int_eq(truncate(path, 100 << 20), 0);
	ck_assert_ptr_null(yaml_load(path, NULL, err));
	ck_assert_str_eq(err, "larger than 1048576 bytes");
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(yaml_load(path, NULL, err));
	ck_assert_str_eq(err, "not a regular file");
	unlink(path);
	ck_assert_ptr_null(yaml_load(path, NULL, err));
	ck_assert_str_eq(err, "No such file or directory");
	ck_assert_ptr_null(yaml_load(dir, NULL, err));
	ck_assert_str_eq(err, "not a regular file");
	ck_assert_int_lt(clock_mono() - began, NSEC_PER_SEC);
	free(path);
}
END_TEST

/* What reads as YAML and is no detection; scalars stay texts. */
START_TEST(test_no_detection)
{
	static const char *const texts[] = { "", "# x\n", "a\n", "- a\n", "name: x\n",
		"search: x\n", "name: x\nsearch: [a]\n", "name: ''\nsearch: x\n" };
	char err[YAML_ERROR_MAX + 512];
	struct yaml *y;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_ptr_null(load_text(texts[i], err));
		ck_assert_ptr_nonnull(strstr(err, "/d.yml:"));
		ck_assert_ptr_nonnull(strstr(err, "no detection"));
	}
	y = yaml_parse(SLICE("enabled: no\nversion: 1.10\nid: 0o17\ns: .nan\nn: 1e2\n"), NULL, err);
	ck_assert_str_eq(yaml_text(yaml_root(y), "enabled"), "no");
	ck_assert_str_eq(yaml_text(yaml_root(y), "version"), "1.10");
	{
		double d = 7;

		ck_assert(!yaml_number(yaml_root(y), "s", &d) && d == 7);
		ck_assert(yaml_number(yaml_root(y), "n", &d) && d == 100);
	}
	yaml_free(y);
}
END_TEST

/* --- sets */

static struct detection_set *
load_set(const char *const *extra, unsigned n)
{
	const struct detection_paths p = { .extra = extra, .nextra = n, .only_extra = true };

	return detection_set_load(&p);
}

static const char *
my_filter(void *arg, const char *macro)
{
	(void)arg;
	return strcmp(macro, "shells_filter") == 0 ? "user.name != root" : NULL;
}

/* Order of the places, versions, macros beside, problems told; a file that is no detection is no
 * problem in a directory. */
START_TEST(test_set)
{
	const char *one = "name: Shells\nversion: 3\nsearch: '`mine` | stats count by user'\n";
	const char *two = "name: SHELLS\nversion: 1\nsearch: 'x | stats count by user'\n";
	const char *extra[2] = { dir, NULL };
	struct detection_paths p = { .extra = extra, .nextra = 1, .only_extra = true };
	struct detection_set *s;
	char path[64];

	snprintf(path, sizeof(path), "%s/macros", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/sub", dir);
	mkdir(path, 0700);
	free(write_file("macros/mine.yml", "name: mine\ndefinition: user=root\n", 33));
	free(write_file("sub/one.yml", one, strlen(one)));
	free(write_file("sub/two.yml", two, strlen(two)));
	free(write_file("sub/other.yml", "x: 1\n", 5));
	free(write_file("bad.yml", "a: *b\n", 6));
	s = load_set(extra, 1);
	ck_assert_uint_eq(s->n, 1);
	ck_assert_int_eq(s->v[0]->version, 3);
	ck_assert_int_eq(s->v[0]->state, DETECTION_RUNNABLE);
	ck_assert_str_eq(spl_filter(s->v[0]->spl), "user.name iglob root");
	ck_assert_uint_eq(s->v[0]->nwarning, 1);
	ck_assert_uint_eq(s->nproblem, 1);
	ck_assert_ptr_nonnull(strstr(s->problem[0], "/bad.yml:1:4: aliases"));
	ck_assert_ptr_eq(detection_find(s, "sHELLs"), s->v[0]);
	ck_assert_ptr_eq(detection_find(s, "one"), s->v[0]);
	ck_assert_ptr_null(detection_find(s, "two"));
	ck_assert_ptr_eq(detection_set_hold(s), s);
	detection_set_drop(s);
	ck_assert_str_eq(s->v[0]->name, "Shells");
	detection_set_drop(s);
	/* a later place beats a higher version */
	snprintf(path, sizeof(path), "%s/sub/two.yml", dir);
	extra[1] = path;
	s = load_set(extra, 2);
	ck_assert_uint_eq(s->n, 1);
	ck_assert_int_eq(s->v[0]->version, 1);
	detection_set_drop(s);
	/* a user's text for a filter macro */
	free(write_file("sub/two.yml", HEAD, strlen(HEAD)));
	p.nextra = 2;
	p.filter = my_filter;
	s = detection_set_load(&p);
	ck_assert_ptr_nonnull(strstr(spl_filter(s->v[0]->spl), "and user.name != root"));
	detection_set_drop(s);
}
END_TEST

/* --- the row of the shipped detection */

static char *
rows_of(const struct detection *d, const char *path)
{
	struct lines l;
	char *rows;

	lines_init(&l);
	ck_assert(lines_feed_file(&l, path));
	rows = lines_rows(&l, d->spl);
	lines_release(&l);
	return rows;
}

static struct detection_set *
shipped(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	const char *extra[] = { path };

	snprintf(path, sizeof(path), "%s/data/detections", srcdir != NULL ? srcdir : ".");
	return load_set(extra, 1);
}

START_TEST(test_shipped)
{
	struct detection_set *s = shipped();
	const struct detection *d = detection_find(s, "kubernetes falco shell spawned");

	ck_assert_uint_eq(s->nproblem, 0);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(d->state, DETECTION_RUNNABLE);
	ck_assert_uint_eq(d->nwarning, 0);
	ck_assert_double_eq(d->risk[0].score, 20);
	ck_assert_str_eq(
	    d->message, "A shell is spawned in the container $container_name$ by user $user$.");
	ck_assert_str_eq(d->techniques, "T1204");
	ck_assert_str_eq(d->stories, "Kubernetes Security");
	ck_assert_uint_eq(d->ndrilldown, 2);
	ck_assert_str_eq(d->drilldown[0].name, "View the detection results for - \"$user$\"");
	ck_assert_str_eq(
	    d->drilldown[1].name, "View risk events for the last 7 days for - \"$user$\"");
	ck_assert_uint_eq(d->ntest, 1);
	ck_assert_str_eq(spl_filter(d->spl), "raw icontains 'A shell was spawned in a container'");
	detection_set_drop(s);
}
END_TEST

START_TEST(test_expand)
{
	struct detection_set *s = shipped();
	const struct detection *d = s->v[0];
	struct filter_error err;
	struct spl_result r;
	struct buf b = { 0 };
	struct query q;
	struct live *live;
	struct lines l;

	lines_init(&l);
	lines_feed_text(&l,
	    "{\"output\":\"A shell was spawned in a container\",\"priority\":\"Notice\",\"rule\":\"R\",\"time\":\"2026-01-15T08:00:00Z\",\"output_fields\":{\"user.name\":\"$user$\",\"container.name\":\"web\"}}\n");
	spl_query(d->spl, &q);
	live = live_open(l.model, &q, &err);
	while (live_work(l.model, 1000000))
		;
	spl_rows(d->spl, live_groups(live), model_symbols(l.model), NULL, 0, &r);
	ck_assert_uint_eq(r.nrows, 1);
	ck_assert_uint_eq(detection_expand(d->message, &r, &r.row[0], &b), 0);
	ck_assert_str_eq(b.p, "A shell is spawned in the container web by user $user$.");
	buf_clear(&b);
	ck_assert_uint_eq(detection_expand("$nope$ costs $5 and $ $container_image$ $parent$$", &r,
			      &r.row[0], &b),
	    1);
	ck_assert_str_eq(b.p, "$nope$ costs $5 and $ 0 0$");
	buf_release(&b);
	spl_result_release(&r);
	live_close(l.model, live);
	query_release(&q);
	lines_release(&l);
	detection_set_drop(s);
}
END_TEST

/* --- with real data */

START_TEST(test_real_files)
{
	struct buf path = { 0 };
	const char *extra[1];
	struct detection_set *s;
	unsigned runnable = 0;

	if (!shared_path(&path, "data/escu"))
		return;
	extra[0] = path.p;
	s = load_set(extra, 1);
	for (unsigned i = 0; i < s->nproblem; i++)
		printf("# %s\n", s->problem[i]);
	ck_assert_uint_eq(s->nproblem, 0);
	ck_assert_uint_eq(s->n, 34);
	for (unsigned i = 0; i < s->n; i++) {
		ck_assert_uint_ne(s->v[i]->nrisk, 0);
		if (s->v[i]->state == DETECTION_RUNNABLE) {
			runnable++;
			continue;
		}
		printf("# not run: %s\n", s->v[i]->reason + path.len + 1);
		ck_assert_str_ne(s->v[i]->error.word, "");
	}
	/* the shells, and of the audit family what asks for no lookup of addresses */
	ck_assert_uint_eq(runnable, 13);
	detection_set_drop(s);
	buf_release(&path);
}
END_TEST

static const char the_row[] =
    "container_image|container_image_tag|container_name|parent|proc_exepath|process|user|count\n"
    "quay.io/signalfx/splunk-otel-collector|0.88.0|otel-collector|runc|/usr/lib/splunk-otel-collector/agent-bundle/bin/bash|bash|root|1\n";

START_TEST(test_the_row)
{
	static const char *const files[] = { "data/escu/kubernetes_falco_shell_spawned_v8.yml",
		"data/escu/detections/kubernetes_falco_shell_spawned.yml",
		"data/escu/older/kubernetes_falco_shell_spawned_2023.yml",
		"data/escu/older/kubernetes_falco_shell_spawned_2024.yml" };
	struct detection_set *ours = shipped();
	struct buf data = { 0 }, path = { 0 };
	char *rows, err[YAML_ERROR_MAX + 512];
	struct macros *m = macros_new();

	if (!shared_path(&data, "data/splunk_attack_data/kubernetes_falco_shell_spawned.log"))
		goto out;
	rows = rows_of(ours->v[0], data.p);
	ck_assert_str_eq(rows, the_row);
	free(rows);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct detection *d;

		ck_assert(shared_path(&path, files[i]));
		d = detection_load(path.p, m, err);
		ck_assert_msg(d != NULL, "%s", err);
		rows = rows_of(d, data.p);
		ck_assert_str_eq(rows, the_row);
		free(rows);
		detection_free(d);
	}
out:
	buf_release(&data);
	buf_release(&path);
	macros_free(m);
	detection_set_drop(ours);
}
END_TEST

/* The same events as text of the new and the old form and as JSON of three generations. */
START_TEST(test_generated)
{
	static const char *const kinds[] = { "text --style modern", "text --style classic",
		"json --style modern", "json --style classic", "json --style legacy" };
	struct detection_set *s = shipped();
	struct buf gen = { 0 };
	char *first = NULL;

	if (!shared_path(&gen, "bench/gen.py") || system("python3 -c 0 2>/dev/null") != 0) {
		printf("# skipped: no generator\n");
		detection_set_drop(s);
		buf_release(&gen);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char command[512], *path = write_file("gen.log", "", 0), *rows;

		snprintf(command, sizeof(command),
		    "python3 '%s' --events 4000 --shell-rate 0.3 --format %s --out '%s'", gen.p,
		    kinds[i], path);
		ck_assert_int_eq(system(command), 0);
		rows = rows_of(s->v[0], path);
		if (first == NULL)
			first = rows;
		ck_assert_msg(strcmp(first, rows) == 0, "%s differs", kinds[i]);
		if (rows != first)
			free(rows);
		free(path);
	}
	ck_assert_uint_gt(strlen(first), 1000);
	free(first);
	buf_release(&gen);
	detection_set_drop(s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("detection");
	TCase *t = tcase_create("detection");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, test_generation_a);
	tcase_add_test(t, test_generation_b);
	tcase_add_test(t, test_generation_c);
	tcase_add_test(t, test_not_run);
	tcase_add_test(t, test_hostile);
	tcase_add_test(t, test_odd_files);
	tcase_add_test(t, test_no_detection);
	tcase_add_test(t, test_set);
	tcase_add_test(t, test_shipped);
	tcase_add_test(t, test_expand);
	tcase_add_test(t, test_real_files);
	tcase_add_test(t, test_the_row);
	tcase_add_test(t, test_generated);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
