/*
 * One detection from its YAML file. ESCU's schema changed twice and the newest generation has no
 * public description, so this reads what it knows, wherever it stands, and warns of the rest; only
 * a file without a name or a search is no detection.
 */
#include "detect/detection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/xalloc.h"
#include "detect/detection_private.h"
#include "base/banned.h"

#define WARNINGS_MAX 64
#define LIST_MAX     256 /* risk objects, drilldowns, tests, … of one file */

/* Keys of all generations; what is in no list is told. */
static const char *const known_keys[] = { "name", "id", "version", "date", "creation_date",
	"modification_date", "author", "status", "type", "description", "data_source", "search",
	"how_to_implement", "known_false_positives", "references", "drilldown_searches", "rba",
	"finding", "intermediate_findings", "threat_objects", "tags", "tests", "analytic_story",
	"asset_type", "mitre_attack_id", "cve", "product", "category", "security_domain",
	"enabled_by_default", "datamodel", "group", "nist", "throttling", "atomic_guid",
	"manual_test", "deployment", "notes", "deprecation_info", "file_path" };

void
detection_warn(struct detection *d, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (d->nwarning == WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->warning = xreallocarray(d->warning, d->nwarning + 1, sizeof(*d->warning));
	d->warning[d->nwarning++] = xstrdup(text);
}

static void
warn_unknown(struct detection *d, const struct yaml_node *root)
{
	for (const struct yaml_node *c = root->child; c != NULL; c = c->next) {
		bool known = false;

		for (size_t i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++)
			known |= slice_eq(c->key, slice_of(known_keys[i]));
		if (!known)
			detection_warn(d, "line %u: unknown key \"%.60s\"", c->line, c->key.p);
	}
}

static char *
copy_text(const struct yaml_node *map, const char *key)
{
	const char *text = yaml_text(map, key);

	return xstrdup(text == NULL ? "" : text);
}

/* A scalar, or a list of scalars, as texts with `joint` between them. */
static char *
join(const struct yaml_node *n, const char *joint)
{
	struct buf out = { 0 };

	buf_adds(&out, "");
	if (n != NULL && n->kind == YAML_SCALAR)
		buf_adds(&out, n->text.p);
	for (const struct yaml_node *c = n == NULL ? NULL : n->child; c != NULL; c = c->next) {
		if (c->kind != YAML_SCALAR)
			continue;
		if (out.len > 0)
			buf_adds(&out, joint);
		buf_adds(&out, c->text.p);
	}
	return buf_steal(&out);
}

/* tags.KEY, or KEY itself. */
static const struct yaml_node *
tag(const struct yaml_node *root, const char *key)
{
	const struct yaml_node *n = yaml_get(yaml_get(root, "tags"), key);

	return n != NULL ? n : yaml_get(root, key);
}

/* --- risk */

static bool
has_word(const struct yaml_node *n, const char *word)
{
	if (n == NULL)
		return false;
	if (n->kind == YAML_SCALAR)
		return strcasecmp(n->text.p, word) == 0;
	for (const struct yaml_node *c = n->child; c != NULL; c = c->next)
		if (c->kind == YAML_SCALAR && strcasecmp(c->text.p, word) == 0)
			return true;
	return false;
}

static void
add_risk(
    struct detection *d, const char *field, const char *type, double score, const char *message)
{
	if (field == NULL || field[0] == '\0' || d->nrisk == LIST_MAX)
		return;
	if (score < 0 || score > 100) {
		detection_warn(d, "a score of %g is outside of 0 to 100", score);
		score = score < 0 ? 0 : 100;
	}
	d->risk = xreallocarray(d->risk, d->nrisk + 1, sizeof(*d->risk));
	d->risk[d->nrisk++] = (struct risk_object){ .field = xstrdup(field),
		.type = xstrdup(type == NULL ? "other" : type),
		.score = score,
		.message = xstrdup(message == NULL ? "" : message) };
}

static void
add_threat(struct detection *d, const char *field, const char *type)
{
	if (field == NULL || field[0] == '\0' || d->nthreat == LIST_MAX)
		return;
	d->threat = xreallocarray(d->threat, d->nthreat + 1, sizeof(*d->threat));
	d->threat[d->nthreat++] = (struct threat_object){ .field = xstrdup(field),
		.type = xstrdup(type == NULL ? "other" : type) };
}

/* What an observable of the oldest generation is as a risk object (contentctl 4). */
static const char *
object_type(const char *observable)
{
	static const char *const user[] = { "User", "User Name", "Email Address", "Email" };
	static const char *const system[] = { "Hostname", "Endpoint", "Device", "Server",
		"IP Address" };

	for (size_t i = 0; observable != NULL && i < sizeof(user) / sizeof(user[0]); i++)
		if (strcasecmp(observable, user[i]) == 0)
			return "user";
	for (size_t i = 0; observable != NULL && i < sizeof(system) / sizeof(system[0]); i++)
		if (strcasecmp(observable, system[i]) == 0)
			return "system";
	return "other";
}

/* A: tags.{risk_score, message, observable}. */
static bool
risk_of_tags(struct detection *d, const struct yaml_node *root)
{
	const struct yaml_node *tags = yaml_get(root, "tags"), *list = yaml_get(tags, "observable");
	double score, confidence, impact;

	if (!yaml_number(tags, "risk_score", &score)) {
		if (!yaml_number(tags, "confidence", &confidence) ||
		    !yaml_number(tags, "impact", &impact))
			return false;
		score = confidence * impact / 100;
	}
	if (list == NULL)
		return false;
	for (const struct yaml_node *c = list->child; c != NULL; c = c->next) {
		const char *name = yaml_text(c, "name"), *type = yaml_text(c, "type");

		if (has_word(yaml_get(c, "role"), "Attacker"))
			add_threat(d, name, type);
		else
			add_risk(d, name, object_type(type), score, yaml_text(tags, "message"));
	}
	return true;
}

static void
threats_of_list(struct detection *d, const struct yaml_node *list)
{
	for (const struct yaml_node *c = list == NULL ? NULL : list->child; c != NULL; c = c->next)
		add_threat(d, yaml_text(c, "field"), yaml_text(c, "type"));
}

static void
entity(struct detection *d, const struct yaml_node *n, const char *message)
{
	const char *own = yaml_text(n, "message");
	double score = 0;

	if (!yaml_number(n, "score", &score) && yaml_get(n, "score") != NULL)
		detection_warn(d, "line %u: a score that is no number", yaml_get(n, "score")->line);
	add_risk(d, yaml_text(n, "field"), yaml_text(n, "type"), score, own ? own : message);
}

/* B: rba.{message, risk_objects, threat_objects}. */
static bool
risk_of_rba(struct detection *d, const struct yaml_node *root)
{
	const struct yaml_node *rba = yaml_get(root, "rba"), *list = yaml_get(rba, "risk_objects");

	if (rba == NULL)
		return false;
	for (const struct yaml_node *c = list == NULL ? NULL : list->child; c != NULL; c = c->next)
		entity(d, c, yaml_text(rba, "message"));
	threats_of_list(d, yaml_get(rba, "threat_objects"));
	return true;
}

/* C: finding.{title, entity}, intermediate_findings.entities[]. */
static bool
risk_of_findings(struct detection *d, const struct yaml_node *root)
{
	const struct yaml_node *finding = yaml_get(root, "finding"),
			       *one = yaml_get(finding, "entity"),
			       *more = yaml_get(root, "intermediate_findings"),
			       *list = yaml_get(more, "entities");

	if (finding == NULL && more == NULL)
		return false;
	if (one != NULL)
		entity(d, one, yaml_text(finding, "title"));
	for (const struct yaml_node *c = list == NULL ? NULL : list->child; c != NULL; c = c->next)
		entity(d, c, yaml_text(more, "message"));
	threats_of_list(d, yaml_get(root, "threat_objects"));
	return true;
}

static void
read_risk(struct detection *d, const struct yaml_node *root)
{
	if (risk_of_tags(d, root))
		d->generation = 'A';
	else if (risk_of_rba(d, root))
		d->generation = 'B';
	else if (risk_of_findings(d, root))
		d->generation = 'C';
	if (d->nrisk > 0 && d->risk[0].message[0] != '\0')
		d->message = xstrdup(d->risk[0].message);
}

/* --- drilldowns and tests */

static void
read_drilldowns(struct detection *d, const struct yaml_node *list)
{
	for (const struct yaml_node *c = list == NULL ? NULL : list->child; c != NULL;
	     c = c->next) {
		if (yaml_text(c, "name") == NULL || d->ndrilldown == LIST_MAX)
			continue;
		d->drilldown =
		    xreallocarray(d->drilldown, d->ndrilldown + 1, sizeof(*d->drilldown));
		d->drilldown[d->ndrilldown++] =
		    (struct drilldown){ copy_text(c, "name"), copy_text(c, "search") };
	}
}

static void
read_test(struct detection *d, const struct yaml_node *test)
{
	const struct yaml_node *list = yaml_get(test, "attack_data");

	for (const struct yaml_node *c = list == NULL ? NULL : list->child; c != NULL;
	     c = c->next) {
		if (yaml_text(c, "data") == NULL || d->ntest == LIST_MAX)
			continue;
		d->test = xreallocarray(d->test, d->ntest + 1, sizeof(*d->test));
		d->test[d->ntest++] = (struct detection_test){ .name = copy_text(test, "name"),
			.data = copy_text(c, "data"),
			.source = copy_text(c, "source"),
			.sourcetype = copy_text(c, "sourcetype") };
	}
}

/* --- the search */

/* The last macro of the search whose name ends in _filter: `x_filter`. */
static char *
find_filter_macro(const char *search)
{
	char *found = NULL;

	for (const char *p = search; (p = strchr(p, '`')) != NULL; p++) {
		size_t n = strcspn(p + 1, "`( \n\t\"");

		if (n > 7 && p[1 + n] == '`' && memcmp(p + 1 + n - 7, "_filter", 7) == 0) {
			free(found);
			found = xstrndup(p + 1, n);
		}
	}
	return found;
}

static char *
describe(const struct detection *d, const struct spl_error *err, bool block)
{
	unsigned line = d->search_line + (block ? err->line : 0);

	return xasprintf("%s:%u: search line %u column %u: %s%s%s", d->path, line, err->line,
	    err->column, err->word, err->word[0] == '\0' ? "" : ": ", err->message);
}

static void
compile(struct detection *d, const struct macros *m, bool block)
{
	d->spl = spl_compile(slice_of(d->search), m, NULL, &d->error);
	d->state = d->spl != NULL ? DETECTION_RUNNABLE : DETECTION_NOT_RUN;
	if (d->spl == NULL)
		d->reason = describe(d, &d->error, block);
}

bool
detection_set_filter(
    struct detection *d, const struct macros *m, const char *text, struct spl_error *err)
{
	struct spl *s = spl_compile(slice_of(d->search), m, text, err);

	if (s == NULL)
		return false;
	spl_free(d->spl);
	free(d->reason);
	free(d->filter_text);
	d->spl = s;
	d->reason = NULL;
	d->filter_text = text == NULL ? NULL : xstrdup(text);
	d->state = DETECTION_RUNNABLE;
	return true;
}

/* --- all of it */

static void
read_head(struct detection *d, const struct yaml_node *root)
{
	double version = 0;

	d->name = copy_text(root, "name");
	d->id = copy_text(root, "id");
	d->type = copy_text(root, "type");
	d->status = copy_text(root, "status");
	d->description = copy_text(root, "description");
	d->date = copy_text(root, yaml_text(root, "date") ? "date" : "modification_date");
	if (yaml_number(root, "version", &version) && version >= 0 && version < 1e9)
		d->version = (int)version;
	d->search_name = xasprintf("ESCU - %s - Rule", d->name);
	d->techniques = join(tag(root, "mitre_attack_id"), " ");
	d->stories = join(tag(root, "analytic_story"), "\n");
}

struct detection *
detection_make(const char *path, const struct yaml_node *root, const struct macros *m,
    char err[DETECTION_ERROR_MAX])
{
	const struct yaml_node *search = yaml_get(root, "search"), *tests = yaml_get(root, "tests");
	struct detection *d;

	if (yaml_text(root, "name") == NULL || yaml_text(root, "name")[0] == '\0' ||
	    search == NULL || search->kind != YAML_SCALAR) {
		snprintf(err, DETECTION_ERROR_MAX,
		    "%s:%u: no detection: a name and a search are wanted", path,
		    root == NULL ? 1 : root->line);
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	d->path = xstrdup(path);
	d->search = xstrdup(search->text.p);
	d->search_line = search->line;
	read_head(d, root);
	read_risk(d, root);
	read_drilldowns(d, yaml_get(root, "drilldown_searches"));
	for (const struct yaml_node *c = tests == NULL ? NULL : tests->child; c != NULL;
	     c = c->next)
		read_test(d, c);
	warn_unknown(d, root);
	d->filter_macro = find_filter_macro(d->search);
	compile(d, m, search->style == YAML_BLOCK);
	return d;
}

struct detection *
detection_load(const char *path, const struct macros *m, char err[DETECTION_ERROR_MAX])
{
	char what[YAML_ERROR_MAX];
	struct detection *d;
	struct yaml *y = yaml_load(path, NULL, what);

	if (y == NULL) {
		snprintf(err, DETECTION_ERROR_MAX, "%s:%s%s", path,
		    what[0] >= '0' && what[0] <= '9' ? "" : " ", what);
		return NULL;
	}
	d = detection_make(path, yaml_root(y), m, err);
	yaml_free(y);
	return d;
}

void
detection_free(struct detection *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < d->nrisk; i++) {
		free(d->risk[i].field);
		free(d->risk[i].type);
		free(d->risk[i].message);
	}
	for (unsigned i = 0; i < d->nthreat; i++) {
		free(d->threat[i].field);
		free(d->threat[i].type);
	}
	for (unsigned i = 0; i < d->ndrilldown; i++) {
		free(d->drilldown[i].name);
		free(d->drilldown[i].search);
	}
	for (unsigned i = 0; i < d->ntest; i++) {
		free(d->test[i].name);
		free(d->test[i].data);
		free(d->test[i].source);
		free(d->test[i].sourcetype);
	}
	for (unsigned i = 0; i < d->nwarning; i++)
		free(d->warning[i]);
	{
		void *const owned[] = { d->risk, d->threat, d->drilldown, d->test, d->warning,
			d->path, d->name, d->id, d->type, d->status, d->description, d->date,
			d->search, d->search_name, d->message, d->filter_macro, d->filter_text,
			d->techniques, d->stories, d->reason };

		for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
			free(owned[i]);
	}
	spl_free(d->spl);
	free(d);
}

/* --- messages */

/* Length of a $name$ that starts at p, its dollars included; 0 when it is none. */
static size_t
token_length(const char *p)
{
	size_t n = strcspn(p + 1, "$ \t\n\"");

	return n > 0 && p[1 + n] == '$' ? n + 2 : 0;
}

static const struct spl_cell *
find_cell(const struct spl_result *r, const struct spl_row *row, struct slice name)
{
	for (unsigned i = 0; i < r->ncolumns; i++)
		if (slice_eq(r->column[i], name))
			return row->cell[i].kind == SPL_MISSING ? NULL : &row->cell[i];
	return NULL;
}

static void
add_cell(struct buf *out, const struct spl_cell *c)
{
	if (c->nitem == 0)
		buf_add(out, c->text.p, c->text.len);
	for (uint32_t i = 0; i < c->nitem; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		buf_add(out, c->item[i].p, c->item[i].len);
	}
}

unsigned
detection_expand(
    const char *text, const struct spl_result *r, const struct spl_row *row, struct buf *out)
{
	unsigned left = 0;
	const char *p = text;

	buf_adds(out, "");
	while (*p != '\0') {
		size_t n = *p == '$' ? token_length(p) : 0;
		const struct spl_cell *c;

		if (n == 0) {
			buf_addc(out, *p++);
			continue;
		}
		c = find_cell(r, row, (struct slice){ p + 1, n - 2 });
		if (c != NULL) {
			add_cell(out, c);
		} else {
			buf_add(out, p, n);
			left++;
		}
		p += n;
	}
	return left;
}
