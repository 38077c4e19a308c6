/*
 * traits.h
 *		The traits of a user: set by hand, or else inferred from his latest
 *		interactions, or else the default.
 *
 * What is inferred is a pure function of the interactions up to a time: nothing is
 * stored for it, and it can be read as of an earlier time.  The rules are in
 * core/trait_inference.h.
 */
#ifndef PERSONALIZATION_PROFILES_TRAITS_H
#define PERSONALIZATION_PROFILES_TRAITS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "core/trait_inference.h"

/* So many of the latest interactions are looked at, … */
#define TRAITS_REACH 50

/* … different SQL texts in them up to so many bytes in all, … */
#define TRAITS_SQL_BUDGET (16 * 1024)

/* … of one text no more than this, and none in an interaction larger than that. */
#define TRAITS_TEXT_REACH 1024
#define TRAITS_MAX_DATA (64 * 1024)

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
	const Jsonb *expertise_set; /* an array, where it is set by hand; else … */
	const char *expertise[SUBJECTS_MAX];
	int nexpertise;

	TraitSource sources[TRAITS];
	const char *evidence[TRAITS]; /* of those inferred, else NULL */

	/* Of the user's row, where there is one. */
	bool known;
	TimestampTz created_at;
	TimestampTz updated_at;
} Traits;

extern const char *const skill_level_names[];
extern const char *const communication_style_names[];

/* The traits of a user as of a time.  The caller is in SPI, as below. */
extern void traits_read(const char *tenant_id, const char *user_id, TimestampTz at, Traits *traits);

/*
 * The same for one who reads the interactions anyway: begins; takes the
 * interactions up to the time, latest first (TRAITS_REACH of them, more are
 * ignored), data being a jsonb as stored; ends.
 */
typedef struct TraitReader TraitReader;
extern TraitReader *traits_begin(const char *tenant_id, const char *user_id, TimestampTz at);
extern void traits_observe(TraitReader *reader, InteractionType type, Datum data);
extern void traits_end(TraitReader *reader, Traits *traits);

/* How many interactions it wants: none where all is set by hand. */
extern int traits_reach(const TraitReader *reader);

/*
 * What the user's messages in conversations say of his style, which
 * traits_begin() looks up where it is not set.  From TRAITS_MIN messages on it
 * counts instead of what his queries say.
 */
extern void traits_hear(TraitReader *reader, const Talk *talk);

/* Members of a document: the traits, trait_sources and trait_evidence. */
extern void traits_push(JsonbParseState **state, const Traits *traits);

#endif
