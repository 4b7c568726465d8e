/*
 * Filling the book from the history: the seven days before now, newest hour first, a page at a time
 * between other work, so that opening the program waits for nothing. When now moves (a recording of
 * another year, a day that passes) what is missing at either end is read too. What other instances
 * write meanwhile is not followed.
 */
#include "pipeline/risk_private.h"

#include "base/clock.h"
#include "event/timestamp.h"
#include "base/banned.h"

#define PAGE 4096

static int64_t
before(int64_t t, int64_t span)
{
	return t < INT64_MIN + span ? INT64_MIN : t - span;
}

static int64_t
after(int64_t t, int64_t span)
{
	return t > INT64_MAX - span ? INT64_MAX : t + span;
}

/* The stretch that is missing; false: nothing is. */
static bool
missing(const struct risk *r, int64_t *from, int64_t *to)
{
	const struct risk_load *l = &r->load;

	*from = before(r->now, BOOK_WEEK);
	*to = after(r->now, BOOK_DAY);
	if (!l->any || *to < l->from || *from > l->to)
		return true;
	if (*from < before(l->from, BOOK_HOUR)) {
		*to = l->from;
		return true;
	}
	*from = l->to;
	return r->now > l->to;
}

static void
ask(struct risk *r)
{
	struct risk_load *l = &r->load;
	struct history_query q = { .number = ++l->number,
		.now = l->want_to,
		.span = l->want_to - l->want_from,
		.events = PAGE,
		.after = l->next };

	l->asked = true;
	history_ask(r->o.history, RISK_HISTORY_PLACE, &q);
}

static void
done(struct risk_load *l)
{
	bool joins = l->any && l->want_from <= l->to && l->want_to >= l->from;

	if (!joins || l->want_from < l->from)
		l->from = l->want_from;
	if (!joins || l->want_to > l->to)
		l->to = l->want_to;
	l->any = true;
	l->asked = false;
}

/* A page into the book. Full: the rest is older and would not be kept. */
static void
fill(struct risk *r, const struct history_answer *a)
{
	struct risk_load *l = &r->load;

	for (uint32_t i = 0; i < a->nevents; i++) {
		if (book_add(r->book, &a->event[i], r->now) == BOOK_NEW)
			risk_count_made(r, a->event[i].search);
		l->taken++;
	}
	l->room = l->room > a->nevents ? l->room - a->nevents : 0;
	l->next = a->next;
	l->cut |= l->room == 0 && a->next.set;
	if (a->error.len > 0 || !l->next.set || l->room == 0)
		done(l);
	else
		ask(r);
}

bool
risk_load_work(struct risk *r)
{
	struct risk_load *l = &r->load;
	struct history_answer *a;
	bool changed = false;

	if (!r->o.fill || r->o.history == NULL || r->now == TIME_NONE)
		return false;
	if (l->asked) {
		a = history_take(r->o.history, RISK_HISTORY_PLACE);
		if (a == NULL)
			return false;
		if (a->number == l->number) {
			fill(r, a);
			changed = true;
		}
		history_answer_free(a);
	} else if (missing(r, &l->want_from, &l->want_to)) {
		l->next = (struct history_cursor){ 0 };
		l->room = BOOK_EVENTS_MAX;
		ask(r);
	}
	return changed;
}

bool
risk_loading(const struct risk *r)
{
	return r->load.asked;
}
