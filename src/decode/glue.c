/*
 * The search for the next whole event in text that could not be read. A candidate is tried in full,
 * so the attempts share a budget: nested candidates could otherwise cost 64 times the line. When a
 * candidate breaks on grammar, the objects that are open there break at the same byte and are not
 * tried.
 */
#include "decode/glue.h"

#include "decode/k8s_audit.h"

#include "base/banned.h"

#define SEARCH_BYTES 65536	       /* candidates further on: only the first is tried */
#define BUDGET	     ((size_t)2 << 20) /* bytes to scan for one piece */
#define TOKEN_COST   64		       /* bytes that a token of a whole object counts for */
#define REPAIR_COST  8		       /* and a damaged byte */

void
glue_reset(struct glue *g)
{
	g->end = NULL;
	g->event_at = NULL;
}

void
glue_start(struct glue *g, const struct json_scan *scan)
{
	g->failed = *scan;
	if (scan->status != JSON_BAD)
		g->failed.depth = 0;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether an object with one of Falco's keys in front starts at p. */
static bool
is_start(const char *p, const char *end)
{
	struct slice key;

	for (p++; p < end && is_space(*p);)
		p++;
	if (p == end || *p != '"')
		return false;
	key.p = ++p;
	while (p < end && *p != '"' && p - key.p < 16)
		p++;
	key.len = (size_t)(p - key.p);
	if (p == end || *p != '"')
		return false;
	for (p++; p < end && is_space(*p);)
		p++;
	if (p == end || *p != ':')
		return false;
	switch (json_role(key)) {
	case ROLE_OTHER: return audit_is_start(key);
	case ROLE_SAMPLE:
	case ROLES: return false;
	default: return true;
	}
}

static bool
is_open(const struct glue *g, size_t at)
{
	for (unsigned i = 0; i < g->failed.depth; i++)
		if (g->failed.open[i] == at)
			return true;
	return false;
}

/* Whether an event starts at `at`. Takes what it cost out of the budget. */
static bool
is_event(struct glue *g, struct decode_context *c, struct json *j, struct slice text, size_t at,
    size_t *budget)
{
	struct slice rest = { text.p + at, text.len - at };
	enum reject_reason reason;
	struct json_scan scan;
	enum verdict v;
	size_t cost;

	if (is_open(g, at))
		return false;
	v = g->verdict = falco_json(c, j, rest, &g->event, &scan, &reason);
	cost = scan.end + scan.repairs * REPAIR_COST +
	       (scan.status == JSON_OK ? (size_t)scan.tokens * TOKEN_COST : 0);
	*budget -= cost < *budget ? cost : *budget;
	if (scan.status == JSON_BAD) {
		g->failed = scan;
		for (unsigned i = 0; i < scan.depth; i++)
			g->failed.open[i] += (uint32_t)at;
	}
	if (v != VERDICT_EVENT && v != VERDICT_INTERNAL)
		return false;
	g->event_at = rest.p;
	g->event_len = scan.value_end;
	return true;
}

size_t
glue_event(const struct glue *g, struct slice text, struct falco_event *ev, enum verdict *v)
{
	if (g->event_at != text.p || g->end != text.p + text.len)
		return 0;
	*ev = g->event;
	*v = g->verdict;
	return g->event_len;
}

/* Where the next whole JSON event behind the first byte starts, or the end. */
static const char *
next_json(struct glue *g, struct decode_context *c, struct json *j, struct slice text)
{
	const char *end = text.p + text.len, *p;
	size_t budget = BUDGET, at;

	for (p = text.p + 1; p < end && (p = memchr(p, '{', (size_t)(end - p))) != NULL; p++) {
		if (!is_start(p, end))
			continue;
		at = (size_t)(p - text.p);
		if (is_event(g, c, j, text, at, &budget))
			return p;
		if (at > SEARCH_BYTES || budget == 0)
			break;
	}
	return end;
}

size_t
glue_next(struct glue *g, struct decode_context *c, struct json *j, struct slice text)
{
	const char *end = text.p + text.len, *next;

	/* A search that went far is not made again from every piece on the way: the line would cost
	 * its square. */
	if (g->end != end) {
		g->end = end;
		g->json_at = g->text_at = text.p;
	}
	if (g->json_at <= text.p)
		g->json_at = next_json(g, c, j, text);
	next = g->json_at;
	/* A torn JSON line quotes the text form in its "output": only what is no JSON can hold a
	 * text event. */
	if (text.p[0] != '{') {
		if (g->text_at <= text.p)
			g->text_at = text.p + text_find(text, 1);
		if (g->text_at < next)
			next = g->text_at;
	}
	return (size_t)(next - text.p);
}
