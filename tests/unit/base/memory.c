/* Allocation, buffers and arenas; and how the program gives up. */
#include "base/xalloc.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness.h"

#include "base/banned.h"

static void
say_hook(void)
{
	if (write(STDERR_FILENO, "[restored]", 10) != 10)
		_exit(99);
}

static void
out_of_memory(void)
{
	void *p;

	/* More than the address space: fails at once, in every build. */
	p = xreallocarray(NULL, SIZE_MAX / 8, 64);
	free(p);
}

static void
bug(void)
{
	fatal("%s at %d", "bug", 7);
}

static void
long_message(void)
{
	char s[4000];

	memset(s, 'x', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	fatal("%s", s);
}

static const struct {
	void (*run)(void);
	const char *says;
} deaths[] = {
	{ out_of_memory, "[restored]falcotop: out of memory (" },
	{ bug, "[restored]falcotop: bug at 7\n" },
	{ long_message, "[restored]falcotop: xxxxxxxx" },
};

START_TEST(gives_up)
{
	char out[8192] = "";
	size_t n = 0;
	ssize_t got;
	int fd[2], status = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		fatal_hook(say_hook);
		deaths[_i].run();
		_exit(0);
	}
	close(fd[1]);
	while ((got = read(fd[0], out + n, sizeof(out) - 1 - n)) > 0)
		n += (size_t)got;
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ck_assert_msg(strncmp(out, deaths[_i].says, strlen(deaths[_i].says)) == 0, "%s", out);
	ck_assert_int_eq(out[n - 1], '\n');
	ck_assert_ptr_eq(strchr(out, '\n'), out + n - 1);
}
END_TEST

START_TEST(huge)
{
	const size_t size = (size_t)4 << 20;
	unsigned char *p = huge_alloc(size);

	ck_assert_uint_eq((uintptr_t)p % ((size_t)2 << 20), 0);
	for (size_t i = 0; i < size; i += 4096)
		MUST(p[i] == 0);
	memset(p, 0xaa, size);
	huge_free(p, size);
	huge_free(NULL, size);
}
END_TEST

START_TEST(strings)
{
	char *s = xasprintf("%s=%d", "a", 5), *t = xstrdup(s), *u = xstrndup("abcdef", 3);
	char *e = xstrndup(NULL, 0);
	int *p = xcalloc(3, sizeof(*p));

	ck_assert_str_eq(t, "a=5");
	ck_assert_str_eq(u, "abc");
	ck_assert_str_eq(e, "");
	p = xreallocarray(p, 1000, sizeof(*p));
	ck_assert_int_eq(p[2], 0);
	free(p);
	free(e);
	free(s);
	free(t);
	free(u);
	free(xmalloc(0));
	free(xcalloc(0, 0));
	free(xreallocarray(NULL, 0, 0));
}
END_TEST

START_TEST(buf_grows)
{
	struct buf b = { 0 };
	char *s;

	buf_add(&b, NULL, 0);
	ck_assert_str_eq(b.p, "");
	for (int i = 0; i < 1000; i++) {
		buf_addc(&b, 'x');
		buf_adds(&b, "yz");
		MUST(b.p[b.len] == '\0' && b.len == 3 * (size_t)(i + 1));
	}
	buf_add(&b, "a\0b", 3);
	ck_assert_mem_eq(b.p + 3000, "a\0b", 4);
	buf_clear(&b);
	ck_assert_str_eq(b.p, "");
	ck_assert_uint_eq(b.len, 0);
	buf_adds(&b, "again");
	ck_assert(slice_eq(buf_slice(&b), SLICE("again")));
	s = buf_steal(&b);
	ck_assert_str_eq(s, "again");
	ck_assert_ptr_null(b.p);
	free(s);
	s = buf_steal(&b);
	ck_assert_str_eq(s, "");
	free(s);
	buf_clear(&b);
	buf_release(&b);
}
END_TEST

START_TEST(buf_formats)
{
	struct buf b = { 0 };

	buf_addf(&b, "%d-%s;", 12, "ab");
	buf_addf(&b, "%0200d", 7);
	ck_assert_uint_eq(b.len, 206);
	ck_assert_int_eq(b.p[205], '7');
	ck_assert_int_eq(b.p[206], '\0');
	buf_addf(&b, "%s", "");
	ck_assert_uint_eq(b.len, 206);
	/* Writing into the room by hand. */
	memcpy(buf_room(&b, 500), "zz", 2);
	b.len += 2;
	ck_assert_int_eq(b.p[207], 'z');
	buf_release(&b);
}
END_TEST

/* Bytes that malloc has given out, however it got them; 0 where it does not say. */
static size_t
in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
#else
	return 0;
#endif
}

/* One request a time that grows: what is kept is the last block, not all of them. */
START_TEST(arena_keeps_no_pile)
{
	struct arena a = { 0 };
	size_t before = in_use();

	for (size_t n = 1024; n <= (size_t)1 << 20; n += 1024) {
		arena_alloc(&a, n);
		arena_reset(&a);
	}
	ck_assert_uint_lt(in_use() - before, (size_t)4 << 20);
	arena_release(&a);
}
END_TEST

START_TEST(arena_gives_and_reuses)
{
	struct arena a = { 0 };
	char *p[2000], *first = NULL;
	size_t sum;

	for (int round = 0; round < 3; round++) {
		sum = 0;
		for (size_t i = 0; i < 2000; i++) {
			p[i] = arena_alloc(&a, i + 1);
			MUST((uintptr_t)p[i] % 16 == 0);
			memset(p[i], (int)(i & 0xff), i + 1);
			sum += i + 1;
		}
		for (size_t i = 0; i < 2000; i++)
			MUST(p[i][0] == (char)(i & 0xff) && p[i][i] == (char)(i & 0xff));
		ck_assert_uint_ge(a.used, sum);
		ck_assert_uint_le(a.used, sum + 16 * 2000);
		arena_reset(&a);
		ck_assert_uint_eq(a.used, 0);
	}
	/* After a reset the same blocks serve again. */
	first = arena_alloc(&a, 10);
	arena_reset(&a);
	ck_assert_ptr_eq(arena_alloc(&a, 10), first);
	arena_release(&a);
	arena_release(&a);
}
END_TEST

START_TEST(arena_copies)
{
	struct arena a = { 0 };
	struct slice s = arena_copy(&a, SLICE("a\0b"));
	const size_t big = (size_t)5 << 20;

	ck_assert_uint_eq(s.len, 3);
	ck_assert_mem_eq(s.p, "a\0b", 4);
	s = arena_copy(&a, (struct slice){ NULL, 0 });
	ck_assert_str_eq(s.p, "");
	ck_assert_str_eq(arena_strdup(&a, "text"), "text");
	ck_assert_ptr_ne(arena_alloc(&a, 0), arena_alloc(&a, 0));
	memset(arena_alloc(&a, big), 1, big);
	arena_reset(&a);
	ck_assert_str_eq(arena_strdup(&a, "text"), "text");
	arena_release(&a);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("base/memory");
	TCase *tc = tcase_create("memory");

	tcase_add_loop_test(tc, gives_up, 0, (int)(sizeof(deaths) / sizeof(deaths[0])));
	tcase_add_test(tc, huge);
	tcase_add_test(tc, strings);
	tcase_add_test(tc, buf_grows);
	tcase_add_test(tc, buf_formats);
	tcase_add_test(tc, arena_gives_and_reuses);
	tcase_add_test(tc, arena_keeps_no_pile);
	tcase_add_test(tc, arena_copies);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
