/*
 * tenant_data.c
 *		The list of all tables with tenants' data.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "admin/tenant_data.h"
#include "base/compat.h"
#include "base/jsonutil.h"
#include "base/owner.h"

#define OF_TENANT(name) "personalization." #name " t WHERE t.tenant_id = $1"

#define NO_STATEMENT                                                                               \
	{                                                                                              \
		NULL, NULL, false, false, 0, NULL, 0, false, NULL, NULL                                    \
	}

#define ERASE_TENANT(name) STATEMENT("DELETE FROM " OF_TENANT(name), "text")
#define FIND_TENANT(name) STATEMENT("SELECT FROM " OF_TENANT(name) " LIMIT 1", "text")
#define COUNT_TENANT(name) STATEMENT("SELECT count(*) FROM " OF_TENANT(name), "text")

/* In whatever order the rows come. */
#define DIGEST(name, row)                                                                          \
	STATEMENT("SELECT count(*), md5(concat_ws('/', sum(hashtextextended(r, 0)),"                   \
			  " sum(hashtextextended(r, 1))))"                                                     \
			  " FROM (SELECT " row "::text COLLATE \"C\" AS r FROM " OF_TENANT(name) ") rows",     \
			  "text")

/* Rows that belong to no particular user. */
#define TENANT_TABLE(name)                                                                         \
	{                                                                                              \
#name, false, false, false, ERASE_TENANT(name), FIND_TENANT(name), COUNT_TENANT(name),     \
			DIGEST(name, "t"), NO_STATEMENT, NO_STATEMENT, NO_STATEMENT,                           \
		{                                                                                          \
			NULL                                                                                   \
		}                                                                                          \
	}

/* The tenant's own row, without its hold, which is not data of the tenant. */
#define TENANTS_TABLE(name)                                                                        \
	{                                                                                              \
#name, false, false, false, ERASE_TENANT(name), FIND_TENANT(name), COUNT_TENANT(name),     \
			DIGEST(name, "ROW(t.tenant_id, t.settings, t.created_at, t.updated_at)"),              \
			NO_STATEMENT, NO_STATEMENT, NO_STATEMENT,                                              \
		{                                                                                          \
			NULL                                                                                   \
		}                                                                                          \
	}

/* Leaves a column out of a row's document if it is null; what is null there is null as JSON. */
#define OMIT_NULL(column) " - CASE WHEN t." #column " IS NULL THEN '" #column "' ELSE '' END"

/*
 * The rows t that satisfy a condition belong to the user, who is $2.  The
 * null_columns follow; omit leaves them out.
 */
#define USER_TABLE_WITH(name, carried, unchecked, condition, omit, ...)                            \
	{                                                                                              \
#name, true, carried, unchecked, ERASE_TENANT(name), FIND_TENANT(name),                    \
			COUNT_TENANT(name), DIGEST(name, "t"),                                                 \
			STATEMENT("DELETE FROM " OF_TENANT(name) " AND " condition, "text text"),              \
			STATEMENT("SELECT to_jsonb(t) - '{tenant_id,user_id}'::text[]" omit                    \
					  " FROM " OF_TENANT(name) " AND " condition " ORDER BY 1",                    \
					  "text text"),                                                                \
			STATEMENT("SELECT FROM " OF_TENANT(name) " AND " condition " LIMIT 1", "text text"),   \
		{                                                                                          \
			__VA_ARGS__                                                                            \
		}                                                                                          \
	}
#define USER_TABLE_BY(name, carried, unchecked, condition)                                         \
	USER_TABLE_WITH(name, carried, unchecked, condition, "", NULL)

/* The table has a column user_id. */
#define USER_TABLE(name) USER_TABLE_BY(name, true, false, "t.user_id = $2")

/* The same, for rows that are derived from others and are not exported. */
#define DERIVED_USER_TABLE(name) USER_TABLE_BY(name, false, false, "t.user_id = $2")

/* A row belongs to the row of another table with the same key, which has a user_id. */
#define CHILD_TABLE(name, parent, key)                                                             \
	USER_TABLE_BY(name, true, false,                                                               \
				  "t." #key " IN (SELECT p." #key " FROM personalization." #parent                 \
				  " p WHERE p.tenant_id = $1 AND p.user_id = $2)")

/*
 * An event that was rejected may name its user in a place that we do not know, such as
 * userId; then it belongs to the user whose name is a value anywhere in it.
 */
#define NAMES_USER "personalization.event_names_user(t.event, $2)"

/*
 * In the order in which rows are deleted: children before their parents, and
 * tenants last.  Not listed: cache_changes, whose rows cause the deletion of
 * keys in the cache and are deleted with them, audit_log, which is kept when
 * the tenant is dropped, and backing_off, which bgworker/ deletes itself.
 */
#define INBOX 0
TenantTable tenant_tables[] = {
	USER_TABLE_WITH(inbox, true, true, "t.user_id = $2", OMIT_NULL(data) OMIT_NULL(feedback),
					"data", "feedback"),
	USER_TABLE_WITH(interactions, true, false, "t.user_id = $2", OMIT_NULL(feedback), "feedback"),
	USER_TABLE_BY(rejected_events, true, true, NAMES_USER),
	USER_TABLE(preferences),
	USER_TABLE(preference_snapshots),
	USER_TABLE_WITH(preference_choices, true, false, "t.user_id = $2", OMIT_NULL(value), "value"),
	USER_TABLE(user_queries),
	USER_TABLE(suggestions),
	USER_TABLE(suggestion_rounds),
	DERIVED_USER_TABLE(query_events),
	CHILD_TABLE(conversation_messages, conversations, conversation_id),
	USER_TABLE(conversations),
	USER_TABLE(conversation_statistics),
	USER_TABLE(profiles),
	TENANT_TABLE(query_statistics),
	TENANT_TABLE(query_lists),
	TENANT_TABLE(rankings),
	TENANT_TABLE(tenant_tables),
	TENANT_TABLE(linked_schemas),
	TENANT_TABLE(learning_choices),
	TENANT_TABLE(signal_rules),
	TENANTS_TABLE(tenants),
};
const int tenant_tables_n = lengthof(tenant_tables);

Jsonb *
tenant_data_erase(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];
		uint64 n = 0;

		/* On a cluster rules are on every node, which need not be up if there are none to delete. */
		if (strcmp(table->name, "signal_rules") != 0 ||
			statement_execute(&table->find_tenant, values, NULL, SNAPSHOT_NEW) > 0)
			n = statement_execute(&table->erase_tenant, values, NULL, SNAPSHOT_NEW);
		json_push_int(&state, table->name, (int64) n);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

bool
tenant_data_is_left(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	bool left = false;

	PushActiveSnapshot(GetLatestSnapshot());
	for (int i = 0; i < tenant_tables_n && !left; i++)
		left = statement_execute(&tenant_tables[i].find_tenant, values, NULL, SNAPSHOT_CALLER) > 0;
	PopActiveSnapshot();
	return left;
}

int64
tenant_data_erase_waiting(const char *tenant_id, const char *user_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	OwnerScope scope;
	int64 nrows;

	owner_begin(&scope);
	nrows = (int64) statement_execute(&tenant_tables[INBOX].erase_user, values, NULL, SNAPSHOT_NEW);
	owner_end(&scope);
	return nrows;
}

Jsonb *
tenant_data_erase_user(const char *tenant_id, const char *user_id, int64 waiting)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];

		if (i == INBOX)
			json_push_int(&state, table->name,
						  waiting + tenant_data_erase_waiting(tenant_id, user_id));
		else if (table->of_users)
			json_push_int(
				&state, table->name,
				(int64) statement_execute(&table->erase_user, values, NULL, SNAPSHOT_NEW));
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

bool
tenant_data_knows_user(const char *tenant_id, const char *user_id, bool latest)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	bool known = false;

	if (latest)
		PushActiveSnapshot(GetLatestSnapshot());
	for (int i = 0; i < tenant_tables_n && !known; i++)
	{
		TenantTable *table = &tenant_tables[i];

		known = table->of_users && statement_execute(&table->find_user, values, NULL,
													 latest ? SNAPSHOT_CALLER : SNAPSHOT_NEW) > 0;
	}
	if (latest)
		PopActiveSnapshot();
	return known;
}
