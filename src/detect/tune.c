/* Keeps the user's filter macros. Compiles and runs nothing. */
#include "detect/tune.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sanitise.h"
#include "base/xalloc.h"
#include "detect/kept.h"
#include "base/banned.h"

#define PROBLEMS_MAX 64

static const char suffix[] = ".filter";

struct tune {
	char *name, *text;
};

struct tunes {
	char *directory; /* NULL: there is none */
	struct tune *tune;
	unsigned n;
	char *problem[PROBLEMS_MAX];
	unsigned nproblems;
};

struct tunes *
tunes_new(const char *directory)
{
	struct tunes *t = xcalloc(1, sizeof(*t));
	struct buf b = { 0 };

	if (directory != NULL)
		t->directory = xstrdup(directory);
	else if (kept_path(&b, "filters"))
		t->directory = buf_steal(&b);
	buf_release(&b);
	return t;
}

static void
clear(struct tunes *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		free(t->tune[i].name);
		free(t->tune[i].text);
	}
	free(t->tune);
	t->tune = NULL;
	t->n = 0;
	for (unsigned i = 0; i < t->nproblems; i++)
		free(t->problem[i]);
	t->nproblems = 0;
}

void
tunes_free(struct tunes *t)
{
	if (t == NULL)
		return;
	clear(t);
	free(t->directory);
	free(t);
}

static void
problem(struct tunes *t, const char *what)
{
	struct buf safe = { 0 };

	if (t->nproblems == PROBLEMS_MAX)
		return;
	sanitise(&safe, slice_of(what), SANITISE_UTF8);
	t->problem[t->nproblems++] = buf_steal(&safe);
}

/* As ESCU makes a macro of a name: small letters and digits, all else one underscore. */
bool
tune_name(struct buf *out, const char *name)
{
	static const char macro[] = "_filter";
	size_t n;

	buf_clear(out);
	for (; *name != '\0'; name++) {
		char c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_addc(out, c);
		else if (out->len > 0 && out->p[out->len - 1] != '_')
			buf_addc(out, '_');
	}
	n = out->len;
	if (n > sizeof(macro) - 1 && strcmp(out->p + n - (sizeof(macro) - 1), macro) == 0)
		n -= sizeof(macro) - 1;
	while (n > 0 && out->p[n - 1] == '_')
		n--;
	out->len = n;
	if (out->p != NULL)
		out->p[n] = '\0';
	return n > 0 && n <= TUNE_NAME_MAX;
}

bool
tune_path(const struct tunes *t, struct buf *out, const char *name)
{
	struct buf file = { 0 };
	bool ok = t->directory != NULL && tune_name(&file, name);

	buf_clear(out);
	if (ok)
		buf_addf(out, "%s/%s%s", t->directory, file.p, suffix);
	buf_release(&file);
	return ok;
}

static struct tune *
find(const struct tunes *t, const char *file_name)
{
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->tune[i].name, file_name) == 0)
			return &t->tune[i];
	return NULL;
}

const char *
tunes_get(const struct tunes *t, const char *name)
{
	struct buf file = { 0 };
	const struct tune *x = tune_name(&file, name) ? find(t, file.p) : NULL;

	buf_release(&file);
	return x == NULL ? NULL : x->text;
}

/* Sets or, with NULL, removes; takes over text. */
static void
keep(struct tunes *t, const char *file_name, char *text)
{
	struct tune *x = find(t, file_name);

	if (text == NULL && x != NULL) {
		free(x->name);
		free(x->text);
		*x = t->tune[--t->n];
	} else if (text != NULL && x != NULL) {
		free(x->text);
		x->text = text;
	} else if (text != NULL) {
		t->tune = xreallocarray(t->tune, t->n + 1, sizeof(*t->tune));
		t->tune[t->n++] = (struct tune){ xstrdup(file_name), text };
	}
}

/* One line: without line ends and blanks around. NULL: bytes that no expression has. */
static char *
clean(struct slice s)
{
	char *text;

	while (s.len > 0 && strchr(" \t\r\n", s.p[s.len - 1]) != NULL)
		s.len--;
	while (s.len > 0 && strchr(" \t\r\n", s.p[0]) != NULL)
		s = (struct slice){ s.p + 1, s.len - 1 };
	if (s.len > TUNE_TEXT_MAX || (s.len > 0 && memchr(s.p, '\0', s.len) != NULL))
		return NULL;
	text = xstrndup(s.len == 0 ? "" : s.p, s.len);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return text;
}

static void
load_one(struct tunes *t, const char *entry)
{
	char err[KEPT_ERROR_MAX], *path = xasprintf("%s/%s", t->directory, entry), *text;
	struct buf bytes = { 0 }, name = { 0 };

	buf_add(&name, entry, strlen(entry) - (sizeof(suffix) - 1));
	if (kept_read(path, TUNE_TEXT_MAX + 1, &bytes, err) != KEPT_READ) {
		problem(t, err);
	} else {
		text = clean(buf_slice(&bytes));
		if (text == NULL)
			problem(t, path);
		else if (text[0] == '\0')
			free(text);
		else
			keep(t, name.p, text);
	}
	buf_release(&bytes);
	buf_release(&name);
	free(path);
}

static int
is_filter_name(const struct dirent *d)
{
	size_t n = strlen(d->d_name), s = sizeof(suffix) - 1;
	bool plain = n > s && n <= TUNE_NAME_MAX + s && strcmp(d->d_name + n - s, suffix) == 0;

	for (size_t i = 0; plain && i < n - s; i++)
		plain = strchr("abcdefghijklmnopqrstuvwxyz0123456789_", d->d_name[i]) != NULL;
	return plain;
}

void
tunes_load(struct tunes *t)
{
	struct dirent **list = NULL;
	int n = t->directory == NULL ? 0 : scandir(t->directory, &list, is_filter_name, alphasort);

	clear(t);
	for (int i = 0; i < n; i++) {
		if (i < TUNES_MAX)
			load_one(t, list[i]->d_name);
		free(list[i]);
	}
	if (n > TUNES_MAX)
		problem(t, "too many filters: the rest is left out");
	free(list);
}

bool
tunes_set(struct tunes *t, const char *name, const char *text, char err[TUNE_ERROR_MAX])
{
	struct buf path = { 0 }, file = { 0 }, bytes = { 0 };
	char *one = clean(slice_of(text));
	bool ok = false;

	if (one == NULL || !tune_path(t, &path, name) || !tune_name(&file, name)) {
		snprintf(err, TUNE_ERROR_MAX, "%s",
		    one == NULL		   ? "the expression is too long"
		    : t->directory == NULL ? "no config directory: neither XDG_CONFIG_HOME nor HOME"
					   : "no name for a file");
		goto out;
	}
	if (t->n == TUNES_MAX && find(t, file.p) == NULL) {
		snprintf(err, TUNE_ERROR_MAX, "too many filters");
		goto out;
	}
	buf_addf(&bytes, "%s\n", one);
	ok = one[0] == '\0' ? kept_remove(path.p, err) : kept_write(path.p, buf_slice(&bytes), err);
	if (ok) {
		keep(t, file.p, one[0] == '\0' ? NULL : one);
		one = one[0] == '\0' ? one : NULL;
	}
out:
	buf_release(&path);
	buf_release(&file);
	buf_release(&bytes);
	free(one);
	return ok;
}

unsigned
tunes_problems(const struct tunes *t)
{
	return t->nproblems;
}

const char *
tunes_problem(const struct tunes *t, unsigned i)
{
	return t->problem[i];
}
