/*
 * The list of mutes and the rules of their breaking. Counting what they hide is mute_watch.c's, the
 * file is mute_file.c's.
 */
#include "detect/mute.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/sanitise.h"
#include "base/xalloc.h"
#include "detect/mute_private.h"
#include "event/timestamp.h"
#include "base/banned.h"

const char *
mute_is_name(enum mute_is s)
{
	static const char *const names[] = { "on", "broken", "expired" };

	return names[s];
}

/* --- breaking */

static enum priority
highest(const struct mute_sight *s)
{
	for (unsigned p = PRIORITY_COUNT; p-- > 0;)
		if (s->by_priority[p] > 0)
			return (enum priority)p;
	return PRIORITY_UNKNOWN;
}

static struct slice
cut_name(struct slice s)
{
	if (s.len > MUTE_PARENT_MAX)
		s.len = MUTE_PARENT_MAX;
	return s;
}

static bool
knows_parent(const struct mute_base *b, struct slice name)
{
	name = cut_name(name);
	for (unsigned i = 0; i < b->nparents; i++)
		if (slice_eq(slice_of(b->parent[i]), name))
			return true;
	return false;
}

/* The first parent process that the base does not know. */
static bool
new_parent(const struct mute_base *b, const struct mute_sight *s, struct slice *out)
{
	unsigned n = s->nparents < MUTE_PARENTS_MAX ? s->nparents : MUTE_PARENTS_MAX;

	if (b->nparents > MUTE_PARENTS_MAX)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (memchr(s->parent[i].p, '\0', s->parent[i].len) == NULL &&
		    knows_parent(b, s->parent[i]))
			continue;
		*out = s->parent[i];
		return true;
	}
	return false;
}

bool
mute_check(const struct mute_base *base, const struct mute_sight *now, struct buf *why)
{
	uint64_t rate = base->per_hour == 0 ? 1 : base->per_hour;
	enum priority top = highest(now);
	struct slice parent;

	if (!base->known || now->events == 0)
		return false;
	if (new_parent(base, now, &parent)) {
		int used;

		buf_adds(why, "a new parent process: ");
		sanitise_cells(why, parent, SANITISE_UTF8, 60, "~", &used);
		return true;
	}
	if (top > base->highest) {
		buf_addf(why, "a higher priority: %s, it was %s", priority_name(top),
		    priority_name(base->highest));
		return true;
	}
	if (now->last_hour >= MUTE_RATE && now->last_hour / MUTE_RATE >= rate) {
		buf_addf(why, "%llu events in the last hour, it was %llu an hour",
		    (unsigned long long)now->last_hour, (unsigned long long)base->per_hour);
		return true;
	}
	return false;
}

/* --- the list */

void
mute_base_release(struct mute_base *b)
{
	unsigned n = b->nparents < MUTE_PARENTS_MAX ? b->nparents : MUTE_PARENTS_MAX;

	for (unsigned i = 0; i < n; i++)
		free(b->parent[i]);
	*b = (struct mute_base){ 0 };
}

static void
set_base(struct mute_base *b, const struct mute_sight *s)
{
	mute_base_release(b);
	if (s == NULL || s->events == 0)
		return;
	b->known = true;
	b->highest = highest(s);
	b->per_hour = s->last_hour;
	b->nparents = s->nparents;
	for (unsigned i = 0; i < s->nparents && i < MUTE_PARENTS_MAX; i++) {
		struct slice name = cut_name(s->parent[i]);

		b->parent[i] = xstrndup(name.len == 0 ? "" : name.p, name.len);
	}
}

void
mute_release(struct mute *x)
{
	free(x->filter);
	free(x->reason);
	free(x->owner);
	free(x->why);
	mute_base_release(&x->base);
}

struct mutes *
mutes_new(void)
{
	struct mutes *m = xcalloc(1, sizeof(*m));

	m->next_id = 1;
	mutes_changed(m);
	return m;
}

void
mutes_free(struct mutes *m)
{
	if (m == NULL)
		return;
	for (unsigned i = 0; i < m->n; i++)
		mute_release(&m->mute[i]);
	buf_release(&m->term);
	buf_release(&m->hidden);
	free(m);
}

unsigned
mutes_count(const struct mutes *m)
{
	return m->n;
}

const struct mute *
mutes_get(const struct mutes *m, unsigned i)
{
	return &m->mute[i];
}

uint64_t
mutes_version(const struct mutes *m)
{
	return m->version;
}

static struct mute *
find(const struct mutes *m, uint64_t id)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->mute[i].id == id)
			return (struct mute *)(uintptr_t)&m->mute[i];
	return NULL;
}

const struct mute *
mutes_find(const struct mutes *m, uint64_t id)
{
	return find(m, id);
}

void
mutes_changed(struct mutes *m)
{
	m->version++;
	buf_clear(&m->term);
	buf_clear(&m->hidden);
	buf_adds(&m->term, "");
	buf_adds(&m->hidden, "");
	for (unsigned i = 0; i < m->n; i++) {
		const struct mute *x = &m->mute[i];

		if (x->is != MUTE_IS_ON)
			continue;
		buf_addf(&m->term, "%snot (%s)", m->term.len > 0 ? " and " : "", x->filter);
		buf_addf(&m->hidden, "%s(%s)", m->hidden.len > 0 ? " or " : "", x->filter);
	}
}

const char *
mutes_term(const struct mutes *m)
{
	return m->term.p;
}

const char *
mutes_hidden_term(const struct mutes *m)
{
	return m->hidden.p;
}

static bool
refuse(struct filter_error *err, const char *what)
{
	*err = (struct filter_error){ 0 };
	snprintf(err->message, sizeof(err->message), "%s", what);
	return false;
}

/* Whether all filters, on or not, make one term that parses: any of them may be armed again. */
static bool
terms_fit(const struct mutes *m, const char *filter, struct filter_error *err)
{
	struct buf all = { 0 };
	struct filter *f;

	buf_addf(&all, "not (%s)", filter);
	for (unsigned i = 0; i < m->n; i++)
		buf_addf(&all, " and not (%s)", m->mute[i].filter);
	f = filter_parse(all.p, err);
	buf_release(&all);
	filter_free(f);
	return f != NULL || refuse(err, "the filters of all mutes together are too long");
}

bool
mute_fits(const struct mutes *m, const char *filter, struct filter_error *err)
{
	struct filter *f;
	bool all;

	if (m->n == MUTES_MAX)
		return refuse(err, "there are 32 mutes: lift one first");
	if (strlen(filter) > MUTE_FILTER_MAX)
		return refuse(err, "the filter of a mute is too long");
	f = filter_parse(filter, err);
	if (f == NULL)
		return false;
	all = filter_is_all(f);
	filter_free(f);
	if (all)
		return refuse(err, "this would hide everything");
	return terms_fit(m, filter, err);
}

static char *
short_text(const char *s, size_t max)
{
	size_t n = s == NULL ? 0 : strlen(s);

	return xstrndup(s == NULL ? "" : s, n < max ? n : max);
}

uint64_t
mutes_add(struct mutes *m, const char *filter, const char *reason, const char *owner, int64_t now,
    int64_t expires, const struct mute_sight *sight, struct filter_error *err)
{
	struct mute *x = &m->mute[m->n];

	if (!mute_fits(m, filter, err))
		return 0;
	*x = (struct mute){
		.id = m->next_id++,
		.filter = xstrdup(filter),
		.reason = short_text(reason, MUTE_REASON_MAX),
		.owner = short_text(owner, MUTE_OWNER_MAX),
		.created = now,
		.expires = expires,
		.is = MUTE_IS_ON,
		.why = xstrdup(""),
	};
	set_base(&x->base, sight);
	m->n++;
	mutes_changed(m);
	return x->id;
}

bool
mutes_lift(struct mutes *m, uint64_t id)
{
	struct mute *x = find(m, id);

	if (x == NULL)
		return false;
	mute_release(x);
	m->n--;
	memmove(x, x + 1, (size_t)(&m->mute[m->n] - x) * sizeof(*x));
	mutes_changed(m);
	return true;
}

bool
mutes_arm(
    struct mutes *m, uint64_t id, int64_t now, int64_t expires, const struct mute_sight *sight)
{
	struct mute *x = find(m, id);

	if (x == NULL)
		return false;
	x->is = MUTE_IS_ON;
	x->created = now;
	x->expires = expires;
	free(x->why);
	x->why = xstrdup("");
	set_base(&x->base, sight);
	mutes_changed(m);
	return true;
}

bool
mutes_expire(struct mutes *m, int64_t now)
{
	bool any = false;

	for (unsigned i = 0; i < m->n; i++) {
		struct mute *x = &m->mute[i];

		if (x->is != MUTE_IS_ON || x->expires == TIME_NONE || now < x->expires)
			continue;
		x->is = MUTE_IS_EXPIRED;
		any = true;
	}
	if (any)
		mutes_changed(m);
	return any;
}

bool
mutes_compare(struct mutes *m, uint64_t id, const struct mute_sight *sight)
{
	struct mute *x = find(m, id);
	struct buf why = { 0 };

	if (x == NULL || x->is != MUTE_IS_ON)
		return false;
	if (!x->base.known) {
		set_base(&x->base, sight);
		if (x->base.known)
			mutes_changed(m);
		return x->base.known;
	}
	if (!mute_check(&x->base, sight, &why))
		return false;
	x->is = MUTE_IS_BROKEN;
	free(x->why);
	x->why = buf_steal(&why);
	mutes_changed(m);
	return true;
}
