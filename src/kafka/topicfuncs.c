/*
 * topicfuncs.c
 *		Subscribing to topics, and testing a mapping: functions for
 *		administrators.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/guc.h"
#include "base/jsonutil.h"
#include "bgworker/state.h"
#include "kafka/consumer.h"
#include "kafka/mapping.h"
#include "kafka/offsets.h"
#include "kafka/start.h"
#include "preferences/signals.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_subscribe_topic);
PG_FUNCTION_INFO_V1(personalization_unsubscribe_topic);
PG_FUNCTION_INFO_V1(personalization_map_message);

/* Maximum size of a topic's name in bytes, as for the brokers. */
#define MAX_TOPIC_LENGTH 249

static char *
topic_argument(FunctionCallInfo fcinfo, int n)
{
	char *topic;
	size_t len;

	require_argument(fcinfo, n, "topic");
	topic = text_to_cstring(PG_GETARG_TEXT_PP(n));
	len = strlen(topic);
	if (len == 0 || len > MAX_TOPIC_LENGTH || strcmp(topic, ".") == 0 || strcmp(topic, "..") == 0 ||
		strspn(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != len)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid topic name: \"%s\"", clipped(topic, len)),
						errhint("A topic name consists of at most %d letters, digits, dots, "
								"underscores, and hyphens.",
								MAX_TOPIC_LENGTH)));
	return topic;
}

static char *
optional_tenant(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : id_argument(fcinfo, n, "tenant_id");
}

Datum
personalization_subscribe_topic(PG_FUNCTION_ARGS)
{
	char *topic = topic_argument(fcinfo, 0);
	char *tenant_id = optional_tenant(fcinfo, 1);
	Jsonb *mapping = jsonb_argument(fcinfo, 2, "mapping");
	StoredOffset *offsets;
	int noffsets;
	char *start;

	require_argument(fcinfo, 3, "start");
	start = start_read(text_to_cstring(PG_GETARG_TEXT_PP(3)), &offsets, &noffsets);
	(void) mapping_read(mapping, tenant_id);
	prevent_if_read_only("subscribe_topic()");
	if (!kafka_supported)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg(KAFKA_NOT_SUPPORTED),
						errhint("Install librdkafka-dev and build with WITH_KAFKA=1.")));

	SPI_connect();
	if (tenant_id != NULL)
		tenant_require_anywhere(tenant_id);
	if (!subscription_insert(topic, tenant_id, mapping, start))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("topic \"%s\" is already subscribed to", topic),
						errhint("To replace the subscription and continue at its offsets, run "
								"SELECT personalization.subscribe_topic('%s', …, start => "
								"personalization.unsubscribe_topic('%s')::text).",
								topic, topic)));
	if (noffsets > 0)
		offsets_insert(topic, offsets, noffsets);
	topic_state_set(topic, "starting");
	SPI_finish();
	if (kafka_brokers == NULL || kafka_brokers[0] == '\0')
		ereport(NOTICE, (errmsg("personalization.kafka_brokers is not set"),
						 errhint("Topics are read as soon as it is set.")));
	else if (worker_shared == NULL)
		ereport(NOTICE, (errmsg("the background worker is not available"),
						 errhint("Add personalization to shared_preload_libraries.")));
	worker_wake_at_commit();
	PG_RETURN_VOID();
}

Datum
personalization_unsubscribe_topic(PG_FUNCTION_ARGS)
{
	char *topic = topic_argument(fcinfo, 0);
	Jsonb *offsets;

	prevent_if_read_only("unsubscribe_topic()");
	SPI_connect();
	offsets = subscription_delete(topic);
	if (offsets == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("topic \"%s\" is not subscribed to", topic)));
	offsets = json_keep(offsets);
	SPI_finish();
	worker_wake_at_commit();
	PG_RETURN_JSONB_P(offsets);
}

/* ---------------------------------------------------------------- trying a mapping out */

static bool
header_of_object(const Message *message, const char *name, const char **value, size_t *len)
{
	const Jsonb *headers = message->handle;
	JsonbValue found;

	if (json_member(&unconstify(Jsonb *, headers)->root, name, &found) == NULL)
		return false;
	if (found.type != jbvString)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("header \"%s\" must be a string", name)));
	*value = found.val.string.val;
	*len = (size_t) found.val.string.len;
	return true;
}

static void
push_document(JsonbParseState **state, Jsonb *document)
{
	JsonbValue value = {.type = jbvBinary};

	value.val.binary.data = &document->root;
	value.val.binary.len = (int) (VARSIZE(document) - VARHDRSZ);
	(void) pushJsonbValue(state, WJB_ELEM, &value);
}

/* Whether learning would accept the event, as far as this does not depend on a tenant. */
static bool
is_accepted(const Event *event, Fault *fault)
{
	QueryText query;

	if (event->fault != NULL)
	{
		*fault = *event->fault;
		return false;
	}
	return interaction_decode(event->type, event->data, &query, fault);
}

static void
push_event(JsonbParseState **state, const Event *event)
{
	Fault fault;

	if (is_accepted(event, &fault))
	{
		push_document(state, event_document(event));
		return;
	}
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(state, "rejected", fault.message);
	json_push_jsonb(state, "event",
					event->document != NULL ? event->document : event_document(event));
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Datum
personalization_map_message(PG_FUNCTION_ARGS)
{
	EventSource source = {.topic = topic_argument(fcinfo, 4)};
	Message message = {.source = &source, .header = header_of_object};
	EventList list = {0};
	JsonbParseState *state = NULL;
	char *given;

	message.handle = object_argument(fcinfo, 3, "headers");
	if (!PG_ARGISNULL(1))
	{
		given = text_to_cstring(PG_GETARG_TEXT_PP(1));
		message.value = pg_server_to_any(given, (int) strlen(given), PG_UTF8);
		message.value_len = strlen(message.value);
	}
	if (!PG_ARGISNULL(2))
	{
		given = text_to_cstring(PG_GETARG_TEXT_PP(2));
		message.key = pg_server_to_any(given, (int) strlen(given), PG_UTF8);
		message.key_len = strlen(message.key);
	}
	message.millis = (GetCurrentTransactionStartTimestamp() + INT64CONST(946684800000000)) / 1000;
	mapping_apply(mapping_read(jsonb_argument(fcinfo, 0, "mapping"), optional_tenant(fcinfo, 5)),
				  &message, GetCurrentTimestamp(), &list);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < list.n; i++)
		push_event(&state, &list.events[i]);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}
