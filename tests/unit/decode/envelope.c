/* Envelopes: every kind peeled, pieces joined at every split, places to cut. All lines are made up.
 */
#include <check.h>
#include <string.h>

#include "base/buf.h"
#include "decode/parts.h"

#include "harness.h"

#include "lines.h"

#include "base/banned.h"

#define TEXT "12:00:01.000000002: Warning Own rule (user=root file=/etc/x)"
#define JSON                                                                                                            \
	"{\"output\":\"o\",\"priority\":\"Warning\",\"rule\":\"Own rule\",\"time\":\"2026-01-15T12:00:01.000000002Z\"," \
	"\"output_fields\":{\"user.name\":\"root\",\"fd.name\":\"/etc/x\"}}"
#define INNER                                                                                                             \
	"{\\\"output\\\":\\\"o\\\",\\\"priority\\\":\\\"Warning\\\",\\\"rule\\\":\\\"Own rule\\\",\\\"output_fields\\\":" \
	"{\\\"user.name\\\":\\\"root\\\",\\\"fd.name\\\":\\\"/etc/x\\\"}}"
#define NOON  INT64_C(1768478401000000002) /* 2026-01-15T12:00:01.000000002Z */
#define CLOCK INT64_C(43201000000002)

static const struct envelope_case {
	const char *line;
	const char *verdicts;
	int64_t time;	      /* of the last event */
	const char *hostname; /* NULL: none */
} cases[] = {
	{ TEXT, "E", CLOCK, NULL },
	{ "[pod/falco-7bfl4/falco] " TEXT, "E", CLOCK, NULL },
	{ "[pod/falco-7bfl4/falco] " JSON, "E", NOON, NULL },
	{ "[falco-7bfl4 falco] " JSON, "E", NOON, NULL },
	{ "falco-7bfl4 falco " TEXT, "E", CLOCK, NULL },
	{ "security falco-7bfl4 falco " JSON, "E", NOON, NULL },
	{ "\x1b[32mfalco-7bfl4\x1b[0m \x1b[36mfalco\x1b[0m " JSON "\x1b[0m", "E", NOON, NULL },
	{ "falco-1  | " TEXT, "E", CLOCK, NULL },
	{ "2026-01-15T12:00:02.5Z " TEXT, "E", NOON, NULL },
	{ "2026-01-15T12:00:02.5Z stdout F " TEXT, "E", NOON, NULL },
	{ "2026-01-15T12:00:02.5+00:00 stderr F:x " JSON, "E", NOON, NULL },
	{ "Jan 15 12:00:01 node-1 falco[99]: " TEXT, "E", CLOCK, "node-1" },
	{ "Jan  5 12:00:01 node-1 falco: " JSON, "E", NOON, "node-1" },
	{ "<12>Jan 15 12:00:01 falco: " TEXT, "E", CLOCK, NULL },
	{ "2026-01-15T12:00:01.75+00:00 node-1 falco: " TEXT, "E", NOON, "node-1" },
	{ "<5>2026-01-15T12:00:01Z 0123456789ab Falco[1]: " JSON, "E", NOON, "0123456789ab" },
	{ "<12>1 2026-01-15T12:00:01Z node-1 falco 99 - [x y=\"\\]\"] " TEXT, "E", NOON, "node-1" },
	{ "<12>1 2026-01-15T12:00:01Z - falco - - - " TEXT, "E", NOON, NULL },
	/* The clock of another zone: the envelope gives the day on which the two are nearest. */
	{ "2026-01-15T23:30:00Z 00:30:00.000000001: Warning m user=a", "E",
	    INT64_C(1768523400000000001), NULL },
	{ "2026-01-15T00:10:00Z 23:10:00.000000001: Warning m user=a", "E",
	    INT64_C(1768432200000000001), NULL },
	{ "2026-01-15T12:00:00Z 17:30:00.000000001: Warning m user=a", "E",
	    INT64_C(1768498200000000001), NULL },
	/* An event without a readable time takes the envelope's. */
	{ "2026-01-15T12:00:02Z 99:00:01.000000002: Warning m user=a", "E",
	    INT64_C(1768478402000000000), NULL },
	/* JSON around it. */
	{ "{\"log\":\"" INNER "\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-15T12:00:02Z\"}", "E",
	    INT64_C(1768478402000000000), NULL },
	{ "{\"log\":\"" TEXT "\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-15T12:00:02Z\"}", "E",
	    NOON, NULL },
	{ "{\"log\":\"" INNER "\",\"stream\":\"stdout\",\"time\":\"2026-01-15T12:00:02Z\"}", "E",
	    INT64_C(1768478402000000000), NULL },
	{ "{\"log\":\"\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-15T12:00:02Z\"}", "B", 0,
	    NULL },
	{ "{\"log\":\"" INNER
	  "\",\"stream\":\"stdout\",\"kubernetes\":{\"host\":\"node-1\",\"pod_name\":\"falco-1\"}}",
	    "E", TIME_NONE, "node-1" },
	{ "{\"MESSAGE\":\"" TEXT
	  "\",\"__REALTIME_TIMESTAMP\":\"1768478402000000\",\"_HOSTNAME\":\"node-1\"}",
	    "E", NOON, "node-1" },
	{ "{\"MESSAGE\":[49,50,58,48,48,58,48,49,46,48,48,48,48,48,48,48,48,50,58,32,68,101,98,117,103,32,109,61,255],"
	  "\"_SOURCE_REALTIME_TIMESTAMP\":\"1768478402000000\"}",
	    "E", NOON, NULL },
	{ "{\"MESSAGE\":null,\"_HOSTNAME\":\"node-1\"}", "R", 0, NULL },
	{ "{\"MESSAGE\":[1,2,256]}", "R", 0, NULL },
	{ "{\"preview\":false,\"offset\":0,\"result\":{\"_raw\":\"" INNER
	  "\",\"host\":\"node-1\"}}",
	    "E", TIME_NONE, "node-1" },
	{ "{\"event\":" JSON ",\"sourcetype\":\"falcosidekick\"}", "E", NOON, NULL },
	{ "{\"time\":1768478402.25,\"host\":\"node-1\",\"event\":\"" TEXT "\"}", "E", NOON,
	    "node-1" },
	{ "{\"_index\":\"falco\",\"_source\":" JSON "}", "E", NOON, NULL },
	{ "{\"@timestamp\":\"2026-01-15T12:00:02Z\",\"event\":{\"original\":\"" INNER "\"}}", "E",
	    INT64_C(1768478402000000000), NULL },
	{ "{\"specversion\":\"1.0\",\"data_base64\":\"eyJvdXRwdXQiOiJvIiwicHJpb3JpdHkiOiJXYXJuaW5nIiwicnVsZSI6Ik93biBydWxlIiwidGltZSI6IjIwMjYtMDEtMTVUMTI6MDA6MDEuMDAwMDAwMDAyWiIsIm91dHB1dF9maWVsZHMiOnsidXNlci5uYW1lIjoicm9vdCIsImZkLm5hbWUiOiIvZXRjL3gifX0=\"}", "E", NOON, NULL },
	{ "{\"specversion\":\"1.0\",\"data_base64\":\"!!!!\"}", "R", 0, NULL },
	{ "{\"event\":{\"message\":" JSON ",\"severity\":\"info\"}}", "E", NOON, NULL },
	{ "{\"event\":{\"line\":\"" INNER "\",\"source\":\"stdout\"},\"time\":\"1768478402.000000\"}", "E",
	    INT64_C(1768478402000000000), NULL },
	{ "{\"specversion\":\"1.0\",\"type\":\"falco.rule.output.v1\",\"data\":" JSON "}", "E",
	    NOON, NULL },
	{ "{\"streams\":[{\"stream\":{\"rule\":\"x\"},\"values\":[[\"1\",\"" INNER
	  "\"],[\"2\",\"" TEXT "\"]]}]}",
	    "EE", CLOCK, NULL },
	{ "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"1768478402000000000\",\"body\":{\"stringValue\":\"" TEXT
	  "\"}}]}]}]}",
	    "E", NOON, NULL },
	{ "{\"message\":\"" TEXT
	  "\",\"@timestamp\":\"2026-01-15T12:00:02Z\",\"hostname\":\"node-1\"}",
	    "E", NOON, "node-1" },
	/* Nested. */
	{ "[pod/falco-7bfl4/falco] 2026-01-15T12:00:02Z " TEXT, "E", NOON, NULL },
	{ "2026-01-15T12:00:02Z stdout F Jan 15 12:00:01 node-1 falco[99]: " TEXT, "E", NOON,
	    "node-1" },
	{ "{\"MESSAGE\":\"2026-01-15T12:00:02Z stdout F " TEXT "\"}", "E", NOON, NULL },
	/* Nothing of Falco's, or only its own log. */
	{ "2026-01-15T12:00:02Z stdout F 2026-01-15T12:00:02+0000: Falco version: 0.43.0 (x86_64)",
	    "N", 0, NULL },
	{ "2026-01-15T12:00:02Z Events detected: 3", "N", 0, NULL },
	{ "<14>Jan 15 12:00:01 falco: whatever Falco says", "N", 0, NULL },
	{ "<14>Jan 15 12:00:01 falco: {\"torn\":\"", "R", 0, NULL },
	{ "Jan 15 12:00:01 node-1 sshd[9]: session opened", "R", 0, NULL },
	{ "[12:00] " TEXT, "R", 0, NULL },
	{ "two words " JSON, "RE", NOON, NULL },
	{ "{\"log\":\"other\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-15T12:00:02Z\"}", "R", 0,
	    NULL },
	{ "{\"message\":\"other\"}", "R", 0, NULL },
	{ "{\"streams\":[]}", "R", 0, NULL },
};

static struct falco_event got;

static void
keep(enum verdict v, const struct falco_event *ev, void *arg)
{
	(void)arg;
	if (v == VERDICT_EVENT)
		got = *ev;
}

START_TEST(peeling)
{
	const struct envelope_case *t = &cases[_i];
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };

	decode_records(d, slice_of(t->line), &r, keep, NULL);
	ck_assert_msg(strcmp(r.verdicts, t->verdicts) == 0, "%s for: %s", r.verdicts, t->line);
	if (strchr(t->verdicts, 'E') != NULL) {
		ck_assert_msg(got.time == t->time, "%lld for: %s", (long long)got.time, t->line);
		if (t->hostname == NULL)
			ck_assert_msg(event_says(&got, "hostname!"), "host name for: %s", t->line);
		else
			ck_assert_msg(
			    slice_eq(got.field[FIELD_HOSTNAME].text, slice_of(t->hostname)), "%s",
			    t->line);
		/* The whole line is the record, where it holds one. */
		if (r.n == 1) {
			ck_assert_ptr_eq(got.raw.p, t->line);
			ck_assert_uint_eq(got.raw.len, strlen(t->line));
		}
	}
	decoder_free(d);
}
END_TEST

/* Every start of every line: one verdict or more, no read outside the bytes. */
START_TEST(prefixes)
{
	struct slice line = slice_of(cases[_i].line);
	struct decoder *d = decoder_new();
	static struct falco_event ev;
	enum reject_reason reason;

	for (size_t n = 0; n <= line.len; n++) {
		struct records r = { "", 0 };
		char *copy = malloc(n == 0 ? 1 : n);

		memcpy(copy, line.p, n);
		decode_records(d, (struct slice){ copy, n }, &r, NULL, NULL);
		MUST(r.n > 0);
		while (decode_flush(d, &ev, &reason) != VERDICT_END)
			continue;
		free(copy);
	}
	decoder_free(d);
}
END_TEST

/* A line in the framing of a container runtime, in pieces. docker: the text is already escaped. */
static void
frame(struct buf *out, bool docker, struct slice text, const char *stream, bool last)
{
	if (docker) {
		buf_adds(out, "{\"log\":\"");
		buf_add(out, text.p, text.len);
		buf_addf(out, "%s\",\"stream\":\"%s\",\"time\":\"2026-01-15T12:00:02Z\"}\n",
		    last ? "\\n" : "", stream);
	} else {
		buf_addf(out, "2026-01-15T12:00:02Z %s %c ", stream, last ? 'F' : 'P');
		buf_add(out, text.p, text.len);
		buf_addc(out, '\n');
	}
}

/* All lines of a buffer. */
static void
decode_all(struct decoder *d, const char *p, size_t len, struct records *r)
{
	const char *end = p + len, *line_end;

	for (; p < end; p = line_end + 1) {
		line_end = memchr(p, '\n', (size_t)(end - p));
		decode_records(d, (struct slice){ p, (size_t)(line_end - p) }, r, keep, NULL);
	}
}

/* One event cut in three at every pair of places, other streams in between. */
static void
join_splits(bool docker, struct slice text, bool check_fields)
{
	struct decoder *d = decoder_new();
	struct buf b = { 0 };

	for (size_t i = 0; i <= text.len; i += 3) {
		for (size_t j = i; j <= text.len; j += 7) {
			struct records r = { "", 0 };

			/* An escape is never split by the runtime: it splits before it escapes. */
			if (docker &&
			    ((i > 0 && text.p[i - 1] == '\\') || (j > 0 && text.p[j - 1] == '\\')))
				continue;
			buf_clear(&b);
			frame(&b, docker, (struct slice){ text.p, i }, "stdout", false);
			frame(&b, docker, SLICE("other stream"), "stderr", false);
			frame(&b, docker, (struct slice){ text.p + i, j - i }, "stdout", false);
			frame(&b, docker, SLICE(" goes on"), "stderr", true);
			frame(
			    &b, docker, (struct slice){ text.p + j, text.len - j }, "stdout", true);
			memset(&got, 0, sizeof(got));
			decode_all(d, b.p, b.len, &r);
			ck_assert_msg(strcmp(r.verdicts, "PPPRE") == 0, "%s at %zu and %zu",
			    r.verdicts, i, j);
			MUST(!check_fields || event_says(&got, "fd.name=/etc/x"));
			MUST(got.raw.p == b.p && got.raw.len == b.len - 1);
		}
	}
	buf_release(&b);
	decoder_free(d);
}

START_TEST(joining)
{
	join_splits(false, SLICE(TEXT), true);
	join_splits(false, SLICE(JSON), true);
	join_splits(true, SLICE(TEXT), true);
	join_splits(true, SLICE(INNER), true);
}
END_TEST

/* What is pending at the end of a batch is a bad record, once. */
START_TEST(flushing)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };
	struct buf b = { 0 };
	static struct falco_event ev;
	enum reject_reason reason;

	frame(&b, false, SLICE("{\"rule\":"), "stdout", false);
	frame(&b, false, SLICE("12:00:00"), "stderr", false);
	decode_all(d, b.p, b.len, &r);
	ck_assert_str_eq(r.verdicts, "PP");
	ck_assert_int_eq(decode_flush(d, &ev, &reason), VERDICT_REJECT);
	ck_assert(slice_eq(ev.raw, SLICE("{\"rule\":")));
	ck_assert_int_eq(reason, REJECT_BAD_JSON);
	ck_assert_int_eq(decode_flush(d, &ev, &reason), VERDICT_REJECT);
	ck_assert_int_eq(reason, REJECT_NOT_FALCO);
	ck_assert_int_eq(decode_flush(d, &ev, &reason), VERDICT_END);
	/* Nothing of it is left. */
	r = (struct records){ "", 0 };
	buf_clear(&b);
	frame(&b, false, SLICE(TEXT), "stdout", true);
	decode_all(d, b.p, b.len, &r);
	ck_assert_str_eq(r.verdicts, "E");
	buf_release(&b);
	decoder_free(d);
}
END_TEST

/* Pieces without end: memory is bounded, and the line is too long. */
START_TEST(too_long)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };
	struct buf b = { 0 };
	static char piece[16384];
	static struct falco_event ev;
	enum reject_reason reason = REJECT_REASONS;

	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 80; i++)
		frame(&b, false, (struct slice){ piece, sizeof(piece) }, "stdout", false);
	decode_all(d, b.p, b.len, &r);
	decode_line(d, "2026-01-15T12:00:02Z stdout F x", 31, false);
	ck_assert_int_eq(decode_next(d, &ev, &reason), VERDICT_REJECT);
	ck_assert_int_eq(reason, REJECT_LINE_TOO_LONG);
	ck_assert_int_eq(decode_next(d, &ev, &reason), VERDICT_END);
	ck_assert_int_eq(decode_flush(d, &ev, &reason), VERDICT_END);
	buf_release(&b);
	decoder_free(d);
}
END_TEST

/* Envelopes within envelopes: as deep as is peeled, then a bad record; pieces inside of joined
 * pieces. */
START_TEST(nesting)
{
	struct decoder *d = decoder_new();
	struct records r = { "", 0 };
	struct buf b = { 0 };

	decode_records(d,
	    SLICE("2026-01-15T12:00:02Z 2026-01-15T12:00:02Z 2026-01-15T12:00:02Z " TEXT), &r, keep,
	    NULL);
	ck_assert_str_eq(r.verdicts, "E");
	r = (struct records){ "", 0 };
	decode_records(d,
	    SLICE(
		"2026-01-15T12:00:02Z 2026-01-15T12:00:02Z 2026-01-15T12:00:02Z 2026-01-15T12:00:02Z " TEXT),
	    &r, keep, NULL);
	ck_assert_str_eq(r.verdicts, "R");
	r = (struct records){ "", 0 };
	frame(&b, false, SLICE("2026-01-15T12:00:02Z stdout P "), "stdout", false);
	frame(&b, false, SLICE("piece"), "stdout", true);
	frame(&b, false, SLICE("another"), "stdout", true);
	decode_all(d, b.p, b.len, &r);
	ck_assert_str_eq(r.verdicts, "PPR");
	buf_release(&b);
	decoder_free(d);
}
END_TEST

/* However a stream is cut at the safe places, the same events come out and nothing is left pending.
 */
static void
cut_stream(const struct buf *b, size_t batch)
{
	static struct falco_event ev;
	struct records whole = { "", 0 }, cut = { "", 0 };
	struct decoder *d = decoder_new();
	enum reject_reason reason;
	bool joins = false;
	size_t at = 0;

	decode_all(d, b->p, b->len, &whole);
	MUST(decode_flush(d, &ev, &reason) == VERDICT_END);
	for (size_t have = batch; at < b->len; have += batch) {
		size_t end = at + have < b->len ? at + have : b->len, n;

		n = decode_safe_cut(b->p + at, end - at, &joins);
		MUST(n <= end - at && (n == 0 || b->p[at + n - 1] == '\n'));
		ck_assert_msg(n > 0 || end < b->len, "batch %zu at %zu of %zu: %.*s", batch, at,
		    b->len, 300, b->p + at);
		if (n == 0)
			continue;
		decode_all(d, b->p + at, n, &cut);
		MUST(decode_flush(d, &ev, &reason) == VERDICT_END);
		at += n;
		have = 0;
	}
	ck_assert_str_eq(cut.verdicts, whole.verdicts);
	decoder_free(d);
}

START_TEST(cutting)
{
	struct buf cri = { 0 }, docker = { 0 }, plain = { 0 };

	for (int i = 0; i < 6; i++) {
		for (int k = 0; k < 2; k++) {
			struct buf *b = k == 0 ? &cri : &docker;
			struct slice text = k == 0 ? SLICE(JSON) : SLICE(INNER);
			size_t half = 42; /* not inside of an escape */

			frame(b, k == 1, (struct slice){ text.p, half }, "stdout", false);
			if (i % 2 == 0)
				frame(
				    b, k == 1, SLICE("on the other stream"), "stderr", i % 4 == 0);
			frame(b, k == 1, (struct slice){ text.p + half, text.len - half }, "stdout",
			    true);
			if (i % 4 == 2)
				frame(b, k == 1, SLICE(" and its end"), "stderr", true);
		}
		buf_adds(&plain, JSON "\n" TEXT "\n\n");
	}
	for (size_t batch = 1; batch < 900; batch += batch < 50 ? 1 : 37) {
		cut_stream(&cri, batch);
		cut_stream(&docker, batch);
		cut_stream(&plain, batch);
	}
	buf_release(&cri);
	buf_release(&docker);
	buf_release(&plain);
}
END_TEST

START_TEST(cutting_plain)
{
	bool joins = false;

	ck_assert_uint_eq(decode_safe_cut("", 0, &joins), 0);
	ck_assert_uint_eq(decode_safe_cut("abc", 3, &joins), 0);
	ck_assert_uint_eq(decode_safe_cut("abc\nde", 6, &joins), 4);
	ck_assert_uint_eq(decode_safe_cut("\n\n\nde", 5, &joins), 3);
	ck_assert(!joins);
	ck_assert_uint_eq(decode_safe_cut("a\n2026-01-15T12:00:02Z stdout P x\n", 34, &joins), 2);
	ck_assert(joins);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("decode/envelope");
	TCase *t = tcase_create("envelope");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, peeling, 0, COUNT(cases));
	tcase_add_loop_test(t, prefixes, 0, COUNT(cases));
	tcase_add_test(t, joining);
	tcase_add_test(t, flushing);
	tcase_add_test(t, too_long);
	tcase_add_test(t, nesting);
	tcase_add_test(t, cutting);
	tcase_add_test(t, cutting_plain);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
