/*
 * fault.h
 *		Errors that can be kept instead of raised.
 */
#ifndef PERSONALIZATION_BASE_FAULT_H
#define PERSONALIZATION_BASE_FAULT_H

#include "postgres.h"

#include "base/compat.h"

/*
 * An error in an event.  It is kept rather than raised, so that a batch can
 * set the event aside.  The texts are palloc'd or constant; hint may be NULL.
 */
typedef struct Fault
{
	int sqlstate;
	const char *message; /* whole, for rejected_events */
	const char *hint;

	/* The message without its private texts, and these texts; NULL if it has none. */
	const char *summary;
	const char *detail;
} Fault;

/* The beginnings of such a detail, and what the server's log has in its place. */
#define FAULT_DETAIL "The value is "
#define FAULT_DETAIL_NAME "The name is "
#define FAULT_DETAIL_LOG "The value is shown to the client only."

/* Fills fault and returns false, to be used as "return fault_set(…)". */
extern bool fault_set(Fault *fault, int sqlstate, const char *hint, const char *format, ...)
	pg_attribute_printf(4, 5);

/* The same with the arguments in a list. */
extern bool fault_vset(Fault *fault, int sqlstate, const char *hint, const char *format,
					   va_list args) pg_attribute_printf(4, 0);

/*
 * Quotes a text that comes from a user's data for the message of a fault: its beginning,
 * as clipped() returns it.  When the fault is raised, the text is in the error's detail,
 * for the client only: what a user wrote does not belong into the server's log.
 */
extern char *private_text(const char *text, size_t len);

/* The same for a text that is the name of something, such as a field. */
extern char *private_name(const char *text, size_t len);

/* Returns the beginning of a text for a message, without splitting characters. */
extern char *clipped(const char *text, size_t len);

/* Reports fault as a warning. */
extern void fault_warn(const Fault *fault);

/* Raises fault. index is the index of the event in its batch, or -1. */
pg_noreturn extern void fault_raise(const Fault *fault, int index);

#endif
