/*
 * arguments.h
 *		Checks of the arguments of functions that are called from SQL.
 */
#ifndef PERSONALIZATION_BASE_ARGUMENTS_H
#define PERSONALIZATION_BASE_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/fault.h"

/* Maximum size of a preference's key, in bytes. */
#define MAX_KEY_LENGTH 1024

/* Maximum size of a preference's value as stored, in bytes. */
#define MAX_VALUE_SIZE (64 * 1024)

/* Maximum nesting depth of an interaction's data. */
#define MAX_NESTING 100

/*
 * Check the name of a tenant or user, the size of a payload, a time.  They
 * return false and set fault if it is invalid.
 */
extern bool check_id(const char *what, const char *id, size_t len, Fault *fault);
extern bool check_payload(const char *what, const Jsonb *payload, Fault *fault);
extern bool check_occurred_at(TimestampTz at, TimestampTz now, Fault *fault);

/* Raises the error of REPEATABLE READ for a row that another transaction has changed. */
pg_noreturn extern void serialization_failure(void);

/* Raises an error that names the function if the transaction cannot write. */
extern void prevent_if_read_only(const char *function);

/*
 * The arguments of a call, by number.  They raise an error with the argument's
 * name if it is NULL; if an id is empty or too long; if JSON or text is larger
 * than personalization.max_payload.  texts_argument() returns an array of
 * texts, which may be NULL, and is NULL if the argument is.
 */
extern void require_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern char *id_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern Jsonb *jsonb_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern Jsonb *object_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern text *text_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern ArrayType *texts_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern TimestampTz time_argument(FunctionCallInfo fcinfo, int n, const char *name);

#endif
