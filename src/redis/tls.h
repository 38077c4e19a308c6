/*
 * tls.h
 *		TLS on a connection to Redis.
 *
 * In redis_tls.c, or in redis_tls_none.c where hiredis comes without TLS; then
 * redis_tls_new() says so, and nothing else is ever called.  Nothing here waits
 * for the network.
 */
#ifndef PERSONALIZATION_REDIS_TLS_H
#define PERSONALIZATION_REDIS_TLS_H

#include "postgres.h"

#include <hiredis/hiredis.h>

/* What is wrong, as text; longer ones are cut. */
#define TLS_FAULT_SIZE 160

/*
 * Files in PEM, "" for none.  They are read for each connection, so that a
 * renewed certificate is used without a reload.
 */
typedef struct RedisTlsFiles
{
	const char *ca;	  /* whom to trust; "": whom the system trusts */
	const char *cert; /* who we are, */
	const char *key;  /* and the proof */
} RedisTlsFiles;

/* One connection's; OpenSSL's SSL. */
typedef struct ssl_st RedisTls;

typedef enum RedisTlsStep
{
	TLS_DONE,
	TLS_FAILED,
	TLS_WANTS_READ,
	TLS_WANTS_WRITE
} RedisTlsStep;

/*
 * What a connection to a host takes: its certificate must be valid and be that
 * of this name or address.  NULL, with the fault, where that fails.
 */
extern RedisTls *redis_tls_new(const char *host, const RedisTlsFiles *files, char *fault);

/* Not before the context that it was given to is freed. */
extern void redis_tls_free(RedisTls *tls);

/* Gives it to a connection that stands, and begins the handshake; false, with the fault. */
extern bool redis_tls_begin(RedisTls *tls, redisContext *context, char *fault);

/* Goes on with the handshake: says what the socket must be ready for first. */
extern RedisTlsStep redis_tls_handshake(RedisTls *tls, char *fault);

/* Whether there is something to read that the socket does not show. */
extern bool redis_tls_pending(const RedisTls *tls);

/* Why reading or writing has just failed; false where TLS knows nothing of it. */
extern bool redis_tls_fault(const RedisTls *tls, char *fault);

#endif
