/*
 * The risk of users as the history knows it: Splunk's second drilldown, for all of them or one.
 * Nothing is read but the history, and nothing is written to it.
 */
#include "app/risk.h"

#include <stdlib.h>

#include "app/output.h"
#include "app/settings.h"
#include "base/clock.h"
#include "detect/attack.h"
#include "store/history.h"

#include "base/banned.h"

static const struct table_column columns[] = {
	{ "risk_object", false },
	{ "risk_object_type", false },
	{ "score_24h", true },
	{ "score_7d", true },
	{ "severity", false },
	{ "count", true },
	{ "firstTime", false },
	{ "lastTime", false },
	{ "sources", true },
	{ "tactics", true },
	{ "Search Name", false },
	{ "Risk Message", false },
	{ "Analytic Stories", false },
	{ "Annotations", false },
	{ "ATT&CK Tactics", false },
};
#define NCOLUMNS (sizeof(columns) / sizeof(columns[0]))

static struct cell
text(struct slice s)
{
	return (struct cell){ .type = CELL_TEXT, .text = s };
}

static struct cell
number(uint64_t n)
{
	return (struct cell){ .type = CELL_COUNT, .count = n };
}

static struct cell
score(double v)
{
	return (struct cell){ .type = CELL_SCORE, .real = v };
}

static struct cell
at(int64_t t)
{
	return (struct cell){ .type = CELL_TIME, .time = t };
}

static struct cell
list(const struct history_values *v)
{
	return (struct cell){ .type = CELL_LIST, .item = v->v, .count = v->n };
}

static int
compare(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	return slice_cmp(*x, *y);
}

/* Names instead of ids; one that is not known stays as it is. */
static void
name_tactics(struct history_values *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct attack_tactic *t = attack_tactic(v->v[i]);

		if (t != NULL)
			v->v[i] = slice_of(t->name);
	}
	if (v->n > 1)
		qsort(v->v, v->n, sizeof(*v->v), compare);
}

static void
write_row(struct report *r, const struct history_row *row, const struct book_options *b)
{
	const struct cell c[NCOLUMNS] = {
		text(row->object),
		text(row->object_type),
		score(row->score_24h),
		score(row->score_span),
		text(slice_of(risk_severity_name(risk_severity(b, row->score_24h)))),
		number(row->events),
		at(row->first),
		at(row->last),
		number(row->searches.n + row->searches.more),
		number(row->tactics.n + row->tactics.more),
		list(&row->searches),
		list(&row->messages),
		list(&row->stories),
		list(&row->techniques),
		list(&row->tactics),
	};

	report_row(r, c);
}

static int
write_answer(const struct options *o, const struct history_answer *a)
{
	struct report_options ro = { .fillnull = o->fillnull, .raw = o->raw, .ascii = o->ascii };
	struct output out;
	struct report r;
	int status = a->nrows > 0 ? 0 : 1;

	if (output_open(&out, o->output) != 0)
		return 2;
	report_begin(&r, o->format, columns, NCOLUMNS, &ro);
	for (uint32_t i = 0; i < a->nrows; i++) {
		name_tactics(&a->row[i].tactics);
		write_row(&r, &a->row[i], o->config != NULL ? &o->config->book : NULL);
		output_write(&out, &r.out);
	}
	report_end(&r);
	output_write(&out, &r.out);
	report_release(&r);
	if (output_close(&out) != 0)
		status = 2;
	if (a->nrows < a->total_rows && o->limit == 0)
		complain("%llu of %llu users are listed", (unsigned long long)a->nrows,
		    (unsigned long long)a->total_rows);
	return status;
}

static struct history_query
question(const struct options *o)
{
	int64_t now = clock_wall();
	struct history_query q = { .now = now, .messages = true, .no_trend = true };

	if (o->until != TIME_NONE)
		q.now = o->until - 1;
	if (o->since != TIME_NONE)
		q.span = q.now > o->since ? q.now - o->since + 1 : 1;
	if (o->limit != 0 && o->limit < HISTORY_ROWS_MAX)
		q.rows = (uint32_t)o->limit;
	if (o->user != NULL)
		q.object = slice_of(o->user);
	return q;
}

int
risk_run(const struct options *o)
{
	struct history_query q = question(o);
	struct history_answer empty = { 0 };
	struct history_reader *reader;
	struct history_answer *a;
	char err[512] = "";
	bool missing;
	int status;

	if (o->history != NULL && strcmp(o->history, "none") == 0) {
		complain("risk reads the history: --history none leaves nothing to read");
		return 2;
	}
	reader = history_open_reader(o->history, &missing, err, sizeof(err));
	if (reader == NULL && !missing) {
		complain("history: %s", err);
		return 2;
	}
	if (reader == NULL) {
		complain("there is no history yet: watch, collect or report --detection make one");
		return write_answer(o, &empty);
	}
	a = history_read(reader, &q);
	if (a->error.len > 0) {
		complain("history: %.*s", (int)a->error.len, a->error.p);
		status = 2;
	} else {
		status = write_answer(o, a);
	}
	history_answer_free(a);
	history_close_reader(reader);
	return status;
}
