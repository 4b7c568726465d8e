/*
 * Real data: every file of the shared corpus decodes as its README says, and text events say the
 * same as the JSON events of the same moment. Without the shared data the tests say so and pass.
 */
#include <check.h>
#include <string.h>

#include "decode/parts.h"

#include "harness.h"

#include "lines.h"
#include "shared.h"

#include "base/banned.h"

/* How often each verdict has to come. */
static const struct corpus_case {
	const char *name;
	unsigned events, internal, noise, reject, blank, pending;
} cases[] = {
	{ .name = "data/falco/json/bulk-falco-0.41-0.43-event-generator.jsonl", .events = 692 },
	{ .name = "data/falco/json/falco-0.30-0.32.jsonl", .events = 112 },
	{ .name = "data/falco/json/falco-0.33-0.38.jsonl", .events = 26 },
	{ .name = "data/falco/json/falco-0.39plus.jsonl", .events = 182 },
	{ .name = "data/falco/json/falco-internal-events.jsonl", .internal = 7 },
	{ .name = "data/falco/json/falco-upto-0.29.jsonl", .events = 20 },
	{ .name = "data/falco/json/minified-from-pretty-print.jsonl",
	    .events = 21,
	    .internal = 18 },
	{ .name = "data/falco/json/subset-of-keys.jsonl", .events = 11 },
	{ .name = "data/falco/text/bare-style.log", .events = 6 },
	{ .name = "data/falco/text/falco-internal.log", .internal = 2 },
	{ .name = "data/falco/text/paren-style.log", .events = 55 },
	{ .name = "data/falco/text/pipe-style-rules4plus.log", .events = 36 },
	{ .name = "data/falco/text/plugin-nginx.log", .events = 80 },
	{ .name = "data/falco/text/plugin-sources.log", .events = 21 },
	{ .name = "data/falco/sidekick/falcosidekick-payloads.jsonl", .events = 3 },
	{ .name = "data/falco/syslog/falcosidekick-syslog.log", .events = 4 },
	{ .name = "data/falco/syslog/journald-or-rfc3164-text.log", .events = 8 },
	{ .name = "data/falco/syslog/journald-short-json.log", .events = 3 },
	{ .name = "data/falco/syslog/rsyslog-rfc3339.log", .events = 3 },
	{ .name = "data/falco/odd/falco-own-log-lines.log", .noise = 131 },
	/* All lines but the events' are Falco's own; one event is torn. */
	{ .name = "data/falco/odd/whole-file-1.log", .events = 44, .noise = 125, .reject = 1 },
	{ .name = "data/falco/odd/whole-file-2.log", .events = 26, .noise = 63 },
	{ .name = "data/falco/odd/glued-truncated-lines.log", .events = 1, .reject = 1 },
	{ .name = "data/falco/odd/footer-glued-to-event.log", .events = 2, .noise = 2 },
	{ .name = "data/falco/odd/journalctl-pager-truncated.log", .events = 32 },
	{ .name = "data/falco/odd/text-truncated-or-annotated.log", .events = 24, .internal = 1 },
	{ .name = "data/falco/odd/jq-reshaped.jsonl", .events = 7 },
	{ .name = "data/falco/odd/third-party-test-fixtures.jsonl", .events = 17, .internal = 1 },
	/* One has a number for its priority. */
	{ .name = "data/falco/odd/unverified-or-edited.jsonl", .events = 51, .reject = 1 },
	{ .name = "data/falco/odd/unverified-text.log", .events = 19 },
	{ .name = "data/falco_live/file_output_keepalive_text.txt", .events = 28 },
	{ .name = "data/falco_live/flood_first500.jsonl", .events = 500 },
	{ .name = "data/falco_live/hostile_json.jsonl", .events = 80 },
	/* 28 alerts hold two raw line ends each: the rest of such an alert is two bad lines. */
	{ .name = "data/falco_live/hostile_text.txt", .events = 80, .noise = 5, .reject = 56 },
	{ .name = "data/falco_live/internal_drop.jsonl", .internal = 2 },
	{ .name = "data/falco_live/internal_drop.txt", .internal = 2 },
	{ .name = "data/falco_live/metrics_json.jsonl", .events = 10, .internal = 4, .noise = 16 },
	{ .name = "data/falco_live/metrics_text.txt", .events = 10, .internal = 4, .noise = 16 },
	{ .name = "data/falco_live/mixed_600.jsonl", .events = 600 },
	{ .name = "data/falco_live/stdout_exit_summary.txt", .noise = 19 },
	{ .name = "data/falco_live/stdout_json_message_iso.jsonl", .events = 14 },
	{ .name = "data/falco_live/stdout_json_nofields.jsonl", .events = 3 },
	{ .name = "data/falco_live/stdout_json_nooutput_notags.jsonl", .events = 3 },
	{ .name = "data/falco_live/stdout_json_official.jsonl", .events = 28 },
	{ .name = "data/falco_live/stdout_text_iso.txt", .events = 14, .noise = 19 },
	{ .name = "data/falco_live/stdout_text_official.txt", .events = 28, .noise = 19 },
	/* Other programs in the same frames: bad lines, and pieces are joined. */
	{ .name = "data/envelopes/cri_fixtures_partial.log", .reject = 25, .pending = 20 },
	{ .name = "data/envelopes/cri_genuine.log", .reject = 35, .blank = 1, .pending = 2 },
	{ .name = "data/envelopes/docker_json_file.jsonl", .reject = 27, .pending = 1 },
	{ .name = "data/envelopes/journald_json_collected.jsonl", .reject = 3 },
	{ .name = "data/envelopes/journald_json_fixtures.jsonl", .reject = 6 },
	{ .name = "data/envelopes/journald_json_local.jsonl", .reject = 7 },
	{ .name = "data/envelopes/k8s_wrapped_fluentbit_expected.jsonl", .reject = 40 },
	{ .name = "data/envelopes/k8s_wrapped_fluentd_eks.jsonl", .reject = 34 },
};

/* What a whole file comes to. */
struct tally {
	unsigned of[VERDICT_REJECT + 1];
	unsigned cut; /* events that are marked so */
	unsigned lines;
};

static void
count(enum verdict v, const struct falco_event *ev, void *arg)
{
	struct tally *t = arg;

	t->of[v]++;
	t->cut += v == VERDICT_EVENT && (ev->flags & EVENT_CUT) != 0;
	MUST(v == VERDICT_NOISE || v == VERDICT_PENDING || ev->raw.p != NULL);
	MUST(v != VERDICT_EVENT ||
	     (ev->field[FIELD_RULE].text.len > 0 && ev->priority != PRIORITY_UNKNOWN));
}

static struct slice
next_line(const struct buf *b, size_t *at)
{
	const char *p = b->p + *at, *end = memchr(p, '\n', b->len - *at);
	size_t n = end == NULL ? b->len - *at : (size_t)(end - p);

	*at += n + 1;
	return (struct slice){ p, n };
}

static void
decode_buffer(struct decoder *d, const struct buf *b,
    void (*each)(enum verdict v, const struct falco_event *ev, void *arg), void *arg)
{
	static struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;

	for (size_t at = 0; at < b->len;) {
		struct records r = { "", 0 };

		decode_records(d, next_line(b, &at), &r, each, arg);
	}
	while ((v = decode_flush(d, &ev, &reason)) != VERDICT_END)
		each(v, &ev, arg);
}

static bool
load(struct buf *out, const char *name)
{
	struct buf path = { 0 };
	bool ok = shared_path(&path, name) && read_file(out, path.p);

	buf_release(&path);
	return ok;
}

START_TEST(files)
{
	const struct corpus_case *c = &cases[_i];
	struct decoder *d = decoder_new();
	struct tally t = { .lines = 0 };
	struct buf b = { 0 };

	if (load(&b, c->name)) {
		decode_buffer(d, &b, count, &t);
		ck_assert_msg(
		    t.of[VERDICT_EVENT] == c->events && t.of[VERDICT_INTERNAL] == c->internal &&
			t.of[VERDICT_NOISE] == c->noise && t.of[VERDICT_REJECT] == c->reject &&
			t.of[VERDICT_BLANK] == c->blank && t.of[VERDICT_PENDING] == c->pending,
		    "%s: E%u I%u N%u R%u B%u P%u", c->name, t.of[VERDICT_EVENT],
		    t.of[VERDICT_INTERNAL], t.of[VERDICT_NOISE], t.of[VERDICT_REJECT],
		    t.of[VERDICT_BLANK], t.of[VERDICT_PENDING]);
		if (strstr(c->name, "pager-truncated") != NULL)
			ck_assert_uint_eq(t.cut, c->events);
	}
	buf_release(&b);
	decoder_free(d);
}
END_TEST

/* What arrived at /dev/log, each datagram with its length before it; some hold raw line ends. */
START_TEST(datagrams)
{
	struct decoder *d = decoder_new();
	struct tally t = { .lines = 0 };
	struct buf b = { 0 };

	if (load(&b, "data/falco_live/syslog_datagrams.bin")) {
		for (size_t at = 0; at + 4 <= b.len;) {
			const unsigned char *n = (const unsigned char *)b.p + at;
			size_t len =
			    n[0] | (size_t)n[1] << 8 | (size_t)n[2] << 16 | (size_t)n[3] << 24;
			struct records r = { "", 0 };

			ck_assert_uint_le(len, b.len - at - 4);
			decode_records(d, (struct slice){ b.p + at + 4, len }, &r, count, &t);
			at += 4 + len;
		}
		ck_assert_uint_eq(t.of[VERDICT_EVENT], 28 + 14 + 80);
		ck_assert_uint_eq(t.of[VERDICT_NOISE], 10);
		ck_assert_uint_eq(t.of[VERDICT_REJECT], 0);
	}
	buf_release(&b);
	decoder_free(d);
}
END_TEST

/* The official messages: what the built-in table knows, it knows right. */
START_TEST(rules_of_messages)
{
	unsigned known = 0, rows = 0;
	struct buf b = { 0 };

	if (load(&b, "data/falco_rules/message2rule.tsv")) {
		for (size_t at = 0; at < b.len;) {
			struct slice line = next_line(&b, &at), rule, found;
			const char *tab = memchr(line.p, '\t', line.len), *rule_end;

			if (tab == NULL || line.p[0] == '#')
				continue;
			rule_end = memchr(tab + 1, '\t', line.len - (size_t)(tab + 1 - line.p));
			rule = (struct slice){ tab + 1, (size_t)(rule_end - tab - 1) };
			found = rule_of_message((struct slice){ line.p, (size_t)(tab - line.p) });
			rows++;
			known += found.p != NULL;
			/* Ambiguous rows name several rules. */
			ck_assert_msg(
			    found.p == NULL || memmem(rule.p, rule.len, found.p, found.len) != NULL,
			    "%.*s is not %.*s", (int)found.len, found.p, (int)rule.len, rule.p);
		}
		ck_assert_uint_ge(known * 2, rows);
	}
	buf_release(&b);
}
END_TEST

/* --- text against JSON
 * ------------------------------------------------------------------------------------------ */

/* The events of a file, copied. */
struct copy {
	struct slice field[FIELD_COLUMNS];
	uint64_t present;
	int64_t time;
	unsigned flags;
};

struct copies {
	struct copy *of;
	unsigned n, room;
	struct arena text;
};

static void
copy_event(enum verdict v, const struct falco_event *ev, void *arg)
{
	struct copies *c = arg;
	struct copy *to;

	if (v != VERDICT_EVENT)
		return;
	if (c->n == c->room) {
		c->room = c->room == 0 ? 64 : c->room * 2;
		c->of = realloc(c->of, c->room * sizeof(*c->of));
	}
	to = &c->of[c->n++];
	to->present = ev->present;
	to->time = ev->time;
	to->flags = ev->flags;
	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if (ev->present >> f & 1)
			to->field[f] = ev->field[f].kind == VALUE_NULL
					   ? (struct slice){ "", 0 }
					   : arena_copy(&c->text, ev->field[f].text);
}

/* "<NA>", null and empty are the same thing in the two outputs. */
static struct slice
present_value(const struct copy *c, unsigned f)
{
	if ((c->present >> f & 1) == 0 || slice_eq(c->field[f], SLICE("<NA>")))
		return (struct slice){ "", 0 };
	return c->field[f];
}

struct comparison {
	unsigned long same, other, escu_other;
};

static bool
is_escu(unsigned f)
{
	return f == FIELD_IMAGE || f == FIELD_TAG || f == FIELD_CONTAINER_NAME ||
	       f == FIELD_PARENT || f == FIELD_EXEPATH || f == FIELD_PROCESS || f == FIELD_USER;
}

/* What both events have. A text event that a raw line end cut off ends in its command, and is not
 * compared there. */
static void
compare_events(const struct copy *text, const struct copy *json, bool broken, struct comparison *c)
{
	for (unsigned f = 0; f < FIELD_COLUMNS; f++) {
		bool same;

		if (f == FIELD_TAGS || f == FIELD_HOSTNAME || (text->present >> f & 1) == 0 ||
		    (json->present >> f & 1) == 0)
			continue;
		same = slice_eq(present_value(text, f), present_value(json, f));
		c->same += same;
		if (broken)
			continue;
		c->other += !same;
		c->escu_other += !same && is_escu(f);
		if (!same && c->other < 5)
			printf("# %s: text %.*s, JSON %.*s\n", field_info(f)->name,
			    (int)text->field[f].len, text->field[f].p, (int)json->field[f].len,
			    json->field[f].p);
	}
}

static bool
has_line_end(const struct copy *c, unsigned f)
{
	return (c->present >> f & 1) != 0 && c->field[f].len > 0 &&
	       memchr(c->field[f].p, '\n', c->field[f].len) != NULL;
}

static void
compare_buffers(const struct buf *text, const struct buf *json, struct comparison *out)
{
	struct copies t = { NULL, 0, 0, { 0 } }, j = { NULL, 0, 0, { 0 } };
	struct decoder *d = decoder_new();
	const int64_t day = INT64_C(86400) * 1000000000;
	unsigned k = 0;

	decode_buffer(d, text, copy_event, &t);
	decode_buffer(d, json, copy_event, &j);
	for (unsigned i = 0; i < t.n; i++) {
		int64_t modulus = t.of[i].flags & EVENT_TIME_CLOCK ? day : INT64_MAX;
		bool broken;

		while (k < j.n && j.of[k].time % modulus != t.of[i].time)
			k++;
		ck_assert_msg(k < j.n, "text event %u has no twin", i);
		broken =
		    has_line_end(&j.of[k], FIELD_CMDLINE) || has_line_end(&j.of[k], FIELD_IMAGE);
		compare_events(&t.of[i], &j.of[k], broken, out);
		k++;
	}
	ck_assert_uint_eq(t.n, j.n);
	free(t.of);
	free(j.of);
	arena_release(&t.text);
	arena_release(&j.text);
	decoder_free(d);
}

static const struct {
	const char *text, *json;
} twins[] = {
	{ "data/falco_live/stdout_text_official.txt",
	    "data/falco_live/stdout_json_official.jsonl" },
	{ "data/falco_live/stdout_text_iso.txt", "data/falco_live/stdout_json_message_iso.jsonl" },
	{ "data/falco_live/hostile_text.txt", "data/falco_live/hostile_json.jsonl" },
	{ "data/falco_live/replay/502Error.scap.anyrules.txt",
	    "data/falco_live/replay/502Error.scap.anyrules.jsonl" },
	{ "data/falco_live/replay/curl_google.scap.anyrules.txt",
	    "data/falco_live/replay/curl_google.scap.anyrules.jsonl" },
	{ "data/falco_live/replay/malware_scap.gz.anyrules.txt",
	    "data/falco_live/replay/malware_scap.gz.anyrules.jsonl" },
};

START_TEST(same_moment)
{
	struct comparison c = { 0, 0, 0 };
	struct buf text = { 0 }, json = { 0 };

	if (load(&text, twins[_i].text) && load(&json, twins[_i].json)) {
		compare_buffers(&text, &json, &c);
		ck_assert_uint_gt(c.same, 50);
		ck_assert_uint_eq(c.other, 0);
	}
	buf_release(&text);
	buf_release(&json);
}
END_TEST

/* Output of the generator, which writes the same events in every style. */
static bool
generate(
    struct buf *out, const char *script, const char *format, const char *style, const char *more)
{
	struct buf command = { 0 };
	size_t got;
	FILE *f;

	buf_clear(out);
	buf_addf(&command,
	    "python3 '%s' --events 3000 --seed 7 --odd-rate 0.05 --format %s --style %s %s", script,
	    format, style, more);
	f = popen(command.p, "r");
	while (f != NULL && (got = fread(buf_room(out, 65536), 1, 65536, f)) > 0)
		out->len += got;
	buf_release(&command);
	return f != NULL && pclose(f) == 0 && out->len > 0;
}

static const struct {
	const char *style, *more;
} styles[] = { { "modern", "" }, { "classic", "" }, { "legacy", "" }, { "modern", "--text-escape" },
	{ "modern", "--local-time" } };

START_TEST(same_events)
{
	struct comparison c = { 0, 0, 0 };
	struct buf path = { 0 }, text = { 0 }, json = { 0 };

	if (shared_path(&path, "bench/gen.py") &&
	    system("python3 --version >/dev/null 2>&1") == 0 &&
	    generate(&text, path.p, "text", styles[_i].style, styles[_i].more) &&
	    generate(&json, path.p, "json", styles[_i].style, "")) {
		compare_buffers(&text, &json, &c);
		printf("# %s %s: %lu values the same, %lu not\n", styles[_i].style, styles[_i].more,
		    c.same, c.other);
		ck_assert_uint_gt(c.same, 30000);
		ck_assert_uint_eq(c.escu_other, 0);
		ck_assert_uint_lt(c.other * 1000, c.same * 7);
	} else {
		printf("# skipped: no generator\n");
	}
	buf_release(&path);
	buf_release(&text);
	buf_release(&json);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("decode/corpus");
	TCase *t = tcase_create("corpus");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, files, 0, COUNT(cases));
	tcase_add_test(t, datagrams);
	tcase_add_test(t, rules_of_messages);
	tcase_add_loop_test(t, same_moment, 0, COUNT(twins));
	tcase_add_loop_test(t, same_events, 0, COUNT(styles));
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
