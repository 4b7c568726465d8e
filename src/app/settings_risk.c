/*
 * Lines of [risk]: points of Falco's own rules, factors, the cap, thresholds. What they do is
 * detect/factors.h's and detect/book.h's.
 */
#include "app/settings.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define COUNT_MAX  64
#define DIGITS_MAX 15

/* Decimal digits with a point, in every locale; *s stands behind them and blanks. */
static bool
number(const char **s, double *out)
{
	const char *p = *s;
	double sign = *p == '-' ? -1 : 1, v = 0, unit = 1;
	unsigned digits = 0;

	p += *p == '-';
	for (; *p >= '0' && *p <= '9' && digits < DIGITS_MAX; p++, digits++)
		v = v * 10 + (*p - '0');
	p += *p == '.';
	for (; *p >= '0' && *p <= '9' && digits < DIGITS_MAX; p++, digits++)
		v += (*p - '0') * (unit /= 10);
	*out = sign * v;
	*s = p + strspn(p, " \t");
	return digits > 0 && fabs(*out) <= SCORE_MAX;
}

static bool
points(const char *value, double *out)
{
	const char *end = value;

	if (number(&end, out) && *end == '\0' && *out >= 0)
		return true;
	complain("'%s' is no number from 0 to 1000000", value);
	return false;
}

/* "NAME" without its quotes; the text is its own. */
static char *
unquote(const char *s)
{
	size_t n = strlen(s);

	if (n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s)
		return xstrndup(s + 1, n - 2);
	return xstrdup(s);
}

static bool
set_score(struct config *c, const char *what, const char *value)
{
	char *name = unquote(what);
	enum priority p;
	double score;
	bool ok = points(value, &score);

	if (!ok) {
		/* said */
	} else if (strncmp(name, "priority:", 9) == 0) {
		ok = priority_parse(slice_of(name + 9), &p);
		if (ok)
			risk_scores_set_priority(c->scores, p, score);
		else
			complain("there is no priority '%s'", name + 9);
	} else if (*name == '\0') {
		ok = false;
		complain(
		    "score of which rule? score RULE = POINTS, or score priority:NAME = POINTS");
	} else {
		ok = strpbrk(name, "*?") != NULL
			 ? risk_scores_add_glob(c->scores, slice_of(name), score)
			 : risk_scores_set_rule(c->scores, slice_of(name), score);
		if (!ok)
			complain("too many scores: at most %d patterns and %d rules",
			    SCORE_GLOBS_MAX, SCORE_RULES_MAX);
	}
	free(name);
	return ok;
}

/* "add 5", "multiply 1.5", "add 5, multiply 1.5" */
static bool
parse_change(const char *s, double *add, double *multiply)
{
	for (;;) {
		double *to = NULL;

		if (strncmp(s, "add ", 4) == 0) {
			to = add;
			s += 4;
		} else if (strncmp(s, "multiply ", 9) == 0) {
			to = multiply;
			s += 9;
		}
		if (to == NULL)
			return false;
		s += strspn(s, " \t");
		if (!number(&s, to))
			return false;
		if (*s != ',')
			return *s == '\0';
		s++;
		s += strspn(s, " \t");
	}
}

static bool
set_factor(struct config *c, const char *match, const char *value)
{
	double add = 0, multiply = 1;
	char err[256];

	if (!parse_change(value, &add, &multiply)) {
		complain("'%s' is not of the form add N, multiply N", value);
		return false;
	}
	if (risk_factors_add(c->factors, match, add, multiply, err, sizeof(err)))
		return true;
	complain("factor %s: %s", match, err);
	return false;
}

static bool
set_count(unsigned *out, const char *value)
{
	double v;

	if (!points(value, &v) || v > COUNT_MAX || v != floor(v) || v < 1) {
		complain("'%s' is no whole number from 1 to %d", value, COUNT_MAX);
		return false;
	}
	*out = (unsigned)v;
	return true;
}

bool
config_risk_check(const struct config *c)
{
	const struct book_options *b = &c->book;

	if (b->medium <= b->high && b->high <= b->critical)
		return true;
	complain("%s: medium %g, high %g, critical %g: thresholds rise", c->path, b->medium,
	    b->high, b->critical);
	return false;
}

bool
config_risk_line(struct config *c, const char *key, const char *value)
{
	size_t word = strcspn(key, " \t");
	const char *rest = key + word + strspn(key + word, " \t");
	bool ok;

	if (word == 5 && memcmp(key, "score", 5) == 0)
		ok = set_score(c, rest, value);
	else if (word == 6 && memcmp(key, "factor", 6) == 0)
		ok = set_factor(c, rest, value);
	else if (strcmp(key, "cap") == 0)
		ok = points(value, &c->book.cap);
	else if (strcmp(key, "medium") == 0)
		ok = points(value, &c->book.medium);
	else if (strcmp(key, "high") == 0)
		ok = points(value, &c->book.high);
	else if (strcmp(key, "critical") == 0)
		ok = points(value, &c->book.critical);
	else if (strcmp(key, "tactics") == 0)
		ok = set_count(&c->book.tactics, value);
	else if (strcmp(key, "sources") == 0)
		ok = set_count(&c->book.sources, value);
	else {
		ok = false;
		complain("there is no key '%s' in [risk]: score, factor, cap, medium, high, "
			 "critical, tactics, sources",
		    key);
	}
	if (ok)
		buf_addf(&c->risk, "%s = %s\n", key, value);
	return ok;
}
