/*
 * statistics.c
 *		Sums over all conversations of a user, which are kept after the
 *		conversations are deleted.
 *
 *		There are only sums and histograms, which do not depend on the order
 *		in which messages are counted, and cost one upsert per message.
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/statement.h"
#include "conversations/statistics.h"
#include "core/profile/buckets.h"

static Statement count_start =
	STATEMENT("INSERT INTO personalization.conversation_statistics AS s"
			  "  (tenant_id, user_id, role, conversations, messages, characters, milliseconds,"
			  "   asked_brief, asked_detailed, asked_technical, lengths, gaps)"
			  " VALUES ($1, $2, '', 1, 0, 0, 0, 0, 0, 0, '{}', '{}')"
			  " ON CONFLICT (tenant_id, user_id, role) DO UPDATE"
			  " SET conversations = " ADDABLE("s.conversations") " + 1",
			  "text text");

/* $6 and $7 are the buckets of the length and of the gap, which is 0 for none. */
static Statement count_message = STATEMENT(
	"INSERT INTO personalization.conversation_statistics AS s"
	"  (tenant_id, user_id, role, conversations, messages, characters, milliseconds,"
	"   asked_brief, asked_detailed, asked_technical, lengths, gaps)"
	" VALUES ($1, $2, $3, 0, 1, $4, $5, $8, $9, $10,"
	"  personalization.add_to_bucket('{}', $6), personalization.add_to_bucket('{}', $7))"
	" ON CONFLICT (tenant_id, user_id, role) DO UPDATE"
	" SET messages = " ADDABLE(
		"s.messages") " + 1,"
					  "  characters = " ADDABLE(
						  "s.characters") " + excluded.characters,"
										  "  milliseconds = " ADDABLE(
											  "s.milliseconds") " + excluded.milliseconds,"
																"  asked_brief = " ADDABLE(
																	"s.asked_brief") " + excluded.asked_brief,"
																					 "  asked_detailed = " ADDABLE(
																						 "s.asked_detailed") " + excluded.asked_detailed,"
																											 "  asked_technical = " ADDABLE(
																												 "s.asked_technical") " + excluded.asked_technical,"
																																	  "  lengths = personalization.add_to_bucket(s.lengths, $6),"
																																	  "  gaps = personalization.add_to_bucket(s.gaps, $7)"
																																	  " RETURNING messages",
	"text text text int8 int8 int4 int4 int8 int8 int8");

static Statement count_roles = STATEMENT("SELECT count(*)"
										 " FROM personalization.conversation_statistics"
										 " WHERE tenant_id = $1 AND user_id = $2 AND role <> ''",
										 "text text");

static Statement delete_role = STATEMENT("DELETE FROM personalization.conversation_statistics"
										 " WHERE tenant_id = $1 AND user_id = $2 AND role = $3",
										 "text text text");

static Statement select_statistics =
	STATEMENT("SELECT role, conversations, messages, characters, milliseconds, asked_brief,"
			  "  asked_detailed, asked_technical, lengths, gaps"
			  " FROM personalization.conversation_statistics"
			  " WHERE tenant_id = $1 AND user_id = $2",
			  "text text");

enum
{
	STATISTICS_ROLE = 1,
	STATISTICS_CONVERSATIONS,
	STATISTICS_MESSAGES,
	STATISTICS_CHARACTERS,
	STATISTICS_MILLISECONDS,
	STATISTICS_BRIEF,
	STATISTICS_DETAILED,
	STATISTICS_TECHNICAL,
	STATISTICS_LENGTHS,
	STATISTICS_GAPS
};

void
conversation_count_start(const char *tenant_id, const char *user_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};

	(void) statement_execute(&count_start, values, NULL, SNAPSHOT_NEW);
}

void
conversation_count_message(const char *tenant_id, const char *user_id, const MessageCount *message)
{
	Datum values[] = {
		CStringGetTextDatum(tenant_id),
		CStringGetTextDatum(user_id),
		CStringGetTextDatum(message->role),
		Int64GetDatum(message->characters),
		Int64GetDatum(message->since_any / 1000),
		Int32GetDatum(bucket_of(message->characters)),
		Int32GetDatum(message->since_message < 0 ? 0 : bucket_of(message->since_message / 1000)),
		Int64GetDatum(message->asked == DETAIL_BRIEF),
		Int64GetDatum(message->asked == DETAIL_DETAILED),
		Int64GetDatum(message->asked == DETAIL_TECHNICAL),
	};

	(void) statement_execute(&count_message, values, NULL, SNAPSHOT_NEW);
	if (DatumGetInt64(result_value(0, ONLY_COLUMN, NULL)) > 1)
		return;

	/* The first message of a role.  Roles are free text, and must not fill the table. */
	(void) statement_execute(&count_roles, values, NULL, SNAPSHOT_NEW);
	if (DatumGetInt64(result_value(0, ONLY_COLUMN, NULL)) <= MAX_COUNTED_ROLES)
		return;
	(void) statement_execute(&delete_role, values, NULL, SNAPSHOT_NEW);
	values[2] = CStringGetTextDatum("");
	(void) statement_execute(&count_message, values, NULL, SNAPSHOT_NEW);
}

/*
 * Adds a stored histogram, as counts[bucket - 1].  The array may contain
 * anything, because an application role may write it; what is not a valid
 * bucket is ignored.
 */
static void
add_buckets(Datum array, int64 *counts)
{
	ArrayType *buckets = DatumGetArrayTypeP(array);
	Datum *items;
	bool *nulls;
	int n;

	if (ARR_NDIM(buckets) != 1)
		return;
	deconstruct_array(buckets, INT4OID, sizeof(int32), true, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		int64 bucket = (int64) ARR_LBOUND(buckets)[0] + i;

		if (!nulls[i] && bucket >= 1 && bucket <= BUCKETS)
			counts[bucket - 1] += Max(DatumGetInt32(items[i]), 0);
	}
}

PG_FUNCTION_INFO_V1(personalization_add_to_bucket);

/*
 * Adds 1 to a bucket of a stored histogram; 0 adds to none.  As an
 * application's role may write it, what is no histogram is taken as an empty
 * one, and a count that does not get larger stays.  The array begins with
 * bucket 1, ends with the last one that is not empty, and has no holes: it is
 * the same after it was written as JSON and read again.
 */
Datum
personalization_add_to_bucket(PG_FUNCTION_ARGS)
{
	int bucket = PG_GETARG_INT32(1);
	int64 counts[BUCKETS] = {0};
	Datum items[BUCKETS];
	int n = 0;

	if (bucket < 0 || bucket > BUCKETS)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("bucket must be between 0 and %d", BUCKETS)));
	add_buckets(PG_GETARG_DATUM(0), counts);
	if (bucket > 0)
		counts[bucket - 1]++;
	for (int i = 0; i < BUCKETS; i++)
	{
		items[i] = Int32GetDatum((int32) Min(Max(counts[i], 0), INT_MAX));
		if (counts[i] > 0)
			n = i + 1;
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(items, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* Most messages first.  In SQL, this would look up how two types are sorted, in each connection. */
static int
compare_roles(const void *a, const void *b)
{
	const RoleCount *x = a;
	const RoleCount *y = b;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return strcmp(x->role, y->role);
}

void
conversation_patterns(const char *tenant_id, const char *user_id, ReadAhead *ahead,
					  ConversationPatterns *out)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	uint64 nrows = read_ahead_execute(ahead, &select_statistics, values);
	int64 gaps[BUCKETS] = {0};
	int64 milliseconds = 0;
	double gap;

	memset(out, 0, sizeof(*out));
	out->roles = palloc(Max(nrows, 1) * sizeof(RoleCount));
	out->mean_characters = out->median_characters = -1.0;
	for (uint64 row = 0; row < nrows; row++)
	{
		RoleCount *role = &out->roles[out->nroles];

		role->role = TextDatumGetCString(result_value(row, STATISTICS_ROLE, NULL));
		role->messages = DatumGetInt64(result_value(row, STATISTICS_MESSAGES, NULL));
		out->conversations += DatumGetInt64(result_value(row, STATISTICS_CONVERSATIONS, NULL));
		out->messages += role->messages;
		milliseconds += DatumGetInt64(result_value(row, STATISTICS_MILLISECONDS, NULL));
		add_buckets(result_value(row, STATISTICS_GAPS, NULL), gaps);
		if (role->messages > 0 && strcmp(role->role, ROLE_OF_USER) == 0)
		{
			int64 lengths[BUCKETS] = {0};

			add_buckets(result_value(row, STATISTICS_LENGTHS, NULL), lengths);
			out->user_messages = role->messages;
			out->user_characters = DatumGetInt64(result_value(row, STATISTICS_CHARACTERS, NULL));
			out->mean_characters = (double) out->user_characters / (double) role->messages;
			out->median_characters = buckets_median(lengths);
			out->asked_brief = DatumGetInt64(result_value(row, STATISTICS_BRIEF, NULL));
			out->asked_detailed = DatumGetInt64(result_value(row, STATISTICS_DETAILED, NULL));
			out->asked_technical = DatumGetInt64(result_value(row, STATISTICS_TECHNICAL, NULL));
		}
		if (role->messages > 0)
			out->nroles++;
	}
	qsort(out->roles, out->nroles, sizeof(RoleCount), compare_roles);
	gap = buckets_median(gaps);
	out->typical_gap = gap < 0.0 ? -1.0 : gap / 1000.0;
	out->mean_messages =
		out->conversations > 0 ? (double) out->messages / (double) out->conversations : -1.0;
	out->mean_length = out->conversations > 0
						   ? (double) milliseconds / 1000.0 / (double) out->conversations
						   : -1.0;
}
