/* The user's filter macros: names, files, and what is refused. */
#include "detect/tune.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "harness.h"

static const struct {
	const char *name, *file; /* NULL: refused */
} named[] = {
	{ "Kubernetes Falco Shell Spawned", "kubernetes_falco_shell_spawned" },
	{ "kubernetes_falco_shell_spawned_filter", "kubernetes_falco_shell_spawned" },
	{ "AWS: x - y (z)", "aws_x_y_z" },
	{ "../../etc/passwd", "etc_passwd" },
	{ "\xc3\xa4", NULL },
	{ "_filter", "filter" },
	{ "///", NULL },
	{ "", NULL },
};

START_TEST(names)
{
	struct buf b = { 0 };

	ck_assert_int_eq(tune_name(&b, named[_i].name), named[_i].file != NULL);
	if (named[_i].file != NULL)
		ck_assert_str_eq(b.p, named[_i].file);
	buf_release(&b);
}
END_TEST

static void
write_file(const char *dir, const char *name, const char *text, size_t len, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	free(path);
}

START_TEST(files)
{
	char dir[] = "/tmp/falcotop-tune-XXXXXX", err[TUNE_ERROR_MAX], long_text[TUNE_TEXT_MAX + 2];
	struct tunes *t;
	struct buf path = { 0 };
	struct stat st;
	char *command;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	t = tunes_new(dir);
	tunes_load(t);
	ck_assert_ptr_null(tunes_get(t, "Shell Spawned"));
	ck_assert(tunes_set(t, "Shell Spawned", "  user.name != jenkins\n and a=b \n", err));
	ck_assert_str_eq(tunes_get(t, "Shell Spawned"), "user.name != jenkins  and a=b");
	ck_assert_str_eq(tunes_get(t, "shell_spawned_filter"), "user.name != jenkins  and a=b");
	ck_assert(tune_path(t, &path, "Shell Spawned"));
	ck_assert_int_eq(stat(path.p, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	ck_assert(!tunes_set(t, "Shell Spawned", long_text, err));
	ck_assert(!tunes_set(t, "///", "a=b", err));
	ck_assert(tunes_set(t, "other", "c=d", err));

	write_file(dir, "open.filter", "a=b", 3, 0666);
	write_file(dir, "nul.filter", "a\0b", 3, 0600);
	write_file(dir, "large.filter", long_text, sizeof(long_text), 0600);
	write_file(dir, "empty.filter", "\n", 1, 0600);
	write_file(dir, "Bad Name.filter", "a=b", 3, 0600);
	write_file(dir, "shell.txt", "a=b", 3, 0600);
	tunes_load(t);
	ck_assert_str_eq(tunes_get(t, "Shell Spawned"), "user.name != jenkins  and a=b");
	ck_assert_str_eq(tunes_get(t, "Other"), "c=d");
	ck_assert_ptr_null(tunes_get(t, "open"));
	ck_assert_ptr_null(tunes_get(t, "nul"));
	ck_assert_ptr_null(tunes_get(t, "large"));
	ck_assert_ptr_null(tunes_get(t, "empty"));
	ck_assert_ptr_null(tunes_get(t, "Bad Name"));
	ck_assert_uint_eq(tunes_problems(t), 3);
	ck_assert_ptr_nonnull(strstr(tunes_problem(t, 2), "anyone may write to it"));

	ck_assert(tunes_set(t, "Shell Spawned", " ", err));
	ck_assert_ptr_null(tunes_get(t, "Shell Spawned"));
	ck_assert_int_ne(stat(path.p, &st), 0);
	ck_assert(tunes_set(t, "Shell Spawned", "", err)); /* twice is fine */
	tunes_free(t);
	buf_release(&path);
	command = xasprintf("rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	free(command);
}
END_TEST

START_TEST(no_directory)
{
	struct tunes *t;
	char err[TUNE_ERROR_MAX];

	ck_assert_int_eq(unsetenv("XDG_CONFIG_HOME"), 0);
	ck_assert_int_eq(setenv("HOME", "relative", 1), 0);
	t = tunes_new(NULL);
	tunes_load(t);
	ck_assert(!tunes_set(t, "x", "a=b", err));
	ck_assert_ptr_null(tunes_get(t, "x"));
	tunes_free(t);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("detect/tune");
	TCase *t = tcase_create("tune");

	tcase_add_loop_test(t, names, 0, sizeof(named) / sizeof(named[0]));
	tcase_add_test(t, files);
	tcase_add_test(t, no_directory);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
