/*
 * The config file: defaults of options, and what risk counts. Lines "key = value", sections in
 * brackets, comments after #; falcotop.conf(5).
 */
#ifndef FALCOTOP_APP_SETTINGS_H
#define FALCOTOP_APP_SETTINGS_H

#include "app/options.h"
#include "detect/book.h"
#include "detect/factors.h"

struct config {
	char *path;
	struct buf text; /* the file; values of options point into it */
	size_t bytes;	 /* of the file as it was */
	uint64_t hash;
	struct buf risk; /* the lines of [risk], as they were understood */
	struct book_options book;
	struct risk_scores *scores;
	struct risk_factors *factors;
};

/*
 * named NULL: the usual places. *out is NULL when there is none there. False after complaints,
 * FILE:LINE: what, of everything that is wrong; nothing was made then.
 */
bool config_read(struct config **out, const char *named, struct options *o);
void config_free(struct config *c);

/* A line of [risk]. False after a complaint. */
bool config_risk_line(struct config *c, const char *key, const char *value);
/* After the last line: what does not go together. False after a complaint. */
bool config_risk_check(const struct config *c);

#endif
