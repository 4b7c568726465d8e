/*
 * YAML files as small read-only trees (libyaml underneath). One document; scalars stay the texts
 * they are; no aliases, no tags, no duplicate keys. Everything that a hostile file can grow has a
 * cap, and what is refused is refused with one line that says where.
 */
#ifndef FALCOTOP_DETECT_YAML_H
#define FALCOTOP_DETECT_YAML_H

#include "base/slice.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* How a scalar was written: "no", 'no' and | differ for those who care. */
enum yaml_style { YAML_PLAIN, YAML_QUOTED, YAML_BLOCK };

struct yaml_node {
	enum yaml_kind kind;
	enum yaml_style style;
	unsigned line, column; /* from 1 */
	struct slice key;      /* in a map; a NUL follows */
	struct slice text;     /* of a scalar; a NUL follows, none is inside */
	struct yaml_node *child, *next;
	unsigned n; /* children */
};

struct yaml_limits {
	size_t bytes;
	unsigned depth, nodes;
};

/* 1 MiB, 32 deep, 4,096 nodes. */
extern const struct yaml_limits yaml_limits_default;

struct yaml;

#define YAML_ERROR_MAX 256

/*
 * NULL and "LINE:COLUMN: what" (or what is wrong with the file itself) in err. An empty document
 * gives a tree whose root is NULL. limits NULL: the default. Only regular files are read.
 */
struct yaml *yaml_load(
    const char *path, const struct yaml_limits *limits, char err[YAML_ERROR_MAX]);
struct yaml *yaml_parse(
    struct slice bytes, const struct yaml_limits *limits, char err[YAML_ERROR_MAX]);
/* libyaml exports a yaml_free() of its own and would call ours. */
#define yaml_free yaml_tree_free
void yaml_free(struct yaml *y);
const struct yaml_node *yaml_root(const struct yaml *y);

/* The value of a key of a map; NULL when there is none or `map` is no map (or NULL). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The text of a scalar value of a map, as a C string; NULL when there is none. */
const char *yaml_text(const struct yaml_node *map, const char *key);
/* The same as a finite number; false leaves *out alone. */
bool yaml_number(const struct yaml_node *map, const char *key, double *out);

#endif
