/*
 * extension.h
 *		The identity of the extension's objects in this database: their OIDs, and
 *		the values of its enums.
 */
#ifndef PERSONALIZATION_BASE_EXTENSION_H
#define PERSONALIZATION_BASE_EXTENSION_H

#include "postgres.h"

#define EXTENSION_NAME "personalization"
#define SCHEMA_NAME "personalization"

/*
 * Maximum size of the names of tenants and users, in bytes: two of them and a
 * key fit in an index entry.
 */
#define MAX_ID_LENGTH 512

/* In the order of the SQL type personalization.interaction_type. */
typedef enum InteractionType
{
	INTERACTION_QUERY,
	INTERACTION_VISUALIZATION,
	INTERACTION_EXPORT,
	INTERACTION_DASHBOARD,
	INTERACTION_FEEDBACK,
	INTERACTION_REFINEMENT,
	INTERACTION_EXPLORATION,
	INTERACTION_CUSTOM
} InteractionType;
#define INTERACTION_TYPES (INTERACTION_CUSTOM + 1)

/* In the order of the SQL type personalization.preference_category. */
typedef enum PreferenceCategory
{
	CATEGORY_VISUALIZATION,
	CATEGORY_QUERY,
	CATEGORY_DATA,
	CATEGORY_PRESENTATION,
	CATEGORY_NOTIFICATION
} PreferenceCategory;
#define PREFERENCE_CATEGORIES (CATEGORY_NOTIFICATION + 1)

/* In the order of the SQL type personalization.suggestion_type, and of the core's OfferKind. */
#define SUGGESTION_TYPES 5

extern const char *const interaction_type_names[INTERACTION_TYPES];
extern const char *const category_names[PREFERENCE_CATEGORIES];
extern const char *const suggestion_type_names[SUGGESTION_TYPES];

/* Returns the index of name[0..len) in an array of names, or -1 if it is not there. */
extern int find_name(const char *const *names, int nnames, const char *name, size_t len);

typedef struct ExtensionObjects
{
	/* Grows with every CREATE EXTENSION that this backend notices. */
	uint64 generation;
	Oid schema;
	Oid interaction_type;
	Oid category;
	Oid suggestion_type;
	Oid profiles; /* the relation */
	Oid tenants;  /* the relation */
	Oid interaction_values[INTERACTION_TYPES];
	Oid category_values[PREFERENCE_CATEGORIES];
	Oid suggestion_values[SUGGESTION_TYPES];
} ExtensionObjects;

/*
 * Returns the present objects of the extension.  This is cheap.  Raises an
 * error if the extension does not exist.  The result is valid until the next
 * call.
 */
extern const ExtensionObjects *extension_objects(void);

/* Convert SQL values to C values; they raise an error for an unknown value. */
extern InteractionType interaction_type_of(Oid value);
extern PreferenceCategory category_of(Oid value);
extern int suggestion_type_of(Oid value);

#endif
