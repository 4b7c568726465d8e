/*
 * Inside of the SPL compiler. Private to spl*.c: spl_expand.c replaces macros, spl_lex.c reads
 * tokens, spl_expr.c and spl_where.c expressions, spl_filter.c turns an expression into a filter,
 * spl_events.c, spl_stats.c and spl_table.c the commands before, at and after `stats`, spl_eval.c
 * tests rows, spl_rows.c makes them.
 */
#ifndef FALCOTOP_DETECT_SPL_PRIVATE_H
#define FALCOTOP_DETECT_SPL_PRIVATE_H

#include "detect/spl.h"

#define SPL_DEPTH      48 /* of parentheses and nots */
#define SPL_SLOTS      64 /* columns that a search may ever make */
#define SPL_OPS	       64 /* commands after stats */
#define SPL_AGGREGATES 32
#define SPL_RENAMES    64
#define SPL_SORT_KEYS  16

enum spl_lex_mode {
	SPL_LEX_TERM,  /* words end at = < > != too */
	SPL_LEX_VALUE, /* after a comparison: they do not */
	SPL_LEX_EVAL   /* where: names, numbers, operators */
};

enum spl_token_kind {
	SPL_END,
	SPL_WORD,
	SPL_STRING, /* "…" */
	SPL_NAME,   /* '…' in where */
	SPL_OPERATOR,
	SPL_OPEN,
	SPL_CLOSE,
	SPL_COMMA,
	SPL_PIPE,
	SPL_BAD
};

struct spl_token {
	enum spl_token_kind kind;
	size_t at, end;	   /* in the text with macros replaced */
	struct slice text; /* unescaped */
};

enum spl_op { SPL_EQ, SPL_NE, SPL_LT, SPL_LE, SPL_GT, SPL_GE };

enum spl_expr_kind {
	SPL_AND,
	SPL_OR,
	SPL_NOT,
	SPL_ALL,     /* * */
	SPL_COMPARE, /* search: field op value, ignoring case, with wildcards */
	SPL_PHRASE,  /* search: text anywhere in the raw event */
	SPL_WHERE,   /* where: operand op operand */
	SPL_ISNULL,  /* of left */
	SPL_LIKE     /* left like right's text: % and _ */
};

struct spl_operand {
	bool is_field;
	struct slice text; /* name, string or number */
	int slot;	   /* of a field of a row; -1: there is no such column */
};

struct spl_expr {
	enum spl_expr_kind kind;
	struct spl_expr *child, *next;
	enum spl_op op;
	struct slice field, value; /* value: quotes taken off, * still a wildcard */
	struct spl_operand left, right;
	int slot; /* of field, in a row */
	size_t at;
};

enum spl_aggregate_kind {
	SPL_COUNT,
	SPL_COUNT_OF, /* events that have it */
	SPL_DC,
	SPL_VALUES,
	SPL_MIN,
	SPL_MAX,
	SPL_EARLIEST,
	SPL_LATEST
};

struct spl_aggregate {
	enum spl_aggregate_kind kind;
	int by; /* index of the query's by-field; -1: _time (or none for count) */
};

/* What is behind a slot of a row. */
enum spl_slot_kind {
	SPL_SLOT_BY,	    /* by-field `index` of the search */
	SPL_SLOT_AGGREGATE, /* aggregate `index` */
	SPL_SLOT_NEW	    /* missing until an operation fills it */
};

struct spl_slot {
	enum spl_slot_kind kind;
	unsigned index;
	bool changed;	  /* an operation other than fillnull wrote into it */
	const char *fill; /* a fillnull after stats */
};

struct spl_column_name {
	struct slice name;
	unsigned slot;
};

enum spl_step_kind { SPL_STEP_KEEP, SPL_STEP_FILL, SPL_STEP_SORT, SPL_STEP_HEAD, SPL_STEP_CTIME };

struct spl_sort_key {
	unsigned slot;
	bool descending;
};

/* A row operation; names were resolved to slots when it was compiled. */
struct spl_step {
	enum spl_step_kind kind;
	struct spl_expr *expr; /* KEEP */
	uint64_t slots;	       /* FILL: bits */
	struct slice value;    /* FILL: what with; CTIME: format */
	struct spl_sort_key key[SPL_SORT_KEYS];
	unsigned nkeys;
	uint64_t limit;	   /* HEAD; SORT: 0 all */
	unsigned from, to; /* CTIME */
};

struct spl {
	struct arena arena;
	char *filter;
	char *filter_macro;
	bool audit;
	/* the query's by-fields: first those of the search, then what aggregates are over */
	unsigned nby, nquery;
	const char *by[GROUP_BY_MAX];
	const char *fill[GROUP_BY_MAX]; /* what missing reads as; NULL: missing */
	bool list[GROUP_BY_MAX];	/* a value is a list in one text: each element counts */
	struct spl_aggregate aggregate[SPL_AGGREGATES];
	unsigned naggregate;
	struct spl_slot slot[SPL_SLOTS];
	unsigned nslot;
	struct spl_step step[SPL_OPS];
	unsigned nstep;
	struct spl_column_name column[SPL_SLOTS]; /* in sight: at the end, those of the result */
	unsigned ncolumn;
};

struct spl_fill {
	struct slice field; /* empty: all */
	struct slice value;
};

struct spl_rename {
	struct slice from, to;
};

struct spl_parser {
	struct spl *spl;
	struct arena *arena;
	struct slice text;	/* macros replaced */
	const uint32_t *origin; /* byte of the search for each byte of text, and one for its end */
	size_t pos;
	struct spl_token tok; /* current */
	struct spl_error *err;
	bool failed;
	unsigned depth;
	/* commands before stats */
	struct query base; /* filter alone */
	struct spl_fill fill[SPL_RENAMES];
	unsigned nfill;
	struct spl_rename rename[SPL_RENAMES];
	unsigned nrename;
	bool grouped;			/* stats was seen */
	const struct spl_expr *foreign; /* a sourcetype that is not Falco's */
};

/* The search with its macros replaced. False and *err. condition: a filter macro that is a
 * condition in Falco's syntax. */
struct spl_expansion {
	struct buf text;
	uint32_t *origin;
	size_t cap;
	struct slice own; /* name of the search's own filter macro */
	char *condition;  /* owned */
};
bool spl_expand(struct slice search, const struct macros *m, const char *filter_macro,
    struct spl_expansion *out, struct spl_error *err);
void spl_expansion_release(struct spl_expansion *x);
/* Fills in offset, line, column and word. */
void spl_error_place(struct spl_error *err, struct slice search, size_t offset);

/* Reads the next token into p->tok. False on a bad one, which is noted. */
bool spl_next(struct spl_parser *p, enum spl_lex_mode mode);
/* Notes the first error, at a place of p->text; returns false. */
bool spl_fail(struct spl_parser *p, size_t at, struct slice word, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* At the current token. */
bool spl_fail_here(struct spl_parser *p, const char *what);
bool spl_is_word(const struct spl_token *t, const char *word);

/* NULL: noted. Ends before the | or the end. */
enum spl_op spl_operator(const struct spl_token *t);
struct spl_expr *spl_parse_search(struct spl_parser *p);
struct spl_expr *spl_parse_where(struct spl_parser *p);
struct spl_expr *spl_expr_new(struct spl_parser *p, enum spl_expr_kind kind, size_t at);

/* SPL's name of an event field to ours; *list: its value is a list in one text. A slice that lives
 * as long as the program or the argument. */
struct slice spl_field(struct slice name, bool *list);
/* The name behind the renames so far; false: noted (it was renamed away). */
bool spl_resolve(struct spl_parser *p, const struct spl_token *name, struct slice *out);
/* What missing values of a field read as after the fillnulls so far; NULL: missing. */
const struct slice *spl_filled(const struct spl_parser *p, struct slice field);
/* ANDs an expression to the filter of events. */
bool spl_filter_add(struct spl_parser *p, const struct spl_expr *e);
/* The operator and operand for a field of lists: one of the elements is this value. */
void spl_print_element(struct buf *out, struct slice value, bool exact);
/* A glob of our filters for a value of a search: * stays, what else is special is quoted. */
void spl_glob(struct buf *out, struct slice value);

/* Commands: the current token is the one after the command's name. */
bool spl_events_command(struct spl_parser *p, const struct spl_token *name);
bool spl_stats(struct spl_parser *p);
bool spl_table_command(struct spl_parser *p, const struct spl_token *name);
/* fillnull [value=…] [fields] on either side of stats: names into p->arena. */
struct spl_names {
	struct spl_token v[SPL_SLOTS];
	unsigned n;
};
bool spl_parse_fillnull(struct spl_parser *p, struct slice *value, struct spl_names *names);
/* rename a as b, …: calls each pair. */
bool spl_parse_rename(struct spl_parser *p,
    bool (*each)(struct spl_parser *p, const struct spl_token *from, const struct spl_token *to));
/* Names separated by commas or blanks up to | or the end. */
bool spl_parse_names(struct spl_parser *p, struct spl_names *names);
/* Slot of a column in sight, -1. */
int spl_find_column(const struct spl *s, struct slice name);
/* A new slot; false: noted. */
bool spl_new_slot(struct spl_parser *p, enum spl_slot_kind kind, unsigned index, unsigned *out);
bool spl_new_column(struct spl_parser *p, struct slice name, unsigned slot);

/* Whether a row's cells pass. */
bool spl_keep(const struct spl_expr *e, const struct spl_cell *slot);
/* Compares as numbers when both are, else by bytes. */
int spl_compare(struct slice a, struct slice b);
/* The steps over n rows of one bucket, each `slot` cells; returns how many are left. */
struct spl_work {
	struct spl_cell *slot;
	uint64_t count;
	int64_t first, last, bucket;
	uint8_t priority, hostile;
	bool changed;
	uint32_t order;
};
uint32_t spl_run_steps(const struct spl *s, struct spl_work *rows, uint32_t n, struct arena *arena);

/* Values as numbers in the order of their texts: see spl_rank.c. */
#define SPL_RANK_NONE UINT32_MAX /* missing */
struct spl_list {
	uint32_t *rank; /* of its elements, ascending, each once */
	uint32_t n;
};
struct spl_ranking {
	uint32_t *rank; /* of each row: `fields` of them; the caller frees it */
	unsigned fields;
	struct slice *text[GROUP_BY_MAX]; /* by rank, in the arena */
	/* of a field of lists: rank[] are numbers in here; NULL for others */
	struct spl_list *list[GROUP_BY_MAX];
};
/* Of n rows of a table. */
void spl_rank(const struct spl *s, const struct group_table *t, const struct symtab *symbols,
    const uint32_t *row, uint32_t n, struct arena *arena, struct spl_ranking *out);

#endif
