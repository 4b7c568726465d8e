/*
 * Allocation that ends the program when memory runs out, huge-page blocks, and fatal(): the one way
 * to give up. Not for errors of the world (a missing file, a closed socket): those have a return
 * value.
 */
#include "base/xalloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"

#define HUGE_PAGE  ((size_t)2 << 20)
#define FATAL_EXIT 3

static _Atomic(void (*)(void)) hook;
static atomic_flag dying = ATOMIC_FLAG_INIT;

void
fatal_hook(void (*h)(void))
{
	atomic_store(&hook, h);
}

void
fatal(const char *fmt, ...)
{
	char line[1024] = "falcotop: ";
	const size_t head = sizeof("falcotop: ") - 1;
	void (*h)(void);
	va_list ap;
	size_t len;
	int n;

	/* A second thread that gives up waits for the first one to end the process. */
	while (atomic_flag_test_and_set(&dying))
		pause();
	h = atomic_load(&hook);
	if (h != NULL)
		h();
	va_start(ap, fmt);
	n = vsnprintf(line + head, sizeof(line) - head - 1, fmt, ap);
	va_end(ap);
	len = n < 0 ? head : strlen(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		_exit(FATAL_EXIT);
	_exit(FATAL_EXIT);
}

static void __attribute__((noreturn)) no_memory(size_t n)
{
	fatal("out of memory (%zu bytes)", n);
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n == 0 ? 1 : n);

	if (p == NULL)
		no_memory(n);
	return p;
}

/* The bytes of n objects, at least one. */
static size_t
product(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		no_memory(SIZE_MAX);
	return bytes == 0 ? 1 : bytes;
}

void *
xcalloc(size_t n, size_t size)
{
	size_t bytes = product(n, size);
	void *p = calloc(1, bytes);

	if (p == NULL)
		no_memory(bytes);
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes = product(n, size);
	void *q = realloc(p, bytes);

	if (q == NULL)
		no_memory(bytes);
	return q;
}

char *
xstrndup(const char *s, size_t len)
{
	char *p;

	if (len == SIZE_MAX)
		no_memory(len);
	p = xmalloc(len + 1);
	if (len > 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0 || s == NULL)
		no_memory(0);
	return s;
}

void *
huge_alloc(size_t size)
{
	size_t want = size + HUGE_PAGE;
	char *p;
	size_t head;

	if (size == 0 || size % HUGE_PAGE != 0 || want < size)
		fatal("huge_alloc: bad size %zu", size);
	p = mmap(
	    NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		no_memory(size);
	/* Give back what stands before and after the aligned block. */
	head = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
	if (head > 0)
		munmap(p, head);
	if (HUGE_PAGE - head > 0)
		munmap(p + head + size, HUGE_PAGE - head);
	/* Advice only: without huge pages in the kernel the block works all the same. */
	(void)madvise(p + head, size, MADV_HUGEPAGE);
	return p + head;
}

void
huge_free(void *p, size_t size)
{
	if (p != NULL && munmap(p, size) != 0)
		fatal("huge_free: %s", strerrordesc_np(errno));
}
