/*
 * refresh.c
 *		Comparing the tables of linked schemas with the stored rows.
 *
 *		The comparison reads pg_class and the stored rows, both in the order
 *		of names, and writes the differences.  A schema is read only if
 *		something may have changed since the last comparison.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/rows.h"
#include "base/statement.h"
#include "catalogue/catalogue.h"
#include "catalogue/names.h"
#include "cluster/map.h"
#include "tenancy/locks.h"

static Statement upsert_link =
	STATEMENT("INSERT INTO personalization.linked_schemas"
			  "  (tenant_id, schema_name, schema_oid, linked_at, compared_at)"
			  " VALUES ($1, $2, $3, $4, $5)"
			  " ON CONFLICT (tenant_id, schema_name) DO NOTHING",
			  "text text oid timestamptz timestamptz");

static Statement note_compared = STATEMENT("UPDATE personalization.linked_schemas"
										   " SET schema_oid = $3, compared_at = $4"
										   " WHERE tenant_id = $1 AND schema_name = $2",
										   "text text oid timestamptz");

static Statement delete_link = STATEMENT("DELETE FROM personalization.linked_schemas"
										 " WHERE tenant_id = $1 AND schema_name = $2",
										 "text text");

static Statement delete_linked = STATEMENT("DELETE FROM personalization.tenant_tables"
										   " WHERE tenant_id = $1 AND schema_name = $2",
										   "text text");

static Statement drop_linked =
	STATEMENT("UPDATE personalization.tenant_tables"
			  " SET dropped_at = $3"
			  " WHERE tenant_id = $1 AND schema_name = $2 AND dropped_at IS NULL",
			  "text text timestamptz");

static Statement select_links = STATEMENT("SELECT schema_name, schema_oid, compared_at IS NULL"
										  " FROM personalization.linked_schemas"
										  " WHERE tenant_id = $1"
										  " ORDER BY schema_name",
										  "text");

enum
{
	LINK_SCHEMA = 1,
	LINK_OID,
	LINK_IS_INITIAL
};

/* The tables of a schema, without partitions and members of extensions. */
#define SELECT_PRESENT(more)                                                                       \
	"SELECT c.relname::text, c.oid"                                                                \
	" FROM pg_catalog.pg_class c"                                                                  \
	" WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"                        \
	" AND NOT c.relispartition AND c.relpersistence <> 't'"                                        \
	" AND NOT EXISTS ("                                                                            \
	"   SELECT FROM pg_catalog.pg_depend d"                                                        \
	"   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid"                     \
	"   AND d.objsubid = 0 AND d.deptype = 'e')" more " ORDER BY c.relname"

static Statement select_present = STATEMENT(SELECT_PRESENT(""), "oid");

/* Where Citus is installed, also without the shards that this node has of tables of applications. */
static Statement select_present_beside_shards =
	STATEMENT(SELECT_PRESENT(" AND " CLUSTER_NOT_A_SHARD("c.oid")), "oid");

enum
{
	PRESENT_NAME = 1,
	PRESENT_OID
};

static Statement select_stored = STATEMENT(
	"SELECT table_name, relation, dropped_at IS NOT NULL, last_name, appeared_at, dropped_at"
	" FROM personalization.tenant_tables"
	" WHERE tenant_id = $1 AND schema_name = $2"
	" ORDER BY table_name",
	"text text");

enum
{
	STORED_NAME = 1,
	STORED_OID,
	STORED_IS_DROPPED,
	STORED_LAST_NAME,
	STORED_APPEARED_AT,
	STORED_DROPPED_AT
};

/* The stored names of relations, in any schema: the live or latest one first. */
static Statement select_known = STATEMENT("SELECT DISTINCT ON (relation) relation, appeared_at"
										  " FROM personalization.tenant_tables"
										  " WHERE tenant_id = $1 AND relation = ANY ($2)"
										  " ORDER BY relation, dropped_at DESC NULLS FIRST",
										  "text oid[]");

enum
{
	KNOWN_OID = 1,
	KNOWN_APPEARED_AT
};

static RowWriter linked_writer =
	ROW_WRITER("personalization.tenant_tables",
			   "schema_name, table_name, last_name, relation, appeared_at, dropped_at",
			   "text text text oid timestamptz timestamptz",
			   "ON CONFLICT (tenant_id, schema_name, table_name) DO UPDATE"
			   " SET relation = excluded.relation, dropped_at = excluded.dropped_at");

/* The condition is repeated outside the sub-select, for rows that come back meanwhile. */
static Statement delete_dropped = STATEMENT("DELETE FROM personalization.tenant_tables"
											" WHERE tenant_id = $1 AND dropped_at < $2"
											" AND ctid = ANY (ARRAY("
											"   SELECT ctid"
											"   FROM personalization.tenant_tables"
											"   WHERE tenant_id = $1 AND dropped_at < $2"
											"   ORDER BY dropped_at LIMIT $3))",
											"text timestamptz int8");

/*
 * Counts events that may have changed pg_class or pg_namespace, as far as this
 * process has been notified, and rollbacks.  A schema that was compared at the
 * present count need not be read.
 */
static uint64 catalogue_generation = 1;

typedef struct Compared
{
	uint64
		key; /* hash of tenant and schema; after a collision a change is noticed with the next one */
	uint64 generation; /* at which the schema was last compared */
} Compared;

static HTAB *compared = NULL;

static void
on_invalidation(Datum arg, int cacheid, uint32 hashvalue)
{
	catalogue_generation++;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		catalogue_generation++;
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId subxact, SubTransactionId parent,
					  void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		catalogue_generation++;
}

static void
watch_catalogue(void)
{
	HASHCTL control = {.keysize = sizeof(uint64), .entrysize = sizeof(Compared)};

	if (compared != NULL)
		return;
	compared =
		hash_create("personalization compared schemas", 64, &control, HASH_ELEM | HASH_BLOBS);
	CacheRegisterSyscacheCallback(RELOID, on_invalidation, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, on_invalidation, (Datum) 0);
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
}

static Compared *
compared_entry(const char *tenant_id, const char *schema)
{
	uint64 key = hash_bytes_extended((const unsigned char *) tenant_id, strlen(tenant_id), 0);
	bool found;
	Compared *entry;

	key = hash_bytes_extended((const unsigned char *) schema, strlen(schema), key);
	entry = hash_search(compared, &key, HASH_ENTER, &found);
	if (!found)
		entry->generation = 0;
	return entry;
}

/* A row of linked_schemas. */
typedef struct SchemaLink
{
	const char *schema;
	Oid oid;
	bool initial; /* its present tables existed when it was linked */
} SchemaLink;

/* Names in order: two such lists are merged. */
typedef struct PresentTables
{
	char *name;
	Oid oid;
} PresentTables;

typedef struct StoredTables
{
	char *name;
	Oid oid;
	bool dropped;
	char *last_name;
	bool known_time;
	Datum appeared_at;
	Datum dropped_at;
} StoredTables;

static PresentTables *
read_present_tables(Oid namespace, int *n)
{
	Datum values[] = {ObjectIdGetDatum(namespace)};
	Statement *select = cluster_is_known() ? &select_present_beside_shards : &select_present;
	uint64 nrows =
		OidIsValid(namespace) ? statement_execute(select, values, NULL, SNAPSHOT_NEW) : 0;
	PresentTables *present = palloc_extended(nrows * sizeof(PresentTables) + 1, MCXT_ALLOC_HUGE);

	for (uint64 row = 0; row < nrows; row++)
	{
		present[row].name = result_text(row, PRESENT_NAME);
		present[row].oid = DatumGetObjectId(result_value(row, PRESENT_OID, NULL));
	}
	if (OidIsValid(namespace))
		SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return present;
}

static StoredTables *
read_stored_tables(const char *tenant_id, const char *schema, int *n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(schema)};
	uint64 nrows = statement_execute(&select_stored, values, NULL, SNAPSHOT_NEW);
	StoredTables *stored = palloc_extended(nrows * sizeof(StoredTables) + 1, MCXT_ALLOC_HUGE);

	for (uint64 row = 0; row < nrows; row++)
	{
		bool isnull;

		stored[row].name = result_text(row, STORED_NAME);
		stored[row].oid = DatumGetObjectId(result_value(row, STORED_OID, &isnull));
		if (isnull)
			stored[row].oid = InvalidOid;
		stored[row].dropped = DatumGetBool(result_value(row, STORED_IS_DROPPED, NULL));
		stored[row].last_name = result_text(row, STORED_LAST_NAME);
		stored[row].appeared_at = result_value(row, STORED_APPEARED_AT, &isnull);
		stored[row].known_time = !isnull;
		stored[row].dropped_at = result_value(row, STORED_DROPPED_AT, &isnull);
	}
	SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return stored;
}

/* The columns of linked_writer. */
typedef struct LinkedColumns
{
	Column *columns;
	const char *schema;
} LinkedColumns;

static void
linked_columns_init(LinkedColumns *changes, const char *schema, int size)
{
	changes->columns = rows_begin(&linked_writer, size);
	changes->schema = schema;
}

static void
add_time(Column *column, bool known, Datum at)
{
	if (known)
		column_add(column, at);
	else
		column_add_null(column);
}

static void
linked_columns_add(LinkedColumns *changes, const char *table, const char *last_name, Oid relation,
				   bool appeared, Datum appeared_at, bool dropped, Datum dropped_at)
{
	column_add_text(&changes->columns[0], changes->schema);
	column_add_text(&changes->columns[1], table);
	column_add_text(&changes->columns[2], last_name);
	column_add(&changes->columns[3], ObjectIdGetDatum(relation));
	add_time(&changes->columns[4], appeared, appeared_at);
	add_time(&changes->columns[5], dropped, dropped_at);
}

/*
 * Adds tables whose names are not stored.  A relation that is stored with
 * another name was renamed, or moved to this schema: it keeps the time when it
 * appeared.
 */
static void
add_new(LinkedColumns *changes, const char *tenant_id, const SchemaLink *link,
		PresentTables *const *new, int n, TimestampTz at)
{
	uint64 nknown = 0;

	if (n > 0 && !link->initial)
	{
		Column relations;

		column_init(&relations, OIDOID, n);
		for (int i = 0; i < n; i++)
			column_add(&relations, ObjectIdGetDatum(new[i]->oid));
		{
			Datum values[] = {CStringGetTextDatum(tenant_id), column_array(&relations)};

			nknown = statement_execute(&select_known, values, NULL, SNAPSHOT_NEW);
		}
	}
	for (int i = 0; i < n; i++)
	{
		FoldedName folded = fold_stored(link->schema, new[i]->name);
		bool appeared = !link->initial;
		Datum appeared_at = TimestampTzGetDatum(at);
		uint64 low = 0;
		uint64 high = nknown;

		while (low < high)
		{
			uint64 middle = low + (high - low) / 2;

			if (DatumGetObjectId(result_value(middle, KNOWN_OID, NULL)) < new[i]->oid)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < nknown && DatumGetObjectId(result_value(low, KNOWN_OID, NULL)) == new[i]->oid)
		{
			bool isnull;

			appeared_at = result_value(low, KNOWN_APPEARED_AT, &isnull);
			appeared = !isnull;
		}
		linked_columns_add(changes, new[i]->name, folded.text + folded.last, new[i]->oid, appeared,
						   appeared_at, false, 0);
	}
}

/* Compares a schema (InvalidOid: dropped); returns whether there is more to write. */
static bool
compare_schema(const char *tenant_id, const SchemaLink *link, Oid namespace, TimestampTz at,
			   int64 limit, int64 *changed)
{
	int npresent;
	int nstored;
	PresentTables *present = read_present_tables(namespace, &npresent);
	StoredTables *stored = read_stored_tables(tenant_id, link->schema, &nstored);
	int total = npresent + nstored;
	PresentTables **new = palloc_extended(npresent * sizeof(PresentTables *) + 1, MCXT_ALLOC_HUGE);
	int nnew = 0;
	int nfound = 0;
	int room;
	LinkedColumns changes;

	/*
	 * First find new tables: they are written first, while the rows of their
	 * old names still exist.
	 */
	for (int i = 0, j = 0; i < npresent; i++)
	{
		while (j < nstored && strcmp(stored[j].name, present[i].name) < 0)
			j++;
		if (j == nstored || strcmp(stored[j].name, present[i].name) != 0)
			new[nnew++] = &present[i];
	}
	room = (int) Min(limit, (int64) total);
	linked_columns_init(&changes, link->schema, Max(room, 1));
	add_new(&changes, tenant_id, link, new, Min(nnew, room), at);
	nfound = nnew;

	/* Then go through the stored rows. */
	for (int i = 0, j = 0; j < nstored; j++)
	{
		StoredTables *row = &stored[j];
		bool there;

		while (i < npresent && strcmp(present[i].name, row->name) < 0)
			i++;
		there = i < npresent && strcmp(present[i].name, row->name) == 0;
		if (there ? row->oid == present[i].oid && !row->dropped : row->dropped)
			continue;
		if (nfound++ < room)
			linked_columns_add(&changes, row->name, row->last_name,
							   there ? present[i].oid : row->oid, row->known_time, row->appeared_at,
							   !there, TimestampTzGetDatum(at));
	}
	*changed += (int64) rows_write(&linked_writer, tenant_id, changes.columns);
	return nfound > room;
}

/*
 * Finds a linked schema that has been renamed, so that the link follows it.
 * After a restore the OID may belong to any schema, so the schema must contain
 * a table that is stored.
 */
static bool
follow_renamed(const char *tenant_id, SchemaLink *link, TimestampTz at)
{
	char *name = get_namespace_name(link->oid);
	bool ours = false;
	int n;
	StoredTables *stored;

	if (name == NULL || is_reserved_schema(name))
		return false;
	stored = read_stored_tables(tenant_id, link->schema, &n);
	for (int i = 0; i < n && !ours; i++)
		ours = !stored[i].dropped && OidIsValid(stored[i].oid) &&
			   get_relname_relid(stored[i].name, link->oid) == stored[i].oid;
	if (!ours)
		return false;
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(name),
						  ObjectIdGetDatum(link->oid), TimestampTzGetDatum(at),
						  TimestampTzGetDatum(at)};
		Datum old[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(link->schema),
					   TimestampTzGetDatum(at)};

		(void) statement_execute(&upsert_link, values, link->initial ? "    n" : NULL,
								 SNAPSHOT_NEW);
		(void) statement_execute(&drop_linked, old, NULL, SNAPSHOT_NEW);
		(void) statement_execute(&delete_link, old, NULL, SNAPSHOT_NEW);
	}
	link->schema = name;
	return true;
}

/* Updates one link; returns whether there may be more. */
static bool
refresh_link(const char *tenant_id, SchemaLink *link, TimestampTz at, int64 limit, int64 *changed)
{
	Compared *entry = compared_entry(tenant_id, link->schema);
	uint64 generation = catalogue_generation;
	Oid namespace;

	if (entry->generation == generation && !link->initial)
		return false;
	namespace = get_namespace_oid(link->schema, true);
	if (!OidIsValid(namespace) && follow_renamed(tenant_id, link, at))
	{
		namespace = link->oid;
		entry = compared_entry(tenant_id, link->schema);
	}
	if (compare_schema(tenant_id, link, namespace, at, limit, changed))
		return true;
	if (link->initial || (OidIsValid(namespace) && namespace != link->oid))
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(link->schema),
						  ObjectIdGetDatum(OidIsValid(namespace) ? namespace : link->oid),
						  TimestampTzGetDatum(at)};

		(void) statement_execute(&note_compared, values, NULL, SNAPSHOT_NEW);
	}

	/* The snapshot of the transaction may be older than the notifications that we have received. */
	if (!IsolationUsesXactSnapshot())
		entry->generation = generation;
	return false;
}

static SchemaLink *
read_links(const char *tenant_id, int *n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	uint64 nrows = statement_execute(&select_links, values, NULL, SNAPSHOT_NEW);
	SchemaLink *links = palloc(nrows * sizeof(SchemaLink) + 1);

	for (uint64 row = 0; row < nrows; row++)
	{
		links[row].schema = result_text(row, LINK_SCHEMA);
		links[row].oid = DatumGetObjectId(result_value(row, LINK_OID, NULL));
		links[row].initial = DatumGetBool(result_value(row, LINK_IS_INITIAL, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return links;
}

void
catalogue_link(const char *tenant_id, const char *schema, Oid namespace, TimestampTz at)
{
	SchemaLink link = {.schema = schema, .oid = namespace, .initial = true};
	int64 changed = 0;
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(schema),
					  ObjectIdGetDatum(namespace), TimestampTzGetDatum(at), 0};

	/* If it is linked already, nothing changes. */
	if (statement_execute(&upsert_link, values, "    n", SNAPSHOT_NEW) > 0)
	{
		watch_catalogue();
		while (refresh_link(tenant_id, &link, at, INT_MAX, &changed))
			CHECK_FOR_INTERRUPTS();
	}
}

bool
catalogue_unlink(const char *tenant_id, const char *schema)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(schema)};
	bool was_linked = statement_execute(&delete_link, values, NULL, SNAPSHOT_NEW) > 0;

	(void) statement_execute(&delete_linked, values, NULL, SNAPSHOT_NEW);
	return was_linked;
}

bool
catalogue_refresh(const char *tenant_id, TimestampTz at, TimestampTz kept_since, int64 limit,
				  int64 *changed)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(kept_since),
					  Int64GetDatum(limit)};
	bool more = false;
	int64 deleted;
	int n;
	SchemaLink *links = read_links(tenant_id, &n);

	if (n > 0)
	{
		/* The tenant and its links must not be dropped between reading and writing. */
		lock_tenant(tenant_id, TENANT_LEARNING);
		links = read_links(tenant_id, &n);
		watch_catalogue();
		AcceptInvalidationMessages();
	}
	for (int i = 0; i < n; i++)
		more |= refresh_link(tenant_id, &links[i], at, limit, changed);
	deleted = (int64) statement_execute(&delete_dropped, values, NULL, SNAPSHOT_NEW);
	*changed += deleted;
	return more || deleted == limit;
}
