/*
 * CSV by RFC 4180 with "\n" line ends, and TSV. Event text that a spreadsheet would take for a
 * formula gets an apostrophe. Not here: what a cell reads as (report.c).
 */
#include "report/formats.h"

#include "base/banned.h"

/* OWASP's list of what starts a formula; carriage return and tab are gone unless the report is raw.
 */
static bool
starts_formula(struct slice s)
{
	return s.len > 0 && memchr("=+-@\t\r", s.p[0], 6) != NULL;
}

static bool
formula(const struct cell *c)
{
	if (c->type == CELL_LIST)
		return c->count > 0 && starts_formula(c->item[0]);
	return c->type == CELL_TEXT && starts_formula(c->text);
}

static void
quoted(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static bool
needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r')
			return true;
	return false;
}

static void
csv_value(struct buf *out, struct slice s)
{
	if (needs_quotes(s))
		quoted(out, s);
	else
		buf_add(out, s.p, s.len);
}

/* TSV has no quotes: what would break a row is written as in C (only raw reports hold such bytes).
 */
static void
tsv_value(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.p[i]) {
		case '\t': buf_adds(out, "\\t"); break;
		case '\n': buf_adds(out, "\\n"); break;
		case '\r': buf_adds(out, "\\r"); break;
		default: buf_addc(out, s.p[i]);
		}
	}
}

static void
put(struct report *r, unsigned i, char separator)
{
	if (i > 0)
		buf_addc(&r->out, separator);
	if (separator == ',')
		csv_value(&r->out, buf_slice(&r->scratch));
	else
		tsv_value(&r->out, buf_slice(&r->scratch));
}

static void
header(struct report *r, char separator)
{
	for (unsigned i = 0; i < r->ncolumns; i++) {
		buf_clear(&r->scratch);
		text_print(&r->scratch, slice_of(r->column[i].name), &r->options);
		put(r, i, separator);
	}
	buf_addc(&r->out, '\n');
}

static void
row(struct report *r, const struct cell *cell, char separator)
{
	for (unsigned i = 0; i < r->ncolumns; i++) {
		buf_clear(&r->scratch);
		if (!r->options.raw && formula(&cell[i]))
			buf_addc(&r->scratch, '\'');
		cell_print(&r->scratch, &cell[i], &r->options);
		put(r, i, separator);
	}
	buf_addc(&r->out, '\n');
}

static void
csv_begin(struct report *r)
{
	header(r, ',');
}

static void
csv_row(struct report *r, const struct cell *cell)
{
	row(r, cell, ',');
}

static void
tsv_begin(struct report *r)
{
	header(r, '\t');
}

static void
tsv_row(struct report *r, const struct cell *cell)
{
	row(r, cell, '\t');
}

const struct report_format report_csv = {
	.name = "csv",
	.help = "comma-separated values (RFC 4180)",
	.begin = csv_begin,
	.row = csv_row,
};

const struct report_format report_tsv = {
	.name = "tsv",
	.help = "tab-separated values",
	.begin = tsv_begin,
	.row = tsv_row,
};
