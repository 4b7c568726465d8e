/*
 * Exact decimal comparison for < <= > >= and for sorting: event fields hold 64-bit nanoseconds that
 * a double cannot tell apart, and strtod() reads by the locale. Not for arithmetic.
 */
#include "query/number.h"

#include "base/banned.h"

#define EXPONENT_MAX 100000000

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits into *value, which saturates. Returns how many. */
static size_t
read_exponent(struct slice s, size_t i, int32_t *value)
{
	size_t start = i;

	*value = 0;
	for (; i < s.len && digit(s.p[i]); i++)
		if (*value < EXPONENT_MAX)
			*value = *value * 10 + (s.p[i] - '0');
	return i - start;
}

/* The exponent part at i must end the slice. */
static bool
parse_exponent(struct slice s, size_t i, int32_t *out)
{
	bool negative = false;
	size_t n;

	*out = 0;
	if (i == s.len)
		return true;
	if (s.p[i] != 'e' && s.p[i] != 'E')
		return false;
	i++;
	if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
		negative = s.p[i++] == '-';
	n = read_exponent(s, i, out);
	if (n == 0 || i + n != s.len)
		return false;
	if (negative)
		*out = -*out;
	return true;
}

/* Cuts zeros (and the point) off both ends; the exponent counts from the first digit that is left.
 */
static void
normalise(struct slice digits, size_t point, int32_t exponent, bool negative, struct number *out)
{
	size_t first = 0, last = digits.len;
	int64_t place;

	while (first < last && (digits.p[first] == '0' || digits.p[first] == '.'))
		first++;
	while (last > first && (digits.p[last - 1] == '0' || digits.p[last - 1] == '.'))
		last--;
	*out = (struct number){ .digits = { digits.p + first, last - first } };
	if (first == last)
		return;
	place = first < point ? (int64_t)(point - first) : (int64_t)point + 1 - (int64_t)first;
	place += exponent;
	out->sign = negative ? -1 : 1;
	out->exponent = (int32_t)(place > INT32_MAX   ? INT32_MAX
				  : place < INT32_MIN ? INT32_MIN
						      : place);
}

bool
number_parse(struct slice s, struct number *out)
{
	size_t i = 0, start, point = SIZE_MAX, ndigits = 0;
	bool negative = false;
	int32_t exponent;

	if (s.len > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		negative = s.p[i++] == '-';
	for (start = i; i < s.len; i++) {
		if (digit(s.p[i]))
			ndigits++;
		else if (s.p[i] == '.' && point == SIZE_MAX)
			point = i - start;
		else
			break;
	}
	if (ndigits == 0 || !parse_exponent(s, i, &exponent))
		return false;
	if (point == SIZE_MAX)
		point = i - start;
	normalise((struct slice){ s.p + start, i - start }, point, exponent, negative, out);
	return true;
}

/* The next digit of s from *i, skipping the point; -1 at the end. */
static int
next_digit(struct slice s, size_t *i)
{
	if (*i < s.len && s.p[*i] == '.')
		(*i)++;
	return *i < s.len ? s.p[(*i)++] - '0' : -1;
}

static int
magnitude_cmp(const struct number *a, const struct number *b)
{
	size_t i = 0, j = 0;
	int x, y;

	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	do {
		x = next_digit(a->digits, &i);
		y = next_digit(b->digits, &j);
	} while (x == y && x >= 0);
	return (x > y) - (x < y);
}

int
number_cmp(const struct number *a, const struct number *b)
{
	if (a->sign != b->sign)
		return a->sign < b->sign ? -1 : 1;
	return a->sign == 0 ? 0 : a->sign * magnitude_cmp(a, b);
}

uint64_t
number_key(const struct number *n)
{
	const uint64_t middle = (uint64_t)1 << 61;
	uint64_t digits = 0, exponent;
	size_t i = 0;

	if (n->sign == 0)
		return middle;
	for (int k = 0; k < 15; k++) {
		int d = next_digit(n->digits, &i);

		digits = digits * 10 + (uint64_t)(d < 0 ? 0 : d);
	}
	exponent = n->exponent < -1023	? 0
		   : n->exponent > 1023 ? 2047
					: (uint64_t)(n->exponent + 1024);
	/* beyond that range only the exponent's end counts: equal keys are compared in full */
	if (exponent == 0 || exponent == 2047)
		digits = 1;
	digits |= exponent << 50;
	return n->sign > 0 ? middle + digits : middle - digits;
}
