/*
 * fault.h
 *		An error that can be kept instead of raised.
 */
#ifndef PERSONALIZATION_BASE_FAULT_H
#define PERSONALIZATION_BASE_FAULT_H

#include "postgres.h"

#include "base/compat.h"

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

#endif
