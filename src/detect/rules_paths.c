/*
 * Where rules files are: paths, directories, Falco's own places. What is in them is read in
 * rules_file.c.
 */
#include "detect/rules_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "detect/rules_private.h"
#include "base/banned.h"

const struct yaml_limits rules_limits = { RULES_FILE_MAX, 32, 1u << 18 };

static void
add_file(struct rules *r, const char *path, const struct stat *st)
{
	char err[YAML_ERROR_MAX];
	struct yaml *y;

	if (r->tried++ == RULES_FILES_MAX)
		rules_problem_add(
		    r, "%s: more than %d rules files: the rest is left out", path, RULES_FILES_MAX);
	if (r->tried > RULES_FILES_MAX)
		return;
	if (r->bytes + (size_t)st->st_size > RULES_BYTES_MAX) {
		rules_problem_add(r, "%s: rules files of more than %u MiB: left out", path,
		    RULES_BYTES_MAX >> 20);
		return;
	}
	if ((st->st_mode & S_IWOTH) != 0)
		rules_problem_add(r, "%s: anyone may write to it", path);
	r->bytes += (size_t)st->st_size;
	y = yaml_load(path, &rules_limits, err);
	if (y == NULL) {
		rules_problem_add(
		    r, "%s:%s%s", path, err[0] >= '0' && err[0] <= '9' ? "" : " ", err);
		return;
	}
	rules_read_items(r, path, yaml_root(y));
	yaml_free(y);
}

static int
is_rules_name(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && ((n > 5 && strcmp(d->d_name + n - 5, ".yaml") == 0) ||
					  (n > 4 && strcmp(d->d_name + n - 4, ".yml") == 0));
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
add_directory(struct rules *r, const char *path)
{
	struct dirent **list = NULL;
	int n = scandir(path, &list, is_rules_name, compare_names);

	if (n < 0)
		rules_problem_add(r, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *file = xasprintf("%s/%s", path, list[i]->d_name);
		struct stat st;

		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			add_file(r, file, &st);
		free(file);
		free(list[i]);
	}
	free(list);
}

void
rules_add_path(struct rules *r, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		rules_problem_add(r, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		add_directory(r, path);
	else if (S_ISREG(st.st_mode))
		add_file(r, path, &st);
	else
		rules_problem_add(r, "%s: no regular file", path);
}

unsigned
rules_add_default(struct rules *r)
{
	static const char *const path[] = { "/etc/falco/falco_rules.yaml",
		"/etc/falco/falco_rules.local.yaml", "/etc/falco/rules.d" };
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		if (access(path[i], R_OK) != 0)
			continue;
		rules_add_path(r, path[i]);
		n++;
	}
	return n;
}
