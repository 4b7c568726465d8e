/*
 * JSON documents: the validating scan, then jsmn's tokens, then a walk over them. The scan has
 * already counted the tokens, so the array is sized once, and bounded the depth, so that jsmn's
 * closing-bracket walk stays linear. This is the only file that includes jsmn.h, and no file
 * outside this layer reads JSON.
 */
#include "decode/json.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "decode/strings.h"
#include "decode/vec.h"

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#include <jsmn.h>
#pragma GCC diagnostic pop

#include "base/banned.h"

struct json {
	const char *p; /* the root value */
	unsigned count, cap;
	jsmntok_t *token;
	struct arena copy; /* a text without NUL bytes, for jsmn alone */
	/* json_has_duplicates(): an open table of key nodes; entries of other marks are empty */
	struct key_entry *table;
	unsigned table_cap;
	uint32_t mark;
};

struct key_entry {
	uint32_t mark;
	uint32_t key;
	uint64_t hash;
};

struct json *
json_new(void)
{
	return xcalloc(1, sizeof(struct json));
}

void
json_free(struct json *j)
{
	if (j == NULL)
		return;
	free(j->token);
	free(j->table);
	arena_release(&j->copy);
	free(j);
}

/* jsmn ends at a NUL byte, also inside a string: it gets a copy of the same length without. */
static const char *
without_nul(struct json *j, const char *p, size_t len)
{
	char *q, *nul;

	if (memchr(p, '\0', len) == NULL)
		return p;
	arena_reset(&j->copy);
	q = arena_alloc(&j->copy, len);
	memcpy(q, p, len);
	while ((nul = memchr(q, '\0', len)) != NULL)
		*nul = ' ';
	return q;
}

enum json_status
json_parse(struct json *j, struct slice text, struct json_scan *out)
{
	jsmn_parser parser;
	size_t len;
	const char *p;

	j->count = 0;
	if (json_validate(text, out) != JSON_OK)
		return out->status;
	len = out->value_end - out->start;
	j->p = text.p + out->start;
	if (len > DECODE_MAX_LINE)
		return out->status = JSON_MANY;
	if (j->cap < out->tokens) {
		j->cap = out->tokens < 256 ? 256 : out->tokens;
		j->token = xreallocarray(j->token, j->cap, sizeof(*j->token));
	}
	/* A lone scalar: strict jsmn takes none, and the caller only wants to know what it is. */
	if (*j->p != '{' && *j->p != '[') {
		j->token[0] = (jsmntok_t){ .type = *j->p == '"' ? JSMN_STRING : JSMN_PRIMITIVE,
			.start = *j->p == '"',
			.end = (int)len - (*j->p == '"'),
			.parent = -1 };
		j->count = 1;
		return JSON_OK;
	}
	p = without_nul(j, j->p, len);
	jsmn_init(&parser);
	if (jsmn_parse(&parser, p, len, j->token, out->tokens) != (int)out->tokens)
		return out->status = JSON_BAD;
	j->count = out->tokens;
	return JSON_OK;
}

enum value_kind
json_kind(const struct json *j, unsigned node)
{
	const jsmntok_t *t = &j->token[node];

	if (t->type == JSMN_OBJECT)
		return VALUE_OBJECT;
	if (t->type == JSMN_ARRAY)
		return VALUE_ARRAY;
	if (t->type == JSMN_STRING)
		return VALUE_STRING;
	switch (j->p[t->start]) {
	case 'n': return VALUE_NULL;
	case 't':
	case 'f': return VALUE_BOOL;
	default: return VALUE_NUMBER;
	}
}

struct slice
json_text(const struct json *j, unsigned node)
{
	const jsmntok_t *t = &j->token[node];

	return (struct slice){ j->p + t->start, (size_t)(t->end - t->start) };
}

/* Behind the bytes that stand for themselves: at an escape, at a damaged byte, or at end. */
static const char *
literal_run(const char *p, const char *end)
{
	const char *q;

	while ((p = skip_plain(p, end)) < end && *p != '\\') {
		q = (unsigned char)*p < 0x80 ? p + 1 : utf8_run(p, end);
		if (q == p)
			break;
		p = q;
	}
	return p;
}

/* Appends what the escape or the damaged byte at p stands for to *to; returns bytes taken. */
static size_t
unescape_step(const char *p, const char *end, char **to)
{
	bool bad = false;
	size_t n;

	if (*p != '\\') {
		memcpy(*to, "\xef\xbf\xbd", 3);
		*to += 3;
		return damaged_length(p, end);
	}
	n = escape_length(p, end, &bad);
	if (n == 0) { /* not after json_validate() */
		*(*to)++ = *p;
		return 1;
	}
	*to += utf8_encode(escape_value(p, n), *to);
	return n;
}

struct slice
json_unescape(struct slice raw, struct arena *scratch)
{
	const char *p = raw.p, *end = raw.p + raw.len, *q = literal_run(p, end);
	char *out, *to;

	if (q == end)
		return raw;
	/* A damaged byte becomes the three of U+FFFD; everything else shrinks or stays. */
	out = to = arena_alloc(scratch, raw.len * 3);
	for (;;) {
		if (q > p)
			memcpy(to, p, (size_t)(q - p));
		to += q - p;
		if (q == end)
			return (struct slice){ out, (size_t)(to - out) };
		p = q + unescape_step(q, end, &to);
		q = literal_run(p, end);
	}
}

/* A string can only be a name of Falco's or an envelope's, all ASCII, when its raw form is not too
 * short or long for it: for keys that are too odd to unescape them again and again. */
static bool
may_be(struct slice raw, size_t len)
{
	return raw.len >= len && raw.len <= len * 6;
}

struct value
json_value(const struct json *j, unsigned node, struct arena *scratch)
{
	struct value v = { .text = json_text(j, node), .kind = json_kind(j, node) };

	if (v.kind == VALUE_STRING)
		v.text = json_unescape(v.text, scratch);
	return v;
}

/* The first node behind the subtree of node. */
static unsigned
node_after(const struct json *j, unsigned node)
{
	int end = j->token[node].end;
	unsigned n = node + 1;

	if (j->token[node].type != JSMN_OBJECT && j->token[node].type != JSMN_ARRAY)
		return n;
	while (n < j->count && j->token[n].start < end)
		n++;
	return n;
}

struct json_walk
json_walk(const struct json *j, unsigned node)
{
	struct json_walk w = {
		.j = j, .parent = node, .next = node + 1, .end = node_after(j, node)
	};

	if (j->token[node].type != JSMN_OBJECT && j->token[node].type != JSMN_ARRAY)
		w.end = w.next;
	return w;
}

bool
json_next(struct json_walk *w)
{
	const struct json *j = w->j;

	if (w->next >= w->end)
		return false;
	w->key = w->value = w->next;
	if (j->token[w->parent].type == JSMN_OBJECT) {
		if (j->token[w->key].type != JSMN_STRING || j->token[w->key].size != 1 ||
		    w->key + 1 >= w->end)
			return false;
		w->value = w->key + 1;
	}
	w->next = node_after(j, w->value);
	return true;
}

struct slice
json_name(const struct json_walk *w, struct arena *scratch)
{
	return json_unescape(json_text(w->j, w->key), scratch);
}

bool
json_find(const struct json *j, unsigned object, struct slice name, unsigned *value,
    struct arena *scratch)
{
	struct json_walk w = json_walk(j, object);
	bool found = false;

	if (json_kind(j, object) != VALUE_OBJECT)
		return false;
	while (json_next(&w)) {
		if (may_be(json_text(j, w.key), name.len) &&
		    slice_eq(json_name(&w, scratch), name)) {
			*value = w.value;
			found = true;
		}
	}
	return found;
}

static void
table_reserve(struct json *j)
{
	unsigned want = 256;

	while (want < j->count)
		want *= 2;
	if (want > j->table_cap || ++j->mark == 0) {
		free(j->table);
		j->table = xcalloc(want, sizeof(*j->table));
		j->table_cap = want;
		j->mark = 1;
	}
}

/* Adds a key to the table; true when its object had that key already. */
static bool
key_again(struct json *j, unsigned key, struct arena *scratch)
{
	struct slice name = json_unescape(json_text(j, key), scratch), other;
	int parent = j->token[key].parent;
	uint64_t hash = hash_bytes(name.p, name.len, hash_seed() + (unsigned)parent);
	unsigned at = (unsigned)hash & (j->table_cap - 1);
	struct key_entry *e;

	for (;; at = (at + 1) & (j->table_cap - 1)) {
		e = &j->table[at];
		if (e->mark != j->mark)
			break;
		if (e->hash != hash || j->token[e->key].parent != parent)
			continue;
		other = json_unescape(json_text(j, e->key), scratch);
		if (slice_eq(name, other))
			return true;
	}
	*e = (struct key_entry){ .mark = j->mark, .key = key, .hash = hash };
	return false;
}

bool
json_has_duplicates(struct json *j, struct arena *scratch)
{
	table_reserve(j);
	for (unsigned n = 1; n < j->count; n++) {
		int parent = j->token[n].parent;

		if (parent >= 0 && j->token[parent].type == JSMN_OBJECT && key_again(j, n, scratch))
			return true;
	}
	return false;
}
