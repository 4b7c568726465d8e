/* Whole-or-nothing files. */
#include "app/output.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

#include "harness.h"

static char dir[] = "/tmp/falcotop-test.XXXXXX";
static char *path;

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xasprintf("%s/report", dir);
}

static void
teardown(void)
{
	(void)unlink(path);
	(void)rmdir(dir); /* fails when something was left behind: see leftovers() */
	free(path);
}

static size_t
leftovers(void)
{
	char *pattern = xasprintf("%s/*", dir);
	glob_t g;
	size_t n = 0;

	if (glob(pattern, 0, NULL, &g) == 0) {
		n = g.gl_pathc;
		globfree(&g);
	}
	free(pattern);
	return n;
}

static void
put(struct output *o, const char *text)
{
	struct buf b = { 0 };

	buf_adds(&b, text);
	output_write(o, &b);
	ck_assert_uint_eq(b.len, 0);
	buf_release(&b);
}

static void
expect_content(const char *want)
{
	char got[64] = { 0 };
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(got, want);
}

START_TEST(appears_at_the_end)
{
	struct output o;

	ck_assert_int_eq(output_open(&o, path), 0);
	put(&o, "one ");
	ck_assert_int_ne(access(path, F_OK), 0);
	put(&o, "two");
	ck_assert_int_eq(output_close(&o), 0);
	expect_content("one two");
	ck_assert_uint_eq(leftovers(), 1);
}
END_TEST

START_TEST(abandoned)
{
	struct output o;

	ck_assert_int_eq(output_open(&o, path), 0);
	put(&o, "old");
	ck_assert_int_eq(output_close(&o), 0);
	ck_assert_int_eq(output_open(&o, path), 0);
	put(&o, "new");
	output_drop(&o);
	expect_content("old");
	ck_assert_uint_eq(leftovers(), 1);
}
END_TEST

START_TEST(failed_write)
{
	struct output o;

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(output_open(&o, path), 0);
	ck_assert_int_eq(close(o.fd), 0);
	o.fd = open("/dev/full", O_WRONLY);
	ck_assert_int_ge(o.fd, 0);
	put(&o, "text");
	ck_assert_int_ne(o.error, 0);
	ck_assert_int_eq(output_close(&o), -1);
	ck_assert_uint_eq(leftovers(), 0);
}
END_TEST

START_TEST(no_directory)
{
	struct output o;

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(output_open(&o, "/nonexistent/dir/report"), -1);
}
END_TEST

START_TEST(device)
{
	struct output o;
	struct stat st;

	ck_assert_int_eq(output_open(&o, "/dev/null"), 0);
	put(&o, "text");
	ck_assert_int_eq(output_close(&o), 0);
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
}
END_TEST

START_TEST(mode)
{
	struct output o;
	struct stat st;

	(void)umask(027);
	ck_assert_int_eq(output_open(&o, path), 0);
	ck_assert_int_eq(output_close(&o), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("output");
	TCase *t = tcase_create("output");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, appears_at_the_end);
	tcase_add_test(t, abandoned);
	tcase_add_test(t, failed_write);
	tcase_add_test(t, no_directory);
	tcase_add_test(t, device);
	tcase_add_test(t, mode);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
