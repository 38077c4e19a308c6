/*
 * detail.h
 *		What a user's message says about how much he wants to be told.
 */
#ifndef PERSONALIZATION_CORE_DETAIL_H
#define PERSONALIZATION_CORE_DETAIL_H

#include <stddef.h>

typedef enum DetailAsked
{
	DETAIL_NONE,
	DETAIL_BRIEF,
	DETAIL_DETAILED,
	DETAIL_TECHNICAL
} DetailAsked;

/* So many bytes at the beginning of a message are looked at: a long one is mostly pasted. */
#define DETAIL_REACH 4096

/*
 * What the message text[0..len) asks for, by a list of English phrases (see
 * detail.c), whole words in any case, a space of the phrase being any run of
 * ASCII white space.  Of several kinds the brief wins, then the technical:
 * "explain briefly" is to be brief.  Any bytes are taken.
 */
extern DetailAsked detail_asked(const char *text, size_t len);

/* The kind of that name, "brief", "detailed" or "technical"; DETAIL_NONE for any other. */
extern DetailAsked detail_named(const char *name, size_t len);

#endif
