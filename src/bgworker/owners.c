/*
 * owners.c
 *		Whether the extension's objects belong to superusers.
 *
 *		REASSIGN OWNED gives them to somebody else, who may then define triggers
 *		on the tables, casts to the types and other bodies of the functions.
 *		The worker waits until they are given back.  That nothing of this runs with
 *		its rights, even if they are given away while it works, is ensured by
 *		base/trusted.h.
 */
#include "postgres.h"

#include "base/statement.h"
#include "bgworker/owners.h"
#include "bgworker/session.h"
#include "bgworker/state.h"

static Statement find_owner = STATEMENT("SELECT r.rolname"
										" FROM pg_catalog.pg_roles r"
										" WHERE NOT r.rolsuper AND r.oid IN ("
										"  SELECT relowner FROM pg_catalog.pg_class"
										"   WHERE relnamespace = 'personalization'::regnamespace"
										"  UNION SELECT proowner FROM pg_catalog.pg_proc"
										"   WHERE pronamespace = 'personalization'::regnamespace"
										"  UNION SELECT typowner FROM pg_catalog.pg_type"
										"   WHERE typnamespace = 'personalization'::regnamespace"
										"  UNION SELECT nspowner FROM pg_catalog.pg_namespace"
										"   WHERE oid = 'personalization'::regnamespace)"
										" ORDER BY 1 LIMIT 1",
										"");

bool
owner_is_trusted(void)
{
	char waits_for[WAITS_FOR_SIZE];
	bool trusted;

	worker_begin("checking who owns the tables");
	trusted = statement_execute(&find_owner, NULL, NULL, SNAPSHOT_NEW) == 0;
	if (!trusted)
		snprintf(waits_for, sizeof(waits_for),
				 "tables to belong to a superuser again, and not to role \"%s\"",
				 NameStr(*DatumGetName(result_value(0, ONLY_COLUMN, NULL))));
	worker_end();
	if (!trusted)
		worker_show_waiting(waits_for);
	return trusted;
}
