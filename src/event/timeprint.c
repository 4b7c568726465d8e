/* Writing times, by hand in UTC and with localtime_r(3) in the zone of TZ. Reading is timestamp.c.
 */
#include "event/timestamp.h"

#include <time.h>

#include "base/clock.h"

#include "base/banned.h"

#define SEC_PER_DAY  86400
#define NSEC_PER_DAY (SEC_PER_DAY * NSEC_PER_SEC)
#define ISO_MAX	     40

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
time_day(int64_t t)
{
	return floor_div(t, NSEC_PER_DAY);
}

/* n digits of v, with leading zeros. */
static char *
put(char *p, uint32_t v, unsigned n)
{
	for (unsigned i = n; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

static char *
put_date(char *p, int64_t day)
{
	int64_t z = day + 719468;
	uint32_t era, doe, yoe, doy, mp, d, m, y;

	/* Years from March on; z is positive for every time that fits (1677 to 2262). */
	era = (uint32_t)(z / 146097);
	doe = (uint32_t)(z - (int64_t)era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	d = doy - (153 * mp + 2) / 5 + 1;
	m = mp < 10 ? mp + 3 : mp - 9;
	y = yoe + era * 400 + (m <= 2);
	p = put(p, y, 4);
	*p++ = '-';
	p = put(p, m, 2);
	*p++ = '-';
	return put(p, d, 2);
}

static char *
put_clock(char *p, uint32_t sec)
{
	p = put(p, sec / 3600, 2);
	*p++ = ':';
	p = put(p, sec / 60 % 60, 2);
	*p++ = ':';
	return put(p, sec % 60, 2);
}

static char *
put_zone(char *p, bool local, int offset)
{
	uint32_t min = (uint32_t)(offset < 0 ? -offset : offset) / 60;

	if (!local) {
		*p++ = 'Z';
		return p;
	}
	*p++ = offset < 0 ? '-' : '+';
	p = put(p, min / 60, 2);
	*p++ = ':';
	return put(p, min % 60, 2);
}

/* Seconds that the zone of TZ is ahead of UTC at that second; 0 when it cannot be told. */
static int
zone_offset(int64_t sec)
{
	time_t when = (time_t)sec;
	struct tm tm;

	return localtime_r(&when, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

void
time_print(struct buf *out, int64_t t, enum time_style style, bool local)
{
	bool iso = style == TIME_ISO_NANO || style == TIME_ISO_SECOND;
	int64_t sec, day;
	uint32_t ns;
	int offset = 0;
	char *p, *start;

	if (t == TIME_NONE) {
		buf_addc(out, '-');
		return;
	}
	sec = floor_div(t, NSEC_PER_SEC);
	ns = (uint32_t)(t - sec * NSEC_PER_SEC);
	if (local)
		offset = zone_offset(sec);
	sec += offset;
	day = floor_div(sec, SEC_PER_DAY);
	start = p = buf_room(out, ISO_MAX);
	if (iso) {
		p = put_date(p, day);
		*p++ = 'T';
	}
	p = put_clock(p, (uint32_t)(sec - day * SEC_PER_DAY));
	if (style == TIME_ISO_NANO || style == TIME_CLOCK_MILLI)
		*p++ = '.';
	if (style == TIME_ISO_NANO)
		p = put(p, ns, 9);
	else if (style == TIME_CLOCK_MILLI)
		p = put(p, ns / 1000000, 3);
	if (iso)
		p = put_zone(p, local, offset);
	*p = '\0';
	out->len += (size_t)(p - start);
}

void
time_print_age(struct buf *out, int64_t ns)
{
	int64_t s = ns < 0 ? 0 : ns / NSEC_PER_SEC;

	if (s < 60)
		buf_addf(out, "%ds", (int)s);
	else if (s < 3600)
		buf_addf(out, "%dm", (int)(s / 60));
	else if (s < SEC_PER_DAY)
		buf_addf(out, "%dh", (int)(s / 3600));
	else if (s < 1000 * (int64_t)SEC_PER_DAY)
		buf_addf(out, "%dd", (int)(s / SEC_PER_DAY));
	else
		buf_addf(out, "%dy", (int)(s / (365 * (int64_t)SEC_PER_DAY)));
}

int64_t
time_local_midnight(int64_t t)
{
	time_t when = (time_t)floor_div(t, NSEC_PER_SEC), midnight;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		return time_day(t) * NSEC_PER_DAY;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	midnight = mktime(&tm);
	if (midnight == (time_t)-1)
		return time_day(t) * NSEC_PER_DAY;
	return (int64_t)midnight * NSEC_PER_SEC;
}
