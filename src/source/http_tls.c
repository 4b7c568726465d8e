/* TLS of the HTTP receiver: certificate, key, and a CA when clients must show one, too. */
#include "source/http.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/banned.h"

/* What OpenSSL says about a file. */
static void
say(char *err, size_t errlen, const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = ERR_GET_LIB(e) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(e))
							: ERR_reason_error_string(e);

	snprintf(err, errlen, "%s: %s", what, why != NULL ? why : "cannot be used");
	ERR_clear_error();
}

static bool
load_clients(SSL_CTX *c, const char *ca)
{
	STACK_OF(X509_NAME) * names;

	if (SSL_CTX_load_verify_file(c, ca) != 1)
		return false;
	names = SSL_load_client_CA_file(ca);
	if (names == NULL)
		return false;
	SSL_CTX_set_client_CA_list(c, names);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

/* Asked for a pass phrase, OpenSSL would talk to the terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

SSL_CTX *
http_tls_new(const char *cert, const char *key, const char *client_ca, char *err, size_t errlen)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (c == NULL) {
		say(err, errlen, "TLS");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
				   SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_default_passwd_cb(c, no_password);
	if (SSL_CTX_use_certificate_chain_file(c, cert) != 1)
		say(err, errlen, cert);
	else if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1 ||
		 SSL_CTX_check_private_key(c) != 1)
		say(err, errlen, key);
	else if (client_ca != NULL && !load_clients(c, client_ca))
		say(err, errlen, client_ca);
	else
		return c;
	SSL_CTX_free(c);
	return NULL;
}

void
http_tls_free(SSL_CTX *tls)
{
	SSL_CTX_free(tls);
}
