/*
 * Sets of detections: where the files are, which of several of one name stands, and the life of a
 * set that several threads read. What is in a file is detection.c's.
 */
#include "detect/detection.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "detect/detection_private.h"
#include "base/banned.h"

#define FILES_MAX    4096
#define PROBLEMS_MAX 256
#define DIR_DEPTH    8
#define PARENTS	     3 /* how far up a macros directory is looked for */

struct file {
	char *path;
	struct yaml *yaml;
	unsigned rank; /* of its place in the search path */
	bool named;    /* given by name, not found in a directory */
};

struct loader {
	struct detection_set *set;
	struct macros *macros;
	const struct detection_paths *paths;
	struct file *file;
	unsigned nfile;
	unsigned *rank; /* of each detection of the set */
};

static void problem(struct detection_set *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
problem(struct detection_set *s, const char *fmt, ...)
{
	char text[DETECTION_ERROR_MAX];
	va_list ap;

	if (s->nproblem == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->problem = xreallocarray(s->problem, s->nproblem + 1, sizeof(*s->problem));
	s->problem[s->nproblem++] = xstrdup(text);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void
read_one(struct loader *l, const char *path, unsigned rank, bool named)
{
	char err[YAML_ERROR_MAX];
	struct yaml *y;

	for (unsigned i = 0; i < l->nfile; i++)
		if (strcmp(l->file[i].path, path) == 0 && l->file[i].rank == rank)
			return;
	if (l->nfile == FILES_MAX) {
		problem(l->set, "%s: more than %d files", path, FILES_MAX);
		return;
	}
	y = yaml_load(path, NULL, err);
	if (y == NULL) {
		problem(l->set, "%s:%s%s", path, err[0] >= '0' && err[0] <= '9' ? "" : " ", err);
		return;
	}
	l->file = xreallocarray(l->file, l->nfile + 1, sizeof(*l->file));
	l->file[l->nfile++] = (struct file){ xstrdup(path), y, rank, named };
}

static bool
is_yaml(const char *name)
{
	size_t n = strlen(name);

	return (n > 4 && strcmp(name + n - 4, ".yml") == 0) ||
	       (n > 5 && strcmp(name + n - 5, ".yaml") == 0);
}

static int
is_entry(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
read_directory(struct loader *l, const char *dir, unsigned rank, unsigned depth)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_entry, by_name);

	if (n < 0)
		problem(l->set, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, entry[i]->d_name);

		if (is_directory(path)) {
			if (depth < DIR_DEPTH)
				read_directory(l, path, rank, depth + 1);
		} else if (is_yaml(path)) {
			read_one(l, path, rank, false);
		}
		free(path);
		free(entry[i]);
	}
	free(entry);
}

/* The macros directory of a repository of detections: in the path itself or a little above it. */
static void
read_macros_beside(struct loader *l, const char *path, unsigned rank)
{
	char *at = xstrdup(path), *slash;

	for (unsigned up = 0; up <= PARENTS; up++) {
		char *macros = xasprintf("%s/macros", at[0] == '\0' ? "." : at);
		bool found = is_directory(macros);

		if (found)
			read_directory(l, macros, rank, DIR_DEPTH);
		free(macros);
		slash = strrchr(at, '/');
		if (found || at[0] == '\0')
			break;
		if (slash != NULL)
			*slash = '\0';
		else
			at[0] = '\0';
	}
	free(at);
}

static void
read_path(struct loader *l, const char *path, unsigned rank, bool must)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		if (must || errno != ENOENT)
			problem(l->set, "%s: %s", path, strerror(errno));
		return;
	}
	read_macros_beside(l, path, rank);
	if (S_ISDIR(st.st_mode))
		read_directory(l, path, rank, 0);
	else
		read_one(l, path, rank, true);
}

/* $VARIABLE/tail, or $HOME/fallback/tail; NULL when there is neither. Allocated. */
static char *
home_path(const char *variable, const char *fallback, const char *tail)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base != NULL && base[0] == '/')
		return xasprintf("%s/%s", base, tail);
	if (home != NULL && home[0] != '\0')
		return xasprintf("%s/%s/%s", home, fallback, tail);
	return NULL;
}

static void
read_all(struct loader *l)
{
	const char *data = getenv("FALCOTOP_DATADIR");
	unsigned rank = 0;
	char *path;

	if (!l->paths->only_extra) {
		path = xasprintf(
		    "%s/detections", data != NULL && data[0] != '\0' ? data : DETECTIONS_DATADIR);
		read_path(l, path, rank++, false);
		free(path);
		path = home_path("XDG_DATA_HOME", ".local/share", "falcotop/detections");
		if (path != NULL)
			read_path(l, path, rank++, false);
		free(path);
	}
	for (unsigned i = 0; i < l->paths->nextra; i++)
		read_path(l, l->paths->extra[i], rank++, true);
}

static void
add_macros(struct loader *l, const char *path, const struct yaml_node *root)
{
	char err[YAML_ERROR_MAX];

	if (!macros_add(l->macros, root, err))
		problem(l->set, "%s:%s", path, err);
}

static void
read_user_macros(struct loader *l)
{
	char *own = home_path("XDG_CONFIG_HOME", ".config", "falcotop/macros.yml");
	const char *path = l->paths->macros != NULL ? l->paths->macros : own;
	char err[YAML_ERROR_MAX];
	struct stat st;
	struct yaml *y;

	if (path != NULL && (path == l->paths->macros || stat(path, &st) == 0)) {
		y = yaml_load(path, NULL, err);
		if (y == NULL)
			problem(l->set, "%s:%s%s", path, err[0] >= '0' && err[0] <= '9' ? "" : " ",
			    err);
		else if (yaml_root(y) != NULL)
			add_macros(l, path, yaml_root(y));
		yaml_free(y);
	}
	free(own);
}

static bool
is_macro_file(const struct yaml_node *root)
{
	if (root != NULL && root->kind == YAML_LIST)
		root = root->child;
	return yaml_get(root, "definition") != NULL && yaml_get(root, "search") == NULL;
}

/* Index of the detection of this name; n when there is none. */
static unsigned
find_name(const struct detection_set *s, const char *name)
{
	unsigned i = 0;

	while (i < s->n && strcasecmp(s->v[i]->name, name) != 0)
		i++;
	return i;
}

/* Takes over d. Later places win, then higher versions, then the one that was there. */
static void
place(struct loader *l, struct detection *d, unsigned rank)
{
	struct detection_set *s = l->set;
	unsigned i = find_name(s, d->name);
	struct detection *loser = d, *old;

	if (i == s->n) {
		s->v = xreallocarray(s->v, s->n + 1, sizeof(struct detection *));
		l->rank = xreallocarray(l->rank, s->n + 1, sizeof(*l->rank));
		l->rank[s->n] = rank;
		s->v[s->n++] = d;
		return;
	}
	old = s->v[i];
	if (rank > l->rank[i] || (rank == l->rank[i] && d->version > old->version)) {
		s->v[i] = d;
		l->rank[i] = rank;
		loser = old;
	}
	detection_warn(s->v[i], "also in %s (version %d): not used", loser->path, loser->version);
	detection_free(loser);
}

static void
apply_filter(struct loader *l, struct detection *d)
{
	struct spl_error err;
	const char *text;

	if (l->paths->filter == NULL || d->filter_macro == NULL)
		return;
	text = l->paths->filter(l->paths->arg, d->filter_macro);
	if (text != NULL && !detection_set_filter(d, l->macros, text, &err))
		problem(l->set, "%s: %s: %s%s%s", d->filter_macro, text, err.word,
		    err.word[0] == '\0' ? "" : ": ", err.message);
}

static void
make_detections(struct loader *l)
{
	char err[DETECTION_ERROR_MAX];

	for (unsigned i = 0; i < l->nfile; i++) {
		const struct file *f = &l->file[i];
		const struct yaml_node *root = yaml_root(f->yaml);
		struct detection *d;

		if (is_macro_file(root) || (yaml_get(root, "search") == NULL && !f->named))
			continue;
		d = detection_make(f->path, root, l->macros, err);
		if (d == NULL) {
			problem(l->set, "%s", err);
			continue;
		}
		apply_filter(l, d);
		place(l, d, f->rank);
	}
}

static int
by_detection_name(const void *a, const void *b)
{
	const struct detection *const *x = a, *const *y = b;

	return strcasecmp((*x)->name, (*y)->name);
}

struct detection_set *
detection_set_load(const struct detection_paths *p)
{
	struct loader l = {
		.set = xcalloc(1, sizeof(struct detection_set)), .macros = macros_new(), .paths = p
	};

	l.set->refs = 1;
	read_all(&l);
	for (unsigned i = 0; i < l.nfile; i++)
		if (is_macro_file(yaml_root(l.file[i].yaml)))
			add_macros(&l, l.file[i].path, yaml_root(l.file[i].yaml));
	read_user_macros(&l);
	make_detections(&l);
	if (l.set->n > 1)
		qsort(l.set->v, l.set->n, sizeof(struct detection *), by_detection_name);
	for (unsigned i = 0; i < l.nfile; i++) {
		free(l.file[i].path);
		yaml_free(l.file[i].yaml);
	}
	free(l.file);
	free(l.rank);
	l.set->macros = l.macros;
	return l.set;
}

struct detection_set *
detection_set_hold(struct detection_set *s)
{
	__atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void
detection_set_drop(struct detection_set *s)
{
	if (s == NULL || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (unsigned i = 0; i < s->n; i++)
		detection_free(s->v[i]);
	for (unsigned i = 0; i < s->nproblem; i++)
		free(s->problem[i]);
	free(s->v);
	free(s->problem);
	macros_free(s->macros);
	free(s);
}

/* The name of its file without directory and ending. */
static bool
has_stem(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	size_t n = strcspn(base, ".");

	return strlen(name) == n && strncasecmp(base, name, n) == 0;
}

const struct detection *
detection_find(const struct detection_set *s, const char *name)
{
	unsigned i = find_name(s, name);

	for (unsigned k = 0; i == s->n && k < s->n; k++)
		if (has_stem(s->v[k]->path, name))
			return s->v[k];
	return i == s->n ? NULL : s->v[i];
}
