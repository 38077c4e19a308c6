/*
 * unread_names.c
 *		Names in an interaction's data that nothing reads.
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
#include "base/jsonutil.h"
#include "learning/unread_names.h"

/* A session that sends many different names gets warnings for the first ones only. */
#define WARNED_NAMES 100

/* A member that nothing reads, or a list of which nothing reads the objects and arrays. */
typedef struct UnreadName
{
	char *text; /* truncated to 63 bytes */
	bool is_list;
} UnreadName;

/* Whether a rule's path begins with a name. */
static bool
begins_path(const char *path, const char *name, size_t len)
{
	return strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

/* What is read by the code, not by rules. */
static const char *const of_query[] = {"query", "sql"};
static const char *const of_refinement[] = {"original", "corrected"};
static const char *const of_feedback[] = {"rating", "category",		  "key",
										  "value",	"interaction_id", "suggestion_id"};

/* Whether a rule for a type, or for any type, reads a name. */
static bool
rule_reads(const SignalRules *rules, int type, const char *name, size_t len)
{
	for (int i = 0; i < rules->n; i++)
	{
		if ((type == ALL_TYPES || (int) rules->items[i].type == type) &&
			begins_path(rules->items[i].path, name, len))
			return true;
	}
	return false;
}

/* Whether a name in data is read or, with ALL_TYPES, one in either object of a refinement. */
static bool
is_read(const SignalRules *rules, int type, const char *name, size_t len)
{
	switch (type)
	{
		case INTERACTION_FEEDBACK:
			return find_name(of_feedback, lengthof(of_feedback), name, len) >= 0;
		case INTERACTION_REFINEMENT:
			return find_name(of_refinement, lengthof(of_refinement), name, len) >= 0;
		case INTERACTION_QUERY:
		case ALL_TYPES:
			if (find_name(of_query, lengthof(of_query), name, len) >= 0)
				return true;
			break;
		default:
			break;
	}
	return rule_reads(rules, type, name, len);
}

/*
 * Whether a member is a list of which keys are made, and has elements that cannot be
 * part of one: objects and arrays.
 */
static bool
has_unusable_elements(const SignalRules *rules, int type, const JsonbValue *name,
					  const JsonbValue *value)
{
	bool is_list = false;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return false;
	for (int i = 0; i < rules->n && !is_list; i++)
	{
		const SignalRule *rule = &rules->items[i];

		is_list = (type == ALL_TYPES || (int) rule->type == type) &&
				  strlen(rule->path) == (size_t) name->val.string.len &&
				  memcmp(rule->path, name->val.string.val, name->val.string.len) == 0 &&
				  strstr(rule->key, "{}") != NULL;
	}
	if (!is_list)
		return false;
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && element.type == jbvBinary)
			return true;
	}
	return false;
}

/*
 * Appends the names of an object's members that are not read, truncated, to the n
 * there are.  Returns their number.  within: the member of data that the object is,
 * or NULL for data itself.
 */
static int
find_in_object(const SignalRules *rules, int type, const JsonbContainer *object, const char *within,
			   UnreadName *names, int n)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, object));
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;

	while (n < UNREAD_NAMES && (token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		char *text;
		int len;
		bool is_known;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		is_known = is_read(rules, type, name.val.string.val, name.val.string.len);
		if (is_known && !has_unusable_elements(rules, type, &name, &value))
			continue;
		text = pnstrdup(name.val.string.val, name.val.string.len);
		if (within != NULL)
			text = psprintf("%s.%s", within, text);
		len = (int) strlen(text);
		text[pg_mbcliplen(text, len, Min(len, NAMEDATALEN - 1))] = '\0';
		names[n++] = (UnreadName){text, .is_list = is_known};
	}
	return n;
}

/* Finds the names that are not read, truncated; returns their number. */
static int
find_unread(const SignalRules *rules, InteractionType type, const Jsonb *data, UnreadName *names)
{
	int n;

	if (!JB_ROOT_IS_OBJECT(data))
		return 0;
	n = find_in_object(rules, type, &data->root, NULL, names, 0);
	for (int i = 0; type == INTERACTION_REFINEMENT && i < (int) lengthof(of_refinement); i++)
	{
		JsonbValue value;
		JsonbValue *version = json_member(&data->root, of_refinement[i], &value);

		if (version != NULL && version->type == jbvBinary &&
			JsonContainerIsObject(version->val.binary.data))
			n = find_in_object(rules, ALL_TYPES, version->val.binary.data, of_refinement[i], names,
							   n);
	}
	return n;
}

ArrayType *
unread_names(const SignalRules *rules, InteractionType type, const Jsonb *data)
{
	UnreadName names[UNREAD_NAMES];
	Datum values[UNREAD_NAMES];
	int n = find_unread(rules, type, data, names);

	for (int i = 0; i < n; i++)
		values[i] =
			CStringGetTextDatum(names[i].is_list ? psprintf("%s[]", names[i].text) : names[i].text);
	return construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
}

static void
append_name(StringInfo list, const char *name)
{
	appendStringInfo(list, "%s%s", list->len > 0 ? ", " : "", name);
}

static void
append_names(StringInfo list, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		append_name(list, names[i]);
}

/* Appends what the rules for a type, or for all types, read: each path once. */
static void
append_paths(StringInfo list, const SignalRules *rules, int type)
{
	for (int i = 0; i < rules->n; i++)
	{
		bool again = false;

		if (type != ALL_TYPES && (int) rules->items[i].type != type)
			continue;
		for (int before = 0; before < i && !again; before++)
			again = (type == ALL_TYPES || (int) rules->items[before].type == type) &&
					strcmp(rules->items[before].path, rules->items[i].path) == 0;
		if (!again)
			append_name(list, rules->items[i].path);
	}
}

/* Returns a hint with all that is read of a type. */
static char *
what_is_read(const SignalRules *rules, InteractionType type)
{
	StringInfoData list;

	initStringInfo(&list);
	if (type == INTERACTION_FEEDBACK)
	{
		append_names(&list, of_feedback, lengthof(of_feedback));
		return psprintf("The names read in feedback are %s. Others are stored with it.", list.data);
	}
	if (type == INTERACTION_REFINEMENT)
	{
		append_name(&list, "sql");
		append_paths(&list, rules, ALL_TYPES);
		return psprintf("A refinement has the objects original and corrected. The names read in "
						"both are %s. Rows of personalization.signal_rules add others.",
						list.data);
	}
	if (type == INTERACTION_QUERY)
		append_names(&list, of_query, lengthof(of_query));
	append_paths(&list, rules, type);
	if (list.len == 0)
		return pstrdup("An administrator adds rules to personalization.signal_rules.");
	return psprintf("The names read for this type are %s. Rows of personalization.signal_rules add "
					"others.",
					list.data);
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
	UnreadName names[UNREAD_NAMES];
	int n;

	if (!warn_unknown_data)
		return;
	n = find_unread(rules, type, data, names);
	for (int i = 0; i < n; i++)
	{
		/* A name may be a user's text, which does not belong into the server's log. */
		if (!is_new_to_session(type, names[i].text))
			continue;
		if (names[i].is_list)
			ereport(
				WARNING_CLIENT_ONLY,
				(errmsg("nothing reads objects and arrays in \"%s\" of an interaction of type %s",
						names[i].text, interaction_type_names[type]),
				 errhint("Pass a list of texts or numbers, such as [\"orders\"].")));
		else
			ereport(WARNING_CLIENT_ONLY,
					(errmsg("nothing reads \"%s\" of an interaction of type %s", names[i].text,
							interaction_type_names[type]),
					 errhint("%s", what_is_read(rules, type))));
	}
}
