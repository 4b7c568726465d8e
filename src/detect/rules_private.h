/* The inside of the rules: rules_file.c reads items, rules_paths.c finds files. Private to the
 * layer.
 */
#ifndef FALCOTOP_DETECT_RULES_PRIVATE_H
#define FALCOTOP_DETECT_RULES_PRIVATE_H

#include "base/arena.h"
#include "detect/lookup.h"
#include "detect/rules_file.h"
#include "detect/yaml.h"

struct rules {
	struct falco_rule *rule;
	unsigned n, room, files, tried;
	size_t bytes;
	bool full; /* said so */
	struct lookup names;
	struct arena arena;
	struct message_table *table;
	char *problem[RULES_PROBLEMS];
	unsigned nproblems;
	uint64_t more; /* problems left out */
};

extern const struct yaml_limits rules_limits;

/* A problem, made fit to be shown. */
void rules_problem_add(struct rules *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rules_read_items(struct rules *r, const char *file, const struct yaml_node *root);

#endif
