/*
 * names.c
 *		Names of tables: folding for comparison, quoting for display, and
 *		lookup.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/extension.h"
#include "catalogue/names.h"
#include "core/table_name.h"

FoldedName
fold_name(const char *name)
{
	size_t len = strlen(name);
	FoldedName folded;

	folded.text = palloc(len + 1);
	folded.len = table_name_fold(name, len, folded.text, &folded.last);
	folded.text[folded.len] = '\0';
	return folded;
}

FoldedName
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

bool
same_table(const FoldedName *a, const FoldedName *b)
{
	return table_name_matches(a->text, a->len, b->text, b->len);
}

char *
shown_name(const char *schema, const char *table)
{
	return schema[0] == '\0' ? pstrdup(table) : quote_qualified_identifier(schema, table);
}

/* Returns the present table of a linked schema, or InvalidOid if there is none with that name. */
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

/*
 * Whether the current role may read the table or some of its columns; false if
 * it has been dropped.
 */
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

bool
may_show_table(const char *schema, const char *table, bool dropped, Oid *relation)
{
	Oid namespace;

	*relation = InvalidOid;
	if (schema[0] == '\0')
		return !dropped;
	*relation = linked_relation(schema, table, &namespace);
	return OidIsValid(*relation) && may_read(*relation, namespace);
}

bool
is_reserved_schema(const char *schema)
{
	return strncmp(schema, "pg_", 3) == 0 || strcmp(schema, "information_schema") == 0 ||
		   strcmp(schema, SCHEMA_NAME) == 0;
}
