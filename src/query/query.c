/* Questions as plain values: copied, compared, put together. What they mean is the model's. */
#include "query/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

void
query_init(struct query *q)
{
	*q = (struct query){ .since = TIME_NONE, .until = TIME_NONE };
}

static void
release_names(char **names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(names[i]);
}

void
query_release(struct query *q)
{
	free(q->filter);
	release_names(q->by, q->nby);
	release_names(q->distinct, q->ndistinct);
	query_init(q);
}

void
query_copy(struct query *to, const struct query *from)
{
	*to = *from;
	to->filter = from->filter == NULL ? NULL : xstrdup(from->filter);
	for (unsigned i = 0; i < from->nby; i++)
		to->by[i] = xstrdup(from->by[i]);
	for (unsigned i = 0; i < from->ndistinct; i++)
		to->distinct[i] = xstrdup(from->distinct[i]);
}

static bool
same_names(char *const *a, unsigned na, char *const *b, unsigned nb)
{
	if (na != nb)
		return false;
	for (unsigned i = 0; i < na; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

bool
query_equal(const struct query *a, const struct query *b)
{
	const char *fa = a->filter == NULL ? "" : a->filter,
		   *fb = b->filter == NULL ? "" : b->filter;

	return a->kind == b->kind && strcmp(fa, fb) == 0 && a->since == b->since &&
	       a->until == b->until && a->bucket == b->bucket &&
	       same_names(a->by, a->nby, b->by, b->nby) &&
	       same_names(a->distinct, a->ndistinct, b->distinct, b->ndistinct);
}

enum shape { SHAPE_ALL, SHAPE_PLAIN, SHAPE_OR, SHAPE_BAD };

static enum shape
shape(const char *text)
{
	struct filter_error err;
	struct filter *f = filter_parse(text, &err);
	enum shape s = f == NULL	  ? SHAPE_BAD
		       : filter_is_or(f)  ? SHAPE_OR
		       : filter_is_all(f) ? SHAPE_ALL
					  : SHAPE_PLAIN;

	filter_free(f);
	return s;
}

/*
 * As it was typed, with no more parentheses than are needed: people read it in the breadcrumb. A
 * text that does not parse stands alone, so that its error is told when the query is used and
 * nothing joined to it can give it a meaning.
 */
void
query_and(struct query *q, const char *term)
{
	const char *old = q->filter == NULL ? "" : q->filter;
	enum shape a = shape(old), b = shape(term);
	char *joined;

	if (a == SHAPE_BAD || b == SHAPE_ALL)
		return;
	if (a == SHAPE_ALL || b == SHAPE_BAD)
		joined = xstrdup(term);
	else
		joined = xasprintf("%s%s%s and %s%s%s", a == SHAPE_OR ? "(" : "", old,
		    a == SHAPE_OR ? ")" : "", b == SHAPE_OR ? "(" : "", term,
		    b == SHAPE_OR ? ")" : "");
	free(q->filter);
	q->filter = joined;
}

static bool
by_error(struct filter_error *err, size_t offset, const char *message)
{
	err->offset = offset;
	snprintf(err->message, sizeof(err->message), "%s", message);
	return false;
}

/* Length of the name that starts at text, up to a comma outside of brackets. */
static size_t
name_length(const char *text)
{
	size_t i = 0;
	const char *close;

	while (text[i] != '\0' && text[i] != ',') {
		close = text[i] == '[' ? strchr(text + i, ']') : NULL;
		i = close != NULL ? (size_t)(close - text) : i + 1;
	}
	return i;
}

bool
query_set_by(struct query *q, const char *text, struct filter_error *err)
{
	char *names[QUERY_BY_TYPED];
	unsigned n = 0;
	size_t at = 0;

	*err = (struct filter_error){ 0 };
	for (;; at++) {
		size_t len, end;

		at += strspn(text + at, " \t");
		len = name_length(text + at);
		end = at + len;
		while (len > 0 && strchr(" \t", text[at + len - 1]) != NULL)
			len--;
		if (len == 0 || n == QUERY_BY_TYPED) {
			release_names(names, n);
			return by_error(err, at,
			    len == 0 ? "expected a field name" : "at most 8 fields to group by");
		}
		names[n++] = xstrndup(text + at, len);
		at = end;
		if (text[at] == '\0')
			break;
	}
	release_names(q->by, q->nby);
	memcpy(q->by, names, n * sizeof(names[0]));
	q->nby = n;
	return true;
}
