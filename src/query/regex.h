/* PCRE2 behind four functions. Private to the layer: predicate.c. */
#ifndef FALCOTOP_QUERY_REGEX_H
#define FALCOTOP_QUERY_REGEX_H

#include "base/slice.h"

struct regex;

/* NULL, a message and the byte of the pattern where it went wrong. */
struct regex *regex_new(struct slice pattern, char *err, size_t errlen, size_t *offset);
void regex_free(struct regex *re);
/* Matches anywhere in the value. Thread-safe on a shared regex. What runs into a limit does not
 * match and is counted. */
bool regex_match(const struct regex *re, struct slice value);
uint64_t regex_limits_hit(void);

#endif
