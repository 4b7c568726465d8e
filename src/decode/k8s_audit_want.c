/*
 * Names outside the catalogue that somebody wants of an audit event: any path through its JSON, and
 * Falco's ka.* names for some of these paths. One walk over the event, only into what a wanted path
 * leads through. A list that a path makes of several values is written as a JSON array.
 */
#include "decode/k8s_audit.h"

#include "base/banned.h"

#define PATH_MAX_BYTES 512
#define POD	       "requestObject.spec."
#define CONTAINER      "requestObject.spec.containers{}."

/* As Falco's k8saudit plugin extracts them. */
static const struct {
	struct slice name, path;
	enum audit_how how;
} names[] = {
	{ SLICE("ka.auditid"), SLICE("auditID"), AUDIT_AS_IS },
	{ SLICE("ka.stage"), SLICE("stage"), AUDIT_AS_IS },
	{ SLICE("ka.auth.decision"), SLICE("annotations.authorization.k8s.io/decision"),
	    AUDIT_AS_IS },
	{ SLICE("ka.impuser.name"), SLICE("impersonatedUser.username"), AUDIT_AS_IS },
	{ SLICE("ka.target.subresource"), SLICE("objectRef.subresource"), AUDIT_AS_IS },
	{ SLICE("ka.response.reason"), SLICE("responseStatus.reason"), AUDIT_AS_IS },
	{ SLICE("ka.req.binding.subjects"), SLICE("requestObject.subjects"), AUDIT_AS_IS },
	{ SLICE("ka.req.binding.role"), SLICE("requestObject.roleRef.name"), AUDIT_AS_IS },
	{ SLICE("ka.req.configmap.name"), SLICE("objectRef.name"), AUDIT_AS_IS },
	{ SLICE("ka.req.configmap.obj"), SLICE("requestObject.data"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.image"), SLICE(CONTAINER "image"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.image.repository"), SLICE(CONTAINER "image"),
	    AUDIT_REPOSITORY },
	{ SLICE("ka.req.container.image"), SLICE(CONTAINER "image"), AUDIT_FIRST },
	{ SLICE("ka.req.container.image.repository"), SLICE(CONTAINER "image"),
	    AUDIT_FIRST_REPOSITORY },
	{ SLICE("ka.req.pod.host_ipc"), SLICE(POD "hostIPC"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.host_network"), SLICE(POD "hostNetwork"), AUDIT_AS_IS },
	{ SLICE("ka.req.container.host_network"), SLICE(POD "hostNetwork"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.host_pid"), SLICE(POD "hostPID"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.host_port"), SLICE(CONTAINER "ports{}.hostPort"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.privileged"), SLICE(CONTAINER "securityContext.privileged"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.container.privileged"), SLICE(CONTAINER "securityContext.privileged"),
	    AUDIT_ANY_TRUE },
	{ SLICE("ka.req.pod.containers.allow_privilege_escalation"),
	    SLICE(CONTAINER "securityContext.allowPrivilegeEscalation"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.read_only_fs"),
	    SLICE(CONTAINER "securityContext.readOnlyRootFilesystem"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.run_as_user"), SLICE(POD "securityContext.runAsUser"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.run_as_user"), SLICE(CONTAINER "securityContext.runAsUser"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.pod.run_as_group"), SLICE(POD "securityContext.runAsGroup"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.run_as_group"),
	    SLICE(CONTAINER "securityContext.runAsGroup"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.proc_mount"), SLICE(CONTAINER "securityContext.procMount"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.role.rules"), SLICE("requestObject.rules"), AUDIT_AS_IS },
	{ SLICE("ka.req.role.rules.apiGroups"), SLICE("requestObject.rules{}.apiGroups{}"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.role.rules.nonResourceURLs"),
	    SLICE("requestObject.rules{}.nonResourceURLs{}"), AUDIT_AS_IS },
	{ SLICE("ka.req.role.rules.verbs"), SLICE("requestObject.rules{}.verbs{}"), AUDIT_AS_IS },
	{ SLICE("ka.req.role.rules.resources"), SLICE("requestObject.rules{}.resources{}"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.pod.fs_group"), SLICE(POD "securityContext.fsGroup"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.supplemental_groups"), SLICE(POD "securityContext.supplementalGroups"),
	    AUDIT_AS_IS },
	{ SLICE("ka.req.pod.containers.add_capabilities"),
	    SLICE(CONTAINER "securityContext.capabilities.add{}"), AUDIT_AS_IS },
	{ SLICE("ka.req.service.type"), SLICE(POD "type"), AUDIT_AS_IS },
	{ SLICE("ka.req.service.ports"), SLICE(POD "ports"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.volumes.hostpath"), SLICE(POD "volumes{}.hostPath.path"), AUDIT_AS_IS },
	{ SLICE("ka.req.pod.volumes.flexvolume_driver"), SLICE(POD "volumes{}.flexVolume.driver"),
	    AUDIT_AS_IS },
};

struct slice
audit_path(struct slice name, enum audit_how *how)
{
	*how = AUDIT_AS_IS;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_eq(name, names[i].name)) {
			*how = names[i].how;
			return names[i].path;
		}
	}
	return name;
}

/* The values of one wanted path through arrays: a JSON array that grows. */
struct list {
	char *p; /* NULL: none yet */
	size_t len, room;
};

struct walk {
	struct decode_context *c;
	const struct json *j;
	struct falco_event *ev;
	struct slice want[EVENT_EXTRAS];
	struct list list[EVENT_EXTRAS];
	struct {
		struct json_walk in;
		size_t prefix; /* bytes of path in front of what is in it */
		bool array;
	} level[DECODE_MAX_DEPTH];
	unsigned depth;
	size_t outer; /* length of the outermost array that the walk is in; 0: in none */
	unsigned outer_depth;
	char path[PATH_MAX_BYTES];
};

static bool
rest_is(struct slice rest, const char *s)
{
	size_t n = strlen(s);

	return rest.len >= n && memcmp(rest.p, s, n) == 0;
}

/* The element's bytes, with the quotes of a string. */
static struct slice
as_written(const struct walk *w, unsigned node)
{
	struct slice s = json_text(w->j, node);

	if (json_kind(w->j, node) == VALUE_STRING)
		s = (struct slice){ s.p - 1, s.len + 2 };
	return s;
}

/*
 * Adds an element. All of them lie apart inside the outermost array, each with a byte behind it, so
 * that the room of that is enough.
 */
static void
list_add(struct walk *w, unsigned i, unsigned node)
{
	struct list *l = &w->list[i];
	struct slice s = as_written(w, node);

	if (json_kind(w->j, node) == VALUE_NULL)
		return;
	if (l->p == NULL) {
		l->room = w->outer + 2;
		l->p = arena_alloc(&w->c->scratch, l->room);
	}
	if (l->len + s.len + 2 > l->room)
		return; /* of a second array by the same path: a key that came twice */
	l->p[l->len] = l->len == 0 ? '[' : ',';
	memcpy(l->p + l->len + 1, s.p, s.len);
	l->len += s.len + 1;
}

static void
list_add_all(struct walk *w, unsigned i, unsigned array)
{
	struct json_walk in = json_walk(w->j, array);

	while (json_next(&in))
		list_add(w, i, in.value);
}

static void
set_extra(struct walk *w, unsigned i, unsigned node)
{
	w->ev->extra[i] = json_value(w->j, node, &w->c->scratch);
	w->ev->extra_present |= (uint32_t)1 << i;
}

/* What the wanted paths say about the node at this path. Whether to go into it. */
static bool
visit(struct walk *w, struct slice path, unsigned node)
{
	enum value_kind kind = json_kind(w->j, node);
	bool into = false;

	for (unsigned i = 0; i < w->c->nwant; i++) {
		struct slice want = w->want[i], rest;

		if (want.len < path.len || memcmp(want.p, path.p, path.len) != 0)
			continue;
		rest = (struct slice){ want.p + path.len, want.len - path.len };
		if (rest.len == 0 && w->outer > 0)
			list_add(w, i, node);
		else if (rest.len == 0)
			set_extra(w, i, node);
		else if (rest.len == 2 && rest_is(rest, "{}") && kind == VALUE_ARRAY)
			w->outer > 0 ? list_add_all(w, i, node) : set_extra(w, i, node);
		else if (kind == VALUE_OBJECT)
			into |= rest.p[0] == '.';
		else if (kind == VALUE_ARRAY)
			into |= rest_is(rest, "{}.");
	}
	return into;
}

static void
push(struct walk *w, unsigned node, size_t prefix, bool array)
{
	if (w->depth == DECODE_MAX_DEPTH)
		return;
	if (array && w->outer == 0) {
		w->outer = json_text(w->j, node).len;
		w->outer_depth = w->depth;
	}
	w->level[w->depth].in = json_walk(w->j, node);
	w->level[w->depth].prefix = prefix;
	w->level[w->depth++].array = array;
}

/* The member that the innermost level is at. */
static void
member(struct walk *w)
{
	const struct json_walk *in = &w->level[w->depth - 1].in;
	size_t prefix = w->level[w->depth - 1].prefix;
	struct slice name = json_name(in, &w->c->scratch), path;
	bool array = json_kind(w->j, in->value) == VALUE_ARRAY;

	if (name.len + prefix + 3 > sizeof(w->path))
		return;
	if (name.len > 0)
		memcpy(w->path + prefix, name.p, name.len);
	path = (struct slice){ w->path, prefix + name.len };
	if (!visit(w, path, in->value))
		return;
	memcpy(w->path + path.len, "{}.", 3);
	if (!array)
		w->path[path.len] = '.';
	push(w, in->value, path.len + (array ? 3 : 1), array);
}

static void
walk_all(struct walk *w)
{
	push(w, 0, 0, false);
	while (w->depth > 0) {
		unsigned at = w->depth - 1;

		if (!json_next(&w->level[at].in)) {
			w->depth--;
			if (w->outer > 0 && w->depth == w->outer_depth)
				w->outer = 0;
		} else if (!w->level[at].array) {
			member(w);
		} else if (json_kind(w->j, w->level[at].in.value) == VALUE_OBJECT) {
			push(w, w->level[at].in.value, w->level[at].prefix, false);
		}
	}
}

/* --- what is made of lists -------------------------------------------------------------------- */

/* An image without tag and digest; a string as written. */
static size_t
repository_length(struct slice s)
{
	size_t n = s.len;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '@') {
			n = i;
			break;
		}
	}
	for (size_t i = n; i > 0 && s.p[i - 1] != '/'; i--)
		if (s.p[i - 1] == ':')
			return i - 1;
	return n;
}

/* The string or word at p of a list as written: behind it. */
static size_t
element_end(struct slice s, size_t p)
{
	if (s.p[p] != '"') {
		while (p < s.len && s.p[p] != ',' && s.p[p] != ']')
			p++;
		return p;
	}
	for (p++; p < s.len && s.p[p] != '"'; p++)
		if (s.p[p] == '\\')
			p++;
	return p < s.len ? p + 1 : s.len;
}

static struct slice
repositories(struct walk *w, struct slice s)
{
	char *out = arena_alloc(&w->c->scratch, s.len), *to = out;

	for (size_t p = 0, end; p < s.len; p = end) {
		struct slice inner;

		if (s.p[p] != '"') {
			*to++ = s.p[p];
			end = p + 1;
			continue;
		}
		end = element_end(s, p);
		inner = (struct slice){ s.p + p + 1, end - p - 2 };
		inner.len = repository_length(inner);
		*to++ = '"';
		if (inner.len > 0)
			memcpy(to, inner.p, inner.len);
		to += inner.len;
		*to++ = '"';
	}
	return (struct slice){ out, (size_t)(to - out) };
}

static struct value
first_of(struct walk *w, struct slice s)
{
	struct slice e = { s.p + 1, element_end(s, 1) - 1 };

	if (e.len >= 2 && e.p[0] == '"') {
		e = (struct slice){ e.p + 1, e.len - 2 };
		return (struct value){ json_unescape(e, &w->c->scratch), VALUE_STRING };
	}
	return (struct value){ e, VALUE_STRING };
}

static struct value
list_value(struct walk *w, struct slice s, enum audit_how how)
{
	static const struct slice t = SLICE("true");

	switch (how) {
	case AUDIT_ANY_TRUE:
		return (struct value){ memmem(s.p, s.len, t.p, t.len) != NULL ? t : SLICE("false"),
			VALUE_BOOL };
	case AUDIT_REPOSITORY: return (struct value){ repositories(w, s), VALUE_ARRAY };
	case AUDIT_FIRST_REPOSITORY: return first_of(w, repositories(w, s));
	case AUDIT_FIRST: return first_of(w, s);
	case AUDIT_AS_IS: break;
	}
	return (struct value){ s, VALUE_ARRAY };
}

static void
take_lists(struct walk *w)
{
	for (unsigned i = 0; i < w->c->nwant; i++) {
		struct list *l = &w->list[i];

		if (l->p == NULL)
			continue;
		l->p[l->len++] = ']';
		w->ev->extra[i] = list_value(
		    w, (struct slice){ l->p, l->len }, (enum audit_how)w->c->audit_how[i]);
		w->ev->extra_present |= (uint32_t)1 << i;
	}
}

/* --- Google's names --------------------------------------------------------------------------- */

static const struct {
	struct slice audit, gke;
} prefixes[] = {
	{ SLICE("user.username"), SLICE("protoPayload.authenticationInfo.principalEmail") },
	{ SLICE("requestURI"), SLICE("protoPayload.resourceName") },
	{ SLICE("userAgent"), SLICE("protoPayload.requestMetadata.callerSuppliedUserAgent") },
	{ SLICE("requestObject"), SLICE("protoPayload.request") },
	{ SLICE("responseObject"), SLICE("protoPayload.response") },
	{ SLICE("responseStatus.message"), SLICE("protoPayload.status.message") },
	{ SLICE("annotations"), SLICE("labels") },
	{ SLICE("requestReceivedTimestamp"), SLICE("timestamp") },
	{ SLICE("auditID"), SLICE("insertId") },
};

static struct slice
gke_path(struct decode_context *c, struct slice path)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct slice from = prefixes[i].audit, to = prefixes[i].gke;
		char *p;

		if (!rest_is(path, from.p) || (path.len > from.len && path.p[from.len] != '.'))
			continue;
		p = arena_alloc(&c->scratch, to.len + path.len);
		memcpy(p, to.p, to.len);
		memcpy(p + to.len, path.p + from.len, path.len - from.len);
		return (struct slice){ p, to.len + path.len - from.len };
	}
	return path;
}

void
audit_take_wanted(struct decode_context *c, const struct json *j, bool gke, struct falco_event *ev)
{
	struct walk w;

	w.c = c;
	w.j = j;
	w.ev = ev;
	w.depth = 0;
	w.outer = 0;
	w.outer_depth = 0;
	memset(w.list, 0, sizeof(w.list));
	for (unsigned i = 0; i < c->nwant; i++)
		w.want[i] = gke ? gke_path(c, c->audit_path[i]) : c->audit_path[i];
	walk_all(&w);
	take_lists(&w);
}
