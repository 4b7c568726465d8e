/* What keys do: the cursor and its row, order, pause, filters from cells, search, pages and
 * siblings. */
#include "view/stage.h"

#include "harness.h"
#include "view/list.h"

static struct stage stage;

static void
feed(const char *user, unsigned n, unsigned *serial)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < n; i++) {
		unsigned k = (*serial)++;

		buf_addf(&b,
		    "{\"output\":\"08:00:00.0: Notice A shell was spawned in a container (n=%u)\",\"output_fields\":{"
		    "\"container.id\":\"c1\",\"container.name\":\"api\",\"proc.name\":\"bash\",\"user.name\":\"%s\"},"
		    "\"priority\":\"Notice\",\"rule\":\"Terminal shell in container\",\"source\":\"syscall\","
		    "\"time\":\"2025-11-20T08:%02u:%02u.%09uZ\"}\n",
		    k, user, k / 60 % 60, k % 60, k);
	}
	stage_feed(&stage, b.p, b.len, false);
	buf_release(&b);
}

static void
open_three(unsigned *serial)
{
	stage_open(&stage, "xterm-256color", 24, 80, false);
	feed("anna", 9, serial);
	feed("bert", 6, serial);
	feed("cleo", 3, serial);
}

/* The user of the selected row. */
static const char *
selected(void)
{
	static char name[64];
	struct view *v = ui_page(&stage.ui);
	struct buf value = { 0 };
	sym_t kind;

	snprintf(name, sizeof(name), "-");
	if (v->ops->field(v, ui_snapshot(&stage.ui), "user.name", &value, &kind))
		snprintf(name, sizeof(name), "%s", value.p == NULL ? "" : value.p);
	buf_release(&value);
	return name;
}

static int
line_of(const char *text)
{
	struct buf b = { 0 };
	int y = -1, line = 0;

	stage_screen(&stage, &b);
	for (char *p = b.p, *end; p != NULL && *p != '\0'; p = end + 1, line++) {
		end = strchr(p, '\n');
		*end = '\0';
		if (y < 0 && strstr(p, text) != NULL)
			y = line;
	}
	buf_release(&b);
	return y;
}

START_TEST(cursor_sticks_to_its_row)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "Down Down");
	ck_assert_str_eq(selected(), "cleo");
	stage.ui.hold_until = 0; /* as if two seconds had passed */
	feed("cleo", 20, &n);
	ck_assert_str_eq(selected(), "cleo");
	ck_assert_int_lt(line_of("cleo"), line_of("anna"));
	ck_assert_int_eq(line_of("cleo"), line_of("> NTC"));
	stage_close(&stage);
}
END_TEST

/* After a movement, and as long as the order is frozen, rows keep their places while counts go on.
 */
START_TEST(order_holds)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "Down");
	feed("cleo", 20, &n);
	ck_assert_int_lt(line_of("anna"), line_of("cleo"));
	ck_assert(stage_shows(&stage, "23"));
	stage_keys(&stage, "o");
	feed("cleo", 20, &n);
	ck_assert_int_lt(line_of("anna"), line_of("cleo"));
	ck_assert(stage_shows(&stage, "order frozen"));
	stage_keys(&stage, "o");
	ck_assert_int_lt(line_of("cleo"), line_of("anna"));
	stage_close(&stage);
}
END_TEST

/* Until it is moved the cursor stays at the top, whatever is there. */
START_TEST(cursor_starts_at_the_top)
{
	unsigned n = 0;

	open_three(&n);
	ck_assert_str_eq(selected(), "anna");
	feed("bert", 20, &n);
	ck_assert_str_eq(selected(), "bert");
	stage_close(&stage);
}
END_TEST

START_TEST(pause)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "p");
	ck_assert(stage_shows(&stage, "PAUSED"));
	/* The same question: what comes now is counted, not shown. */
	{
		struct request r;
		struct buf b = { 0 };
		uint64_t number = stage.ui.snap->number;

		buf_adds(&b,
		    "{\"output\":\"08:00:00.0: Notice A shell was spawned in a container\",\"output_fields\":{\"user.name\":\"dora\"},"
		    "\"priority\":\"Notice\",\"rule\":\"r\",\"time\":\"2025-11-20T09:00:00Z\"}\n");
		stage.ui.asked = number - 1;
		stage_feed(&stage, b.p, b.len, false);
		buf_release(&b);
		(void)r;
	}
	ck_assert(stage_shows(&stage, "1 new"));
	ck_assert_int_eq(line_of("dora"), -1);
	stage_keys(&stage, "p");
	ck_assert_int_ge(line_of("dora"), 0);
	stage_close(&stage);
}
END_TEST

START_TEST(filter_from_cell)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "Down +");
	ck_assert_str_eq(stage.ui.filter, "user = bert");
	ck_assert_int_eq(line_of("anna"), -1);
	stage_keys(&stage, "X");
	ck_assert_ptr_null(stage.ui.filter);
	stage_keys(&stage, "g -");
	ck_assert_str_eq(stage.ui.filter, "not (user = anna)");
	ck_assert_int_eq(line_of("NTC anna"), -1);
	stage_keys(&stage, "g -");
	ck_assert_str_eq(stage.ui.filter, "(not (user = anna)) and not (user = bert)");
	stage_keys(&stage, "=");
	ck_assert_str_eq(stage.ui.filter, "user = cleo");
	stage_close(&stage);
}
END_TEST

START_TEST(group_by_cell)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "%");
	ck_assert(stage_shows(&stage, "By user"));
	ck_assert_str_eq(selected(), "anna");
	stage_keys(&stage, "Enter");
	ck_assert(stage_shows(&stage, "anna: Events"));
	stage_keys(&stage, "Esc Esc");
	ck_assert_ptr_null(stage.ui.top->below);
	stage_close(&stage);
}
END_TEST

START_TEST(find)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "/");
	stage_type(&stage, "CLE");
	stage_keys(&stage, "Enter");
	ck_assert_str_eq(selected(), "cleo");
	stage_keys(&stage, "g /");
	stage_type(&stage, "e");
	stage_keys(&stage, "Enter");
	ck_assert_str_ne(selected(), "anna");
	stage_keys(&stage, "/");
	stage_type(&stage, "nowhere");
	stage_keys(&stage, "Enter");
	ck_assert(stage_shows(&stage, "not found: nowhere"));
	stage_close(&stage);
}
END_TEST

/* Tab in the find prompt makes the same text a filter. */
START_TEST(find_becomes_filter)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "/");
	stage_type(&stage, "n=1)");
	stage_keys(&stage, "Tab");
	ck_assert_ptr_nonnull(stage.ui.filter);
	ck_assert_str_eq(selected(), "anna");
	ck_assert_int_eq(line_of("bert"), -1);
	stage_close(&stage);
}
END_TEST

START_TEST(siblings)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "Down u");
	ck_assert(stage_shows(&stage, "user:bert"));
	ck_assert(stage_shows(&stage, "View the detection results for - \"bert\""));
	stage_keys(&stage, "}");
	ck_assert(stage_shows(&stage, "user:cleo"));
	stage_keys(&stage, "}");
	ck_assert(stage_shows(&stage, "no next user"));
	stage_keys(&stage, "{ {");
	ck_assert(stage_shows(&stage, "user:anna"));
	stage_keys(&stage, "Esc");
	ck_assert_str_eq(selected(), "anna"); /* the table followed */
	stage_close(&stage);
}
END_TEST

START_TEST(neighbours_of_an_event)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "9 g Down Enter");
	ck_assert(stage_shows(&stage, "event 2"));
	stage_keys(&stage, "}");
	ck_assert(stage_shows(&stage, "event 3"));
	stage_keys(&stage, "{ {");
	ck_assert(stage_shows(&stage, "event 1"));
	stage_keys(&stage, "{");
	ck_assert(stage_shows(&stage, "no previous event"));
	stage_close(&stage);
}
END_TEST

START_TEST(sorting)
{
	unsigned n = 0;

	open_three(&n);
	ck_assert(stage_shows(&stage, "COUNT▼"));
	stage_keys(&stage, "I");
	ck_assert(stage_shows(&stage, "COUNT▲"));
	ck_assert_str_eq(selected(), "cleo");
	stage_keys(&stage, "s g Down Enter");
	ck_assert(stage_shows(&stage, "USER▲"));
	ck_assert_str_eq(selected(), "anna");
	stage_keys(&stage, "<");
	ck_assert(stage_shows(&stage, "PRI▼"));
	stage_close(&stage);
}
END_TEST

/* Events stay at the newest until the cursor leaves it. */
START_TEST(tail)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "9");
	ck_assert_str_eq(selected(), "cleo");
	feed("dora", 30, &n);
	ck_assert_str_eq(selected(), "dora");
	stage_keys(&stage, "Up");
	feed("emil", 30, &n);
	ck_assert_str_eq(selected(), "dora");
	stage_keys(&stage, "G");
	ck_assert_str_eq(selected(), "emil");
	stage_close(&stage);
}
END_TEST

/* Far more rows than a window: End, Home and pages come to the right rows. */
START_TEST(many_rows)
{
	struct buf b = { 0 };

	stage_open(&stage, "xterm-256color", 24, 80, false);
	for (unsigned i = 0; i < 1000; i++)
		buf_addf(&b,
		    "{\"output\":\"x\",\"output_fields\":{\"user.name\":\"u%04u\"},\"priority\":\"Notice\",\"rule\":\"r\","
		    "\"time\":\"2025-11-20T08:%02u:%02uZ\"}\n",
		    i, i / 60, i % 60);
	stage_feed(&stage, b.p, b.len, false);
	stage_keys(&stage, "2 G");
	ck_assert_str_eq(selected(), "u0999");
	ck_assert(stage_shows(&stage, "u0990"));
	stage_keys(&stage, "Up");
	ck_assert_str_eq(selected(), "u0998");
	stage_keys(&stage, "g PgDn");
	ck_assert(stage_shows(&stage, selected()));
	stage_keys(&stage, "PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn");
	ck_assert(stage_shows(&stage, selected()));
	ck_assert_str_gt(selected(), "u0100");
	buf_release(&b);
	stage_close(&stage);
}
END_TEST

START_TEST(quitting)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "u q");
	ck_assert(!stage.quit);
	stage_keys(&stage, "Esc");
	ck_assert(!stage.quit);
	stage_keys(&stage, "? q");
	ck_assert(!stage.quit);
	stage_keys(&stage, "q");
	ck_assert(stage.quit);
	stage_close(&stage);
}
END_TEST

/* A key of an event is written by whoever wrote the event: it must not become filter text. */
START_TEST(hostile_key_is_no_filter)
{
	static const char line[] =
	    "{\"output\":\"A shell was spawned in a container\",\"output_fields\":{\"user.name = 'x' or rule\":\"v\"},"
	    "\"priority\":\"Notice\",\"rule\":\"r\",\"time\":\"2025-11-20T08:00:00Z\"}\n";

	stage_open(&stage, "xterm-256color", 24, 80, false);
	stage_feed(&stage, line, sizeof(line) - 1, false);
	stage_keys(&stage, "9 Enter g /");
	stage_type(&stage, "or rule");
	stage_keys(&stage, "Enter +");
	ck_assert_ptr_null(stage.ui.filter);
	ck_assert(stage_shows(&stage, "cannot be filtered by"));
	stage_close(&stage);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("behaviour");
	TCase *t = tcase_create("behaviour");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, cursor_sticks_to_its_row);
	tcase_add_test(t, order_holds);
	tcase_add_test(t, cursor_starts_at_the_top);
	tcase_add_test(t, pause);
	tcase_add_test(t, filter_from_cell);
	tcase_add_test(t, group_by_cell);
	tcase_add_test(t, find);
	tcase_add_test(t, find_becomes_filter);
	tcase_add_test(t, siblings);
	tcase_add_test(t, neighbours_of_an_event);
	tcase_add_test(t, sorting);
	tcase_add_test(t, tail);
	tcase_add_test(t, many_rows);
	tcase_add_test(t, quitting);
	tcase_add_test(t, hostile_key_is_no_filter);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
