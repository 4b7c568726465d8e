/*
 * The field catalogue as tables: rows by number, and three name indexes built once. What a text key
 * means for one event source (the user of a cloud audit record) is the decoder's business.
 */
#include "event/field.h"

#include <pthread.h>

#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

static const struct field_info info[FIELD_KNOWN] = {
#define FIELD(id, name, escu, keys, title, width, help)                                            \
	[FIELD_##id] = { name, escu, keys, title, width, help },
#include "event/fields.def"
#undef FIELD
	[FIELD_TIME] = { "time", "", "", "TIME", 8, "when it happened (UTC)" },
	[FIELD_PRIORITY] = { "priority", "", "", "PRI", 3, "Falco's priority, ordered by level" },
	[FIELD_OUTPUT] = { "output", "", "", "OUTPUT", 60, "the whole output text" },
	[FIELD_MESSAGE] = { "message", "", "", "MESSAGE", 40,
	    "the output without time, priority and the key=value part" },
	[FIELD_RAW] = { "raw", "", "", "RAW", 60, "the bytes of the record as they came in" },
	[FIELD_ORIGIN] = { "origin", "", "", "ORIGIN", 16,
	    "the file, pipe or socket it came from" },
};

#define SLOTS 512u
#define POOL  4096

struct name_index {
	struct slice name[SLOTS];
	uint16_t id[SLOTS];
	unsigned count;
};

static struct name_index by_name, by_falco, by_key;
static char pool[POOL]; /* names made from others: user_name from user.name */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t
find_slot(const struct name_index *ix, struct slice name)
{
	uint32_t i = (uint32_t)hash_bytes(name.p, name.len, hash_seed()) % SLOTS;

	while (ix->name[i].p != NULL && !slice_eq(ix->name[i], name))
		i = (i + 1) % SLOTS;
	return i;
}

/* The first owner of a name keeps it. */
static void
add_name(struct name_index *ix, struct slice name, unsigned id)
{
	uint32_t i;

	if (name.len == 0)
		return;
	i = find_slot(ix, name);
	if (ix->name[i].p != NULL)
		return;
	if (ix->count++ >= SLOTS / 2)
		fatal("too many field names");
	ix->name[i] = name;
	ix->id[i] = (uint16_t)id;
}

static void
add_words(struct name_index *ix, const char *words, unsigned id)
{
	const char *p = words;
	size_t n;

	while (*p != '\0') {
		n = strcspn(p, " ");
		add_name(ix, (struct slice){ p, n }, id);
		p += n + strspn(p + n, " ");
	}
}

/* Falco's suggested output writes the field foo.bar as foo_bar=. */
static size_t
add_mechanical(struct name_index *ix, size_t used, unsigned id)
{
	size_t n = strlen(info[id].name);

	if (used + n > POOL)
		fatal("field names too long");
	for (size_t i = 0; i < n; i++)
		pool[used + i] = info[id].name[i] == '.' ? '_' : info[id].name[i];
	add_name(ix, (struct slice){ pool + used, n }, id);
	return used + n;
}

static void
build(void)
{
	size_t used = 0;
	unsigned id;

	for (id = 0; id < FIELD_COLUMNS; id++) {
		add_words(&by_falco, info[id].name, id);
		add_words(&by_key, info[id].keys, id);
	}
	for (id = 0; id < FIELD_KNOWN; id++)
		add_words(&by_name, info[id].name, id);
	for (id = 0; id < FIELD_COLUMNS; id++)
		add_words(&by_name, info[id].escu, id);
	for (id = 0; id < FIELD_COLUMNS; id++)
		add_words(&by_key, info[id].name, id);
	for (id = 0; id < FIELD_COLUMNS; id++)
		used = add_mechanical(&by_key, used, id);
}

static enum field_id
find(const struct name_index *ix, struct slice name)
{
	uint32_t i;

	if (name.len == 0)
		return FIELD_NONE;
	pthread_once(&once, build);
	i = find_slot(ix, name);
	return ix->name[i].p == NULL ? FIELD_NONE : (enum field_id)ix->id[i];
}

const struct field_info *
field_info(enum field_id id)
{
	if ((unsigned)id >= FIELD_KNOWN)
		fatal("field_info: no field %u", (unsigned)id);
	return &info[id];
}

enum field_id
field_by_name(struct slice name)
{
	return find(&by_name, name);
}

enum field_id
field_by_falco_name(struct slice name)
{
	return find(&by_falco, name);
}

enum field_id
field_by_text_key(struct slice key)
{
	return find(&by_key, key);
}
