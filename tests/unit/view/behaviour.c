/* What keys do: the cursor and its row, order, pause, filters from cells, search, pages and
 * siblings. */
#include "view/stage.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
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

START_TEST(pausing)
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
	ck_assert(stage_shows(&stage, "user anna > Events"));
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

/* --- risk, mutes, tuning ---------------------------------------------------------------------- */

static void
open_risk(void)
{
	struct buf text = { 0 };

	stage_open_risk(&stage, "xterm-256color", 48, 160, false);
	stage_sample(&text);
	stage_risk_sample(&text);
	stage_feed(&stage, text.p, text.len, true);
	buf_release(&text);
}

/* The page of risk goes by sum; Enter explains one user, u opens the page of the same one. */
START_TEST(risk_explains)
{
	open_risk();
	stage_keys(&stage, "R");
	ck_assert(stage_shows(&stage, ">! root "));
	ck_assert(stage_shows(&stage, "140! "));
	stage_keys(&stage, "Down Enter Esc");
	ck_assert(stage_shows(&stage, ">  jenkins ")); /* the cursor is where it was */
	stage_keys(&stage, "Enter");
	ck_assert(stage_shows(&stage, "ledger of jenkins"));
	ck_assert(stage_shows(&stage, "one more such row: 60;"));
	stage_keys(&stage, "Enter");
	ck_assert(stage_shows(&stage, "View the detection results for - \"jenkins\""));
	stage_keys(&stage, "2");
	ck_assert(stage_shows(&stage, "View risk events for the last 7 days for - \"jenkins\""));
	ck_assert(
	    stage_shows(&stage, "A shell is spawned in the container runner by user jenkins."));
	ck_assert(stage_shows(&stage, "firstTime        2025-11-20T08:00:31Z"));
	ck_assert(stage_shows(&stage, "T1204  User Execution"));
	stage_close(&stage);
}
END_TEST

/* A missing user is "0" to the search: its page is that of events without a user. */
START_TEST(risk_of_a_missing_user)
{
	open_risk();
	stage_keys(&stage, "R Down Down u");
	ck_assert(stage_shows(&stage, "user:<absent>"));
	ck_assert(stage_shows(&stage, "RISK 20"));
	stage_close(&stage);
}
END_TEST

START_TEST(risk_sorts)
{
	open_risk();
	stage_keys(&stage, "R I");
	ck_assert_int_lt(line_of("www-data"), line_of(" jenkins "));
	stage_keys(&stage, "<");
	ck_assert(stage_shows(&stage, "sort USER asc"));
	stage_keys(&stage, "s G Enter");
	ck_assert(stage_shows(&stage, "sort LAST desc"));
	stage_close(&stage);
}
END_TEST

/* m says what it hides, hides it, V shows it, x in the list brings it back. */
START_TEST(mute_and_back)
{
	open_risk();
	stage_keys(&stage, "Down m");
	ck_assert(stage_shows(&stage, "hides 20 of 81 events, 0 critical, 1 user"));
	stage_keys(&stage, "Esc");
	ck_assert(stage_shows(&stage, "jenkins "));
	stage_keys(&stage, "m j o b Enter");
	ck_assert(stage_shows(&stage, "1 mute hides 20 ev"));
	ck_assert_int_eq(line_of("NTC    40  jenkins"), -1);
	stage_keys(&stage, "V");
	ck_assert(stage_shows(&stage, " m NTC     0  jenkins"));
	stage_keys(&stage, "V M");
	ck_assert(stage_shows(&stage, "job"));
	stage_keys(&stage, "x");
	ck_assert(stage_shows(&stage, "Nothing is muted."));
	stage_keys(&stage, "Esc");
	ck_assert(stage_shows(&stage, "NTC    40  jenkins"));
	stage_close(&stage);
}
END_TEST

/* The cost of a filter macro in Falco's syntax and in SPL; nothing bad is saved. */
START_TEST(tuning)
{
	open_risk();
	stage_keys(&stage, "d E");
	ck_assert(stage_shows(&stage, "hides 0 of 68 events, 0 critical, 0 users"));
	stage_type(&stage, "user.name != jenkins");
	ck_assert(stage_shows(&stage, "hides 20 of 68 events, 0 critical, 1 user"));
	stage_type(&stage, " and (");
	stage_keys(&stage, "Enter");
	ck_assert_str_eq(stage.saved, "");
	stage_keys(&stage, "C-u");
	stage_type(&stage, "search NOT user=root");
	ck_assert(stage_shows(&stage, "hides 43 of 68 events, 0 critical, 1 user"));
	stage_keys(&stage, "Enter");
	ck_assert_str_eq(stage.saved, "kubernetes_falco_shell_spawned_filter=search NOT user=root");
	stage_close(&stage);
}
END_TEST

/* A detection in full: its search, its rows whatever is muted; another says why it does not run. */
START_TEST(detections_in_full)
{
	static const char yaml[] = "name: A search too far\n"
				   "id: 00000000-0000-4000-8000-000000000000\n"
				   "version: 1\n"
				   "date: '2026-01-15'\n"
				   "type: Hunting\n"
				   "description: Not in the subset.\n"
				   "search: '| mstats count where index=x'\n";
	char path[] = "/tmp/falcotop-test-XXXXXX.yml";
	struct buf text = { 0 };
	int fd = mkstemps(path, 4);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, yaml, sizeof(yaml) - 1), sizeof(yaml) - 1);
	close(fd);
	stage_open_detections(&stage, 48, 160, path);
	unlink(path);
	stage_sample(&text);
	stage_feed(&stage, text.p, text.len, true);
	buf_release(&text);
	stage_keys(&stage, "Down m x Enter d");
	ck_assert(stage_shows(&stage, "A search too far"));
	ck_assert(stage_shows(&stage, "NOT RUN"));
	ck_assert(stage_shows(&stage, ".yml:7:"));
	ck_assert(stage_shows(&stage, "mstats"));
	stage_keys(&stage, "E");
	ck_assert(stage_shows(&stage, "a detection that does not run has nothing to tune"));
	stage_keys(&stage, "Enter");
	ck_assert(stage_shows(&stage, "NOT RUN: /tmp/falcotop-test-"));
	stage_keys(&stage, "Esc Down Enter");
	ck_assert(
	    stage_shows(&stage, "filter macro  kubernetes_falco_shell_spawned_filter: search *"));
	stage_keys(&stage, "End");
	ck_assert(stage_shows(&stage, "container_image_tag"));
	ck_assert(stage_shows(&stage, "jenkins           20"));
	stage_close(&stage);
}
END_TEST

/* Two names that differ never look the same. */
START_TEST(blanks_show)
{
	open_risk();
	ck_assert(stage_shows(&stage, "root\\x20 "));
	stage_keys(&stage, "R");
	ck_assert(stage_shows(&stage, "root\\x20 "));
	stage_close(&stage);
}
END_TEST

/* Nor does text that is spelled like a mark for what is no text. */
START_TEST(marks_are_no_text)
{
	unsigned n = 0;

	stage_open(&stage, "xterm-256color", 24, 80, false);
	feed("<absent>", 4, &n);
	feed("<null>", 3, &n);
	feed("\\\"\\\"", 2, &n);
	feed("", 1, &n);
	stage_keys(&stage, "2");
	ck_assert(stage_shows(&stage, "NTC \"<absent>\" "));
	ck_assert(stage_shows(&stage, "NTC \"<null>\" "));
	ck_assert(stage_shows(&stage, "NTC \"\"\"\" "));
	ck_assert(stage_shows(&stage, "NTC \"\" "));
	stage_close(&stage);
}
END_TEST

/* Look-alikes and bytes that were mended are flagged. */
START_TEST(doubtful_names_are_flagged)
{
	unsigned n = 0;

	stage_open(&stage, "xterm-256color", 24, 80, false);
	feed("anna", 5, &n);
	feed("\xd0\xb0nna", 4, &n); /* Cyrillic a */
	feed("rene\xcc\x81", 3, &n);
	feed("b\xff", 2, &n);
	feed("\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0", 1, &n);
	stage_keys(&stage, "2");
	ck_assert(stage_shows(&stage, "> NTC anna"));
	ck_assert(stage_shows(&stage, " !NTC \xd0\xb0nna"));
	ck_assert(stage_shows(&stage, " !NTC rene\xcc\x81"));
	ck_assert(stage_shows(&stage, " !NTC b\xef\xbf\xbd"));
	ck_assert(stage_shows(&stage, "  NTC \xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0"));
	stage_close(&stage);
}
END_TEST

/* What left the memory is said before what is less important, and which tables it is missing from.
 */
START_TEST(loss_is_said)
{
	unsigned n = 0;

	open_three(&n);
	for (int p = 0; p < PRIORITY_COUNT; p++)
		stage.ui.snap->stats.by_priority[p] = 1234567;
	stage.ui.snap->stats.evicted = 4567;
	stage.ui.snap->stats.index_from = stage.ui.now;
	stage.ui.snap->tally.dropped = 12;
	(void)ui_draw(&stage.ui);
	ck_assert(stage_shows(&stage, "EMR 1,234,567"));
	ck_assert(stage_shows(&stage, "dropped 12  left memory 4,567 (index from 08:00:17)"));
	ck_assert_int_eq(line_of("only events from"), -1);
	stage.ui.snap->panel[0].missed = 4567;
	(void)ui_draw(&stage.ui);
	ck_assert(stage_shows(&stage, "only events from 08:00:17 on"));
	stage_close(&stage);
}
END_TEST

/* --since, --until and -n show, and X undoes them. */
START_TEST(limits_show)
{
	unsigned n = 0;

	open_three(&n);
	stage.ui.since = 1763625600 * NSEC_PER_SEC + 9 * NSEC_PER_SEC;
	stage.ui.until = stage.ui.since + 86400 * NSEC_PER_SEC;
	stage.ui.limit = 1;
	stage_keys(&stage, "2");
	ck_assert(stage_shows(&stage, "since 08:00:09  until Nov 21 08:00:09  first 1 row"));
	ck_assert_int_eq(line_of("anna"), -1);
	ck_assert_int_eq(line_of("cleo"), -1);
	stage.ui.until = stage.ui.since;
	stage_keys(&stage, "\\ r o o t Enter");
	ck_assert(stage_shows(&stage, "until 08:00:09   - X again drops it"));
	ck_assert_int_eq(line_of("is no field"), -1);
	stage_keys(&stage, "X \\ n o s u c h = 1 Enter");
	ck_assert(stage_shows(&stage, "\"nosuch\" is no field that falcotop knows"));
	stage_keys(&stage, "X");
	ck_assert(stage_shows(&stage, "X again drops the limits"));
	ck_assert(stage_shows(&stage, "until 08:00:09   - X drops it"));
	stage_keys(&stage, "X");
	ck_assert(stage_shows(&stage, "anna"));
	ck_assert(stage_shows(&stage, "cleo"));
	ck_assert_int_eq(line_of("since 08"), -1);
	stage_close(&stage);
}
END_TEST

/* Events of another day have dates with their times. */
START_TEST(other_days)
{
	static const char days[] =
	    "{\"output\":\"a\",\"output_fields\":{\"user.name\":\"anna\"},\"priority\":\"Notice\","
	    "\"rule\":\"R\",\"source\":\"syscall\",\"time\":\"2025-11-19T07:59:03.5Z\"}\n"
	    "{\"output\":\"a\",\"output_fields\":{\"user.name\":\"anna\"},\"priority\":\"Notice\","
	    "\"rule\":\"R\",\"source\":\"syscall\",\"time\":\"2025-11-20T08:00:00.5Z\"}\n";

	stage_open(&stage, "xterm-256color", 24, 80, false);
	stage_feed(&stage, days, sizeof(days) - 1, true);
	stage_keys(&stage, "2");
	ck_assert(stage_shows(&stage, " Nov 19 07:59:03 "));
	ck_assert(stage_shows(&stage, "2 events, Nov 19 07:59:03 to 08:00:00"));
	stage_keys(&stage, "9");
	ck_assert(stage_shows(&stage, " Nov 19 07:59:03 "));
	ck_assert(stage_shows(&stage, " 08:00:00.500 "));
	stage_close(&stage);
}
END_TEST

/* Digits on the Health page show that view; the tabs are there. */
START_TEST(health_and_digits)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "o H");
	ck_assert(stage_shows(&stage, "[8 Health]"));
	ck_assert_int_eq(line_of("order frozen"), -1);
	stage_keys(&stage, "2");
	ck_assert(stage_shows(&stage, "[2 Users]"));
	ck_assert(stage_shows(&stage, "> NTC anna"));
	ck_assert_int_eq(line_of("Health  filter"), -1);
	stage_close(&stage);
}
END_TEST

/* What a table is narrowed to stays in sight whatever view it shows. */
START_TEST(digits_keep_the_term)
{
	unsigned n = 0;

	open_three(&n);
	stage_keys(&stage, "4 Enter 2");
	ck_assert(stage_shows(&stage, "les > rule Terminal shell in container > Users"));
	stage_keys(&stage, "%");
	ck_assert(stage_shows(&stage, " > rule Terminal shell in container > "));
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
	tcase_add_test(t, pausing);
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
	tcase_add_test(t, risk_explains);
	tcase_add_test(t, risk_of_a_missing_user);
	tcase_add_test(t, risk_sorts);
	tcase_add_test(t, mute_and_back);
	tcase_add_test(t, tuning);
	tcase_add_test(t, detections_in_full);
	tcase_add_test(t, blanks_show);
	tcase_add_test(t, marks_are_no_text);
	tcase_add_test(t, loss_is_said);
	tcase_add_test(t, limits_show);
	tcase_add_test(t, other_days);
	tcase_add_test(t, health_and_digits);
	tcase_add_test(t, digits_keep_the_term);
	tcase_add_test(t, doubtful_names_are_flagged);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
