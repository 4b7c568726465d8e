/*
 * Kubernetes audit events and their wrappers, with paths wanted that lead through every kind of
 * value: all that comes out can be read, is told the same twice, and lists are JSON again.
 */
#include "decode/decode.h"

#include <stdlib.h>

#include "base/hash.h"
#include "decode/parts.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const wants[] = { "ka.stage", "user.groups{}", "responseStatus.message",
	"requestObject", "requestObject.kind", "ka.req.pod.containers.image",
	"ka.req.pod.containers.image.repository", "ka.req.container.image.repository",
	"ka.req.container.privileged", "ka.req.pod.containers.add_capabilities",
	"ka.req.role.rules.verbs", "annotations.authorization.k8s.io/decision", "a{}.b{}.c", "a",
	"", "auditID" };
#define WANTS (sizeof(wants) / sizeof(wants[0]))

static struct json *json;
static uint64_t sum;

static uint64_t
hash_of(struct slice s)
{
	return s.p == NULL ? 1 : hash_bytes(s.p, s.len, 0);
}

static uint64_t
event_hash(const struct falco_event *ev)
{
	uint64_t h = hash_of(ev->output) * 3 + hash_of(ev->message) * 5 + hash_of(ev->uuid) * 7;

	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if ((ev->present >> f & 1) != 0)
			h = h * 31 + hash_of(ev->field[f].text);
	for (unsigned i = 0; i < WANTS; i++)
		if ((ev->extra_present >> i & 1) != 0)
			h = h * 31 + hash_of(ev->extra[i].text);
	return h;
}

static void
check_event(const struct falco_event *ev)
{
	if ((ev->present >> FIELD_RULE & 1) == 0 || ev->field[FIELD_RULE].text.len == 0)
		abort();
	for (unsigned i = 0; i < WANTS; i++) {
		const struct value *v = &ev->extra[i];
		struct json_scan scan;

		if ((ev->extra_present >> i & 1) != 0 && v->kind == VALUE_ARRAY &&
		    (json_parse(json, v->text, &scan) != JSON_OK || scan.end != v->text.len ||
			json_kind(json, 0) != VALUE_ARRAY))
			abort();
	}
}

static uint64_t
read_input(struct decoder *d, const char *p, size_t size)
{
	enum reject_reason reason = REJECT_REASONS;
	struct falco_event ev;
	size_t records = 0;
	uint64_t h = 0;
	enum verdict v;

	decode_line(d, p, size, false);
	while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
		h = h * 31 + (uint64_t)v;
		if (ev.raw.p < p || ev.raw.p + ev.raw.len > p + size)
			abort();
		if (v == VERDICT_REJECT && reason >= REJECT_REASONS)
			abort();
		if (v != VERDICT_EVENT && v != VERDICT_INTERNAL)
			continue;
		h = h * 31 + event_hash(&ev);
		if (v == VERDICT_EVENT)
			check_event(&ev);
		if (++records > ((size_t)4 << 20) + size)
			abort();
	}
	while (decode_flush(d, &ev, &reason) != VERDICT_END)
		h += hash_of(ev.raw);
	return h;
}

static void
read_key(const struct event_key *key, void *arg)
{
	(void)arg;
	sum += hash_of(key->name) + hash_of(key->value.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoder *quick, *reference, *teller;
	const char *p = (const char *)data;

	if (quick == NULL) {
		json = json_new();
		quick = decoder_new();
		reference = decoder_new();
		teller = decoder_new();
		decoder_reference_only(reference);
		decoder_want(quick, wants, WANTS);
		decoder_want(reference, wants, WANTS);
	}
	if (read_input(quick, p, size) != read_input(reference, p, size))
		abort();
	decode_every_key(teller, p, size, read_key, NULL);
	return 0;
}
