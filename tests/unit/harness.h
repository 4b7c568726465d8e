/* Every unit test program: one suite, TAP on standard output (automake shows each test by name). */
#ifndef FALCOTOP_TESTS_HARNESS_H
#define FALCOTOP_TESTS_HARNESS_H

#include <check.h>
#include <stdlib.h>

/* ck_assert() makes a system call each time; this one only when it fails: for loops of many thousands. */
#define MUST(cond)                                             \
	do {                                                   \
		if (!(cond))                                   \
			ck_abort_msg("not true: %s", #cond);   \
	} while (0)

#define TEST_MAIN(suite)                                       \
	int main(void)                                         \
	{                                                      \
		SRunner *sr = srunner_create(suite());         \
		srunner_set_tap(sr, "-");                      \
		srunner_run_all(sr, CK_SILENT);                \
		srunner_free(sr);                              \
		return EXIT_SUCCESS;                           \
	}

#endif
