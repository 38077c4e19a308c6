/*
 * detail.h
 *		The level of detail that a user's message asks for.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_DETAIL_H
#define PERSONALIZATION_CORE_PROFILE_DETAIL_H

#include <stddef.h>

typedef enum DetailAsked
{
	DETAIL_NONE,
	DETAIL_BRIEF,
	DETAIL_DETAILED,
	DETAIL_TECHNICAL
} DetailAsked;

/*
 * Number of bytes at the beginning of a message that are searched; a long
 * message is mostly pasted text.
 */
#define DETAIL_REACH 4096

/*
 * Returns what the message text[0..len) asks for, by a list of English phrases
 * (see detail.c), which are matched as whole words in any case; a space in a
 * phrase matches any run of ASCII white space.  Brief takes precedence over
 * technical, and technical over detailed: "explain briefly" asks for brief.
 * The text may contain any bytes.
 */
extern DetailAsked detail_asked(const char *text, size_t len);

/* Returns the kind of that name, "brief", "detailed" or "technical"; DETAIL_NONE for any other. */
extern DetailAsked detail_named(const char *name, size_t len);

#endif
