/* Whole screens against saved ones, at the sizes that must work. */
#include "view/stage.h"

#include "harness.h"

static struct stage stage;

static void
open_risk(int rows, int cols, bool ascii)
{
	struct buf text = { 0 };

	stage_open_risk(&stage, "xterm-256color", rows, cols, ascii);
	stage_sample(&text);
	stage_risk_sample(&text);
	stage_feed(&stage, text.p, text.len, true);
	buf_release(&text);
}

static void
open_sample(int rows, int cols, bool ascii)
{
	struct buf text = { 0 };

	stage_open(&stage, "xterm-256color", rows, cols, ascii);
	stage_sample(&text);
	stage_feed(&stage, text.p, text.len, true);
	buf_release(&text);
}

static const struct {
	const char *name;
	int rows, cols;
	const char *keys;
} screens[] = {
	{ "shells-80x24", 24, 80, "" },
	{ "shells-160x48", 48, 160, "Down" },
	{ "shells-120x30", 30, 120, "" },
	{ "shells-20x5", 5, 20, "" },
	{ "shells-40x12", 12, 40, "" },
	{ "users-80x24", 24, 80, "2" },
	{ "containers-160x48", 48, 160, "3" },
	{ "rules-80x24", 24, 80, "4" },
	{ "events-80x24", 24, 80, "9" },
	{ "events-160x48", 48, 160, "9" },
	{ "user-80x24", 24, 80, "u" },
	{ "user-160x48", 48, 160, "u" },
	{ "container-80x24", 24, 80, "c 3" },
	{ "container-160x48", 48, 160, "c" },
	{ "behind-80x24", 24, 80, "Enter" },
	{ "event-80x24", 24, 80, "Enter Enter" },
	{ "event-160x48", 48, 160, "9 Enter" },
	{ "raw-80x24", 24, 80, "Enter Enter J" },
	{ "rule-80x24", 24, 80, "4 Enter" },
	{ "picker-80x24", 24, 80, "F2 Down" },
	{ "sort-80x24", 24, 80, "s" },
	{ "legend-80x24", 24, 80, "F7" },
	{ "help-80x24", 24, 80, "?" },
	{ "group-80x24", 24, 80, "%" },
	{ "folded-80x24", 24, 80, "#" },
};

static const struct {
	const char *name;
	int rows, cols;
	const char *keys;
} risk_screens[] = {
	{ "risk-shells-80x24", 24, 80, "" },
	{ "risk-80x24", 24, 80, "R" },
	{ "risk-160x48", 48, 160, "R" },
	{ "risk-20x5", 5, 20, "R" },
	{ "ledger-80x24", 24, 80, "R Enter" },
	{ "ledger-160x48", 48, 160, "R Enter Down" },
	{ "risk-user-80x24", 24, 80, "u" },
	{ "risk-user-160x48", 48, 160, "u" },
	{ "risk-tab-80x24", 24, 80, "u 2" },
	{ "risk-tab-160x48", 48, 160, "u 2" },
	{ "detections-80x24", 24, 80, "d" },
	{ "detections-160x48", 48, 160, "d" },
	{ "tune-80x24", 24, 80, "d E s e a r c h Space N O T Space u s e r = j e n k i n s" },
	{ "tune-bad-80x24", 24, 80, "d E s e a r c h Space (" },
	{ "mute-80x24", 24, 80, "m Up" },
	{ "mute-160x48", 48, 160, "m n o i s e" },
	{ "mutes-80x24", 24, 80, "Down m Left Left n o i s e Enter M" },
	{ "mutes-160x48", 48, 160, "Down m n o i s e Enter M" },
	{ "muted-80x24", 24, 80, "Down m n o i s e Enter" },
	{ "muted-shown-80x24", 24, 80, "Down m n o i s e Enter V" },
};

START_TEST(risk_golden)
{
	open_risk(risk_screens[_i].rows, risk_screens[_i].cols, false);
	stage_keys(&stage, risk_screens[_i].keys);
	stage_golden(&stage, risk_screens[_i].name);
	stage_close(&stage);
}
END_TEST

START_TEST(golden)
{
	open_sample(screens[_i].rows, screens[_i].cols, false);
	stage_keys(&stage, screens[_i].keys);
	stage_golden(&stage, screens[_i].name);
	stage_close(&stage);
}
END_TEST

/* With --ascii not one byte above 0x7e is drawn. */
START_TEST(ascii)
{
	struct buf b = { 0 };

	open_sample(48, 160, true);
	for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		if (screens[i].rows != 48)
			continue;
		stage_keys(&stage, screens[i].keys);
		buf_clear(&b);
		stage_screen(&stage, &b);
		for (size_t c = 0; c < b.len; c++)
			ck_assert_msg((unsigned char)b.p[c] < 0x7f, "%s: byte %02x",
			    screens[i].name, (unsigned char)b.p[c]);
	}
	stage_keys(&stage, "1");
	buf_release(&b);
	stage_close(&stage);
}
END_TEST

START_TEST(empty)
{
	stage_open(&stage, "xterm-256color", 24, 80, false);
	stage_feed(&stage, "\n", 1, false);
	stage_golden(&stage, "empty-80x24");
	stage_close(&stage);
}
END_TEST

/* Not a saved screen: it says how much memory is used. */
START_TEST(health)
{
	open_sample(24, 80, false);
	stage_keys(&stage, "H");
	ck_assert(stage_shows(&stage, "done     sample.jsonl"));
	ck_assert(stage_shows(&stage, "lines 78  events 76  bad 2  dropped 0"));
	ck_assert(stage_shows(&stage, "sample.jsonl:77:"));
	ck_assert(stage_shows(&stage, "not an event ^[]0;title^G"));
	stage_keys(&stage, "w Down End Home H");
	ck_assert(stage_shows(&stage, "jenkins"));
	stage_close(&stage);
}
END_TEST

START_TEST(filtered_empty)
{
	open_sample(24, 80, false);
	stage_keys(&stage, "\\");
	stage_type(&stage, "user.name = nobody");
	stage_keys(&stage, "Enter");
	stage_golden(&stage, "filtered-80x24");
	stage_keys(&stage, "X");
	ck_assert(stage_shows(&stage, "jenkins"));
	stage_close(&stage);
}
END_TEST

START_TEST(filter_error)
{
	open_sample(24, 80, false);
	stage_keys(&stage, "\\");
	stage_type(&stage, "user.name = root and (");
	stage_golden(&stage, "prompt-error-80x24");
	stage_keys(&stage, "Backspace Backspace Backspace Backspace Backspace Backspace");
	stage_golden(&stage, "prompt-80x24");
	stage_close(&stage);
}
END_TEST

/* Every size from nothing up, every page: no crash, nothing outside (the sanitizers watch). */
START_TEST(every_size)
{
	static const int sizes[][2] = { { 1, 1 }, { 2, 2 }, { 1, 80 }, { 24, 1 }, { 3, 20 },
		{ 5, 20 }, { 6, 200 }, { 8, 30 }, { 14, 60 }, { 24, 81 }, { 36, 119 }, { 37, 120 },
		{ 60, 200 }, { 200, 500 } };
	static const char *const keys[] = { "", "2", "9", "u", "Esc", "c 2 4", "Esc",
		"Enter Enter J J", "Esc Esc", "H", "Esc", "F2", "Esc", "s", "Esc", "?", "Esc", "\\",
		"Esc" };
	const int *size = sizes[_i];

	open_sample(size[0], size[1], _i % 2 == 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct buf b = { 0 };

		stage_keys(&stage, keys[i]);
		stage_screen(&stage, &b);
		buf_release(&b);
	}
	stage_close(&stage);
}
END_TEST

/* The same for the pages of risk, detections and mutes. */
START_TEST(every_size_risk)
{
	static const int sizes[][2] = { { 1, 1 }, { 2, 40 }, { 5, 20 }, { 7, 30 }, { 12, 60 },
		{ 18, 79 }, { 24, 81 }, { 30, 119 }, { 37, 140 }, { 60, 200 }, { 200, 500 } };
	static const char *const keys[] = { "R", "I > < Down End", "s", "Esc", "F7", "Esc", "Enter",
		"End Up PgUp", "Enter", "2 Down End PgUp", "Enter", "Esc Esc Esc Esc", "d", "Enter",
		"End", "E", "x Esc", "Esc Esc", "m", "Down Tab x", "Esc", "V", "M", "Esc", "H",
		"Esc", "T #" };
	const int *size = sizes[_i];

	open_risk(size[0], size[1], _i % 2 == 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct buf b = { 0 };

		stage_keys(&stage, keys[i]);
		stage_screen(&stage, &b);
		for (size_t c = 0; _i % 2 == 1 && c < b.len; c++)
			ck_assert_uint_lt((unsigned char)b.p[c], 0x7f);
		buf_release(&b);
	}
	ck_assert(!stage.quit);
	stage_close(&stage);
}
END_TEST

/* Without colours the cursor and the selected column still show. */
START_TEST(monochrome)
{
	struct buf text = { 0 };

	stage_open(&stage, "vt100", 24, 80, true);
	stage_sample(&text);
	stage_feed(&stage, text.p, text.len, true);
	ck_assert(stage_shows(&stage, "> NTC root"));
	ck_assert(stage_shows(&stage, "COUNTv"));
	buf_release(&text);
	stage_close(&stage);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("screens");
	TCase *t = tcase_create("screens");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, golden, 0, (int)(sizeof(screens) / sizeof(screens[0])));
	tcase_add_loop_test(
	    t, risk_golden, 0, (int)(sizeof(risk_screens) / sizeof(risk_screens[0])));
	tcase_add_test(t, ascii);
	tcase_add_test(t, empty);
	tcase_add_test(t, health);
	tcase_add_test(t, filtered_empty);
	tcase_add_test(t, filter_error);
	tcase_add_loop_test(t, every_size, 0, 14);
	tcase_add_loop_test(t, every_size_risk, 0, 11);
	tcase_add_test(t, monochrome);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
