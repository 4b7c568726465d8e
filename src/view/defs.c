/*
 * Declarations that are no views of their own: what rows of other views open, the tabs of the
 * entity pages, and those made at run time for --by and %.
 */
#include "view/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define COLUMN_PRI                                                                                 \
	{                                                                                          \
		.name = "priority", .title = "PRI", .width = 3                                     \
	}
#define COLUMN_RISK                                                                                \
	{                                                                                          \
		.name = "risk", .title = "RISK", .width = 6, .drop = 15                            \
	}
#define COLUMNS_END                                                                                \
	{ .name = "count", .title = "COUNT", .width = 7 },                                         \
	    { .name = "rate", .title = "PER MIN", .width = 7, .drop = 90 },                        \
	    { .name = "trend", .title = "15 MIN TREND", .width = 15, .drop = 95 },                 \
	    { .name = "first", .title = "FIRST", .width = 9, .drop = 80 },                         \
	{                                                                                          \
		.name = "last", .title = "LAST", .width = 5                                        \
	}

const struct view_def def_activity = {
	.name = "activity",
	.title = "Activity",
	.help = "Who did what, where: the columns of Shells for events of any kind.",
	.kind = QUERY_GROUPS,
	.by = { "user", "container_name", "container_image", "container_image_tag", "process",
	    "parent", "proc_exepath", "rule" },
	.sort = "count",
	.descending = true,
	.enter = ENTER_EVENTS,
	.column = { COLUMN_PRI, COLUMN_RISK, { .name = "user", .width = 9, .weight = 1 },
	    { .name = "container_name", .width = 10, .weight = 1 },
	    { .name = "container_image", .width = 14, .weight = 3, .drop = 65 },
	    { .name = "container_image_tag",
		.width = 9,
		.drop = 66,
		.join = "container_image",
		.joint = ":" },
	    { .name = "rule", .width = 20, .weight = 3 },
	    { .name = "process", .title = "PROC", .width = 12, .weight = 1 },
	    { .name = "parent",
		.width = 12,
		.weight = 1,
		.drop = 55,
		.join = "process",
		.joint = " <- " },
	    { .name = "proc_exepath", .width = 12, .weight = 2, .drop = 70 }, COLUMNS_END, { 0 } },
};

const struct view_def def_processes = {
	.name = "processes",
	.title = "Processes",
	.help = "Which process was started by which.",
	.kind = QUERY_GROUPS,
	.by = { "parent", "process", "proc_exepath" },
	.distinct = { "user", "container.id", "rule" },
	.sort = "count",
	.descending = true,
	.enter = ENTER_EVENTS,
	.column = { COLUMN_PRI, { .name = "parent", .width = 16, .weight = 1 },
	    { .name = "process", .title = "PROC", .width = 16, .weight = 1 },
	    { .name = "proc_exepath", .width = 18, .weight = 2, .drop = 60 },
	    { .name = "user", .title = "USERS", .width = 6, .drop = 20 },
	    { .name = "container.id", .title = "CONTNR", .width = 6, .drop = 30 },
	    { .name = "rule", .title = "RULES", .width = 6, .drop = 40 }, COLUMNS_END, { 0 } },
};

static const struct view_column ends[] = { COLUMNS_END };

struct view_def *
def_by(const char *fields, struct filter_error *err)
{
	struct view_def *d;
	struct query q;
	unsigned n = 0;

	query_init(&q);
	if (!query_set_by(&q, fields, err)) {
		query_release(&q);
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	d->name = xstrdup("by");
	d->title = xasprintf("By %s", fields);
	d->help = xstrdup("Counted by the fields you chose.");
	d->kind = QUERY_GROUPS;
	d->sort = "count";
	d->descending = true;
	d->enter = ENTER_EVENTS;
	d->column[n++] = (struct view_column)COLUMN_PRI;
	for (unsigned i = 0; i < q.nby; i++)
		if (field_by_name(slice_of(q.by[i])) == FIELD_USER && n == 1)
			d->column[n++] = (struct view_column)COLUMN_RISK;
	for (unsigned i = 0; i < q.nby; i++) {
		enum field_id f = field_by_name(slice_of(q.by[i]));

		d->by[i] = xstrdup(q.by[i]);
		d->column[n++] = (struct view_column){ .name = d->by[i],
			.width = f == FIELD_NONE	    ? 16
				 : field_info(f)->width < 8 ? 8
							    : field_info(f)->width,
			.weight = 2,
			.drop = i >= 4 ? 40 + (int)i : 0 };
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		d->column[n++] = ends[i];
	query_release(&q);
	return d;
}

static void
free_text(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { s };

	free(u.out);
}

void
def_free(struct view_def *d)
{
	if (d == NULL)
		return;
	free_text(d->name);
	free_text(d->title);
	free_text(d->help);
	for (unsigned i = 0; i < GROUP_BY_MAX; i++)
		free_text(d->by[i]);
	free(d);
}
