/* One comparison of Falco's condition language on one value: = != < contains icontains startswith
 * glob regex in … */
#ifndef FALCOTOP_QUERY_PREDICATE_H
#define FALCOTOP_QUERY_PREDICATE_H

#include "base/buf.h"

enum predicate_op {
	OP_EXISTS,
	OP_EQ, /* = == */
	OP_NE, /* != ; absent values are "not equal" too, as in Falco */
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE, /* numbers when both sides are, else false; priorities by level */
	OP_CONTAINS,
	OP_ICONTAINS,
	OP_STARTSWITH,
	OP_ENDSWITH,
	OP_GLOB,
	OP_IGLOB,      /* * ? [a-z], the whole value */
	OP_REGEX,      /* PCRE2, unanchored as in Falco's RE2 "matches anywhere"; see regex.c */
	OP_IN,	       /* one of a list */
	OP_INTERSECTS, /* a list-valued field (tags, "(a,b)") shares an element with the list */
	OP_PMATCH,     /* one of a list of paths is the value or a directory above it */
	OP_COUNT
};

struct predicate_info {
	const char *name;
	bool list;   /* takes (a, b) */
	bool number; /* its operand is a number */
};
const struct predicate_info *predicate_info(enum predicate_op op);
/* By name, ignoring case ("==" too); false when there is no such operator. */
bool predicate_op_by_name(struct slice name, enum predicate_op *out);

struct predicate;

/*
 * The operands are copied. NULL and a message in err (size errlen) when an operand is no good: a
 * number expected, a regular expression that does not compile. Regular expressions run with match
 * and depth limits: a pattern that blows up does not match, and is counted by
 * predicate_limits_hit().
 */
struct predicate *predicate_new(
    enum predicate_op op, const struct slice *operands, unsigned n, char *err, size_t errlen);
/* The same; *offset is the byte of the (first) operand where it is no good. */
struct predicate *predicate_new_at(enum predicate_op op, const struct slice *operands, unsigned n,
    char *err, size_t errlen, size_t *offset);
void predicate_free(struct predicate *p);
/* The value as text. Absent, null: call predicate_absent() instead. Thread-safe on a shared
 * predicate. */
bool predicate_match(const struct predicate *p, struct slice value);
/*
 * The value is a list separated by blanks (tags): true when any element matches; != when no element
 * is equal. (Falco's own "in" on a list asks that all elements be in the set; for tags that finds
 * next to nothing, so here it is "any".)
 */
bool predicate_match_list(const struct predicate *p, struct slice value);
bool predicate_absent(const struct predicate *p);
/* True when two predicates ask the same. */
bool predicate_same(const struct predicate *a, const struct predicate *b);
/* How often a regular expression ran into its limits, in the whole process. */
uint64_t predicate_limits_hit(void);

/* Case-folding (ASCII) search; the hot path of "output icontains …". NULL when not found. */
const char *find_icase(const char *hay, size_t len, const char *lower_needle, size_t needle_len);
/*
 * The same for a needle that is looked for many times: find_plan() picks two of its bytes that are
 * seldom in the text of events, and candidates are where both stand.
 */
struct find_plan {
	size_t at[2];
};
struct find_plan find_plan(const char *lower_needle, size_t needle_len);
const char *find_icase_by(const char *hay, size_t len, const char *lower_needle, size_t needle_len,
    const struct find_plan *plan);
/* Shell-style match of the whole value: * ? [set] [!set] and \ to quote. At most pattern times
 * value steps, no recursion. */
bool glob_match(struct slice pattern, struct slice value, bool icase);

#endif
