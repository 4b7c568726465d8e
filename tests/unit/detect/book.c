/* The risk book: windows and thresholds at their edges, and random books against a simple one. */
#include "detect/book.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "event/timestamp.h"
#include "harness.h"

#define NOW (1768464000000000000 + 1234567890)
#define MIN (60 * NSEC_PER_SEC)

static uint64_t next_id;

static struct risk_event
event(const char *object, int64_t first, double score)
{
	return (struct risk_event){
		.id = { ++next_id, next_id * 77 },
		.hour = first - first % BOOK_HOUR,
		.first = first,
		.last = first,
		.count = 1,
		.score = score,
		.object = slice_of(object),
		.object_type = SLICE("user"),
		.search = SLICE("ESCU - Shells - Rule"),
		.message = SLICE("A shell"),
		.row = SLICE("img\nbash"),
	};
}

static void
add(struct book *b, const char *object, int64_t first, double score)
{
	struct risk_event e = event(object, first, score);

	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
}

static void
add_source(struct book *b, const char *search, const char *tactics, int64_t first)
{
	struct risk_event e = event("root", first, 1);

	e.search = slice_of(search);
	e.tactics = slice_of(tactics);
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
}

static struct book_row
row(struct book *b, const char *object)
{
	struct book_row r;

	book_row(b, NOW, slice_of(object), SLICE("user"), &r);
	return r;
}

START_TEST(severity)
{
	static const struct {
		double sum;
		enum risk_severity severity;
	} t[] = {
		{ 0, RISK_NONE },
		{ 100, RISK_NONE },
		{ 100.001, RISK_MEDIUM },
		{ 101, RISK_MEDIUM },
		{ 249, RISK_MEDIUM },
		{ 249.999, RISK_MEDIUM },
		{ 250, RISK_HIGH },
		{ 499, RISK_HIGH },
		{ 500, RISK_CRITICAL },
		{ 1e9, RISK_CRITICAL },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ck_assert_int_eq(risk_severity(NULL, t[i].sum), t[i].severity);
	ck_assert_str_eq(risk_severity_name(RISK_HIGH), "high");
}
END_TEST

START_TEST(sixth_row)
{
	struct book *b = book_new(NULL);

	for (int i = 0; i < 5; i++)
		add(b, "root", NOW - i * MIN, 20);
	ck_assert_double_eq(row(b, "root").sum24, 100);
	ck_assert_int_eq(row(b, "root").severity, RISK_NONE);
	add(b, "root", NOW, 20);
	ck_assert_double_eq(row(b, "root").sum24, 120);
	ck_assert_int_eq(row(b, "root").severity, RISK_MEDIUM);
	book_free(b);
}
END_TEST

START_TEST(window_edges)
{
	struct book *b = book_new(NULL);
	struct book_row r;
	float trend = 0;

	add(b, "a", NOW - BOOK_DAY, 10);     /* exactly 24 h old: out */
	add(b, "a", NOW - BOOK_DAY + 1, 20); /* in */
	add(b, "a", NOW, 30);		     /* in */
	add(b, "a", NOW + 1, 40);	     /* not yet */
	add(b, "a", NOW - BOOK_WEEK, 50);    /* out of the week */
	add(b, "a", NOW - BOOK_WEEK + 1, 60);
	r = row(b, "a");
	ck_assert_double_eq(r.sum24, 50);
	ck_assert_double_eq(r.sum7d, 120);
	ck_assert_uint_eq(r.events, 4);
	ck_assert_int_eq(r.first, NOW - BOOK_WEEK + 1);
	ck_assert_int_eq(r.last, NOW);
	ck_assert_float_eq(r.trend[0], 20);
	ck_assert_float_eq(r.trend[BOOK_TREND - 1], 30);
	for (int i = 0; i < BOOK_TREND; i++)
		trend += r.trend[i];
	ck_assert_float_eq(trend, 50);
	/* a nanosecond later */
	ck_assert(book_row(b, NOW + 1, SLICE("a"), SLICE("user"), &r));
	ck_assert_double_eq(r.sum24, 70);
	ck_assert_double_eq(r.sum7d, 100);
	/* long after */
	ck_assert(!book_row(b, NOW + 10 * BOOK_WEEK, SLICE("a"), SLICE("user"), &r));
	ck_assert_double_eq(r.sum7d, 0);
	ck_assert(!book_row(b, INT64_MIN, SLICE("a"), SLICE("user"), &r));
	ck_assert(!book_row(b, INT64_MAX, SLICE("a"), SLICE("user"), &r));
	ck_assert(!book_row(b, NOW, SLICE("a"), SLICE("system"), &r));
	book_free(b);
}
END_TEST

START_TEST(idempotent)
{
	struct book *b = book_new(NULL);
	struct risk_event e = event("root", NOW - 10 * MIN, 20);
	struct book_status s;
	struct book_entry entry;
	uint32_t n;

	e.count = 5;
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_SAME);
	book_status(b, &s);
	e.count = 3; /* another reader is behind */
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_SAME);
	e.count = 9;
	e.first -= MIN;
	e.last += MIN;
	e.score = 70; /* as first given */
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_GREW);
	e.first += 5 * MIN;
	e.last -= 5 * MIN;
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_SAME);
	ck_assert_uint_eq(
	    book_ledger(b, NOW, BOOK_WEEK, e.object, e.object_type, &entry, 1, &n), 1);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(entry.count, 9);
	ck_assert_int_eq(entry.first, NOW - 11 * MIN);
	ck_assert_int_eq(entry.last, NOW - 9 * MIN);
	ck_assert_double_eq(entry.score, 20);
	ck_assert_int_eq(entry.leaves, entry.first + BOOK_DAY);
	/* muted: kept, not counted; and back */
	e.muted = true;
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_GREW);
	ck_assert_double_eq(row(b, "root").sum24, 0);
	ck_assert_uint_eq(row(b, "root").muted, 1);
	ck_assert_uint_eq(row(b, "root").events, 0);
	e.muted = false;
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_GREW);
	ck_assert_double_eq(row(b, "root").sum24, 20);
	book_free(b);
}
END_TEST

START_TEST(refused)
{
	struct book *b = book_new(NULL);
	struct risk_event e = event("root", NOW, 20);
	struct book_status s;

	e.first = TIME_NONE;
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_LEFT);
	e.first = NOW + BOOK_DAY + 1;
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_LEFT);
	e.first = INT64_MAX; /* the year 9999 saturates */
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_LEFT);
	e.object = SLICE("");
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_LEFT);
	e = event("root", NOW + BOOK_DAY, 20);
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
	e = event("root", 5 * BOOK_DAY, NAN); /* 1970 */
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
	e = event("inf", NOW, INFINITY);
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
	e = event("neg", NOW, -5);
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
	ck_assert_double_eq(row(b, "inf").sum24, SCORE_MAX);
	ck_assert_double_eq(row(b, "neg").sum24, 0);
	book_status(b, &s);
	ck_assert_uint_eq(s.ahead, 2);
	ck_assert_uint_eq(s.refused, 2);
	ck_assert_uint_eq(s.events, 4);
	book_clear(b);
	book_status(b, &s);
	ck_assert_uint_eq(s.events, 0);
	ck_assert_uint_eq(s.objects, 0);
	add(b, "again", NOW, 1);
	ck_assert_double_eq(row(b, "again").sum24, 1);
	book_free(b);
}
END_TEST

START_TEST(tactic_rule)
{
	struct book *b = book_new(NULL);
	struct book_row r;

	add_source(b, "s1", "TA0002 TA0003", NOW - 6 * BOOK_DAY);
	add_source(b, "s2", "TA0006", NOW - 5 * BOOK_DAY);
	add_source(b, "s3", "TA0006", NOW - 4 * BOOK_DAY);
	r = row(b, "root");
	ck_assert_uint_eq(r.tactics, 3);
	ck_assert_uint_eq(r.sources, 3);
	ck_assert(!r.tactic_rule); /* 3 and 3 */
	add_source(b, "s4", "", NOW);
	r = row(b, "root");
	ck_assert_uint_eq(r.sources, 4);
	ck_assert_uint_eq(r.tactic_sources, 3);
	ck_assert(!r.tactic_rule); /* the fourth has no tactic */
	add_source(b, "s4", "TA0002", NOW);
	ck_assert(row(b, "root").tactic_rule);
	/* s1 leaves the week, and with it a tactic */
	ck_assert(book_row(b, NOW + BOOK_DAY, SLICE("root"), SLICE("user"), &r));
	ck_assert_uint_eq(r.sources, 3);
	ck_assert_uint_eq(r.tactics, 2);
	ck_assert(!r.tactic_rule);
	book_free(b);
	/* one source with all tactics is one source; what is no tactic id is none */
	b = book_new(NULL);
	add_source(b, "s1", "TA0001 TA0002 TA0003 TA0004 TA00 XX0001 TA00001 TA000x", NOW);
	r = row(b, "root");
	ck_assert_uint_eq(r.tactics, 4);
	ck_assert(!r.tactic_rule);
	book_free(b);
}
END_TEST

START_TEST(ledger)
{
	struct book *b = book_new(NULL);
	struct book_entry e[16];
	struct book_outlook o;
	uint32_t n;
	static const double running[] = { 20, 40, 60, 80, 100, 120 };

	for (int i = 0; i < 6; i++)
		add(b, "root", NOW - 6 * MIN + i * MIN, 20);
	ck_assert_uint_eq(
	    book_ledger(b, NOW, BOOK_DAY, SLICE("root"), SLICE("user"), e, 16, &n), 6);
	ck_assert_uint_eq(n, 6);
	for (int i = 0; i < 6; i++) {
		ck_assert_double_eq(e[i].running, running[i]);
		ck_assert_int_eq(e[i].severity, i < 5 ? RISK_NONE : RISK_MEDIUM);
		ck_assert_double_eq(e[i].one_more, 140);
		ck_assert(slice_eq(e[i].search, SLICE("ESCU - Shells - Rule")));
		ck_assert(slice_eq(e[i].row, SLICE("img\nbash")));
	}
	/* the newest two */
	ck_assert_uint_eq(book_ledger(b, NOW, BOOK_DAY, SLICE("root"), SLICE("user"), e, 2, &n), 6);
	ck_assert_uint_eq(n, 2);
	ck_assert_double_eq(e[0].running, 100);
	ck_assert_uint_eq(book_ledger(b, NOW, BOOK_DAY, SLICE("no"), SLICE("user"), e, 2, &n), 0);
	ck_assert_uint_eq(n, 0);

	book_outlook(b, NOW, SLICE("root"), SLICE("user"), &o);
	ck_assert_double_eq(o.sum24, 120);
	ck_assert_int_eq(o.next_leaves, NOW - 6 * MIN + BOOK_DAY);
	ck_assert_double_eq(o.next_sum, 100);
	ck_assert_double_eq(o.threshold, 250);
	ck_assert_uint_eq(o.tactics_missing, 3);
	ck_assert_uint_eq(o.sources_missing, 4);
	book_outlook(b, NOW, SLICE("no"), SLICE("user"), &o);
	ck_assert_int_eq(o.next_leaves, TIME_NONE);
	ck_assert_double_eq(o.threshold, 100);
	ck_assert_double_eq(row(b, "root").sum24, 120);
	book_free(b);
}
END_TEST

START_TEST(ledger_slides)
{
	struct book *b = book_new(NULL);
	struct book_entry e[4];
	uint32_t n;

	add(b, "root", NOW - BOOK_DAY - 10, 1);
	add(b, "root", NOW - BOOK_DAY - 5, 2);
	add(b, "root", NOW - 10, 4); /* exactly a day after the first */
	add(b, "root", NOW, 8);
	/* what is before the span still counts in the running sums */
	ck_assert_uint_eq(book_ledger(b, NOW, MIN, SLICE("root"), SLICE("user"), e, 4, &n), 2);
	ck_assert_uint_eq(n, 2);
	ck_assert_double_eq(e[0].running, 6);
	ck_assert_double_eq(e[1].running, 12);
	ck_assert_double_eq(e[1].one_more, 20);
	book_free(b);
}
END_TEST

START_TEST(cap)
{
	struct book_options o = book_options_default;
	struct book *b;
	struct book_entry e[8];
	struct risk_event x;
	uint32_t n;

	o.cap = 3;
	b = book_new(&o);
	for (int i = 0; i < 6; i++)
		add(b, "root", NOW - 10 * MIN + i * MIN, 20);
	ck_assert_double_eq(row(b, "root").sum24, 60);
	ck_assert_uint_eq(book_ledger(b, NOW, BOOK_DAY, SLICE("root"), SLICE("user"), e, 8, &n), 6);
	ck_assert_double_eq(e[1].running, 40);
	ck_assert_double_eq(e[3].running, 60);
	ck_assert_double_eq(e[5].one_more, 60);
	x = event("root", NOW, 7);
	x.search = SLICE("other");
	book_add(b, &x, NOW);
	ck_assert_double_eq(row(b, "root").sum24, 67);
	o.cap = 0;
	book_set_options(b, &o);
	ck_assert_double_eq(row(b, "root").sum24, 127);
	book_free(b);
}
END_TEST

START_TEST(factors)
{
	struct risk_factors *f = risk_factors_new();
	struct book *b = book_new(NULL);
	char err[128];

	ck_assert(risk_factors_add(f, "object=ROOT*", 0, 1.5, err, sizeof(err)));
	ck_assert(risk_factors_add(f, "type=user and search!=local*", 5, 1, err, sizeof(err)));
	ck_assert(
	    risk_factors_add(f, " row=\"img\" and message = 'a shell' ", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "user=x", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object=", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object='x", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object=x or type=y", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object=x and", 0, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object=x", NAN, 2, err, sizeof(err)));
	ck_assert(!risk_factors_add(f, "object=x", 0, -1, err, sizeof(err)));
	ck_assert_uint_eq(risk_factors_count(f), 3);
	add(b, "root", NOW, 20);
	add(b, "alice", NOW, 20);
	book_set_factors(b, f);
	ck_assert_double_eq(row(b, "root").sum24, 75); /* (20 + 5) * 1.5 * 2 */
	ck_assert_double_eq(row(b, "alice").sum24, 50);
	add(b, "root", NOW, 1);
	ck_assert_double_eq(row(b, "root").sum24, 75 + 18);
	book_set_factors(b, NULL);
	ck_assert_double_eq(row(b, "root").sum24, 21);
	book_free(b);
	risk_factors_free(f);
}
END_TEST

START_TEST(scores)
{
	struct risk_scores *s = risk_scores_new();

	ck_assert_double_eq(risk_scores_get(NULL, SLICE("r"), PRIORITY_CRITICAL), 0);
	ck_assert_double_eq(risk_scores_get(s, SLICE("r"), PRIORITY_CRITICAL), 0);
	risk_scores_set_priority(s, PRIORITY_CRITICAL, 40);
	ck_assert(risk_scores_set_rule(s, SLICE("r"), 5));
	ck_assert(risk_scores_set_rule(s, SLICE("r"), 6));
	ck_assert_double_eq(risk_scores_get(s, SLICE("r"), PRIORITY_CRITICAL), 6);
	ck_assert_double_eq(risk_scores_get(s, SLICE("q"), PRIORITY_CRITICAL), 40);
	ck_assert_double_eq(risk_scores_get(s, SLICE("q"), PRIORITY_ERROR), 0);
	risk_scores_free(s);
}
END_TEST

START_TEST(strip_and_values)
{
	struct book *b = book_new(NULL);
	struct book_tactic t[BOOK_TACTICS];
	struct slice v[8];
	struct risk_event e;
	uint32_t n;

	add_source(b, "b", "TA0007", NOW - 2 * MIN);
	add_source(b, "a", "TA0002 TA0007", NOW - MIN);
	add_source(b, "old", "TA0001", NOW - 8 * BOOK_DAY);
	e = event("root", NOW, 1);
	e.tactics = SLICE("TA0002");
	e.stories = SLICE("Z story\nA story");
	e.techniques = SLICE("T1204 T1059");
	e.count = 41;
	book_add(b, &e, NOW);
	ck_assert_uint_eq(book_strip(b, NOW, BOOK_WEEK, SLICE("root"), SLICE("user"), t), 2);
	ck_assert(slice_eq(t[0].id, SLICE("TA0007")));
	ck_assert_int_eq(t[0].first, NOW - 2 * MIN);
	ck_assert_uint_eq(t[0].risk_events, 2);
	ck_assert(slice_eq(t[1].id, SLICE("TA0002")));
	ck_assert_uint_eq(t[1].events, 42);
	ck_assert_int_eq(t[1].last, NOW);
	ck_assert_uint_eq(book_strip(b, NOW, BOOK_WEEK, SLICE("x"), SLICE("user"), t), 0);

	ck_assert_uint_eq(
	    book_values(b, NOW, BOOK_WEEK, SLICE("root"), SLICE("user"), BOOK_SEARCH, v, 8, &n), 3);
	ck_assert_uint_eq(n, 3);
	ck_assert(slice_eq(v[0], SLICE("ESCU - Shells - Rule")));
	ck_assert(slice_eq(v[2], SLICE("b")));
	ck_assert_uint_eq(
	    book_values(b, NOW, BOOK_WEEK, SLICE("root"), SLICE("user"), BOOK_STORY, v, 1, &n), 2);
	ck_assert_uint_eq(n, 1);
	ck_assert(slice_eq(v[0], SLICE("A story")));
	ck_assert_uint_eq(
	    book_values(b, NOW, BOOK_WEEK, SLICE("root"), SLICE("user"), BOOK_TECHNIQUE, v, 8, &n),
	    2);
	ck_assert(slice_eq(v[0], SLICE("T1059")));
	ck_assert_uint_eq(
	    book_values(b, NOW, BOOK_WEEK, SLICE("root"), SLICE("user"), BOOK_MESSAGE, v, 8, &n),
	    1);
	ck_assert_uint_eq(
	    book_values(b, NOW, BOOK_WEEK, SLICE("root"), SLICE("user"), BOOK_TACTIC, v, 8, &n), 2);
	book_free(b);
}
END_TEST

START_TEST(table_order)
{
	struct book *b = book_new(NULL);
	struct book_row r[8];
	static const char *const order[] = { "high", "week", "a", "b" };
	struct risk_event e;
	uint32_t n;

	add(b, "b", NOW, 10);
	add(b, "a", NOW, 10);
	add(b, "week", NOW, 10);
	add(b, "week", NOW - 2 * BOOK_DAY, 10);
	add(b, "high", NOW, 20);
	e = event("node-1", NOW, 30);
	e.object_type = SLICE("system");
	book_add(b, &e, NOW);
	ck_assert_uint_eq(book_users(b, NOW, SLICE("user"), r, 8, &n), 4);
	ck_assert_uint_eq(n, 4);
	for (int i = 0; i < 4; i++)
		ck_assert(slice_eq(r[i].object, slice_of(order[i])));
	ck_assert_uint_eq(book_users(b, NOW, SLICE(""), r, 2, &n), 5);
	ck_assert_uint_eq(n, 2);
	ck_assert(slice_eq(r[0].object, SLICE("node-1")));
	ck_assert(slice_eq(r[1].object, SLICE("high")));
	ck_assert_uint_eq(book_users(b, NOW, SLICE(""), r, 0, &n), 5);
	book_free(b);
}
END_TEST

START_TEST(oldest_leave)
{
	struct book_options o = book_options_default;
	struct book *b;
	struct book_status s;
	struct risk_event e;

	o.events_max = 3;
	b = book_new(&o);
	add(b, "new", NOW, 1);
	add(b, "old", NOW - 3 * BOOK_HOUR, 1);
	add(b, "mid", NOW - BOOK_HOUR, 1);
	add(b, "new", NOW, 1); /* "old" leaves */
	book_status(b, &s);
	ck_assert_uint_eq(s.events, 3);
	ck_assert_uint_eq(s.evicted, 1);
	ck_assert_uint_eq(s.objects, 2);
	ck_assert_double_eq(row(b, "old").sum24, 0);
	e = event("older", NOW - 9 * BOOK_HOUR, 1); /* itself the oldest */
	ck_assert_int_eq(book_add(b, &e, NOW), BOOK_LEFT);
	ck_assert_double_eq(row(b, "new").sum24, 2);
	ck_assert_double_eq(row(b, "mid").sum24, 1);
	book_free(b);
	/* a cap on texts holds too */
	o.events_max = 0;
	o.texts_max = 100000;
	b = book_new(&o);
	for (int i = 0; i < 200; i++) {
		char text[3000];

		memset(text, 'a', sizeof(text));
		snprintf(text, sizeof(text), "%d", i);
		e = event("root", NOW - (i % 7) * BOOK_HOUR, 1);
		e.message = (struct slice){ text, sizeof(text) };
		book_add(b, &e, NOW);
	}
	book_status(b, &s);
	ck_assert_uint_lt(s.events, 40);
	ck_assert_uint_gt(s.events, 25);
	ck_assert_uint_eq(s.events + s.evicted, 200);
	book_free(b);
}
END_TEST

START_TEST(long_names)
{
	struct book *b = book_new(NULL);
	char name[2][5000];
	struct risk_event e = event("x", NOW, 3);
	struct book_row r;

	for (int i = 0; i < 2; i++) {
		memset(name[i], 'n', sizeof(name[i]));
		name[i][4999] = (char)('0' + i);
		e.id[0] = 900 + (uint64_t)i;
		e.object = (struct slice){ name[i], sizeof(name[i]) };
		ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert(book_row(
		    b, NOW, (struct slice){ name[i], sizeof(name[i]) }, SLICE("user"), &r));
		ck_assert_double_eq(r.sum24, 3);
		ck_assert_uint_eq(r.object.len, 512);
	}
	book_free(b);
}
END_TEST

/* --- random books against a simple one */

#define MANY 400

struct simple {
	int64_t first;
	int score, object, source;
	bool muted;
};

static uint64_t seed;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static double
simple_sum(const struct simple *s, int n, int object, int64_t now, int64_t span, double limit)
{
	double total = 0;

	for (int source = 0; source < 3; source++) {
		double sum = 0, max = 0;

		for (int i = 0; i < n; i++) {
			if (s[i].object != object || s[i].source != source || s[i].muted ||
			    s[i].first <= now - span || s[i].first > now)
				continue;
			sum += s[i].score;
			max = s[i].score > max ? s[i].score : max;
		}
		total += limit > 0 && sum > limit * max ? limit * max : sum;
	}
	return total;
}

static void
check_object(struct book *b, const struct simple *s, int object, double limit)
{
	static struct book_entry e[MANY];
	char name[16];
	struct book_row r;
	struct book_outlook o;
	uint32_t n;

	snprintf(name, sizeof(name), "u%d", object);
	r = row(b, name);
	MUST(r.sum24 == simple_sum(s, MANY, object, NOW, BOOK_DAY, limit));
	MUST(r.sum7d == simple_sum(s, MANY, object, NOW, BOOK_WEEK, limit));
	book_ledger(b, NOW, BOOK_WEEK, slice_of(name), SLICE("user"), e, MANY, &n);
	for (uint32_t i = 0; i < n; i++) {
		MUST(i == 0 || e[i - 1].first <= e[i].first);
		if (i + 1 < n && e[i + 1].first == e[i].first)
			continue; /* the sum of a moment is that after its last entry */
		MUST(e[i].running == simple_sum(s, MANY, object, e[i].first, BOOK_DAY, limit));
	}
	book_outlook(b, NOW, slice_of(name), SLICE("user"), &o);
	if (o.next_leaves != TIME_NONE) {
		struct simple past[MANY];

		/* as if nothing came after now */
		for (int i = 0; i < MANY; i++) {
			past[i] = s[i];
			past[i].muted = s[i].muted || s[i].first > NOW;
		}
		MUST(o.next_sum == simple_sum(past, MANY, object, o.next_leaves, BOOK_DAY, limit));
	}
	r = row(b, name);
	MUST(r.sum24 == simple_sum(s, MANY, object, NOW, BOOK_DAY, limit));
}

START_TEST(random_books)
{
	struct simple s[MANY];
	struct book_options o = book_options_default;
	struct book *b;

	seed = (uint64_t)_i + 1;
	o.cap = _i % 2 == 0 ? 0 : 2;
	b = book_new(&o);
	for (int i = 0; i < MANY; i++) {
		char name[16], search[16];
		struct risk_event e;

		s[i] = (struct simple){ NOW - (int64_t)rnd(200) * BOOK_HOUR + BOOK_HOUR * 5 +
					    (int64_t)rnd(3),
			(int)rnd(50), (int)rnd(4), (int)rnd(3), rnd(8) == 0 };
		snprintf(name, sizeof(name), "u%d", s[i].object);
		snprintf(search, sizeof(search), "s%d", s[i].source);
		e = event(name, s[i].first, s[i].score);
		e.search = slice_of(search);
		e.muted = s[i].muted;
		ck_assert_int_eq(book_add(b, &e, NOW), BOOK_NEW);
		ck_assert_int_eq(book_add(b, &e, NOW), BOOK_SAME);
	}
	for (int object = 0; object < 4; object++)
		check_object(b, s, object, o.cap);
	book_free(b);
}
END_TEST

/* A full book under churn: nothing is lost or counted twice, and only the newest hours stay. */
START_TEST(churn)
{
	struct book_options o = book_options_default;
	struct book *b;
	static struct book_row r[512];
	struct book_status st;
	uint32_t n, events = 0;

	seed = 7;
	o.events_max = 500;
	b = book_new(&o);
	for (int i = 0; i < 20000; i++) {
		char name[16];
		struct risk_event e;

		snprintf(name, sizeof(name), "u%u", rnd(300));
		e = event(name, NOW - (int64_t)rnd(160) * BOOK_HOUR, 1);
		book_add(b, &e, NOW);
	}
	book_status(b, &st);
	ck_assert_uint_eq(st.events, 500);
	ck_assert_uint_eq(st.evicted, 19500);
	ck_assert_uint_eq(book_users(b, NOW, SLICE(""), r, 512, &n), st.objects);
	for (uint32_t i = 0; i < n; i++) {
		events += r[i].events;
		MUST(r[i].first > NOW - 6 * BOOK_HOUR);
		MUST(i == 0 || r[i].sum24 <= r[i - 1].sum24);
	}
	ck_assert_uint_eq(events, 500);
	book_free(b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("detect/book");
	TCase *t = tcase_create("book");

	tcase_add_test(t, severity);
	tcase_add_test(t, sixth_row);
	tcase_add_test(t, window_edges);
	tcase_add_test(t, idempotent);
	tcase_add_test(t, refused);
	tcase_add_test(t, tactic_rule);
	tcase_add_test(t, ledger);
	tcase_add_test(t, ledger_slides);
	tcase_add_test(t, cap);
	tcase_add_test(t, factors);
	tcase_add_test(t, scores);
	tcase_add_test(t, strip_and_values);
	tcase_add_test(t, table_order);
	tcase_add_test(t, oldest_leave);
	tcase_add_test(t, long_names);
	tcase_add_loop_test(t, random_books, 0, 20);
	tcase_add_test(t, churn);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
