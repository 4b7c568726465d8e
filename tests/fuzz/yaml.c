/*
 * YAML trees and detections made of them: within the limits whatever the bytes, errors are one
 * line, and what loads either runs or says why not.
 */
#include "detect/detection_private.h"

#include <stdlib.h>

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned
count(const struct yaml_node *n, unsigned depth)
{
	unsigned nodes = 0, children = 0;

	if (depth > yaml_limits_default.depth + 1)
		abort();
	for (; n != NULL; n = n->next, children++) {
		if (n->line == 0 || n->column == 0)
			abort();
		if (n->kind == YAML_SCALAR && strlen(n->text.p) != n->text.len)
			abort();
		nodes += 1 + count(n->child, depth + 1);
	}
	return nodes;
}

static void
check_detection(const struct yaml_node *root)
{
	struct macros *m = macros_new();
	char err[DETECTION_ERROR_MAX] = "";
	struct detection *d = detection_make("f.yml", root, m, err);

	if (d == NULL && err[0] == '\0')
		abort();
	if (d != NULL && (d->state == DETECTION_RUNNABLE) != (d->spl != NULL))
		abort();
	if (d != NULL && (d->state == DETECTION_RUNNABLE) != (d->reason == NULL))
		abort();
	for (unsigned i = 0; d != NULL && i < d->nrisk; i++)
		if (!(d->risk[i].score >= 0 && d->risk[i].score <= 100))
			abort();
	detection_free(d);
	macros_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[YAML_ERROR_MAX];
	struct yaml *y = yaml_parse((struct slice){ (const char *)data, size }, NULL, err);
	struct macros *m;

	if (y == NULL) {
		if (err[0] == '\0' || strchr(err, '\n') != NULL)
			abort();
		return 0;
	}
	if (count(yaml_root(y), 0) > yaml_limits_default.nodes)
		abort();
	check_detection(yaml_root(y));
	m = macros_new();
	(void)macros_add(m, yaml_root(y), err);
	macros_free(m);
	yaml_free(y);
	return 0;
}
