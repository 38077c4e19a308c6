/*
 * conversations.c
 *		start_conversation(), append_message(), update_conversation(),
 *		get_conversation() and end_conversation().
 *
 *		Every change of a conversation locks its user, as learning does, so
 *		that changes of one user's conversations are serialized and no two
 *		sessions deadlock over the user's sums.  The conversation's row
 *		numbers its messages: the UPDATE that assigns a number locks the row.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"
#include "conversations/conversations.h"
#include "conversations/statistics.h"
#include "core/profile/detail.h"
#include "tenancy/locks.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

/*
 * Maximum size of the messages in a document, in bytes: jsonb is limited to
 * 256 MB, and text may need six times its size.  The oldest messages of a
 * larger one are left out.
 */
#define MAX_DOCUMENT_MESSAGES (64 * 1024 * 1024)

static Statement insert_conversation =
	STATEMENT("INSERT INTO personalization.conversations"
			  "  (tenant_id, conversation_id, user_id, context, message_count, created_at,"
			  "   last_activity, activity_hour)"
			  " VALUES ($1, $2, $3, $4, 0, $5, $5, $6)",
			  "text uuid text jsonb timestamptz timestamptz");

static Statement insert_profile =
	STATEMENT("INSERT INTO personalization.profiles (tenant_id, user_id, created_at, updated_at)"
			  " VALUES ($1, $2, $3, $3)"
			  " ON CONFLICT (tenant_id, user_id) DO NOTHING",
			  "text text timestamptz");

static Statement select_owner =
	STATEMENT("SELECT user_id, message_count, coalesce(last_message_at, created_at)"
			  " FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND conversation_id = $2",
			  "text uuid");

enum
{
	OWNER_USER_ID = 1,
	OWNER_MESSAGE_COUNT,
	OWNER_LAST_MESSAGE_AT
};

/* Messages stay in order even if the clock of another server was ahead. */
static Statement take_number = STATEMENT(
	"UPDATE personalization.conversations"
	" SET message_count = message_count + 1, last_message_at = greatest(last_activity, $3),"
	"  last_activity = greatest(last_activity, $3),"
	"  activity_hour = greatest(activity_hour, $4)"
	" WHERE tenant_id = $1 AND conversation_id = $2 AND last_activity > $5"
	" RETURNING message_count, last_activity",
	"text uuid timestamptz timestamptz timestamptz");

enum
{
	TAKEN_NUMBER = 1,
	TAKEN_AT
};

static Statement insert_message =
	STATEMENT("INSERT INTO personalization.conversation_messages"
			  "  (tenant_id, conversation_id, number, role, content, metadata, created_at)"
			  " VALUES ($1, $2, $3, $4, $5, $6, $7)",
			  "text uuid int4 text text jsonb timestamptz");

static Statement select_message_time =
	STATEMENT("SELECT created_at"
			  " FROM personalization.conversation_messages"
			  " WHERE tenant_id = $1 AND conversation_id = $2 AND number = $3",
			  "text uuid int4");

static Statement delete_oldest =
	STATEMENT("DELETE FROM personalization.conversation_messages"
			  " WHERE tenant_id = $1 AND conversation_id = $2 AND number <= $3",
			  "text uuid int4");

static Statement select_context =
	STATEMENT("SELECT context"
			  " FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND conversation_id = $2 AND last_activity > $3",
			  "text uuid timestamptz");

static Statement update_context =
	STATEMENT("UPDATE personalization.conversations"
			  " SET context = $3, last_activity = greatest(last_activity, $4),"
			  "  activity_hour = greatest(activity_hour, $5)"
			  " WHERE tenant_id = $1 AND conversation_id = $2 AND last_activity > $6",
			  "text uuid jsonb timestamptz timestamptz timestamptz");

static Statement delete_conversation =
	STATEMENT("DELETE FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND conversation_id = $2 AND last_activity > $3",
			  "text uuid timestamptz");

static Statement delete_messages = STATEMENT("DELETE FROM personalization.conversation_messages"
											 " WHERE tenant_id = $1 AND conversation_id = ANY ($2)",
											 "text uuid[]");

static Statement select_conversation =
	STATEMENT("SELECT user_id, context, created_at, last_activity"
			  " FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND conversation_id = $2",
			  "text uuid");

enum
{
	CONVERSATION_USER_ID = 1,
	CONVERSATION_CONTEXT,
	CONVERSATION_CREATED_AT,
	CONVERSATION_LAST_ACTIVITY
};

static Statement select_messages = STATEMENT("SELECT number, role, content, metadata, created_at"
											 " FROM personalization.conversation_messages"
											 " WHERE tenant_id = $1 AND conversation_id = $2"
											 " ORDER BY number DESC LIMIT $3",
											 "text uuid int8");

enum
{
	MESSAGE_NUMBER = 1,
	MESSAGE_ROLE,
	MESSAGE_CONTENT,
	MESSAGE_METADATA,
	MESSAGE_CREATED_AT
};

static Statement select_active =
	STATEMENT("SELECT conversation_id"
			  " FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND user_id = $2 AND activity_hour >= $3"
			  " AND last_activity > $4 AND created_at <= $5"
			  " ORDER BY activity_hour DESC, last_activity DESC, conversation_id DESC LIMIT 1",
			  "text text timestamptz timestamptz timestamptz");

static Statement select_all_of_user = STATEMENT("SELECT conversation_id"
												" FROM personalization.conversations"
												" WHERE tenant_id = $1 AND user_id = $2",
												"text text");

static Statement select_all_of_tenant = STATEMENT("SELECT conversation_id"
												  " FROM personalization.conversations"
												  " WHERE tenant_id = $1",
												  "text");

/* The hour is found with the index, the exact time is checked afterwards. */
static Statement select_expired =
	STATEMENT("SELECT conversation_id, message_count"
			  " FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND activity_hour <= $2 AND last_activity <= $3"
			  " AND " BY_DAY_OF_ALL " ORDER BY activity_hour LIMIT $4",
			  "text timestamptz timestamptz int8");

enum
{
	EXPIRED_ID = 1,
	EXPIRED_MESSAGES
};

/*
 * A conversation that is being changed is left to the next pass; one that was
 * changed since it was found is not deleted.
 */
static Statement delete_expired =
	STATEMENT("DELETE FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND last_activity <= $3"
			  " AND conversation_id = ANY (ARRAY("
			  "   SELECT conversation_id"
			  "   FROM personalization.conversations"
			  "   WHERE tenant_id = $1 AND conversation_id = ANY ($2) AND last_activity <= $3"
			  "   FOR UPDATE SKIP LOCKED))"
			  " RETURNING conversation_id",
			  "text uuid[] timestamptz");

PG_FUNCTION_INFO_V1(personalization_start_conversation);
PG_FUNCTION_INFO_V1(personalization_append_message);
PG_FUNCTION_INFO_V1(personalization_update_conversation);
PG_FUNCTION_INFO_V1(personalization_get_conversation);
PG_FUNCTION_INFO_V1(personalization_end_conversation);

/* A conversation that is to be changed. */
typedef struct ConversationChange
{
	char *tenant_id;
	const pg_uuid_t *id;
	bool regardless; /* of invalid settings */
	char *user_id;
	TenantSettings settings;
	TimestampTz now;
	TimestampTz expired; /* conversations whose last change was then or earlier have expired */

	/* As of the time before the user was locked. */
	int32 message_count;
	TimestampTz last_message_at; /* or the start, if there is none */
} ConversationChange;

/* The full hour before a time, as stored in activity_hour. */
static TimestampTz
hour_of(TimestampTz at)
{
	int64 past = at % USECS_PER_HOUR;

	return at - (past < 0 ? past + USECS_PER_HOUR : past);
}

/* The conversation_id argument of a call. */
static const pg_uuid_t *
conversation_argument(FunctionCallInfo fcinfo, int n)
{
	require_argument(fcinfo, n, "conversation_id");
	return PG_GETARG_UUID_P(n);
}

/* Reads the first two arguments of functions that change a conversation. */
static ConversationChange
change_arguments(FunctionCallInfo fcinfo)
{
	ConversationChange change = {.tenant_id = tenant_argument(fcinfo, 0)};

	change.id = conversation_argument(fcinfo, 1);
	return change;
}

/* Finds the conversation's user and locks them; returns false if there is no such conversation. */
static bool
change_begin(ConversationChange *change)
{
	Datum values[] = {CStringGetTextDatum(change->tenant_id), UUIDPGetDatum(change->id)};

	if (statement_execute(&select_owner, values, NULL, SNAPSHOT_NEW) == 0)
	{
		tenant_require_regardless(change->tenant_id, &change->settings);
		return false;
	}
	change->user_id = TextDatumGetCString(result_value(0, OWNER_USER_ID, NULL));
	change->message_count = DatumGetInt32(result_value(0, OWNER_MESSAGE_COUNT, NULL));
	change->last_message_at = DatumGetTimestampTz(result_value(0, OWNER_LAST_MESSAGE_AT, NULL));
	if (change->regardless)
		user_begin_regardless(change->tenant_id, change->user_id, &change->settings);
	else
		user_begin(change->tenant_id, change->user_id, &change->settings);

	/* The time of the transaction, so that it can read at now() what it wrote. */
	change->now = GetCurrentTransactionStartTimestamp();
	change->expired = change->now - change->settings.conversation_ttl;
	return true;
}

Datum
personalization_start_conversation(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	Jsonb *context = object_argument(fcinfo, 2, "initial_context");
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	TenantSettings settings;
	bool counted;

	prevent_if_read_only("start_conversation()");
	interaction_id_make(id);
	SPI_connect();
	user_begin(tenant_id, user_id, &settings);

	/* The product keeps a conversation while it lives; what would outlive it is not kept. */
	counted = learning_allowed(tenant_id, user_id, &settings, SNAPSHOT_NEW);
	{
		Datum conversation[] = {CStringGetTextDatum(tenant_id), UUIDPGetDatum(id),
								CStringGetTextDatum(user_id),	JsonbPGetDatum(context),
								TimestampTzGetDatum(now),		TimestampTzGetDatum(hour_of(now))};
		Datum profile[] = {conversation[0], conversation[2], conversation[4]};

		(void) statement_execute(&insert_conversation, conversation, NULL, SNAPSHOT_NEW);
		if (counted)
			(void) statement_execute(&insert_profile, profile, NULL, SNAPSHOT_NEW);
	}
	if (counted)
		conversation_count_start(tenant_id, user_id);
	cache_conversation_changed(tenant_id, id);
	cache_profile_changed(tenant_id, user_id);
	SPI_finish();
	PG_RETURN_UUID_P(id);
}

/* The detail that the user asked for, from the metadata or else from the message. */
static DetailAsked
message_asks(const char *role, const text *content, const Jsonb *metadata)
{
	JsonbValue value;
	JsonbValue *member;

	if (strcmp(role, ROLE_OF_USER) != 0)
		return DETAIL_NONE;
	member = json_member(&metadata->root, "detail", &value);
	if (member != NULL && member->type == jbvString)
	{
		DetailAsked asked = detail_named(member->val.string.val, member->val.string.len);

		if (asked != DETAIL_NONE)
			return asked;
	}
	return detail_asked(VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content));
}

/* The time of the previous message; for the first message, the start of the conversation. */
static TimestampTz
previous_message_at(const ConversationChange *change, int32 number)
{
	Datum values[] = {CStringGetTextDatum(change->tenant_id), UUIDPGetDatum(change->id),
					  Int32GetDatum(number - 1)};

	/* Usually nobody has written between reading it and locking. */
	if (number == change->message_count + 1 ||
		statement_execute(&select_message_time, values, NULL, SNAPSHOT_NEW) == 0)
		return change->last_message_at;
	return DatumGetTimestampTz(result_value(0, ONLY_COLUMN, NULL));
}

static void
count_message(const ConversationChange *change, int32 number, TimestampTz at, const char *role,
			  const text *content, const Jsonb *metadata)
{
	int64 since = Max(at - previous_message_at(change, number), 0);
	MessageCount count = {
		.role = role,
		.characters = pg_mbstrlen_with_len(VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content)),
		.asked = message_asks(role, content, metadata),
		.since_message = number == 1 ? -1 : since,
		.since_any = since,
	};

	if (learning_allowed(change->tenant_id, change->user_id, &change->settings, SNAPSHOT_NEW))
		conversation_count_message(change->tenant_id, change->user_id, &count);
}

void
conversation_missing(const pg_uuid_t *id)
{
	ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
					errmsg("conversation %s does not exist", uuid_text(id)),
					errhint("It may have ended or expired. Start another one with "
							"personalization.start_conversation().")));
}

Datum
personalization_append_message(PG_FUNCTION_ARGS)
{
	ConversationChange change = change_arguments(fcinfo);
	char *role = id_argument(fcinfo, 2, "role");
	text *content = text_argument(fcinfo, 3, "content");
	Jsonb *metadata = object_argument(fcinfo, 4, "metadata");
	int32 number = 0;

	prevent_if_read_only("append_message()");
	SPI_connect();
	if (change_begin(&change))
	{
		Datum row[] = {CStringGetTextDatum(change.tenant_id), UUIDPGetDatum(change.id),
					   TimestampTzGetDatum(change.now), TimestampTzGetDatum(hour_of(change.now)),
					   TimestampTzGetDatum(change.expired)};

		if (statement_execute(&take_number, row, NULL, SNAPSHOT_NEW) > 0)
		{
			TimestampTz at = DatumGetTimestampTz(result_value(0, TAKEN_AT, NULL));

			number = DatumGetInt32(result_value(0, TAKEN_NUMBER, NULL));
			{
				Datum message[] = {row[0],
								   row[1],
								   Int32GetDatum(number),
								   CStringGetTextDatum(role),
								   PointerGetDatum(content),
								   JsonbPGetDatum(metadata),
								   TimestampTzGetDatum(at)};

				(void) statement_execute(&insert_message, message, NULL, SNAPSHOT_NEW);
			}
			if (number > change.settings.max_conversation_messages)
			{
				Datum oldest[] = {
					row[0], row[1],
					Int32GetDatum(number - change.settings.max_conversation_messages)};

				(void) statement_execute(&delete_oldest, oldest, NULL, SNAPSHOT_NEW);
			}
			count_message(&change, number, at, role, content, metadata);
			cache_conversation_changed(change.tenant_id, change.id);

			/* Traits are inferred from messages too. */
			cache_profile_changed(change.tenant_id, change.user_id);
		}
	}
	if (number == 0)
		conversation_missing(change.id);
	SPI_finish();
	PG_RETURN_INT32(number);
}

Datum
personalization_update_conversation(PG_FUNCTION_ARGS)
{
	ConversationChange change = change_arguments(fcinfo);
	Jsonb *patch = object_argument(fcinfo, 2, "patch");
	Jsonb *result = NULL;

	prevent_if_read_only("update_conversation()");
	SPI_connect();
	if (change_begin(&change))
	{
		Datum before[] = {CStringGetTextDatum(change.tenant_id), UUIDPGetDatum(change.id),
						  TimestampTzGetDatum(change.expired)};

		if (statement_execute(&select_context, before, NULL, SNAPSHOT_NEW) > 0)
		{
			Jsonb *context =
				json_merge_patch(DatumGetJsonbP(result_value(0, ONLY_COLUMN, NULL)), patch);
			Datum after[] = {before[0],
							 before[1],
							 JsonbPGetDatum(context),
							 TimestampTzGetDatum(change.now),
							 TimestampTzGetDatum(hour_of(change.now)),
							 before[2]};
			Fault fault;

			if (!check_payload("context", context, &fault))
				fault_raise(&fault, -1);
			if (statement_execute(&update_context, after, NULL, SNAPSHOT_NEW) > 0)
				result = json_keep(context);
			if (result != NULL)
				cache_conversation_changed(change.tenant_id, change.id);
		}
	}
	if (result == NULL)
		conversation_missing(change.id);
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

Datum
personalization_end_conversation(PG_FUNCTION_ARGS)
{
	ConversationChange change = change_arguments(fcinfo);
	bool ended = false;

	change.regardless = true;
	prevent_if_read_only("end_conversation()");
	SPI_connect();
	if (change_begin(&change))
	{
		Datum values[] = {CStringGetTextDatum(change.tenant_id), UUIDPGetDatum(change.id),
						  TimestampTzGetDatum(change.expired)};

		ended = statement_execute(&delete_conversation, values, NULL, SNAPSHOT_NEW) > 0;
		if (ended)
		{
			Column ids;

			column_init(&ids, UUIDOID, 1);
			column_add(&ids, values[1]);
			values[1] = column_array(&ids);
			(void) statement_execute(&delete_messages, values, NULL, SNAPSHOT_NEW);
			cache_conversation_changed(change.tenant_id, change.id);
		}
	}
	SPI_finish();
	PG_RETURN_BOOL(ended);
}

static void
push_messages(JsonbParseState **state, uint64 nrows)
{
	uint64 shown = 0;
	Size size = 0;

	/* Newest first, until the limit is reached; the newest always. */
	for (; shown < nrows; shown++)
	{
		size += toast_raw_datum_size(result_value(shown, MESSAGE_CONTENT, NULL)) +
				toast_raw_datum_size(result_value(shown, MESSAGE_METADATA, NULL));
		if (shown > 0 && size > MAX_DOCUMENT_MESSAGES)
			break;
	}

	json_push_key(state, "messages");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (uint64 row = shown; row-- > 0;)
	{
		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_int(state, "number", DatumGetInt32(result_value(row, MESSAGE_NUMBER, NULL)));
		json_push_text(state, "role", TextDatumGetCString(result_value(row, MESSAGE_ROLE, NULL)));
		json_push_text(state, "content",
					   TextDatumGetCString(result_value(row, MESSAGE_CONTENT, NULL)));
		json_push_jsonb(state, "metadata",
						DatumGetJsonbP(result_value(row, MESSAGE_METADATA, NULL)));
		json_push_time(state, "created_at",
					   DatumGetTimestampTz(result_value(row, MESSAGE_CREATED_AT, NULL)));
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

Jsonb *
conversation_document(const char *tenant_id, const pg_uuid_t *id, TimestampTz at, int messages,
					  ReadAs as)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), UUIDPGetDatum(id), Int64GetDatum(messages)};
	Jsonb *changes = tenant_changes(tenant_id, as);
	TenantSettings settings;
	TimestampTz last_activity;
	JsonbParseState *state = NULL;

	if (changes == NULL || statement_execute(&select_conversation, values, NULL, as) == 0)
		return NULL;
	settings_decode(changes, &settings);
	last_activity = DatumGetTimestampTz(result_value(0, CONVERSATION_LAST_ACTIVITY, NULL));
	if (TIMESTAMP_NOT_FINITE(last_activity) || last_activity <= at - settings.conversation_ttl)
		return NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "conversation_id", uuid_text(id));
	json_push_text(&state, "user_id",
				   TextDatumGetCString(result_value(0, CONVERSATION_USER_ID, NULL)));
	json_push_text(&state, "tenant_id", tenant_id);
	json_push_jsonb(&state, "context", DatumGetJsonbP(result_value(0, CONVERSATION_CONTEXT, NULL)));
	json_push_time(&state, "created_at",
				   DatumGetTimestampTz(result_value(0, CONVERSATION_CREATED_AT, NULL)));
	json_push_time(&state, "last_activity", last_activity);
	json_push_time(&state, "expires_at", last_activity + settings.conversation_ttl);
	push_messages(&state, statement_execute(&select_messages, values, NULL, as));
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Datum
personalization_get_conversation(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	const pg_uuid_t *id = conversation_argument(fcinfo, 1);
	TimestampTz at = time_argument(fcinfo, 2, "at");
	Jsonb *result;

	SPI_connect();
	result = conversation_document(tenant_id, id, at, ALL_MESSAGES, SNAPSHOT_CALLER);
	if (result == NULL)
	{
		TenantSettings settings;

		tenant_require(tenant_id, &settings);
	}
	else
		result = json_keep(result);
	SPI_finish();
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(result);
}

bool
conversation_active(const char *tenant_id, const char *user_id, const TenantSettings *settings,
					TimestampTz at, pg_uuid_t *id)
{
	TimestampTz expired = at - settings->conversation_ttl;
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(hour_of(expired)), TimestampTzGetDatum(expired),
					  TimestampTzGetDatum(at)};

	if (statement_execute(&select_active, values, NULL, SNAPSHOT_CALLER) == 0)
		return false;
	*id = *DatumGetUUIDP(result_value(0, ONLY_COLUMN, NULL));
	return true;
}

void
conversations_erased(const char *tenant_id, const char *user_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  user_id == NULL ? (Datum) 0 : CStringGetTextDatum(user_id)};
	uint64 nrows;
	SPITupleTable *found;

	if (!cache_wanted())
		return;
	nrows = statement_execute(user_id == NULL ? &select_all_of_tenant : &select_all_of_user, values,
							  NULL, SNAPSHOT_NEW);
	found = SPI_tuptable;
	for (uint64 row = 0; row < nrows; row++)
	{
		SPI_tuptable = found;
		cache_conversation_changed(tenant_id, DatumGetUUIDP(result_value(row, ONLY_COLUMN, NULL)));
	}
	SPI_freetuptable(found);
}

bool
conversations_expire(const char *tenant_id, const TenantSettings *settings, TimestampTz at,
					 int64 limit, int64 *deleted)
{
	TimestampTz expired = at - settings->conversation_ttl;
	Datum found[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(hour_of(expired)),
					 TimestampTzGetDatum(expired), Int64GetDatum(limit)};
	uint64 nfound = statement_execute(&select_expired, found, NULL, SNAPSHOT_NEW);
	Datum dead[] = {found[0], 0, TimestampTzGetDatum(expired)};
	Column ids;
	uint64 ndead;
	int64 rows = 0;
	bool more;

	if (nfound == 0)
		return false;

	/* Take as many as keep their messages within the limit, too. */
	column_init(&ids, UUIDOID, (int) nfound);
	for (uint64 row = 0; row < nfound; row++)
	{
		int32 messages = DatumGetInt32(result_value(row, EXPIRED_MESSAGES, NULL));

		rows += 1 + Min(messages, settings->max_conversation_messages);
		if (row > 0 && rows > limit)
			break;
		column_add(&ids, result_value(row, EXPIRED_ID, NULL));
	}
	dead[1] = column_array(&ids);
	ndead = statement_execute(&delete_expired, dead, NULL, SNAPSHOT_NEW);

	/* If all of them are being changed, there is no point in trying again at once. */
	more = ndead > 0 && ((uint64) ids.n < nfound || nfound == (uint64) limit);
	if (ndead > 0)
	{
		column_init(&ids, UUIDOID, (int) ndead);
		for (uint64 row = 0; row < ndead; row++)
			column_add(&ids, result_value(row, ONLY_COLUMN, NULL));
		dead[1] = column_array(&ids);
		(void) statement_execute(&delete_messages, dead, NULL, SNAPSHOT_NEW);
	}
	*deleted += (int64) ndead;
	return more;
}
