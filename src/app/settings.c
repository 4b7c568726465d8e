/*
 * Reading the config file, line by line. What keys of options mean is options.c's, what the lines
 * of [risk] mean is settings_risk.c's.
 */
#include "app/settings.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "detect/kept.h"

#include "base/banned.h"

#define CONFIG_MAX   ((size_t)1 << 20) /* bytes of the file */
#define PROBLEMS_MAX 20		       /* that are listed */
#define SYSTEM_FILE  "/etc/falcotop.conf"

struct reader {
	struct config *config;
	struct options *o;
	bool risk; /* in [risk] */
	unsigned problems;
};

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	free(c->path);
	buf_release(&c->text);
	buf_release(&c->risk);
	risk_scores_free(c->scores);
	risk_factors_free(c->factors);
	free(c);
}

/* NULL: there is no config file. */
static char *
find(const char *named)
{
	struct buf own = { 0 };

	if (named != NULL)
		return xstrdup(named);
	if (kept_path(&own, "falcotop.conf") && access(own.p, F_OK) == 0)
		return buf_steal(&own);
	buf_release(&own);
	return access(SYSTEM_FILE, F_OK) == 0 ? xstrdup(SYSTEM_FILE) : NULL;
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	s[n] = '\0';
	return s;
}

static bool
section(struct reader *r, const char *line)
{
	if (strcmp(line, "[options]") == 0 || strcmp(line, "[risk]") == 0) {
		r->risk = line[1] == 'r';
		return true;
	}
	complain("there is no section %s: [options] and [risk] are", line);
	return false;
}

/* In [risk] the left side may have = in it, in options the right side. */
static bool
line(struct reader *r, char *text)
{
	char *equals = r->risk ? strrchr(text, '=') : strchr(text, '=');

	if (*text == '[')
		return section(r, text);
	if (equals == NULL) {
		complain("'%s' is no line of the form key = value", text);
		return false;
	}
	*equals = '\0';
	if (r->risk)
		return config_risk_line(r->config, trim(text), trim(equals + 1));
	return options_set_key(r->o, trim(text), trim(equals + 1));
}

/* Every problem is said with its place. */
static void
read_line(struct reader *r, char *text, unsigned number)
{
	struct buf said = { 0 }, *before;
	bool ok;

	text = trim(text);
	if (*text == '\0' || *text == '#')
		return;
	before = complain_into(&said);
	ok = line(r, text);
	(void)complain_into(before);
	if (!ok && r->problems++ < PROBLEMS_MAX)
		complain(
		    "%s:%u: %.*s", r->config->path, number, (int)strcspn(said.p, "\n"), said.p);
	buf_release(&said);
}

static bool
read_text(struct reader *r)
{
	struct buf *text = &r->config->text;
	char *next = text->p;

	if (text->len > 0 && memchr(text->p, '\0', text->len) != NULL) {
		complain("%s: this is no text", r->config->path);
		return false;
	}
	for (unsigned n = 1; next != NULL && *next != '\0'; n++) {
		char *start = next, *end = strchr(next, '\n');

		next = end == NULL ? NULL : end + 1;
		if (end != NULL)
			*end = '\0';
		read_line(r, start, n);
	}
	if (r->problems > PROBLEMS_MAX)
		complain("%s: %u more", r->config->path, r->problems - PROBLEMS_MAX);
	return config_risk_check(r->config) && r->problems == 0;
}

bool
config_read(struct config **out, const char *named, struct options *o)
{
	char *path = find(named), err[KEPT_ERROR_MAX];
	struct reader r = { .o = o };
	enum kept kept;

	*out = NULL;
	if (path == NULL)
		return true;
	r.config = xcalloc(1, sizeof(*r.config));
	*r.config = (struct config){ .path = path,
		.book = book_options_default,
		.scores = risk_scores_new(),
		.factors = risk_factors_new() };
	kept = kept_read(path, CONFIG_MAX, &r.config->text, err);
	r.config->bytes = r.config->text.len;
	r.config->hash = hash_bytes(
	    r.config->text.len > 0 ? r.config->text.p : "", r.config->bytes, hash_seed());
	if (kept == KEPT_READ && read_text(&r)) {
		*out = r.config;
		return true;
	}
	if (kept == KEPT_REFUSED)
		complain("%s", err);
	else if (kept == KEPT_MISSING)
		complain("%s: there is no such file", path);
	config_free(r.config);
	return false;
}
