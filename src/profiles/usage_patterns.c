/*
 * usage_patterns.c
 *		usage_patterns(): when, how much and in which rhythm a user works.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "conversations/statistics.h"
#include "core/ranking/cadence.h"
#include "core/ranking/statistics.h"
#include "core/profile/trait_inference.h"
#include "core/profile/usage.h"
#include "queries/rhythm.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Number of latest interactions that are summed up. */
#define PATTERNS_REACH 10000

/* Maximum number of recurring queries in the document. */
#define RECURRING_SHOWN 20

StaticAssertDecl(INTERACTION_TYPES <= USAGE_TYPES, "usage.h has room for all types");

static Statement select_times =
	STATEMENT("SELECT interaction_type, occurred_at"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3 AND occurred_at >= $4"
			  " ORDER BY occurred_at DESC LIMIT $5",
			  "text text timestamptz timestamptz int8");

enum
{
	TIMES_TYPE = 1,
	TIMES_OCCURRED_AT
};

PG_FUNCTION_INFO_V1(personalization_usage_patterns);

static const char *const weekday_names[] = {"monday", "tuesday",  "wednesday", "thursday",
											"friday", "saturday", "sunday"};

/* Returns the start of the history within the retention at a time. */
static TimestampTz
retained_since(TimestampTz at, int64 retention)
{
	TimestampTz since;

	return pg_sub_s64_overflow(at, retention, &since) || since < MIN_TIMESTAMP ? MIN_TIMESTAMP
																			   : since;
}

/* Sums up the latest interactions; the earliest and the latest of them give since and until. */
static void
sum_interactions(const char *tenant_id, const char *user_id, TimestampTz at,
				 const TenantSettings *settings, Usage *usage, TimestampTz *since,
				 TimestampTz *until)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(known_until(at)),
					  TimestampTzGetDatum(retained_since(at, settings->history_retention)),
					  Int64GetDatum(PATTERNS_REACH)};
	uint64 n = statement_execute(&select_times, values, NULL, SNAPSHOT_CALLER);
	UsageEvent *events = palloc(Max(n, 1) * sizeof(UsageEvent));
	int64 *gaps = palloc(Max(n, 1) * sizeof(int64));
	const Oid *types = extension_objects()->interaction_values;
	LocalZone zone;

	local_zone_init(&zone, settings->time_zone);
	for (uint64 row = 0; row < n; row++)
	{
		UsageEvent *event = &events[row];

		event->type = 0;
		while (event->type < INTERACTION_TYPES - 1 &&
			   types[event->type] != DatumGetObjectId(result_value(row, TIMES_TYPE, NULL)))
			event->type++;
		event->at = DatumGetTimestampTz(result_value(row, TIMES_OCCURRED_AT, NULL));
		event->clock = local_clock(&zone, event->at);
	}
	usage_sum(events, n, gaps, usage);
	if (n > 0)
	{
		*until = events[0].at;
		*since = events[n - 1].at;
	}
}

static void
push_counts(JsonbParseState **state, const char *name, const char *const *names,
			const int64_t *counts, int n)
{
	json_push_key(state, name);
	(void) pushJsonbValue(state, names == NULL ? WJB_BEGIN_ARRAY : WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
		json_push_int(state, names == NULL ? NULL : names[i], counts[i]);
	(void) pushJsonbValue(state, names == NULL ? WJB_END_ARRAY : WJB_END_OBJECT, NULL);
}

static double
seconds(double microseconds)
{
	return microseconds / USECS_PER_SEC;
}

static void
push_usage(JsonbParseState **state, const Usage *usage, TimestampTz since, TimestampTz until)
{
	json_push_int(state, "interactions", usage->events);
	if (usage->events > 0)
	{
		json_push_time(state, "since", since);
		json_push_time(state, "until", until);
	}
	else
	{
		json_push_null(state, "since");
		json_push_null(state, "until");
	}
	push_counts(state, "by_type", interaction_type_names, usage->by_type, INTERACTION_TYPES);
	push_counts(state, "by_hour", NULL, usage->by_hour, 24);
	push_counts(state, "by_weekday", weekday_names, usage->by_weekday, 7);

	json_push_key(state, "sessions");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(state, "count", usage->sessions);
	json_push_double(state, "mean_length_seconds", seconds(usage->session_length));
	json_push_double(state, "mean_interactions", usage->session_events);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);

	if (usage->typical_gap < 0)
		json_push_null(state, "typical_gap_seconds");
	else
		json_push_double(state, "typical_gap_seconds", seconds((double) usage->typical_gap));
	json_push_double(state, "refinement_rate",
					 refinement_share(usage->by_type[INTERACTION_QUERY],
									  usage->by_type[INTERACTION_REFINEMENT]));
}

static void
push_recurring(JsonbParseState **state, const char *tenant_id, const char *user_id, TimestampTz at,
			   const char *time_zone)
{
	RecurringQuery *queries;
	int n = queries_recurring(tenant_id, user_id, at, time_zone, &queries);

	json_push_key(state, "recurring_queries");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < Min(n, RECURRING_SHOWN); i++)
	{
		const RecurringQuery *query = &queries[i];
		char words[CADENCE_WORDS];
		char date[MAXDATELEN + 1];

		cadence_words(&query->cadence, words);
		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(state, "query_id", uuid_text(&query->query_id));
		json_push_text(state, "query", query->query);
		json_push_text(state, "cadence", cadence_name(&query->cadence));
		json_push_text(state, "rhythm", words);
		json_push_double(state, "strength", query->cadence.strength);
		json_push_int(state, "ask_count", query->ask_count);
		json_push_text(state, "next_due",
					   JsonEncodeDateTime(date, DateADTGetDatum(query->next_due), DATEOID, NULL));
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* Pushes a mean or a median, or null if there is no data. */
static void
push_mean(JsonbParseState **state, const char *name, double mean)
{
	if (mean < 0)
		json_push_null(state, name);
	else
		json_push_double(state, name, mean);
}

static void
push_conversations(JsonbParseState **state, const char *tenant_id, const char *user_id)
{
	ConversationPatterns patterns;

	conversation_patterns(tenant_id, user_id, NULL, &patterns);
	json_push_key(state, "conversations");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(state, "count", patterns.conversations);
	json_push_int(state, "messages", patterns.messages);
	push_mean(state, "mean_messages", patterns.mean_messages);
	push_mean(state, "mean_length_seconds", patterns.mean_length);
	push_mean(state, "typical_gap_seconds", patterns.typical_gap);

	json_push_key(state, "by_role");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < patterns.nroles; i++)
		json_push_int(state, patterns.roles[i].role, patterns.roles[i].messages);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);

	push_mean(state, "mean_characters", patterns.mean_characters);
	push_mean(state, "median_characters", patterns.median_characters);
	json_push_key(state, "asked_for");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(state, "brief", patterns.asked_brief);
	json_push_int(state, "detailed", patterns.asked_detailed);
	json_push_int(state, "technical", patterns.asked_technical);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Datum
personalization_usage_patterns(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TimestampTz at = time_argument(fcinfo, 2, "at");
	TenantSettings settings;
	Usage usage;
	TimestampTz since = 0;
	TimestampTz until = 0;
	JsonbParseState *state = NULL;
	Jsonb *result;

	SPI_connect();
	tenant_require(tenant_id, &settings);
	sum_interactions(tenant_id, user_id, at, &settings, &usage, &since, &until);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "user_id", user_id);
	json_push_text(&state, "tenant_id", tenant_id);
	json_push_text(&state, "time_zone", settings.time_zone);
	push_usage(&state, &usage, since, until);
	push_recurring(&state, tenant_id, user_id, at, settings.time_zone);
	push_conversations(&state, tenant_id, user_id);
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
