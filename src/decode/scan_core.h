/*
 * The loop of the quick scan, included once for each vector width by a file that defines
 *   SCAN_CORE         the function's name
 *   VEC_BYTES         bytes looked at at once
 *   vec_odd(p)        bit n: byte n is not plain (quote, backslash, control, above 0x7e)
 *   vec_no_digit(p)   bit n: byte n is no digit
 *   key_equal(p, k)   whether the first min(k->len, SCAN_KEY_VECTOR) bytes at p are k's; 32 bytes
 * may be read It reads nothing outside the text: near its end the last whole vector is read and
 * shifted.
 */
#include "decode/scan.h"

#include "base/banned.h"

#define LIKELY(x)     __builtin_expect(!!(x), 1)
#define UNLIKELY(x)   __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE inline __attribute__((always_inline))

struct run {
	const char *end;
	const char *last; /* the last place where a whole vector can be read */
	struct scanner *s;
	const struct decode_context *c;
	struct falco_event *ev;
	uint64_t present;
	uint32_t extra_present;
	unsigned layout; /* differs between rules: steers the guesses */
};

/* First byte from p on that is not plain; end when there is none. */
static ALWAYS_INLINE const char *
skip_string(const struct run *r, const char *p)
{
	uint64_t m;

	while (LIKELY(p <= r->last)) {
		m = vec_odd(p);
		if (LIKELY(m != 0))
			return p + __builtin_ctzll(m);
		p += VEC_BYTES;
	}
	m = (uint64_t)vec_odd(r->last) >> (p - r->last);
	return m != 0 ? p + __builtin_ctzll(m) : r->end;
}

static ALWAYS_INLINE bool
key_matches(const struct run *r, const char *p, const struct scan_key *k)
{
	if (UNLIKELY(r->end - p < SCAN_KEY_VECTOR || k->len > SCAN_KEY_VECTOR))
		return r->end - p >= k->len && memcmp(p, k->text, k->len) == 0;
	return key_equal(p, k);
}

/* The key at p. prev: number of the key before. */
static ALWAYS_INLINE struct scan_key *
next_key(struct run *r, const char *p, unsigned prev, unsigned level)
{
	uint16_t *guess = &r->s->guess[(prev ^ r->layout) % SCAN_GUESSES];
	struct scan_key *k = &r->s->key[*guess];

	if (UNLIKELY(!key_matches(r, p, k) || k->level != level)) {
		k = scan_find_key(r->s, r->c, p, r->end, level);
		if (k == NULL)
			return NULL;
		*guess = (uint16_t)(k - r->s->key);
	}
	if (UNLIKELY(k->seen == r->s->serial))
		return NULL;
	k->seen = r->s->serial;
	return k;
}

/* The output text is known: its message tells which keys to expect. */
static ALWAYS_INLINE void
take_output(struct run *r, struct slice output)
{
	struct slice m = message_of(output);
	uint64_t a, b;

	r->ev->output = output;
	r->ev->message = m;
	if (m.len < 8)
		return;
	memcpy(&a, m.p, 8);
	memcpy(&b, m.p + (m.len < 24 ? m.len - 8 : 16), 8);
	a = (a ^ (b * 0x9e3779b97f4a7c15u)) + m.len;
	r->layout = (unsigned)((a * 0xbf58476d1ce4e5b9u) >> 40);
}

static ALWAYS_INLINE const char *
take_string(struct run *r, const struct scan_key *k, const char *p, struct value *v)
{
	const char *q = skip_string(r, p);

	v->kind = VALUE_STRING;
	v->text = (struct slice){ p, (size_t)(q - p) };
	if (UNLIKELY(q == r->end || k->need > NEED_STRING))
		return NULL;
	if (UNLIKELY(*q != '"')) {
		q = scan_odd_string(r->s, p, q, r->end, k->watch, &v->text);
		if (q == NULL)
			return NULL;
	}
	if (k->role == ROLE_OUTPUT)
		take_output(r, v->text);
	return q + 1;
}

static ALWAYS_INLINE const char *
take_number(const struct run *r, const char *p, struct value *v)
{
	const char *digits = p + (*p == '-'), *q = digits;

	if (LIKELY(q <= r->last)) {
		uint64_t m = vec_no_digit(q);

		q += m != 0 ? (unsigned)__builtin_ctzll(m) : 0u;
	}
	/* Only the plain integer that surely ends is decided here. */
	if (UNLIKELY(
		q == digits || (*digits == '0' && q - digits > 1) || (*q != ',' && *q != '}'))) {
		q = scan_number(p, r->end);
		if (q == NULL)
			return NULL;
	}
	v->kind = VALUE_NUMBER;
	v->text = (struct slice){ p, (size_t)(q - p) };
	return q;
}

/* The value at p; behind it, or NULL when it is irregular. Not the object output_fields. */
static ALWAYS_INLINE const char *
take_value(struct run *r, const struct scan_key *k, const char *p)
{
	char *const home[2] = { (char *)r->ev, (char *)r->s };
	struct value *v = (struct value *)(void *)(home[k->home] + k->offset);
	const char *q;

	r->present |= k->present;
	r->extra_present |= k->extra_present;
	if (LIKELY(*p == '"'))
		return take_string(r, k, p + 1, v);
	if (k->need == NEED_TAGS)
		return *p == '[' ? scan_tags(r->s, p, r->end, r->layout, v) : NULL;
	if (UNLIKELY(k->need != NEED_ANY))
		return NULL;
	if (*p == '-' || (*p >= '0' && *p <= '9'))
		return take_number(r, p, v);
	if (*p != '[')
		return scan_word(p, r->end, v);
	q = scan_array(r->s, p, r->end);
	v->kind = VALUE_ARRAY;
	v->text = (struct slice){ p, q == NULL ? 0 : (size_t)(q - p) };
	return q;
}

/* Behind the one blank that some writers put after commas and colons. */
static ALWAYS_INLINE const char *
skip_one_blank(const struct run *r, const char *p)
{
	return UNLIKELY(p < r->end && *p == ' ') ? p + 1 : p;
}

/* All members; behind the closing brace, or NULL. */
static ALWAYS_INLINE const char *
take_members(struct run *r, const char *p)
{
	unsigned level = 0, prev = SCAN_ROOT, fields = SCAN_ROOT;
	struct scan_key *k;

	for (;;) {
		k = next_key(r, p, prev, level);
		if (UNLIKELY(k == NULL))
			return NULL;
		prev = (unsigned)(k - r->s->key);
		p = skip_one_blank(r, p + k->len);
		if (UNLIKELY(p >= r->end))
			return NULL;
		if (UNLIKELY(*p == '{')) {
			if (k->need != NEED_FIELDS)
				return NULL;
			level = 1;
			fields = prev;
			prev = SCAN_INSIDE;
			p = skip_one_blank(r, p + 1);
			continue;
		}
		p = take_value(r, k, p);
		if (UNLIKELY(p == NULL || p >= r->end))
			return NULL;
		if (UNLIKELY(*p == '}')) {
			if (level == 0)
				return p + 1;
			level = 0;
			prev = fields;
			p++;
			if (UNLIKELY(p >= r->end))
				return NULL;
			if (*p == '}')
				return p + 1;
		}
		if (UNLIKELY(*p != ','))
			return NULL;
		p = skip_one_blank(r, p + 1);
	}
}

size_t
SCAN_CORE(
    struct scanner *s, const struct decode_context *c, struct slice text, struct falco_event *ev)
{
	struct run r = { .end = text.p + text.len,
		.last = text.p + text.len - VEC_BYTES,
		.s = s,
		.c = c,
		.ev = ev };
	const char *p = take_members(&r, text.p + 1);

	if (p == NULL)
		return 0;
	ev->present = r.present;
	ev->extra_present = r.extra_present;
	return (size_t)(p - text.p);
}
