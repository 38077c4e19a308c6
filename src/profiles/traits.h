/*
 * traits.h
 *		The traits of a user: set by hand, inferred from the latest
 *		interactions, or the default.
 *
 *		Inferred traits are a pure function of the interactions up to a time:
 *		they are not stored, and can be read as of an earlier time.  What they
 *		are inferred from are the outlines of interactions (profiles/outlines.h).
 *		The rules are in core/profile/trait_inference.h.
 */
#ifndef PERSONALIZATION_PROFILES_TRAITS_H
#define PERSONALIZATION_PROFILES_TRAITS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/read_ahead.h"
#include "core/profile/trait_inference.h"

/* Number of the latest interactions that are used. */
#define TRAITS_REACH 50

typedef enum Trait
{
	TRAIT_SKILL_LEVEL,
	TRAIT_DOMAIN_EXPERTISE,
	TRAIT_COMMUNICATION_STYLE
} Trait;
#define TRAITS (TRAIT_COMMUNICATION_STYLE + 1)

typedef enum TraitSource
{
	TRAIT_DEFAULT,
	TRAIT_INFERRED,
	TRAIT_SET
} TraitSource;

typedef struct Traits
{
	SkillLevel skill_level;
	CommunicationStyle communication_style;
	const Jsonb *expertise_set; /* an array, if set by hand; else … */
	const char *expertise[SUBJECTS_MAX];
	int nexpertise;

	TraitSource sources[TRAITS];
	const char *evidence[TRAITS]; /* of inferred traits, else NULL */

	/* From the user's row, if there is one. */
	bool known;
	TimestampTz created_at;
	TimestampTz updated_at;
} Traits;

extern const char *const skill_level_names[];
extern const char *const communication_style_names[];

/* Reads the traits of a user as of a time. The caller is in SPI, as below. */
extern void traits_read(const char *tenant_id, const char *user_id, TimestampTz at, Traits *traits);

/*
 * The same for callers that read the interactions anyway: begin; pass the
 * interactions up to the time, latest first (after TRAITS_REACH they are
 * ignored), with the outline, NULL for none, and data as a stored jsonb; end.
 */
typedef struct TraitReader TraitReader;
extern TraitReader *
traits_begin(const char *tenant_id, const char *user_id, TimestampTz at, ReadAhead *ahead);
extern void
traits_observe(TraitReader *reader, InteractionType type, const text *outline, Datum data);
extern void traits_end(TraitReader *reader, Traits *traits);

/* Returns the number of interactions needed: 0 if all traits are set by hand. */
extern int traits_reach(const TraitReader *reader);

/*
 * For callers that do not: in place of passing interactions, reads as many as are needed.
 * Raises *latest to the time of the latest of them.
 */
extern void traits_observe_latest(TraitReader *reader, const char *tenant_id, const char *user_id,
								  TimestampTz until, TimestampTz *latest);

/*
 * Passes the statistics of the user's messages in conversations, which
 * determine their style; traits_begin() reads them if the style is not set.
 * From TRAITS_MIN messages on they are used instead of the queries.
 */
extern void traits_add_messages(TraitReader *reader, const StyleCounts *style_counts);

/* Pushes members of a document: the traits, trait_sources and trait_evidence. */
extern void traits_push(JsonbParseState **state, const Traits *traits);

#endif
