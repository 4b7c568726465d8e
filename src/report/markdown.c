/*
 * A Markdown table, for tickets. Characters that Markdown or HTML would act on are escaped: event
 * text must not become a link, an image or markup in somebody's tracker.
 */
#include "report/formats.h"

#include "base/banned.h"

static void
value(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.p[i]) {
		case '\n': buf_adds(out, "<br>"); break;
		case '<': buf_adds(out, "&lt;"); break;
		case '>': buf_adds(out, "&gt;"); break;
		case '&': buf_adds(out, "&amp;"); break;
		case '|':
		case '\\':
		case '`':
		case '*':
		case '_':
		case '~':
		case '[':
		case ']':
		case '!':
		case '@':
		case '#': buf_addc(out, '\\'); /* FALLTHROUGH */
		default: buf_addc(out, s.p[i]);
		}
	}
}

static void
put(struct report *r)
{
	buf_addc(&r->out, ' ');
	value(&r->out, buf_slice(&r->scratch));
	buf_adds(&r->out, " |");
}

static void
md_begin(struct report *r)
{
	buf_addc(&r->out, '|');
	for (unsigned i = 0; i < r->ncolumns; i++) {
		buf_clear(&r->scratch);
		text_print(&r->scratch, slice_of(r->column[i].name), &r->options);
		put(r);
	}
	buf_adds(&r->out, "\n|");
	for (unsigned i = 0; i < r->ncolumns; i++)
		buf_adds(&r->out, r->column[i].right ? " ---: |" : " --- |");
	buf_addc(&r->out, '\n');
}

static void
md_row(struct report *r, const struct cell *cell)
{
	buf_addc(&r->out, '|');
	for (unsigned i = 0; i < r->ncolumns; i++) {
		buf_clear(&r->scratch);
		cell_print(&r->scratch, &cell[i], &r->options);
		put(r);
	}
	buf_addc(&r->out, '\n');
}

const struct report_format report_md = {
	.name = "md",
	.help = "a Markdown table",
	.begin = md_begin,
	.row = md_row,
};
