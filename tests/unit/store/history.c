/* The history as its callers see it: what goes in comes out, sums are exact, nothing is counted
 * twice, answers are in order. */
#include "store/history.h"

#include <math.h>

#include "store.h"

#include "base/banned.h"

#define EVENTS 4000

static struct risk_event
plain(void)
{
	return (struct risk_event){
		.id = { 7, 8 },
		.first = NOW - MINUTE,
		.last = NOW - MINUTE + 5,
		.count = 1,
		.score = 20,
		.object = SLICE("root"),
		.object_type = SLICE("user"),
		.search = SLICE("S"),
		.message = SLICE("m"),
		.stories = SLICE("story"),
		.techniques = SLICE("T1"),
		.tactics = SLICE("TA1"),
		.row = SLICE("[]"),
	};
}

static struct history_answer *
page(struct history *h, const char *object, uint32_t ledger)
{
	struct history_query q = { .number = 5, .now = NOW, .ledger = ledger };

	q.object = slice_of(object);
	return ask(h, &q);
}

START_TEST(comes_back)
{
	struct history *h = start();
	struct risk_event e = plain();
	struct history_answer *a;
	struct history_status s;

	ck_assert(history_add(h, &e));
	a = page(h, "root", 10);
	ck_assert_uint_eq(a->number, 5);
	ck_assert_uint_eq(a->error.len, 0);
	ck_assert_uint_eq(a->nrows, 1);
	ck_assert(slice_eq(a->row[0].object, SLICE("root")));
	ck_assert(slice_eq(a->row[0].object_type, SLICE("user")));
	ck_assert_double_eq(a->row[0].score_24h, 20);
	ck_assert_double_eq(a->row[0].score_span, 20);
	ck_assert_uint_eq(a->row[0].events, 1);
	ck_assert_int_eq(a->row[0].first, e.first);
	ck_assert_int_eq(a->row[0].last, e.last);
	ck_assert_uint_eq(a->row[0].messages.n, 1);
	ck_assert(slice_eq(a->row[0].messages.v[0], SLICE("m")));
	ck_assert(slice_eq(a->row[0].tactics.v[0], SLICE("TA1")));
	ck_assert_float_eq(a->row[0].trend[HISTORY_SLOTS - 1], 20);
	ck_assert_uint_eq(a->nledger, 1);
	ck_assert(slice_eq(a->ledger[0].row, SLICE("[]")));
	ck_assert(slice_eq(a->ledger[0].search, SLICE("S")));
	ck_assert_uint_eq(a->ledger[0].count, 1);
	history_answer_free(a);
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.inserted, 1);
	ck_assert_uint_eq(s.pending, 0);
	ck_assert_int_gt((int64_t)s.file_bytes, 0);
	history_free(h);
}
END_TEST

/* The same rows again, in this run and the next: nothing is added; news only widens. */
START_TEST(twice_is_once)
{
	struct history *h = start();
	struct risk_event e = plain();
	struct history_answer *a;
	struct history_status s;

	add_numbers(h, 0, EVENTS);
	ck_assert(history_flush(h, LONG));
	add_numbers(h, 0, EVENTS);
	ck_assert(history_add(h, &e));
	history_free(h);
	h = start();
	add_numbers(h, 0, EVENTS);
	e.count = 4;
	e.first -= 3;
	e.last += 2;
	e.message = SLICE("another text changes nothing");
	ck_assert(history_add(h, &e));
	e = plain();
	ck_assert(history_add(h, &e));
	ck_assert(history_flush(h, LONG));
	history_status(h, &s);
	ck_assert_uint_eq(s.inserted, 0);
	ck_assert_uint_eq(s.updated, 1);
	ck_assert_uint_eq(s.unchanged, EVENTS);
	ck_assert_uint_eq(s.coalesced, 1);
	a = page(h, "root", 1);
	ck_assert_uint_eq(a->row[0].events, 1);
	ck_assert_double_eq(a->row[0].score_span, 20);
	ck_assert_int_eq(a->row[0].first, e.first - 3);
	ck_assert_int_eq(a->row[0].last, e.last + 2);
	ck_assert_uint_eq(a->ledger[0].count, 4);
	ck_assert(slice_eq(a->ledger[0].message, SLICE("m")));
	history_answer_free(a);
	history_free(h);
}
END_TEST

struct expected {
	double day, span;
	uint64_t events, muted, messages, searches;
	int64_t first, last;
};

/* The same question by looking at every event. */
static struct expected
by_hand(int64_t now, int64_t span, unsigned user, bool muted)
{
	struct expected x = { .first = INT64_MAX, .last = INT64_MIN };
	bool container[17] = { 0 }, search[4] = { 0 };
	char text[256];

	for (uint64_t n = user; n < EVENTS; n += 5) {
		struct risk_event e = risk_number(n, text);
		bool in = e.first > now - span && e.first <= now;

		x.muted += in && e.muted;
		if (e.muted && !muted)
			continue;
		if (e.first > now - HISTORY_DAY && e.first <= now)
			x.day += e.score;
		if (!in)
			continue;
		x.span += e.score;
		x.events++;
		x.first = e.first < x.first ? e.first : x.first;
		x.last = e.last > x.last ? e.last : x.last;
		container[n % 17] = true;
		search[n % 4] = true;
	}
	for (unsigned i = 0; i < 17; i++)
		x.messages += container[i];
	for (unsigned i = 0; i < 4; i++)
		x.searches += search[i];
	return x;
}

static const struct {
	int64_t back, span; /* ns before NOW; how long */
} windows[] = {
	{ 0, HISTORY_WEEK },
	{ 0, HISTORY_DAY },
	{ 0, HISTORY_HOUR },
	{ 0, MINUTE },
	{ 12345678901, HISTORY_WEEK },
	{ 3 * HISTORY_DAY + 17 * MINUTE, 5 * HISTORY_DAY + 1 },
	{ 40 * MINUTE, HISTORY_HOUR }, /* ends where an hour does: NOW is 06:40 */
	{ 40 * MINUTE + 1, HISTORY_HOUR },
	{ 13 * HISTORY_DAY, HISTORY_WEEK },
	{ -HISTORY_WEEK, 15 * HISTORY_DAY },
};

START_TEST(sums_are_exact)
{
	struct history *h = start();

	add_numbers(h, 0, EVENTS);
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		for (unsigned user = 0; user < 10; user++) {
			int64_t now = NOW - windows[w].back;
			bool muted = user >= 5;
			struct expected x = by_hand(now, windows[w].span, user % 5, muted);
			struct history_query q = { .now = now,
				.span = windows[w].span,
				.muted = muted,
				.ledger = EVENTS };
			struct history_answer *a;
			char name[3] = { 'u', (char)('0' + user % 5), '\0' };

			q.object = slice_of(name);
			a = ask(h, &q);
			ck_assert_uint_eq(a->nrows, x.events > 0);
			ck_assert_uint_eq(a->nledger, x.events);
			ck_assert_uint_eq(a->total_ledger, x.events);
			if (x.events > 0) {
				ck_assert_double_eq(a->row[0].score_24h, x.day);
				ck_assert_double_eq(a->row[0].score_span, x.span);
				ck_assert_uint_eq(a->row[0].events, x.events);
				ck_assert_uint_eq(a->row[0].muted, x.muted);
				ck_assert_uint_eq(a->row[0].messages.n, x.messages);
				ck_assert_uint_eq(a->row[0].searches.n, x.searches);
				ck_assert_int_eq(a->row[0].first, x.first);
				ck_assert_int_eq(a->row[0].last, x.last);
			}
			for (uint32_t i = 1; i < a->nledger; i++)
				MUST(a->ledger[i - 1].first > a->ledger[i].first);
			history_answer_free(a);
		}
	}
	history_free(h);
}
END_TEST

/* The page of all objects takes whole days from sums of their own; each row must be what the
 * object's own question says. */
START_TEST(page_is_exact)
{
	struct history *h = start();

	add_numbers(h, 0, EVENTS);
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		int64_t now = NOW - windows[w].back;
		struct history_query q = { .now = now, .span = windows[w].span };
		struct history_answer *a = ask(h, &q);
		uint32_t expected = 0;

		for (unsigned user = 0; user < 5; user++)
			expected += by_hand(now, windows[w].span, user, false).events > 0;
		ck_assert_uint_eq(a->nrows, expected);
		for (uint32_t i = 0; i < a->nrows; i++) {
			unsigned user = (unsigned)(a->row[i].object.p[1] - '0');
			struct expected x = by_hand(now, windows[w].span, user, false);

			ck_assert_double_eq(a->row[i].score_24h, x.day);
			ck_assert_double_eq(a->row[i].score_span, x.span);
			ck_assert_uint_eq(a->row[i].events, x.events);
			ck_assert_uint_eq(a->row[i].muted, x.muted);
			ck_assert_uint_eq(a->row[i].searches.n, x.searches);
			ck_assert_int_eq(a->row[i].first, x.first);
			ck_assert_int_eq(a->row[i].last, x.last);
			if (i > 0)
				ck_assert_double_ge(a->row[i - 1].score_24h, a->row[i].score_24h);
		}
		history_answer_free(a);
	}
	history_free(h);
}
END_TEST

/* Many rows of one object: its messages are found another way, the answer is the same. */
START_TEST(many_rows)
{
	struct history_options o = { .pending_max = 100000 };
	struct history *h = start_at(test_path, &o);
	struct history_query q = { .now = NOW, .span = HISTORY_WEEK };
	struct risk_event e = plain();
	struct history_answer *a;
	char text[64];

	q.object = SLICE("root");
	for (uint64_t n = 0; n < 30000; n++) {
		e.id[0] = n * 77777 + 1;
		e.first = e.last = NOW - (int64_t)(n * 23) * NSEC_PER_SEC;
		e.message = (struct slice){ text,
			(size_t)snprintf(text, sizeof(text), "m%d", (int)(n * 1500 / 30000)) };
		MUST(history_add(h, &e));
	}
	a = ask(h, &q);
	/* 7 days of one every 23 seconds */
	ck_assert_uint_eq(a->row[0].events, 7 * 86400 / 23 + 1);
	ck_assert_uint_eq(a->row[0].messages.n, HISTORY_VALUES_MAX);
	ck_assert_uint_eq(
	    a->row[0].messages.n + a->row[0].messages.more, (7 * 86400 / 23) * 1500 / 30000 + 1);
	history_answer_free(a);
	history_free(h);
}
END_TEST

START_TEST(order_and_limits)
{
	static const struct {
		const char *object, *type;
		double score;
		int64_t ago;
	} in[] = {
		{ "b", "user", 100, MINUTE },
		{ "a", "user", 100, MINUTE },
		{ "a", "other", 100, MINUTE },
		{ "old", "user", 900, 2 * HISTORY_DAY },
		{ "old and new", "user", 900, 2 * HISTORY_DAY },
		{ "old and new", "user", 50, MINUTE },
		{ "top", "system", 100.001, MINUTE },
		{ "gone", "user", 1000, 8 * HISTORY_DAY },
		{ "not yet", "user", 1000, -MINUTE },
	};
	static const char *const out[] = { "top", "a", "a", "b", "old and new", "old" };
	struct history *h = start();
	struct history_query q = { .now = NOW, .messages = true };
	struct history_answer *a;

	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		struct risk_event e = plain();

		e.id[0] = i;
		e.object = slice_of(in[i].object);
		e.object_type = slice_of(in[i].type);
		e.score = in[i].score;
		e.first = e.last = NOW - in[i].ago;
		ck_assert(history_add(h, &e));
	}
	a = ask(h, &q);
	ck_assert_uint_eq(a->nrows, 6);
	for (uint32_t i = 0; i < 6; i++)
		ck_assert(slice_eq(a->row[i].object, slice_of(out[i])));
	ck_assert(slice_eq(a->row[1].object_type, SLICE("other")));
	ck_assert_int_eq(a->row[0].severity, SEVERITY_MEDIUM);
	ck_assert_int_eq(a->row[1].severity, SEVERITY_NONE);
	ck_assert_uint_eq(a->row[0].messages.n, 1);
	ck_assert_double_eq(a->row[4].score_span, 950);
	history_answer_free(a);
	q.rows = 2;
	q.object_type = SLICE("user");
	q.messages = false;
	a = ask(h, &q);
	ck_assert_uint_eq(a->nrows, 2);
	ck_assert_uint_eq(a->total_rows, 4);
	ck_assert(slice_eq(a->row[0].object, SLICE("a")));
	ck_assert_uint_eq(a->row[0].messages.n, 0);
	history_answer_free(a);
	q = (struct history_query){ .now = NOW, .span = -1, .object = SLICE("gone") };
	a = ask(h, &q);
	ck_assert_uint_eq(a->nrows, 1);
	history_answer_free(a);
	q.object = SLICE("nobody");
	a = ask(h, &q);
	ck_assert_uint_eq(a->nrows, 0);
	ck_assert_uint_eq(a->error.len, 0);
	history_answer_free(a);
	history_free(h);
}
END_TEST

/* A mute that turns moves the risk event between the sums, there and back. */
START_TEST(mute_turns)
{
	struct history *h = start();
	struct risk_event e = plain();
	struct history_answer *a;

	ck_assert(history_add(h, &e));
	e.id[0]++;
	e.message = SLICE("other");
	ck_assert(history_add(h, &e));
	for (unsigned turn = 0; turn < 4; turn++) {
		e.muted = !e.muted;
		ck_assert(history_flush(h, LONG));
		ck_assert(history_add(h, &e));
		a = page(h, "root", 10);
		ck_assert_uint_eq(a->row[0].events, e.muted ? 1 : 2);
		ck_assert_uint_eq(a->row[0].muted, e.muted ? 1 : 0);
		ck_assert_double_eq(a->row[0].score_24h, e.muted ? 20 : 40);
		ck_assert_uint_eq(a->row[0].messages.n, e.muted ? 1 : 2);
		ck_assert_uint_eq(a->nledger, e.muted ? 1 : 2);
		history_answer_free(a);
	}
	history_free(h);
}
END_TEST

/* Every byte is kept; too long is cut; a score that is no number counts nothing. */
START_TEST(hostile_values)
{
	static char big[3 * HISTORY_TEXT_MAX];
	struct history *h = start();
	struct risk_event e = plain();
	struct history_answer *a;

	memset(big, 'x', sizeof(big));
	memcpy(big + HISTORY_TEXT_MAX - 1, "\xe2\x82\xac", 3);
	e.object = SLICE("a'; DROP TABLE risk_event; --\0\x1b]0;x\x07%\xff");
	e.message = (struct slice){ big, sizeof(big) };
	e.search = SLICE("nul\0in it");
	e.score = NAN;
	e.count = UINT64_MAX;
	e.last = e.first - 5;
	ck_assert(history_add(h, &e));
	e.id[1]++;
	e.score = INFINITY;
	e.first = e.last = INT64_MIN;
	ck_assert(history_add(h, &e));
	a = page(h, "root", 0);
	ck_assert_uint_eq(a->nrows, 0);
	history_answer_free(a);
	a = page(h, "", 0);
	ck_assert_uint_eq(a->nrows, 1);
	ck_assert(slice_eq(a->row[0].object, e.object));
	ck_assert(slice_eq(a->row[0].searches.v[0], e.search));
	ck_assert_double_eq(a->row[0].score_24h, 0);
	history_answer_free(a);
	for (unsigned i = 0; i < 2; i++) {
		struct history_query q = {
			.now = NOW, .span = -1, .object = e.object, .ledger = 9
		};

		a = ask(h, &q);
		ck_assert_uint_eq(a->nledger, 2);
		ck_assert_uint_eq(a->ledger[0].message.len, HISTORY_TEXT_MAX - 1);
		ck_assert_uint_eq(a->ledger[0].count, INT64_MAX);
		ck_assert_int_eq(a->ledger[0].last, a->ledger[0].first);
		history_answer_free(a);
	}
	history_free(h);
}
END_TEST

START_TEST(seen_before)
{
	struct history *h = start();
	uint64_t name[2] = { 1, 2 }, late[2] = { 3, 4 };

	ck_assert_int_eq(history_seen_peek(h, SEEN_ROW, name), SEEN_UNKNOWN);
	ck_assert_int_eq(history_seen(h, SEEN_ROW, name), SEEN_NEW);
	ck_assert_int_eq(history_seen(h, SEEN_ROW, name), SEEN_NEW);
	ck_assert_int_eq(history_seen_peek(h, SEEN_USER_CONTAINER, name), SEEN_UNKNOWN);
	history_free(h);
	h = start();
	ck_assert_int_eq(history_seen(h, SEEN_ROW, name), SEEN_BEFORE);
	ck_assert_int_eq(history_seen(h, SEEN_USER_CONTAINER, name), SEEN_NEW);
	ck_assert_int_eq(history_seen(h, SEEN_ROW, late), SEEN_NEW);
	history_free(h);
	h = start_at("none", NULL);
	ck_assert_int_eq(history_seen(h, SEEN_ROW, name), SEEN_UNKNOWN);
	history_free(h);
}
END_TEST

static struct history_mutes *
mutes_of(struct history *h, uint32_t n)
{
	int64_t end = clock_mono() + LONG;
	struct history_mutes *m = NULL;

	while ((m == NULL || m->n != n) && clock_mono() < end) {
		struct history_mutes *newer = history_take_mutes(h);

		if (newer != NULL) {
			history_mutes_free(m);
			m = newer;
		}
		nap();
	}
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->n, n);
	return m;
}

/* Made here, seen by another instance, changed there, seen here. */
START_TEST(mutes_travel)
{
	struct history *a = start(), *b = start();
	struct history_mute m = { .created = NOW,
		.expires = NOW + HISTORY_DAY,
		.expression = SLICE("user.name=root"),
		.reason = SLICE("known"),
		.owner = SLICE("me"),
		.detail = SLICE("7000") };
	struct history_mutes *list;
	int64_t end = clock_mono() + LONG;
	bool broken = false;
	uint64_t id = history_mute(a, &m);

	ck_assert_uint_ne(id, 0);
	history_mutes_free(mutes_of(a, 1));
	list = mutes_of(b, 1);
	ck_assert_uint_eq(list->mute[0].id, id);
	ck_assert_int_eq(list->mute[0].expires, NOW + HISTORY_DAY);
	ck_assert(slice_eq(list->mute[0].expression, SLICE("user.name=root")));
	ck_assert(slice_eq(list->mute[0].detail, SLICE("7000")));
	m = list->mute[0];
	m.state = HISTORY_MUTE_BROKEN;
	ck_assert_uint_eq(history_mute(b, &m), id);
	history_mutes_free(list);
	while (!broken && clock_mono() < end) {
		list = history_take_mutes(a);
		broken = list != NULL && list->n == 1 && list->mute[0].state == HISTORY_MUTE_BROKEN;
		history_mutes_free(list);
		nap();
	}
	ck_assert(broken);
	history_free(a);
	history_free(b);
}
END_TEST

/* Risk events themselves come in pages: each once, as it was given, newest hour first. */
START_TEST(events_in_pages)
{
	static bool met[EVENTS];
	struct history *h = start();
	struct history_query q = { .now = NOW, .span = HISTORY_WEEK, .events = 333 };
	uint64_t n = 0, expected = 0;
	int64_t hour = INT64_MAX;
	char text[256];

	add_numbers(h, 0, EVENTS);
	do {
		struct history_answer *a = ask(h, &q);

		ck_assert_uint_eq(a->error.len, 0);
		for (uint32_t i = 0; i < a->nevents; i++, n++) {
			const struct risk_event *e = &a->event[i];
			struct risk_event given = risk_number(e->id[1], text);

			MUST(!met[e->id[1]]);
			met[e->id[1]] = true;
			MUST(e->hour <= hour);
			hour = e->hour;
			MUST(e->id[0] == given.id[0] && e->first == given.first &&
			     e->last == given.last);
			MUST(e->count == given.count && e->muted == given.muted);
			MUST(fabs(e->score - given.score) < 0.001);
			MUST(slice_eq(e->object, given.object) &&
			     slice_eq(e->object_type, given.object_type));
			MUST(slice_eq(e->search, given.search) &&
			     slice_eq(e->message, given.message));
			MUST(slice_eq(e->stories, given.stories) &&
			     slice_eq(e->tactics, given.tactics));
			MUST(slice_eq(e->techniques, given.techniques) &&
			     slice_eq(e->row, given.row));
		}
		q.after = a->next;
		history_answer_free(a);
	} while (q.after.set);
	/* All of the hours in the span: those the window cuts are there in whole. */
	for (uint64_t i = 0; i < EVENTS; i++) {
		struct risk_event e = risk_number(i, text);

		if (e.first > NOW - HISTORY_WEEK && e.first <= NOW) {
			MUST(met[i]);
			expected++;
		}
	}
	ck_assert_uint_ge(n, expected);
	ck_assert_uint_lt(n, expected + 100);
	history_free(h);
}
END_TEST

START_TEST(reader_reads)
{
	struct history *h;
	struct history_query q = { .now = NOW, .object = SLICE("u1"), .ledger = 3 };
	struct history_reader *r;
	struct history_answer *a;
	char err[200];
	bool missing;

	ck_assert_ptr_null(history_open_reader(test_path, &missing, err, sizeof(err)));
	ck_assert(missing);
	h = start();
	add_numbers(h, 0, 500);
	ck_assert(history_flush(h, LONG));
	for (unsigned i = 0; i < 2; i++) {
		r = history_open_reader(test_path, &missing, err, sizeof(err));
		ck_assert_msg(r != NULL, "%s", err);
		a = history_read(r, &q);
		ck_assert_uint_eq(a->error.len, 0);
		ck_assert_uint_eq(a->nrows, 1);
		ck_assert_uint_eq(a->nledger, 3);
		history_answer_free(a);
		history_mutes_free(history_read_mutes(r));
		history_close_reader(r);
		/* once beside a running history, once alone */
		history_free(h);
		h = NULL;
	}
}
END_TEST

START_TEST(severities)
{
	static const struct {
		double score;
		const char *name;
	} cases[] = { { 0, "" }, { 100, "" }, { 100.001, "medium" }, { 249.9, "medium" },
		{ 250, "high" }, { 499.9, "high" }, { 500, "critical" }, { NAN, "" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(
		    history_severity_name(history_severity(cases[i].score)), cases[i].name);
}
END_TEST

START_TEST(without_a_history)
{
	struct history *h = start_at("none", NULL);
	struct risk_event e = plain();
	struct history_query q = { .now = NOW };
	struct history_answer *a;

	ck_assert_int_eq(history_settle(h, 0), HISTORY_OFF);
	ck_assert(history_add(h, &e));
	ck_assert(history_flush(h, 0));
	a = ask(h, &q);
	ck_assert_uint_gt(a->error.len, 0);
	history_answer_free(a);
	ck_assert_ptr_null(history_take_mutes(h));
	history_free(h);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("history");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, comes_back);
	tcase_add_test(t, twice_is_once);
	tcase_add_test(t, sums_are_exact);
	tcase_add_test(t, page_is_exact);
	tcase_add_test(t, many_rows);
	tcase_add_test(t, order_and_limits);
	tcase_add_test(t, mute_turns);
	tcase_add_test(t, hostile_values);
	tcase_add_test(t, seen_before);
	tcase_add_test(t, mutes_travel);
	tcase_add_test(t, events_in_pages);
	tcase_add_test(t, reader_reads);
	tcase_add_test(t, severities);
	tcase_add_test(t, without_a_history);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
