/*
 * Allocation that does not fail to its caller: running out of memory is a bug-class error, so the
 * hook set with fatal_hook() restores the terminal, one line says what happened, and the process
 * exits with status 3. Nothing sized by input may come here without a cap checked before.
 */
#ifndef FALCOTOP_BASE_XALLOC_H
#define FALCOTOP_BASE_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* Overflow-checked: room for n objects of size bytes. */
void *xreallocarray(void *p, size_t n, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* Copies len bytes and adds a NUL. */
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/*
 * A block of `size` bytes (a multiple of 2 MiB) aligned to 2 MiB and advised MADV_HUGEPAGE: first
 * touch of memory costs most on a virtual machine. Free with huge_free(), same size.
 */
void *huge_alloc(size_t size) __attribute__((returns_nonnull, warn_unused_result));
void huge_free(void *p, size_t size);

/* Called once before fatal() prints and exits; must be async-signal-safe. */
void fatal_hook(void (*hook)(void));
/* A bug or no memory: run the hook, print "falcotop: ..." on standard error, exit 3. */
void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
