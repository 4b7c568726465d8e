/*
 * Aligned columns for people. Keeps every cell's text until the end, since a column is as wide as
 * its widest cell (up to a limit, after which a cell just sticks out). The format may change;
 * scripts use the others.
 */
#include "report/formats.h"

#include "base/utf8.h"

#include "base/banned.h"

#define WIDEST 60

/* Terminal cells of sanitised text; of raw text, a guess. */
static int
cells_of(struct slice s)
{
	uint32_t cp;
	int cells = 0;

	for (size_t i = 0; i < s.len;) {
		unsigned n = utf8_decode(s.p + i, s.len - i, &cp);

		cells += n == 0 ? 1 : utf8_width(cp);
		i += n == 0 ? 1 : n;
	}
	return cells;
}

/* One cell, kept as: length (size_t), then bytes. */
static void
keep(struct report *r, unsigned column)
{
	struct slice s = buf_slice(&r->scratch);
	int cells = cells_of(s);

	if (cells > WIDEST)
		cells = WIDEST;
	if (cells > r->width[column])
		r->width[column] = cells;
	buf_add(&r->kept, &s.len, sizeof(s.len));
	buf_add(&r->kept, s.p, s.len);
}

static void
text_begin(struct report *r)
{
	for (unsigned i = 0; i < r->ncolumns; i++) {
		buf_clear(&r->scratch);
		text_print(&r->scratch, slice_of(r->column[i].name), &r->options);
		keep(r, i);
	}
}

static void
text_row(struct report *r, const struct cell *cell)
{
	for (unsigned i = 0; i < r->ncolumns; i++) {
		buf_clear(&r->scratch);
		if (cell[i].type == CELL_TIME)
			time_print(&r->scratch, cell[i].time, TIME_ISO_SECOND, false);
		else if (cell[i].type == CELL_MISSING && r->options.fillnull == NULL)
			buf_addc(&r->scratch, '-');
		else
			cell_print(&r->scratch, &cell[i], &r->options);
		keep(r, i);
	}
}

static void
blanks(struct buf *out, int n)
{
	for (; n > 0; n--)
		buf_addc(out, ' ');
}

static void
put(struct report *r, unsigned column, struct slice s)
{
	int pad = r->width[column] - cells_of(s);

	if (column > 0)
		buf_adds(&r->out, "  ");
	if (r->column[column].right)
		blanks(&r->out, pad);
	buf_add(&r->out, s.p, s.len);
	if (!r->column[column].right && column + 1 < r->ncolumns)
		blanks(&r->out, pad);
}

static void
text_end(struct report *r)
{
	const char *p = r->kept.p;
	struct slice s;

	if (r->rows == 0)
		return; /* a header over nothing says less than the exit status */
	for (uint64_t row = 0; row <= r->rows; row++) {
		for (unsigned i = 0; i < r->ncolumns; i++) {
			memcpy(&s.len, p, sizeof(s.len));
			s.p = p + sizeof(s.len);
			p = s.p + s.len;
			put(r, i, s);
		}
		buf_addc(&r->out, '\n');
	}
	buf_clear(&r->kept);
}

const struct report_format report_text = {
	.name = "text",
	.help = "aligned columns for people",
	.begin = text_begin,
	.row = text_row,
	.end = text_end,
};
