/*
 * tenant_data.h
 *		Every table that holds data of tenants, in one list: what erases, counts
 *		or carries data off goes by it, so that no table is forgotten.
 */
#ifndef PERSONALIZATION_ADMIN_TENANT_DATA_H
#define PERSONALIZATION_ADMIN_TENANT_DATA_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/statement.h"

typedef struct TenantTable
{
	const char *name;
	bool of_users;	/* some of its rows are a user's */
	bool carried;	/* export_user() takes those along; else they are made anew */
	bool unchecked; /* they are as somebody told them, and checked when they are learned */

	/* Parameters: the tenant, and for the rows of a user his name. */
	Statement erase_tenant;
	Statement find_tenant; /* one row, of no columns, where there is any */
	Statement erase_user;
	Statement select_user; /* as jsonb, without tenant_id and user_id */
	Statement find_user;   /* likewise */
} TenantTable;

extern TenantTable tenant_tables[];
extern const int tenant_tables_n;

/*
 * Erases all rows of a tenant, its own row in table tenants last: as long as
 * there are any, the tenant is there.  Returns the number of rows by table.
 * The tenant is locked alone, the caller in SPI; so is the result's memory.
 */
extern Jsonb *tenant_data_erase(const char *tenant_id);

/* Whether any row of a tenant is there in the latest snapshot, whatever the transaction's. */
extern bool tenant_data_is_left(const char *tenant_id);

/*
 * Erases rows of a user: the first, those that wait in the inbox, whose number
 * it returns (as the extension's owner: nobody else takes rows out of the inbox);
 * the second, with the user locked, all of them, counted by table
 * with so many of the inbox's more.  What is derived from his rows and bears no
 * name is not here: see forget_user().
 */
extern int64 tenant_data_erase_waiting(const char *tenant_id, const char *user_id);
extern Jsonb *tenant_data_erase_user(const char *tenant_id, const char *user_id, int64 waiting);

/* Whether any table has a row of a user.  latest: in the latest snapshot, whatever the transaction's. */
extern bool tenant_data_knows_user(const char *tenant_id, const char *user_id, bool latest);

#endif
