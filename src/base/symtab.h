/*
 * Symbols: a 32-bit number for each distinct byte string. One table belongs to one thread; reading
 * the text of a symbol that was handed over through a queue is safe from another thread while the
 * owner adds more (text storage is chunked and never moves).
 */
#ifndef FALCOTOP_BASE_SYMTAB_H
#define FALCOTOP_BASE_SYMTAB_H

#include "base/slice.h"

typedef uint32_t sym_t;

/* Every table holds these five at the same numbers. The first three have the text "". */
enum {
	SYM_ABSENT = 0, /* the event has no such key */
	SYM_NULL = 1,	/* JSON null */
	SYM_EMPTY = 2,	/* "" */
	SYM_NA = 3,	/* "<NA>", Falco's word for what it could not know */
	SYM_OTHER = 4,	/* "(other)": the table was full (see symtab_new) */
	SYM_FIRST = 5
};

struct symtab;

/*
 * A table that holds at most max_symbols symbols and max_bytes bytes of text; what comes after
 * reads as SYM_OTHER and is counted. Strings longer than SYM_TEXT_MAX are kept up to that many
 * bytes followed by "~" and a 16-digit hash of the whole, so that different strings stay different.
 */
#define SYM_TEXT_MAX 65536
struct symtab *symtab_new(uint32_t max_symbols, size_t max_bytes);
void symtab_free(struct symtab *t);

/* The symbol of these bytes, added when new. Empty text is SYM_EMPTY, "<NA>" is SYM_NA. */
sym_t symtab_intern(struct symtab *t, const char *p, size_t len);
/* The same, with the hash_bytes(p, len, hash_seed()) already known. */
sym_t symtab_intern_hashed(struct symtab *t, const char *p, size_t len, uint64_t hash);
/* Starts to fetch the slot of a hash from memory: call it some look-ups ahead. */
void symtab_prefetch(const struct symtab *t, uint64_t hash);
/* The symbol if it is there, else SYM_ABSENT. */
sym_t symtab_find(const struct symtab *t, const char *p, size_t len);
/* Text of a symbol, valid for the life of the table. */
struct slice symtab_text(const struct symtab *t, sym_t s);
/*
 * hash_bytes() of the text with hash_seed(): kept, not computed. SYM_ABSENT, SYM_NULL and SYM_OTHER
 * have hashes of their own, the same in every table: they differ from the texts "" and "(other)".
 */
uint64_t symtab_hash(const struct symtab *t, sym_t s);
/* How many numbers are in use: every symbol is below this. */
uint32_t symtab_count(const struct symtab *t);
/*
 * Leaves only the symbols whose bit is set in `used`, in the same order: map[old] is the new
 * number, SYM_ABSENT where it was dropped. In place, so that it takes no memory; no other thread
 * may be reading. symtab_overflow() starts again from 0.
 */
void symtab_keep(struct symtab *t, const uint64_t *used, sym_t *map);
/*
 * Empties the table and keeps its memory, which was touched before and is the cheaper for it. No other
 * thread may be reading. symtab_overflow() starts again from 0.
 */
void symtab_clear(struct symtab *t);
/* Bytes of memory the table uses; how often SYM_OTHER was returned for want of room. */
size_t symtab_memory(const struct symtab *t);
uint64_t symtab_overflow(const struct symtab *t);

#endif
