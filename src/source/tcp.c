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

/* "PORT", "HOST:PORT", "[V6]:PORT": host and port point into text. False when it is none of these.
 */
static bool
split(char *text, const char **host, const char **port)
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
listen_on(const struct addrinfo *a)
{
	int one = 1, error;
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* "tcp:127.0.0.1:2801", with the port that it really is. */
static char *
name_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return xstrdup("tcp:?");
	return xasprintf(a.ss_family == AF_INET6 ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
}

static int
tcp_open(struct source *s, char *err, size_t errlen)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *a = NULL;
	char *text = xstrdup(s->where);
	const char *host, *port;
	char *name;
	int fd, r;

	if (!split(text, &host, &port)) {
		snprintf(err, errlen, "tcp:%s: not [HOST:]PORT", s->where);
		free(text);
		return -1;
	}
	r = getaddrinfo(host, port, &hints, &a);
	free(text);
	if (r != 0) {
		snprintf(err, errlen, "tcp:%s: %s", s->where,
		    r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -1;
	}
	fd = listen_on(a);
	freeaddrinfo(a);
	if (fd < 0) {
		snprintf(err, errlen, "tcp:%s: %s", s->where, strerror(errno));
		return -1;
	}
	name = name_of(fd);
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
