/*
 * sha256.h
 *		SHA-256 of short texts.
 */
#ifndef PERSONALIZATION_CORE_SHA256_H
#define PERSONALIZATION_CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/* SHA-256 (FIPS 180-4) of data[0 .. len). */
extern void sha256(const void *data, size_t len, uint8_t digest[SHA256_BYTES]);

#endif
