/*
 * getaddrinfo() on a thread: it may take as long as the resolver is patient, and cannot be stopped.
 * Who gives up leaves the thread to itself: the last of the two that lets go frees what they share.
 */
#include "source/connect_lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "base/banned.h"

struct lookup {
	atomic_uint holders;
	char *host, *port;
	int fd;
	/* written by the thread before it writes to fd */
	int result, error;
	struct addrinfo *list;
};

void
lookup_drop(struct lookup *l)
{
	if (l == NULL || atomic_fetch_sub(&l->holders, 1) > 1)
		return;
	if (l->list != NULL)
		freeaddrinfo(l->list);
	close(l->fd);
	free(l->host);
	free(l->port);
	free(l);
}

static void *
lookup_main(void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct lookup *l = arg;
	uint64_t one = 1;

	l->result = getaddrinfo(l->host, l->port, &hints, &l->list);
	l->error = errno;
	if (write(l->fd, &one, sizeof(one)) < 0)
		l->result = EAI_SYSTEM; /* cannot be: the counter was 0 */
	lookup_drop(l);
	return NULL;
}

struct lookup *
lookup_start(const char *host, const char *port)
{
	struct lookup *l = xcalloc(1, sizeof(*l));
	pthread_attr_t attr;
	pthread_t thread;
	int r = -1;

	l->host = xstrdup(host);
	l->port = xstrdup(port);
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&l->holders, 2);
	if (l->fd >= 0 && pthread_attr_init(&attr) == 0) {
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		r = pthread_create(&thread, &attr, lookup_main, l);
		pthread_attr_destroy(&attr);
	}
	if (r == 0)
		return l;
	atomic_store(&l->holders, 1);
	lookup_drop(l);
	return NULL;
}

int
lookup_fd(const struct lookup *l)
{
	return l->fd;
}

struct addrinfo *
lookup_take(struct lookup *l, const char **why)
{
	struct addrinfo *list;
	uint64_t count;

	if (read(l->fd, &count, sizeof(count)) < 0) {
		*why = strerror(errno);
		lookup_drop(l);
		return NULL;
	}
	list = l->list;
	l->list = NULL;
	if (list == NULL)
		*why = l->result == EAI_SYSTEM ? strerror(l->error) : gai_strerror(l->result);
	lookup_drop(l);
	return list;
}
