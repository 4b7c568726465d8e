/*
 * Wording of numbers, times and values. Not here: sanitising (draw.c does it for all text).
 */
#include "view/text.h"

#include <stdio.h>

#include "base/clock.h"
#include "query/filter.h"
#include "base/banned.h"

#define CLOCK_NS (20 * 3600 * NSEC_PER_SEC) /* younger: a clock says it; older: a date */
#define DATE_NS	 (300 * 24 * 3600 * NSEC_PER_SEC)

void
text_count(struct buf *out, uint64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}

void
text_count_in(struct buf *out, uint64_t n, int cells)
{
	static const char units[] = "kMGTPE";
	size_t start = out->len;
	double v = (double)n;

	text_count(out, n);
	for (unsigned u = 0; out->len - start > (size_t)cells && u < sizeof(units) - 1; u++) {
		v /= 1000;
		if (v >= 1000)
			continue;
		out->len = start;
		buf_addf(out, v < 100 && cells > 4 ? "%.1f%c" : "%.0f%c", v, units[u]);
		return;
	}
}

void
text_bytes(struct buf *out, uint64_t n)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double v = (double)n;
	unsigned u = 0;

	if (n < 1000) {
		buf_addf(out, "%u B", (unsigned)n);
		return;
	}
	for (v /= 1000; v >= 1000 && u < 4; u++)
		v /= 1000;
	buf_addf(out, v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

void
text_rate(struct buf *out, double r)
{
	if (!(r >= 0))
		buf_addc(out, '-');
	else if (r < 100)
		buf_addf(out, "%.1f", r);
	else
		text_count(out, (uint64_t)r);
}

/* Of 2025-11-20T...: "Nov". */
static const char *
month_name(const char *iso)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	unsigned month = (unsigned)(iso[5] - '0') * 10 + (unsigned)(iso[6] - '0');

	return month < 1 || month > 12 ? "?" : months[month - 1];
}

void
text_time(struct buf *out, int64_t t, int64_t now, bool local)
{
	int64_t age = t == TIME_NONE || now == TIME_NONE ? 0 : now > t ? now - t : t - now;
	struct buf iso = { 0 };

	/* A clock that reads later than now is yesterday's. */
	if (age < CLOCK_NS) {
		time_print(out, t, TIME_CLOCK, local);
		return;
	}
	time_print(&iso, t, TIME_ISO_SECOND, local);
	if (iso.len < 10)
		time_print(out, t, TIME_CLOCK, local);
	else if (age < DATE_NS)
		buf_addf(out, "%s %.2s", month_name(iso.p), iso.p + 8);
	else
		buf_addf(out, "%s %.4s", month_name(iso.p), iso.p);
	buf_release(&iso);
}

void
text_when(struct buf *out, int64_t t, int64_t now, bool local)
{
	struct buf day = { 0 }, today = { 0 };

	time_print(&day, t, TIME_ISO_SECOND, local);
	time_print(&today, now, TIME_ISO_SECOND, local);
	if (t != TIME_NONE && now != TIME_NONE && day.len > 10 && today.len > 10 &&
	    memcmp(day.p, today.p, 10) != 0) {
		if (memcmp(day.p, today.p, 4) == 0)
			buf_addf(out, "%s %.2s ", month_name(day.p), day.p + 8);
		else
			buf_addf(out, "%.10s ", day.p);
	}
	time_print(out, t, TIME_CLOCK, local);
	buf_release(&day);
	buf_release(&today);
}

void
text_plural(struct buf *out, uint64_t n, const char *word)
{
	text_count(out, n);
	buf_addf(out, " %s%s", word, n == 1 ? "" : "s");
}

/*
 * Text that is spelled like one of the marks for what is no text, in any number of quotes, gets
 * one more pair: what is seen then belongs to one value only.
 */
static struct slice
quote_mark(struct slice value)
{
	static const char *const all[] = { "<absent>", "<null>", "(other)", "" };
	static struct buf quoted;
	size_t lead = 0, tail = value.len;

	while (tail - lead >= 2 && value.p[lead] == '"' && value.p[tail - 1] == '"')
		lead++, tail--;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (slice_eq((struct slice){ value.p + lead, tail - lead }, slice_of(all[i]))) {
			buf_clear(&quoted);
			buf_addc(&quoted, '"');
			buf_add(&quoted, value.p, value.len);
			buf_addc(&quoted, '"');
			return buf_slice(&quoted);
		}
	return value;
}

struct slice
text_value(struct slice value, sym_t kind, bool *missing)
{
	*missing = true;
	switch (kind) {
	case SYM_ABSENT: return SLICE("<absent>");
	case SYM_NULL: return SLICE("<null>");
	case SYM_EMPTY: return SLICE("\"\"");
	case SYM_OTHER: return SLICE("(other)");
	default: *missing = false; return value.len == 0 ? value : quote_mark(value);
	}
}

void
text_term(struct buf *out, const char *field, struct slice value, sym_t kind)
{
	if (kind == SYM_ABSENT || kind == SYM_NULL) {
		buf_addf(out, "not %s exists", field);
		return;
	}
	buf_addf(out, "%s = ", field);
	filter_quote(out, kind == SYM_EMPTY ? SLICE("") : value);
}

void
text_and(struct buf *filter, const char *term)
{
	if (filter->len > 0)
		buf_adds(filter, " and ");
	buf_adds(filter, term);
}

void
column_title(struct buf *out, const struct view_column *c)
{
	enum field_id f;

	if (c->title != NULL) {
		buf_adds(out, c->title);
		return;
	}
	f = field_by_name(slice_of(c->name));
	buf_adds(out, f != FIELD_NONE ? field_info(f)->title : c->name);
}

const char *
column_help(const struct view_column *c)
{
	static const struct {
		const char *name, *help;
	} own[] = {
		{ "priority", "highest priority among the events of the row" },
		{ "count", "how many events the row stands for" },
		{ "rate", "events a minute, over the last five whole minutes" },
		{ "trend", "events in each of the last 15 minutes, newest at the right" },
		{ "risk",
		    "the user's risk of the last 24 hours; ! over the threshold; R says why" },
		{ "first", "time of the first event" },
		{ "last", "how long ago the newest event was" },
		{ "time", "when the event happened" },
		{ "output", "the text Falco wrote for the event" },
	};
	enum field_id f;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i].name, c->name) == 0)
			return own[i].help;
	f = field_by_name(slice_of(c->name));
	return f != FIELD_NONE ? field_info(f)->help : NULL;
}
