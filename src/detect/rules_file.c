/*
 * Reads Falco's rules files item by item, in Falco's own order of things (rule_loader_reader.cpp):
 * define, override, append, enable. Keeps the few texts the program shows; checks nothing that only
 * Falco can check.
 */
#include "detect/rules_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"
#include "base/sanitise.h"
#include "base/xalloc.h"
#include "detect/rules_private.h"
#include "base/banned.h"

#define NAME_MAX_BYTES 512
#define TAGS_MAX       64  /* of a rule */
#define TAG_MAX	       128 /* bytes */
#define MESSAGE_MIN    4   /* bytes: less tells no rule */

struct rules *
rules_new(void)
{
	return xcalloc(1, sizeof(struct rules));
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	message_table_free(r->table);
	for (unsigned i = 0; i < r->nproblems; i++)
		free(r->problem[i]);
	lookup_release(&r->names);
	arena_release(&r->arena);
	free(r->rule);
	free(r);
}

void
rules_problem_add(struct rules *r, const char *fmt, ...)
{
	struct buf safe = { 0 };
	char text[768];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	sanitise(&safe, slice_of(text), SANITISE_UTF8);
	if (r->nproblems < RULES_PROBLEMS) {
		r->problem[r->nproblems++] = buf_steal(&safe);
		return;
	}
	buf_clear(&safe);
	buf_addf(&safe, "and %llu more", (unsigned long long)(++r->more + 1));
	free(r->problem[RULES_PROBLEMS - 1]);
	r->problem[RULES_PROBLEMS - 1] = buf_steal(&safe);
}

/* --- the message of an output template */

static bool
word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

struct slice
rules_message_of(struct slice output)
{
	size_t start = 0, end = 0, letters = 0;
	bool field;

	while (start < output.len && strchr(" \t\n", output.p[start]) != NULL)
		start++;
	end = start;
	while (end < output.len && strchr("%=\n", output.p[end]) == NULL)
		end++;
	field = end < output.len && output.p[end] == '%';
	/* the key before '=', or a word that a field goes on with */
	if (end < output.len && output.p[end] == '=')
		while (end > start && output.p[end - 1] != ' ' && output.p[end - 1] != '(')
			end--;
	else if (field)
		while (end > start && word_byte(output.p[end - 1]))
			end--;
	while (end > start && strchr(" (|\t", output.p[end - 1]) != NULL)
		end--;
	for (size_t i = start; i < end; i++)
		letters += word_byte(output.p[i]);
	if (letters < MESSAGE_MIN)
		return (struct slice){ NULL, 0 };
	return (struct slice){ output.p + start, end - start };
}

/* --- rules by name */

static bool
same_name(const void *arg, uint32_t number, const void *key)
{
	return slice_eq(((const struct rules *)arg)->rule[number].name, *(const struct slice *)key);
}

static uint64_t
hash_name(struct slice s)
{
	return hash_bytes(s.len == 0 ? "" : s.p, s.len, hash_seed());
}

static struct falco_rule *
find(const struct rules *r, struct slice name)
{
	uint32_t i = lookup_find(&r->names, hash_name(name), same_name, r, &name);

	return i == LOOKUP_NONE ? NULL : &r->rule[i];
}

const struct falco_rule *
rules_find(const struct rules *r, struct slice name)
{
	return r == NULL ? NULL : find(r, name);
}

/* A rule of this name, emptied when it was there. NULL: too many. */
static struct falco_rule *
define(struct rules *r, struct slice name)
{
	struct falco_rule *rule = find(r, name);

	if (rule == NULL) {
		if (r->n == RULES_MAX)
			return NULL;
		if (r->n == r->room) {
			r->room = r->room == 0 ? 64 : 2 * r->room;
			r->rule = xreallocarray(r->rule, r->room, sizeof(*r->rule));
		}
		lookup_add(&r->names, hash_name(name), r->n);
		rule = &r->rule[r->n++];
		name = arena_copy(&r->arena, name);
	} else {
		name = rule->name;
	}
	*rule = (struct falco_rule){ .name = name, .source = SLICE("syscall"), .enabled = true };
	return rule;
}

/* --- values */

/* Without blanks around, cut to max bytes. */
static struct slice
trimmed(struct slice s, size_t max)
{
	while (s.len > 0 && strchr(" \t\r\n", s.p[0]) != NULL)
		s = (struct slice){ s.p + 1, s.len - 1 };
	if (s.len > max)
		s.len = max;
	while (s.len > 0 && strchr(" \t\r\n", s.p[s.len - 1]) != NULL)
		s.len--;
	return s;
}

static struct slice
text_of(const struct yaml_node *item, const char *key)
{
	const struct yaml_node *v = yaml_get(item, key);

	if (v == NULL || v->kind != YAML_SCALAR)
		return (struct slice){ NULL, 0 };
	return trimmed(v->text, RULES_TEXT_MAX);
}

static struct slice
joined(struct rules *r, struct slice old, struct slice more)
{
	struct buf b = { 0 };
	struct slice s;

	buf_add(&b, old.p, old.len);
	if (old.len > 0 && more.len > 0)
		buf_addc(&b, ' ');
	buf_add(&b, more.p, more.len);
	s = arena_copy(&r->arena, trimmed(buf_slice(&b), RULES_TEXT_MAX));
	buf_release(&b);
	return s;
}

static bool
truth(const struct yaml_node *item, const char *key, bool otherwise)
{
	static const char *const no[] = { "false", "no", "n", "off" };
	static const char *const yes[] = { "true", "yes", "y", "on" };
	const char *v = yaml_text(item, key);

	for (size_t i = 0; v != NULL && i < sizeof(no) / sizeof(no[0]); i++) {
		if (strcasecmp(v, no[i]) == 0)
			return false;
		if (strcasecmp(v, yes[i]) == 0)
			return true;
	}
	return otherwise;
}

static bool
is_tag(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.len > 0 && s.len <= TAG_MAX;
}

static int
compare_slices(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* Sorted and each once, as Falco prints them in JSON. */
static struct slice
tags_of(struct rules *r, struct slice old, const struct yaml_node *list)
{
	struct slice tag[TAGS_MAX], s;
	struct buf b = { 0 };
	unsigned n = 0;

	for (size_t i = 0, start = 0; i <= old.len && n < TAGS_MAX; i++) {
		if (i < old.len && old.p[i] != ' ')
			continue;
		if (i > start)
			tag[n++] = (struct slice){ old.p + start, i - start };
		start = i + 1;
	}
	for (const struct yaml_node *c = list == NULL || list->kind != YAML_LIST ? NULL
										 : list->child;
	     c != NULL && n < TAGS_MAX; c = c->next)
		if (c->kind == YAML_SCALAR && is_tag(c->text))
			tag[n++] = c->text;
	qsort(tag, n, sizeof(tag[0]), compare_slices);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0 && slice_eq(tag[i], tag[i - 1]))
			continue;
		if (b.len > 0)
			buf_addc(&b, ' ');
		buf_add(&b, tag[i].p, tag[i].len);
	}
	s = arena_copy(&r->arena, buf_slice(&b));
	buf_release(&b);
	return s;
}

static void
set_priority(
    struct rules *r, struct falco_rule *rule, const char *file, const struct yaml_node *item)
{
	struct slice s = text_of(item, "priority");

	if (s.len > 0 && !priority_parse(s, &rule->priority))
		rules_problem_add(r, "%s:%u: no priority of Falco's: \"%.*s\"", file,
		    yaml_get(item, "priority")->line, (int)(s.len < 64 ? s.len : 64), s.p);
}

static void
set_output(struct rules *r, struct falco_rule *rule, struct slice output)
{
	rule->output = arena_copy(&r->arena, output);
	rule->message = rules_message_of(rule->output);
}

/* --- items */

static void
define_rule(struct rules *r, const char *file, const struct yaml_node *item, struct slice name)
{
	struct falco_rule *rule = define(r, name);
	struct slice source = trimmed(text_of(item, "source"), TAG_MAX);

	if (rule == NULL) {
		if (!r->full)
			rules_problem_add(r, "%s:%u: more than %d rules: the rest is left out",
			    file, item->line, RULES_MAX);
		r->full = true;
		return;
	}
	rule->file = arena_strdup(&r->arena, file);
	rule->line = item->line;
	rule->description = arena_copy(&r->arena, text_of(item, "desc"));
	set_output(r, rule, text_of(item, "output"));
	if (source.len > 0)
		rule->source = arena_copy(&r->arena, source);
	rule->tags = tags_of(r, (struct slice){ NULL, 0 }, yaml_get(item, "tags"));
	rule->enabled = truth(item, "enabled", true);
	set_priority(r, rule, file, item);
}

static bool
overrides(const struct yaml_node *map, const char *field, const char *how)
{
	const char *v = yaml_text(map, field);

	return v != NULL && strcmp(v, how) == 0;
}

static void
override_rule(struct rules *r, const char *file, const struct yaml_node *item,
    struct falco_rule *rule, const struct yaml_node *map)
{
	struct slice none = { NULL, 0 };

	for (const struct yaml_node *c = map->child; c != NULL; c = c->next)
		if (c->kind != YAML_SCALAR ||
		    (!slice_eq(c->text, SLICE("append")) && !slice_eq(c->text, SLICE("replace"))))
			rules_problem_add(r, "%s:%u: expected append or replace", file, c->line);
	if (overrides(map, "output", "append"))
		set_output(r, rule, joined(r, rule->output, text_of(item, "output")));
	if (overrides(map, "desc", "append"))
		rule->description = joined(r, rule->description, text_of(item, "desc"));
	if (overrides(map, "tags", "append"))
		rule->tags = tags_of(r, rule->tags, yaml_get(item, "tags"));
	if (overrides(map, "output", "replace"))
		set_output(r, rule, text_of(item, "output"));
	if (overrides(map, "desc", "replace"))
		rule->description = arena_copy(&r->arena, text_of(item, "desc"));
	if (overrides(map, "tags", "replace"))
		rule->tags = tags_of(r, none, yaml_get(item, "tags"));
	if (overrides(map, "priority", "replace"))
		set_priority(r, rule, file, item);
	if (overrides(map, "enabled", "replace"))
		rule->enabled = truth(item, "enabled", rule->enabled);
}

static bool
only_enabled(const struct yaml_node *item)
{
	return yaml_get(item, "condition") == NULL && yaml_get(item, "output") == NULL &&
	       yaml_get(item, "desc") == NULL && yaml_get(item, "priority") == NULL;
}

static void
read_rule(struct rules *r, const char *file, const struct yaml_node *item)
{
	struct slice name = trimmed(text_of(item, "rule"), NAME_MAX_BYTES);
	const struct yaml_node *map = yaml_get(item, "override");
	bool append = truth(item, "append", false);
	struct falco_rule *old;

	if (name.len == 0) {
		rules_problem_add(r, "%s:%u: a rule without a name", file, item->line);
		return;
	}
	old = find(r, name);
	if (map == NULL && !append && !only_enabled(item)) {
		define_rule(r, file, item, name);
		return;
	}
	if (old == NULL)
		rules_problem_add(r, "%s:%u: no rule \"%.*s\" before this one", file, item->line,
		    (int)name.len, name.p);
	else if (map != NULL && map->kind != YAML_MAP)
		rules_problem_add(r, "%s:%u: expected a map after override", file, map->line);
	else if (map != NULL)
		override_rule(r, file, item, old, map);
	else if (!append)
		old->enabled = truth(item, "enabled", old->enabled);
}

void
rules_read_items(struct rules *r, const char *file, const struct yaml_node *root)
{
	if (root != NULL && root->kind != YAML_LIST) {
		rules_problem_add(r, "%s:%u: expected a list of rules", file, root->line);
		return;
	}
	r->files++;
	for (const struct yaml_node *c = root == NULL ? NULL : root->child; c != NULL; c = c->next)
		if (c->kind == YAML_MAP && yaml_get(c, "rule") != NULL)
			read_rule(r, file, c);
}

void
rules_add_bytes(struct rules *r, const char *name, struct slice bytes)
{
	char err[YAML_ERROR_MAX];
	struct yaml *y = yaml_parse(bytes, &rules_limits, err);

	if (y == NULL) {
		rules_problem_add(r, "%s:%s", name, err);
		return;
	}
	rules_read_items(r, name, yaml_root(y));
	yaml_free(y);
}

/* --- answers */

const struct message_table *
rules_table(struct rules *r)
{
	struct message_rule *row = xcalloc((size_t)r->n + 1, sizeof(*row));
	unsigned n = 0;

	/* of two rules with one message the enabled one, else the first */
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < r->n; i++)
			if (r->rule[i].enabled == (pass == 0))
				row[n++] = (struct message_rule){ r->rule[i].message,
					r->rule[i].name, r->rule[i].source, r->rule[i].tags };
	message_table_free(r->table);
	r->table = message_table_new(row, n);
	free(row);
	return r->table;
}

const struct falco_rule *
rules_of_message(const struct rules *r, struct slice message)
{
	const struct message_rule *row =
	    r->table == NULL ? NULL : message_table_find(r->table, message);

	return row == NULL ? NULL : find(r, row->rule);
}

void
rules_tags(const struct rules *r, struct slice name, struct buf *out)
{
	const struct falco_rule *rule = rules_find(r, name);

	if (rule != NULL)
		buf_add(out, rule->tags.p, rule->tags.len);
}

unsigned
rules_count(const struct rules *r)
{
	return r->n;
}

unsigned
rules_files(const struct rules *r)
{
	return r->files;
}

const struct falco_rule *
rules_get(const struct rules *r, unsigned i)
{
	return &r->rule[i];
}

unsigned
rules_problems(const struct rules *r)
{
	return r->nproblems;
}

const char *
rules_problem(const struct rules *r, unsigned i)
{
	return r->problem[i];
}
