/* Names of the reasons to reject a record: for reports, and for people. */
#include "decode/decode.h"

#include "base/banned.h"

static const struct {
	const char *name, *text;
} reasons[REJECT_REASONS] = {
	[REJECT_BAD_JSON] = { "bad_json", "not JSON, or JSON that is torn or broken" },
	[REJECT_BAD_TYPE] = { "bad_type", "a key of the event has the wrong type" },
	[REJECT_NOT_OBJECT] = { "not_object", "JSON, but no object" },
	[REJECT_NOT_EVENT] = { "not_event", "an object without rule and priority" },
	[REJECT_TOO_DEEP] = { "too_deep", "nested more than 64 levels deep" },
	[REJECT_TOO_MANY_TOKENS] = { "too_many_tokens", "more than 16384 values" },
	[REJECT_TOO_MANY_KEYS] = { "too_many_keys", "more than 4096 keys in an object" },
	[REJECT_LINE_TOO_LONG] = { "line_too_long", "longer than 1 MiB" },
	[REJECT_NOT_FALCO] = { "not_falco", "neither JSON nor Falco text nor Falco's own log" },
};

const char *
reject_name(enum reject_reason r)
{
	return r < REJECT_REASONS ? reasons[r].name : "unknown";
}

const char *
reject_text(enum reject_reason r)
{
	return r < REJECT_REASONS ? reasons[r].text : "unknown";
}
