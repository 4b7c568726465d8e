/*
 * Every database file of a prepared set, damaged, foreign or unsafe in some way: nothing crashes,
 * nothing hangs, nothing is deleted, and what is not ours is not changed. The set comes from a
 * script outside this tree; without it the test is skipped.
 */
#include <errno.h>

#include "store.h"

#include "base/banned.h"

static char set_dir[64];

static const char *
generator(char path[512])
{
	const char *shared = getenv("FALCOTOP_SHARED");
	const char *srcdir = getenv("srcdir");

	if (shared != NULL)
		snprintf(path, 512, "%s/hostile/gen_more.py", shared);
	else
		snprintf(
		    path, 512, "%s/../shared/hostile/gen_more.py", srcdir != NULL ? srcdir : ".");
	return access(path, R_OK) == 0 ? path : NULL;
}

static bool
make_set(void)
{
	char path[512], command[1200];

	if (generator(path) == NULL)
		return false;
	snprintf(set_dir, sizeof(set_dir), "/tmp/falcotop-set.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(set_dir));
	snprintf(command, sizeof(command),
	    "PYTHONDONTWRITEBYTECODE=1 python3 '%s' db '%s' >/dev/null 2>&1", path, set_dir);
	return system(command) == 0;
}

/* Content of a plain file; NULL when it is none. */
static char *
content(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *p;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		if (f != NULL)
			fclose(f);
		return NULL;
	}
	p = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(p);
	*len = fread(p, 1, (size_t)st.st_size, f);
	fclose(f);
	return p;
}

/* The same bytes are still under this name or one it was moved to. */
static bool
still_there(const char *name, const char *was, size_t len)
{
	DIR *d = opendir(set_dir);
	struct dirent *e;
	bool there = false;

	while (!there && (e = readdir(d)) != NULL) {
		char path[400];
		size_t n = strlen(name), now;
		char *p;

		if (strncmp(e->d_name, name, n) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", set_dir, e->d_name);
		p = content(path, &now);
		there = p != NULL && now == len && memcmp(p, was, len) == 0;
		free(p);
	}
	closedir(d);
	return there;
}

static void
try_one(const char *name)
{
	char path[400];
	struct history *h;
	struct history_status s;
	enum history_state state;
	struct stat st;
	size_t len = 0;
	char *was = NULL;
	int64_t begin = clock_mono();

	snprintf(path, sizeof(path), "%s/%s", set_dir, name);
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		was = content(path, &len);
	h = start_at(path, NULL);
	state = history_settle(h, LONG);
	ck_assert_msg(state == HISTORY_OK || state == HISTORY_REFUSED, "%s: %s", name,
	    history_state_name(state));
	add_numbers(h, 0, 20);
	ck_assert_msg(history_flush(h, LONG), "%s", name);
	history_status(h, &s);
	ck_assert_msg(s.state == state, "%s", name);
	if (state == HISTORY_OK && len > 0)
		ck_assert_msg(s.moved_aside == 1, "%s", name);
	if (state == HISTORY_REFUSED)
		ck_assert_msg(s.error[0] != '\0', "%s", name);
	history_free(h);
	ck_assert_msg(clock_mono() - begin < 5 * NSEC_PER_SEC, "%s: slow", name);
	ck_assert_msg(was == NULL || len == 0 || still_there(name, was, len), "%s: gone", name);
	free(was);
}

START_TEST(whole_set)
{
	char command[100];
	struct dirent **list;
	unsigned tried = 0;
	struct stat st;
	int n;

	if (!make_set()) {
		printf("# hostile: no set to try, SKIPPED\n");
		return;
	}
	n = scandir(set_dir, &list, NULL, alphasort);
	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name);

		if (len > 3 && strcmp(list[i]->d_name + len - 3, ".db") == 0) {
			try_one(list[i]->d_name);
			tried++;
		}
		free(list[i]);
	}
	free(list);
	printf("# %u files\n", tried);
	ck_assert_uint_gt(tried, 200);
	snprintf(command, sizeof(command), "%s/created_by_follow", set_dir);
	ck_assert_int_ne(lstat(command, &st), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", set_dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("hostile");
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, whole_set);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
