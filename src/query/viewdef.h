/*
 * Views are declarations: a named query, its columns and where Enter leads (views.def). The
 * dashboard, `report --view`, the picker, the man page and the tabs of the user and container pages
 * all read this one table.
 */
#ifndef FALCOTOP_QUERY_VIEWDEF_H
#define FALCOTOP_QUERY_VIEWDEF_H

#include "query/query.h"

/* What a row of a view opens into. */
enum view_enter {
	ENTER_EVENTS,	 /* the events behind the row */
	ENTER_USER,	 /* the page of the row's user */
	ENTER_CONTAINER, /* the page of the row's container */
	ENTER_SHELLS,	 /* the rows of a more detailed view: by rule, process, … of the row */
	ENTER_EVENT	 /* one event in full */
};

#define VIEW_COLUMNS 18

/* A column: a by-field or distinct-field name as in the query, or one of priority count rate trend
 * first last output time risk (of the user in the row). */
struct view_column {
	const char *name;
	const char *title; /* NULL: the field's own */
	int width;	   /* cells; 0: the field's own */
	int weight;	   /* share of spare width it takes; 0: fixed */
	int drop;	   /* narrow screens lose the highest number first; 0: stays */
	/* instead of dropping it, its values are shown joined into the column named here
	 * ("image:tag", "proc <- parent") */
	const char *join;
	const char *joint; /* what stands between: ":" or " <- " */
};

struct view_def {
	const char *name;  /* shells: --view, :shells */
	const char *title; /* Shells */
	char key;	   /* 1..9: the tab key; 0: none */
	const char *help;  /* a sentence or two for the picker */
	enum query_kind kind;
	const char *filter; /* NULL: all */
	const char *by[GROUP_BY_MAX + 1];
	const char *distinct[GROUP_DISTINCT + 1];
	const char *sort;
	bool descending;
	enum view_enter enter;
	struct view_column column[VIEW_COLUMNS + 1]; /* ends with a NULL name */
};

extern const struct view_def view_defs[]; /* ends with a NULL name */
extern const unsigned view_count;
/* NULL when there is no such view. */
const struct view_def *view_def(const char *name);
/* The query of a view, ready for query_and(). */
void view_query(const struct view_def *v, struct query *out);

#endif
