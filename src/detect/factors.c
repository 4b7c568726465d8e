/*
 * Risk factors and the scores of Falco's own rules. The conditions are patterns on the few fields
 * of a risk event and not the filter language: that one asks columns of events, and a risk event
 * has none.
 */
#include "detect/factors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "detect/lookup.h"
#include "query/predicate.h"
#include "base/banned.h"

#define MATCH_MAX 1024 /* bytes of a condition */

struct factor_field {
	const char *name;
	size_t offset;	/* in struct risk_event */
	char separator; /* of a list; 0: one value */
};

#define FIELD_AT(member) offsetof(struct risk_event, member)

static const struct factor_field fields[] = {
	{ "object", FIELD_AT(object), 0 },
	{ "type", FIELD_AT(object_type), 0 },
	{ "search", FIELD_AT(search), 0 },
	{ "message", FIELD_AT(message), 0 },
	{ "story", FIELD_AT(stories), '\n' },
	{ "technique", FIELD_AT(techniques), ' ' },
	{ "tactic", FIELD_AT(tactics), ' ' },
	{ "row", FIELD_AT(row), '\n' },
};

struct factor_term {
	const struct factor_field *field;
	bool negated;
	char *pattern;
};

struct factor {
	unsigned n;
	struct factor_term term[FACTOR_TERMS_MAX];
	double add, multiply;
};

struct risk_factors {
	unsigned n;
	struct factor factor[FACTORS_MAX];
};

struct risk_factors *
risk_factors_new(void)
{
	return xcalloc(1, sizeof(struct risk_factors));
}

static void
release_factor(struct factor *f)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->term[i].pattern);
	f->n = 0;
}

void
risk_factors_free(struct risk_factors *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < f->n; i++)
		release_factor(&f->factor[i]);
	free(f);
}

unsigned
risk_factors_count(const struct risk_factors *f)
{
	return f == NULL ? 0 : f->n;
}

static const struct factor_field *
field_of(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].name) == len && memcmp(fields[i].name, p, len) == 0)
			return &fields[i];
	return NULL;
}

/* A bare word or a text in quotes; NULL when there is none or its quote does not end. */
static char *
parse_value(const char **p)
{
	const char *start = *p, *end;

	if (*start == '\'' || *start == '"') {
		end = strchr(start + 1, *start);
		if (end == NULL)
			return NULL;
		*p = end + 1;
		return xstrndup(start + 1, (size_t)(end - start - 1));
	}
	*p = start + strcspn(start, " \t");
	return *p == start ? NULL : xstrndup(start, (size_t)(*p - start));
}

static const char *
blanks(const char *p)
{
	return p + strspn(p, " \t");
}

static bool
parse_term(struct factor_term *t, const char **text, char *err, size_t errlen)
{
	const char *p = *text;
	size_t len = strcspn(p, " \t=!");

	t->field = field_of(p, len);
	if (t->field == NULL) {
		snprintf(err, errlen,
		    "expected object, type, search, message, story, technique, tactic or row");
		return false;
	}
	p = blanks(p + len);
	t->negated = *p == '!';
	p += t->negated ? 1 : 0;
	if (*p != '=') {
		snprintf(err, errlen, "expected = or != after %s", t->field->name);
		return false;
	}
	p = blanks(p + 1);
	t->pattern = parse_value(&p);
	if (t->pattern == NULL) {
		snprintf(err, errlen, "expected a value for %s", t->field->name);
		return false;
	}
	*text = blanks(p);
	return true;
}

static bool
parse_match(struct factor *f, const char *p, char *err, size_t errlen)
{
	p = blanks(p);
	do {
		if (f->n == FACTOR_TERMS_MAX) {
			snprintf(err, errlen, "at most %d terms", FACTOR_TERMS_MAX);
			return false;
		}
		if (!parse_term(&f->term[f->n], &p, err, errlen))
			return false;
		f->n++;
		if (*p == '\0')
			return true;
		if (strncasecmp(p, "and", 3) != 0 || (p[3] != ' ' && p[3] != '\t')) {
			snprintf(err, errlen, "expected \"and\" between terms");
			return false;
		}
		p = blanks(p + 3);
	} while (true);
}

bool
risk_factors_add(struct risk_factors *f, const char *match, double add, double multiply, char *err,
    size_t errlen)
{
	struct factor *new = &f->factor[f->n];

	if (f->n == FACTORS_MAX) {
		snprintf(err, errlen, "at most %d risk factors", FACTORS_MAX);
		return false;
	}
	if (strlen(match) > MATCH_MAX) {
		snprintf(err, errlen, "a condition has at most %d bytes", MATCH_MAX);
		return false;
	}
	if (!(fabs(add) <= SCORE_MAX) || !(multiply >= 0 && multiply <= SCORE_MAX)) {
		snprintf(err, errlen, "expected finite numbers, multiply not below 0");
		return false;
	}
	*new = (struct factor){ .add = add, .multiply = multiply };
	if (!parse_match(new, match, err, errlen)) {
		release_factor(new);
		return false;
	}
	f->n++;
	return true;
}

static bool
any_matches(struct slice pattern, struct slice list, char separator)
{
	const char *p = list.p, *end = list.p + list.len;

	if (separator == 0 || list.len == 0)
		return glob_match(pattern, list, true);
	while (p <= end) {
		const char *next = p == end ? NULL : memchr(p, separator, (size_t)(end - p));

		if (next == NULL)
			next = end;
		if (glob_match(pattern, (struct slice){ p, (size_t)(next - p) }, true))
			return true;
		p = next + 1;
	}
	return false;
}

static bool
factor_matches(const struct factor *f, const struct risk_event *e)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct factor_term *t = &f->term[i];
		struct slice value;

		memcpy(&value, (const char *)e + t->field->offset, sizeof(value));
		if (any_matches(slice_of(t->pattern), value, t->field->separator) == t->negated)
			return false;
	}
	return true;
}

static double
clamp(double score)
{
	if (!(score > 0)) /* NaN too */
		return 0;
	return score > SCORE_MAX ? SCORE_MAX : round(score * 1000) / 1000;
}

double
risk_factors_score(const struct risk_factors *f, const struct risk_event *e)
{
	double add = 0, multiply = 1;

	for (unsigned i = 0; i < risk_factors_count(f); i++) {
		if (!factor_matches(&f->factor[i], e))
			continue;
		add += f->factor[i].add;
		multiply *= f->factor[i].multiply;
	}
	return clamp((clamp(e->score) + add) * multiply);
}

struct rule_score {
	char *rule;
	size_t len;
	double score;
};

struct risk_scores {
	double priority[PRIORITY_COUNT];
	struct rule_score *rule;
	uint32_t n, room;
	struct lookup index;
	struct rule_score *glob; /* in order */
	uint32_t nglob;
};

struct risk_scores *
risk_scores_new(void)
{
	return xcalloc(1, sizeof(struct risk_scores));
}

void
risk_scores_free(struct risk_scores *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		free(s->rule[i].rule);
	for (uint32_t i = 0; i < s->nglob; i++)
		free(s->glob[i].rule);
	free(s->rule);
	free(s->glob);
	lookup_release(&s->index);
	free(s);
}

static bool
same_rule(const void *arg, uint32_t number, const void *key)
{
	const struct rule_score *r = &((const struct risk_scores *)arg)->rule[number];

	return slice_eq((struct slice){ r->rule, r->len }, *(const struct slice *)key);
}

static uint32_t
find_rule(const struct risk_scores *s, struct slice rule, uint64_t *hash)
{
	*hash = hash_bytes(rule.len == 0 ? "" : rule.p, rule.len, hash_seed());
	return lookup_find(&s->index, *hash, same_rule, s, &rule);
}

bool
risk_scores_set_rule(struct risk_scores *s, struct slice rule, double score)
{
	uint64_t hash;
	uint32_t i = find_rule(s, rule, &hash);

	if (i != LOOKUP_NONE) {
		s->rule[i].score = clamp(score);
		return true;
	}
	if (s->n == SCORE_RULES_MAX)
		return false;
	if (s->n == s->room) {
		s->room = s->room == 0 ? 16 : 2 * s->room;
		s->rule = xreallocarray(s->rule, s->room, sizeof(*s->rule));
	}
	s->rule[s->n] = (struct rule_score){ xstrndup(rule.len == 0 ? "" : rule.p, rule.len),
		rule.len, clamp(score) };
	lookup_add(&s->index, hash, s->n++);
	return true;
}

bool
risk_scores_add_glob(struct risk_scores *s, struct slice pattern, double score)
{
	if (s->nglob == SCORE_GLOBS_MAX)
		return false;
	s->glob = xreallocarray(s->glob, s->nglob + 1, sizeof(*s->glob));
	s->glob[s->nglob++] =
	    (struct rule_score){ xstrndup(pattern.len == 0 ? "" : pattern.p, pattern.len),
		    pattern.len, clamp(score) };
	return true;
}

void
risk_scores_set_priority(struct risk_scores *s, enum priority p, double score)
{
	if (p < PRIORITY_COUNT)
		s->priority[p] = clamp(score);
}

double
risk_scores_get(const struct risk_scores *s, struct slice rule, enum priority p)
{
	uint64_t hash;
	uint32_t i;

	if (s == NULL)
		return 0;
	i = find_rule(s, rule, &hash);
	if (i != LOOKUP_NONE)
		return s->rule[i].score;
	for (i = 0; i < s->nglob; i++)
		if (glob_match((struct slice){ s->glob[i].rule, s->glob[i].len }, rule, true))
			return s->glob[i].score;
	return p < PRIORITY_COUNT ? s->priority[p] : 0;
}
