/*
 * arguments.h
 *		The checks that every entry point makes of its arguments.
 */
#ifndef PERSONALIZATION_BASE_ARGUMENTS_H
#define PERSONALIZATION_BASE_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/fault.h"

/* A preference's key, in bytes. */
#define MAX_KEY_LENGTH 1024

/* A preference's value, in bytes as stored. */
#define MAX_VALUE_SIZE (64 * 1024)

/* Levels of arrays and objects in an interaction's data. */
#define MAX_NESTING 100

/* What is wrong with a tenant's or user's name, with a size, with a time. */
extern bool check_id(const char *what, const char *id, size_t len, Fault *fault);
extern bool check_payload(const char *what, const Jsonb *payload, Fault *fault);
extern bool check_occurred_at(TimestampTz at, TimestampTz now, Fault *fault);

/* What REPEATABLE READ says of a row that somebody else has changed. */
pg_noreturn extern void serialization_failure(void);

/* An error, naming the function, where nothing can be written. */
extern void prevent_if_read_only(const char *function);

/*
 * The arguments of a call, by number: an error by the argument's name when it
 * is NULL, for ids when it is empty or too long, for JSON and text when it is
 * larger than personalization.max_payload.
 */
extern void require_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern char *id_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern Jsonb *jsonb_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern Jsonb *object_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern text *text_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern TimestampTz time_argument(FunctionCallInfo fcinfo, int n, const char *name);

#endif
