/*
 * evaluate.c
 *		evaluate(): how often the next query would have been suggested.
 *
 *		A tenant's requests are processed in order of time.  Before each,
 *		suggestions are made from the earlier ones, in memory: the statistics
 *		start empty, and are updated by the same code as the stored ones.
 */
#include "postgres.h"

#include <math.h>

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
#include "base/local_time.h"
#include "base/statement.h"
#include "core/ranking/due.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"
#include "suggestions/history.h"
#include "suggestions/store.h"
#include "suggestions/suggestions_int.h"
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
			  "   AND " BY_TIME "   ORDER BY occurred_at DESC LIMIT $2) latest"
			  " ORDER BY occurred_at, interaction_id",
			  "text int8");

enum
{
	ASK_USER = 1,
	ASK_QUERY,
	ASK_AT
};

static Statement select_texts = STATEMENT(
	"SELECT DISTINCT ON (query_id) query_id, coalesce(words, query), tables"
	" FROM personalization.user_queries"
	" WHERE tenant_id = $1 AND " SHORT_QUERY " ORDER BY query_id, last_asked DESC, user_id",
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

/* A query that a user has asked, by the ordinal of the user. */
typedef struct OwnKey
{
	QueryKey query;
	int64 user;
} OwnKey;

typedef struct OwnQuery
{
	OwnKey key;
	int64 count;
	int last; /* ordinal of the user's latest request for it */
} OwnQuery;

/* The first queries of a user by some order: as many as are shown, and the last query. */
#define TOP_MAX (SHOWN + 1)
typedef struct TopQueries
{
	int n;
	OwnQuery queries[TOP_MAX];
} TopQueries;

typedef struct ReplayedUser
{
	char user_id[MAX_ID_LENGTH + 1];
	int64 ordinal;
	int n;
	int size;
	Asked *asked;
	int32 *days; /* of each request the local day */
	TopQueries recent;
	TopQueries frequent;
} ReplayedUser;

typedef struct Score
{
	int64 first; /* hits at rank 1 */
	int64 shown; /* hits among the suggestions */
	double reciprocal;
} Score;

/* Tenths of the probability, for the calibration error. */
#define TENTHS 10

typedef struct Reliability
{
	int64 shown;
	double foretold;
	int64 happened;
} Reliability;

typedef struct Evaluation
{
	QueryStore *store;
	HTAB *users;
	HTAB *own;
	LocalZone zone;
	double rate;
	int64 judged;
	Score scores[PREDICTORS];
	int64 early; /* of the first five requests of users */
	int64 early_shown;
	int64 by_kind[OFFER_KINDS];
	Reliability tenths[TENTHS];
} Evaluation;

PG_FUNCTION_INFO_V1(personalization_evaluate);

static ReplayedUser *
find_user(Evaluation *evaluation, const char *user_id)
{
	bool found;
	ReplayedUser *user = hash_search(evaluation->users, user_id, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) user + sizeof(user->user_id), 0,
			   sizeof(ReplayedUser) - sizeof(user->user_id));
		user->ordinal = hash_get_num_entries(evaluation->users);
	}
	return user;
}

static bool
has_asked(const Evaluation *evaluation, const ReplayedUser *user, const QueryKey *id)
{
	OwnKey key = {*id, user->ordinal};

	return hash_search(evaluation->own, &key, HASH_FIND, NULL) != NULL;
}

static bool
comes_before(const OwnQuery *a, const OwnQuery *b, bool by_count)
{
	if (by_count && a->count != b->count)
		return a->count > b->count;
	return a->last > b->last;
}

/*
 * Moves a query that was just asked to its position among the first.  The list
 * is exact, because a query that has dropped out can only return when it is
 * asked.
 */
static void
top_put(TopQueries *top, const OwnQuery *own, bool by_count)
{
	int place = 0;

	while (place < top->n && !same_query(&top->queries[place].key.query, &own->key.query))
		place++;
	if (place == TOP_MAX)
	{
		if (!comes_before(own, &top->queries[TOP_MAX - 1], by_count))
			return;
		place--;
	}
	else if (place == top->n)
		top->n++;
	for (; place > 0 && comes_before(own, &top->queries[place - 1], by_count); place--)
		top->queries[place] = top->queries[place - 1];
	top->queries[place] = *own;
}

static void
remember(Evaluation *evaluation, ReplayedUser *user, const QueryKey *id, TimestampTz at)
{
	OwnKey key = {*id, user->ordinal};
	bool found;
	OwnQuery *own = hash_search(evaluation->own, &key, HASH_ENTER, &found);

	own->count = found ? own->count + 1 : 1;
	own->last = user->n;
	top_put(&user->recent, own, false);
	top_put(&user->frequent, own, true);
	if (user->n == user->size)
	{
		user->size = Max(16, user->size * 2);
		user->asked = user->asked == NULL ? palloc(user->size * sizeof(Asked))
										  : repalloc_huge(user->asked, user->size * sizeof(Asked));
		user->days = user->days == NULL ? palloc(user->size * sizeof(int32))
										: repalloc_huge(user->days, user->size * sizeof(int32));
	}
	user->days[user->n] = local_date(&evaluation->zone, at);
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

/*
 * Returns the rank of a query among the first, not counting the last query; -1
 * if it is not among them.
 */
static int
top_rank(const TopQueries *top, const QueryKey *last, const QueryKey *asked)
{
	int rank = 0;

	for (int i = 0; i < top->n; i++)
	{
		if (same_query(&top->queries[i].key.query, asked))
			return rank;
		rank += !same_query(&top->queries[i].key.query, last);
	}
	return -1;
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

/* Returns the type that an offer would be shown as, as offer_decide_kind() does. */
static OfferKind
kind_shown(const Evaluation *evaluation, const ReplayedUser *user, const Situation *situation,
		   const Weights *weights, const Offer *offer)
{
	const TenantStatistics *tenant = query_store_statistics(evaluation->store)->tenant;
	const StoredQuery *stored = query_store_find(evaluation->store, &offer->id, false);
	bool own = has_asked(evaluation, user, &offer->id);
	bool fits[OFFER_KINDS] = {
		[KIND_FREQUENT] = own,
		[KIND_RELATED] = true,
		[KIND_SIMILAR] = !own,
		[KIND_TRENDING] =
			stored != NULL && query_is_rising(tenant, &stored->statistics, situation->at),
	};
	double most = -HUGE_VAL;
	OfferKind best = KIND_RELATED;

	for (int k = 0; k < OFFER_KINDS; k++)
	{
		double contribution = ranking_kind_contribution(weights, offer, (OfferKind) k);

		if (!fits[k] || contribution <= most)
			continue;
		most = contribution;
		best = (OfferKind) k;
	}
	return best;
}

/*
 * Records which type of suggestion was taken, and how probable the suggestions
 * were estimated to be.
 */
static void
judge_shown(Evaluation *evaluation, const ReplayedUser *user, const Situation *situation,
			const Offer *offers, int n, const QueryKey *asked)
{
	const Ranking *ranking = &query_store_statistics(evaluation->store)->tenant->ranking;
	Offer shown[SHOWN];
	Weights weights;

	n = Min(n, SHOWN);
	memcpy(shown, offers, n * sizeof(Offer));
	ranking_calibrate(ranking, situation_standing(situation), shown, n);
	ranking_weights(ranking, situation_moment(situation), &weights);
	for (int i = 0; i < n; i++)
	{
		bool taken = same_query(&shown[i].id, asked);
		Reliability *tenth =
			&evaluation->tenths[Min((int) (shown[i].probability * TENTHS), TENTHS - 1)];

		tenth->shown++;
		tenth->foretold += shown[i].probability;
		tenth->happened += taken;
		if (taken)
			evaluation->by_kind[kind_shown(evaluation, user, situation, &weights, &shown[i])]++;
	}
}

/*
 * Records whether the query asked would have been suggested, by the ranking
 * and by the baselines.
 */
static void
evaluate_request(Evaluation *evaluation, const ReplayedUser *user, const Situation *situation,
				 const Offer *offers, int n, const QueryKey *asked)
{
	const TenantStatistics *tenant = query_store_statistics(evaluation->store)->tenant;
	const QueryKey *last = &user->asked[user->n - 1].id;

	score_rank(&evaluation->scores[SUGGESTIONS], find_offer(offers, n, asked));
	score_rank(&evaluation->scores[MOST_RECENT], top_rank(&user->recent, last, asked));
	score_rank(&evaluation->scores[MOST_FREQUENT], top_rank(&user->frequent, last, asked));
	score_rank(&evaluation->scores[MOST_POPULAR], popular_rank(&tenant->popular, last, asked));
	judge_shown(evaluation, user, situation, offers, n, asked);
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
			   .first = !has_asked(evaluation, user, id),
			   .weight = 1.0,
			   .history = user->asked + (user->n - n),
			   .nhistory = n};

	if (n == 0 || !same_query(&user->asked[user->n - 1].id, id))
	{
		Situation *situation = palloc(sizeof(Situation));
		Offer *offers = palloc(OFFERS_MAX * sizeof(Offer));
		Weighed due[DUE_MAX];
		int noffers;

		statistics_situation(statistics, ask.user, ask.history, n, at, NULL, 0, situation);
		situation->due = due;
		situation->ndue = queries_due_after(ask.history, user->days + (user->n - n), n,
											local_date(&evaluation->zone, at), due);
		noffers = query_store_offers(evaluation->store, situation, offers);
		if (judged && user->n >= JUDGED_FROM)
			evaluate_request(evaluation, user, situation, offers, noffers, id);
		if (judged && user->n <= JUDGED_FROM)
		{
			int place = find_offer(offers, noffers, id);

			evaluation->early++;
			evaluation->early_shown += place >= 0 && place < SHOWN;
		}
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
		remember(evaluation, find_user(evaluation, user_id), &id, at);
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

static HTAB *
own_create(void)
{
	HASHCTL control = {0};

	control.hcxt = CurrentMemoryContext;
	control.keysize = sizeof(OwnKey);
	control.entrysize = sizeof(OwnQuery);
	return hash_create("personalization replayed queries", 1024, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Returns the mean difference between estimated and observed frequencies. */
static double
calibration_error(const Evaluation *evaluation, int64 *n)
{
	double distance = 0.0;

	*n = 0;
	for (int t = 0; t < TENTHS; t++)
	{
		const Reliability *tenth = &evaluation->tenths[t];

		distance += fabs(tenth->foretold - (double) tenth->happened);
		*n += tenth->shown;
	}
	return distance;
}

/* The first requests of users, hits by type, and the calibration error. */
static void
put_further_metrics(ReturnSetInfo *result, const Evaluation *evaluation)
{
	int64 shown;
	double distance = calibration_error(evaluation, &shown);

	put_metric(result, "hit@5 first-five", (double) evaluation->early_shown, evaluation->early);
	for (int k = 0; k < OFFER_KINDS; k++)
	{
		if (k != KIND_NEW_TABLE)
			put_metric(result, psprintf("hit@5 by %s", suggestion_type_names[k]),
					   (double) evaluation->by_kind[k], evaluation->judged);
	}
	put_metric(result, "calibration-error",
			   shown == 0 ? 0.0 : distance / (double) shown * (double) evaluation->judged,
			   evaluation->judged);
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
	local_zone_init(&evaluation.zone, settings.time_zone);
	evaluation.store = query_store_make(NULL, SNAPSHOT_CALLER);
	control.hcxt = CurrentMemoryContext;
	control.keysize = MAX_ID_LENGTH + 1;
	control.entrysize = sizeof(ReplayedUser);
	evaluation.own = own_create();
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
	put_further_metrics(result, &evaluation);
	SPI_finish();
	return (Datum) 0;
}
