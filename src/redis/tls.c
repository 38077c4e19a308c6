/*
 * tls.c
 *		TLS on a connection to Redis.
 *
 *		hiredis reads and writes through an SSL object that is created here.
 *		One created by hiredis would accept a valid certificate of any host,
 *		and would not report the reason of a failure (hiredis 1.2, ssl.c).
 */

/* First, as it includes what hiredis_ssl.h needs. */
#include "redis/tls.h"

#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Returns the first error of OpenSSL, which is the cause of later ones, or NULL. */
static const char *
openssl_reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *reason;

	if (code == 0)
		return NULL;
	/* OpenSSL 3 has no text for errors of the system. */
	if (ERR_GET_LIB(code) == ERR_LIB_SYS)
		return strerror(ERR_GET_REASON(code));
	reason = ERR_reason_error_string(code);
	return reason != NULL ? reason : "unknown error";
}

static void
set_fault(char *fault, const char *what, const char *reason)
{
	snprintf(fault, TLS_FAULT_SIZE, "%s: %s", what, reason != NULL ? reason : "out of memory");
	ERR_clear_error();
}

/* Nobody can be asked for the password of a key. */
static int
no_password(char *buf, int size, int writing, void *data)
{
	return -1;
}

/* Reads the files; returns NULL and sets fault on failure. */
static SSL_CTX *
read_files(const RedisTlsFiles *files, char *fault)
{
	SSL_CTX *made = SSL_CTX_new(TLS_client_method());
	const char *what = "TLS";
	bool done = made != NULL && SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION) == 1;

	if (done)
	{
		/* So a write never has to wait until data can be read. */
		(void) SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION);
		SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_default_passwd_cb(made, no_password);
		what = "personalization.redis_ca_file";
		done = files->ca[0] == '\0' ? SSL_CTX_set_default_verify_paths(made) == 1
									: SSL_CTX_load_verify_locations(made, files->ca, NULL) == 1;
	}
	if (done && files->cert[0] != '\0')
	{
		what = "personalization.redis_cert_file";
		done = SSL_CTX_use_certificate_chain_file(made, files->cert) == 1;
	}
	if (done && files->key[0] != '\0')
	{
		what = "personalization.redis_key_file";
		done = SSL_CTX_use_PrivateKey_file(made, files->key, SSL_FILETYPE_PEM) == 1 &&
			   SSL_CTX_check_private_key(made) == 1;
	}
	if (done)
		return made;
	set_fault(fault, what, openssl_reason());
	SSL_CTX_free(made);
	return NULL;
}

RedisTls *
redis_tls_new(const char *host, const RedisTlsFiles *files, char *fault)
{
	SSL_CTX *context;
	SSL *tls;
	bool done;

	ERR_clear_error();
	if ((files->cert[0] == '\0') != (files->key[0] == '\0'))
	{
		strlcpy(fault,
				"personalization.redis_cert_file and personalization.redis_key_file must be set "
				"together",
				TLS_FAULT_SIZE);
		return NULL;
	}
	context = read_files(files, fault);
	if (context == NULL)
		return NULL;
	tls = SSL_new(context); /* keeps what it needs of the context */
	SSL_CTX_free(context);
	done = tls != NULL;
	if (done && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) != 1)
	{
		/* The host is a name; only names are sent (RFC 6066, 3). */
		ERR_clear_error();
		SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		done = SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1;
	}
	if (done)
		return tls;
	set_fault(fault, "TLS", openssl_reason());
	SSL_free(tls);
	return NULL;
}

void
redis_tls_free(RedisTls *tls)
{
	SSL_free(tls);
}

static void
set_handshake_fault(const SSL *tls, int error, char *fault)
{
	if (SSL_get_verify_result(tls) != X509_V_OK)
		set_fault(fault, "could not verify the server's certificate",
				  X509_verify_cert_error_string(SSL_get_verify_result(tls)));
	else if (!redis_tls_fault(tls, fault))
		set_fault(fault, "TLS", error != 0 ? strerror(error) : "connection closed");
}

bool
redis_tls_begin(RedisTls *tls, redisContext *context, char *fault)
{
	/* The context takes over one reference, if it succeeds. */
	(void) SSL_up_ref(tls);
	errno = 0;
	if (redisInitiateSSL(context, tls) == REDIS_OK)
		return true;
	set_handshake_fault(tls, errno, fault);
	SSL_free(tls);
	return false;
}

RedisTlsStep
redis_tls_handshake(RedisTls *tls, char *fault)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(tls);
	if (result == 1)
		return TLS_DONE;
	switch (SSL_get_error(tls, result))
	{
		case SSL_ERROR_WANT_READ:
			return TLS_WANTS_READ;
		case SSL_ERROR_WANT_WRITE:
			return TLS_WANTS_WRITE;
		default:
			set_handshake_fault(tls, errno, fault);
			return TLS_FAILED;
	}
}

bool
redis_tls_pending(const RedisTls *tls)
{
	return SSL_pending(tls) > 0;
}

bool
redis_tls_fault(const RedisTls *tls, char *fault)
{
	const char *reason = openssl_reason();

	if (reason == NULL)
		return false;
	set_fault(fault, "TLS", reason);
	return true;
}
