/*
 * tls.h
 *		TLS on a connection to Redis.
 *
 *		Implemented in tls.c, or in tls_none.c if hiredis has no TLS support;
 *		then redis_tls_new() reports that, and no other function is called.
 *		Nothing here waits for the network.
 */
#ifndef PERSONALIZATION_REDIS_TLS_H
#define PERSONALIZATION_REDIS_TLS_H

#include "postgres.h"

#include <hiredis/hiredis.h>

/* Size of an error text; longer ones are truncated. */
#define TLS_FAULT_SIZE 160

/*
 * PEM files, "" for none.  They are read for each connection, so that a
 * renewed certificate is used without a reload.
 */
typedef struct RedisTlsFiles
{
	const char *ca;	  /* trusted authorities; "" for those of the system */
	const char *cert; /* our certificate, */
	const char *key;  /* and its private key */
} RedisTlsFiles;

/* The TLS state of one connection, OpenSSL's SSL. */
typedef struct ssl_st RedisTls;

typedef enum RedisTlsStep
{
	TLS_DONE,
	TLS_FAILED,
	TLS_WANTS_READ,
	TLS_WANTS_WRITE
} RedisTlsStep;

/*
 * Creates the TLS state for a connection to a host, whose certificate must be
 * valid and name the host or its address.  Returns NULL and sets fault on
 * failure.
 */
extern RedisTls *redis_tls_new(const char *host, const RedisTlsFiles *files, char *fault);

/* To be called after the redisContext has been freed. */
extern void redis_tls_free(RedisTls *tls);

/* Starts the handshake on an established connection; returns false and sets fault on failure. */
extern bool redis_tls_begin(RedisTls *tls, redisContext *context, char *fault);

/* Continues the handshake; returns the event for which the socket must be ready first. */
extern RedisTlsStep redis_tls_handshake(RedisTls *tls, char *fault);

/* Whether there is data to read that the socket does not show. */
extern bool redis_tls_pending(const RedisTls *tls);

/* Returns the reason of a failure to read or write; false if TLS is not the cause. */
extern bool redis_tls_fault(const RedisTls *tls, char *fault);

#endif
