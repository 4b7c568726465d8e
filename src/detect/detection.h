/*
 * Detections: ESCU's YAML files of every generation (tags.*; rba; finding and
 * intermediate_findings), each with its compiled search or the reason why it does not run. A set is
 * immutable once loaded: a reload makes a new one.
 */
#ifndef FALCOTOP_DETECT_DETECTION_H
#define FALCOTOP_DETECT_DETECTION_H

#include "detect/spl.h"

struct risk_object {
	char *field, *type; /* user; user, system or other */
	double score;
	char *message; /* with $tokens$ */
};

struct threat_object {
	char *field, *type;
};

struct drilldown {
	char *name;   /* View the detection results for - "$user$" */
	char *search; /* %original_detection_search% | search  user = "$user$" */
};

struct detection_test {
	char *name;
	char *data; /* address of the recording */
	char *source, *sourcetype;
};

enum detection_state { DETECTION_RUNNABLE, DETECTION_NOT_RUN };

struct detection {
	char *path; /* of the file */
	char *name, *id, *type, *status, *description, *date;
	int version;
	char *search; /* as written */
	unsigned search_line;
	unsigned generation;	    /* 'A', 'B', 'C'; 0 when it has no risk part */
	char *search_name;	    /* ESCU - NAME - Rule */
	char *message;		    /* the first risk message, or NULL */
	char *filter_macro;	    /* kubernetes_falco_shell_spawned_filter, or NULL */
	char *filter_text; /* what the user has it stand for; NULL: the macros' own text */
	char *techniques, *stories; /* T1204, separated by blanks; stories by '\n' */
	struct risk_object *risk;
	unsigned nrisk;
	struct threat_object *threat;
	unsigned nthreat;
	struct drilldown *drilldown;
	unsigned ndrilldown;
	struct detection_test *test;
	unsigned ntest;
	char **warning; /* "unknown key …", one line each */
	unsigned nwarning;
	enum detection_state state;
	struct spl *spl;	/* RUNNABLE */
	struct spl_error error; /* NOT_RUN: where in the search, the word */
	char *reason;		/* NOT_RUN: "FILE:LINE: search line 1 column 3: mstats: …" */
};

struct detection_set {
	struct detection **v; /* by name, ignoring case */
	unsigned n;
	char **problem; /* files that were refused, one line each: "FILE:LINE:COL: …" */
	unsigned nproblem;
	struct macros *macros; /* of the set: what detection_set_filter() wants; read only */
	unsigned refs;	       /* detection_set.c's */
};

/* One file. NULL and "FILE:LINE:COLUMN: …" in err when it is no readable detection. */
struct detection *detection_load(
    const char *path, const struct macros *m, char err[YAML_ERROR_MAX + 512]);
void detection_free(struct detection *d);
/* Compiles again with another text for its filter macro (NULL: the macros'). False, *err filled and
 * nothing changed when that text is no good. */
bool detection_set_filter(
    struct detection *d, const struct macros *m, const char *text, struct spl_error *err);

struct detection_paths {
	const char *const *extra; /* --detections, in order: files or directories */
	unsigned nextra;
	const char *macros; /* a user's macros file; NULL: $XDG_CONFIG_HOME/falcotop/macros.yml when
			       it is there */
	bool only_extra;    /* not the installed ones and the user's directory */
	/* text for a filter macro, NULL when the user has none: kept in the config directory by the
	 * tuning pages */
	const char *(*filter)(void *arg, const char *macro);
	void *arg;
};

/*
 * Loads the installed detections ($FALCOTOP_DATADIR/detections when that is set), those in
 * $XDG_DATA_HOME/falcotop/detections, and extra; of one name the later one stands (within a
 * directory: the higher version). Directories are walked for *.yml and *.yaml; macro files among
 * them, and the macros directory beside a "detections" one, are read first. Never NULL: what goes
 * wrong is in problem[]. Counts references: detection_set_hold(), detection_set_drop() from any
 * thread.
 */
struct detection_set *detection_set_load(const struct detection_paths *p);
struct detection_set *detection_set_hold(struct detection_set *s);
void detection_set_drop(struct detection_set *s);
/* By name or file name without .yml, ignoring case; NULL when there is none. */
const struct detection *detection_find(const struct detection_set *s, const char *name);

/*
 * Text with $token$s replaced by the row's columns of these names; a missing cell reads as nothing
 * Splunk would put there, so the token stays. Returns how many tokens were left as they are.
 */
unsigned detection_expand(
    const char *text, const struct spl_result *r, const struct spl_row *row, struct buf *out);

#endif
