/* The names of the priorities, both ways. Not for colours: those are the theme's. */
#include "event/priority.h"

#include "base/banned.h"

static const struct {
	const char *name;
	const char *abbr;
} names[PRIORITY_COUNT] = {
	[PRIORITY_UNKNOWN] = { "Unknown", "???" },
	[PRIORITY_DEBUG] = { "Debug", "DBG" },
	[PRIORITY_INFORMATIONAL] = { "Informational", "INF" },
	[PRIORITY_NOTICE] = { "Notice", "NTC" },
	[PRIORITY_WARNING] = { "Warning", "WRN" },
	[PRIORITY_ERROR] = { "Error", "ERR" },
	[PRIORITY_CRITICAL] = { "Critical", "CRT" },
	[PRIORITY_ALERT] = { "Alert", "ALR" },
	[PRIORITY_EMERGENCY] = { "Emergency", "EMR" },
};

const char *
priority_name(enum priority p)
{
	return names[(unsigned)p < PRIORITY_COUNT ? p : PRIORITY_UNKNOWN].name;
}

const char *
priority_short(enum priority p)
{
	return names[(unsigned)p < PRIORITY_COUNT ? p : PRIORITY_UNKNOWN].abbr;
}

/* ASCII letters only, whatever the locale. */
static bool
same_word(struct slice s, const char *word)
{
	size_t i;

	for (i = 0; i < s.len && word[i] != '\0'; i++)
		if ((s.p[i] | 0x20) != (word[i] | 0x20) || (s.p[i] & 0x40) == 0)
			return false;
	return i == s.len && word[i] == '\0';
}

bool
priority_parse(struct slice s, enum priority *out)
{
	enum priority p = PRIORITY_UNKNOWN;

	if (s.len == 0)
		return false;
	/* The first letter decides, but for e and i. */
	switch (s.p[0] | 0x20) {
	case 'd': p = PRIORITY_DEBUG; break;
	case 'i': p = PRIORITY_INFORMATIONAL; break;
	case 'n': p = PRIORITY_NOTICE; break;
	case 'w': p = PRIORITY_WARNING; break;
	case 'e': p = s.len == 5 ? PRIORITY_ERROR : PRIORITY_EMERGENCY; break;
	case 'c': p = PRIORITY_CRITICAL; break;
	case 'a': p = PRIORITY_ALERT; break;
	default: return false;
	}
	if (!same_word(s, names[p].name) && !(p == PRIORITY_INFORMATIONAL && same_word(s, "info")))
		return false;
	*out = p;
	return true;
}
