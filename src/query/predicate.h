/* One comparison of Falco's condition language on one value: = != < contains icontains startswith glob regex in … */
#ifndef FALCOTOP_QUERY_PREDICATE_H
#define FALCOTOP_QUERY_PREDICATE_H

#include "base/buf.h"

enum predicate_op {
	OP_EXISTS,
	OP_EQ,  /* = == */
	OP_NE,  /* != ; absent values are "not equal" too, as in Falco */
	OP_LT, OP_LE, OP_GT, OP_GE, /* numbers when both sides are, else false; priorities by level */
	OP_CONTAINS, OP_ICONTAINS, OP_STARTSWITH, OP_ENDSWITH,
	OP_GLOB, OP_IGLOB, /* * ? [a-z], the whole value */
	OP_REGEX,          /* PCRE2, unanchored as in Falco's RE2 "matches anywhere"; see predicate.c */
	OP_IN,             /* one of a list */
	OP_INTERSECTS      /* a list-valued field (tags, "(a,b)") shares an element with the list */
};

struct predicate;

/*
 * The operands are copied. NULL and a message in err (size errlen) when an operand is no good: a number
 * expected, a regular expression that does not compile. Regular expressions run with match and depth limits:
 * a pattern that blows up does not match, and is counted by predicate_limits_hit().
 */
struct predicate *predicate_new(enum predicate_op op, const struct slice *operands, unsigned n,
    char *err, size_t errlen);
void predicate_free(struct predicate *p);
/* The value as text. Absent, null: call predicate_absent() instead. Thread-safe on a shared predicate. */
bool predicate_match(const struct predicate *p, struct slice value);
bool predicate_absent(const struct predicate *p);
/* True when two predicates ask the same. */
bool predicate_same(const struct predicate *a, const struct predicate *b);

/* Case-folding (ASCII) search; the hot path of "output icontains …". NULL when not found. */
const char *find_icase(const char *hay, size_t len, const char *lower_needle, size_t needle_len);
/* Shell-style match of the whole value: * ? [set] [!set] and \ to quote. Linear time. */
bool glob_match(struct slice pattern, struct slice value, bool icase);

#endif
