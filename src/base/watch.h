/*
 * watch.h
 *		Whether a table that most installations leave empty has rows.
 *
 *		What users choose for themselves is looked up by each call that learns.
 *		As long as nobody has chosen anything, that look-up is not made.  Where the
 *		tenant has a partition of the table, its size is looked at: without pages
 *		it has no rows.  Elsewhere, on a cluster, a session remembers that the
 *		table is empty, until another one announces a row.
 */
#ifndef PERSONALIZATION_BASE_WATCH_H
#define PERSONALIZATION_BASE_WATCH_H

#include "postgres.h"

#include "base/statement.h"

typedef struct TableWatch
{
	const char *table;
	Statement look; /* returns a row if there is any */

	/* Private. */
	uint64 generation;
	Oid relation;
	bool has_rows;
	TimestampTz looked_at; /* 0: not since it was announced */
} TableWatch;

#define TABLE_WATCH(table, condition)                                                              \
	{                                                                                              \
		table, STATEMENT("SELECT FROM personalization." table " WHERE " condition " LIMIT 1", ""), \
			0, InvalidOid, false, 0                                                                \
	}

/*
 * Returns false if the tenant's partition of a table has no pages, and so no rows that any
 * snapshot could see; true if it may have rows.
 */
extern bool table_has_pages(const char *table, const char *tenant_id);

/*
 * Returns false if the tenant has no row, and true if any tenant may have one.  Rows that
 * were announced are seen by whoever takes a lock after that commits; others, such as
 * those of a restore, within a second.  The caller is in SPI.
 */
extern bool table_has_rows(TableWatch *watch, const char *tenant_id);

/* Announces a row that this transaction has written. */
extern void table_announce_row(TableWatch *watch);

#endif
