/* The validating scan, jsmn's tokens and the walk over them, and strings. */
#include "decode/json.h"

#include "harness.h"

#include "base/banned.h"

static const struct {
	const char *text;
	enum json_status status;
	unsigned tokens, repairs;
} values[] = {
	{ "{}", JSON_OK, 1, 0 },
	{ " [ ] ", JSON_OK, 1, 0 },
	{ "{\"a\":1}", JSON_OK, 3, 0 },
	{ "{ \"a\" : [ 1 , -0 , 1.5e+3, true,false , null, \"\" ] }", JSON_OK, 10, 0 },
	{ "\"\\u0041\\n\\/\"", JSON_OK, 1, 0 },
	{ "\"\\ud83d\\ude00\"", JSON_OK, 1, 0 },
	{ "\"\\ud83d\"", JSON_OK, 1, 1 },
	{ "\"\\ude00\\ud83d\"", JSON_OK, 1, 2 },
	{ "\"\\ud83d\\ud83d\\ude00\"", JSON_OK, 1, 1 },
	{ "\"a\tb\"", JSON_OK, 1, 1 },
	{ "\"\xff\"", JSON_OK, 1, 1 },
	{ "\"\xe2\x82\xac\"", JSON_OK, 1, 0 },
	{ "\"\xe2\x82\"", JSON_OK, 1, 1 },
	{ "\"\xc0\xaf\"", JSON_OK, 1, 2 },
	{ "\"\xed\xa0\x80\"", JSON_OK, 1, 3 },
	{ "\"\xf4\x90\x80\x80\"", JSON_OK, 1, 4 },
	{ "\"\x7f\"", JSON_OK, 1, 0 },
	{ "", JSON_BLANK, 0, 0 },
	{ " \t\r\n", JSON_BLANK, 0, 0 },
	{ "{", JSON_BAD, 1, 0 },
	{ "{,}", JSON_BAD, 1, 0 },
	{ "{\"a\":1,}", JSON_BAD, 3, 0 },
	{ "{\"a\" \"b\"}", JSON_BAD, 2, 0 },
	{ "{\"a\"}", JSON_BAD, 2, 0 },
	{ "{\"a\":}", JSON_BAD, 2, 0 },
	{ "{1:2}", JSON_BAD, 1, 0 },
	{ "[1,]", JSON_BAD, 2, 0 },
	{ "[1 2]", JSON_BAD, 2, 0 },
	{ "[1}", JSON_BAD, 2, 0 },
	{ "tru", JSON_BAD, 0, 0 },
	{ "truex", JSON_BAD, 0, 0 },
	{ "nullnull", JSON_BAD, 0, 0 },
	{ "01", JSON_BAD, 0, 0 },
	{ "-", JSON_BAD, 0, 0 },
	{ "+1", JSON_BAD, 0, 0 },
	{ "1.", JSON_BAD, 0, 0 },
	{ ".5", JSON_BAD, 0, 0 },
	{ "1e", JSON_BAD, 0, 0 },
	{ "0x1f", JSON_BAD, 0, 0 },
	{ "\"", JSON_BAD, 0, 0 },
	{ "\"\\", JSON_BAD, 0, 0 },
	{ "\"\\x\"", JSON_BAD, 0, 0 },
	{ "\"\\u12\"", JSON_BAD, 0, 0 },
	{ "\"\\u123g\"", JSON_BAD, 0, 0 },
};

START_TEST(validates)
{
	struct json_scan scan;

	ck_assert_msg(json_validate(slice_of(values[_i].text), &scan) == values[_i].status, "%s",
	    values[_i].text);
	ck_assert_msg(
	    scan.tokens == values[_i].tokens, "%s: %u tokens", values[_i].text, scan.tokens);
	ck_assert_msg(
	    scan.repairs == values[_i].repairs, "%s: %u repairs", values[_i].text, scan.repairs);
}
END_TEST

START_TEST(leaves_the_rest)
{
	struct json_scan scan;

	ck_assert(json_validate(SLICE(" {\"a\":1} {\"b\":2}"), &scan) == JSON_OK);
	ck_assert_uint_eq(scan.start, 1);
	ck_assert_uint_eq(scan.value_end, 8);
	ck_assert_uint_eq(scan.end, 9);
	/* A scalar must be followed by something that can follow it. */
	ck_assert(json_validate(SLICE("1\"2\""), &scan) == JSON_BAD);
}
END_TEST

START_TEST(counts_depth)
{
	char text[2 * (DECODE_MAX_DEPTH + 1)];
	struct json_scan scan;

	memset(text, '[', DECODE_MAX_DEPTH + 1);
	memset(text + DECODE_MAX_DEPTH + 1, ']', DECODE_MAX_DEPTH + 1);
	ck_assert(json_validate((struct slice){ text, sizeof(text) }, &scan) == JSON_DEEP);
	ck_assert(json_validate((struct slice){ text + 1, sizeof(text) - 2 }, &scan) == JSON_OK);
}
END_TEST

static const struct {
	struct slice raw, text;
} strings[] = {
	{ SLICE("plain"), SLICE("plain") },
	{ SLICE(""), SLICE("") },
	{ SLICE("a\\\"b\\\\c\\/d"), SLICE("a\"b\\c/d") },
	{ SLICE("\\b\\f\\n\\r\\t"), SLICE("\b\f\n\r\t") },
	{ SLICE("\\u003cNA\\u003e"), SLICE("<NA>") },
	{ SLICE("ca\\u0000t"), SLICE("ca\0t") },
	{ SLICE("\\u00e9\\u20ac"), SLICE("\xc3\xa9\xe2\x82\xac") },
	{ SLICE("\\ud83d\\ude00"), SLICE("\xf0\x9f\x98\x80") },
	{ SLICE("x\\ud83dy"), SLICE("x\xef\xbf\xbdy") },
	{ SLICE("\\ud83d\\u0041"), SLICE("\xef\xbf\xbd"
					 "A") },
	{ SLICE("\xe2\x82x"), SLICE("\xef\xbf\xbdx") },
	{ SLICE("\xf0\x9f\x98"), SLICE("\xef\xbf\xbd") },
	{ SLICE("\xc0\xaf"), SLICE("\xef\xbf\xbd\xef\xbf\xbd") },
	{ SLICE("caf\xc3\xa9"), SLICE("caf\xc3\xa9") },
	{ SLICE("a\0b"), SLICE("a\0b") },
	{ SLICE("a long run of plain bytes, longer than any vector \\t and more of it behind"),
	    SLICE("a long run of plain bytes, longer than any vector \t and more of it behind") },
};

START_TEST(unescapes)
{
	struct arena a = { 0 };

	ck_assert(slice_eq(json_unescape(strings[_i].raw, &a), strings[_i].text));
	arena_release(&a);
}
END_TEST

START_TEST(walks)
{
	static const struct slice text = SLICE(
	    "{\"a\":{\"x\":[1,{\"y\":2}]},\"b\\u0031\":\"v\\n\",\"nul\":\"p\0q\",\"c\":[],\"d\":null}");
	static const char *const names[] = { "a", "b1", "nul", "c", "d" };
	static const enum value_kind kinds[] = { VALUE_OBJECT, VALUE_STRING, VALUE_STRING,
		VALUE_ARRAY, VALUE_NULL };
	struct json *j = json_new();
	struct arena a = { 0 };
	struct json_scan scan;
	struct json_walk w;
	unsigned n = 0, node;

	ck_assert(json_parse(j, text, &scan) == JSON_OK);
	for (w = json_walk(j, 0); json_next(&w); n++) {
		ck_assert(slice_eq(json_name(&w, &a), slice_of(names[n])));
		ck_assert_int_eq((int)json_kind(j, w.value), (int)kinds[n]);
	}
	ck_assert_uint_eq(n, 5);
	ck_assert(json_find(j, 0, SLICE("nul"), &node, &a));
	ck_assert(slice_eq(json_value(j, node, &a).text, SLICE("p\0q")));
	ck_assert(json_find(j, 0, SLICE("a"), &node, &a));
	ck_assert(slice_eq(json_text(j, node), SLICE("{\"x\":[1,{\"y\":2}]}")));
	ck_assert(!json_find(j, 0, SLICE("x"), &node, &a));
	arena_release(&a);
	json_free(j);
}
END_TEST

static const struct {
	const char *text;
	bool again;
} doubles[] = {
	{ "{\"a\":1,\"b\":2}", false },
	{ "{\"a\":1,\"a\":2}", true },
	{ "{\"a\":1,\"\\u0061\":2}", true },
	{ "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}", false },
	{ "{\"a\":[{\"x\":1,\"x\":2}]}", true },
	{ "{\"\":1,\"\":2}", true },
};

START_TEST(finds_duplicates)
{
	struct json *j = json_new();
	struct arena a = { 0 };
	struct json_scan scan;

	ck_assert(json_parse(j, slice_of(doubles[_i].text), &scan) == JSON_OK);
	for (int i = 0; i < 3; i++) /* the table is used again */
		ck_assert(json_has_duplicates(j, &a) == doubles[_i].again);
	arena_release(&a);
	json_free(j);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("json");
	TCase *tc = tcase_create("json");

	tcase_add_loop_test(tc, validates, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, leaves_the_rest);
	tcase_add_test(tc, counts_depth);
	tcase_add_loop_test(tc, unescapes, 0, sizeof(strings) / sizeof(strings[0]));
	tcase_add_test(tc, walks);
	tcase_add_loop_test(tc, finds_duplicates, 0, sizeof(doubles) / sizeof(doubles[0]));
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
