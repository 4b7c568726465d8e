/*
 * Decimal numbers of any length, compared exactly and without a locale: 1768464000161934674, -1,
 * 0.50, 1e3. Private to the layer: predicates and sorting.
 */
#ifndef FALCOTOP_QUERY_NUMBER_H
#define FALCOTOP_QUERY_NUMBER_H

#include "base/slice.h"

/* Sign, significant digits (which may have the point among them) and where the point stands:
 * +-0.DIGITS * 10^exponent. */
struct number {
	int sign; /* -1, 0, 1 */
	int32_t exponent;
	struct slice digits; /* borrowed; first and last are not '0' */
};

/* The whole slice: [+-] digits [. digits] [e [+-] digits]. False leaves *out alone. */
bool number_parse(struct slice s, struct number *out);
int number_cmp(const struct number *a, const struct number *b);
/* 62 bits that order as numbers do, as far as 15 digits tell: a < b gives key(a) <= key(b). */
uint64_t number_key(const struct number *n);

#endif
