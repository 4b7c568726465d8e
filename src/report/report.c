/*
 * The table of formats and what all of them share: how a cell reads as text. Not here: quoting,
 * which belongs to each format, and where the bytes go, which is the caller's business.
 */
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "report/formats.h"

#include "base/banned.h"

const struct report_format *const report_formats[] = {
	&report_text,
	&report_csv,
	&report_tsv,
	&report_json,
	&report_ndjson,
	&report_md,
	NULL,
};

const struct report_format *
report_format(const char *name)
{
	for (const struct report_format *const *f = report_formats; *f != NULL; f++)
		if (strcmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}

void
report_begin(struct report *r, const struct report_format *f, const struct table_column *column,
    unsigned ncolumns, const struct report_options *o)
{
	*r = (struct report){ .format = f, .column = column, .ncolumns = ncolumns, .options = *o };
	r->width = xcalloc(ncolumns + 1, sizeof(*r->width));
	f->begin(r);
}

void
report_row(struct report *r, const struct cell *cell)
{
	r->format->row(r, cell);
	r->rows++;
}

void
report_end(struct report *r)
{
	if (r->format->end != NULL)
		r->format->end(r);
}

void
report_release(struct report *r)
{
	buf_release(&r->out);
	buf_release(&r->kept);
	buf_release(&r->scratch);
	free(r->width);
	*r = (struct report){ 0 };
}

void
text_print(struct buf *out, struct slice s, const struct report_options *o)
{
	if (o->raw)
		buf_add(out, s.p, s.len);
	else
		(void)sanitise(out, s, o->ascii ? SANITISE_ASCII : SANITISE_UTF8);
}

void
score_print(struct buf *out, double v)
{
	char text[64];
	size_t n = (size_t)snprintf(text, sizeof(text), "%.3f", v);

	if (n >= sizeof(text) || strchr(text, '.') == NULL) {
		buf_addc(out, '0');
		return;
	}
	while (text[n - 1] == '0')
		n--;
	n -= text[n - 1] == '.';
	buf_add(out, text, n);
}

void
cell_print(struct buf *out, const struct cell *c, const struct report_options *o)
{
	switch (c->type) {
	case CELL_TEXT: text_print(out, c->text, o); break;
	case CELL_COUNT: buf_addf(out, "%llu", (unsigned long long)c->count); break;
	case CELL_REAL: buf_addf(out, "%.3f", c->real); break;
	case CELL_SCORE: score_print(out, c->real); break;
	case CELL_LIST:
		for (uint64_t i = 0; i < c->count; i++) {
			if (i > 0)
				buf_adds(out, "; ");
			text_print(out, c->item[i], o);
		}
		break;
	case CELL_TIME: time_print(out, c->time, TIME_ISO_NANO, false); break;
	case CELL_MISSING:
		if (o->fillnull != NULL)
			text_print(out, slice_of(o->fillnull), o);
		break;
	}
}
