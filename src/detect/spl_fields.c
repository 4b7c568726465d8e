/*
 * Names of fields in Splunk's searches to ours: those of ESCU's Kubernetes family, then the
 * catalogue's, then the keys that Falco's text output writes; any other name is a key of
 * output_fields. Also which value a field has after a rename or a fillnull before `stats`.
 */
#include "detect/spl_private.h"

#include "event/field.h"
#include "base/banned.h"

/* Kubernetes audit events as Splunk sees them, and what Falco's k8saudit plugin calls the same
 * facts. */
static const struct {
	const char *spl, *name;
	bool list;
} alias[] = {
	{ "objectRef.name", "ka.target.name", false },
	{ "objectRef.namespace", "ka.target.namespace", false },
	{ "objectRef.resource", "ka.target.resource", false },
	{ "objectRef.subresource", "ka.target.subresource", false },
	{ "verb", "ka.verb", false },
	{ "stage", "ka.stage", false },
	{ "auditID", "ka.auditid", false },
	{ "requestURI", "ka.uri", false },
	{ "userAgent", "ka.useragent", false },
	{ "user.username", "ka.user.name", false },
	{ "user.groups{}", "ka.user.groups", true },
	{ "user.groups", "ka.user.groups", true },
	{ "impersonatedUser.username", "ka.impuser.name", false },
	{ "sourceIPs{}", "ka.sourceips", true },
	{ "sourceIPs", "ka.sourceips", true },
	{ "responseStatus.code", "ka.response.code", false },
	{ "responseStatus.reason", "ka.response.reason", false },
	{ "annotations.authorization.k8s.io/decision", "ka.auth.decision", false },
	{ "annotations.authorization.k8s.io/reason", "ka.auth.reason", false },
	{ "host", "hostname", false },
	{ "_raw", "raw", false },
};

static bool
has_prefix(struct slice s, struct slice prefix)
{
	return s.len > prefix.len && memcmp(s.p, prefix.p, prefix.len) == 0;
}

struct slice
spl_field(struct slice name, bool *list)
{
	const struct slice nested = SLICE("output_fields.");
	enum field_id id;

	*list = false;
	for (size_t i = 0; i < sizeof(alias) / sizeof(alias[0]); i++) {
		if (slice_eq(name, slice_of(alias[i].spl))) {
			*list = alias[i].list;
			return slice_of(alias[i].name);
		}
	}
	if (has_prefix(name, nested)) /* how Splunk names what is inside of Falco's JSON */
		name = (struct slice){ name.p + nested.len, name.len - nested.len };
	*list = memmem(name.p, name.len, "{}", 2) != NULL; /* a path through an array */
	id = field_by_name(name);
	if (id == FIELD_NONE)
		id = field_by_text_key(name);
	return id == FIELD_NONE ? name : slice_of(field_info(id)->name);
}

bool
spl_resolve(struct spl_parser *p, const struct spl_token *name, struct slice *out)
{
	struct slice n = name->text;

	for (unsigned i = p->nrename; i-- > 0;) {
		if (slice_eq(p->rename[i].to, n))
			n = p->rename[i].from;
		else if (slice_eq(p->rename[i].from, n))
			return spl_fail(p, name->at, name->text, "it was renamed before");
	}
	*out = n;
	return true;
}

const struct slice *
spl_filled(const struct spl_parser *p, struct slice field)
{
	bool list;
	const struct slice name = spl_field(field, &list);

	for (unsigned i = 0; i < p->nfill; i++)
		if (p->fill[i].field.p == NULL || slice_eq(p->fill[i].field, name))
			return &p->fill[i].value;
	return NULL;
}
