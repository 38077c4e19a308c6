/*
 * audit.c
 *		The audit trail of administrators' actions, and of erasing and
 *		exporting users.
 *
 *		A role that may forget a user must be able neither to forge a row of
 *		the trail nor to omit one.  So it has no privilege on the table: the
 *		row is inserted as the extension's owner, by a fixed statement with
 *		variable values, after the tenant has been checked.  The acting role
 *		is never an argument; it is taken from the server before the switch of
 *		users.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "tenancy/audit.h"

#define UNIT_SEPARATOR '\x1f'

static Statement insert_row = STATEMENT_ANYWHERE(
	"INSERT INTO personalization.audit_log"
	"  (tenant_id, at, session_role, acting_role, action, subject, role, details)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	"text timestamptz text text text text text jsonb");

PG_FUNCTION_INFO_V1(personalization_user_pseudonym);

char *
user_pseudonym(const char *tenant_id, const char *user_id)
{
	bytea *input =
		(bytea *) cstring_to_text(psprintf("%s%c%s", tenant_id, UNIT_SEPARATOR, user_id));
	bytea *digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(input)));
	StringInfoData hex;

	initStringInfo(&hex);
	for (size_t i = 0; i < VARSIZE_ANY_EXHDR(digest); i++)
		appendStringInfo(&hex, "%02x", ((unsigned char *) VARDATA_ANY(digest))[i]);
	return hex.data;
}

Datum
personalization_user_pseudonym(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(user_pseudonym(text_to_cstring(PG_GETARG_TEXT_PP(0)),
													text_to_cstring(PG_GETARG_TEXT_PP(1)))));
}

void
audit(const char *action, const char *tenant_id, const char *user_id, const char *role,
	  const Jsonb *details)
{
	char nulls[] = "        ";
	Datum values[] = {CStringGetTextDatum(tenant_id != NULL ? tenant_id : ""),
					  TimestampTzGetDatum(GetCurrentTimestamp()),
					  CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false)),
					  CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)),
					  CStringGetTextDatum(action),
					  0,
					  0,
					  0};
	OwnerScope scope;

	nulls[5] = user_id == NULL ? 'n' : ' ';
	if (user_id != NULL)
		values[5] = CStringGetTextDatum(user_pseudonym(tenant_id, user_id));
	nulls[6] = role == NULL ? 'n' : ' ';
	if (role != NULL)
		values[6] = CStringGetTextDatum(role);
	nulls[7] = details == NULL ? 'n' : ' ';
	if (details != NULL)
		values[7] = JsonbPGetDatum(details);

	owner_begin(&scope);
	(void) statement_execute(&insert_row, values, nulls, SNAPSHOT_NEW);
	owner_end(&scope);
}
