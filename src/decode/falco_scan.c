/*
 * The quick scan of Falco's JSON: the table of known keys and the parts of it that are not hot. It
 * decides nothing on its own: whatever is not of a regular shape is handed back, and falco_json.c
 * reads it.
 */
#include "decode/scan.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "decode/strings.h"
#include "decode/vec.h"

#include "base/banned.h"

static _Atomic(scan_core *) core;

void
scan_set_core(scan_core *f)
{
#ifdef SCAN_HAVE_AVX2
	if (f == NULL && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
		f = scan_core_avx2;
#endif
	atomic_store_explicit(&core, f == NULL ? scan_core_base : f, memory_order_relaxed);
}

struct scanner *
scanner_new(void)
{
	struct scanner *s = aligned_alloc(64, (sizeof(*s) + 63) & ~(size_t)63);

	if (s == NULL)
		fatal("out of memory");
	memset(s, 0, sizeof(*s));
	if (atomic_load_explicit(&core, memory_order_relaxed) == NULL)
		scan_set_core(NULL);
	scanner_forget(s);
	return s;
}

void
scanner_free(struct scanner *s)
{
	if (s == NULL)
		return;
	free(s->out);
	free(s);
}

void
scanner_forget(struct scanner *s)
{
	memset(s->guess, 0, sizeof(s->guess));
	memset(s->slot, 0, sizeof(s->slot));
	/* Key 0 stands for "no key": a byte that no key starts with. */
	memset(&s->key[0], 0, sizeof(s->key[0]));
	s->key[0].text[0] = '\1';
	s->key[0].len = 1;
	s->nkeys = 1;
}

/* Keys of envelopes: hardly an event, and the line inside would be unescaped for nothing. */
static bool
of_envelope(struct slice name)
{
	return slice_eq(name, SLICE("log")) || slice_eq(name, SLICE("MESSAGE")) ||
	       (name.len > 1 && name.p[0] == '_');
}

/* What a top-level key means. */
static void
top_key(struct scan_key *k, struct slice name)
{
	static const uint8_t field[ROLES] = {
		[ROLE_RULE] = FIELD_RULE,
		[ROLE_SOURCE] = FIELD_SOURCE,
		[ROLE_HOSTNAME] = FIELD_HOSTNAME,
		[ROLE_TAGS] = FIELD_TAGS,
	};
	enum json_role role = json_role(name);

	if (of_envelope(name)) {
		k->need = NEED_NEVER;
		return;
	}
	k->role = (uint8_t)role;
	switch (role) {
	case ROLE_RULE:
	case ROLE_SOURCE:
	case ROLE_HOSTNAME:
	case ROLE_TAGS:
		k->home = 0;
		k->offset = (uint16_t)(offsetof(struct falco_event, field) +
				       field[role] * sizeof(struct value));
		k->present = (uint64_t)1 << field[role];
		k->need = role == ROLE_TAGS ? NEED_TAGS : NEED_STRING;
		k->watch = true;
		break;
	case ROLE_OTHER:
	case ROLE_SAMPLE:
	case ROLES: break;
	default:
		k->offset =
		    (uint16_t)(offsetof(struct scanner, misc) + role * sizeof(struct value));
		k->need = role == ROLE_FIELDS ? NEED_FIELDS : NEED_STRING;
		k->watch = role == ROLE_OUTPUT;
		break;
	}
}

/* What a key of output_fields means. */
static void
field_key(struct scan_key *k, const struct decode_context *c, struct slice name)
{
	enum field_id f = json_field(name);
	int extra;

	if (f != FIELD_NONE) {
		k->home = 0;
		k->offset =
		    (uint16_t)(offsetof(struct falco_event, field) + f * sizeof(struct value));
		k->present = (uint64_t)1 << f;
		k->watch = true;
		return;
	}
	if (json_field_alias(name) != FIELD_NONE) {
		k->need = NEED_NEVER;
		return;
	}
	extra = wanted_key(c, name);
	if (extra >= 0) {
		k->home = 0;
		k->offset = (uint16_t)(offsetof(struct falco_event, extra) +
				       (unsigned)extra * sizeof(struct value));
		k->extra_present = (uint32_t)1 << extra;
	}
}

static struct scan_key *
make_key(
    struct scanner *s, const struct decode_context *c, const char *p, size_t len, unsigned level)
{
	struct scan_key *k = &s->key[s->nkeys];
	struct slice name = { p + 1, len - 3 };

	memset(k, 0, sizeof(*k));
	memcpy(k->text, p, len);
	k->len = (uint16_t)len;
	k->level = (uint8_t)level;
	k->home = 1;
	k->offset = offsetof(struct scanner, junk);
	k->seen = s->serial - 1;
	if (level == 0)
		top_key(k, name);
	else
		field_key(k, c, name);
	s->nkeys++;
	return k;
}

struct scan_key *
scan_find_key(struct scanner *s, const struct decode_context *c, const char *p, const char *end,
    unsigned level)
{
	const unsigned mask = SCAN_KEYS * 2 - 1;
	const char *q;
	struct scan_key *k;
	unsigned at;
	size_t len;

	if (p >= end || *p != '"')
		return NULL;
	q = skip_plain(p + 1, end);
	if (end - q < 2 || q[0] != '"' || q[1] != ':')
		return NULL;
	len = (size_t)(q + 2 - p);
	if (len > SCAN_KEY_TEXT)
		return NULL;
	at = (unsigned)hash_bytes(p, len, hash_seed() + level) & mask;
	for (; s->slot[at] != 0; at = (at + 1) & mask) {
		k = &s->key[s->slot[at]];
		if (k->len == len && k->level == level && memcmp(k->text, p, len) == 0)
			return k->need == NEED_NEVER ? NULL : k;
	}
	if (s->nkeys == SCAN_KEYS) {
		scanner_forget(s);
		return NULL;
	}
	k = make_key(s, c, p, len, level);
	s->slot[at] = (uint16_t)(k - s->key);
	return k->need == NEED_NEVER ? NULL : k;
}

/* Appends the escape at p to the unescaped text: its length, or 0 when it is none or half of one.
 */
static size_t
add_escape(struct scanner *s, const char *p, const char *end)
{
	bool lone = false;
	size_t n = escape_length(p, end, &lone);

	if (n == 0 || lone)
		return 0;
	s->out_used += utf8_encode(escape_value(p, n), s->out + s->out_used);
	return n;
}

const char *
scan_odd_string(struct scanner *s, const char *start, const char *p, const char *end, bool watch,
    struct slice *text)
{
	size_t from = s->out_used;
	const char *done = start, *next; /* up to done the text is in s->out */
	bool copied = false;

	for (;; p = skip_plain(next, end)) {
		if (p == end)
			return NULL;
		if (*p == '"')
			break;
		next = (unsigned char)*p == 0x7f ? p + 1 : utf8_run(p, end);
		if (*p == '\\') {
			memcpy(s->out + s->out_used, done, (size_t)(p - done));
			s->out_used += (size_t)(p - done);
			done = next = p + add_escape(s, p, end);
			copied = true;
		}
		if (next == p)
			return NULL;
	}
	*text = (struct slice){ start, (size_t)(p - start) };
	if (copied) {
		memcpy(s->out + s->out_used, done, (size_t)(p - done));
		s->out_used += (size_t)(p - done);
		*text = (struct slice){ s->out + from, s->out_used - from };
	}
	if (!watch)
		return p;
	/* Looked at when the event is one: the reference reader would look again. */
	if (s->nodd < SCAN_ODD)
		s->odd[s->nodd++] = *text;
	else
		s->hostile = s->hostile || value_is_hostile(*text);
	return p;
}

/* A plain string from its opening quote on: behind it, or NULL. */
static const char *
plain_string(const char *p, const char *end)
{
	p = skip_plain(p + 1, end);
	return p < end && *p == '"' ? p + 1 : NULL;
}

/* Reads an array of plain strings and writes them to `to` with blanks between. At most as long as
 * the array. */
static const char *
read_tags(struct scanner *s, const char *p, const char *end, char *to, size_t *len)
{
	char *start = to;

	p++;
	if (p < end && *p == ']') {
		*len = 0;
		return p + 1;
	}
	for (;;) {
		const char *q;

		if (p >= end || *p != '"' || (q = plain_string(p, end)) == NULL || q >= end ||
		    s->elements++ == SCAN_ELEMENTS)
			return NULL;
		if (to != start)
			*to++ = ' ';
		memcpy(to, p + 1, (size_t)(q - p - 2));
		to += q - p - 2;
		p = q + 1;
		if (*q == ']') {
			*len = (size_t)(to - start);
			return p;
		}
		if (*q != ',')
			return NULL;
		p += p < end && *p == ' ';
	}
}

const char *
scan_tags(struct scanner *s, const char *p, const char *end, unsigned set, struct value *out)
{
	struct scan_tags *t = &s->tags[set % SCAN_TAG_SETS];
	char *to = s->out + s->out_used;
	const char *q;
	size_t len, raw;

	out->kind = VALUE_STRING;
	if (t->raw_len != 0 && end - p >= t->raw_len && memcmp(p, t->raw, t->raw_len) == 0) {
		out->text = (struct slice){ t->text, t->text_len };
		return p + t->raw_len;
	}
	q = read_tags(s, p, end, to, &len);
	if (q == NULL)
		return NULL;
	s->out_used += len;
	out->text = (struct slice){ to, len };
	raw = (size_t)(q - p);
	if (raw <= SCAN_TAG_BYTES) {
		t->raw_len = (uint16_t)raw;
		t->text_len = (uint16_t)len;
		memcpy(t->raw, p, raw);
		memcpy(t->text, to, len);
	}
	return q;
}

const char *
scan_number(const char *p, const char *end)
{
	const char *start;

	p += *p == '-';
	if (p == end || *p < '0' || *p > '9')
		return NULL;
	if (*p == '0')
		p++;
	else
		while (p < end && *p >= '0' && *p <= '9')
			p++;
	if (p < end && *p == '.') {
		for (start = ++p; p < end && *p >= '0' && *p <= '9';)
			p++;
		if (p == start)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		for (start = p; p < end && *p >= '0' && *p <= '9';)
			p++;
		if (p == start)
			return NULL;
	}
	return p < end && (*p == ',' || *p == '}' || *p == ']') ? p : NULL;
}

const char *
scan_word(const char *p, const char *end, struct value *out)
{
	size_t n = *p == 'f' ? 5 : 4;

	if ((size_t)(end - p) <= n)
		return NULL;
	if (memcmp(p, "null", 4) == 0)
		out->kind = VALUE_NULL;
	else if (memcmp(p, "true", 4) == 0 || memcmp(p, "false", n) == 0)
		out->kind = VALUE_BOOL;
	else
		return NULL;
	out->text = (struct slice){ p, n };
	return p + n;
}

const char *
scan_array(struct scanner *s, const char *p, const char *end)
{
	struct value ignored;

	p++;
	if (p < end && *p == ']')
		return p + 1;
	for (;;) {
		if (p >= end || s->elements++ == SCAN_ELEMENTS)
			return NULL;
		if (*p == '"')
			p = plain_string(p, end);
		else if (*p == '-' || (*p >= '0' && *p <= '9'))
			p = scan_number(p, end);
		else
			p = scan_word(p, end, &ignored);
		if (p == NULL || p >= end)
			return NULL;
		if (*p == ']')
			return p + 1;
		if (*p++ != ',')
			return NULL;
		p += p < end && *p == ' ';
	}
}

/* Room for the unescaped strings of one text: they are never longer than it. */
static void
reserve(struct scanner *s, size_t len)
{
	s->out_used = 0;
	if (len <= s->out_cap)
		return;
	free(s->out);
	s->out_cap = len < 65536 ? 65536 : len;
	s->out = xmalloc(s->out_cap);
}

/* A new number for the event; after 2^32 of them no key has been seen. */
static void
next_serial(struct scanner *s)
{
	if (++s->serial != 0)
		return;
	for (unsigned i = 0; i < s->nkeys; i++)
		s->key[i].seen = 0;
	s->serial = 1;
}

/* The values at the top that have no column. False when one is missing or unreadable: the reference
 * decides. */
static bool
take_top(struct scanner *s, const struct decode_context *c, struct falco_event *ev)
{
	const struct slice *rule = &ev->field[FIELD_RULE].text;

	if (!event_has(ev, FIELD_RULE) || rule->len == 0 || is_internal_rule(*rule) ||
	    (event_has(ev, FIELD_SOURCE) &&
		slice_eq(ev->field[FIELD_SOURCE].text, SLICE("internal"))))
		return false;
	if (s->misc[ROLE_PRIORITY].text.p == NULL ||
	    !priority_word(s->misc[ROLE_PRIORITY].text, &ev->priority))
		return false;
	if (s->misc[ROLE_TIME].text.p == NULL ||
	    !time_parse_iso(s->misc[ROLE_TIME].text, &ev->time))
		return false;
	if (ev->output.p == NULL && s->misc[ROLE_MESSAGE].text.p != NULL)
		ev->message = message_of(s->misc[ROLE_MESSAGE].text);
	ev->uuid = s->misc[ROLE_UUID].text;
	for (unsigned i = 0; i < s->nodd && !s->hostile; i++)
		s->hostile = value_is_hostile(s->odd[i]);
	if (s->hostile)
		ev->flags |= EVENT_HOSTILE;
	json_event_finish(c, ev);
	return true;
}

size_t
scanner_event(
    struct scanner *s, const struct decode_context *c, struct slice text, struct falco_event *ev)
{
	scan_core *f = atomic_load_explicit(&core, memory_order_relaxed);
	size_t n;

	if (text.len < SCAN_MIN || text.p[0] != '{' || text.p[1] != '"')
		return 0;
	event_begin(ev);
	reserve(s, text.len);
	next_serial(s);
	s->hostile = false;
	s->nodd = 0;
	s->elements = 0;
	s->misc[ROLE_PRIORITY].text.p = s->misc[ROLE_TIME].text.p = NULL;
	s->misc[ROLE_MESSAGE].text.p = NULL;
	s->misc[ROLE_UUID].text = (struct slice){ NULL, 0 };
	n = f(s, c, text, ev);
	return n != 0 && take_top(s, c, ev) ? n : 0;
}
