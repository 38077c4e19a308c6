/*
 * traits.c
 *		The traits of a user: set by hand, inferred from the latest
 *		interactions, or the default.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "conversations/statistics.h"
#include "core/sql/features.h"
#include "profiles/stored_traits.h"
#include "profiles/traits.h"

static Statement select_latest =
	STATEMENT("SELECT interaction_type, data"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"
			  " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",
			  "text text timestamptz int8");

enum
{
	LATEST_TYPE = 1,
	LATEST_DATA
};

const char *const skill_level_names[] = {"beginner", "intermediate", "advanced"};
const char *const communication_style_names[] = {"brief", "detailed", "technical"};

static const char *const trait_names[TRAITS] = {"skill_level", "domain_expertise",
												"communication_style"};
static const char *const source_names[] = {"default", "inferred", "set"};

/* Maximum number of tables used from one statement. */
#define MAX_TABLES 8

typedef struct TableName
{
	const char *schema;
	size_t schema_len;
	const char *table;
	size_t table_len;
} TableName;

/* An SQL text, and what was found in it. */
typedef struct ReadSql
{
	uint32 hash;
	const char *text;
	size_t len;
	unsigned features;
	TableName tables[MAX_TABLES];
	int ntables;
} ReadSql;

struct TraitReader
{
	Traits traits;
	int observed;
	SkillCounts skill;
	Subjects subjects;
	StyleCounts questions;
	StyleCounts messages;

	/* The same text is read once, however often it was asked. */
	ReadSql texts[TRAITS_REACH];
	int ntexts;
	size_t budget;
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
	TraitReader *reader = palloc(sizeof(TraitReader));
	Traits *traits = &reader->traits;
	SetTraits set;
	int skill;
	int style;

	memset(reader, 0, offsetof(TraitReader, texts));
	reader->ntexts = 0;
	reader->budget = TRAITS_SQL_BUDGET;
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

static void
found_table(const char *schema, size_t schema_len, const char *table, size_t table_len, void *arg)
{
	ReadSql *sql = arg;

	if (sql->ntables < MAX_TABLES)
		sql->tables[sql->ntables++] = (TableName){schema, schema_len, table, table_len};
}

/* Returns how many bytes of a text are used: whole characters, because names are taken from it. */
static size_t
within_reach(const char *text, size_t len)
{
	return len <= TRAITS_TEXT_REACH ? len
									: (size_t) pg_mbcliplen(text, (int) len, TRAITS_TEXT_REACH);
}

/* Returns what is found in an SQL text, or NULL if the budget is used up. */
static const ReadSql *
read_sql(TraitReader *reader, const char *text, size_t len)
{
	ReadSql *sql;
	uint32 hash;

	len = within_reach(text, len);
	hash = hash_bytes((const unsigned char *) text, (int) len);
	for (int i = 0; i < reader->ntexts; i++)
	{
		sql = &reader->texts[i];
		if (sql->hash == hash && sql->len == len && memcmp(sql->text, text, len) == 0)
			return sql;
	}
	if (len > reader->budget)
		return NULL;
	reader->budget -= len;
	sql = &reader->texts[reader->ntexts++];
	sql->hash = hash;
	sql->text = text;
	sql->len = len;
	sql->ntables = 0;
	sql->features = sql_features(text, len, found_table, sql);
	return sql;
}

/* Returns the number of items of a list in the data, or -1 if it is absent. */
static int
listed_items(const JsonbContainer *data, const char *name, const JsonbContainer **list)
{
	JsonbValue value;
	const JsonbValue *member = json_member(data, name, &value);

	*list = NULL;
	if (member == NULL)
		return -1;
	if (member->type != jbvBinary || !JsonContainerIsArray(member->val.binary.data))
		return 1;
	*list = member->val.binary.data;
	return (int) JsonContainerSize(*list);
}

/* Adds a table as given, with its schema if there is one. */
static void
add_listed_table(Subjects *subjects, const char *name, size_t len)
{
	const char *dot = NULL;
	const char *schema = NULL;
	const char *before = name;

	for (const char *c = name; c < name + len; c++)
	{
		if (*c != '.')
			continue;
		before = dot == NULL ? name : dot + 1;
		dot = c;
		schema = before;
	}
	if (dot == NULL)
		subjects_add(subjects, NULL, 0, name, len);
	else
		subjects_add(subjects, schema, dot - schema, dot + 1, name + len - dot - 1);
}

static void
add_listed_tables(Subjects *subjects, const JsonbContainer *list, int n)
{
	for (int i = 0; i < Min(n, MAX_TABLES); i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(unconstify(JsonbContainer *, list), i);

		if (item != NULL && item->type == jbvString)
			add_listed_table(subjects, item->val.string.val, item->val.string.len);
	}
}

static void
observe_query(TraitReader *reader, const JsonbContainer *data)
{
	JsonbValue question_value;
	JsonbValue sql_value;
	const JsonbValue *question = json_member(data, "query", &question_value);
	const JsonbValue *text = json_member(data, "sql", &sql_value);
	const ReadSql *sql = NULL;
	const JsonbContainer *tables;
	const JsonbContainer *ignored;
	int ntables = listed_items(data, "tables_used", &tables);

	if (question != NULL && (question->type != jbvString || question->val.string.len == 0))
		question = NULL;
	if (text != NULL && (text->type != jbvString || text->val.string.len == 0))
		text = NULL;
	if (text != NULL)
		sql = read_sql(reader, text->val.string.val, text->val.string.len);

	if (sql != NULL)
		skill_add(&reader->skill, sql->features);
	else if (text == NULL)
	{
		int naggregations = listed_items(data, "aggregations", &ignored);
		int ngroups = listed_items(data, "group_by", &ignored);

		/* The features are known without the SQL. */
		if (ntables >= 0 || naggregations >= 0 || ngroups >= 0)
			skill_add(&reader->skill, (ntables >= 2 ? SQL_JOINS : 0) |
										  (ntables >= 3 ? SQL_JOINS_MANY : 0) |
										  (naggregations > 0 || ngroups > 0 ? SQL_AGGREGATES : 0));
	}

	subjects_next_query(&reader->subjects);
	if (tables != NULL)
		add_listed_tables(&reader->subjects, tables, ntables);
	else if (ntables < 0 && sql != NULL)
	{
		for (int i = 0; i < sql->ntables; i++)
			subjects_add(&reader->subjects, sql->tables[i].schema, sql->tables[i].schema_len,
						 sql->tables[i].table, sql->tables[i].table_len);
	}

	if (question == NULL)
		question = text;
	if (question != NULL)
	{
		const char *words = question->val.string.val;
		size_t len = within_reach(words, (size_t) question->val.string.len);

		style_add(&reader->questions, words, len, pg_mbstrlen_with_len(words, (int) len),
				  question == text);
	}
}

void
traits_observe(TraitReader *reader, InteractionType type, Datum data)
{
	if (reader->observed++ >= traits_reach(reader))
		return;
	if (type == INTERACTION_REFINEMENT)
		reader->skill.refinements++;
	if (type != INTERACTION_QUERY)
		return;
	reader->skill.asked++;
	if (toast_raw_datum_size(data) <= TRAITS_MAX_DATA)
		observe_query(reader, &DatumGetJsonbP(data)->root);
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

void
traits_read(const char *tenant_id, const char *user_id, TimestampTz at, Traits *traits)
{
	TraitReader *reader = traits_begin(tenant_id, user_id, at, NULL);
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(known_until(at)), Int64GetDatum(traits_reach(reader))};
	uint64 nrows = 0;
	const Oid *types;

	if (traits_reach(reader) > 0)
		nrows = statement_execute(&select_latest, values, NULL, SNAPSHOT_CALLER);
	types = extension_objects()->interaction_values;
	for (uint64 row = 0; row < nrows; row++)
	{
		Oid type = DatumGetObjectId(result_value(row, LATEST_TYPE, NULL));

		/* For all other types it is enough to count them. */
		traits_observe(reader,
					   type == types[INTERACTION_QUERY]		   ? INTERACTION_QUERY
					   : type == types[INTERACTION_REFINEMENT] ? INTERACTION_REFINEMENT
															   : INTERACTION_EXPLORATION,
					   result_value(row, LATEST_DATA, NULL));
	}
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
