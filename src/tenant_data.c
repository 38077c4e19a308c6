/*
 * tenant_data.c
 *		Every table that holds data of tenants, in one list.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "jsonutil.h"
#include "statement.h"
#include "tenant_data.h"

typedef struct TenantTable
{
	const char *name;
	Statement erase_tenant;
} TenantTable;

#define TENANT_TABLE(name)                                                                         \
	{                                                                                              \
#name, STATEMENT("DELETE FROM personalization." #name " WHERE tenant_id = $1", "text")     \
	}

/* clang-format off */
/*
 * Those that others refer to come behind them; tenants is the last.  Not so
 * cache_changes: its rows are what erases the keys in the cache, and go with
 * them.
 */
static TenantTable tables[] = {
	TENANT_TABLE(inbox),
	TENANT_TABLE(interactions),
	TENANT_TABLE(rejected_events),
	TENANT_TABLE(preferences),
	TENANT_TABLE(user_queries),
	TENANT_TABLE(suggestions),
	TENANT_TABLE(query_events),
	TENANT_TABLE(query_statistics),
	TENANT_TABLE(query_lists),
	TENANT_TABLE(rankings),
	TENANT_TABLE(profiles),
	TENANT_TABLE(tenant_tables),
	TENANT_TABLE(linked_schemas),
	TENANT_TABLE(signal_rules),
	TENANT_TABLE(conversation_messages),
	TENANT_TABLE(conversations),
	TENANT_TABLE(conversation_statistics),
	TENANT_TABLE(tenants),
};
/* clang-format on */

Jsonb *
tenant_data_erase(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < lengthof(tables); i++)
		json_push_int(&state, tables[i].name,
					  (int64) statement_run(&tables[i].erase_tenant, values, NULL));
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
