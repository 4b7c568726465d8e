/*
 * Marks of files (mark.h). They are compared byte by byte: no hash that two files could share. Not
 * here: which files are compared (follow.c, rotated.c, resume.c).
 */
#include "source/mark.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

/* Up to n bytes; how many there are. -1: they cannot be read. */
static ssize_t
read_at(int fd, unsigned char *p, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = pread(fd, p + done, n - done, (off_t)(at + done));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

void
mark_begin(struct mark *m, int fd, uint64_t at)
{
	size_t nhead = at < MARK_HEAD ? (size_t)at : MARK_HEAD;
	size_t ntail = at < MARK_TAIL ? (size_t)at : MARK_TAIL;

	m->at = at;
	m->nhead = m->ntail = 0;
	if (at == 0)
		return;
	if (read_at(fd, m->head, nhead, 0) == (ssize_t)nhead)
		m->nhead = (uint32_t)nhead;
	if (read_at(fd, m->tail, ntail, at - ntail) == (ssize_t)ntail)
		m->ntail = (uint32_t)ntail;
}

void
mark_add(struct mark *m, const char *p, size_t n)
{
	size_t keep;

	if (m->at == m->nhead && m->nhead < MARK_HEAD) {
		size_t room = MARK_HEAD - m->nhead;
		size_t take = n < room ? n : room;

		memcpy(m->head + m->nhead, p, take);
		m->nhead += (uint32_t)take;
	}
	m->at += n;
	if (n >= MARK_TAIL) {
		memcpy(m->tail, p + n - MARK_TAIL, MARK_TAIL);
		m->ntail = MARK_TAIL;
		return;
	}
	keep = MARK_TAIL - n < m->ntail ? MARK_TAIL - n : m->ntail;
	memmove(m->tail, m->tail + m->ntail - keep, keep);
	memcpy(m->tail + keep, p, n);
	m->ntail = (uint32_t)(keep + n);
}

void
mark_before(struct mark *to, const struct mark *m, int fd, uint64_t at)
{
	if (at == m->at) {
		*to = *m;
		return;
	}
	mark_begin(to, fd, at);
	to->nhead = m->nhead < at ? m->nhead : (uint32_t)at;
	memcpy(to->head, m->head, to->nhead);
}

static bool
same(int fd, const unsigned char *want, size_t n, uint64_t at)
{
	unsigned char p[MARK_HEAD];
	ssize_t got = n == 0 ? 0 : read_at(fd, p, n, at);

	return got < 0 || ((size_t)got == n && memcmp(p, want, n) == 0);
}

bool
mark_begins(const struct mark *m, int fd)
{
	return same(fd, m->head, m->nhead, 0);
}

bool
mark_holds(const struct mark *m, int fd)
{
	return mark_begins(m, fd) && same(fd, m->tail, m->ntail, m->at - m->ntail);
}
