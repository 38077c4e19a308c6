/*
 * choices.h
 *		Preferences that users set, reset and forget themselves.
 */
#ifndef PERSONALIZATION_PREFERENCES_CHOICES_H
#define PERSONALIZATION_PREFERENCES_CHOICES_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/read_ahead.h"
#include "base/statement.h"
#include "preferences/observation.h"

/* What a user has chosen for a preference. */
typedef struct Choice
{
	PreferenceCategory category;
	const char *key;
	const Jsonb *value;		  /* that was set; NULL if none is in force */
	TimestampTz chosen_at;	  /* when value was set */
	TimestampTz forgotten_at; /* interactions until then do not count; DT_NOBEGIN for none */
} Choice;

typedef struct Choices
{
	Choice *items;
	int n;
} Choices;

/*
 * Reads the choices of a user as of a time; forgotten_at is that of now, whatever the time, so
 * that what was forgotten is not shown as it was before.  The caller is in SPI.
 */
extern void choices_read(const char *tenant_id, const char *user_id, TimestampTz at, ReadAs as,
						 Choices *choices);

/* The same in the snapshot of the calling query. */
extern void choices_read_ahead(const char *tenant_id, const char *user_id, TimestampTz at,
							   ReadAhead *ahead, Choices *choices);

/* Returns whether an interaction of a time counts for a preference. */
extern bool choices_let_count(const Choices *choices, PreferenceCategory category, const char *key,
							  TimestampTz at);

/* To be called after rows of choices have been written in another way, by an import. */
extern void choices_imported(void);

/*
 * Removes observations that no longer count, because they are from before
 * their user forgot the preference; returns how many are left.  The users are
 * locked; the caller is in SPI.
 */
extern int choices_filter(const char *tenant_id, Observation *observations, int n);

#endif
