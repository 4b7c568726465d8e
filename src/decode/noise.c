/*
 * Falco's own lines: log, start-up banner, exit statistics. They are neither events nor damage, so
 * they are counted apart. The shapes are those of falco_common.cpp's logger
 * ("2026-04-06T15:31:32+0000: ..."; before Falco 0.35 "Fri Sep  6 00:20:23 2019: ..."), of
 * statsfilewriter and rule statistics at exit, and of the same lines without their time, as syslog
 * carries them. Whether a line is an event is decided before it gets here.
 */
#include "decode/parts.h"

#include "base/banned.h"

#define MAX_TAIL 32 /* bytes looked at from the end: this is asked for every piece of a line */

struct start {
	const char *text;
	size_t len;
};

#define START(s)                                                                                   \
	{                                                                                          \
		(s), sizeof(s) - 1                                                                 \
	}

static const struct start starts[] = {
	START("(errno: "),	 /* the second half of a libpman line, wrapped */
	START("+ docker logs "), /* what PowerShell makes of a line on standard error */
	START("+ kubectl logs "),
	START("+ ~~~"),
	START("    + CategoryInfo "),
	START("    + FullyQualifiedErrorId "),
	START("At line:"),
	START("* Running falco-driver-loader"),
	START("* Setting up /usr/src links from host"),
	START("* Skipping"),
	START("* Success: "),
	START("* Trying to "),
	START("* Unable to "),
	START("Enabled event sources: "),
	START("Events detected: "),
	START("Falco initialized with configuration file"),
	START("Falco version"),
	START("Falco was configured to listen on "),
	START("Hostname value has been overridden"),
	START("Loaded event sources: "),
	START("Loaded plugin '"),
	START("Loading plugin '"),
	START("Loading rules from"),
	START("NOTE: Falco "),
	START("One ring buffer every '"),
	START("Opening '"),
	START("Opening capture file"),
	START("Opening event source"),
	START("Rule counts by severity:"),
	START("SIGHUP received, "),
	START("SIGINT received, "),
	START("SIGTERM received, "),
	START("Starting health webserver "),
	START("Starting internal webserver"),
	START("Syscall event drop monitoring:"),
	START("System info: Linux version "),
	START("The chosen syscall buffer dimension is: "),
	START("The following are example alerts "),
	START("Triggered rules by rule name:"),
	START("Watching file '"),
	START("[libs]: "),
	START("- event drop detected: "),
	START("- num times actions taken: "),
};

static bool
starts_with(struct slice s, const char *p, size_t len)
{
	return s.len >= len && memcmp(s.p, p, len) == 0;
}

static bool
ends_with(struct slice s, struct slice end)
{
	return s.len >= end.len && memcmp(s.p + s.len - end.len, end.p, end.len) == 0;
}

/* Compares with a pattern in which 0 stands for a digit, a for a letter and # for a digit or blank.
 */
static bool
shape(struct slice s, const char *pattern)
{
	for (size_t i = 0; pattern[i] != '\0'; i++) {
		bool digit;
		char c;

		if (i >= s.len)
			return false;
		c = s.p[i];
		digit = c >= '0' && c <= '9';
		if (pattern[i] == '0'	? !digit
		    : pattern[i] == '#' ? !digit && c != ' '
		    : pattern[i] == 'a' ? (c | 0x20) < 'a' || (c | 0x20) > 'z'
					: c != pattern[i])
			return false;
	}
	return true;
}

/* "   Terminal shell in container: 12": a row of the exit statistics. */
static bool
statistics_row(struct slice s)
{
	size_t i = s.len;

	if (!starts_with(s, "   ", 3) || s.p[3] == ' ')
		return false;
	while (i > 0 && s.len - i < MAX_TAIL && s.p[i - 1] >= '0' && s.p[i - 1] <= '9')
		i--;
	return i < s.len && i > 5 && s.p[i - 1] == ' ' && s.p[i - 2] == ':';
}

static struct slice
after(struct slice s, size_t n)
{
	return (struct slice){ s.p + n, s.len - n };
}

/* The time of Falco's logger; the text behind it is whatever Falco had to say. */
static bool
log_stamp(struct slice s)
{
	return shape(s, "0000-00-00T00:00:00+0000: ") || shape(s, "0000-00-00T00:00:00-0000: ") ||
	       shape(s, "aaa aaa #0 00:00:00 0000: ");
}

bool
text_is_noise(struct slice s)
{
	static const char bom[] = "\xef\xbb\xbf", powershell[] = "docker : ";

	for (unsigned i = 0; i < MAX_TAIL && s.len > 0; i++)
		if (s.p[s.len - 1] == '\r' || s.p[s.len - 1] == ' ')
			s.len--;
	if (starts_with(s, bom, 3)) /* whole logs put one behind the other */
		s = after(s, 3);
	if (starts_with(s, powershell, sizeof(powershell) - 1))
		s = after(s, sizeof(powershell) - 1);
	if (log_stamp(s) || (s.len > 4 && statistics_row(s)))
		return true;
	if (starts_with(s, "   ", 3) && s.len > 4) {
		if (ends_with(s, SLICE(" | schema validation: ok")) ||
		    ends_with(s, SLICE(" | schema validation: none")) ||
		    ends_with(s, SLICE(" | schema validation: failed")))
			return true;
		if (s.p[3] == '-')
			s = after(s, 3);
	}
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (starts[i].text[0] == s.p[0] && starts_with(s, starts[i].text, starts[i].len))
			return true;
	return false;
}
