/*
 * rounds.h
 *		Rounds that have ended: a suggestion was shown, and what became of it.
 *
 *		The latest round of each suggestion is its row in suggestions, where
 *		its outcome may still change.  When the query is shown in another
 *		round, the ended one is kept here until history_retention.  It does
 *		not say which query it was.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_ROUNDS_H
#define PERSONALIZATION_SUGGESTIONS_ROUNDS_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "core/ranking/shown.h"

/* A round that has ended: the row of the suggestion then, and what became of it. */
typedef struct EndedRound
{
	const Shown *shown;
	ShownRound round;
} EndedRound;

/* Stores rounds of a user.  The caller is in SPI and has the lock on the user's suggestions. */
extern void
rounds_store(const char *tenant_id, const char *user_id, const EndedRound *rounds, int n);

/* Deletes a tenant's rounds that were shown before a time, at most limit; returns their number. */
extern int64 rounds_expire(const char *tenant_id, TimestampTz before, int64 limit);

#endif
