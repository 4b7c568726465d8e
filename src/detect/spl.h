/*
 * The subset of Splunk's search language that ESCU's Kubernetes detections are written in, compiled
 * to what views use: a filter in Falco's condition syntax, a group-by with aggregates, and
 * operations on the rows that come out. What is not in the subset is refused with its place: a
 * search is never run in part. doc/detections.md has the list.
 */
#ifndef FALCOTOP_DETECT_SPL_H
#define FALCOTOP_DETECT_SPL_H

#include "base/arena.h"
#include "detect/macros.h"
#include "query/query.h"

#define SPL_TEXT_MAX (64 * 1024) /* of a search with its macros replaced */

struct spl_error {
	size_t
	    offset; /* byte in the search as written: of a macro's text, where the macro stands */
	unsigned line, column; /* the same, from 1; column in bytes */
	char word[64];	       /* what it stopped at; "" at the end */
	char message[160];
};

struct spl;

/* NULL and *err when the search is not in the subset. filter_macro NULL: macros as they are; else
 * the text that stands for the search's own …_filter macro: SPL (where …, search …) or a condition
 * in Falco's syntax, which is ANDed to the filter. */
struct spl *spl_compile(
    struct slice search, const struct macros *m, const char *filter_macro, struct spl_error *err);
void spl_free(struct spl *s);

/* The filter of the events, in the language of query/filter.h. */
const char *spl_filter(const struct spl *s);
/* The query of its groups (query_release() it). The caller may set bucket, since, until, and add
 * terms. */
void spl_query(const struct spl *s, struct query *out);
/* Name of the search's own …_filter macro, "" when it has none. */
const char *spl_filter_macro(const struct spl *s);
/* The search is about Kubernetes audit events. */
bool spl_is_audit(const struct spl *s);

/* Columns of the result, in order, by the names of the search. (With `table *` and the like these
 * are known all the same.) */
unsigned spl_ncolumns(const struct spl *s);
const char *spl_column(const struct spl *s, unsigned i);
/* Index of a column by name, -1 when there is none. */
int spl_column_index(const struct spl *s, struct slice name);
/*
 * The event field that column i shows unchanged ("user.name"), NULL for an aggregate or a column
 * that a row operation made. *fill (may be NULL) is what a missing value reads as, or NULL.
 */
const char *spl_column_field(const struct spl *s, unsigned i, const char **fill);
/*
 * A filter term for the events behind the rows whose column i is this text, exactly and literally:
 * a drilldown's `search user = "$user$"`. False when the column is none of an event field's.
 */
bool spl_column_term(const struct spl *s, unsigned i, struct slice value, struct buf *out);

enum spl_kind {
	SPL_MISSING, /* null in Splunk */
	SPL_TEXT,
	SPL_NUMBER, /* count, dc */
	SPL_TIME,   /* seconds since 1970 with a fraction */
	SPL_LIST    /* values(): lines of text, separated by '\n'; one value is SPL_TEXT */
};

struct spl_cell {
	enum spl_kind kind;
	struct slice text;
	const struct slice *item; /* of a list: its values, for those who must not mistake a newline
				     inside of one */
	uint32_t nitem;
};

struct spl_row {
	struct spl_cell *cell; /* ncolumns */
	uint64_t count;	       /* events behind it */
	int64_t first, last;   /* event time of the first and last, ns */
	int64_t bucket;	       /* start of the time bucket; TIME_NONE without */
	uint8_t priority;      /* highest seen */
	uint8_t hostile;
	bool changed; /* see spl_rows_changed() */
};

/* A finished answer: owns its texts, may be handed to another thread. */
struct spl_result {
	struct arena arena;
	unsigned ncolumns;
	struct slice *column;
	uint32_t nrows;
	struct spl_row *row;
};

/*
 * The rows of the search from the groups of its query: merged where fillnull makes them equal,
 * without those that lack a by-field, through every row operation, in final order (by the by-fields
 * unless the search sorts). With buckets every bucket is an answer of its own, oldest first; wanted
 * (n of them, ascending) NULL: all, else only those buckets.
 */
void spl_rows(const struct spl *s, const struct group_table *t, const struct symtab *symbols,
    const int64_t *wanted, size_t nwanted, struct spl_result *out);
/* The same; a row that some group with its bit set in `changed` went into is marked. */
void spl_rows_changed(const struct spl *s, const struct group_table *t,
    const struct symtab *symbols, const int64_t *wanted, size_t nwanted, const uint64_t *changed,
    struct spl_result *out);
void spl_result_release(struct spl_result *r);

#endif
