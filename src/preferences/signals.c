/*
 * signals.c
 *		Extracting signals from an interaction.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "base/arguments.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/guc.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "core/sql/scan.h"
#include "core/ranking/statistics.h"
#include "preferences/signals.h"
#include "queries/identity.h"

/* An empty slot in the index of signals. */
#define NO_SIGNAL (-1)

/* The strength of feedback on a preference itself, before it is multiplied by the rating. */
#define EXPLICIT 1.0

static Statement select_interaction = STATEMENT("SELECT interaction_type, data"
												" FROM personalization.interactions"
												" WHERE tenant_id = $1 AND interaction_id = $2",
												"text uuid");

enum
{
	INTERACTION_TYPE = 1,
	INTERACTION_DATA
};

static uint32
signal_hash(PreferenceCategory category, const char *key)
{
	return hash_combine((uint32) category, hash_bytes((const unsigned char *) key, strlen(key)));
}

/*
 * Returns the slot of a preference's signal in the index, or the empty slot
 * where it would be inserted.
 */
static int *
find_place(const Signals *signals, PreferenceCategory category, const char *key)
{
	uint32 mask = (uint32) signals->nplaces - 1;
	uint32 place = signal_hash(category, key) & mask;

	for (;; place = (place + 1) & mask)
	{
		int *number = &signals->places[place];

		if (*number == NO_SIGNAL || (signals->items[*number].category == category &&
									 strcmp(signals->items[*number].key, key) == 0))
			return number;
	}
}

/* Returns the signal for a preference, or NULL. */
static Signal *
find_signal(const Signals *signals, PreferenceCategory category, const char *key)
{
	int number;

	if (signals->n == 0)
		return NULL;
	number = *find_place(signals, category, key);
	return number == NO_SIGNAL ? NULL : &signals->items[number];
}

/* Rebuilds the index of signals. */
static void
index_signals(Signals *signals)
{
	for (int i = 0; i < signals->nplaces; i++)
		signals->places[i] = NO_SIGNAL;

	/* If a preference has a negative and a positive signal, the index contains the later one. */
	for (int i = 0; i < signals->n; i++)
		*find_place(signals, signals->items[i].category, signals->items[i].key) = i;
}

static void
append_signal(Signals *signals, const Signal *signal)
{
	if (signals->n == signals->size)
	{
		signals->size = Max(8, signals->size * 2);
		signals->nplaces = signals->size * 2;
		if (signals->items == NULL)
		{
			signals->items = palloc(signals->size * sizeof(Signal));
			signals->places = palloc(signals->nplaces * sizeof(int));
		}
		else
		{
			signals->items = repalloc(signals->items, signals->size * sizeof(Signal));
			signals->places = repalloc(signals->places, signals->nplaces * sizeof(int));
		}
		index_signals(signals);
	}
	signals->items[signals->n] = *signal;
	*find_place(signals, signal->category, signal->key) = signals->n;
	signals->n++;
}

/*
 * Formats a number for a key like JavaScript and Python, so that 1.5 and 1.50
 * are equal; but 2.0 stays a fraction.
 */
static char *
number_name(Numeric number)
{
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
	char *shortest = numeric_normalize(number);

	if (strchr(text, '.') != NULL && strchr(shortest, '.') == NULL)
		return psprintf("%s.0", shortest);
	return shortest;
}

/* Returns the template with every {} replaced by name. */
static char *
fill_template(const char *template, const char *name, int len)
{
	StringInfoData buf;
	const char *rest = template;
	const char *hole;
	char *filled;

	initStringInfo(&buf);
	while ((hole = strstr(rest, "{}")) != NULL)
	{
		appendBinaryStringInfo(&buf, rest, hole - rest);
		appendBinaryStringInfo(&buf, name, len);
		rest = hole + 2;
	}
	appendStringInfoString(&buf, rest);
	/* It is kept while the call lasts, which the buffer, of a kilobyte, should not be. */
	filled = pnstrdup(buf.data, buf.len);
	pfree(buf.data);
	return filled;
}

/* Null and empty text give no signal. */
static bool
is_empty_value(const JsonbValue *value)
{
	return value->type == jbvNull || (value->type == jbvString && value->val.string.len == 0);
}

static bool
rule_signal(const SignalRule *rule, const JsonbValue *name, JsonbValue *value, Signals *signals,
			Fault *fault)
{
	Signal signal = {rule->category, rule->key, NULL, rule->strength};
	Jsonb *document;

	if (is_empty_value(value))
		return true;
	if (strstr(rule->key, "{}") != NULL)
	{
		if (name->type == jbvString)
			signal.key = fill_template(rule->key, name->val.string.val, name->val.string.len);
		else if (name->type == jbvBool)
			signal.key = fill_template(rule->key, name->val.boolean ? "true" : "false",
									   name->val.boolean ? 4 : 5);
		else if (name->type == jbvNumeric)
		{
			char *text = number_name(name->val.numeric);

			signal.key = fill_template(rule->key, text, strlen(text));
		}
		else
			return true; /* an array or object cannot be part of a key */
	}
	if (find_signal(signals, signal.category, signal.key) != NULL)
		return true;

	if (signals->n >= max_signals)
		return fault_set(
			fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			psprintf("The maximum is %d signals, set by personalization.max_signals.", max_signals),
			"data.%s gives too many signals", rule->path);
	if (strlen(signal.key) > MAX_KEY_LENGTH)
		return fault_set(fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						 psprintf("The maximum is %d bytes.", MAX_KEY_LENGTH),
						 "preference key from data.%s is too long: %zu bytes", rule->path,
						 strlen(signal.key));
	document = json_document(value);
	if (VARSIZE(document) > MAX_VALUE_SIZE)
		return fault_set(fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						 psprintf("The maximum is %d bytes.", MAX_VALUE_SIZE),
						 "preference value from data.%s is too large: %zu bytes", rule->path,
						 (size_t) VARSIZE(document));
	signal.value = document;
	append_signal(signals, &signal);
	return true;
}

/* Returns the member at a rule's path, or NULL if it is absent or null. */
static JsonbValue *
follow_path(const JsonbContainer *data, const char *path, JsonbValue *value)
{
	JsonbValue *found = json_member(data, path, value);
	const char *rest = path;
	const char *dot;

	if (found != NULL || strchr(path, '.') == NULL)
		return found;
	while ((dot = strchr(rest, '.')) != NULL)
	{
		found = json_member(data, pnstrdup(rest, dot - rest), value);
		if (found == NULL || found->type != jbvBinary ||
			!JsonContainerIsObject(found->val.binary.data))
			return NULL;
		data = found->val.binary.data;
		rest = dot + 1;
	}
	return json_member(data, rest, value);
}

/* Adds a list found in SQL: an item that is not valid in a key, or too many, is left out, not refused. */
static void
sql_signals(const SignalRule *rule, const List *items, Signals *signals)
{
	ListCell *cell;

	foreach (cell, items)
	{
		JsonbValue value;
		Fault ignored;

		value.type = jbvString;
		value.val.string.val = lfirst(cell);
		value.val.string.len = strlen(lfirst(cell));
		if (signals->n < max_signals)
			(void) rule_signal(rule, &value, &value, signals, &ignored);
	}
}

static bool
member_signals(const SignalRule *rule, JsonbValue *found, Signals *signals, Fault *fault)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	JsonbValue name;

	if (found->type != jbvBinary ||
		(JsonContainerIsObject(found->val.binary.data) && strstr(rule->key, "{}") == NULL))
		return rule_signal(rule, found, found, signals, fault);

	it = JsonbIteratorInit(found->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			name = value;
			(void) JsonbIteratorNext(&it, &value, true);
			if (!rule_signal(rule, &name, &value, signals, fault))
				return false;
		}
		else if (token == WJB_ELEM && !rule_signal(rule, &value, &value, signals, fault))
			return false;
	}
	return true;
}

/* Returns the list that the SQL of a query provides if the rule's path is absent. */
static const List *
list_from_sql(const SignalRule *rule, QueryText *query)
{
	static const char *const paths[] = {
		[SQL_TABLES] = "tables_used",
		[SQL_AGGREGATIONS] = "aggregations",
		[SQL_FILTERS] = "filters",
		[SQL_GROUP_BY] = "group_by",
	};
	int list;

	if (query == NULL)
		return NIL;
	list = find_name(paths, lengthof(paths), rule->path, strlen(rule->path));
	return list < 0 ? NIL : query_list(query, (SqlList) list);
}

/*
 * Extracts the signals of one object with the rules of one type, or of all
 * types if type is -1.  query: the query of the object, or NULL.
 */
static bool
object_signals(const SignalRules *rules, int type, const JsonbContainer *data, QueryText *query,
			   Signals *signals, Fault *fault)
{
	for (int i = 0; i < rules->n; i++)
	{
		const SignalRule *rule = &rules->items[i];
		JsonbValue value;
		JsonbValue *found;

		if (type >= 0 && (int) rule->type != type)
			continue;
		found = follow_path(data, rule->path, &value);
		if (found == NULL)
			sql_signals(rule, list_from_sql(rule, query), signals);
		else if (!member_signals(rule, found, signals, fault))
			return false;
	}
	return true;
}

/* Extracts the signals of data.original or data.corrected, with the rules of all types. */
static bool
version_signals(const SignalRules *rules, const JsonbContainer *data, const char *name,
				Signals *signals, Fault *fault)
{
	JsonbValue value;
	JsonbValue *found = json_member(data, name, &value);
	QueryText query;

	if (found == NULL)
		return true;
	if (found->type != jbvBinary || !JsonContainerIsObject(found->val.binary.data))
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						 "data.%s of a refinement must be a JSON object", name);
	return query_decode(found->val.binary.data, &query, fault) &&
		   object_signals(rules, -1, found->val.binary.data, &query, signals, fault);
}

/*
 * A value that the correction replaces gets a negative signal, which comes
 * before the positive one, so that the positive one takes effect last.
 */
static bool
refinement_signals(const SignalRules *rules, const JsonbContainer *data, Signals *signals,
				   Fault *fault)
{
	Signals right = {0};
	int kept = 0;

	if (!version_signals(rules, data, "corrected", &right, fault) ||
		!version_signals(rules, data, "original", signals, fault))
		return false;
	for (int i = 0; i < signals->n; i++)
	{
		Signal *wrong = &signals->items[i];
		const Signal *same = find_signal(&right, wrong->category, wrong->key);

		if (same != NULL && json_equal(same->value, wrong->value))
			continue;
		wrong->strength = 0;
		signals->items[kept++] = *wrong;
	}
	signals->n = kept;
	if (signals->n + right.n > max_signals)
		return fault_set(
			fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			psprintf("The maximum is %d signals, set by personalization.max_signals.", max_signals),
			"data gives too many signals");
	index_signals(signals);
	for (int i = 0; right.items != NULL && i < right.n; i++)
		append_signal(signals, &right.items[i]);
	return true;
}

bool
feedback_rating(const JsonbContainer *data, double *rating, bool *present, Fault *fault)
{
	JsonbValue value;
	JsonbValue *found = json_member(data, "rating", &value);

	*present = found != NULL;
	*rating = 0;
	if (found == NULL)
		return true;
	if (found->type == jbvString && found->val.string.len == 8 &&
		memcmp(found->val.string.val, "positive", 8) == 0)
		*rating = 1;
	else if (found->type == jbvString && found->val.string.len == 8 &&
			 memcmp(found->val.string.val, "negative", 8) == 0)
		*rating = -1;
	else if (found->type != jbvNumeric || !json_number(found, rating) || *rating < -1 ||
			 *rating > 1)
	{
		const Jsonb *rejected = json_document(found);
		char *text =
			JsonbToCString(NULL, unconstify(JsonbContainer *, &rejected->root), VARSIZE(rejected));

		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
						 "The rating must be \"positive\", \"negative\" or a number from -1 to 1.",
						 "invalid rating in feedback: %s", private_text(text, strlen(text)));
	}
	return true;
}

/* Reads a text member of feedback; *text is NULL if it is absent. */
static bool
feedback_text(const JsonbContainer *data, const char *name, char **text, Fault *fault)
{
	return json_text_member(data, name, text) ||
		   fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
					 "\"%s\" in feedback must be a string", name);
}

/* Feedback on a preference. */
static bool
preference_feedback(const JsonbContainer *data, const char *category, const char *key,
					double rating, Signals *signals, Fault *fault)
{
	Signal signal;
	JsonbValue value;
	JsonbValue *found;
	int number = find_name(category_names, PREFERENCE_CATEGORIES, category, strlen(category));

	if (number < 0)
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
						 "The categories are visualization, query, data, presentation and "
						 "notification.",
						 "unrecognized preference category %s in feedback",
						 private_text(category, strlen(category)));
	if (key[0] == '\0')
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						 "\"key\" in feedback must not be empty");
	if (strlen(key) > MAX_KEY_LENGTH)
		return fault_set(fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						 psprintf("The maximum is %d bytes.", MAX_KEY_LENGTH),
						 "\"key\" in feedback is too long: %zu bytes", strlen(key));
	found = json_member(data, "value", &value);
	signal.category = (PreferenceCategory) number;
	signal.key = key;
	signal.value = found == NULL ? NULL : json_document(found);
	signal.strength = EXPLICIT * rating;
	if (signal.value != NULL && VARSIZE(signal.value) > MAX_VALUE_SIZE)
		return fault_set(fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						 psprintf("The maximum is %d bytes.", MAX_VALUE_SIZE),
						 "\"value\" in feedback is too large: %zu bytes",
						 (size_t) VARSIZE(signal.value));
	append_signal(signals, &signal);
	return true;
}

/* The interaction that feedback refers to. */
static bool
find_interaction(const SignalSource *source, const pg_uuid_t *id, InteractionType *type,
				 Jsonb **data)
{
	Datum values[2];

	if (source->tenant_id == NULL)
		return false;
	values[0] = CStringGetTextDatum(source->tenant_id);
	values[1] = UUIDPGetDatum(id);
	if (statement_execute(&select_interaction, values, NULL, source->as) == 0)
		return source->find_other != NULL && source->find_other(id, type, data, source->arg);
	*type = interaction_type_of(DatumGetObjectId(result_value(0, INTERACTION_TYPE, NULL)));
	*data = DatumGetJsonbP(result_value(0, INTERACTION_DATA, NULL));
	return true;
}

/* Feedback on an interaction: its signals, multiplied by the rating. */
static bool
interaction_feedback(const SignalSource *source, const char *id, double rating, Signals *signals,
					 Fault *fault)
{
	pg_uuid_t uuid;
	InteractionType type;
	QueryText query;
	Jsonb *data;

	if (!uuid_decode(id, &uuid))
		return fault_set(fault, ERRCODE_INVALID_TEXT_REPRESENTATION, "It must be a UUID.",
						 "invalid value for \"interaction_id\" in feedback: %s",
						 private_text(id, strlen(id)));
	if (!find_interaction(source, &uuid, &type, &data))
		return fault_set(fault, ERRCODE_NO_DATA_FOUND,
						 "Learn the interaction before its feedback. Interactions older than "
						 "history_retention are deleted.",
						 "interaction %s does not exist", id);

	/* Feedback on feedback has no signals. */
	if (type == INTERACTION_FEEDBACK)
		return true;
	if (!interaction_decode(type, data, &query, fault) ||
		!signals_extract(source, type, data, &query, signals, fault))
		return false;
	for (int i = 0; i < signals->n; i++)
		signals->items[i].strength *= rating;
	return true;
}

static bool
feedback_signals(const SignalSource *source, const JsonbContainer *data, Signals *signals,
				 Fault *fault)
{
	double rating;
	bool rated;
	char *category;
	char *key;
	char *interaction_id;

	if (!feedback_rating(data, &rating, &rated, fault) ||
		!feedback_text(data, "category", &category, fault) ||
		!feedback_text(data, "key", &key, fault) ||
		!feedback_text(data, "interaction_id", &interaction_id, fault))
		return false;
	if ((category == NULL) != (key == NULL))
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						 "feedback on a preference requires both \"category\" and \"key\"");
	if (category == NULL && interaction_id == NULL)
		return true; /* a remark: recorded without effect */
	if (!rated)
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
						 "The rating must be \"positive\", \"negative\" or a number from -1 to 1.",
						 "feedback requires a rating");
	if (category != NULL)
		return preference_feedback(data, category, key, rating, signals, fault);
	return interaction_feedback(source, interaction_id, rating, signals, fault);
}

bool
interaction_decode(InteractionType type, const Jsonb *data, QueryText *query, Fault *fault)
{
	if (!JB_ROOT_IS_OBJECT(data))
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
						 "Pass an object, such as {\"chart_type\": \"bar\"}.",
						 "data must be a JSON object");
	return type != INTERACTION_QUERY || query_decode(&data->root, query, fault);
}

bool
signals_extract(const SignalSource *source, InteractionType type, const Jsonb *data,
				QueryText *query, Signals *signals, Fault *fault)
{
	switch (type)
	{
		case INTERACTION_REFINEMENT:
			return refinement_signals(source->rules, &data->root, signals, fault);
		case INTERACTION_FEEDBACK:
			return feedback_signals(source, &data->root, signals, fault);
		case INTERACTION_QUERY:
			return object_signals(source->rules, type, &data->root, query, signals, fault);
		default:
			return object_signals(source->rules, type, &data->root, NULL, signals, fault);
	}
}
