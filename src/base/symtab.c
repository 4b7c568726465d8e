/*
 * The symbol table: a hash index of 32-bit slots (symbol number and a few tag bits of its hash), an
 * array of 16-byte entries, and the text. Entries and text stand in chunks that never move, found
 * through directories of fixed size: that is what lets another thread read a symbol handed over to
 * it while the owner adds more. Symbols are taken out only
 * by symtab_keep(), many at a time; caps bound what an attacker can add.
 */
#include "base/symtab.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include "base/banned.h"

#define CHUNK_BITS    21
#define CHUNK	      ((size_t)1 << CHUNK_BITS) /* a huge page */
#define ENTRY_BITS    (CHUNK_BITS - 4)
#define SMALL_ENTRIES 2048u
#define SMALL_TEXT    ((size_t)96 << 10) /* the longest text fits */
#define SMALL_TABLE   ((size_t)16 << 20) /* bytes of text */
#define SLOTS_FIRST   1024u
#define SYMBOL_LIMIT  ((uint32_t)1 << 30)
#define AHEAD	      8
#define HASH_SUFFIX   17 /* "~" and 16 digits */
#define TEXT_LIMIT                                                                                 \
	((size_t)2040 * (CHUNK - SYM_TEXT_MAX - HASH_SUFFIX)) /* 2048 chunks fit a ref             \
							       */

struct entry {
	uint64_t hash;
	uint32_t ref; /* number of the text chunk, offset in it */
	uint32_t len;
};

_Static_assert(sizeof(struct entry) == 1 << (CHUNK_BITS - ENTRY_BITS), "entries fill a chunk");
_Static_assert(SMALL_TEXT >= SYM_TEXT_MAX + HASH_SUFFIX, "the longest text fits the first chunk");

struct symtab {
	/* Read by other threads: set once, or before the symbol that needs it is handed over. */
	struct entry **entries; /* directory; chunk 0 has SMALL_ENTRIES, the others 2^ENTRY_BITS */
	char **text;		/* directory; chunk 0 has SMALL_TEXT bytes, the others CHUNK */

	/* The owner's, on cache lines of their own. */
	_Alignas(64) uint32_t *slots;
	uint32_t slot_mask; /* number of slots - 1 */
	uint32_t id_mask;   /* bits of a slot that are the number; the others are the tag */
	uint32_t count, max;
	uint32_t text_chunk;  /* the one being filled */
	uint32_t text_chunks; /* allocated: more than filled after symtab_clear() */
	size_t text_used;     /* of it */
	size_t text_bytes, max_bytes;
	size_t entry_chunks, dir_text, dir_entries;
	uint64_t seed, overflow;
	bool small;
};

static inline struct entry *
entry_at(const struct symtab *t, sym_t s)
{
	if (s < SMALL_ENTRIES)
		return &t->entries[0][s];
	s -= SMALL_ENTRIES;
	return &t->entries[1 + (s >> ENTRY_BITS)][s & (((uint32_t)1 << ENTRY_BITS) - 1)];
}

static inline const char *
text_at(const struct symtab *t, uint32_t ref)
{
	return t->text[ref >> CHUNK_BITS] + (ref & (CHUNK - 1));
}

/* The same in chunks that are there already. */
static char *
text_again(struct symtab *t, size_t len, uint32_t *ref)
{
	size_t size = t->text_chunk == 0 ? SMALL_TEXT : CHUNK;
	char *p;

	if (size - t->text_used < len) {
		t->text_chunk++;
		t->text_used = 0;
	}
	*ref = (uint32_t)(t->text_chunk << CHUNK_BITS | t->text_used);
	p = t->text[t->text_chunk] + t->text_used;
	t->text_used += len;
	t->text_bytes += len;
	return p;
}

/*
 * Large tables get huge pages. A small one leaves most of a chunk untouched, and pages that are not
 * touched cost nothing only when they are small.
 */
static void *
chunk_new(const struct symtab *t)
{
	return t->small ? xmalloc(CHUNK) : huge_alloc(CHUNK);
}

static void
chunk_free(const struct symtab *t, void *p)
{
	if (t->small)
		free(p);
	else
		huge_free(p, CHUNK);
}

/* Room for len bytes of text; they are the last ones of the last chunk. */
static char *
text_room(struct symtab *t, size_t len, uint32_t *ref)
{
	size_t size = t->text_chunk == 0 ? SMALL_TEXT : CHUNK;
	char *p;

	if (size - t->text_used < len) {
		if (++t->text_chunk == t->text_chunks)
			t->text[t->text_chunks++] = chunk_new(t);
		t->text_used = 0;
	}
	*ref = (uint32_t)(t->text_chunk << CHUNK_BITS | t->text_used);
	p = t->text[t->text_chunk] + t->text_used;
	t->text_used += len;
	t->text_bytes += len;
	return p;
}

static struct entry *
entry_room(struct symtab *t)
{
	uint32_t s = t->count++;

	if (s >= SMALL_ENTRIES && ((s - SMALL_ENTRIES) >> ENTRY_BITS) + 1 == t->entry_chunks)
		t->entries[t->entry_chunks++] = chunk_new(t);
	return entry_at(t, s);
}

static sym_t
append(struct symtab *t, const char *p, size_t len, uint64_t hash)
{
	struct entry *e = entry_room(t);

	e->hash = hash;
	e->len = (uint32_t)len;
	memcpy(text_room(t, len, &e->ref), p, len);
	return t->count - 1;
}

static inline uint32_t
tag_of(const struct symtab *t, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~t->id_mask;
}

static void
put_slot(struct symtab *t, uint64_t hash, sym_t s)
{
	uint32_t i = (uint32_t)hash & t->slot_mask;

	while (t->slots[i] != 0)
		i = (i + 1) & t->slot_mask;
	t->slots[i] = tag_of(t, hash) | s;
}

/* These are found by their number or by a comparison, never by hash: they have no slot. */
static void
add_fixed(struct symtab *t)
{
	static const char *const fixed[SYM_FIRST] = { "", "", "", "<NA>", "(other)" };
	uint64_t h;

	for (sym_t s = 0; s < SYM_FIRST; s++) {
		h = hash_bytes(fixed[s], strlen(fixed[s]), t->seed);
		/* Absent, null and the rest bin differ from the texts that look like them. */
		if (s != SYM_EMPTY && s != SYM_NA)
			h = hash_mix(h, s + 1);
		append(t, fixed[s], strlen(fixed[s]), h);
	}
	t->text_bytes = 0;
}

struct symtab *
symtab_new(uint32_t max_symbols, size_t max_bytes)
{
	struct symtab *t = aligned_alloc(64, sizeof(*t));

	if (t == NULL)
		fatal("out of memory (symbol table)");
	memset(t, 0, sizeof(*t));
	t->seed = hash_seed();
	t->max = max_symbols < SYM_FIRST ? SYM_FIRST : max_symbols;
	if (t->max > SYMBOL_LIMIT)
		t->max = SYMBOL_LIMIT;
	t->max_bytes = max_bytes > TEXT_LIMIT ? TEXT_LIMIT : max_bytes;
	t->small = max_bytes <= SMALL_TABLE;
	t->id_mask = SLOTS_FIRST - 1;
	while (t->id_mask < t->max)
		t->id_mask = t->id_mask << 1 | 1;
	t->slot_mask = SLOTS_FIRST - 1;
	t->slots = xcalloc(SLOTS_FIRST, sizeof(*t->slots));
	t->dir_entries = 2 + (t->max >> ENTRY_BITS);
	t->entries = xcalloc(t->dir_entries, sizeof(*t->entries));
	t->entries[0] = xcalloc(SMALL_ENTRIES, sizeof(**t->entries));
	t->entry_chunks = 1;
	/* The end of a chunk that a text does not fit is lost: at most 1/16 of it for the longest.
	 */
	t->dir_text = 3 + t->max_bytes / (CHUNK - SYM_TEXT_MAX - HASH_SUFFIX);
	t->text = xcalloc(t->dir_text, sizeof(*t->text));
	t->text[0] = xmalloc(SMALL_TEXT);
	t->text_chunks = 1;
	add_fixed(t);
	return t;
}

void
symtab_free(struct symtab *t)
{
	if (t == NULL)
		return;
	for (size_t i = 1; i < t->entry_chunks; i++)
		chunk_free(t, t->entries[i]);
	for (uint32_t i = 1; i < t->text_chunks; i++)
		chunk_free(t, t->text[i]);
	free(t->entries[0]);
	free(t->text[0]);
	free(t->entries);
	free(t->text);
	free(t->slots);
	free(t);
}

static void
grow_slots(struct symtab *t)
{
	uint32_t n = (t->slot_mask + 1) * 2;

	free(t->slots);
	t->slots = xcalloc(n, sizeof(*t->slots));
	t->slot_mask = n - 1;
	for (sym_t s = SYM_FIRST; s < t->count; s++)
		put_slot(t, entry_at(t, s)->hash, s);
}

/* All slots anew, as many as suit the symbols. */
static void
rebuild_slots(struct symtab *t)
{
	uint32_t n = SLOTS_FIRST;

	while (t->count >= n / 16 * 13)
		n *= 2;
	free(t->slots);
	t->slots = xcalloc(n, sizeof(*t->slots));
	t->slot_mask = n - 1;
	for (sym_t s = SYM_FIRST; s < t->count; s++) {
		if (t->count - s > AHEAD)
			symtab_prefetch(t, entry_at(t, s + AHEAD)->hash);
		put_slot(t, entry_at(t, s)->hash, s);
	}
}

/* What lies behind the last symbol and the last text goes back to the system. */
static void
free_tail(struct symtab *t)
{
	size_t entry_chunks = 1;

	if (t->count > SMALL_ENTRIES)
		entry_chunks += ((t->count - SMALL_ENTRIES - 1) >> ENTRY_BITS) + 1;
	while (t->entry_chunks > entry_chunks)
		chunk_free(t, t->entries[--t->entry_chunks]);
	while (t->text_chunks > t->text_chunk + 1)
		chunk_free(t, t->text[--t->text_chunks]);
}

void
symtab_clear(struct symtab *t)
{
	t->count = 0;
	t->text_chunk = 0;
	t->text_used = t->text_bytes = 0;
	t->overflow = 0;
	memset(t->slots, 0, ((size_t)t->slot_mask + 1) * sizeof(*t->slots));
	add_fixed(t);
}

/*
 * Texts stand in the order of their symbols, and packing some of them again never puts one behind
 * where it was: each is moved down over what was read already.
 */
void
symtab_keep(struct symtab *t, const uint64_t *used, sym_t *map)
{
	const uint32_t n = t->count;
	uint32_t ref;

	t->count = 0;
	t->text_chunk = 0;
	t->text_used = t->text_bytes = 0;
	for (sym_t s = 0; s < n; s++) {
		const struct entry e = *entry_at(t, s);
		struct entry *to;

		map[s] = SYM_ABSENT;
		if (s >= SYM_FIRST && !bit_get(used, s))
			continue;
		map[s] = t->count++;
		memmove(text_again(t, e.len, &ref), text_at(t, e.ref), e.len);
		to = entry_at(t, map[s]);
		*to = (struct entry){ e.hash, ref, e.len };
		if (s == SYM_FIRST - 1)
			t->text_bytes = 0;
	}
	t->overflow = 0;
	free_tail(t);
	rebuild_slots(t);
}

/* The symbol with this text, or SYM_ABSENT. */
static inline sym_t
lookup(const struct symtab *t, const char *p, size_t len, uint64_t hash)
{
	const uint32_t tag = tag_of(t, hash), id_mask = t->id_mask, mask = t->slot_mask;
	uint32_t i = (uint32_t)hash & mask, slot;
	const struct entry *e;

	for (; (slot = t->slots[i]) != 0; i = (i + 1) & mask) {
		if ((slot & ~id_mask) != tag)
			continue;
		e = entry_at(t, slot & id_mask);
		if (e->hash == hash && e->len == len && memcmp(text_at(t, e->ref), p, len) == 0)
			return slot & id_mask;
	}
	return SYM_ABSENT;
}

static sym_t
intern(struct symtab *t, const char *p, size_t len, uint64_t hash)
{
	sym_t s = lookup(t, p, len, hash);

	if (s != SYM_ABSENT)
		return s;
	if (t->count >= t->max || len > t->max_bytes - t->text_bytes) {
		t->overflow++;
		return SYM_OTHER;
	}
	if (t->count >= (t->slot_mask + 1) / 16 * 13)
		grow_slots(t);
	s = append(t, p, len, hash);
	put_slot(t, hash, s);
	return s;
}

/* What is kept of a text that is too long; the caller frees it. */
static char *
cut_text(const char *p, size_t len, uint64_t hash)
{
	char digits[HASH_SUFFIX + 1];
	char *s = xmalloc(SYM_TEXT_MAX + HASH_SUFFIX);

	(void)len;
	snprintf(digits, sizeof(digits), "~%016llx", (unsigned long long)hash);
	memcpy(s, p, SYM_TEXT_MAX);
	memcpy(s + SYM_TEXT_MAX, digits, HASH_SUFFIX);
	return s;
}

static inline bool
is_na(const char *p, size_t len)
{
	return len == 4 && memcmp(p, "<NA>", 4) == 0;
}

/* A text that was cut has just this length: it is kept when it comes again from another table. */
static inline bool
too_long(size_t len)
{
	return len > SYM_TEXT_MAX + HASH_SUFFIX;
}

sym_t
symtab_intern_hashed(struct symtab *t, const char *p, size_t len, uint64_t hash)
{
	const size_t cut_len = SYM_TEXT_MAX + HASH_SUFFIX;
	char *cut;
	sym_t s;

	if (len == 0)
		return SYM_EMPTY;
	if (is_na(p, len))
		return SYM_NA;
	if (!too_long(len))
		return intern(t, p, len, hash);
	cut = cut_text(p, len, hash);
	s = intern(t, cut, cut_len, hash_bytes(cut, cut_len, t->seed));
	free(cut);
	return s;
}

sym_t
symtab_intern(struct symtab *t, const char *p, size_t len)
{
	return symtab_intern_hashed(t, p, len, len == 0 ? 0 : hash_bytes(p, len, t->seed));
}

sym_t
symtab_find(const struct symtab *t, const char *p, size_t len)
{
	const size_t cut_len = SYM_TEXT_MAX + HASH_SUFFIX;
	uint64_t hash;
	char *cut;
	sym_t s;

	if (len == 0)
		return SYM_EMPTY;
	if (is_na(p, len))
		return SYM_NA;
	hash = hash_bytes(p, len, t->seed);
	if (!too_long(len))
		return lookup(t, p, len, hash);
	cut = cut_text(p, len, hash);
	s = lookup(t, cut, cut_len, hash_bytes(cut, cut_len, t->seed));
	free(cut);
	return s;
}

void
symtab_prefetch(const struct symtab *t, uint64_t hash)
{
	__builtin_prefetch(&t->slots[(uint32_t)hash & t->slot_mask]);
}

struct slice
symtab_text(const struct symtab *t, sym_t s)
{
	const struct entry *e = entry_at(t, s);

	return (struct slice){ text_at(t, e->ref), e->len };
}

uint64_t
symtab_hash(const struct symtab *t, sym_t s)
{
	return entry_at(t, s)->hash;
}

uint32_t
symtab_count(const struct symtab *t)
{
	return t->count;
}

size_t
symtab_memory(const struct symtab *t)
{
	size_t n = sizeof(*t) + SMALL_TEXT + SMALL_ENTRIES * sizeof(struct entry);

	n += (t->entry_chunks - 1 + t->text_chunks - 1) * CHUNK;
	n += t->dir_entries * sizeof(*t->entries) + t->dir_text * sizeof(*t->text);
	return n + ((size_t)t->slot_mask + 1) * sizeof(*t->slots);
}

uint64_t
symtab_overflow(const struct symtab *t)
{
	return t->overflow;
}
