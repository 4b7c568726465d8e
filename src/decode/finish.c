/*
 * What is done to an event once its fields are known, the same for JSON and text: who acted in a
 * plugin's event, what envelopes add, whether anything in it must be shown with care.
 */
#include "decode/parts.h"

#include "base/lookalike.h"
#include "base/sanitise.h"
#include "decode/vec.h"

#include "base/banned.h"

#define BIT(f) ((uint64_t)1 << (f))

int
wanted_key(const struct decode_context *c, struct slice name)
{
	for (unsigned i = 0; i < c->nwant; i++)
		if (slice_eq(c->want[i], name))
			return (int)i;
	return -1;
}

/* The acting user of each plugin, by its own field. */
static const uint8_t actor[] = { FIELD_KA_USER, FIELD_CT_USER, FIELD_OKTA_ACTOR, FIELD_GITHUB_USER,
	FIELD_GCP_USER };

#define PLUGIN_FIELDS                                                                              \
	(BIT(FIELD_KA_USER) | BIT(FIELD_CT_USER) | BIT(FIELD_OKTA_ACTOR) |                         \
	    BIT(FIELD_GITHUB_USER) | BIT(FIELD_GCP_USER) | BIT(FIELD_KA_NAMESPACE) |               \
	    BIT(FIELD_KA_RESP_NAME) | BIT(FIELD_KA_TARGET))

static void
copy_field(struct falco_event *ev, enum field_id to, enum field_id from)
{
	if (!event_has(ev, to) && event_has(ev, from))
		event_set(ev, to, ev->field[from].text, ev->field[from].kind);
}

void
event_fill_plugin(struct falco_event *ev)
{
	const struct value *resource = &ev->field[FIELD_KA_RESOURCE];

	if ((ev->present & PLUGIN_FIELDS) == 0)
		return;
	for (size_t i = 0; i < sizeof(actor); i++)
		copy_field(ev, FIELD_USER, (enum field_id)actor[i]);
	copy_field(ev, FIELD_NAMESPACE, FIELD_KA_NAMESPACE);
	if (event_has(ev, FIELD_KA_RESOURCE) && slice_eq(resource->text, SLICE("pods"))) {
		if (event_has(ev, FIELD_KA_RESP_NAME) &&
		    ev->field[FIELD_KA_RESP_NAME].kind == VALUE_STRING)
			copy_field(ev, FIELD_POD, FIELD_KA_RESP_NAME);
		copy_field(ev, FIELD_POD, FIELD_KA_TARGET);
	}
}

void
event_add_peeled(const struct decode_context *c, struct falco_event *ev)
{
	if (c->peeled.hostname.p != NULL && !event_has(ev, FIELD_HOSTNAME))
		event_set(ev, FIELD_HOSTNAME, c->peeled.hostname, VALUE_STRING);
}

bool
value_is_hostile(struct slice s)
{
	const char *p = s.p, *end;

	if (s.len == 0)
		return false;
	end = p + s.len;
	while ((p = skip_plain(p, end)) < end && (*p == '"' || *p == '\\'))
		p++;
	return p < end && (sanitise_hostile(s) || lookalike(s));
}

void
event_check_hostile(struct falco_event *ev)
{
	if (value_is_hostile(ev->output)) {
		ev->flags |= EVENT_HOSTILE;
		return;
	}
	for (uint64_t left = ev->present; left != 0; left &= left - 1) {
		if (value_is_hostile(ev->field[__builtin_ctzll(left)].text)) {
			ev->flags |= EVENT_HOSTILE;
			return;
		}
	}
}
