/* The formats: quoting, formula guard, sanitising, missing cells, empty tables. */
#include "report/report.h"

#include "harness.h"

#define TEXT(s)                                                                                    \
	{                                                                                          \
		.type = CELL_TEXT, .text = {(s), sizeof(s) - 1 }                                   \
	}
#define COUNT(n)                                                                                   \
	{                                                                                          \
		.type = CELL_COUNT, .count = (n)                                                   \
	}
#define MISSING                                                                                    \
	{                                                                                          \
		.type = CELL_MISSING                                                               \
	}

static const struct table_column two[] = { { "a", false }, { "count", true } };

/* Writes one row in a format and returns what came out (owned by the caller). */
static char *
one_row(const char *format, const struct cell *cell, const struct report_options *o)
{
	struct report r;
	char *text;

	report_begin(&r, report_format(format), two, 2, o);
	report_row(&r, cell);
	report_end(&r);
	text = buf_steal(&r.out);
	report_release(&r);
	return text;
}

static void
expect(
    const char *format, const struct cell *cell, const struct report_options *o, const char *want)
{
	char *got = one_row(format, cell, o);

	ck_assert_str_eq(got, want);
	free(got);
}

static const struct {
	const char *format;
	struct cell cell[2];
	const char *want;
} plain[] = {
	{ "csv", { TEXT("x"), COUNT(3) }, "a,count\nx,3\n" },
	{ "csv", { TEXT("x,y"), COUNT(3) }, "a,count\n\"x,y\",3\n" },
	{ "csv", { TEXT("say \"hi\""), COUNT(0) }, "a,count\n\"say \"\"hi\"\"\",0\n" },
	{ "csv", { TEXT(""), COUNT(1) }, "a,count\n,1\n" },
	{ "csv", { MISSING, COUNT(1) }, "a,count\n,1\n" },
	{ "csv", { TEXT("=1+2"), COUNT(1) }, "a,count\n'=1+2,1\n" },
	{ "csv", { TEXT("+1"), COUNT(1) }, "a,count\n'+1,1\n" },
	{ "csv", { TEXT("-1"), COUNT(1) }, "a,count\n'-1,1\n" },
	{ "csv", { TEXT("@x,y"), COUNT(1) }, "a,count\n\"'@x,y\",1\n" },
	{ "csv", { TEXT("\tx"), COUNT(1) }, "a,count\n'^Ix,1\n" },
	{ "csv", { TEXT("a=b"), COUNT(1) }, "a,count\na=b,1\n" },
	{ "csv", { TEXT("\x1b[2J"), COUNT(1) }, "a,count\n^[[2J,1\n" },
	{ "csv", { TEXT("l1\nl2"), COUNT(1) }, "a,count\nl1^Jl2,1\n" },
	{ "csv", { TEXT("\xff"), COUNT(1) }, "a,count\n\\xff,1\n" },
	{ "tsv", { TEXT("x,y"), COUNT(3) }, "a\tcount\nx,y\t3\n" },
	{ "tsv", { TEXT("=x"), COUNT(3) }, "a\tcount\n'=x\t3\n" },
	{ "json", { TEXT("x\"\\"), COUNT(3) }, "[\n{\"a\": \"x\\\"\\\\\", \"count\": 3}\n]\n" },
	{ "json", { MISSING, COUNT(3) }, "[\n{\"a\": null, \"count\": 3}\n]\n" },
	{ "json", { TEXT("=1"), COUNT(3) }, "[\n{\"a\": \"=1\", \"count\": 3}\n]\n" },
	{ "ndjson", { TEXT("\xe2\x80\xae"), COUNT(3) }, "{\"a\": \"<U+202E>\", \"count\": 3}\n" },
	{ "md", { TEXT("a|b"), COUNT(3) }, "| a | count |\n| --- | ---: |\n| a\\|b | 3 |\n" },
	{ "md", { TEXT("[x](y)<b>"), COUNT(3) },
	    "| a | count |\n| --- | ---: |\n| \\[x\\](y)&lt;b&gt; | 3 |\n" },
	{ "text", { TEXT("long value"), COUNT(3) }, "a           count\nlong value      3\n" },
	{ "text", { MISSING, COUNT(30) }, "a  count\n-     30\n" },
};

START_TEST(formats)
{
	struct report_options o = { 0 };

	expect(plain[_i].format, plain[_i].cell, &o, plain[_i].want);
}
END_TEST

START_TEST(fillnull)
{
	struct cell c[] = { MISSING, COUNT(1) };
	struct report_options o = { .fillnull = "0" };

	expect("csv", c, &o, "a,count\n0,1\n");
	expect("json", c, &o, "[\n{\"a\": \"0\", \"count\": 1}\n]\n");
	expect("text", c, &o, "a  count\n0      1\n");
	o.fillnull = "-";
	expect("csv", c, &o, "a,count\n-,1\n");
}
END_TEST

START_TEST(raw)
{
	struct cell c[] = { TEXT("=\t\x1b\n"), COUNT(1) };
	struct report_options o = { .raw = true };

	expect("csv", c, &o, "a,count\n\"=\t\x1b\n\",1\n");
	expect("tsv", c, &o, "a\tcount\n=\\t\x1b\\n\t1\n");
	expect("ndjson", c, &o, "{\"a\": \"=\\t\\u001b\\n\", \"count\": 1}\n");
}
END_TEST

START_TEST(ascii)
{
	struct cell c[] = { TEXT("\xc3\xa9"), COUNT(1) };
	struct report_options o = { .ascii = true };

	expect("csv", c, &o, "a,count\n<U+00E9>,1\n");
	o.ascii = false;
	expect("csv", c, &o, "a,count\n\xc3\xa9,1\n");
}
END_TEST

static const struct {
	const char *format, *want;
} empty[] = {
	{ "csv", "a,count\n" },
	{ "tsv", "a\tcount\n" },
	{ "json", "[]\n" },
	{ "ndjson", "" },
	{ "md", "| a | count |\n| --- | ---: |\n" },
	{ "text", "" },
};

START_TEST(no_rows)
{
	struct report_options o = { 0 };
	struct report r;

	report_begin(&r, report_format(empty[_i].format), two, 2, &o);
	report_end(&r);
	buf_addc(&r.out, '\0'); /* an empty buffer has no text */
	ck_assert_str_eq(r.out.p, empty[_i].want);
	report_release(&r);
}
END_TEST

START_TEST(times_and_reals)
{
	struct cell c[] = { { .type = CELL_TIME, .time = 1768464000161934674 },
		{ .type = CELL_REAL, .real = 1.5 } };
	struct report_options o = { 0 };

	expect("csv", c, &o, "a,count\n2026-01-15T08:00:00.161934674Z,1.500\n");
	expect("ndjson", c, &o, "{\"a\": \"2026-01-15T08:00:00.161934674Z\", \"count\": 1.500}\n");
	expect("text", c, &o, "a                     count\n2026-01-15T08:00:00Z  1.500\n");
}
END_TEST

START_TEST(json_strings)
{
	struct buf b = { 0 };

	json_string(&b, SLICE("\0\x1f\x7f\xff\xc3\xa9/"));
	ck_assert_str_eq(b.p, "\"\\u0000\\u001f\\u007f\xef\xbf\xbd\xc3\xa9/\"");
	buf_clear(&b);
	json_real(&b, 0.0 / 0.0);
	ck_assert_str_eq(b.p, "null");
	buf_release(&b);
}
END_TEST

START_TEST(names)
{
	for (unsigned i = 0; report_formats[i] != NULL; i++)
		ck_assert_ptr_eq(report_format(report_formats[i]->name), report_formats[i]);
	ck_assert_ptr_null(report_format("xml"));
	ck_assert_ptr_null(report_format(""));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("formats");

	tcase_add_loop_test(t, formats, 0, sizeof(plain) / sizeof(plain[0]));
	tcase_add_test(t, fillnull);
	tcase_add_test(t, raw);
	tcase_add_test(t, ascii);
	tcase_add_loop_test(t, no_rows, 0, sizeof(empty) / sizeof(empty[0]));
	tcase_add_test(t, times_and_reals);
	tcase_add_test(t, json_strings);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
