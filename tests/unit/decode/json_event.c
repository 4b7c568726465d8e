/* What a line of JSON becomes: fields, flags, times, internal records, glued and enveloped events,
 * every key. */
#include "decode/decode.h"

#include "harness.h"

#include "base/buf.h"

#include "base/banned.h"

#define TOP "\"priority\":\"Warning\",\"rule\":\"R\",\"time\":\"2026-01-02T03:04:05.000000006Z\""
#define T0  1767323045000000006

/* The only event of a line. */
static void
only_event(struct decoder *d, const char *line, struct falco_event *ev, enum verdict want)
{
	struct falco_event end;
	enum reject_reason reason = REJECT_REASONS;

	decode_line(d, line, strlen(line), false);
	ck_assert_msg(decode_next(d, ev, &reason) == want, "%s", line);
	ck_assert_msg(decode_next(d, &end, &reason) == VERDICT_END, "%s", line);
}

static const struct {
	const char *fields; /* in output_fields */
	enum field_id id;
	const char *text; /* NULL: absent */
	enum value_kind kind;
} values[] = {
	{ "\"user.name\":\"root\"", FIELD_USER, "root", VALUE_STRING },
	{ "\"user.name\":null", FIELD_USER, "null", VALUE_NULL },
	{ "\"user.name\":\"\"", FIELD_USER, "", VALUE_STRING },
	{ "\"user.name\":\"<NA>\"", FIELD_USER, "<NA>", VALUE_STRING },
	{ "\"user.name\":\"\\u003cNA\\u003e\"", FIELD_USER, "<NA>", VALUE_STRING },
	{ "\"x\":1", FIELD_USER, NULL, VALUE_STRING },
	{ "\"user.uid\":4294967295", FIELD_USER_UID, "4294967295", VALUE_NUMBER },
	{ "\"user.loginuid\":-1", FIELD_USER_LOGINUID, "-1", VALUE_NUMBER },
	{ "\"user.uid\":18446744073697073282", FIELD_USER_UID, "18446744073697073282",
	    VALUE_NUMBER },
	{ "\"user.uid\":1.5e3", FIELD_USER_UID, "1.5e3", VALUE_NUMBER },
	{ "\"fd.name\":true", FIELD_FD_NAME, "true", VALUE_BOOL },
	{ "\"fd.name\":[\"a\",1]", FIELD_FD_NAME, "[\"a\",1]", VALUE_ARRAY },
	{ "\"fd.name\":{\"a\":1}", FIELD_FD_NAME, "{\"a\":1}", VALUE_OBJECT },
	{ "\"proc.name\":\"a\",\"proc.name\":\"b\"", FIELD_PROCESS, "b", VALUE_STRING },
	{ "\"proc\":{\"name\":\"n\",\"aname[2]\":\"a\"}", FIELD_PROCESS, "n", VALUE_STRING },
	{ "\"proc\":{\"name\":\"n\",\"aname[2]\":\"a\"}", FIELD_ANAME2, "a", VALUE_STRING },
	{ "\"k8s\":{\"ns\":{\"name\":\"prod\"}}", FIELD_NAMESPACE, "prod", VALUE_STRING },
	{ "\"proc_name\":\"es\"", FIELD_PROCESS, "es", VALUE_STRING },
	{ "\"container_image_repository\":\"r\"", FIELD_IMAGE, "r", VALUE_STRING },
	{ "\"proc_name\":\"es\",\"proc.name\":\"exact\"", FIELD_PROCESS, "exact", VALUE_STRING },
	{ "\"proc.name\":\"exact\",\"proc_name\":\"es\"", FIELD_PROCESS, "exact", VALUE_STRING },
	{ "\"process\":\"no field of Falco\"", FIELD_PROCESS, NULL, VALUE_STRING },
	/* rule, source, hostname and tags are top-level keys */
	{ "\"rule\":\"other\",\"source\":\"x\"", FIELD_RULE, "R", VALUE_STRING },
	{ "\"rule\":\"other\",\"source\":\"x\"", FIELD_SOURCE, NULL, VALUE_STRING },
	/* who acted, by the plugin's own field */
	{ "\"ka.user.name\":\"sa\"", FIELD_USER, "sa", VALUE_STRING },
	{ "\"ct.user\":\"arn\"", FIELD_USER, "arn", VALUE_STRING },
	{ "\"okta.actor.name\":\"o\"", FIELD_USER, "o", VALUE_STRING },
	{ "\"github.user\":\"g\"", FIELD_USER, "g", VALUE_STRING },
	{ "\"gcp.user\":\"c\"", FIELD_USER, "c", VALUE_STRING },
	{ "\"ct.user\":\"arn\",\"user.name\":\"u\"", FIELD_USER, "u", VALUE_STRING },
	{ "\"ka.target.namespace\":\"ns\"", FIELD_NAMESPACE, "ns", VALUE_STRING },
	{ "\"ka.target.resource\":\"pods\",\"ka.target.name\":\"p\"", FIELD_POD, "p",
	    VALUE_STRING },
	{ "\"ka.target.resource\":\"pods\",\"ka.target.name\":\"p\",\"ka.resp.name\":\"q\"",
	    FIELD_POD, "q", VALUE_STRING },
	{ "\"ka.target.resource\":\"configmaps\",\"ka.target.name\":\"p\"", FIELD_POD, NULL,
	    VALUE_STRING },
};

START_TEST(field_values)
{
	struct decoder *d = decoder_new();
	struct falco_event ev;
	struct buf line = { NULL, 0, 0 };

	buf_addf(&line, "{\"output\":\"o\",\"output_fields\":{%s}," TOP "}", values[_i].fields);
	only_event(d, line.p, &ev, VERDICT_EVENT);
	ck_assert_int_eq((ev.present >> values[_i].id) & 1, values[_i].text != NULL);
	if (values[_i].text != NULL) {
		ck_assert_msg(slice_eq(ev.field[values[_i].id].text, slice_of(values[_i].text)),
		    "%s: %.*s", line.p, (int)ev.field[values[_i].id].text.len,
		    ev.field[values[_i].id].text.p);
		ck_assert_int_eq((int)ev.field[values[_i].id].kind, (int)values[_i].kind);
	}
	buf_release(&line);
	decoder_free(d);
}
END_TEST

static const struct {
	const char *line;
	int flags;
	int64_t time;
	enum priority priority;
} events[] = {
	{ "{" TOP "}", 0, T0, PRIORITY_WARNING },
	{ "{\"rule\":\"R\",\"priority\":\"info\",\"time\":\"2026-01-02T03:04:05.000000006Z\"}", 0,
	    T0, PRIORITY_INFORMATIONAL },
	{ "{\"rule\":\"R\",\"priority\":\"Critically\",\"time\":\"2026-01-02T03:04:05.000000006Z\"}",
	    EVENT_REPAIRED, T0, PRIORITY_UNKNOWN },
	{ "{\"rule\":\"R\",\"priority\":\"Error\"}", EVENT_TIME_ARRIVAL, TIME_NONE,
	    PRIORITY_ERROR },
	{ "{\"rule\":\"R\",\"priority\":\"Error\",\"output_fields\":{\"evt.time\":1767323045000000006}}",
	    0, T0, PRIORITY_ERROR },
	{ "{\"rule\":\"R\",\"priority\":\"Error\",\"time\":\"2026-02-30T03:04:05Z\"}",
	    EVENT_TIME_ARRIVAL | EVENT_REPAIRED, TIME_NONE, PRIORITY_ERROR },
	{ "{\"x\":\"\xff\"," TOP "}", EVENT_REPAIRED, T0, PRIORITY_WARNING },
	{ "{\"output\":\"a\\u001b[2Jb\"," TOP "}", EVENT_HOSTILE, T0, PRIORITY_WARNING },
	{ "{\"output\":\"caf\xc3\xa9 \\\"\"," TOP "}", 0, T0, PRIORITY_WARNING },
	{ "{\"output_fields\":{\"proc.name\":\"a\\u202eb\"}," TOP "}", EVENT_HOSTILE, T0,
	    PRIORITY_WARNING },
	{ "{\"output_fields\":{\"not.shown\":\"a\\u202eb\"}," TOP "}", 0, T0, PRIORITY_WARNING },
	{ "{\"rule\":\"Q\"," TOP "}", EVENT_DUP_KEYS, T0, PRIORITY_WARNING },
	{ "{\"\\u0072ule\":\"Q\"," TOP "}", EVENT_DUP_KEYS, T0, PRIORITY_WARNING },
	{ "{\"uuid\":\"5\",\"output\":\"cut here[...]\"," TOP "}", EVENT_CUT, T0,
	    PRIORITY_WARNING },
};

START_TEST(event_flags)
{
	struct decoder *d = decoder_new();
	struct falco_event ev;

	only_event(d, events[_i].line, &ev, VERDICT_EVENT);
	ck_assert_msg(ev.flags == events[_i].flags, "%s: %x", events[_i].line, (unsigned)ev.flags);
	ck_assert_int_eq(ev.time, events[_i].time);
	ck_assert_int_eq((int)ev.priority, (int)events[_i].priority);
	ck_assert(slice_eq(ev.field[FIELD_RULE].text, SLICE("R")));
	ck_assert(slice_eq(ev.raw, slice_of(events[_i].line)));
	decoder_free(d);
}
END_TEST

static const struct {
	const char *output, *message;
} messages[] = {
	{ "18:33:00.123456789: Warning A shell | user=root (x", "A shell" },
	{ "2026-04-06T19:31:30.725992942+0000: Notice Msg here (user=root k=v)", "Msg here" },
	{ "18:33:00.123456789: Warning user=root id=3", "" },
	{ "18:33:00.123456789: Warning Who did user=root id=3", "Who did" },
	{ "18:33:00.123456789: Warning free text (with a remark)", "free text (with a remark)" },
	{ "18:33:00.123456789: Strange thing | a=b", "18:33:00.123456789: Strange thing" },
	{ "No prefix | a=b", "No prefix" },
	{ "Falco internal: drop. 9 dropped.(n_drops=9)", "Falco internal: drop. 9 dropped." },
	{ "a=b | c", "" },
	{ "", "" },
};

START_TEST(message_part)
{
	struct decoder *d = decoder_new();
	struct falco_event ev;
	struct buf line = { NULL, 0, 0 };

	buf_addf(&line, "{\"output\":\"%s\"," TOP "}", messages[_i].output);
	only_event(d, line.p, &ev, VERDICT_EVENT);
	ck_assert_msg(slice_eq(ev.message, slice_of(messages[_i].message)), "%s: %.*s", line.p,
	    (int)ev.message.len, ev.message.p);
	buf_release(&line);
	decoder_free(d);
}
END_TEST

static const struct {
	const char *line;
	uint64_t drops;
} internals[] = {
	{ "{\"output_fields\":{\"n_drops\":\"9\"},\"rule\":\"Falco internal: syscall event drop\","
	  "\"priority\":"
	  "\"Debug\",\"time\":\"2026-01-02T03:04:05Z\"}",
	    9 },
	{ "{\"output_fields\":{\"n_drops\":12},\"rule\":\"Falco internal: syscall event drop\","
	  "\"priority\":"
	  "\"Debug\",\"source\":\"internal\",\"time\":\"2026-01-02T03:04:05Z\"}",
	    12 },
	{ "{\"rule\":\"anything\",\"priority\":\"Debug\",\"source\":\"internal\"}", 0 },
	{ "{\"output_fields\":{\"evt.time\":1,\"falco.version\":\"0.43.0\"},\"sample\":3}", 0 },
};

START_TEST(internal_records)
{
	struct decoder *d = decoder_new();
	struct falco_event ev;

	only_event(d, internals[_i].line, &ev, VERDICT_INTERNAL);
	ck_assert_uint_eq(ev.kernel_drops, internals[_i].drops);
	decoder_free(d);
}
END_TEST

/* Letters: E event, B blank, I internal, R rejected, N noise. */
static const struct {
	const char *line, *verdicts;
} glued[] = {
	{ "", "B" },
	{ "  \t ", "B" },
	{ "{" TOP "}", "E" },
	{ "{" TOP "}{" TOP "}", "EE" },
	{ "{" TOP "} {" TOP "} ", "EE" },
	{ "{\"output\":\"torn{" TOP "}", "RE" },
	{ "torn text {" TOP "} and more", "RER" },
	{ "[{" TOP "},{" TOP "}]", "RERER" },
	{ "{\"a\":{" TOP "}}", "RER" },
	{ "{\"output\":\"x\",\"y\":{\"rule\":{\"rule\":1}}", "R" },
	{ "{\"log\":\"{\\\"priority\\\":\\\"Debug\\\",\\\"rule\\\":\\\"R\\\"}\\n\",\"stream\":\"stdout\","
	  "\"time\":"
	  "\"2026-01-02T03:04:05.5Z\"}",
	    "E" },
	{ "2026-01-02T03:04:05.5Z stdout F {" TOP "}", "E" },
	{ "2026-01-02T03:04:05.5Z stdout F {" TOP "}{" TOP "}", "EE" },
};

START_TEST(glued_records)
{
	static const char letter[] = { [VERDICT_EVENT] = 'E',
		[VERDICT_INTERNAL] = 'I',
		[VERDICT_NOISE] = 'N',
		[VERDICT_BLANK] = 'B',
		[VERDICT_PENDING] = 'P',
		[VERDICT_REJECT] = 'R' };
	struct decoder *d = decoder_new();
	struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;
	struct buf got = { NULL, 0, 0 };

	decode_line(d, glued[_i].line, strlen(glued[_i].line), true);
	while ((v = decode_next(d, &ev, &reason)) != VERDICT_END)
		buf_addc(&got, letter[v]);
	ck_assert_str_eq(got.p, glued[_i].verdicts);
	buf_release(&got);
	decoder_free(d);
}
END_TEST

START_TEST(tags_and_extras)
{
	static const char *const want[] = { "proc.pid", "fd.cport" };
	static const char line[] =
	    "{\"output_fields\":{\"proc.pid\":7,\"fd.cport\":null},\"tags\":[\"a\",\"b c\",3,\"d\"]," TOP
	    "}";
	struct decoder *d = decoder_new();
	struct falco_event ev;

	decoder_want(d, want, 2);
	only_event(d, line, &ev, VERDICT_EVENT);
	ck_assert(slice_eq(ev.field[FIELD_TAGS].text, SLICE("a b c d")));
	ck_assert_uint_eq(ev.extra_present, 3);
	ck_assert(slice_eq(ev.extra[0].text, SLICE("7")));
	ck_assert_int_eq((int)ev.extra[1].kind, VALUE_NULL);
	decoder_want(d, want + 1, 1);
	only_event(d, line, &ev, VERDICT_EVENT);
	ck_assert_uint_eq(ev.extra_present, 1);
	ck_assert_int_eq((int)ev.extra[0].kind, VALUE_NULL);
	decoder_free(d);
}
END_TEST

static void
add_key(const struct event_key *key, void *arg)
{
	buf_addf(arg, "%s%.*s=%.*s;", key->top_level ? "" : ".", (int)key->name.len, key->name.p,
	    (int)key->value.text.len, key->value.text.p);
}

START_TEST(every_key)
{
	static const char inner[] =
	    "{\"output_fields\":{\"proc\":{\"pid\":7},\"e\":{},\"user.name\":\"a\\u0062\"},"
	    "\"tags\":[\"t\"],"
	    "\"priority\":\"Error\",\"rule\":\"R\"}";
	static const char keys[] =
	    ".proc.pid=7;.e={};.user.name=ab;tags=[\"t\"];priority=Error;rule=R;";
	static const char cri[] = "2026-01-02T03:04:05.5Z stdout ";
	struct decoder *d = decoder_new();
	struct buf raw = { NULL, 0, 0 }, got = { NULL, 0, 0 };

	ck_assert(decode_every_key(d, inner, sizeof(inner) - 1, add_key, &got));
	ck_assert_str_eq(got.p, keys);
	buf_clear(&got);
	/* The same in two pieces. */
	buf_addf(&raw, "%sP %.30s\n%sF %s", cri, inner, cri, inner + 30);
	ck_assert(decode_every_key(d, raw.p, raw.len, add_key, &got));
	ck_assert_str_eq(got.p, keys);
	ck_assert(!decode_every_key(d, "torn", 4, add_key, &got));
	buf_release(&raw);
	buf_release(&got);
	decoder_free(d);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("json_event");
	TCase *tc = tcase_create("json_event");

	tcase_add_loop_test(tc, field_values, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_loop_test(tc, event_flags, 0, sizeof(events) / sizeof(events[0]));
	tcase_add_loop_test(tc, message_part, 0, sizeof(messages) / sizeof(messages[0]));
	tcase_add_loop_test(tc, internal_records, 0, sizeof(internals) / sizeof(internals[0]));
	tcase_add_loop_test(tc, glued_records, 0, sizeof(glued) / sizeof(glued[0]));
	tcase_add_test(tc, tags_and_extras);
	tcase_add_test(tc, every_key);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
