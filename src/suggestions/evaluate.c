/*
 * evaluate.c
 *		evaluate(): how often the next query would have been suggested.
 *
 *		A tenant's requests are processed in order of time.  Before each,
 *		suggestions are made from the earlier ones, in memory: the statistics
 *		start empty, and are updated by the same code as the stored ones.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/statement.h"
#include "core/links.h"
#include "core/ranking.h"
#include "core/situation.h"
#include "core/statistics.h"
#include "suggestions/history.h"
#include "suggestions/store.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Maximum number of latest requests that are replayed. */
#define MAX_REPLAYED 100000

static Statement select_asks =
	STATEMENT("SELECT user_id, query_id, occurred_at"
			  " FROM ("
			  "   SELECT user_id, query_id, occurred_at, interaction_id"
			  "   FROM personalization.interactions"
			  "   WHERE tenant_id = $1 AND query_id IS NOT NULL AND isfinite(occurred_at)"
			  "   ORDER BY occurred_at DESC LIMIT $2) latest"
			  " ORDER BY occurred_at, interaction_id",
			  "text int8");

enum
{
	ASK_USER = 1,
	ASK_QUERY,
	ASK_AT
};

static Statement select_texts = STATEMENT("SELECT DISTINCT ON (query_id) query_id, query, tables"
										  " FROM personalization.user_queries"
										  " WHERE tenant_id = $1 AND " SHORT_QUERY
										  " ORDER BY query_id, last_asked DESC, user_id",
										  "text");

enum
{
	TEXT_QUERY_ID = 1,
	TEXT_QUERY,
	TEXT_TABLES
};

/* A user's requests are evaluated from the fifth on. */
#define JUDGED_FROM 4

/* Number of suggestions. */
#define SHOWN 5

typedef enum Predictor
{
	SUGGESTIONS,
	MOST_RECENT,
	MOST_FREQUENT,
	MOST_POPULAR
} Predictor;
#define PREDICTORS (MOST_POPULAR + 1)

static const char *const suffixes[PREDICTORS] = {"", " most-recent", " most-frequent",
												 " most-popular"};

/* A query that a user has asked. */
typedef struct OwnQuery
{
	QueryKey id;
	int64 count;
	int last; /* ordinal of the user's latest request for it */
} OwnQuery;

typedef struct ReplayedUser
{
	char user_id[MAX_ID_LENGTH + 1];
	int n;
	int size;
	Asked *asked;
	int nown;
	int own_size;
	OwnQuery *own;
} ReplayedUser;

typedef struct Score
{
	int64 first; /* hits at rank 1 */
	int64 shown; /* hits among the suggestions */
	double reciprocal;
} Score;

typedef struct Evaluation
{
	QueryStore *store;
	HTAB *users;
	double rate;
	int64 judged;
	Score scores[PREDICTORS];
} Evaluation;

PG_FUNCTION_INFO_V1(personalization_evaluate);

static ReplayedUser *
find_user(Evaluation *evaluation, const char *user_id)
{
	bool found;
	ReplayedUser *user = hash_search(evaluation->users, user_id, HASH_ENTER, &found);

	if (!found)
		memset((char *) user + sizeof(user->user_id), 0,
			   sizeof(ReplayedUser) - sizeof(user->user_id));
	return user;
}

static OwnQuery *
find_own(const ReplayedUser *user, const QueryKey *id)
{
	for (int i = 0; i < user->nown; i++)
	{
		if (same_query(&user->own[i].id, id))
			return &user->own[i];
	}
	return NULL;
}

/* Returns an array with space for one more element. */
static void *
grown(void *array, int n, int *size, Size element)
{
	if (n < *size)
		return array;
	*size = Max(16, *size * 2);
	return array == NULL ? palloc(*size * element) : repalloc(array, *size * element);
}

static void
remember(ReplayedUser *user, const QueryKey *id, TimestampTz at)
{
	OwnQuery *own = find_own(user, id);

	if (own == NULL)
	{
		user->own = grown(user->own, user->nown, &user->own_size, sizeof(OwnQuery));
		own = &user->own[user->nown++];
		own->id = *id;
		own->count = 0;
	}
	own->count++;
	own->last = user->n;
	user->asked = grown(user->asked, user->n, &user->size, sizeof(Asked));
	user->asked[user->n].id = *id;
	user->asked[user->n].at = at;
	user->asked[user->n++].weight = 1.0;
}

static void
score_rank(Score *score, int rank)
{
	if (rank < 0 || rank >= SHOWN)
		return;
	score->first += rank == 0;
	score->shown++;
	score->reciprocal += 1.0 / (rank + 1);
}

/* Returns the rank of a query among a user's own, without the last query; -1 if it is not there. */
static int
own_rank(const ReplayedUser *user, const QueryKey *asked, bool by_count)
{
	const QueryKey *last = &user->asked[user->n - 1].id;
	const OwnQuery *own = find_own(user, asked);
	int rank = 0;

	if (own == NULL)
		return -1;
	for (int i = 0; i < user->nown; i++)
	{
		const OwnQuery *other = &user->own[i];

		if (other != own && !same_query(&other->id, last) &&
			((by_count && other->count > own->count) ||
			 ((!by_count || other->count == own->count) && other->last > own->last)))
			rank++;
	}
	return rank;
}

static int
popular_rank(const Links *popular, const QueryKey *last, const QueryKey *asked)
{
	int rank = 0;

	for (int i = 0; i < popular->n; i++)
	{
		if (same_query(&popular->ids[i], asked))
			return rank;
		rank += !same_query(&popular->ids[i], last);
	}
	return -1;
}

/* Ranks the suggestions and the baselines. */
static void
evaluate_request(Evaluation *evaluation, const ReplayedUser *user, const Offer *offers, int n,
				 const QueryKey *asked)
{
	const TenantStatistics *tenant = query_store_statistics(evaluation->store)->tenant;

	score_rank(&evaluation->scores[SUGGESTIONS], find_offer(offers, n, asked));
	score_rank(&evaluation->scores[MOST_RECENT], own_rank(user, asked, false));
	score_rank(&evaluation->scores[MOST_FREQUENT], own_rank(user, asked, true));
	score_rank(&evaluation->scores[MOST_POPULAR],
			   popular_rank(&tenant->popular, &user->asked[user->n - 1].id, asked));
	evaluation->judged++;
}

/* Processes one request: evaluates it, learns from it, and counts it. */
static void
replay_ask(Evaluation *evaluation, const char *user_id, const QueryKey *id, TimestampTz at,
		   bool judged)
{
	Statistics *statistics = query_store_statistics(evaluation->store);
	ReplayedUser *user = find_user(evaluation, user_id);
	int n = Min(user->n, HISTORY_MAX);
	StoredQuery *stored;
	Ask ask = {.id = *id,
			   .at = at,
			   .user = query_user_hash(user_id),
			   .first = find_own(user, id) == NULL,
			   .weight = 1.0,
			   .history = user->asked + (user->n - n),
			   .nhistory = n};

	if (n == 0 || !same_query(&user->asked[user->n - 1].id, id))
	{
		Situation *situation = palloc(sizeof(Situation));
		Offer *offers = palloc(OFFERS_MAX * sizeof(Offer));
		int noffers;

		statistics_situation(statistics, ask.user, ask.history, n, at, NULL, 0, situation);
		noffers = query_store_offers(evaluation->store, situation, offers);
		if (judged && user->n >= JUDGED_FROM)
			evaluate_request(evaluation, user, offers, noffers, id);
		if (evaluation->rate > 0)
			(void) statistics_learn(statistics, situation, offers, noffers, &ask, evaluation->rate);
	}
	stored = query_store_find(evaluation->store, id, true);
	query_store_terms(evaluation->store, stored);
	statistics_count(statistics, &ask);
}

/* Reads the texts of all queries, as last asked. */
static void
load_texts(Evaluation *evaluation, const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	uint64 nrows = statement_execute(&select_texts, values, NULL, SNAPSHOT_CALLER);

	for (uint64 row = 0; row < nrows; row++)
	{
		QueryKey id = query_key(DatumGetUUIDP(result_value(row, TEXT_QUERY_ID, NULL)));
		StoredQuery *stored = query_store_find(evaluation->store, &id, true);

		stored->query = TextDatumGetCString(result_value(row, TEXT_QUERY, NULL));
		stored->tables = DatumGetJsonbPCopy(result_value(row, TEXT_TABLES, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
replay_all(Evaluation *evaluation, const char *tenant_id, TimestampTz since)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), Int64GetDatum(MAX_REPLAYED)};
	uint64 nrows = statement_execute(&select_asks, values, NULL, SNAPSHOT_CALLER);
	SPITupleTable *asks = SPI_tuptable;
	MemoryContext context = AllocSetContextCreate(
		CurrentMemoryContext, "personalization evaluation", ALLOCSET_DEFAULT_SIZES);

	for (uint64 row = 0; row < nrows; row++)
	{
		bool isnull;
		char *user_id =
			TextDatumGetCString(SPI_getbinval(asks->vals[row], asks->tupdesc, ASK_USER, &isnull));
		QueryKey id = query_key(
			DatumGetUUIDP(SPI_getbinval(asks->vals[row], asks->tupdesc, ASK_QUERY, &isnull)));
		TimestampTz at =
			DatumGetTimestampTz(SPI_getbinval(asks->vals[row], asks->tupdesc, ASK_AT, &isnull));
		MemoryContext old = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();

		/*
		 * As in counting: a query that is too long to be offered, or was
		 * forgotten, is only part of a history.
		 */
		if (query_store_find(evaluation->store, &id, false) != NULL)
			replay_ask(evaluation, user_id, &id, at, at >= since);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		remember(find_user(evaluation, user_id), &id, at);
		pfree(user_id);
	}
}

static void
put_metric(ReturnSetInfo *result, const char *name, double sum, int64 n)
{
	bool nulls[3] = {false, n == 0, false};
	Datum values[] = {CStringGetTextDatum(name), Float8GetDatum(n == 0 ? 0.0 : sum / (double) n),
					  Int64GetDatum(n)};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
personalization_evaluate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	Jsonb *patch = jsonb_argument(fcinfo, 1, "settings");
	TimestampTz since = PG_ARGISNULL(2) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(2);
	TenantSettings settings;
	HASHCTL control = {0};
	Evaluation evaluation = {0};

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	tenant_require(tenant_id, &settings);
	settings_decode(settings_merge(tenant_existing(tenant_id, SNAPSHOT_CALLER), patch), &settings);
	evaluation.rate = settings.ranking_rate;
	evaluation.store = query_store_make(NULL, SNAPSHOT_CALLER);
	control.hcxt = CurrentMemoryContext;
	control.keysize = MAX_ID_LENGTH + 1;
	control.entrysize = sizeof(ReplayedUser);
	evaluation.users = hash_create("personalization replayed users", 256, &control,
								   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	load_texts(&evaluation, tenant_id);
	replay_all(&evaluation, tenant_id, since);
	for (int p = 0; p < PREDICTORS; p++)
	{
		const Score *score = &evaluation.scores[p];

		put_metric(result, psprintf("hit@1%s", suffixes[p]), (double) score->first,
				   evaluation.judged);
		put_metric(result, psprintf("hit@5%s", suffixes[p]), (double) score->shown,
				   evaluation.judged);
		put_metric(result, psprintf("mrr%s", suffixes[p]), score->reciprocal, evaluation.judged);
	}
	SPI_finish();
	return (Datum) 0;
}
