/*
 * The growable byte string. It doubles, so adding is amortised constant; callers bound what they
 * add (nothing here limits it but memory).
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#include "base/banned.h"

#define BUF_FIRST 64

char *
buf_room(struct buf *b, size_t n)
{
	size_t need, cap;

	if (n >= SIZE_MAX / 2 - b->len)
		fatal("buffer too large");
	need = b->len + n + 1;
	if (need > b->cap) {
		cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;
		while (cap < need)
			cap *= 2;
		b->p = xreallocarray(b->p, cap, 1);
		b->cap = cap;
	}
	/* Holds for callers that add to len themselves: the byte after their n is a NUL. */
	b->p[b->len + n] = '\0';
	return b->p + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t len)
{
	char *to = buf_room(b, len);

	if (len > 0)
		memcpy(to, p, len);
	b->len += len;
}

void
buf_addc(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->len++;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	size_t room;
	int n;

	(void)buf_room(b, BUF_FIRST);
	room = b->cap - b->len;
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		fatal("buf_addf: bad format");
	if ((size_t)n >= room) {
		(void)buf_room(b, (size_t)n);
		va_start(ap, fmt);
		n = vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

char *
buf_steal(struct buf *b)
{
	char *s;

	(void)buf_room(b, 0);
	s = b->p;
	*b = (struct buf){ 0 };
	return s;
}
