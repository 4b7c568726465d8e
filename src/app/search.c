/*
 * The rows of a detection's search on standard output, as Splunk would show them, and its risk
 * events into the history: reading the same recording again changes neither. With --user it is the
 * first drilldown. What the rows are is the search's (detect/spl.h).
 */
#include "app/search.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/detecting.h"
#include "app/output.h"
#include "app/reading.h"
#include "app/stop.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define WRITE_AT ((size_t)1 << 18)

static struct cell
cell_of(const struct spl_cell *c)
{
	switch (c->kind) {
	case SPL_MISSING: break;
	case SPL_LIST:
		return (struct cell){ .type = CELL_LIST, .item = c->item, .count = c->nitem };
	case SPL_NUMBER: /* a NUL follows */
		return (struct cell){ .type = CELL_COUNT, .count = strtoull(c->text.p, NULL, 10) };
	case SPL_TIME:
	case SPL_TEXT: return (struct cell){ .type = CELL_TEXT, .text = c->text };
	}
	return (struct cell){ .type = CELL_MISSING };
}

static void
write_rows(
    struct report *r, const struct options *o, const struct spl_result *rows, struct output *out)
{
	uint64_t n = o->limit != 0 && o->limit < rows->nrows ? o->limit : rows->nrows;
	struct cell *cell = xcalloc(rows->ncolumns + 1, sizeof(*cell));

	for (uint64_t i = 0; i < n && out->error == 0; i++) {
		for (unsigned c = 0; c < rows->ncolumns; c++)
			cell[c] = cell_of(&rows->row[i].cell[c]);
		report_row(r, cell);
		if (r->out.len >= WRITE_AT)
			output_write(out, &r->out);
	}
	free(cell);
}

/* Numbers are to the right in text. */
static struct table_column *
columns_of(const struct spl_result *rows)
{
	struct table_column *column = xcalloc(rows->ncolumns + 1, sizeof(*column));

	for (unsigned c = 0; c < rows->ncolumns; c++)
		column[c] = (struct table_column){ rows->column[c].p,
			rows->nrows > 0 && rows->row[0].cell[c].kind == SPL_NUMBER };
	return column;
}

static int
write_table(const struct options *o, const struct spl_result *rows)
{
	struct report_options ro = { .fillnull = o->fillnull, .raw = o->raw, .ascii = o->ascii };
	struct table_column *column;
	struct output out;
	struct report r;

	if (output_open(&out, o->output) != 0)
		return 2;
	column = columns_of(rows);
	report_begin(&r, o->format, column, rows->ncolumns, &ro);
	write_rows(&r, o, rows, &out);
	report_end(&r);
	output_write(&out, &r.out);
	report_release(&r);
	free(column);
	if (output_close(&out) != 0)
		return 2;
	return rows->nrows > 0 ? 0 : 1;
}

/* --- the question */

/* The column that the drilldown of users goes by: that of a risk object of type user, else "user".
 */
static int
user_column(const struct detection *d)
{
	for (unsigned i = 0; i < d->nrisk; i++) {
		int at = strcmp(d->risk[i].type, "user") == 0
			     ? spl_column_index(d->spl, slice_of(d->risk[i].field))
			     : -1;

		if (at >= 0)
			return at;
	}
	return spl_column_index(d->spl, SLICE("user"));
}

static bool
add_user(struct query *q, const struct detection *d, const char *user)
{
	struct buf term = { 0 };
	int at = user_column(d);
	bool ok = at >= 0 && spl_column_term(d->spl, (unsigned)at, slice_of(user), &term);

	if (ok) {
		buf_addc(&term, '\0');
		query_and(q, term.p);
	} else {
		complain("--user: the rows of '%s' have no user", d->name);
	}
	buf_release(&term);
	return ok;
}

static bool
make_request(struct request *r, const struct options *o, const struct detection *d)
{
	struct panel_request *p = &r->panel[0];

	request_init(r);
	r->want_sources = true;
	r->want_bad = true;
	p->used = true;
	p->muted_too = true; /* mutes flag risk, and hide rows on screens alone */
	(void)snprintf(p->detection, sizeof(p->detection), "%s", d->name);
	if (o->filter != NULL)
		query_and(&p->query, o->filter);
	p->query.since = o->since;
	p->query.until = o->until;
	return o->user == NULL || add_user(&p->query, d, o->user);
}

/* --- the run */

static int
finish(struct reading *r, const struct options *o, const struct request *req)
{
	struct snapshot *s = engine_answer(r->engine, req);
	const struct snap_panel *p = &s->panel[0];
	int status = 2;

	if (p->result != NULL)
		status = write_table(o, p->result);
	else
		complain("--detection: %s", p->error.message);
	if (p->overflow > 0)
		complain("%llu events are counted in the row (other): too many rows",
		    (unsigned long long)p->overflow);
	if (reading_say_failed(s))
		status = 2;
	reading_say_bad(s);
	snapshot_free(s);
	return status;
}

static int
run(const struct options *o, struct detecting *d, const struct request *req)
{
	struct engine_options eo = { .threads = o->threads,
		.memory = o->memory,
		.spool = o->memory,
		.risk = detecting_risk(d) };
	struct source_options so = reading_options(o);
	struct reading r = { 0 };
	int status = 2;

	if (reading_open(&r, &eo, (const char *const *)o->source, o->nsources, &so)) {
		detecting_attach(d, r.engine);
		engine_request(r.engine, req);
		stop_on_reload(detecting_reload, d);
		reading_start(&r);
		reading_wait(&r);
		status = finish(&r, o, req);
		detecting_detach(d);
	}
	reading_close(&r);
	return status;
}

int
search_run(const struct options *o)
{
	struct detecting *d =
	    detecting_new(o, DETECTING_RULES | DETECTING_SET | DETECTING_HISTORY | DETECTING_MUTES);
	const struct detection *found = detecting_find(d, o->detection);
	struct request req;
	int status = 2;

	if (found == NULL)
		goto out;
	detecting_only(d, found);
	if (make_request(&req, o, found))
		status = run(o, d, &req);
	request_release(&req);
out:
	(void)detecting_free(d, DETECTING_PATIENT);
	return status;
}
