/*
 * maintenance.c
 *		Maintenance: expired rows are deleted, tenant by tenant, in batches of
 *		limited size.
 *
 *		The worker processes a few batches per transaction, run_maintenance()
 *		all of them in its caller's; both call the same code.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/jsonutil.h"
#include "base/statement.h"
#include "catalogue/catalogue.h"
#include "cluster/route.h"
#include "conversations/conversations.h"
#include "learning/interactions.h"
#include "learning/rejected.h"
#include "preferences/preferences.h"
#include "preferences/snapshots.h"
#include "suggestions/counting.h"
#include "suggestions/outcomes.h"
#include "suggestions/rounds.h"
#include "tenancy/hold.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"
#include "upkeep/maintenance.h"

static Statement select_tenants =
	STATEMENT("SELECT tenant_id FROM personalization.tenants ORDER BY tenant_id", "");

/* The distinct names of rejected events, found by skipping through the index. */
static Statement select_rejected_name = STATEMENT("SELECT tenant_id"
												  " FROM personalization.rejected_events"
												  " WHERE tenant_id > $1"
												  " ORDER BY tenant_id LIMIT 1",
												  "text");
static Statement find_nameless = STATEMENT("SELECT 1"
										   " FROM personalization.rejected_events"
										   " WHERE tenant_id = $1"
										   " LIMIT 1",
										   "text");

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Returns the names in rejected events, which may not be tenants. */
static List *
rejected_names(void)
{
	Datum values[] = {CStringGetTextDatum("")};
	List *names = NIL;

	/* On a cluster, Citus would find those that are on another node. */
	if (route_is_here("") && statement_execute(&find_nameless, values, NULL, SNAPSHOT_NEW) > 0)
		names = lappend(names, pstrdup(""));
	while (statement_execute(&select_rejected_name, values, NULL, SNAPSHOT_NEW) > 0)
	{
		names = lappend(names, result_text(0, ONLY_COLUMN));
		values[0] = CStringGetTextDatum(llast(names));
	}
	return names;
}

List *
maintenance_tenants(void)
{
	uint64 nrows = statement_execute(&select_tenants, NULL, NULL, SNAPSHOT_NEW);
	List *names = NIL;
	List *tenants = NIL;
	ListCell *cell;

	for (uint64 row = 0; row < nrows; row++)
		names = lappend(names, result_text(row, ONLY_COLUMN));
	names = list_concat(names, rejected_names());
	list_sort(names, compare_names);
	foreach (cell, names)
	{
		if (tenants == NIL || strcmp(llast(tenants), lfirst(cell)) != 0)
			tenants = lappend(tenants, lfirst(cell));
	}
	return tenants;
}

/* Adds to a counter; returns whether a batch was full. */
static bool
tally(int64 n, int64 limit, int64 *count)
{
	*count += n;
	return n >= limit;
}

bool
maintain_tenant(const char *tenant_id, TimestampTz at, int64 limit, PassCounts *counts)
{
	Jsonb *changes = tenant_id[0] == '\0' ? NULL : tenant_changes(tenant_id, SNAPSHOT_NEW);
	bool is_tenant = changes != NULL;
	TenantSettings settings;
	TimestampTz kept_since;
	bool more;

	if (tenant_hold(tenant_id, SNAPSHOT_NEW) != HOLD_NONE)
		return false;
	if (!is_tenant)
		changes = json_empty_object();
	settings_decode(changes, &settings);
	kept_since = at - settings.history_retention;
	more = tally(rejected_expire(tenant_id, kept_since, limit), limit, &counts->rejected_events);

	/*
	 * It was dropped meanwhile, or never existed.  If it has rows, a dump is
	 * being restored, and its retention is not known yet.
	 */
	if (!is_tenant)
		return more;
	more |= tally(preferences_expire(tenant_id, changes, at, limit), limit, &counts->preferences);
	more |= tally(interactions_expire(tenant_id, kept_since, limit), limit, &counts->interactions);
	more |= tally(outcomes_expire(tenant_id, at, limit), limit, &counts->suggestions);
	more |= tally(rounds_expire(tenant_id, kept_since, limit), limit, &counts->suggestions);
	more |= tally(statistics_expire(tenant_id, settings.query_retention, limit), limit,
				  &counts->statistics);
	more |= conversations_expire(tenant_id, &settings, at, limit, &counts->conversations);
	more |= catalogue_refresh(tenant_id, at, kept_since, limit, &counts->catalogue);
	more |=
		tally(snapshots_expire(tenant_id, kept_since, limit), limit, &counts->preference_snapshots);
	return more;
}

Jsonb *
pass_document(const PassCounts *counts)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "inbox", counts->inbox);
	json_push_int(&state, "queries", counts->queries);
	json_push_int(&state, "preferences", counts->preferences);
	json_push_int(&state, "interactions", counts->interactions);
	json_push_int(&state, "rejected_events", counts->rejected_events);
	json_push_int(&state, "suggestions", counts->suggestions);
	json_push_int(&state, "statistics", counts->statistics);
	json_push_int(&state, "catalogue", counts->catalogue);
	json_push_int(&state, "conversations", counts->conversations);
	json_push_int(&state, "preference_snapshots", counts->preference_snapshots);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
