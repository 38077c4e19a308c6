/*
 * restart.c
 *		Statistics and rankings of tenants that begin anew.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/statement.h"
#include "suggestions/restart.h"

static Statement restart_ranking =
	STATEMENT("INSERT INTO personalization.rankings AS r (tenant_id, rebuild_from)"
			  " VALUES ($1, '-infinity')"
			  " ON CONFLICT (tenant_id) DO UPDATE"
			  " SET since = NULL, asks = 0, users = 0, weights = '{}', gradients = '{}', asked = 0,"
			  "  covered = 0, shifts = '{}', shift_gradients = '{}', grades = '{}',"
			  "  rebuild_from = excluded.rebuild_from, rebuild_id = NULL",
			  "text");

static Statement erase_waiting =
	STATEMENT("DELETE FROM personalization.query_events WHERE tenant_id = $1", "text");
static Statement erase_statistics[] = {
	STATEMENT("DELETE FROM personalization.query_statistics WHERE tenant_id = $1", "text"),
	STATEMENT("DELETE FROM personalization.query_lists WHERE tenant_id = $1", "text"),
};

void
statistics_erase(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	for (size_t i = 0; i < lengthof(erase_statistics); i++)
		(void) statement_execute(&erase_statistics[i], values, NULL, SNAPSHOT_NEW);
}

void
statistics_restart(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	/* The row comes first, because its lock is held while counting. */
	(void) statement_execute(&restart_ranking, values, NULL, SNAPSHOT_NEW);
	(void) statement_execute(&erase_waiting, values, NULL, SNAPSHOT_NEW);
	statistics_erase(tenant_id);
}
