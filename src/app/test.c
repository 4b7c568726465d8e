/*
 * Proving detections on data, by the criteria of Splunk's contentctl: at least one row; every field
 * that names a risk object is in every row and not "null"; no $token$ of the message is left. The
 * recording is --data, or what the detection's own tests name, looked for under --data-dir.
 */
#include "app/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/detecting.h"
#include "app/reading.h"
#include "base/xalloc.h"

#include "base/banned.h"

enum verdict_of { PASSED, FAILED, BROKEN };

/* --- criteria */

static bool
cell_empty(const struct spl_cell *c)
{
	return c->kind == SPL_MISSING || c->text.len == 0 || slice_eq(c->text, SLICE("null"));
}

static int
column_of(const struct spl_result *rows, const char *name)
{
	for (unsigned i = 0; i < rows->ncolumns; i++)
		if (slice_eq(rows->column[i], slice_of(name)))
			return (int)i;
	return -1;
}

static bool
check_fields(
    const struct detection *d, const struct spl_result *rows, uint32_t row, struct buf *why)
{
	for (unsigned i = 0; i < d->nrisk; i++) {
		int at = column_of(rows, d->risk[i].field);

		if (at >= 0 && !cell_empty(&rows->row[row].cell[at]))
			continue;
		buf_addf(why, "row %u: the risk object's field '%s' is %s", row + 1,
		    d->risk[i].field, at < 0 ? "not there" : "empty");
		return false;
	}
	return true;
}

static bool
check_messages(
    const struct detection *d, const struct spl_result *rows, uint32_t row, struct buf *why)
{
	struct buf text = { 0 };
	bool ok = true;

	for (unsigned i = 0; ok && i <= d->nrisk; i++) {
		const char *message = i < d->nrisk ? d->risk[i].message : d->message;

		buf_clear(&text);
		if (message == NULL || detection_expand(message, rows, &rows->row[row], &text) == 0)
			continue;
		buf_addf(why, "row %u: a token is left in the message: ", row + 1);
		buf_add(why, text.p, text.len);
		ok = false;
	}
	buf_release(&text);
	return ok;
}

static bool
check_rows(const struct detection *d, const struct spl_result *rows, struct buf *why)
{
	if (rows->nrows == 0) {
		buf_adds(why, "the search finds nothing");
		return false;
	}
	for (uint32_t i = 0; i < rows->nrows; i++)
		if (!check_fields(d, rows, i, why) || !check_messages(d, rows, i, why))
			return false;
	buf_addf(why, "%u row%s", rows->nrows, rows->nrows == 1 ? "" : "s");
	return true;
}

/* --- data */

/* What an address of a recording is under a directory: its longest tail that is there. NULL: none.
 */
static char *
find_data(const char *dir, const char *address)
{
	const char *tail = strstr(address, "://");

	tail = tail != NULL ? tail + 3 : address;
	while (tail != NULL && *tail != '\0') {
		char *path = xasprintf("%s/%s", dir, tail);

		if (strstr(tail, "..") == NULL && access(path, R_OK) == 0)
			return path;
		free(path);
		tail = strchr(tail, '/');
		while (tail != NULL && *tail == '/')
			tail++;
	}
	return NULL;
}

static enum verdict_of
run_search(const struct options *o, const struct detection *d, struct detecting *all,
    const char *data, struct buf *why)
{
	struct engine_options eo = { .threads = o->threads,
		.memory = o->memory,
		.spool = o->memory,
		.risk = detecting_risk(all) };
	const char *const source[] = { data };
	enum verdict_of v = BROKEN;
	const struct source_options so = { .follow = false };
	struct reading r = { 0 };
	struct request req;
	struct snapshot *s;

	request_init(&req);
	req.want_sources = req.want_bad = true;
	req.panel[0].used = true;
	(void)snprintf(req.panel[0].detection, sizeof(req.panel[0].detection), "%s", d->name);
	if (reading_open(&r, &eo, source, 1, &so)) {
		engine_request(r.engine, &req);
		reading_start(&r);
		reading_wait(&r);
		s = engine_answer(r.engine, &req);
		if (reading_say_failed(s))
			buf_adds(why, "the data cannot be read");
		else
			v = check_rows(d, s->panel[0].result, why) ? PASSED : FAILED;
		reading_say_bad(s);
		snapshot_free(s);
	}
	reading_close(&r);
	request_release(&req);
	return v;
}

/* --- a file */

static void
say(enum verdict_of v, const char *name, const char *test, const struct buf *why)
{
	static const char *const word[] = { "PASS", "FAIL", "FAIL" };
	struct buf out = { 0 };

	buf_addf(&out, "%s  ", word[v]);
	(void)sanitise(&out, slice_of(name), SANITISE_UTF8);
	if (test != NULL) {
		buf_adds(&out, "  ");
		(void)sanitise(&out, slice_of(test), SANITISE_UTF8);
	}
	buf_adds(&out, ": ");
	(void)sanitise(&out, buf_slice(why), SANITISE_UTF8);
	(void)printf("%.*s\n", (int)out.len, out.p);
	buf_release(&out);
}

/* The detection's own tests, each on its data. */
static enum verdict_of
run_tests(const struct options *o, const struct detection *d, struct detecting *all)
{
	enum verdict_of worst = PASSED;
	struct buf why = { 0 };

	for (unsigned i = 0; i < d->ntest; i++) {
		const struct detection_test *t = &d->test[i];
		char *data =
		    t->data != NULL && o->data_dir != NULL ? find_data(o->data_dir, t->data) : NULL;
		enum verdict_of v = BROKEN;

		buf_clear(&why);
		if (data != NULL)
			v = run_search(o, d, all, data, &why);
		else
			buf_addf(&why, "no data: %s is not %s",
			    t->data != NULL ? t->data : "a recording",
			    o->data_dir != NULL ? "under --data-dir"
						: "here (--data or --data-dir)");
		say(v, d->name, t->name, &why);
		worst = v > worst ? v : worst;
		free(data);
	}
	if (d->ntest == 0) {
		buf_adds(&why, "it names no test data: --data FILE");
		say(BROKEN, d->name, NULL, &why);
		worst = BROKEN;
	}
	buf_release(&why);
	return worst;
}

static enum verdict_of
run_detection(const struct options *o, const struct detection *d, struct detecting *all)
{
	struct buf why = { 0 };
	enum verdict_of v = FAILED;

	if (d->state != DETECTION_RUNNABLE) {
		buf_addf(&why, "not run: %s", d->reason);
		say(v, d->name, NULL, &why);
	} else if (o->data == NULL) {
		v = run_tests(o, d, all);
	} else {
		v = run_search(o, d, all, o->data, &why);
		say(v, d->name, NULL, &why);
	}
	buf_release(&why);
	return v;
}

static enum verdict_of
run_file(const struct options *o, const char *path)
{
	struct options one = *o;
	enum verdict_of worst = PASSED;
	const struct detection_set *set;
	struct detecting *d;

	one.history = "none";
	one.detections = (struct option_paths){ .v = { path }, .n = 1 };
	d = detecting_new(&one, DETECTING_RULES | DETECTING_ONLY_NAMED);
	set = detecting_set(d);
	if (set->n == 0) {
		struct buf why = { 0 };

		buf_adds(&why, set->nproblem > 0 ? "no detection in it" : "there is no detection");
		say(BROKEN, path, NULL, &why);
		buf_release(&why);
		worst = BROKEN;
	}
	for (unsigned i = 0; i < set->n; i++) {
		enum verdict_of v = run_detection(o, set->v[i], d);

		worst = v > worst ? v : worst;
	}
	(void)detecting_free(d, DETECTING_BRIEF);
	return worst;
}

int
test_run(const struct options *o)
{
	enum verdict_of worst = PASSED;

	for (int i = 0; i < o->nsources; i++) {
		enum verdict_of v = run_file(o, o->source[i]);

		worst = v > worst ? v : worst;
	}
	return (int)worst;
}
