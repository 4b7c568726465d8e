/*
 * What the config says about scores: risk factors ("match -> add, multiply", Splunk's; none by
 * default) and the points of Falco's own rules (0 by default). Reading the config is not done here.
 */
#ifndef FALCOTOP_DETECT_FACTORS_H
#define FALCOTOP_DETECT_FACTORS_H

#include "detect/risk.h"
#include "event/priority.h"

#define FACTORS_MAX	 64
#define FACTOR_TERMS_MAX 8
#define SCORE_MAX	 1000000.0 /* a score is at least 0 and at most this */
#define SCORE_RULES_MAX	 4096

struct risk_factors;

struct risk_factors *risk_factors_new(void);
void risk_factors_free(struct risk_factors *f);
/*
 * One factor. match: "field=value", "field!=value", several joined by "and"; the field is one of
 * object, type, search, message, story, technique, tactic, row; the value a pattern with * and ?,
 * ignoring case, in quotes when it has blanks. Of a list (stories, techniques, tactics, row) any
 * element may match; != holds when none does. False and a message in err when it is no good.
 */
bool risk_factors_add(struct risk_factors *f, const char *match, double add, double multiply,
    char *err, size_t errlen);
unsigned risk_factors_count(const struct risk_factors *f);
/*
 * The score with the factors that match: first all are added to it, then all multiplied, as Splunk
 * ES does. f may be NULL. Always within 0 .. SCORE_MAX, a thousandth fine.
 */
double risk_factors_score(const struct risk_factors *f, const struct risk_event *e);

#define SCORE_GLOBS_MAX	 256

/* Points of "local: RULE": by rule, else by the first pattern that its name matches, else by
 * priority, else 0. */
struct risk_scores;

struct risk_scores *risk_scores_new(void);
void risk_scores_free(struct risk_scores *s);
/* False: SCORE_RULES_MAX are set. */
bool risk_scores_set_rule(struct risk_scores *s, struct slice rule, double score);
/* A pattern with * and ?, ignoring case. False: SCORE_GLOBS_MAX are set. */
bool risk_scores_add_glob(struct risk_scores *s, struct slice pattern, double score);
void risk_scores_set_priority(struct risk_scores *s, enum priority p, double score);
/* s may be NULL. */
double risk_scores_get(const struct risk_scores *s, struct slice rule, enum priority p);

#endif
