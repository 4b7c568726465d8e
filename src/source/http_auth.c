/* Tokens of the HTTP receiver: read from a file, kept and compared as digests, so that neither
 * their length nor how much of one was right shows in the time an answer takes. */
#include "source/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/banned.h"

static struct slice
trim(struct slice s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r')) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && strchr(" \t\r", s.p[s.len - 1]) != NULL)
		s.len--;
	return s;
}

static void
digest(struct slice token, unsigned char *out)
{
	static const unsigned char none;

	SHA256(token.len > 0 ? (const unsigned char *)token.p : &none, token.len, out);
}

/* The lines of the file's text. */
static bool
read_lines(struct http_tokens *t, struct slice text)
{
	while (text.len > 0) {
		const char *nl = memchr(text.p, '\n', text.len);
		size_t n = nl == NULL ? text.len : (size_t)(nl - text.p);
		struct slice token = trim((struct slice){ text.p, n });

		text.p += nl == NULL ? n : n + 1;
		text.len -= nl == NULL ? n : n + 1;
		if (token.len == 0)
			continue;
		if (t->n == HTTP_TOKENS || token.len > HTTP_TOKEN_MAX)
			return false;
		digest(token, t->digest[t->n++]);
	}
	return true;
}

int
http_tokens_read(struct http_tokens *t, const char *path, char *err, size_t errlen)
{
	char text[HTTP_TOKENS * 128];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n;
	int error;

	t->n = 0;
	if (fd < 0)
		return source_error(err, errlen, path, errno);
	n = read(fd, text, sizeof(text));
	error = errno;
	close(fd);
	if (n < 0)
		return source_error(err, errlen, path, error);
	if ((size_t)n == sizeof(text) || !read_lines(t, (struct slice){ text, (size_t)n })) {
		snprintf(err, errlen, "%s: not a file of tokens, one a line, at most %d", path,
		    HTTP_TOKENS);
		t->n = 0;
	} else if (t->n == 0) {
		snprintf(err, errlen, "%s: no token in it", path);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return t->n > 0 ? 0 : -1;
}

/* Every token is compared, whichever fits. */
static enum http_auth
check(const struct http_tokens *t, struct slice token)
{
	unsigned char given[HTTP_DIGEST];
	int found = 0;

	digest(token, given);
	for (unsigned i = 0; i < t->n; i++)
		found |= CRYPTO_memcmp(given, t->digest[i], sizeof(given)) == 0;
	return found ? HTTP_AUTH_OK : HTTP_AUTH_WRONG;
}

/* The password of "user:password" in base64. */
static enum http_auth
check_basic(const struct http_tokens *t, struct slice code)
{
	unsigned char plain[HTTP_TOKEN_MAX + 3];
	const char *colon;
	int n;

	if (code.len == 0 || code.len % 4 != 0 || code.len / 4 * 3 > HTTP_TOKEN_MAX)
		return HTTP_AUTH_MALFORMED;
	n = EVP_DecodeBlock(plain, (const unsigned char *)code.p, (int)code.len);
	for (size_t i = code.len; n > 0 && i > code.len - 2 && code.p[i - 1] == '='; i--)
		n--;
	colon = n > 0 ? memchr(plain, ':', (size_t)n) : NULL;
	if (colon == NULL)
		return HTTP_AUTH_MALFORMED;
	colon++;
	return check(t, (struct slice){ colon, (size_t)((char *)plain + n - colon) });
}

enum http_auth
http_auth(const struct http_tokens *t, struct slice header)
{
	const char *blank;
	struct slice rest;
	size_t n;

	if (t->n == 0)
		return HTTP_AUTH_OK;
	if (header.p == NULL)
		return HTTP_AUTH_MISSING;
	blank = memchr(header.p, ' ', header.len);
	if (blank == NULL)
		return HTTP_AUTH_MALFORMED;
	n = (size_t)(blank - header.p);
	rest = trim((struct slice){ blank, header.len - n });
	if (n == 5 && strncasecmp(header.p, "basic", n) == 0)
		return check_basic(t, rest);
	if (n == 6 &&
	    (strncasecmp(header.p, "splunk", n) == 0 || strncasecmp(header.p, "bearer", n) == 0))
		return check(t, rest);
	return HTTP_AUTH_MALFORMED;
}
