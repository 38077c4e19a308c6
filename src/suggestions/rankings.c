/*
 * rankings.c
 *		What administrators call about the ranking of a tenant's suggestions:
 *		ranking_weights(), reset_ranking() and rebuild_statistics().
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/statement.h"
#include "core/ranking/ranking.h"
#include "suggestions/restart.h"
#include "suggestions/store.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/session.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

static Statement reset_weights =
	STATEMENT("UPDATE personalization.rankings"
			  " SET weights = '{}', gradients = '{}', asked = 0, covered = 0, shifts = '{}',"
			  "  shift_gradients = '{}', grades = '{}'"
			  " WHERE tenant_id = $1",
			  "text");

/* A smaller weight, or a smaller change of one, is not mentioned. */
#define MATTERS 0.05

PG_FUNCTION_INFO_V1(personalization_ranking_weights);
PG_FUNCTION_INFO_V1(personalization_reset_ranking);
PG_FUNCTION_INFO_V1(personalization_rebuild_statistics);

/*
 * Returns in words how a weight at a moment compares with the usual weight.  One that
 * speaks against a query does not count more, but speaks more against it.
 */
static const char *
counts_words(double usual, double weight)
{
	double ratio = weight / usual;

	if (fabs(usual) < MATTERS || ratio < 0)
		return weight > 0 ? "speaks for a query" : "speaks against a query";
	if (ratio >= 2.5)
		return weight > 0 ? "counts much more" : "speaks much more against a query";
	if (ratio >= 1.6)
		return weight > 0 ? "counts twice" : "speaks twice as much against a query";
	if (ratio >= 1.0)
		return weight > 0 ? "counts more" : "speaks more against a query";
	if (ratio >= 0.7)
		return weight > 0 ? "counts less" : "speaks less against a query";
	if (ratio >= 0.4)
		return weight > 0 ? "counts half" : "speaks half as much against a query";
	return weight > 0 ? "counts little" : "speaks little against a query";
}

static void
put_weight(ReturnSetInfo *result, int f, double weight, const char *moment, const char *meaning)
{
	bool nulls[7] = {false};
	Datum values[] = {CStringGetTextDatum(feature_names[f]), Float8GetDatum(weight),
					  Float8GetDatum(feature_weights[f]),	 Float8GetDatum(feature_lowest[f]),
					  Float8GetDatum(feature_highest[f]),	 CStringGetTextDatum(moment),
					  CStringGetTextDatum(meaning)};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Adds a row for each weight that a set of shifts changes noticeably. */
static void
put_shifts(ReturnSetInfo *result, const Ranking *ranking, int set)
{
	for (int f = 0; f < FEATURES; f++)
	{
		double usual = ranking->weights[f];
		double weight = Min(Max(usual + (double) ranking->shifts[set][f], feature_lowest[f]),
							feature_highest[f]);

		if (fabs(weight - usual) >= MATTERS)
			put_weight(result, f, weight, shift_words[set],
					   psprintf("%s, %s %s", shift_words[set], feature_words[f],
								counts_words(usual, weight)));
	}
}

Datum
personalization_ranking_weights(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	TenantSettings settings;
	QueryStore *store;
	const Ranking *ranking;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	tenant_require(tenant_id, &settings);
	store = query_store_make(tenant_id, SNAPSHOT_CALLER);
	query_store_open(store);
	ranking = &query_store_statistics(store)->tenant->ranking;
	for (int f = 0; f < FEATURES; f++)
		put_weight(
			result, f, ranking->weights[f], "always",
			psprintf("%s %s", feature_words[f],
					 ranking->weights[f] < 0 ? "speaks against a query" : "speaks for a query"));
	for (int set = 0; set < SHIFTS; set++)
		put_shifts(result, ranking, set);
	SPI_finish();
	return (Datum) 0;
}

/* Begins an administrator's change of a tenant's ranking. */
static char *
begin_change(FunctionCallInfo fcinfo, const char *function)
{
	char *tenant_id = tenant_argument(fcinfo, 0);

	prevent_if_read_only(psprintf("%s()", function));
	if (bound_by_tenancy())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function %s", function),
				 errhint("The function must be called by a superuser or a role with BYPASSRLS.")));
	SPI_connect();
	lock_tenant(tenant_id, TENANT_ALONE);
	(void) tenant_existing(tenant_id, SNAPSHOT_NEW);
	tenant_check_held(tenant_id);
	return tenant_id;
}

Datum
personalization_reset_ranking(PG_FUNCTION_ARGS)
{
	Datum values[] = {CStringGetTextDatum(begin_change(fcinfo, "reset_ranking"))};

	(void) statement_execute(&reset_weights, values, NULL, SNAPSHOT_NEW);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_rebuild_statistics(PG_FUNCTION_ARGS)
{
	statistics_restart(begin_change(fcinfo, "rebuild_statistics"));
	SPI_finish();
	PG_RETURN_VOID();
}
