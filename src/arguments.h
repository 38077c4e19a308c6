/*
 * arguments.h
 *		The checks that every entry point makes of its arguments.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "module.h"

/* A preference's key, in bytes. */
#define MAX_KEY_LENGTH 1024

/* A preference's value, in bytes as stored. */
#define MAX_VALUE_SIZE (64 * 1024)

/* Levels of arrays and objects in an interaction's data. */
#define MAX_NESTING 100

/* How far an event's time may be ahead of the server's clock. */
#define MAX_CLOCK_SKEW (INT64CONST(5) * 60 * USECS_PER_SEC)

/*
 * What is wrong with an event.  Kept rather than raised, so that a batch can
 * set the event aside; the texts are palloc'd or constant, hint may be NULL.
 */
typedef struct Fault
{
	int sqlstate;
	const char *message;
	const char *hint;
} Fault;

/* Fills fault and returns false, for "return fault_set(…)". */
extern bool fault_set(Fault *fault, int sqlstate, const char *hint, const char *format, ...)
	pg_attribute_printf(4, 5);

/* The beginning of a text for a message, of whole characters. */
extern char *clipped(const char *text, size_t len);

/* Raises fault; index is that of the event in its batch, -1 for none. */
pg_noreturn extern void fault_raise(const Fault *fault, int index);

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

/*
 * The end of what is read as of a time.  The present, which begins with the
 * transaction, has all that is known: also what was told since, and by clocks
 * that are ahead of this one, as far as learning lets them be.
 */
extern TimestampTz known_until(TimestampTz at);

#endif
