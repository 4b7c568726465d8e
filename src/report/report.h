/*
 * Writers over a table of cells: text, csv, tsv, json, ndjson, md. One file and one row in the
 * table each. They know nothing of queries or the engine, and write into a buffer that the caller
 * empties when it likes.
 */
#ifndef FALCOTOP_REPORT_REPORT_H
#define FALCOTOP_REPORT_REPORT_H

#include "base/buf.h"
#include "base/sanitise.h"
#include "event/event.h"

enum cell_type {
	CELL_TEXT,  /* event text: sanitised, and against formulas in csv and tsv */
	CELL_COUNT, /* a whole number */
	CELL_REAL,
	CELL_SCORE,  /* a thousandth fine, without zeros at the end */
	CELL_TIME,   /* ns; ISO with Z */
	CELL_LIST,   /* texts: an array in JSON, else joined by "; " */
	CELL_MISSING /* absent or null: fillnull, else empty, null in JSON */
};

struct cell {
	enum cell_type type;
	struct slice text;
	uint64_t count;
	double real;
	int64_t time;
	const struct slice *item; /* CELL_LIST: count of them */
};

struct table_column {
	const char *name; /* as asked for: the csv header and JSON key */
	bool right;	  /* aligned right in text */
};

struct report_options {
	const char *fillnull; /* what CELL_MISSING reads as; NULL = format's own */
	bool raw;	      /* no sanitiser marks, no formula guard */
	bool ascii;	      /* marks for everything beyond ASCII, too */
};

struct report_format;

/* A report being written. Columns and the strings of the options are borrowed until report_end().
 */
struct report {
	const struct report_format *format;
	const struct table_column *column;
	unsigned ncolumns;
	struct report_options options;
	uint64_t rows;
	struct buf out; /* what is ready to be written: the caller takes it and calls buf_clear() */
	struct buf kept; /* of formats that must see every row first */
	int *width;
	struct buf scratch;
};

/* What a format must do: one const row each. end() may be NULL. */
struct report_format {
	const char *name; /* --format */
	const char *help;
	void (*begin)(struct report *r);
	void (*row)(struct report *r, const struct cell *cell);
	void (*end)(struct report *r);
};
extern const struct report_format *const report_formats[]; /* NULL-terminated */
/* NULL when there is no such format. */
const struct report_format *report_format(const char *name);

void report_begin(struct report *r, const struct report_format *f,
    const struct table_column *column, unsigned ncolumns, const struct report_options *o);
/* One cell a column. */
void report_row(struct report *r, const struct cell *cell);
void report_end(struct report *r);
void report_release(struct report *r);

/* Text of a cell as a person or a spreadsheet reads it, without quoting; CELL_MISSING is fillnull
 * or empty. */
void cell_print(struct buf *out, const struct cell *c, const struct report_options *o);
/* 100, 12.5: a number that JSON takes too. */
void score_print(struct buf *out, double v);
/* Sanitised, unless options say raw. */
void text_print(struct buf *out, struct slice s, const struct report_options *o);

/* JSON string literal with quotes, by RFC 8259; bytes that are not UTF-8 as U+FFFD. */
void json_string(struct buf *out, struct slice s);
/* JSON number: NaN and infinities are null. */
void json_real(struct buf *out, double v);

#endif
