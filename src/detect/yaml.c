/*
 * libyaml's events to a tree of nodes in one arena. A loop with a stack of fixed size: neither
 * depth nor number is the file's to choose. What the nodes mean is the callers'.
 */
#include "detect/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/xalloc.h"
#include "base/banned.h"

#define DEPTH_MAX 64   /* the most that limits may ask for */
#define KEYS_MAX  4096 /* of one map: each new one is compared with all */

const struct yaml_limits yaml_limits_default = { .bytes = 1 << 20, .depth = 32, .nodes = 4096 };

struct yaml {
	struct arena arena;
	struct yaml_node *root;
};

/* A list or map that is being filled. */
struct level {
	struct yaml_node *node, *last;
	struct slice key; /* of a map: read, its value is to come */
	bool has_key;
};

struct builder {
	struct yaml *yaml;
	const struct yaml_limits *limits;
	char *err;
	struct level level[DEPTH_MAX];
	unsigned depth, nodes, documents;
	bool failed;
};

static void fail(struct builder *b, const yaml_mark_t *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(struct builder *b, const yaml_mark_t *at, const char *fmt, ...)
{
	char what[YAML_ERROR_MAX - 48];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(b->err, YAML_ERROR_MAX, "%zu:%zu: %s", at->line + 1, at->column + 1, what);
	b->failed = true;
}

/* A key or value as it may be shown: short, and plain. */
static const char *
shown(char out[40], struct slice s)
{
	size_t n = s.len < 32 ? s.len : 32;

	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?';
	out[n] = '\0';
	return out;
}

static bool
has_key(const struct yaml_node *map, struct slice key)
{
	for (const struct yaml_node *c = map->child; c != NULL; c = c->next)
		if (slice_eq(c->key, key))
			return true;
	return false;
}

/* Hangs the node where the document is now; a scalar where a map waits for a key is that key. */
static void
attach(struct builder *b, struct yaml_node *n)
{
	struct level *l;

	if (b->depth == 0) {
		b->yaml->root = n;
		return;
	}
	l = &b->level[b->depth - 1];
	if (l->node->kind == YAML_MAP) {
		n->key = l->key;
		l->has_key = false;
	}
	if (l->last == NULL)
		l->node->child = n;
	else
		l->last->next = n;
	l->last = n;
	l->node->n++;
}

static struct yaml_node *
make_node(struct builder *b, const yaml_mark_t *at, enum yaml_kind kind)
{
	struct yaml_node *n;

	if (++b->nodes > b->limits->nodes) {
		fail(b, at, "more than %u values", b->limits->nodes);
		return NULL;
	}
	n = arena_alloc(&b->yaml->arena, sizeof(*n));
	*n = (struct yaml_node){
		.kind = kind, .line = (unsigned)at->line + 1, .column = (unsigned)at->column + 1
	};
	return n;
}

static bool
wants_key(const struct builder *b)
{
	const struct level *l = b->depth == 0 ? NULL : &b->level[b->depth - 1];

	return l != NULL && l->node->kind == YAML_MAP && !l->has_key;
}

static bool
no_tag(struct builder *b, const yaml_event_t *e, const yaml_char_t *tag)
{
	char text[40];

	if (tag == NULL || strcmp((const char *)tag, "!") == 0 ||
	    strncmp((const char *)tag, "tag:yaml.org,2002:str", 22) == 0)
		return true;
	fail(b, &e->start_mark, "tags are not supported: %s",
	    shown(text, slice_of((const char *)tag)));
	return false;
}

static void
take_key(struct builder *b, const yaml_event_t *e, struct slice text)
{
	struct level *l = &b->level[b->depth - 1];
	char key[40];

	if (l->node->n >= KEYS_MAX) {
		fail(b, &e->start_mark, "more than %d keys in one map", KEYS_MAX);
		return;
	}
	if (has_key(l->node, text)) {
		fail(b, &e->start_mark, "the key \"%s\" is there twice", shown(key, text));
		return;
	}
	l->key = arena_copy(&b->yaml->arena, text);
	l->has_key = true;
}

static void
take_scalar(struct builder *b, const yaml_event_t *e)
{
	const struct slice text = { (const char *)e->data.scalar.value, e->data.scalar.length };
	struct yaml_node *n;

	if (!no_tag(b, e, e->data.scalar.tag))
		return;
	if (memchr(text.p, '\0', text.len) != NULL) {
		fail(b, &e->start_mark, "a NUL in a text");
		return;
	}
	if (wants_key(b)) {
		take_key(b, e, text);
		return;
	}
	n = make_node(b, &e->start_mark, YAML_SCALAR);
	if (n == NULL)
		return;
	n->text = arena_copy(&b->yaml->arena, text);
	switch (e->data.scalar.style) {
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE: n->style = YAML_BLOCK; break;
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: n->style = YAML_QUOTED; break;
	default: break;
	}
	attach(b, n);
}

static void
open_level(struct builder *b, const yaml_event_t *e, enum yaml_kind kind, const yaml_char_t *tag)
{
	struct yaml_node *n;

	if (!no_tag(b, e, tag))
		return;
	if (wants_key(b)) {
		fail(b, &e->start_mark, "expected a key");
		return;
	}
	if (b->depth == b->limits->depth || b->depth == DEPTH_MAX) {
		fail(b, &e->start_mark, "nested more than %u deep", b->depth);
		return;
	}
	n = make_node(b, &e->start_mark, kind);
	if (n == NULL)
		return;
	attach(b, n);
	b->level[b->depth++] = (struct level){ .node = n };
}

/* False at the end of the stream. */
static bool
take_event(struct builder *b, const yaml_event_t *e)
{
	char text[40];

	switch (e->type) {
	case YAML_STREAM_END_EVENT: return false;
	case YAML_DOCUMENT_START_EVENT:
		if (++b->documents > 1)
			fail(b, &e->start_mark, "more than one document");
		break;
	case YAML_ALIAS_EVENT:
		fail(b, &e->start_mark, "aliases are not supported: *%s",
		    shown(text, slice_of((const char *)e->data.alias.anchor)));
		break;
	case YAML_SCALAR_EVENT: take_scalar(b, e); break;
	case YAML_SEQUENCE_START_EVENT:
		open_level(b, e, YAML_LIST, e->data.sequence_start.tag);
		break;
	case YAML_MAPPING_START_EVENT: open_level(b, e, YAML_MAP, e->data.mapping_start.tag); break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: b->depth--; break;
	default: break;
	}
	return !b->failed;
}

static void
parser_error(struct builder *b, const yaml_parser_t *p)
{
	b->failed = true;
	if (p->error == YAML_READER_ERROR)
		snprintf(b->err, YAML_ERROR_MAX, "byte %zu: %s", p->problem_offset,
		    p->problem != NULL ? p->problem : "cannot be read");
	else
		fail(b, &p->problem_mark, "%s", p->problem != NULL ? p->problem : "bad YAML");
}

struct yaml *
yaml_parse(struct slice bytes, const struct yaml_limits *limits, char err[YAML_ERROR_MAX])
{
	struct builder b = { .yaml = xcalloc(1, sizeof(struct yaml)),
		.limits = limits != NULL ? limits : &yaml_limits_default,
		.err = err };
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	err[0] = '\0';
	if (bytes.len > b.limits->bytes) {
		snprintf(err, YAML_ERROR_MAX, "larger than %zu bytes", b.limits->bytes);
		yaml_free(b.yaml);
		return NULL;
	}
	if (yaml_parser_initialize(&parser) == 0)
		fatal("out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.p, bytes.len);
	while (more) {
		if (yaml_parser_parse(&parser, &event) == 0) {
			parser_error(&b, &parser);
			break;
		}
		more = take_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (!b.failed)
		return b.yaml;
	yaml_free(b.yaml);
	return NULL;
}

/* All of a regular file into out; no more than max bytes and one, whatever its size says. */
static bool
read_file(const char *path, size_t max, struct buf *out, char err[YAML_ERROR_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(err, YAML_ERROR_MAX, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (!S_ISREG(st.st_mode))
		snprintf(err, YAML_ERROR_MAX, "not a regular file");
	else if ((uintmax_t)st.st_size > max)
		snprintf(err, YAML_ERROR_MAX, "larger than %zu bytes", max);
	else
		while (out->len <= max && (n = read(fd, buf_room(out, 65536), 65536)) > 0)
			out->len += (size_t)n;
	if (n < 0)
		snprintf(err, YAML_ERROR_MAX, "%s", strerror(errno));
	close(fd);
	return err[0] == '\0';
}

struct yaml *
yaml_load(const char *path, const struct yaml_limits *limits, char err[YAML_ERROR_MAX])
{
	const struct yaml_limits *l = limits != NULL ? limits : &yaml_limits_default;
	struct buf bytes = { 0 };
	struct yaml *y = NULL;

	err[0] = '\0';
	buf_adds(&bytes, "");
	if (read_file(path, l->bytes, &bytes, err))
		y = yaml_parse(buf_slice(&bytes), l, err);
	buf_release(&bytes);
	return y;
}

void
yaml_free(struct yaml *y)
{
	if (y == NULL)
		return;
	arena_release(&y->arena);
	free(y);
}

const struct yaml_node *
yaml_root(const struct yaml *y)
{
	return y->root;
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_node *c = map->child; c != NULL; c = c->next)
		if (slice_eq(c->key, slice_of(key)))
			return c;
	return NULL;
}

const char *
yaml_text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n != NULL && n->kind == YAML_SCALAR ? n->text.p : NULL;
}

bool
yaml_number(const struct yaml_node *map, const char *key, double *out)
{
	const char *text = yaml_text(map, key);
	locale_t c;
	char *end;
	double d;

	if (text == NULL || text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
		return false;
	c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (c == (locale_t)0)
		return false;
	d = strtod_l(text, &end, c); /* a point is a point in every country */
	freelocale(c);
	if (*end != '\0' || !isfinite(d))
		return false;
	*out = d;
	return true;
}
