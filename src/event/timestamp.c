/*
 * Reading times: RFC 3339, times of day, and what a person types. Writing them is timeprint.c.
 * Digits are read by hand: strptime(3) knows the locale, accepts what it should not, and is slow.
 */
#include "event/timestamp.h"

#include <endian.h>

#include "base/clock.h"

#include "base/banned.h"

#define SEC_PER_DAY 86400
#define ISO_LEN	    19 /* 2026-01-15T08:00:00 */

/* Days from 1970-01-01 to a date of the Gregorian calendar (y >= 0). */
static int64_t
days_from_date(unsigned y, unsigned m, unsigned d)
{
	unsigned era, yoe, doy;

	/* Years from March on, so that the leap day is the last one. */
	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return (int64_t)era * 146097 + (yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

static unsigned
month_days(unsigned y, unsigned m)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return m == 2 && leap ? 29 : days[m - 1];
}

/* The value of a digit, more than 9 when it is none. */
static inline unsigned
digit(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

/* Two digits; *bad gets a bit when one is none. */
static inline unsigned
two(const char *p, unsigned *bad)
{
	unsigned a = digit(p[0]), b = digit(p[1]);

	*bad |= (a > 9) | (b > 9);
	return a * 10 + b;
}

/* Eight digits at once; false when one is none. */
static inline bool
eight(const char *p, uint32_t *out)
{
	uint64_t v;

	memcpy(&v, p, 8);
	v = le64toh(v);
	if (((v & 0xf0f0f0f0f0f0f0f0u) | ((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4) !=
	    0x3333333333333333u)
		return false;
	v = (v & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	v = (v & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	*out = (uint32_t)((v & 0x0000ffff0000ffffu) * 42949672960001u >> 32);
	return true;
}

/* The digits after a point, as nanoseconds; returns how many there are. Those after the ninth are
 * cut. */
static size_t
fraction(const char *p, size_t len, int64_t *ns)
{
	static const uint32_t scale[10] = { 1000000000, 100000000, 10000000, 1000000, 100000, 10000,
		1000, 100, 10, 1 };
	uint32_t v = 0;
	size_t n = 0, kept;

	if (len >= 8 && eight(p, &v))
		n = 8;
	while (n < len && n < 9 && digit(p[n]) <= 9)
		v = v * 10 + digit(p[n++]);
	kept = n;
	while (n < len && digit(p[n]) <= 9)
		n++;
	*ns = (int64_t)v * scale[kept];
	return n;
}

/* "HH:MM:SS" as seconds since midnight, -1 when it is none. Second 60 is the next minute's first.
 */
static int
time_of_day(const char *p)
{
	unsigned bad = 0;
	unsigned h = two(p, &bad), m = two(p + 3, &bad), s = two(p + 6, &bad);

	if (bad || p[2] != ':' || p[5] != ':' || h > 23 || m > 59 || s > 60)
		return -1;
	return (int)(h * 3600 + m * 60 + s);
}

static bool
date(const char *p, int64_t *day)
{
	unsigned bad = 0;
	unsigned y = two(p, &bad) * 100, m, d;

	y += two(p + 2, &bad);
	m = two(p + 5, &bad);
	d = two(p + 8, &bad);
	if (bad || p[4] != '-' || p[7] != '-' || y < 1900 || m < 1 || m > 12 || d < 1)
		return false;
	if (d > 28 && d > month_days(y, m))
		return false;
	*day = days_from_date(y, m, d);
	return true;
}

/* The zone at the end: "", Z, z, +hhmm or +hh:mm. */
static bool
zone(const char *p, size_t len, int *seconds)
{
	unsigned bad = 0, h, m;

	*seconds = 0;
	if (len == 0 || (len == 1 && (p[0] == 'Z' || p[0] == 'z')))
		return true;
	if ((len != 5 && len != 6) || (p[0] != '+' && p[0] != '-') || (len == 6 && p[3] != ':'))
		return false;
	h = two(p + 1, &bad);
	m = two(p + len - 2, &bad);
	if (bad || h > 14 || m > 59)
		return false;
	*seconds = (int)(h * 3600 + m * 60) * (p[0] == '-' ? -1 : 1);
	return true;
}

/* Seconds and nanoseconds to nanoseconds, held at the ends of the range; never TIME_NONE. */
static int64_t
join(int64_t seconds, int64_t ns)
{
	int64_t t;

	if (__builtin_mul_overflow(seconds, NSEC_PER_SEC, &t) || __builtin_add_overflow(t, ns, &t))
		return seconds < 0 ? TIME_NONE + 1 : INT64_MAX;
	return t;
}

bool
time_parse_iso(struct slice s, int64_t *out)
{
	int64_t day, ns = 0;
	int sec, offset;
	size_t i = ISO_LEN, n;

	if (s.len < ISO_LEN || !date(s.p, &day))
		return false;
	if (s.p[10] != 'T' && s.p[10] != ' ' && s.p[10] != 't')
		return false;
	sec = time_of_day(s.p + 11);
	if (sec < 0)
		return false;
	if (i < s.len && s.p[i] == '.') {
		n = fraction(s.p + i + 1, s.len - i - 1, &ns);
		if (n == 0)
			return false;
		i += 1 + n;
	}
	if (!zone(s.p + i, s.len - i, &offset))
		return false;
	*out = join(day * SEC_PER_DAY + sec - offset, ns);
	return true;
}

bool
time_parse_clock(struct slice s, int64_t *out)
{
	int64_t ns = 0;
	int sec;
	size_t n;

	if (s.len < 8)
		return false;
	sec = time_of_day(s.p);
	if (sec < 0)
		return false;
	if (s.len > 8) {
		n = s.len - 9;
		if (s.p[8] != '.' || n == 0 || n > 9 || fraction(s.p + 9, n, &ns) != n)
			return false;
	}
	*out = sec * NSEC_PER_SEC + ns;
	return true;
}

/* "-1h30m": any number of amounts, the whole slice. */
static bool
ago(struct slice s, int64_t now, int64_t *out)
{
	int64_t total = 0, v, unit;
	size_t i = 1, start;

	if (s.len < 3 || s.p[0] != '-')
		return false;
	while (i < s.len) {
		for (v = 0, start = i; i < s.len && digit(s.p[i]) <= 9; i++)
			if (v <= INT64_MAX / 16)
				v = v * 10 + digit(s.p[i]);
		if (i == start || i == s.len)
			return false;
		switch (s.p[i++]) {
		case 's': unit = NSEC_PER_SEC; break;
		case 'm': unit = 60 * NSEC_PER_SEC; break;
		case 'h': unit = 3600 * NSEC_PER_SEC; break;
		case 'd': unit = SEC_PER_DAY * NSEC_PER_SEC; break;
		case 'w': unit = 7 * SEC_PER_DAY * NSEC_PER_SEC; break;
		default: return false;
		}
		if (__builtin_mul_overflow(v, unit, &v) || __builtin_add_overflow(total, v, &total))
			total = INT64_MAX;
	}
	if (__builtin_sub_overflow(now, total, out) || *out == TIME_NONE)
		*out = TIME_NONE + 1;
	return true;
}

bool
time_parse_user(struct slice s, int64_t now, int64_t *out)
{
	char full[] = "HH:MM:00";
	int64_t t;

	if (slice_eq(s, SLICE("now"))) {
		*out = now;
		return true;
	}
	if (time_parse_iso(s, out) || ago(s, now, out))
		return true;
	if (s.len == 10 && date(s.p, &t)) {
		*out = join(t * SEC_PER_DAY, 0);
		return true;
	}
	if (s.len == 5) {
		memcpy(full, s.p, 5);
		s = slice_of(full);
	}
	if (!time_parse_clock(s, &t))
		return false;
	*out = join(time_day(now) * SEC_PER_DAY, t);
	return true;
}
