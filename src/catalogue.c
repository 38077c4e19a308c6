/*
 * catalogue.c
 *		The catalogue of a tenant: the tables that its users can query.
 *
 * Tables are told by hand (register_table()), or found in linked schemas of
 * this database by comparing pg_class with what is stored.  The comparison
 * reads both in the order of the names and writes what differs.  What is in
 * pg_class is everybody's to see; what is shown of it goes by the privileges of
 * whoever asks, at that moment.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "arguments.h"
#include "catalogue.h"
#include "compat.h"
#include "core/table_name.h"
#include "rows.h"
#include "statement.h"
#include "tenancy.h"

/* How many of the tables that a user has used are looked at. */
#define USED_TABLES_REACH 10000

#define FREQUENT_TABLE "frequent_table:"
#define EXPLORED_TABLE "explored_table:"

static Statement upsert_registered =
	STATEMENT("INSERT INTO personalization.tenant_tables AS t"
			  " (tenant_id, schema_name, table_name, last_name, description, columns, appeared_at)"
			  " VALUES ($1, '', $2, $3, $4, $5, $6)"
			  " ON CONFLICT (tenant_id, schema_name, table_name) DO UPDATE SET"
			  " description = coalesce(excluded.description, t.description),"
			  " columns = coalesce(excluded.columns, t.columns), dropped_at = NULL",
			  "text text text text text[] timestamptz");

static Statement drop_registered = STATEMENT(
	"UPDATE personalization.tenant_tables SET dropped_at = $3"
	" WHERE tenant_id = $1 AND schema_name = '' AND table_name = $2 AND dropped_at IS NULL",
	"text text timestamptz");

static Statement upsert_link = STATEMENT(
	"INSERT INTO personalization.linked_schemas"
	" (tenant_id, schema_name, schema_oid, linked_at, compared_at) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (tenant_id, schema_name) DO NOTHING",
	"text text oid timestamptz timestamptz");

static Statement note_compared =
	STATEMENT("UPDATE personalization.linked_schemas SET schema_oid = $3, compared_at = $4"
			  " WHERE tenant_id = $1 AND schema_name = $2",
			  "text text oid timestamptz");

static Statement delete_link = STATEMENT(
	"DELETE FROM personalization.linked_schemas WHERE tenant_id = $1 AND schema_name = $2",
	"text text");

static Statement delete_linked =
	STATEMENT("DELETE FROM personalization.tenant_tables WHERE tenant_id = $1 AND schema_name = $2",
			  "text text");

static Statement drop_linked =
	STATEMENT("UPDATE personalization.tenant_tables SET dropped_at = $3"
			  " WHERE tenant_id = $1 AND schema_name = $2 AND dropped_at IS NULL",
			  "text text timestamptz");

static Statement select_any_link =
	STATEMENT("SELECT FROM personalization.linked_schemas WHERE tenant_id = $1 LIMIT 1", "text");

static Statement select_links = STATEMENT(
	"SELECT schema_name, schema_oid, compared_at IS NULL FROM personalization.linked_schemas"
	" WHERE tenant_id = $1 ORDER BY schema_name",
	"text");

/* What there is of a schema: not partitions, nor what belongs to an extension. */
static Statement select_present =
	STATEMENT("SELECT c.relname::text, c.oid FROM pg_catalog.pg_class c"
			  " WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
			  " AND NOT c.relispartition AND c.relpersistence <> 't'"
			  " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
			  "  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid"
			  "  AND d.objsubid = 0 AND d.deptype = 'e')"
			  " ORDER BY c.relname",
			  "oid");

static Statement select_stored =
	STATEMENT("SELECT table_name, relation, dropped_at IS NOT NULL, last_name, appeared_at,"
			  " dropped_at FROM personalization.tenant_tables"
			  " WHERE tenant_id = $1 AND schema_name = $2 ORDER BY table_name",
			  "text text");

/* Under which names relations are known already, in any schema: the live or latest first. */
static Statement select_known =
	STATEMENT("SELECT DISTINCT ON (relation) relation, appeared_at"
			  " FROM personalization.tenant_tables WHERE tenant_id = $1 AND relation = ANY ($2)"
			  " ORDER BY relation, dropped_at DESC NULLS FIRST",
			  "text oid[]");

static RowWriter linked_writer =
	ROW_WRITER("personalization.tenant_tables",
			   "schema_name, table_name, last_name, relation, appeared_at, dropped_at",
			   "text text text oid timestamptz timestamptz",
			   "ON CONFLICT (tenant_id, schema_name, table_name) DO UPDATE SET"
			   " relation = excluded.relation, dropped_at = excluded.dropped_at");

/* The condition stands outside the sub-select as well, for rows that come back meanwhile. */
static Statement delete_dropped =
	STATEMENT("DELETE FROM personalization.tenant_tables WHERE tenant_id = $1 AND dropped_at < $2"
			  " AND ctid = ANY (ARRAY(SELECT ctid FROM personalization.tenant_tables"
			  "  WHERE tenant_id = $1 AND dropped_at < $2 ORDER BY dropped_at LIMIT $3))",
			  "text timestamptz int8");

static Statement select_all =
	STATEMENT("SELECT schema_name, table_name, description, columns, appeared_at, dropped_at"
			  " FROM personalization.tenant_tables WHERE tenant_id = $1"
			  " ORDER BY schema_name, table_name",
			  "text");

static Statement select_new =
	STATEMENT("SELECT schema_name, table_name, description, columns, appeared_at"
			  " FROM personalization.tenant_tables"
			  " WHERE tenant_id = $1 AND appeared_at > $2 AND appeared_at <= $3"
			  " AND dropped_at IS NULL"
			  " ORDER BY appeared_at DESC, schema_name, table_name LIMIT $4",
			  "text timestamptz timestamptz int8");

/*
 * A probe a name.  As a condition "= ANY" the planner would, of a table without
 * statistics, rather read all of the tenant's rows.
 */
static Statement select_named =
	STATEMENT("SELECT t.* FROM unnest($2) AS name CROSS JOIN LATERAL ("
			  "  SELECT schema_name, table_name, dropped_at IS NOT NULL"
			  "  FROM personalization.tenant_tables"
			  "  WHERE tenant_id = $1 AND last_name = name OFFSET 0) AS t",
			  "text text[]");

/* The character behind ':' ends each range. */
static Statement select_used =
	STATEMENT("(SELECT substr(key, 16) FROM personalization.preferences"
			  "  WHERE tenant_id = $1 AND user_id = $2"
			  "  AND key >= 'frequent_table:' AND key < 'frequent_table;' LIMIT $3)"
			  " UNION ALL (SELECT substr(key, 16) FROM personalization.preferences"
			  "  WHERE tenant_id = $1 AND user_id = $2"
			  "  AND key >= 'explored_table:' AND key < 'explored_table;' LIMIT $3)",
			  "text text int8");

StaticAssertDecl(sizeof(FREQUENT_TABLE) == 16 && sizeof(EXPLORED_TABLE) == 16,
				 "select_used cuts off the keys' beginnings");

PG_FUNCTION_INFO_V1(personalization_register_table);
PG_FUNCTION_INFO_V1(personalization_unregister_table);
PG_FUNCTION_INFO_V1(personalization_link_schema);
PG_FUNCTION_INFO_V1(personalization_unlink_schema);
PG_FUNCTION_INFO_V1(personalization_tenant_tables);
PG_FUNCTION_INFO_V1(personalization_new_tables);
PG_FUNCTION_INFO_V1(personalization_hidden_tables);

/* A name in folded form, and where its last part begins. */
typedef struct FoldedName
{
	char *text;
	size_t len;
	size_t last;
} FoldedName;

static FoldedName
fold_name(const char *name)
{
	size_t len = strlen(name);
	FoldedName folded;

	folded.text = palloc(len + 1);
	folded.len = table_name_fold(name, len, folded.text, &folded.last);
	folded.text[folded.len] = '\0';
	return folded;
}

/* A table as stored: of a linked schema the names are PostgreSQL's, in which nothing is a quote. */
static FoldedName
fold_stored(const char *schema, const char *table)
{
	FoldedName folded;

	if (schema[0] == '\0')
		return fold_name(table);
	folded.text = psprintf("%s.%s", schema, table);
	folded.len = strlen(folded.text);
	folded.last = strlen(schema) + 1;
	for (char *c = folded.text; *c != '\0'; c++)
		*c = (char) pg_ascii_tolower((unsigned char) *c);
	return folded;
}

static bool
same_table(const FoldedName *a, const FoldedName *b)
{
	return table_name_matches(a->text, a->len, b->text, b->len);
}

static char *
text_at(uint64 row, int column)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static char *
shown_name(const char *schema, const char *table)
{
	return schema[0] == '\0' ? pstrdup(table) : quote_qualified_identifier(schema, table);
}

/* The table of a linked schema as it is now, InvalidOid where there is none by that name. */
static Oid
linked_relation(const char *schema, const char *table, Oid *namespace)
{
	Oid relation;

	if (strlen(schema) >= NAMEDATALEN || strlen(table) >= NAMEDATALEN)
		return InvalidOid;
	*namespace = get_namespace_oid(schema, true);
	if (!OidIsValid(*namespace))
		return InvalidOid;
	relation = get_relname_relid(table, *namespace);
	if (!OidIsValid(relation))
		return InvalidOid;
	switch (get_rel_relkind(relation))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return relation;
		default:
			return InvalidOid;
	}
}

/* Whether the current role may read it, or some of its columns; false when it is gone meanwhile. */
static bool
may_read(Oid relation, Oid namespace)
{
	bool is_missing = false;

	if (!may_use_schema(namespace))
		return false;
	if (pg_class_aclcheck_ext(relation, GetUserId(), ACL_SELECT, &is_missing) == ACLCHECK_OK &&
		!is_missing)
		return true;
	return !is_missing &&
		   pg_attribute_aclcheck_all(relation, GetUserId(), ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
}

/* Whether a table may be shown to the current role; of a linked one sets *relation. */
static bool
is_visible(const char *schema, const char *table, bool dropped, Oid *relation)
{
	Oid namespace;

	*relation = InvalidOid;
	if (schema[0] == '\0')
		return !dropped;
	*relation = linked_relation(schema, table, &namespace);
	return OidIsValid(*relation) && may_read(*relation, namespace);
}

/* ---------------------------------------------------------------- the comparison */

/*
 * Counts whatever may have changed pg_class or pg_namespace, as far as this
 * process has been told, and transactions that were undone.  A schema that was
 * compared under the present count needs no look.
 */
static uint64 catalogue_generation = 1;

typedef struct Compared
{
	uint64 key;		   /* hash of tenant and schema; a clash makes one wait for the next change */
	uint64 generation; /* under which it was last compared */
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
	if (event == XACT_EVENT_ABORT)
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
typedef struct Link
{
	char *schema;
	Oid oid;
	bool initial; /* what is there was there when it was linked */
} Link;

/* Names in order, as two lists that are merged. */
typedef struct Present
{
	char *name;
	Oid oid;
} Present;

typedef struct Stored
{
	char *name;
	Oid oid;
	bool dropped;
	char *last_name;
	bool known_time;
	Datum appeared_at;
	Datum dropped_at;
} Stored;

static Present *
read_present(Oid namespace, int *n)
{
	Datum values[] = {ObjectIdGetDatum(namespace)};
	uint64 nrows = OidIsValid(namespace) ? statement_run(&select_present, values, NULL) : 0;
	Present *present = palloc_extended(nrows * sizeof(Present) + 1, MCXT_ALLOC_HUGE);

	for (uint64 row = 0; row < nrows; row++)
	{
		present[row].name = text_at(row, 1);
		present[row].oid = DatumGetObjectId(result_value(row, 2, NULL));
	}
	if (OidIsValid(namespace))
		SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return present;
}

static Stored *
read_stored(const char *tenant_id, const char *schema, int *n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(schema)};
	uint64 nrows = statement_run(&select_stored, values, NULL);
	Stored *stored = palloc_extended(nrows * sizeof(Stored) + 1, MCXT_ALLOC_HUGE);

	for (uint64 row = 0; row < nrows; row++)
	{
		bool isnull;

		stored[row].name = text_at(row, 1);
		stored[row].oid = DatumGetObjectId(result_value(row, 2, &isnull));
		if (isnull)
			stored[row].oid = InvalidOid;
		stored[row].dropped = DatumGetBool(result_value(row, 3, NULL));
		stored[row].last_name = text_at(row, 4);
		stored[row].appeared_at = result_value(row, 5, &isnull);
		stored[row].known_time = !isnull;
		stored[row].dropped_at = result_value(row, 6, &isnull);
	}
	SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return stored;
}

/* The columns of linked_writer. */
typedef struct Changes
{
	Column columns[6];
	const char *schema;
} Changes;

static void
changes_init(Changes *changes, const char *schema, int size)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, OIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID};

	for (int i = 0; i < 6; i++)
		column_init(&changes->columns[i], types[i], size);
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
changes_add(Changes *changes, const char *table, const char *last_name, Oid relation, bool appeared,
			Datum appeared_at, bool dropped, Datum dropped_at)
{
	column_add_text(&changes->columns[0], changes->schema);
	column_add_text(&changes->columns[1], table);
	column_add_text(&changes->columns[2], last_name);
	column_add(&changes->columns[3], ObjectIdGetDatum(relation));
	add_time(&changes->columns[4], appeared, appeared_at);
	add_time(&changes->columns[5], dropped, dropped_at);
}

/*
 * Tables whose names are not stored.  A relation that is known under another
 * name was renamed, or moved to this schema: it is as new as it was.
 */
static void
add_new(Changes *changes, const char *tenant_id, const Link *link, Present *const *new, int n,
		TimestampTz at)
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

			nknown = statement_run(&select_known, values, NULL);
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

			if (DatumGetObjectId(result_value(middle, 1, NULL)) < new[i]->oid)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < nknown && DatumGetObjectId(result_value(low, 1, NULL)) == new[i]->oid)
		{
			bool isnull;

			appeared_at = result_value(low, 2, &isnull);
			appeared = !isnull;
		}
		changes_add(changes, new[i]->name, folded.text + folded.last, new[i]->oid, appeared,
					appeared_at, false, 0);
	}
}

/* Compares a schema (InvalidOid: it is gone); returns whether there is more to write. */
static bool
compare_schema(const char *tenant_id, const Link *link, Oid namespace, TimestampTz at, int64 limit,
			   int64 *changed)
{
	int npresent;
	int nstored;
	Present *present = read_present(namespace, &npresent);
	Stored *stored = read_stored(tenant_id, link->schema, &nstored);
	int total = npresent + nstored;
	Present **new = palloc_extended(npresent * sizeof(Present *) + 1, MCXT_ALLOC_HUGE);
	int nnew = 0;
	int nfound = 0;
	int room;
	Changes changes;

	/* Once to find what is new: it is written first, while the rows of its old names tell of it. */
	for (int i = 0, j = 0; i < npresent; i++)
	{
		while (j < nstored && strcmp(stored[j].name, present[i].name) < 0)
			j++;
		if (j == nstored || strcmp(stored[j].name, present[i].name) != 0)
			new[nnew++] = &present[i];
	}
	room = (int) Min(limit, (int64) total);
	changes_init(&changes, link->schema, Max(room, 1));
	add_new(&changes, tenant_id, link, new, Min(nnew, room), at);
	nfound = nnew;

	/* And again for what is stored. */
	for (int i = 0, j = 0; j < nstored; j++)
	{
		Stored *row = &stored[j];
		bool there;

		while (i < npresent && strcmp(present[i].name, row->name) < 0)
			i++;
		there = i < npresent && strcmp(present[i].name, row->name) == 0;
		if (there ? row->oid == present[i].oid && !row->dropped : row->dropped)
			continue;
		if (nfound++ < room)
			changes_add(&changes, row->name, row->last_name, there ? present[i].oid : row->oid,
						row->known_time, row->appeared_at, !there, TimestampTzGetDatum(at));
	}
	*changed += (int64) rows_write(&linked_writer, tenant_id, changes.columns);
	return nfound > room;
}

static bool
is_reserved(const char *schema)
{
	return strncmp(schema, "pg_", 3) == 0 || strcmp(schema, "information_schema") == 0 ||
		   strcmp(schema, SCHEMA_NAME) == 0;
}

/*
 * Where a linked schema is no longer there by its name, but under another one:
 * the link goes with it.  After a restore the OID may be anybody's, so a table
 * of ours must be in it.
 */
static bool
follow_renamed(const char *tenant_id, Link *link, TimestampTz at)
{
	char *name = get_namespace_name(link->oid);
	bool ours = false;
	int n;
	Stored *stored;

	if (name == NULL || is_reserved(name))
		return false;
	stored = read_stored(tenant_id, link->schema, &n);
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

		(void) statement_run(&upsert_link, values, link->initial ? "    n" : NULL);
		(void) statement_run(&drop_linked, old, NULL);
		(void) statement_run(&delete_link, old, NULL);
	}
	link->schema = name;
	return true;
}

/* Brings one link up to date; returns whether there may be more. */
static bool
refresh_link(const char *tenant_id, Link *link, TimestampTz at, int64 limit, int64 *changed)
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

		(void) statement_run(&note_compared, values, NULL);
	}

	/* A snapshot of the transaction's may be older than what we were told of. */
	if (!IsolationUsesXactSnapshot())
		entry->generation = generation;
	return false;
}

static Link *
read_links(const char *tenant_id, int *n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	uint64 nrows = statement_run(&select_links, values, NULL);
	Link *links = palloc(nrows * sizeof(Link) + 1);

	for (uint64 row = 0; row < nrows; row++)
	{
		links[row].schema = text_at(row, 1);
		links[row].oid = DatumGetObjectId(result_value(row, 2, NULL));
		links[row].initial = DatumGetBool(result_value(row, 3, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return links;
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
	Link *links = read_links(tenant_id, &n);

	if (n > 0)
	{
		/* The tenant, and its links, must not be dropped between reading and writing. */
		lock_tenant(tenant_id, TENANT_LEARNING);
		links = read_links(tenant_id, &n);
		watch_catalogue();
		AcceptInvalidationMessages();
	}
	for (int i = 0; i < n; i++)
		more |= refresh_link(tenant_id, &links[i], at, limit, changed);
	deleted = (int64) statement_run(&delete_dropped, values, NULL);
	*changed += deleted;
	return more || deleted == limit;
}

/* ---------------------------------------------------------------- what is asked */

/* The tables that a user has used, folded. */
static FoldedName *
read_used(const char *tenant_id, const char *user_id, int *n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  Int64GetDatum(USED_TABLES_REACH)};
	uint64 nrows = statement_read(&select_used, values, NULL);
	FoldedName *used = palloc(nrows * sizeof(FoldedName) + 1);

	for (uint64 row = 0; row < nrows; row++)
		used[row] = fold_name(text_at(row, 1));
	*n = (int) nrows;
	return used;
}

int
catalogue_new_tables(const char *tenant_id, const char *user_id, int64 window, TimestampTz at,
					 NewTable *out, int max)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(at - window),
					  TimestampTzGetDatum(at), Int64GetDatum(NEW_TABLES_REACH)};
	uint64 nrows = statement_read(&select_new, values, NULL);
	SPITupleTable *rows = SPI_tuptable;
	FoldedName *used;
	int nused;
	int n = 0;

	if (nrows == 0)
		return 0;
	used = read_used(tenant_id, user_id, &nused);
	SPI_tuptable = rows;
	for (uint64 row = 0; row < nrows && n < max; row++)
	{
		char *schema = text_at(row, 1);
		char *table = text_at(row, 2);
		FoldedName folded = fold_stored(schema, table);
		bool isnull;
		Datum columns = result_value(row, 4, &isnull);
		bool is_used = false;
		Oid relation;

		for (int i = 0; i < nused && !is_used; i++)
			is_used = same_table(&folded, &used[i]);
		if (is_used || !is_visible(schema, table, false, &relation))
			continue;
		out[n].name = shown_name(schema, table);
		out[n].schema = schema[0] == '\0' ? NULL : schema;
		out[n].table = table;
		out[n].description =
			OidIsValid(relation) ? GetComment(relation, RelationRelationId, 0) : text_at(row, 3);
		out[n].columns = isnull ? NULL : DatumGetArrayTypePCopy(columns);
		out[n].appeared_at = DatumGetTimestampTz(result_value(row, 5, NULL));
		n++;
	}
	return n;
}

bool
catalogue_is_linked(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	return statement_read(&select_any_link, values, NULL) > 0;
}

bool
catalogue_filter(const char *tenant_id, const char *const *names, int n, bool *hidden)
{
	FoldedName *folded = palloc(n * sizeof(FoldedName) + 1);
	bool *visible = palloc0(n * sizeof(bool) + 1);
	bool any = false;
	Column last_names;
	uint64 nrows;

	memset(hidden, 0, n * sizeof(bool));
	if (n == 0)
		return false;
	column_init(&last_names, TEXTOID, n);
	for (int i = 0; i < n; i++)
	{
		folded[i] = fold_name(names[i]);
		column_add_text(&last_names, folded[i].text + folded[i].last);
	}
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), column_array(&last_names)};

		nrows = statement_read(&select_named, values, NULL);
	}
	for (uint64 row = 0; row < nrows; row++)
	{
		char *schema = text_at(row, 1);
		char *table = text_at(row, 2);
		FoldedName stored = fold_stored(schema, table);
		Oid relation;
		bool shown = is_visible(schema, table, DatumGetBool(result_value(row, 3, NULL)), &relation);

		for (int i = 0; i < n; i++)
		{
			if (!same_table(&folded[i], &stored))
				continue;
			visible[i] |= shown;
			hidden[i] = !visible[i];
		}
	}
	for (int i = 0; i < n; i++)
		any |= hidden[i];
	return any;
}

/* ---------------------------------------------------------------- SQL functions */

static void
check_description(const text *description)
{
	if (VARSIZE_ANY_EXHDR(description) > MAX_VALUE_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("description is too large: %zu bytes",
							   (size_t) VARSIZE_ANY_EXHDR(description)),
						errhint("It may have at most %d bytes.", MAX_VALUE_SIZE)));
}

static void
check_columns(ArrayType *columns)
{
	Datum *items;
	bool *nulls;
	int n;

	if (ARR_NDIM(columns) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("columns must be a one-dimensional array")));
	if (VARSIZE(columns) > MAX_VALUE_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("columns is too large: %zu bytes", (size_t) VARSIZE(columns)),
						errhint("It may have at most %d bytes.", MAX_VALUE_SIZE)));
	deconstruct_array(columns, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		Fault fault;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("columns must not hold nulls")));
		if (!check_id("a name in columns", VARDATA_ANY(DatumGetPointer(items[i])),
					  VARSIZE_ANY_EXHDR(DatumGetPointer(items[i])), &fault))
			fault_raise(&fault, -1);
	}
}

/* The tenant is there and stays until the end of the transaction. */
static void
begin_change(const char *tenant_id)
{
	TenantSettings settings;

	SPI_connect();
	lock_tenant(tenant_id, TENANT_LEARNING);
	tenant_check_current(tenant_id);
	tenant_require(tenant_id, &settings, true);
}

Datum
personalization_register_table(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *table = id_argument(fcinfo, 1, "table_name");
	FoldedName folded = fold_name(table);
	char nulls[] = "      ";
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(table),
					  CStringGetTextDatum(folded.text + folded.last),
					  0,
					  0,
					  TimestampTzGetDatum(GetCurrentTimestamp())};

	prevent_if_read_only("register_table()");
	if (folded.last == folded.len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table_name names no table: \"%s\"", clipped(table, strlen(table)))));
	for (int i = 3; i <= 4; i++)
	{
		/* The statement has the folded name before them. */
		if (PG_ARGISNULL(i - 1))
			nulls[i] = 'n';
		else
			values[i] = PG_GETARG_DATUM(i - 1);
	}
	if (!PG_ARGISNULL(2))
		check_description(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		check_columns(PG_GETARG_ARRAYTYPE_P(3));

	begin_change(tenant_id);
	(void) statement_run(&upsert_registered, values, nulls);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_unregister_table(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *table = id_argument(fcinfo, 1, "table_name");
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(table),
					  TimestampTzGetDatum(GetCurrentTimestamp())};
	bool was_there;

	prevent_if_read_only("unregister_table()");
	begin_change(tenant_id);
	was_there = statement_run(&drop_registered, values, NULL) > 0;
	SPI_finish();
	PG_RETURN_BOOL(was_there);
}

Datum
personalization_link_schema(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	TimestampTz now = GetCurrentTimestamp();
	int64 changed = 0;
	Oid namespace;
	Link link;

	require_argument(fcinfo, 1, "schema_name");
	link.schema = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	prevent_if_read_only("link_schema()");
	if (is_reserved(link.schema))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("schema \"%s\" cannot be linked", link.schema),
						errhint("Link a schema that holds tables of your own.")));
	namespace = get_namespace_oid(link.schema, false);
	if (bound_by_tenancy() && !may_use_schema(namespace))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for schema %s", link.schema),
						errhint("Who links a schema must have USAGE on it.")));

	begin_change(tenant_id);
	link.oid = namespace;
	link.initial = true;
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(link.schema),
						  ObjectIdGetDatum(namespace), TimestampTzGetDatum(now), 0};

		/* Linked already: that stays as it is. */
		if (statement_run(&upsert_link, values, "    n") > 0)
		{
			watch_catalogue();
			while (refresh_link(tenant_id, &link, now, INT_MAX, &changed))
				CHECK_FOR_INTERRUPTS();
		}
	}
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_unlink_schema(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	Datum values[2];
	bool was_linked;

	require_argument(fcinfo, 1, "schema_name");
	values[0] = CStringGetTextDatum(tenant_id);
	values[1] = CStringGetTextDatum(NameStr(*PG_GETARG_NAME(1)));
	prevent_if_read_only("unlink_schema()");
	begin_change(tenant_id);
	was_linked = statement_run(&delete_link, values, NULL) > 0;
	(void) statement_run(&delete_linked, values, NULL);
	SPI_finish();
	PG_RETURN_BOOL(was_linked);
}

Datum
personalization_tenant_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	Datum arguments[] = {CStringGetTextDatum(tenant_id)};
	TenantSettings settings;
	SPITupleTable *rows;
	uint64 nrows;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	tenant_require(tenant_id, &settings, false);
	nrows = statement_read(&select_all, arguments, NULL);
	rows = SPI_tuptable;
	for (uint64 row = 0; row < nrows; row++)
	{
		char *schema = text_at(row, 1);
		char *table = text_at(row, 2);
		bool linked = schema[0] != '\0';
		bool nulls[6] = {false};
		Datum values[6];
		Oid relation;
		bool visible = is_visible(schema, table, false, &relation);
		char *description;

		if (!visible && bound_by_tenancy())
			continue;
		description =
			OidIsValid(relation) ? GetComment(relation, RelationRelationId, 0) : text_at(row, 3);
		values[0] = CStringGetTextDatum(shown_name(schema, table));
		values[1] = CStringGetTextDatum(linked ? "linked" : "registered");
		nulls[2] = description == NULL;
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(description);
		for (int i = 3; i < 6; i++)
			values[i] = result_value(row, i + 1, &nulls[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		SPI_tuptable = rows;
	}
	SPI_finish();
	return (Datum) 0;
}

Datum
personalization_new_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TimestampTz at = time_argument(fcinfo, 2, "at");
	TenantSettings settings;
	NewTable tables[NEW_TABLES_REACH];
	int n;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	tenant_require(tenant_id, &settings, false);
	n = catalogue_new_tables(tenant_id, user_id, settings.new_table_window, at, tables,
							 NEW_TABLES_REACH);
	for (int i = 0; i < n; i++)
	{
		const NewTable *table = &tables[i];
		bool nulls[5] = {false, false, table->description == NULL, table->columns == NULL, false};
		Datum values[] = {
			CStringGetTextDatum(table->name),
			CStringGetTextDatum(table->schema != NULL ? "linked" : "registered"),
			nulls[2] ? (Datum) 0 : CStringGetTextDatum(table->description),
			PointerGetDatum(table->columns),
			TimestampTzGetDatum(table->appeared_at),
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

Datum
personalization_hidden_tables(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	ArrayType *given;
	TenantSettings settings;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi;
	Datum *items;
	bool *nulls;
	int n;
	int nnames = 0;
	const char **names;
	bool *hidden;
	Column result;
	Datum array;

	require_argument(fcinfo, 1, "table_names");
	given = PG_GETARG_ARRAYTYPE_P(1);
	deconstruct_array(given, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	names = palloc(n * sizeof(char *) + 1);
	hidden = palloc(n * sizeof(bool) + 1);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			names[nnames++] = TextDatumGetCString(items[i]);
	}
	SPI_connect();
	tenant_require(tenant_id, &settings, false);
	(void) catalogue_filter(tenant_id, names, nnames, hidden);
	spi = MemoryContextSwitchTo(context);
	column_init(&result, TEXTOID, nnames + 1);
	for (int i = 0; i < nnames; i++)
	{
		if (hidden[i])
			column_add_text(&result, names[i]);
	}
	array = result.n > 0 ? column_array(&result) : PointerGetDatum(construct_empty_array(TEXTOID));
	MemoryContextSwitchTo(spi);
	SPI_finish();
	PG_RETURN_DATUM(array);
}
