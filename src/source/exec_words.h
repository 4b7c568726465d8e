/* A command line to words, quoted as for a POSIX shell, and nothing else that a shell would do. */
#ifndef FALCOTOP_SOURCE_EXEC_WORDS_H
#define FALCOTOP_SOURCE_EXEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX 1024

/* NULL-terminated, freed by words_free(); NULL with a message. */
char **words_split(const char *command, char *err, size_t errlen);
void words_free(char **words);
/* Whether there is such a program to run, in PATH or by its path. */
bool words_runnable(const char *program);

#endif
