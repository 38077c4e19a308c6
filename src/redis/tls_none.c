/*
 * tls_none.c
 *		TLS to Redis if hiredis has no TLS support: it reports that.
 */
#include "redis/tls.h"

RedisTls *
redis_tls_new(const char *host, const RedisTlsFiles *files, char *fault)
{
	strlcpy(fault, "rediss:// requires TLS, which is not supported by this build's hiredis",
			TLS_FAULT_SIZE);
	return NULL;
}

void
redis_tls_free(RedisTls *tls)
{
}

bool
redis_tls_begin(RedisTls *tls, redisContext *context, char *fault)
{
	return false;
}

RedisTlsStep
redis_tls_handshake(RedisTls *tls, char *fault)
{
	return TLS_FAILED;
}

bool
redis_tls_pending(const RedisTls *tls)
{
	return false;
}

bool
redis_tls_fault(const RedisTls *tls, char *fault)
{
	return false;
}
