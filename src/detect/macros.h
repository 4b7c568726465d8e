/*
 * Search macros: `name` or `name(a, b)` in a search stands for a text. One is a map {name,
 * definition, arguments}, as in the files of ESCU's macros directory; a user's file may hold a list
 * of those. A few that every ESCU search needs are built in.
 */
#ifndef FALCOTOP_DETECT_MACROS_H
#define FALCOTOP_DETECT_MACROS_H

#include "base/buf.h"
#include "detect/yaml.h"

#define MACRO_ARGUMENTS 8

struct macros;

/* With the built-in ones: kube_container_falco, kube_audit, security_content_ctime, … */
struct macros *macros_new(void);
void macros_free(struct macros *m);
/* arguments: names separated by commas, or NULL. Replaces one of the same name. False when there
 * are too many or the text is too long. */
bool macros_set(struct macros *m, const char *name, const char *arguments, const char *definition);
/* One macro, or a list of them. False and a line in err when it is neither. */
bool macros_add(struct macros *m, const struct yaml_node *node, char err[YAML_ERROR_MAX]);
/*
 * The definition, NULL when there is none; *nargs is how many arguments it takes. A name that ends
 * in _filter and is not defined is "search *", as ESCU ships them.
 */
const char *macros_find(const struct macros *m, struct slice name, unsigned *nargs);
/* Name of argument i of a macro, or an empty slice. */
struct slice macros_argument(const struct macros *m, struct slice name, unsigned i);

#endif
