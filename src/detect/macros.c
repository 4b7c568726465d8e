/*
 * Search macros by name. A short list: looked at once a search, so it is walked. Replacing them in
 * a search is spl_expand.c's.
 */
#include "detect/macros.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

#define MACROS_MAX     4096
#define DEFINITION_MAX (64 * 1024)
#define NAME_MAX_BYTES 256

struct macro {
	char *name, *definition;
	char *argument[MACRO_ARGUMENTS];
	unsigned nargument;
};

struct macros {
	struct macro *v;
	unsigned n;
};

/* What ESCU ships and its searches lean on: splunk/security_content, macros/. */
static const struct {
	const char *name, *arguments, *definition;
} builtin[] = {
	{ "kube_container_falco", NULL, "sourcetype=\"kube:container:falco\"" },
	{ "kube_audit", NULL, "source=\"kubernetes\"" },
	{ "security_content_ctime", "field",
	    "convert timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime($field$)" },
};

struct macros *
macros_new(void)
{
	struct macros *m = xcalloc(1, sizeof(*m));

	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		macros_set(m, builtin[i].name, builtin[i].arguments, builtin[i].definition);
	return m;
}

static void
macro_clear(struct macro *x)
{
	for (unsigned i = 0; i < x->nargument; i++)
		free(x->argument[i]);
	free(x->name);
	free(x->definition);
	*x = (struct macro){ 0 };
}

void
macros_free(struct macros *m)
{
	if (m == NULL)
		return;
	for (unsigned i = 0; i < m->n; i++)
		macro_clear(&m->v[i]);
	free(m->v);
	free(m);
}

static struct macro *
find(const struct macros *m, struct slice name)
{
	for (unsigned i = 0; i < m->n; i++)
		if (slice_eq(slice_of(m->v[i].name), name))
			return &m->v[i];
	return NULL;
}

/* Names separated by commas and blanks. False when there are too many. */
static bool
split_arguments(struct macro *x, const char *list)
{
	for (const char *p = list; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, ", \t");

		if (n > 0) {
			if (x->nargument == MACRO_ARGUMENTS)
				return false;
			x->argument[x->nargument++] = xstrndup(p, n);
		}
		p += n + strspn(p + n, ", \t");
	}
	return true;
}

bool
macros_set(struct macros *m, const char *name, const char *arguments, const char *definition)
{
	struct macro made = { 0 }, *old = find(m, slice_of(name));

	if (name[0] == '\0' || strlen(name) > NAME_MAX_BYTES ||
	    strlen(definition) > DEFINITION_MAX || (old == NULL && m->n == MACROS_MAX))
		return false;
	if (!split_arguments(&made, arguments)) {
		macro_clear(&made);
		return false;
	}
	made.name = xstrdup(name);
	made.definition = xstrdup(definition);
	if (old != NULL) {
		macro_clear(old);
		*old = made;
		return true;
	}
	m->v = xreallocarray(m->v, m->n + 1, sizeof(*m->v));
	m->v[m->n++] = made;
	return true;
}

static bool
join_arguments(const struct yaml_node *list, struct buf *out)
{
	if (list == NULL)
		return true;
	if (list->kind == YAML_SCALAR) {
		buf_adds(out, list->text.p);
		return true;
	}
	for (const struct yaml_node *c = list->child; c != NULL; c = c->next) {
		if (c->kind != YAML_SCALAR)
			return false;
		buf_addf(out, "%s,", c->text.p);
	}
	return list->kind == YAML_LIST;
}

static bool
add_one(struct macros *m, const struct yaml_node *node, char err[YAML_ERROR_MAX])
{
	const char *name = yaml_text(node, "name"), *definition = yaml_text(node, "definition");
	struct buf arguments = { 0 };
	bool ok;

	if (name == NULL || definition == NULL) {
		snprintf(err, YAML_ERROR_MAX, "%u:%u: a macro has a name and a definition",
		    node->line, node->column);
		return false;
	}
	buf_adds(&arguments, "");
	ok = join_arguments(yaml_get(node, "arguments"), &arguments) &&
	     macros_set(m, name, arguments.p, definition);
	if (!ok)
		snprintf(err, YAML_ERROR_MAX,
		    "%u:%u: a macro takes at most %d arguments and %d bytes", node->line,
		    node->column, MACRO_ARGUMENTS, DEFINITION_MAX);
	buf_release(&arguments);
	return ok;
}

bool
macros_add(struct macros *m, const struct yaml_node *node, char err[YAML_ERROR_MAX])
{
	if (node == NULL)
		return true;
	if (node->kind != YAML_LIST)
		return add_one(m, node, err);
	for (const struct yaml_node *c = node->child; c != NULL; c = c->next)
		if (!add_one(m, c, err))
			return false;
	return true;
}

static bool
is_filter(struct slice name)
{
	const struct slice end = SLICE("_filter");

	return name.len > end.len && memcmp(name.p + name.len - end.len, end.p, end.len) == 0;
}

const char *
macros_find(const struct macros *m, struct slice name, unsigned *nargs)
{
	const struct macro *x = find(m, name);

	*nargs = x == NULL ? 0 : x->nargument;
	if (x != NULL)
		return x->definition;
	return is_filter(name) ? "search *" : NULL;
}

struct slice
macros_argument(const struct macros *m, struct slice name, unsigned i)
{
	const struct macro *x = find(m, name);

	return x == NULL || i >= x->nargument ? (struct slice){ NULL, 0 }
					      : slice_of(x->argument[i]);
}
