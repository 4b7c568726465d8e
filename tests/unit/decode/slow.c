/*
 * No line up to the cap takes long, whatever is in it: a table of lines that cost as much as a line
 * can, each decoded alone, in processor time. Everything here must be linear in the line.
 */
#include "decode/decode.h"

#include "harness.h"

#include <stdio.h>
#include <time.h>

#include "base/buf.h"

#include "base/banned.h"

/* The promise for one line. Sanitizers and a compiler that does not optimise get a factor. */
#define PROMISE_NS (20 * 1000000LL)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define LIMIT_NS (4 * PROMISE_NS)
#else
#define LIMIT_NS PROMISE_NS
#endif

#define ROUNDS 3

#define EVENT "{\"rule\":\"R\",\"priority\":\"Error\"}"
#define TIMED                                                                                      \
	"{\"output\":\"x\",\"priority\":\"Error\",\"rule\":\"R\",\"time\":\"2026-01-15T08:00:00Z\"}"
#define OUTPUT "{\"rule\":\"R\",\"priority\":\"Error\",\"output\":\""
#define HEAD   "08:00:00.123456789: Notice x "
/* What no record starts with, fifteen times. */
#define LINE	"sh -c while read x; do (user=a file=b; test $x); done <x\n"
#define FIVE	LINE LINE LINE LINE LINE
#define FIFTEEN FIVE FIVE FIVE
#define STAMP	"2026-01-02T03:04:05.5Z "
#define LEVELS8 "{\"rule\":{\"rule\":{\"rule\":{\"rule\":{\"rule\":{\"rule\":{\"rule\":{\"rule\":"
#define CLOSED8 "}}}}}}}}"

/* Around the rest, each time escaped. */
enum wrap { NOTHING, DOCKER, SPLUNK, SHIPPER, JOURNALD };

/* head, then `unit` over and over up to the cap of a line, then tail. */
static const struct slow {
	const char *name, *head, *unit, *tail;
	unsigned times; /* 0: as often as there is room */
	unsigned levels;
	enum wrap wrap;
} lines[] = {
	/* JSON that ends nowhere, and starts of events that are none */
	{ .name = "brackets", .unit = "[" },
	{ .name = "objects", .unit = "{\"a\":" },
	{ .name = "starts", .unit = "{\"rule\":" },
	{ .name = "starts in prose", .head = "x", .unit = "{\"rule\":" },
	{ .name = "starts of strings", .unit = "{\"rule\":\"" },
	{ .name = "closed starts", .unit = "{\"rule\":1}" },
	{ .name = "closed starts in prose", .unit = "x{\"rule\":1}" },
	{ .name = "starts with much behind",
	    .unit = "{\"rule\":\"R\",\"priority\":\"Error\",\"x\":[" },
	{ .name = "starts that fail", .unit = "{\"rule\":1,\"a\":{\"b\":tru}," },
	{ .name = "starts in an array", .head = "[", .unit = "{\"rule\":1}," },
	{ .name = "starts in a torn object", .head = "{\"rule\":[", .unit = "{\"rule\":1}," },
	{ .name = "braces and quotes", .unit = "{\"" },
	{ .name = "braces, blanks, quotes", .unit = "{               \"" },
	{ .name = "many levels of text",
	    .head = LEVELS8 LEVELS8 LEVELS8 "\"",
	    .unit = "x",
	    .tail = "\"" CLOSED8 CLOSED8 CLOSED8 "x" },
	{ .name = "many levels of escapes",
	    .head = LEVELS8 LEVELS8 LEVELS8 "\"",
	    .unit = "\\u00e9",
	    .tail = "\"" CLOSED8 CLOSED8 CLOSED8 "x" },
	{ .name = "many levels of damage",
	    .head = LEVELS8 LEVELS8 LEVELS8 "\"",
	    .unit = "\xe2\x82",
	    .tail = "\"" CLOSED8 CLOSED8 CLOSED8 "x" },
	{ .name = "many torn levels", .head = LEVELS8 LEVELS8 "{\"a\":\"", .unit = "\\u00e9" },
	{ .name = "many closed levels",
	    .head = "{\"a\":" LEVELS8 LEVELS8 LEVELS8 "\"",
	    .unit = "\xe2\x82",
	    .tail = "\"" CLOSED8 CLOSED8 CLOSED8 "!" },
	{ .name = "colons", .head = "{\"a\"", .unit = ":" },
	{ .name = "quotes", .unit = "\"" },
	{ .name = "blanks",
	    .head = "{\"rule\":\"R\",",
	    .unit = " ",
	    .tail = "\"priority\":\"Error\"}" },
	{ .name = "commas", .head = "[", .unit = "1,", .tail = "1]" },
	/* events */
	{ .name = "events", .unit = EVENT },
	{ .name = "whole events", .unit = TIMED },
	{ .name = "events with blanks", .unit = EVENT " " },
	{ .name = "events and prose", .unit = "x" EVENT },
	{ .name = "whole events and prose", .unit = "x" TIMED },
	{ .name = "events and torn heads", .unit = "08:00:00: Notice x" EVENT },
	{ .name = "events and lost heads", .unit = "x: Error y" EVENT },
	{ .name = "events and lost heads, = last", .unit = "x: Error y" EVENT, .tail = "=" },
	{ .name = "events and torn heads, = last",
	    .unit = "08:00:00: Notice x" EVENT,
	    .tail = "x08:00:00.123456789: Notice x=" },
	{ .name = "events and starts", .unit = "{\"rule\":" EVENT },
	{ .name = "events and numbers", .unit = "1" EVENT },
	{ .name = "events and stamps", .unit = STAMP EVENT },
	{ .name = "events and syslog", .unit = "Nov 18 13:04:40 h falco: " EVENT },
	{ .name = "events and text", .unit = HEAD EVENT },
	{ .name = "events and log lines", .unit = "Falco version" EVENT },
	{ .name = "keys",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\"",
	    .unit = ",\"k\":1",
	    .tail = "}",
	    .times = 4000 },
	{ .name = "escaped keys",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\"",
	    .unit =
		",\"\\u0072ul\\u0065\\u0020aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\\u0072ul\\u0065\\u0020aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1",
	    .tail = "}",
	    .times = 4000 },
	{ .name = "keys of no event",
	    .head = "{\"a\":1",
	    .unit = ",\"\\u0072ule\":1",
	    .tail = "}",
	    .times = 4000 },
	{ .name = "a long key", .head = "{\"", .unit = "\\u00e9", .tail = "\":1}" },
	{ .name = "a long damaged key", .head = "{\"", .unit = "\xe2\x82", .tail = "\":1}" },
	{ .name = "long keys of an event",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\",\"output_fields\":{\"",
	    .unit = "\\u00e9",
	    .tail = "\":1}}" },
	{ .name = "tokens",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\",\"tags\":[0",
	    .unit = ",1",
	    .tail = "]}",
	    .times = 16000 },
	{ .name = "tokens of no event",
	    .head = "{\"message\":[0",
	    .unit = ",{}",
	    .tail = "]}",
	    .times = 16000 },
	{ .name = "elements",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\",\"tags\":[0",
	    .unit = ",\"t\"",
	    .tail = "]}" },
	{ .name = "long elements",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\",\"tags\":[0",
	    .unit =
		",\"\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82"
		"\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\xe2\x82\"",
	    .tail = "]}",
	    .times = 16000 },
	{ .name = "digits",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\",\"x\":",
	    .unit = "9",
	    .tail = "}" },
	{ .name = "fields",
	    .head = "{\"rule\":\"R\",\"priority\":\"Error\",\"output_fields\":{\"a\":1",
	    .unit = ",\"b\":{\"c\":{\"d\":1}}",
	    .tail = "}}",
	    .times = 2000 },
	/* bytes of strings */
	{ .name = "escapes", .head = "{\"output\":\"", .unit = "\\u00e9", .tail = "\"}" },
	{ .name = "torn escapes", .head = "{\"output\":\"", .unit = "\\u00e9" },
	{ .name = "escaped quotes", .head = OUTPUT, .unit = "\\\"", .tail = "\"}" },
	{ .name = "escaped controls", .head = OUTPUT, .unit = "\\u001b", .tail = "\"}" },
	{ .name = "surrogates", .head = OUTPUT, .unit = "\\ud83d", .tail = "\"}" },
	{ .name = "pairs", .head = OUTPUT, .unit = "\\ud83d\\ude00", .tail = "\"}" },
	{ .name = "damaged bytes", .head = OUTPUT, .unit = "\xe2\x82", .tail = "\"}" },
	{ .name = "more damaged bytes", .head = OUTPUT, .unit = "\xff", .tail = "\"}" },
	{ .name = "damage and letters", .head = OUTPUT, .unit = "a\xff", .tail = "\"}" },
	{ .name = "accents", .head = OUTPUT, .unit = "\xc3\xa9", .tail = "\"}" },
	{ .name = "accents and letters", .head = OUTPUT, .unit = "e\xc3\xa9", .tail = "\"}" },
	{ .name = "han", .head = OUTPUT, .unit = "\xe4\xb8\xad", .tail = "\"}" },
	{ .name = "emoji", .head = OUTPUT, .unit = "\xf0\x9f\x98\x80", .tail = "\"}" },
	{ .name = "combining", .head = OUTPUT, .unit = "\xcc\x81", .tail = "\"}" },
	{ .name = "control bytes", .head = OUTPUT, .unit = "\x01", .tail = "\"}" },
	{ .name = "control bytes and letters", .head = OUTPUT, .unit = "a\x01", .tail = "\"}" },
	{ .name = "delete bytes", .head = OUTPUT, .unit = "\x7f", .tail = "\"}" },
	{ .name = "bidi", .head = OUTPUT, .unit = "\xe2\x80\xae", .tail = "\"}" },
	{ .name = "backslashes", .head = "{\"rule\":\"", .unit = "\\" },
	{ .name = "a long priority",
	    .head = "{\"rule\":\"R\",\"priority\":\"",
	    .unit = "\x01\x02",
	    .tail = "\"}" },
	{ .name = "a long rule",
	    .head = "{\"priority\":\"Error\",\"rule\":\"",
	    .unit = "\xe2\x82",
	    .tail = "\"}" },
	{ .name = "a long time",
	    .head = OUTPUT "\",\"time\":\"",
	    .unit = "\\u0031",
	    .tail = "\"}" },
	{ .name = "parens", .head = OUTPUT, .unit = "(", .tail = "\"}" },
	{ .name = "blanks and parens", .head = OUTPUT, .unit = " (", .tail = "\"}" },
	{ .name = "bars", .head = OUTPUT, .unit = "|", .tail = "\"}" },
	{ .name = "blanks and bars", .head = OUTPUT, .unit = " |", .tail = "\"}" },
	/* text */
	{ .name = "heads", .unit = "08:00:00.123456789: Notice x" },
	{ .name = "dated heads", .unit = "2026-04-06T19:31:30.725992942+0000: Notice x" },
	{ .name = "text events", .unit = "08:00:00.123456789: Notice x (user=a)" },
	{ .name = "empty text events", .unit = "08:00:00.123456789: Notice " },
	{ .name = "known text events",
	    .unit = "08:00:00.123456789: Notice A shell was spawned in a "
		    "container with an attached terminal | a=b\n" },
	{ .name = "spaced heads", .unit = "08:00:00.123456789: Notice x " },
	{ .name = "coloured heads", .unit = "08:00:00.123456789: Notice\033[0m x" },
	{ .name = "torn heads", .unit = "08:00:00: Notice x " },
	{ .name = "lost heads", .unit = "x: Error " },
	{ .name = "times", .head = HEAD, .unit = "08:00:00.123456789: " },
	{ .name = "colons behind digits", .head = HEAD, .unit = "1: " },
	{ .name = "text and JSON", .head = HEAD, .unit = "x{\"priority\":{\"rule\":" },
	{ .name = "text and levels",
	    .head = HEAD "x" LEVELS8 "{\"priority\":\"",
	    .unit = "\xe2\x82" },
	{ .name = "text and closed JSON", .head = HEAD, .unit = "x" EVENT },
	{ .name = "keys in text", .head = HEAD "(", .unit = "user=" },
	{ .name = "short keys in text", .head = HEAD, .unit = "a=" },
	{ .name = "spaced keys in text", .head = HEAD, .unit = " a=" },
	{ .name = "known keys in text",
	    .head = HEAD "| evt_type=a user=b command=",
	    .unit = " user=" },
	{ .name = "infos in text", .head = HEAD, .unit = "n (id=" },
	{ .name = "words in text",
	    .head = HEAD "command=",
	    .unit = "requesting ",
	    .tail = "user=x" },
	{ .name = "names in text", .head = HEAD, .unit = "proc_a", .tail = "=x" },
	{ .name = "terminals",
	    .head = HEAD "| evt_type=a user=b command=c",
	    .unit = " terminal=0" },
	{ .name = "parens in text", .head = HEAD "(user=", .unit = ")" },
	{ .name = "opened parens in text", .head = HEAD "(user=", .unit = "(", .tail = ")" },
	{ .name = "images", .head = HEAD "| image=", .unit = "/a:b" },
	{ .name = "escaped quotes in text", .head = HEAD "command=", .unit = "\\\"" },
	{ .name = "escapes in text", .head = HEAD "command=", .unit = "\\u001b" },
	{ .name = "damage in text", .head = HEAD "command=", .unit = "\xe2\x82" },
	{ .name = "control bytes in text", .head = HEAD "command=", .unit = "\x01" },
	{ .name = "han in text", .head = HEAD "command=", .unit = "\xe4\xb8\xad" },
	{ .name = "combining in text", .head = HEAD "command=", .unit = "a\xcc\x81" },
	{ .name = "drops", .head = "08:00:00.123456789: Error Falco internal: ", .unit = "n_drop" },
	{ .name = "counted", .head = HEAD, .unit = "9", .tail = "" },
	/* lines of one event, and what might be */
	{ .name = "lines of no event", .head = HEAD "command=", .unit = LINE, .tail = " user=x" },
	{ .name = "lines behind an event", .unit = HEAD "| evt_type=a user=b command=c\n" FIFTEEN },
	{ .name = "lines that bring something",
	    .unit = HEAD "| evt_type=a user=b command=c\n" FIFTEEN "x terminal=0\n" },
	{ .name = "lines that close", .unit = HEAD "(user=b command=c\n" FIFTEEN "x)\n" },
	{ .name = "a long line behind an event",
	    .head = HEAD "command=c\n",
	    .unit = " a=b (",
	    .tail = " terminal=0" },
	{ .name = "long lines behind an event",
	    .head = HEAD "command=c\nd\ne\nf\ng user=x\n",
	    .unit = ")(file=a ",
	    .tail = "\nterminal=0" },
	/* around lines */
	{ .name = "stamps", .unit = STAMP },
	{ .name = "cri", .unit = STAMP "stdout F " },
	{ .name = "cri around escapes",
	    .head = STAMP "stdout F:F " STAMP "stdout F " OUTPUT,
	    .unit = "\\u00e9",
	    .tail = "\"}" },
	{ .name = "pods", .unit = "[pod/x/c] " },
	{ .name = "brackets and names", .unit = "[a b" },
	{ .name = "names", .unit = "falco-7bfl4 " },
	{ .name = "colours", .unit = "\033[0m" },
	{ .name = "a long colour", .head = "\033[", .unit = "0;" },
	{ .name = "long colours",
	    .unit = "\033[0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0m" },
	{ .name = "colours behind", .head = "\033[0m" HEAD, .unit = "\033[0m" },
	{ .name = "line ends", .head = "x", .unit = "\r", .tail = "x" },
	{ .name = "blank", .unit = " " },
	{ .name = "holes", .unit = "\x01 " },
	{ .name = "prose", .unit = "the quick brown fox " },
	{ .name = "prose and colons", .unit = "a: " },
	/* lines in envelopes */
	{ .name = "unfinished docker",
	    .head = "{\"log\":\"",
	    .unit = "{\\\"log\\\":\\\"",
	    .tail = "\",\"stream\":\"stdout\",\"time\":\"\"}" },
	{ .name = "docker lines", .unit = "{\"log\":\"x\\n\"}" },
	{ .name = "docker events",
	    .unit = "{\"log\":\"{\\\"rule\\\":\\\"R\\\",\\\"priority\\\":\\\"Error\\\"}\"}" },
	{ .name = "journald bytes",
	    .head = "{\"MESSAGE\":[1",
	    .unit = ",64",
	    .tail = "]}",
	    .times = 16000 },
	{ .name = "loki",
	    .head = "{\"streams\":[{\"values\":[[\"0\",\"x\"]",
	    .unit = ",[\"0\",\"x\"]",
	    .tail = "]}]}",
	    .times = 5000 },
	{ .name = "docker lines, events, prose", .unit = "{\"log\":\"x\\n\"}" EVENT "y" },
	{ .name = "journald lines, whole events, prose",
	    .unit = "{\"MESSAGE\":\"x\"}" TIMED "a=b " },
	{ .name = "splunk lines", .unit = "{\"_raw\":\"x\"}" },
	{ .name = "empty splunk lines", .unit = "{\"_raw\":\"\"}" },
	{ .name = "docker of escapes",
	    .head = OUTPUT,
	    .unit = "\\u00e9",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = DOCKER },
	{ .name = "docker of quotes", .head = HEAD, .unit = "\"", .levels = 3, .wrap = DOCKER },
	{ .name = "docker of events", .unit = EVENT, .levels = 1, .wrap = DOCKER },
	{ .name = "docker of events and prose", .unit = "x" EVENT, .levels = 3, .wrap = DOCKER },
	{ .name = "docker of han",
	    .head = OUTPUT,
	    .unit = "\xe4\xb8\xad",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = DOCKER },
	{ .name = "docker of control bytes",
	    .head = OUTPUT,
	    .unit = "\x01",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = DOCKER },
	{ .name = "splunk of events and prose", .unit = "x" EVENT, .levels = 1, .wrap = SPLUNK },
	{ .name = "splunk of han",
	    .head = OUTPUT,
	    .unit = "\xe4\xb8\xad",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = SPLUNK },
	{ .name = "splunk of accents",
	    .head = OUTPUT,
	    .unit = "\xc3\xa9",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = SPLUNK },
	{ .name = "splunk of control bytes",
	    .head = OUTPUT,
	    .unit = "\x01",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = SPLUNK },
	{ .name = "splunk of quotes", .head = HEAD, .unit = "\"", .levels = 3, .wrap = SPLUNK },
	{ .name = "splunk of escapes",
	    .head = OUTPUT,
	    .unit = "\\u00e9",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = SPLUNK },
	{ .name = "shipper of accents",
	    .head = OUTPUT,
	    .unit = "\xc3\xa9",
	    .tail = "\"}",
	    .levels = 3,
	    .wrap = SHIPPER },
	{ .name = "shipper of damage",
	    .head = OUTPUT,
	    .unit = "\xe2\x82",
	    .tail = "\"}",
	    .levels = 1,
	    .wrap = SHIPPER },
	{ .name = "journald of han",
	    .head = HEAD,
	    .unit = "\xe4\xb8\xad",
	    .levels = 3,
	    .wrap = JOURNALD },
	{ .name = "journald of damage",
	    .head = HEAD,
	    .unit = "\xe2\x82",
	    .levels = 3,
	    .wrap = JOURNALD },
};

#define LINES (sizeof(lines) / sizeof(lines[0]))

static const char *
or_nothing(const char *s)
{
	return s == NULL ? "" : s;
}

static void
fill(struct buf *b, const struct slow *s, size_t room)
{
	const char *head = or_nothing(s->head), *tail = or_nothing(s->tail);
	size_t unit = strlen(s->unit), end = strlen(tail);

	buf_clear(b);
	buf_adds(b, head);
	for (unsigned n = 0; s->times == 0 || n < s->times; n++) {
		if (b->len + unit + end > room)
			break;
		buf_add(b, s->unit, unit);
	}
	buf_adds(b, tail);
}

/* The line as a member of an object, with what JSON must escape escaped. */
static void
wrap(struct buf *b, enum wrap w)
{
	static const char *const head[] = { "", "{\"log\":\"", "{\"_raw\":\"", "{\"message\":\"",
		"{\"_HOSTNAME\":\"h\",\"MESSAGE\":\"" };
	static const char *const tail[] = { "", "\\n\",\"stream\":\"stdout\"}",
		"\",\"_time\":\"2026-01-15T08:00:00Z\"}", "\"}", "\"}" };
	struct buf inner = *b;

	*b = (struct buf){ NULL, 0, 0 };
	buf_adds(b, head[w]);
	for (size_t i = 0; i < inner.len; i++) {
		if (inner.p[i] == '"' || inner.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, inner.p[i]);
	}
	buf_adds(b, tail[w]);
	buf_release(&inner);
}

static void
make_line(struct buf *b, const struct slow *s)
{
	size_t room = DECODE_MAX_LINE;

	for (;;) {
		fill(b, s, room);
		for (unsigned i = 0; i < s->levels; i++)
			wrap(b, s->wrap);
		if (b->len <= DECODE_MAX_LINE)
			return;
		room = room * DECODE_MAX_LINE / b->len - 16;
	}
}

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Decodes a line; the records. */
static unsigned
records_of(struct decoder *d, const struct buf *line)
{
	const char *p = line->p, *end = p + line->len, *to;
	enum reject_reason why;
	struct falco_event ev;
	unsigned n = 0, lines_of;

	/* those that hold newlines are lines, and a place to cut them is looked for */
	n += decode_text_cut(p, line->len, line->len, true) > line->len;
	for (; p < end; p = to + 1) {
		to = decode_line_end(p, end, &lines_of);
		decode_line(d, p, (size_t)(to - p), false);
		while (decode_next(d, &ev, &why) != VERDICT_END)
			n++;
	}
	while (decode_flush(d, &ev, &why) != VERDICT_END)
		n++;
	return n;
}

START_TEST(no_line_takes_long)
{
	static const char *const want[] = { "a", "proc.pid", "user", "evt.args", "k" };
	struct decoder *d = decoder_new();
	struct buf line = { NULL, 0, 0 };
	int64_t best = INT64_MAX, took;
	unsigned records = 0;

	decoder_want(d, want, 5);
	make_line(&line, &lines[_i]);
	for (int round = 0; round < ROUNDS; round++) {
		took = cpu_ns();
		records = records_of(d, &line);
		took = cpu_ns() - took;
		best = took < best ? took : best;
	}
	printf("# %6.2f ms %7u records: %s\n", (double)best / 1e6, records, lines[_i].name);
	fflush(stdout);
	ck_assert_uint_gt(records, 0);
	ck_assert_msg(best < LIMIT_NS, "%s takes %.1f ms", lines[_i].name, (double)best / 1e6);
	buf_release(&line);
	decoder_free(d);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("slow");
	TCase *tc = tcase_create("slow");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, no_line_takes_long, 0, LINES);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
