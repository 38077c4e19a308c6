/*
 * without_text.c
 *		Queries of tenants whose setting store_query_text is false.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/jsonutil.h"
#include "core/ranking/terms.h"
#include "core/word_hash.h"
#include "queries/identity.h"
#include "queries/without_text.h"

/* The first byte of hashed words.  A text that a user typed does not begin with it. */
#define HASHES_BEGIN '\036'

/* More tables of one query are not taken from its SQL, nor longer names. */
#define TABLES_MAX 50
#define TABLE_LENGTH_MAX 256

static bool
is_name(const JsonbValue *name, const char *wanted)
{
	return name->val.string.len == (int) strlen(wanted) &&
		   pg_strncasecmp(name->val.string.val, wanted, strlen(wanted)) == 0;
}

static void
push_tables(JsonbParseState **state, const List *tables)
{
	ListCell *cell;
	int n = 0;

	json_push_key(state, "tables_used");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach (cell, tables)
	{
		if (n < TABLES_MAX && strlen(lfirst(cell)) <= TABLE_LENGTH_MAX)
		{
			json_push_text(state, NULL, lfirst(cell));
			n++;
		}
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

Jsonb *
without_text(const Jsonb *document, List *tables)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	JsonbValue *result = NULL;
	int depth = 0;

	if (JB_ROOT_IS_SCALAR(document))
		return unconstify(Jsonb *, document);
	if (tables != NIL && JB_ROOT_IS_OBJECT(document) &&
		json_member(&document->root, "tables_used", &value) != NULL)
		tables = NIL;
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &document->root));
	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		if (token == WJB_KEY && (is_name(&value, "query") || is_name(&value, "sql")))
		{
			(void) JsonbIteratorNext(&it, &value, true);
			continue;
		}
		depth += (token == WJB_BEGIN_OBJECT || token == WJB_BEGIN_ARRAY) -
				 (token == WJB_END_OBJECT || token == WJB_END_ARRAY);
		if (token == WJB_END_OBJECT && depth == 0 && tables != NIL)
			push_tables(&state, tables);
		result = pushJsonbValue(&state, token, token < WJB_BEGIN_ARRAY ? &value : NULL);
	}
	return JsonbValueToJsonb(result);
}

Jsonb *
event_without_text(const Jsonb *event)
{
	static const char *const kept[] = {"tenant_id",	  "user_id",		"interaction_type",
									   "occurred_at", "interaction_id", "data",
									   "feedback"};
	JsonbParseState *state = NULL;
	JsonbValue user;
	size_t n = !JB_ROOT_IS_OBJECT(event) ? 0 : lengthof(kept);

	/* Of whom the payload is, must be known, or it could not be forgotten. */
	if (n > 0 && (json_member(&event->root, "user_id", &user) == NULL || user.type != jbvString))
		n = 5;
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < n; i++)
	{
		JsonbValue value;
		JsonbValue *found = json_member(&event->root, kept[i], &value);
		bool is_payload = i >= 5;

		/* A payload that is no object may be the text itself, and a name that is one too. */
		if (found == NULL || (found->type == jbvBinary) != is_payload)
			continue;
		json_push_jsonb(&state, kept[i], without_text(json_document(found), NIL));
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

char *
hashed_words(const char *tenant_id, const char *text)
{
	HashKey key = word_hash_key(tenant_id);
	Term words[WORDS_MAX];
	StringInfoData hashes;
	const char *folded;
	int n;

	if (text == NULL)
		return NULL;
	folded = query_fold(text);
	n = extract_words(folded, strlen(folded), words);
	initStringInfo(&hashes);
	appendStringInfoChar(&hashes, HASHES_BEGIN);
	for (int i = 0; i < n; i++)
	{
		char hash[WORD_HASH_LENGTH + 1];

		word_hash(&key, words[i].text, strlen(words[i].text), hash);
		appendStringInfo(&hashes, "%s%s", i > 0 ? " " : "", hash);
	}
	return hashes.data;
}

bool
contains_hashes(const char *text)
{
	return text[0] == HASHES_BEGIN;
}

char *
tables_text(const Jsonb *tables)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	StringInfoData text;

	if (tables == NULL || !JB_ROOT_IS_ARRAY(tables))
		return NULL;
	initStringInfo(&text);
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &tables->root));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && value.type == jbvString && value.val.string.len > 0)
			appendStringInfo(&text, "%s%.*s", text.len > 0 ? ", " : "", value.val.string.len,
							 value.val.string.val);
	}
	return text.len > 0 ? text.data : NULL;
}
