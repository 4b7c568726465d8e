/* Writers over a result: text, csv, tsv, json, ndjson, md. One file and one row in the table each. */
#ifndef FALCOTOP_REPORT_REPORT_H
#define FALCOTOP_REPORT_REPORT_H

#include "base/buf.h"
#include "event/event.h"

enum cell_type {
	CELL_TEXT,   /* event text: sanitised, and against formulas in csv/tsv */
	CELL_COUNT,  /* a whole number */
	CELL_REAL,
	CELL_TIME,   /* ns; ISO with Z */
	CELL_MISSING /* absent or null: fillnull, else empty, null in JSON */
};

struct cell {
	enum cell_type type;
	struct slice text;
	uint64_t count;
	double real;
	int64_t time;
};

struct table_column {
	const char *name; /* as asked for: the csv header and JSON key */
	bool right;       /* aligned right in text */
};

struct report_options {
	const char *fillnull; /* what CELL_MISSING reads as; NULL = format's own */
	bool raw;             /* no sanitiser marks, no formula guard */
	bool ascii;
	int width;            /* of the text format; 0 = unlimited */
};

struct report_format {
	const char *name; /* --format */
	const char *help;
	void (*begin)(struct buf *out, const struct table_column *col, unsigned ncol, const struct report_options *o);
	void (*row)(struct buf *out, const struct table_column *col, const struct cell *cell, unsigned ncol, uint64_t index, const struct report_options *o);
	void (*end)(struct buf *out, const struct table_column *col, unsigned ncol, uint64_t rows, const struct report_options *o);
	bool buffered; /* text: needs all rows for its column widths; then row() is called twice, see report.c */
};
extern const struct report_format *const report_formats[]; /* NULL-terminated */
const struct report_format *report_format(const char *name);

/* JSON string literal with quotes, by RFC 8259; bytes that are not UTF-8 as U+FFFD. */
void json_string(struct buf *out, struct slice s);

#endif
