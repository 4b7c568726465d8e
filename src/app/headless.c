/*
 * Reports. The question is asked before the first byte is read, so that it is answered while events
 * come in and fields outside the catalogue are kept; then its rows are fetched page by page. Not
 * here: formats (report/), numbers (the engine), signals (stop.c).
 */
#include "app/headless.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/output.h"
#include "app/reading.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define PAGE_ROWS 131072u	    /* rows fetched at once */
#define WRITE_AT  ((size_t)1 << 18) /* bytes gathered before a write */

/* What the rows look like. */
struct layout {
	unsigned ncolumns;
	struct table_column column[2 + GROUP_BY_MAX + 4 + GROUP_DISTINCT];
	char *dc[GROUP_DISTINCT]; /* "dc(FIELD)" */
	bool aggregates;	  /* all of them, not only count */
};

static void
add_column(struct layout *l, const char *name, bool right)
{
	l->column[l->ncolumns++] = (struct table_column){ name, right };
}

/* Events: time, priority, fields, output. Groups: fields, count; a view's own also the distinct
 * counts, priority, first and last. */
static void
layout_init(struct layout *l, const struct query *q, bool aggregates)
{
	*l = (struct layout){ .aggregates = aggregates };
	if (q->kind == QUERY_EVENTS) {
		add_column(l, "time", false);
		add_column(l, "priority", false);
	}
	for (unsigned i = 0; i < q->nby; i++)
		add_column(l, q->by[i], false);
	if (q->kind == QUERY_EVENTS) {
		add_column(l, "output", false);
		return;
	}
	add_column(l, "count", true);
	if (!aggregates)
		return;
	for (unsigned i = 0; i < q->ndistinct; i++) {
		l->dc[i] = xasprintf("dc(%s)", q->distinct[i]);
		add_column(l, l->dc[i], true);
	}
	add_column(l, "priority", false);
	add_column(l, "first", false);
	add_column(l, "last", false);
}

static void
layout_release(struct layout *l)
{
	for (unsigned i = 0; i < GROUP_DISTINCT; i++)
		free(l->dc[i]);
}

static struct cell
cell_of(const struct snap_row *row, unsigned i)
{
	if (row->symbol[i] == SYM_ABSENT || row->symbol[i] == SYM_NULL)
		return (struct cell){ .type = CELL_MISSING };
	return (struct cell){ .type = CELL_TEXT, .text = row->cell[i] };
}

static struct cell
cell_priority(unsigned p)
{
	return (
	    struct cell){ .type = CELL_TEXT, .text = slice_of(priority_name((enum priority)p)) };
}

static struct cell
cell_time(int64_t t)
{
	return (struct cell){ .type = t == TIME_NONE ? CELL_MISSING : CELL_TIME, .time = t };
}

static struct cell
cell_count(uint64_t n)
{
	return (struct cell){ .type = CELL_COUNT, .count = n };
}

static void
write_event(struct report *r, const struct query *q, const struct snap_row *row)
{
	struct cell c[2 + GROUP_BY_MAX + 1];
	unsigned n = 0;

	c[n++] = cell_time(row->event.time);
	c[n++] = cell_priority(row->event.priority);
	for (unsigned i = 0; i <= q->nby; i++) /* the last one is the output */
		c[n++] = cell_of(row, i);
	report_row(r, c);
}

static void
write_group(struct report *r, const struct query *q, const struct snap_row *row, bool aggregates)
{
	struct cell c[GROUP_BY_MAX + 4 + GROUP_DISTINCT];
	unsigned n = 0;

	for (unsigned i = 0; i < q->nby; i++)
		c[n++] = cell_of(row, i);
	c[n++] = cell_count(row->group.count);
	if (aggregates) {
		for (unsigned i = 0; i < q->ndistinct; i++)
			c[n++] = cell_count(row->group.distinct[i]);
		c[n++] = cell_priority(row->group.priority);
		c[n++] = cell_time(row->group.first);
		c[n++] = cell_time(row->group.last);
	}
	report_row(r, c);
}

/* --- the question */

static void
set_panel(struct panel_request *p, const struct options *o)
{
	const struct view_def *v = o->view;

	p->used = true;
	p->descending = true;
	(void)snprintf(p->sort, sizeof(p->sort), "count");
	if (p->query.kind == QUERY_EVENTS) {
		p->descending = false;
		p->want_output = true;
		(void)snprintf(p->sort, sizeof(p->sort), "time");
	} else if (v != NULL && o->by == NULL && v->sort != NULL) {
		p->descending = v->descending;
		(void)snprintf(p->sort, sizeof(p->sort), "%s", v->sort);
	}
	if (o->sort != NULL) {
		p->descending = o->descending;
		(void)snprintf(p->sort, sizeof(p->sort), "%s", o->sort);
	}
}

static bool
make_request(struct request *r, const struct options *o)
{
	request_init(r);
	r->want_sources = true;
	r->want_bad = true;
	if (o->health)
		return true;
	if (!options_query(o, &r->panel[0].query))
		return false;
	set_panel(&r->panel[0], o);
	return true;
}

/* --- the answer */

static bool
write_page(struct report *r, struct output *out, const struct layout *l, const struct query *q,
    const struct snap_panel *p, uint64_t room)
{
	for (unsigned i = 0; i < p->nrows && i < room; i++) {
		if (q->kind == QUERY_EVENTS)
			write_event(r, q, &p->row[i]);
		else
			write_group(r, q, &p->row[i], l->aggregates);
		if (r->out.len >= WRITE_AT)
			output_write(out, &r->out);
	}
	return out->error == 0;
}

/* Rows from..total in pages. *s is the last snapshot taken, for the counters. False after a
 * complaint. */
static bool
write_rows(struct engine *e, struct request *req, struct report *r, struct output *out,
    const struct layout *l, uint64_t limit, struct snapshot **s)
{
	struct panel_request *p = &req->panel[0];

	for (uint64_t total = 1; p->from < total && p->from < limit; p->from += PAGE_ROWS) {
		p->rows = limit - p->from < PAGE_ROWS ? (unsigned)(limit - p->from) : PAGE_ROWS;
		snapshot_free(*s);
		*s = engine_answer(e, req);
		if ((*s)->panel[0].bad_query) {
			complain("%s", (*s)->panel[0].error.message);
			return false;
		}
		total = (*s)->panel[0].total;
		if (!write_page(r, out, l, &p->query, &(*s)->panel[0], limit - p->from))
			break;
	}
	return true;
}

static uint64_t
write_table(struct engine *e, const struct options *o, struct request *req, struct output *out,
    struct snapshot **s)
{
	struct report_options ro = { .fillnull = o->fillnull, .raw = o->raw, .ascii = o->ascii };
	struct report r;
	struct layout l;
	uint64_t rows;
	bool ok;

	layout_init(&l, &req->panel[0].query, o->by == NULL);
	report_begin(&r, o->format, l.column, l.ncolumns, &ro);
	ok = write_rows(e, req, &r, out, &l, o->limit != 0 ? o->limit : UINT64_MAX, s);
	if (ok) {
		report_end(&r);
		output_write(out, &r.out);
	}
	rows = r.rows;
	report_release(&r);
	layout_release(&l);
	return ok ? rows : UINT64_MAX;
}

static uint64_t
write_health(struct engine *e, const struct options *o, struct request *req, struct output *out,
    struct snapshot **s)
{
	struct report r = { 0 };
	uint64_t rows;

	*s = engine_answer(e, req);
	rows = health_write(&r, *s, o);
	output_write(out, &r.out);
	report_release(&r);
	return rows;
}

static void
say_missing(const struct snapshot *s, const struct options *o)
{
	const struct model_stats *st = &s->stats;

	if (st->evicted > 0 && !o->health && o->view != NULL && o->view->kind == QUERY_EVENTS)
		complain(
		    "%llu events left the index and are not listed (--memory gives it more room)",
		    (unsigned long long)st->evicted);
	if (s->panel[0].used && s->panel[0].overflow > 0)
		complain("%llu events are counted in the row (other): too many rows",
		    (unsigned long long)s->panel[0].overflow);
}

#define ASKED_MAX (REQUEST_PANELS - 1)

/* Names of fields that may be to blame: those of the filter when nothing passed it, by-fields that
 * the last row has not. */
static unsigned
suspects(const struct request *req, const struct snap_panel *p, struct slice name[ASKED_MAX],
    struct filter **f)
{
	const struct query *q = &req->panel[0].query;
	struct filter_error err;
	unsigned n = 0;

	for (unsigned i = 0; i < q->nby && n < ASKED_MAX; i++)
		if (p->nrows > 0 && p->row[p->nrows - 1].symbol[i] == SYM_ABSENT)
			name[n++] = slice_of(q->by[i]);
	*f = p->total > 0 || q->filter == NULL ? NULL : filter_parse(q->filter, &err);
	for (unsigned i = 0; *f != NULL && n < ASKED_MAX && filter_field_name(*f, i, &name[n]);
	     i++) {
		bool twice = false;

		for (unsigned k = 0; k < n; k++)
			twice = twice || slice_eq(name[k], name[n]);
		n += !twice;
	}
	return n;
}

/* Fields that no event has: most likely a slip of the pen. What left the index may have had them.
 */
static void
say_unknown(struct engine *e, struct request *req, const struct snapshot *s)
{
	struct slice name[ASKED_MAX];
	struct filter *f;
	struct snapshot *more;
	unsigned n;

	if (!s->panel[0].used || s->stats.events == 0 || s->stats.evicted > 0)
		return;
	n = suspects(req, &s->panel[0], name, &f);
	for (unsigned i = 0; i < n; i++) {
		struct panel_request *p = &req->panel[1 + i];
		struct buf term = { 0 };

		p->used = true;
		p->query.kind = QUERY_GROUPS;
		(void)snprintf(p->sort, sizeof(p->sort), "count");
		p->rows = 1;
		filter_quote(&term, name[i]);
		buf_adds(&term, " exists");
		query_and(&p->query, term.p);
		buf_release(&term);
	}
	more = n > 0 ? engine_answer(e, req) : NULL;
	for (unsigned i = 0; more != NULL && i < n; i++)
		if (more->panel[1 + i].used && !more->panel[1 + i].bad_query &&
		    more->panel[1 + i].matched == 0)
			complain("no event has a field \"%.*s\"", (int)name[i].len, name[i].p);
	if (more != NULL)
		snapshot_free(more);
	if (f != NULL)
		filter_free(f);
}

static int
finish(struct engine *e, const struct options *o, struct request *req)
{
	struct snapshot *s = NULL;
	struct output out;
	uint64_t rows;
	int status;

	if (output_open(&out, o->output) != 0)
		return 2;
	rows = o->health ? write_health(e, o, req, &out, &s) : write_table(e, o, req, &out, &s);
	if (rows == UINT64_MAX) {
		output_drop(&out);
		snapshot_free(s);
		return 2;
	}
	status = rows > 0 ? 0 : 1;
	if (output_close(&out) != 0)
		status = 2;
	say_missing(s, o);
	if (!o->health)
		say_unknown(e, req, s);
	if (reading_say_failed(s))
		status = 2;
	reading_say_bad(s);
	snapshot_free(s);
	return status;
}

int
headless_run(const struct options *o)
{
	struct engine_options eo = {
		.threads = o->threads, .memory = o->memory, .spool = o->memory
	};
	struct source_options so = reading_options(o);
	struct reading r = { 0 };
	struct request req;
	int status = 2;

	if (!make_request(&req, o))
		return 2;
	if (reading_open(&r, &eo, (const char *const *)o->source, o->nsources, &so)) {
		engine_request(r.engine, &req);
		reading_start(&r);
		reading_wait(&r);
		status = finish(r.engine, o, &req);
		source_set_keep(r.sources, true);
	}
	reading_close(&r);
	request_release(&req);
	return status;
}
