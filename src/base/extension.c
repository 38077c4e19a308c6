/*
 * extension.c
 *		The identity of the extension's objects.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/extension.h"

const char *const interaction_type_names[INTERACTION_TYPES] = {
	"query",	"visualization", "export",		"dashboard",
	"feedback", "refinement",	 "exploration", "custom"};

const char *const category_names[PREFERENCE_CATEGORIES] = {"visualization", "query", "data",
														   "presentation", "notification"};

const char *const suggestion_type_names[SUGGESTION_TYPES] = {"frequent", "related", "similar_users",
															 "trending", "new_data"};

static ExtensionObjects objects;

int
find_name(const char *const *names, int nnames, const char *name, size_t len)
{
	for (int i = 0; i < nnames; i++)
	{
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	}
	return -1;
}

static void
enum_values(Oid type, const char *const *names, int nnames, Oid *values)
{
	CatCList *list = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));

	for (int i = 0; i < nnames; i++)
	{
		values[i] = InvalidOid;
		for (int m = 0; m < list->n_members; m++)
		{
			Form_pg_enum member = (Form_pg_enum) GETSTRUCT(&list->members[m]->tuple);

			if (strcmp(NameStr(member->enumlabel), names[i]) == 0)
				values[i] = member->oid;
		}
		if (!OidIsValid(values[i]))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
							errmsg("type %s has no value \"%s\"", format_type_be(type), names[i]),
							errhint("Run ALTER EXTENSION " EXTENSION_NAME " UPDATE.")));
	}
	ReleaseSysCacheList(list);
}

/*
 * The extension may be dropped and created again during a session, so that the
 * same names mean other objects.  The type's OID reveals this; the lookup
 * takes a few cache hits.
 */
const ExtensionObjects *
extension_objects(void)
{
	Oid schema = get_namespace_oid(SCHEMA_NAME, true);
	Oid type = InvalidOid;
	ExtensionObjects found;

	if (OidIsValid(schema))
		type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("interaction_type"),
							   ObjectIdGetDatum(schema));
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"" EXTENSION_NAME "\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION " EXTENSION_NAME ".")));
	if (type == objects.interaction_type)
		return &objects;

	found.generation = objects.generation + 1;
	found.schema = schema;
	found.interaction_type = type;
	found.category =
		GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("preference_category"),
						ObjectIdGetDatum(schema));
	found.suggestion_type =
		GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("suggestion_type"),
						ObjectIdGetDatum(schema));
	found.profiles = get_relname_relid("profiles", schema);
	found.tenants = get_relname_relid("tenants", schema);
	enum_values(found.interaction_type, interaction_type_names, INTERACTION_TYPES,
				found.interaction_values);
	enum_values(found.category, category_names, PREFERENCE_CATEGORIES, found.category_values);
	enum_values(found.suggestion_type, suggestion_type_names, SUGGESTION_TYPES,
				found.suggestion_values);
	objects = found;
	return &objects;
}

static int
find_value(const Oid *values, int nvalues, Oid value)
{
	for (int i = 0; i < nvalues; i++)
	{
		if (values[i] == value)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized enum value: %u", value),
			 errhint("Do not add values to the enum types of " EXTENSION_NAME ".")));
}

InteractionType
interaction_type_of(Oid value)
{
	return find_value(extension_objects()->interaction_values, INTERACTION_TYPES, value);
}

/* Categories come from statements of the library, which have just looked up the objects. */
PreferenceCategory
category_of(Oid value)
{
	if (objects.generation == 0)
		(void) extension_objects();
	return find_value(objects.category_values, PREFERENCE_CATEGORIES, value);
}

int
suggestion_type_of(Oid value)
{
	if (objects.generation == 0)
		(void) extension_objects();
	return find_value(objects.suggestion_values, SUGGESTION_TYPES, value);
}
