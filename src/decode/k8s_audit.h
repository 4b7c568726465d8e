/*
 * Kubernetes audit events: audit.k8s.io Event objects, and the log entries that Google makes of
 * them. They become events of the source k8s_audit, as Falco's k8saudit plugin gives them, with a
 * rule made from the facts ("K8s audit: create pods/exec"): no rule fired, every line counts.
 */
#ifndef FALCOTOP_DECODE_K8S_AUDIT_H
#define FALCOTOP_DECODE_K8S_AUDIT_H

#include "decode/parts.h"

/*
 * The object at the root as an audit event. VERDICT_END when it is none; VERDICT_REJECT with
 * REJECT_BAD_TYPE when it says that it is one and is not; else VERDICT_EVENT with the event filled
 * except raw. The event was begun before.
 */
enum verdict audit_event(
    struct decode_context *c, struct json *j, struct falco_event *ev, enum reject_reason *reason);
/* The same for a log entry of Google's audit log about Kubernetes. */
enum verdict gke_event(
    struct decode_context *c, struct json *j, struct falco_event *ev, enum reject_reason *reason);
/* Whether the root is one of both. */
bool audit_is_event(struct decode_context *c, const struct json *j);
/* Whether an object with this key in front may be one. */
bool audit_is_start(struct slice key);

/* What the rule, the priority and the output are made from; p NULL = not said. */
struct audit_facts {
	struct slice verb, resource, subresource, decision, uri, ip;
	struct slice id, stage, stamp; /* what tells it from others; p NULL: nothing does */
	bool refused;
};
/* The rest of an event whose fields are set. */
void audit_finish(struct decode_context *c, const struct json *j, const struct audit_facts *f,
    struct falco_event *ev);

/* How the value of a wanted name is made from what its path leads to. */
enum audit_how {
	AUDIT_AS_IS,
	AUDIT_FIRST,	  /* of a list */
	AUDIT_ANY_TRUE,	  /* of a list of booleans */
	AUDIT_REPOSITORY, /* of images, without tag and digest */
	AUDIT_FIRST_REPOSITORY
};
/* The path in an audit event of a name that somebody wants: Falco's ka.* by a table, else itself.
 * Members are joined by dots, elements of an array are "{}": user.groups{},
 * requestObject.spec.containers{}.image. */
struct slice audit_path(struct slice name, enum audit_how *how);
/* Fills the wanted extras of an event by their paths in the root. gke: the paths are translated. */
void audit_take_wanted(
    struct decode_context *c, const struct json *j, bool gke, struct falco_event *ev);

#endif
