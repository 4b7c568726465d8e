/*
 * The log of one pod over several runs of `kubectl logs --timestamps`. A run begins where the last
 * one ended, but the API knows only whole seconds: what came before is told by its time, and within
 * the same nanosecond by its bytes.
 */
#include "source/kube_log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/banned.h"

#define STAMP_MAX 40

void
kube_log_init(struct kube_log *l)
{
	memset(l, 0, sizeof(*l));
	l->last = TIME_NONE;
}

void
kube_log_resume(struct kube_log *l, char since[32])
{
	time_t t = (time_t)(l->last / NSEC_PER_SEC);
	struct tm tm;

	since[0] = '\0';
	memset(l->again, 0, sizeof(l->again));
	l->resuming = l->last != TIME_NONE;
	if (l->resuming && gmtime_r(&t, &tm) != NULL)
		strftime(since, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static bool
stamp(const char *line, size_t len, int64_t *time)
{
	const char *blank = memchr(line, ' ', len < STAMP_MAX ? len : STAMP_MAX);
	const struct slice word = { line, blank == NULL ? 0 : (size_t)(blank - line) };

	return word.len >= 20 && time_parse_iso(word, time);
}

/* It has the time of the newest line. True when it is one of those that we had. */
static bool
had(struct kube_log *l, uint64_t hash)
{
	for (unsigned i = 0; l->resuming && i < l->n; i++)
		if (!l->again[i] && l->same[i] == hash) {
			l->again[i] = true;
			return true;
		}
	if (l->n < KUBE_LOG_SAME) {
		l->again[l->n] = true;
		l->same[l->n++] = hash;
	}
	return false;
}

static bool
keep(struct kube_log *l, const char *line, size_t len)
{
	int64_t time;

	if (!stamp(line, len, &time))
		return true;
	if (l->last != TIME_NONE && time < l->last) /* or the clock of the node was set back */
		return !l->resuming;
	if (l->last == TIME_NONE || time > l->last) {
		l->last = time;
		l->n = 0;
		l->resuming = false;
	}
	return !had(l, hash_bytes(line, len, hash_seed()));
}

size_t
kube_log_lines(struct kube_log *l, char *p, size_t n)
{
	const char *from = p, *end = p + n;
	char *to = p;

	while (from < end) {
		const char *nl = memchr(from, '\n', (size_t)(end - from));
		size_t len;

		if (nl == NULL) {
			l->torn = true;
			break;
		}
		len = (size_t)(nl - from) + 1;
		if (keep(l, from, len)) {
			l->torn = false;
			if (to != from)
				memmove(to, from, len);
			to += len;
		} else {
			l->repeats++;
		}
		from += len;
	}
	return (size_t)(to - p);
}
