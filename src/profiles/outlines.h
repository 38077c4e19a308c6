/*
 * outlines.h
 *		What reading an interaction would say about its user, in a short text
 *		that is stored with it.
 *
 *		The index by which a user's latest interactions are found contains it:
 *		who needs no more than outlines reads one or two pages of that index
 *		instead of a page for each interaction.  Of a query it is the text of
 *		core/profile/outline.h, of a chart the type of the chart, empty if it has
 *		none; other types of interactions need none.
 *
 *		An interaction may be stored without its outline: by version 1.0, by a
 *		role that writes the table itself, or because its chart's type is odd.
 *		Then the reader makes it out of data.
 */
#ifndef PERSONALIZATION_PROFILES_OUTLINES_H
#define PERSONALIZATION_PROFILES_OUTLINES_H

#include "postgres.h"

#include "base/extension.h"
#include "core/profile/outline.h"

/* The size of data read, and of a text in it; larger interactions are ignored. */
#define OUTLINE_MAX_DATA (64 * 1024)
#define OUTLINE_TEXT_REACH 1024

/*
 * Writes the outline of an interaction with a stored or a new data, terminated; returns
 * false if it has none.
 */
extern bool outline_of(InteractionType type, Datum data, char text[OUTLINE_MAX]);

/* Whether the table of interactions has the column: an older script has made none. */
extern bool outlines_are_stored(void);

#endif
