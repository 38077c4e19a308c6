/*
 * owner.c
 *		Running statements as the owner of the extension, for operations that
 *		the caller may not perform.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/syscache.h"

#include "base/extension.h"
#include "base/owner.h"
#include "base/trusted.h"

void
owner_begin(OwnerScope *scope)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(extension_objects()->tenants));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for table tenants");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (!superuser_arg(owner))
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("tables of extension " EXTENSION_NAME " belong to role \"%s\", which is not "
					"a superuser",
					GetUserNameFromId(owner, false)),
			 errhint("Give all objects of the extension to a superuser, with REASSIGN OWNED or "
					 "ALTER … OWNER TO.")));

	GetUserIdAndSecContext(&scope->user, &scope->context);
	SetUserIdAndSecContext(owner, scope->context | SECURITY_LOCAL_USERID_CHANGE |
									  SECURITY_RESTRICTED_OPERATION);
	scope->trusted = trust_begin(owner);
}

void
owner_end(const OwnerScope *scope)
{
	trust_end(scope->trusted);
	SetUserIdAndSecContext(scope->user, scope->context);
}
