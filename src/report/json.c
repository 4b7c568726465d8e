/*
 * JSON: an array of objects, or one object a line (ndjson); keys are the columns' names. Not here:
 * reading JSON, which is decode/json.c's alone.
 */
#include "report/formats.h"

#include <math.h>

#include "base/utf8.h"

#include "base/banned.h"

static void
escape(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"': buf_adds(out, "\\\""); break;
	case '\\': buf_adds(out, "\\\\"); break;
	case '\n': buf_adds(out, "\\n"); break;
	case '\r': buf_adds(out, "\\r"); break;
	case '\t': buf_adds(out, "\\t"); break;
	default: buf_addf(out, "\\u%04x", c);
	}
}

void
json_string(struct buf *out, struct slice s)
{
	uint32_t cp;
	unsigned n;

	buf_addc(out, '"');
	for (size_t i = 0; i < s.len; i += n) {
		unsigned char c = (unsigned char)s.p[i];

		n = 1;
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
			escape(out, c);
		} else if (c < 0x80) {
			buf_addc(out, s.p[i]);
		} else if ((n = utf8_decode(s.p + i, s.len - i, &cp)) != 0) {
			buf_add(out, s.p + i, n);
		} else {
			buf_adds(out, "\xef\xbf\xbd");
			n = 1;
		}
	}
	buf_addc(out, '"');
}

void
json_real(struct buf *out, double v)
{
	if (isfinite(v))
		buf_addf(out, "%.3f", v);
	else
		buf_adds(out, "null");
}

static void
list(struct report *r, const struct cell *c)
{
	buf_addc(&r->out, '[');
	for (uint64_t i = 0; i < c->count; i++) {
		if (i > 0)
			buf_adds(&r->out, ", ");
		buf_clear(&r->scratch);
		text_print(&r->scratch, c->item[i], &r->options);
		json_string(&r->out, buf_slice(&r->scratch));
	}
	buf_addc(&r->out, ']');
}

static void
value(struct report *r, const struct cell *c)
{
	switch (c->type) {
	case CELL_COUNT:
	case CELL_SCORE: cell_print(&r->out, c, &r->options); return;
	case CELL_LIST: list(r, c); return;
	case CELL_REAL: json_real(&r->out, c->real); return;
	case CELL_MISSING:
		if (r->options.fillnull == NULL) {
			buf_adds(&r->out, "null");
			return;
		}
		break;
	case CELL_TEXT:
	case CELL_TIME: break;
	}
	buf_clear(&r->scratch);
	cell_print(&r->scratch, c, &r->options);
	json_string(&r->out, buf_slice(&r->scratch));
}

static void
object(struct report *r, const struct cell *cell)
{
	buf_addc(&r->out, '{');
	for (unsigned i = 0; i < r->ncolumns; i++) {
		if (i > 0)
			buf_adds(&r->out, ", ");
		buf_clear(&r->scratch);
		text_print(&r->scratch, slice_of(r->column[i].name), &r->options);
		json_string(&r->out, buf_slice(&r->scratch));
		buf_adds(&r->out, ": ");
		value(r, &cell[i]);
	}
	buf_addc(&r->out, '}');
}

static void
json_begin(struct report *r)
{
	buf_addc(&r->out, '[');
}

static void
json_row(struct report *r, const struct cell *cell)
{
	buf_adds(&r->out, r->rows == 0 ? "\n" : ",\n");
	object(r, cell);
}

static void
json_end(struct report *r)
{
	buf_adds(&r->out, r->rows == 0 ? "]\n" : "\n]\n");
}

static void
ndjson_begin(struct report *r)
{
	(void)r;
}

static void
ndjson_row(struct report *r, const struct cell *cell)
{
	object(r, cell);
	buf_addc(&r->out, '\n');
}

const struct report_format report_json = {
	.name = "json",
	.help = "a JSON array of objects",
	.begin = json_begin,
	.row = json_row,
	.end = json_end,
};

const struct report_format report_ndjson = {
	.name = "ndjson",
	.help = "one JSON object a line",
	.begin = ndjson_begin,
	.row = ndjson_row,
};
