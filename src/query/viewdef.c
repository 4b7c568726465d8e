/*
 * The views that ship with the program. Adding one is adding a row; nothing else knows their names.
 * Not here: how they are drawn (view/) or written (report/).
 */
#include "query/viewdef.h"

#include "base/xalloc.h"

#include "base/banned.h"

/* The literal of the Splunk ESCU search, which stands in the output of Falco's rule
 * "Terminal shell in container". */
#define SHELL_PHRASE "output icontains \"A shell was spawned in a container\""

/* A table reads by its rows. */
/* clang-format off */
#define COL_PRI   { .name = "priority", .title = "PRI", .width = 3 }
#define COL_RISK  { .name = "risk", .title = "RISK", .width = 6, .drop = 15 }
#define COL_COUNT { .name = "count", .title = "COUNT", .width = 7 }
#define COL_RATE  { .name = "rate", .title = "PER MIN", .width = 7, .drop = 90 }
#define COL_TREND { .name = "trend", .title = "15 MIN TREND", .width = 15, .drop = 95 }
#define COL_FIRST { .name = "first", .title = "FIRST", .width = 8, .drop = 80 }
#define COL_LAST  { .name = "last", .title = "LAST", .width = 5 }
#define DC(field, head, d) { .name = field, .title = head, .width = 6, .drop = d }

const struct view_def view_defs[] = {
	{
	    .name = "shells", .title = "Shells", .key = '1',
	    .help = "Shells spawned in containers: the rows of the Splunk ESCU analytic Kubernetes "
		    "Falco Shell Spawned, counted by image, tag, container, parent, executable, "
		    "process and user.",
	    .kind = QUERY_GROUPS, .filter = SHELL_PHRASE,
	    .by = { "container_image", "container_image_tag", "container_name", "parent",
		"proc_exepath", "process", "user" },
	    .sort = "count", .descending = true, .enter = ENTER_EVENTS,
	    .column = { COL_PRI, COL_RISK,
		{ .name = "user", .width = 9, .weight = 1 },
		{ .name = "container_name", .width = 10, .weight = 1 },
		{ .name = "container_image", .width = 14, .weight = 4 },
		{ .name = "container_image_tag", .width = 9, .drop = 60,
		    .join = "container_image", .joint = ":" },
		{ .name = "process", .title = "PROC", .width = 12, .weight = 1 },
		{ .name = "parent", .width = 12, .weight = 1, .drop = 55,
		    .join = "process", .joint = " <- " },
		{ .name = "proc_exepath", .width = 12, .weight = 2, .drop = 70 },
		COL_COUNT, COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "users", .title = "Users", .key = '2',
	    .help = "Who: one row a user, with how many containers and rules the user's events "
		    "touch. Enter opens the user's page.",
	    .kind = QUERY_GROUPS, .by = { "user" },
	    .distinct = { "container.id", "rule", "hostname" },
	    .sort = "count", .descending = true, .enter = ENTER_USER,
	    .column = { COL_PRI, COL_RISK, { .name = "user", .width = 16, .weight = 2 }, COL_COUNT,
		DC("container.id", "CONTNR", 20), DC("rule", "RULES", 30),
		DC("hostname", "NODES", 40),
		COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "containers", .title = "Containers", .key = '3',
	    .help = "Where: one row a container. Enter opens the container's page.",
	    .kind = QUERY_GROUPS,
	    .by = { "container.name", "container.id", "container_image", "k8s.ns.name",
		"k8s.pod.name" },
	    .distinct = { "user", "rule" },
	    .sort = "count", .descending = true, .enter = ENTER_CONTAINER,
	    .column = { COL_PRI, { .name = "container.name", .width = 14, .weight = 2 },
		{ .name = "container.id", .width = 12, .drop = 50 },
		{ .name = "container_image", .width = 16, .weight = 3 },
		{ .name = "k8s.ns.name", .width = 11, .weight = 1, .drop = 60 },
		{ .name = "k8s.pod.name", .width = 18, .weight = 2, .drop = 70 },
		COL_COUNT, DC("user", "USERS", 20), DC("rule", "RULES", 30),
		COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "rules", .title = "Rules", .key = '4',
	    .help = "What: one row a Falco rule, with how many users and containers it fired on. "
		    "The place to look for noise.",
	    .kind = QUERY_GROUPS, .by = { "rule" },
	    .distinct = { "user", "container.id", "hostname" },
	    .sort = "count", .descending = true, .enter = ENTER_SHELLS,
	    .column = { COL_PRI, { .name = "rule", .width = 30, .weight = 4 }, COL_COUNT,
		DC("user", "USERS", 20), DC("container.id", "CONTNR", 30),
		DC("hostname", "NODES", 40),
		COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "images", .title = "Images", .key = '5',
	    .help = "One row an image and tag: which software the events come from.",
	    .kind = QUERY_GROUPS, .by = { "container_image", "container_image_tag" },
	    .distinct = { "user", "container.id", "rule" },
	    .sort = "count", .descending = true, .enter = ENTER_SHELLS,
	    .column = { COL_PRI, { .name = "container_image", .width = 30, .weight = 4 },
		{ .name = "container_image_tag", .width = 12 }, COL_COUNT,
		DC("user", "USERS", 20), DC("container.id", "CONTNR", 30), DC("rule", "RULES", 40),
		COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "namespaces", .title = "Namespaces", .key = '6',
	    .help = "One row a Kubernetes namespace.",
	    .kind = QUERY_GROUPS, .by = { "k8s.ns.name" },
	    .distinct = { "user", "k8s.pod.name", "rule" },
	    .sort = "count", .descending = true, .enter = ENTER_SHELLS,
	    .column = { COL_PRI, { .name = "k8s.ns.name", .width = 24, .weight = 3 }, COL_COUNT,
		DC("user", "USERS", 20), DC("k8s.pod.name", "PODS", 30), DC("rule", "RULES", 40),
		COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "nodes", .title = "Nodes", .key = '7',
	    .help = "One row a node (Falco's hostname): where Falco runs and how much each says.",
	    .kind = QUERY_GROUPS, .by = { "hostname" },
	    .distinct = { "user", "container.id", "rule" },
	    .sort = "count", .descending = true, .enter = ENTER_SHELLS,
	    .column = { COL_PRI, { .name = "hostname", .title = "NODE", .width = 24, .weight = 3 },
		COL_COUNT,
		DC("user", "USERS", 20), DC("container.id", "CONTNR", 30), DC("rule", "RULES", 40),
		COL_RATE, COL_TREND, COL_FIRST, COL_LAST, { 0 } },
	},
	{
	    .name = "events", .title = "Events", .key = '9',
	    .help = "The events themselves in time order, newest at the end. "
		    "Enter shows one in full.",
	    .kind = QUERY_EVENTS,
	    .by = { "user", "container_name", "rule", "process", "hostname" },
	    .sort = "time", .descending = false, .enter = ENTER_EVENT,
	    .column = { { .name = "time", .title = "TIME", .width = 12 }, COL_PRI,
		{ .name = "user", .width = 9, .weight = 1 },
		{ .name = "container_name", .width = 11, .weight = 1 },
		{ .name = "rule", .width = 20, .weight = 4 },
		{ .name = "process", .title = "PROC", .width = 12 },
		{ .name = "hostname", .width = 10, .drop = 50 },
		{ .name = "output", .title = "OUTPUT", .width = 40, .weight = 8, .drop = 60 },
		{ 0 } },
	},
	{ 0 },
};
/* clang-format on */

const unsigned view_count = sizeof(view_defs) / sizeof(view_defs[0]) - 1;

const struct view_def *
view_def(const char *name)
{
	for (unsigned i = 0; i < view_count; i++)
		if (strcmp(view_defs[i].name, name) == 0)
			return &view_defs[i];
	return NULL;
}

void
view_query(const struct view_def *v, struct query *out)
{
	query_init(out);
	out->kind = v->kind;
	if (v->filter != NULL)
		query_and(out, v->filter);
	for (; out->nby < GROUP_BY_MAX && v->by[out->nby] != NULL; out->nby++)
		out->by[out->nby] = xstrdup(v->by[out->nby]);
	for (unsigned n = 0; n < GROUP_DISTINCT && v->distinct[n] != NULL; n++)
		out->distinct[out->ndistinct++] = xstrdup(v->distinct[n]);
}
