/*
 * The strict part of reading a request's head: how it is cut into lines. http_parser is lenient
 * there (bare LF, folded lines, control bytes), and what two programs read differently is how
 * requests are smuggled. Not here: the grammar inside a line, which is http_parser's.
 */
#include "source/http.h"

#include <arpa/inet.h>
#include <strings.h>
#include <unistd.h>

#include "base/banned.h"

/* Without CRLF. A CR or NUL inside a line is read differently by everybody. */
static bool
line_is_good(const char *p, size_t len)
{
	if (len > 0 && (p[0] == ' ' || p[0] == '\t'))
		return false;
	return memchr(p, '\r', len) == NULL && memchr(p, '\0', len) == NULL;
}

enum http_gate_result
http_gate(struct http_gate *g, const char *p, size_t len, size_t *head)
{
	size_t seen = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	const char *nl;

	/* No method begins otherwise: TLS, HTTP/2 binary and noise need not wait for a line. */
	if (len > 0 && (p[0] < 'A' || p[0] > 'Z'))
		return HTTP_GATE_BAD;
	while (g->at < seen && (nl = memchr(p + g->at, '\n', seen - g->at)) != NULL) {
		size_t n = (size_t)(nl - (p + g->at));

		if (n == 0 || nl[-1] != '\r' || !line_is_good(p + g->at, n - 1))
			return HTTP_GATE_BAD;
		g->at += n + 1;
		if (n == 1) {
			*head = g->at;
			return HTTP_GATE_HEAD;
		}
		if (++g->lines > HTTP_HEADERS_MAX + 1)
			return HTTP_GATE_LARGE;
	}
	return len >= HTTP_HEAD_MAX ? HTTP_GATE_LARGE : HTTP_GATE_MORE;
}

static bool
ends_with(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n > z && strcasecmp(name + n - z, zone) == 0;
}

static bool
name_is_ours(const char *name)
{
	static const char *const zones[] = { ".localhost", ".local", ".internal", ".svc" };
	char own[256];

	if (strchr(name, '.') == NULL)
		return true;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (ends_with(name, zones[i]))
			return true;
	return gethostname(own, sizeof(own)) == 0 && strcasecmp(name, own) == 0;
}

bool
http_host_is_ours(struct slice host)
{
	char name[256];
	struct in_addr a4;
	char *colon;

	if (host.len == 0 || host.len >= sizeof(name))
		return false;
	memcpy(name, host.p, host.len);
	name[host.len] = '\0';
	if (name[0] == '[')
		return true; /* an address: nobody's DNS says where it leads */
	colon = strchr(name, ':');
	if (colon != NULL)
		*colon = '\0';
	return inet_pton(AF_INET, name, &a4) == 1 || (name[0] != '\0' && name_is_ours(name));
}
