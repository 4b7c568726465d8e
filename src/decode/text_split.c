/*
 * Where the values of "message | user=root command=sh -c a=b terminal=0" end. Values are not quoted
 * and hold blanks, '=', parentheses and whole fake pairs, written by whoever is watched, so the key
 * decides: a pair starts at a known key behind a blank, or at any identifier where the value before
 * it is not one that people write. Rules since Falco 0.33 print a fixed block (evt_type user ...
 * command terminal); once it is seen, what looks like a key of that block inside the values before
 * it or inside the command belongs to the value. What the keys mean is in text_keys.c; this file
 * fills no event.
 */
#include "decode/text_split.h"

#include "decode/vec.h"

#include "base/banned.h"

#define WIDEST 24 /* bytes looked at for the words before a key: "requesting user" */

static bool
letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/*
 * Start of a key of several words, "(requesting user=" or ", AWS region=": back over letters and
 * blanks to "(" or ", ". The key itself when there is no such start near.
 */
static const char *
widen(const char *low, const char *key)
{
	const char *p = key;

	while (p > low && key - p < WIDEST && (letter(p[-1]) || p[-1] == ' '))
		p--;
	if (p > low && p[-1] == '(' && p < key && letter(*p))
		return p;
	if (p > low && p[-1] == ',' && *p == ' ' && p + 1 < key && letter(p[1]))
		return p + 1;
	return key;
}

/* "name (id=": the name's start, or NULL when what precedes is no such name. */
static const char *
info_name(const char *low, const char *key)
{
	const char *p = key - 2; /* the blank before "(" */

	if (key - low < 3 || key[-1] != '(' || *p != ' ')
		return NULL;
	while (p > low && p[-1] != ' ' && p[-1] != '=')
		p--;
	return p == key - 2 ? NULL : p;
}

/* One '=' of the text, and what is before it. */
struct candidate {
	const char *start; /* of the text */
	const char *low;   /* behind the '=' before: the value there cannot end earlier */
	const char *key;   /* where the identifier before the '=' starts */
	const char *equals;
	const char *open; /* behind the last '(' or ',' */
};

/*
 * True when a pair starts at the candidate; value.p is then where its value starts and value.len,
 * until close_values(), is unused.
 */
static bool
mark_at(const struct candidate *c, const struct text_mark *prev, struct text_mark *m)
{
	const char *k = c->key;
	bool blank = k > c->start && k[-1] == ' ';
	bool written = prev != NULL && (prev->flags & TEXT_WRITTEN) != 0;

	if (k == c->equals || (!letter(*k) && *k != '_'))
		return false;
	if (k > c->start && !blank && k[-1] != '(')
		return false;
	m->name = (struct slice){ k, (size_t)(c->equals - k) };
	m->value = (struct slice){ c->equals + 1, 0 };
	m->known_twice = false;
	if (blank && !written && k - c->open <= WIDEST) {
		const char *wide = widen(c->low, k);

		if (wide != k)
			m->name = (struct slice){ wide, (size_t)(c->equals - wide) };
	}
	m->key = text_key_find(m->name);
	m->field = m->key == NULL ? FIELD_NONE : m->key->field;
	m->flags = m->key == NULL ? 0 : (uint16_t)m->key->flags;
	if ((m->flags & TEXT_INFO) != 0) {
		const char *name = info_name(c->low, k);

		if (name != NULL)
			m->name = (struct slice){ name, (size_t)(k - 2 - name) };
		return name != NULL;
	}
	if (k > c->start && k[-1] == '(' && prev != NULL)
		return false;
	return m->key != NULL || !written || text_key_namespaced(m->name);
}

/* Behind the last of the bytes of a block that the mask has; `before` when it has none. */
static const char *
behind_last(const char *block, uint64_t mask, const char *before)
{
	return mask == 0 ? before : block + 64 - __builtin_clzll(mask);
}

/* The pairs of one block: their number after it. c->key and c->open are of what is before it. */
static unsigned
block_marks(struct candidate *c, const char *block, const struct text_masks *masks,
    struct text_mark *mark, unsigned n)
{
	const char *key = c->key, *open = c->open;

	for (uint64_t left = masks->equals; left != 0 && n < TEXT_MARKS; left &= left - 1) {
		uint64_t before = (left & -left) - 1;

		c->equals = block + __builtin_ctzll(left);
		c->key = behind_last(block, masks->no_key & before, key);
		c->open = behind_last(block, masks->open & before, open);
		n += mark_at(c, n == 0 ? NULL : &mark[n - 1], &mark[n]);
		c->low = c->equals + 1;
	}
	c->key = behind_last(block, masks->no_key, key);
	c->open = behind_last(block, masks->open, open);
	return n;
}

static unsigned
find_marks(struct slice body, struct text_mark *mark)
{
	const char *p = body.p, *end = p + body.len;
	struct candidate c = { .start = p, .low = p, .key = p, .open = p };
	char rest[TEXT_BLOCK_BYTES] = { 0 };
	struct text_masks masks;
	unsigned n = 0;

	for (; n < TEXT_MARKS && end - p >= TEXT_BLOCK_BYTES; p += TEXT_BLOCK_BYTES) {
		masks = text_masks(p);
		n = block_marks(&c, p, &masks, mark, n);
	}
	if (n == TEXT_MARKS || p == end)
		return n;
	memcpy(rest, p, (size_t)(end - p));
	masks = text_masks(rest);
	return block_marks(&c, p, &masks, mark, n);
}

static void
keep_mark(struct text_mark *mark, unsigned to, unsigned from)
{
	if (to != from)
		mark[to] = mark[from];
}

/* Takes the marks first <= i < last out. */
static unsigned
remove_marks(struct text_mark *mark, unsigned n, unsigned first, unsigned last)
{
	if (first >= last)
		return n;
	memmove(&mark[first], &mark[last], (n - last) * sizeof(*mark));
	return n - (last - first);
}

/* The first "evt_type=... user=...": where the block starts; n when there is none. */
static unsigned
find_block(const struct text_mark *mark, unsigned n)
{
	for (unsigned i = 0; i + 1 < n; i++)
		if (mark[i].field == FIELD_EVT_TYPE && mark[i + 1].field == FIELD_USER)
			return i;
	return n;
}

/* Whether the value at p is a number that ends the text or a pair. */
static bool
number_at(const char *p, const char *end)
{
	const char *digits = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > digits && (p == end || *p == ' ' || *p == ')');
}

/* Drops what looks like a pair in the values before the block, and in the command up to the last
 * "terminal=". */
static unsigned
heed_block(struct slice body, struct text_mark *mark, unsigned n)
{
	unsigned block = find_block(mark, n), command, terminal, keep = 0;

	if (block == n)
		return n;
	for (unsigned i = 0; i < block; i++) {
		unsigned f = mark[i].flags;
		bool inside = keep > 0 && (mark[keep - 1].flags & TEXT_COMMAND) != 0 &&
			      (f & (TEXT_WEAK | TEXT_SUFFIX)) != 0;

		if ((f & TEXT_BLOCK) == 0 && !inside)
			keep_mark(mark, keep++, i);
	}
	n = remove_marks(mark, n, keep, block);
	block = keep;
	for (command = block; command < n && mark[command].field != FIELD_CMDLINE; command++)
		;
	for (terminal = n; terminal-- > command + 1;)
		if (mark[terminal].field == FIELD_TTY &&
		    number_at(mark[terminal].value.p, body.p + body.len))
			return remove_marks(mark, n, command + 1, terminal);
	return n;
}

/*
 * A key that came before is no new pair inside a command line, but for those that Falco appends;
 * nor is an unknown one inside anything that people write.
 */
static unsigned
drop_repeats(struct text_mark *mark, unsigned n)
{
	uint64_t seen[2] = { 0, 0 };
	unsigned keep = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct text_key *k = mark[i].key;
		unsigned before = keep == 0 ? 0 : mark[keep - 1].flags;

		if (k == NULL) {
			if ((before & TEXT_WRITTEN) != 0 && !text_key_namespaced(mark[i].name))
				continue;
		} else {
			uint64_t bit = (uint64_t)1 << (k->id & 63);

			mark[i].known_twice = (seen[k->id >> 6 & 1] & bit) != 0;
			if (mark[i].known_twice && (before & TEXT_COMMAND) != 0 &&
			    (k->flags & TEXT_SUFFIX) == 0)
				continue;
			seen[k->id >> 6 & 1] |= bit;
		}
		keep_mark(mark, keep++, i);
	}
	return keep;
}

/* Where the run of container and Kubernetes keys at the end starts, if Falco appended it: id and
 * name together. */
static unsigned
find_suffix(const struct text_mark *mark, unsigned n)
{
	unsigned i = n;

	while (i > 0 && (mark[i - 1].flags & TEXT_SUFFIX) != 0)
		i--;
	for (unsigned k = i; k + 1 < n; k++)
		if (mark[k].field == FIELD_CONTAINER_ID &&
		    mark[k + 1].field == FIELD_CONTAINER_NAME)
			return i;
	return n;
}

/* Each value runs to the blank before the next pair; the last one to the end. */
static void
close_values(struct slice body, struct text_mark *mark, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct slice *v = &mark[i].value;
		const char *end = body.p + body.len;

		if (i + 1 < n)
			end = mark[i + 1].name.p - 1;
		if (end > v->p && end[-1] == ',' && i + 1 < n &&
		    (mark[i].flags & TEXT_COMMAND) == 0)
			end--;
		v->len = end > v->p ? (size_t)(end - v->p) : 0;
		if ((mark[i].flags & TEXT_INFO) != 0) {
			const char *close = memchr(v->p, ')', v->len);

			if (close != NULL)
				v->len = (size_t)(close - v->p);
		}
	}
}

/* Index of the first ')' that closes more than the value opened; its length when there is none. */
static size_t
closes_at(struct slice v)
{
	unsigned open = 0;

	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] == '(')
			open++;
		else if (v.p[i] == ')' && open-- == 0)
			return i;
	}
	return v.len;
}

/*
 * "(k=v ... k=v) k=v": takes the closing parenthesis off the value that has it: the last one that
 * ends in one it does not open itself. At the end of the text it may be followed by prose.
 */
static void
close_paren(struct text_split *out, unsigned n)
{
	struct text_mark *mark = out->mark;

	for (unsigned i = n; i-- > 0;) {
		struct slice *v = &mark[i].value;

		if (i + 1 == n || (v->len > 0 && v->p[v->len - 1] == ')')) {
			bool ends = v->len > 0 && v->p[v->len - 1] == ')';
			size_t at = closes_at(*v);

			if (i + 1 == n && ends)
				at = v->len - 1;
			if (at == v->len)
				continue;
			/* A command may hold what looks like the end: "case x in a) b;; esac)". */
			v->len = ends ? v->len - 1 : at;
			out->close = v->p + v->len;
			out->closed = i;
			if (i + 1 == n && v->len > 0 && v->p[v->len - 1] == ' ')
				v->len--;
			return;
		}
	}
}

/* A pager cuts with '>', people with "..."; "<NA>" ends in neither. */
static bool
is_cut(struct slice body, struct slice tail)
{
	static const char dots[] = "...", ellipsis[] = "\xe2\x80\xa6";

	if (tail.len >= 3 && (memcmp(tail.p + tail.len - 3, dots, 3) == 0 ||
				 memcmp(tail.p + tail.len - 3, ellipsis, 3) == 0))
		return true;
	return body.len > 1 && body.p[body.len - 1] == '>' && memchr(tail.p, '<', tail.len) == NULL;
}

void
text_split(struct slice body, struct text_split *out)
{
	struct text_mark *mark = out->mark;
	unsigned n = find_marks(body, mark);
	bool paren = n > 0 && mark[0].name.p > body.p && mark[0].name.p[-1] == '(';

	n = heed_block(body, mark, n);
	n = drop_repeats(mark, n);
	close_values(body, mark, n);
	out->close = NULL;
	out->closed = 0;
	if (paren)
		close_paren(out, n);
	out->cut = is_cut(body, n == 0 ? body : mark[n - 1].value);
	if (out->cut && n > 0)
		n--;
	out->suffix = find_suffix(mark, n);
	out->n = n;
}
