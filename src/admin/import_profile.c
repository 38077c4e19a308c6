/*
 * import_profile.c
 *		Importing a profile document.
 *
 *		Profile documents come from get_profile(), or from the service in
 *		Python that this extension replaced, whose form they have.  They contain
 *		no queries apart from the history, and one value per preference.  In a
 *		document of get_profile(), trait_sources shows which traits were set;
 *		in a document without it, a trait with the default counts as not set.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "admin/import.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "core/ranking/statistics.h"
#include "queries/identity.h"
#include "queries/user_queries.h"
#include "queries/without_text.h"

/* Counts the queries of an imported history as learning does. */
static Statement select_queries =
	STATEMENT("SELECT data, occurred_at, interaction_id"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND interaction_type = 'query'"
			  " ORDER BY occurred_at, interaction_id",
			  "text text");

enum
{
	IMPORTED_DATA = 1,
	IMPORTED_AT,
	IMPORTED_ID
};

/* Documents of other origin do not contain the ids of queries. */
static Statement identify_queries =
	STATEMENT("UPDATE personalization.interactions"
			  " SET query_id = personalization.query_id(data)"
			  " WHERE tenant_id = $1 AND user_id = $2 AND interaction_type = 'query'",
			  "text text");

static Jsonb *
renamed_members(const JsonbContainer *object, const Renamed *names, int n)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue value;
		JsonbValue *found = json_member(object, names[i].from, &value);

		if (found == NULL)
			continue;
		json_push_key(&state, names[i].to);
		(void) pushJsonbValue(&state, WJB_VALUE, found);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static Rows
rows_for(const JsonbContainer *container, const Renamed *names, int nnames)
{
	Rows rows = {0};
	size_t size = container == NULL ? 1 : JsonContainerSize(container) + 1;

	rows.items = palloc(size * sizeof(Jsonb *));
	rows.paths = palloc(size * sizeof(char *));
	rows.names = names;
	rows.nnames = nnames;
	return rows;
}

/* Returns a number member, or 1, which is in every range, if it is absent. */
static double
number_member(const JsonbContainer *object, const char *name)
{
	JsonbValue value;
	JsonbValue *found = json_member(object, name, &value);
	double number;

	return found != NULL && found->type == jbvNumeric && json_number(found, &number) ? number : 1;
}

/* Returns the object at a path of the profile; anything else is an error. */
static JsonbContainer *
object_at(const JsonbValue *value, const char *path)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an object", path);
	return value->val.binary.data;
}

static Rows
profile_preferences(const Jsonb *document)
{
	static const Renamed names[] = {{"category", "category"},
									{"key", "key"},
									{"value", "value"},
									{"confidence", "confidence"},
									{"observation_count", "observation_count"},
									{"last_updated", "last_updated"}};
	JsonbContainer *preferences = import_member(document, "preferences", false);
	Rows rows = rows_for(preferences, names, lengthof(names));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;
	JsonbValue ignored;

	if (preferences == NULL)
		return rows;
	it = JsonbIteratorInit(preferences);
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		const char *path;
		JsonbContainer *preference;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		path = psprintf("preferences.%s", private_name(name.val.string.val, name.val.string.len));
		preference = object_at(&value, path);

		/* A preference without a value or without confidence has no meaning. */
		if (json_member(preference, "value", &ignored) == NULL ||
			number_member(preference, "confidence") == 0)
			continue;
		rows.paths[rows.n] = path;
		rows.items[rows.n++] = renamed_members(preference, names, lengthof(names));
	}
	return rows;
}

static Rows
profile_interactions(const Jsonb *document)
{
	static const Renamed names[] = {{"id", "interaction_id"},
									{"interaction_type", "interaction_type"},
									{"timestamp", "occurred_at"},
									{"data", "data"},
									{"feedback", "feedback"}};
	JsonbContainer *history = import_member(document, "interaction_history", true);
	Rows rows = rows_for(history, names, lengthof(names));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	int n = 0;

	if (history == NULL)
		return rows;
	it = JsonbIteratorInit(history);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		const char *path;

		if (token != WJB_ELEM)
			continue;
		path = psprintf("interaction_history[%d]", n++);
		rows.paths[rows.n] = path;
		rows.items[rows.n++] = renamed_members(object_at(&value, path), names, lengthof(names));
	}
	return rows;
}

/* Whether a trait was set by hand. */
static bool
trait_is_set(const Jsonb *document, const char *trait, const JsonbValue *value)
{
	JsonbContainer *sources = import_member(document, "trait_sources", false);

	if (sources != NULL)
	{
		char *source;

		return json_text_member(sources, trait, &source) && source != NULL &&
			   strcmp(source, "set") == 0;
	}
	if (strcmp(trait, "domain_expertise") == 0)
		return value->type != jbvBinary || JsonContainerSize(value->val.binary.data) > 0;
	return value->type != jbvString ||
		   find_name((const char *const[]){"intermediate", "detailed"}, 2, value->val.string.val,
					 value->val.string.len) < 0;
}

static Rows
profile_traits(const Import *import, const Jsonb *document)
{
	static const char *const traits[] = {"skill_level", "domain_expertise", "communication_style"};
	static const char *const times[] = {"created_at", "updated_at"};
	Rows rows = rows_for(NULL, NULL, 0);
	JsonbParseState *state = NULL;
	JsonbValue value;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < lengthof(traits); i++)
	{
		JsonbValue *found = json_member(&document->root, traits[i], &value);

		if (found == NULL || !trait_is_set(document, traits[i], found))
			continue;
		json_push_key(&state, traits[i]);
		(void) pushJsonbValue(&state, WJB_VALUE, found);
	}
	for (size_t i = 0; i < lengthof(times); i++)
	{
		JsonbValue *found = json_member(&document->root, times[i], &value);

		if (found == NULL)
			json_push_time(&state, times[i], import->now);
		else
		{
			json_push_key(&state, times[i]);
			(void) pushJsonbValue(&state, WJB_VALUE, found);
		}
	}
	rows.items[0] = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	rows.paths[0] = "document";
	rows.n = 1;
	return rows;
}

/* Returns the number of different queries. */
static int
store_queries(const Import *import)
{
	Datum values[] = {CStringGetTextDatum(import->tenant_id), CStringGetTextDatum(import->user_id)};
	AskedQueries *asked = asked_queries_begin(import->time_zone);
	uint64 nrows = statement_execute(&select_queries, values, NULL, SNAPSHOT_NEW);

	for (uint64 row = 0; row < nrows; row++)
	{
		Jsonb *data = DatumGetJsonbP(result_value(row, IMPORTED_DATA, NULL));
		QueryText query;
		const char *text;
		pg_uuid_t id;
		Fault fault;

		if (!query_decode(&data->root, &query, &fault))
			import_error(fault.sqlstate, fault.hint, "interaction_history: %s", fault.message);
		text = query.question != NULL ? query.question : query.sql;
		if (query_identify(&query, &id))
			asked_queries_add(asked, import->user_id, &query,
							  import->store_text ? NULL : hashed_words(import->tenant_id, text),
							  &id, DatumGetUUIDP(result_value(row, IMPORTED_ID, NULL)), data,
							  DatumGetTimestampTz(result_value(row, IMPORTED_AT, NULL)));
	}
	(void) statement_execute(&identify_queries, values, NULL, SNAPSHOT_NEW);
	return asked_queries_store(asked, import->tenant_id, false);
}

Jsonb *
import_profile(const Import *import, const Jsonb *document)
{
	const struct
	{
		const char *table;
		Rows rows;
	} parts[] = {{"preferences", profile_preferences(document)},
				 {"interactions", profile_interactions(document)},
				 {"profiles", profile_traits(import, document)}};
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < lengthof(parts); i++)
	{
		JsonbValue name;

		name.type = jbvString;
		name.val.string.val = unconstify(char *, parts[i].table);
		name.val.string.len = strlen(parts[i].table);
		import_rows(import, import_table(&name), &parts[i].rows);
		json_push_int(&state, parts[i].table, parts[i].rows.n);
	}
	json_push_int(&state, "user_queries", store_queries(import));
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
