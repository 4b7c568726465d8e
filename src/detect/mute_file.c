/*
 * The file of mutes: a line each, columns separated by tabs, every odd byte as \xNN, so that
 * nothing that came from an event can end a line or a column or move a cursor. Read whole or not at
 * all.
 */
#include "detect/mute.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sanitise.h"
#include "base/xalloc.h"
#include "detect/kept.h"
#include "detect/mute_private.h"
#include "event/timestamp.h"
#include "base/banned.h"

#define FILE_BYTES_MAX (4u << 20)
#define LINE_MAX_BYTES 65536

static const char head[] =
    "# falcotop mutes 1\n"
    "# state\tcreated\texpires\tpriority\tan hour\tparents\tfilter\treason\towner\twhy\n";

enum mute_column {
	COLUMN_STATE,
	COLUMN_CREATED,
	COLUMN_EXPIRES,
	COLUMN_PRIORITY,
	COLUMN_PER_HOUR,
	COLUMN_PARENTS,
	COLUMN_FILTER,
	COLUMN_REASON,
	COLUMN_OWNER,
	COLUMN_WHY,
	COLUMNS
};

/* --- writing */

static void
put_text(struct buf *out, const char *s)
{
	bool odd = sanitise_hostile(slice_of(s));

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f || c == '\\' || c == ',' || (odd && c >= 0x80))
			buf_addf(out, "\\x%02x", c);
		else
			buf_addc(out, *s);
	}
}

static void
put_parents(struct buf *out, const struct mute_base *b)
{
	if (b->nparents > MUTE_PARENTS_MAX) {
		buf_addc(out, '*');
		return;
	}
	for (unsigned i = 0; i < b->nparents; i++) {
		if (i > 0)
			buf_addc(out, ',');
		put_text(out, b->parent[i]);
	}
}

void
mutes_print(const struct mutes *m, struct buf *out)
{
	buf_adds(out, head);
	for (unsigned i = 0; i < m->n; i++) {
		const struct mute *x = &m->mute[i];

		buf_addf(out, "%s\t", mute_is_name(x->is));
		time_print(out, x->created, TIME_ISO_NANO, false);
		buf_addc(out, '\t');
		time_print(out, x->expires, TIME_ISO_NANO, false);
		buf_addf(out, "\t%s\t%llu\t", x->base.known ? priority_name(x->base.highest) : "-",
		    (unsigned long long)x->base.per_hour);
		put_parents(out, &x->base);
		buf_addc(out, '\t');
		put_text(out, x->filter);
		buf_addc(out, '\t');
		put_text(out, x->reason);
		buf_addc(out, '\t');
		put_text(out, x->owner);
		buf_addc(out, '\t');
		put_text(out, x->why);
		buf_addc(out, '\n');
	}
}

/* --- reading */

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL: a backslash that starts nothing, or \x00. */
static char *
get_text(struct slice s, size_t max)
{
	struct buf b = { 0 };
	bool ok = true;

	buf_adds(&b, "");
	for (size_t i = 0; ok && i < s.len; i++) {
		int high, low;

		if (s.p[i] != '\\') {
			buf_addc(&b, s.p[i]);
			continue;
		}
		ok = i + 3 < s.len && s.p[i + 1] == 'x' && (high = hex(s.p[i + 2])) >= 0 &&
		     (low = hex(s.p[i + 3])) >= 0 && high + low > 0;
		if (ok)
			buf_addc(&b, (char)(high * 16 + low));
		i += 3;
	}
	if (ok && b.len <= max)
		return buf_steal(&b);
	buf_release(&b);
	return NULL;
}

static bool
get_state(struct slice s, enum mute_is *out)
{
	for (unsigned i = MUTE_IS_ON; i <= MUTE_IS_EXPIRED; i++) {
		if (!slice_eq(s, slice_of(mute_is_name((enum mute_is)i))))
			continue;
		*out = (enum mute_is)i;
		return true;
	}
	return false;
}

static bool
get_time(struct slice s, bool may_be_none, int64_t *out)
{
	*out = TIME_NONE;
	return (may_be_none && slice_eq(s, SLICE("-"))) || time_parse_iso(s, out);
}

static bool
get_count(struct slice s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *out > (UINT64_MAX - 9) / 10)
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.len > 0;
}

static bool
get_parents(struct slice s, struct mute_base *b)
{
	size_t start = 0;

	if (slice_eq(s, SLICE("*"))) {
		/* which ones they were was not kept: any is as good as known */
		b->nparents = MUTE_PARENTS_MAX + 1;
		for (unsigned i = 0; i < MUTE_PARENTS_MAX; i++)
			b->parent[i] = xstrdup("");
		return true;
	}
	for (size_t i = 0; s.len > 0 && i <= s.len; i++) {
		if (i < s.len && s.p[i] != ',')
			continue;
		if (b->nparents == MUTE_PARENTS_MAX)
			return false;
		b->parent[b->nparents] =
		    get_text((struct slice){ s.p + start, i - start }, MUTE_PARENT_MAX);
		if (b->parent[b->nparents] == NULL)
			return false;
		b->nparents++;
		start = i + 1;
	}
	return true;
}

static bool
get_base(const struct slice *c, struct mute_base *b)
{
	if (!get_count(c[COLUMN_PER_HOUR], &b->per_hour) || !get_parents(c[COLUMN_PARENTS], b))
		return false;
	if (slice_eq(c[COLUMN_PRIORITY], SLICE("-")))
		return true;
	b->known = true;
	if (slice_eq(c[COLUMN_PRIORITY], slice_of(priority_name(PRIORITY_UNKNOWN)))) {
		b->highest = PRIORITY_UNKNOWN;
		return true;
	}
	return priority_parse(c[COLUMN_PRIORITY], &b->highest);
}

static bool
get_mute(struct mutes *m, const struct slice *c, struct filter_error *err)
{
	struct mute *x = &m->mute[m->n];

	*x = (struct mute){ .id = m->next_id++ };
	x->filter = get_text(c[COLUMN_FILTER], MUTE_FILTER_MAX);
	x->reason = get_text(c[COLUMN_REASON], MUTE_REASON_MAX);
	x->owner = get_text(c[COLUMN_OWNER], MUTE_OWNER_MAX);
	x->why = get_text(c[COLUMN_WHY], LINE_MAX_BYTES);
	snprintf(err->message, sizeof(err->message), "not a mute");
	if (x->filter != NULL && x->reason != NULL && x->owner != NULL && x->why != NULL &&
	    get_state(c[COLUMN_STATE], &x->is) && get_time(c[COLUMN_CREATED], false, &x->created) &&
	    get_time(c[COLUMN_EXPIRES], true, &x->expires) && get_base(c, &x->base) &&
	    mute_fits(m, x->filter, err)) {
		m->n++;
		return true;
	}
	mute_release(x);
	return false;
}

static bool
get_line(struct mutes *m, struct slice line, struct filter_error *err)
{
	struct slice c[COLUMNS];
	unsigned n = 0;
	size_t start = 0;

	*err = (struct filter_error){ 0 };
	snprintf(
	    err->message, sizeof(err->message), "expected %d columns separated by tabs", COLUMNS);
	if (m->n == MUTES_MAX || line.len > LINE_MAX_BYTES) {
		snprintf(err->message, sizeof(err->message), "too many mutes or too long a line");
		return false;
	}
	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.p[i] != '\t')
			continue;
		if (n == COLUMNS)
			return false;
		c[n++] = (struct slice){ line.p + start, i - start };
		start = i + 1;
	}
	return n == COLUMNS && get_mute(m, c, err);
}

bool
mutes_parse(struct mutes *m, struct slice bytes, char err[MUTES_ERROR_MAX])
{
	struct mutes *read = mutes_new();
	struct filter_error why;
	unsigned number = 1;
	bool ok = true;

	for (size_t at = 0; ok && at < bytes.len; number++) {
		const char *end = memchr(bytes.p + at, '\n', bytes.len - at);
		size_t len = end == NULL ? bytes.len - at : (size_t)(end - bytes.p) - at;

		if (len > 0 && bytes.p[at] != '#')
			ok = get_line(read, (struct slice){ bytes.p + at, len }, &why);
		at += len + 1;
	}
	if (!ok) {
		snprintf(err, MUTES_ERROR_MAX, "%u: %s", number - 1, why.message);
		mutes_free(read);
		return false;
	}
	for (unsigned i = 0; i < m->n; i++)
		mute_release(&m->mute[i]);
	m->n = read->n;
	for (unsigned i = 0; i < read->n; i++) {
		m->mute[i] = read->mute[i];
		m->mute[i].id = m->next_id++;
	}
	read->n = 0;
	mutes_free(read);
	mutes_changed(m);
	return true;
}

static char *
usual_path(const char *path, char err[MUTES_ERROR_MAX])
{
	struct buf b = { 0 };

	if (path != NULL)
		return xstrdup(path);
	if (kept_path(&b, "mutes"))
		return buf_steal(&b);
	buf_release(&b);
	snprintf(err, MUTES_ERROR_MAX, "no config directory: neither XDG_CONFIG_HOME nor HOME");
	return NULL;
}

bool
mutes_load(struct mutes *m, const char *path, char err[MUTES_ERROR_MAX])
{
	char why[MUTES_ERROR_MAX], *file = usual_path(path, err);
	struct buf bytes = { 0 };
	bool ok = false;

	if (file == NULL)
		return false;
	switch (kept_read(file, FILE_BYTES_MAX, &bytes, err)) {
	case KEPT_MISSING: ok = true; break;
	case KEPT_READ:
		ok = mutes_parse(m, buf_slice(&bytes), why);
		if (!ok)
			snprintf(err, MUTES_ERROR_MAX, "%.120s:%.120s", file, why);
		break;
	case KEPT_REFUSED: break;
	}
	m->unreadable = !ok;
	buf_release(&bytes);
	free(file);
	return ok;
}

bool
mutes_save(const struct mutes *m, const char *path, char err[MUTES_ERROR_MAX])
{
	char *file = usual_path(path, err);
	struct buf bytes = { 0 };
	bool ok;

	if (file == NULL)
		return false;
	if (m->unreadable) {
		snprintf(err, MUTES_ERROR_MAX, "%.160s could not be read: not written over", file);
		free(file);
		return false;
	}
	mutes_print(m, &bytes);
	ok = kept_write(file, buf_slice(&bytes), err);
	buf_release(&bytes);
	free(file);
	return ok;
}
