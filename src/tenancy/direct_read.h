/*
 * direct_read.h
 *		Reading a few rows by their keys without a statement.
 *
 * Starting and ending the executor costs more than reading a row by its key, and
 * every call reads the tenant's settings.  So the rows whose primary key begins
 * with given values are read from the tenant's partition by its index.
 *
 * What is read is what a statement would have read.  The role needs SELECT on
 * the whole table.  Row-level security is applied where the table's only policy
 * is the extension's, whose condition is then checked here.  In all other cases
 * (other policies, privileges on columns, row_security = off, a hook that watches
 * privileges, a cluster) nothing is read, and the caller executes its statement,
 * which also raises the errors.
 */
#ifndef PERSONALIZATION_TENANCY_DIRECT_READ_H
#define PERSONALIZATION_TENANCY_DIRECT_READ_H

#include "postgres.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "base/statement.h"

#define DIRECT_MAX_COLUMNS 12
#define DIRECT_MAX_KEYS 4

typedef struct DirectRead
{
	Relation table;
	Relation index;
	Snapshot snapshot;
	IndexScanDesc scan;
	int nkeys;
	TupleTableSlot *slot;
	bool bound;		   /* row-level security applies … */
	bool shows_common; /* … and shows the rows of the tenant '' too */
	bool is_visible;   /* whether the rows of the present key are */
	AttrNumber columns[DIRECT_MAX_COLUMNS];
} DirectRead;

/*
 * Begins to read from the partition of a tenant of a table.  columns names the n
 * columns to be read; the first nkeys are the first of the primary key, of which the
 * first is the tenant and the others are texts or values of enum types.  Returns false if the caller is to execute a
 * statement instead.  Otherwise the caller calls direct_end().
 */
extern bool direct_begin(DirectRead *read, const char *table, const char *tenant_id,
						 const char *const *columns, int n, int nkeys, ReadAs as);

/*
 * Starts at the rows with a key; may be called again with another one of the same
 * partition, as all are in a table that has one.
 */
extern void direct_seek(DirectRead *read, const Datum *keys);

/* Proceeds to the next of these rows; returns false if there is none. */
extern bool direct_next(DirectRead *read);

/* Returns a column of the row, by its place in columns, from 0; it is valid until the next row. */
extern Datum direct_value(DirectRead *read, int column, bool *isnull);

/* Returns where the row is: its ctid. */
extern ItemPointerData direct_place(const DirectRead *read);

extern void direct_end(DirectRead *read);

#endif
