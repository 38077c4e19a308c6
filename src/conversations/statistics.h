/*
 * statistics.h
 *		Sums over all conversations of a user, which are kept after the
 *		conversations are deleted.
 *
 *		They contain no content.
 */
#ifndef PERSONALIZATION_CONVERSATIONS_STATISTICS_H
#define PERSONALIZATION_CONVERSATIONS_STATISTICS_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "base/read_ahead.h"
#include "core/profile/detail.h"

/* Messages of further roles of one user are counted together, under ''. */
#define MAX_COUNTED_ROLES 16

/* The role of messages written by the user. */
#define ROLE_OF_USER "user"

typedef struct RoleCount
{
	const char *role; /* '' for all roles beyond MAX_COUNTED_ROLES */
	int64 messages;
} RoleCount;

/* Means and medians without data are -1. */
typedef struct ConversationPatterns
{
	int64 conversations; /* started */
	int64 messages;
	double mean_messages; /* of a conversation */
	double mean_length;	  /* from the start to the last message, in seconds */
	double typical_gap; /* median time between two messages, in seconds, exact to within a fifth */
	int nroles;
	RoleCount *roles; /* most messages first; palloc'd */

	/* Of the messages of role "user". */
	int64 user_messages;
	int64 user_characters;
	double mean_characters;
	double median_characters; /* exact to within a fifth */
	int64 asked_brief;
	int64 asked_detailed;
	int64 asked_technical;
} ConversationPatterns;

/* A message to be counted. */
typedef struct MessageCount
{
	const char *role;
	int64 characters;
	DetailAsked asked;
	int64 since_message; /* microseconds; -1 for the first of its conversation */
	int64 since_any;	 /* the same, or since the conversation's start */
} MessageCount;

/* The caller is in SPI and has locked the user. */
extern void conversation_count_start(const char *tenant_id, const char *user_id);
extern void
conversation_count_message(const char *tenant_id, const char *user_id, const MessageCount *message);

/*
 * Fills out; everything is 0 or -1 for a user without conversations.  The
 * caller is in SPI.  The sums are not dated: they are the present ones.
 */
extern void conversation_patterns(const char *tenant_id, const char *user_id, ReadAhead *ahead,
								  ConversationPatterns *out);

#endif
