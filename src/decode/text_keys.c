/*
 * The table of text keys: the catalogue's (event/fields.def gives the spellings; a field's own name
 * and the same with '_' for '.' work too) and those of text_keys.def. Built once. It says what a
 * key means; where a value ends is decided in text_split.c.
 */
#include "decode/text_keys.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define SLOTS	1024 /* at most a third is used */
#define ROWS	512
#define MAX_KEY 48

#define WRITTEN TEXT_WRITTEN
#define COMMAND (TEXT_WRITTEN | TEXT_COMMAND)
#define WEAK	TEXT_WEAK
#define INFO	TEXT_INFO

static const struct {
	const char *key, *name;
	unsigned flags;
} extras[] = {
#define KEY(key, name, flags) { key, name, flags },
#include "decode/text_keys.def"
#undef KEY
};

_Static_assert(
    FIELD_COLUMNS + sizeof(extras) / sizeof(extras[0]) <= 128, "ids have to fit two words of bits");

static struct text_key rows[ROWS]; /* row 0 stands for no key */
static unsigned nrows = 1;
static uint16_t slots[SLOTS];
static struct arena names; /* lives as long as the table: the process */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(bool) ready;

/* The keys are fixed, so nothing in an event can fill the table or one of its chains. */
static unsigned
slot_of(struct slice key)
{
	const unsigned char *p = (const unsigned char *)key.p;
	unsigned h = (unsigned)key.len * 31 + p[0];

	h = h * 31 + p[key.len / 2];
	h = h * 31 + p[key.len - 1];
	h = h * 31 + p[key.len / 4];
	return (h * 2654435761u >> 16) % SLOTS;
}

static unsigned
flags_of(enum field_id f)
{
	switch (f) {
	case FIELD_CMDLINE: return COMMAND | TEXT_BLOCK;
	case FIELD_PCMDLINE: return COMMAND;
	case FIELD_CWD:
	case FIELD_FD_NAME: return WRITTEN;
	case FIELD_PROCESS:
	case FIELD_EXEPATH:
	case FIELD_PARENT:
	case FIELD_EVT_TYPE:
	case FIELD_USER:
	case FIELD_USER_UID:
	case FIELD_USER_LOGINUID:
	case FIELD_TTY: return TEXT_BLOCK;
	case FIELD_CONTAINER_ID:
	case FIELD_CONTAINER_NAME:
	case FIELD_IMAGE:
	case FIELD_TAG:
	case FIELD_NAMESPACE:
	case FIELD_POD: return TEXT_SUFFIX;
	default: return 0;
	}
}

/* Keys are short: two loads that may overlap do for up to 16 bytes. */
static bool
same_key(struct slice a, struct slice b)
{
	uint64_t x[2], y[2];
	uint32_t v[2], w[2];

	if (a.len != b.len)
		return false;
	if (a.len > 16 || a.len < 4)
		return memcmp(a.p, b.p, a.len) == 0;
	if (a.len >= 8) {
		memcpy(&x[0], a.p, 8);
		memcpy(&x[1], a.p + a.len - 8, 8);
		memcpy(&y[0], b.p, 8);
		memcpy(&y[1], b.p + b.len - 8, 8);
		return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
	}
	memcpy(&v[0], a.p, 4);
	memcpy(&v[1], a.p + a.len - 4, 4);
	memcpy(&w[0], b.p, 4);
	memcpy(&w[1], b.p + b.len - 4, 4);
	return ((v[0] ^ w[0]) | (v[1] ^ w[1])) == 0;
}

/* The slot of a key: the row in it is the key's, or 0. */
static unsigned
probe(struct slice key)
{
	unsigned i = slot_of(key);

	while (slots[i] != 0 && !same_key(rows[slots[i]].key, key))
		i = (i + 1) % SLOTS;
	return i;
}

/* Adds a spelling; one that is there already gets the flags. */
static void
add(struct slice key, struct slice name, enum field_id f, unsigned flags, unsigned id)
{
	unsigned i = probe(key);

	if (slots[i] == 0) {
		if (nrows == ROWS)
			fatal("too many text keys");
		slots[i] = (uint16_t)nrows;
		rows[nrows++] = (struct text_key){ key, name, f, 0, id };
	}
	rows[slots[i]].flags |= flags;
}

static void
add_catalogue(enum field_id f)
{
	const struct field_info *info = field_info(f);
	struct slice name = slice_of(info->name);
	struct slice flat = arena_copy(&names, name);
	const char *p = info->keys;

	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] == '.')
			*(char *)(uintptr_t)&flat.p[i] = '_';
	while (*p != '\0') {
		size_t n = strcspn(p, " ");

		add((struct slice){ p, n }, name, f, flags_of(f), f);
		p += n;
		p += strspn(p, " ");
	}
	add(name, name, f, flags_of(f), f);
	add(flat, name, f, flags_of(f), f);
}

static void
build(void)
{
	for (unsigned f = FIELD_SOURCE + 1; f < FIELD_COLUMNS; f++)
		if (f != FIELD_HOSTNAME && f != FIELD_TAGS)
			add_catalogue(f);
	for (unsigned i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
		struct slice name = slice_of(extras[i].name);
		enum field_id f = name.len == 0 ? FIELD_NONE : field_by_falco_name(name);

		if (name.len == 0)
			name.p = NULL;
		add(slice_of(extras[i].key), name, f,
		    extras[i].flags | (f < FIELD_COLUMNS ? flags_of(f) : 0),
		    f < FIELD_COLUMNS ? (unsigned)f : FIELD_COLUMNS + i);
	}
	atomic_store_explicit(&ready, true, memory_order_release);
}

const struct text_key *
text_key_find(struct slice key)
{
	unsigned row;

	if (key.len == 0 || key.len > MAX_KEY)
		return NULL;
	if (!atomic_load_explicit(&ready, memory_order_acquire))
		pthread_once(&once, build);
	row = slots[probe(key)];
	return row == 0 ? NULL : &rows[row];
}

bool
text_key_namespaced(struct slice key)
{
	static const char *const spaces[] = { "proc", "fd", "evt", "user", "group", "container",
		"k8s", "k8smeta", "thread", "fs", "ka", "ct", "okta", "github", "gcp", "jevt",
		"json", "syslog", "s3" };
	size_t n = 0;

	while (n < key.len && key.p[n] != '_' && key.p[n] != '.')
		n++;
	if (n == key.len)
		return false;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (slice_eq((struct slice){ key.p, n }, slice_of(spaces[i])))
			return true;
	return false;
}
