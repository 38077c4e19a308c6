/*
 * turn.c
 *		begin_turn() and end_turn(): the calls of an assistant before and
 *		after it answers.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "conversations/conversations.h"
#include "preferences/as_of.h"
#include "preferences/preferences.h"
#include "profiles/profiles.h"
#include "queries/identity.h"
#include "suggestions/suggestions.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Limit of suggestions, as for get_suggestions(), and of messages of a conversation. */
#define MOST_ASKED_FOR 1000

/* The turn that was stored with an interaction's id, if there is one. */
static Statement find_turn =
	STATEMENT("SELECT jsonb_build_object("
			  "  'conversation_id', max(m.conversation_id::text),"
			  "  'interaction_id', $3,"
			  "  'messages', coalesce(jsonb_agg(m.number ORDER BY m.number)"
			  "   FILTER (WHERE m.number IS NOT NULL), '[]'))"
			  " FROM personalization.interactions i"
			  " LEFT JOIN personalization.conversations c"
			  "  ON c.tenant_id = $1 AND c.user_id = $2"
			  " LEFT JOIN personalization.conversation_messages m"
			  "  ON m.tenant_id = $1 AND m.conversation_id = c.conversation_id"
			  "  AND m.metadata ->> 'interaction_id' = $3::text"
			  " WHERE i.tenant_id = $1 AND i.interaction_id = $3"
			  " HAVING count(*) > 0",
			  "text text uuid");

static Statement start_conversation =
	STATEMENT("SELECT personalization.start_conversation($1, $2)", "text text");

static Statement append_message = STATEMENT(
	"SELECT personalization.append_message($1, $2, $3, $4, $5)", "text uuid text text jsonb");

/* The metadata of an answer contains the interaction's id and the product's own metadata. */
static Statement learn_turn =
	STATEMENT("SELECT personalization.learn($1, $2, 'query',"
			  "  jsonb_build_object('query', $3) || $4, interaction_id => $5)",
			  "text text text jsonb uuid");

static Statement with_interaction =
	STATEMENT("SELECT jsonb_build_object('interaction_id', $1) || $2", "uuid jsonb");

PG_FUNCTION_INFO_V1(personalization_begin_turn);
PG_FUNCTION_INFO_V1(personalization_end_turn);

/* The parts of a turn, in the order of the function's arguments. */
enum
{
	TENANT,
	USER,
	QUERY,
	ANSWER,
	CONVERSATION,
	DATA,
	METADATA,
	INTERACTION,
	TURN_PARTS
};

/* Returns a number of rows, 0 for none. */
static int32
count_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	int32 value;

	require_argument(fcinfo, n, name);
	value = PG_GETARG_INT32(n);
	if (value < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be negative", name)));
	return Min(value, MOST_ASKED_FOR);
}

/*
 * Returns the document of a conversation of the user, or NULL if it belongs to
 * another user or does not exist any more.
 */
static Jsonb *
conversation_of(const char *tenant_id, const char *user_id, const pg_uuid_t *id, int32 messages)
{
	Jsonb *document =
		conversation_document(tenant_id, id, GetCurrentTimestamp(), messages, SNAPSHOT_CALLER);
	char *owner = NULL;

	if (document == NULL || !json_text_member(&document->root, "user_id", &owner))
		return NULL;
	return owner != NULL && strcmp(owner, user_id) == 0 ? document : NULL;
}

/* Pushes a member of the conversation's document, or an empty one in its place. */
static void
push_of_conversation(JsonbParseState **state, const Jsonb *conversation, const char *name,
					 bool is_list)
{
	JsonbValue value;
	JsonbValue *member =
		conversation == NULL ? NULL : json_member(&conversation->root, name, &value);

	json_push_key(state, name);
	if (member != NULL)
		(void) pushJsonbValue(state, WJB_VALUE, member);
	else
	{
		(void) pushJsonbValue(state, is_list ? WJB_BEGIN_ARRAY : WJB_BEGIN_OBJECT, NULL);
		(void) pushJsonbValue(state, is_list ? WJB_END_ARRAY : WJB_END_OBJECT, NULL);
	}
}

static void
push_preferences(JsonbParseState **state, const PreferencesAsOf *known)
{
	json_push_key(state, "preferences");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < known->nlive; i++)
	{
		const Preference *preference = &known->items[i];

		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(state, "category", category_names[preference->category]);
		json_push_text(state, "key", preference->key);
		json_push_jsonb(state, "value", preference_value(preference));
		json_push_double(state, "confidence", preference->confidence);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static int
compare_suggestions(const void *a, const void *b)
{
	const Suggestion *x = a;
	const Suggestion *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return memcmp(x->id.data, y->id.data, UUID_LEN);
}

/*
 * Pushes suggestions other than the query of the turn.  This has been asked
 * already, so one more suggestion is requested.
 */
static void
push_suggestions(JsonbParseState **state, SuggestionRequest *request, const char *query)
{
	QueryText text = {.question = query[0] == '\0' ? NULL : query};
	int wanted = request->max_results++;
	Suggestion *suggestions = NULL;
	pg_uuid_t asked;
	bool has_id = query_identify(&text, &asked);
	int n = wanted == 0 ? 0 : suggestions_show(request, &suggestions);
	int kept = 0;

	for (int i = 0; i < n && kept < wanted; i++)
	{
		pg_uuid_t id;

		text = (QueryText){.question = suggestions[i].text};
		if (query_identify(&text, &id) != has_id ||
			(has_id && memcmp(id.data, asked.data, UUID_LEN) != 0))
			suggestions[kept++] = suggestions[i];
	}
	if (kept > 1)
		qsort(suggestions, kept, sizeof(Suggestion), compare_suggestions);

	json_push_key(state, "suggestions");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < kept; i++)
	{
		const Suggestion *suggestion = &suggestions[i];

		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(state, "suggestion_id", uuid_text(&suggestion->id));
		json_push_text(state, "suggestion_type", suggestion_type_names[suggestion->kind]);
		json_push_text(state, "suggestion", suggestion->text);
		json_push_double(state, "score", suggestion->score);
		json_push_text(state, "reason", suggestion->reason);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

Datum
personalization_begin_turn(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	char *query = text_to_cstring(text_argument(fcinfo, 2, "query"));
	int32 messages = count_argument(fcinfo, 4, "max_messages");
	SuggestionRequest request = {.tenant_id = tenant_id,
								 .user_id = user_id,
								 .max_results = count_argument(fcinfo, 5, "max_suggestions"),
								 .at = GetCurrentTransactionStartTimestamp()};
	TenantSettings settings;
	PreferencesAsOf known;
	Jsonb *conversation = NULL;
	JsonbParseState *state = NULL;
	Jsonb *result;

	/* One snapshot for all that is read, and one that sees what others have written by now. */
	SPI_connect();
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	tenant_require(tenant_id, &settings);
	preferences_as_of(tenant_id, user_id, &settings.learning, request.at, BEFORE_KNOWN_NONE, NULL,
					  &known);
	if (!PG_ARGISNULL(3))
		conversation = conversation_of(tenant_id, user_id, PG_GETARG_UUID_P(3), messages);

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (conversation == NULL)
		json_push_null(&state, "conversation_id");
	else
		json_push_text(&state, "conversation_id", uuid_text(PG_GETARG_UUID_P(3)));
	push_of_conversation(&state, conversation, "context", false);
	push_of_conversation(&state, conversation, "messages", true);
	json_push_jsonb(&state, "routing",
					routing_document(tenant_id, user_id, query, request.at, &settings, &known));
	push_preferences(&state, &known);
	push_suggestions(&state, &request, query);
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	PopActiveSnapshot();
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

/* Appends a message and returns its number. */
static int32
append(Datum tenant_id, Datum conversation, const char *role, Datum content, Datum metadata)
{
	Datum values[] = {tenant_id, conversation, CStringGetTextDatum(role), content, metadata};

	(void) statement_execute(&append_message, values, NULL, SNAPSHOT_NEW);
	return DatumGetInt32(result_value(0, ONLY_COLUMN, NULL));
}

/* Stores a turn that does not exist yet, and returns its document. */
static Jsonb *
store_turn(Datum *turn, bool has_answer, bool has_conversation)
{
	Datum start[] = {turn[TENANT], turn[USER]};
	Datum learned[] = {turn[TENANT], turn[USER], turn[QUERY], turn[DATA], turn[INTERACTION]};
	Datum marked[] = {turn[INTERACTION], turn[METADATA]};
	Datum mark;
	Jsonb *answer_metadata;
	JsonbParseState *state = NULL;
	bool is_refused; /* nothing is recorded of the user */

	if (!has_conversation)
	{
		(void) statement_execute(&start_conversation, start, NULL, SNAPSHOT_NEW);
		turn[CONVERSATION] = result_value(0, ONLY_COLUMN, NULL);
	}
	(void) statement_execute(&with_interaction, marked, NULL, SNAPSHOT_NEW);
	answer_metadata = result_jsonb(0, ONLY_COLUMN);
	marked[1] = JsonbPGetDatum(json_empty_object());
	(void) statement_execute(&with_interaction, marked, NULL, SNAPSHOT_NEW);
	mark = JsonbPGetDatum(result_jsonb(0, ONLY_COLUMN));

	(void) statement_execute(&learn_turn, learned, NULL, SNAPSHOT_NEW);
	(void) result_value(0, ONLY_COLUMN, &is_refused);

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "conversation_id", uuid_text(DatumGetUUIDP(turn[CONVERSATION])));
	if (is_refused)
		json_push_null(&state, "interaction_id");
	else
		json_push_text(&state, "interaction_id", uuid_text(DatumGetUUIDP(turn[INTERACTION])));
	json_push_key(&state, "messages");
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	json_push_int(&state, NULL,
				  append(turn[TENANT], turn[CONVERSATION], "user", turn[QUERY], mark));
	if (has_answer)
		json_push_int(&state, NULL,
					  append(turn[TENANT], turn[CONVERSATION], "assistant", turn[ANSWER],
							 JsonbPGetDatum(answer_metadata)));
	(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Datum
personalization_end_turn(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	Datum turn[TURN_PARTS] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	Datum key[3] = {turn[0], turn[1]};
	TenantSettings settings;
	pg_uuid_t id;
	Jsonb *result = NULL;

	turn[QUERY] = PointerGetDatum(text_argument(fcinfo, 2, "query"));
	if (!PG_ARGISNULL(ANSWER))
		turn[ANSWER] = PointerGetDatum(text_argument(fcinfo, ANSWER, "answer"));
	if (!PG_ARGISNULL(CONVERSATION))
		turn[CONVERSATION] = PG_GETARG_DATUM(CONVERSATION);
	turn[DATA] = JsonbPGetDatum(object_argument(fcinfo, 5, "data"));
	turn[METADATA] = JsonbPGetDatum(object_argument(fcinfo, 6, "metadata"));
	prevent_if_read_only("end_turn()");

	/*
	 * Lock before looking for it, so that one of two simultaneous retries
	 * finds the other's turn.
	 */
	SPI_connect();
	user_begin(tenant_id, user_id, &settings);
	if (PG_ARGISNULL(INTERACTION))
		interaction_id_make(&id);
	else
	{
		id = *PG_GETARG_UUID_P(INTERACTION);
		key[2] = UUIDPGetDatum(&id);
		if (statement_execute(&find_turn, key, NULL, SNAPSHOT_NEW) > 0)
			result = result_jsonb(0, ONLY_COLUMN);
	}
	turn[INTERACTION] = UUIDPGetDatum(&id);
	if (result == NULL && !PG_ARGISNULL(CONVERSATION) &&
		conversation_of(tenant_id, user_id, PG_GETARG_UUID_P(CONVERSATION), 0) == NULL)
		conversation_missing(PG_GETARG_UUID_P(CONVERSATION));
	if (result == NULL)
		result = store_turn(turn, !PG_ARGISNULL(ANSWER), !PG_ARGISNULL(CONVERSATION));
	result = json_keep(result);
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
