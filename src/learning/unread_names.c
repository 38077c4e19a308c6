/*
 * unread_names.c
 *		Names in an interaction's data that no rule reads.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/fault.h"
#include "base/guc.h"
#include "learning/unread_names.h"

/* A session that sends many different names gets warnings for the first ones only. */
#define WARNED_NAMES 100

/* Whether a rule's path begins with a name. */
static bool
begins_path(const char *path, const char *name, size_t len)
{
	return strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

/* Names that are read by the code, not by rules. */
static bool
is_read_anyway(InteractionType type, const char *name, size_t len)
{
	static const char *const of_query[] = {"query", "sql"};
	static const char *const of_refinement[] = {"original", "corrected"};

	if (type == INTERACTION_QUERY)
		return find_name(of_query, lengthof(of_query), name, len) >= 0;
	return type == INTERACTION_REFINEMENT &&
		   find_name(of_refinement, lengthof(of_refinement), name, len) >= 0;
}

static bool
is_read(const SignalRules *rules, InteractionType type, const char *name, size_t len)
{
	if (is_read_anyway(type, name, len))
		return true;
	for (int i = 0; i < rules->n; i++)
	{
		if (rules->items[i].type == type && begins_path(rules->items[i].path, name, len))
			return true;
	}
	return false;
}

/* Finds the names that are not read, truncated; returns their number. */
static int
find_unread(const SignalRules *rules, InteractionType type, const Jsonb *data, char **names)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &data->root));
	JsonbIteratorToken token;
	JsonbValue name;
	int n = 0;

	if (type == INTERACTION_FEEDBACK || !JB_ROOT_IS_OBJECT(data))
		return 0;
	while (n < UNREAD_NAMES && (token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		const char *text = name.val.string.val;
		int len = name.val.string.len;

		if (token != WJB_KEY || is_read(rules, type, text, len))
			continue;
		names[n++] = pnstrdup(text, pg_mbcliplen(text, len, Min(len, NAMEDATALEN - 1)));
	}
	return n;
}

ArrayType *
unread_names(const SignalRules *rules, InteractionType type, const Jsonb *data)
{
	char *names[UNREAD_NAMES];
	Datum values[UNREAD_NAMES];
	int n = find_unread(rules, type, data, names);

	for (int i = 0; i < n; i++)
		values[i] = CStringGetTextDatum(names[i]);
	if (type == INTERACTION_FEEDBACK)
		return NULL;
	return construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Returns the names that the rules for a type read, for a hint. */
static char *
names_read(const SignalRules *rules, InteractionType type)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rules->n; i++)
	{
		if (rules->items[i].type == type)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", rules->items[i].path);
	}
	return list.data;
}

/* Whether this is the first occurrence of a name in the session. */
static bool
is_new_to_session(InteractionType type, const char *name)
{
	static List *warned = NIL;
	MemoryContext context;
	char *entry = psprintf("%d %s", (int) type, name);
	ListCell *cell;

	foreach (cell, warned)
	{
		if (strcmp(lfirst(cell), entry) == 0)
			return false;
	}
	if (list_length(warned) >= WARNED_NAMES)
		return false;
	context = MemoryContextSwitchTo(TopMemoryContext);
	warned = lappend(warned, pstrdup(entry));
	MemoryContextSwitchTo(context);
	return true;
}

void
unread_warn(const SignalRules *rules, InteractionType type, const Jsonb *data)
{
	char *names[UNREAD_NAMES];
	int n;

	if (!warn_unknown_data)
		return;
	n = find_unread(rules, type, data, names);
	for (int i = 0; i < n; i++)
	{
		char *read;

		if (!is_new_to_session(type, names[i]))
			continue;
		read = names_read(rules, type);
		ereport(WARNING,
				(errmsg("no rule reads \"%s\" of an interaction of type %s", names[i],
						interaction_type_names[type]),
				 read[0] != '\0'
					 ? errhint("The rules for this type read %s. Rules are rows of "
							   "personalization.signal_rules.",
							   read)
					 : errhint("An administrator adds rules to personalization.signal_rules.")));
	}
}
