/* tcp:[HOST:]PORT: listens for lines; on the loopback interface unless a host is given. Port 0
 * takes a free one: the name says which. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "source/private.h"
#include "base/banned.h"

#define BACKLOG 128

bool
address_split(char *text, const char **host, const char **port)
{
	char *colon = strrchr(text, ':');
	char *end;
	size_t len;
	long n;

	*host = "127.0.0.1";
	*port = text;
	if (colon != NULL) {
		*colon = '\0';
		*port = colon + 1;
		*host = text;
		len = strlen(text);
		if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
			text[len - 1] = '\0';
			*host = text + 1;
		} else if (len == 0 || strchr(text, ':') != NULL) {
			return false;
		}
	}
	if ((*port)[0] < '0' || (*port)[0] > '9')
		return false;
	n = strtol(*port, &end, 10);
	return *end == '\0' && n >= 0 && n <= 65535;
}

static int
bind_to(const struct addrinfo *a, int type)
{
	int one = 1, error;
	int fd = socket(a->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	/* of a datagram socket it would let two programs share the port */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    (type != SOCK_STREAM || listen(fd, BACKLOG) == 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

char *
address_name(const char *kind, int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return xasprintf("%s:?", kind);
	if (a.ss_family == AF_INET6)
		return xasprintf("%s:[%s]:%s", kind, host, port);
	return xasprintf("%s:%s:%s", kind, host, port);
}

int
address_listen(const char *kind, const char *where, int type, char *err, size_t errlen)
{
	const struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_PASSIVE };
	struct addrinfo *a = NULL;
	char *text = xstrdup(where);
	const char *host, *port;
	int fd, r;

	if (!address_split(text, &host, &port)) {
		snprintf(err, errlen, "%s:%s: not [HOST:]PORT", kind, where);
		free(text);
		return -1;
	}
	r = getaddrinfo(host, port, &hints, &a);
	free(text);
	if (r != 0) {
		snprintf(err, errlen, "%s:%s: %s", kind, where,
		    r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -1;
	}
	fd = bind_to(a, type);
	if (fd < 0)
		snprintf(err, errlen, "%s:%s: %s", kind, where, strerror(errno));
	freeaddrinfo(a);
	return fd;
}

static int
tcp_open(struct source *s, char *err, size_t errlen)
{
	char *name;
	int fd = address_listen("tcp", s->where, SOCK_STREAM, err, errlen);

	if (fd < 0)
		return -1;
	name = address_name("tcp", fd);
	source_register(s, name);
	free(name);
	net_listen(s->set->net, s, fd);
	return 0;
}

const struct source_ops source_tcp = {
	.prefix = "tcp:",
	.form = "tcp:[HOST:]PORT",
	.help = "listen for lines on a TCP port, 127.0.0.1 unless a host is given",
	.live = true,
	.open = tcp_open,
};
