/*
 * tenant_data.h
 *		The list of all tables with tenants' data.  Erasing, counting and
 *		exporting use it, so that no table is forgotten.
 */
#ifndef PERSONALIZATION_ADMIN_TENANT_DATA_H
#define PERSONALIZATION_ADMIN_TENANT_DATA_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/statement.h"

typedef struct TenantTable
{
	const char *name;
	bool of_users;	/* some rows belong to a user */
	bool carried;	/* export_user() includes them; otherwise they are rebuilt */
	bool unchecked; /* stored unchecked, and checked when they are learned */

	/* Parameters: the tenant, and for the rows of a user the user's name. */
	Statement erase_tenant;
	Statement find_tenant; /* returns one row without columns if there is any row */
	Statement count_tenant;
	Statement
		digest_tenant; /* the number of rows, and a digest that does not depend on their order */
	Statement erase_user;
	Statement select_user; /* as jsonb, without tenant_id and user_id */
	Statement find_user;   /* likewise */

	/*
	 * Columns of type jsonb in which null as JSON is a value.  A document of a
	 * row does not have the column if there is none.
	 */
	const char *null_columns[2];
} TenantTable;

/* The columns of digest_tenant. */
enum
{
	DIGEST_ROWS = 1,
	DIGEST_TEXT
};

extern TenantTable tenant_tables[];
extern const int tenant_tables_n;

/*
 * Deletes all rows of a tenant, its own row in table tenants last: the tenant
 * exists until its last row is deleted.  Returns the number of rows by table.
 * The tenant is locked exclusively; the caller is in SPI, and so is the memory
 * of the result.
 */
extern Jsonb *tenant_data_erase(const char *tenant_id);

/*
 * Whether any row of a tenant exists in the latest snapshot, whatever the
 * transaction's snapshot is.
 */
extern bool tenant_data_is_left(const char *tenant_id);

/*
 * Delete rows of a user.  The first deletes the rows waiting in the inbox and
 * returns their number (as the extension's owner, because no other role may
 * delete from the inbox).  The second, with the user locked, deletes all
 * others, and returns the numbers by table, with that of the inbox added.
 * Data derived from the user's rows without their name is not included: see
 * forget_user().
 */
extern int64 tenant_data_erase_waiting(const char *tenant_id, const char *user_id);
extern Jsonb *tenant_data_erase_user(const char *tenant_id, const char *user_id, int64 waiting);

/*
 * Whether any table has a row of a user.  latest: in the latest snapshot,
 * whatever the transaction's snapshot is.
 */
extern bool tenant_data_knows_user(const char *tenant_id, const char *user_id, bool latest);

#endif
