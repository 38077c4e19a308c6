/*
 * tenant_data.h
 *		Every table that holds data of tenants, in one list: what erases, counts
 *		or carries data off goes by it, so that no table is forgotten.
 */
#ifndef TENANT_DATA_H
#define TENANT_DATA_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Erases all rows of a tenant, its own row in table tenants last: as long as
 * there are any, the tenant is there.  Returns the number of rows by table.
 * The tenant is locked alone, the caller in SPI; so is the result's memory.
 */
extern Jsonb *tenant_data_erase(const char *tenant_id);

#endif
