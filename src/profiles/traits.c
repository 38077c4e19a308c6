/*
 * traits.c
 *		The traits of a user: set by hand, inferred from the latest
 *		interactions, or the default.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "conversations/statistics.h"
#include "core/profile/outline.h"
#include "profiles/outlines.h"
#include "profiles/stored_traits.h"
#include "profiles/traits.h"

/* $4: the number of interactions. */
#define SELECT_LATEST(columns)                                                                     \
	STATEMENT("SELECT interaction_type, occurred_at, " columns                                     \
			  " FROM personalization.interactions"                                                 \
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"                       \
			  " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",                          \
			  "text text timestamptz int8")

/* Reads the index interactions_user_latest alone, which contains these columns. */
static Statement select_outlines = SELECT_LATEST("outline");

static Statement select_latest = SELECT_LATEST("outline, data");
static Statement select_latest_unoutlined = SELECT_LATEST("NULL::text AS outline, data");

enum
{
	LATEST_TYPE = 1,
	LATEST_OCCURRED_AT,
	LATEST_OUTLINE,
	LATEST_DATA
};

const char *const skill_level_names[] = {"beginner", "intermediate", "advanced"};
const char *const communication_style_names[] = {"brief", "detailed", "technical"};

static const char *const trait_names[TRAITS] = {"skill_level", "domain_expertise",
												"communication_style"};
static const char *const source_names[] = {"default", "inferred", "set"};

struct TraitReader
{
	Traits traits;
	int observed;
	SkillCounts skill;
	Subjects subjects;
	StyleCounts questions;
	StyleCounts messages;
};

/*
 * Returns the number of a trait's name, or -1 if it is unknown or not a
 * string: earlier traits are read from JSON, which an application role or an
 * imported document may have written.
 */
static int
number_of(const char *name, const char *const *names, int nnames)
{
	return name == NULL ? -1 : find_name(names, nnames, name, strlen(name));
}

/* Reads what the user wrote in conversations. */
static void
read_messages(TraitReader *reader, const char *tenant_id, const char *user_id, ReadAhead *ahead)
{
	ConversationPatterns patterns;
	StyleCounts style_counts;

	conversation_patterns(tenant_id, user_id, ahead, &patterns);
	style_counts.messages = patterns.user_messages;
	style_counts.characters = patterns.user_characters;
	style_counts.brief = patterns.asked_brief;
	style_counts.detailed = patterns.asked_detailed;
	style_counts.technical = patterns.asked_technical;
	traits_add_messages(reader, &style_counts);
}

TraitReader *
traits_begin(const char *tenant_id, const char *user_id, TimestampTz at, ReadAhead *ahead)
{
	TraitReader *reader = palloc0(sizeof(TraitReader));
	Traits *traits = &reader->traits;
	SetTraits set;
	int skill;
	int style;

	traits->skill_level = SKILL_INTERMEDIATE;
	traits->communication_style = STYLE_DETAILED;
	set_traits_read(tenant_id, user_id, at, ahead, &set);
	traits->known = set.known;
	if (!set.known)
		return reader;
	traits->created_at = set.created;
	traits->updated_at = set.updated;

	skill = number_of(set.skill, skill_level_names, SKILL_ADVANCED + 1);
	if (skill >= 0)
	{
		traits->skill_level = (SkillLevel) skill;
		traits->sources[TRAIT_SKILL_LEVEL] = TRAIT_SET;
	}
	if (set.expertise != NULL)
	{
		traits->expertise_set = set.expertise;
		traits->sources[TRAIT_DOMAIN_EXPERTISE] = TRAIT_SET;
	}
	style = number_of(set.style, communication_style_names, STYLE_TECHNICAL + 1);
	if (style >= 0)
	{
		traits->communication_style = (CommunicationStyle) style;
		traits->sources[TRAIT_COMMUNICATION_STYLE] = TRAIT_SET;
	}
	else
		read_messages(reader, tenant_id, user_id, ahead);
	return reader;
}

int
traits_reach(const TraitReader *reader)
{
	for (int i = 0; i < TRAITS; i++)
	{
		if (reader->traits.sources[i] != TRAIT_SET)
			return TRAITS_REACH;
	}
	return 0;
}

/* Counts an interaction by its outline; returns false, and counts nothing, if that is none. */
static bool
observe(TraitReader *reader, InteractionType type, const char *outline, size_t len)
{
	if (reader->observed < traits_reach(reader))
	{
		if (type == INTERACTION_QUERY &&
			!outline_observe(outline, len, &reader->skill, &reader->subjects, &reader->questions))
			return false;
		reader->skill.asked += type == INTERACTION_QUERY;
		reader->skill.refinements += type == INTERACTION_REFINEMENT;
	}
	reader->observed++;
	return true;
}

void
traits_observe(TraitReader *reader, InteractionType type, const text *outline, Datum data)
{
	char made[OUTLINE_MAX];

	if (outline != NULL && observe(reader, type, VARDATA_ANY(outline), VARSIZE_ANY_EXHDR(outline)))
		return;
	if (type != INTERACTION_QUERY || reader->observed >= traits_reach(reader))
		made[0] = '\0';
	else
		(void) outline_of(type, data, made);
	if (!observe(reader, type, made, strlen(made)))
		elog(ERROR, "an outline that was just made cannot be read");
}

void
traits_add_messages(TraitReader *reader, const StyleCounts *style_counts)
{
	reader->messages = *style_counts;
}

/* Marks a trait as inferred; returns the buffer for its evidence. */
static char *
inferred(Traits *traits, Trait trait)
{
	char *evidence = palloc(EVIDENCE_MAX);

	traits->sources[trait] = TRAIT_INFERRED;
	traits->evidence[trait] = evidence;
	return evidence;
}

static void
infer_expertise(TraitReader *reader)
{
	Traits *traits = &reader->traits;
	Subjects *subjects = &reader->subjects;
	int n = subjects_infer(subjects);
	StringInfoData evidence;

	if (n < 0)
		return;
	initStringInfo(&evidence);
	appendStringInfo(&evidence, "of %d queries that name tables ", subjects->queries);
	for (int i = 0; i < n; i++)
	{
		traits->expertise[i] = pstrdup(subjects->items[i].name);
		appendStringInfo(&evidence, "%s%d use %s", i == 0 ? "" : ", ", subjects->items[i].queries,
						 subjects->items[i].name);
	}
	if (n == 0)
		appendStringInfoString(&evidence, "no subject is used often enough");
	traits->nexpertise = n;
	traits->sources[TRAIT_DOMAIN_EXPERTISE] = TRAIT_INFERRED;
	traits->evidence[TRAIT_DOMAIN_EXPERTISE] = evidence.data;
}

void
traits_end(TraitReader *reader, Traits *traits)
{
	Traits *found = &reader->traits;
	const StyleCounts *style_counts =
		reader->messages.messages >= TRAITS_MIN ? &reader->messages : &reader->questions;

	if (found->sources[TRAIT_SKILL_LEVEL] == TRAIT_DEFAULT &&
		skill_infer(&reader->skill, &found->skill_level))
		skill_evidence(&reader->skill, inferred(found, TRAIT_SKILL_LEVEL));
	if (found->sources[TRAIT_DOMAIN_EXPERTISE] == TRAIT_DEFAULT)
		infer_expertise(reader);
	if (found->sources[TRAIT_COMMUNICATION_STYLE] == TRAIT_DEFAULT &&
		style_infer(style_counts, &found->communication_style))
		style_evidence(style_counts, inferred(found, TRAIT_COMMUNICATION_STYLE));
	*traits = *found;
}

/* Returns the type of an interaction; for all but these two it is enough to count them. */
static InteractionType
type_of_row(uint64 row)
{
	const Oid *types = extension_objects()->interaction_values;
	Oid type = DatumGetObjectId(result_value(row, LATEST_TYPE, NULL));

	return type == types[INTERACTION_QUERY]		   ? INTERACTION_QUERY
		   : type == types[INTERACTION_REFINEMENT] ? INTERACTION_REFINEMENT
												   : INTERACTION_EXPLORATION;
}

static const text *
outline_of_row(uint64 row)
{
	bool isnull;
	Datum outline = result_value(row, LATEST_OUTLINE, &isnull);

	return isnull ? NULL : DatumGetTextPP(outline);
}

/* Counts interactions by their outlines; returns false, and counts nothing, if a query has none. */
static bool
observe_outlines(TraitReader *reader, uint64 nrows)
{
	const TraitReader before = *reader;

	for (uint64 row = 0; row < nrows; row++)
	{
		InteractionType type = type_of_row(row);
		const text *outline = type == INTERACTION_QUERY ? outline_of_row(row) : NULL;

		if ((type == INTERACTION_QUERY && outline == NULL) ||
			!observe(reader, type, outline == NULL ? "" : VARDATA_ANY(outline),
					 outline == NULL ? 0 : VARSIZE_ANY_EXHDR(outline)))
		{
			*reader = before;
			return false;
		}
	}
	return true;
}

void
traits_observe_latest(TraitReader *reader, const char *tenant_id, const char *user_id,
					  TimestampTz until, TimestampTz *latest)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(until), Int64GetDatum(traits_reach(reader))};
	bool stored = outlines_are_stored();
	bool observed = false;
	uint64 nrows;

	if (traits_reach(reader) == 0)
		return;
	if (stored)
	{
		nrows = statement_execute(&select_outlines, values, NULL, SNAPSHOT_CALLER);
		observed = observe_outlines(reader, nrows);
	}
	if (!observed)
	{
		nrows = statement_execute(stored ? &select_latest : &select_latest_unoutlined, values, NULL,
								  SNAPSHOT_CALLER);
		for (uint64 row = 0; row < nrows; row++)
			traits_observe(reader, type_of_row(row), outline_of_row(row),
						   result_value(row, LATEST_DATA, NULL));
	}
	if (nrows > 0)
		*latest = Max(*latest, DatumGetTimestampTz(result_value(0, LATEST_OCCURRED_AT, NULL)));
}

void
traits_read(const char *tenant_id, const char *user_id, TimestampTz at, Traits *traits)
{
	TraitReader *reader = traits_begin(tenant_id, user_id, at, NULL);
	TimestampTz ignored = DT_NOBEGIN;

	traits_observe_latest(reader, tenant_id, user_id, known_until(at), &ignored);
	traits_end(reader, traits);
}

static void
push_expertise(JsonbParseState **state, const Traits *traits)
{
	if (traits->expertise_set != NULL)
	{
		json_push_jsonb(state, "domain_expertise", traits->expertise_set);
		return;
	}
	json_push_key(state, "domain_expertise");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < traits->nexpertise; i++)
		json_push_text(state, NULL, traits->expertise[i]);
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

void
traits_push(JsonbParseState **state, const Traits *traits)
{
	json_push_text(state, "skill_level", skill_level_names[traits->skill_level]);
	json_push_key(state, "trait_sources");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < TRAITS; i++)
		json_push_text(state, trait_names[i], source_names[traits->sources[i]]);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);

	json_push_key(state, "trait_evidence");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < TRAITS; i++)
	{
		if (traits->evidence[i] != NULL)
			json_push_text(state, trait_names[i], traits->evidence[i]);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);

	push_expertise(state, traits);
	json_push_text(state, "communication_style",
				   communication_style_names[traits->communication_style]);
}
